"""What a deployment knows that questions name: brands, models, alerts, updates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from overheard.cards.command import CommandSpec
from overheard.cards.model_names import FAMILIES, VENDORS
from overheard.chat.questions.names import KnownNames
from overheard.chat.questions.vocabulary import folded_words
from overheard.deployment import Call, Deployment
from overheard.domain import Alert, Catalogue, Model
from overheard.interfaces import Request
from overheard.runs.plan import tracked

OTHER_MODELS = (
    "AI Overviews",
    "Alexa",
    "Bard",
    "Bing",
    "Copilot",
    "Google",
    "Meta AI",
    "Microsoft Copilot",
    "Siri",
)
"""Services with answers that are not asked under these names. Google is also a search engine: a
question about it does not mean Gemini."""
_WRITTEN = {"ChatGPT": ("chat gpt", "chatgpt", "chat-gpt", "gpt", "open ai", "openai")}
"""Other ways to write the name of a family."""


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
        here: The alert in whose thread the question was asked, or None.
        updates: The day of the latest update of each model, by ``provider/model``.
        last_check: The day of the latest check but one, or None.
        commands: The commands that the chat offers, by name.
    """

    today: date
    own: tuple[str, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    alerts: tuple[OpenAlert, ...] = ()
    here: OpenAlert | None = None
    updates: Mapping[str, date] = field(default_factory=dict)
    last_check: date | None = None
    commands: Mapping[str, CommandSpec] = field(default_factory=dict)


def read_names(deployment: Deployment) -> KnownNames:
    """Return the names of brands, models and facts that a question may have."""
    names = deployment.names
    shown = {model: names.name(model) for model in deployment.plugins.models}
    return read_names_of(deployment.catalogue, shown)


def read_names_of(catalogue: Catalogue, models: Mapping[Model, str]) -> KnownNames:
    """Return the names of brands, models and topics that a question may have.

    Args:
        catalogue: The brands and facts.
        models: The names of asked models for readers.
    """
    spellings: dict[str, dict[str, None]] = {}
    for model, shown in models.items():
        for spelling in _spellings(model, shown):
            spellings.setdefault(spelling.casefold(), {})[shown] = None
    known = {folded_words(spelling) for spelling in spellings}
    families = {name for _, name in FAMILIES} | set(VENDORS) | set(VENDORS.values())
    others = {n for n in (*families, *OTHER_MODELS) if folded_words(n) not in known}
    brands = {spelling: brand.name for brand in catalogue.brands for spelling in brand.names}
    named = {folded_words(spelling) for spelling in brands}
    topics = {head: head for fact in catalogue.facts if not fact.untrue and (head := fact.head)}
    return KnownNames(
        brands=brands,
        own=tuple(brand.name for brand in tracked(catalogue)),
        models={s: tuple(shown) for s, shown in spellings.items() if folded_words(s) not in named},
        other_models=frozenset(n for n in others if folded_words(n) not in named),
        topics=topics,
        categories=frozenset(brand.category for brand in tracked(catalogue) if brand.category),
    )


def _spellings(model: Model, shown: str) -> Iterable[str]:
    """Yield the names that people use for a model, in no certain order and with repetitions: its
    own, its family's and vendor's, and parts of its id.
    """
    yield from (shown, str(model), model.id, shown.partition(" (")[0].partition(" with ")[0])
    words = folded_words(model.id)
    for size in range(2, len(words) + 1):
        yield " ".join(words[:size])
    folded = [word.casefold() for word in (*words, model.provider)]
    for beginning, family in FAMILIES:
        if any(word.startswith(beginning) for word in folded):
            yield from (family, *_WRITTEN.get(family, ()))
            yield from (vendor for vendor, name in VENDORS.items() if _by(vendor, name, family))
            return
    if vendor := VENDORS.get(model.provider):
        yield from (vendor, *_WRITTEN.get(vendor, ()))
        if model.provider != "google":
            yield model.provider


def _by(vendor: str, name: str, family: str) -> bool:
    return name == family and vendor != "google"


async def read_situation(
    deployment: Deployment, call: Call, request: Request, commands: Mapping[str, CommandSpec]
) -> Situation:
    """Return the state of the deployment that the answer to a question depends on, read from the
    store.

    Args:
        deployment: The open deployment.
        call: The person, and the time zone of all days.
        request: The question; a `message` is the id of an alert's message that it replies to.
        commands: The commands that the chat offers, by name.
    """
    store, names = deployment.store, deployment.names
    live = [alert for alert in await store.alerts.find() if not alert.state.over]
    latest: dict[str, datetime] = {}
    for update in await store.updates.find():
        key = str(update.model)
        latest[key] = max(update.at, latest.get(key, update.at))
    runs = sorted(run.started_at for run in await store.runs.find() if not run.aside)
    here = await _alert_here(deployment, request)

    def shown(alert: Alert) -> OpenAlert:
        model = alert.shift.model
        return OpenAlert(alert.id, alert.brands[0], str(model), names.name(model))

    def day(at: datetime) -> date:
        return at.astimezone(call.zone).date()

    return Situation(
        today=day(deployment.clock.now()),
        own=tuple(brand.name for brand in tracked(deployment.catalogue)),
        models={str(model): names.name(model) for model in deployment.plugins.models},
        alerts=tuple(map(shown, live)),
        here=shown(here) if here else None,
        updates={model: day(at) for model, at in latest.items()},
        last_check=day(runs[-2]) if len(runs) > 1 else None,
        commands=commands,
    )


async def _alert_here(deployment: Deployment, request: Request) -> Alert | None:
    """Return the alert whose message a question replies to, or None."""
    if not request.message:
        return None
    for delivery in await deployment.store.deliveries.find(channel=request.channel):
        if delivery.message == request.message and delivery.alert_id:
            return await deployment.store.alerts.get(delivery.alert_id)
    return None
