"""Tests of the functions of probability distributions, against scipy's."""

import numpy as np
import pytest
from scipy import special

from overheard import special_functions as own

CHANCES = np.array([1e-300, 1e-12, 1e-4, 0.01, 0.07, 0.075, 0.3, 0.5, 0.7, 0.925, 0.99, 1 - 1e-9])
SIZES = np.array([1e-3, 0.5, 1.0, 2.0, 3.7, 60.0, 4_000.0])


def test_odds_are_right() -> None:
    """Near 0 and 1."""
    np.testing.assert_allclose(own.logit(CHANCES), special.logit(CHANCES), rtol=1e-12, atol=1e-15)


def test_the_logarithms_of_gamma_and_beta_are_right() -> None:
    """For numbers of any size."""
    np.testing.assert_allclose(own.gammaln(SIZES), special.gammaln(SIZES), rtol=1e-13, atol=1e-15)
    ours, theirs = (lib.betaln(SIZES[:, None], SIZES) for lib in (own, special))
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)


def test_the_normal_distribution_is_right() -> None:
    """In the middle and far in the tails."""
    np.testing.assert_allclose(own.ndtr(special.ndtri(CHANCES)), CHANCES, rtol=1e-12)


@pytest.mark.parametrize("freedom", [1, 2.5, 6, 30, 1_000, 100_000])
def test_students_t_is_right(freedom: float) -> None:
    """For few and many degrees of freedom, and an infinite t."""
    t = np.array([-np.inf, -50, -3.2, -1, -1e-3, 0, 0.4, 2, 8, np.inf])
    np.testing.assert_allclose(
        own.stdtr(freedom, t), special.stdtr(freedom, t), rtol=1e-9, atol=1e-99
    )
    for chance in (1e-6, 0.025, 0.5, 0.9):
        theirs = special.stdtrit(freedom, chance)
        assert own.stdtrit(freedom, chance) == pytest.approx(theirs, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (1, 3), (2.2, 0.4), (400, 80), (9_000, 9_000)])
def test_the_beta_distribution_is_right(a: float, b: float) -> None:
    """Its function, and its quantiles."""
    x = np.array([0, 1e-6, 0.02, 0.3, 0.499, 0.5, 0.83, 0.999, 1])
    theirs = special.betainc(a, b, x)
    np.testing.assert_allclose(own.betainc(a, b, x), theirs, rtol=1e-9, atol=1e-300)
    y = CHANCES[2:-1]
    np.testing.assert_allclose(own.betaincinv(a, b, y), special.betaincinv(a, b, y), rtol=1e-8)
