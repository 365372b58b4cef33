"""States of schedules, the audit log, settings made in a chat, and the state of chats."""

from datetime import datetime

from sqlalchemy import ColumnElement, Update, delete, select, update

from overheard.domain import AuditEntry, PendingConfirmation, ScheduleState, Setting
from overheard_storage import tables
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository
from overheard_storage.tables import audit, requests, schedule_states, settings

_states = schedule_states.c


class SqlScheduleRepository(Repository):
    """States of schedules; see `overheard.interfaces.store.ScheduleRepository`."""

    @uninterrupted
    async def state(self, name: str, now: datetime) -> ScheduleState:
        """Return the state of a schedule; the state of a new schedule is stored with ``now`` as its
        begin.
        """
        initial = {"name": name, "paused": False, "begun": now, "done": now, "problem": ""}
        insert = self._database.insert(schedule_states).on_conflict_do_nothing()
        async with self._database.writing() as connection:
            await connection.execute(insert, initial)
            query = select(schedule_states).where(_states.name == name)
            row = (await connection.execute(query)).one()
            return ScheduleState(row.name, row.paused, row.begun, row.done, row.problem)

    async def begin_slot(self, name: str, slot: datetime) -> bool:
        """Store that a slot of a schedule has begun; False when this or a later slot was begun
        before, or the schedule is paused.
        """
        free = (_states.name == name, _states.begun < slot, ~_states.paused)
        return await self._has_changed_row(_update_of_states(*free).values(begun=slot))

    async def finish_slot(self, name: str, slot: datetime, problem: str = "") -> None:
        """Store that a slot is finished, with its problem as a sentence or an empty string."""
        await self._has_changed_row(
            _update_of_states(_states.name == name).values(done=slot, problem=problem)
        )

    async def pause(self, name: str, now: datetime, *, paused: bool) -> bool:
        """Pause a schedule, or resume it (``paused``); False when it is in that state already.
        Slots of the pause are skipped.
        """
        await self.state(name, now)
        other = _update_of_states(_states.name == name, _states.paused != paused)
        return await self._has_changed_row(other.values(paused=paused, begun=now, done=now))

    @uninterrupted
    async def _has_changed_row(self, change: Update) -> bool:
        async with self._database.writing() as connection:
            return (await connection.execute(change)).rowcount == 1


class SqlAuditRepository(Repository):
    """The audit log; see `overheard.interfaces.store.AuditRepository`."""

    @uninterrupted
    async def add(self, entry: AuditEntry) -> None:
        """Append an entry to the audit log."""
        row = {column.name: getattr(entry, column.name) for column in audit.c}
        del row["id"]
        async with self._database.writing() as connection:
            await connection.execute(audit.insert(), row)

    async def find(
        self, *, since: datetime | None = None, limit: int | None = None
    ) -> list[AuditEntry]:
        """Return at most ``limit`` entries since a time, the newest first; None means all."""
        query = select(audit).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
        if since is not None:
            query = query.where(audit.c.at >= since)
        return [
            AuditEntry(row.at, row.who, row.channel, row.command, row.words, row.outcome, row.id)
            for row in await self._database.rows(query)
        ]


def _update_of_states(*wanted: ColumnElement[bool]) -> Update:
    return update(schedule_states).where(*wanted)


class SqlSettingRepository(Repository):
    """Settings; see `overheard.interfaces.store.SettingRepository`."""

    async def all(self) -> list[Setting]:
        """Return all settings, the oldest first."""
        query = select(settings).order_by(settings.c.at, settings.c.name)
        return [Setting(**row._asdict()) for row in await self._database.rows(query)]

    async def get(self, name: str) -> Setting | None:
        """Return the setting of a name, or None."""
        query = select(settings).where(settings.c.name == name)
        for row in await self._database.rows(query):
            return Setting(**row._asdict())
        return None

    @uninterrupted
    async def put(self, setting: Setting) -> None:
        """Store a setting; an earlier setting of the same name is replaced."""
        row = {column.name: getattr(setting, column.name) for column in settings.c}
        insert = self._database.insert(settings)
        updated = {name: insert.excluded[name] for name in row if name != "name"}
        async with self._database.writing() as connection:
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["name"], set_=updated), row
            )

    @uninterrupted
    async def remove(self, name: str, at: datetime | None = None) -> bool:
        """Delete the setting of a name; return False when there is none, so that only one of two
        processes succeeds. With ``at``, a setting that was made at another time is not deleted.
        """
        statement = delete(settings).where(settings.c.name == name)
        if at is not None:
            statement = statement.where(settings.c.at == at)
        async with self._database.writing() as connection:
            return (await connection.execute(statement)).rowcount == 1


class SqlChatStateRepository(Repository):
    """The state of chats; see `overheard.interfaces.store.ChatStateRepository`."""

    @uninterrupted
    async def first_request(self, platform: str, request: str, now: datetime) -> bool:
        """Store that a platform's request (its id) is handled; False when it was handled before."""
        insert = self._database.insert(requests).on_conflict_do_nothing()
        row = {"platform": platform, "request": request, "at": now}
        async with self._database.writing() as connection:
            inserted = await connection.execute(insert.returning(requests.c.request), row)
            return inserted.scalar() is not None

    @uninterrupted
    async def add_pending(self, pending: PendingConfirmation) -> None:
        """Store a command that waits for a confirmation."""
        row = {column.name: getattr(pending, column.name) for column in tables.waiting.c}
        async with self._database.writing() as connection:
            await connection.execute(tables.waiting.insert(), row)

    async def pending(self, token: str) -> PendingConfirmation | None:
        """Return the command that waits under a token; None without such a command. Lists of its
        options become tuples.
        """
        query = select(tables.waiting).where(tables.waiting.c.token == token)
        for row in await self._database.rows(query):
            stored = row._asdict()
            lists = {
                n: tuple(v) if isinstance(v, list) else v for n, v in stored["options"].items()
            }
            return PendingConfirmation(**{**stored, "options": lists})
        return None

    @uninterrupted
    async def take_pending(self, token: str) -> bool:
        """Delete the command that waits under a token; False when there is none, so that only one
        of two processes carries it out.
        """
        remove = delete(tables.waiting).where(tables.waiting.c.token == token)
        async with self._database.writing() as connection:
            return (await connection.execute(remove)).rowcount == 1

    @uninterrupted
    async def forget_requests(self, before: datetime, now: datetime) -> None:
        """Delete the requests from before a time, and the waiting commands that have expired by
        ``now``.
        """
        async with self._database.writing() as connection:
            await connection.execute(delete(requests).where(requests.c.at < before))
            await connection.execute(delete(tables.waiting).where(tables.waiting.c.until <= now))
