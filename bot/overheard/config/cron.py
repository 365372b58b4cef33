"""Times of a schedule: the five fields of cron in a time zone.

APScheduler parses the fields. Days of the week count as in cron: 0 and 7 are Sunday. Slots are
computed day by day in UTC, so that no change of clocks loses one. At a change of clocks the
convention of Debian's cron (man 8 cron) holds:

- Fields with fixed times, such as ``30 2 * * *``, are due once. A time that the clock skips is due
  when the clock goes on; a time that it shows twice is due the first time.
- Fields whose minute or hour begins with ``*``, such as ``*/15 * * * *``, follow the elapsed time:
  they are due in both of two equal hours, and never for an hour that is skipped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names of the numbers 0 to 7; 0 and 7 are the same day."""
DAY = timedelta(days=1)
MAX_DAYS = 41 * 366
"""Days that are searched for the next slot: 29 February falls on a given day of the week at least
once in 40 years."""

MAX_CRON_CHARS = 500

_NUMBERS = re.compile(r"(?:(\d)(?:-(\d))?|\*)(?:/(\d))?")


@dataclass(frozen=True)
class Cron:
    """The slots of a schedule.

    Args:
        fields: Minute, hour, day of month, month, day of week. When both days are restricted,
            both must match.
        zone: An IANA zone, such as ``Europe/Berlin``.

    Raises:
        ValueError: when the fields cannot be parsed, or there is no such zone.
    """

    fields: str
    zone: str = "UTC"

    def __post_init__(self) -> None:
        self._parsed  # noqa: B018 - what cannot be parsed is refused here
        self._tz  # noqa: B018 - so is an unknown zone

    def after(self, moment: datetime) -> datetime | None:
        """Return the first slot later than a moment, in UTC; None when no slot follows within
        `MAX_DAYS`.

        Args:
            moment: An aware time in any zone.
        """
        day = moment.astimezone(self._tz).date() - DAY
        for _ in range(MAX_DAYS):
            if later := [slot for slot in self._slots_around(day) if slot > moment]:
                return min(later)
            day += DAY
        return None

    def latest(self, since: datetime, until: datetime) -> datetime | None:
        """Return the last slot that is later than `since` and not later than `until`, in UTC; None
        without such a slot.

        Args:
            since: An aware time in any zone.
            until: An aware time in any zone.
        """
        first_day, day = (at.astimezone(self._tz).date() for at in (since, until))
        while day >= first_day - DAY:
            if between := [slot for slot in self._slots_around(day) if since < slot <= until]:
                return max(between)
            day -= DAY
        return None

    def _slots_around(self, day: date) -> tuple[datetime, ...]:
        """Return the slots of a day and the next day, in UTC: a clock that goes back at midnight
        mixes both.
        """
        return _slots(self, day) + _slots(self, day + DAY)

    @cached_property
    def _tz(self) -> ZoneInfo:
        return find_zone(self.zone)

    @cached_property
    def _parsed(self) -> dict[str, Any]:
        """APScheduler's parsed fields by name: minute, hour, day, month and day_of_week."""
        from apscheduler.triggers.cron import CronTrigger  # slow, and few commands need it

        if len(self.fields) > MAX_CRON_CHARS or not re.fullmatch(r"[ -~\s]*", self.fields):
            raise ValueError("they are too long, or have characters that no field has")
        parts = self.fields.split()
        if len(parts) != 5:
            raise ValueError(f"{len(parts)} of them are there")
        weekdays = parts[4].lower()
        if weekdays != "*":  # names, because APScheduler counts from Monday and cron from Sunday
            weekdays = ",".join(day for part in weekdays.split(",") for day in _weekday_names(part))
        written = " ".join([*parts[:4], weekdays])
        trigger = CronTrigger.from_crontab(written, timezone=UTC)
        return {field.name: field for field in trigger.fields}

    @cached_property
    def _times(self) -> list[timedelta]:
        """The times of day at which slots are due, as time since midnight on the clock, in
        order.
        """
        midnight = datetime(2000, 1, 1, tzinfo=UTC)
        hours = [n for n in range(24) if self._matches("hour", midnight.replace(hour=n))]
        minutes = [n for n in range(60) if self._matches("minute", midnight.replace(minute=n))]
        return [timedelta(hours=hour, minutes=minute) for hour in hours for minute in minutes]

    @cached_property
    def _elapsed(self) -> bool:
        """Whether slots follow the elapsed time, and not the time on the clock."""
        return any(part.startswith("*") for part in self.fields.split()[:2])

    def _matches(self, name: str, at: date) -> bool:
        """Return whether a day or time fits the field of this name, such as ``month``."""
        field = self._parsed[name]
        return bool(field.get_next_value(at) == field.get_value(at))


def read_cron(fields: str, zone: str = "UTC") -> Cron:
    """Return the slots of five cron fields that a person has written.

    Args:
        fields: Minute, hour, day of month, month, day of week, such as ``30 9 * * mon,fri``.
        zone: An IANA zone, such as ``Europe/Berlin``.

    Raises:
        ValueError: when the fields are wrong, the zone is unknown, or no day ever fits (30
            February); with the problem, as words that follow the name of the key.
    """
    try:
        cron = Cron(fields, zone)
    except ValueError as error:
        reason = str(error).removeprefix("Error validating expression ")
        raise ValueError(
            f'must have five fields, such as "0 7 * * mon" for Mondays at seven ({reason})'
        ) from None
    if cron.after(datetime(2000, 1, 1, tzinfo=UTC)) is None:
        raise ValueError("names a day that no month has, such as 30 February; write another day")
    return cron


def find_zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    Raises:
        ValueError: when there is no zone of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('must be an IANA zone, such as "Europe/Berlin"') from None


@lru_cache(256)
def _slots(cron: Cron, day: date) -> tuple[datetime, ...]:
    """Return the slots of a day of the schedule's time zone, in UTC and in order; empty for a day
    that does not fit.

    At a change of clocks, fixed times are due once: a skipped time when the clock goes on, a
    repeated time the first time. Fields that follow the elapsed time are due in both of two equal
    hours, and not in a skipped one.
    """
    if not all(cron._matches(name, day) for name in ("month", "day", "day_of_week")):
        return ()
    midnight = datetime.combine(day, time(), cron._tz)
    next_midnight = (midnight + DAY).replace(fold=1)
    if midnight.utcoffset() == next_midnight.utcoffset():  # no change of clocks
        start = midnight.astimezone(UTC)
        return tuple(start + since_midnight for since_midnight in cron._times)
    clock_times = [midnight + since_midnight for since_midnight in cron._times]
    if not cron._elapsed:
        return tuple(sorted({_first_moment(shown) for shown in clock_times}))
    both_hours = (shown.replace(fold=fold) for shown in clock_times for fold in (0, 1))
    return tuple(sorted({at.astimezone(UTC) for at in both_hours if not _is_skipped(at)}))


def _first_moment(shown: datetime) -> datetime:
    """Return the first moment, in UTC, of a time on the clock; for a time that the clock skips, the
    moment after the skip.
    """
    while _is_skipped(shown):
        shown += timedelta(minutes=1)
    return shown.astimezone(UTC)


def _is_skipped(shown: datetime) -> bool:
    """Return whether the clock skips a time: it then shows another one in UTC and back."""
    again = shown.astimezone(UTC).astimezone(shown.tzinfo)
    return again.replace(tzinfo=None) != shown.replace(tzinfo=None)


def _weekday_names(part: str) -> Iterator[str]:
    """Yield the names of the days in a part of the weekday field: mon, tue and wed for ``1-3``.

    A part without numbers is yielded unchanged. 0 and 7 are Sunday.
    """
    numbers = _NUMBERS.fullmatch(part)
    if not numbers:
        yield part
        return
    first, last, step = (int(n) if n else None for n in numbers.groups())
    if first is None:
        first, last = 0, 6
    elif last is None:
        last = first if step is None else 7
    if last > 7 or first > last or step == 0:
        raise ValueError(f'"{part}" is no day of the week')
    yield from dict.fromkeys(DAYS[number] for number in range(first, last + 1, step or 1))
