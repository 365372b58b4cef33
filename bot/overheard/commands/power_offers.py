"""What the present checks can show, and what three ways to spend twice the money would show: as
tables and as a chart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from math import log
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Table
from overheard.cards.charts.trend import Chart, Series
from overheard.detection.decision_inputs import DAYS_A_YEAR
from overheard.detection.power import Outlook, at_known_time, followed, unannounced
from overheard.domain import Scale

TWICE = {
    "Twice the repeats": "each asked twice as many times",
    "Twice the prompts": "with twice the questions",
    "Twice as often": "checked twice as often",
}
"""The words of a chat for an offer of twice the price, by the offer's name."""


LINE_LABELS = {
    "Twice the repeats": "2x each",
    "Twice the prompts": "2x asked",
    "Twice as often": "2x often",
}
"""The words beside the line of an offer in a picture, where eight letters have room."""


WITHIN = (2, 4, 8)
"""Numbers of runs at the present pace for which the smallest visible drop is given."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A panel that could be asked, and its price.

    Attributes:
        name: How it differs from the present panel, such as ``Twice the repeats``.
        outlook: The statistical description of the offered panel.
        days: Days between two runs of the present panel.
        usd: Price of one run of the offered panel in US dollars; None if unknown.
        frequency: How many runs of the offered panel take place within `days`.
    """

    name: str
    outlook: Outlook
    days: float
    usd: float | None = None
    frequency: int = 1

    def within(self, runs: int) -> float:
        """Return the smallest drop in percentage points that is seen four times out of five within
        a number of runs.

        Args:
            runs: The number of runs of the present panel; an offer with a higher frequency has made
                more runs by then.
        """
        return unannounced(self.outlook, runs * self.frequency)

    @property
    def calls_a_year(self) -> float:
        """Calls to the model in a year."""
        return self.outlook.calls * self.frequency * DAYS_A_YEAR / self.days

    @property
    def usd_a_year(self) -> float | None:
        """The price of a year in US dollars; None if unknown."""
        return None if self.usd is None else self.usd * self.frequency * DAYS_A_YEAR / self.days

    def data(self) -> dict[str, Any]:
        """Return the offer for JSON output. Drops are in percentage points, by the number of runs
        at the present pace; the price is None if unknown.
        """
        return {
            "name": self.name,
            "calls_per_year": round(self.calls_a_year),
            "usd_per_year": self.usd_a_year,
            "points_within_runs": {str(runs): round(self.within(runs), 2) for runs in WITHIN},
            "points_update_one_run": round(at_known_time(self.outlook), 2),
            "points_update_bursts": round(followed(self.outlook), 2),
        }


def offers_of(outlook: Outlook, days: float, usd: float | None) -> list[Offer]:
    """Return four offers, in this order: the present panel, then three panels that cost twice as
    much, with twice the repeats of each prompt, twice as many prompts, and twice as many runs.

    Args:
        outlook: The statistical description of the present panel.
        days: Days between two runs of it.
        usd: Price of one run of it in US dollars; None if unknown.
    """
    twice = None if usd is None else 2 * usd
    # Twice the analyses a year need a threshold twice as high to keep the same promise.
    twice_as_often = replace(outlook, before=2 * outlook.before, limit=outlook.limit + log(2))
    return [
        Offer("As it is", outlook, days, usd),
        Offer("Twice the repeats", outlook.times(repeats=2), days, twice),
        Offer("Twice the prompts", outlook.times(prompts=2), days, twice),
        Offer("Twice as often", twice_as_often, days, usd, frequency=2),
    ]


def offer_table(offers: Sequence[Offer]) -> Table:
    """Return the terminal's table with a row for each offer: calls and price a year, then the
    smallest visible drop in percentage points.

    The drops are those within each number of runs of `WITHIN`, in one run after an announced
    update, and in the bursts after one.

    Args:
        offers: The offers, the present panel first.
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
    """Return the chat's table with a row for each offer: the smallest visible drop in points within
    each number of runs of `WITHIN`, and the price a year.

    Args:
        offers: The offers, the present panel first.
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
    """Return how often something is done, in words: ``once``, ``twice``, ``5 times``."""
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def offer_chart(
    offers: Sequence[Offer], title: str, caption: str, now: datetime, zone: tzinfo
) -> Chart:
    """Return a chart with one line for each offer: the smallest visible drop (a share, 0 to 1) over
    the days from now on.

    Of offers with equal values only the first has a line.

    Args:
        caption: A sentence below it.
        now: Where the chart begins.
        zone: The reader's time zone.
    """
    by_points: dict[object, Series] = {}
    for offer in offers:
        series = _offer_series(offer, now)
        by_points.setdefault(series.points, series)
    return Chart(title, Scale.BINARY, tuple(by_points.values()), caption=caption, zone=zone)


def days_words(days: float) -> str:
    """Return a number of days in words: ``2 weeks`` for whole weeks, ``10 days`` (rounded) for
    other times of a day or more, ``6 h`` for less than a day.
    """
    if days >= 7 and days % 7 == 0:
        return wording.count(round(days / 7), "week")
    return wording.count(round(days), "day") if days >= 1 else wording.duration(days * 86400)


def _offer_series(offer: Offer, now: datetime) -> Series:
    """Return the line of an offer in a chart: for each of the next ``WITHIN[-1]`` runs at the
    present pace, its date from `now` on, and the smallest drop that is visible by then as a share,
    0 to 1.

    The line has no interval: its lower and upper bounds equal the value.
    """
    drops = [
        (now + timedelta(days=runs * offer.days), round(offer.within(runs) / 100, 6))
        for runs in range(1, WITHIN[-1] + 1)
    ]
    points = tuple((at, drop, drop, drop) for at, drop in drops)
    return Series(LINE_LABELS.get(offer.name, offer.name), points)
