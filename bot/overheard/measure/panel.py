"""The mean of a panel in which each prompt weighs the same, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

from overheard.measure.rates import Interval, mean_interval, wilson
from overheard.numpy_proxy import Floats, np

_BORROWED = 2.0
"""How many answers' worth the spread of all answers adds to the spread within prompts: it
decides where every prompt was asked once, and hardly counts otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sums of values by prompt; each array has one entry for each of P prompts.

    Attributes:
        n: Number of answers; above 0.
        total: Sum of their values.
        squares: Sum of their squared values.
    """

    n: Floats
    total: Floats
    squares: Floats

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @property
    def means(self) -> Floats:
        """Each prompt's mean, P."""
        return self.total / self.n

    @property
    def mean(self) -> float:
        """The panel's mean, each prompt weighing the same."""
        return float(np.mean(self.means))

    @property
    def deviance(self) -> Floats:
        """Each prompt's sum of squared distances from its own mean, P."""
        deviance = self.squares - self.total**2 / self.n
        # What is left of a constant after rounding is not spread.
        return np.where(deviance > 1e-9 * self.squares, deviance, 0.0)

    @property
    def spread(self) -> float:
        """The variance of an answer around its prompt's mean, pooled over prompts."""
        grand = float(self.total.sum() / self.n.sum())
        overall = max(0.0, float(self.squares.sum() / self.n.sum()) - grand**2)
        freedom = float(np.sum(self.n - 1))
        return (float(self.deviance.sum()) + _BORROWED * overall) / (freedom + _BORROWED)

    @property
    def share(self) -> float:
        """How much of the variance of a coin with this mean lies within prompts, 0 to 1."""
        grand = float(self.total.sum() / self.n.sum())
        coin = grand * (1 - grand)
        return min(1.0, self.spread / coin) if coin > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Scatter:
    """How much answers to one prompt differ in a stream.

    Attributes:
        spread: The variance of an answer around its prompt's mean.
        share: The same as a share of a coin's variance with the same mean, 0 to 1.
        width: The unit of the metric for run shocks, see `Stream.width`.
        unit: Whether all values lie in 0 to 1.
    """

    spread: float
    share: float
    width: float
    unit: bool


def interval(
    side: Sums, asked: Floats, scatter: Scatter, tau2: float, level: float = 0.9
) -> Interval:
    """Return the interval of a panel's mean: calls and moods are its noise.

    For values in 0 to 1 it is Wilson's, with the number of independent answers that would tell
    as much; for others it is the normal one.

    Args:
        side: The sums of the runs that count, by prompt.
        asked: Answers by run and prompt, R x P.
        scatter: How much answers to one prompt differ.
        tau2: Variance of the run shock.
        level: How often such intervals hold the truth, 0 to 1.
    """
    calls = float(np.mean(1 / side.n)) / len(side.n)
    runs = float(np.sum(np.mean(asked / side.n, axis=1) ** 2))
    return interval_from_variances(side.mean, calls, runs, scatter, tau2, level)


def interval_from_variances(
    mean: float, calls: float, runs: float, scatter: Scatter, tau2: float, level: float = 0.9
) -> Interval:
    """Return the interval of a panel's mean, see `interval`.

    Args:
        mean: The mean, each prompt weighing the same.
        calls: The variance of the mean when that of an answer is 1.
        runs: The same for the mood of a run: 1 for a single run, 1/R for R equal ones.
        scatter: How much answers to one prompt differ.
        tau2: Variance of the run shock.
        level: How often such intervals hold the truth, 0 to 1.
    """
    if not scatter.unit:
        moods = tau2 * (scatter.spread / scatter.width) ** 2 * runs
        return mean_interval(mean, scatter.spread * calls + moods, level)
    share = scatter.share
    coin = max(0.0, mean * (1 - mean))
    noise = share * calls + tau2 * share**2 * coin * runs / scatter.width**2
    if noise <= 0:  # all answers scored the same, and not 0 or 1: nothing is known to vary
        return mean, mean
    return wilson(min(1.0, max(0.0, mean)), 1 / noise, level)
