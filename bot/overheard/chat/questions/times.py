"""Times in questions: ``since May``, ``last month``, ``until Monday``, ``the last two weeks``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import NamedTuple

from overheard.chat.questions.calendar import FORTNIGHT, QUARTER, WEEKEND, Calendar, NamedTime
from overheard.chat.questions.vocabulary import Token, Vocabulary

MAX_DAYS = 1_100
"""The longest time in days, weeks or months that a question names."""
MAX_LINK_WORDS = 3
"""The most words of a phrase before or between times, such as ``over the``."""
MAX_PHRASE_WORDS = 5
"""The most words of a phrase that has a number, such as ``the day before yesterday`` (2)."""
PART_DAYS = 10
"""Days of the early and the middle part of a month; the late part lasts until its end."""
MAX_WEEK = 53
"""The highest number of a week of a year (ISO 8601)."""
MIN_YEAR, MAX_YEAR = 2000, 2100
"""The first and the last number of four digits that is a year."""
THIS_EARLY = 1
"""The number of ``early`` among the parts of a month: the day on which the part begins."""
SATURDAY, SUNDAY = 6, 7
"""The numbers of the days of a weekend (ISO 8601)."""
_YEAR = re.compile(r"\d{4}")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?")
_QUARTER = re.compile(r"q([1-4])")
_HALF = re.compile(r"h([12])")
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[.:](?P<minute>\d\d))?(?P<suffix>am|pm|h)?")
_MINUTE = re.compile(r"(?P<minute>\d\d)(?P<suffix>am|pm)?")
_SPAN = re.compile(r"(?P<number>\d{1,3})(?P<unit>[dw])")


class FoundTime(NamedTuple):
    """A time that begins at some word of a question, and the number of its words."""

    time: NamedTime
    size: int


class FoundHour(NamedTuple):
    """A time of day that begins at some word of a question, and the number of its words."""

    at: time
    size: int


class FoundNumber(NamedTuple):
    """What a phrase of the vocabulary means as a number, and the number of its words.

    ``march`` is 3 among the months and ``two`` is 2 among the numbers; a unit is its days.
    """

    number: int
    size: int


class TimeReader:
    """Reads times from the words of a question.

    The methods take the words of the question (`tokens`) and the index of the word at which a time
    is to begin.

    Args:
        vocabulary: The words of the language.
        today: The day of the reader.
    """

    def __init__(self, vocabulary: Vocabulary, today: date) -> None:
        self._phrases = vocabulary.times
        self._first_words = {
            kind: {words[0] for words in phrases} for kind, phrases in self._phrases.items()
        }
        self._today = today
        self._calendar = Calendar(today)

    def read(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return the time that begins at an index, and the number of its words; None without one.

        The first of these that fits wins: a time with two ends (``from May to July``), a single
        time (``since May``), a deadline today (``until 3pm``). A time of day that follows is part
        of it, and its words are counted: ``until Friday 3pm``.

        Args:
            tokens: The words of the question.
            index: The index of the first word of the time.
        """
        found = (
            self._time_range(tokens, index)
            or self._single_time(tokens, index)
            or self._deadline_today(tokens, index)
        )
        hour = self._time_of_day(tokens, index + found.size) if found else None
        if found and hour:
            return FoundTime(replace(found.time, at=hour.at), found.size + hour.size)
        return found

    def _time_range(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return a time with two ends at an index, and the number of its words; None without one.

        Such as ``between May and July``, ``from Monday to Friday`` or ``May until July``. It lasts
        until the end of the second time, as `_joined_times` says. Both are times with a first day,
        and no events such as an update. Words such as "between" are tried first, then words such as
        "from", then none; the first reading that fits wins.

        Args:
            index: The index of the first word of the time.
        """
        for kind in ("between", "since", ""):
            link_kind = "and" if kind == "between" else "until"
            for begin_size in self._phrase_sizes(kind, tokens, index) if kind else [0]:
                first_at = index + begin_size
                first = self._named_time(tokens, first_at) or self._first_of_days(tokens, first_at)
                if not first or first.time.event:
                    continue
                link_at = first_at + first.size
                for link_size in self._phrase_sizes(link_kind, tokens, link_at):
                    last = self._named_time(tokens, link_at + link_size)
                    if last and first.time.start and last.time.start and not last.time.event:
                        size = begin_size + first.size + link_size + last.size
                        return FoundTime(_joined_times(first.time, last.time), size)
        return None

    def _first_of_days(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return the first of two days that share a month: the 10th in ``10 to 20 November``.

        The result is this single day, and its size is 1: the words of the second day are not
        counted. None when no later day of a month follows.

        Args:
            index: The index of the first day's word; may be after the last word.
        """
        number = _DAY.fullmatch(tokens[index].word) if index < len(tokens) else None
        if not number:
            return None
        first_day = int(number[1])
        for link_size in (
            *self._phrase_sizes("and", tokens, index + 1),
            *self._phrase_sizes("until", tokens, index + 1),
        ):
            last_at = index + 1 + link_size
            last = self._time_of_month(tokens, last_at) if last_at < len(tokens) else None
            if last and last.time.start and last.size > 1 and first_day < last.time.start.day:
                day = last.time.start.replace(day=first_day)
                return FoundTime(NamedTime(day, day + timedelta(1)), 1)
        return None

    def _single_time(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return a time with at most one named end at an index, such as ``since March``.

        The size of the result counts the word of the bound (``since``, ``until``, ``in``) too.
        These words are tried in this order, the longest phrase first; the first that fits the time
        after it wins. Without one, a time without a bound is read. None where no time begins, and
        for a time without a bound that may be another word ("may", "2025").

        Args:
            index: The index of the first word of the time.
        """
        for kind in ("since", "until", "in"):
            for size in self._phrase_sizes(kind, tokens, index):
                named = self._named_time(tokens, index + size, kind)
                bounded = self._bounded_time(kind, named.time) if named else None
                if named and bounded:
                    return FoundTime(bounded, size + named.size)
        found = self._named_time(tokens, index)
        return found if found and not self._is_ambiguous(tokens, index, found.size) else None

    def _bounded_time(self, kind: str, named: NamedTime) -> NamedTime | None:
        """Return a time with the meaning of the word before it.

        After ``since``, only its first day or its event remains, and it has no end. After
        ``until``, it is a deadline; None for an event, and for a time with neither a first day nor
        a coming day. After ``in``, it is unchanged; None for an event.

        Args:
            kind: The kind of the word before: ``since``, ``until`` or ``in``.
            named: The time after that word.
        """
        if kind == "since":
            return NamedTime(named.start, None, named.event)
        if named.event:
            return None
        if kind == "until":
            return replace(named, until=True) if named.start or named.ahead else None
        return named

    def _is_ambiguous(self, tokens: Sequence[Token], index: int, size: int) -> bool:
        """Return whether a time of one word may be something else: "may", "2025".

        Such a time counts only after a word such as "in".

        Args:
            index: The index of the time.
            size: The number of words of the time.
        """
        return size == 1 and (
            tokens[index].word.isdigit() or self._phrase("unclear", tokens, index) is not None
        )

    def _deadline_today(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return a deadline today at an index, such as ``until 3pm``; None without one."""
        for size in self._phrase_sizes("until", tokens, index):
            if hour := self._time_of_day(tokens, index + size):
                deadline = NamedTime(until=True, ahead=self._today, at=hour.at)
                return FoundTime(deadline, size + hour.size)
        return None

    def _time_of_day(self, tokens: Sequence[Token], index: int) -> FoundHour | None:
        """Return the time of day at an index, and the number of its words; None without one.

        Such as ``3pm``, ``at 9``, ``15:00``, ``9 Uhr`` or ``noon``; ``12am`` is midnight. Words in
        front of it such as ``at`` are counted. A bare number (``9``) is no time of day, and neither
        is ``25:00``.

        Args:
            index: The index of the first word of the time.
        """
        if named := self._phrase("hours", tokens, index):
            return FoundHour(time(named.number), named.size)
        begin_size = max(self._phrase_sizes("clock", tokens, index), default=0)
        words = [token.word for token in tokens[index + begin_size : index + begin_size + 3]]
        found = _CLOCK.fullmatch(words[0]) if words else None
        if not found:
            return None
        hour, minute, suffix = int(found["hour"]), int(found["minute"] or 0), found["suffix"]
        size, is_clear = 1, begin_size > 0 or bool(suffix) or found["minute"] is not None
        minute_word = _MINUTE.fullmatch(words[1]) if len(words) > 1 and not suffix else None
        if minute_word:
            minute, suffix = int(minute_word["minute"]), minute_word["suffix"]
            size, is_clear = 2, True
        if not suffix and len(words) > size and words[size] in {"am", "pm", "uhr", "o'clock"}:
            suffix, size, is_clear = words[size], size + 1, True
        if suffix in {"am", "pm"}:
            hour = hour % 12 + (12 if suffix == "pm" else 0)
        if not is_clear or hour >= 24 or minute >= 60:
            return None
        return FoundHour(time(hour, minute), begin_size + size)

    def _phrase_sizes(self, kind: str, tokens: Sequence[Token], index: int) -> list[int]:
        """Return the numbers of words of all phrases of a kind at an index, the longest first.

        Phrases of more than `MAX_LINK_WORDS` words are not looked for. Empty without a phrase.

        Args:
            kind: The kind, such as ``since``, in the vocabulary of times; an unknown one has no
                phrases.
            index: The index of the first word; may be after the last word.
        """
        phrases = self._phrases.get(kind, {})
        return [
            size
            for size in range(MAX_LINK_WORDS, 0, -1)
            if tuple(token.word for token in tokens[index : index + size]) in phrases
            and index + size <= len(tokens)
        ]

    def _phrase(self, kind: str, tokens: Sequence[Token], index: int) -> FoundNumber | None:
        """Return the number that the longest phrase of a kind at an index means, and the number of
        its words.

        None when no such phrase begins there, and for an index after the last word.

        Args:
            kind: The kind, such as ``months``, in the vocabulary of times.
            index: The index of the first word; may be after the last word.
        """
        if index >= len(tokens) or tokens[index].word not in self._first_words.get(kind, ()):
            return None
        phrases: Mapping[tuple[str, ...], int] = self._phrases.get(kind, {})
        for size in range(MAX_PHRASE_WORDS, 0, -1):
            words = tuple(token.word for token in tokens[index : index + size])
            if len(words) == size and words in phrases:
                return FoundNumber(phrases[words], size)
        return None

    def _named_time(self, tokens: Sequence[Token], index: int, kind: str = "") -> FoundTime | None:
        """Return the day, span, month or event at an index, and the number of its words, without
        the word that bounds it.

        The first reading that fits wins: a part of a month (``mid October``), but not after
        ``until``; an event (``the update``), only after ``since``; ``the end of the week``, only
        after ``until``; a day next to today; ``last week``; ``3 days``; a date or month; a weekday.
        None without one, and after the last word.

        Args:
            index: The index of the first word; may be after the last word.
            kind: The kind of the word before (``since``, ``until``, ``in``), or empty.
        """
        if index >= len(tokens):
            return None
        if kind != "until" and (part := self._part_of_month(tokens, index)):
            return part
        if kind == "since" and (event := self._phrase("events", tokens, index)):
            return FoundTime(NamedTime(event=event.number), event.size)
        if kind == "until" and (end := self._end_of_unit(tokens, index)):
            return end
        return (
            self._near_today(tokens, index)
            or self._relative_time(tokens, index)
            or self._counted_time(tokens, index, kind)
            or self._dated_time(tokens, index)
            or self._weekday(tokens, index)
        )

    def _end_of_unit(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return the last day of the current unit at an index, such as ``end of the month``, and
        the number of its words.

        The day is the `NamedTime.ahead` of a time without a first day. None without such words, and
        for a unit that is not one of the calendar, such as a fortnight.

        Args:
            index: The index of the first word of the time.
        """
        end_of = self._phrase("end_of", tokens, index)
        unit = self._phrase("units", tokens, index + end_of.size) if end_of else None
        current = self._calendar.unit(unit.number, 0) if unit else None
        if not end_of or not unit or not current or not current.end:
            return None
        return FoundTime(NamedTime(ahead=current.end - timedelta(1)), end_of.size + unit.size)

    def _near_today(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return a time next to today at an index, and the number of its words; None without one.

        ``today``, ``yesterday`` and ``tomorrow`` are whole days; ``tomorrow`` and the day after it
        are also the `NamedTime.ahead`. ``overnight`` begins yesterday and has no end. ``year to
        date`` is the whole current year, up to its end.

        Args:
            index: The index of the first word of the time.
        """
        if ago := self._phrase("ago", tokens, index):
            day = self._today - timedelta(ago.number)
            return FoundTime(NamedTime(day, day + timedelta(1)), ago.size)
        if night := self._phrase("nights", tokens, index):
            return FoundTime(self._calendar.since(night.number), night.size)
        if to_date := self._phrase("to_date", tokens, index):
            current = self._calendar.unit(to_date.number, 0)
            return FoundTime(current, to_date.size) if current else None
        if ahead := self._phrase("ahead", tokens, index):
            day = self._today + timedelta(ahead.number)
            return FoundTime(NamedTime(day, day + timedelta(1), ahead=day), ahead.size)
        return None

    def _relative_time(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return a time relative to today at an index, and the number of its words; None without
        one.

        Such as ``this week``, ``the last 3 weeks``, ``next Monday`` or ``last summer``. Words such
        as ``this`` are tried first, then ``last``, then ``next``; the first that fits the words
        after it wins. ``the last 3 weeks`` began 21 days ago and has no end; a number of units
        counts only after ``last``. A month or season after ``this`` or ``last`` is the latest that
        has begun; after ``next``, it is not read.

        Args:
            index: The index of the first word of the time.
        """
        for kind in ("this", "last", "next"):
            for size in self._phrase_sizes(kind, tokens, index):
                at = index + size
                count = self._number(tokens, at)
                units = self._phrase("units", tokens, at + count.size) if count else None
                if count and units:
                    if kind != "last":
                        continue
                    span = self._calendar.since(count.number * units.number)
                    return FoundTime(span, size + count.size + units.size)
                if unit := self._phrase("units", tokens, at):
                    is_rolling = self._is_rolling(tokens[index:at])
                    if whole := self._related_unit(kind, unit.number, is_rolling=is_rolling):
                        return FoundTime(whole, size + unit.size)
                if day := self._phrase("weekdays", tokens, at):
                    return FoundTime(self._calendar.weekday(day.number, kind), size + day.size)
                months = self._season(tokens, at) or self._latest_month(tokens, at)
                if months and kind != "next":
                    return FoundTime(months.time, size + months.size)
        return None

    def _related_unit(self, kind: str, unit: int, *, is_rolling: bool) -> NamedTime | None:
        """Return the current, the last or the next unit; None for a length that is no calendar
        unit.

        ``the last month`` began 30 days ago and has no end (rolling), ``last month`` is a calendar
        month. The last day, and this or the last fortnight, are always such spans without an end;
        a weekend never is.

        Args:
            kind: ``this``, ``last`` or ``next``.
            unit: The length of the unit in days, or `WEEKEND`.
            is_rolling: Whether the words, such as "the last", may mean a span up to today.
        """
        is_span = kind == "last" and ((is_rolling and unit != WEEKEND) or unit == 1)
        if is_span or (kind != "next" and unit == FORTNIGHT):
            return self._calendar.since(unit)
        return self._calendar.unit(unit, steps={"this": 0, "last": -1, "next": 1}[kind])

    def _is_rolling(self, words: Sequence[Token]) -> bool:
        """Return whether words such as "the past" may mean a span up to today, and not a calendar
        month.
        """
        return tuple(token.word for token in words) in self._phrases.get("rolling", {})

    def _counted_time(self, tokens: Sequence[Token], index: int, kind: str) -> FoundTime | None:
        """Return a counted time at an index, such as ``two weeks ago``, ``3 days`` or ``14d``, and
        the number of its words.

        With ``ago``, it is the single day that many days before today. Otherwise it is a span that
        began that many days ago and has no end; its `NamedTime.ahead` is the day that many days
        after today. ``14d`` and ``2w`` are always such spans.

        None when no such words are at the index, and for more than `MAX_DAYS` in words. Without
        ``ago``, words are also None after ``until``, and an unclear number (``a week``) counts only
        after ``in`` or ``since``.

        Args:
            index: The index of the first word.
            kind: The kind of the word before (``since``, ``until``, ``in``), or empty.
        """
        count = self._number(tokens, index)
        if not count:
            span = _SPAN.fullmatch(tokens[index].word)
            if not span:
                return None
            days_of_unit = 7 if span["unit"] == "w" else 1
            return FoundTime(self._span_of_days(int(span["number"]) * days_of_unit), 1)
        unit = self._phrase("units", tokens, index + count.size)
        if not unit:
            return None
        size, days = count.size + unit.size, count.number * unit.number
        if days > MAX_DAYS:
            return None  # "100/month" is a budget
        if ago := self._phrase("back", tokens, index + size):
            day = self._today - timedelta(days)
            return FoundTime(NamedTime(day, day + timedelta(1)), size + ago.size)
        is_unclear = tokens[index].word in self._first_words.get("unclear", ())
        is_clear = kind in {"in", "since"} or (not kind and not is_unclear)
        return FoundTime(self._span_of_days(days), size) if is_clear else None

    def _span_of_days(self, days: int) -> NamedTime:
        """Return the time that began some days ago and has no end, and as `NamedTime.ahead` the day
        as many days after today.
        """
        return replace(self._calendar.since(days), ahead=self._today + timedelta(days))

    def _dated_time(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return a time of the calendar at an index, and the number of its words; None without one.

        The first of these that fits wins: ``2026-05-03``, ``Q3``, ``H1`` or ``2025``; ``May`` or
        ``3 May 2026``; ``summer``; ``week 47``. Without a year, it is the latest such time that has
        begun.

        Args:
            index: The index of the first word of the time.
        """
        return (
            self._time_of_year(tokens, index)
            or self._time_of_month(tokens, index)
            or self._season(tokens, index)
            or self._numbered_week(tokens, index)
        )

    def _part_of_month(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return a part of a month at an index, such as ``mid October``, and the number of its
        words; None without one.

        It is that of the latest month of the name that has begun. The early and the middle part
        have `PART_DAYS` days, the late part lasts until the end of the month. ``early this month``
        and ``the beginning of the week`` mean the time since the first day of the current unit,
        without an end.

        Args:
            index: The index of the first word of the time.
        """
        part = self._phrase("parts", tokens, index)
        if not part:
            return None
        at = index + part.size
        if part.number == THIS_EARLY:
            this_size = next(iter(self._phrase_sizes("this", tokens, at)), 0)
            unit = self._phrase("units", tokens, at + this_size)
            current = self._calendar.unit(unit.number, 0) if unit else None
            if unit and current:
                return FoundTime(NamedTime(current.start), part.size + this_size + unit.size)
        month = self._latest_month(tokens, at)
        if not month or not month.time.start:
            return None
        start = month.time.start.replace(day=part.number)
        is_late = part.number > 2 * PART_DAYS
        end = month.time.end if is_late else start + timedelta(PART_DAYS)
        return FoundTime(NamedTime(start, end), part.size + month.size)

    def _latest_month(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return the latest month of the name at an index that has begun, and the number of its
        words; None without one.
        """
        month = self._phrase("months", tokens, index)
        return FoundTime(self._calendar.month(month.number), month.size) if month else None

    def _season(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return the three months of the season at an index, such as ``summer``, and the number of
        its words; None without one.

        It is the latest such season that has begun, and may end in the future.
        """
        first_month = self._phrase("seasons", tokens, index)
        if not first_month:
            return None
        return FoundTime(self._calendar.months(first_month.number, 3), first_month.size)

    def _numbered_week(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return the latest week with the number at an index (ISO 8601), and the number of its
        words, such as 2 for ``week 47``.

        The current week is the latest too. None without such words, for a number outside 1 to
        `MAX_WEEK`, and when the year has no week of that number.

        Args:
            index: The index of the first word of the time.
        """
        word = self._phrase("week_number", tokens, index)
        count = self._number(tokens, index + word.size) if word else None
        if not word or not count or not 1 <= count.number <= MAX_WEEK:
            return None
        week = self._calendar.week(count.number)
        return FoundTime(week, word.size + count.size) if week else None

    def _time_of_year(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return a quarter, a half, a day in digits or a year at an index, and the number of its
        words; None without one.

        The first of these that fits wins. A quarter (``Q3``, ``third quarter``) or half (``H1``) is
        the latest that has begun; a year after it is not read. A day is ``2026-05-03``, without
        `NamedTime.ahead`; None when there is no such day. A year is the whole year, from `MIN_YEAR`
        to `MAX_YEAR`.

        Args:
            index: The index of the first word of the time.
        """
        word = tokens[index].word
        if quarter := self._quarter(tokens, index):
            first_month = 3 * quarter.number - 2
            return FoundTime(self._calendar.months(first_month, 3), quarter.size)
        if half := _HALF.fullmatch(word):
            first_month = 6 * int(half[1]) - 5
            return FoundTime(self._calendar.months(first_month, 6), 1)
        if not _YEAR.fullmatch(word) or not MIN_YEAR <= int(word) <= MAX_YEAR:
            return None
        year = int(word)
        parts = [token.word for token in tokens[index : index + 3]]
        if len(parts) == 3 and all(part.isdigit() for part in parts[1:]):
            day = self._calendar.day(int(parts[2]), int(parts[1]), year)
            return FoundTime(replace(day, ahead=None), 3) if day else None
        return FoundTime(NamedTime(date(year, 1, 1), date(year + 1, 1, 1)), 1)

    def _quarter(self, tokens: Sequence[Token], index: int) -> FoundNumber | None:
        """Return the number (1 to 4) of the quarter at an index, and the number of its words: 1 for
        ``Q3``, 2 for ``third quarter``; None without one.

        Args:
            index: The index of the first word of the time.
        """
        ordinal = self._phrase("ordinals", tokens, index)
        unit = self._phrase("units", tokens, index + ordinal.size) if ordinal else None
        if ordinal and unit and unit.number == QUARTER:
            return FoundNumber(ordinal.number, ordinal.size + unit.size)
        quarter = _QUARTER.fullmatch(tokens[index].word)
        return FoundNumber(int(quarter[1]), 1) if quarter else None

    def _time_of_month(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return a month or a day of a month at an index, and the number of its words: ``May``,
        ``May 2026``, ``3 May``, ``May 3rd 2026``.

        Without a year, it is the latest such month or day that has begun. The words of a day and a
        year are counted; a number above 31 after a month is not its day. None without a month, and
        when there is no such day.

        Args:
            index: The index of the first word of the time.
        """
        day = _DAY.fullmatch(tokens[index].word)
        month = self._phrase("months", tokens, index + 1)
        if day and month:
            return self._day_of_month(int(day[1]), month.number, tokens, index, 1 + month.size)
        month = self._phrase("months", tokens, index)
        if not month:
            return None
        next_at = index + month.size
        day = _DAY.fullmatch(tokens[next_at].word) if next_at < len(tokens) else None
        if day and 1 <= int(day[1]) <= 31:
            return self._day_of_month(int(day[1]), month.number, tokens, index, month.size + 1)
        year = self._year(tokens, next_at)
        found = self._calendar.month(month.number, year.number)
        return FoundTime(found, month.size + year.size)

    def _weekday(self, tokens: Sequence[Token], index: int) -> FoundTime | None:
        """Return the latest day before today of the weekday's name at an index, and the number of
        its words; None without one.

        ``Monday`` on a Monday is that of a week ago. ``weekend`` is the current one on Saturday and
        Sunday, else the last.

        Args:
            index: The index of the first word of the time.
        """
        unit = self._phrase("units", tokens, index)
        if unit and unit.number == WEEKEND:
            is_weekend_now = self._today.isoweekday() in (SATURDAY, SUNDAY)
            weekend = self._calendar.unit(WEEKEND, 0 if is_weekend_now else -1)
            return FoundTime(weekend, unit.size) if weekend else None
        weekday = self._phrase("weekdays", tokens, index)
        return FoundTime(self._calendar.weekday(weekday.number), weekday.size) if weekday else None

    def _number(self, tokens: Sequence[Token], index: int) -> FoundNumber | None:
        """Return the number at an index, in up to three digits or in words; None without one."""
        if index < len(tokens) and tokens[index].word.isdigit() and len(tokens[index].word) <= 3:
            return FoundNumber(int(tokens[index].word), 1)
        return self._phrase("numbers", tokens, index)

    def _year(self, tokens: Sequence[Token], index: int) -> FoundNumber:
        """Return the year in four digits at an index; 0 with 0 words without one."""
        if index < len(tokens) and _YEAR.fullmatch(tokens[index].word):
            return FoundNumber(int(tokens[index].word), 1)
        return FoundNumber(0, 0)

    def _day_of_month(
        self, day: int, month: int, tokens: Sequence[Token], index: int, size: int
    ) -> FoundTime | None:
        """Return a day of a month, with the year that may follow, and the number of all these
        words; None when there is no such day.

        Without a year, it is the latest such day until today.

        Args:
            day: The day of the month.
            month: The month, 1 to 12.
            index: The index of the first word of day and month.
            size: The number of words of day and month.
        """
        year = self._year(tokens, index + size)
        found = self._calendar.day(day, month, year.number)
        return FoundTime(found, size + year.size) if found else None


def _joined_times(first: NamedTime, last: NamedTime) -> NamedTime:
    """Return the time from the start of `first` to the end of `last`, which is excluded.

    If `first` does not start before that end, it is moved to the year before: ``from November to
    February``. Its day is then at most the 28th, because that year may have no 29 February. Without
    a start or an end, the other is kept as it is.
    """
    start, end = first.start, last.end
    if start and end and start >= end:
        start = start.replace(year=start.year - 1, day=min(start.day, 28))
    return NamedTime(start, end)
