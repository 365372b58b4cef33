"""The base of all repositories: access to the database, the numbers of names, streams of rows."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Row,
    Select,
    Table,
    bindparam,
    select,
    tuple_,
)

from overheard.domain import Model, Prompt
from overheard_storage import tables
from overheard_storage.database import Database
from overheard_storage.rows import prompt_row
from overheard_storage.tables import prompts

Name = tuple[str, ...]

_QUERY_NAMES = 200
"""Names in one query; old builds of SQLite allow 999 variables."""


class Lookup:
    """The numbers of the names in one table, remembered in memory.

    A new name is committed before the transaction that needs its number. When that transaction
    fails, the number stays valid; an unused name may remain.

    Args:
        columns: The columns that a name consists of, in order.
    """

    def __init__(self, database: Database, table: Table, *columns: str) -> None:
        self._database = database
        self._table = table
        self._columns = columns
        self._known: dict[Name, int] = {}
        self._names: dict[int, Name] = {}

    async def number(self, *name: str) -> int:
        """Return the number of a name; a new name is stored."""
        return (await self.numbers({name: {}}))[name]

    async def find(self, *name: str) -> int:
        """Return the number of a name, or 0 when the name is unknown."""
        return (await self.known([name])).get(name, 0)

    async def numbers(self, rows: Mapping[Name, Mapping[str, Any]]) -> dict[Name, int]:
        """Return the database's numbers of names (the ids of their rows); store new names.

        Args:
            rows: The names, each with the values of the other columns for a new row.
        """
        missing = rows.keys() - (await self.known(rows)).keys()
        if missing:
            statement = self._database.insert(self._table).on_conflict_do_nothing()
            new_rows = [
                dict(zip(self._columns, name, strict=True)) | dict(rows[name])
                for name in sorted(missing)  # so two writers of the same names cannot deadlock
            ]
            async with self._database.writing() as connection:
                await connection.execute(statement, new_rows)
        return await self.known(rows)  # read back: another process may have inserted a name first

    async def known(self, names: Iterable[Name]) -> dict[Name, int]:
        """Return the numbers of those names that are stored; other names are left out."""
        requested = set(names)
        missing = iter(sorted(requested - self._known.keys()))
        while chunk := list(islice(missing, _QUERY_NAMES)):
            await self._look_up(chunk)
        return {name: self._known[name] for name in requested if name in self._known}

    async def names(self, numbers: Collection[int]) -> dict[int, Name]:
        """Return the names of stored numbers. Raises KeyError for an unknown number."""
        columns = [self._table.c[column] for column in self._columns]
        missing = iter(sorted(set(numbers) - self._names.keys()))
        while chunk := list(islice(missing, _QUERY_NAMES)):
            query = select(*columns, self._table.c.id).where(self._table.c.id.in_(chunk))
            self._names |= {row[-1]: tuple(row[:-1]) for row in await self._database.rows(query)}
        return {number: self._names[number] for number in numbers}

    async def _look_up(self, names: list[Name]) -> None:
        """Read the numbers of names and remember those that are stored."""
        columns = [self._table.c[column] for column in self._columns]
        query = select(*columns, self._table.c.id).where(tuple_(*columns).in_(names))
        for row in await self._database.rows(query):
            self._known[tuple(row[:-1])], self._names[row[-1]] = row[-1], tuple(row[:-1])


class Lookups:
    """The lookups of a store.

    Args:
        database: The database of their tables.
    """

    def __init__(self, database: Database) -> None:
        self.brands = Lookup(database, tables.brands, "name")
        self.prompts = Lookup(database, tables.prompts, "key")
        self.models = Lookup(database, tables.models, "provider", "name")
        self.metrics = Lookup(database, tables.metrics, "name")
        self.scorers = Lookup(database, tables.scorers, "name", "version")

    async def brand_ids(self, names: Iterable[str]) -> dict[str, int]:
        """Return the numbers of brands by name; new names are created."""
        return _by_single_name(await self.brands.numbers({(name,): {} for name in set(names)}))

    async def metric_ids(self, names: Iterable[str]) -> dict[str, int]:
        """Return the numbers of metrics by name; new names are created."""
        return _by_single_name(await self.metrics.numbers({(name,): {} for name in set(names)}))

    async def prompt_ids(self, prompts: Iterable[Prompt]) -> dict[str, int]:
        """Return the numbers of prompts, by their keys; prompts without a number are stored."""
        by_name: dict[Name, Prompt] = {(prompt.key,): prompt for prompt in prompts}
        numbers = await self.prompts.known(by_name)
        if len(numbers) < len(by_name):
            numbers = await self.prompts.numbers({n: prompt_row(p) for n, p in by_name.items()})
        return _by_single_name(numbers)

    async def model_ids(self, models: Iterable[Model]) -> dict[Model, int]:
        """Return the numbers of models; new models are stored."""
        names: dict[Name, Model] = {(model.provider, model.name): model for model in models}
        numbers = await self.models.numbers({name: {} for name in names})
        return {names[name]: number for name, number in numbers.items()}


def _by_single_name(numbers: dict[Name, int]) -> dict[str, int]:
    return {name: number for (name,), number in numbers.items()}


ASKED_PROMPT: tuple[ColumnElement[Any], ...] = (
    *(prompts.c.text.label("prompt"), prompts.c.tags, prompts.c.brands),
    *(prompts.c.topic, prompts.c.persona, prompts.c.language, prompts.c.market),
)
"""The columns of a prompt in a row with others, as `rows.asked_prompt_of` reads them."""

PAGE_ROWS = 500
"""Rows that a stream fetches at a time."""


class Repository:
    """Some tables of the store, and the methods that write and read them.

    Args:
        lookups: The numbers of names, shared by all repositories of a store.
    """

    def __init__(self, database: Database, lookups: Lookups) -> None:
        self._database = database
        self._lookups = lookups

    async def _stream(
        self, query: Select[Any], number: Column[int], *, newest: bool = False
    ) -> AsyncIterator[Row[Any]]:
        """Yield the rows of a query one by one, in the order of a number (``newest``: descending);
        see `_pages`.
        """
        async for page in self._pages(query, number, newest=newest):
            for row in page:
                yield row

    async def _pages(
        self, query: Select[Any], number: Column[int], *, newest: bool = False
    ) -> AsyncIterator[Sequence[Row[Any]]]:
        """Yield the rows of a query in pages of `PAGE_ROWS`, in the order of a number.

        No transaction stays open between two pages: the reader may write in between, and may
        stop at any time.

        Args:
            query: The query; it selects the number as ``id``.
            number: A primary key, 1 and up.
            newest: Whether the order is descending.
        """
        order = number.desc() if newest else number
        rest = query
        while rows := await self._database.rows(rest.order_by(order).limit(PAGE_ROWS)):
            yield rows
            last = rows[-1].id
            rest = query.where(number < last if newest else number > last)


def among(column: ColumnElement[int], numbers: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of some numbers, of any count.

    The numbers are literals of the statement: databases limit the variables of a statement to
    some thousands, and integers need no escaping.
    """
    written: BindParameter[int] = bindparam(
        None, list(numbers), expanding=True, literal_execute=True
    )
    return column.in_(written)
