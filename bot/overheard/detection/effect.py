"""What evidence comes to: how probable a change is, how large, and what could be seen at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from overheard.detection.bayes_factors import SHIFT_SD
from overheard.detection.known_time import Comparison
from overheard.measure.blocks import Stream
from overheard.numpy_proxy import np

FULL_BASELINE_RUNS = 6
"""Runs after which a baseline is long enough. Earlier analyses keep the promised rate of false
alarms too (the threshold allows for the uncertainty), but see little: with 30 prompts asked 3 times
and run effects of 0.25, the smallest drop that a single analysis finds shrinks from about 27 points
after one run to 18 after six and 15 after twenty."""
DETECTABLE_SDS = 3.4
"""Standard deviations of a change that an analysis finds with a power of about 0.8."""


@dataclass(frozen=True, slots=True)
class Learning:
    """A baseline that is still short.

    Attributes:
        runs: How many runs it has.
        needed: How many make it long enough.
        change: About how large a change of a rate must be for the next run to show it, 0 to 1;
            None when no rate varies.
    """

    runs: int
    needed: int
    change: float | None


def probability(statistic: float, analyses_a_year: float) -> float:
    """Return the probability that a stream has changed, given the logarithm of its statistic.

    The statistic is that of Shiryaev and Roberts: when a change comes with the same small
    probability p in every run, statistic x p are the odds that a change has come. A stream is
    expected to change once a year, so p is 1 / analyses_a_year.
    """
    odds = exp(min(statistic, 500.0)) / max(analyses_a_year, 1.0)
    return odds / (1 + odds)


def expected_change(compared: Comparison, width: float) -> float:
    """Return the change that is expected of many more answers: it is drawn towards none, the
    more so the less is known (posterior mean under the detector's prior).
    """
    known = SHIFT_SD**2 * compared.v**2 / compared.veff / width**2
    return compared.change * known / (1 + known)


def smallest_visible_change(stream: Stream, tau2: float) -> float | None:
    """Return about how large a change of a rate must be for the next run to show it, 0 to 1.

    The next run is assumed to ask what the latest run asked, and the change to be one logit shift
    of all prompts. None when the answers say nothing.

    Args:
        stream: The baseline of a rate.
        tau2: Variance of the run effect.
    """
    before, after = stream.n.sum(axis=0).astype(np.float64), stream.n[-1].astype(np.float64)
    asked = (before > 0) & (after > 0)
    before, after = before[asked], after[asked]
    mean = (stream.total.sum(axis=0)[asked] + 0.5) / (before + 1)
    spread = mean * (1 - mean)
    weight = after * before / (after + before) * spread
    v = float(weight.sum())
    if v <= 0:
        return None
    veff = v + tau2 * v**2 * (1 + 1 / len(stream.runs))
    return min(1.0, DETECTABLE_SDS * float(veff**0.5) / v * float(spread.mean()))


DAYS_A_YEAR = 365.25
MIN_FALSE_ALARMS_PER_RUN = 0.001
"""False alarms that one look may have at least, however soon it follows the one before."""


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for the number of tests (Holm 1979), in the same order.

    If all corrected p-values up to a level count as findings, the probability of any false finding
    is at most this level, however the tests depend on each other.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [0.0] * len(p_values)
    worst = 0.0
    for rank, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = worst
    return corrected
