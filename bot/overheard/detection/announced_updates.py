"""What the first runs after a known update of a model show of a stream."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from overheard.detection.baseline import stream_rows
from overheard.detection.confirmation import UPDATE_LOOKS
from overheard.detection.control_variate import run_effect_variance
from overheard.detection.decision_inputs import Comparison, compare_sides
from overheard.domain import RunKey
from overheard.measure.blocks import Stream
from overheard.numpy_proxy import np

MIN_RUNS_BEFORE = 6
"""Number of runs before an update from which on the test keeps its level: with three it found up to
.11 false changes instead of .05, with six .06 (simulated)."""


@dataclass(frozen=True, slots=True)
class KnownChange:
    """A change that detection has found without knowing of an update.

    Attributes:
        began: Start of the run with which the change most likely began.
        dates: Starts of the runs among which the change began with a probability of 90 %.
    """

    began: datetime
    dates: frozenset[datetime]

    def fits(self, at: datetime, stream: Stream) -> bool:
        """Return whether the change may have begun with the first run of a stream since an update;
        False while there is no such run.
        """
        return next((run.at for run in _answered(stream) if run.at >= at), None) in self.dates


@dataclass(frozen=True, slots=True)
class SinceUpdate:
    """A stream before and after an update.

    Attributes:
        before: Number of runs before the update that are compared.
        looks: Starts of the runs after it that are, at most `UPDATE_LOOKS`.
        compared: What they show; None where nothing can be compared.
        over: Whether there will be no further look.
    """

    before: int
    looks: tuple[datetime, ...]
    compared: Comparison | None
    over: bool


def since_update(
    stream: Stream,
    others: Sequence[Stream],
    at: datetime,
    since: datetime | None = None,
    following: datetime | None = None,
    changes: Sequence[KnownChange] = (),
) -> SinceUpdate:
    """Return what the first runs after an update show of a stream.

    A change that detection found elsewhere is not the update's: the runs before such a change, when
    it began before the update, and the runs from it on, when it began later, are left out.

    Args:
        stream: One brand, one model, one metric.
        others: Other brands' streams of the same model and metric, with which the variance of the
            run effect is estimated.
        at: Time of the update.
        since: Time of an earlier update that moved the stream: runs before it do not count.
        following: Time of the next update, whose runs do not count.
        changes: What detection found at the stream.
    """
    answered = _answered(stream)
    first = next((run.at for run in answered if run.at >= at), at)
    began = [change.began for change in changes if not change.fits(at, stream)]
    starts = [since, *(time for time in began if time < first)]
    ends = [following, *(time for time in began if time > first)]
    start, end = max(filter(None, starts), default=None), min(filter(None, ends), default=None)
    before = [run for run in answered if run.at < at and not (start and run.at < start)]
    looks = [run for run in answered if run.at >= at and not (end and run.at >= end)][:UPDATE_LOOKS]
    compared = None
    if before and looks:
        usual, counted = set(before), {*before, *looks}
        tau2 = run_effect_variance([_cut(one, usual) for one in (stream, *others)], first=0)
        compared = compare_sides(_cut(stream, counted), looks[0].id, tau2)
    over = end is not None or len(looks) == UPDATE_LOOKS
    return SinceUpdate(len(before), tuple(run.at for run in looks), compared, over)


def _answered(stream: Stream) -> list[RunKey]:
    return [run for run, n in zip(stream.runs, stream.n, strict=True) if n.any()]


def _cut(stream: Stream, runs: Collection[RunKey]) -> Stream:
    rows = [row for row, run in enumerate(stream.runs) if run in runs]
    return stream_rows(stream, np.array(rows, np.intp))
