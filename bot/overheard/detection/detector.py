"""The streaming detector: did anything change, at a time that nobody told us?

Every recent run may be the first after a change. For each of them the runs from it on are held
against all runs before, within each prompt, and a Bayes factor says how much better a change
there explains the answers than no change. Two kinds of change are thought of: one logit shift of
all prompts, and a few prompts that start afresh. The sum of the factors is the statistic of
Shiryaev (1963) and Roberts (1966), with a mixture for the unknown size; it is held against a
threshold from `calibrate`. Nothing is kept between runs: all is computed from the blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from overheard.detection.beta_table import FreshStarts
from overheard.detection.stratified import alike, along
from overheard.measure.blocks import RunKey, Stream
from overheard.numpy_proxy import Counts, Floats, Places, np

RECENT = 16
"""With how many of the latest runs a change may have begun, each of them."""
SPARSER = 1.25
"""How much further back each older start lies than the one before, where runs are frequent."""
SIZE = 0.7
"""Standard deviation of the logit shift that is expected of a change of all prompts."""
FEW = 0.2
"""Share of prompts that is expected to start afresh when a few do."""
SPARSE = 0.25
"""How likely it is that a change is one of a few prompts, rather than of all."""
FRESH = (0.62, 0.76)
"""Beta parameters of the probability with which a prompt starts afresh."""
TOLD = 10.0
"""How much likelier a change is in a run in which an update was announced, another model was
served or a canary was hit, than in other runs."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What one stream says about a change, at its latest run.

    Attributes:
        starts: The runs with which "after" may begin, K of them, in the order of time.
        logs: Logarithms of their Bayes factors for a change against none, K.
    """

    starts: tuple[RunKey, ...]
    logs: Floats

    @property
    def largest(self) -> float:
        """The largest logarithm of a Bayes factor; minus infinity without any."""
        return float(np.max(self.logs, initial=-np.inf))

    @property
    def posterior(self) -> Floats:
        """The probability that the change began with each run, given that there was one, K."""
        scaled = np.exp(self.logs - self.logs.max()) if len(self.logs) else self.logs
        return np.asarray(scaled / scaled.sum())

    def dates(self, level: float = 0.9) -> tuple[RunKey, ...]:
        """Return the smallest set of runs that holds the change's first with this probability."""
        posterior = self.posterior
        order = np.argsort(-posterior, kind="stable")
        needed = int(np.searchsorted(np.cumsum(posterior[order]), level - 1e-12)) + 1
        return tuple(self.starts[index] for index in sorted(order[:needed]))

    def statistic(self, weights: Mapping[int, float] | None = None) -> float:
        """Return the logarithm of the weighted sum of the Bayes factors.

        Args:
            weights: By a run's number, how likely a change is to begin with it, see `TOLD`;
                1 for runs that are not named.
        """
        told = weights or {}
        prior = np.log([told.get(run.id, 1.0) for run in self.starts])
        return float(np.logaddexp.reduce(self.logs + prior, initial=-np.inf))

    def average(self, chances: Mapping[int, float]) -> float:
        """Return the logarithm of the mean Bayes factor of a change whose time is known roughly.

        Args:
            chances: By a run's number, the probability that the change began with it.
        """
        prior = np.array([chances.get(run.id, 0.0) for run in self.starts])
        if not prior.sum() > 0:
            return -np.inf
        with np.errstate(divide="ignore"):
            return float(np.logaddexp.reduce(self.logs + np.log(prior / prior.sum())))


def evidence(stream: Stream, tau2: float, first: int | None = None) -> Evidence:
    """Weigh a change at each recent run of a stream.

    Runs without an answer are left out, and prompts count only where they were asked on both
    sides: a failed run or an edited prompt says nothing.

    Args:
        stream: One brand, one model, one metric.
        tau2: Variance of the run shock, 0 or more, see `shocks.variance`.
        first: Number of the run with which the baseline begins; by default the first of all.
    """
    rows = live(stream, first)
    if len(rows) < 2:
        return Evidence((), np.zeros(0))
    latest = len(rows) - 1
    (logs,) = factors(histories(stream, rows), tau2, (latest,))
    starts = tuple(stream.runs[row] for row in rows[candidates(latest)])
    return Evidence(starts, logs[0])


def brand_statistic(logs: Sequence[Floats] | Sequence[float]) -> Floats:
    """Return the logarithm of the mean of streams' statistics, given by their logarithms.

    A mean of Shiryaev-Roberts statistics is one too, however the streams depend on each other.
    """
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - np.log(len(logs)))


def live(stream: Stream, first: int | None = None) -> Places:
    """Return the rows of the runs in which a stream has answers, from a run (by number) on."""
    begun = np.True_ if first is None else stream.since(first)
    return np.flatnonzero(begun & (stream.n.sum(axis=1) > 0))


def histories(stream: Stream, rows: Places | None = None) -> Histories:
    """Return a stream, or some of its runs, as one history."""
    chosen = live(stream) if rows is None else rows
    total = stream.total[chosen][None] / stream.width
    squares = stream.squares[chosen][None] / stream.width**2
    return Histories(stream.n[chosen], total, squares, stream.binary)


@lru_cache(1024)  # every stream is asked the same
def candidates(latest: int, reach: int = RECENT) -> Places:
    """Return with which runs a change may have begun, in the order of time.

    These are the latest 16 and, where runs are frequent, some that lie further and further back.

    Args:
        latest: Index of the run that is over.
        reach: How many runs back the oldest may lie.
    """
    older = int(np.log(max(reach / RECENT, 1.0)) / np.log(SPARSER) + 1e-9)
    further = np.ceil(RECENT * SPARSER ** np.arange(older, 0, -1)).astype(np.intp)
    back = np.concatenate([further, np.arange(RECENT, 0, -1)])
    starts = np.asarray((latest + 1 - back)[back <= latest])
    starts.flags.writeable = False
    return starts


def factors(
    past: Histories, tau2: float, looks: Iterable[int], reach: int = RECENT
) -> Iterator[Floats]:
    """Yield the logarithms of the Bayes factors at each look, S x K.

    Args:
        past: What was answered; runs after a look do not matter to it.
        tau2: Variance of the run shock.
        looks: Indices of the runs after which to look; 1 or more each.
        reach: See `candidates`.
    """
    sums = Sums(past)
    for latest in looks:
        yield sums.factors(latest, tau2, reach)


def statistics(
    past: Histories,
    tau2: float,
    looks: Iterable[int],
    weights: Floats | None = None,
    reach: int = RECENT,
) -> Floats:
    """Return the logarithm of the statistic of each history at each look, S x L.

    Args:
        past: What was answered.
        tau2: Variance of the run shock.
        looks: Indices of the runs after which to look; 1 or more each.
        weights: How likely a change is to begin with each run, R; by default 1 for all.
        reach: See `candidates`.
    """
    at = list(looks)
    prior = np.zeros(len(past.n)) if weights is None else np.log(weights)
    summed = [
        np.logaddexp.reduce(logs + prior[candidates(latest, reach)], axis=1)
        for latest, logs in zip(at, factors(past, tau2, at, reach), strict=True)
    ]
    return np.stack(summed, axis=1)


class Sums:
    """Sums along the runs, from which every cut is a difference of two rows. What is said at a
    look depends on the runs up to it alone.

    With n0, n1 the answers before and after, N both, and S the variance of a prompt's N values:
    U = sum (T1 - n1 T / N), V = sum n1 n0 S / N, as in `stratified`. Where a prompt has answers
    on one side only, all of its terms are 0.
    """

    def __init__(self, past: Histories) -> None:
        self._n, self._total, self._squares = map(along, (past.n, past.total, past.squares))
        self._all = self._total.sum(axis=2)
        self._kinds, self._runs = alike(past.n, exact=len(past.total) == 1)
        self._binary = past.binary
        if past.binary:
            self._table = FreshStarts(int(self._n[-1].max()), FRESH)
            self._hits = np.rint(self._total).astype(np.intp)
            self._before = self._table.evidence(self._hits, self._n)

    def factors(self, latest: int, tau2: float, reach: int = RECENT) -> Floats:
        """Return the logarithms of the Bayes factors at one look, S x K; see `factors`."""
        cut = candidates(latest, reach)
        uniform = self._uniform(cut, latest + 1, tau2)
        return _mixture(uniform, self._sparse(cut, latest + 1)) if self._binary else uniform

    def _uniform(self, cut: Places, end: int, tau2: float) -> Floats:
        """Return log Bayes factors of one logit shift of all prompts, S x K."""
        before, both = self._n[cut], np.maximum(self._n[end], 1)
        after = self._n[end] - before
        mean, spread = self._spread(end)
        u = self._all[:, end, None] - self._all[:, cut] - mean @ after.T
        v = spread @ (before * after / both).T
        veff = v + tau2 * self._moods(spread, cut, end)
        # A shift that no call can show (v = 0) leaves the factor at 1.
        safe = np.where(veff > 0, veff, 1.0)
        known = 1 + SIZE**2 * v**2 / safe
        return np.asarray(u**2 / safe * (1 - 1 / known) / 2 - np.log(known) / 2)

    def _sparse(self, cut: Places, end: int) -> Floats:
        """Return log Bayes factors of a few prompts that start afresh, S x K."""
        hits = self._hits[:, end, None] - self._hits[:, cut]
        afresh = self._table.evidence(hits, self._n[end] - self._n[cut])
        afresh += self._before[:, cut]
        afresh -= self._before[:, end, None]
        # In place: most of the time that a threshold takes is spent here.
        np.expm1(np.minimum(afresh, 700.0, out=afresh), out=afresh)
        afresh *= FEW
        return np.asarray(np.log1p(afresh, out=afresh).sum(axis=2))

    def _spread(self, end: int) -> tuple[Floats, Floats]:
        n = self._n[end]
        mean = self._total[:, end] / np.maximum(n, 1)
        squares = self._squares[:, end]
        deviance = squares - n * mean**2
        # What is left of a constant after rounding is not spread.
        deviance = np.where(deviance > 1e-9 * squares, deviance, 0.0)
        return mean, deviance / np.maximum(n - 1, 1)

    def _moods(self, spread: Floats, cut: Places, end: int) -> Floats:
        """Return the sum over runs of the squared pull of each on `u`, S x K."""
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


def _mixture(uniform: Floats, sparse: Floats) -> Floats:
    all_, few = uniform + np.log(1 - SPARSE), sparse + np.log(SPARSE)
    return np.asarray(np.logaddexp(all_, few))
