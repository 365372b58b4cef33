"""Line charts over time: a brand and its competitors at one model, or a brand at several models."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil, floor, log10
from typing import NamedTuple

from overheard.cards import wording
from overheard.cards.charts import svg
from overheard.domain import Scale

Point = tuple[datetime, float, float, float]
"""When, the mean, and the low and high end of its 90 % interval, on the chart's scale."""

MAX_LINES = 5
"""Lines that a reader can distinguish on a phone."""
SHORT_TIME = timedelta(days=2)
"""A chart of less time than this tells times of day."""
CAPTION_HEIGHT = 12.0
"""Additional height of a chart with a caption, in units."""
BAND_NAME = "likely range"
EMPTY = "No measurements yet"


class Style(NamedTuple):
    """How a line is drawn.

    Attributes:
        color: The name of a colour of the theme.
        width: The width of the line, in units.
        dash: The lengths of dashes and gaps, as in SVG's ``stroke-dasharray``; empty for a solid
            line.
    """

    color: str
    width: float
    dash: str = ""


EMPHASIZED = (
    Style("brand", 3.2),
    Style("gain", 2.6, "5 4"),
    Style("third", 2.6, "2 4"),
    Style("ink", 2.2, "8 4"),
)
"""Styles of lines with emphasis; the fifth is drawn as the first."""
GAINED, OTHER = Style("gain", 2.0), Style("rival", 1.4)
"""Styles of the competitor that gained most, and of all others."""


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
    """Return the marks from the first time to the last, both inclusive, in order of time; none
    without times.
    """
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
        """All moments at which something was measured, each once, in order; empty
        without points.
        """
        return sorted({at for series in self.series for at, *_ in series.points})

    @property
    def shown_marks(self) -> list[Mark]:
        """The marks from the first measurement to the last, in order."""
        return marks_within(self.marks, self.times)

    @property
    def shown_series(self) -> list[Series]:
        """The lines that are drawn, at most `MAX_LINES`: those with emphasis first, otherwise in
        their order.

        Lines without points are left out. The competitor that gained most replaces the last one
        where it would be missing.
        """
        measured = (series for series in self.series if series.points)
        shown = sorted(measured, key=lambda series: not series.emphasis)[:MAX_LINES]
        gained = self.gained
        if gained and gained not in shown:
            shown[-1] = gained
        return shown

    @property
    def gained(self) -> Series | None:
        """The competitor whose mean grew most since the last mark, by at least the scale's smallest
        change; None without one.

        None also where smaller is better, without a mark, and when no line is emphasized.
        """
        marks = self.shown_marks
        rivals = [series for series in self.series if not series.emphasis]
        has_emphasis = len(rivals) < len(self.series)
        if not marks or not has_emphasis or self.scale.lower_is_better:
            return None
        growths = {series: _growth(series, marks[-1].at) for series in rivals}
        best = max(growths, key=lambda series: growths[series], default=None)
        return best if best and growths[best] >= self.scale.smallest_change else None

    def words(self, value: float) -> str:
        """Format a value of the chart's scale: as a count of answers (``9``) where the chart has
        their number, else as its scale has it (``38 %``).
        """
        if self.answers:
            return wording.share(value, self.answers)
        return wording.value(value, self.scale)


def _growth(series: Series, since: datetime) -> float:
    """Return by how much the mean of a line's points since a moment exceeds that of the points
    before.

    The moment itself belongs to the points since. 0 without points on one side.
    """
    before = [mean for at, mean, *_ in series.points if at < since]
    after = [mean for at, mean, *_ in series.points if at >= since]
    if not before or not after:
        return 0.0
    return sum(after) / len(after) - sum(before) / len(before)


def drawing(chart: Chart) -> svg.Sheet:
    """Return a drawing of the lines with axes, marks, names, and the intervals of the first
    emphasized line.

    Lines in front are those that come first. A chart without points has its title and the words
    `EMPTY`.
    """
    sheet = svg.Sheet(svg.HEIGHT + (CAPTION_HEIGHT if chart.caption else 0))
    sheet.title(chart.title)
    if not chart.times:
        sheet.text((svg.WIDTH / 2, svg.HEIGHT / 2), EMPTY, size=svg.LABEL_SIZE, anchor="middle")
        return sheet
    frame = _Frame(chart)
    frame.draw_axes(sheet)
    styles = _styles(chart)
    frame.draw_band(sheet, styles)
    for series in reversed(list(styles)):  # the first ones are drawn above the others
        frame.draw_line(sheet, series, styles[series])
    frame.draw_marks(sheet)
    frame.draw_names(sheet, styles)
    sheet.caption(chart.caption)
    return sheet


def _styles(chart: Chart) -> dict[Series, Style]:
    """Return the style of each line that is drawn, in the order of the lines.

    Emphasized lines have different colours; the competitor that gained most is orange, all others
    grey.
    """
    styles: dict[Series, Style] = {}
    gained = chart.gained
    for series in chart.shown_series:
        if series.emphasis:
            styles[series] = EMPHASIZED[len(styles) % len(EMPHASIZED)]
        else:
            styles[series] = GAINED if series == gained else OTHER
    return styles


class _Frame:
    """The axes of a chart: where moments and values are drawn.

    Smaller values are on top where they are better, as for ranks: they are negative on the axis.

    Args:
        chart: A chart with at least one point.
    """

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._first, self._last = chart.times[0], chart.times[-1]
        self._ticks = _ticks(chart)

    def place(self, at: datetime, axis_value: float) -> svg.Place:
        """Return the point of the drawing for a moment and a value.

        All moments of a chart of a single moment are at the right end.

        Args:
            axis_value: The value on the axis, see `axis_value`; a value beyond the axis is drawn
                at its end.
        """
        low, high = self._ticks[0], self._ticks[-1]
        share_of_axis = min(1.0, max(0.0, (axis_value - low) / (high - low)))
        return svg.time_x(at, self._first, self._last), svg.value_y(share_of_axis)

    def draw_axes(self, sheet: svg.Sheet) -> None:
        """Draw a horizontal line and a label for each tick, and the first and the last day below.

        A zero between negative and positive values is darker; a single day is written once.
        """
        for tick in self._ticks:
            _, y = self.place(self._last, tick)
            is_zero_within = tick == 0 and self._ticks[0] < 0
            sheet.line((svg.LEFT, y), (svg.RIGHT, y), "mute" if is_zero_within else "grid")
            sheet.text(
                (svg.LEFT - svg.TICK_GAP, y + svg.TEXT_DROP), self._tick_label(tick), anchor="end"
            )
        if self._last > self._first:
            sheet.text((svg.LEFT, svg.DATE_BASELINE), _axis_label(self._first, self._chart))
        sheet.text(
            (svg.RIGHT, svg.DATE_BASELINE), _axis_label(self._last, self._chart), anchor="end"
        )

    def _tick_label(self, value: float) -> str:
        """Return the label of a tick: a count of answers (``12``), per cent, a rank (``3``) or a
        signed polarity (``+0.5``).
        """
        if self._chart.answers:
            return f"{value * self._chart.answers:g}"
        if self._chart.scale.is_rate:
            return wording.percent(value).replace(" ", "\N{NARROW NO-BREAK SPACE}")
        number = round(self.axis_value(value), 6)
        sign = "+" if number > 0 and self._chart.scale.signed else ""
        return f"{sign}{number:g}".replace("-", wording.MINUS)

    def axis_value(self, mean: float) -> float:
        """Return the place of a mean on the axis, and of a place the value: values of which smaller
        ones are better are negated, so that rank 1 is on top.
        """
        return -mean if self._chart.scale.lower_is_better else mean

    def draw_line(self, sheet: svg.Sheet, series: Series, style: Style) -> None:
        """Draw a line through the means of a series.

        Lines with emphasis or gain end in a dot, and a line of one point is a dot alone.

        Args:
            series: The line, with at least one point.
        """
        points = [self.place(at, self.axis_value(mean)) for at, mean, *_ in series.points]
        if len(points) > 1:
            sheet.path(points, *style)
        if series.emphasis or style.color == "gain" or len(points) == 1:
            sheet.dot(points[-1], style.color, 3.6 if series.emphasis else 2.6)

    def draw_band(self, sheet: svg.Sheet, styles: dict[Series, Style]) -> None:
        """Draw the intervals of the first emphasized line as a band, with a legend; nothing without
        such a line.

        A single interval is a vertical bar.

        Args:
            sheet: The drawing, which is changed; lines are drawn later, above the band.
            styles: The style of each line.
        """
        emphasized = (series for series, style in styles.items() if style.color == "brand")
        series = next(emphasized, None)
        if series is None:
            return
        lows = [self.place(at, self.axis_value(low)) for at, _, low, _ in series.points]
        highs = [self.place(at, self.axis_value(high)) for at, *_, high in series.points]
        if len(lows) == 1:
            sheet.line(lows[0], highs[0], "band", 9)
        else:
            sheet.area([*highs, *reversed(lows)], "band")
        sheet.box((svg.NAMES_LEFT, svg.BOTTOM + 6), 10, 10, "band")
        sheet.text((svg.NAMES_LEFT + 14, svg.DATE_BASELINE), BAND_NAME)

    def draw_marks(self, sheet: svg.Sheet) -> None:
        """Draw the marks as dashed lines."""
        shown = self._chart.shown_marks
        svg.draw_marks(sheet, [(self.place(mark.at, 0)[0], mark.label) for mark in shown])

    def draw_names(self, sheet: svg.Sheet, styles: dict[Series, Style]) -> None:
        """Write the name and the last value of each line at its right end.

        Args:
            styles: The style of each line; names of grey lines are not emphasized.
        """
        names = []
        for series, style in styles.items():
            at, mean, *_ = series.points[-1]
            color = "mute" if style is OTHER else style.color
            _, y = self.place(at, self.axis_value(mean))
            names.append(svg.EndName(series.label, self._chart.words(mean), color, y))
        svg.draw_names(sheet, names)


def _ticks(chart: Chart) -> list[float]:
    """Return the two or three labelled values of the axis in ascending order; those of which
    smaller ones are better are negative.

    The axis reaches at least as far as the means of all lines and the intervals of emphasized ones,
    but not beyond the scale, and for counts of answers from 0 to all of them.
    """
    scale = chart.scale
    shown: list[float] = []
    for series in chart.series:
        for _, mean, low, high in series.points:
            shown += (mean, low, high) if series.emphasis else (mean,)
    if scale.lower_is_better:
        worst = min(scale.high, max(scale.low + 1, ceil(max(shown))))
        return sorted({-scale.low, -worst, -((scale.low + worst) // 2)})
    if chart.answers:
        half = chart.answers // 2
        return [0.0, half / chart.answers, 1.0]
    if scale.low < 0 and min(shown) < 0:
        reach = min(_rounded_up(max(map(abs, shown)), scale), max(-scale.low, scale.high))
        return [-reach, 0.0, reach]
    start = max(0.0, scale.low)
    top = min(start + _rounded_up(max(shown) - start, scale), scale.high)
    return [start, (start + top) / 2, top]


def _rounded_up(value: float, scale: Scale) -> float:
    """Return the first of 0.1, 0.2, 0.5, 1, 2, 5 and so on that is not less than a value, and more
    than the scale's smallest change.
    """
    exponent = floor(log10(max(value, scale.smallest_change)))
    steps = [float(f"{digit}e{exponent}") for digit in (1, 2, 5, 10)]
    return next(step for step in steps if step >= value and step > scale.smallest_change)


def alt_text(chart: Chart) -> str:
    """Return the title, each line's first and last value, and the marks; `EMPTY` without points."""
    title = wording.line(chart.title).rstrip(".")
    if not chart.times:
        return f"{title}. {EMPTY}."
    sentences = [f"{title}.", *(_describe(series, chart) for series in chart.shown_series)]
    marks = [
        f"{wording.line(mark.label)} on {_full_day(mark.at, chart)}" for mark in chart.shown_marks
    ]
    if marks:
        sentences.append(f"Marked: {wording.listing(marks)}.")
    return " ".join(sentences)


def _describe(series: Series, chart: Chart) -> str:
    """Return a sentence with a line's first and last value, or its only one.

    For an emphasized line also with its last interval, unless values are counts, and the time that
    it covers.
    """
    (start, first, *_), (end, last, low, high) = series.points[0], series.points[-1]
    now = chart.words(last)
    if chart.answers:
        now += f" of {chart.answers}"
    elif series.emphasis:
        now += f" (likely range {wording.value_range(low, high, chart.scale)})"
    values = now if start == end else f"from {chart.words(first)} to {now}"
    time_range = ""
    if series.emphasis:
        days = dict.fromkeys(_full_day(at, chart) for at in (start, end))  # a single day only once
        time_range = f", {' to '.join(days)}"
    return f"{wording.line(series.label)}: {values}{time_range}."


def _is_short(chart: Chart) -> bool:
    """Return whether a chart covers so little time that its days need times."""
    times = chart.times
    return times[-1] - times[0] < SHORT_TIME


def _full_day(at: datetime, chart: Chart) -> str:
    """Return a day with its year, for the alternative text; with the time where days need it."""
    return wording.moment(at, chart.zone) if _is_short(chart) else wording.day(at, chart.zone)


def _axis_label(at: datetime, chart: Chart) -> str:
    """Return a moment as a label of the time axis: ``21 Sep``.

    With the time of day in a chart of less than `SHORT_TIME`, and with the year where the times
    have several.
    """
    times, short_day = chart.times, wording.short_day(at, chart.zone)
    if times[0] < times[-1] and _is_short(chart):
        return f"{short_day}, {wording.clock(at, chart.zone)}"
    years = {end.astimezone(chart.zone).year for end in (times[0], times[-1])}
    return short_day if len(years) == 1 else wording.day(at, chart.zone)
