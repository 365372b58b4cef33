"""How strict one look must be, so that all looks of a year keep the promise."""

from __future__ import annotations

from collections.abc import Sequence

DAYS_A_YEAR = 365.25
LEAST, MOST = 0.001, 0.05


def level_of_look(days_since_last_run: float, per_year: float = 1.0) -> float:
    """Return the probability of a false alarm that one look may have.

    The sum of the levels over a year of looks bounds the expected number of false alarms in it.
    So each look gets the share of the promise that belongs to the time since the last one:
    0.019 for a weekly look, 0.0027 for a daily one, at one false alarm a year.

    The level is at most 0.05, however long nobody looked, and at least 0.001, so that two runs
    made minutes apart can still differ. Whoever looks more often than every nine hours spends
    more than the promise.

    Args:
        days_since_last_run: Days from the run before to this one, 0 or more.
        per_year: False alarms that may be expected of a brand in a year.
    """
    return min(MOST, max(LEAST, per_year * days_since_last_run / DAYS_A_YEAR))


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
