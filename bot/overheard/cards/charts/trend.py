"""Line charts over time: a brand and its competitors at one model, or a brand at several models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from overheard.cards import wording
from overheard.cards.charts.svg import (
    BOTTOM,
    HEIGHT,
    LABEL_SIZE,
    LEFT,
    RIGHT,
    SMALL_SIZE,
    TOP,
    WIDTH,
    EndName,
    Place,
    Sheet,
    draw_marks,
    draw_names,
    fit,
)
from overheard.domain import Scale

Point = tuple[datetime, float, float, float]
"""When, the mean, and the low and high end of its 90 % interval, on the chart's scale."""

MAX_LINES = 5
"""Lines that a reader can distinguish on a phone."""
GAIN = 0.05
"""Least growth of a rate with which a competitor is shown as the one that gained."""
BAND_NAME = "likely range"
EMPTY = "No measurements yet"
STYLES = (("brand", 3.2, ""), ("gain", 2.6, "5 4"), ("third", 2.6, "2 4"), ("ink", 2.2, "8 4"))
"""Colour, width and dashes of lines with emphasis; the fifth is drawn as the first."""


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a chart.

    Attributes:
        label: The name at the line's end.
        points: The points in the order of time.
        emphasis: Whether the chart is about this line: it is drawn thick, with its intervals.
    """

    label: str
    points: tuple[Point, ...]
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that a chart marks by a dashed line, such as a model update.

    Attributes:
        at: The moment, or its most likely time.
        label: A few words.
    """

    at: datetime
    label: str


def marks_within(marks: Iterable[Mark], times: Sequence[datetime]) -> list[Mark]:
    """Return the marks that fall between the first time and the last, in order of time."""
    shown = (mark for mark in marks if times and times[0] <= mark.at <= times[-1])
    return sorted(shown, key=lambda mark: mark.at)


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over time.

    Attributes:
        title: What the lines show.
        scale: The scale of the values.
        series: The lines; the first ones are kept when there are more than `MAX_LINES`.
        marks: Moments that are marked where they fall between the first point and the last.
        caption: A small line below, or an empty string.
        zone: The reader's time zone.
        answers: The number of answers of which rates are shown as counts; 0 for rates.
    """

    title: str
    scale: Scale
    series: tuple[Series, ...]
    marks: tuple[Mark, ...] = ()
    caption: str = ""
    zone: tzinfo = UTC
    answers: int = 0

    @property
    def times(self) -> list[datetime]:
        """All moments at which something was measured, in order."""
        return sorted({at for series in self.series for at, *_ in series.points})

    @property
    def shown_marks(self) -> list[Mark]:
        """The marks that fall between the first point and the last, in order."""
        return marks_within(self.marks, self.times)

    @property
    def shown_series(self) -> list[Series]:
        """The lines that are drawn, at most `MAX_LINES`: emphasized lines first, and always the
        competitor that gained most.
        """
        ordered = sorted((s for s in self.series if s.points), key=lambda s: not s.emphasis)
        kept = ordered[:MAX_LINES]
        gained = self.gained
        if gained and gained not in kept:
            kept[-1] = gained
        return kept

    @property
    def gained(self) -> Series | None:
        """The competitor whose mean grew most since the last mark, by at least `GAIN`.

        None on a scale of ranks, without a mark, and when no line is emphasized.
        """
        marks = self.shown_marks
        rivals = [s for s in self.series if not s.emphasis]
        if not marks or len(rivals) == len(self.series) or self.scale is Scale.RANK:
            return None
        grown = {s: _growth(s, marks[-1].at) for s in rivals}
        best = max(grown, key=lambda s: grown[s], default=None)
        return best if best and grown[best] >= GAIN else None

    def words(self, value: float) -> str:
        """Format a value of the chart's scale: as a count of answers (``9``), or as its scale has
        it.
        """
        if self.answers:
            return wording.share(value, self.answers)
        return wording.value(value, self.scale)


def _growth(series: Series, since: datetime) -> float:
    """Return how much the mean of a line's points from a moment on exceeds that of the points
    before.

    0 when there are no points before or after the moment.
    """
    before = [mean for at, mean, *_ in series.points if at < since]
    after = [mean for at, mean, *_ in series.points if at >= since]
    return sum(after) / len(after) - sum(before) / len(before) if before and after else 0.0


def drawing(chart: Chart) -> Sheet:
    """Return a drawing of the lines with axes, marks, names, and the first emphasized line's
    interval.

    A chart without points has its title and the words `EMPTY`.
    """
    sheet = Sheet(HEIGHT + (14 if chart.caption else 0))
    sheet.title(chart.title)
    if not chart.times:
        sheet.text((WIDTH / 2, HEIGHT / 2), EMPTY, size=LABEL_SIZE, anchor="middle")
        return sheet
    frame = _Frame(chart)
    frame.draw_axes(sheet)
    styles = _styles(chart)
    frame.draw_band(sheet, styles)
    for series in reversed(list(styles)):
        frame.draw_line(sheet, series, *styles[series])
    frame.draw_marks(sheet)
    frame.draw_names(sheet, styles)
    if chart.caption:
        sheet.text((8, HEIGHT + 6), fit(chart.caption, SMALL_SIZE, WIDTH - 16))
    return sheet


def _styles(chart: Chart) -> dict[Series, tuple[str, float, str]]:
    """Return the colour, the width in units and the dashes of each line that is drawn."""
    found: dict[Series, tuple[str, float, str]] = {}
    gained = chart.gained
    for series in chart.shown_series:
        if series.emphasis:
            found[series] = STYLES[min(len(found), MAX_LINES - 1) % len(STYLES)]
        elif series == gained:
            found[series] = ("gain", 2.0, "")
        else:
            found[series] = ("rival", 1.4, "")
    return found


class _Frame:
    """The axes of a chart: where moments and values are drawn.

    Rates start at 0, polarity includes 0, and the first rank is on top.
    """

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.first, self.last = chart.times[0], chart.times[-1]
        self.ticks = _ticks(chart)

    def place(self, at: datetime, value: float) -> Place:
        """Return the point of the drawing for a moment and a value.

        Args:
            at: The moment.
            value: The value, on the axis (see `value`); a value beyond the axis is drawn at its
                end.
        """
        span = (self.last - self.first) / timedelta(seconds=1)
        share = (at - self.first) / timedelta(seconds=1) / span if span else 1.0
        low, high = self.ticks[0], self.ticks[-1]
        part = min(1.0, max(0.0, (value - low) / (high - low)))
        return LEFT + share * (RIGHT - LEFT), BOTTOM - part * (BOTTOM - TOP)

    def draw_axes(self, sheet: Sheet) -> None:
        """Draw a horizontal line and a label for each tick, and the first and last day below."""
        for tick in self.ticks:
            _, y = self.place(self.last, tick)
            sheet.line((LEFT, y), (RIGHT, y), "mute" if tick == 0 and self.ticks[0] < 0 else "grid")
            sheet.text((LEFT - 5, y + 4), self._tick_label(tick), anchor="end")
        days = [_axis_label(at, self.chart) for at in (self.first, self.last)]
        if self.last > self.first:
            sheet.text((LEFT, BOTTOM + 15), days[0])
        sheet.text((RIGHT, BOTTOM + 15), days[1], anchor="end")

    def _tick_label(self, value: float) -> str:
        """Return the label of a tick: a count of answers, per cent, a rank or a signed polarity."""
        if self.chart.answers:
            return f"{value * self.chart.answers:g}"
        if self.chart.scale in {Scale.BINARY, Scale.SHARE}:
            return wording.percent(value).replace(" ", "\N{NARROW NO-BREAK SPACE}")
        sign = "+" if self.chart.scale is Scale.POLARITY and value > 0 else ""
        return (
            f"{sign}{round(abs(value) if self.chart.scale is Scale.RANK else value, 6):g}".replace(
                "-", wording.MINUS
            )
        )

    def value(self, mean: float) -> float:
        """Return the position of a mean on the axis; ranks are negated, so that rank 1 is on
        top.
        """
        return -mean if self.chart.scale is Scale.RANK else mean

    def draw_line(self, sheet: Sheet, series: Series, color: str, size: float, dash: str) -> None:
        """Draw a line through the means of a series; lines with emphasis or gain end in a dot.

        Args:
            sheet: The drawing, which is changed.
            series: The line.
            color: The name of a colour of the theme.
            size: The width of the line, in units.
            dash: The lengths of dashes and gaps; empty for a solid line.
        """
        points = [self.place(at, self.value(mean)) for at, mean, *_ in series.points]
        if len(points) > 1:
            sheet.path(points, color, size, dash)
        if series.emphasis or color == "gain" or len(points) == 1:
            sheet.dot(points[-1], color, 3.6 if series.emphasis else 2.6)

    def draw_band(self, sheet: Sheet, styles: dict[Series, tuple[str, float, str]]) -> None:
        """Draw the intervals of the first emphasized line as a band, with a legend; below all
        lines.

        Args:
            sheet: The drawing, which is changed.
            styles: The colour, width and dashes of each line, see `_styles`.
        """
        series = next(
            (style_name for style_name, (color, *_) in styles.items() if color == "brand"), None
        )
        if series is None:
            return
        lows = [self.place(at, self.value(low)) for at, _, low, _ in series.points]
        highs = [self.place(at, self.value(high)) for at, *_, high in series.points]
        if len(lows) == 1:
            sheet.line(lows[0], highs[0], "band", 9)
        else:
            sheet.area([*highs, *reversed(lows)], "band")
        sheet.box((232, BOTTOM + 6), 10, 10, "band")
        sheet.text((246, BOTTOM + 15), BAND_NAME)

    def draw_marks(self, sheet: Sheet) -> None:
        """Draw the marks as dashed lines."""
        shown = self.chart.shown_marks
        draw_marks(sheet, [(self.place(mark.at, 0)[0], mark.label) for mark in shown])

    def draw_names(self, sheet: Sheet, styles: dict[Series, tuple[str, float, str]]) -> None:
        """Write the name and the last value of each line at its right end.

        Args:
            sheet: The drawing, which is changed.
            styles: The colour, width and dashes of each line, see `_styles`.
        """
        names = []
        for series, (color, *_) in styles.items():
            last = series.points[-1]
            shown = "mute" if color == "rival" else color
            y = self.place(last[0], self.value(last[1]))[1]
            names.append(EndName(series.label, self.chart.words(last[1]), shown, y))
        draw_names(sheet, names)


def _ticks(chart: Chart) -> list[float]:
    """Return the labelled values of the axis in ascending order; ranks as negative numbers.

    The axis reaches at least as far as the means of all lines and the intervals of emphasized ones.
    """
    seen = [v for s in chart.series for _, *p in s.points for v in (p if s.emphasis else p[:1])]
    if chart.scale is Scale.RANK:
        worst = max(2, *(-int(-v // 1) for v in seen))
        return sorted({-1.0, -float(worst), -float((1 + worst) // 2)})
    if chart.scale is Scale.POLARITY:
        reach = next(r for r in (0.2, 0.5, 1.0) if r >= min(1.0, max(map(abs, seen))))
        return [-reach, 0.0, reach] if min(seen) < 0 else [0.0, reach / 2, reach]
    if chart.answers:
        return [0.0, chart.answers // 2 / chart.answers, 1.0]
    top = next(r for r in (0.1, 0.2, 0.5, 1.0) if r >= min(1.0, max(seen)))
    return [0.0, top / 2, top]


def alt_text(chart: Chart) -> str:
    """Return the title, each line's first and last value, and the marks, in at most 1,000
    characters.
    """
    title = wording.line(chart.title).rstrip(".")
    if not chart.times:
        return wording.shorten(f"{title}. {EMPTY}.", 1000)
    lines = [_describe(series, chart) for series in chart.shown_series]
    marks = [f"{wording.line(mark.label)} on {_day(mark.at, chart)}" for mark in chart.shown_marks]
    marked = [f"Marked: {wording.listing(marks)}."] if marks else []
    return wording.shorten(" ".join([f"{title}.", *lines, *marked]), 1000)


def _describe(series: Series, chart: Chart) -> str:
    """Return a sentence with a line's first and last value; for an emphasized line also the
    interval and the time from the first point to the last.
    """
    (start, first, *_), (end, last, low, high) = series.points[0], series.points[-1]
    now = chart.words(last)
    if chart.answers:
        now += f" of {chart.answers}"
    elif series.emphasis:
        now += f" (likely range {wording.value_range(low, high, chart.scale)})"
    moved = now if start == end else f"from {chart.words(first)} to {now}"
    span = f", {_span(start, end, chart)}" if series.emphasis else ""
    return f"{wording.line(series.label)}: {moved}{span}."


def _span(start: datetime, end: datetime, chart: Chart) -> str:
    days = dict.fromkeys(_day(at, chart) for at in (start, end))
    return " to ".join(days)


def _is_short(chart: Chart) -> bool:
    times = chart.times
    return times[-1] - times[0] < timedelta(days=2)


def _day(at: datetime, chart: Chart) -> str:
    """Return a moment in full, for the alternative text."""
    return wording.moment(at, chart.zone) if _is_short(chart) else wording.day(at, chart.zone)


def _axis_label(at: datetime, chart: Chart) -> str:
    """Return a moment as a label of the time axis: ``21 Sep``, with the year or the time of day
    where the chart needs it.
    """
    times, date = chart.times, wording.short_day(at, chart.zone)
    if times[0] < times[-1] and _is_short(chart):
        return f"{date}, {wording.clock(at, chart.zone)}"
    return date if _same_year(times, chart.zone) else wording.day(at, chart.zone)


def _same_year(times: Sequence[datetime], zone: tzinfo) -> bool:
    return times[0].astimezone(zone).year == times[-1].astimezone(zone).year
