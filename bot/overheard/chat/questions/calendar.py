"""The times that names of days, weeks, months and years mean on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta

UPDATE, LAST_CHECK, BEGINNING = 1, 2, 3
"""The events of a vocabulary's ``[times.events]``."""
WEEK, FORTNIGHT, MONTH, QUARTER, YEAR, WEEKEND = 7, 14, 30, 91, 365, 2
"""The units of a vocabulary's ``[times.units]``: their lengths in days."""


@dataclass(frozen=True, slots=True)
class NamedTime:
    """A time that a question names.

    Attributes:
        start: The first day, or None.
        end: The first day after the time, or None for a period without an end.
        event: `UPDATE`, `LAST_CHECK` or `BEGINNING` instead of a first day, or 0.
        until: Whether the time is a deadline: ``until Monday``.
        ahead: The next day of this name from today on, or None: for ``Monday`` the coming one.
        at: The time of that day, or None.
    """

    start: date | None = None
    end: date | None = None
    event: int = 0
    until: bool = False
    ahead: date | None = None
    at: time | None = None

    @property
    def is_year(self) -> bool:
        """Whether it is one whole year."""
        return self.start is not None and self.end == date(self.start.year + 1, 1, 1)

    def future(self, today: date) -> bool:
        """Return whether the time begins after a day."""
        return self.start is not None and self.start > today


class Calendar:
    """The times that names mean on a day; a name without a year means the latest such time.

    Args:
        today: The day.
    """

    def __init__(self, today: date) -> None:
        self._today = today

    def since(self, days: int) -> NamedTime:
        """Return the time that began a number of days ago and has no end."""
        return NamedTime(self._today - timedelta(days))

    def day(self, day: int, month: int, year: int = 0) -> NamedTime | None:
        """Return a day of a month, with the next such day as `NamedTime.ahead`; None when there is
        no such day. A year of 0 means the latest such day.
        """
        if not year:
            year = self._today.year
            this_year = _date(year, month, day)
            year -= this_year is not None and this_year > self._today
        found = _date(year, month, day)
        if not found:
            return None
        ahead = found if found >= self._today else _date(found.year + 1, month, day)
        return NamedTime(found, found + timedelta(1), ahead=ahead)

    def month(self, month: int, year: int = 0) -> NamedTime:
        """Return a month (1 to 12), with the next month of this name that is still to come as
        `NamedTime.ahead`. A year of 0 means the latest such month.
        """
        first = date(year or self._latest_year(month), month, 1)
        ahead = (
            first
            if first > self._today
            else date(self._today.year + (first.month <= self._today.month), month, 1)
        )
        return NamedTime(first, _months_later(first, 1), ahead=ahead)

    def months(self, first: int, count: int) -> NamedTime:
        """Return a number of months, such as a quarter or a season, from the latest month of a name
        (1 to 12) on.
        """
        start = date(self._latest_year(first), first, 1)
        return NamedTime(start, _months_later(start, count))

    def week(self, number: int) -> NamedTime | None:
        """Return the latest week with a number (ISO 8601); None when there is no such week."""
        year, this_week, _ = self._today.isocalendar()
        try:
            monday = date.fromisocalendar(year - (number > this_week), number, 1)
        except ValueError:
            return None
        return NamedTime(monday, monday + timedelta(7))

    def weekday(self, weekday: int, kind: str = "") -> NamedTime:
        """Return the latest such weekday before today.

        Args:
            weekday: 1 (Monday) to 7.
            kind: ``next`` for the coming one, ``this`` for today, if it is that weekday.
        """
        if kind == "this" and weekday == self._today.isoweekday():
            return NamedTime(self._today, self._today + timedelta(1))
        back = (self._today.isoweekday() - weekday) % 7 or 7
        later = self._today + timedelta(7 - back % 7)
        day = later if kind == "next" else self._today - timedelta(back)
        return NamedTime(day, day + timedelta(1), ahead=later)

    def unit(self, unit: int, steps: int) -> NamedTime | None:
        """Return a calendar unit, such as a month: the current one, or an earlier or later one.

        Args:
            unit: The length of the unit in days, such as `WEEK`; `WEEKEND` for Saturday and
                Sunday.
            steps: How many units later than the current one; negative for earlier.

        Returns:
            The unit; None for a length that is no calendar unit.
        """
        today = self._today
        if unit == WEEK:
            monday = today - timedelta(today.weekday()) + timedelta(7 * steps)
            return NamedTime(monday, monday + timedelta(7), ahead=monday if steps > 0 else None)
        if unit == WEEKEND:
            saturday = today - timedelta(today.weekday()) + timedelta(7 * steps + 5)
            return NamedTime(saturday, saturday + timedelta(2))
        if unit == YEAR:
            return NamedTime(date(today.year + steps, 1, 1), date(today.year + steps + 1, 1, 1))
        if unit in (MONTH, QUARTER):
            size = 1 if unit == MONTH else 3
            months = today.year * 12 + today.month - 1
            first = (months // size + steps) * size
            ends = first + size
            start = date(first // 12, first % 12 + 1, 1)
            end = date(ends // 12, ends % 12 + 1, 1)
            return NamedTime(start, end, ahead=start if steps > 0 else None)
        day = today + timedelta(steps)
        return NamedTime(day, day + timedelta(1)) if unit == 1 else None

    def _latest_year(self, month: int) -> int:
        return self._today.year - (month > self._today.month)


def _months_later(first: date, months: int) -> date:
    """Return the first day of the month that is a number of months after a month."""
    index = 12 * first.year + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
