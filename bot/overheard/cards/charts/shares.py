"""Shares of the market over time, as stacked areas that end at 100 %."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from overheard.cards import wording
from overheard.cards.charts import svg
from overheard.cards.charts.trend import Mark, marks_within

FILLS = ("f1", "f2", "f3", "f4")
"""Colours of the areas of competitors, from the foot up."""
MAX_AREAS = 5
"""Areas that a reader can distinguish on a phone."""
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
        such a time.
        """
        earlier = zip(self.times[:-1], share.values[:-1], strict=True)
        past = [value for at, value in earlier if at not in self.unusual]
        return sum(past) / len(past) if past else None

    @property
    def gained(self) -> Share | None:
        """The competitor that took most of the brand's loss; None without one.

        None unless the brand's share fell, and the competitor's grew, by at least `GAIN` from their
        usual shares.
        """
        brand, *rivals = self.shares
        best = max(rivals, key=self._growth_beyond_proportion, default=None)
        has_lost = self._growth(brand) <= -GAIN
        return best if best and has_lost and self._growth(best) >= GAIN else None

    def _growth_beyond_proportion(self, share: Share) -> float:
        """Return by how much a competitor's share grew beyond its part of the brand's loss; 0 when
        unknown.

        What one brand loses, all others gain in proportion, even when they are named as often as
        before.
        """
        brand = self.shares[0]
        usual, usual_of_brand = self.usual(share), self.usual(brand)
        if usual is None or usual_of_brand is None or usual_of_brand >= 1:
            return 0.0
        in_proportion = usual * (1 - brand.values[-1]) / (1 - usual_of_brand)
        return share.values[-1] - in_proportion

    def _growth(self, share: Share) -> float:
        """Return the last share less the usual one; 0 when that is unknown."""
        usual = self.usual(share)
        return 0.0 if usual is None else share.values[-1] - usual

    @property
    def shown(self) -> list[Share]:
        """The shares that are drawn, from the foot up: the brand, then its competitors, the
        smallest last share first.

        At most `MAX_AREAS`: with more, the smallest competitors are one share, "3 others", but
        never the one that gained most, which takes the place of the smallest of those that are
        drawn.
        """
        brand, *rivals = self.shares
        rivals.sort(key=lambda share: share.values[-1])
        if len(rivals) < MAX_AREAS:
            return [brand, *rivals]
        largest = rivals[-(MAX_AREAS - 2) :]
        if (gained := self.gained) and gained not in largest:
            largest = [gained, *largest[1:]]
        rest = [share for share in rivals if share not in largest]
        sums = (sum(values) for values in zip(*(s.values for s in rest), strict=True))
        return [brand, Share(wording.count(len(rest), "other"), tuple(sums)), *largest]


def drawing(chart: Shares) -> svg.Sheet:
    """Return a drawing of the shares as stacked areas up to 100 %, the brand at the foot.

    Each area has its name and last share in per cent at the right. The competitor that gained most
    is orange. Shares at a single time fill the whole width.
    """
    sheet = svg.Sheet(svg.HEIGHT)
    sheet.title(chart.title)
    for tick in (0, 50, 100):
        sheet.text(
            (svg.LEFT - svg.TICK_GAP, svg.value_y(tick / 100) + svg.TEXT_DROP),
            str(tick),
            anchor="end",
        )
    first, last = chart.times[0], chart.times[-1]
    xs = [svg.time_x(at, first, last) for at in chart.times]
    below = [0.0] * len(xs)
    names: list[svg.EndName] = []
    fills = iter(FILLS * 2)
    for share in chart.shown:
        above = [min(1.0, foot + value) for foot, value in zip(below, share.values, strict=True)]
        if share == chart.shares[0]:
            fill, color = "brand", "brand"
        elif share == chart.gained:
            fill, color = "gainfill", "gain"
        else:
            fill, color = next(fills), "mute"
        upper_edge, lower_edge = _edge(xs, above), _edge(xs, below)
        sheet.area([*upper_edge, *reversed(lower_edge)], fill, "pic")
        value = wording.share(share.values[-1], 100)
        names.append(
            svg.EndName(share.label, value, color, svg.value_y((above[-1] + below[-1]) / 2))
        )
        below = above
    svg.draw_names(sheet, names)
    shown = marks_within(chart.marks, chart.times)
    svg.draw_marks(sheet, [(svg.time_x(mark.at, first, last), mark.label) for mark in shown])
    sheet.text((svg.LEFT, svg.DATE_BASELINE), wording.short_day(first, chart.zone))
    sheet.text((svg.RIGHT, svg.DATE_BASELINE), wording.short_day(last, chart.zone), anchor="end")
    return sheet


def _edge(xs: Sequence[float], shares: Sequence[float]) -> list[svg.Place]:
    """Return the points of an edge of an area; that of a single time has the full width."""
    if len(xs) == 1:
        return [(svg.LEFT, svg.value_y(shares[0])), (svg.RIGHT, svg.value_y(shares[0]))]
    return [(x, svg.value_y(share)) for x, share in zip(xs, shares, strict=True)]


def alt_text(chart: Shares) -> str:
    """Return each brand's first and last share and both days."""
    changes = [
        f"{wording.line(s.label)} {wording.percent(s.values[0])} to {wording.percent(s.values[-1])}"
        for s in chart.shown
    ]
    days = " to ".join(dict.fromkeys(wording.day(chart.times[i], chart.zone) for i in (0, -1)))
    return f"{wording.line(chart.title)}, {days}: {', '.join(changes)}."
