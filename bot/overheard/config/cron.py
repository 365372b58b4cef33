"""Times of a schedule: five fields in a time zone, as every Unix knows them.

APScheduler reads the fields. Two of its habits are mended here: it counts the days of the week
from Monday, and a time that comes twice when clocks go back fires twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""By their numbers; 0 and 7 are the same day."""

LOOK_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=31), timedelta(days=366))
"""How far a time that is past is looked for, step by step."""

_NUMBERS = re.compile(r"(?:(\d)(?:-(\d))?|\*)(?:/(\d))?")


class Cron:
    """When something is due.

    Args:
        fields: Minute, hour, day of month, month, day of week. When both days are restricted,
            both must hold.
        zone: An IANA zone, such as ``Europe/Berlin``.

    Raises:
        ValueError: when the fields cannot be read, or there is no such zone.
    """

    def __init__(self, fields: str, zone: str = "UTC") -> None:
        from apscheduler.triggers.cron import CronTrigger  # slow, and few commands need it

        parts = fields.split()
        if len(parts) != 5:
            raise ValueError(f"{len(parts)} of them are there")
        written = " ".join([*parts[:4], _weekdays(parts[4].lower())])
        self._trigger: Any = CronTrigger.from_crontab(written, timezone=find_zone(zone))

    def after(self, moment: datetime) -> datetime | None:
        """Return the first time after a moment, in UTC; None when there is none any more."""
        at = moment
        while True:
            found: datetime | None = self._trigger.get_next_fire_time(None, _next(at))
            if found is None or not found.fold:
                return found and found.astimezone(UTC)
            at = found.astimezone(UTC)  # the second time that a clock shows this hour

    def latest(self, since: datetime, until: datetime) -> datetime | None:
        """Return the last time after one moment and not after another, or None.

        It is looked for in the last year.
        """
        for back in LOOK_BACK:
            start = max(since, until - back)
            found = None
            for found in self._between(start, until):  # noqa: B007 - the last one is wanted
                pass
            if found or start == since:
                return found
        return None

    def _between(self, since: datetime, until: datetime) -> Iterator[datetime]:
        at = self.after(since)
        while at is not None and at <= until:
            yield at
            at = self.after(at)


def find_zone(name: str) -> ZoneInfo:
    """Return a time zone.

    Raises:
        ValueError: when there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('must be an IANA zone, such as "Europe/Berlin"') from None


def _next(moment: datetime) -> datetime:
    """Return the second behind a moment; APScheduler's next time may be now."""
    return moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)


def _weekdays(field: str) -> str:
    """Write numbers of days as names, which both ways of counting agree on."""
    if field == "*":
        return field
    return ",".join(name for part in field.split(",") for name in _days(part))


def _days(part: str) -> Iterator[str]:
    found = _NUMBERS.fullmatch(part)
    if not found:
        yield part
        return
    first, last, step = (int(n) if n else None for n in found.groups())
    if first is None:
        first, last = 0, 6
    elif last is None:
        last = first if step is None else 7
    if last > 7 or first > last or step == 0:
        raise ValueError(f'"{part}" is no day of the week')
    yield from dict.fromkeys(DAYS[number] for number in range(first, last + 1, step or 1))
