"""Trend charts: the lines of a brand and its competitors, as a picture and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from overheard.cards import wording
from overheard.domain import Scale

Point = tuple[datetime, float, float, float]
"""When, the mean, and the low and high end of its 90 % interval, on the chart's scale."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line.

    Attributes:
        label: The brand's name.
        points: In the order of time.
        emphasis: Whether the chart is about it: drawn thick, with its intervals.
    """

    label: str
    points: tuple[Point, ...]
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a dashed line, such as a model update.

    Attributes:
        at: When it is, or most likely is.
        label: A few words.
        between: The stretch in which it lies, shaded; None for a moment that is known.
    """

    at: datetime
    label: str
    between: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over time.

    Attributes:
        title: What is shown.
        scale: What the values are.
        series: The lines; those first are kept when there is no room to name all.
        marks: Shown where they fall between the first point and the last.
        caption: A small line below, or an empty string.
        zone: The reader's time zone.
    """

    title: str
    scale: Scale
    series: tuple[Series, ...]
    marks: tuple[Mark, ...] = ()
    caption: str = ""
    zone: tzinfo = UTC

    @property
    def times(self) -> list[datetime]:
        """All moments at which something was measured, in order."""
        return sorted({at for series in self.series for at, *_ in series.points})

    @property
    def shown_marks(self) -> list[Mark]:
        """The marks that fall between the first point and the last, in order."""
        times = self.times
        within = (mark for mark in self.marks if times and times[0] <= mark.at <= times[-1])
        return sorted(within, key=lambda mark: mark.at)


EMPTY = "No measurements yet"


def draw(chart: Chart) -> bytes:
    """Return the chart as a PNG of 1800 x 960 pixels; the same chart gives the same bytes."""
    from overheard.cards.charts.canvas import png
    from overheard.cards.charts.trend_plot import figure

    return png(figure(chart))


def alt(chart: Chart) -> str:
    """Return in words what the picture shows, in at most 1,000 characters."""
    title = wording.line(chart.title).rstrip(".")
    if not chart.times:
        return wording.shorten(f"{title}. {EMPTY}.", 1000)
    ordered = sorted(chart.series, key=lambda series: not series.emphasis)
    lines = [_describe(series, chart) for series in ordered if series.points]
    marks = [f"{wording.line(mark.label)} on {_when(mark.at, chart)}" for mark in chart.shown_marks]
    marked = [f"Marked: {wording.listing(marks)}."] if marks else []
    return wording.shorten(" ".join([f"{title}.", *lines, *marked]), 1000)


def _describe(series: Series, chart: Chart) -> str:
    """Describe where a line starts and ends; with its interval if the chart is about it."""
    (start, first, *_), (end, last, low, high) = series.points[0], series.points[-1]
    now = wording.value(last, chart.scale)
    if series.emphasis:
        now += f" (90 % interval {wording.value_range(low, high, chart.scale)})"
    moved = now if start == end else f"from {wording.value(first, chart.scale)} to {now}"
    span = f", {_span(start, end, chart)}" if series.emphasis else ""
    return f"{wording.line(series.label)}: {moved}{span}."


def _span(start: datetime, end: datetime, chart: Chart) -> str:
    days = dict.fromkeys(_when(at, chart) for at in (start, end))
    return " to ".join(days)


def _when(at: datetime, chart: Chart) -> str:
    times = chart.times
    near = times[-1] - times[0] < timedelta(days=2)
    return wording.moment(at, chart.zone) if near else wording.day(at, chart.zone)
