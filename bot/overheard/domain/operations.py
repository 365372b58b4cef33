"""How a deployment is run: what its schedules have done, and who did what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """Where a schedule stands.

    A slot is a time for which the schedule says that something is due.

    Attributes:
        name: The schedule's name.
        paused: Whether it is left out until somebody resumes it.
        begun: The last slot that was begun; before the first, when the schedule was first seen.
        done: The last slot that was brought to its end; earlier than `begun` while it is under
            way, or when it was cut off.
        problem: Why the last one failed, or an empty string.
    """

    name: str
    paused: bool
    begun: datetime
    done: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change, or one command that could spend.

    Attributes:
        at: When.
        who: Who, such as ``Ada (slack:U0123456789)`` or ``terminal``.
        channel: Where, as ``platform:id`` or ``terminal``.
        command: The command's name.
        words: What was asked of it, as one would type it.
        outcome: ``done``, or why it was not.
        id: The store's number, 0 before it is stored.
    """

    at: datetime
    who: str
    channel: str
    command: str
    words: str = ""
    outcome: str = "done"
    id: int = 0


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
class QueueStatus:
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


@dataclass(frozen=True, slots=True)
class TableSize:
    """How large a table is.

    Attributes:
        name: The table's.
        rows: How many rows it has, about.
        size: Bytes with its indexes.
        dead: Rows that were replaced or removed and still take room.
        vacuumed: When that room was last made free, or None when it never was.
    """

    name: str
    rows: int
    size: int
    dead: int
    vacuumed: datetime | None


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """What a look at a store found.

    Attributes:
        place: Its URL, without a password.
        revision: Of its tables; None when it has none.
        expected: The revision that this version needs.
        broken: What the database itself finds wrong, as it says it.
        orphans: Rows that refer to something that is not there, by table and column.
        compared: How many blocks were held against the scores that they sum up.
        differing: How many of those differ.
        size: Bytes on the disk.
        free: Bytes of that which are empty and will be used again; 0 where that is not known.
        tables: The largest tables, where the database says how large they are.
    """

    place: str
    revision: str | None
    expected: str
    broken: tuple[str, ...] = ()
    orphans: Mapping[str, int] | None = None
    compared: int = 0
    differing: int = 0
    size: int = 0
    free: int = 0
    tables: tuple[TableSize, ...] = ()

    @property
    def well(self) -> bool:
        """Whether nothing is wrong with it."""
        current = self.revision == self.expected
        return current and not (self.broken or self.orphans or self.differing)


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """A command that waits for a yes.

    Attributes:
        token: The word that stands for it.
        command: Its name.
        options: By name: texts, numbers, truths, nothing, or tuples of them.
        platform: The chat of the person who wants it.
        person: The platform's id of that person.
        name: How people call them.
        channel: Where it was asked for, as ``platform:id``.
        until: When it is forgotten.
    """

    token: str
    command: str
    options: Mapping[str, Any] = field(hash=False)
    platform: str
    person: str
    name: str
    channel: str
    until: datetime
