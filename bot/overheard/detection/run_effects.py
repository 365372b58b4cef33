"""The run effect: a random effect that all calls of one run share, and its variance.

Whole runs move together (a search that was on or off, the way a request was routed), by a run
effect on the logit scale whose standard deviation lies between 0 and 0.5. A test that takes the
calls of a run for independent mistakes a run effect for a shift.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from overheard.measure.blocks import Stream
from overheard.measure.trends import EXPECTED_RUN_EFFECT_VARIANCE
from overheard.numpy_proxy import np

PRIOR_TAU2 = EXPECTED_RUN_EFFECT_VARIANCE
"""The variance that is expected of a model with fewer than two runs."""
PRIOR_TAU2_RUNS = 1.0
"""Number of runs that this variance weighs as much as: little, because a model with larger run
effects than most must not seem to move more often."""


class Moments(NamedTuple):
    """The contribution of one stream to the estimate of the variance, ``excess / scale``.

    Attributes:
        excess: Squared distances of the runs from the panel's mean, less what calls explain.
        scale: The excess that a variance of 1 would add.
        freedom: Number of runs less one.
    """

    excess: float
    scale: float
    freedom: int


def run_effect_variance(streams: Iterable[Stream], first: int) -> float:
    """Return an estimate of the variance of the run effect, on the logit scale, from the runs
    before a time.

    A moment estimator, pooled over the streams, not below 0, then drawn towards `PRIOR_TAU2`. Run
    effects belong to models, so all brands' streams of a model are evidence of them.

    Args:
        streams: Streams of one model and one metric; all brands help.
        first: Number of the first run that is not used, the one after the baseline; 0 uses all
            runs, and so does a number that a stream does not have.

    Returns:
        The variance, above 0; `PRIOR_TAU2` when no stream has two runs whose answers vary.
    """
    by_stream = [found for stream in streams if (found := moments(stream, first)).scale > 0]
    if not by_stream:
        return PRIOR_TAU2
    excess, scale = sum(found.excess for found in by_stream), sum(f.scale for f in by_stream)
    tau2 = max(0.0, excess) / scale
    # A strong run effect moves a rate by less than its slope says: the moments are a little low.
    tau2 *= 1 + tau2
    runs = max(found.freedom for found in by_stream)
    return (runs * tau2 + PRIOR_TAU2_RUNS * PRIOR_TAU2) / (runs + PRIOR_TAU2_RUNS)


def moments(stream: Stream, first: int) -> Moments:
    """Return the moments of a stream's runs for an estimate of the variance of the run effect. All
    are 0 with fewer than two runs with answers; prompts with a single answer are left out.

    Run b's distance from the panel is u_b, the sum over prompts of total - n x mean. Calls alone
    give u_b the variance v_b. A run effect in run a moves u_b by pull_ab. So the sum of u_b squared
    is on average the sum of v_b plus the variance of the run effect times the sum of pull_ab
    squared.

    Args:
        first: Number of the first run that does not count; later runs do not count either. All runs
            count if the stream has no run of this number, such as 0.
    """
    rows = ~stream.since(first) & (stream.n.sum(axis=1) > 0)
    columns = stream.n[rows].sum(axis=0) > 1
    n = stream.n[rows][:, columns].astype(np.float64)
    if len(n) < 2:
        return Moments(0.0, 0.0, 0)
    total, squares = (sums[rows][:, columns] for sums in (stream.total, stream.squares))
    answers, mean = n.sum(axis=0), total.sum(axis=0) / n.sum(axis=0)
    variance = np.maximum(squares.sum(axis=0) - answers * mean**2, 0.0) / (answers - 1)
    u = np.sum(total - n * mean, axis=1)
    v = np.sum(n * (1 - n / answers) * variance, axis=1)
    pull = np.diag(n @ variance) - (n * variance / answers) @ n.T
    excess, scale = float(u @ u - v.sum()), float(np.sum((pull / stream.width) ** 2))
    return Moments(excess, scale, len(n) - 1)
