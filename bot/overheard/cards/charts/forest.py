"""Forest plots: differences with their intervals, as a picture and in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from overheard.cards import wording
from overheard.domain import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MIN_ROWS, MAX_ROWS = 7, 10
"""Rows for which a figure has room at least and at most; further differences are omitted."""
MAX_LABEL_PT, MAX_TEXT_PT = 190, 230
"""Widths at which labels, and changes with their verdicts, are cut."""
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
    """Return the chart as a PNG of 1800 x 960 pixels; the same chart gives the same bytes."""
    from overheard.cards.charts.canvas import png

    return png(figure(chart))


def figure(chart: Spans) -> Figure:
    """Return the chart as a drawn figure.

    Zero is in the middle. A rate's axis reaches as far as the widest interval of a rate; each
    other scale has a fixed reach.
    """
    from overheard.cards.charts.canvas import drawn

    return drawn(chart.title, chart.caption, partial(_plot, chart))


def _plot(chart: Spans, axes: Axes) -> None:
    from overheard.cards.charts.canvas import BLUE, INK, LABEL_PT, SOFT, fit

    shown = chart.spans[:MAX_ROWS]
    for row, span in enumerate(shown):
        reach, color = _reach(span, shown), BLUE if span.moved else SOFT
        low, at, high = (
            max(-1.0, min(1.0, value / reach))
            for value in (span.interval[0], span.difference, span.interval[1])
        )
        axes.hlines(row, low, high, color=color, linewidth=3.6)
        axes.plot(at, row, "o", color=color, markersize=8, clip_on=False)
    axes.vlines(0, -0.5, len(shown) - 0.5, color=SOFT, linewidth=0.8, zorder=0)
    axes.set_xlim(-1.05, 1.05)
    axes.set_ylim(max(len(shown), MIN_ROWS) - 0.5, -0.5)
    axes.xaxis.set_visible(False)
    axes.spines.bottom.set_visible(False)
    labels = [fit(span.label, LABEL_PT, MAX_LABEL_PT) for span in shown]
    texts = [f"{wording.change(span.difference, span.scale)}, {span.verdict}" for span in shown]
    axes.set_yticks(range(len(shown)), labels, color=INK)
    right = axes.secondary_yaxis("right")
    right.set_yticks(
        range(len(shown)), [fit(text, LABEL_PT, MAX_TEXT_PT) for text in texts], color=INK
    )
    right.spines.right.set_visible(False)


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
