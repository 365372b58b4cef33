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
from math import inf

from overheard.detection.control_variate import RunEffectPrior, RunSeries, StreamGroup, run_series
from overheard.detection.marginal_likelihood import STEP_VARIANCE
from overheard.domain import Shift
from overheard.measure.blocks import RunKey, Stream
from overheard.numpy_proxy import Floats, Places, np
from overheard.special_functions import logit

MAX_BASELINE_RUNS = 120
"""Largest number of a baseline's runs that count, the latest."""
MIN_RUNS_AFTER_SHIFT = 2
"""Runs that a new baseline has before a shift from it can be seen."""
HABITUAL_RETURNS = 2
"""A brand that has come back so often goes now and then, which is no news."""


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
        """This change, then the earlier ones: the brand may return to any of their old levels."""
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
        """Return the rows that count, and ``row``, where a stream has answers.

        Args:
            row: The row of the run that is analysed.
            answered: Numbers of answers of the stream in all runs, R.
        """
        rows = np.array([*self.rows[-MAX_BASELINE_RUNS:], row], np.intp)
        return np.asarray(rows[answered[rows] > 0])

    @property
    def runs_needed(self) -> int:
        """How many runs a search for a change needs: after a shift more than at first."""
        return 1 if self.excursion is None else MIN_RUNS_AFTER_SHIFT

    def restart(self, excursion: Excursion) -> None:
        """Start the baseline again with the run with which a change began; the change is kept, as
        the brand may return from it.
        """
        last = self.excursion
        further = last and last.shift.metric == excursion.shift.metric
        if last and further and last.shift.change * excursion.shift.change > 0:
            excursion = replace(excursion, earlier=last)
        self.rows = [row for row in self.rows if row >= excursion.since]
        self.excursion = excursion

    def begin(self, run: RunKey) -> bool:
        """Start the baseline again with a run with which the model as a whole changed; no return to
        an older level is possible then. Return whether any earlier run was dropped.
        """
        since = [row for row in self.rows if self.runs[row] >= run]
        if len(since) == len(self.rows):
            return False
        self.rows, self.excursion = since, None
        return True

    def resume(self, before: Sequence[int], start: int) -> None:
        """Set the baseline to the rows of an old level and its own rows from ``start`` on."""
        self.rows = [*before, *(row for row in self.rows if row >= start)]
        self.excursion = None
        self.returns += 1

    @property
    def deviating_share(self) -> float:
        """The share of runs with which the brand went and came back, once it has `HABITUAL_RETURNS`
        times; 0 before.
        """
        habitual = self.returns >= HABITUAL_RETURNS
        return self.returns / (self.rows[-1] + 1) if habitual else 0.0


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


BEYOND_WEIGHT = 0.03
"""Prior odds that a brand that left its new level is far beyond the old one, against a return."""
RETURN_STARTS = 8
"""With how many of the latest runs a return may have begun."""
PROMPT_PRIOR = 4.0
"""How many answers at the old level each prompt's level after the alarm is drawn to."""


@dataclass(frozen=True, slots=True)
class ReturnEvidence:
    """Evidence that a stream is back at its level before an alarm.

    Attributes:
        mean_odds: Odds of the old level against the level after the alarm, or a level far beyond
            the old one; the mean over the starts.
        summed_odds: The sum of these odds over the starts.
        start: The row with which the return most likely began.
    """

    mean_odds: float
    summed_odds: float
    start: int


def return_evidence(
    group: StreamGroup,
    before: Places,
    since: Places,
    prior: RunEffectPrior,
    variance: float,
    *,
    uniform: bool,
) -> ReturnEvidence | None:
    """Return the evidence that a stream is back at its level before an alarm; None with too few
    runs.

    Args:
        group: The brand's stream and those of its rivals.
        before: Rows of the baseline before the alarm.
        since: Rows from the run with which the alarm's change began.
        prior: The expected variances of the run effects of the model, logit scale.
        variance: Expected variance of the own run effect.
        uniform: Whether all prompts moved; else the prompts that moved are compared.
    """
    if len(since) < 2 or not len(before):
        return None
    rows = np.concatenate([before, since])
    series = run_series(group, rows, prior)
    first, last = len(before), len(rows)
    starts = range(max(first + 1, last - RETURN_STARTS), last)
    noise = float(series.noise[0].mean()) + variance
    back, beyond = np.transpose(
        [
            _uniform_odds(series, first, start, noise)
            if uniform
            else _sparse_odds(group, rows, series, (first, start), variance)
            for start in starts
        ]
    )
    best = int(np.argmax(back))
    odds = back / (1 + BEYOND_WEIGHT * beyond.mean())
    return ReturnEvidence(float(odds.mean()), float(odds.sum()), int(rows[starts[best]]))


def _uniform_odds(series: RunSeries, first: int, start: int, noise: float) -> Floats:
    """Return the odds of the old level, and of a level beyond it, against the level after the
    alarm, by the means of the runs.

    Args:
        series: The runs before the alarm's change, then those since, n.
        first: Index of the first run since the change.
        start: Index of the run with which the return may have begun.
        noise: Variance of a run's mean, squared logits.
    """
    level = series.level[0]
    old, moved, now = level[:first].mean(), level[first:start].mean(), level[start:].mean()
    n_old, n_moved, n_now = first, start - first, len(level) - start
    spread = max(STEP_VARIANCE, (moved - old) ** 2)
    known = spread / (spread + noise * (1 / n_old + 1 / n_moved))
    centre = old + known * (moved - old)
    left = noise / n_now + (1 - known) * spread + noise / n_old
    same = noise / n_now + noise / n_old
    beyond = (now - old) * (moved - old) < 0
    return _against(
        _normal_log(now - centre, left),
        _normal_log(now - old, same),
        _normal_log(now - old, same + STEP_VARIANCE) if beyond else -inf,
    )


def _sparse_odds(
    group: StreamGroup,
    rows: Places,
    series: RunSeries,
    cut: tuple[int, int],
    variance: float,
) -> Floats:
    """Return the odds as `_uniform_odds` does, by the prompts that moved, each weighted by its
    move.

    Args:
        group: The brand's stream and those of its rivals.
        rows: Rows of the runs, n, as in ``series``.
        series: The same runs on the logit scale.
        cut: The indices ``first`` and ``start`` of `_uniform_odds`.
        variance: Expected variance of the own run effect.
    """
    first, start = cut
    n, hits = group.n[0][rows], group.total[0][rows]
    old = _level(n[:first].sum(axis=0), hits[:first].sum(axis=0), 0.5)
    moved_n, moved_hits = n[first:start].sum(axis=0), hits[first:start].sum(axis=0)
    moved = _level(moved_n, moved_hits, old)
    weight = logit(moved) - logit(old)
    now_n, now_hits = n[start:].sum(axis=0), hits[start:].sum(axis=0)
    seen = float(weight @ (now_hits - now_n * old))
    far = float(weight @ (now_n * (moved - old)))
    spread = old * (1 - old)
    pull = float(weight @ (now_n * spread)) ** 2 / max(1, len(rows) - start)
    calls = float(weight**2 @ (now_n * spread))
    past = n[:first].sum(axis=0) + PROMPT_PRIOR
    calls += float(weight**2 @ (now_n**2 * spread / past))
    whole = calls + (variance + series.shared) * pull
    return _against(
        _normal_log(seen - far, whole),
        _normal_log(seen, whole),
        _normal_log(seen, whole + far**2) if seen * far < 0 else -inf,
    )


def _against(stayed: float, back: float, beyond: float) -> Floats:
    """Return the odds of the old level, and of a level beyond it, against the level after the
    alarm, from three log densities.
    """
    return np.exp(np.clip(np.array([back, beyond]) - stayed, -50.0, 50.0))


def _level(n: Floats, hits: Floats, centre: Floats | float) -> Floats:
    mean = (hits + PROMPT_PRIOR * np.asarray(centre)) / (n + PROMPT_PRIOR)
    return np.asarray(np.clip(mean, 0.01, 0.99))


def _normal_log(x: float, variance: float) -> float:
    return float(-(x**2) / (2 * variance) - np.log(variance) / 2)
