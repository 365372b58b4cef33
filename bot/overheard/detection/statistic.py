"""The statistic of a change: what is in favour of one that began with one of the recent runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from overheard.detection.control_variate import (
    MEDIAN_TO_SD,
    RunEffectPrior,
    RunSeries,
    StreamGroup,
    run_series,
    share_of_effect,
)
from overheard.detection.fresh_evidence import fresh_evidence
from overheard.detection.step_evidence import step_evidence
from overheard.numpy_proxy import Floats, Places, np

RECENT_STARTS = 16
"""Number of the latest runs each of which a change may have begun with."""
START_SPACING = 1.25
"""How much further back each older start lies than the one before, where runs are frequent."""
FRESH_WEIGHT = 0.25
"""Prior probability that a change is one of a few prompts, rather than of all."""
OUTLIER_RUNS = 8
"""Number of the latest runs that may be single deviating runs."""
SPARSE_OUTLIER_RUNS = 3
"""Number of the latest runs in which a few prompts may deviate; each more costs time."""
OUTLIER_PRIOR = (0.5, 60.0)
"""Prior number of single deviating runs, and the number of runs that the prior stands for."""
FRESH_OUTLIERS = 0.05
"""Share of them, as long as none was seen, in which prompts have rates of their own: what goes back
by itself is a run effect, and those are smaller."""
STAYS = 0.5
"""Probability that a model which answers in another state still does when it is asked again."""
OUTLIER_SDS = 3.0
"""Standard deviations from its neighbours at which a run counts as a deviating run."""
CHECKED_NEIGHBOURS = 2
"""Number of runs on each side with which a run is compared."""
DISTANCE_VARIANCE = 1.3
"""Variance of a run's distance from the median of four neighbours, for equal variances of 1."""
UNIFORM_ADVANTAGE = 1.1
"""A shift of all prompts counts as the better explanation unless a few prompts explain the change
by more than this logarithm of odds: their prior odds."""
MAX_EFFECT = 3.0
"""Largest run effect, in logits, that is taken out of the prompts' rates."""


@dataclass(frozen=True, slots=True, eq=False)
class Statistic:
    """The evidence of one stream for a change, at its latest active run.

    Attributes:
        starts: The rows of the runs with which the change may have begun, K, in the order of time.
        logs: Logarithms of the Bayes factors of the starts, K.
        total: Logarithm of the sum of the Bayes factors with the prior weights of the starts.
        age: Number of active runs before the latest.
        own_share: Share of the own run effect in the residual variance of a run, from the rivals.
        autocorrelation: Probability that own run effects are autocorrelated, from the rivals.
        uniform: Whether a shift of all prompts explains the likeliest start better than a few.
        variance: Expected variance of the own run effect.
        rivals_variance: Expected variance of the own run effect by the rivals alone.
    """

    starts: Places
    logs: Floats
    total: float
    age: int
    own_share: float
    autocorrelation: float
    uniform: bool
    series: RunSeries
    variance: float
    rivals_variance: float

    @property
    def posterior(self) -> Floats:
        """The probability that the change began with each start, given that there was one, K."""
        scaled = np.exp(self.logs - self.logs.max())
        return np.asarray(scaled / scaled.sum())

    @property
    def likeliest(self) -> int:
        """The row of the run with which the change most likely began."""
        return int(self.starts[int(self.logs.argmax())])

    def dates(self, level: float = 0.9) -> Places:
        """Return the smallest set of runs that holds the change's first run with a probability of
        at least ``level`` (0 to 1), as rows in the order of time.
        """
        posterior = self.posterior
        order = np.argsort(-posterior, kind="stable")
        needed = int(np.searchsorted(np.cumsum(posterior[order]), level - 1e-12)) + 1
        return np.asarray(np.sort(self.starts[order[:needed]]))


def statistic(
    group: StreamGroup,
    rows: Places,
    prior: RunEffectPrior,
    reach: int = RECENT_STARTS,
    weights: Floats | None = None,
    deviating_share: float = 0.0,
) -> Statistic:
    """Return the evidence that a stream changed with one of its recent runs, as of the latest of
    its active runs (the runs of the baseline that have answers, and the run that is analysed).
    Nothing after that run is used.

    At each start, a shift of all prompts and a change of a few prompts are weighed by their prior
    probabilities, 1 - `FRESH_WEIGHT` and `FRESH_WEIGHT`. A change of a few prompts is looked for
    only in rates, whose values are 0 or 1. The evidence of single deviating runs is subtracted.

    Args:
        group: The brand's stream and those of its rivals.
        rows: The active runs, two or more, in the order of time.
        prior: The expected variances of the run effects of the model, logit scale.
        reach: Largest number of active runs from the oldest start to the latest run. More starts
            than `RECENT_STARTS` lower the total, so that they do not raise false alarms.
        weights: Prior weight of a change that begins with each active run, n; None for 1 each.
        deviating_share: The least probability with which a single run of the brand deviates, 0 to
            1; what the active runs of all brands show may be more.
    """
    runs = len(rows)
    start_indices = candidate_starts(runs - 1, reach)
    series = run_series(group, rows, prior)
    after = (np.arange(runs) >= start_indices[:, None]).astype(np.float64)
    steps = _regressors(after, series.weights)
    looks = group.looks(rows)
    outlier_runs = min(OUTLIER_RUNS, runs)
    step_odds = step_evidence(series.level, series.noise, steps, outlier_runs, looks)
    deviating_count, compared_count = deviating_runs(series.level, series.noise, OUTLIER_PRIOR)
    # Whether a run deviates alone is settled by asking again: a state that lasts is rarer.
    counts = deviating_count, deviating_count - (1 - FRESH_OUTLIERS) * OUTLIER_PRIOR[0]
    deviating, fresh = (
        max(count / compared_count, deviating_share) * STAYS ** (looks - 1) for count in counts
    )
    uniform = step_odds.steps - _deviation_evidence(step_odds.outliers, deviating)
    logs, is_uniform = uniform, True
    if group.binary:
        of_few = _few_prompts_evidence(group, rows, series, after, fresh)
        logs = np.logaddexp(uniform + np.log(1 - FRESH_WEIGHT), of_few + np.log(FRESH_WEIGHT))
        best = int(logs.argmax())
        is_uniform = bool(uniform[best] + UNIFORM_ADVANTAGE >= of_few[best])
    prior_logs = np.zeros(len(start_indices)) if weights is None else np.log(weights[start_indices])
    many_starts_penalty = np.log(max(1.0, len(start_indices) / RECENT_STARTS))
    noise = float(series.noise[0].mean())
    return Statistic(
        starts=rows[start_indices],
        logs=logs,
        total=float(np.logaddexp.reduce(logs + prior_logs)) - float(many_starts_penalty),
        age=runs - 1,
        own_share=step_odds.rivals_variance / (step_odds.rivals_variance + noise),
        autocorrelation=step_odds.rivals_autocorrelation,
        uniform=is_uniform,
        series=series,
        variance=step_odds.variance,
        rivals_variance=step_odds.rivals_variance,
    )


@lru_cache(4096)
def candidate_starts(latest: int, reach: int = RECENT_STARTS) -> Places:
    """Return the indices of the K runs with which a change may have begun, in the order of time:
    each of the latest `RECENT_STARTS` runs, then older ones at growing distances up to ``reach``.
    The first run is no start. The array is read-only.

    Args:
        latest: Index of the latest run.
        reach: Largest number of runs from the oldest start to the latest run.
    """
    older = int(np.log(max(reach / RECENT_STARTS, 1.0)) / np.log(START_SPACING) + 1e-9)
    further = np.ceil(RECENT_STARTS * START_SPACING ** np.arange(older, 0, -1)).astype(np.intp)
    back = np.concatenate([further, np.arange(RECENT_STARTS, 0, -1)])
    starts = np.asarray((latest + 1 - back)[back <= latest])
    starts.flags.writeable = False
    return starts


def _regressors(after: Floats, weights: Floats) -> Floats:
    """Return by how many logits a step of 1 logit at each start moves the distance of each run from
    the means of its prompts, K x n.

    The means include the runs after the step, so that a prompt that was asked on one side only adds
    nothing. Where all runs ask the same, the step itself is returned: it differs by a constant,
    which the evidence does not depend on.

    Args:
        after: Which runs each start takes as after it, K x n: 0 or 1.
        weights: Information of each prompt in each run, n x P.
    """
    if np.ptp(weights, axis=0).max() < 1e-12:
        return after
    by_prompt = np.maximum(weights.sum(axis=0), 1e-12)
    by_run = np.maximum(weights.sum(axis=1), 1e-12)
    share_after = after @ weights / by_prompt  # of each prompt's information, K x P
    return np.asarray(after - share_after @ weights.T / by_run)


def _few_prompts_evidence(
    group: StreamGroup, rows: Places, series: RunSeries, after: Floats, deviating: Floats
) -> Floats:
    """Return the logarithms of the Bayes factors that a few prompts changed to rates of their own
    with each start, K, against that none changed. The evidence that some prompts deviated only in
    single runs among the latest `SPARSE_OUTLIER_RUNS` is subtracted.

    What run effects explain of a prompt's change is taken out: the effect that all brands share,
    and the part of the brand's own level that is expected to be a run effect.

    Args:
        group: The streams, the brand's first.
        rows: The active runs, n of them, in the order of time.
        series: The same runs on the logit scale.
        after: Which runs each start takes as after it, K x n: 0 or 1.
        deviating: Probability that each run deviates, before it is seen, n.
    """
    order = np.arange(len(rows))
    latest = order[max(1, len(rows) - SPARSE_OUTLIER_RUNS) :, None]
    # After the K starts come the single runs, each against the runs before it.
    after = np.concatenate([after, order == latest])
    before = np.concatenate([1 - after[: -len(latest)], order < latest])
    n, hits = group.n[0][rows], group.total[0][rows]
    n_before, hits_before, n_after, hits_after = before @ n, before @ hits, after @ n, after @ hits
    runs_after, runs_before = after.sum(axis=1), before.sum(axis=1)
    shared_step, own_step = (
        (after @ values) / runs_after - (before @ values) / runs_before
        for values in (series.effect[0], series.level[0])
    )
    share_of_effects = series.own / (series.own + float(series.noise[0].mean()))
    effects = np.clip(shared_step + share_of_effects * own_step, -MAX_EFFECT, MAX_EFFECT)
    # A prompt's own effect is that of all its answers in a run: it shows where there are several.
    # Its loading on run effects stays: runs in a row with like effects look like a fresh start.
    effect_variance, loading_variance = series.scatter
    scatter = np.broadcast_to(loading_variance * effects[:, None] ** 2, n_after.shape)
    if group.products:
        share = share_of_effect(group.looks(rows))[:, None]
        in_pairs = effect_variance * share * n * (n - 1)
        scatter = scatter + (after @ in_pairs) / np.maximum(n_after, 1) ** 2
        scatter = scatter + (before @ in_pairs) / np.maximum(n_before, 1) ** 2
    fresh_odds = fresh_evidence((n_before, hits_before), (n_after, hits_after), effects, scatter)
    return fresh_odds[: -len(latest)] - _deviation_evidence(fresh_odds[-len(latest) :], deviating)


def _deviation_evidence(factors: Floats, shares: Floats) -> float:
    """Return the logarithm of the Bayes factor that some runs may deviate, each independently of
    the others, against that none does; 0 or more.

    Args:
        factors: Logarithms of the Bayes factors that each run deviates, alone.
        shares: Probability that each run deviates, before it is seen; the latest are theirs.
    """
    latest = shares[len(shares) - len(factors) :]
    return float(np.logaddexp(0.0, np.log(latest) + factors).sum())


def deviating_runs(level: Floats, noise: Floats, prior: tuple[float, float]) -> tuple[float, float]:
    """Return the number of runs of J series that deviate from the median of their neighbours by
    more than `OUTLIER_SDS` standard deviations, and the number of runs that were compared. Both
    have the prior added.

    The latest ``CHECKED_NEIGHBOURS + 1`` runs are not compared. With fewer than
    ``2 * CHECKED_NEIGHBOURS + 1`` runs none is, and only the prior is returned.

    The usual distance from the neighbours is a median over the series and runs: an estimate of the
    variance would hold the deviating runs themselves, and none would stand out.

    Args:
        level: The series, J x n.
        noise: The variance of each run without the run effect, J x n.
        prior: Deviating runs that are expected before any is seen, and of how many runs.
    """
    near = CHECKED_NEIGHBOURS
    deviating, compared = prior
    checked_runs = level.shape[1] - near - 1
    if checked_runs < near:
        return deviating, compared
    around = np.median(level[:, _neighbours(checked_runs, near)], axis=2)
    distance = np.abs(level[:, :checked_runs] - around)
    usual_variance = (MEDIAN_TO_SD * np.median(distance)) ** 2
    by_noise = DISTANCE_VARIANCE * noise[:, :checked_runs]
    sd = np.sqrt(np.maximum(usual_variance, by_noise))
    return deviating + float((distance > OUTLIER_SDS * sd).sum()), compared + distance.size


@lru_cache(512)
def _neighbours(runs: int, near: int) -> Places:
    """Return the indices of the neighbours of each of a number of runs, runs x (2 near): ``near``
    runs on each side, or near the beginning the first ``2 * near + 1`` runs without the run itself.
    """
    first = np.clip(np.arange(runs) - near, 0, None)
    around = first[:, None] + np.arange(2 * near + 1)
    return np.asarray(around[around != np.arange(runs)[:, None]].reshape(runs, 2 * near))
