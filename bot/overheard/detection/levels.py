"""How certain an alarm is, in one currency: how often chance does this in the whole deployment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from overheard.detection.alarm_table import RUNS_A_YEAR, alarm_table
from overheard.measure.blocks import RunKey

NEARLY_CERTAIN_A_YEAR = 0.002
"""What is nearly certain, chance does less than once in 500 years."""
WATCHED_A_YEAR = 2.0
"""What chance does more often than that is not even watched."""
PACE_WINDOWS_DAYS = (7, 30, 365)
"""Over these windows runs are counted, once there is so much history."""
DAYS_A_YEAR = 365.25


class AlertLevel(StrEnum):
    """How certain it is that something changed."""

    NEARLY_CERTAIN = "nearly certain"
    """Chance does this less than once in 500 years in the whole deployment."""
    LIKELY = "likely"
    """Within the budget of false alarms."""
    WATCH = "watch"
    """Less than that: no alert, but the next run is of interest."""


@dataclass(frozen=True, slots=True)
class Rarity:
    """How rare evidence is when nothing changed.

    Attributes:
        yearly: How often the deployment would see so much evidence in a year.
    """

    yearly: float

    @property
    def years(self) -> float:
        """Once in how many years it would."""
        return 1 / max(self.yearly, 1e-6)

    def level(self, per_year: float) -> AlertLevel | None:
        """Return how certain a change is.

        Args:
            per_year: False alarms that the deployment accepts in a year.
        """
        if self.yearly > per_year:
            return AlertLevel.WATCH if self.yearly <= WATCHED_A_YEAR else None
        certain = self.yearly < NEARLY_CERTAIN_A_YEAR
        return AlertLevel.NEARLY_CERTAIN if certain else AlertLevel.LIKELY


def rarity(excess: float, runs_a_year: float, brands: int) -> Rarity:
    """Return how rare an excess over the threshold is, see `alarm_table`.

    Args:
        excess: A brand's excess, see `AlarmTable.rate`.
        runs_a_year: How many runs are analysed in a year.
        brands: Number of brands that are watched.
    """
    return Rarity(alarm_table().rate(excess, runs_a_year) * brands)


def needed_excess(per_year: float, runs_a_year: float, brands: int) -> float:
    """Return the excess that a brand needs for an alarm within the deployment's budget."""
    return alarm_table().excess(per_year / brands, runs_a_year)


def runs_a_year(analysed: Sequence[RunKey], bursts: Collection[int] = ()) -> float:
    """Return how many analyses a year has, 52 or more.

    A window counts when the history fills it, so a few runs within minutes are not taken for the
    pace of a year; and a burst counts as it is.

    Args:
        analysed: The runs that were analysed so far, the oldest first.
        bursts: Numbers of the runs that are bursts: they count in the longest window only.
    """
    pace = RUNS_A_YEAR
    if not analysed:
        return pace
    first, last = analysed[0].at, analysed[-1].at
    for days in PACE_WINDOWS_DAYS:
        if last - first < timedelta(days=days):
            break
        begin = last - timedelta(days=days)
        whole = days == PACE_WINDOWS_DAYS[-1]
        recent = [r.at for r in analysed if r.at >= begin and (whole or r.id not in bursts)]
        span = (recent[-1] - recent[0]) / timedelta(days=1) if recent else 0.0
        pace = max(pace, (len(recent) - 1) * DAYS_A_YEAR / max(span, 1.0) - 0.5)
    return pace
