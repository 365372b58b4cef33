"""What a baseline would show: while it is young, and for a panel that is planned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

from overheard.detection.confirmation import UPDATE_BOUNDARY, UPDATE_LOOKS
from overheard.detection.control_variate import (
    MIN_INFORMATION,
    RunEffectPrior,
    StreamGroup,
    run_series,
)
from overheard.detection.decision_inputs import RUNS_A_YEAR, STUDENT_FREEDOM, needed_excess
from overheard.detection.statistic import FRESH_WEIGHT
from overheard.detection.step_evidence import STEP_VARIANCE
from overheard.domain import RunKey
from overheard.numpy_proxy import Floats, Places, np

LEARNING_RUNS = 6
"""Runs after which a baseline is long enough."""
FIRST_SDS, YOUNG_SDS, OLD_SDS, YOUNG_RUNS = 3.25, 3.1, 2.3, 8
"""Standard deviations of a run that a change needs to show within three runs, with a power of about
0.8 at one false alarm a year: after a single run, which does not show how large run effects are;
for baselines of less than so many runs; and for older ones."""
WELL_KNOWN = (0.62, 0.76)
"""Beta parameters of mention probabilities over prompts, for a well-known brand."""
WEAK_BETA = (0.31, 0.38)
"""What is expected of a prompt's rate before its answers are seen, half of `FRESH_BETA`."""
MAX_FALL = 50.0
"""Largest fall in logits, against overflow."""
RECORD_RUNS = 40
"""Number of runs over which the record of the own false alarms is kept."""


@dataclass(frozen=True, slots=True)
class Learning:
    """A baseline that is still short.

    Attributes:
        runs: Number of runs of the baseline.
        needed: Number of runs of a full baseline.
        change: The smallest loss of a rate that would show within the next three runs, 0 to 1;
            None when the latest run has no answers.
        answers: Number of answers in a run.
    """

    runs: int
    needed: int
    change: float | None
    answers: int = 0

    @property
    def lost(self) -> int:
        """The loss `change` as a number of a run's answers; 0 when it is None."""
        return round((self.change or 0.0) * self.answers)


def learning(
    group: StreamGroup, rows: Places, prior: RunEffectPrior, per_year: float = 1.0, brands: int = 1
) -> Learning:
    """Return the length of a young baseline, the smallest loss that it would show within the next
    three runs, and the number of the brand's answers in its latest run.

    Args:
        group: The brand's stream and those of its rivals.
        rows: The baseline's runs, one or more, the oldest first.
        prior: The expected variances of the run effects of the model, logit scale.
        per_year: False alarms that the deployment accepts in a year.
        brands: Number of tracked brands, which share the false alarms.
    """
    runs = len(rows)
    change = smallest_visible_loss(group, rows, prior, per_year, brands)
    return Learning(runs, LEARNING_RUNS, change, round(float(group.n[0][rows[-1]].sum())))


def smallest_visible_loss(
    group: StreamGroup, rows: Places, prior: RunEffectPrior, per_year: float = 1.0, brands: int = 1
) -> float | None:
    """Return the smallest fall of a brand's rate, averaged over answers, that would show within the
    next three runs, 0 to 1; None when the latest run has no answers of the brand.

    The fall is one logit shift of all prompts. The runs to come are assumed to ask what the latest
    run asked, and competitors to show a part of the run effects.

    Args:
        group: The brand's stream and those of its rivals.
        rows: The baseline's runs, one or more, the oldest first.
        prior: The expected variances of the run effects of the model, logit scale; with two or more
            runs they are estimated from these.
        per_year: False alarms that the deployment accepts in a year.
        brands: Number of tracked brands, which share the false alarms.
    """
    runs = len(rows)
    asked = group.n[:, group.first[rows[-1]]]
    n, hits = (cells[:, rows].sum(axis=1) for cells in (group.n, group.total))
    a, b = hits + WEAK_BETA[0], n - hits + WEAK_BETA[1]
    answer_variances = a * b / ((a + b) * (a + b + 1))
    information = (asked * answer_variances).sum(axis=1)
    if information[0] <= 0:
        return None
    shared, own = prior.shared, prior.own
    if runs > 1:
        series = run_series(group, rows, prior)
        shared, own = series.shared, series.own
    rivals_weight = (1 / (own + 1 / np.maximum(information[1:], MIN_INFORMATION))).sum()
    noise = 1 / float(information[0]) + shared / (1 + shared * rivals_weight) + own
    stricter = needed_excess(per_year, RUNS_A_YEAR, brands) - needed_excess(1.0, RUNS_A_YEAR, 1)
    visible_sds = FIRST_SDS if runs == 1 else YOUNG_SDS if runs < YOUNG_RUNS else OLD_SDS
    sds = max(visible_sds**2 + 2 * stricter, 1.0) ** 0.5
    shift = min(sds * (noise * (1 + 1 / runs)) ** 0.5, MAX_FALL)
    prompt_shares = asked[0] / max(float(asked[0].sum()), 1.0)
    p = a[0] / (a[0] + b[0])
    lower = p / (p + (1 - p) * np.exp(shift))
    return float(prompt_shares @ (p - lower))


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """How often the rule fired in a deployment's own runs without a change.

    Attributes:
        runs: Number of the latest runs that were analysed and had no lasting change.
        fired: Number of these runs with an alarm that was taken back.
    """

    runs: int
    fired: int


def own_record(
    analysed: Sequence[RunKey], alarms: Iterable[RunKey], taken_back: Iterable[RunKey]
) -> OwnRecord:
    """Return the number of the latest unchanged runs, at most `RECORD_RUNS`, and how many of them
    had an alarm, which was false.

    A run is unchanged if it had no alarm, or if its alarm was taken back. A run with an alarm that
    lasts is left out.

    Args:
        analysed: The runs that were analysed, the oldest first.
        alarms: The runs with an alarm, in any order.
        taken_back: Those of them whose alarm ended because the change did not last.
    """
    false_alarms = set(taken_back)
    lasting = set(alarms) - false_alarms
    unchanged = [run for run in analysed if run not in lasting][-RECORD_RUNS:]
    return OwnRecord(len(unchanged), sum(1 for run in unchanged if run in false_alarms))


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
LOOKS_ADDED, LOOKS_A_RUN = 1.0, 0.9
"""Runs as which those that ask again count together: at first, and more with each check. By how
soon changes are told with them (`bench/detection.py`, part `power`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """A panel, and what is known or assumed of what it asks.

    Attributes:
        chances: Each prompt's probability of a mention, P.
        repeats: How often each is asked in a run.
        before: Number of runs before the change.
        tau: Standard deviation of the run effects, logit scale.
        limit: Logarithm of the streaming detector's threshold.
        again: Whether models are asked again where something may have changed.
    """

    chances: Floats
    repeats: int = 3
    before: int = 20
    tau: float = USUAL_TAU
    limit: float = USUAL_LIMIT
    again: bool = False

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
    from overheard.special_functions import stdtrit

    calls, effects = _noise(outlook, runs)
    t = float(stdtrit(STUDENT_FREEDOM, level / 2))
    squared_limit = _z(level / 2) ** 2 * calls + t**2 * effects
    needed = squared_limit**0.5 + HALF_ANSWER + _z(1 - POWER) * (calls + effects) ** 0.5
    return points(outlook, needed / calls)


def followed(outlook: Outlook) -> float:
    """Return the smallest drop that asking again after an announced update would show by the last
    look with the probability `POWER`, in percentage points.

    Args:
        outlook: The panel before the update.
    """
    info = information(outlook, UPDATE_LOOKS)
    return points(outlook, (UPDATE_BOUNDARY + _z(1 - POWER)) / info**0.5)


def unannounced(outlook: Outlook, runs: int) -> float:
    """Return the smallest drop that the streaming detector, which does not know the time of a
    change, would show with the probability `POWER`, in percentage points. The drop is one logit
    shift of all prompts; it is at most the panel's whole mean.

    Args:
        outlook: The panel, with the threshold of the detector.
        runs: Number of runs after the drop, 1 or more.
    """
    looks = (LOOKS_ADDED + LOOKS_A_RUN * runs) * outlook.again
    shift_information = information(outlook, runs + looks)
    # The z at which the Bayes factor of a uniform step, by its share of the prior, is at the limit.
    variance_ratio = 1 + STEP_VARIANCE * shift_information
    log_factor = outlook.limit - np.log(1 - FRESH_WEIGHT)
    z_squared = (2 * log_factor + np.log(variance_ratio)) * variance_ratio / (variance_ratio - 1)
    return points(outlook, (z_squared**0.5 + _z(1 - POWER)) / shift_information**0.5)


def information(outlook: Outlook, runs: float) -> float:
    """Return the information on one logit shift of all prompts: the inverse of the variance of its
    estimate in squared logits, to which single answers and run effects contribute.

    Args:
        outlook: The panel.
        runs: Number of runs after the change.
    """
    calls, effects = _noise(outlook, runs)
    return calls**2 / (calls + effects)


def _noise(outlook: Outlook, runs: float) -> tuple[float, float]:
    """Return two variances of the score statistic (the hits after the change less those expected
    without one): by single answers, and by run effects. The first one is also how far a shift of 1
    logit moves the statistic.

    Args:
        runs: Number of runs after the change.
    """
    per_answer = outlook.chances * (1 - outlook.chances)
    before, after = float(outlook.repeats * outlook.before), outlook.repeats * runs
    calls = float(np.sum(before * after / (before + after) * per_answer))
    # A run effect moves the statistic by the run's share of `calls`, before and after the change.
    later = float(np.sum(outlook.repeats * before / (before + after) * per_answer))
    earlier = float(np.sum(outlook.repeats * after / (before + after) * per_answer))
    return calls, outlook.tau**2 * (runs * later**2 + outlook.before * earlier**2)


def points(outlook: Outlook, shift: float) -> float:
    """Return by how many percentage points the panel's mean falls when every prompt falls by
    ``shift`` logits, 0 or more; at most the whole mean.
    """
    p = outlook.chances
    return float(100 * np.mean(p - 1 / (1 + (1 - p) / p * np.exp(min(shift, 50.0)))))


def _z(tail: float) -> float:
    """Return the value that a standard normal variable exceeds with the probability ``tail``."""
    return -NormalDist().inv_cdf(tail)
