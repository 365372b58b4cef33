"""Vendors' landscapes: what each says of fine-tuning and of its data policy (statements from
plugins, corrected by the configuration), and the age of these statements.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from overheard import Landscape, LandscapeEntry, LandscapeTopic

MAX_AGE = timedelta(days=120)
"""Age after which an entry must be checked again."""
_CLOCK_TOLERANCE = timedelta(days=1)
"""Largest distance of the day of an entry in the future, because of time zones."""

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


class EntryStatus(StrEnum):
    """How reliable an entry is."""

    KNOWN = "known"
    STALE = "stale"
    """Older than `MAX_AGE`."""
    UNDATED = "undated"
    """Of unknown age, or dated in the future."""
    UNKNOWN = "not known"
    """No page of the vendor that was read makes a statement."""


@dataclass(frozen=True, slots=True)
class TopicStatus:
    """A topic of a vendor with its entry, if there is one.

    Attributes:
        entry: The vendor's statement, or None.
        standing: How reliable the entry is.
        page: The page to read: that of the entry, else where the vendor would say it; or empty.
    """

    topic: LandscapeTopic
    entry: LandscapeEntry | None
    standing: EntryStatus
    page: str

    @property
    def gist(self) -> str:
        """The entry in a few words or, if it has none, its first sentence; ``not known`` without an
        entry.
        """
        if self.entry is None:
            return EntryStatus.UNKNOWN.value
        first, stop, _ = self.entry.value.partition(". ")
        return self.entry.short or (first + "." if stop else first)

    @property
    def unchecked_since(self) -> date | None:
        """The day on which an entry older than `MAX_AGE` was last checked; None for a newer entry,
        for one of unknown age, and without an entry.
        """
        return self.entry.as_of if self.entry and self.standing is EntryStatus.STALE else None


def topic_statuses(landscape: Landscape, today: date) -> tuple[TopicStatus, ...]:
    """Return each topic of a vendor with its entry and how reliable that is today, in the order of
    `LandscapeTopic`. Topics without an entry are included.
    """
    by_topic = {entry.topic: entry for entry in landscape.entries}
    return tuple(
        TopicStatus(
            topic,
            entry := by_topic.get(topic),
            _entry_status(entry, today),
            entry.source if entry else landscape.docs,
        )
        for topic in LandscapeTopic
    )


def overdue(landscapes: Iterable[Landscape], today: date) -> list[str]:
    """Return a sentence for each entry that is older than `MAX_AGE` or has no day, which says which
    page to read; the oldest first.
    """
    old = [
        (status.entry.as_of or date.min, f"{landscape.name}.{status.topic.value}", status.page)
        for landscape in landscapes
        for status in topic_statuses(landscape, today)
        if status.entry and status.standing in {EntryStatus.STALE, EntryStatus.UNDATED}
    ]
    return [
        f"[{table}] {f'is of {day}' if day > date.min else 'has no day'}: read {page}, and write "
        f"what it says and the day into landscape.toml."
        for day, table, page in sorted(old)
    ]


def upcoming_shutdowns(landscape: Landscape, first: date, last: date) -> list[tuple[date, str]]:
    """Return the last day and the id of each model of a vendor whose last day is from ``first`` to
    ``last``, both included; the earliest first.
    """
    return sorted((day, name) for name, day in landscape.shutdowns.items() if first <= day <= last)


def _entry_status(entry: LandscapeEntry | None, today: date) -> EntryStatus:
    """Return how reliable an entry is today: UNKNOWN without an entry; UNDATED without a day, and
    for an entry of the configuration whose day lies ahead by more than `_CLOCK_TOLERANCE`; STALE if
    its day is more than `MAX_AGE` ago; otherwise KNOWN.
    """
    if entry is None:
        return EntryStatus.UNKNOWN
    if entry.as_of is None:
        return EntryStatus.UNDATED
    # The day in a plugin's entry is certainly past, even if this machine's clock is behind.
    if entry.corrected and entry.as_of > today + _CLOCK_TOLERANCE:
        return EntryStatus.UNDATED
    return EntryStatus.STALE if today - entry.as_of > MAX_AGE else EntryStatus.KNOWN
