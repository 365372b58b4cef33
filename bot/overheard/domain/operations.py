"""Operation of a deployment: schedule states, audit log, store counts and health, confirmations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """The state of a schedule.

    A slot is a time at which the schedule is due.

    Attributes:
        name: The schedule's name.
        paused: Whether the schedule is paused until a person resumes it.
        begun: The last slot that was started; before the first slot, the time at which the
            schedule was first seen.
        done: The last slot that was finished; earlier than `begun` while a slot is in progress or
            when it was interrupted.
        problem: Why the last slot failed, or an empty string.
    """

    name: str
    paused: bool
    begun: datetime
    done: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An entry of the audit log: a change, or a command that can spend money.

    Attributes:
        at: When the command was used.
        who: The user, such as ``Ada (slack:U0123456789)`` or ``terminal``.
        channel: The channel, as ``platform:id`` or ``terminal``.
        command: The command's name.
        words: The command line as typed.
        outcome: ``done``, or why the command was not carried out.
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
"""States of a delivery: not tried since its last change, failed and due for another attempt, or
shown in the channel in its latest form.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that a person made in a chat, over config.toml; see `config.stored_settings`.

    Attributes:
        name: Unique, such as ``route:slack:C0123456789``.
        value: The content as a JSON object.
        who: The person, as ``name (platform:id)``.
        at: When the setting was made.
    """

    name: str
    value: Mapping[str, Any] = field(hash=False)
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Census:
    """Counts of what a store holds at one moment.

    Attributes:
        runs: Number of runs, by `RunState`.
        alerts: Number of alerts, by `AlertState`.
        deliveries: Number of deliveries, by `WAITING`, `FAILING` and `SHOWN`.
        attempts: Number of failed attempts of deliveries that are not shown yet.
        unscored_since: When the oldest complete answer of an unfinished run was asked that no
            scorer in use has read; None without such an answer.
        unseen_since: When the oldest unfinished run began, for which detection has not run yet;
            None without such a run.
        checked: When the newest complete run that measured a brand began, by the brand's name; of
            the newest runs only.
    """

    runs: Mapping[str, int] = field(default_factory=dict)
    alerts: Mapping[str, int] = field(default_factory=dict)
    deliveries: Mapping[str, int] = field(default_factory=dict)
    attempts: int = 0
    unscored_since: datetime | None = None
    unseen_since: datetime | None = None
    checked: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The state of the queue that workers share.

    Attributes:
        waiting: Number of jobs that no worker has started, by kind of work, such as ``ask/openai``.
        running: Number of jobs in progress, by kind of work.
        held: Number of jobs that failed permanently and are kept for inspection, by kind of work.
        oldest: Age in seconds of the oldest waiting job, by kind of work.
        workers: Number of connected workers.
    """

    waiting: Mapping[str, int]
    running: Mapping[str, int]
    held: Mapping[str, int]
    oldest: Mapping[str, float]
    workers: int


@dataclass(frozen=True, slots=True)
class TableSize:
    """The size of a table of the store.

    Attributes:
        name: The table's name.
        rows: Approximate number of rows.
        size: Bytes, including indexes.
        dead: Number of replaced or removed rows that still take space.
        vacuumed: When this space was last reclaimed, or None when never.
    """

    name: str
    rows: int
    size: int
    dead: int
    vacuumed: datetime | None


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """The result of a check of the store.

    Attributes:
        place: The store's URL, without a password.
        revision: The revision of its tables; None without tables.
        expected: The revision that this version needs.
        broken: Problems that the database's own integrity check reports.
        orphans: Number of rows that refer to a missing row, by table and column.
        compared: Number of blocks that were compared with the sums of their scores.
        differing: Number of these blocks that differ.
        size: Bytes on disk.
        free: Bytes of `size` that are unused and will be reused; 0 when unknown.
        tables: The largest tables; empty when the database does not report sizes.
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
        """Whether the check found no problem: the revision is right, and nothing is broken,
        orphaned or differing.
        """
        current = self.revision == self.expected
        return current and not (self.broken or self.orphans or self.differing)


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """A command that is carried out once a person confirms it.

    Attributes:
        token: The id that the confirm button carries.
        command: The command's name.
        options: The options by name: text, numbers, booleans, None, or tuples of these.
        platform: The chat platform of the person who used the command.
        person: The platform's id of this person.
        name: The person's display name.
        channel: The channel, as ``platform:id``.
        until: When the confirmation expires.
    """

    token: str
    command: str
    options: Mapping[str, Any] = field(hash=False)
    platform: str
    person: str
    name: str
    channel: str
    until: datetime
