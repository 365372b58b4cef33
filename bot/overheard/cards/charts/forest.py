"""Differences: with their intervals (forest plots), and of one brand to another (pairs of dots)."""

from dataclasses import dataclass

from overheard.cards import wording
from overheard.cards.charts.style import BOLD, REGULAR, fit_text, text_width
from overheard.cards.charts.svg import LABEL_SIZE, MARGIN, TEXT_DROP, WIDTH, Sheet
from overheard.domain import Scale

MAX_ROWS = 10
"""Rows for which a picture has room; further differences are omitted."""
ROW = 30.0
"""Height of a difference: a line of text, and the interval below; in units."""
ROWS_TOP, CAPTION_HEIGHT, BOTTOM_GAP = 28.0, 20.0, 6.0
"""Where the first row begins, and the space below the last with a caption and without, in units."""
TEXT_BASELINE, AXIS_TOP, AXIS_MIDDLE, AXIS_BOTTOM = 10.0, 14.0, 19.0, 24.0
"""Places of text and axis, from the top of a row down, in units."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between two means of a metric, with its interval.

    Attributes:
        label: The metric, brand or model that differs.
        difference: The difference on the metric's scale.
        interval: The low and the high end of its interval, on the same scale.
        scale: The scale of the metric.
        verdict: A word or two about the difference.
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
    """A forest plot: differences with their intervals.

    Attributes:
        title: What is compared.
        spans: The differences, in the order in which they are drawn.
        caption: A small line below, or an empty string.
    """

    title: str
    spans: tuple[Difference, ...]
    caption: str = ""


def drawing(chart: Spans) -> Sheet:
    """Return a drawing of the first `MAX_ROWS` differences, each with its words, a dot and its
    interval.

    The title is above and the caption, if any, below. Zero is in the middle of each axis. The axis
    of rates reaches as far as the widest interval of a rate; other scales have a fixed reach.
    """
    shown = chart.spans[:MAX_ROWS]
    height_below = CAPTION_HEIGHT if chart.caption else BOTTOM_GAP
    sheet = Sheet(ROWS_TOP + ROW * len(shown) + height_below)
    sheet.title(chart.title)
    for row, span in enumerate(shown):
        _draw_difference(sheet, span, _reach(span, shown), ROWS_TOP + row * ROW)
    sheet.caption(chart.caption)
    return sheet


def _draw_difference(sheet: Sheet, span: Difference, reach: float, y: float) -> None:
    """Draw a difference: its label and its words on a line, and its interval and a dot below.

    A difference that is more than chance is blue and its words are bold. Ends beyond the axis are
    drawn at its end.
    """
    color, weight = ("brand", BOLD) if span.moved else ("rival", REGULAR)
    words = f"{wording.change(span.difference, span.scale)}, {span.verdict}"
    text = fit_text(words, LABEL_SIZE, WIDTH / 2 - 2 * MARGIN, weight)
    baseline = y + TEXT_BASELINE
    right_edge = (WIDTH - MARGIN, baseline)
    sheet.text(right_edge, text, size=LABEL_SIZE, color="ink", weight=weight, anchor="end")
    label_width = WIDTH - 28 - text_width(text, LABEL_SIZE, BOLD)
    label = fit_text(span.label, LABEL_SIZE, label_width)
    sheet.text((MARGIN, baseline), label, size=LABEL_SIZE, color="ink")
    zero, half = WIDTH / 2, WIDTH / 2 - 14
    low, at, high = (
        zero + half * max(-1.0, min(1.0, value / reach))
        for value in (span.interval[0], span.difference, span.interval[1])
    )
    # The mark of zero does not go through the words above.
    sheet.line((zero, y + AXIS_TOP), (zero, y + AXIS_BOTTOM), "mute")
    sheet.line((low, y + AXIS_MIDDLE), (high, y + AXIS_MIDDLE), color, 3)
    sheet.dot((at, y + AXIS_MIDDLE), color, 4.2)


def alt_text(chart: Spans) -> str:
    """Return the title and the differences that are drawn, in words; "nothing" without any."""
    texts = [
        f"{wording.line(span.label)} {wording.change(span.difference, span.scale)} ({span.verdict})"
        for span in chart.spans[:MAX_ROWS]
    ]
    return f"{wording.line(chart.title)}: {', '.join(texts) or 'nothing'}."


def _reach(span: Difference, shown: tuple[Difference, ...]) -> float:
    """Return the value at the right end of a difference's axis.

    That of its scale; for rates, at least the widest end of all intervals of rates.
    """
    if not span.scale.is_rate:
        return span.scale.reach
    ends = (abs(end) for other in shown if other.scale.is_rate for end in other.interval)
    return max(span.scale.reach, *ends)


@dataclass(frozen=True, slots=True)
class Pair:
    """One metric of two brands at one model.

    Attributes:
        mine: The brand's share, 0 to 1.
        other: The competitor's share, 0 to 1.
    """

    label: str
    mine: float
    other: float


@dataclass(frozen=True, slots=True)
class PairGroup:
    """The metrics at one model.

    Attributes:
        label: The model's name.
        detail: How the model was asked, or empty.
        answers: The number of answers of which shares are shown as counts; 0 for per cent.
    """

    label: str
    pairs: tuple[Pair, ...]
    detail: str = ""
    answers: int = 0

    def words(self, share: float) -> str:
        """Format a share (0 to 1): as a count of the group's answers (``9``), or in per cent (``38
        %``) when their number is 0.
        """
        return wording.share(share, self.answers)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two brands against each other, at each model.

    Attributes:
        title: What is shown.
        mine: The brand's name.
        other: The competitor's name.
        groups: One for each model.
    """

    title: str
    mine: str
    other: str
    groups: tuple[PairGroup, ...]


PAIR_LEFT, PAIR_WIDTH = 126.0, 160.0
"""Where the axis of pairs begins, and its length, in units."""
PAIRS_TOP, PAIR_ROW = 40.0, 20.0
"""Where the first model begins, and the height of a model's name or of a pair, in units."""
LEGEND_BASELINE, MARK_SIZE = 33.0, 8.0
"""The y of the base line of the brands' names, and the size of a competitor's square, in units."""
MAX_BRAND_WIDTH, MAX_MODEL_WIDTH = 130.0, 180.0
"""Widths at which the names of the brand and of models are cut, in units."""


def pairs_drawing(chart: Pairs) -> Sheet:
    """Return a drawing of a brand (dots) against a competitor (squares).

    For each model, its name and a line from 0 to 1 for each metric, with both shares.
    """
    rows = sum(1 + len(group.pairs) for group in chart.groups)
    sheet = Sheet(PAIRS_TOP + MARGIN + PAIR_ROW * rows)
    sheet.title(chart.title)
    _draw_pairs_legend(sheet, chart)
    y = PAIRS_TOP
    for group in chart.groups:
        sheet.heading(y + 14, group.label, group.detail, MAX_MODEL_WIDTH)
        y += PAIR_ROW
        for pair in group.pairs:
            _draw_pair(sheet, group, pair, y)
            y += PAIR_ROW
    return sheet


def _draw_pairs_legend(sheet: Sheet, chart: Pairs) -> None:
    """Draw the names of the brand, behind a dot, and of the competitor, behind a square.

    Names without room are cut.
    """
    mine = fit_text(chart.mine, LABEL_SIZE, MAX_BRAND_WIDTH, BOLD)
    sheet.dot((14, 29), "brand", 4.4)
    sheet.text((23, LEGEND_BASELINE), mine, size=LABEL_SIZE, color="brand", weight=BOLD)
    x = 38 + text_width(mine, LABEL_SIZE, BOLD)
    sheet.box((x, LEGEND_BASELINE - MARK_SIZE), MARK_SIZE, MARK_SIZE, "gain")
    other = fit_text(chart.other, LABEL_SIZE, WIDTH - x - 22, BOLD)
    sheet.text((x + 13, LEGEND_BASELINE), other, size=LABEL_SIZE, color="gain", weight=BOLD)


def _draw_pair(sheet: Sheet, group: PairGroup, pair: Pair, y: float) -> None:
    """Draw a metric's label and axis, the shares of both brands as marks, and both values in words.

    The words of the smaller share are left of its mark, and those of the larger one right.
    """
    mine_x, other_x = (PAIR_LEFT + share * PAIR_WIDTH for share in (pair.mine, pair.other))
    axis, baseline = y + 8, y + 8 + TEXT_DROP
    label = fit_text(pair.label, LABEL_SIZE, PAIR_LEFT - 36)
    sheet.text((PAIR_LEFT - 26, baseline), label, size=LABEL_SIZE, anchor="end")
    sheet.line((PAIR_LEFT, axis), (PAIR_LEFT + PAIR_WIDTH, axis))
    sheet.line((mine_x, axis), (other_x, axis), "rival", 3)
    sheet.box((other_x - MARK_SIZE / 2, axis - MARK_SIZE / 2), MARK_SIZE, MARK_SIZE, "gain")
    sheet.dot((mine_x, axis), "brand", 4.6)
    for x, share, color, is_left in (
        (mine_x, pair.mine, "brand", mine_x <= other_x),
        (other_x, pair.other, "gain", other_x < mine_x),
    ):
        sheet.text(
            (x - MARK_SIZE if is_left else x + MARK_SIZE, baseline),
            group.words(share),
            size=LABEL_SIZE,
            color=color,
            weight=BOLD,
            anchor="end" if is_left else "start",
        )


def pairs_alt(chart: Pairs) -> str:
    """Return the title, both brands' names, and their shares of each metric at each model.

    Shares are counts where the model has a number of answers, else per cent.
    """
    sentences = []
    for group in chart.groups:
        of_answers = f" of {group.answers}" if group.answers else ""
        pairs = [
            f"{pair.label} {group.words(pair.mine)} to {group.words(pair.other)}{of_answers}"
            for pair in group.pairs
        ]
        sentences.append(f"{wording.line(group.label)}: {', '.join(pairs)}.")
    against = f"{wording.line(chart.mine)} to {wording.line(chart.other)}."
    return f"{wording.line(chart.title)}. {against} {' '.join(sentences)}"
