"""What a panel would show, and what twice the money would buy: as tables and as a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from math import log
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Table
from overheard.cards.charts.trend import Chart, Series
from overheard.detection.alarm_table import DAYS_A_YEAR
from overheard.detection.power import Outlook, at_known_time, followed, unannounced
from overheard.domain import Scale

TWICE = {
    "Twice the repeats": "each asked twice as many times",
    "Twice the prompts": "with twice the questions",
    "Twice as often": "checked twice as often",
}
"""What twice the money buys, as a chat says it."""


SHORT = {
    "Twice the repeats": "2x each",
    "Twice the prompts": "2x asked",
    "Twice as often": "2x often",
}
"""The same next to a line of a picture, where eight letters have room."""


WITHIN = (2, 4, 8)
"""In how many runs, of the panel as it is, a change is to be seen."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A panel that could be asked, and its price.

    Attributes:
        name: The difference from the panel as it is.
        outlook: The statistical description of the offered panel.
        days: Days between two runs of the panel as it is.
        usd: Price of one run of the offered panel in US dollars; None if unknown.
        often: The number of runs of the offered panel within `days`.
    """

    name: str
    outlook: Outlook
    days: float
    usd: float | None = None
    often: int = 1

    def within(self, runs: int) -> float:
        """Return the smallest drop that shows within a number of runs, in percentage points."""
        return unannounced(self.outlook, runs * self.often)

    @property
    def calls_a_year(self) -> float:
        """Calls in a year."""
        return self.outlook.calls * self.often * DAYS_A_YEAR / self.days

    @property
    def usd_a_year(self) -> float | None:
        """Dollars in a year, or None."""
        return None if self.usd is None else self.usd * self.often * DAYS_A_YEAR / self.days

    def data(self) -> dict[str, Any]:
        """Return the offer for JSON output; drops are in percentage points."""
        return {
            "name": self.name,
            "calls_per_year": round(self.calls_a_year),
            "usd_per_year": self.usd_a_year,
            "points_within_runs": {str(runs): round(self.within(runs), 2) for runs in WITHIN},
            "points_update_one_run": round(at_known_time(self.outlook), 2),
            "points_update_bursts": round(followed(self.outlook), 2),
        }


def offers_of(outlook: Outlook, days: float, usd: float | None) -> list[Offer]:
    """Return the panel as it is, and three panels of twice the price: twice the repeats, twice the
    prompts, twice as often.

    Args:
        outlook: The statistical description of the panel as it is.
        days: Days between two runs of the panel.
        usd: Price of one run in US dollars; None if unknown.
    """
    twice = None if usd is None else 2 * usd
    # Twice the analyses a year need a threshold twice as high to keep the same promise.
    often = replace(outlook, before=2 * outlook.before, limit=outlook.limit + log(2))
    return [
        Offer("As it is", outlook, days, usd),
        Offer("Twice the repeats", outlook.times(repeats=2), days, twice),
        Offer("Twice the prompts", outlook.times(prompts=2), days, twice),
        Offer("Twice as often", often, days, usd, 2),
    ]


def offer_table(offers: Sequence[Offer]) -> Table:
    """Return the terminal's table: for each offer, the calls and price a year, and the smallest
    visible drop in percentage points.
    """
    times = (f"In {days_words(runs * offers[0].days)}" for runs in WITHIN)
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
        for offer in offers
    )
    return Table(header, rows, frozenset(range(1, len(header))))


def chat_offer_table(offers: Sequence[Offer]) -> Table:
    """Return the chat's table: for each offer, the smallest visible drop in points, and the price a
    year.
    """
    times = (f"In {days_words(runs * offers[0].days)}" for runs in WITHIN)
    rows = tuple(
        (
            TWICE.get(offer.name, offer.name).capitalize(),
            *(f"{offer.within(runs):.0f}" for runs in WITHIN),
            wording.money(offer.usd_a_year),
        )
        for offer in offers
    )
    caption = "Smallest fall noticed, in points"
    return Table(("", *times, "A year"), rows, frozenset(range(1, 5)), caption=caption)


def times_in_words(number: int) -> str:
    """Write how often something is done: ``twice``, ``5 times``."""
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def offer_chart(
    offers: Sequence[Offer], title: str, caption: str, now: datetime, zone: tzinfo
) -> Chart:
    """Return a chart (with a title and a caption) of the smallest drop that each offer shows by
    each day from `now` on.

    Of offers with the same values, only the first is drawn.
    """
    lines: dict[object, Series] = {}
    for line in (_offer_series(offer, now) for offer in offers):
        lines.setdefault(line.points, line)
    return Chart(title, Scale.BINARY, tuple(lines.values()), caption=caption, zone=zone)


def days_words(days: float) -> str:
    """Return a length in days in words: in weeks for whole weeks, in days from 1 day on, else in
    hours or less.
    """
    if days >= 7 and days % 7 == 0:
        return wording.count(round(days / 7), "week")
    return wording.count(round(days), "day") if days >= 1 else wording.duration(days * 86400)


def _offer_series(offer: Offer, now: datetime) -> Series:
    """Return the series of an offer: the date of each run from `now` on, and the smallest drop that
    shows by then, as a share from 0 to 1.
    """
    seen = [
        (now + timedelta(days=runs * offer.days), round(offer.within(runs) / 100, 6))
        for runs in range(1, WITHIN[-1] + 1)
    ]
    return Series(SHORT.get(offer.name, offer.name), tuple((at, y, y, y) for at, y in seen))
