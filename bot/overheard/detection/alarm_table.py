"""How large the statistic must be for an alarm, from a table that ships with the program.

The table was fitted by simulation through the monitor (`bench/alarm_table.py`), in worlds in which
nothing ever changes but whose run effects are shared or own, normal, heavy-tailed, of two states,
autocorrelated or uneven. Its cells depend on the age of the baseline and on two features of the
model that its competitors show, so that a brand's own change cannot raise its own threshold. What
a statistic has above its cell's threshold is its excess, a number that means the same everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp, inf, log

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
        thresholds: The thresholds, one axis for each of these.
        yearly: False alarms of a brand in a year of weekly runs at an excess of 0.
        slope: By how much the logarithm of that falls with each unit of excess.
        bend: The excess from which `far_slope` holds instead.
        far_slope: See `bend`.
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
        """Return the indices of a cell.

        Args:
            age: Number of runs in the baseline.
            own_share: Share of the own run effect in a run's residual variance.
            autocorrelation: Probability that own run effects are autocorrelated.
        """
        return (
            int(np.searchsorted(self.ages, age, side="right")),
            int(np.searchsorted(self.own_shares, own_share, side="right")),
            int(np.searchsorted(self.autocorrelations, autocorrelation, side="right")),
        )

    def threshold(self, age: int, own_share: float, autocorrelation: float) -> float:
        """Return the logarithm that a statistic must exceed for an excess above 0."""
        return float(self.thresholds[self.cell(age, own_share, autocorrelation)])

    def rate(self, excess: float, runs_a_year: float = RUNS_A_YEAR) -> float:
        """Return how many times a year an unchanged brand exceeds an excess."""
        near, far = min(excess, self.bend), max(excess - self.bend, 0.0)
        logged = log(self.yearly) - self.slope * near - self.far_slope * far
        return exp(min(logged, 20.0)) * runs_a_year / RUNS_A_YEAR

    def joined(self, excesses: Sequence[float]) -> float:
        """Return the excess of a brand from those of its streams; minus infinity without any.

        An unchanged brand exceeds it as often as one stream exceeds the same excess, however the
        streams depend on each other: the rates of exceedance are averaged, not the excesses.
        """
        if not excesses:
            return -inf
        scaled = self.far_slope * np.array(excesses)
        return float(np.logaddexp.reduce(scaled) - np.log(len(excesses))) / self.far_slope

    def excess(self, rate: float, runs_a_year: float = RUNS_A_YEAR) -> float:
        """Return the excess that an unchanged brand exceeds so many times a year."""
        wanted = log(self.yearly) - log(rate * RUNS_A_YEAR / runs_a_year)
        near = wanted / self.slope
        if near <= self.bend:
            return near
        return self.bend + (wanted - self.slope * self.bend) / self.far_slope


@cache
def alarm_table() -> AlarmTable:
    """Return the table that ships with the program."""
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
