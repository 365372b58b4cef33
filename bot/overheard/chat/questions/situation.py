"""What a deployment knows that questions name: brands, models, alerts, updates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from overheard.cards.command import CommandSpec
from overheard.cards.model_names import FAMILIES, VENDORS, family_name
from overheard.chat.questions.names import KnownNames
from overheard.chat.questions.vocabulary import folded_words
from overheard.deployment import Call
from overheard.domain import Alert, Catalogue, Model
from overheard.interfaces import Request, Store
from overheard.reading.ordinary_words import is_common

OTHER_MODELS = (
    *("AI Overviews", "Alexa", "Bard", "Bing", "Copilot", "Google", "Meta AI"),
    *("Microsoft Copilot", "Siri"),
)
"""Services with answers that are not asked under these names."""
_OTHER_SPELLINGS = {"ChatGPT": ("chat gpt", "chatgpt", "gpt", "open ai", "openai")}
"""Other ways to write the name of a family."""
MIN_PREFIX_CHARS = 3
"""The fewest characters of a first word that names a brand."""
SEARCH_ENGINE = "google"
"""The vendor that is also a search engine, whose name does not mean its models."""


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is not over.

    Attributes:
        id: Its number.
        brand: The name of its brand.
        model: Its model, as ``provider/model``.
        name: The model's name for readers.
    """

    id: int
    brand: str
    model: str
    name: str


@dataclass(frozen=True, slots=True)
class Situation:
    """The state of the deployment that the answer to a question depends on.

    Attributes:
        today: The day of the reader.
        own: The names of the tracked brands.
        models: The names of asked models for readers, by ``provider/model``.
        alerts: The alerts that are not over, the newest first.
        thread_alert: The alert in whose thread the question was asked, also one that is over; or
            None.
        updates: The day of the latest update of each model, by ``provider/model``.
        last_check: The day of the latest check but one, with which the latest is compared; or None.
        commands: The commands that the chat offers, by name.
    """

    today: date
    own: tuple[str, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    alerts: tuple[OpenAlert, ...] = ()
    thread_alert: OpenAlert | None = None
    updates: Mapping[str, date] = field(default_factory=dict)
    last_check: date | None = None
    commands: Mapping[str, CommandSpec] = field(default_factory=dict)


def read_names_of(catalogue: Catalogue, models: Mapping[Model, str]) -> KnownNames:
    """Return the names of brands, models, topics and categories that a question may have.

    A spelling of both a brand and a model means the brand. A spelling of several models means all
    of them. Families and vendors of models, and `OTHER_MODELS`, are names of models that are not
    asked, unless they are a spelling of an asked model or of a brand.

    Args:
        catalogue: The brands and the facts. The fields of the facts, such as ``price``, are topics;
            facts marked as untrue are left out. The categories are those of tracked brands.
        models: The asked models, each with its name for readers.
    """
    spellings: dict[str, dict[str, None]] = {}
    for model, shown in models.items():
        for spelling in _spellings(model, shown):
            spellings.setdefault(spelling.casefold(), {})[shown] = None
    asked_words = {folded_words(spelling) for spelling in spellings}
    families = {name for _, name, _ in FAMILIES} | set(VENDORS) | set(VENDORS.values())
    brands = {spelling: brand.name for brand in catalogue.brands for spelling in brand.names}
    brands = {**_first_words(brands), **brands}
    brand_words = {folded_words(spelling) for spelling in brands}
    topics = {head: head for fact in catalogue.facts if not fact.untrue and (head := fact.head)}
    return KnownNames(
        brands=brands,
        own=tuple(brand.name for brand in catalogue.tracked),
        models={s: tuple(n) for s, n in spellings.items() if folded_words(s) not in brand_words},
        other_models=frozenset(
            name
            for name in (*families, *OTHER_MODELS)
            if folded_words(name) not in asked_words | brand_words
        ),
        topics=topics,
        categories=frozenset(brand.category for brand in catalogue.tracked if brand.category),
    )


def _first_words(brands: Mapping[str, str]) -> dict[str, str]:
    """Return the first words of brands' names that mean one brand alone, and are no ordinary words:
    "Zoho" for Zoho CRM.
    """
    found: dict[str, set[str]] = {}
    for spelling, name in brands.items():
        found.setdefault(spelling.partition(" ")[0], set()).add(name)
    return {
        word: min(names)
        for word, names in found.items()
        if len(names) == 1 and len(word) >= MIN_PREFIX_CHARS and not is_common(word.casefold())
    }


def _spellings(model: Model, shown: str) -> Iterable[str]:
    """Yield the names that people use for a model; a name may come more than once.

    In this order: its name for readers; the model as ``provider/model``; its id; its name for
    readers without an addition (" (...)", " with search"); beginnings of its id of two or more
    words; the names of its families, also of one that only a word of its id begins like, and of
    their vendors. Google is never one, because it is also a search engine.
    """
    yield from (shown, str(model), model.id, shown.partition(" (")[0].partition(" with ")[0])
    words = folded_words(model.id)
    for size in range(2, len(words) + 1):
        yield " ".join(words[:size])
    alike = [name for start, name, _ in FAMILIES if any(w.startswith(start) for w in words)]
    for family in filter(None, (family_name(model), *alike)):
        yield from (family, *_OTHER_SPELLINGS.get(family, ()))
        vendors = (vendor for vendor, name in VENDORS.items() if name == family)
        yield from (vendor for vendor in vendors if vendor != SEARCH_ENGINE)


async def read_situation(
    call: Call, request: Request, commands: Mapping[str, CommandSpec]
) -> Situation:
    """Return the state of the deployment that the answer to a question depends on, read from the
    store.

    All days are those of the person's time zone. Runs outside the results (``aside``) are no
    checks.

    Args:
        request: The question. Its `message`, if not empty, is the id of the message to which it
            replies, which may be that of an alert.
        commands: The commands that the chat offers, by name.
    """
    store, names = call.store, call.names
    open_alerts = await store.alerts.find(live=True)
    latest: dict[str, datetime] = {}
    for update in await store.updates.find():
        key = str(update.model)
        latest[key] = max(update.at, latest.get(key, update.at))
    checks = sorted(run.started_at for run in await store.runs.find() if not run.aside)
    thread_alert = await _thread_alert(store, request)

    def as_open_alert(alert: Alert) -> OpenAlert:
        model = alert.shift.model
        return OpenAlert(alert.id, alert.brands[0], str(model), names.name(model))

    def day(at: datetime) -> date:
        return at.astimezone(call.zone).date()

    return Situation(
        today=day(call.clock.now()),
        own=tuple(brand.name for brand in call.catalogue.tracked),
        models={str(model): names.name(model) for model in call.plugins.models},
        alerts=tuple(map(as_open_alert, open_alerts)),
        thread_alert=as_open_alert(thread_alert) if thread_alert else None,
        updates={model: day(at) for model, at in latest.items()},
        last_check=day(checks[-2]) if len(checks) > 1 else None,
        commands=commands,
    )


async def _thread_alert(store: Store, request: Request) -> Alert | None:
    """Return the alert to whose message in this channel a question replies.

    None when the question is no reply, and when it replies to a message without an alert.
    """
    if not request.message:
        return None
    for delivery in await store.deliveries.find(channel=request.channel):
        if delivery.message == request.message and delivery.alert_id:
            return await store.alerts.get(delivery.alert_id)
    return None
