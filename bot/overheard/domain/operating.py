"""How a deployment is run: what its schedules have done, and who did what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
