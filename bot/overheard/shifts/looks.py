"""How strict looks must be that are made together, or one soon after the other."""

from __future__ import annotations

from collections.abc import Sequence

DAYS_A_YEAR = 365.25
LEAST = 0.001
"""False alarms that one look may have at least, however soon it follows the one before."""


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for having been looked at together (Holm 1979).

    Whoever believes those at or under a level believes any false one with at most that
    probability, however the streams depend on each other.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [0.0] * len(p_values)
    worst = 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = worst
    return corrected
