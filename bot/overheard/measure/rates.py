"""Confidence intervals for a rate, a mean and a difference."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

Interval = tuple[float, float]

_NORMAL = NormalDist()


@lru_cache
def quantile(level: float) -> float:
    """Return the half-width, in standard deviations, of a two-sided normal interval."""
    return _NORMAL.inv_cdf((1 + level) / 2)


def wilson(rate: float, n: float, level: float = 0.9) -> Interval:
    """Return Wilson's score interval for a rate (Wilson 1927).

    The interval stays within 0 to 1 and keeps its coverage near both ends: 0 of 10 gives 0 to 0.21.

    Args:
        rate: The observed rate, 0 to 1.
        n: The effective number of independent answers; above 0, need not be whole.
        level: Coverage of the interval, 0 to 1.
    """
    z2 = quantile(level) ** 2
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = (z2 * (rate * (1 - rate) / n + z2 / (4 * n**2))) ** 0.5 / (1 + z2 / n)
    return max(0.0, min(rate, centre - half)), min(1.0, max(rate, centre + half))


def mean_interval(mean: float, variance: float, level: float = 0.9) -> Interval:
    """Return the normal interval of a mean.

    Args:
        mean: The observed mean.
        variance: The variance of the mean (not of the values); 0 or more.
        level: Coverage of the interval, 0 to 1.
    """
    half = quantile(level) * variance**0.5
    return mean - half, mean + half


def difference(before: float, within: Interval, after: float, beyond: Interval) -> Interval:
    """Return the interval of ``after - before`` from the intervals of both (Newcombe 1998).

    The distances to the facing ends are added in quadrature, so the interval of the difference is
    asymmetric where the interval of a rate near 0 or 1 is.

    Args:
        before: The first value.
        within: Interval of the first value.
        after: The second value.
        beyond: Interval of the second value.
    """
    change = after - before
    down = ((after - beyond[0]) ** 2 + (within[1] - before) ** 2) ** 0.5
    up = ((beyond[1] - after) ** 2 + (before - within[0]) ** 2) ** 0.5
    return change - down, change + up
