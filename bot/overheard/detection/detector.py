"""The streaming detector: a change at an unknown time.

Every recent run may be the first after a change. For each of them the runs from it on are held
against all runs before, within each prompt, and a Bayes factor says how much better a change
there explains the answers than no change. Two kinds of change are thought of: one logit shift of
all prompts, and a few prompts that start afresh. The sum of the factors is the statistic of
Shiryaev (1963) and Roberts (1966), with a mixture for the unknown size; it is held against a
threshold from `threshold`. Nothing is kept between runs: all is computed from the blocks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from overheard.detection.bayes_factors import CumulativeSums, Histories, candidate_starts, factors
from overheard.measure.blocks import RunKey, Stream
from overheard.numpy_proxy import Floats, Places, np

UPDATE_WEIGHT = 10.0
"""How much likelier a change is in a run in which an update was announced, another model was
served or a canary was hit, than in other runs."""


@dataclass(frozen=True, slots=True, eq=False)
class ChangeEvidence:
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
        """Return the logarithm of the weighted sum of the Bayes factors over the starts.

        Args:
            weights: Prior weight of a change that begins with a run, by the run's number, see
                `UPDATE_WEIGHT`; 1 for runs that are not named.
        """
        prior_weights = weights or {}
        prior = np.log([prior_weights.get(run.id, 1.0) for run in self.starts])
        return float(np.logaddexp.reduce(self.logs + prior, initial=-np.inf))

    def average(self, chances: Mapping[int, float]) -> float:
        """Return the logarithm of the mean Bayes factor of a change whose time is known roughly.

        Args:
            chances: Probability that the change began with a run, by the run's number.
        """
        prior = np.array([chances.get(run.id, 0.0) for run in self.starts])
        if not prior.sum() > 0:
            return -np.inf
        with np.errstate(divide="ignore"):
            return float(np.logaddexp.reduce(self.logs + np.log(prior / prior.sum())))


def change_evidence(stream: Stream, tau2: float, first: int | None = None) -> ChangeEvidence:
    """Return the Bayes factor of a change that begins with each recent run of a stream.

    Runs without an answer are left out, and prompts count only where they were asked on both sides
    of the start: a failed run or an edited prompt is no evidence.

    Args:
        stream: One brand, one model, one metric.
        tau2: Variance of the run effect, 0 or more, see `run_effects.run_effect_variance`.
        first: Number of the run with which the baseline begins; by default the stream's first run.
    """
    rows = rows_with_answers(stream, first)
    if len(rows) < 2:
        return ChangeEvidence((), np.zeros(0))
    latest = len(rows) - 1
    (logs,) = factors(histories(stream, rows), tau2, (latest,))
    starts = tuple(stream.runs[row] for row in rows[candidate_starts(latest)])
    return ChangeEvidence(starts, logs[0])


def brand_statistic(logs: Sequence[Floats] | Sequence[float]) -> Floats:
    """Return the logarithm of the mean of streams' statistics, given by their logarithms.

    A mean of Shiryaev-Roberts statistics is one too, however the streams depend on each other.
    """
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - np.log(len(logs)))


def rows_with_answers(stream: Stream, first: int | None = None) -> Places:
    """Return the rows of the runs in which a stream has answers, from a run (by number) on."""
    begun = np.True_ if first is None else stream.since(first)
    return np.flatnonzero(begun & (stream.n.sum(axis=1) > 0))


def histories(stream: Stream, rows: Places | None = None) -> Histories:
    """Return a stream, or some of its runs, as one history."""
    chosen = rows_with_answers(stream) if rows is None else rows
    total = stream.total[chosen][None] / stream.width
    squares = stream.squares[chosen][None] / stream.width**2
    return Histories(stream.n[chosen], total, squares, stream.binary)


@dataclass(eq=False)
class StreamSums:
    """A stream's sums from one beginning, in one unit; reused from look to look."""

    runs: tuple[RunKey, ...]
    sums: CumulativeSums

    def change_evidence(self, run: RunKey, tau2: float, reach: int) -> ChangeEvidence:
        """Return what the runs up to one say, see `detector.change_evidence`."""
        latest = bisect_right(self.runs, run) - 1
        if latest < 1:
            return ChangeEvidence((), np.zeros(0))
        starts = tuple(self.runs[row] for row in candidate_starts(latest, reach))
        return ChangeEvidence(starts, self.sums.factors(latest, tau2, reach)[0])


@dataclass(eq=False)
class StreamRecord:
    """A whole stream, and its sums as they were last needed."""

    stream: Stream
    _made: dict[tuple[RunKey, bool, float], StreamSums] = field(default_factory=dict)

    def reading(self, begun: RunKey, past: Stream) -> StreamSums:
        """Return the sums from a beginning on, in the unit that the past gives."""
        key = (begun, past.binary, past.width)
        if key not in self._made:
            self._made = {key: self._read(*key)}
        return self._made[key]

    def _read(self, begun: RunKey, binary: bool, width: float) -> StreamSums:
        """Return the stream's cumulative sums since the baseline began, in units of ``width``."""
        stream = self.stream
        rows = rows_with_answers(stream)
        rows = rows[rows >= bisect_left(stream.runs, begun)]
        if binary:  # the sums end before the first run with a value other than 0 and 1
            not_binary = (stream.total[rows] != stream.squares[rows]).any(axis=1)
            rows = rows[: int(not_binary.argmax()) if not_binary.any() else len(rows)]
        past = Histories(
            stream.n[rows],
            stream.total[rows][None] / width,
            stream.squares[rows][None] / width**2,
            binary,
        )
        return StreamSums(tuple(stream.runs[row] for row in rows), CumulativeSums(past))
