"""Times in questions: ``since May``, ``last month``, ``the last two weeks``, ``on 3 November``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

UPDATE, LAST_CHECK = 1, 2
"""The events of a vocabulary's ``[times.events]``."""
WEEK, MONTH, QUARTER, YEAR = 7, 30, 91, 365
"""The units of a vocabulary's ``[times.units]``: their lengths in days."""
MONTHS_OF_UNIT = {MONTH: 1, QUARTER: 3, YEAR: 12}
MAX_PHRASE_WORDS = 4
"""The most words of a phrase of times, such as ``the day before yesterday``."""
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?")
_YEAR = re.compile(r"20\d\d")
_QUARTER = re.compile(r"q([1-4])")


@dataclass(frozen=True, slots=True)
class Period:
    """A time that a question names.

    Attributes:
        start: The first day, or None for an event.
        end: The first day after it, or None for a period without an end.
        event: `UPDATE` or `LAST_CHECK` in place of a first day; 0 for none.
    """

    start: date | None = None
    end: date | None = None
    event: int = 0


Found = tuple[Period, int]
"""A time, and the number of its words."""


@dataclass(frozen=True, slots=True)
class TimeReader:
    """Reads the time with which some words of a question begin.

    Attributes:
        phrases: By kind of time, the number that each phrase means, as in the vocabulary.
        today: The day of the reader.
    """

    phrases: Mapping[str, Mapping[tuple[str, ...], int]]
    today: date

    def read(self, words: Sequence[str]) -> Found | None:
        """Return the time, with the word that bounds it: after ``since`` it has no end.

        A word that may mean something else, such as "may" or "2026", is a time only after such a
        word. None when the words begin with no time, or with one that is still to come.
        """
        found = self._bounded(words)
        has_begun = found and (found[0].event or (found[0].start or date.max) <= self.today)
        return found if has_begun else None

    def _bounded(self, words: Sequence[str]) -> Found | None:
        for kind in ("since", "in"):
            _, size = self._phrase(kind, words)
            event, event_size = self._phrase("events", words[size:])
            if size and event_size and kind == "since":
                return Period(event=event), size + event_size
            if size and (named := self._named(words[size:])):
                end = None if kind == "since" else named[0].end
                return replace(named[0], end=end), size + named[1]
        named = self._named(words)
        unclear = ("unclear", "weekdays")
        is_unclear = words[0].isdigit() or any(self._phrase(kind, words)[1] for kind in unclear)
        return None if named and named[1] == 1 and is_unclear else named

    def _phrase(self, kind: str, words: Sequence[str]) -> tuple[int, int]:
        """Return the number that the longest phrase of a kind means, and the number of its words;
        (0, 0) without one.
        """
        for size in range(min(MAX_PHRASE_WORDS, len(words)), 0, -1):
            if tuple(words[:size]) in self.phrases[kind]:
                return self.phrases[kind][tuple(words[:size])], size
        return 0, 0

    def _named(self, words: Sequence[str]) -> Found | None:
        """Return a time without the word that bounds it."""
        days_ago, size = self._phrase("ago", words)
        if size:
            return self._day(self.today - timedelta(days_ago), size)
        return self._relative(words) or self._dated(words) or self._weekday(words)

    def _relative(self, words: Sequence[str]) -> Found | None:
        """Return ``this week``, ``last month`` or ``the last three weeks``."""
        for kind, steps in (("this", 0), ("last", -1)):
            _, size = self._phrase(kind, words)
            number, number_size = self._number(words[size:])
            unit, unit_size = self._phrase("units", words[size + number_size :])
            _, rolling_size = self._phrase("rolling", words)
            if not size or not unit:
                continue
            whole_size = size + number_size + unit_size
            if kind == "last" and (number_size or rolling_size):
                return Period(self.today - timedelta((number or 1) * unit)), whole_size
            if not number_size:
                return self._unit(unit, steps), whole_size
        return None

    def _unit(self, unit: int, steps: int) -> Period:
        """Return a day, week, month, quarter or year of the calendar: the current one, or that of
        some steps later.
        """
        if unit not in MONTHS_OF_UNIT:
            first = self.today - timedelta(self.today.weekday() if unit == WEEK else 0)
            first += timedelta(steps * unit)
            return Period(first, first + timedelta(unit))
        months = MONTHS_OF_UNIT[unit]
        begun = 12 * self.today.year + (self.today.month - 1) // months * months
        return Period(_month(begun + steps * months), _month(begun + (steps + 1) * months))

    def _dated(self, words: Sequence[str]) -> Found | None:
        """Return ``2026-05-03``, ``3 May``, ``May 3rd 2026``, ``May``, ``Q3`` or ``2026``; without
        a year, the latest that has begun.
        """
        if len(words) > 2 and _YEAR.fullmatch(words[0]) and words[1].isdigit():
            return self._day(_date(words[0], int(words[1]), words[2]), 3)
        if words and (quarter := _QUARTER.fullmatch(words[0])):
            begun = 12 * self.today.year + 3 * int(quarter[1]) - 3
            begun -= 12 if _month(begun) > self.today else 0
            return Period(_month(begun), _month(begun + 3)), 1
        if words and _YEAR.fullmatch(words[0]):
            return Period(date(int(words[0]), 1, 1), date(int(words[0]) + 1, 1, 1)), 1
        day_first = _DAY.fullmatch(words[0]) if words else None
        month, month_size = self._phrase("months", words[1 if day_first else 0 :])
        if not month:
            return None
        size = month_size + (1 if day_first else 0)
        day = day_first or (_DAY.fullmatch(words[size]) if len(words) > size else None)
        size += 1 if day and not day_first else 0
        has_year = len(words) > size and _YEAR.fullmatch(words[size])
        year = words[size] if has_year else str(self.today.year)
        size += 1 if has_year else 0
        if day:
            found = _date(year, month, day[1])
            if found and found > self.today and not has_year:
                found = _date(str(self.today.year - 1), month, day[1])
            return self._day(found, size)
        index = 12 * int(year) + month - 1
        index -= 12 if _month(index) > self.today and not has_year else 0
        return Period(_month(index), _month(index + 1)), size

    def _weekday(self, words: Sequence[str]) -> Found | None:
        """Return the latest weekday of a name before today."""
        weekday, size = self._phrase("weekdays", words)
        days_ago = (self.today.isoweekday() - weekday) % 7 or 7
        return self._day(self.today - timedelta(days_ago), size) if size else None

    def _number(self, words: Sequence[str]) -> tuple[int, int]:
        if words and words[0].isdigit() and len(words[0]) <= 3:
            return int(words[0]), 1
        return self._phrase("numbers", words)

    def _day(self, day: date | None, size: int) -> Found | None:
        return (Period(day, day + timedelta(1)), size) if day else None


def _month(index: int) -> date:
    """Return the first day of a month, counted from the year 0."""
    return date(index // 12, index % 12 + 1, 1)


def _date(year: str, month: int, day: str) -> date | None:
    """Return a date, or None when there is no such day."""
    try:
        return date(int(year), month, int(day))
    except ValueError:
        return None
