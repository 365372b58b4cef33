"""The catalogue (brands, prompts, facts, schedules), approvals for datasets, and publications."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Select,
    Table,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import Approval, Brand, Catalogue, Fact, Prompt, Publication, Schedule
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository
from overheard_storage.rows import (
    brand_of,
    brand_row,
    fact_of,
    fact_row,
    prompt_of,
    prompt_row,
    schedule_of,
    schedule_row,
)
from overheard_storage.tables import approvals, brands, facts, prompts, publications, schedules

Row = Mapping[str, Any]


class SqlCatalogueRepository(Repository):
    """The catalogue; see `overheard.interfaces.store.CatalogueRepository`."""

    @uninterrupted
    async def provision(self, catalogue: Catalogue) -> None:
        """Make the entries of a catalogue the declared entries, and retire those that were declared
        before and are missing now.

        Raises:
            StoreError: when the store cannot be written; this is the first write of a process.
        """
        numbers = await self._lookups.brand_ids(fact.brand for fact in catalogue.facts)
        fact_rows = [fact_row(fact, numbers[fact.brand]) for fact in catalogue.facts]
        schedule_rows = [schedule_row(schedule) for schedule in catalogue.schedules]
        async with self._database.writing() as connection:
            await self._declare_entries(
                connection, brands, ["name"], map(brand_row, catalogue.brands)
            )
            await self._declare_entries(
                connection, prompts, ["key"], map(prompt_row, catalogue.prompts)
            )
            await self._declare_entries(
                connection, facts, ["brand_id", "field", "value"], fact_rows
            )
            await self._declare_entries(connection, schedules, ["name"], schedule_rows)

    async def current(self) -> Catalogue:
        """Return the current entries: the declared ones first, then the added ones."""
        return await self._entries(lambda columns: or_(columns.provisioned, columns.added))

    async def declared(self) -> Catalogue:
        """Return the entries that the configuration declares."""
        return await self._entries(lambda columns: columns.provisioned)

    async def retired(self) -> Catalogue:
        """Return the retired entries, without names that other entries only refer to."""
        return await self._entries(
            lambda columns: and_(~columns.provisioned, ~columns.added, columns.place > 0)
        )

    @uninterrupted
    async def add_prompts(self, added: Iterable[Prompt]) -> None:
        """Add prompts after all others; a prompt that is current stays unchanged, a retired one is
        replaced.
        """
        rows = [prompt_row(prompt) for prompt in added]
        if not rows:
            return
        last_place = select(func.coalesce(func.max(prompts.c.place), 0) + 1).scalar_subquery()
        insert = self._database.insert(prompts).values(added=True, place=last_place)
        upsert = insert.on_conflict_do_update(
            index_elements=["key"],
            set_={column: insert.excluded[column] for column in [*rows[0], "added", "place"]},
            where=~or_(prompts.c.provisioned, prompts.c.added),
        )
        async with self._database.writing() as connection:
            await connection.execute(upsert, rows)

    async def set_brand(self, brand: Brand) -> bool:
        """Add or replace an added brand; False when a declared brand has its name."""
        return await self._set_entry(brands, ["name"], brand_row(brand))

    async def remove_brand(self, name: str) -> bool:
        """Retire an added brand; False when there is no such brand."""
        return await self._retire_entry(brands, brands.c.name == name)

    async def set_prompt(self, prompt: Prompt) -> bool:
        """Add or replace an added prompt; False when a declared prompt has its key."""
        return await self._set_entry(prompts, ["key"], prompt_row(prompt))

    async def remove_prompt(self, key: str) -> bool:
        """Retire an added prompt; False when there is no such prompt."""
        return await self._retire_entry(prompts, prompts.c.key == key)

    async def set_fact(self, fact: Fact) -> bool:
        """Add or replace an added fact; False when a declared fact has its value."""
        numbers = await self._lookups.brand_ids([fact.brand])
        return await self._set_entry(
            facts, ["brand_id", "field", "value"], fact_row(fact, numbers[fact.brand])
        )

    async def remove_fact(self, fact: Fact) -> bool:
        """Retire an added fact; False when there is no such fact."""
        number = await self._lookups.brands.find(fact.brand)
        same = (facts.c.field == fact.field, facts.c.value == fact.value)
        return await self._retire_entry(facts, facts.c.brand_id == number, *same)

    async def set_schedule(self, schedule: Schedule) -> bool:
        """Add or replace an added schedule; False when a declared schedule has its name."""
        return await self._set_entry(schedules, ["name"], schedule_row(schedule))

    async def remove_schedule(self, name: str) -> bool:
        """Retire an added schedule; False when there is no such schedule."""
        return await self._retire_entry(schedules, schedules.c.name == name)

    @uninterrupted
    async def _set_entry(self, table: Table, name: Sequence[str], row: Row) -> bool:
        """Store an entry that people add; an entry of the same key is replaced and keeps its place,
        a new one is last. Return False, and store nothing, when the configuration declares the
        entry.
        """
        last_place = select(func.coalesce(func.max(table.c.place), 0) + 1).scalar_subquery()
        insert = self._database.insert(table).values(added=True, place=last_place)
        updated: dict[str, Any] = {column: insert.excluded[column] for column in (*row, "added")}
        # An added entry keeps its place; a retired one gets the last place.
        updated["place"] = case((table.c.added, table.c.place), else_=insert.excluded.place)
        upsert = insert.on_conflict_do_update(
            index_elements=name, set_=updated, where=~table.c.provisioned
        )
        async with self._database.writing() as connection:
            changed = await connection.execute(upsert.returning(table.c.id), row)
            return changed.scalar() is not None

    @uninterrupted
    async def _retire_entry(self, table: Table, *which: ColumnElement[bool]) -> bool:
        """Retire the added entry that fulfils all conditions; False when there is no such entry."""
        retire = update(table).where(*which, table.c.added).values(added=False)
        async with self._database.writing() as connection:
            return (await connection.execute(retire)).rowcount == 1

    @uninterrupted
    async def _entries(self, condition: Callable[[Any], ColumnElement[bool]]) -> Catalogue:
        """Return the catalogue of the entries that fulfil a condition, which is built from a
        table's columns: declared entries first, then in the order of their places.
        """

        def query(table: Table, base: Select[Any]) -> Select[Any]:
            columns = table.c
            selected = base.where(condition(columns))
            return selected.order_by(columns.provisioned.desc(), columns.place, columns.id)

        with_brand = select(facts, brands.c.name.label("brand")).join(brands)
        async with self._database.reading() as connection:
            brand_rows = await connection.execute(query(brands, select(brands)))
            prompt_rows = await connection.execute(query(prompts, select(prompts)))
            fact_rows = await connection.execute(query(facts, with_brand))
            schedule_rows = await connection.execute(query(schedules, select(schedules)))
        return Catalogue(
            brands=tuple(map(brand_of, brand_rows)),
            prompts=tuple(map(prompt_of, prompt_rows)),
            facts=tuple(map(fact_of, fact_rows)),
            schedules=tuple(map(schedule_of, schedule_rows)),
        )

    async def _declare_entries(
        self, connection: AsyncConnection, table: Table, name: Sequence[str], rows: Iterable[Row]
    ) -> None:
        """Make rows the entries that the configuration declares, in their order, and retire those
        that were declared before.

        Args:
            rows: The columns of each entry.
        """
        retire = update(table).where(table.c.provisioned).values(provisioned=False)
        await connection.execute(retire)
        declared = [{**row, "provisioned": True, "place": i} for i, row in enumerate(rows, 1)]
        if declared:
            insert = self._database.insert(table)
            updated = {column: insert.excluded[column] for column in declared[0]}
            upsert = insert.on_conflict_do_update(index_elements=name, set_=updated)
            await connection.execute(upsert, declared)


class SqlFinetuneRepository(Repository):
    """Fine-tuning; see `overheard.interfaces.store.FinetuneRepository`."""

    @uninterrupted
    async def approve(self, approval: Approval) -> None:
        """Store an approval; an earlier approval of the same answer is replaced."""
        row = {column.name: getattr(approval, column.name) for column in approvals.c}
        earlier = delete(approvals).where(approvals.c.answer_id == approval.answer_id)
        async with self._database.writing() as connection:
            await connection.execute(earlier)
            await connection.execute(approvals.insert(), row)

    async def withdraw_approval(self, answer_id: int) -> bool:
        """Delete an approval; False when there is no approval of this answer."""
        return await self._has_deleted(delete(approvals).where(approvals.c.answer_id == answer_id))

    async def approvals(self) -> list[Approval]:
        """Return all approvals in the order of their answers."""
        rows = await self._database.rows(select(approvals).order_by(approvals.c.answer_id))
        return [Approval(row.answer_id, row.text, row.who, row.at) for row in rows]

    @uninterrupted
    async def publish(self, publication: Publication) -> None:
        """Store a publication; an earlier publication of the same item is replaced."""
        number = await self._lookups.brands.number(publication.brand)
        row: dict[str, Any] = {"brand_id": number}
        for column in publications.c:
            if column.name not in row:
                row[column.name] = getattr(publication, column.name)
        async with self._database.writing() as connection:
            await connection.execute(_delete_publication(number, publication.item))
            await connection.execute(publications.insert(), row)

    async def retract_publication(self, brand: str, item: str) -> bool:
        """Delete a publication; False when there is no such publication."""
        number = await self._lookups.brands.find(brand)
        return await self._has_deleted(_delete_publication(number, item))

    async def publications(self, brand: str) -> list[Publication]:
        """Return the publications of a brand, the oldest first; those of one time by item."""
        of_brand: ColumnElement[bool] = brands.c.name == brand
        query = (
            select(publications)
            .join(brands)
            .where(of_brand)
            .order_by(publications.c.at, publications.c.item)
        )
        return [
            Publication(brand, row.item, row.kind, row.subject, row.stated, row.at, row.who)
            for row in await self._database.rows(query)
        ]

    @uninterrupted
    async def _has_deleted(self, statement: Delete) -> bool:
        async with self._database.writing() as connection:
            return (await connection.execute(statement)).rowcount == 1


def _delete_publication(brand_id: int, item: str) -> Delete:
    return delete(publications).where(
        publications.c.brand_id == brand_id, publications.c.item == item
    )
