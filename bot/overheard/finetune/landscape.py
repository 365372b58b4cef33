"""What vendors say of fine-tuning and data, as plugins supply it and people correct it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from overheard.domain import Landscape, LandscapeEntry, LandscapeTopic

FRESH = timedelta(days=180)
"""How long an entry holds; afterwards somebody has to look again."""
_AHEAD = timedelta(days=1)
"""It may be tomorrow already where an entry was written."""

TITLES = {
    LandscapeTopic.TUNING: "Fine-tuning",
    LandscapeTopic.FORMATS: "Data formats",
    LandscapeTopic.LIMITS: "Limits",
    LandscapeTopic.API_DATA: "API data",
    LandscapeTopic.CONSUMER_DATA: "Consumer data",
    LandscapeTopic.OPT_OUT: "Opt-out",
    LandscapeTopic.CRAWLERS: "Crawlers",
    LandscapeTopic.ROBOTS: "Robots rules",
    LandscapeTopic.DEPRECATIONS: "Deprecations",
}


class Standing(StrEnum):
    """How far an entry can be relied on."""

    KNOWN = "known"
    STALE = "stale"
    """It is older than `FRESH`."""
    UNDATED = "undated"
    """Nobody knows how old it is, or its day is still to come."""
    UNKNOWN = "not known"
    """No page of the vendor that was read says it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one topic.

    Attributes:
        topic: The topic.
        entry: What the vendor says, or None.
        standing: How far it can be relied on.
    """

    topic: LandscapeTopic
    entry: LandscapeEntry | None
    standing: Standing

    @property
    def gist(self) -> str:
        """The first sentence, or that it is not known."""
        if self.entry is None:
            return Standing.UNKNOWN.value
        first, stop, _ = self.entry.value.partition(". ")
        return first + "." if stop else first


def corrected(
    supplied: Mapping[str, Landscape],
    corrections: Mapping[str, Mapping[LandscapeTopic, LandscapeEntry]],
) -> dict[str, Landscape]:
    """Return the landscapes with what people know better; they may add a vendor of their own.

    Args:
        supplied: What plugins say, by the vendor's name.
        corrections: What the configuration says, by the vendor's name and topic.
    """
    found = {name: supplied.get(name, Landscape(name, name)) for name in [*supplied, *corrections]}
    for name, better in corrections.items():
        known = {entry.topic: entry for entry in found[name].entries} | dict(better)
        entries = tuple(known[topic] for topic in LandscapeTopic if topic in known)
        found[name] = replace(found[name], entries=entries)
    return found


def told(landscape: Landscape, today: date) -> tuple[Told, ...]:
    """Return every topic of a vendor, those too of which nothing is known."""
    known = {entry.topic: entry for entry in landscape.entries}
    return tuple(
        Told(topic, known.get(topic), _standing(known.get(topic), today))
        for topic in LandscapeTopic
    )


def _standing(entry: LandscapeEntry | None, today: date) -> Standing:
    if entry is None:
        return Standing.UNKNOWN
    # What a plugin ships was read before it shipped; a clock that is behind takes nothing from it.
    to_come = entry.corrected and entry.as_of is not None and entry.as_of > today + _AHEAD
    if entry.as_of is None or to_come:
        return Standing.UNDATED
    return Standing.STALE if today - entry.as_of > FRESH else Standing.KNOWN
