"""Functions of probability distributions that neither the standard library nor numpy has.

They take numbers or arrays and are compared with scipy's functions of the same names in the tests.
scipy itself takes 143 MB of an installation, see docs/decisions.
"""

import math
from functools import lru_cache
from typing import Any

from overheard.numpy_proxy import Floats, np

_BISECTIONS = 80
"""Halvings of an interval; more than the bits of a float."""
_PRECISION = 1e-15
"""Relative change of a continued fraction below which it ends."""
MAX_TERMS = 20_000
"""Terms of a continued fraction; it takes about the square root of its larger parameter."""
_TINY = 1e-300
"""Stands for 0 where a continued fraction would divide by it."""
_LARGEST_SQUARE = 1e300
"""Stands for the square of an infinite t."""


def logit(p: Any) -> Floats:
    """Return the natural logarithm of the odds of a probability, for 0 < p < 1."""
    return np.asarray(np.log(p / (1 - p)))


def gammaln(x: Any) -> Floats:
    """Return the natural logarithm of the gamma function, for x > 0."""
    return np.asarray(np.frompyfunc(math.lgamma, 1, 1)(x), dtype=np.float64)


def betaln(a: Any, b: Any) -> Floats:
    """Return the natural logarithm of the beta function, for a and b > 0."""
    return np.asarray(gammaln(a) + gammaln(b) - gammaln(np.add(a, b)))


def ndtr(x: Any) -> Floats:
    """Return the probability, 0 to 1, that a standard normal variable is at most x; x may be
    infinite.
    """
    below = np.frompyfunc(math.erfc, 1, 1)(-np.asarray(x, dtype=np.float64) / math.sqrt(2))
    return np.asarray(below, dtype=np.float64) / 2


def betainc(a: Any, b: Any, x: Any) -> Floats:
    """Return the regularised incomplete beta function, for a and b > 0 and 0 <= x <= 1.

    By the continued fraction of Press et al., Numerical Recipes, section 6.4, to about 13 digits.
    """
    a, b, x = (array.astype(np.float64) for array in np.broadcast_arrays(a, b, x))
    swapped = x > (a + 1) / (a + b + 2)  # where the fraction converges slowly
    a, b, x = np.where(swapped, b, a), np.where(swapped, a, b), np.where(swapped, 1 - x, x)
    with np.errstate(divide="ignore"):
        front = np.exp(a * np.log(x) + b * np.log1p(-x) - betaln(a, b)) / a
    integral = front * _beta_fraction(a, b, x)
    return np.asarray(np.where(swapped, 1 - integral, integral))


def betaincinv(a: float, b: float, y: Any) -> Floats:
    """Return the x, 0 to 1, at which `betainc` of a and b (above 0) is y (0 to 1), by bisection."""
    return _arguments_by_bisection(
        lambda x: betainc(a, b, x), np.asarray(y, dtype=np.float64), 0.0, 1.0
    )


def stdtr(freedom: float, t: Any) -> Floats:
    """Return the probability, 0 to 1, that a variable with Student's t distribution is at most t.

    By the incomplete beta function of the lower tail, so that small probabilities keep their
    digits.

    Args:
        freedom: The degrees of freedom, above 0.
        t: The value, which may be infinite.
    """
    t = np.asarray(t, dtype=np.float64)
    square = np.minimum(t**2, _LARGEST_SQUARE)
    is_near_0 = square < freedom  # there, 1 - x would lose the digits of a small t
    x = np.where(is_near_0, square, freedom) / (freedom + square)
    a, b = np.where(is_near_0, 0.5, freedom / 2), np.where(is_near_0, freedom / 2, 0.5)
    half = betainc(a, b, x) / 2
    tail = np.where(is_near_0, 0.5 - half, half)
    return np.asarray(np.where(t < 0, tail, 1 - tail))


@lru_cache(maxsize=1024)
def stdtrit(freedom: float, p: float) -> float:
    """Return the value below which a variable with Student's t distribution lies with probability
    p.

    A call takes some 10 ms, by bisection, so results are kept.

    Args:
        freedom: The degrees of freedom, above 0.
        p: The probability, 0 < p < 1.
    """
    if p > 0.5:  # the lower tail is exact, and 1 - p is not
        return -stdtrit(freedom, 1 - p)
    low = -1.0
    while stdtr(freedom, low) > p:
        low *= 2
    return float(_arguments_by_bisection(lambda t: stdtr(freedom, t), np.asarray(p), low, 0.0))


def _arguments_by_bisection(rising: Any, wanted: Floats, low: float, high: float) -> Floats:
    """Return, for each wanted value, the argument between two bounds at which a rising function has
    it.

    A value beyond those at the bounds gives the nearer bound.
    """
    lows, highs = np.full(wanted.shape, low), np.full(wanted.shape, high)
    for _ in range(_BISECTIONS):
        middle = (lows + highs) / 2
        below = rising(middle) < wanted
        lows, highs = np.where(below, middle, lows), np.where(below, highs, middle)
    return np.asarray((lows + highs) / 2)


def _beta_fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    """Return the continued fraction of the incomplete beta function, by Lentz's method.

    It ends when no value changes by more than `_PRECISION`, at the latest after `MAX_TERMS` terms.
    """

    def away_from_zero(value: Floats) -> Floats:
        return np.where(np.abs(value) < _TINY, _TINY, value)

    c = np.ones_like(x)
    d = 1 / away_from_zero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, MAX_TERMS):
        even_term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / away_from_zero(1 + even_term * d), away_from_zero(1 + even_term / c)
        fraction = fraction * d * c
        odd_term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / away_from_zero(1 + odd_term * d), away_from_zero(1 + odd_term / c)
        fraction = fraction * d * c
        if np.all(np.abs(d * c - 1) < _PRECISION):
            break
    return fraction
