"""How a deployment is run: where schedules stand, who is on duty, who did what."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Update, select, update

from overheard.domain import AuditEntry, ScheduleState
from overheard_storage.database import uninterrupted
from overheard_storage.holds import on_duty
from overheard_storage.shelf import Shelf
from overheard_storage.tables import audit, schedule_states

_states = schedule_states.c


class OperationShelf(Shelf):
    """Operating. The Protocol `overheard.interfaces.Store` says what each method does."""

    def on_duty(self, duty: str) -> AbstractAsyncContextManager[bool]:
        """Hold a duty for this process while the block lasts."""
        return on_duty(self._database, duty)

    @uninterrupted
    async def schedule_state(self, name: str, now: datetime) -> ScheduleState:
        """Return where a schedule stands; one that is seen for the first time begins now."""
        new = {"name": name, "paused": False, "begun": now, "done": now, "problem": ""}
        insert = self._database.insert(schedule_states).on_conflict_do_nothing()
        async with self._database.writing() as connection:
            await connection.execute(insert, new)
            found = select(schedule_states).where(_states.name == name)
            return _state((await connection.execute(found)).one())

    async def begin_slot(self, name: str, slot: datetime) -> bool:
        """Take a slot; False when it was taken before, or the schedule is paused."""
        free = (_states.name == name, _states.begun < slot, ~_states.paused)
        return await self._changed(_update(*free).values(begun=slot))

    async def finish_slot(self, name: str, slot: datetime, problem: str = "") -> None:
        """Say that a slot was brought to its end, and what went wrong."""
        await self._changed(_update(_states.name == name).values(done=slot, problem=problem))

    async def pause_schedule(self, name: str, now: datetime, *, paused: bool) -> bool:
        """Pause or resume a schedule; what was due in the meantime is not made up for."""
        await self.schedule_state(name, now)
        other = _update(_states.name == name, _states.paused != paused)
        return await self._changed(other.values(paused=paused, begun=now, done=now))

    @uninterrupted
    async def add_audit(self, entry: AuditEntry) -> None:
        """Write down who did what."""
        row = {column.name: getattr(entry, column.name) for column in audit.c}
        del row["id"]
        async with self._database.writing() as connection:
            await connection.execute(audit.insert(), row)

    async def audit(
        self, *, since: datetime | None = None, limit: int | None = None
    ) -> list[AuditEntry]:
        """Return who did what, the newest first."""
        query = select(audit).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
        if since is not None:
            query = query.where(audit.c.at >= since)
        return [_entry(row) for row in await self._database.rows(query)]

    @uninterrupted
    async def _changed(self, change: Update) -> bool:
        async with self._database.writing() as connection:
            return (await connection.execute(change)).rowcount == 1


def _update(*wanted: ColumnElement[bool]) -> Update:
    return update(schedule_states).where(*wanted)


def _state(row: Row[Any]) -> ScheduleState:
    return ScheduleState(row.name, row.paused, row.begun, row.done, row.problem)


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(row.at, row.who, row.channel, row.command, row.words, row.outcome, row.id)
