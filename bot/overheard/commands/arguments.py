"""Arguments of commands: brands, prompts, facts and times by what people type.

Times of a week are read from words and forms, and become fields of cron.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated

from overheard.cards import wording
from overheard.cards.command import FormChoice, Kind, argument, option
from overheard.config.problems import suggestion
from overheard.domain import Brand, Catalogue, Fact, Prompt
from overheard.errors import BadSchedule, BadUsage, NameTaken, TimeUnreadable, UnknownName

BrandName = Annotated[str, argument("The brand.", Kind.BRAND)]
ModelName = Annotated[str, option("Only this model.", Kind.MODEL)]
AlertNumber = Annotated[str, argument("Its number.", Kind.ALERT)]


def find_prompt(catalogue: Catalogue, name: str, *, kind: str = "prompt") -> Prompt:
    """Return the prompt with a key or text, or the only one whose key or text begins so, in any
    case of letters; `kind` is the noun in the error.

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
        raise unknown_name(kind, name, known)
    return matches[0]


def find_fact(facts: tuple[Fact, ...], brand: str, field: str, *, kind: str = "fact") -> Fact:
    """Return the fact about a field of a brand, in any case of letters; `kind` is the noun in the
    error.

    Raises:
        UnknownName: when there is no such fact.
    """
    own_facts = [fact for fact in facts if fact.brand == brand]
    for fact in own_facts:
        if fact.field.casefold() == field.strip().casefold():
            return fact
    raise unknown_name(kind, field, [fact.field for fact in own_facts])


def unknown_name(kind: str, name: str, known: Collection[str]) -> UnknownName:
    """Return the error for a name that does not exist, with the most similar known name as a hint;
    `kind` is the noun of the name.
    """
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


def read_time(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the time that a text names, in UTC; a day means its midnight, and a time without a
    zone is in the reader's.

    Args:
        text: ``2026-11-24``, ``2026-11-24T07:00``, ``today``, ``yesterday`` or ``now``.
        now: The current time.
        zone: The reader's time zone.

    Raises:
        TimeUnreadable: when the text has another form.
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
    """Return the time that a text names, see `read_time`; the time must not be in the future.

    Raises:
        TimeUnreadable: when the text cannot be read.
        BadUsage: when the time is in the future.
    """
    at = read_time(text, now, zone)
    if at > now:
        problem = f"{wording.day(at, zone)} is still to come"
        raise BadUsage(problem=problem, usage="yesterday, or the day on which it was")
    return at


@dataclass(frozen=True, slots=True)
class Span:
    """A time between two moments.

    Attributes:
        begin: The first moment of the span; None without a beginning.
        end: The first moment after the span; None without an end.
    """

    begin: datetime | None = None
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Return whether a moment lies within the span."""
        return (self.begin is None or at >= self.begin) and (self.end is None or at < self.end)


ALWAYS = Span()


def past_span(since: str, until: str, now: datetime, zone: tzinfo) -> Span:
    """Return the span between two days or moments; a day at the end is included.

    Args:
        since: The beginning of the span, see `read_time`; empty for no beginning.
        until: The end of the span, see `read_time`; empty for no end.
        now: The current time.
        zone: The reader's time zone.

    Raises:
        TimeUnreadable: when a text cannot be read.
        BadUsage: when the beginning is in the future, or the end lies before the beginning.
    """
    begin = past_moment(since, now, zone) if since else None
    end = read_time(until, now, zone) if until else None
    day = until.strip().casefold()
    if end and (day in _DAYS or _DAY.fullmatch(day)):
        end = (end.astimezone(zone) + timedelta(days=1)).astimezone(UTC)
    if begin and end and end <= begin:
        problem = f"the end, {wording.day(end, zone)}, lies before the beginning"
        raise BadUsage(problem=problem, usage="an end after the beginning")
    return Span(begin, end)


def coming_moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the future time that a text names, in UTC; a day without a time means 9:00.

    Args:
        text: A span (``3h``, ``2d``, ``1w``), a day (``tomorrow``, ``friday``, ``2026-12-03``), or
            a day with a time (``friday 15:00``, ``2026-12-03T15:00``).
        now: The current time.
        zone: The reader's time zone.

    Raises:
        BadUsage: when the text cannot be read, or the time is past.
    """
    word = text.strip().casefold()
    at = _span_end(word, now) or _day_ahead(word, now.astimezone(zone))
    if at is None or at <= now:
        problem = f'"{wording.shorten(text, 40)}" is no time that is still to come'
        raise BadUsage(problem=problem, usage="3d, 2w, friday, 2026-12-03 or 2026-12-03T15:00")
    return at.astimezone(UTC)


def _span_end(word: str, now: datetime) -> datetime | None:
    """Return the end of a span such as ``3h``, ``2d`` or ``1w`` that begins now; None for another
    text.
    """
    match = _SPAN.fullmatch(word)
    return now + int(match[1]) * _UNITS[match[2]] if match else None


def _day_ahead(word: str, here: datetime) -> datetime | None:
    """Return the moment of the day in `word`, at its time of day or at 9:00, in the zone of `here`,
    the reader's current time; None for an unreadable text. A weekday means the next one after
    today.
    """
    day, _, clock = (
        word.replace("t", " ", 1).partition(" ") if word[:1].isdigit() else (word.partition(" "))
    )
    try:
        at = time.fromisoformat(clock) if clock else MORNING
        if day in _WEEKDAYS:
            days = (_WEEKDAYS.index(day) - here.weekday()) % 7 or 7
            on = here.date() + timedelta(days=days)
        else:
            tomorrow = here.date() + timedelta(days=1)
            on = tomorrow if day == "tomorrow" else date.fromisoformat(day)
        return datetime.combine(on, at, here.tzinfo)
    except (ValueError, OverflowError):
        return None


def require_free_names(catalogue: Catalogue, brand: Brand) -> None:
    """Raise an error for a brand with a spelling of another brand, since each mention would count
    for both.

    Raises:
        NameTaken: when a spelling is taken.
    """
    for name in brand.names:
        owner = catalogue.brand(name)
        if owner and owner.name != brand.name:
            raise NameTaken(name=name, owner=f"the brand {owner.name}")


WEEKDAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
DAY_CHOICES = tuple(FormChoice(key, name) for key, name in WEEKDAYS.items())
USUAL_DAYS, USUAL_TIME = ("mon",), "09:00"

_CLOCK = re.compile(r"\s*(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?\s*", re.I)
_CRON = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\S+)")
_WORDS = re.compile(r"(?:every|on|weekly|each)?\s*(.*?)\s+at\s+(\S+(?:\s*[ap]m)?)", re.I)


def read_clock(text: str) -> str:
    """Return a time of day as ``09:00``, from ``9``, ``9:30``, ``9.30`` or ``9 pm``.

    Raises:
        BadSchedule: when the text is no time of day.
    """
    match = _CLOCK.fullmatch(text)
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if match and match[3]:
        hour = hour % 12 + 12 * (match[3].lower() == "pm") if 1 <= hour <= 12 else 99
    if hour > 23 or minute > 59:
        raise BadSchedule(key="time", problem='must be a time of day, such as "9:00"')
    return f"{hour:02}:{minute:02}"


def cron_of(days: Sequence[str], clock: str) -> str:
    """Return the cron expression of days of the week and a time of day (`clock`); no day means
    every day.

    Raises:
        BadSchedule: when a day or the time cannot be read.
    """
    hour, minute = (int(part) for part in read_clock(clock).split(":"))
    wanted = [_weekday_key(day) for day in days]
    chosen = [day for day in WEEKDAYS if day in wanted]
    listed = ",".join(chosen) if 0 < len(chosen) < len(WEEKDAYS) else "*"
    return f"{minute} {hour} * * {listed}"


def read_words(text: str) -> str:
    """Return the cron expression of words such as ``every Monday at 9``; another text is returned
    unchanged.

    Raises:
        BadSchedule: when the words name an unknown day or time of day.
    """
    match = _WORDS.fullmatch(text.strip())
    if match is None:
        return text
    spoken = re.sub(r"^(every|on|weekly|each)\b\s*", "", match[1].strip(), flags=re.I)
    spoken = re.sub(r"^(every|on|each)\b\s*", "", spoken, flags=re.I)
    if spoken.casefold() in {"", "day", "daily"}:
        return cron_of((), match[2])
    if spoken.casefold() in {"weekday", "weekdays", "workday"}:
        return cron_of(tuple(WEEKDAYS)[:5], match[2])
    return cron_of(re.split(r"\s*,\s*|\s+and\s+|\s+", spoken), match[2])


def days_of(cron: str) -> tuple[tuple[str, ...], str] | None:
    """Return the days (``mon`` to ``sun``) and the time of day of a cron expression; None for one
    that is not weekly or daily.
    """
    match = _CRON.fullmatch(" ".join(cron.split()))
    if match is None:
        return None
    days = tuple(WEEKDAYS) if match[3] == "*" else tuple(match[3].lower().split(","))
    if not set(days) <= set(WEEKDAYS):
        return None
    return days, f"{int(match[2]):02}:{int(match[1]):02}"


def in_words(cron: str) -> str:
    """Return a cron expression in words: ``every Monday at 9:00``; unchanged if it is not weekly or
    daily.
    """
    shown = days_of(cron)
    if shown is None:
        return cron
    days, clock = shown
    names = [WEEKDAYS[day] for day in days]
    when = "day" if len(names) == len(WEEKDAYS) else wording.listing(names)
    return f"every {when} at {clock.removeprefix('0')}"


def _weekday_key(text: str) -> str:
    """Return the key (``mon``) of a weekday from its name or at least three first letters. Raises
    BadSchedule.
    """
    typed = text.strip().casefold()
    for key, name in WEEKDAYS.items():
        if len(typed) >= 3 and name.casefold().startswith(typed.removesuffix("s")):
            return key
    raise BadSchedule(key="day", problem=f'must be a day of the week, and not "{text}"')
