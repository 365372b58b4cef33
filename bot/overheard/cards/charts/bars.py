"""Bar charts: amounts in order, the largest first, as a picture and in words."""

from __future__ import annotations

from dataclasses import dataclass

from overheard.cards import wording

MAX_BARS = 9
"""Bars for which the sheet has room; the others are summed up in the last bar."""


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
    from overheard.cards.charts.canvas import GRID, HEIGHT, SOFT, WIDTH, Sheet

    edge, left, right, gap = 22, 330, 130, 36
    sheet, room = Sheet(), WIDTH - 2 * edge
    title = sheet.fit(chart.title, 26, room, "bold")
    sheet.write(edge, HEIGHT - edge, title, 26, weight="bold", va="top")
    sheet.write(edge, 16, sheet.fit(chart.caption, 18, room), 18, color=SOFT)
    most = max((bar.amount for bar in chart.shown), default=0.0) or 1.0
    for row, bar in enumerate(chart.shown):
        middle = HEIGHT - 88 - row * gap
        ends = (left, left + bar.amount / most * (WIDTH - left - right))
        label = sheet.fit(bar.label, 20, left - edge - 14)
        sheet.write(left - 12, middle, label, 20, ha="right", va="center")
        sheet.area((left, ends[1], ends[1], left), _sides(middle), color="#0072b2")
        sheet.line((left, left), (middle - gap / 2, middle + gap / 2), 1.5, color=GRID)
        sheet.write(ends[1] + 10, middle, wording.money(bar.amount), 20, va="center")
    return sheet.png()


def alt(chart: Bars) -> str:
    """Return in words what the picture shows, in at most 1,000 characters."""
    amounts = [f"{wording.line(bar.label)} {wording.money(bar.amount)}" for bar in chart.shown]
    return wording.shorten(f"{wording.line(chart.title)}: {', '.join(amounts) or 'nothing'}.", 1000)


def _sides(middle: float) -> tuple[float, float, float, float]:
    return (middle - 11, middle - 11, middle + 11, middle + 11)
