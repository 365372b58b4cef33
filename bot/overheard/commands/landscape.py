"""`landscape`: how each vendor fine-tunes and uses data, with its own page as the source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Table, fitting
from overheard.cards.command import CommandSpec, argument, quoted
from overheard.commands.arguments import unknown
from overheard.commands.demo import opened
from overheard.deployment import Call, Deployment, Session
from overheard.domain import Landscape, LandscapeTopic
from overheard.finetune.landscape import (
    MAX_AGE,
    TITLES,
    EntryStatus,
    TopicStatus,
    apply_corrections,
    topic_statuses,
)

SHOWN = (LandscapeTopic.TUNING, LandscapeTopic.API_DATA, LandscapeTopic.CONSUMER_DATA)
"""Topics in the overview."""
GIST = 70
"""Characters of a cell in it."""


async def show_landscape(
    given: Deployment | Session,
    call: Call,
    *,
    provider: Annotated[str, argument("Only this vendor.")] = "",
) -> Card:
    """Show what vendors say of fine-tuning, data and crawlers, or all that one of them says.

    Nothing need be configured for it.

    Raises:
        UnknownName: for a vendor of whom nothing is said.
    """
    async with opened(given) as deployment:
        return _card(deployment, call, provider)


def _card(deployment: Deployment, call: Call, provider: str) -> Card:
    """Return the card of one vendor, or of all for an empty name."""
    today = deployment.clock.now().astimezone(call.zone).date()
    known = _known_landscapes(deployment)
    if not provider:
        return _overview(known, today)
    landscape = known.get(provider.strip().casefold()) or _find_by_title(known, provider)
    if landscape is None:
        raise unknown("vendor", provider, list(known))
    return _vendor(landscape, topic_statuses(landscape, today))


def _known_landscapes(deployment: Deployment) -> dict[str, Landscape]:
    """Return the vendors by name: those of plugins, corrected by the configuration."""
    tables = deployment.config.landscape
    corrections = {
        vendor: {topic: table.entry(topic, corrected=True) for topic, table in declared.items()}
        for vendor, declared in tables.items()
    }
    return apply_corrections(deployment.plugins.landscapes, corrections)


def _find_by_title(known: Mapping[str, Landscape], title: str) -> Landscape | None:
    wanted = title.strip().casefold()
    return next(
        (landscape for landscape in known.values() if landscape.title.casefold() == wanted), None
    )


def _overview(known: Mapping[str, Landscape], today: date) -> Card:
    """Return the card of all vendors, one row each."""
    topics = {name: topic_statuses(landscape, today) for name, landscape in known.items()}
    rows = tuple(_row(known[name], statuses) for name, statuses in topics.items())
    header = ("Vendor", *(TITLES[topic] for topic in SHOWN), "To check")
    return Card(
        title=f"How {wording.count(len(known), 'vendor')} fine-tune and use data",
        text="Each in its first sentence. All topics of one vendor, with sources: landscape VENDOR",
        table=Table(header, rows, frozenset({len(header) - 1})) if rows else None,
        actions=fitting(
            *(Action(f"landscape {quoted(n)}", landscape.title) for n, landscape in known.items())
        ),
        footer=f"To check: topics that are older than {MAX_AGE.days} days, undated or not known.",
        data={"vendors": [_data(known[name], statuses) for name, statuses in topics.items()]},
    )


def _row(landscape: Landscape, topics: Sequence[TopicStatus]) -> tuple[str, ...]:
    gists = {topic.topic: wording.shorten(topic.gist, GIST) for topic in topics}
    unsure = sum(topic.standing is not EntryStatus.KNOWN for topic in topics)
    return (landscape.title, *(gists[topic] for topic in SHOWN), str(unsure))


def _vendor(landscape: Landscape, topics: Sequence[TopicStatus]) -> Card:
    """Return the card of one vendor, with all topics."""
    unsure = [TITLES[topic.topic] for topic in topics if topic.standing is not EntryStatus.KNOWN]
    table = f"[landscape.{landscape.name}.TOPIC]"
    return Card(
        title=f"{landscape.title}: fine-tuning and data",
        text=f"Look again before you rely on it: {wording.listing(unsure)}." if unsure else "",
        fields=tuple(Field(TITLES[topic.topic], _words(topic), wide=True) for topic in topics),
        severity=Severity.WARNING if unsure else Severity.PLAIN,
        footer=f"Correct it in your configuration, {table}, with value, source and as_of.",
        data=_data(landscape, topics),
    )


def _words(topic: TopicStatus) -> str:
    """Return a topic as a sentence with its source and its age."""
    entry = topic.entry
    if entry is None:
        return "Not known: no page of the vendor that was read says it."
    marks = [topic.standing.value.upper()] if topic.standing is not EntryStatus.KNOWN else []
    day = f"as of {entry.as_of:%Y-%m-%d}" if entry.as_of else ""
    via = f"read via {entry.via}" if entry.via else ""
    origin = "from the configuration" if entry.corrected else ""
    source = ", ".join(filter(None, [*marks, entry.source, day, via, origin]))
    return f"{entry.value} ({source})"


def _data(landscape: Landscape, topics: Sequence[TopicStatus]) -> dict[str, Any]:
    """Return a vendor with its topics as JSON."""
    return {
        "vendor": landscape.name,
        "title": landscape.title,
        "topics": [_topic(topic) for topic in topics],
    }


def _topic(topic: TopicStatus) -> dict[str, Any]:
    """Return a topic as JSON."""
    entry = topic.entry
    return {
        "topic": topic.topic.value,
        "standing": topic.standing.value,
        "value": entry.value if entry else None,
        "source": entry.source if entry else None,
        "as_of": entry.as_of.isoformat() if entry and entry.as_of else None,
        "via": (entry.via or None) if entry else None,
        "corrected": bool(entry and entry.corrected),
    }


LANDSCAPE = CommandSpec(
    "landscape",
    "Show how each vendor fine-tunes and uses data, with sources.",
    show_landscape,
    examples=("landscape", "landscape openai"),
    opens=False,
)
