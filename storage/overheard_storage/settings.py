"""Settings that people made in a chat."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from overheard.domain import Setting
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository
from overheard_storage.tables import settings


class SettingRepository(Repository):
    """Settings; see `overheard.interfaces.operations.SettingRepository`."""

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
        """Store a setting in place of the one of the same name."""
        row = {column.name: getattr(setting, column.name) for column in settings.c}
        insert = self._database.insert(settings)
        updated = {name: insert.excluded[name] for name in row if name != "name"}
        async with self._database.writing() as connection:
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["name"], set_=updated), row
            )

    @uninterrupted
    async def remove(self, name: str, at: datetime | None = None) -> bool:
        """Delete a setting; False when there was none, so that one of two processes takes it."""
        gone = delete(settings).where(settings.c.name == name)
        if at is not None:
            gone = gone.where(settings.c.at == at)
        async with self._database.writing() as connection:
            return (await connection.execute(gone)).rowcount == 1
