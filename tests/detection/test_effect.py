from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overheard.detection.effect import holm, probability


def test_holm_by_hand() -> None:
    """Three p-values: the least times 3, the next times 2, the last as it is, never falling."""
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value(values: list[float]) -> None:
    """Corrected p-values are as large as the raw ones or larger, in the same order, up to 1."""
    corrected = holm(values)
    assert all(raw <= new <= 1 for raw, new in zip(values, corrected, strict=True))
    assert [c for _, c in sorted(zip(values, corrected, strict=True))] == sorted(corrected)


def test_the_probability_of_a_change_is_by_hand() -> None:
    """One change a year is expected: evidence of 100 in weekly runs makes odds of 100 to 52."""
    assert probability(log(100.0), 52.0) == pytest.approx(100 / 152)
    assert probability(log(100.0), 1.0) == pytest.approx(100 / 101)
    assert probability(log(100.0), 0.2) == pytest.approx(100 / 101)  # a year has one run or more
    assert probability(log(3.0), 365.25) == pytest.approx(3 / 368.25)
    assert probability(1e6, 52.0) == pytest.approx(1.0)
