"""Planning: the smallest change that a panel would show, before it is paid for.

What a panel says about one logit shift of all its prompts is a number, the information of
`information`: one over the variance of the shift's estimate, with the values that its parts will
have on average. A known time needs a shift of (z of the level + z of the power) / sqrt of the
information. At an unknown time the Bayes factor of the right start has to pass the threshold; the
other starts and the sparse half of the mixture help as well, and are left out. Then the shift is
turned into points of the panel's mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from overheard.detection.announced_updates import DEFAULT_PLAN, FollowUpPlan
from overheard.detection.bursts import INFORMATIVE_SHARE
from overheard.detection.comparison import STUDENT_FREEDOM
from overheard.detection.marginal_likelihood import STEP_VARIANCE
from overheard.detection.panels import WELL_KNOWN
from overheard.detection.statistic import FRESH_WEIGHT
from overheard.numpy_proxy import Floats, np

POWER = 0.8
"""The probability with which a change is to be seen, of which the smallest size is returned."""
LEVEL = 0.05
"""Probability of a false finding in one look at a known time."""
HALF_ANSWER = 0.5
"""What a test of whole answers loses, in answers."""
USUAL_LIMIT = 3.0
"""Logarithm of a usual threshold of the streaming detector, near 20."""
USUAL_TAU = 0.25
"""Standard deviation of the run effects that is assumed of a model without history."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """A panel, and what is known or assumed of what it asks.

    Attributes:
        chances: Each prompt's probability of a mention, P.
        repeats: How often each is asked in a run.
        before: Number of runs before the change.
        tau: Standard deviation of the run effects, logit scale.
        limit: Logarithm of the streaming detector's threshold.
    """

    chances: Floats
    repeats: int = 3
    before: int = 20
    tau: float = USUAL_TAU
    limit: float = USUAL_LIMIT

    def times(self, prompts: int = 1, repeats: int = 1) -> Outlook:
        """Return a panel with ``prompts`` times as many prompts of the same kind, each asked
        ``repeats`` times as often.
        """
        chances = np.tile(self.chances, prompts)
        return replace(self, chances=chances, repeats=self.repeats * repeats)

    @property
    def calls(self) -> int:
        """Calls in a run."""
        return self.repeats * len(self.chances)


@lru_cache(64)
def typical(prompts: int, beta: tuple[float, float] = WELL_KNOWN) -> Floats:
    """Return the probabilities of a mention in a usual panel: evenly spaced quantiles of a Beta
    distribution, kept from 0.01 to 0.99, P, read-only.

    Args:
        prompts: Number of prompts, P.
        beta: The parameters of the distribution; by default those of a well-known brand.
    """
    from overheard.special_functions import betaincinv

    even = (np.arange(prompts) + 0.5) / prompts
    chances = np.asarray(np.clip(betaincinv(*beta, even), 0.01, 0.99))
    chances.flags.writeable = False
    return chances


def at_known_time(outlook: Outlook, runs: int = 1, level: float = LEVEL) -> float:
    """Return the smallest drop that one analysis after an announced update would show with the
    probability `POWER`, in percentage points.

    The analysis is that of `comparison`. Its p-value counts whole answers (half an answer is lost)
    and gives the run effects the tails of Student's t, so it needs a little more than a normal
    test.

    Args:
        outlook: The panel.
        runs: Number of runs after the update.
        level: Probability of a false finding.
    """
    calls, effects = _noise(outlook, runs)
    squared_limit = _z(level / 2) ** 2 * calls + _t(level / 2) ** 2 * effects
    needed = squared_limit**0.5 + HALF_ANSWER + _z(1 - POWER) * (calls + effects) ** 0.5
    return points(outlook, needed / calls)


def followed(outlook: Outlook, plan: FollowUpPlan = DEFAULT_PLAN) -> float:
    """Return the smallest drop that the bursts of a plan after an announced update would show by
    the last of them with the probability `POWER`, in percentage points.

    Args:
        outlook: The panel before the update.
        plan: Number of bursts, their calls, and the probability of a false finding.
    """
    info = information(outlook, plan.looks, _burst(outlook, plan.calls))
    return points(outlook, (plan.boundary + _z(1 - POWER)) / info**0.5)


def unannounced(outlook: Outlook, runs: int) -> float:
    """Return the smallest drop that the streaming detector, which does not know the time of a
    change, would show with the probability `POWER`, in percentage points. The drop is one logit
    shift of all prompts; it is at most the panel's whole mean.

    Args:
        outlook: The panel, with the threshold of the detector.
        runs: Number of runs after the drop, 1 or more.
    """
    shift_information = information(outlook, runs)
    # The z at which the Bayes factor of a uniform step, by its share of the prior, is at the limit.
    variance_ratio = 1 + STEP_VARIANCE * shift_information
    log_factor = outlook.limit - np.log(1 - FRESH_WEIGHT)
    z_squared = (2 * log_factor + np.log(variance_ratio)) * variance_ratio / (variance_ratio - 1)
    return points(outlook, (z_squared**0.5 + _z(1 - POWER)) / shift_information**0.5)


def information(outlook: Outlook, runs: int, asks: Floats | None = None) -> float:
    """Return the information on one logit shift of all prompts: the inverse of the variance of its
    estimate in squared logits, to which single answers and run effects contribute.

    Args:
        outlook: The panel.
        runs: Number of runs after the change.
        asks: How often each prompt is asked in each of these runs, P; by default as in the panel.
    """
    calls, effects = _noise(outlook, runs, asks)
    return calls**2 / (calls + effects)


def _noise(outlook: Outlook, runs: int, asks: Floats | None = None) -> tuple[float, float]:
    """Return two variances of the score statistic (the hits after the change less those expected
    without one): by single answers, and by run effects. The first one is also how far a shift of 1
    logit moves the statistic.

    Args:
        runs: Number of runs after the change.
        asks: How often each prompt is asked in each of these runs, P; by default as in the panel.
    """
    per_answer = outlook.chances * (1 - outlook.chances)
    asks_in_run = np.full(len(per_answer), float(outlook.repeats)) if asks is None else asks
    before, after = float(outlook.repeats * outlook.before), runs * asks_in_run
    calls = float(np.sum(before * after / (before + after) * per_answer))
    # A run effect moves the statistic by the run's share of `calls`, before and after the change.
    later = float(np.sum(asks_in_run * before / (before + after) * per_answer))
    earlier = float(np.sum(outlook.repeats * after / (before + after) * per_answer))
    return calls, outlook.tau**2 * (runs * later**2 + outlook.before * earlier**2)


def _burst(outlook: Outlook, calls: int) -> Floats:
    """Return the expected number of calls to each prompt in a burst of a number of calls, P: the
    share `INFORMATIVE_SHARE` by the information of an answer, the rest to all prompts alike.
    """
    per_answer = outlook.chances * (1 - outlook.chances)
    by_information, alike = per_answer / per_answer.sum(), 1 / len(per_answer)
    return np.asarray(
        calls * ((1 - INFORMATIVE_SHARE) * alike + INFORMATIVE_SHARE * by_information)
    )


def points(outlook: Outlook, shift: float) -> float:
    """Return by how many percentage points the panel's mean falls when every prompt falls by
    ``shift`` logits, 0 or more; at most the whole mean.
    """
    p = outlook.chances
    return float(100 * np.mean(p - 1 / (1 + (1 - p) / p * np.exp(min(shift, 50.0)))))


def _t(tail: float) -> float:
    """Return the value that Student's t, with the freedom of run effects, exceeds with the
    probability ``tail``.
    """
    from overheard.special_functions import stdtrit

    return -float(stdtrit(STUDENT_FREEDOM, tail))


def _z(tail: float) -> float:
    """Return the value that a standard normal variable exceeds with the probability ``tail``."""
    from overheard.special_functions import ndtri

    return -float(ndtri(tail))
