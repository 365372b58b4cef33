"""The layout of a trend chart. Imports matplotlib, so it is imported when a chart is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import cycle
from typing import Any

from overheard.cards import wording
from overheard.cards.charts import ticks
from overheard.cards.charts.canvas import GRID, HEIGHT, INK, SOFT, WIDTH, Sheet
from overheard.cards.charts.trend import EMPTY, Chart, Series
from overheard.domain import Scale

EDGE = 22
"""Between everything and the rim of the sheet."""
GAP = 14
"""Between a name and its value."""
ROW = 25
"""From one name, or one row of marks, to the next."""
BRAND = ("#0072b2", "#d55e00")
"""From the palette of Okabe and Ito (2008) for all kinds of colour vision."""
RIVALS = ("#cc6677", "#117733", "#999933", "#882255", "#44aa99", "#aa4499")
"""From Paul Tol's muted palette, less its yellow and its light blue, which white swallows."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The rectangle that lines are drawn in, and what its sides mean."""

    left: float
    bottom: float
    right: float
    top: float
    first: datetime
    last: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        """Return the x of a moment in pixels; a single moment is in the middle."""
        whole = (self.last - self.first).total_seconds()
        share = (at - self.first).total_seconds() / whole if whole else 0.5
        return self.left + 14 + share * (self.right - self.left - 28)

    def y(self, value: float) -> float:
        """Return the y of a value in pixels, at most on the edge of the frame."""
        share = (value - self.low) / (self.high - self.low)
        return self.bottom + min(max(share, 0.0), 1.0) * (self.top - self.bottom)


@dataclass(frozen=True, slots=True)
class Line:
    """A series with its colour and the words at its end."""

    series: Series
    color: str
    name: str
    value: str

    @property
    def weight(self) -> str:
        """How bold its words are."""
        return "bold" if self.series.emphasis else "normal"


@dataclass(frozen=True, slots=True)
class Sign:
    """A mark as it is drawn.

    Attributes:
        at: The x of the dashed line.
        text: The words, empty when there is no room for them.
        middle: The x around which the words are centred.
        row: In which row above the frame, from 0.
    """

    at: float
    text: str
    middle: float
    row: int


def plot(chart: Chart) -> bytes:
    """Return the chart as a PNG."""
    sheet = Sheet()
    room = WIDTH - 2 * EDGE
    title = sheet.fit(chart.title, 26, room, "bold")
    sheet.write(EDGE, HEIGHT - EDGE, title, 26, weight="bold", va="top")
    sheet.write(EDGE, 16, sheet.fit(chart.caption, 18, room), 18, color=SOFT)
    if chart.times:
        _fill(sheet, chart)
    else:
        sheet.write(WIDTH / 2, HEIGHT / 2, EMPTY, 24, color=SOFT, ha="center")
    return sheet.png()


def _fill(sheet: Sheet, chart: Chart) -> None:
    lines = _lines(sheet, chart)
    seen = [v for s in chart.series for _, *p in s.points for v in (p if s.emphasis else p[:1])]
    marks = ticks.values(seen, chart.scale)
    frame = _frame(sheet, chart, lines, marks)
    signs = _signs(sheet, frame, chart)
    rows = 1 + max((sign.row for sign in signs), default=-1)
    frame = replace(frame, top=frame.top - ROW * rows)
    _draw_values(sheet, frame, chart.scale, marks)
    _draw_times(sheet, frame, chart)
    _draw_stretches(sheet, frame, chart)
    _draw_signs(sheet, frame, signs)
    for line in reversed(lines):
        _draw_line(sheet, frame, line)
    _draw_names(sheet, frame, lines)


def _frame(sheet: Sheet, chart: Chart, lines: Sequence[Line], marks: Sequence[float]) -> Frame:
    """Return a frame that leaves room for the words around it, but for the signs above."""
    values = max(sheet.width(ticks.value_name(mark, chart.scale), 20) for mark in marks)
    return Frame(
        left=EDGE + values + 10,
        bottom=106 if chart.caption else 76,
        right=WIDTH - EDGE - sum(_columns(sheet, lines)) - GAP - 20,
        top=HEIGHT - EDGE - 54,
        first=chart.times[0],
        last=chart.times[-1],
        low=marks[0],
        high=marks[-1],
    )


# The sides


def _draw_values(sheet: Sheet, frame: Frame, scale: Scale, marks: Iterable[float]) -> None:
    for mark in marks:
        y = frame.y(mark)
        color = SOFT if mark == 0 else GRID
        sheet.line([frame.left, frame.right], [y, y], 1.4, color=color, zorder=1)
        name = ticks.value_name(mark, scale)
        sheet.write(frame.left - 10, y, name, 20, color=SOFT, ha="right", va="center_baseline")


def _draw_times(sheet: Sheet, frame: Frame, chart: Chart) -> None:
    said = ""
    for at in ticks.moments(frame.first, frame.last, chart.zone):
        x = frame.x(at)
        name, context = ticks.moment_name(at, frame.last - frame.first)
        sheet.line([x, x], [frame.bottom, frame.bottom - 7], 1.4, color=SOFT, zorder=1)
        sheet.write(x, frame.bottom - 29, name, 20, color=SOFT, ha="center")
        if context != said:
            sheet.write(x, frame.bottom - 52, context, 18, color=SOFT, ha="center")
        said = context


# The marks


def _signs(sheet: Sheet, frame: Frame, chart: Chart) -> list[Sign]:
    """Give every mark's words a place in two rows; those that find none are left out."""
    signs: list[Sign] = []
    ends = [0.0, 0.0]
    for mark in chart.shown_marks:
        at, text = frame.x(mark.at), sheet.fit(mark.label, 19, 340)
        half = sheet.width(text, 19) / 2
        middle = min(max(at, EDGE + half), WIDTH - EDGE - half)
        row = next((row for row in (0, 1) if ends[row] < middle - half), None)
        if row is None:
            signs.append(Sign(at, "", at, 0))
        else:
            ends[row] = middle + half + 16
            signs.append(Sign(at, text, middle, row))
    return signs


def _draw_stretches(sheet: Sheet, frame: Frame, chart: Chart) -> None:
    """Shade the stretches of time, as far as they lie within the frame."""
    for mark in chart.shown_marks:
        if mark.between:
            start, end = mark.between
            left, right = frame.x(max(start, frame.first)), frame.x(min(end, frame.last))
            corners = ([left, right, right, left], [frame.bottom] * 2 + [frame.top] * 2)
            sheet.area(*corners, color=SOFT, alpha=0.14, zorder=1)


def _draw_signs(sheet: Sheet, frame: Frame, signs: Iterable[Sign]) -> None:
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    for sign in signs:
        foot = frame.top + 10 + ROW * sign.row
        dashes = (0, (4, 3))
        sheet.line([sign.at] * 2, [frame.bottom, foot], 2, color=SOFT, linestyle=dashes, zorder=2)
        sheet.write(sign.middle, foot + 6, sign.text, 19, ha="center", bbox=behind)


# The lines


def _lines(sheet: Sheet, chart: Chart) -> list[Line]:
    """Give every line its colour and words, those that the chart is about first."""
    brands, rivals = cycle(BRAND), cycle(RIVALS)
    found = [
        Line(
            series,
            next(brands if series.emphasis else rivals),
            sheet.fit(series.label, 21, 190, "bold" if series.emphasis else "normal"),
            wording.value(series.points[-1][1], chart.scale),
        )
        for series in chart.series
        if series.points
    ]
    return sorted(found, key=lambda line: not line.series.emphasis)


def _draw_line(sheet: Sheet, frame: Frame, line: Line) -> None:
    points, thick = line.series.points, line.series.emphasis
    xs = [frame.x(at) for at, *_ in points]
    ys = [frame.y(mean) for _, mean, *_ in points]
    look: dict[str, Any] = {
        "color": line.color,
        "zorder": 5 if thick else 4,
        "solid_capstyle": "round",
    }
    if thick:
        _draw_band(sheet, frame, line, xs)
    if len(points) <= 40:
        look |= {"marker": "o", "markersize": 8 if thick else 4.5}
    sheet.line(xs, ys, 5 if thick else 2.4, **look)


def _draw_band(sheet: Sheet, frame: Frame, line: Line, xs: list[float]) -> None:
    """Draw the intervals; a single one is a bar, for it has no width to fill."""
    low = [frame.y(point[2]) for point in line.series.points]
    high = [frame.y(point[3]) for point in line.series.points]
    if len(xs) == 1:
        xs, low, high = [xs[0] - 6, xs[0] + 6], low * 2, high * 2
    there, back = [*xs, *reversed(xs)], [*low, *reversed(high)]
    sheet.area(there, back, color=line.color, alpha=0.16, zorder=3)


def _columns(sheet: Sheet, lines: Iterable[Line]) -> tuple[float, float]:
    """Return how wide the lines' names are, and their values."""
    names = max(sheet.width(line.name, 21, line.weight) for line in lines)
    values = max(sheet.width(line.value, 21, line.weight) for line in lines)
    return names, values


def _draw_names(sheet: Sheet, frame: Frame, lines: Sequence[Line]) -> None:
    """Write names and last values at the ends of the lines, as many as there is room for."""
    room = int((frame.top - frame.bottom) / ROW) + 1
    ends = {line: _end(frame, line) for line in lines[:room]}
    named = sorted(ends, key=lambda line: ends[line][1])
    heights = spread([ends[line][1] for line in named], frame.bottom, frame.top)
    for line, height in zip(named, heights, strict=True):
        x, y = ends[line]
        way = ([x, frame.right, frame.right + 14], [y, y, height])
        sheet.line(*way, 1.4, color=line.color, alpha=0.7, zorder=3)
        look = {
            "color": line.color if line.series.emphasis else INK,
            "weight": line.weight,
            "va": "center_baseline",
        }
        sheet.write(frame.right + 20, height, line.name, 21, **look)
        sheet.write(WIDTH - EDGE, height, line.value, 21, ha="right", **look)


def _end(frame: Frame, line: Line) -> tuple[float, float]:
    at, mean, *_ = line.series.points[-1]
    return frame.x(at), frame.y(mean)


def spread(heights: Sequence[float], bottom: float, top: float) -> list[float]:
    """Move heights, the lowest first, at least a row apart and as little as that takes.

    Neighbours that are too close part by the same way, until all are free; then the rim holds.
    """
    placed = list(heights)
    for _ in placed:
        for index in range(len(placed) - 1):
            lack = max(0.0, ROW - (placed[index + 1] - placed[index]))
            placed[index] -= lack / 2
            placed[index + 1] += lack / 2
    lifted = _lifted(placed, bottom)
    return [-y for y in reversed(_lifted([-y for y in reversed(lifted)], -top))]


def _lifted(heights: Sequence[float], floor: float) -> list[float]:
    """Lift heights to at least a row apart above a floor."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + ROW if placed else floor))
    return placed
