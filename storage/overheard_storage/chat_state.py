"""The state of chats: requests that were handled, commands that wait for a confirmation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from overheard.domain import PendingConfirmation
from overheard_storage import tables
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository
from overheard_storage.tables import requests


class ChatStateRepository(Repository):
    """The state of chats; see `overheard.interfaces.operations.ChatStateRepository`."""

    @uninterrupted
    async def first_request(self, platform: str, request: str, now: datetime) -> bool:
        """Store that a request is handled; False when it was handled before."""
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
        """Return the command that waits under a token, or None."""
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
        """Delete a command that waits; False when there is none, so that one of two takes it."""
        remove = delete(tables.waiting).where(tables.waiting.c.token == token)
        async with self._database.writing() as connection:
            return (await connection.execute(remove)).rowcount == 1

    @uninterrupted
    async def forget_requests(self, before: datetime, now: datetime) -> None:
        """Delete the requests from before a time, and the commands that expired until now."""
        async with self._database.writing() as connection:
            await connection.execute(delete(requests).where(requests.c.at < before))
            await connection.execute(delete(tables.waiting).where(tables.waiting.c.until <= now))
