"""The usual range of a rate: where one check lies nine times in ten if nothing has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from overheard.measure.intervals import normal_half_width
from overheard.measure.trends import EXPECTED_RUN_EFFECT_VARIANCE, Point

USUAL_CHECKS = 13
"""The checks, the newest usual ones, by which it is told what is usual: a quarter, if weekly."""
MIN_CHECKS_OF_SPREAD = 6
"""Checks from which on their own spread counts beside that of chance."""


@dataclass(frozen=True, slots=True)
class UsualRange:
    """What is usual for a rate, 0 to 1, by earlier checks.

    Attributes:
        mean: The mean of the usual checks.
        low: Lower end of the range of one check.
        high: Upper end.
        checks: The number of usual checks, 1 or more.
        answers: Their answers.
        compared: Answers and number of the checks that are compared with them.
        spread: The variance of the usual checks among themselves; 0 with fewer than
            `MIN_CHECKS_OF_SPREAD`.
    """

    mean: float
    low: float
    high: float
    checks: int
    answers: int
    compared: tuple[int, int]
    spread: float

    def distance(self, rate: float) -> float:
        """Return how many standard deviations a rate lies above the mean, if both were one rate;
        negative below.
        """
        answers, checks = self.compared
        both = (self.mean * self.answers + rate * answers) / (self.answers + answers)
        sd = _deviation(both, self.answers, self.checks, self.spread, answers, checks)
        return (rate - self.mean) / sd


def usual_range(usual: Sequence[Point], answers: int, checks: int = 1) -> UsualRange | None:
    """Return the usual range of a rate for a number of checks together; None without usual checks.

    Args:
        usual: The usual checks.
        answers: Answers of the compared checks, 1 or more in all.
        checks: The number of compared checks.
    """
    total = sum(point.n for point in usual)
    if not total or not answers:
        return None
    means = [point.mean for point in usual]
    mean = sum(means) / len(means)
    spread = 0.0
    if len(means) >= MIN_CHECKS_OF_SPREAD:
        spread = sum((one - mean) ** 2 for one in means) / (len(means) - 1)
    sd = _deviation(mean, total, len(means), spread, answers, checks)
    half = normal_half_width(0.9) * sd
    low, high = max(0.0, mean - half), min(1.0, mean + half)
    return UsualRange(mean, low, high, len(means), total, (answers, checks), spread)


def _deviation(
    rate: float, total: int, usual: int, spread: float, answers: int, checks: int
) -> float:
    """Return the standard deviation of the mean of some checks around that of the usual ones.

    It has three parts: chance among the answers, the run effects, and that the usual mean itself is
    measured. The spread that the usual checks had counts instead if it is larger.

    Args:
        rate: The true rate.
        total: Answers of the usual checks, whose number is `usual`.
        answers: Answers of the compared checks, whose number is `checks`.
    """
    shrunk = (rate * total + 0.5) / (total + 1)  # neither 0 nor 1
    coin = shrunk * (1 - shrunk)
    of_runs = EXPECTED_RUN_EFFECT_VARIANCE * coin**2  # from the logit scale to that of rates
    of_check = max(coin * checks / answers + of_runs, spread) / checks
    of_mean = max(coin * usual / total + of_runs, spread) / usual
    return float((of_check + of_mean) ** 0.5)
