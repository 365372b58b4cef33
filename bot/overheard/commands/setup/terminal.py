"""`setup` in the terminal: the service and the chat, for which only a terminal asks, written into a
configuration file; then the steps of the set-up in chat, drawn as questions, the first check and
its report.
"""

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Annotated, Any

from overheard.cards.card import Card, Field, Severity
from overheard.cards.command import IN_TERMINAL, CommandSpec, Role, option
from overheard.commands.check import check
from overheard.commands.export import replacing
from overheard.commands.report import report
from overheard.commands.setup import naming
from overheard.commands.setup.checklist import checklist, drafted_brand
from overheard.commands.setup.starting import fill_start, set_places, start_checks
from overheard.config.loader import find_config, parse_config
from overheard.config.sections import BUDGETS
from overheard.deployment import Call
from overheard.domain import LOCAL, Model
from overheard.errors import OverheardError, SetupRefused
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
RUN_SHARE = 0.25
"""The budget of a run as a share of that of a month."""
READING_MONTH_USD = 1.0
"""What a model that reads answers besides the rules may spend in a month."""
NEWEST_MODELS = 4
"""The cheapest of so many of the newest models with a known price is the default."""
MAX_CHOICES = 8
"""Models from which a person chooses."""
MAX_LISTED = 20
"""Models that an error names."""
NEXT_STEPS = {
    "slack": "For Slack, make the app from: overheard slack manifest. Then run: overheard doctor",
    "discord": "For Discord, invite the bot with: overheard discord invite, then run: overheard "
    "doctor",
    "": "To check by itself, run: overheard run",
}
"""What to do next, by the chat."""
_PLACEHOLDER_MODEL = "model"
"""A model's name for the configuration with which a service is asked which models it has."""


async def setup(
    session: Session,
    *,
    brand: Annotated[str, naming.BRAND] = "",
    competitors: Annotated[
        Sequence[str],
        replace(naming.COMPETITORS, help="Whom it competes with.", label="Its competitors"),
    ] = (),
    category: Annotated[str, naming.CATEGORY] = "",
    provider: Annotated[
        str | None,
        option("Whom to ask; local is free and needs no key.", choices=PROVIDERS, label="Service"),
    ] = None,
    models: Annotated[Sequence[str], option("A model of it.", word="model")] = (),
    base_url: Annotated[
        str, option("Its address, such as that of a gateway.", label="Address")
    ] = "",
    key_env: Annotated[
        str, option("The environment variable that holds its key.", label="Key")
    ] = "",
    judge: Annotated[
        str, option("Who reads a tenth of the answers, too: PROVIDER/MODEL, or none.")
    ] = "none",
    budget: Annotated[float, option("Dollars a month.", low=0.01)] = DEFAULT_MONTH_USD,
    alarms: Annotated[
        str, option("Calm is seldom wrong; early notices smaller changes.", choices=tuple(BUDGETS))
    ] = "calm",
    chat: Annotated[str | None, option("Where alerts go.", choices=CHATS, label="Alerts")] = None,
    channel: Annotated[str, option("The id of the channel for alerts.")] = "",
    yes: Annotated[bool, option("Ask nothing; spend within the budget.")] = False,
) -> Card:
    """Write a configuration file with a service, set up a brand by the steps of the chats, make the
    first check, and return a card with its report.

    What is not given is asked for at a terminal with a person, and again where the service cannot
    be used; elsewhere, and with `yes`, it has its default. The provider's key is tested before the
    file is written. A check that costs money is made only if the person agrees to its price, or
    with `yes`.

    Args:
        session: The session, with the path of the configuration file and the way to ask the person.
        category: The kind of product, such as ``project management tool``.
        provider: The service to ask, one of `PROVIDERS`; by default the free local model.
        models: The service's models; by default the person chooses one.
        base_url: The address of the service; needed for ``compatible`` only.
        key_env: The environment variable with the key; empty for the usual one of the service.
        judge: The model that reads answers besides the rules, as ``provider/model``; ``none`` to
            choose at the last step.
        budget: The budget in US dollars a month; left out where nothing has a price.
        alarms: The name of a budget of false alarms.
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
    person = _Person(replace(session, ask=None) if yes else session, spends=yes)
    file = find_config(session.config)
    if file.exists() and not person.agrees(f"{file} exists. Replace it?"):
        raise SetupRefused(
            problem=f"{file} exists", remedy="move it away, or name another file with --config"
        )
    brand = person.value("brand", brand).strip()
    if not brand:
        raise SetupRefused(problem="no brand is named", remedy="name one with --brand")
    competitors = person.value("competitors", competitors)
    category = person.value("category", category)
    if not (competitors or category):
        raise SetupRefused(
            problem="there is nothing to ask about",
            remedy="name a competitor with --competitor, or its kind with --category",
        )
    chosen, again = LOCAL, False
    while True:
        failed, chosen = chosen, person.value("provider", not again and provider, chosen)
        if again and chosen != failed:
            base_url, key_env, models = "", "", ()
        if chosen == COMPATIBLE:
            base_url = person.value("base_url", not again and base_url, base_url)
            key_env = person.value("key_env", not again and key_env, key_env)
        try:
            settings = _provider_settings(chosen, base_url, key_env)
            tables = await _service_tables(chosen, settings, file, models, budget, person)
            break
        except OverheardError as error:
            # A model that the error names may be its cause, and is chosen again.
            models = () if any(model in str(error) for model in models) else models
            if not (again := person.agrees(f"{error} Answer again?")):
                raise
    chat = person.value("chat", chat, "none")
    judge, chat = ("" if given == "none" else given for given in (judge, chat))
    if judge:
        tables["scorers.judge"] = {"model": judge, "budget": READING_MONTH_USD}
    text = _config_text(tables | ({chat: {}} if chat else {}))
    parse_config(text, str(file))
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file, opener=None) as out:
        out.write(text)
    async with session.open_deployment(replace(session, config=file).read_config()) as deployment:
        call = session.call(deployment)
        named: dict[str, Any] = {"category": category, "competitors": competitors}
        place = f"{chat}:{channel}" if chat and channel else ""
        call = await _steps_taken(call, person, brand, named, place, alarms)
        return await _first_check(call, file, person, NEXT_STEPS[chat])


async def _steps_taken(
    call: Call, person: "_Person", brand: str, named: Mapping[str, Any], place: str, alarms: str
) -> Call:
    """Take the steps of the set-up with what their forms propose, ask the person for what costs
    money, and return the call with what was stored. Names and facts that a model suggests wait for
    a review in chat.
    """
    form = await naming.fill_brand(call)
    is_local = all(model.provider == LOCAL for model in call.plugins.models)
    suggests = form.values["suggestions"] and not is_local
    if suggests and not person.spends:
        suggests = person.agrees(f"{form.hints['suggestions']} Ask it?")
    await naming.set_brand(call, name=brand, suggestions=suggests, **named)
    call = await call.refreshed()
    form = await naming.fill_questions(call)
    named_in = [choice.value for choice in form.choices["branded"][:1]]
    await naming.set_questions(call, questions=form.values["questions"], branded=named_in)
    await set_places(call, channel=place)
    call = await call.refreshed()
    readers = (await fill_start(call)).choices["reader"]
    reader = "model" if readers and person.agrees(f"{readers[0].label}?") else ""
    await start_checks(call, reader=reader, alarms=alarms)
    return await call.refreshed()


Tables = dict[str, dict[str, object]]
"""Tables of a configuration by their names, each with its keys and values."""


def _config_text(tables: Tables) -> str:
    """Return a configuration file with some tables as TOML."""
    lines = ["# Written by overheard setup. config.example.toml has all settings."]
    for name, values in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_toml_value(values[key])}" for key in values)]
    return "\n".join([*lines, ""])


def _toml_value(value: object) -> str:
    """Return a value as TOML. Texts, numbers and lists have the same form as in JSON, except one
    control character (DEL) that TOML needs escaped; a dictionary becomes an inline table.
    """
    if isinstance(value, dict):
        keys = {key: key if key.isidentifier() else _toml_value(key) for key in value}
        return f"{{ {', '.join(f'{keys[k]} = {_toml_value(v)}' for k, v in value.items())} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@dataclass(frozen=True, slots=True)
class _Person:
    """Asks the person at the terminal; without a person, returns the defaults.

    Attributes:
        spends: Whether any known price is agreed to without asking.
    """

    session: Session
    spends: bool

    def answer(self, question: str, default: str = "") -> str:
        """Return what the person types, without spaces at its ends; an empty line is the
        default.
        """
        ask = self.session.ask
        return ask(question, default).strip() if ask else default

    def value(self, name: str, given: Any, default: str = "") -> Any:
        """Return the value of an option of `setup`: as it is given, else as the person answers the
        question of its label. Several values are typed with commas between them.
        """
        if given:
            return given
        option = next(option for option in SETUP.options if option.name == name)
        several = ", with commas between them" if option.many else ""
        question = f"{option.shown.rstrip('?')}{several}? {option.help}"
        if option.choices:
            return self.choice(question, option.choices, default)
        typed = self.answer(question, default)
        return tuple(filter(None, map(str.strip, typed.split(",")))) if option.many else typed

    def choice(self, question: str, choices: Sequence[str], default: str) -> str:
        """Return one of the choices, which the person types. The question is repeated until one of
        them is typed.
        """
        shown = f"{question} {', '.join(choices)}"
        given = self.answer(shown, default)
        while given not in choices:
            given = self.answer(f"{given!r} is not one of them. {shown}", default)
        return given

    def groups(self, question: str, pattern: str) -> Sequence[str]:
        """Return the groups of a pattern in what the person types, or none for an empty line. The
        question is repeated until that is so.
        """
        while typed := self.answer(f"{question}? Empty if unknown"):
            if form := re.fullmatch(pattern, typed):
                return form.groups()
        return ()

    def agrees(self, question: str) -> bool:
        """Return whether the person answers a question with yes; False without a person."""
        return self.answer(f"{question} yes or no", "no").casefold() in {"y", "yes"}

    def pays(self, question: str, usd: float) -> bool:
        """Return whether the person agrees to a price in US dollars, which the question names."""
        return not usd or (usd < inf if self.spends else self.agrees(question))


def _provider_settings(provider: str, base_url: str, key_env: str) -> dict[str, object]:
    """Return the settings of a provider's table in the configuration, without its models. A service
    of `SERVICES` becomes a preset of the plugin `compatible`.
    """
    if provider == COMPATIBLE and not base_url:
        raise SetupRefused(problem="the service has no address", remedy="give it with --base-url")
    settings: dict[str, object] = {}
    if provider in SERVICES:
        settings = {"plugin": "compatible", "preset": provider}
    if base_url:
        settings["base_url"] = base_url
    return settings | ({"api_key_env": key_env} if key_env else {})


async def _service_tables(
    name: str,
    settings: Mapping[str, object],
    file: Path,
    models: Sequence[str],
    month: float,
    person: _Person,
) -> Tables:
    """Return the tables of a service with its models, and of a monthly budget."""
    table = f"providers.{name}"
    # A provider loads only with a model, so a placeholder stands in for the one to be chosen.
    named = {"models": [*models] or [_PLACEHOLDER_MODEL]} if name != LOCAL else {}
    provider = _loaded_provider(name, {table: {**settings, **named}}, file)
    try:
        offered = await _listed_models(provider)  # empty: the service has no list
    finally:
        await provider.close()
    if name == LOCAL:
        return {table: {**settings}}
    missing = [m for m in models if offered and Model("", m).id not in offered]
    if missing:
        raise SetupRefused(
            problem=f"{name} has no model {missing[0]}",
            remedy=f"choose among: {', '.join(offered[:MAX_LISTED])}",
        )
    picked = list(models) or _chosen_models(provider, offered, person)
    tables: Tables = {table: {**settings, "models": picked}}
    if name in FREE_SERVICES:
        tables[table]["prices"] = {model: {"input": 0, "output": 0} for model in picked}
        return tables
    if any(provider.price(model) is None for model in picked):
        question = "Dollars for a million tokens, asked and answered, as 1 4"
        if price := person.groups(question, r"\$?(\d*\.?\d+)[\s,]+\$?(\d*\.?\d+)"):
            known = dict(zip(("input", "output"), map(float, price), strict=True))
            tables[table]["prices"] = dict.fromkeys(picked, known)
        question = "The most tokens of an answer (max_tokens), a whole number of 1 or more"
        if limit := person.groups(question, r"([1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)"):
            tables[table]["max_tokens"] = int(limit[0].replace(",", ""))
        if not price:
            return tables
    return tables | {"budget": {"run": round(month * RUN_SHARE, 2), "month": month}}


def _loaded_provider(name: str, tables: Tables, file: Path) -> Provider:
    """Return a provider, loaded with the configuration of some tables. The caller closes it."""
    plugins = load_plugins(parse_config(_config_text(tables), str(file)))
    provider = plugins.providers.get(name)
    if provider is None:
        problems = [plugin.problem for plugin in plugins.faulty if name in plugin.problem]
        problem = (problems or ["the provider cannot be used"])[0].rstrip(".")
        raise SetupRefused(problem=problem, remedy="then run overheard setup again")
    return provider


async def _listed_models(provider: Provider) -> list[str]:
    """Return the names of the models that a service lists, the newest first. If it has no list,
    only the key is tested, where that is possible, and the result is empty.
    """
    if isinstance(provider, Listing):
        return list(await provider.list_models())
    if isinstance(provider, Verifiable):
        await provider.verify()
    return []


def _chosen_models(provider: Provider, offered: Sequence[str], person: _Person) -> list[str]:
    """Return a list with the one model that the person chooses among the first `MAX_CHOICES` that
    the service offers, or types where it has no list.
    """

    def output_price(model: str) -> float:
        price = provider.price(model)
        return inf if price is None else price.output

    priced = [model for model in offered if output_price(model) < inf]
    choices = (priced or list(offered))[:MAX_CHOICES]
    if not choices and (typed := person.answer("Which model? The service lists none")):
        return [typed]
    if not choices:
        raise SetupRefused(
            problem=f"{provider.name} does not say which models it has",
            remedy="name one with --model",
        )
    cheapest = min(choices[:NEWEST_MODELS], key=output_price)
    return [person.choice("Which model?", choices, cheapest)]


async def _first_check(call: Call, file: Path, person: _Person, following: str) -> Card:
    """Make the first check, if it is free or the person agrees to its price, and return the card
    that ends the set-up, with the report, or with the card of the check if it failed; `following`
    says what to do next.
    """
    brand = (await drafted_brand(call)).name
    proposal = await check(call, brands=(brand,))
    told = f"The first check costs {proposal.price}."
    [(provider, settings)] = call.config.providers.items()
    models = list(settings.get("models", ()))
    data = {
        "file": str(file),
        "provider": provider,
        "models": models,
        "questions": [prompt.text for prompt in call.catalogue.prompts_for(brand)],
    }
    shown: tuple[Card, ...] = ()
    failed = False
    if not person.pays(f"{told} Ask now?", proposal.usd):
        told += " Ask with: overheard check"
    else:
        checked = reported = await proposal.execute()
        if not checked.failed:
            with contextlib.suppress(OverheardError):  # such as when there is nothing to report
                reported = await report(call, brands=(brand,))
        told, shown, failed = "", (reported,), checked.failed
        data |= {"check": checked.data, "report": reported.data}
    done = await checklist(await call.refreshed())
    return Card(
        title=f"{brand} is set up",
        text="\n\n".join(filter(None, (told, done.missing(), f"{following}."))),
        fields=(
            Field("Written", str(file)),
            Field("Asked", ", ".join(f"{provider}/{m}" for m in models) or "the local model"),
            Field("A check", proposal.price if proposal.usd else "free"),
            *done.fields(),
        ),
        severity=Severity.GOOD,
        more=shown,
        failed=failed,
        data=data,
    )


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
