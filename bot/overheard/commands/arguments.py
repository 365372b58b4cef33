"""Arguments of commands: brands, prompts, facts and times by what people type."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated

from overheard.cards import wording
from overheard.cards.command import Kind, argument
from overheard.config.settings import suggestion
from overheard.domain import Brand, Catalogue, Fact, Prompt
from overheard.errors import BadUsage, NameTaken, TimeUnreadable, UnknownName

BrandName = Annotated[str, argument("The brand.", Kind.BRAND)]
AlertNumber = Annotated[str, argument("Its number.", Kind.ALERT)]


def find_prompt(catalogue: Catalogue, name: str, *, kind: str = "prompt") -> Prompt:
    """Return a prompt by its key, its text, or the beginning of either if there is only one.

    Raises:
        UnknownName: when no prompt or several prompts match.
    """
    wanted = wording.line(name).casefold()
    texts = {prompt.key: wording.line(prompt.text).casefold() for prompt in catalogue.prompts}
    exact = [p for p in catalogue.prompts if wanted in (p.key, texts[p.key])]
    begun = [
        p for p in catalogue.prompts if p.key.startswith(wanted) or texts[p.key].startswith(wanted)
    ]
    found = exact or begun
    if len(found) != 1:
        known = [wording.shorten(prompt.text, 40) for prompt in (found or catalogue.prompts)[:10]]
        raise unknown(kind, name, known)
    return found[0]


def find_fact(facts: tuple[Fact, ...], brand: str, field: str, *, kind: str = "fact") -> Fact:
    """Return the fact about something of a brand.

    Raises:
        UnknownName: when there is no such fact.
    """
    mine = [fact for fact in facts if fact.brand == brand]
    for fact in mine:
        if fact.field.casefold() == field.strip().casefold():
            return fact
    raise unknown(kind, field, [fact.field for fact in mine])


def unknown(kind: str, name: str, known: Collection[str]) -> UnknownName:
    """Return the error for a name that does not exist, with the nearest one."""
    shown = ", ".join(known) or "none"
    name = wording.shorten(name, 60)
    return UnknownName(kind=kind, name=name, hint=suggestion(name, known), known=shown)


_DAYS = {"today": 0, "yesterday": 1}
_DAY = re.compile(r"\d{4}-?\d\d-?\d\d")


def moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Read a time; a day begins at midnight, and without a zone it is in the reader's.

    Args:
        text: ``2026-11-24``, ``2026-11-24T07:00``, ``today``, ``yesterday`` or ``now``.
        now: What time it is.
        zone: The reader's time zone.

    Raises:
        TimeUnreadable: when the text has none of these forms.
    """
    word = text.strip().casefold()
    if word == "now":
        return now
    if word in _DAYS:
        day = (now.astimezone(zone) - timedelta(days=_DAYS[word])).date()
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    try:
        written = datetime.fromisoformat(text.strip())
        aware = written if written.tzinfo else written.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise TimeUnreadable(text=text) from None


def past_moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Read a time that is not in the future, see `moment`.

    Raises:
        TimeUnreadable: when it cannot be read.
        BadUsage: when it is in the future.
    """
    at = moment(text, now, zone)
    if at > now:
        problem = f"{wording.day(at, zone)} is still to come"
        raise BadUsage(problem=problem, usage="yesterday, or the day on which it was")
    return at


@dataclass(frozen=True, slots=True)
class Span:
    """A time between two moments.

    Attributes:
        begin: The first moment that belongs to it; None without a beginning.
        end: The first moment behind it; None without an end.
    """

    begin: datetime | None = None
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether a moment belongs to it."""
        return (self.begin is None or at >= self.begin) and (self.end is None or at < self.end)


ALWAYS = Span()


def past_span(since: str, until: str, now: datetime, zone: tzinfo) -> Span:
    """Read the time between two days or moments; the day of the end belongs to it.

    Args:
        since: Its beginning, see `moment`; empty for none.
        until: Its end, see `moment`; empty for none.
        now: What time it is.
        zone: The reader's time zone.

    Raises:
        TimeUnreadable: when one cannot be read.
        BadUsage: when the beginning is still to come, or the end lies before it.
    """
    begin = past_moment(since, now, zone) if since else None
    end = moment(until, now, zone) if until else None
    day = until.strip().casefold()
    if end and (day in _DAYS or _DAY.fullmatch(day)):
        end = (end.astimezone(zone) + timedelta(days=1)).astimezone(UTC)
    if begin and end and end <= begin:
        problem = f"the end, {wording.day(end, zone)}, lies before the beginning"
        raise BadUsage(problem=problem, usage="an end after the beginning")
    return Span(begin, end)


def require_free_names(catalogue: Catalogue, brand: Brand) -> None:
    """Refuse a brand with a spelling of another brand: each mention would count for both.

    Raises:
        NameTaken: when a spelling is taken.
    """
    for name in brand.names:
        owner = catalogue.brand(name)
        if owner and owner.name != brand.name:
            raise NameTaken(name=name, owner=f"the brand {owner.name}")
