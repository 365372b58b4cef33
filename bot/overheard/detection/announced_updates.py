"""Did an announced update move a brand? A group sequential test with a look after each run.

The time is known, so nothing has to be searched for, and few calls are enough. A look, in the term
of group sequential tests, is an interim analysis: after each burst the answers since the update are
compared with those before it. The boundary is Pocock's (1977): the same for every look, and so high
that all looks together have the false-positive rate of a single test at the level. The result is
either that the brand moved, with an interval of the change, or a bound that the change does not
exceed. Both rest on the repeated confidence interval (Jennison and Turnbull 1989), which holds
whenever the test stops. Nothing is kept between looks: everything is read from the blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from math import ceil

from overheard.detection.bursts import MIN_BURST_GAP, Burst, share_calls
from overheard.detection.comparison import StratifiedSplit, change_interval, split_stream
from overheard.detection.run_effects import run_effect_variance
from overheard.measure.blocks import RunKey, Stream
from overheard.measure.intervals import Interval
from overheard.numpy_proxy import Mask, np

MIN_RUNS_BEFORE = 6
"""Runs before an update from which the test keeps its level."""
EXCLUDED_CHANGE = 0.05
"""The change of a rate that people want to see excluded: five points."""
_NODES = 96
"""Of Gauss and Legendre; the integrands are smooth."""


@dataclass(frozen=True, slots=True)
class KnownChange:
    """A change that detection has found without knowing of an update.

    Attributes:
        began: Start of the run with which the change most likely began.
        dates: Starts of the runs among which the change began with a probability of 90 %.
    """

    began: datetime
    dates: frozenset[datetime]


@dataclass(frozen=True, slots=True)
class FollowUpPlan:
    """The number, size and level of the looks at a stream after an update.

    Attributes:
        looks: Largest number of looks (interim analyses), one after each burst; 1 or more.
        calls: Calls in a burst.
        gap: The shortest time between two bursts.
        level: Probability that any of the looks finds a change where there is none.
        alone: How many answers on either side are enough to compare a single shared prompt; by
            default two shared prompts are needed.
    """

    looks: int = 6
    calls: int = 60
    gap: timedelta = MIN_BURST_GAP
    level: float = 0.05
    alone: int | None = None

    @property
    def boundary(self) -> float:
        """The absolute z above which a look has found a change."""
        return pocock(self.looks, self.level)

    def can_compare(self, cut: StratifiedSplit) -> bool:
        """Return whether both sides of a cut have enough shared prompts, or enough answers to a
        single one.
        """
        shared = int(cut.shared.sum())
        if shared == 1 and self.alone is not None:
            return bool(min(cut.before.n.sum(), cut.after.n.sum()) >= self.alone)
        return shared > 1


class UpdateStatus(StrEnum):
    """What can be said of an update."""

    MOVED = "moved"
    STILL = "still"
    """It did not move by more than so much."""
    OPEN = "open"
    """Not clear yet: there are looks left."""


@dataclass(frozen=True, slots=True)
class UpdateEffect:
    """The result of the looks (interim analyses) after an update for one stream.

    Attributes:
        finding: Whether the stream moved, did not move, or neither is clear yet.
        looks: How many looks were made; the first that found a change is the last.
        most: Largest number of looks.
        before: Mean over the shared prompts before the update.
        after: Mean over the shared prompts after the update.
        interval: Interval of the change, on the metric's scale. It holds the change at all looks
            together with a probability of at least 1 - level.
        answers: Number of answers to shared prompts (before, after).
        runs: Number of runs (before, after).
        runs_to_exclude: Number of runs after the update, each as large as those so far, with which
            a change of `EXCLUDED_CHANGE` could be excluded if there is none; None where the runs
            before are too few for that, and for other metrics than rates.
    """

    finding: UpdateStatus
    looks: int
    most: int
    before: float
    after: float
    interval: Interval
    answers: tuple[int, int]
    runs: tuple[int, int] = (0, 0)
    runs_to_exclude: int | None = None

    @property
    def keeps_level(self) -> bool:
        """Whether there are enough runs before the update for the level to hold.

        With fewer, the variance of the run effect is not known well enough: in simulations of a
        level of .05, false findings were up to .11 with three runs before, .06 with six.
        """
        return self.runs[0] >= MIN_RUNS_BEFORE

    @property
    def change(self) -> float:
        """How far the mean moved, on the metric's scale."""
        return self.after - self.before

    @property
    def bound(self) -> float:
        """The largest absolute change that the interval allows."""
        return max(abs(end) for end in self.interval)


DEFAULT_PLAN = FollowUpPlan()


def follow_update(
    stream: Stream, at: datetime, tau2: float, plan: FollowUpPlan = DEFAULT_PLAN
) -> UpdateEffect | None:
    """Return the result of the test whether an update moved a stream, with a look (interim
    analysis) after each run.

    Every run after the update is a look, a burst or a scheduled run, until a look finds a change or
    all looks are made; later runs are ignored.

    Args:
        stream: One brand, one model, one metric, from the beginning of its baseline.
        at: Time of the update; runs that began earlier count as before the update.
        tau2: Variance of the run effect, see `run_effects.run_effect_variance`.
        plan: Number of looks, and the probability of a false finding.

    Returns:
        The result of the last look; None while nothing can be compared.
    """
    verdict = None
    for made, rows in enumerate(_looks(stream, at, plan.looks), 1):
        part = _part(stream, rows)
        cut = split_stream(part, _since(part, at))
        if not plan.can_compare(cut):
            continue
        verdict = _verdict(part, cut, tau2, plan, made)
        if verdict.finding is UpdateStatus.MOVED:
            break
    return verdict


def follow_updates(
    stream: Stream,
    others: Sequence[Stream],
    updates: Sequence[datetime],
    plan: FollowUpPlan = DEFAULT_PLAN,
    changes: Sequence[KnownChange] = (),
) -> list[UpdateEffect | None]:
    """Return, for each update of a model in order, whether the update moved a stream; None where
    nothing can be compared.

    The looks at an update end at the next update. Runs before an update that moved the stream are
    not part of the baseline of later updates. A change that began before the update, or later than
    with its first run, is not the update's: runs before the one, and from the other on, are left
    out.

    Args:
        stream: One brand, one model, one metric.
        others: Other brands' streams of the same model and metric, which help to
            estimate its run effect.
        updates: Times of the updates, the earliest first.
        plan: Number of looks at each update, and the probability of a false finding.
        changes: What detection found at the stream.
    """
    verdicts: list[UpdateEffect | None] = []
    start: datetime | None = None
    for at, end in zip(updates, [*updates, None][1:], strict=True):
        first, last = _bounds(stream, at, start, end, changes)
        known = [_between(measured, first, at) for measured in (stream, *others)]
        verdict = follow_update(
            _between(stream, first, last), at, run_effect_variance(known, 0), plan
        )
        if verdict and verdict.finding is UpdateStatus.MOVED:
            start = at
        verdicts.append(verdict)
    return verdicts


def _bounds(
    stream: Stream,
    at: datetime,
    start: datetime | None,
    end: datetime | None,
    changes: Sequence[KnownChange],
) -> tuple[datetime | None, datetime | None]:
    """Return the start and the end of the time whose runs are compared for an update; None for no
    bound. Changes of the stream that are not the update's lie outside.

    Args:
        stream: The stream.
        at: Time of the update.
        start: Time of the last update that moved the stream, or None.
        end: Time of the next update, or None.
        changes: The changes that detection found in the stream.
    """
    first = next((run.at for run in stream.runs if run.at >= at), at)
    others = [change.began for change in changes if first not in change.dates]
    before = [began for began in others if began < first]
    after = [began for began in others if began > first]
    starts = [time for time in (start, max(before, default=None)) if time]
    ends = [time for time in (end, min(after, default=None)) if time]
    return max(starts, default=None), min(ends, default=None)


def credited(at: datetime, runs: Sequence[RunKey], change: KnownChange) -> bool:
    """Return whether a change may have begun with the first run since an update."""
    return next((run.at for run in runs if run.at >= at), None) in change.dates


def next_burst_after_update(
    verdict: UpdateEffect | None,
    plan: FollowUpPlan,
    *,
    update: datetime,
    since: Sequence[RunKey],
    prompts: Sequence[str],
    before: Sequence[Stream],
    seed: int,
) -> Burst | None:
    """Return the next burst after an update; None when the result is clear or all looks are made.

    Args:
        verdict: The result so far for the least clear brand; None before the first look.
        plan: Number of looks, calls of a burst, and the time between bursts.
        update: Time of the update.
        since: The model's runs since the update, in the order of time.
        prompts: Keys of the prompts to choose from.
        before: The model's streams before the update; they show for which prompts an answer is most
            informative. Answers after the update must not be used for this: prompts that moved
            would be asked more often, which biases the comparison.
        seed: Seed of the random numbers.
    """
    if len(since) >= plan.looks or (verdict and verdict.finding is not UpdateStatus.OPEN):
        return None
    asks = share_calls(prompts, before, plan.calls, seed=seed + len(since))
    at = since[-1].at + plan.gap if since else update
    return Burst(at, asks, f"look {len(since) + 1} of {plan.looks} after an update")


@lru_cache
def pocock(looks: int, level: float = 0.05) -> float:
    """Return the boundary of abs(z) for a number of looks at equal steps of information (Pocock
    1977).

    The boundary is 1.960, 2.178, 2.289, 2.361, 2.413, 2.453 for 1 to 6 looks at the level 0.05.

    Args:
        looks: Number of looks (interim analyses), 1 or more.
        level: Probability that any look crosses the boundary when nothing changed.
    """
    low, high = 0.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if crossing(middle, looks) > level else (low, middle)
    return high


def crossing(boundary: float, looks: int) -> float:
    """Return the probability, 0 to 1, that abs(z) crosses a boundary at any of a number of looks
    when nothing changed.

    The density of the sum of scores that never crossed the boundary is carried from look to look
    by numerical integration (Armitage, McPherson and Rowe 1969).
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    steps, weights = boundary * nodes, boundary * weights
    density = np.exp(-(steps**2) / 2) / np.sqrt(2 * np.pi)
    for look in range(1, looks):
        here, there = steps * np.sqrt(look), steps * np.sqrt(look + 1)
        kernel = np.exp(-((there[:, None] - here) ** 2) / 2) / np.sqrt(2 * np.pi)
        density = kernel @ (density * weights * np.sqrt(look))
    return float(1 - density @ weights * np.sqrt(looks))


def coverage(boundary: float) -> float:
    """Return the coverage, 0 to 1, of a normal interval whose half-width is ``boundary`` standard
    errors.
    """
    from overheard.special_functions import ndtr

    return float(2 * ndtr(boundary) - 1)


def _looks(stream: Stream, at: datetime, most: int) -> list[Mask]:
    """Return, for each run since an update at ``at`` and at most ``most`` of them, a mask of the
    runs up to it, including those before the update.
    """
    live = stream.n.sum(axis=1) > 0
    later = _since(stream, at)
    order = np.arange(len(later))
    return [live & (order <= row) for row in np.flatnonzero(live & later)[:most]]


def _since(stream: Stream, at: datetime) -> Mask:
    return np.array([run.at >= at for run in stream.runs], dtype=np.bool_)


def _between(stream: Stream, start: datetime | None, end: datetime | None) -> Stream:
    rows = np.ones(len(stream.runs), np.bool_) if start is None else _since(stream, start)
    return _part(stream, rows if end is None else rows & ~_since(stream, end))


def _part(stream: Stream, rows: Mask) -> Stream:
    """Return a stream cut to the runs that a mask ``rows`` (R) marks."""
    return replace(
        stream,
        runs=tuple(run for run, kept in zip(stream.runs, rows, strict=True) if kept),
        n=stream.n[rows],
        total=stream.total[rows],
        squares=stream.squares[rows],
    )


def _verdict(
    stream: Stream, cut: StratifiedSplit, tau2: float, plan: FollowUpPlan, made: int
) -> UpdateEffect:
    """Return the result of one look at a stream: moved, did not move, or not yet clear.

    Args:
        stream: The stream up to the look.
        cut: The stream cut at the update.
        tau2: Variance of the run effect.
        plan: Number of looks, and the probability of a false finding.
        made: Number of looks so far, this one included.
    """
    run_effect = cut.run_effect_sd(tau2) ** 2
    variance = cut.v + run_effect
    z = cut.u / variance**0.5 if variance > 0 else 0.0
    finding = UpdateStatus.STILL if made == plan.looks else UpdateStatus.OPEN
    interval = change_interval(cut, stream.scatter, tau2, coverage(plan.boundary))
    answers = (round(float(cut.before.n.sum())), round(float(cut.after.n.sum())))
    runs = len(stream.runs) - made, made
    needed = None
    if stream.binary and variance > 0:
        width = (interval[1] - interval[0]) / 2 / plan.boundary
        target = (EXCLUDED_CHANGE / plan.boundary) ** 2
        needed = _runs_to_exclude(width**2, run_effect / variance, answers, runs, target)
    return UpdateEffect(
        finding=UpdateStatus.MOVED if abs(z) > plan.boundary else finding,
        looks=made,
        most=plan.looks,
        before=cut.before.mean,
        after=cut.after.mean,
        interval=interval,
        answers=answers,
        runs=runs,
        runs_to_exclude=needed,
    )


def _runs_to_exclude(
    variance: float,
    share: float,
    answers: tuple[int, int],
    runs: tuple[int, int],
    target: float,
) -> int | None:
    """Return the number of runs after an update with which the variance of the change would reach a
    target.

    The variance of the runs before stays; that of the runs after falls with their number.

    Args:
        variance: Variance of the change so far.
        share: The part of it that is due to run effects, 0 to 1.
        answers: Number of answers (before, after).
        runs: Number of runs (before, after).
        target: The variance that is wanted.

    Returns:
        The number of runs; None when the runs before alone exceed the target.
    """
    if not (all(answers) and all(runs)):
        return None
    stays = sum(
        part * variance * (1 / before) / (1 / before + 1 / after)
        for part, (before, after) in ((1 - share, answers), (share, runs))
    )
    if target <= stays:
        return None
    return ceil((variance - stays) * runs[1] / (target - stays))
