"""Shares of the market over time, as stacked areas that end at 100 %."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from overheard.cards import wording
from overheard.cards.charts.svg import HEIGHT, LABEL_SIZE, WIDTH, Sheet, fit, spread, width
from overheard.cards.charts.trend import BOTTOM, LEFT, RIGHT, ROW, TOP, Mark

FILLS = ("f1", "f2", "f3", "f4")
MAX_AREAS = 5
GAIN = 0.02
"""Least growth of a share with which a competitor is shown as the one that gained."""


@dataclass(frozen=True, slots=True)
class Share:
    """A brand's shares, one for each time of the chart; 0 to 1."""

    label: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of brands; at each time they sum to 1.

    Attributes:
        title: What is shown.
        times: When, in order; at least one.
        shares: The brand first, then its competitors.
        marks: Shown where they fall between the first time and the last.
        zone: The reader's time zone.
    """

    title: str
    times: tuple[datetime, ...]
    shares: tuple[Share, ...]
    marks: tuple[Mark, ...] = ()
    zone: tzinfo = UTC

    @property
    def shown(self) -> list[Share]:
        """The brand, and its competitors by their last share; small ones are summed up."""
        brand, *rivals = self.shares
        rivals.sort(key=lambda share: share.values[-1])
        if len(rivals) < MAX_AREAS:
            return [brand, *rivals]
        rest, kept = rivals[: -(MAX_AREAS - 2)], rivals[-(MAX_AREAS - 2) :]
        sums = (sum(values) for values in zip(*(s.values for s in rest), strict=True))
        return [brand, Share(wording.count(len(rest), "other"), tuple(sums)), *kept]


def drawing(chart: Shares) -> Sheet:
    """Return the chart, drawn: the brand at the foot, the one that gained next in orange."""
    sheet = Sheet(HEIGHT)
    sheet.title(chart.title)
    for tick in (0, 50, 100):
        sheet.text((LEFT - 5, _y(tick / 100) + 4), str(tick), anchor="end")
    xs = [_x(chart, at) for at in chart.times]
    below = [0.0] * len(xs)
    middles: list[tuple[Share, str, float]] = []
    fills = iter(FILLS * 2)
    for share in chart.shown:
        above = [min(1.0, b + v) for b, v in zip(below, share.values, strict=True)]
        is_brand, has_gained = share == chart.shares[0], share == _gained(chart)
        fill = "brand" if is_brand else "gainfill" if has_gained else next(fills)
        edge = [(x, _y(v)) for x, v in zip(xs, above, strict=True)]
        foot = [(x, _y(v)) for x, v in zip(xs, below, strict=True)]
        if len(xs) == 1:
            edge, foot = ([(LEFT, p[0][1]), (RIGHT, p[0][1])] for p in (edge, foot))
        sheet.area([*edge, *reversed(foot)], fill, "pic")
        color = "brand" if is_brand else "gain" if has_gained else "mute"
        middles.append((share, color, _y((above[-1] + below[-1]) / 2) + 4))
        below = above
    _draw_names(sheet, middles)
    _draw_marks(sheet, chart)
    sheet.text((LEFT, BOTTOM + 15), _day(chart, 0))
    sheet.text((RIGHT, BOTTOM + 15), _day(chart, -1), anchor="end")
    return sheet


def _draw_names(sheet: Sheet, middles: list[tuple[Share, str, float]]) -> None:
    ordered = sorted(middles, key=lambda found: found[2])
    heights = spread([y for *_, y in ordered], ROW, TOP + 6, BOTTOM)
    for (share, color, _), y in zip(ordered, heights, strict=True):
        value = f"{share.values[-1] * 100:.0f}"
        weight = 400 if color == "mute" else 600
        room = WIDTH - 236 - width(f" {value}", LABEL_SIZE, 600)
        text = f"{fit(share.label, LABEL_SIZE, room, 600)} {value}"
        sheet.text((232, y), text, size=LABEL_SIZE, color=color, weight=weight)


def _draw_marks(sheet: Sheet, chart: Shares) -> None:
    shown = [m for m in chart.marks if chart.times[0] <= m.at <= chart.times[-1]]
    for mark in shown:
        x = _x(chart, mark.at)
        sheet.line((x, TOP - 4), (x, BOTTOM), "bad", 1.4, "4 3")
    for mark in shown[-1:]:
        text = fit(mark.label, LABEL_SIZE, 190, 600)
        half = width(text, LABEL_SIZE, 600) / 2
        x = min(max(_x(chart, mark.at), 8 + half), WIDTH - 8 - half)
        sheet.text((x, TOP - 8), text, size=LABEL_SIZE, color="bad", weight=600, anchor="middle")


def _gained(chart: Shares) -> Share | None:
    """Return the competitor whose share grew most since the first time, by at least `GAIN`."""
    best = max(chart.shares[1:], key=_growth, default=None)
    return best if best and _growth(best) >= GAIN else None


def _growth(share: Share) -> float:
    return share.values[-1] - share.values[0]


def _x(chart: Shares, at: datetime) -> float:
    span = chart.times[-1] - chart.times[0]
    return LEFT + ((at - chart.times[0]) / span if span else 1.0) * (RIGHT - LEFT)


def _y(share: float) -> float:
    return BOTTOM - share * (BOTTOM - TOP)


def _day(chart: Shares, index: int) -> str:
    local = chart.times[index].astimezone(chart.zone)
    return f"{local.day} {wording.MONTHS[local.month - 1]}"


def alt(chart: Shares) -> str:
    """Return in words what the picture shows, in at most 1,000 characters."""
    parts = [
        f"{wording.line(s.label)} {wording.percent(s.values[0])} to {wording.percent(s.values[-1])}"
        for s in chart.shown
    ]
    days = " to ".join(dict.fromkeys(wording.day(chart.times[i], chart.zone) for i in (0, -1)))
    return wording.shorten(f"{wording.line(chart.title)}, {days}: {', '.join(parts)}.", 1000)
