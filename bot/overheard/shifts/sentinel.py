"""When to ask again: a cheap scheduled run stands guard, and bursts follow what it suspects.

The scheduled run asks every prompt once. As long as nothing looks unusual that is all. When a
Bayes factor for a change exceeds 3, small bursts some hours apart ask on, until the detector is
sure, the suspicion is gone, or eight were made; then the next scheduled run decides anew. Bursts
are ordinary blocks to the detector. What they may cost in a year is bounded.

Nothing is kept: the next step follows from the runs that were made and what is known of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from math import log

from overheard.measure.blocks import RunKey, Stream
from overheard.shifts.bursts import GAP, Burst, spread

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Policy:
    """How calls are spent on one model.

    Attributes:
        calls: Calls in a burst.
        most: Bursts between two scheduled runs.
        gap: The shortest time between two runs of which one is a burst.
        suspicion: The Bayes factor above which something may have changed.
        budget: Calls in any 365 days, scheduled ones included.
    """

    calls: int = 30
    most: int = 8
    gap: timedelta = GAP
    suspicion: float = 3.0
    budget: int = 2000

    @property
    def threshold(self) -> float:
        """Logarithm of `suspicion`."""
        return log(self.suspicion)


@dataclass(frozen=True, slots=True)
class Made:
    """A run of one model that was made: when, with how many calls, and whether as a burst."""

    run: RunKey
    calls: int
    burst: bool


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known after the latest run.

    Attributes:
        largest: Logarithm of the largest Bayes factor of the brand's streams at this model.
        alarm: Whether the brand's statistic is over its threshold.
        canary: Whether a canary of the model was hit since the scheduled run before.
    """

    largest: float
    alarm: bool = False
    canary: bool = False


DEFAULT = Policy()


def next_burst(
    made: Sequence[Made],
    signs: Signs,
    policy: Policy = DEFAULT,
    *,
    scheduled: int,
    now: datetime,
    prompts: Sequence[str],
    streams: Sequence[Stream],
    seed: int,
) -> Burst | None:
    """Return the burst that should come next, or None when the next scheduled run is enough.

    Args:
        made: The model's runs in the order of time.
        signs: What they say.
        policy: How calls are spent.
        scheduled: How many calls the schedule makes in 365 days.
        now: What time it is.
        prompts: Keys of the prompts to choose from.
        streams: The model's streams; they say where calls tell most.
        seed: Where the randomness comes from.
    """
    reason = _reason(made, signs, policy)
    if not made or not reason or _left(made, policy, scheduled, now) < policy.calls:
        return None
    at = max(now, made[-1].run.at + policy.gap)
    asks = spread(prompts, streams, policy.calls, seed=seed + made[-1].run.id)
    return Burst(at, asks, reason)


def spent(made: Sequence[Made], now: datetime) -> int:
    """Return how many calls went to bursts in the 365 days before now."""
    return sum(one.calls for one in made if one.burst and one.run.at > now - YEAR)


def _reason(made: Sequence[Made], signs: Signs, policy: Policy) -> str:
    """Say why a burst is wanted; an empty string when it is not."""
    bursts = sum(1 for _ in takewhile(lambda one: one.burst, reversed(made)))
    if signs.alarm or bursts >= policy.most:
        return ""
    if signs.largest > policy.threshold:
        return f"something may have changed, burst {bursts + 1} of at most {policy.most}"
    return "a canary was hit" if signs.canary and not bursts else ""


def _left(made: Sequence[Made], policy: Policy, scheduled: int, now: datetime) -> int:
    """Return how many calls may still go to bursts, so that the schedule keeps its own."""
    return policy.budget - scheduled - spent(made, now)
