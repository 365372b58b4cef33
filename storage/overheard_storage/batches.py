"""Batches that were submitted to vendors."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select

from overheard.domain import Batch
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository, among
from overheard_storage.rows import model_of, object_of, values_of
from overheard_storage.tables import batches, models


class SqlBatchRepository(Repository):
    """Batches; see `overheard.interfaces.runs.BatchRepository`."""

    @uninterrupted
    async def keep(self, batch: Batch) -> Batch:
        """Insert a batch without a number (0), or overwrite the stored batch of the same number;
        return the batch with its number. A number that is not stored changes nothing.
        """
        model_ids = await self._lookups.model_ids([batch.model])
        model = model_ids[batch.model]
        row = values_of(batch, batches, model_id=model, questions=list(batch.items))
        async with self._database.writing() as connection:
            if batch.id:
                changed = batches.update().where(batches.c.id == batch.id)
                await connection.execute(changed.values(row))
                return batch
            inserted = await connection.execute(
                batches.insert().values(row).returning(batches.c.id)
            )
            return replace(batch, id=inserted.scalar_one())

    async def unfinished(self, *, runs: Collection[int] | None = None) -> list[Batch]:
        """Return the batches of some runs (None: all) that have not ended, the oldest first."""
        query = (
            select(batches, models.c.provider, models.c.name)
            .join(models)
            .where(batches.c.ended_at.is_(None))
            .order_by(batches.c.id)
        )
        if runs is not None:
            query = query.where(among(batches.c.run_id, runs))
        return [_batch_of(row) for row in await self._database.rows(query)]


def _batch_of(row: Row[Any]) -> Batch:
    """Return the batch of a row of batches joined with the name of its model."""
    model = model_of(row.provider, row.name)
    return object_of(Batch, row, model=model, items=tuple(row.questions))
