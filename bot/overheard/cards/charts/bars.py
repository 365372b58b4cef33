"""Bar charts: amounts of money, and brands at each model with the usual value as a tick."""

from dataclasses import dataclass

from overheard.cards import wording
from overheard.cards.charts.style import BOLD, REGULAR, fit_text, text_width
from overheard.cards.charts.svg import LABEL_SIZE, MARGIN, SMALL_SIZE, TITLE_BASELINE, WIDTH, Sheet

MAX_BARS = 9
"""Bars for which the picture has room; the others are summed up in the last bar."""
BAR_LEFT, BAR_WIDTH = 104.0, 160.0
"""Where bars begin, and the length of a bar for a share of 1, in units."""
ROW, BAR_HEIGHT, GROUP_ROW = 18.0, 13.0, 20.0
"""Heights of a bar's row, of the bar, and of a model's name, in units."""
BAR_BASELINE, TEXT_GAP = 12.0, 6.0
"""From the top of a row down to the base line of its text; between a bar and its text, in units."""
AMOUNTS_TOP, RATES_TOP, FRAME_HEIGHT = 26.0, 22.0, 34.0
"""Where the first row begins in both charts, and the height of all but the rows, in units."""
HATCH_GAP = 6.0
"""Distance of the lines in the bar of an old figure, in units."""
MIN_LENGTH = 1.0
"""Length of the bar of nothing, in units."""
MAX_LABEL_WIDTH = BAR_LEFT - 2 * MARGIN
"""Width at which the label of a bar is cut, in units."""
CAPTION_HEIGHT = 16.0
"""Additional height of a chart with a caption, in units."""
LEGEND_BOX = 11.0
"""Width of a sample in a legend, in units."""
WIDEST_AMOUNT = "$00,000.00"
"""The amount for which there is room after the longest bar."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An amount with a label.

    Attributes:
        label: What the amount is of, such as a model or a day.
        amount: US dollars, or another quantity that `words` tells; 0 or more.
        rest: What the bar has behind the amount, in the order of `REST`, in the same unit.
        words: The amount in words; empty for US dollars.
        emphasis: Whether the chart is about this bar.
    """

    label: str
    amount: float
    rest: tuple[float, ...] = ()
    words: str = ""
    emphasis: bool = False

    @property
    def told(self) -> str:
        """The amount in words, with what else is behind it than `DOES_NOT`."""
        named = dict(zip(REST, self.rest, strict=False))
        others = [f"{n:g} {word}" for word, n in named.items() if n and word != DOES_NOT]
        return ", ".join([self.words or wording.money(self.amount), *others])


DOES_NOT, NO_ANSWER, NOT_OBSERVED = REST = ("does not", "no answer", "not observed")
"""What answers do that do not name the brand, and why there is none."""


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart of amounts.

    Attributes:
        bars: The bars, the largest amount first.
        caption: A small line below, or an empty string.
        legend: What the amounts are; empty for no legend.
    """

    title: str
    bars: tuple[Bar, ...]
    caption: str = ""
    legend: str = ""

    @property
    def shown(self) -> tuple[Bar, ...]:
        """The bars that are drawn, at most `MAX_BARS`.

        With more, the last is the sum of all that have no room, labelled "5 others".
        """
        if len(self.bars) <= MAX_BARS:
            return self.bars
        rest = self.bars[MAX_BARS - 1 :]
        total = sum(bar.amount for bar in rest)
        return (*self.bars[: MAX_BARS - 1], Bar(wording.count(len(rest), "other"), total))


def drawing(chart: Bars) -> Sheet:
    """Return a drawing of the amounts: a horizontal bar for each, with its label and its words.

    The longest bar fills the width, and a bar of nothing is a thin line. A chart without bars has
    its title only.
    """
    rows = max(1, len(chart.shown))
    below = GROUP_ROW if chart.legend else CAPTION_HEIGHT if chart.caption else 0
    sheet = Sheet(FRAME_HEIGHT + ROW * rows + below)
    sheet.title(chart.title)
    largest = max((bar.amount + sum(bar.rest) for bar in chart.shown), default=0.0) or 1.0
    unit = (WIDTH - BAR_LEFT - 20 - text_width(WIDEST_AMOUNT, LABEL_SIZE)) / largest
    for row, bar in enumerate(chart.shown):
        y, x = AMOUNTS_TOP + row * ROW, BAR_LEFT
        baseline, weight = y + BAR_BASELINE, BOLD if bar.emphasis else REGULAR
        label = fit_text(bar.label, LABEL_SIZE, MAX_LABEL_WIDTH, weight)
        color = "mute" if bar.rest and not bar.emphasis else "ink"
        label_end = (BAR_LEFT - TEXT_GAP, baseline)
        sheet.text(label_end, label, size=LABEL_SIZE, color=color, weight=weight, anchor="end")
        sheet.box((x, y + 2), max(bar.amount * unit, MIN_LENGTH), BAR_HEIGHT, "brand")
        x += bar.amount * unit
        for kind, amount in zip(REST, bar.rest, strict=False):
            _draw_rest(sheet, kind, (x, y + 2), amount * unit)
            x += amount * unit
        words = bar.words or wording.money(bar.amount)
        color, weight = ("brand", BOLD) if bar.words else ("ink", REGULAR)
        sheet.text((x + TEXT_GAP, baseline), words, size=LABEL_SIZE, color=color, weight=weight)
    sheet.caption(chart.caption)
    if chart.legend:
        _draw_legend(sheet, chart)
    return sheet


def _draw_legend(sheet: Sheet, chart: Bars) -> None:
    """Draw what the amounts are, and what is behind them in some bar."""
    rest = [kind for n, kind in enumerate(REST) if any(bar.rest[n] for bar in chart.bars)]
    x, y = MARGIN, sheet.height - GROUP_ROW
    for kind in (chart.legend, *rest):
        _draw_rest(sheet, kind, (x, y), LEGEND_BOX)
        sheet.text((x + LEGEND_BOX + 3, y + BAR_BASELINE - 2), kind)
        x += LEGEND_BOX + TEXT_GAP + 3 + text_width(kind, SMALL_SIZE)


def _draw_rest(sheet: Sheet, kind: str, at: tuple[float, float], width: float) -> None:
    """Draw a part of a bar; nothing without a width."""
    if width and kind == NO_ANSWER:
        _draw_outline(sheet, at, width, "rival", "2 2")
    elif width and kind == NOT_OBSERVED:
        _draw_hatched(sheet, at, width, "bad")
    elif width:
        sheet.box(at, width, BAR_HEIGHT, "bar" if kind == DOES_NOT else "brand")


def alt_text(chart: Bars) -> str:
    """Return the labels and amounts of a bar chart as a sentence; "nothing" without bars."""
    amounts = [f"{wording.line(bar.label)} {bar.told}" for bar in chart.shown]
    return f"{wording.line(chart.title)}: {'; '.join(amounts) or 'nothing'}."


@dataclass(frozen=True, slots=True)
class Rate:
    """A brand's share of the answers of a model.

    Attributes:
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
        answers: The number of answers of which shares are shown as counts; 0 for per cent.
        old: Words such as ``old: 14 Dec`` for figures that are not of the newest check: their bars
            are hatched. Empty for new figures.
    """

    label: str
    rates: tuple[Rate, ...]
    detail: str = ""
    answers: int = 0
    old: str = ""


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
TICK_WIDTH = 2.4
"""Width of a tick at a usual share, in units."""
TICK_ROOM = 5.0
"""The least distance of a tick from words, in units."""


def rates_drawing(chart: Rates) -> Sheet:
    """Return a drawing with one block for each model: its name, and a bar for each brand's share.

    A share of 1 has the full length. A tick marks the usual share of a brand that has one; the
    legend of ticks is drawn only if there is a tick.
    """
    rows = sum(len(group.rates) for group in chart.groups)
    sheet = Sheet(FRAME_HEIGHT + GROUP_ROW * len(chart.groups) + ROW * rows)
    has_usual = any(rate.usual is not None for group in chart.groups for rate in group.rates)
    legend_width = text_width(USUAL_NAME, SMALL_SIZE) + 12 if has_usual else 0.0
    sheet.title(chart.title, WIDTH - 20 - legend_width)
    if has_usual:
        tick_x = WIDTH - legend_width - 3
        sheet.line((tick_x, 7), (tick_x, 18), "ink", TICK_WIDTH)
        sheet.text((WIDTH - MARGIN, TITLE_BASELINE), USUAL_NAME, anchor="end")
    y = RATES_TOP
    for group in chart.groups:
        old_width = text_width(group.old, SMALL_SIZE, BOLD)
        sheet.heading(y + 15, group.label, group.detail, WIDTH - 120, old_width)
        if group.old:
            place = (WIDTH - MARGIN, y + 15)
            sheet.text(place, group.old, color="bad", anchor="end", weight=BOLD)
        y += GROUP_ROW
        for rate in group.rates:
            _draw_rate(sheet, group, rate, y)
            y += ROW
    return sheet


def _draw_rate(sheet: Sheet, group: RateGroup, rate: Rate, y: float) -> None:
    """Draw a brand's bar with its label and its share, and a tick at its usual share.

    The words of the share are right of the bar, or of the tick where that would go through them.
    """
    bar_color, text_color = ("brand", "brand") if rate.emphasis else ("bar", "mute")
    weight = BOLD if rate.emphasis else REGULAR
    label = fit_text(rate.label, LABEL_SIZE, MAX_LABEL_WIDTH, BOLD)
    length = rate.share * BAR_WIDTH
    baseline = y + BAR_BASELINE
    label_end = (BAR_LEFT - TEXT_GAP, baseline)
    sheet.text(label_end, label, size=LABEL_SIZE, color=text_color, weight=weight, anchor="end")
    if group.old:
        _draw_hatched(sheet, (BAR_LEFT, y + 1), max(length, MIN_LENGTH), bar_color)
    else:
        sheet.box((BAR_LEFT, y + 1), max(length, MIN_LENGTH), BAR_HEIGHT, bar_color)
    words, words_x = wording.share(rate.share, group.answers), BAR_LEFT + length + TEXT_GAP
    if rate.usual is not None:
        tick_x = BAR_LEFT + rate.usual * BAR_WIDTH
        sheet.line((tick_x, y), (tick_x, y + ROW - 3), "ink", TICK_WIDTH)
        words_end = words_x + text_width(words, LABEL_SIZE, BOLD)
        is_through_words = words_x - TICK_ROOM < tick_x < words_end + TICK_ROOM
        words_x = tick_x + TEXT_GAP if is_through_words else words_x
    sheet.text((words_x, baseline), words, size=LABEL_SIZE, color=text_color, weight=weight)


def _draw_hatched(sheet: Sheet, at: tuple[float, float], width: float, color: str) -> None:
    """Draw the outline of a bar with diagonal lines in it: it has old figures."""
    _draw_outline(sheet, at, width, color)
    left, right, foot = at[0], at[0] + width, at[1] + BAR_HEIGHT
    start = left - BAR_HEIGHT
    while start < right:
        low_x, high_x = max(start, left), min(start + BAR_HEIGHT, right)
        ends = (low_x, foot - (low_x - start)), (high_x, foot - (high_x - start))
        sheet.line(*ends, color, 1.4)
        start += HATCH_GAP


def _draw_outline(
    sheet: Sheet, at: tuple[float, float], width: float, color: str, dash: str = ""
) -> None:
    """Draw the outline of a bar."""
    left, top = at
    right, foot = left + width, top + BAR_HEIGHT
    corners = [(left, top), (right, top), (right, foot), (left, foot), (left, top)]
    sheet.path(corners, color, 1.0, dash)


def rates_alt(chart: Rates) -> str:
    """Return the title and the shares of all brands at each model, with their usual shares if
    known.

    Shares are counts where the model has a number of answers, else per cent.
    """
    sentences = []
    for group in chart.groups:
        answers = group.answers
        of_answers = f" of {answers}" if answers else ""
        rates = [
            f"{wording.line(rate.label)} {wording.share(rate.share, answers)}{of_answers}"
            + ("" if rate.usual is None else f", usually {wording.share(rate.usual, answers)}")
            for rate in group.rates
        ]
        old = f" ({group.old})" if group.old else ""
        sentences.append(f"{wording.line(group.label)}{old}: {'; '.join(rates)}.")
    return f"{wording.line(chart.title)}. {' '.join(sentences)}"
