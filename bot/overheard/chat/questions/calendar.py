"""The times that names of days, weeks, months and years mean on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta

UPDATE, LAST_CHECK, BEGINNING = 1, 2, 3
"""The events of a vocabulary's ``[times.events]``."""
WEEK, FORTNIGHT, MONTH, QUARTER, YEAR, WEEKEND = 7, 14, 30, 91, 365, 2
"""The units of a vocabulary's ``[times.units]``: their lengths in days."""

MAX_YEARS_BETWEEN_LEAP_DAYS = 8
"""Years from a 29 February to the next one at most, as from 1896 to 1904."""


@dataclass(frozen=True, slots=True)
class NamedTime:
    """A time that a question names.

    Attributes:
        start: The first day, or None.
        end: The first day after the time, or None for a period without an end.
        event: `UPDATE`, `LAST_CHECK` or `BEGINNING` in place of a first day; 0 for none.
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
        """Whether it is one whole calendar year."""
        return self.start is not None and self.end == date(self.start.year + 1, 1, 1)

    def future(self, today: date) -> bool:
        """Return whether the time begins after a day; False for a time without a first day."""
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
        """Return the time of one whole day of a month; None when there is no such day.

        `NamedTime.ahead` is the next such day from today on. With a year, it is the day itself if
        that is not over, else the same day of the year after it; None if that year has none.

        Args:
            day: The day of the month.
            month: 1 to 12; another number is no day.
            year: The year; 0 for the latest such day until today, which may be years ago
                (29 February).
        """
        if year:
            found = _date(year, month, day)
            coming = found if found and found >= self._today else _date(year + 1, month, day)
        else:
            distances = range(MAX_YEARS_BETWEEN_LEAP_DAYS + 1)  # in years
            past = (_date(self._today.year - years, month, day) for years in distances)
            future = (_date(self._today.year + years, month, day) for years in distances)
            found = next((d for d in past if d and d <= self._today), None)
            coming = next((d for d in future if d and d >= self._today), None)
        return NamedTime(found, found + timedelta(1), ahead=coming) if found else None

    def month(self, month: int, year: int = 0) -> NamedTime:
        """Return a whole month, up to the first day of the next one, which is excluded.

        `NamedTime.ahead` is the first day of the next month of this name that has not begun; if the
        returned month is still to come, its own first day.

        Args:
            month: 1 to 12.
            year: The year; 0 for the latest such month that has begun.
        """
        first = date(year or self._latest_year(month), month, 1)
        has_begun_this_year = month <= self._today.month
        coming = date(self._today.year + (1 if has_begun_this_year else 0), month, 1)
        ahead = first if first > self._today else coming
        return NamedTime(first, _months_later(first, 1), ahead=ahead)

    def months(self, first: int, count: int) -> NamedTime:
        """Return some months in a row, such as a quarter or a season: from their first day up to
        the day after their last, which is excluded and may be in the future.

        Args:
            first: The first month, 1 to 12; it is the latest such month that has begun.
            count: The number of months, at least 1.
        """
        start = date(self._latest_year(first), first, 1)
        return NamedTime(start, _months_later(start, count))

    def week(self, number: int) -> NamedTime | None:
        """Return the latest week with a number (ISO 8601, Monday to Sunday), the current one
        included.

        A number above that of the current week means a week of the year before. None when that year
        has no such week, as most have no week 53.
        """
        year, this_week, _ = self._today.isocalendar()
        try:
            monday = date.fromisocalendar(year - (number > this_week), number, 1)
        except ValueError:
            return None
        return NamedTime(monday, monday + timedelta(7))

    def weekday(self, weekday: int, kind: str = "") -> NamedTime:
        """Return the time of one whole day: a weekday before or after today, or today.

        `NamedTime.ahead` is the next such weekday after today; None when the result is today.

        Args:
            weekday: 1 (Monday) to 7 (Sunday).
            kind: ``next`` for the next such weekday after today; ``this`` for today, if today is
                that weekday; otherwise, and for any other text, the latest before today.
        """
        if kind == "this" and weekday == self._today.isoweekday():
            return NamedTime(self._today, self._today + timedelta(1))
        days_ago = (self._today.isoweekday() - weekday) % 7 or 7
        days_ahead = (weekday - self._today.isoweekday()) % 7 or 7
        coming = self._today + timedelta(days_ahead)
        day = coming if kind == "next" else self._today - timedelta(days_ago)
        return NamedTime(day, day + timedelta(1), ahead=coming)

    def unit(self, unit: int, steps: int) -> NamedTime | None:
        """Return a calendar unit, such as a month: the current one, or an earlier or later one.

        It is a whole unit, up to the first day after it, which is excluded. `NamedTime.ahead` is
        the first day of a week, month or quarter that is later than the current one; else None.

        Args:
            unit: The length of the unit in days: 1, `WEEK`, `MONTH`, `QUARTER` or `YEAR`; `WEEKEND`
                for Saturday and Sunday.
            steps: How many units later than the current one; negative for earlier.

        Returns:
            The unit, which may end in the future; None for any other length.
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
            months_before_unit = (today.month - 1) // size * size
            current = date(today.year, months_before_unit + 1, 1)
            start = _months_later(current, steps * size)
            end = _months_later(start, size)
            return NamedTime(start, end, ahead=start if steps > 0 else None)
        day = today + timedelta(steps)
        return NamedTime(day, day + timedelta(1)) if unit == 1 else None

    def _latest_year(self, month: int) -> int:
        """Return the year of the latest month of a name (1 to 12) that has begun."""
        return self._today.year - (month > self._today.month)


def _months_later(first: date, months: int) -> date:
    """Return the first day of the month that is a number of months after a month, or before it for
    a negative number.
    """
    index = 12 * first.year + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _date(year: int, month: int, day: int) -> date | None:
    """Return a date, or None when there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None
