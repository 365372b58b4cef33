"""Shares of the market over time, as stacked areas that end at 100 %."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from overheard.cards import wording
from overheard.cards.charts.svg import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    EndName,
    Sheet,
    draw_marks,
    draw_names,
)
from overheard.cards.charts.trend import Mark, marks_within

FILLS = ("f1", "f2", "f3", "f4")
MAX_AREAS = 5
GAIN = 0.03
"""Least loss of the brand's share, and growth of a competitor's, with which the competitor is shown
as the one that gained: a steady brand lost nothing to anybody."""


@dataclass(frozen=True, slots=True)
class Share:
    """A brand's shares, one for each time of the chart; 0 to 1."""

    label: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of brands over time; at each time they sum to 1.

    Attributes:
        title: What the shares are of.
        times: The times of the measurements, ascending; at least one.
        shares: The brand first, then its competitors.
        marks: Moments that are marked where they fall between the first time and the last.
        zone: The reader's time zone.
        unusual: Times at which shares are not usual; all others but the last are usual.
    """

    title: str
    times: tuple[datetime, ...]
    shares: tuple[Share, ...]
    marks: tuple[Mark, ...] = ()
    zone: tzinfo = UTC
    unusual: frozenset[datetime] = frozenset()

    def usual(self, share: Share) -> float | None:
        """Return the mean of a brand's shares at usual times before the last time; None without
        any.
        """
        earlier = zip(self.times[:-1], share.values[:-1], strict=True)
        past = [value for at, value in earlier if at not in self.unusual]
        return sum(past) / len(past) if past else None

    @property
    def gained(self) -> Share | None:
        """The competitor that took most of the brand's loss; None unless the brand's share fell,
        and the competitor's grew, by at least `GAIN`.
        """
        brand, *rivals = self.shares
        best = max(rivals, key=self._taken, default=None)
        has_lost = self._growth(brand) <= -GAIN
        return best if best and has_lost and self._growth(best) >= GAIN else None

    def _taken(self, share: Share) -> float:
        """Return by how much a competitor's share grew beyond its part of the brand's loss; 0 when
        unknown.

        What one brand loses, all others gain in proportion, even when they are named as often as
        before.
        """
        brand = self.shares[0]
        usual, before = self.usual(share), self.usual(brand)
        if usual is None or before is None or before >= 1:
            return 0.0
        return share.values[-1] - usual * (1 - brand.values[-1]) / (1 - before)

    def _growth(self, share: Share) -> float:
        usual = self.usual(share)
        return 0.0 if usual is None else share.values[-1] - usual

    @property
    def shown(self) -> list[Share]:
        """The shares that are drawn, from the foot up: the brand, then its competitors by their
        last share.

        At most `MAX_AREAS`: the smallest competitors are summed up in one share, but never the
        competitor that gained most.
        """
        brand, *rivals = self.shares
        rivals.sort(key=lambda share: share.values[-1])
        if len(rivals) < MAX_AREAS:
            return [brand, *rivals]
        kept = rivals[-(MAX_AREAS - 2) :]
        if (gained := self.gained) and gained not in kept:
            kept = [gained, *kept[1:]]
        rest = [share for share in rivals if share not in kept]
        sums = (sum(values) for values in zip(*(s.values for s in rest), strict=True))
        return [brand, Share(wording.count(len(rest), "other"), tuple(sums)), *kept]


def drawing(chart: Shares) -> Sheet:
    """Return a drawing of the shares as stacked areas up to 100 %, the brand at the foot.

    The competitor that gained most is orange. Shares at a single time fill the whole width.
    """
    sheet = Sheet(HEIGHT)
    sheet.title(chart.title)
    for tick in (0, 50, 100):
        sheet.text((LEFT - 5, _y(tick / 100) + 4), str(tick), anchor="end")
    xs = [_x(chart, at) for at in chart.times]
    below = [0.0] * len(xs)
    names: list[EndName] = []
    fills = iter(FILLS * 2)
    for share in chart.shown:
        above = [min(1.0, b + v) for b, v in zip(below, share.values, strict=True)]
        is_brand, has_gained = share == chart.shares[0], share == chart.gained
        fill = "brand" if is_brand else "gainfill" if has_gained else next(fills)
        edge = [(x, _y(v)) for x, v in zip(xs, above, strict=True)]
        foot = [(x, _y(v)) for x, v in zip(xs, below, strict=True)]
        if len(xs) == 1:
            edge, foot = ([(LEFT, p[0][1]), (RIGHT, p[0][1])] for p in (edge, foot))
        sheet.area([*edge, *reversed(foot)], fill, "pic")
        color = "brand" if is_brand else "gain" if has_gained else "mute"
        value = f"{share.values[-1] * 100:.0f}"
        names.append(EndName(share.label, value, color, _y((above[-1] + below[-1]) / 2)))
        below = above
    draw_names(sheet, names)
    shown = marks_within(chart.marks, chart.times)
    draw_marks(sheet, [(_x(chart, mark.at), mark.label) for mark in shown])
    sheet.text((LEFT, BOTTOM + 15), wording.short_day(chart.times[0], chart.zone))
    sheet.text((RIGHT, BOTTOM + 15), wording.short_day(chart.times[-1], chart.zone), anchor="end")
    return sheet


def _x(chart: Shares, at: datetime) -> float:
    span = chart.times[-1] - chart.times[0]
    return LEFT + ((at - chart.times[0]) / span if span else 1.0) * (RIGHT - LEFT)


def _y(share: float) -> float:
    return BOTTOM - share * (BOTTOM - TOP)


def alt_text(chart: Shares) -> str:
    """Return each brand's first and last share and both days, in at most 1,000 characters."""
    parts = [
        f"{wording.line(s.label)} {wording.percent(s.values[0])} to {wording.percent(s.values[-1])}"
        for s in chart.shown
    ]
    days = " to ".join(dict.fromkeys(wording.day(chart.times[i], chart.zone) for i in (0, -1)))
    return wording.shorten(f"{wording.line(chart.title)}, {days}: {', '.join(parts)}.", 1000)
