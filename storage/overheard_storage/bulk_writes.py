"""Bulk inserts that bypass SQLAlchemy's work for each row.

There are tens of scores for each answer. When SQLAlchemy prepares their parameters one by one,
that takes longer than the database does.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import ARRAY, JSON, Dialect, Select, Table, Text, bindparam, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard_storage.faults import store_error

Writer = Callable[[Sequence[Any]], Sequence[Any]]


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
        converted.append(write(values) if write else values)
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
    """Return values as the text of a PostgreSQL array. ``prepare`` converts them for the driver;
    None for no conversion.
    """
    ready = prepare(values) if prepare else values
    is_numeric = set(map(type, ready)) <= {int, float}
    written = map(repr, ready) if is_numeric else _converted(_literal_element, ready)
    return "{" + ",".join(written) + "}"


def _literal_element(value: Any) -> str:
    """Return a value (None, text, time or number) as an element of the text of a PostgreSQL
    array.
    """
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return value.isoformat() if isinstance(value, datetime) else repr(value)


async def _copy_rows_in(connection: AsyncConnection, statement: str, rows: Sequence[Any]) -> None:
    """Send rows to PostgreSQL by a COPY statement, past SQLAlchemy, within the connection's
    transaction.

    Raises:
        StoreError: for a fault of the server.
        psycopg.Error: for a row that violates a constraint, which is a bug of our own.
    """
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
    """Return the PostgreSQL statement that inserts rows and adds the sums of ``adding`` to stored
    rows of the same key; built once, because building it takes as long as writing some rows.
    """
    from sqlalchemy.dialects.postgresql import insert as begun

    insert = begun(table).from_select(columns, each_of(table, columns))
    sums = {name: table.c[name] + insert.excluded[name] for name in adding.sums}
    return insert.on_conflict_do_update(index_elements=adding.key, set_=sums)


def _insert_statement(table: Table, columns: Sequence[str], dialect: Dialect) -> str:
    """Return the text of an INSERT into columns of a table, with a placeholder of the dialect for
    each column.
    """
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
    """Return the function that converts values of a table's column for the driver of a dialect;
    None when values need no conversion. A value of a JSON column becomes JSON text; None becomes
    "null", or stays None if the column stores None as SQL's NULL.
    """
    kind = table.c[column].type
    if isinstance(kind, JSON):
        # The driver would encode a thousand equal documents a thousand times.
        none_as_null = kind.none_as_null
        return partial(
            _converted, lambda value: None if none_as_null and value is None else json.dumps(value)
        )
    write = kind.dialect_impl(dialect).bind_processor(dialect)
    return partial(_converted, write) if write else None


def _converted(write: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """Return values, each converted by ``write``; what is the same object is converted once.

    Most quotes and details are empty, and all blocks of a run have its start.
    """
    keys = list(map(id, values))
    results = {key: write(value) for key, value in dict(zip(keys, values, strict=True)).items()}
    return list(map(results.__getitem__, keys))
