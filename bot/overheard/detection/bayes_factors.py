"""Bayes factors of a change at each recent run, for one history or many simulated ones.

Every recent run may be the first after a change. For each of them the runs from it on are held
against all runs before, within each prompt. Two kinds of change are compared with no change: one
logit shift of all prompts, and a few prompts that start afresh (beta-binomial).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from overheard.numpy_proxy import Counts, Floats, Places, np

if TYPE_CHECKING:
    from numpy.typing import NDArray


RECENT_STARTS = 16
"""With how many of the latest runs a change may have begun, each of them."""
START_SPACING = 1.25
"""How much further back each older start lies than the one before, where runs are frequent."""
SHIFT_SD = 0.7
"""Standard deviation of the logit shift that is expected of a change of all prompts."""
FRESH_SHARE = 0.2
"""Share of prompts that is expected to start afresh when a few do."""
FRESH_WEIGHT = 0.25
"""How likely it is that a change is one of a few prompts, rather than of all."""
FRESH_BETA = (0.62, 0.76)
"""Beta parameters of the probability with which a prompt starts afresh."""
MAX_KINDS = 10
"""Into so many groups the runs of simulated histories are put by what was asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """S histories of one panel, in which the same was asked: one real, or many simulated.

    Attributes:
        n: Number of answers, R x P; at least one in every run.
        total: Sum of their values, in units of the metric (`Stream.width`), S x R x P.
        squares: Sum of their squares, in the same units, S x R x P.
        binary: Whether all values are 0 or 1.
    """

    n: Counts
    total: Floats
    squares: Floats
    binary: bool


@lru_cache(1024)  # every stream is asked the same
def candidate_starts(latest: int, reach: int = RECENT_STARTS) -> Places:
    """Return the indices of the K runs with which a change may have begun, in the order of time.

    These are the latest 16 and, where runs are frequent, older runs at growing distances.

    Args:
        latest: Index of the latest run.
        reach: How many runs back the oldest start may lie.
    """
    older = int(np.log(max(reach / RECENT_STARTS, 1.0)) / np.log(START_SPACING) + 1e-9)
    further = np.ceil(RECENT_STARTS * START_SPACING ** np.arange(older, 0, -1)).astype(np.intp)
    back = np.concatenate([further, np.arange(RECENT_STARTS, 0, -1)])
    starts = np.asarray((latest + 1 - back)[back <= latest])
    starts.flags.writeable = False
    return starts


def factors(
    past: Histories, tau2: float, ends: Iterable[int], reach: int = RECENT_STARTS
) -> Iterator[Floats]:
    """Yield the logarithms of the Bayes factors of S histories and K starts at each end, S x K.

    Args:
        past: The answers; an analysis reads only the runs up to its end.
        tau2: Variance of the run effect, on the logit scale.
        ends: For each analysis the index of its latest run, 1 or more.
        reach: See `candidate_starts`.
    """
    sums = CumulativeSums(past)
    for latest in ends:
        yield sums.factors(latest, tau2, reach)


def statistics(
    past: Histories,
    tau2: float,
    ends: Iterable[int],
    weights: Floats | None = None,
    reach: int = RECENT_STARTS,
) -> Floats:
    """Return the logarithm of the Shiryaev-Roberts statistic of S histories at L ends, S x L.

    Args:
        past: The answers.
        tau2: Variance of the run effect, on the logit scale.
        ends: For each analysis the index of its latest run, 1 or more.
        weights: Prior weight of a change that begins with each run, R; by default 1 for all.
        reach: See `candidate_starts`.
    """
    latest_runs = list(ends)
    prior = np.zeros(len(past.n)) if weights is None else np.log(weights)
    summed = [
        np.logaddexp.reduce(logs + prior[candidate_starts(latest, reach)], axis=1)
        for latest, logs in zip(latest_runs, factors(past, tau2, latest_runs, reach), strict=True)
    ]
    return np.stack(summed, axis=1)


class CumulativeSums:
    """Sums along the runs, from which every cut is a difference of two rows. What is said at a
    look depends on the runs up to it alone.

    With n0, n1 the answers before and after, N both, and S the variance of a prompt's N values:
    U = sum (T1 - n1 T / N), V = sum n1 n0 S / N, as in `stratified`. Where a prompt has answers
    on one side only, all of its terms are 0.
    """

    def __init__(self, past: Histories) -> None:
        self._n, self._total, self._squares = map(cumulated, (past.n, past.total, past.squares))
        self._all = self._total.sum(axis=2)
        self._kinds, self._runs = runs_by_kind(past.n, exact=len(past.total) == 1)
        self._binary = past.binary
        if past.binary:
            self._table = FreshStarts(int(self._n[-1].max()), FRESH_BETA)
            self._hits = np.rint(self._total).astype(np.intp)
            self._before = self._table.evidence(self._hits, self._n)

    def factors(self, latest: int, tau2: float, reach: int = RECENT_STARTS) -> Floats:
        """Return the logarithms of the Bayes factors at one look, S x K; see `factors`."""
        cut = candidate_starts(latest, reach)
        uniform = self._uniform(cut, latest + 1, tau2)
        return _mixture(uniform, self._sparse(cut, latest + 1)) if self._binary else uniform

    def _uniform(self, cut: Places, end: int, tau2: float) -> Floats:
        """Return log Bayes factors of one logit shift of all prompts, S x K.

        Args:
            cut: Number of runs before each of the K candidate starts.
            end: Number of runs that are analysed.
            tau2: Variance of the run effect, on the logit scale.
        """
        before, both = self._n[cut], np.maximum(self._n[end], 1)
        after = self._n[end] - before
        mean, spread = self._spread(end)
        u = self._all[:, end, None] - self._all[:, cut] - mean @ after.T
        v = spread @ (before * after / both).T
        veff = v + tau2 * self._run_effect_pull(spread, cut, end)
        # A shift that no call can show (v = 0) leaves the factor at 1.
        safe = np.where(veff > 0, veff, 1.0)
        known = 1 + SHIFT_SD**2 * v**2 / safe
        return np.asarray(u**2 / safe * (1 - 1 / known) / 2 - np.log(known) / 2)

    def _sparse(self, cut: Places, end: int) -> Floats:
        """Return log Bayes factors of a few prompts that start afresh (beta-binomial), S x K.

        Args:
            cut: Number of runs before each of the K candidate starts.
            end: Number of runs that are analysed.
        """
        hits = self._hits[:, end, None] - self._hits[:, cut]
        afresh = self._table.evidence(hits, self._n[end] - self._n[cut])
        afresh += self._before[:, cut]
        afresh -= self._before[:, end, None]
        # In place: most of the time that a threshold takes is spent here.
        np.expm1(np.minimum(afresh, 700.0, out=afresh), out=afresh)
        afresh *= FRESH_SHARE
        return np.asarray(np.log1p(afresh, out=afresh).sum(axis=2))

    def _spread(self, end: int) -> tuple[Floats, Floats]:
        """Return each prompt's mean and variance over the first ``end`` runs, both S x P."""
        n = self._n[end]
        mean = self._total[:, end] / np.maximum(n, 1)
        squares = self._squares[:, end]
        deviance = squares - n * mean**2
        # What is left of a constant after rounding is not spread.
        deviance = np.where(deviance > 1e-9 * squares, deviance, 0.0)
        return mean, deviance / np.maximum(n - 1, 1)

    def _run_effect_pull(self, spread: Floats, cut: Places, end: int) -> Floats:
        """Return the sum over runs of the squared pull of each run's effect on `u`, S x K: the
        variance of `u` for a run effect of variance 1.
        """
        share = self._n[cut] / np.maximum(self._n[end], 1)
        shape = (len(spread), len(share), len(self._kinds))
        after, before = (
            np.square(spread @ (part[:, None] * self._kinds).reshape(-1, spread.shape[1]).T)
            for part in (share, 1 - share)
        )
        earlier = self._runs[cut]
        later = self._runs[end] - earlier
        return np.asarray(
            (after.reshape(shape) * later + before.reshape(shape) * earlier).sum(axis=2)
        )


class FreshStarts:
    """Logarithms of how well a prompt's answers agree with a fresh start (beta-binomial).

    Args:
        most: Up to how many answers.
        fresh: Beta parameters of the probability with which a prompt starts afresh.
    """

    def __init__(self, most: int, fresh: tuple[float, float]) -> None:
        from overheard.special_functions import gammaln

        a, b = fresh
        n = np.arange(most + 1)
        self._hits = gammaln(a + n) - gammaln(a)
        self._misses = gammaln(b + n) - gammaln(b)
        self._n = gammaln(a + b + n) - gammaln(a + b)

    def evidence(self, hits: Places, n: Counts) -> Floats:
        """Return the logarithm of the probability of these hits among n, in their order."""
        found: Floats = self._hits.take(hits)  # faster than an index, and asked most of all
        found += self._misses.take(n - hits)
        found -= self._n.take(n)
        return found


def _mixture(uniform: Floats, sparse: Floats) -> Floats:
    all_, few = uniform + np.log(1 - FRESH_WEIGHT), sparse + np.log(FRESH_WEIGHT)
    return np.asarray(np.logaddexp(all_, few))


def runs_by_kind(n: Counts, *, exact: bool) -> tuple[Floats, Floats]:
    """Group runs with the same numbers of answers: a run effect pulls all runs of a group alike.

    Args:
        n: Number of answers, R x P.
        exact: If false, more than `MAX_KINDS` groups are reduced to that many: neighbouring runs
            share their mean numbers, each run in proportion to the number of its answers.

    Returns:
        The numbers of answers of K kinds of run, K x P, and how many runs of each kind there are
        up to each run, R + 1 x K.
    """
    kinds, kind = np.unique(n, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    share = np.ones(len(n))
    if not exact and len(kinds) > MAX_KINDS:
        kind = np.arange(len(n)) * MAX_KINDS // len(n)
        kinds = np.stack([n[kind == k].mean(axis=0) for k in range(MAX_KINDS)])
        share = n.sum(axis=1) / kinds.sum(axis=1)[kind]
    of_kind = kind[:, None] == np.arange(len(kinds))
    return kinds.astype(np.float64), cumulated(of_kind * share[:, None] ** 2)


def cumulated(cells: NDArray[Any]) -> NDArray[Any]:
    """Return sums over the runs before each, with runs on the axis before the last."""
    sums = np.cumsum(cells, axis=-2)
    return np.concatenate([np.zeros_like(sums[..., :1, :]), sums], axis=-2)
