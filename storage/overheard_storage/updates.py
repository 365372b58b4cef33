"""Model updates."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, delete, select

from overheard.domain import Model, ModelUpdate
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository
from overheard_storage.rows import update_of
from overheard_storage.tables import models, updates


class UpdateRepository(Repository):
    """Model updates; see `overheard.interfaces.updates.UpdateRepository`."""

    @uninterrupted
    async def add(self, update: ModelUpdate) -> ModelUpdate:
        """Store a model update and return it; an equal update is stored once."""
        model = await self._lookups.models.number(update.model.provider, update.model.name)
        insert = self._database.insert(updates).on_conflict_do_nothing()
        row = {"model_id": model, "at": update.at, "source": update.source}
        same = [updates.c[column] == value for column, value in row.items()]
        async with self._database.writing() as connection:
            await connection.execute(insert, row | {"note": update.note})
            return update_of((await connection.execute(_query().where(*same))).one())

    @uninterrupted
    async def remove(self, number: int) -> bool:
        """Delete a model update by its number; False when there is no such update."""
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(updates).where(updates.c.id == number))
        return gone.rowcount > 0

    async def find(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return model updates, the oldest first."""
        query = _query().order_by(updates.c.at, updates.c.id)
        if model is not None:
            query = query.where(models.c.provider == model.provider, models.c.name == model.name)
        return [update_of(row) for row in await self._database.rows(query)]


def _query() -> Select[Any]:
    return select(updates, models.c.provider, models.c.name.label("model")).join(models)
