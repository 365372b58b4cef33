"""Differences: with their intervals (forest plots), and of one brand to another (pairs of dots)."""

from __future__ import annotations

from dataclasses import dataclass

from overheard.cards import wording
from overheard.cards.charts.svg import LABEL_SIZE, SMALL_SIZE, TITLE_SIZE, WIDTH, Sheet, fit, width
from overheard.domain import Scale

MAX_ROWS = 10
"""Rows for which a picture has room; further differences are omitted."""
REACH = {Scale.POLARITY: 1.0, Scale.RANK: 5.0}
"""Half of the axis on scales that are not rates."""
ROW = 30.0
"""Height of a difference: a line of text, and the interval below; in units."""


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
    """Return a drawing of the first `MAX_ROWS` differences: for each its words, a dot and its
    interval.

    Zero is in the middle. The axis of rates reaches as far as the widest interval of a rate; each
    other scale has a fixed reach.
    """
    shown = chart.spans[:MAX_ROWS]
    sheet = Sheet(30 + ROW * len(shown) + (18 if chart.caption else 4))
    sheet.title(chart.title)
    middle, half = WIDTH / 2, WIDTH / 2 - 14
    for row, span in enumerate(shown):
        y, color = 28 + row * ROW, "brand" if span.moved else "rival"
        words = f"{wording.change(span.difference, span.scale)}, {span.verdict}"
        text = fit(words, LABEL_SIZE, WIDTH / 2 - 16, 600 if span.moved else 400)
        weight = 600 if span.moved else 400
        sheet.text(
            (WIDTH - 8, y + 10), text, size=LABEL_SIZE, color="ink", weight=weight, anchor="end"
        )
        room = WIDTH - 28 - width(text, LABEL_SIZE, 600)
        sheet.text((8, y + 10), fit(span.label, LABEL_SIZE, room), size=LABEL_SIZE, color="ink")
        low, at, high = (
            middle + half * max(-1.0, min(1.0, value / _reach(span, shown)))
            for value in (span.interval[0], span.difference, span.interval[1])
        )
        sheet.line((middle, y + 14), (middle, y + 24), "mute")  # not through the words above
        sheet.line((low, y + 19), (high, y + 19), color, 3)
        sheet.dot((at, y + 19), color, 4.2)
    if chart.caption:
        sheet.text((8, sheet.height - 6), fit(chart.caption, SMALL_SIZE, WIDTH - 16))
    return sheet


def alt_text(chart: Spans) -> str:
    """Return the differences that are drawn, in words, in at most 1,000 characters."""
    texts = [
        f"{wording.line(span.label)} {wording.change(span.difference, span.scale)} ({span.verdict})"
        for span in chart.spans[:MAX_ROWS]
    ]
    return wording.shorten(f"{wording.line(chart.title)}: {', '.join(texts) or 'nothing'}.", 1000)


def _reach(span: Difference, shown: tuple[Difference, ...]) -> float:
    if span.scale in REACH:
        return REACH[span.scale]
    ends = (abs(end) for other in shown if other.scale not in REACH for end in other.interval)
    return max(0.1, *ends)


@dataclass(frozen=True, slots=True)
class Pair:
    """One metric of two brands at one model.

    Attributes:
        label: The metric.
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
        pairs: Its metrics.
        detail: How the model was asked, or empty.
        answers: The number of answers of which shares are shown as counts; 0 for per cent.
    """

    label: str
    pairs: tuple[Pair, ...]
    detail: str = ""
    answers: int = 0

    def words(self, share: float) -> str:
        """Format a share (0 to 1): as a count of the group's answers (``9``), or in per cent (``38
        %``).
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


PAIR_LEFT, PAIR_ROOM = 126.0, 160.0
"""Where the axis of pairs begins, and its length, in units."""


def pairs_drawing(chart: Pairs) -> Sheet:
    """Return a drawing of a brand (dots) against a competitor (squares): a block for each model, in
    which each metric is a line from 0 to 1 with both shares.
    """
    rows = sum(len(group.pairs) for group in chart.groups)
    sheet = Sheet(48 + 20 * len(chart.groups) + 20 * rows)
    sheet.title(chart.title)
    mine = fit(chart.mine, LABEL_SIZE, 130, 600)
    sheet.dot((14, 29), "brand", 4.4)
    sheet.text((23, 33), mine, size=LABEL_SIZE, color="brand", weight=600)
    x = 38 + width(mine, LABEL_SIZE, 600)
    sheet.box((x, 25), 8, 8, "gain")
    other = fit(chart.other, LABEL_SIZE, WIDTH - x - 22, 600)
    sheet.text((x + 13, 33), other, size=LABEL_SIZE, color="gain", weight=600)
    y = 40.0
    for group in chart.groups:
        name = fit(group.label, TITLE_SIZE, 180, 600)
        sheet.text((8, y + 14), name, size=TITLE_SIZE, color="ink", weight=600)
        if group.detail:
            start = 14 + width(name, TITLE_SIZE, 600)
            sheet.text((start, y + 14), fit(f"({group.detail})", SMALL_SIZE, WIDTH - 8 - start))
        y += 20
        for pair in group.pairs:
            _draw_pair(sheet, group, pair, y)
            y += 20
    return sheet


def _draw_pair(sheet: Sheet, group: PairGroup, pair: Pair, y: float) -> None:
    """Draw a metric's label and axis, the shares of both brands as marks, and both values in words.

    Args:
        sheet: The drawing, which is changed.
        group: The model, which says how shares are written.
        pair: The shares of the brand and of the competitor.
        y: The top of the row, in units of the drawing.
    """
    a, b = (PAIR_LEFT + share * PAIR_ROOM for share in (pair.mine, pair.other))
    sheet.text(
        (PAIR_LEFT - 26, y + 12),
        fit(pair.label, LABEL_SIZE, PAIR_LEFT - 36),
        size=LABEL_SIZE,
        anchor="end",
    )
    sheet.line((PAIR_LEFT, y + 8), (PAIR_LEFT + PAIR_ROOM, y + 8))
    sheet.line((a, y + 8), (b, y + 8), "rival", 3)
    sheet.box((b - 4, y + 4), 8, 8, "gain")
    sheet.dot((a, y + 8), "brand", 4.6)
    for x, share, color, first in (
        (a, pair.mine, "brand", a <= b),
        (b, pair.other, "gain", b < a),
    ):
        sheet.text(
            (x - 8 if first else x + 8, y + 12),
            group.words(share),
            size=LABEL_SIZE,
            color=color,
            weight=600,
            anchor="end" if first else "start",
        )


def pairs_alt(chart: Pairs) -> str:
    """Return both brands' shares of each metric at each model, in at most 1,000 characters."""
    parts = []
    for group in chart.groups:
        of = f" of {group.answers}" if group.answers else ""
        rows = [
            f"{p.label} {group.words(p.mine)} to {group.words(p.other)}{of}" for p in group.pairs
        ]
        parts.append(f"{wording.line(group.label)}: {', '.join(rows)}.")
    against = f"{wording.line(chart.mine)} to {wording.line(chart.other)}."
    return wording.shorten(f"{wording.line(chart.title)}. {against} {' '.join(parts)}", 1000)
