"""Repositories of a deployment's operation: locks, schedules, the audit log, the chats' state."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from overheard.domain import AuditEntry, PendingConfirmation, ScheduleState, Setting


class LockRepository(Protocol):
    """Locks that are shared by all processes on one store.

    A lock ends with the process that holds it, however that process ends.
    """

    def run_lock(self, run_id: int) -> AbstractAsyncContextManager[bool]:
        """Lock a run while the block lasts, so that one process executes it.

        The block is given False when another process holds the lock.

        Raises:
            HoldLost: inside the block, when the lock was lost with the database's connection.
        """
        ...

    def leader_lock(self, duty: str) -> AbstractAsyncContextManager[bool]:
        """Elect this process as the leader for a duty while the block lasts.

        The block is given False when another process is the leader.

        Raises:
            HoldLost: inside the block, when the lock was lost with the database's connection.
        """
        ...


class ScheduleRepository(Protocol):
    """The states of schedules: which slot was begun last, which was finished."""

    async def state(self, name: str, now: datetime) -> ScheduleState:
        """Return the state of a schedule; a new schedule begins now."""
        ...

    async def begin_slot(self, name: str, slot: datetime) -> bool:
        """Claim a slot of a known schedule.

        Returns:
            False when this slot or a later one was claimed before, or the schedule is paused.
        """
        ...

    async def finish_slot(self, name: str, slot: datetime, problem: str = "") -> None:
        """Store that a slot is finished, and its problem, if there was one."""
        ...

    async def pause(self, name: str, now: datetime, *, paused: bool) -> bool:
        """Pause or resume a schedule; slots of the time in between are skipped.

        Returns:
            False when the schedule was in this state already.
        """
        ...


class AuditRepository(Protocol):
    """The audit log: which person gave which command."""

    async def add(self, entry: AuditEntry) -> None:
        """Append an entry."""
        ...

    async def find(
        self, *, since: datetime | None = None, limit: int | None = None
    ) -> list[AuditEntry]:
        """Return entries, the newest first."""
        ...


class SettingRepository(Protocol):
    """Settings that people made in a chat, by name."""

    async def all(self) -> list[Setting]:
        """Return all settings, the oldest first."""
        ...

    async def get(self, name: str) -> Setting | None:
        """Return the setting of a name, or None."""
        ...

    async def put(self, setting: Setting) -> None:
        """Store a setting in place of the one of the same name."""
        ...

    async def remove(self, name: str, at: datetime | None = None) -> bool:
        """Delete a setting, if it is still the one of a time.

        Returns:
            False when there was none, so that one of two processes takes it.
        """
        ...


class ChatStateRepository(Protocol):
    """Requests that were handled, and commands that wait for a confirmation."""

    async def first_request(self, platform: str, request: str, now: datetime) -> bool:
        """Store that a chat's request is handled; False when it was handled before."""
        ...

    async def add_pending(self, pending: PendingConfirmation) -> None:
        """Store a command that waits for a confirmation."""
        ...

    async def pending(self, token: str) -> PendingConfirmation | None:
        """Return the command that waits under a token, or None."""
        ...

    async def take_pending(self, token: str) -> bool:
        """Delete a command that waits; False when there is none, so that one of two takes it."""
        ...

    async def forget_requests(self, before: datetime, now: datetime) -> None:
        """Delete the requests from before a time, and the commands that expired until now."""
        ...
