"""The part of the in-memory store that holds how a deployment is run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from overheard.domain import AuditEntry, ScheduleState


class MemoryOperations:
    """Duties, the states of schedules, and the audit log."""

    def __init__(self) -> None:
        self._duties: set[str] = set()
        self._states: dict[str, ScheduleState] = {}
        self._audit: list[AuditEntry] = []

    @asynccontextmanager
    async def on_duty(self, duty: str) -> AsyncIterator[bool]:
        """Hold a duty while the block lasts."""
        if duty in self._duties:
            yield False
            return
        self._duties.add(duty)
        try:
            yield True
        finally:
            self._duties.discard(duty)

    async def schedule_state(self, name: str, now: datetime) -> ScheduleState:
        """Return where a schedule stands; one that is seen for the first time begins now."""
        return self._states.setdefault(name, ScheduleState(name, False, now, now))

    async def begin_slot(self, name: str, slot: datetime) -> bool:
        """Take a slot; False when it was taken before, or the schedule is paused."""
        state = self._states.get(name)
        if state is None or state.paused or state.begun >= slot:
            return False
        self._states[name] = replace(state, begun=slot)
        return True

    async def finish_slot(self, name: str, slot: datetime, problem: str = "") -> None:
        """Say that a slot was brought to its end, and what went wrong."""
        self._states[name] = replace(self._states[name], done=slot, problem=problem)

    async def pause_schedule(self, name: str, now: datetime, *, paused: bool) -> bool:
        """Pause or resume a schedule; what was due in the meantime is not made up for."""
        state = await self.schedule_state(name, now)
        if state.paused == paused:
            return False
        self._states[name] = replace(state, paused=paused, begun=now, done=now)
        return True

    async def add_audit(self, entry: AuditEntry) -> None:
        """Write down who did what."""
        self._audit.append(replace(entry, id=len(self._audit) + 1))

    async def audit(
        self, *, since: datetime | None = None, limit: int | None = None
    ) -> list[AuditEntry]:
        """Return who did what, the newest first."""
        found = [entry for entry in self._audit if since is None or entry.at >= since]
        return sorted(found, key=attrgetter("at", "id"), reverse=True)[:limit]
