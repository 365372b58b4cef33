"""Panels that could be asked: what each would show, when, and for how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from math import log
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Table
from overheard.cards.charts.trend import Chart, Series
from overheard.detection.power import Outlook, at_known_time, followed, unannounced
from overheard.domain import Scale

YEAR = 365.25
WITHIN = (2, 4, 8)
"""In how many runs, of the panel as it is, a change is to be seen."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A panel that could be asked, and what it costs.

    Attributes:
        name: How it differs from the panel as it is.
        outlook: What is known of it.
        days: Days between two runs of the panel as it is.
        usd: Dollars of one of its own runs; None when the price is not known.
        often: How many of its runs fall into that time.
    """

    name: str
    outlook: Outlook
    days: float
    usd: float | None = None
    often: int = 1

    def within(self, runs: int) -> float:
        """Return the smallest drop seen within so many runs of the panel as it is, in points."""
        return unannounced(self.outlook, runs * self.often)

    @property
    def calls_a_year(self) -> float:
        """Calls in a year."""
        return self.outlook.calls * self.often * YEAR / self.days

    @property
    def usd_a_year(self) -> float | None:
        """Dollars in a year, or None."""
        return None if self.usd is None else self.usd * self.often * YEAR / self.days

    def data(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "name": self.name,
            "calls_per_year": round(self.calls_a_year),
            "usd_per_year": self.usd_a_year,
            "points_within_runs": {str(runs): round(self.within(runs), 2) for runs in WITHIN},
            "points_update_one_run": round(at_known_time(self.outlook), 2),
            "points_update_bursts": round(followed(self.outlook), 2),
        }


def offers(outlook: Outlook, days: float, usd: float | None) -> list[Offer]:
    """Return the panel as it is, and what twice the money could buy.

    Args:
        outlook: What is known of the panel as it is.
        days: Days between two of its runs.
        usd: Dollars of one of them, or None.
    """
    twice = None if usd is None else 2 * usd
    # Twice the looks a year need a threshold twice as high to keep the same promise.
    often = replace(outlook, before=2 * outlook.before, limit=outlook.limit + log(2))
    return [
        Offer("As it is", outlook, days, usd),
        Offer("Twice the repeats", outlook.times(repeats=2), days, twice),
        Offer("Twice the prompts", outlook.times(prompts=2), days, twice),
        Offer("Twice as often", often, days, usd, 2),
    ]


def table(found: Sequence[Offer]) -> Table:
    """Set offers side by side, in points."""
    times = (f"In {time(runs * found[0].days)}" for runs in WITHIN)
    header = ("", "Calls a year", "Price a year", *times, "Update, one run", "Update, bursts")
    rows = tuple(
        (
            offer.name,
            f"{offer.calls_a_year:,.0f}",
            wording.money(offer.usd_a_year),
            *(f"{offer.within(runs):.1f}" for runs in WITHIN),
            f"{at_known_time(offer.outlook):.1f}",
            f"{followed(offer.outlook):.1f}",
        )
        for offer in found
    )
    return Table(header, rows, frozenset(range(1, len(header))))


def chart(found: Sequence[Offer], title: str, caption: str, now: datetime, zone: tzinfo) -> Chart:
    """Draw what each offer would see by which day, if the change came now.

    Of offers that see the same, the first is drawn.
    """
    lines: dict[object, Series] = {}
    for line in (_line(offer, now) for offer in found):
        lines.setdefault(line.points, line)
    return Chart(title, Scale.BINARY, tuple(lines.values()), caption=caption, zone=zone)


def time(days: float) -> str:
    """Write a time in weeks where it is whole ones, else in days."""
    if days >= 7 and days % 7 == 0:
        return wording.count(round(days / 7), "week")
    return wording.count(round(days), "day") if days >= 1 else wording.duration(days * 86400)


def _line(offer: Offer, now: datetime) -> Series:
    seen = [
        (now + timedelta(days=runs * offer.days), round(offer.within(runs) / 100, 6))
        for runs in range(1, WITHIN[-1] + 1)
    ]
    return Series(offer.name, tuple((at, y, y, y) for at, y in seen))
