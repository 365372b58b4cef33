"""How a stream went over time: one point a run, for reports and charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from overheard.measure.blocks import Stream
from overheard.measure.panel import interval

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
    live = np.flatnonzero(stream.n.sum(axis=1))
    return [_point(stream, int(row), tau2) for row in live]


def _point(stream: Stream, row: int, tau2: float) -> Point:
    run = stream.runs[row]
    rows = np.arange(len(stream.runs)) == row
    sums = stream.sums(rows, stream.n[row] > 0)
    low, high = interval(sums, sums.n[None, :], stream.scatter, tau2)
    return Point(run.id, run.at, sums.mean, low, high, int(stream.n[row].sum()))
