"""Arguments of commands: brands, prompts, facts and times by what people type.

Times of a week are read from words and forms, and become fields of cron.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated

from overheard.cards import wording
from overheard.cards.command import FormChoice, Kind, argument, option
from overheard.cards.model_names import ModelNames
from overheard.config.problems import unknown_name
from overheard.domain import Brand, Catalogue, Fact, Model, Prompt
from overheard.errors import BadSchedule, BadUsage, NameTaken
from overheard.measure.trends import Span

BrandName = Annotated[str, argument("The brand.", Kind.BRAND)]
ModelName = Annotated[str, option("Only this model.", Kind.MODEL)]
AlertNumber = Annotated[str, argument("Its number.", Kind.ALERT)]

MAX_KNOWN_PROMPTS, KNOWN_PROMPT_CHARS = 10, 40
"""Prompts that an error names, and the characters of each."""


def find_prompt(catalogue: Catalogue, name: str, *, kind: str = "prompt") -> Prompt:
    """Return the prompt whose key or text equals `name`, else the only prompt whose key or text
    begins with it. Case and the kind of white space make no difference.

    Args:
        name: A key, a text, or the beginning of one; an empty text matches no prompt.
        kind: The noun in the error.

    Raises:
        UnknownName: when no prompt or several prompts match; the error names up to
            `MAX_KNOWN_PROMPTS` of the matches, or of all prompts if none matches.
    """
    wanted = wording.line(name).casefold()
    texts = {prompt.key: wording.line(prompt.text).casefold() for prompt in catalogue.prompts}
    equal = [p for p in catalogue.prompts if wanted in (p.key, texts[p.key])]
    beginning = [
        p
        for p in catalogue.prompts
        if wanted and (p.key.startswith(wanted) or texts[p.key].startswith(wanted))
    ]
    matches = equal or beginning
    if len(matches) != 1:
        listed = (matches or catalogue.prompts)[:MAX_KNOWN_PROMPTS]
        known_texts = [wording.shorten(prompt.text, KNOWN_PROMPT_CHARS) for prompt in listed]
        raise unknown_name(kind, name, known_texts)
    return matches[0]


def find_fact(facts: tuple[Fact, ...], brand: str, field: str, *, kind: str = "fact") -> Fact:
    """Return the first of `facts` about a field of a brand.

    Args:
        facts: The facts of all brands.
        brand: The brand's full name.
        field: The field, such as ``price``; case and outer spaces make no difference.
        kind: The noun in the error.

    Raises:
        UnknownName: when there is no such fact; the error lists the brand's fields.
    """
    own_facts = [fact for fact in facts if fact.brand == brand]
    for fact in own_facts:
        if fact.field.casefold() == field.strip().casefold():
            return fact
    raise unknown_name(kind, field, [fact.field for fact in own_facts])


def chosen_models(
    names: ModelNames, current: list[Model], answered: Iterable[Model], name: str
) -> list[Model]:
    """Return the models of the newest check, or the one of all models with answers that has a name.

    Args:
        name: A display name or ``provider/model``; empty for the models of the newest check.

    Raises:
        UnknownName: when no model with answers has the name.
    """
    if not name:
        return current
    return [named_model(names, name, sorted(answered))]


def named_model(
    names: ModelNames, name: str, models: Sequence[Model], kind: str = "model with answers"
) -> Model:
    """Return the model among some with a display name or ``provider/model``.

    Raises:
        UnknownName: when none of them has the name; it calls them by ``kind``.
    """
    chosen = names.find(name, models)
    if chosen is None:
        raise unknown_name(kind, name, [names.name(model) for model in models])
    return chosen


MORNING = time(9)
"""The time of a day that is named without one, when something is put off until that day."""
_WEEKDAYS = tuple(map(str.casefold, wording.DAYS))
_SPAN = re.compile(r"(\d{1,3})([hdw])")
_BEFORE_DAY = re.compile(r"(?:until|till?|next|on)\s+")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DAYS = {"today": 0, "yesterday": 1}
_DAY = re.compile(r"\d{4}-?\d\d-?\d\d")


def read_time(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the time that a text names, in UTC; it may be in the future. A day means the midnight
    with which it begins in the reader's zone.

    Args:
        text: ``2026-11-24``, ``2026-11-24T07:00``, ``today``, ``yesterday`` or ``now``, in any case
            of letters. A time of the ISO format may have its own zone, else it is in the reader's.
        now: The current time, in UTC.
        zone: The reader's time zone.

    Raises:
        BadUsage: when the text is empty or has another form.
    """
    word = text.strip().casefold()
    if word == "now":
        return now
    if word in _DAYS:
        day = (now.astimezone(zone) - timedelta(days=_DAYS[word])).date()
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    try:
        parsed = datetime.fromisoformat(text.strip())
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        problem = f'The time "{text}" cannot be read'
        usage = "2026-11-24, 2026-11-24T07:00 or yesterday"
        raise BadUsage(problem=problem, usage=usage) from None


def past_moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the time that a text names, in UTC; a day means the midnight with which it begins in
    the reader's zone.

    Args:
        text: ``2026-11-24``, ``2026-11-24T07:00``, ``today``, ``yesterday`` or ``now``.
        now: The current time, in UTC.
        zone: The reader's time zone.

    Raises:
        BadUsage: when the text is empty or has another form.
        BadUsage: when the time is later than `now`.
    """
    at = read_time(text, now, zone)
    if at > now:
        problem = f"{wording.day(at, zone)} is still to come"
        raise BadUsage(problem=problem, usage="yesterday, or the day on which it was")
    return at


def past_span(since: str, until: str, now: datetime, zone: tzinfo) -> Span:
    """Return the span between two days or moments. A day in `until` is the last day of the span; a
    moment in `until` is the first moment after it, and may be in the future.

    Args:
        since: The beginning of the span: ``2026-11-24``, ``2026-11-24T07:00``, ``today``,
            ``yesterday`` or ``now``; empty for no beginning.
        until: The end of the span in one of these forms; empty for no end.
        now: The current time, in UTC.
        zone: The reader's time zone.

    Raises:
        BadUsage: when a text cannot be read.
        BadUsage: when the beginning is in the future, or the end is not after the beginning.
    """
    begin = past_moment(since, now, zone) if since else None
    end = read_time(until, now, zone) if until else None
    until_word = until.strip().casefold()
    is_day = until_word in _DAYS or _DAY.fullmatch(until_word) is not None
    if end and is_day:  # the day after begins at the same time of the wall clock
        end = (end.astimezone(zone) + timedelta(days=1)).astimezone(UTC)
    if begin and end and end <= begin:
        problem = f"the end, {wording.day(end, zone)}, lies before the beginning"
        raise BadUsage(problem=problem, usage="an end after the beginning")
    return Span(begin, end)


def span_words(span: Span, zone: tzinfo) -> str:
    """Return a span with a beginning in words: ``since 1 Nov 2026`` without an end, else ``from 1
    Nov 2026 to 7 Nov 2026`` with the last day that it contains.
    """
    first = wording.day(span.begin, zone) if span.begin else ""
    if span.end is None:
        return f"since {first}"
    return f"from {first} to {wording.day(span.end - timedelta(seconds=1), zone)}"


def coming_moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the future time that a text names, in UTC; a day without a time means 9:00.

    Args:
        text: A span from now (``3h``, ``2d``, ``1w``), a day (``tomorrow``, ``2026-12-03``, or
            ``friday`` for the next Friday after today), or a day with a time (``friday 15:00``,
            ``2026-12-03T15:00``); also ``until friday``.
        now: The current time, in UTC.
        zone: The reader's time zone.

    Raises:
        BadUsage: when the text cannot be read, or the time is not later than `now`.
    """
    word = _BEFORE_DAY.sub("", text.strip().casefold())
    if span := _SPAN.fullmatch(word):
        at: datetime | None = now + int(span[1]) * _UNITS[span[2]]
    else:
        at = _day_ahead(word, now.astimezone(zone))
    if at is None or at <= now:
        problem = f'"{wording.shorten(text, 40)}" is no time that is still to come'
        raise BadUsage(problem=problem, usage="3d, 2w, friday, 2026-12-03 or 2026-12-03T15:00")
    return at.astimezone(UTC)


def _day_ahead(word: str, now: datetime) -> datetime | None:
    """Return the moment that a day with or without a time of day names, in the reader's zone; None
    for an unreadable text. The moment may be past.
    """
    is_date = word[:1].isdigit()
    day, _, clock = (word.replace("t", " ", 1) if is_date else word).partition(" ")
    today = now.date()
    try:
        at = time.fromisoformat(clock) if clock else MORNING
        if day in _WEEKDAYS:
            days_ahead = (_WEEKDAYS.index(day) - now.weekday()) % 7 or 7
            named_day = today + timedelta(days=days_ahead)
        elif day == "tomorrow":
            named_day = today + timedelta(days=1)
        else:
            named_day = date.fromisoformat(day)
        return datetime.combine(named_day, at, now.tzinfo)
    except (ValueError, OverflowError):
        return None


def require_free_names(catalogue: Catalogue, brand: Brand) -> None:
    """Raise an error if the name or an alias of a brand belongs to another brand, since each
    mention would count for both.

    Raises:
        NameTaken: for the first spelling that is taken.
    """
    for name in brand.names:
        owner = catalogue.brand(name)
        if owner and owner.name != brand.name:
            raise NameTaken(name=name, owner=f"the brand {owner.name}")


WEEKDAYS = {name[:3].casefold(): name for name in wording.DAYS}
DAY_CHOICES = tuple(FormChoice(key, name) for key, name in WEEKDAYS.items())
USUAL_DAYS, USUAL_TIME = ("mon",), "09:00"
WORKDAYS = 5
"""Days from Monday on that are weekdays in ``every weekday``."""

_CLOCK = re.compile(r"\s*(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?\s*", re.I)
_CRON = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\S+)")
_DAYS_AT_TIME = re.compile(r"(.*?)\s+at\s+(\S+(?:\s*[ap]m)?)", re.I)
_BEFORE_DAYS = re.compile(r"^(?:(?:every|on|each|weekly(?=\s))\s*)+", re.I)
"""Words before the days of a schedule. ``weekly`` alone names no day, and is kept."""
_BETWEEN_DAYS = re.compile(r"\s*,\s*|\s+and\s+|\s+")


def read_clock(text: str) -> str:
    """Return a time of day in the form ``09:00``.

    Args:
        text: ``9``, ``9:30``, ``9.30`` or ``9h30`` of 24 hours, or ``9 pm``, ``9:30am`` of 12.

    Raises:
        BadSchedule: when the text is no time of day.
    """
    not_a_time = BadSchedule(key="time", problem='must be a time of day, such as "9:00"')
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise not_a_time
    hour, minute = int(match[1]), int(match[2] or 0)
    if half_day := match[3]:
        if not 1 <= hour <= 12:
            raise not_a_time
        hour = hour % 12 + (12 if half_day.lower() == "pm" else 0)
    if hour > 23 or minute > 59:
        raise not_a_time
    return f"{hour:02}:{minute:02}"


def cron_of(days: Sequence[str], clock: str) -> str:
    """Return the cron expression of days of the week and a time of day, such as
    ``30 9 * * mon,fri``.

    Args:
        days: Names or at least three letters of weekdays, in any order; empty means every day.
        clock: The time of day, such as ``9:30`` or ``9 pm``.

    Raises:
        BadSchedule: when a day or the time cannot be read.
    """
    hour, minute = (int(number) for number in read_clock(clock).split(":"))
    named_keys = {_weekday_key(day) for day in days}
    if 0 < len(named_keys) < len(WEEKDAYS):
        days_field = ",".join(key for key in WEEKDAYS if key in named_keys)
    else:
        days_field = "*"
    return f"{minute} {hour} * * {days_field}"


def read_words(text: str) -> str:
    """Return the cron expression of days and a time in words: ``every Monday at 9``,
    ``tue and fri at 9:30``, ``every weekday at 9 am`` (Monday to Friday), ``daily at 9``. A text
    without the word "at" between the two, such as a cron expression, is returned unchanged.

    Raises:
        BadSchedule: when the words before "at" are no days of the week (``weekly`` alone names
            none), or those after it are no time of day.
    """
    match = _DAYS_AT_TIME.fullmatch(text.strip())
    if match is None:
        return text
    clock = match[2]
    days = _BEFORE_DAYS.sub("", match[1].strip(), count=1).casefold()
    if days in {"", "day", "daily"}:
        return cron_of((), clock)
    if days in {"weekday", "weekdays", "workday"}:
        return cron_of(tuple(WEEKDAYS)[:WORKDAYS], clock)
    return cron_of(_BETWEEN_DAYS.split(days), clock)


def days_of(cron: str) -> tuple[tuple[str, ...], str] | None:
    """Return the days (``mon`` to ``sun``, in the order written) and the time of day (``09:30``) of
    a cron expression such as ``30 9 * * mon,fri``; ``*`` stands for all seven days. None for an
    expression that is not daily or weekly at one time, or writes days in another way.
    """
    match = _CRON.fullmatch(" ".join(cron.split()))
    if match is None:
        return None
    days = tuple(WEEKDAYS) if match[3] == "*" else tuple(match[3].lower().split(","))
    if not set(days) <= set(WEEKDAYS):
        return None
    return days, f"{int(match[2]):02}:{int(match[1]):02}"


def in_words(cron: str) -> str:
    """Return a cron expression in words: ``every Monday and Friday at 9:00``, or ``every day at
    9:00``. An expression that `days_of` does not read is returned unchanged.
    """
    schedule = days_of(cron)
    if schedule is None:
        return cron
    days, clock = schedule
    names = [WEEKDAYS[day] for day in days]
    day_words = "day" if len(names) == len(WEEKDAYS) else wording.listing(names)
    return f"every {day_words} at {clock.removeprefix('0')}"


def _weekday_key(text: str) -> str:
    """Return the key (``mon``) of a weekday from its name or at least three first letters of it, in
    any case and with or without a plural s.
    """
    typed = text.strip().casefold()
    for key, name in WEEKDAYS.items():
        if len(typed) >= 3 and name.casefold().startswith(typed.removesuffix("s")):
            return key
    raise BadSchedule(key="day", problem=f'must be a day of the week, and not "{text}"')
