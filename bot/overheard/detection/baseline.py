"""What a brand's monitor takes for normal at a model: the runs of its past without a change.

A baseline is a list of runs. It begins again with the run with which a change began. The baseline
before an alarm is kept: each recent run is compared with the level before the alarm and with the
level after it. When the brand is back, the old runs count again, without those of the excursion;
a return closes the story of the alarm and is no alarm.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from overheard.domain import Shift
from overheard.measure.blocks import RunKey, Stream
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
        rows = np.array([*self.rows[-MAX_BASELINE_RUNS:], row], np.intp)
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
        last = self.excursion
        if last and _goes_further(last.shift, excursion.shift):
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

    @property
    def deviating_share(self) -> float:
        """The number of returns as a share of all runs so far, 0 to 1; 0 until the brand has come
        back `HABITUAL_RETURNS` times.
        """
        habitual = self.returns >= HABITUAL_RETURNS
        return self.returns / (self.rows[-1] + 1) if habitual else 0.0


def _goes_further(earlier: Shift, later: Shift) -> bool:
    """Return whether two shifts are of the same metric and go in the same direction."""
    return earlier.metric == later.metric and earlier.change * later.change > 0


def rows_with_answers(stream: Stream) -> Places:
    """Return the rows of the runs in which a stream has answers, in order."""
    return np.flatnonzero(stream.n.sum(axis=1) > 0)


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
