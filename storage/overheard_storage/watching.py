"""What the watch over runs needs: who served the answers, and thresholds that were worked out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import delete, func, select

from overheard.domain import COMPLETE, Model, ServedModelCount
from overheard_storage import tables
from overheard_storage.database import uninterrupted
from overheard_storage.shelf import Shelf, among
from overheard_storage.tables import answers, brands, models


class WatchShelf(Shelf):
    """The Protocol `overheard.interfaces.Store` says what each method does."""

    async def served(self, *, runs: Collection[int] | None = None) -> list[ServedModelCount]:
        """Return who served the complete answers of some runs, or of all; not reused ones."""
        shown = (answers.c.served_model, answers.c.model_version, answers.c.fingerprint)
        query = (
            select(answers.c.run_id, models.c.provider, models.c.name, *shown, func.count())
            .join(models)
            .where(answers.c.finish.in_(sorted(COMPLETE)), answers.c.reused_from.is_(None))
            .group_by(answers.c.run_id, models.c.provider, models.c.name, *shown)
            .order_by(answers.c.run_id, models.c.provider, models.c.name, *shown)
        )
        if runs is not None:
            query = query.where(among(answers.c.run_id, runs))
        rows = await self._database.rows(query)
        return [
            ServedModelCount(
                run, Model(provider, name), f"{served} {version}".strip(), fingerprint, count
            )
            for run, provider, name, served, version, fingerprint, count in map(tuple, rows)
        ]

    async def thresholds(self, brand: str) -> dict[str, float]:
        """Return a brand's thresholds by what they were worked out from."""
        query = select(tables.thresholds).join(brands).where(brands.c.name == brand)
        return {row.key: row.value for row in await self._database.rows(query)}

    @uninterrupted
    async def keep_thresholds(self, brand: str, thresholds: Mapping[str, float]) -> None:
        """Keep a brand's thresholds in the place of those that were kept before."""
        (number,) = (await self._registers.of_brands([brand])).values()
        rows = [{"brand_id": number, "key": k, "value": v} for k, v in sorted(thresholds.items())]
        kept = tables.thresholds
        async with self._database.writing() as connection:
            await connection.execute(delete(kept).where(kept.c.brand_id == number))
            if rows:
                await connection.execute(kept.insert(), rows)
