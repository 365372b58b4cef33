"""`setup` in the terminal: from a brand's name to a configuration file, a first check and its
report.
"""

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
NEWEST_MODELS = 4
"""The cheapest of so many of the newest models with a known price is the default."""
MAX_CHOICES = 8
"""Models from which a person chooses."""
MAX_LISTED = 20
"""Models that an error names."""
_PLACEHOLDER_MODEL = "model"
"""A model's name for the configuration with which a service is asked which models it has."""


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
    """Write a configuration file for a brand, make the first check, and return a card with its
    report.

    What is not given is asked for at a terminal with a person; elsewhere, and with `yes`, it has
    its default. The provider's key is tested before the file is written. A check that costs money
    is made only if the person agrees to its price, or with `yes`.

    Args:
        session: The session, with the path of the configuration file and the way to ask the person.
        category: The kind of product, such as ``project management tool``; without it the model is
            asked.
        provider: The service to ask, one of `PROVIDERS`; by default the free local model.
        models: The service's models; by default the person chooses one.
        base_url: The address of the service; needed for ``compatible`` only.
        key_env: The environment variable with the key; empty for the usual one of the service.
        judge: The model that judges answers, as ``provider/model``; ``none`` for none.
        budget: The budget in US dollars a month; left out where nothing has a price.
        chat: Where alerts go, one of `CHATS`.
        channel: The id of the channel for alerts; empty for none.
        yes: Whether nothing is asked, and any known price is agreed to.

    Raises:
        SetupRefused: when something is missing, a named model does not exist, or there is a
            configuration that is not to be replaced.
        ConfigError: when the answers make no valid configuration.
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
        brand=brand.strip(),
        competitors=tuple(competitors),
        category=category,
        provider=chosen,
        settings=_provider_settings(chosen, base_url, key_env),
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
        """Return what the person types, without spaces at its ends; an empty line is the
        default.
        """
        return self._ask(question, default).strip() if self._ask else default

    def words(self, question: str) -> tuple[str, ...]:
        """Return the words or names that the person types, with commas between them."""
        return tuple(filter(None, (word.strip() for word in self.text(question).split(","))))

    def choice(self, question: str, choices: Sequence[str], default: str) -> str:
        """Return one of the choices, which the person types. The question is repeated until one of
        them is typed.

        Args:
            question: The question; the choices are added to it.
            choices: The words that may be typed.
            default: The choice of an empty line, and without a person.
        """
        shown = f"{question} {', '.join(choices)}"
        given = self.text(shown, default)
        while given not in choices:
            given = self.text(f"{given!r} is not one of them. {shown}", default)
        return given

    def agree(self, question: str) -> bool:
        """Return whether the person answers a question with yes; False without a person."""
        return self.text(f"{question} yes or no", "no").casefold() in {"y", "yes"}

    def judge(self, model: str) -> str:
        """Return the model if the person lets it judge answers, else ``none``."""
        question = f"Let {model} judge how each answer speaks of the brand, at more cost?"
        return model if self.agree(question) else "none"


def _provider_settings(provider: str, base_url: str, key_env: str) -> dict[str, object]:
    """Return the settings of a provider's table in the configuration, without its models. A service
    of `SERVICES` becomes a preset of the plugin `compatible`.

    Args:
        provider: One of `PROVIDERS`.
        base_url: The address of the service; empty leaves the setting out.
        key_env: The environment variable with the key; empty leaves the setting out.

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
    """Return the plan with models of its provider's service, and with a monthly budget.

    The service is asked for its models, which tests the key and the models' names. The names are
    not tested if the service has no list. The plan of the local model is returned as it is, after
    the same request. Models of a free service get a price of 0 and no budget.

    Args:
        plan: The plan, without models.
        models: The models that are wanted; without any the person chooses one.
        month: The budget in US dollars a month; left out (0) if the price of a model is not known.

    Raises:
        SetupRefused: when the provider cannot be used, such as without a key, or the service lacks
            a model or does not say which it has.
        ProviderUnavailable: when the key is refused, or the service cannot be reached.
    """
    is_local = plan.provider == LOCAL
    named: dict[str, object] = {} if is_local else {"models": list(models) or [_PLACEHOLDER_MODEL]}
    # A provider loads only with a model, so a placeholder stands in for the one to be chosen.
    trial = replace(plan, settings={**plan.settings, **named})
    provider = _loaded_provider(trial, file)
    try:
        offered = await _listed_models(provider)  # empty: the service has no list
    finally:
        await provider.close()
    if is_local:
        return plan
    missing = [m for m in models if offered and m.removesuffix("+search") not in offered]
    if missing:
        raise SetupRefused(
            problem=f"{plan.provider} has no model {missing[0]}",
            remedy=f"choose among: {', '.join(offered[:MAX_LISTED])}",
        )
    picked = list(models) or _chosen_models(provider, offered, asking)
    settings: dict[str, object] = {**plan.settings, "models": picked}
    if plan.provider in FREE_SERVICES:
        free = {"input": 0, "output": 0}
        return replace(plan, settings=settings | {"prices": dict.fromkeys(picked, free)})
    priced = all(provider.price(model) is not None for model in picked)
    return replace(plan, settings=settings, month=month if priced else 0)


def _loaded_provider(plan: SetupFiles, file: Path) -> Provider:
    """Return the provider of a plan, loaded with the configuration that the plan would write. The
    caller closes it.

    Args:
        plan: The plan, with at least one model unless its provider is the local one.
        file: The path of the configuration, for messages; it is neither read nor written.

    Raises:
        ConfigError: when the plan makes no valid configuration.
    """
    plugins = load_plugins(parse_config(plan.text(), str(file)))
    provider = plugins.providers.get(plan.provider)
    if provider is None:
        problems = [plugin.problem for plugin in plugins.faulty if plan.provider in plugin.problem]
        problem = (problems or ["the provider cannot be used"])[0].rstrip(".")
        raise SetupRefused(problem=problem, remedy="then run overheard setup again")
    return provider


async def _listed_models(provider: Provider) -> list[str]:
    """Return the names of the models that a service lists, the newest first. If it has no list,
    only the key is tested, where that is possible, and the result is empty.

    Raises:
        ProviderUnavailable: when the key is refused, or the service cannot be reached.
    """
    if isinstance(provider, Listing):
        return list(await provider.list_models())
    if isinstance(provider, Verifiable):
        await provider.verify()
    return []


def _chosen_models(provider: Provider, offered: Sequence[str], asking: _Asking) -> list[str]:
    """Return a list with the one model that the person chooses among the first `MAX_CHOICES` that
    the service offers.

    Models with a known price are preferred: the others are offered only if none has one. The
    default is the cheapest (by output tokens) of the first `NEWEST_MODELS`.

    Args:
        offered: The names of its models, the newest first.
    """

    def output_price(model: str) -> float:
        price = provider.price(model)
        return inf if price is None else price.output

    priced = [model for model in offered if output_price(model) < inf]
    choices = (priced or list(offered))[:MAX_CHOICES]
    if not choices:
        raise SetupRefused(
            problem=f"{provider.name} does not say which models it has",
            remedy="name one with --model",
        )
    cheapest = min(choices[:NEWEST_MODELS], key=output_price)
    return [asking.choice("Which model?", choices, cheapest)]


def _write_file(file: Path, text: str) -> None:
    """Write a text file in UTF-8, in place of an existing one. Its folder is created.

    The file is replaced as a whole: after an interruption the old file, or none, is left. It gets
    the usual permissions of a new file.
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
    """Make the first check and return the card that ends the set-up, with the report, or with the
    card of the check if it failed.

    Before it, a missing category is asked of the model, and the configuration is written again with
    it. A free check is made at once. Otherwise the person has to agree to the price; with `yes`
    every known price is agreed to and an unknown one is not. Without agreement no check is made,
    and the card says how to check later.

    Args:
        plan: The plan, as written to the file.
        yes: Whether any known price is agreed to without asking.
    """
    config = replace(session, config=file).read_config()
    async with session.open_deployment(config) as deployment:
        plan = await _plan_with_category(deployment, call, plan, asking, yes=yes)
    config = _rewrite_config(session, plan, file)
    async with session.open_deployment(config) as deployment:
        proposal = await check(deployment, call)
        price = proposal.price if proposal.usd else "free"
        if not proposal.usd:
            is_agreed = True
        elif yes:
            is_agreed = proposal.usd < inf
        else:
            is_agreed = asking.agree(f"The first check costs {proposal.price}. Ask now?")
        if not is_agreed:
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
    """Return the plan with a category, such as ``project management tool``.

    If it has none, the first configured model is asked for it: at once if that is free, else if the
    person agrees to the price. With `yes`, every known price is agreed to. The category stays empty
    if the model does not know it or was not asked.

    Args:
        yes: Whether any known price is agreed to without asking.
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
    """Write the configuration file again if the plan differs from it, and return the configuration
    read from the file.
    """
    if plan.text() != file.read_text(encoding="utf-8"):
        _write_file(file, plan.text())
    return replace(session, config=file).read_config()


async def _report_card(deployment: Deployment, call: Call, checked: Card) -> Card:
    """Return the report of all tracked brands. Return the card of the check (`checked`) instead if
    the check failed, or if the report raises an error, such as when there is nothing to report.
    """
    if checked.failed:
        return checked
    try:
        return await report(deployment, call)
    except OverheardError:
        return checked


def _done_card(plan: SetupFiles, file: Path, text: str, price: str) -> Card:
    """Return the card that ends the set-up in the terminal.

    Args:
        text: The first paragraph; empty for none. What to do next follows.
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
    """Return two or three sentences on what to do next: edit the questions; then connect the chat
    (two sentences for Slack), or without a chat start the schedule.
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
