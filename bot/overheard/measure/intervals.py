"""Confidence intervals for a rate, a mean, a difference, and the mean of a panel in which each
prompt has the same weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import NormalDist

from overheard.numpy_proxy import Floats, np

Interval = tuple[float, float]

_NORMAL = NormalDist()


@lru_cache
def normal_half_width(level: float) -> float:
    """Return the half-width, in standard deviations, of a two-sided normal interval of coverage
    ``level``, 0 to 1.
    """
    return _NORMAL.inv_cdf((1 + level) / 2)


def wilson(rate: float, n: float, level: float = 0.9) -> Interval:
    """Return Wilson's score interval (low, high) for a rate (Wilson 1927).

    The interval stays within 0 to 1 and keeps its coverage near both ends: 0 of 10 gives 0 to 0.21.

    Args:
        rate: The observed rate, 0 to 1.
        n: The effective number of independent answers; above 0, need not be whole.
        level: Coverage of the interval, 0 to 1.
    """
    z2 = normal_half_width(level) ** 2
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = (z2 * (rate * (1 - rate) / n + z2 / (4 * n**2))) ** 0.5 / (1 + z2 / n)
    return max(0.0, min(rate, centre - half)), min(1.0, max(rate, centre + half))


def mean_interval(mean: float, variance: float, level: float = 0.9) -> Interval:
    """Return the normal interval (low, high) of a mean.

    Args:
        mean: The observed mean.
        variance: The variance of the mean (not of the values); 0 or more.
        level: Coverage of the interval, 0 to 1.
    """
    half = normal_half_width(level) * variance**0.5
    return mean - half, mean + half


def difference(
    before: float, before_interval: Interval, after: float, after_interval: Interval
) -> Interval:
    """Return the interval (low, high) of ``after - before`` from the intervals of both values
    (Newcombe 1998), at the coverage that these have.

    The lower end is as far from the difference as the lower end of ``after`` and the upper end of
    ``before`` are from their values, added in quadrature; the upper end likewise. So the interval
    of the difference is asymmetric where the interval of a rate near 0 or 1 is.

    Args:
        before: The first value.
        before_interval: Interval of the first value (low, high).
        after: The second value.
        after_interval: Interval of the second value (low, high).
    """
    change = after - before
    (before_low, before_high), (after_low, after_high) = before_interval, after_interval
    down = ((after - after_low) ** 2 + (before_high - before) ** 2) ** 0.5
    up = ((after_high - after) ** 2 + (before - before_low) ** 2) ** 0.5
    return change - down, change + up


_PRIOR_ANSWERS = 2.0
"""Weight, in answers, of the variance over all answers in the estimate of the variance within
prompts. It matters where every prompt was asked once, and hardly otherwise."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums of values by prompt; each array has P entries.

    Attributes:
        n: Number of answers; above 0.
    """

    n: Floats
    total: Floats
    squares: Floats

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @property
    def means(self) -> Floats:
        """The mean of each prompt, P."""
        return self.total / self.n

    @property
    def mean(self) -> float:
        """The mean of the prompts' means."""
        return float(np.mean(self.means))

    @property
    def deviance(self) -> Floats:
        """The sum of squared deviations from the prompt's mean, for each prompt, P."""
        deviance = self.squares - self.total**2 / self.n
        # The remainder of a constant after rounding is not variance.
        return np.where(deviance > 1e-9 * self.squares, deviance, 0.0)

    @cached_property
    def variance(self) -> float:
        """The variance of an answer around the mean of its prompt, pooled over prompts, with
        `_PRIOR_ANSWERS` answers of the variance over all answers added.
        """
        grand = float(self.total.sum() / self.n.sum())
        overall = max(0.0, float(self.squares.sum() / self.n.sum()) - grand**2)
        freedom = float(np.sum(self.n - 1))
        return (float(self.deviance.sum()) + _PRIOR_ANSWERS * overall) / (freedom + _PRIOR_ANSWERS)

    @property
    def share(self) -> float:
        """`variance` as a share of that of a coin with the same mean, 0 to 1; 1 where the coin has
        none.
        """
        grand = float(self.total.sum() / self.n.sum())
        coin = grand * (1 - grand)
        return min(1.0, self.variance / coin) if coin > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Scatter:
    """The variation of answers to the same prompt in a stream.

    Attributes:
        variance: The variance of an answer around the mean of its prompt.
        share: `variance` as a share of that of a coin with the same mean, 0 to 1.
        width: The size of the metric's values against those of a rate, 1 for a rate: a run effect
            of 1 logit moves the mean of a prompt by `variance` divided by `width`.
        unit: Whether all values lie in 0 to 1.
    """

    variance: float
    share: float
    width: float
    unit: bool


def panel_mean_interval(
    side: Sums, asked: Floats, scatter: Scatter, tau2: float, level: float = 0.9
) -> Interval:
    """Return the interval (low, high) of the mean of a panel's prompts, each of the same weight.
    Single answers and run effects add to its width.

    Values in 0 to 1 get Wilson's interval, with the effective number of independent answers;
    other values get the normal interval.

    Args:
        side: The sums of the values over R runs, by prompt.
        asked: Number of answers by run and prompt, R x P, of which ``side`` has the sums.
        scatter: The variation of answers to the same prompt.
        tau2: Variance of the run effect, on the logit scale; 0 for none.
        level: Coverage of the interval, 0 to 1.
    """
    calls = float(np.mean(1 / side.n)) / len(side.n)
    runs = float(np.sum(np.mean(asked / side.n, axis=1) ** 2))
    return interval_from_variances(side.mean, calls, runs, scatter, tau2, level)


def interval_from_variances(
    mean: float, calls: float, runs: float, scatter: Scatter, tau2: float, level: float = 0.9
) -> Interval:
    """Return the interval (low, high) of a panel's mean from the two factors of its variance.

    Values in 0 to 1 get Wilson's interval, which is the mean alone where answers do not vary; other
    values get the normal interval.

    Args:
        mean: The mean of the prompts' means.
        calls: Variance of the mean from call noise, per unit variance of an answer.
        runs: Variance of the mean from run effects, per unit variance of a run effect: 1 for a
            single run, 1/R for R runs of equal size.
        scatter: The variation of answers to the same prompt.
        tau2: Variance of the run effect, on the logit scale.
        level: Coverage of the interval, 0 to 1.
    """
    if not scatter.unit:
        run_noise = tau2 * (scatter.variance / scatter.width) ** 2 * runs
        return mean_interval(mean, scatter.variance * calls + run_noise, level)
    share = scatter.share
    coin = max(0.0, mean * (1 - mean))
    noise = share * calls + tau2 * share**2 * coin * runs / scatter.width**2
    if noise <= 0:  # all answers have the same score, neither 0 nor 1
        return mean, mean
    return wilson(min(1.0, max(0.0, mean)), 1 / noise, level)
