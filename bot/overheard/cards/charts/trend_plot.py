"""The drawing of trend charts. Imports matplotlib, so it is imported when a chart is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.dates import DAILY, AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, Locator, MaxNLocator

from overheard.cards import wording
from overheard.cards.charts.canvas import (
    CAPTION_PT,
    DPI,
    EDGE_PT,
    HEIGHT_PT,
    INK,
    LABEL_PT,
    PLOT_TOP,
    SOFT,
    WIDTH_PT,
    drawn,
    fit,
    width,
)
from overheard.cards.charts.trend import EMPTY, Chart, Mark, Series
from overheard.domain import Scale

ROW_PT = 18
"""Height of a name, and of a row of marks."""
GAP_PT = 10
"""Between a name and its value."""
LEADER_PT = 24
"""From the axes to the names."""
MAX_NAME_PT, MAX_MARK_PT = 150, 245
"""Widths at which names and the labels of marks are cut."""
BRAND = ("#0072b2", "#d55e00")
"""From the palette of Okabe and Ito (2008) for all kinds of colour vision."""
RIVALS = ("#cc6677", "#117733", "#999933", "#882255", "#44aa99", "#aa4499")
"""From Paul Tol's muted palette, less its yellow and its light blue, which white swallows."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series with its colour, name and last value as they are drawn."""

    series: Series
    color: str
    name: str
    value: str

    @property
    def weight(self) -> str:
        """The font's weight."""
        return "bold" if self.series.emphasis else "normal"


def figure(chart: Chart) -> Figure:
    """Return the chart as a drawn figure."""
    return drawn(chart.title, chart.caption, partial(_plot, chart))


def _plot(chart: Chart, axes: Axes) -> None:
    if not chart.times:
        axes.set_axis_off()
        axes.text(0.5, 0.5, EMPTY, ha="center", size=17, color=SOFT)
        return
    lines = _lines(chart)
    _set_values(axes, chart)
    _set_times(axes, chart)
    for line in reversed(lines):
        _draw_line(axes, line)
    _lay_out(axes, _columns_pt(lines))
    _draw_marks(axes, chart)
    _draw_names(axes, lines)


# Axes


def _set_values(axes: Axes, chart: Chart) -> None:
    """Set the value axis: rates start at 0, polarity includes 0, the first rank is on top."""
    seen = [v for s in chart.series for _, *p in s.points for v in (p if s.emphasis else p[:1])]
    if chart.scale is Scale.RANK:
        steps = MaxNLocator(4, integer=True).tick_values(0, max(1.0, max(seen) - 1))
        ticks = [1 + step for step in reversed(steps)]
    else:
        low = min(0.0, *seen) if chart.scale is Scale.POLARITY else 0.0
        high = min(1.0, max(0.1, *seen))
        ticks = list(MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(max(-1.0, low), high))
    axes.set_yticks(ticks)
    axes.set_ylim(ticks[0], ticks[-1])
    axes.yaxis.set_major_formatter(lambda value, _: _tick_name(value, chart.scale))
    axes.grid(axis="y")
    if ticks[0] < 0:
        axes.axhline(0, color=SOFT, linewidth=1, zorder=1)


def _tick_name(value: float, scale: Scale) -> str:
    if scale in {Scale.BINARY, Scale.SHARE}:
        return wording.percent(value)
    sign = "+" if scale is Scale.POLARITY and value > 0 else ""
    return f"{sign}{round(value, 6) + 0.0:g}".replace("-", wording.MINUS)


def _set_times(axes: Axes, chart: Chart) -> None:
    """Set the time axis, in the reader's time zone."""
    first, last = date2num([chart.times[0], chart.times[-1]])
    margin = (last - first) * 0.03 or 0.5
    axes.set_xlim(first - margin, last + margin)
    locator: Locator = FixedLocator([first])
    if first < last:
        # Multiples of days begin again each month: 31 May, 1 June.
        even = 3 <= last - first + 2 * margin < 92
        auto = locator = AutoDateLocator(chart.zone, 3, maxticks=7, interval_multiples=not even)
        auto.maxticks[DAILY] = 6
    axes.xaxis.set_major_locator(locator)
    day = "%e %b %Y, %Z"
    formatter = ConciseDateFormatter(
        locator,
        chart.zone,
        formats=["%Y", "%b", "%e %b", "%H:%M", "%H:%M", ":%S"],
        zero_formats=["", "%Y", "%e %b", "%e %b", "%H:%M", "%H:%M"],
        offset_formats=["", "%Y", "%Y", day, day, day],
    )
    axes.xaxis.set_major_formatter(formatter)
    axes.xaxis.get_offset_text().set_fontsize(CAPTION_PT)


def _lay_out(axes: Axes, right_pt: float) -> None:
    """Place the axes, with room for the names on their right, and end the automatic layout."""
    figure: Any = axes.figure
    engine = figure.get_layout_engine()
    engine.set(rect=(0, 0, 1 - right_pt / WIDTH_PT, PLOT_TOP))
    engine.execute(figure)
    figure.set_layout_engine("none")


# Marks


def _draw_marks(axes: Axes, chart: Chart) -> None:
    """Draw the marks, with their labels in two rows above the axes.

    A label for which neither row has room is omitted.
    """
    ends = [0.0, 0.0]
    placed: list[tuple[Mark, int | None, float, str]] = []
    for mark in chart.shown_marks:
        text = fit(mark.label, CAPTION_PT, MAX_MARK_PT)
        half = width(text, CAPTION_PT) / 2
        middle = min(max(_place(axes, mark.at, 0)[0], EDGE_PT + half), WIDTH_PT - EDGE_PT - half)
        row = next((row for row in (0, 1) if ends[row] < middle - half), None)
        if row is not None:
            ends[row] = middle + half + 12
        placed.append((mark, row, middle, text))
        if mark.between:
            axes.axvspan(*date2num(mark.between), color=SOFT, alpha=0.14, linewidth=0, zorder=1)
    rows = max((row + 1 for _, row, _, _ in placed if row is not None), default=0)
    box = axes.get_position()
    height = box.height - rows * ROW_PT / HEIGHT_PT
    axes.set_position((box.x0, box.y0, box.width, height))
    top, height = (box.y0 + height) * HEIGHT_PT, height * HEIGHT_PT
    for mark, row, middle, text in placed:
        foot = 6 + ROW_PT * (row or 0)
        axes.axvline(
            date2num(mark.at),
            ymax=1 + foot / height,
            color=SOFT,
            linewidth=1.4,
            linestyle=(0, (4, 3)),
            clip_on=False,
            zorder=2,
        )
        if row is not None:
            axes.annotate(
                text,
                (middle, top + foot + 4),
                xycoords="figure points",
                ha="center",
                size=CAPTION_PT,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )


def _place(axes: Axes, at: datetime, value: float) -> tuple[float, float]:
    """Return where a point is drawn, in points from the lower left corner of the figure."""
    x, y = axes.transData.transform((date2num(at), value)) * 72 / DPI
    return float(x), float(y)


# Lines


def _lines(chart: Chart) -> list[Line]:
    """Return the lines with their colours and labels, those with emphasis first."""
    brands, rivals = cycle(BRAND), cycle(RIVALS)
    found = [
        Line(
            series,
            next(brands if series.emphasis else rivals),
            fit(series.label, LABEL_PT, MAX_NAME_PT, "bold" if series.emphasis else "normal"),
            wording.value(series.points[-1][1], chart.scale),
        )
        for series in chart.series
        if series.points
    ]
    return sorted(found, key=lambda line: not line.series.emphasis)


def _draw_line(axes: Axes, line: Line) -> None:
    """Draw a line; one with emphasis is thick and has its intervals as a band."""
    thick = line.series.emphasis
    times, means, low, high = zip(*line.series.points, strict=True)
    days = date2num(times)
    if thick and len(times) > 1:
        axes.fill_between(days, low, high, color=line.color, alpha=0.16, linewidth=0)
    elif thick:
        axes.vlines(days, low, high, color=line.color, alpha=0.16, linewidth=9)
    axes.plot(
        days,
        means,
        color=line.color,
        linewidth=3.6 if thick else 1.7,
        marker="o" if len(times) <= 40 else "",
        markersize=8 if thick else 4.5,
        solid_capstyle="round",
        clip_on=False,
        zorder=5 if thick else 4,
    )


def _columns_pt(lines: Sequence[Line]) -> float:
    """Return the width in points that names and last values take."""
    names = max(width(line.name, LABEL_PT, line.weight) for line in lines)
    values = max(width(line.value, LABEL_PT, line.weight) for line in lines)
    return LEADER_PT + names + GAP_PT + values


def _draw_names(axes: Axes, lines: Sequence[Line]) -> None:
    """Write names and last values at the ends of the lines, as many as there is room for."""
    box = axes.get_position()
    bottom, top, right = box.y0 * HEIGHT_PT, box.y1 * HEIGHT_PT, box.x1 * WIDTH_PT
    room = int((top - bottom) / ROW_PT) + 1
    ends = {line: _place(axes, *line.series.points[-1][:2]) for line in lines[:room]}
    named = sorted(ends, key=lambda line: ends[line][1])
    heights = spread([ends[line][1] for line in named], bottom, top)
    for line, height in zip(named, heights, strict=True):
        leader = {"arrowstyle": "-", "color": line.color, "alpha": 0.7, "shrinkA": 0, "shrinkB": 0}
        start, end = (right + LEADER_PT - 5, height), ends[line]
        axes.annotate("", end, start, "figure points", arrowprops=leader, annotation_clip=False)
        color = line.color if line.series.emphasis else INK
        for text, x, side in (
            (line.name, right + LEADER_PT, "left"),
            (line.value, WIDTH_PT - EDGE_PT, "right"),
        ):
            axes.annotate(
                text,
                (x, height),
                xycoords="figure points",
                ha=side,
                va="center_baseline",
                color=color,
                weight=line.weight,
            )


def spread(heights: Sequence[float], bottom: float, top: float) -> list[float]:
    """Move ascending heights at least a row apart, and as little as that takes.

    Neighbours that are too close part by the same distance; then all are moved between the bounds.
    """
    placed = list(heights)
    for _ in placed:
        for index in range(len(placed) - 1):
            lack = max(0.0, ROW_PT - (placed[index + 1] - placed[index]))
            placed[index] -= lack / 2
            placed[index + 1] += lack / 2
    lifted = _lifted(placed, bottom)
    return [-y for y in reversed(_lifted([-y for y in reversed(lifted)], -top))]


def _lifted(heights: Sequence[float], floor: float) -> list[float]:
    """Lift ascending heights to at least a row apart above a floor."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + ROW_PT if placed else floor))
    return placed
