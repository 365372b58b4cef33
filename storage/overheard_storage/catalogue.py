"""What is measured: brands, prompts, facts, schedules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, Table, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import Brand, Catalogue, Prompt
from overheard_storage import tables
from overheard_storage.database import uninterrupted
from overheard_storage.shapes import (
    brand_of,
    brand_row,
    fact_of,
    fact_row,
    prompt_of,
    prompt_row,
    schedule_of,
    schedule_row,
)
from overheard_storage.shelf import Shelf
from overheard_storage.tables import brands, facts, prompts, schedules

Row = Mapping[str, Any]


class CatalogueShelf(Shelf):
    """The catalogue. The Protocol `overheard.interfaces.Store` says what each method does."""

    @uninterrupted
    async def provision(self, catalogue: Catalogue) -> None:
        """Make the declared ones those of the configuration, and retire the others."""
        numbers = await self._registers.of_brands(fact.brand for fact in catalogue.facts)
        fact_rows = [fact_row(fact, numbers[fact.brand]) for fact in catalogue.facts]
        schedule_rows = [schedule_row(schedule) for schedule in catalogue.schedules]
        async with self._database.writing() as connection:
            await self._declare(connection, brands, ["name"], map(brand_row, catalogue.brands))
            await self._declare(connection, prompts, ["key"], map(prompt_row, catalogue.prompts))
            await self._declare(connection, facts, ["brand_id", "field", "value"], fact_rows)
            await self._declare(connection, schedules, ["name"], schedule_rows)

    @uninterrupted
    async def catalogue(self) -> Catalogue:
        """Return what is measured now: the declared ones first, then the added ones."""
        with_brand = select(facts, brands.c.name.label("brand")).join(brands)
        async with self._database.reading() as connection:
            brand_rows = await connection.execute(_measured(select(brands), brands))
            prompt_rows = await connection.execute(_measured(select(prompts), prompts))
            fact_rows = await connection.execute(_measured(with_brand, facts))
            schedule_rows = await connection.execute(_measured(select(schedules), schedules))
        return Catalogue(
            brands=tuple(map(brand_of, brand_rows)),
            prompts=tuple(map(prompt_of, prompt_rows)),
            facts=tuple(map(fact_of, fact_rows)),
            schedules=tuple(map(schedule_of, schedule_rows)),
        )

    async def add_brands(self, brands: Iterable[Brand]) -> None:
        """Add brands; a retired one comes back, as it is given now."""
        await self._add(tables.brands, "name", [brand_row(brand) for brand in brands])

    async def add_prompts(self, prompts: Iterable[Prompt]) -> None:
        """Add prompts; a retired one comes back, as it is given now."""
        await self._add(tables.prompts, "key", [prompt_row(prompt) for prompt in prompts])

    async def _declare(
        self, connection: AsyncConnection, table: Table, name: Sequence[str], rows: Iterable[Row]
    ) -> None:
        retire = update(table).where(table.c.provisioned).values(provisioned=False)
        await connection.execute(retire)
        declared = [{**row, "provisioned": True, "place": i} for i, row in enumerate(rows)]
        if declared:
            insert = self._database.insert(table)
            renewed = {column: insert.excluded[column] for column in declared[0]}
            upsert = insert.on_conflict_do_update(index_elements=name, set_=renewed)
            await connection.execute(upsert, declared)

    @uninterrupted
    async def _add(self, table: Table, name: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        behind = select(func.coalesce(func.max(table.c.place), 0) + 1).scalar_subquery()
        insert = self._database.insert(table).values(added=True, place=behind)
        written = [*rows[0], "added", "place"]
        upsert = insert.on_conflict_do_update(
            index_elements=[name],
            set_={column: insert.excluded[column] for column in written},
            where=~or_(table.c.provisioned, table.c.added),
        )
        async with self._database.writing() as connection:
            await connection.execute(upsert, rows)


def _measured(query: Select[Any], table: Table) -> Select[Any]:
    columns = table.c
    return query.where(or_(columns.provisioned, columns.added)).order_by(
        columns.provisioned.desc(), columns.place, columns.id
    )
