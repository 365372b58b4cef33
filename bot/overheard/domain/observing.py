"""How much of everything there is, and how far behind the work: what is watched from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

WAITING, FAILING, SHOWN = "waiting", "failing", "shown"
"""Where a delivery stands: nobody has tried it since it was wanted, it failed and is tried again,
or the channel shows what it should.
"""


@dataclass(frozen=True, slots=True)
class Census:
    """What a store holds at one moment.

    Attributes:
        runs: How many runs there are, by `RunState`.
        alerts: How many alerts, by `AlertState`.
        deliveries: How many deliveries: `WAITING`, `FAILING` or `SHOWN`.
        attempts: Attempts at deliveries that were in vain and whose work is not done yet.
        unscored_since: When the oldest complete answer of a run that goes on was asked that no
            scorer has read that is in use; None when there is none.
        unseen_since: When the oldest run began that goes on, so that nobody has looked whether a
            brand moved in it; None when there is none.
    """

    runs: Mapping[str, int] = field(default_factory=dict)
    alerts: Mapping[str, int] = field(default_factory=dict)
    deliveries: Mapping[str, int] = field(default_factory=dict)
    attempts: int = 0
    unscored_since: datetime | None = None
    unseen_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueStanding:
    """How the queue of many workers is.

    Attributes:
        waiting: Jobs that nobody has begun, by the work they are for, such as ``ask/openai``.
        running: Jobs that a worker is at, in the same way.
        held: Jobs that failed for good, and are kept for somebody to look at.
        oldest: How many seconds the oldest waiting job waits, by work.
        workers: Workers that are connected.
    """

    waiting: Mapping[str, int]
    running: Mapping[str, int]
    held: Mapping[str, int]
    oldest: Mapping[str, float]
    workers: int
