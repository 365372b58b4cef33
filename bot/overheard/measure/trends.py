"""The course of a stream over time: one point per run, and the usual range of a rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from overheard.measure.blocks import Stream
from overheard.measure.intervals import interval_from_variances, normal_half_width
from overheard.numpy_proxy import np

EXPECTED_RUN_EFFECT_VARIANCE = 0.03
"""The expected variance of the run effect of a model, on the logit scale."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time between two moments.

    Attributes:
        begin: The first moment of the span; None without a beginning.
        end: The first moment after the span; None without an end.
    """

    begin: datetime | None = None
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Return whether a moment lies within the span."""
        return (self.begin is None or at >= self.begin) and (self.end is None or at < self.end)


ALWAYS = Span()


@dataclass(frozen=True, slots=True)
class Point:
    """The mean of a stream in one run.

    Attributes:
        run_id: The run's number.
        at: When the run began.
        mean: The mean of the means of the prompts that have answers in the run.
        low: Lower end of the 90 % interval of the mean.
        high: Upper end.
        n: Number of answers.
    """

    run_id: int
    at: datetime
    mean: float
    low: float
    high: float
    n: int


def trend(
    stream: Stream, tau2: float | None = EXPECTED_RUN_EFFECT_VARIANCE, *, last: int = 0
) -> list[Point]:
    """Return one point for each run with answers, oldest first.

    The interval covers the mean of many such runs: it includes call noise and the run effect. Runs
    with different prompts are not adjusted; only a comparison (`overheard.detection`) restricts
    runs to the prompts that they share.

    Args:
        stream: One brand, one model, one metric.
        tau2: Variance of the run effect; 0 for call noise only, None for no interval, which takes
            most of the time: its ends are the mean then.
        last: Only of so many runs, the newest; 0 for all.
    """
    counts, totals = stream.n[-last:], stream.total[-last:]
    has_answers = counts > 0  # R x P
    n = np.maximum(counts, 1)  # at least 1, so that cells without answers divide to 0
    prompt_counts = np.maximum(has_answers.sum(axis=1), 1)
    means = (totals / n).sum(axis=1) / prompt_counts
    calls = (has_answers / n).sum(axis=1) / prompt_counts**2
    answers = counts.sum(axis=1)
    return [
        Point(run.id, run.at, mean, low, high, total)
        for run, mean, noise, total in zip(
            stream.runs[-last:], means.tolist(), calls.tolist(), answers.tolist(), strict=True
        )
        if total
        for low, high in [
            (mean, mean)
            if tau2 is None
            else interval_from_variances(mean, noise, 1.0, stream.scatter, tau2)
        ]
    ]


def stream_mean(stream: Stream, tau2: float = EXPECTED_RUN_EFFECT_VARIANCE) -> Point | None:
    """Return the mean of a stream over all of its runs together, with the number and time of the
    last run with answers; None without answers.

    Each prompt has the same weight. The interval covers the mean of many such runs: R runs have a
    run effect of 1/R of the variance of one run, if all are of equal size.

    Args:
        stream: One brand, one model, one metric, with the runs that count.
        tau2: Variance of the run effect; 0 for call noise only.
    """
    n, total = stream.n.sum(axis=0), stream.total.sum(axis=0)
    asked = n > 0
    runs = [index for index, count in enumerate(stream.n.sum(axis=1).tolist()) if count]
    if not runs:
        return None
    prompts = int(asked.sum())
    mean = float((total[asked] / n[asked]).sum() / prompts)
    calls = float((1 / n[asked]).sum() / prompts**2)
    between = interval_from_variances(mean, calls, 1 / len(runs), stream.scatter, tau2)
    last = stream.runs[runs[-1]]
    return Point(last.id, last.at, mean, *between, n=int(n.sum()))


def rank_ranges(levels: Sequence[Point]) -> list[tuple[int, int]]:
    """Return the first and the last possible place of each level among all levels, from 1, in the
    order given; the highest value has place 1.

    A level is certainly behind another only when their intervals do not overlap, so the range holds
    the true place wherever all intervals hold the true levels.
    """
    return [
        (
            1 + sum(other.low > interval.high for other in levels),
            len(levels) - sum(other.high < interval.low for other in levels),
        )
        for interval in levels
    ]


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
    """
    shrunk = (rate * total + 0.5) / (total + 1)  # neither 0 nor 1
    coin = shrunk * (1 - shrunk)
    of_runs = EXPECTED_RUN_EFFECT_VARIANCE * coin**2  # from the logit scale to that of rates
    of_check = max(coin * checks / answers + of_runs, spread) / checks
    of_mean = max(coin * usual / total + of_runs, spread) / usual
    return float((of_check + of_mean) ** 0.5)
