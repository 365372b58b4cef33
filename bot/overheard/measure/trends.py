"""How a stream went over time: one point a run, for reports and charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from overheard.measure.blocks import Stream
from overheard.measure.panel import interval_from_variances
from overheard.numpy_proxy import np

EXPECTED_SHOCK = 0.03
"""The variance of the run shock, on the logit scale, that is expected of a model."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a stream stood in one run.

    Attributes:
        run_id: The run's number.
        at: When it began.
        mean: The mean over the prompts that have answers in it, each weighing the same.
        low: Lower end of the 90 % interval of the mean.
        high: Upper end.
        n: Number of answers it rests on.
    """

    run_id: int
    at: datetime
    mean: float
    low: float
    high: float
    n: int


def trend(stream: Stream, tau2: float = EXPECTED_SHOCK) -> list[Point]:
    """Return one point for each run that has answers, in the order of time.

    The interval says where the mean of many such runs may lie: it holds the noise of the calls
    and the mood of the run. Runs that asked different prompts are shown as they are; only a
    comparison (`shifts.announced`) sets them against each other, on the prompts they share.

    Args:
        stream: One brand, one model, one metric.
        tau2: Variance of the run shock, 0 for the noise of the calls alone.
    """
    asked = stream.n > 0
    n = np.maximum(stream.n, 1)
    count = np.maximum(asked.sum(axis=1), 1)
    means = (stream.total / n).sum(axis=1) / count
    calls = (asked / n).sum(axis=1) / count**2
    answers = stream.n.sum(axis=1)
    return [
        Point(
            run.id,
            run.at,
            mean,
            *interval_from_variances(mean, noise, 1.0, stream.scatter, tau2),
            n=total,
        )
        for run, mean, noise, total in zip(
            stream.runs, means.tolist(), calls.tolist(), answers.tolist(), strict=True
        )
        if total
    ]
