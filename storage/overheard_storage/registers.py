"""The small numbers of names: looked up once, made when new, remembered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Table, select, tuple_

from overheard.domain import Model, Prompt
from overheard_storage import tables
from overheard_storage.database import Database
from overheard_storage.shapes import prompt_row

Name = tuple[str, ...]

_BATCH = 200
"""Names in one query; SQLite allows 999 variables in old builds."""


class Register:
    """Gives every name in one table its number.

    A new name is written in a transaction of its own, before the one that needs it. What that
    one then does or undoes, the number stays true; the worst that is left is an unused name.

    Args:
        database: Where the table is.
        table: The table.
        columns: The columns that make up a name, in its order.
    """

    def __init__(self, database: Database, table: Table, *columns: str) -> None:
        self._database = database
        self._table = table
        self._columns = columns
        self._known: dict[Name, int] = {}
        self._names: dict[int, Name] = {}

    async def number(self, *name: str) -> int:
        """Return the number of one name."""
        return (await self.numbers({name: {}}))[name]

    async def find(self, *name: str) -> int:
        """Return the number of one name, and 0, which is no number, when it has none."""
        return (await self.known([name])).get(name, 0)

    async def numbers(self, rows: Mapping[Name, Mapping[str, Any]]) -> dict[Name, int]:
        """Return the numbers of names.

        Args:
            rows: The names, each with what else is written when it is new.
        """
        missing = rows.keys() - (await self.known(rows)).keys()
        if missing:
            # In order, so that two writers of the same names cannot wait for each other.
            await self._write([self._named(name) | dict(rows[name]) for name in sorted(missing)])
        return await self.known(rows)

    async def known(self, names: Iterable[Name]) -> dict[Name, int]:
        """Return the numbers of those names that have one."""
        wanted = set(names)
        missing = iter(sorted(wanted - self._known.keys()))
        while chunk := list(islice(missing, _BATCH)):
            await self._look_up(chunk)
        return {name: self._known[name] for name in wanted if name in self._known}

    async def names(self, numbers: Collection[int]) -> dict[int, Name]:
        """Return the names of numbers, all of which have one."""
        columns = [self._table.c[column] for column in self._columns]
        missing = iter(sorted(set(numbers) - self._names.keys()))
        while chunk := list(islice(missing, _BATCH)):
            found = select(*columns, self._table.c.id).where(self._table.c.id.in_(chunk))
            self._names |= {row[-1]: tuple(row[:-1]) for row in await self._database.rows(found)}
        return {number: self._names[number] for number in numbers}

    def _named(self, name: Name) -> dict[str, Any]:
        return dict(zip(self._columns, name, strict=True))

    async def _write(self, rows: list[dict[str, Any]]) -> None:
        statement = self._database.insert(self._table).on_conflict_do_nothing()
        async with self._database.writing() as connection:
            await connection.execute(statement, rows)

    async def _look_up(self, names: list[Name]) -> None:
        columns = [self._table.c[column] for column in self._columns]
        query = select(*columns, self._table.c.id).where(tuple_(*columns).in_(names))
        for row in await self._database.rows(query):
            self._known[tuple(row[:-1])] = row[-1]


class Registers:
    """All registers of a store."""

    def __init__(self, database: Database) -> None:
        self.brands = Register(database, tables.brands, "name")
        self.prompts = Register(database, tables.prompts, "key")
        self.models = Register(database, tables.models, "provider", "name")
        self.metrics = Register(database, tables.metrics, "name")
        self.scorers = Register(database, tables.scorers, "name", "version")

    async def of_brands(self, names: Iterable[str]) -> dict[str, int]:
        """Return the numbers of brands, by name."""
        return _single(await self.brands.numbers({(name,): {} for name in set(names)}))

    async def of_metrics(self, names: Iterable[str]) -> dict[str, int]:
        """Return the numbers of metrics, by name."""
        return _single(await self.metrics.numbers({(name,): {} for name in set(names)}))

    async def of_prompts(self, prompts: Iterable[Prompt]) -> dict[str, int]:
        """Return the numbers of prompts, by key."""
        named: dict[Name, Prompt] = {(prompt.key,): prompt for prompt in prompts}
        known = await self.prompts.known(named)
        if len(known) < len(named):
            known = await self.prompts.numbers({n: prompt_row(p) for n, p in named.items()})
        return _single(known)

    async def of_models(self, models: Iterable[Model]) -> dict[Model, int]:
        """Return the numbers of models."""
        names: dict[Name, Model] = {(model.provider, model.name): model for model in models}
        found = await self.models.numbers({name: {} for name in names})
        return {names[name]: number for name, number in found.items()}


def _single(numbers: dict[Name, int]) -> dict[str, int]:
    return {name: number for (name,), number in numbers.items()}
