"""Batches that were submitted to vendors."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select

from overheard.domain import Batch, Model
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository, among
from overheard_storage.tables import batches, models


class SqlBatchRepository(Repository):
    """Batches; see `overheard.interfaces.runs.BatchRepository`."""

    @uninterrupted
    async def keep(self, batch: Batch) -> Batch:
        """Insert a batch without a number (0), or overwrite the stored batch of the same number;
        return the batch with its number. A number that is not stored changes nothing.
        """
        model_ids = await self._lookups.model_ids([batch.model])
        row = {
            "run_id": batch.run_id,
            "model_id": model_ids[batch.model],
            "questions": list(batch.items),
            "handed_in_at": batch.handed_in_at,
            "vendor_id": batch.vendor_id,
            "ended_at": batch.ended_at,
        }
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
    return Batch(
        run_id=row.run_id,
        model=Model(row.provider, row.name),
        items=tuple(row.questions),
        handed_in_at=row.handed_in_at,
        vendor_id=row.vendor_id,
        ended_at=row.ended_at,
        id=row.id,
    )
