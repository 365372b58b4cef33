"""A stream as the monitor reads it: summed once, and every look takes what it may see."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from overheard.detection.detector import Evidence, Histories, Sums, candidates, live
from overheard.measure.blocks import RunKey, Stream
from overheard.numpy_proxy import np


@dataclass(eq=False)
class Reading:
    """A stream's sums from one beginning, in one unit; reused from look to look."""

    runs: tuple[RunKey, ...]
    sums: Sums

    def evidence(self, run: RunKey, tau2: float, reach: int) -> Evidence:
        """Return what the runs up to one say, see `detector.evidence`."""
        latest = bisect_right(self.runs, run) - 1
        if latest < 1:
            return Evidence((), np.zeros(0))
        starts = tuple(self.runs[row] for row in candidates(latest, reach))
        return Evidence(starts, self.sums.factors(latest, tau2, reach)[0])


@dataclass(eq=False)
class Record:
    """A whole stream, and its sums as they were last needed."""

    stream: Stream
    _made: dict[tuple[RunKey, bool, float], Reading] = field(default_factory=dict)

    def reading(self, begun: RunKey, past: Stream) -> Reading:
        """Return the sums from a beginning on, in the unit that the past gives."""
        key = (begun, past.binary, past.width)
        if key not in self._made:
            self._made = {key: self._read(*key)}
        return self._made[key]

    def _read(self, begun: RunKey, binary: bool, width: float) -> Reading:
        stream = self.stream
        rows = live(stream)
        rows = rows[rows >= bisect_left(stream.runs, begun)]
        if binary:  # what comes after the first other value is not read in this unit
            other = (stream.total[rows] != stream.squares[rows]).any(axis=1)
            rows = rows[: int(other.argmax()) if other.any() else len(rows)]
        past = Histories(
            stream.n[rows],
            stream.total[rows][None] / width,
            stream.squares[rows][None] / width**2,
            binary,
        )
        return Reading(tuple(stream.runs[row] for row in rows), Sums(past))
