import pytest
from hypothesis import given, strategies as st

from overheard.measure.intervals import difference, mean_interval, normal_half_width, wilson


def test_wilson_by_hand() -> None:
    """Wilson's interval is the one that the textbook formula gives.

    8 of 10 at 95 %, z = 1.96, z2 = 3.8415: the centre is (0.8 + 0.19207) / 1.38415 = 0.71674,
    the half width sqrt(3.8415 x (0.016 + 0.0096037)) / 1.38415 = 0.22658.
    """
    assert wilson(0.8, 10, 0.95) == pytest.approx((0.71674 - 0.22658, 0.71674 + 0.22658), abs=1e-4)


def test_wilson_at_the_ends() -> None:
    """A rate of 0 or 1 still has an interval: 0 of 10 gives z2 / (10 + z2) as its upper end."""
    z2 = normal_half_width(0.9) ** 2
    assert wilson(0, 10) == pytest.approx((0, z2 / (10 + z2)))
    assert wilson(1, 10) == pytest.approx((10 / (10 + z2), 1))


@given(st.integers(0, 50), st.integers(1, 50), st.floats(0.5, 0.999))
def test_wilson_holds_the_rate(successes: int, n: int, level: float) -> None:
    """Wilson's interval lies within 0 to 1 and holds the rate that was seen."""
    rate = min(successes, n) / n
    low, high = wilson(rate, n, level)
    assert 0 <= low <= rate <= high <= 1


def test_mean_interval_by_hand() -> None:
    """The interval of a mean spans 1.645 standard deviations each way at 90 %."""
    assert mean_interval(2.0, 0.25) == pytest.approx((2 - 0.82243, 2 + 0.82243), abs=1e-4)


def test_difference_by_hand() -> None:
    """Distances to the nearer ends add in quadrature.

    0.2 in (0.1, 0.4) to 0.5 in (0.2, 0.6): down sqrt(0.3^2 + 0.2^2) = 0.36056, up
    sqrt(0.1^2 + 0.1^2) = 0.14142, around 0.3.
    """
    expected = (0.3 - 0.36056, 0.3 + 0.14142)
    assert difference(0.2, (0.1, 0.4), 0.5, (0.2, 0.6)) == pytest.approx(expected, abs=1e-4)
