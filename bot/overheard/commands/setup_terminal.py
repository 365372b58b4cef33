"""`setup`: from a brand's name to a configuration, a first check and its report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Card, Field, Severity
from overheard.cards.command import IN_TERMINAL, CommandSpec, Role, option
from overheard.cards.model_names import LOCAL
from overheard.commands.check import check
from overheard.commands.report import report
from overheard.commands.setup_config import SetupFiles, derived_category
from overheard.config.loader import find_config, parse_config
from overheard.config.sections import Config
from overheard.deployment import Call, Deployment
from overheard.errors import FileUnwritable, OverheardError, SetupRefused
from overheard.interfaces import Listing, Provider, Verifiable
from overheard.plugins import load_plugins
from overheard.session import Session

VENDORS = ("openai", "anthropic", "google")
SERVICES = ("deepseek", "mistral", "ollama", "openrouter", "perplexity", "vllm", "xai")
"""Presets of the plugin `compatible` that need no address."""
COMPATIBLE = "compatible"
PROVIDERS = (LOCAL, *VENDORS, *SERVICES, COMPATIBLE)
CHATS = ("slack", "discord", "none")
FREE_SERVICES = ("ollama", "vllm")
"""Services of this machine, whose answers cost nothing."""
DEFAULT_MONTH_USD = 20.0
NEWEST = 4
"""Of so many of the newest models with a known price the cheapest is proposed."""
MAX_CHOICES = 8
_UNLISTED = "model"
"""The name of a model in the configuration with which the service is asked for its models."""


async def setup(
    session: Session,
    call: Call,
    *,
    brand: Annotated[str, option("The brand.")] = "",
    competitors: Annotated[Sequence[str], option("A competitor.", word="competitor")] = (),
    category: Annotated[str, option("What it is, such as project management tool.")] = "",
    provider: Annotated[
        str | None, option("Whom to ask; local is free and needs no key.", choices=PROVIDERS)
    ] = None,
    models: Annotated[Sequence[str], option("A model of it.", word="model")] = (),
    base_url: Annotated[str, option("Its address, such as that of a gateway.")] = "",
    key_env: Annotated[str, option("The environment variable that holds its key.")] = "",
    judge: Annotated[str, option("The judge, as PROVIDER/MODEL, or none.")] = "none",
    budget: Annotated[float, option("Dollars a month.", low=0.01)] = DEFAULT_MONTH_USD,
    chat: Annotated[str | None, option("Where alerts go.", choices=CHATS)] = None,
    channel: Annotated[str, option("The id of the channel for alerts.")] = "",
    yes: Annotated[bool, option("Ask nothing; spend within the budget.")] = False,
) -> Card:
    """Write a configuration file, ask the first check and show its report.

    A missing argument is asked for at a terminal with a person, and has its default elsewhere. The
    provider's key is tested before the file is written; the price is shown before a paid model is
    asked.

    Raises:
        SetupRefused: when something is missing, or there is a configuration already.
        ProviderUnavailable: when the key is refused, or the service cannot be reached.
        FileUnwritable: when the configuration cannot be written.
    """
    asking = _Asking(replace(session, ask=None) if yes else session)
    file = find_config(session.config)
    if file.exists() and not asking.agree(f"{file} exists. Replace it?"):
        raise SetupRefused(
            problem=f"{file} exists", remedy="move it away, or name another file with --config"
        )
    brand = brand or asking.text("Which brand is it?")
    if not brand.strip():
        raise SetupRefused(problem="no brand is named", remedy="name one with --brand")
    competitors = competitors or asking.words("Its competitors, with commas between them?")
    category = category or asking.text("What is it, such as: project management tool?")
    if not (competitors or category):
        raise SetupRefused(
            problem="there is nothing to ask about",
            remedy="name a competitor with --competitor, or its kind with --category",
        )
    chosen = provider or asking.choice("Whom to ask?", PROVIDERS, LOCAL)
    plan = SetupFiles(
        brand.strip(),
        tuple(competitors),
        category,
        chosen,
        _provider_settings(chosen, base_url, key_env),
    )
    plan = await _plan_with_models(plan, file, models, budget, asking)
    if plan.month:
        judged = f"{chosen}/{plan.settings['models'][0]}"  # type: ignore[index] # it has models
        judge = judge if judge != "none" else asking.judge(judged)
    plan = replace(plan, judge="" if judge == "none" else judge)
    chat = chat or asking.choice("Where do alerts go?", CHATS, "none")
    plan = replace(plan, chat="" if chat == "none" else chat, channel=channel)
    parse_config(plan.text(), str(file))  # nothing that cannot be read is written
    _write_file(file, plan.text())
    return await _first_check(session, call, plan, file, asking, yes=yes)


class _Asking:
    """Asks the person at the terminal; without a person, returns the defaults."""

    def __init__(self, session: Session) -> None:
        self._ask = session.ask

    def text(self, question: str, default: str = "") -> str:
        return self._ask(question, default).strip() if self._ask else default

    def words(self, question: str) -> tuple[str, ...]:
        return tuple(filter(None, (word.strip() for word in self.text(question).split(","))))

    def choice(self, question: str, choices: Sequence[str], default: str) -> str:
        """Ask the person a question until one of the choices is typed, and return the choice; an
        empty line is the default.
        """
        shown = f"{question} {', '.join(choices)}"
        given = self.text(shown, default)
        while given not in choices:
            given = self.text(f"{given!r} is not one of them. {shown}", default)
        return given

    def agree(self, question: str) -> bool:
        return self.text(f"{question} yes or no", "no").casefold() in {"y", "yes"}

    def judge(self, model: str) -> str:
        question = f"Let {model} judge how each answer speaks of the brand, at more cost?"
        return model if self.agree(question) else "none"


def _provider_settings(provider: str, base_url: str, key_env: str) -> dict[str, object]:
    """Return the settings of a provider's table in the configuration, without its models: plugin,
    address (`base_url`) and environment variable of the key (`key_env`).

    Raises:
        SetupRefused: for the provider `compatible` without an address.
    """
    if provider == COMPATIBLE and not base_url:
        raise SetupRefused(problem="the service has no address", remedy="give it with --base-url")
    settings: dict[str, object] = {}
    if provider in SERVICES:
        settings = {"plugin": "compatible", "preset": provider}
    if base_url:
        settings["base_url"] = base_url
    return settings | ({"api_key_env": key_env} if key_env else {})


async def _plan_with_models(
    plan: SetupFiles, file: Path, models: Sequence[str], month: float, asking: _Asking
) -> SetupFiles:
    """Call the service to test the key, and return the plan with models that the service offers and
    a monthly budget in US dollars (0 if a price is unknown). Without `models`, the person is asked
    for one.

    Raises:
        SetupRefused: when the key is missing, or the service lacks a model.
        ProviderUnavailable: when the key is refused, or the service cannot be reached.
    """
    local = plan.provider == LOCAL
    named: dict[str, object] = {} if local else {"models": list(models) or [_UNLISTED]}
    trial = replace(plan, settings={**plan.settings, **named})
    plugins = load_plugins(parse_config(trial.text(), str(file)))
    provider = plugins.providers.get(plan.provider)
    if provider is None:
        problems = [plugin.problem for plugin in plugins.faulty if plan.provider in plugin.problem]
        problem = (problems or ["the provider cannot be used"])[0].rstrip(".")
        raise SetupRefused(problem=problem, remedy="then run overheard setup again")
    try:
        offered = await _listed_models(provider)
    finally:
        await provider.close()
    if local:
        return plan
    missing = [m for m in models if offered and m.removesuffix("+search") not in offered]
    if missing:
        raise SetupRefused(
            problem=f"{plan.provider} has no model {missing[0]}",
            remedy=f"choose among: {', '.join(offered[:20])}",
        )
    picked = list(models) or _chosen_models(provider, offered, asking)
    settings: dict[str, object] = {**plan.settings, "models": picked}
    if plan.provider in FREE_SERVICES:
        free = {"input": 0, "output": 0}
        return replace(plan, settings=settings | {"prices": dict.fromkeys(picked, free)})
    priced = all(provider.price(model) is not None for model in picked)
    return replace(plan, settings=settings, month=month if priced else 0)


async def _listed_models(provider: Provider) -> list[str]:
    """Return the model names that the provider lists, newest first. Without a list, check the
    credentials and return []. Raises what the provider raises.
    """
    if isinstance(provider, Listing):
        return list(await provider.list_models())
    if isinstance(provider, Verifiable):
        await provider.verify()
    return []


def _chosen_models(provider: Provider, offered: Sequence[str], asking: _Asking) -> list[str]:
    """Return the offered model that the person chooses; the default is the cheapest of the `NEWEST`
    newest with a known price. Raises SetupRefused without any model.
    """

    def output(model: str) -> float:
        price = provider.price(model)
        return inf if price is None else price.output

    priced = [model for model in offered if output(model) < inf]
    choices = (priced or list(offered))[:MAX_CHOICES]
    if not choices:
        raise SetupRefused(
            problem=f"{provider.name} does not say which models it has",
            remedy="name one with --model",
        )
    best = min(choices[:NEWEST], key=output)
    return [asking.choice("Which model?", choices, best)]


def _write_file(file: Path, text: str) -> None:
    """Write a file atomically: after an interruption the old file, or none, is left.

    Raises:
        FileUnwritable: when the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as part:
            part.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(part.name, 0o666 & ~mask)
        os.replace(part.name, file)
    except OSError as error:
        raise FileUnwritable(file=file, reason=error.strerror) from None


async def _first_check(
    session: Session, call: Call, plan: SetupFiles, file: Path, asking: _Asking, *, yes: bool
) -> Card:
    """Ask the first check, after the person agrees to its price, and return the card that ends the
    set-up. With `yes`, any known price is agreed to.
    """
    config = replace(session, config=file).read_config()
    async with session.open_deployment(config) as deployment:
        plan = await _plan_with_category(deployment, call, plan, asking, yes=yes)
    config = _rewrite_config(session, plan, file)
    async with session.open_deployment(config) as deployment:
        proposal = await check(deployment, call)
        price = proposal.price if proposal.usd else "free"
        agreed = not proposal.usd or (yes and proposal.usd < inf)
        if not agreed and not yes:
            agreed = asking.agree(f"The first check costs {proposal.price}. Ask now?")
        if not agreed:
            text = f"The first check costs {proposal.price}. Ask with: overheard check"
            return _done_card(plan, file, text, price)
        checked = await proposal.execute()
        shown = await _report_card(deployment, call, checked)
    card = _done_card(plan, file, "", price)
    data = {**card.data, "check": checked.data, "report": shown.data}
    return replace(card, more=(shown,), failed=checked.failed, data=data)


async def _plan_with_category(
    deployment: Deployment, call: Call, plan: SetupFiles, asking: _Asking, *, yes: bool
) -> SetupFiles:
    """Return the plan with the given category; without one, ask the model for it, after the person
    agrees to the price (with `yes`, to any known price).
    """

    def agreed(price: str, usd: float) -> bool:
        if not usd or (yes and usd < inf):
            return True
        return asking.agree(f"Let the model say what {plan.brand} is? That costs {price}.")

    if plan.category:
        return plan
    names = [plan.brand, *plan.competitors]
    return replace(plan, category=await derived_category(deployment, call, names, agreed))


def _rewrite_config(session: Session, plan: SetupFiles, file: Path) -> Config:
    """Write the configuration again if the plan has changed since, and return the configuration
    read from the file.
    """
    if plan.text() != file.read_text(encoding="utf-8"):
        _write_file(file, plan.text())
    return replace(session, config=file).read_config()


async def _report_card(deployment: Deployment, call: Call, checked: Card) -> Card:
    """Return the report, or the card of the check (`checked`) if it failed or has no answers to
    report.
    """
    if checked.failed:
        return checked
    try:
        return await report(deployment, call)
    except OverheardError:
        return checked


def _done_card(plan: SetupFiles, file: Path, text: str, price: str) -> Card:
    """Return the card that ends the set-up in the terminal; `text` is its first paragraph, `price`
    that of a check in words.
    """
    models = [str(model) for model in plan.settings.get("models") or ()]  # type: ignore[attr-defined]
    questions = [*plan.questions, plan.branded_question]
    fields: list[Field] = [
        Field("Written", str(file)),
        Field("Asked", ", ".join(f"{plan.provider}/{m}" for m in models) or "the local model"),
        Field("A check", price),
    ]
    if plan.month:
        fields.append(Field("Budget", f"{wording.money(plan.month)} a month"))
    data: dict[str, Any] = {
        "file": str(file), "provider": plan.provider, "models": models, "questions": questions,
    }  # fmt: skip
    return Card(
        title=f"{plan.brand} is set up",
        text="\n\n".join(filter(None, (text, _next_step_sentences(plan, file)))),
        fields=tuple(fields),
        severity=Severity.GOOD,
        data=data,
    )


def _next_step_sentences(plan: SetupFiles, file: Path) -> str:
    """Return one or two sentences on what to do next: edit the questions, then connect the chat or
    start the schedule.
    """
    questions = f"Read the questions in {file} and write your own buyers' questions there."
    if not plan.category:
        questions = (
            f"What {plan.brand} is was neither given nor known to the model, so its questions are "
            f"general: write your buyers' questions into {file}."
        )
    if plan.chat == "slack":
        step = "For Slack, make the app from: overheard slack manifest. Then run: overheard doctor"
    elif plan.chat == "discord":
        step = (
            "For Discord, invite the bot with: overheard discord invite, then run: overheard doctor"
        )
    else:
        step = "To check every Monday, run: overheard run"
    return f"{questions} {step}."


SETUP = CommandSpec(
    "setup",
    "Write a configuration for a brand, check once, and report.",
    setup,
    role=Role.ADMIN,
    faces=IN_TERMINAL,
    opens=False,
    examples=(
        "setup",
        "setup --brand Acme --competitor Globex --provider local --yes",
        'setup --brand Acme --category "project tool" --provider openai --budget 10 --yes',
    ),
)
