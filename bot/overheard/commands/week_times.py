"""Times of a week in words and in forms, and the fields of cron that mean them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from overheard.cards import wording
from overheard.cards.command import FormChoice
from overheard.errors import BadSchedule

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
    """Return the fields of cron for days of the week and a time of day; no day means every day.

    Raises:
        BadSchedule: when a day or the time cannot be read.
    """
    hour, minute = (int(part) for part in read_clock(clock).split(":"))
    wanted = [_day(day) for day in days]
    chosen = [day for day in WEEKDAYS if day in wanted]
    listed = ",".join(chosen) if 0 < len(chosen) < len(WEEKDAYS) else "*"
    return f"{minute} {hour} * * {listed}"


def read_words(text: str) -> str:
    """Return the fields of cron for words such as ``every Monday at 9``; other text unchanged.

    Raises:
        BadSchedule: when the words name a day or time that does not exist.
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
    """Return the days and the time of fields of cron; None for what a form cannot show."""
    match = _CRON.fullmatch(" ".join(cron.split()))
    if match is None:
        return None
    days = tuple(WEEKDAYS) if match[3] == "*" else tuple(match[3].lower().split(","))
    if not set(days) <= set(WEEKDAYS):
        return None
    return days, f"{int(match[2]):02}:{int(match[1]):02}"


def in_words(cron: str) -> str:
    """Return fields of cron as ``every Monday at 9:00``; unchanged where that is not possible."""
    shown = days_of(cron)
    if shown is None:
        return cron
    days, clock = shown
    names = [WEEKDAYS[day] for day in days]
    when = "day" if len(names) == len(WEEKDAYS) else wording.listing(names)
    return f"every {when} at {clock.removeprefix('0')}"


def _day(text: str) -> str:
    """Return the key of a day of the week, from its name or the beginning of its name."""
    typed = text.strip().casefold()
    for key, name in WEEKDAYS.items():
        if len(typed) >= 3 and name.casefold().startswith(typed.removesuffix("s")):
            return key
    raise BadSchedule(key="day", problem=f'must be a day of the week, and not "{text}"')
