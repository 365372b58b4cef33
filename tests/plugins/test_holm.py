import pytest
from hypothesis import given, strategies as st

from overheard_finetune.comparison_verdicts import holm_adjusted


def test_holm_by_hand() -> None:
    """Three p-values: the least times 3, the next times 2, the last as it is, never falling."""
    assert holm_adjusted([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value(values: list[float]) -> None:
    """Corrected p-values are as large as the raw ones or larger, in the same order, up to 1."""
    corrected = holm_adjusted(values)
    assert all(raw <= new <= 1 for raw, new in zip(values, corrected, strict=True))
    assert [c for _, c in sorted(zip(values, corrected, strict=True))] == sorted(corrected)
