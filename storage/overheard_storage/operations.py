"""The states of schedules, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Update, select, update

from overheard.domain import AuditEntry, ScheduleState
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository
from overheard_storage.tables import audit, schedule_states

_states = schedule_states.c


class ScheduleRepository(Repository):
    """States of schedules; see `overheard.interfaces.operations.ScheduleRepository`."""

    @uninterrupted
    async def state(self, name: str, now: datetime) -> ScheduleState:
        """Return the state of a schedule; a new schedule begins now."""
        initial = {"name": name, "paused": False, "begun": now, "done": now, "problem": ""}
        insert = self._database.insert(schedule_states).on_conflict_do_nothing()
        async with self._database.writing() as connection:
            await connection.execute(insert, initial)
            query = select(schedule_states).where(_states.name == name)
            return _state((await connection.execute(query)).one())

    async def begin_slot(self, name: str, slot: datetime) -> bool:
        """Claim a slot; False when it was claimed before, or the schedule is paused."""
        free = (_states.name == name, _states.begun < slot, ~_states.paused)
        return await self._changed(_update(*free).values(begun=slot))

    async def finish_slot(self, name: str, slot: datetime, problem: str = "") -> None:
        """Store that a slot is finished, and its problem."""
        await self._changed(_update(_states.name == name).values(done=slot, problem=problem))

    async def pause(self, name: str, now: datetime, *, paused: bool) -> bool:
        """Pause or resume a schedule; slots of the time in between are skipped."""
        await self.state(name, now)
        other = _update(_states.name == name, _states.paused != paused)
        return await self._changed(other.values(paused=paused, begun=now, done=now))

    @uninterrupted
    async def _changed(self, change: Update) -> bool:
        async with self._database.writing() as connection:
            return (await connection.execute(change)).rowcount == 1


class AuditRepository(Repository):
    """The audit log; see `overheard.interfaces.operations.AuditRepository`."""

    @uninterrupted
    async def add(self, entry: AuditEntry) -> None:
        """Append an entry."""
        row = {column.name: getattr(entry, column.name) for column in audit.c}
        del row["id"]
        async with self._database.writing() as connection:
            await connection.execute(audit.insert(), row)

    async def find(
        self, *, since: datetime | None = None, limit: int | None = None
    ) -> list[AuditEntry]:
        """Return entries of the audit log, the newest first."""
        query = select(audit).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
        if since is not None:
            query = query.where(audit.c.at >= since)
        return [_entry(row) for row in await self._database.rows(query)]


def _update(*wanted: ColumnElement[bool]) -> Update:
    return update(schedule_states).where(*wanted)


def _state(row: Row[Any]) -> ScheduleState:
    return ScheduleState(row.name, row.paused, row.begun, row.done, row.problem)


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(row.at, row.who, row.channel, row.command, row.words, row.outcome, row.id)
