"""How large the statistic must be for an alarm, from a table that ships with the program, and how
certain an alarm is: how often chance does as much in the whole deployment.

The table was fitted by simulation through the monitor (`bench/alarm_table.py`), in worlds in which
nothing ever changes but whose run effects are shared or own, normal, heavy-tailed, of two states,
autocorrelated or uneven. Its cells depend on the age of the baseline and on two features of the
model that its competitors show, so that a brand's own change cannot raise its own threshold. What
a statistic has above its cell's threshold is its excess, a number that means the same everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from math import exp, inf, log

from overheard.measure.blocks import RunKey
from overheard.numpy_proxy import Floats, np

RUNS_A_YEAR = 52.0
"""The pace that the table was fitted for."""


@dataclass(frozen=True, slots=True, eq=False)
class AlarmTable:
    """Thresholds of the statistic, as logarithms, and how often an unchanged brand exceeds them.

    Attributes:
        ages: Numbers of baseline runs at which the next cell begins.
        own_shares: Shares of own run effects at which the next cell begins.
        autocorrelations: Probabilities of autocorrelation at which the next cell begins.
        thresholds: The thresholds, by age, own share and autocorrelation.
        yearly: False alarms of a brand in a year of weekly runs at an excess of 0.
        slope: Fall of the logarithm of the yearly rate with each unit of excess.
        bend: The excess from which `far_slope` replaces `slope`.
        far_slope: Fall of the logarithm of the yearly rate beyond `bend`.
    """

    ages: tuple[float, ...]
    own_shares: tuple[float, ...]
    autocorrelations: tuple[float, ...]
    thresholds: Floats
    yearly: float
    slope: float
    bend: float
    far_slope: float

    def cell(self, age: int, own_share: float, autocorrelation: float) -> tuple[int, int, int]:
        """Return the indices of a cell in `thresholds`, by age, own share and autocorrelation; a
        value at the edge between two cells is in the upper one.

        Args:
            age: Number of runs in the baseline.
            own_share: Share of the own run effect in a run's residual variance, 0 to 1.
            autocorrelation: Probability that own run effects are autocorrelated, 0 to 1.
        """
        return (
            int(np.searchsorted(self.ages, age, side="right")),
            int(np.searchsorted(self.own_shares, own_share, side="right")),
            int(np.searchsorted(self.autocorrelations, autocorrelation, side="right")),
        )

    def threshold(self, age: int, own_share: float, autocorrelation: float) -> float:
        """Return the threshold of a cell, a logarithm; a statistic above the threshold has an
        excess above 0. The arguments are those of `cell`.
        """
        return float(self.thresholds[self.cell(age, own_share, autocorrelation)])

    def rate(self, excess: float, runs_a_year: float = RUNS_A_YEAR) -> float:
        """Return how many times a year an unchanged brand exceeds an excess.

        Args:
            excess: A logarithm above the threshold; minus infinity gives a very large number.
            runs_a_year: Number of analyses in a year, to which the result is proportional.
        """
        near, far = min(excess, self.bend), max(excess - self.bend, 0.0)
        logged = log(self.yearly) - self.slope * near - self.far_slope * far
        return exp(min(logged, 20.0)) * runs_a_year / RUNS_A_YEAR

    def joined(self, excesses: Sequence[float]) -> float:
        """Return the excess of a brand from the excesses of its streams; minus infinity without
        streams.

        An unchanged brand exceeds the result as often as one stream exceeds the same excess,
        however the streams depend on each other: the rates of exceedance are averaged, not the
        excesses.
        """
        if not excesses:
            return -inf
        scaled = self.far_slope * np.array(excesses)
        return float(np.logaddexp.reduce(scaled) - np.log(len(excesses))) / self.far_slope

    def excess(self, rate: float, runs_a_year: float = RUNS_A_YEAR) -> float:
        """Return the excess, a logarithm above the threshold, that an unchanged brand exceeds a
        number of times a year; the inverse of `rate`.

        Args:
            rate: How many times a year, above 0.
            runs_a_year: Number of analyses in a year.
        """
        wanted = log(self.yearly) - log(rate * RUNS_A_YEAR / runs_a_year)
        near = wanted / self.slope
        if near <= self.bend:
            return near
        return self.bend + (wanted - self.slope * self.bend) / self.far_slope


@cache
def alarm_table() -> AlarmTable:
    """Return the table that ships with the program, ``alarm_table.json`` of this package; it is
    read once.
    """
    text = files("overheard.detection").joinpath("alarm_table.json").read_text("utf-8")
    data = json.loads(text)
    fall = data["yearly"]
    return AlarmTable(
        tuple(data["ages"]),
        tuple(data["own_shares"]),
        tuple(data["autocorrelations"]),
        np.array(data["thresholds"]),
        fall["at"],
        fall["slope"],
        fall["bend"],
        fall["far_slope"],
    )


NEARLY_CERTAIN_A_YEAR = 0.002
"""A change is nearly certain when chance does as much less often a year: once in 500 years."""
WATCHED_A_YEAR = 2.0
"""Evidence that chance shows more often a year is not even watched."""
MODELS_SHARE = 0.25
"""Share of the budget of false alarms that changes of models as a whole have, where they are
reported by themselves; the brands have the rest."""
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
        """The mean number of years between two occurrences of so much evidence; a million at
        most.
        """
        return 1 / max(self.yearly, 1e-6)

    def level(self, per_year: float) -> AlertLevel | None:
        """Return how certain a change is, by how often a year chance shows as much.

        Nearly certain: less often than `NEARLY_CERTAIN_A_YEAR`. Likely: at most ``per_year``.
        Watch: more often, at most `WATCHED_A_YEAR`. None for still more frequent evidence. Evidence
        above ``per_year`` is never more than watched.

        Args:
            per_year: False alarms that the deployment accepts in a year.
        """
        if self.yearly > per_year:
            return AlertLevel.WATCH if self.yearly <= WATCHED_A_YEAR else None
        certain = self.yearly < NEARLY_CERTAIN_A_YEAR
        return AlertLevel.NEARLY_CERTAIN if certain else AlertLevel.LIKELY


def rarity(excess: float, runs_a_year: float, brands: int) -> Rarity:
    """Return how often a year some brand of the deployment shows an excess when nothing changes, by
    the table that ships with the program.

    Args:
        excess: A brand's excess, a logarithm above the threshold.
        runs_a_year: Number of runs that are analysed in a year.
        brands: Number of tracked brands.
    """
    return Rarity(alarm_table().rate(excess, runs_a_year) * brands)


def needed_excess(per_year: float, runs_a_year: float, brands: int) -> float:
    """Return the excess, a logarithm above the threshold, that a brand needs for an alarm.

    Args:
        per_year: False alarms that the deployment accepts in a year, above 0.
        runs_a_year: Number of runs that are analysed in a year.
        brands: Number of tracked brands, which share the false alarms equally.
    """
    return alarm_table().excess(per_year / brands, runs_a_year)


def runs_a_year(analysed: Sequence[RunKey], bursts: Collection[int] = ()) -> float:
    """Return how many runs are analysed in a year at the present pace: the largest of the paces
    over the 7, 30 and 365 days up to the latest run, and at least `RUNS_A_YEAR`.

    A window counts only if the history is at least as long, so that a few runs within minutes are
    not taken for the pace of a year. Without runs the pace is `RUNS_A_YEAR`.

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
        with_bursts = days == PACE_WINDOWS_DAYS[-1]
        recent = [
            run.at for run in analysed if run.at >= begin and (with_bursts or run.id not in bursts)
        ]
        span = (recent[-1] - recent[0]) / timedelta(days=1) if recent else 0.0
        # Half a run less: weekly runs are 52 a year, and not 52.2.
        pace = max(pace, (len(recent) - 1) * DAYS_A_YEAR / max(span, 1.0) - 0.5)
    return pace
