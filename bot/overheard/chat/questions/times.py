"""Times in questions: ``since May``, ``last month``, ``until Monday``, ``the last two weeks``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta

from overheard.chat.questions.calendar import FORTNIGHT, QUARTER, WEEKEND, Calendar, NamedTime
from overheard.chat.questions.vocabulary import Token, Vocabulary

MAX_DAYS = 1_100
"""The longest time in days, weeks or months that a question names."""
_ISO = re.compile(r"\d{4}")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?")
_QUARTER = re.compile(r"q([1-4])")
_HALF = re.compile(r"h([12])")
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[.:](?P<minute>\d\d))?(?P<half>am|pm|h)?")
_MINUTE = re.compile(r"(?P<minute>\d\d)(?P<half>am|pm)?")
_SPAN = re.compile(r"(?P<number>\d{1,3})(?P<unit>[dw])")


class TimeReader:
    """Reads times from the words of a question.

    Args:
        vocabulary: The words of the language.
        today: The day of the reader.
    """

    def __init__(self, vocabulary: Vocabulary, today: date) -> None:
        self._words = vocabulary.times
        self._begin = {kind: {words[0] for words in t} for kind, t in self._words.items()}
        self._unclear = {words[0] for words in self._words.get("unclear", {})}
        self._today = today
        self._calendar = Calendar(today)

    def read(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return the time that begins at an index, and its number of words; None without one."""
        time = (
            self._time_range(tokens, index)
            or self._single_time(tokens, index)
            or self._deadline_today(tokens, index)
        )
        if time and (hour := self._time_of_day(tokens, index + time[1])):
            return replace(time[0], at=hour[0]), time[1] + hour[1]
        return time

    def _time_range(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return a time with two ends at an index, such as ``between May and July``, and the number
        of its words; None without one.
        """
        for kind in ("between", "since", ""):
            for begin in self._phrase_sizes(kind, tokens, index) if kind else [0]:
                first = self._named_time(tokens, index + begin, "") or self._first_of_days(
                    tokens, index + begin
                )
                if not first or first[0].event:
                    continue
                place = index + begin + first[1]
                for link in self._phrase_sizes(
                    "and" if kind == "between" else "until", tokens, place
                ):
                    last = self._named_time(tokens, place + link, "")
                    if last and first[0].start and last[0].start and not last[0].event:
                        size = begin + first[1] + link + last[1]
                        return _joined_times(first[0], last[0]), size
        return None

    def _first_of_days(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return the first day of two in a month at an index, such as the 10th of ``10 to 20
        November``, and 1, the number of its words; None without one.
        """
        number = _DAY.fullmatch(tokens[index].word) if index < len(tokens) else None
        if not number:
            return None
        for link in (
            *self._phrase_sizes("and", tokens, index + 1),
            *self._phrase_sizes("until", tokens, index + 1),
        ):
            place = index + 1 + link
            last = self._time_of_month(tokens, place) if place < len(tokens) else None
            if last and last[0].start and last[1] > 1 and int(number[1]) < last[0].start.day:
                day = last[0].start.replace(day=int(number[1]))
                return NamedTime(day, day + timedelta(1)), 1
        return None

    def _single_time(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return the time that begins at an index, such as ``since March``, and its number of
        tokens; None where no time begins, or where a bare time is ambiguous ("may", "second").
        """
        for kind in ("since", "until", "in"):
            for size in self._phrase_sizes(kind, tokens, index):
                inner = self._named_time(tokens, index + size, kind)
                if inner and (period := self._bounded_time(kind, inner[0])):
                    return period, size + inner[1]
        found = self._named_time(tokens, index, "")
        return found if found and not self._is_ambiguous(tokens, index, found[1]) else None

    def _bounded_time(self, kind: str, inner: NamedTime) -> NamedTime | None:
        """Return a time with the meaning of the word before it; None for a time that the word
        cannot bound.

        Args:
            kind: The kind of the word: ``since``, ``until`` or ``in``.
            inner: The time after the word.
        """
        if kind == "since":
            return NamedTime(inner.start, None, inner.event)
        if kind == "until":
            known = (inner.start or inner.ahead) and not inner.event
            return replace(inner, until=True) if known else None
        return None if inner.event else inner

    def _is_ambiguous(self, tokens: Sequence[Token], index: int, size: int) -> bool:
        """Return whether a time at an index is ambiguous without a word such as "in" before: "may",
        "2025".

        Args:
            tokens: The words of the question.
            index: The index of the time.
            size: The number of words of the time.
        """
        return size == 1 and (
            tokens[index].word.isdigit() or self._word("unclear", tokens, index) is not None
        )

    def _deadline_today(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return today's deadline at an index, such as ``until 3pm``, and the number of its words;
        None without one.
        """
        for size in self._phrase_sizes("until", tokens, index):
            if hour := self._time_of_day(tokens, index + size):
                return NamedTime(until=True, ahead=self._today, at=hour[0]), size + hour[1]
        return None

    def _time_of_day(self, tokens: Sequence[Token], index: int) -> tuple[time, int] | None:
        """Return the time of day at an index, and the number of its words; None without one.

        Such as ``3pm``, ``at 9``, ``15:00``, ``9 Uhr`` or ``noon``; a number alone is no time.
        """
        if named := self._phrase_number("hours", tokens, index):
            return time(named[0]), named[1]
        begin = max(self._phrase_sizes("clock", tokens, index), default=0)
        words = [token.word for token in tokens[index + begin : index + begin + 3]]
        found = _CLOCK.fullmatch(words[0]) if words else None
        if not found:
            return None
        size, clear = 1, begin > 0 or bool(found["half"]) or found["minute"] is not None
        hour, minute, half = int(found["hour"]), int(found["minute"] or 0), found["half"]
        if more := _MINUTE.fullmatch(words[1]) if len(words) > 1 and not half else None:
            minute, half, size, clear = int(more["minute"]), more["half"], 2, True
        if not half and len(words) > size and words[size] in {"am", "pm", "uhr", "o'clock"}:
            half, size, clear = words[size], size + 1, True
        hour = hour % 12 + 12 * (half == "pm") if half in {"am", "pm"} else hour
        return (time(hour, minute), begin + size) if clear and hour < 24 and minute < 60 else None

    def _phrase_sizes(self, kind: str, tokens: Sequence[Token], index: int) -> list[int]:
        """Return how many words (3 to 1, the most first) from an index on can be a phrase of a
        kind.

        Args:
            kind: The kind, such as ``since``, in the vocabulary of times.
            tokens: The words of the question.
            index: The index.
        """
        table = self._words.get(kind, {})
        return [
            size
            for size in (3, 2, 1)
            if tuple(token.word for token in tokens[index : index + size]) in table
            and index + size <= len(tokens)
        ]

    def _word(self, kind: str, tokens: Sequence[Token], index: int) -> int | None:
        found = self._phrase_number(kind, tokens, index)
        return found[0] if found else None

    def _phrase_number(
        self, kind: str, tokens: Sequence[Token], index: int
    ) -> tuple[int, int] | None:
        """Return the number that the longest phrase of a kind at an index means, and how many words
        it has.

        Args:
            kind: The kind, such as ``months``, in the vocabulary of times.
            tokens: The words of the question.
            index: The index.

        Returns:
            None when no such phrase begins there.
        """
        if index >= len(tokens) or tokens[index].word not in self._begin.get(kind, ()):
            return None
        table: Mapping[tuple[str, ...], int] = self._words.get(kind, {})
        for size in (5, 4, 3, 2, 1):
            words = tuple(token.word for token in tokens[index : index + size])
            if len(words) == size and words in table:
                return table[words], size
        return None

    def _named_time(
        self, tokens: Sequence[Token], index: int, kind: str
    ) -> tuple[NamedTime, int] | None:
        """Return the day, span, month or event at an index, and the number of its words; None
        without one.

        Args:
            tokens: The words of the question.
            index: The index.
            kind: The kind of the word before (``since``, ``until``, ``in``), or empty.
        """
        if index >= len(tokens):
            return None
        if kind != "until" and (part := self._part_of_month(tokens, index)):
            return part
        if (event := self._phrase_number("events", tokens, index)) and kind == "since":
            return NamedTime(event=event[0]), event[1]
        if kind == "until" and (end := self._phrase_number("end_of", tokens, index)):
            unit = self._phrase_number("units", tokens, index + end[1])
            whole = self._calendar.unit(unit[0], 0) if unit else None
            if unit and whole and whole.end:
                return NamedTime(ahead=whole.end - timedelta(1)), end[1] + unit[1]
        return (
            self._near_today(tokens, index)
            or self._relative_time(tokens, index)
            or self._counted_time(tokens, index, kind)
            or self._dated_time(tokens, index)
            or self._weekday(tokens, index)
        )

    def _near_today(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return a time at an index such as ``yesterday``, ``overnight`` or ``year to date``, and
        the number of its words; None without one.
        """
        if ago := self._phrase_number("ago", tokens, index):
            day = self._today - timedelta(ago[0])
            return NamedTime(day, day + timedelta(1)), ago[1]
        if night := self._phrase_number("nights", tokens, index):
            return NamedTime(self._today - timedelta(night[0])), night[1]
        if to_date := self._phrase_number("to_date", tokens, index):
            whole = self._calendar.unit(to_date[0], 0)
            return (whole, to_date[1]) if whole else None
        if ahead := self._phrase_number("ahead", tokens, index):
            day = self._today + timedelta(ahead[0])
            return NamedTime(day, day + timedelta(1), ahead=day), ahead[1]
        return None

    def _relative_time(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return a time at an index relative to today, such as ``this week``, ``the last 3 weeks``
        or ``next Monday``, and the number of its words; None without one.
        """
        for kind in ("this", "last", "next"):
            for size in self._phrase_sizes(kind, tokens, index):
                place = index + size
                number = self._number(tokens, place)
                if number and (unit := self._phrase_number("units", tokens, place + number[1])):
                    if kind != "last":
                        continue
                    return self._calendar.since(number[0] * unit[0]), size + number[1] + unit[1]
                if unit := self._phrase_number("units", tokens, place):
                    rolling = unit[0] != WEEKEND and self._is_rolling(tokens[index:place])
                    rolling = (kind == "last" and rolling) or (
                        kind != "next" and unit[0] == FORTNIGHT
                    )
                    if rolling or (kind == "last" and unit[0] == 1):
                        return self._calendar.since(unit[0]), size + unit[1]
                    steps = {"this": 0, "last": -1, "next": 1}[kind]
                    if whole := self._calendar.unit(unit[0], steps):
                        return whole, size + unit[1]
                if (day := self._phrase_number("weekdays", tokens, place)) is not None:
                    return self._calendar.weekday(day[0], kind), size + day[1]
                months = self._season(tokens, place) or self._latest_month(tokens, place)
                if months and kind != "next":
                    return months[0], size + months[1]
        return None

    def _is_rolling(self, words: Sequence[Token]) -> bool:
        """Return whether words such as "the past" mean a span up to today, and not a calendar
        month.
        """
        return tuple(token.word for token in words) in self._words.get("rolling", {})

    def _counted_time(
        self, tokens: Sequence[Token], index: int, kind: str
    ) -> tuple[NamedTime, int] | None:
        """Return a counted time at an index, such as ``two weeks ago`` or ``3 days``, and the
        number of its words; None without one.

        Args:
            tokens: The words of the question.
            index: The index.
            kind: The kind of the word before (``since``, ``until``, ``in``), or empty.
        """
        number = self._number(tokens, index)
        if not number and (short := _SPAN.fullmatch(tokens[index].word)):
            days = int(short["number"]) * (7 if short["unit"] == "w" else 1)
            return replace(self._calendar.since(days), ahead=self._today + timedelta(days)), 1
        if not number:
            return None
        unit = self._phrase_number("units", tokens, index + number[1])
        if not unit:
            return None
        size = number[1] + unit[1]
        days = number[0] * unit[0]
        if days > MAX_DAYS:
            return None  # "100/month" is a budget
        if back := self._phrase_number("back", tokens, index + size):
            start = self._today - timedelta(days)
            return NamedTime(start, start + timedelta(1)), size + back[1]
        clear = kind in {"in", "since"} or (not kind and tokens[index].word not in self._unclear)
        return (
            (replace(self._calendar.since(days), ahead=self._today + timedelta(days)), size)
            if clear
            else None
        )

    def _dated_time(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return a time at an index such as ``2026-05-03``, ``3 May 2026``, ``Q3`` or ``2025``, and
        the number of its words; None without one.
        """
        return (
            self._time_of_year(tokens, index)
            or self._time_of_month(tokens, index)
            or self._season(tokens, index)
            or self._numbered_week(tokens, index)
        )

    def _part_of_month(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return a part of the latest month of a name at an index, such as ``mid October`` (ten
        days), and the number of its words; None without one.
        """
        part = self._phrase_number("parts", tokens, index)
        if part and part[0] == 1:
            this = next(iter(self._phrase_sizes("this", tokens, index + part[1])), 0)
            unit = self._phrase_number("units", tokens, index + part[1] + this)
            whole = self._calendar.unit(unit[0], 0) if unit else None
            if unit and whole:
                return NamedTime(whole.start), part[1] + this + unit[1]
        month = self._latest_month(tokens, index + part[1]) if part else None
        if not part or not month or not month[0].start:
            return None
        start = month[0].start.replace(day=part[0])
        end = month[0].end if part[0] > 20 else start + timedelta(10)
        return NamedTime(start, end), part[1] + month[1]

    def _latest_month(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        month = self._phrase_number("months", tokens, index)
        return (self._calendar.month(month[0]), month[1]) if month else None

    def _season(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return the three months of the latest season of a name at an index, and the number of its
        words; None without one.
        """
        season = self._phrase_number("seasons", tokens, index)
        if not season:
            return None
        return self._calendar.months(season[0], 3), season[1]

    def _numbered_week(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return the latest week with the number at an index (ISO 8601), such as ``week 47``, and
        the number of its words; None without one.
        """
        word = self._phrase_number("week_number", tokens, index)
        number = self._number(tokens, index + word[1]) if word else None
        if not word or not number or not 1 <= number[0] <= 53:
            return None
        week = self._calendar.week(number[0])
        return (week, word[1] + number[1]) if week else None

    def _time_of_year(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return a day in digits, a quarter, a half or a year at an index, and the number of its
        words; None without one.

        A quarter or half is the latest that has begun.
        """
        word = tokens[index].word
        quarter, size = _QUARTER.fullmatch(word), 1
        number = int(quarter[1]) if quarter else 0
        ordinal = self._phrase_number("ordinals", tokens, index)
        if ordinal and self._word("units", tokens, index + ordinal[1]) == QUARTER:
            number, size = ordinal[0], ordinal[1] + 1
        if number:
            return self._calendar.months(3 * number - 2, 3), size
        if half := _HALF.fullmatch(word):
            return self._calendar.months(6 * int(half[1]) - 5, 6), 1
        if _ISO.fullmatch(word) and 2000 <= int(word) <= 2100:
            parts = [token.word for token in tokens[index : index + 3]]
            if len(parts) == 3 and all(part.isdigit() for part in parts[1:]):
                day = self._calendar.day(int(parts[2]), int(parts[1]), int(word))
                return (replace(day, ahead=None), 3) if day else None
            return NamedTime(date(int(word), 1, 1), date(int(word) + 1, 1, 1)), 1
        return None

    def _time_of_month(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return a month, or a day of a month, at an index, and the number of its words; None
        without one.

        Without a year, the latest one counts.
        """
        number = _DAY.fullmatch(tokens[index].word)
        if number and (month := self._phrase_number("months", tokens, index + 1)):
            return self._day_of(
                int(number[1]), month[0], tokens, index + 1 + month[1], 1 + month[1]
            )
        if month := self._phrase_number("months", tokens, index):
            behind = index + month[1]
            number = _DAY.fullmatch(tokens[behind].word) if behind < len(tokens) else None
            if number and 1 <= int(number[1]) <= 31:
                return self._day_of(int(number[1]), month[0], tokens, behind + 1, month[1] + 1)
            year, size = self._year(tokens, behind)
            return self._calendar.month(month[0], year), month[1] + size
        return None

    def _weekday(self, tokens: Sequence[Token], index: int) -> tuple[NamedTime, int] | None:
        """Return the latest day of a weekday's name, or the latest weekend, at an index, and the
        number of its words; None without one.
        """
        unit = self._phrase_number("units", tokens, index)
        if unit and unit[0] == WEEKEND:
            ended = self._today.isoweekday() < 6
            whole = self._calendar.unit(WEEKEND, -1 if ended else 0)
            return (whole, unit[1]) if whole else None
        found = self._phrase_number("weekdays", tokens, index)
        return (self._calendar.weekday(found[0]), found[1]) if found else None

    def _number(self, tokens: Sequence[Token], index: int) -> tuple[int, int] | None:
        if index < len(tokens) and tokens[index].word.isdigit() and len(tokens[index].word) <= 3:
            return int(tokens[index].word), 1
        return self._phrase_number("numbers", tokens, index)

    def _year(self, tokens: Sequence[Token], index: int) -> tuple[int, int]:
        if index < len(tokens) and _ISO.fullmatch(tokens[index].word):
            return int(tokens[index].word), 1
        return 0, 0

    def _day_of(
        self, day: int, month: int, tokens: Sequence[Token], behind: int, size: int
    ) -> tuple[NamedTime, int] | None:
        """Return a day of a month, and the number of words that name it; None when there is no such
        day.

        Args:
            day: The day of the month.
            month: The month, 1 to 12.
            tokens: The words of the question.
            behind: The index after day and month, where a year may follow.
            size: The number of words of day and month.
        """
        year, more = self._year(tokens, behind)
        found = self._calendar.day(day, month, year)
        return (found, size + more) if found else None


def _joined_times(first: NamedTime, last: NamedTime) -> NamedTime:
    """Return the time from the start of `first` to the end of `last`, in the year before if
    `first` is later.
    """
    start, end = first.start, last.end
    if start and end and start >= end:
        start = start.replace(year=start.year - 1, day=min(start.day, 28))
    return NamedTime(start, end)
