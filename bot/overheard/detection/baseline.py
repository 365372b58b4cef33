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
    """Return the evidence that a stream is back at its level before an alarm; None with fewer than
    two runs since the change, or without a baseline.

    A return may have begun with each of the latest `RETURN_STARTS` runs, but the first run since
    the change is always at the new level.

    Args:
        group: The brand's stream and those of its rivals.
        before: Rows of the baseline before the alarm.
        since: Rows from the run with which the alarm's change began.
        prior: The expected variances of the run effects of the model, logit scale.
        variance: Expected variance of the own run effect, logit scale.
        uniform: Whether all prompts moved, so that the means of the runs are compared; else the
            prompts are, each weighted by its move.
    """
    if len(since) < 2 or not len(before):
        return None
    rows = np.concatenate([before, since])
    series = run_series(group, rows, prior)
    first, end = len(before), len(rows)
    starts = range(max(first + 1, end - RETURN_STARTS), end)
    noise = float(series.noise[0].mean()) + variance
    back_odds, beyond_odds = np.transpose(
        [
            _uniform_odds(series, first, start, noise)
            if uniform
            else _sparse_odds(group, rows, series, (first, start), variance)
            for start in starts
        ]
    )
    likeliest = starts[int(np.argmax(back_odds))]
    odds = back_odds / (1 + BEYOND_WEIGHT * beyond_odds.mean())
    return ReturnEvidence(
        mean_odds=float(odds.mean()), summed_odds=float(odds.sum()), start=int(rows[likeliest])
    )


def _uniform_odds(series: RunSeries, first: int, start: int, noise: float) -> Floats:
    """Return the odds of the old level, and of a level beyond it, against the level after the
    alarm, by the means of the runs. The odds of a level beyond are next to 0 unless the latest runs
    are on the other side of the old level.

    Args:
        series: The runs before the alarm's change, then those since, n.
        first: Index of the first run since the change.
        start: Index of the run with which the return may have begun.
        noise: Variance of a run's mean, squared logits.
    """
    level = series.level[0]
    old, moved, now = level[:first].mean(), level[first:start].mean(), level[start:].mean()
    runs_old, runs_moved, runs_now = first, start - first, len(level) - start
    step_variance = max(STEP_VARIANCE, (moved - old) ** 2)
    step_noise = noise * (1 / runs_old + 1 / runs_moved)
    known_share = step_variance / (step_variance + step_noise)
    expected = old + known_share * (moved - old)
    variance_stayed = noise / runs_now + (1 - known_share) * step_variance + noise / runs_old
    variance_back = noise / runs_now + noise / runs_old
    is_beyond = (now - old) * (moved - old) < 0
    return _odds_against_staying(
        stayed=_normal_log(now - expected, variance_stayed),
        back=_normal_log(now - old, variance_back),
        beyond=_normal_log(now - old, variance_back + STEP_VARIANCE) if is_beyond else -inf,
    )


def _sparse_odds(
    group: StreamGroup,
    rows: Places,
    series: RunSeries,
    cut: tuple[int, int],
    variance: float,
) -> Floats:
    """Return the odds of the old level, and of a level beyond it, against the level after the
    alarm, by the hits of each prompt, weighted by how far its level moved with the alarm. The odds
    of a level beyond are next to 0 unless the latest hits are on the other side of the old level.

    Args:
        group: The brand's stream and those of its rivals.
        rows: Rows of the runs, n, as in ``series``.
        series: The same runs on the logit scale.
        cut: Index of the first run since the change, and of the run with which the return may have
            begun.
        variance: Expected variance of the own run effect.
    """
    first, start = cut
    n, hits = group.n[0][rows], group.total[0][rows]
    old_n, old_hits = n[:first].sum(axis=0), hits[:first].sum(axis=0)
    moved_n, moved_hits = n[first:start].sum(axis=0), hits[first:start].sum(axis=0)
    now_n, now_hits = n[start:].sum(axis=0), hits[start:].sum(axis=0)
    old = _level(old_n, old_hits, 0.5)
    moved = _level(moved_n, moved_hits, old)
    weight = logit(moved) - logit(old)
    surplus = float(weight @ (now_hits - now_n * old))
    surplus_if_stayed = float(weight @ (now_n * (moved - old)))
    spread = old * (1 - old)
    pull = float(weight @ (now_n * spread)) ** 2 / max(1, len(rows) - start)
    calls = float(weight**2 @ (now_n * spread))
    calls += float(weight**2 @ (now_n**2 * spread / (old_n + PROMPT_PRIOR)))
    chance = calls + (variance + series.shared) * pull  # the variance of the surplus
    is_beyond = surplus * surplus_if_stayed < 0
    return _odds_against_staying(
        stayed=_normal_log(surplus - surplus_if_stayed, chance),
        back=_normal_log(surplus, chance),
        beyond=_normal_log(surplus, chance + surplus_if_stayed**2) if is_beyond else -inf,
    )


def _odds_against_staying(stayed: float, back: float, beyond: float) -> Floats:
    """Return the odds of the old level, and of a level beyond it, against the level after the
    alarm, from the log densities of the three; no odds are beyond exp(50) or below exp(-50).
    """
    return np.exp(np.clip(np.array([back, beyond]) - stayed, -50.0, 50.0))


def _level(n: Floats, hits: Floats, centre: Floats | float) -> Floats:
    """Return the rate of each prompt, P, drawn to a centre by the weight of `PROMPT_PRIOR` answers,
    and kept from 0.01 to 0.99.
    """
    mean = (hits + PROMPT_PRIOR * np.asarray(centre)) / (n + PROMPT_PRIOR)
    return np.asarray(np.clip(mean, 0.01, 0.99))


def _normal_log(x: float, variance: float) -> float:
    """Return the logarithm of a normal density with mean 0, less a constant."""
    return float(-(x**2) / (2 * variance) - np.log(variance) / 2)
