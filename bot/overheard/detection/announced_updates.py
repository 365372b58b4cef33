"""What an announced update did: the test of the runs after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from math import ceil

from overheard.detection.baseline import stream_rows
from overheard.detection.control_variate import run_effect_variance
from overheard.detection.decision_inputs import StratifiedSplit, change_interval, split_stream
from overheard.measure.blocks import RunKey, Stream
from overheard.measure.intervals import Interval
from overheard.numpy_proxy import Mask, np

MIN_RUNS_BEFORE = 6
"""Number of runs before an update from which on the test keeps its level."""
EXCLUDED_CHANGE = 0.05
"""The change of a rate that people want to see excluded: five points."""
_NODES = 96
"""Nodes of the numerical integration (Gauss and Legendre); the integrands are smooth."""
_BISECTIONS = 40
"""Halvings of the range from 0 to 10 in which a boundary is searched."""


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
        looks: Largest number of looks (interim analyses), one after each run; 1 or more.
        level: Probability that any of the looks finds a change where there is none.
    """

    looks: int = 6
    level: float = 0.05

    @property
    def boundary(self) -> float:
        """The standard normal score z of a look above which, in either direction, the stream has
        moved.
        """
        return pocock(self.looks, self.level)


class UpdateStatus(StrEnum):
    """What can be said of an update."""

    MOVED = "moved"
    """The stream moved."""
    STILL = "still"
    """All looks are made: the stream did not move by more than a bound."""
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
        """The largest change in either direction that the interval allows, on the metric's scale,
        0 or more.
        """
        return max(abs(end) for end in self.interval)


DEFAULT_PLAN = FollowUpPlan()


def follow_update(
    stream: Stream, at: datetime, tau2: float, plan: FollowUpPlan = DEFAULT_PLAN
) -> UpdateEffect | None:
    """Return the result of the test whether an update moved a stream.

    After each run since the update, test once ("look"). The tests end
    with the first that finds a change, or with the last of the plan; later runs are ignored. A run
    without an answer of the stream is no look. A look at which nothing can be compared yet is
    counted, and leaves the result as it was.

    Args:
        stream: One brand, one model, one metric, from the beginning of its baseline.
        at: Time of the update; runs that began earlier count as before the update.
        tau2: Variance of the run effect on the logit scale, from
            `run_effect_variance`.
        plan: Number of looks, and the probability of a false finding.

    Returns:
        The result of the last look that could compare; None without such a look.
    """
    effect = None
    for look, rows in enumerate(_looks(stream, at, plan.looks), 1):
        seen_so_far = stream_rows(stream, np.flatnonzero(rows))
        cut = split_stream(seen_so_far, _began_since(seen_so_far, at))
        if not cut.shared.sum() > 1:
            continue
        effect = _effect_at_look(seen_so_far, cut, tau2, plan, look)
        if effect.finding is UpdateStatus.MOVED:
            break
    return effect


def follow_updates(
    stream: Stream,
    others: Sequence[Stream],
    updates: Sequence[datetime],
    plan: FollowUpPlan = DEFAULT_PLAN,
    changes: Sequence[KnownChange] = (),
) -> list[UpdateEffect | None]:
    """Return, for each update of a model in order, the result of the test whether it moved a
    stream; None where nothing can be compared.

    The runs of an update end at the next update. Its baseline begins at the last update that moved
    the stream. A change that detection found elsewhere is not the update's: the runs before such a
    change, when it began before the update, and the runs from it on, when it began later, are left
    out.

    Args:
        stream: One brand, one model, one metric.
        others: Other brands' streams of the same model and metric, with which the variance of the
            run effect is estimated.
        updates: Times of the updates, the earliest first.
        plan: Number of looks at each update, and the probability of a false finding.
        changes: What detection found at the stream.
    """
    effects: list[UpdateEffect | None] = []
    last_moving: datetime | None = None
    for at, following in zip(updates, [*updates, None][1:], strict=True):
        start, end = _compared_period(stream, at, last_moving, following, changes)
        baselines = [_between(measured, start, at) for measured in (stream, *others)]
        tau2 = run_effect_variance(baselines, first=0)
        effect = follow_update(_between(stream, start, end), at, tau2, plan)
        if effect and effect.finding is UpdateStatus.MOVED:
            last_moving = at
        effects.append(effect)
    return effects


def _compared_period(
    stream: Stream,
    at: datetime,
    last_moving: datetime | None,
    following: datetime | None,
    changes: Sequence[KnownChange],
) -> tuple[datetime | None, datetime | None]:
    """Return the period (start, end) whose runs are compared for an update: from the start on, and
    before the end. None stands for no limit.

    The period lies between the last update that moved the stream and the next update, and between
    the nearest changes of the stream before and after the update that are not the update's. A
    change is the update's if it may have begun with the first run since the update.

    Args:
        last_moving: Time of the last update that moved the stream; None without one.
        following: Time of the next update; None without one.
    """
    first_run = next((run.at for run in stream.runs if run.at >= at), at)
    others = [change.began for change in changes if first_run not in change.dates]
    before = max((began for began in others if began < first_run), default=None)
    after = min((began for began in others if began > first_run), default=None)
    starts = [time for time in (last_moving, before) if time]
    ends = [time for time in (following, after) if time]
    return max(starts, default=None), min(ends, default=None)


def fits_update(at: datetime, runs: Sequence[RunKey], change: KnownChange) -> bool:
    """Return whether a change may have begun with the first run since an update; False while there
    is no such run.

    Args:
        at: Time of the update.
        runs: The model's runs, the oldest first.
    """
    return next((run.at for run in runs if run.at >= at), None) in change.dates


@lru_cache
def pocock(looks: int, level: float = 0.05) -> float:
    """Return the boundary that the absolute standard normal score, abs(z), must exceed at a look to
    find a change; it is the same for all looks at equal steps of information (Pocock 1977).

    At the level 0.05 it is 1.960 for one look, 2.178 for 2, 2.289, 2.361, 2.413, and 2.453 for 6.

    Args:
        looks: Largest number of looks (interim analyses), 1 or more.
        level: Probability that any look crosses the boundary when nothing changed, 0 to 1.
    """
    low, high = 0.0, 10.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if crossing(middle, looks) > level else (low, middle)
    return high


def crossing(boundary: float, looks: int) -> float:
    """Return the probability, 0 to 1, that abs(z) exceeds a boundary at any of a number of looks
    when nothing changed and each look adds the same information.

    The density of the sum of scores that never crossed the boundary is carried from look to look
    by numerical integration (Armitage, McPherson and Rowe 1969).

    Args:
        boundary: The boundary of the absolute standard normal score, above 0.
        looks: Number of looks, 1 or more.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    steps, weights = boundary * nodes, boundary * weights
    density = np.exp(-(steps**2) / 2) / np.sqrt(2 * np.pi)
    for look in range(1, looks):
        sums, next_sums = steps * np.sqrt(look), steps * np.sqrt(look + 1)
        kernel = np.exp(-((next_sums[:, None] - sums) ** 2) / 2) / np.sqrt(2 * np.pi)
        density = kernel @ (density * weights * np.sqrt(look))
    return float(1 - density @ weights * np.sqrt(looks))


def coverage(boundary: float) -> float:
    """Return the probability, 0 to 1, that a normal interval with a half-width of ``boundary``
    standard errors holds the true value: 0.95 for 1.96.
    """
    from overheard.special_functions import ndtr

    return float(2 * ndtr(boundary) - 1)


def _looks(stream: Stream, at: datetime, most: int) -> list[Mask]:
    """Return one mask (R) of a stream's runs for each look at an update: the runs up to that look,
    those before the update included. Runs without answers are marked in none, and are no looks.

    Args:
        most: Largest number of looks; the first ones are returned.
    """
    answered = stream.n.sum(axis=1) > 0
    looks = np.flatnonzero(answered & _began_since(stream, at))[:most]
    order = np.arange(len(answered))
    return [answered & (order <= row) for row in looks]


def _began_since(stream: Stream, at: datetime) -> Mask:
    """Return a mask (R) of the runs of a stream that began at a time or later."""
    return np.array([run.at >= at for run in stream.runs], dtype=np.bool_)


def _between(stream: Stream, start: datetime | None, end: datetime | None) -> Stream:
    """Return a stream cut to its runs from ``start`` on and before ``end``; None for no limit."""
    rows = np.ones(len(stream.runs), np.bool_)
    if start is not None:
        rows &= _began_since(stream, start)
    if end is not None:
        rows &= ~_began_since(stream, end)
    return stream_rows(stream, np.flatnonzero(rows))


def _effect_at_look(
    stream: Stream, cut: StratifiedSplit, tau2: float, plan: FollowUpPlan, look: int
) -> UpdateEffect:
    """Return the result of one look at a stream: moved when the score is beyond the boundary of the
    plan, else not moved at the last look of the plan, else not yet clear.

    Args:
        stream: The stream up to the look, only runs with answers.
        tau2: Variance of the run effect on the logit scale.
        plan: Number of looks, and the probability of a false finding.
        look: Number of the look, from 1; also the number of runs since the update.
    """
    run_effect = cut.run_effect_sd(tau2) ** 2
    variance = cut.v + run_effect
    z = cut.u / variance**0.5 if variance > 0 else 0.0
    if abs(z) > plan.boundary:
        finding = UpdateStatus.MOVED
    else:
        finding = UpdateStatus.STILL if look == plan.looks else UpdateStatus.OPEN
    interval = change_interval(cut, stream.scatter, tau2, coverage(plan.boundary))
    answers = (round(float(cut.before.n.sum())), round(float(cut.after.n.sum())))
    runs = (len(stream.runs) - look, look)
    runs_to_exclude = None
    if stream.binary and variance > 0:
        standard_error = (interval[1] - interval[0]) / 2 / plan.boundary
        target = (EXCLUDED_CHANGE / plan.boundary) ** 2
        runs_to_exclude = _runs_to_exclude(
            standard_error**2, run_effect / variance, answers, runs, target
        )
    return UpdateEffect(
        finding=finding,
        looks=look,
        most=plan.looks,
        before=cut.before.mean,
        after=cut.after.mean,
        interval=interval,
        answers=answers,
        runs=runs,
        runs_to_exclude=runs_to_exclude,
    )


def _runs_to_exclude(
    variance: float, share: float, answers: tuple[int, int], runs: tuple[int, int], target: float
) -> int | None:
    """Return how many runs after an update, each as large as those so far, would bring the variance
    of the change down to a target. The variance due to the runs before the update stays; that of
    the runs after it falls with their number.

    Args:
        share: The part of it that is due to run effects, 0 to 1; the rest is due to single answers.
        answers: Number of answers (before, after).
        runs: Number of runs (before, after).

    Returns:
        The number of runs since the update, those so far included. None when the variance due to
        the runs before the update alone is the target or more, so that no number suffices. Also
        None when a side has no answers or no runs.
    """
    if not (all(answers) and all(runs)):
        return None
    before_update = sum(
        part * variance * (1 / before) / (1 / before + 1 / after)
        for part, (before, after) in ((1 - share, answers), (share, runs))
    )
    if target <= before_update:
        return None
    return ceil((variance - before_update) * runs[1] / (target - before_update))
