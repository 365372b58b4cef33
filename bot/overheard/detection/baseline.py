"""The runs with which later ones are compared, and a model that is watched by them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from overheard.detection.confirmation import EXPIRES_AFTER, Occasion
from overheard.detection.control_variate import StreamGroup
from overheard.detection.statistic import Statistic
from overheard.domain import Model, ModelUpdate, RunKey, Shift
from overheard.measure.blocks import Stream
from overheard.numpy_proxy import Floats, Places, np

MAX_BASELINE_RUNS = 120
"""Largest number of a baseline's runs that count, the latest."""
MIN_RUNS_AFTER_SHIFT = 2
"""Runs that a new baseline has before a shift from it can be seen."""
HABITUAL_RETURNS = 2
"""Number of returns from which on a brand is expected to go and come back, which is no news."""


@dataclass(frozen=True, slots=True)
class Excursion:
    """A change that had an alarm, as long as the brand may return from it.

    Attributes:
        shift: The shift that heads the alarm.
        alarm: Row of the run after which the alarm was raised.
        before: Rows of the baseline before the change.
        metric: The metric with the most evidence.
        uniform: Whether all prompts moved, rather than a few.
        since: Row of the run with which the change began.
        earlier: The change before, when this one went further in its direction; or None.
    """

    shift: Shift
    alarm: int
    before: tuple[int, ...]
    metric: str
    uniform: bool
    since: int
    earlier: Excursion | None = None

    @property
    def levels(self) -> Iterator[Excursion]:
        """This change, then the earlier ones in its direction, the latest first: the brand may
        return to the old level of any of them.
        """
        yield self
        if self.earlier:
            yield from self.earlier.levels


@dataclass(eq=False)
class Baseline:
    """The runs of a model that count as normal for a brand.

    Attributes:
        runs: All runs of the model, the oldest first.
        rows: Those that count, as rows of `runs`, in the order of time.
        excursion: The latest change that had an alarm, or None.
        returns: How often the brand came back to its level before an alarm.
    """

    runs: tuple[RunKey, ...]
    rows: list[int] = field(default_factory=list)
    excursion: Excursion | None = None
    returns: int = 0

    def until(self, row: int, answered: Floats) -> Places:
        """Return the latest `MAX_BASELINE_RUNS` rows of the baseline and then ``row``, without
        those in which a stream has no answers.

        Args:
            row: The row of the run that is analysed.
            answered: Number of the stream's answers in each run, R.
        """
        before = self.rows[: bisect_left(self.rows, row)]
        rows = np.array([*before[-MAX_BASELINE_RUNS:], row], np.intp)
        return np.asarray(rows[answered[rows] > 0])

    @property
    def runs_needed(self) -> int:
        """How many runs a search for a change needs: 1, or `MIN_RUNS_AFTER_SHIFT` after a change
        that had an alarm.
        """
        return 1 if self.excursion is None else MIN_RUNS_AFTER_SHIFT

    def restart(self, excursion: Excursion) -> None:
        """Start the baseline again with the run with which a change began, and keep the change,
        because the brand may return from it.

        When the change before was of the same metric and direction, it is kept as the earlier one
        of this change; any other change before is forgotten.
        """
        last, shift = self.excursion, excursion.shift
        if last and last.shift.metric == shift.metric and last.shift.change * shift.change > 0:
            excursion = replace(excursion, earlier=last)
        self.rows = [row for row in self.rows if row >= excursion.since]
        self.excursion = excursion

    def begin(self, run: RunKey) -> bool:
        """Start the baseline again with a run with which the model as a whole changed, and forget
        earlier changes, because no return to an older level is possible then.

        Returns:
            True if earlier runs were dropped; False if the baseline has none before the run, and
            nothing was done.
        """
        since = [row for row in self.rows if self.runs[row] >= run]
        if len(since) == len(self.rows):
            return False
        self.rows, self.excursion = since, None
        return True

    def resume(self, before: Sequence[int], start: int) -> None:
        """Set the baseline to the rows of an old level (``before``) and its own rows from ``start``
        on, count a return, and forget the change from which the brand came back.
        """
        self.rows = [*before, *(row for row in self.rows if row >= start)]
        self.excursion = None
        self.returns += 1

    def deviating_share(self, row: int) -> float:
        """Return the number of returns as a share of all runs before the one that is analysed, 0 to
        1; 0 until the brand has come back `HABITUAL_RETURNS` times.
        """
        habitual = self.returns >= HABITUAL_RETURNS
        before = self.rows[bisect_left(self.rows, row) - 1]
        return self.returns / (before + 1) if habitual else 0.0

    @property
    def turn(self) -> object:
        """What stays the same while runs are only added."""
        return self.rows[:1], self.excursion, self.returns


def run_slice(stream: Stream, start: int, end: int) -> Stream:
    """Return a stream cut to its runs with the indices from ``start`` to before ``end``."""
    return stream_rows(stream, np.arange(start, end))


def stream_until(stream: Stream, run: RunKey) -> Stream:
    """Return a stream cut to its runs up to and including a run."""
    return run_slice(stream, 0, bisect_right(stream.runs, run))


def stream_since(stream: Stream, run: RunKey) -> Stream:
    """Return a stream cut to its runs from a run on, that run included."""
    return run_slice(stream, bisect_left(stream.runs, run), len(stream.runs))


def stream_rows(stream: Stream, rows: Places) -> Stream:
    """Return a stream cut to the runs of some rows, in the order of the rows."""
    part = replace(
        stream,
        runs=tuple(stream.runs[row] for row in rows),
        n=stream.n[rows],
        total=stream.total[rows],
        squares=stream.squares[rows],
    )
    # A part of a binary stream is binary too; the cached property is filled to save time.
    if stream.binary:
        vars(part)["binary"] = True
    return part


UPDATE_WEIGHT = 3.0
"""How much likelier a change is in a run in which an update was announced or another model was
served, than in other runs."""
UNWEIGHTED_SOURCES = frozenset({"style", "canary"})
"""Signs that earlier releases have stored; they go with the run effects of a session, and carry no
weight."""


@dataclass(frozen=True, slots=True, eq=False)
class StreamAnalysis:
    """The analysis of one stream after a run.

    Attributes:
        stream: The stream, cut to the runs of its baseline and the analysed run.
        found: The evidence for a change.
        excess: The logarithm of the statistic above its threshold.
    """

    stream: Stream
    found: Statistic
    excess: float

    @property
    def largest(self) -> float:
        """The largest logarithm of a Bayes factor among the runs with which a change may have
        begun.
        """
        return float(self.found.logs.max())


@dataclass(eq=False)
class WatchedModel:
    """The streams of the brand at one model, and the baseline of the model.

    Attributes:
        baseline: The runs that count as normal.
        streams: The brand's streams by metric.
        groups: The same streams, each with those of the rivals, by metric.
        answered: Number of answers in each run, R, by metric.
        occasion: The latest reason to ask the model again; None without one since an alarm.
    """

    model: Model
    baseline: Baseline
    streams: dict[str, Stream]
    groups: dict[str, StreamGroup] = field(default_factory=dict)
    answered: dict[str, Floats] = field(default_factory=dict)
    occasion: Occasion | None = None

    @classmethod
    def of(
        cls,
        own: Iterable[Stream],
        everything: Iterable[Stream],
        model: Model,
        updates: Iterable[ModelUpdate] = (),
        bursts: Collection[int] = (),
    ) -> WatchedModel:
        """Return the brand's streams at a model, each grouped with the rivals' streams of the same
        metric, and an empty baseline.

        Args:
            own: The brand's streams at all models; at least one is of ``model``.
            updates: Known updates; what was asked before one is not of the occasion after it.
            bursts: Numbers of the runs that ask again.
        """
        by_metric = {s.key.metric: s for s in own if s.key.model == model}
        watched = cls(model, Baseline(next(iter(by_metric.values())).runs), by_metric)
        updated, first = watched.first_runs(updates), list[int]()
        for row, run in enumerate(watched.baseline.runs):
            again = first and run.id in bursts and row not in updated
            is_near = again and run.at - watched.baseline.runs[first[-1]].at <= EXPIRES_AFTER
            first.append(first[-1] if is_near else row)
        for metric, stream in by_metric.items():
            rivals = [
                s
                for s in everything
                if (s.key.model, s.key.metric) == (model, metric) and s is not stream
            ]
            watched.groups[metric] = StreamGroup.of(stream, rivals, np.array(first, np.intp))
            watched.answered[metric] = stream.n.sum(axis=1)
        return watched

    def row(self, run: RunKey) -> int | None:
        """Return the row of a run; None where the model was not asked in it."""
        runs = self.baseline.runs
        row = bisect_left(runs, run)
        return row if runs[row : row + 1] == (run,) else None

    def prior_weights(self, updates: Iterable[ModelUpdate]) -> Floats:
        """Return how likely a change is to begin with each of the model's R runs, relative to the
        runs up to it, before any answer is seen.

        The first run at the time of an update or later weighs `UPDATE_WEIGHT`, any other run 1.
        Each weight is then divided by the mean weight of the runs up to its own, that included,
        because frequent updates say little.

        Args:
            updates: Known updates, in any order. Left out are those of other models, those after
                the last run, and those from `UNWEIGHTED_SOURCES`.
        """
        weights = np.ones(len(self.baseline.runs))
        weights[list(self.first_runs(updates))] = UPDATE_WEIGHT
        mean_so_far = np.cumsum(weights) / np.arange(1, len(weights) + 1)
        return np.asarray(weights / mean_so_far)

    def first_runs(self, updates: Iterable[ModelUpdate]) -> dict[int, str]:
        """Return the row of the first run after each known update of the model, with how the update
        is known; updates from `UNWEIGHTED_SOURCES`, and those without a later run, are left out.
        """
        runs = self.baseline.runs
        firsts = {
            bisect_left(runs, RunKey(update.at, 0)): update.source
            for update in updates
            if update.model == self.model and update.source not in UNWEIGHTED_SOURCES
        }
        return {row: source for row, source in firsts.items() if row < len(runs)}
