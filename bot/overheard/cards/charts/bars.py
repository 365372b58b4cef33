"""Bar charts: amounts of money, and brands at each model with the usual value as a tick."""

from __future__ import annotations

from dataclasses import dataclass

from overheard.cards import wording
from overheard.cards.charts.svg import LABEL_SIZE, SMALL_SIZE, TITLE_SIZE, WIDTH, Sheet, fit, width

MAX_BARS = 9
"""Bars for which the picture has room; the others are summed up in the last bar."""
BAR_LEFT, BAR_ROOM = 104.0, 160.0
"""Where bars begin, and the length of the longest, in units."""
ROW, GROUP_ROW = 18.0, 20.0
"""Heights of a bar's row and of a group's name, in units."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An amount of money with a label.

    Attributes:
        label: What the money was spent on, such as a model or a day.
        amount: US dollars; 0 or more.
    """

    label: str
    amount: float


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart of amounts of US dollars.

    Attributes:
        title: What the amounts are.
        bars: The bars, the largest amount first.
        caption: A small line below, or an empty string.
    """

    title: str
    bars: tuple[Bar, ...]
    caption: str = ""

    @property
    def shown(self) -> tuple[Bar, ...]:
        """The bars that are drawn, at most `MAX_BARS`: the last bar is the sum of all bars without
        room.
        """
        if len(self.bars) <= MAX_BARS:
            return self.bars
        rest = self.bars[MAX_BARS - 1 :]
        total = sum(bar.amount for bar in rest)
        return (*self.bars[: MAX_BARS - 1], Bar(wording.count(len(rest), "other"), total))


def drawing(chart: Bars) -> Sheet:
    """Return a drawing of the amounts: a horizontal bar for each, with its label and its dollars.

    The longest bar fills the width. A chart without bars has its title only.
    """
    sheet = Sheet(34 + ROW * max(1, len(chart.shown)) + (16 if chart.caption else 0))
    sheet.title(chart.title)
    most = max((bar.amount for bar in chart.shown), default=0.0) or 1.0
    for row, bar in enumerate(chart.shown):
        y = 26 + row * ROW
        label = fit(bar.label, LABEL_SIZE, BAR_LEFT - 16)
        sheet.text((BAR_LEFT - 6, y + 12), label, size=LABEL_SIZE, color="ink", anchor="end")
        amount = wording.money(bar.amount)
        length = bar.amount / most * (WIDTH - BAR_LEFT - 20 - width("$00,000.00", LABEL_SIZE))
        sheet.box((BAR_LEFT, y + 2), max(length, 1.0), ROW - 5, "brand")
        sheet.text((BAR_LEFT + length + 6, y + 12), amount, size=LABEL_SIZE, color="ink")
    if chart.caption:
        sheet.text((8, sheet.height - 6), fit(chart.caption, SMALL_SIZE, WIDTH - 16))
    return sheet


def alt_text(chart: Bars) -> str:
    """Return the labels and amounts of a bar chart as a sentence of at most 1,000 characters."""
    amounts = [f"{wording.line(bar.label)} {wording.money(bar.amount)}" for bar in chart.shown]
    return wording.shorten(f"{wording.line(chart.title)}: {', '.join(amounts) or 'nothing'}.", 1000)


@dataclass(frozen=True, slots=True)
class Rate:
    """A brand's share of the answers of a model.

    Attributes:
        label: The brand.
        share: 0 to 1.
        usual: The share that is usual for the brand, shown as a tick; None without one.
        emphasis: Whether the chart is about this brand.
    """

    label: str
    share: float
    usual: float | None = None
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class RateGroup:
    """The brands at one model, the largest share first.

    Attributes:
        label: The model's name.
        detail: How the model was asked, in brackets after the name; or empty.
        rates: Its brands.
        answers: The number of answers of which shares are shown as counts; 0 for per cent.
    """

    label: str
    rates: tuple[Rate, ...]
    detail: str = ""
    answers: int = 0

    def words(self, share: float) -> str:
        """Format a share (0 to 1): as a count of the group's answers (``9``), or in per cent (``38
        %``).
        """
        return wording.share(share, self.answers)


@dataclass(frozen=True, slots=True)
class Rates:
    """Brands at each model.

    Attributes:
        title: What is shown.
        groups: One for each model.
    """

    title: str
    groups: tuple[RateGroup, ...]


USUAL_NAME = "= your usual"


def rates_drawing(chart: Rates) -> Sheet:
    """Return a drawing with one block for each model: its name, and a bar for each brand's share.

    A share of 1 has the full length. A tick marks the usual share of a brand that has one; the
    legend of ticks is drawn only if there is a tick.
    """
    rows = sum(len(group.rates) for group in chart.groups)
    sheet = Sheet(34 + GROUP_ROW * len(chart.groups) + ROW * rows)
    has_usual = any(rate.usual is not None for group in chart.groups for rate in group.rates)
    legend = width(USUAL_NAME, SMALL_SIZE) + 12 if has_usual else 0.0
    sheet.title(chart.title, WIDTH - 20 - legend)
    if has_usual:
        sheet.line((WIDTH - legend - 3, 7), (WIDTH - legend - 3, 18), "ink", 2.4)
        sheet.text((WIDTH - 8, 16), USUAL_NAME, anchor="end")
    y = 22.0
    for group in chart.groups:
        name = fit(group.label, TITLE_SIZE, WIDTH - 120, 600)
        sheet.text((8, y + 15), name, size=TITLE_SIZE, color="ink", weight=600)
        if group.detail:
            x = 14 + width(name, TITLE_SIZE, 600)
            sheet.text((x, y + 15), fit(f"({group.detail})", SMALL_SIZE, WIDTH - 8 - x))
        y += GROUP_ROW
        for rate in group.rates:
            _draw_rate(sheet, group, rate, y)
            y += ROW
    return sheet


def _draw_rate(sheet: Sheet, group: RateGroup, rate: Rate, y: float) -> None:
    """Draw a brand's bar with its label and its share, and a tick at its usual share.

    Args:
        sheet: The drawing, which is changed.
        group: The model, which says how shares are written.
        rate: The brand's share.
        y: The top of the row, in units of the drawing.
    """
    color, ink = ("brand", "brand") if rate.emphasis else ("bar", "mute")
    weight = 600 if rate.emphasis else 400
    label = fit(rate.label, LABEL_SIZE, BAR_LEFT - 16, 600)
    length = rate.share * BAR_ROOM
    sheet.text(
        (BAR_LEFT - 6, y + 12), label, size=LABEL_SIZE, color=ink, weight=weight, anchor="end"
    )
    sheet.box((BAR_LEFT, y + 1), max(length, 1.0), ROW - 5, color)
    tick = None if rate.usual is None else BAR_LEFT + rate.usual * BAR_ROOM
    if tick is not None:
        sheet.line((tick, y), (tick, y + ROW - 3), "ink", 2.4)
    words = group.words(rate.share)
    x = BAR_LEFT + length + 6
    if tick is not None and x - 5 < tick < x + width(words, LABEL_SIZE, 600) + 5:
        x = tick + 6  # the number follows the tick
    sheet.text((x, y + 12), words, size=LABEL_SIZE, color=ink, weight=weight)


def rates_alt(chart: Rates) -> str:
    """Return the shares of all brands at all models in sentences, at most 1,000 characters."""
    parts = []
    for group in chart.groups:
        of = f" of {group.answers}" if group.answers else ""
        named = [
            f"{wording.line(rate.label)} {group.words(rate.share)}{of}"
            + ("" if rate.usual is None else f", usually {group.words(rate.usual)}")
            for rate in group.rates
        ]
        parts.append(f"{wording.line(group.label)}: {'; '.join(named)}.")
    return wording.shorten(f"{wording.line(chart.title)}. {' '.join(parts)}", 1000)
