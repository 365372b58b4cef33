"""The base of all repositories: access to the database, streams of rows, and bulk inserts that
bypass SQLAlchemy's work for each row.

There are tens of scores for each answer. When SQLAlchemy prepares their parameters one by one,
that takes longer than the database does.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    Column,
    ColumnElement,
    Dialect,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import Model, Prompt
from overheard_storage import tables
from overheard_storage.database import Database
from overheard_storage.faults import store_error
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
        database: The database of the table.
        table: The table of the names.
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
        """Return the numbers of names; new names are stored.

        Args:
            rows: The names, each with the values of the other columns for a new row.
        """
        missing = rows.keys() - (await self.known(rows)).keys()
        if missing:
            # Sorted, so that two writers of the same names cannot deadlock.
            await self._insert_names(
                [self._name_columns(name) | dict(rows[name]) for name in sorted(missing)]
            )
        return await self.known(rows)

    async def known(self, names: Iterable[Name]) -> dict[Name, int]:
        """Return the numbers of those names that are stored."""
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

    def _name_columns(self, name: Name) -> dict[str, Any]:
        return dict(zip(self._columns, name, strict=True))

    async def _insert_names(self, rows: list[dict[str, Any]]) -> None:
        statement = self._database.insert(self._table).on_conflict_do_nothing()
        async with self._database.writing() as connection:
            await connection.execute(statement, rows)

    async def _look_up(self, names: list[Name]) -> None:
        """Read the numbers of names and remember those that are stored."""
        columns = [self._table.c[column] for column in self._columns]
        query = select(*columns, self._table.c.id).where(tuple_(*columns).in_(names))
        for row in await self._database.rows(query):
            self._known[tuple(row[:-1])] = row[-1]


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
        """Return the numbers of prompts by key; new prompts are stored."""
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
        database: The database of the tables.
        lookups: The numbers of names, shared by all repositories of a store.
    """

    def __init__(self, database: Database, lookups: Lookups) -> None:
        self._database = database
        self._lookups = lookups

    async def _stream(
        self, query: Select[Any], number: Column[int], *, newest: bool = False
    ) -> AsyncIterator[Row[Any]]:
        """Yield the rows of a query one by one, in the order of a number; see `_pages`."""
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


def among(column: Column[int], numbers: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of some numbers, of any count.

    The numbers are literals of the statement: databases limit the variables of a statement to
    some thousands, and integers need no escaping.
    """
    written: BindParameter[int] = bindparam(
        None, list(numbers), expanding=True, literal_execute=True
    )
    return column.in_(written)


Writer = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Adding:
    """The columns by which rows with an existing key are added to the stored rows.

    Attributes:
        key: The columns of the primary key.
        sums: The columns that are summed. Others keep their stored values.
    """

    key: tuple[str, ...]
    sums: tuple[str, ...]


async def insert_many(
    connection: AsyncConnection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    adding: Adding | None = None,
) -> None:
    """Insert rows within a transaction, without SQLAlchemy's work for each row; PostgreSQL receives
    new rows by COPY.

    Args:
        connection: A connection in a transaction.
        table: The table.
        columns: The names of the columns that the rows have.
        rows: One or more rows; each value as SQLAlchemy would take it.
        adding: How rows with an existing key are added; None if such a key is an error.
    """
    dialect = connection.dialect
    if adding and dialect.name == "postgresql":
        parameters = by_column(
            table, [dict(zip(columns, row, strict=True)) for row in rows], dialect
        )
        await connection.execute(_adding_upsert(table, tuple(columns), adding), parameters)
        return
    converted: list[Sequence[Any]] = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        write = _converter(table, column, dialect)
        converted.append(list(map(write, values)) if write else values)
    converted_rows = list(zip(*converted, strict=True))
    if dialect.name == "postgresql":
        await _copy_rows_in(connection, _copy_statement(table, columns, dialect), converted_rows)
    else:
        statement = _insert_statement(table, columns, dialect) + (
            _on_conflict_clause(table, adding) if adding else ""
        )
        await connection.exec_driver_sql(statement, converted_rows)


def each_of(table: Table, columns: Sequence[str]) -> Select[Any]:
    """Return a query of rows from one array parameter for each column, written by `by_column`;
    PostgreSQL only.

    The driver parses a statement with thousands of values for longer than PostgreSQL executes it.
    """
    lists = [
        cast(bindparam(c, type_=Text()), ARRAY(table.c[c].type, dimensions=1)) for c in columns
    ]
    arrays = func.unnest(*lists).table_valued(*columns, name="given").render_derived()
    return select(*(arrays.c[name] for name in columns))


def by_column(table: Table, rows: Sequence[Mapping[str, Any]], dialect: Dialect) -> dict[str, str]:
    """Return one or more rows as parameters for `each_of`: by the name of each column, its values
    as an array literal.

    The driver takes three times as long to write the same literals.
    """
    return {
        name: _array_literal([row[name] for row in rows], _converter(table, name, dialect))
        for name in rows[0]
    }


def _array_literal(values: Sequence[Any], prepare: Writer | None) -> str:
    """Return values as the text of a PostgreSQL array. ``prepare`` converts a value for the driver;
    None for no conversion.
    """
    ready = list(map(prepare, values)) if prepare else values
    write = repr if set(map(type, ready)) <= {int, float} else _cached_converter(_literal_element)
    return "{" + ",".join(map(write, ready)) + "}"


def _literal_element(value: Any) -> str:
    """Return a value as the text of an element of a PostgreSQL array."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _quoted(value)
    return value.isoformat() if isinstance(value, datetime) else repr(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


async def _copy_rows_in(connection: AsyncConnection, statement: str, rows: Sequence[Any]) -> None:
    """Send rows by COPY, without SQLAlchemy. Raises StoreError for a fault of the server."""
    import psycopg  # comes with the extra `postgres`

    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        async with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                await copy.write_row(row)
    except psycopg.Error as error:
        raise store_error(connection.engine.url, error) or error from error


def _copy_statement(table: Table, columns: Sequence[str], dialect: Dialect) -> str:
    """Return the text of a COPY of rows from the client."""
    names = dialect.identifier_preparer
    listed = ", ".join(names.format_column(table.c[column]) for column in columns)
    return f"COPY {names.format_table(table)} ({listed}) FROM STDIN"


@lru_cache
def _adding_upsert(table: Table, columns: tuple[str, ...], adding: Adding) -> Any:
    """Return the upsert that adds rows to stored rows (PostgreSQL), built once: building it takes
    as long as writing some rows.
    """
    from sqlalchemy.dialects.postgresql import insert as begun

    insert = begun(table).from_select(columns, each_of(table, columns))
    sums = {name: table.c[name] + insert.excluded[name] for name in adding.sums}
    return insert.on_conflict_do_update(index_elements=adding.key, set_=sums)


def _insert_statement(table: Table, columns: Sequence[str], dialect: Dialect) -> str:
    """Return the text of an INSERT with a placeholder for each column."""
    names = dialect.identifier_preparer
    listed = ", ".join(names.format_column(table.c[column]) for column in columns)
    mark = "?" if dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(columns))
    return f"INSERT INTO {names.format_table(table)} ({listed}) VALUES ({marks})"  # noqa: S608 - names of our own


def _on_conflict_clause(table: Table, adding: Adding) -> str:
    """Return the clause of an INSERT that adds sums to a stored row of the same key."""
    sums = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in adding.sums)
    return f" ON CONFLICT ({', '.join(adding.key)}) DO UPDATE SET {sums}"


def _converter(table: Table, column: str, dialect: Dialect) -> Writer | None:
    """Return the function that converts values of a column for the driver; None when values need no
    conversion.
    """
    kind = table.c[column].type
    if isinstance(kind, JSON):
        # The driver would encode a thousand equal documents a thousand times.
        bare = kind.none_as_null
        return _cached_converter(
            lambda value: None if bare and value is None else json.dumps(value)
        )
    write = kind.dialect_impl(dialect).bind_processor(dialect)
    return _cached_converter(write) if write else None


def _cached_converter(write: Writer) -> Writer:
    """Return a converter that remembers the results for the previous value and for empty values.

    Most quotes and details are empty, and all blocks of a run have its start.
    """
    empty: dict[type, Any] = {}
    last = result = None

    def written(value: Any) -> Any:
        nonlocal last, result
        if not value:
            kind = type(value)
            if kind not in empty:
                empty[kind] = write(value)
            return empty[kind]
        if value is not last:
            last, result = value, write(value)
        return result

    return written
