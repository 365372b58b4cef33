import pytest
from hypothesis import given
from hypothesis import strategies as st

from overheard.shifts.looks import holm, level_of_look


@pytest.mark.parametrize(
    ("days", "level"), [(7, 7 / 365.25), (1, 1 / 365.25), (90, 0.05), (0.01, 0.001), (0, 0.001)]
)
def test_a_look_gets_its_share_of_the_year(days: float, level: float) -> None:
    """A look's level is the promise times the gap in years, between 0.001 and 0.05."""
    assert level_of_look(days) == pytest.approx(level)


def test_a_year_of_looks_keeps_the_promise() -> None:
    """The levels of a year of weekly looks sum to the false alarms that are promised."""
    assert sum(level_of_look(365.25 / 52, per_year=2) for _ in range(52)) == pytest.approx(2)


def test_holm_by_hand() -> None:
    """Three p-values: the least times 3, the next times 2, the last as it is, never falling."""
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value(values: list[float]) -> None:
    """Corrected p-values are as large as the raw ones or larger, in the same order, up to 1."""
    corrected = holm(values)
    assert all(raw <= new <= 1 for raw, new in zip(values, corrected, strict=True))
    assert [c for _, c in sorted(zip(values, corrected, strict=True))] == sorted(corrected)
