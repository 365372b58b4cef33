"""Bar charts: amounts in order, the largest first, as a picture and in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from overheard.cards import wording

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_BARS = 9
"""Bars for which the figure has room; the others are summed up in the last bar."""
MIN_ROWS = 7
"""Rows of a chart of fewer bars, so that one bar does not fill the figure."""
MAX_LABEL_PT = 300
"""Width at which labels are cut."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One amount.

    Attributes:
        label: What the amount is of.
        amount: How much; 0 or more.
    """

    label: str
    amount: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Amounts of dollars.

    Attributes:
        title: What is shown.
        bars: The largest first.
        caption: A small line below, or an empty string.
    """

    title: str
    bars: tuple[Bar, ...]
    caption: str = ""

    @property
    def shown(self) -> tuple[Bar, ...]:
        """The bars for which there is room."""
        if len(self.bars) <= MAX_BARS:
            return self.bars
        rest = self.bars[MAX_BARS - 1 :]
        total = sum(bar.amount for bar in rest)
        return (*self.bars[: MAX_BARS - 1], Bar(wording.count(len(rest), "other"), total))


def draw(chart: Bars) -> bytes:
    """Return the chart as a PNG of 1800 x 960 pixels; the same chart gives the same bytes."""
    from overheard.cards.charts.canvas import png

    return png(figure(chart))


def figure(chart: Bars) -> Figure:
    """Return the chart as a drawn figure."""
    from overheard.cards.charts.canvas import drawn

    return drawn(chart.title, chart.caption, partial(_plot, chart))


def _plot(chart: Bars, axes: Axes) -> None:
    from overheard.cards.charts.canvas import BLUE, INK, LABEL_PT, SOFT, fit

    shown = chart.shown
    rows = range(len(shown))
    bars = axes.barh(rows, [bar.amount for bar in shown], 0.62, color=BLUE)
    axes.bar_label(bars, [wording.money(bar.amount) for bar in shown], padding=7)
    names = [fit(bar.label, LABEL_PT, MAX_LABEL_PT) for bar in shown]
    axes.set_yticks(rows, names, color=INK)
    axes.set_ylim(max(len(shown), MIN_ROWS) - 0.5, -0.5)
    axes.xaxis.set_visible(False)
    axes.spines.bottom.set_visible(False)
    axes.vlines(0, -0.5, len(shown) - 0.5, color=SOFT, linewidth=0.8)


def alt(chart: Bars) -> str:
    """Return in words what the picture shows, in at most 1,000 characters."""
    amounts = [f"{wording.line(bar.label)} {wording.money(bar.amount)}" for bar in chart.shown]
    return wording.shorten(f"{wording.line(chart.title)}: {', '.join(amounts) or 'nothing'}.", 1000)
