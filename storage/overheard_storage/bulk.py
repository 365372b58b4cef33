"""Writing many rows at once, without what SQLAlchemy does for each of them.

A delivery of scores has tens of rows for each answer. Built statement by statement, their
parameters take longer than the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Dialect, Table
from sqlalchemy.ext.asyncio import AsyncConnection

Writer = Callable[[Any], Any]


async def insert_many(
    connection: AsyncConnection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    """Insert rows.

    Args:
        connection: In a transaction.
        table: Where they go.
        columns: The names of the columns that the rows have.
        rows: One or more; each value as SQLAlchemy would take it.
    """
    dialect = connection.dialect
    written: list[Sequence[Any]] = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        write = _writer(table, column, dialect)
        written.append([write(value) for value in values] if write else values)
    statement = _statement(table, columns, dialect)
    await connection.exec_driver_sql(statement, list(zip(*written, strict=True)))


def _statement(table: Table, columns: Sequence[str], dialect: Dialect) -> str:
    names = dialect.identifier_preparer
    listed = ", ".join(names.format_column(table.c[column]) for column in columns)
    mark = "?" if dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(columns))
    return f"INSERT INTO {names.format_table(table)} ({listed}) VALUES ({marks})"  # noqa: S608 - names of our own


def _writer(table: Table, column: str, dialect: Dialect) -> Writer | None:
    """Return what turns a value into one that the driver takes; None when it does as it is."""
    write = table.c[column].type.dialect_impl(dialect).bind_processor(dialect)
    return _once_for_nothing(write) if write else None


def _once_for_nothing(write: Writer) -> Writer:
    """Write an empty text or list once: most quotes and details are empty."""
    empty: dict[type, Any] = {}

    def written(value: Any) -> Any:
        if value:
            return write(value)
        kind = type(value)
        if kind not in empty:
            empty[kind] = write(value)
        return empty[kind]

    return written
