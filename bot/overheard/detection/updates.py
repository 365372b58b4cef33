"""Did an announced update move a brand? Looks after spaced bursts, until the answer is clear.

The time is known, so nothing has to be searched for, and few calls are enough. After each burst
the answers since the update are held against those before it. The boundary is Pocock's (1977):
the same for every look, and so high that all looks together fire by chance as rarely as one look
at the level would. In the end one of two things can be said: it moved by so much, or it did not
move by more than so much. Both rest on the repeated confidence interval (Jennison and Turnbull
1989), which holds whenever one stops. Nothing is kept between looks: all is read from the blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from overheard.detection.bursts import MIN_BURST_GAP, Burst, share_calls
from overheard.detection.known_time import StratifiedSplit, change_interval, split_stream
from overheard.detection.threshold import estimate_run_effect
from overheard.measure.blocks import RunKey, Stream
from overheard.measure.rates import Interval
from overheard.numpy_proxy import Mask, np

_NODES = 96
"""Of Gauss and Legendre; the integrands are smooth."""


@dataclass(frozen=True, slots=True)
class FollowUpPlan:
    """How an update is followed.

    Attributes:
        looks: How many looks there are at most, one after each burst; 1 or more.
        calls: Calls in a burst.
        gap: The shortest time between two bursts.
        level: Probability that any of the looks finds a change where there is none.
        alone: How many answers on either side let one prompt be looked at by itself; by default
            there must be two.
    """

    looks: int = 6
    calls: int = 60
    gap: timedelta = MIN_BURST_GAP
    level: float = 0.05
    alone: int | None = None

    @property
    def boundary(self) -> float:
        """Above which absolute z a look has found a change."""
        return pocock(self.looks, self.level)

    def can_compare(self, cut: StratifiedSplit) -> bool:
        """Whether there is enough to compare."""
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
    """What the looks after an update say of one stream.

    Attributes:
        finding: What can be said.
        looks: How many looks were made; the first that found a change is the last.
        most: How many there may be.
        z: The statistic at the last look; its sign is that of the change.
        before: Mean over the shared prompts before the update.
        after: The same after it.
        interval: Interval of the change, on the metric's scale. It holds whenever one stops, with
            at least the probability 1 - level over all looks.
        answers: Number of answers to shared prompts (before, after).
    """

    finding: UpdateStatus
    looks: int
    most: int
    z: float
    before: float
    after: float
    interval: Interval
    answers: tuple[int, int]

    @property
    def change(self) -> float:
        """How far the mean moved, on the metric's scale."""
        return self.after - self.before

    @property
    def bound(self) -> float:
        """More than this it did not move, either way."""
        return max(abs(end) for end in self.interval)


DEFAULT_PLAN = FollowUpPlan()


def follow_update(
    stream: Stream, at: datetime, tau2: float, plan: FollowUpPlan = DEFAULT_PLAN
) -> UpdateEffect | None:
    """Return what is known of a stream since an update.

    Every run after the update is a look, whether it was a burst or a scheduled one, until one
    finds a change or all looks are made; later runs do not matter any more.

    Args:
        stream: One brand, one model, one metric, from the beginning of its baseline.
        at: When the update was; runs that began earlier are before it.
        tau2: Variance of the run effect; `threshold.estimate_run_effect` of the runs before gives a
            `centre` for this.
        plan: How it is followed.

    Returns:
        The verdict; None while there is nothing to compare.
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
) -> list[UpdateEffect | None]:
    """Return what is known of a stream since each of its model's updates.

    Looks end where the next update comes. What lies before an update that moved the stream is no
    baseline any more.

    Args:
        stream: One brand, one model, one metric.
        others: Other brands' streams of the same model and metric, which help to
            estimate its run effect.
        updates: When the updates were, in the order of time.
        plan: How each is followed.
    """
    verdicts: list[UpdateEffect | None] = []
    start: datetime | None = None
    for at, end in zip(updates, [*updates[1:], None], strict=True):
        known = [_between(one, start, at) for one in (stream, *others)]
        verdict = follow_update(
            _between(stream, start, end), at, estimate_run_effect(known, 0).centre, plan
        )
        if verdict and verdict.finding is UpdateStatus.MOVED:
            start = at
        verdicts.append(verdict)
    return verdicts


def next_burst(
    verdict: UpdateEffect | None,
    plan: FollowUpPlan,
    *,
    update: datetime,
    since: Sequence[RunKey],
    prompts: Sequence[str],
    before: Sequence[Stream],
    seed: int,
) -> Burst | None:
    """Return the next burst after an update, or None when all is said.

    Args:
        verdict: What is known so far, of the brand that is least clear; None for nothing.
        plan: How it is followed.
        update: When the update was.
        since: The model's runs since then, in the order of time.
        prompts: Keys of the prompts to choose from.
        before: The model's streams before the update; they say where an answer is most informative.
            Those after it must not, or prompts that moved would be asked more often.
        seed: Where the randomness comes from.
    """
    if len(since) >= plan.looks or (verdict and verdict.finding is not UpdateStatus.OPEN):
        return None
    asks = share_calls(prompts, before, plan.calls, seed=seed + len(since))
    at = since[-1].at + plan.gap if since else update
    return Burst(at, asks, f"look {len(since) + 1} of {plan.looks} after an update")


@lru_cache
def pocock(looks: int, level: float = 0.05) -> float:
    """Return the boundary for so many looks at equal steps of information (Pocock 1977).

    It is 1.960, 2.178, 2.289, 2.361, 2.413, 2.453 for 1 to 6 looks at the level 0.05.

    Args:
        looks: How many, 1 or more.
        level: Probability that any of them crosses it when nothing changed.
    """
    low, high = 0.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if crossing(middle, looks) > level else (low, middle)
    return high


def crossing(boundary: float, looks: int) -> float:
    """Return the probability that any look crosses a boundary when nothing changed.

    The density of the sum of scores that never crossed it is carried from look to look by
    numerical integration (Armitage, McPherson and Rowe 1969).
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
    """Return how often an interval holds the truth that is so many standard errors wide."""
    from scipy.special import ndtr

    return float(2 * ndtr(boundary) - 1)


def _looks(stream: Stream, at: datetime, most: int) -> list[Mask]:
    """Mark for each look the runs up to it, those before the update among them."""
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
    spread_ = cut.v + cut.run_effect_sd(tau2) ** 2
    z = cut.u / spread_**0.5 if spread_ > 0 else 0.0
    finding = UpdateStatus.STILL if made == plan.looks else UpdateStatus.OPEN
    return UpdateEffect(
        finding=UpdateStatus.MOVED if abs(z) > plan.boundary else finding,
        looks=made,
        most=plan.looks,
        z=z,
        before=cut.before.mean,
        after=cut.after.mean,
        interval=change_interval(cut, stream.scatter, tau2, coverage(plan.boundary)),
        answers=(round(float(cut.before.n.sum())), round(float(cut.after.n.sum()))),
    )
