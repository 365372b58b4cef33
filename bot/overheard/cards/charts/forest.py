"""Forest plots: differences with their intervals, as a picture and in words."""

from __future__ import annotations

from dataclasses import dataclass

from overheard.cards import wording
from overheard.domain import Scale

MAX_ROWS = 10
"""Rows for which the sheet has room; the others are omitted."""
REACH = {Scale.POLARITY: 1.0, Scale.RANK: 5.0}
"""Half of the axis on scales that are not rates."""


@dataclass(frozen=True, slots=True)
class Span:
    """One difference.

    Attributes:
        label: Of what.
        difference: On the metric's scale.
        interval: Its low and high end.
        scale: What the values are.
        verdict: A word or two.
        moved: Whether the difference is more than chance.
    """

    label: str
    difference: float
    interval: tuple[float, float]
    scale: Scale
    verdict: str
    moved: bool


@dataclass(frozen=True, slots=True)
class Spans:
    """Differences.

    Attributes:
        title: What is shown.
        spans: In the order in which they are shown.
        caption: A small line below, or an empty string.
    """

    title: str
    spans: tuple[Span, ...]
    caption: str = ""


def draw(chart: Spans) -> bytes:
    """Return the chart as a PNG of 1800 x 960 pixels; the same chart gives the same bytes.

    Zero is in the middle. A rate's axis reaches as far as the widest interval of a rate; each
    other scale has a fixed reach.
    """
    from overheard.cards.charts.canvas import GRID, HEIGHT, INK, SOFT, WIDTH, Sheet

    edge, left, right, gap = 22, 300, 300, 36
    sheet, room = Sheet(), WIDTH - 2 * edge
    title = sheet.fit(chart.title, 26, room, "bold")
    sheet.write(edge, HEIGHT - edge, title, 26, weight="bold", va="top")
    sheet.write(edge, 16, sheet.fit(chart.caption, 18, room), 18, color=SOFT)
    shown = chart.spans[:MAX_ROWS]
    middle, half = (left + WIDTH - right) / 2, (WIDTH - right - left) / 2
    top = HEIGHT - 88
    sheet.line((middle, middle), (top + gap / 2, top - (len(shown) - 0.5) * gap), 1.5, color=GRID)
    for row, span in enumerate(shown):
        y, reach = top - row * gap, _reach(span, shown)
        low, at, high = (
            middle + max(-1.0, min(1.0, value / reach)) * half
            for value in (span.interval[0], span.difference, span.interval[1])
        )
        color = "#0072b2" if span.moved else SOFT
        sheet.write(
            left - 14, y, sheet.fit(span.label, 20, left - edge - 14), 20, ha="right", va="center"
        )
        sheet.line((low, high), (y, y), 5, color=color, solid_capstyle="butt")
        sheet.line((at,), (y,), 1, color=color, marker="o", markersize=8)
        text = f"{wording.change(span.difference, span.scale)}, {span.verdict}"
        sheet.write(
            WIDTH - right + 14,
            y,
            sheet.fit(text, 20, right - edge - 14),
            20,
            color=INK,
            va="center",
        )
    return sheet.png()


def alt(chart: Spans) -> str:
    """Return in words what the picture shows, in at most 1,000 characters."""
    texts = [
        f"{wording.line(span.label)} {wording.change(span.difference, span.scale)} ({span.verdict})"
        for span in chart.spans[:MAX_ROWS]
    ]
    return wording.shorten(f"{wording.line(chart.title)}: {', '.join(texts) or 'nothing'}.", 1000)


def _reach(span: Span, shown: tuple[Span, ...]) -> float:
    if span.scale in REACH:
        return REACH[span.scale]
    ends = (abs(end) for other in shown if other.scale not in REACH for end in other.interval)
    return max(0.1, *ends)
