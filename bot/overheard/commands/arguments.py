"""Arguments of commands: brands, prompts, facts and times by what people type."""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
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
    matches = exact or begun
    if len(matches) != 1:
        known = [wording.shorten(prompt.text, 40) for prompt in (matches or catalogue.prompts)[:10]]
        raise unknown(kind, name, known)
    return matches[0]


def find_fact(facts: tuple[Fact, ...], brand: str, field: str, *, kind: str = "fact") -> Fact:
    """Return the fact about something of a brand.

    Raises:
        UnknownName: when there is no such fact.
    """
    own_facts = [fact for fact in facts if fact.brand == brand]
    for fact in own_facts:
        if fact.field.casefold() == field.strip().casefold():
            return fact
    raise unknown(kind, field, [fact.field for fact in own_facts])


def unknown(kind: str, name: str, known: Collection[str]) -> UnknownName:
    """Return the error for a name that does not exist, with the nearest one."""
    shown = ", ".join(known) or "none"
    name = wording.shorten(name, 60)
    return UnknownName(kind=kind, name=name, hint=suggestion(name, known), known=shown)


MORNING = time(9)
"""When a day without a time begins for something that is put off until then."""
_WEEKDAYS = tuple(calendar.day_name[day].casefold() for day in range(7))
_SPAN = re.compile(r"(\d{1,3})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
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


def coming_moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Read a time that is still to come; a day without a time means its morning.

    Args:
        text: A span (``3h``, ``2d``, ``1w``), a day (``tomorrow``, ``friday``, ``2026-12-03``), or
            a day with a time (``friday 15:00``, ``2026-12-03T15:00``).
        now: What time it is.
        zone: The reader's time zone.

    Raises:
        BadUsage: when it cannot be read, or is past.
    """
    word = text.strip().casefold()
    at = _span_end(word, now) or _day_ahead(word, now.astimezone(zone))
    if at is None or at <= now:
        problem = f'"{wording.shorten(text, 40)}" is no time that is still to come'
        raise BadUsage(problem=problem, usage="3d, 2w, friday, 2026-12-03 or 2026-12-03T15:00")
    return at.astimezone(UTC)


def _span_end(word: str, now: datetime) -> datetime | None:
    """Return the end of ``3h``, ``2d`` or ``1w`` from now on."""
    match = _SPAN.fullmatch(word)
    return now + int(match[1]) * _UNITS[match[2]] if match else None


def _day_ahead(word: str, here: datetime) -> datetime | None:
    """Return the moment of a day, or of a day with a time, after a reader's moment."""
    day, _, clock = (
        word.replace("t", " ", 1).partition(" ") if word[:1].isdigit() else (word.partition(" "))
    )
    try:
        at = time.fromisoformat(clock) if clock else MORNING
        if day in _WEEKDAYS:
            back = (_WEEKDAYS.index(day) - here.weekday()) % 7 or 7
            on = here.date() + timedelta(days=back)
        else:
            tomorrow = here.date() + timedelta(days=1)
            on = tomorrow if day == "tomorrow" else date.fromisoformat(day)
        return datetime.combine(on, at, here.tzinfo)
    except (ValueError, OverflowError):
        return None


def require_free_names(catalogue: Catalogue, brand: Brand) -> None:
    """Refuse a brand with a spelling of another brand: each mention would count for both.

    Raises:
        NameTaken: when a spelling is taken.
    """
    for name in brand.names:
        owner = catalogue.brand(name)
        if owner and owner.name != brand.name:
            raise NameTaken(name=name, owner=f"the brand {owner.name}")
