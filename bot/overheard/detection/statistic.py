"""The detector's statistic: evidence that a stream changed with one of its recent runs.

Every recent run may be the first after a change. For each start two kinds of change are compared
with no change: one logit shift of all prompts (`marginal_likelihood`), and a few prompts that start
afresh (`fresh_evidence`). Single deviating runs are a rival explanation of both. The sum over
starts is the statistic of Shiryaev (1963) and Roberts (1966), mixed over the unknown size; it is
compared with a threshold from `alarm_table`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from overheard.detection.control_variate import (
    MEDIAN_TO_SD,
    RunEffectPrior,
    RunSeries,
    StreamGroup,
    run_series,
)
from overheard.detection.marginal_likelihood import step_evidence
from overheard.numpy_proxy import Floats, Places, np

RECENT_STARTS = 16
"""With how many of the latest runs a change may have begun, each of them."""
START_SPACING = 1.25
"""How much further back each older start lies than the one before, where runs are frequent."""
FRESH_WEIGHT = 0.25
"""Prior probability that a change is one of a few prompts, rather than of all."""
OUTLIER_RUNS = 8
"""So many of the latest runs may be deviating runs."""
SPARSE_OUTLIER_RUNS = 3
"""So many of the latest may be runs in which a few prompts deviate; each more costs time."""
OUTLIER_PRIOR = (0.5, 60.0)
"""Single deviating runs that are expected, and of how many runs, before any is seen."""
OUTLIER_SDS = 3.0
"""Standard deviations from its neighbours at which a run counts as a deviating run."""
CHECKED_NEIGHBOURS = 2
"""With so many runs on each side a run is compared."""


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
        series: The runs.
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
        """Return the smallest set of rows, in order, that holds the change's first run with a
        probability ``level``, 0 to 1.
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
    """Return the evidence for a change of a stream at the latest of its active runs; nothing after
    that run is used.

    Args:
        group: The brand's stream and those of its rivals.
        rows: The active runs, two or more, in the order of time.
        prior: The expected variances of the run effects of the model, logit scale.
        reach: Largest number of active runs from the oldest start to the latest run.
        weights: Prior weight of a change that begins with each active run, n; by default 1 for all.
        deviating_share: The least probability with which a single run of the brand deviates; what
            the active runs of all brands show may be more.
    """
    runs = len(rows)
    places = candidate_starts(runs - 1, reach)
    series = run_series(group, rows, prior)
    after = (np.arange(runs) >= places[:, None]).astype(np.float64)
    steps = _regressors(after, series.weights)
    step_odds = step_evidence(series.level, series.noise, steps, min(OUTLIER_RUNS, runs))
    seen, whole = deviating_runs(series.level, series.noise, OUTLIER_PRIOR)
    deviating = max(seen / whole, deviating_share)
    uniform = step_odds.steps - _deviating_runs(step_odds.outliers, deviating)
    logs, is_uniform = uniform, True
    if group.binary:
        sparse = _sparse(group, rows, series, after, deviating)
        logs = np.logaddexp(uniform + np.log(1 - FRESH_WEIGHT), sparse + np.log(FRESH_WEIGHT))
        best = int(logs.argmax())
        is_uniform = bool(uniform[best] + 1.1 >= sparse[best])
    prior_logs = np.zeros(len(places)) if weights is None else np.log(weights[places])
    crowd = np.log(max(1.0, len(places) / RECENT_STARTS))
    noise = float(series.noise[0].mean())
    return Statistic(
        starts=rows[places],
        logs=logs,
        total=float(np.logaddexp.reduce(logs + prior_logs)) - float(crowd),
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
    """Return the indices of the K runs with which a change may have begun, in the order of time.

    These are the latest 16 and, where runs are frequent, older runs at growing distances.

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
    """Return the effect of a step of 1 logit at each start on the distance of each run from its
    prompts' means, K x n.

    Where all runs ask the same, the effect is the step itself less its mean. A prompt that was
    asked on one side only adds nothing.

    Args:
        after: Which runs each start takes as after it, K x n: 0 or 1.
        weights: Information of each prompt in each run, n x P.
    """
    if np.ptp(weights, axis=0).max() < 1e-12:
        return after
    whole = weights.sum(axis=0)
    share = after @ weights / np.maximum(whole, 1e-12)
    known = np.maximum(weights.sum(axis=1), 1e-12)
    return np.asarray(after - share @ weights.T / known)


def _sparse(
    group: StreamGroup, rows: Places, series: RunSeries, after: Floats, deviating: float
) -> Floats:
    """Return the logarithms of the Bayes factors of a fresh start of a few prompts at each start,
    K, against the rival that in some of the latest runs some prompts deviated, each in one run
    alone.

    Args:
        group: The streams.
        rows: The active runs, n of them.
        series: The same runs on the logit scale.
        after: Which runs each start takes as after it, K x n: 0 or 1.
        deviating: Probability that a run deviates.
    """
    order = np.arange(len(rows))
    latest = order[max(1, len(rows) - SPARSE_OUTLIER_RUNS) :, None]
    after = np.concatenate([after, order == latest])
    before = np.concatenate([1 - after[: -len(latest)], order < latest])
    n, hits = group.n[0][rows], group.total[0][rows]
    n0, hits0, n1, hits1 = before @ n, before @ hits, after @ n, after @ hits
    late, early = after.sum(axis=1), before.sum(axis=1)
    shared = (after @ series.effect[0]) / late - (before @ series.effect[0]) / early
    own = (after @ series.level[0]) / late - (before @ series.level[0]) / early
    share = series.own / (series.own + float(series.noise[0].mean()))
    effects = np.clip(shared + share * own, -3, 3)
    # A prompt's own effect is that of all its answers in a run: it shows where there are several.
    # Its loading on run effects stays: runs in a row with like effects look like a fresh start.
    apart, loading = series.scatter
    scatter = np.broadcast_to(loading * effects[:, None] ** 2, n1.shape)
    if group.products:
        pulled = apart * n * (n - 1)
        scatter = scatter + (after @ pulled) / np.maximum(n1, 1) ** 2
        scatter = scatter + (before @ pulled) / np.maximum(n0, 1) ** 2
    fresh_odds = fresh_evidence((n0, hits0), (n1, hits1), effects, scatter)
    return fresh_odds[: -len(latest)] - _deviating_runs(fresh_odds[-len(latest) :], deviating)


def _deviating_runs(factors: Floats, share: float) -> float:
    """Return the logarithm of the evidence that some runs deviate, each by chance and for itself.

    Args:
        factors: Logarithms of the Bayes factors of each run alone.
        share: Probability that a run deviates.
    """
    return float(np.logaddexp(0.0, np.log(share) + factors).sum())


def deviating_runs(level: Floats, noise: Floats, prior: tuple[float, float]) -> tuple[float, float]:
    """Return the number of runs of J series that deviate from their neighbours on both sides, and
    the number of runs that were compared; both include the prior.

    The usual distance from the neighbours is a median over the series and runs: an estimate of the
    variance would hold the deviating runs themselves, and none would stand out.

    Args:
        level: The series, J x n.
        noise: The variance of each run without the run effect, J x n.
        prior: Deviating runs that are expected, and of how many, before any is seen.
    """
    near = CHECKED_NEIGHBOURS
    seen, whole = prior
    runs = level.shape[1]
    last = runs - near - 1
    if last >= near:
        middle, calls = level[:, :last], noise[:, :last]
        around = np.median(level[:, _neighbours(last, near)], axis=2)
        distance = np.abs(middle - around)
        usual = (MEDIAN_TO_SD * np.median(distance)) ** 2
        spread = np.sqrt(np.maximum(usual, 1.3 * calls))
        seen += float((distance > OUTLIER_SDS * spread).sum())
        whole += middle.size
    return seen, whole


@lru_cache(512)
def _neighbours(runs: int, near: int) -> Places:
    """Return the indices of the ``2 * near`` runs next to each of a number of runs, runs x 2 near:
    ``near`` on each side where there are so many, at most ``near + 1`` after the last.
    """
    first = np.clip(np.arange(runs) - near, 0, None)
    around = first[:, None] + np.arange(2 * near + 1)
    return np.asarray(around[around != np.arange(runs)[:, None]].reshape(runs, 2 * near))


FRESH_SHARES = (0.2, 0.04)
"""Shares of prompts that may start afresh; each is as likely as the other. With only the larger
share, hundreds of prompts that never name the brand outweigh ten that do."""
FRESH_BETA = (0.62, 0.76)
"""Beta parameters of the probability with which a prompt starts afresh."""
STIRLING_FROM = 3
HALF_LOG_2_PI = 0.9189385332046727
MAX_PRECISION = 40.0
"""The largest number of answers that a prompt's past counts as."""
MIN_PRECISION = 1.0
"""Nor for less precise, however much prompts scatter."""


def fresh_evidence(
    before: tuple[Floats, Floats],
    after: tuple[Floats, Floats],
    effects: Floats,
    scatter: Floats,
) -> Floats:
    """Return the logarithms of the Bayes factors of a fresh start of a few prompts, K.

    Args:
        before: Numbers of answers and of hits before each of K starts, K x P each.
        after: Numbers of answers and of hits since each start, K x P each.
        effects: Mean run effect since each start less the mean before, in logits, K.
        scatter: Variance of the difference between each prompt's own run effects since the start
            and before it, squared logits, K x P.
    """
    (n0, hits0), (n1, hits1) = before, after
    a, b = FRESH_BETA
    mean = (a + hits0) / (a + b + n0)
    odds = mean / (1 - mean) * np.exp(effects)[:, None]
    mean = odds / (1 + odds)
    known = 1 / (1 + np.minimum(a + b + n0, MAX_PRECISION)) + mean * (1 - mean) * scatter
    precision = np.maximum(1 / known - 1, MIN_PRECISION)
    usual = _beta_binomial(mean * precision, precision, hits1, n1)
    factor = np.where((n0 > 0) & (n1 > 0), _fresh(hits1, n1) - usual, 0.0)
    grown = np.expm1(np.minimum(factor, 500.0))
    sums = [np.log1p(share * grown).sum(axis=1) for share in FRESH_SHARES]
    return np.asarray(np.logaddexp.reduce(sums, axis=0) - np.log(len(sums)))


def _fresh(hits: Floats, n: Floats) -> Floats:
    """Return log probabilities of hits in n answers, as `_beta_binomial` does, for prompts whose
    rate starts afresh (`FRESH_BETA`); both arguments are whole numbers, K x P.
    """
    hit, asked = hits.astype(np.intp), n.astype(np.intp)
    counts = np.arange(int(asked.max(initial=0)) + 1)
    a, b = FRESH_BETA
    logs = [_log_gamma(np.asarray(start + counts, np.float64)) for start in (a, b, a + b)]
    of_hits, of_misses, of_all = (part - part[0] for part in logs)
    return np.asarray(of_hits[hit] + of_misses[asked - hit] - of_all[asked])


def _beta_binomial(a: Floats, whole: Floats, hits: Floats, n: Floats) -> Floats:
    """Return log probabilities of hits in n answers (without the binomial coefficient), where the
    rate has a Beta distribution with parameters ``a`` and ``whole - a``.
    """
    b = whole - a
    later = _log_gamma(np.stack([a + hits, b + n - hits, whole + n]))
    first = _log_gamma(np.stack([a, b, whole]))
    return np.asarray(later[0] + later[1] - later[2] - first[0] - first[1] + first[2])


def _log_gamma(x: Floats) -> Floats:
    """Return the logarithm of the gamma function, for x > 0, to 7 digits.

    Stirling's series is used beyond `STIRLING_FROM`, and the recurrence up to there. Arrays are
    computed at once, because an analysis spends most of its time here.
    """
    y = x + STIRLING_FROM
    product = x * (x + 1) * (x + 2)
    inverse = 1 / y
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
    return np.asarray((y - 0.5) * np.log(y) - y + HALF_LOG_2_PI + series - np.log(product))
