"""What chats leave behind: requests that were taken, and commands that wait for a yes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from overheard.domain import PendingConfirmation
from overheard_storage import tables
from overheard_storage.database import uninterrupted
from overheard_storage.shelf import Shelf
from overheard_storage.tables import requests


class TalkShelf(Shelf):
    """The Protocol `overheard.interfaces.Store` says what each method does."""

    @uninterrupted
    async def first_request(self, platform: str, request: str, now: datetime) -> bool:
        """Keep that a chat's request was taken; False when it was before."""
        insert = self._database.insert(requests).on_conflict_do_nothing()
        row = {"platform": platform, "request": request, "at": now}
        async with self._database.writing() as connection:
            new = await connection.execute(insert.returning(requests.c.request), row)
            return new.scalar() is not None

    @uninterrupted
    async def add_waiting(self, waiting: PendingConfirmation) -> None:
        """Keep a command that waits for a yes."""
        row = {column.name: getattr(waiting, column.name) for column in tables.waiting.c}
        async with self._database.writing() as connection:
            await connection.execute(tables.waiting.insert(), row)

    async def waiting(self, token: str) -> PendingConfirmation | None:
        """Return the command that a word stands for, or None."""
        found = select(tables.waiting).where(tables.waiting.c.token == token)
        for row in await self._database.rows(found):
            told = row._asdict()
            lists = {n: tuple(v) if isinstance(v, list) else v for n, v in told["options"].items()}
            return PendingConfirmation(**{**told, "options": lists})
        return None

    @uninterrupted
    async def take_waiting(self, token: str) -> bool:
        """Forget a command that waits; False when nothing waits, so that one of two takes it."""
        remove = delete(tables.waiting).where(tables.waiting.c.token == token)
        async with self._database.writing() as connection:
            return (await connection.execute(remove)).rowcount == 1

    @uninterrupted
    async def forget_requests(self, before: datetime, now: datetime) -> None:
        """Forget the requests from before a time, and what waited until now or less long."""
        async with self._database.writing() as connection:
            await connection.execute(delete(requests).where(requests.c.at < before))
            await connection.execute(delete(tables.waiting).where(tables.waiting.c.until <= now))
