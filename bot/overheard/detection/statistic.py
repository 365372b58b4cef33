"""The statistic of a change, and the marginal likelihoods behind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from overheard.detection.control_variate import (
    MEDIAN_TO_SD,
    SHARED_VARIANCE,
    RunEffectPrior,
    RunSeries,
    StreamGroup,
    run_series,
    share_of_effect,
)
from overheard.numpy_proxy import Floats, Places, np

VARIANCES = (0.0, 0.01, 0.03, 0.0625, 0.125, 0.25, 0.5, 1.0)
"""Variances of the own run effect that are thought of, logit scale."""
VARIANCE_WEIGHTS = (0.2, 0.15, 0.17, 0.17, 0.15, 0.1, 0.04, 0.02)
"""Prior probability of each of these variances."""
SHORT_RUNS = 128
"""Largest number of runs of a basis that is kept for the next replay of the past. A basis grows by
the square of its runs: those of a year of daily runs would take 130 MB."""
AUTOCORRELATIONS = (0.0, 0.7)
"""Correlations of the own effects of neighbouring runs that are thought of."""
AUTOCORRELATION_WEIGHTS = (0.75, 0.25)
"""Prior probability of each of these correlations."""
NOTABLE_VARIANCE = 0.03
"""Own run effects with a smaller variance do no harm, autocorrelated or not."""
STEP_VARIANCE = 0.49
"""Variance of a usual change of all prompts, logit scale."""
STEP_VARIANCES, STEP_WEIGHTS = (STEP_VARIANCE, 4.0), (0.75, 0.25)
"""Variances of changes, usual and large, and how likely each is; also of single deviating runs."""
MIN_EIGENVALUE = 1e-9
"""Least eigenvalue of a correlation, against rounding below 0."""
EVEN_PROFILE = 0.02
"""Range of the runs' relative variances by calls below which all runs weigh the same."""
RIVAL_SERIES = 2.0
"""The largest number of series that all rivals together count as."""


class Basis(NamedTuple):
    """Eigenvectors of the run effects' correlation, in units of the calls' variance."""

    vectors: Floats
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class StepEvidence:
    """The evidence of a series for a step.

    Attributes:
        steps: Logarithms of the Bayes factors of a step at each start, K.
        outliers: Logarithms of the Bayes factors that each of the latest runs deviates alone, in
            the order of time.
        variance: Expected variance of the own run effect.
        rivals_variance: Expected variance of the own run effect by the rivals and the prior alone.
        rivals_autocorrelation: Probability of autocorrelated effects by the same.
    """

    steps: Floats
    outliers: Floats
    variance: float
    rivals_variance: float
    rivals_autocorrelation: float


def step_evidence(
    level: Floats, noise: Floats, steps: Floats, outliers: int, looks: Floats | None = None
) -> StepEvidence:
    """Return the evidence for a step in the first of J series, averaged over the variance and the
    autocorrelation of run effects; the other series show how run effects scatter.

    Args:
        level: The series, J x n.
        noise: The variance of each run without the own run effect, J x n.
        steps: The regressor of a step at each start, K x n.
        outliers: Number of the latest runs that may be single deviating runs; 0 or more.
        looks: How often each run was asked, n; None for once each.
    """
    null, information, score = _regressed(level, noise, steps, outliers, looks)
    return _averaged(null, _mixed(information, score), len(steps))


@dataclass(frozen=True, slots=True, eq=False)
class JointEvidence:
    """The joint evidence of J series for a step in all of them, each of a size of its own.

    Attributes:
        steps: Logarithms of the Bayes factors at each start, K.
        outliers: Logarithms of the Bayes factors that all series deviate in each single run.
        alone: Logarithms of the Bayes factors of a step in any one series, K.
        variance: Expected variance of the own run effects.
        autocorrelation: Probability that the own run effects are autocorrelated and not negligible.
    """

    steps: Floats
    outliers: Floats
    alone: Floats
    variance: float
    autocorrelation: float


def joint_evidence(
    level: Floats, noise: Floats, steps: Floats, outliers: int, sizes: tuple[Floats, Floats]
) -> JointEvidence:
    """Return the evidence for a step in all of J series at once, each of a size of its own, and for
    a step in any one of them alone.

    Both are means over the combinations of a variance and an autocorrelation of run effects, each
    weighted by how well it explains the series without a step.

    Args:
        level: The series, J x n, without their common part.
        noise: The variance of each run without the own run effect, J x n.
        steps: The regressor of a step at each start, K x n.
        outliers: Number of the latest runs that may be single deviating runs.
        sizes: Two lists of standard deviations that a step may have: in all series at once, and in
            one series alone. In each list every size is as likely as the others.
    """
    null, information, score = _regressed(level, noise, steps, outliers)
    prior = np.log(np.multiply.outer(AUTOCORRELATION_WEIGHTS, VARIANCE_WEIGHTS)).ravel()
    weights = _normalise(prior + null.sum(axis=0))
    log_weights = np.log(weights)
    variances = np.tile(VARIANCES, len(AUTOCORRELATIONS))
    factors_of_all, factors_of_one = (
        [_of_size(information, score, size**2) for size in sizes_of] for sizes_of in sizes
    )
    all_by_size = [
        np.logaddexp.reduce(log_weights[:, None] + factors.sum(axis=0), axis=0)
        for factors in factors_of_all
    ]
    all_series = np.logaddexp.reduce(all_by_size, axis=0) - np.log(len(all_by_size))
    one_by_size = np.logaddexp.reduce(
        [log_weights[:, None] + factors for factors in factors_of_one], axis=(0, 2)
    )
    one_series = np.logaddexp.reduce(one_by_size, axis=0) - np.log(len(factors_of_one) * len(level))
    is_notable = np.array(VARIANCES) >= NOTABLE_VARIANCE
    return JointEvidence(
        steps=all_series[: len(steps)],
        outliers=all_series[len(steps) :],
        alone=one_series[: len(steps)],
        variance=float(weights @ variances),
        autocorrelation=float(weights[len(VARIANCES) :] @ is_notable),
    )


def null_weights(level: Floats, noise: Floats) -> Floats:
    """Return how likely each combination of an autocorrelation and a variance of run effects is, by
    runs of J series without a change, the brand's first; the combinations are those of each of
    `AUTOCORRELATIONS` with all `VARIANCES` in order. Rivals weigh as in `step_evidence`.

    Args:
        noise: The variance of each run without the own run effect, J x n.
    """
    null, _, _ = _regressed(level, noise, np.zeros((0, level.shape[1])), 0)
    prior = np.log(np.multiply.outer(AUTOCORRELATION_WEIGHTS, VARIANCE_WEIGHTS)).ravel()
    share = min(1.0, RIVAL_SERIES / max(1, len(null) - 1))
    return _normalise(prior + null[0] + share * null[1:].sum(axis=0))


def _regressed(
    level: Floats, noise: Floats, steps: Floats, outliers: int, looks: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return three arrays for T combinations of autocorrelation and variance: the log likelihoods
    of the series without a step, J x T; the information on each of D designs, J x T x D; and the
    score of each design, J x T x D.

    The designs are the steps, then each of the latest runs alone, in the order of time. Information
    is the inverse variance of the estimated size of a design's effect; the score is this size times
    the information. The combinations are those of each autocorrelation with all variances in order.

    Args:
        noise: The variance of each run without the own run effect, J x n.
        steps: The regressor of a step at each start, K x n.
        outliers: Number of the latest runs that may be single deviating runs.
        looks: How often each run was asked, n; None for once each.
    """
    runs = level.shape[1]
    looks = np.ones(runs) if looks is None else looks
    profile = noise[0] / noise[0].mean()
    scale = noise.mean(axis=1)
    single = np.zeros((outliers, runs))
    single[np.arange(outliers), np.arange(runs - outliers, runs)] = 1.0
    designs = np.concatenate([steps, single])
    root = profile**-0.5
    by_autocorrelation = []
    for phi in AUTOCORRELATIONS:
        basis = _basis(phi, profile, share_of_effect(looks, max(SHARED_VARIANCE, phi)))
        rotated = (level * root) @ basis.vectors
        rotated_ones = root @ basis.vectors
        rotated_designs = (designs * root) @ basis.vectors
        weight = 1 / (scale[:, None, None] + np.multiply.outer(VARIANCES, basis.values))
        by_autocorrelation.append(_regression(weight, rotated, rotated_ones, rotated_designs))
    null, information, score = (
        np.concatenate(values, axis=1) for values in zip(*by_autocorrelation, strict=True)
    )
    return null, information, score


def _regression(
    weight: Floats, series: Floats, ones: Floats, designs: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return three arrays, with the mean of each series eliminated: the log likelihoods of J series
    without an effect, J x T; the information on each of D designs, J x T x D; and the score of each
    design, J x T x D.

    Information is the inverse variance of the estimated size of a design's effect; the score is
    this size times the information. All arguments are rotated so that runs are independent.
    """
    whole = weight @ ones**2
    sums = (weight * series[:, None]) @ ones
    squares = (weight @ (series**2)[..., None])[..., 0]
    cross = weight @ (designs * ones).T
    information = weight @ (designs**2).T - cross**2 / whole[..., None]
    score = (weight * series[:, None]) @ designs.T - cross * (sums / whole)[..., None]
    null = (np.log(weight).sum(axis=2) - np.log(whole) - squares + sums**2 / whole) / 2
    return null, np.maximum(information, 0.0), score


def _mixed(information: Floats, score: Floats) -> Floats:
    """Return the logarithms of the Bayes factors of an effect of unknown size against none, in the
    shape of the arguments: the mean of the factors over `STEP_VARIANCES`, by their weights.

    Args:
        information: The inverse variance of the estimated size of the effect, 0 or more.
    """
    weighted = [
        _of_size(information, score, variance) + np.log(weight)
        for variance, weight in zip(STEP_VARIANCES, STEP_WEIGHTS, strict=True)
    ]
    return np.asarray(np.logaddexp(*weighted))


def _of_size(information: Floats, score: Floats, variance: float) -> Floats:
    """Return the logarithms of the Bayes factors of an effect against none, in the shape of the
    arguments; 0 without information.

    Args:
        information: The inverse variance of the estimated size of the effect, 0 or more.
        variance: The variance of the size before it is seen; it is normal, with mean 0.
    """
    variance_ratio = 1 + variance * information
    return np.asarray(score**2 * variance / (2 * variance_ratio) - np.log(variance_ratio) / 2)


def _averaged(null: Floats, factors: Floats, steps: int) -> StepEvidence:
    """Return the evidence for a step in the first series, averaged over T combinations of variance
    and autocorrelation of the run effects.

    The weight of a combination is its prior probability, times how well it explains the first
    series without a step, times how well it explains the rivals (the other series), each of which
    may have a step of its own. All rivals together weigh at most as much as `RIVAL_SERIES` series.

    Args:
        null: Log likelihoods without an effect, J x T.
        factors: Logarithms of the Bayes factors of each design, J x T x D.
        steps: Number of the designs that are steps; the others are single runs.
    """
    from_rivals = np.log(np.multiply.outer(AUTOCORRELATION_WEIGHTS, VARIANCE_WEIGHTS)).ravel()
    rivals = len(null) - 1
    if rivals:
        changed = np.logaddexp.reduce(factors[1:, :, :steps], axis=2) - np.log(steps)
        likelihoods = null[1:] + np.logaddexp(0.0, changed)
        from_rivals = from_rivals + min(1.0, RIVAL_SERIES / rivals) * likelihoods.sum(axis=0)
    weights = _normalise(from_rivals + null[0])
    mean = np.logaddexp.reduce(np.log(weights)[:, None] + factors[0], axis=0)
    rivals_weights = _normalise(from_rivals)
    variances = np.tile(VARIANCES, len(AUTOCORRELATIONS))
    return StepEvidence(
        steps=mean[:steps],
        outliers=mean[steps:],
        variance=float(weights @ variances),
        rivals_variance=float(rivals_weights @ variances),
        rivals_autocorrelation=float(rivals_weights[len(VARIANCES) :].sum()),
    )


def _normalise(logs: Floats) -> Floats:
    """Return weights with the sum 1 in proportion to numbers given by their logarithms; none is
    exactly 0.
    """
    weights = np.exp(np.maximum(logs - logs.max(), -500.0))
    return np.asarray(weights / weights.sum())


def _basis(phi: float, profile: Floats, share: Floats) -> Basis:
    """Return the eigenbasis of own effects with an autocorrelation. Those of even profiles are kept
    for later calls, others hardly: no later call has the same. Uneven profiles of all lengths share
    the eight places of long even ones.

    Args:
        phi: The correlation of neighbouring runs, 0 to below 1.
        profile: The variance of each run by calls, over its mean; profiles that are nearly even
            share one basis.
        share: The variance of each run's own effect, over that of a run that was asked once.
    """
    runs = len(profile)
    if phi == 0:
        return Basis(np.eye(runs), share / profile)
    even = np.ptp(profile) < EVEN_PROFILE and np.ptp(share) == 0
    basis = _short_basis if even and runs <= SHORT_RUNS else _long_basis
    return basis(phi, runs, b"" if even else (profile / share).astype(np.float32).tobytes())


def _autoregressive_basis(phi: float, runs: int, profile: bytes) -> Basis:
    """Return the eigenbasis of an autoregressive correlation between runs, in units of the calls'
    variance.

    Args:
        profile: The variance of each run by calls over that of its own effect, in float32, as bytes
            so that it can be a key of the cache; empty when all runs weigh the same.
    """
    apart = np.abs(np.subtract.outer(np.arange(runs), np.arange(runs)))
    correlation = phi**apart
    if profile:
        root = np.frombuffer(profile, np.float32).astype(np.float64) ** -0.5
        correlation = correlation * np.multiply.outer(root, root)
    values, vectors = np.linalg.eigh(correlation)
    return Basis(vectors, np.maximum(values, MIN_EIGENVALUE))


_short_basis = lru_cache(SHORT_RUNS)(_autoregressive_basis)
_long_basis = lru_cache(8)(_autoregressive_basis)


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


FRESH_SHARES = (1.0, 0.2, 0.04)
"""Shares of prompts that may start afresh; each is as likely as the others. With only larger ones,
hundreds of prompts that never name the brand outweigh ten that do; without all, a few prompts that
go from never to always prove little."""
POOLED_SHARE = 0.25
"""What an answer to another prompt tells of one that was hardly asked, against one to itself."""
FRESH_BETA = (0.62, 0.76)
"""Beta parameters of the probability with which a prompt starts afresh."""
STIRLING_FROM = 3
"""By how much the argument of the gamma function is raised before Stirling's series is used."""
HALF_LOG_2_PI = 0.9189385332046727
MAX_PRECISION = 40.0
"""The largest number of answers that a prompt's past counts as."""
MIN_PRECISION = 1.0
"""The smallest number, however much prompts scatter."""
MAX_LOG_FACTOR = 500.0
"""Logarithms of Bayes factors are cut at this, against overflow."""


def fresh_evidence(
    before: tuple[Floats, Floats], after: tuple[Floats, Floats], effects: Floats, scatter: Floats
) -> Floats:
    """Return the logarithms of the Bayes factors that a few prompts got new rates of their own
    with each of K starts, against that all prompts kept their rates but for the run effects, K.

    Each prompt has a new rate with the same probability, independently of the others; the mean over
    the probabilities `FRESH_SHARES` is returned. Prompts without answers on both sides of a start
    add nothing.

    Args:
        before: Numbers of answers and of hits before each of K starts, K x P each.
        after: Numbers of answers and of hits since each start, K x P each.
        effects: Mean run effect since each start less the mean before, in logits, K.
        scatter: Variance of the difference between each prompt's own run effects since the start
            and before it, squared logits, K x P.
    """
    (n_before, hits_before), (n_after, hits_after) = before, after
    a, b = FRESH_BETA
    # What few answers to a prompt leave open, those to the others tell.
    pooled = [POOLED_SHARE * cells.sum(axis=1) for cells in (hits_before, n_before)]
    usual = (a + pooled[0]) / (a + b + pooled[1])
    past_answers = a + b + n_before
    past_rate = ((a + b) * usual[:, None] + hits_before) / past_answers
    odds = past_rate / (1 - past_rate) * np.exp(effects)[:, None]
    rate = odds / (1 + odds)
    by_answers = 1 / (1 + np.minimum(past_answers, MAX_PRECISION))
    precision = np.maximum(1 / (by_answers + rate * (1 - rate) * scatter) - 1, MIN_PRECISION)
    kept_rate = _beta_binomial(rate * precision, precision, hits_after, n_after)
    has_both_sides = (n_before > 0) & (n_after > 0)
    log_factors = np.where(has_both_sides, _fresh(hits_after, n_after) - kept_rate, 0.0)
    surplus = np.expm1(np.minimum(log_factors, MAX_LOG_FACTOR))
    by_share = [np.log1p(share * surplus).sum(axis=1) for share in FRESH_SHARES]
    return np.asarray(np.logaddexp.reduce(by_share, axis=0) - np.log(len(by_share)))


def _fresh(hits: Floats, n: Floats) -> Floats:
    """Return the log probabilities of a number of hits in n answers, without the binomial
    coefficient, for prompts whose rate is unknown: it has the Beta distribution `FRESH_BETA`. Both
    arguments are whole numbers in floats, K x P; so is the shape of the result.
    """
    hit, asked = hits.astype(np.intp), n.astype(np.intp)
    counts = np.arange(int(asked.max(initial=0)) + 1)
    a, b = FRESH_BETA
    logs = [_log_gamma(np.asarray(start + counts, np.float64)) for start in (a, b, a + b)]
    of_hits, of_misses, of_all = (part - part[0] for part in logs)
    return np.asarray(of_hits[hit] + of_misses[asked - hit] - of_all[asked])


def _beta_binomial(a: Floats, whole: Floats, hits: Floats, n: Floats) -> Floats:
    """Return the log probabilities of a number of hits in n answers, without the binomial
    coefficient, for rates with a Beta distribution. All arrays have the same shape.

    Args:
        a: The first parameter of the Beta distribution, above 0.
        whole: The sum of both parameters.
        hits: Numbers of hits, 0 to ``n``.
    """
    b = whole - a
    later = _log_gamma(np.stack([a + hits, b + n - hits, whole + n]))
    first = _log_gamma(np.stack([a, b, whole]))
    return np.asarray(later[0] + later[1] - later[2] - first[0] - first[1] + first[2])


def _log_gamma(x: Floats) -> Floats:
    """Return the logarithm of the gamma function, for x > 0, to 7 digits.

    Stirling's series is used at x + `STIRLING_FROM`, and the recurrence leads back to x. Whole
    arrays are computed at once, because an analysis spends most of its time here.
    """
    y = x + STIRLING_FROM
    product = x * (x + 1) * (x + 2)
    inverse = 1 / y
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    return np.asarray((y - 0.5) * np.log(y) - y + HALF_LOG_2_PI + series - np.log(product))
