"""Maintenance of a whole store: upgrade, examination, copy into another store, backup.

See `overheard.interfaces.store.StoreMaintenance`.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Row, Table, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain.operations import StoreHealth
from overheard.errors import FileUnwritable, StoreError
from overheard.interfaces.services import Progress
from overheard_storage import health
from overheard_storage.bulk_writes import insert_many
from overheard_storage.database import (
    Database,
    create_private,
    is_missing,
    opening_errors,
    parse_url,
)
from overheard_storage.faults import shown
from overheard_storage.store import migrate
from overheard_storage.tables import metadata
from overheard_storage.upgrades import require_current, upgrade_schema


class SqlMaintenance:
    """Maintenance of SQLite and PostgreSQL stores."""

    async def migrate(self, url: str) -> tuple[str | None, str]:
        """Upgrade the tables to this version; return the revision before and after."""
        return await migrate(url)

    async def examine(self, url: str) -> StoreHealth:
        """Check a store's integrity and measure its size."""
        async with _open_database(url, must_exist=True) as database:
            return await health.examine_store(database)

    async def copy(self, source: str, target: str, progress: Progress) -> Mapping[str, int]:
        """Copy all rows of the store at one URL into the empty store at another, whose tables are
        created; return the number of rows of each table, by name.

        Raises:
            StoreError: when a store cannot be used, the source is missing or of another revision,
                or the target is not empty.
        """
        async with (
            _open_database(source, must_exist=True) as source_database,
            _open_database(target) as target_database,
        ):
            await require_current(source_database)
            await upgrade_schema(target_database)
            counts = await copy_rows(source_database, target_database, progress)
            if not target_database.is_sqlite:
                async with target_database.session() as connection:
                    await connection.execute(text("ANALYZE"))
            return counts

    async def back_up(self, url: str, file: Path) -> int:
        """Write a compact snapshot of an SQLite store to a new file that only its owner can read;
        return the file's size in bytes.

        Raises:
            StoreError: when the store is missing, cannot be used, or is not SQLite.
            FileUnwritable: when the file exists, or cannot be written.
        """
        async with _open_database(url, must_exist=True) as database:
            if not database.is_sqlite:
                raise StoreError(
                    url=shown(database.url),
                    reason="PostgreSQL has its own tool for this",
                    remedy="use: pg_dump --format=custom --file=FILE",
                )
            return await asyncio.to_thread(_vacuum_into, str(database.url.database), file)


def _vacuum_into(store: str, file: Path) -> int:
    """Write a compact copy of an SQLite file to a new file that only its owner can read; return its
    size in bytes.

    Raises:
        FileUnwritable: when the new file exists or cannot be written; nothing of it is left then.
    """
    try:
        create_private(file)
    except OSError as error:
        exists = isinstance(error, FileExistsError)
        reason = "it is there already" if exists else str(error.strerror)
        raise FileUnwritable(file=file, reason=reason) from None
    with closing(sqlite3.connect(store)) as connection:
        try:
            connection.execute("VACUUM INTO ?", (str(file),))
        except sqlite3.Error as error:
            file.unlink(missing_ok=True)
            raise FileUnwritable(file=file, reason=str(error)) from None
    return file.stat().st_size


@asynccontextmanager
async def _open_database(url: str, *, must_exist: bool = False) -> AsyncIterator[Database]:
    """Yield a database that is closed at the end of the block. Errors are raised as `StoreError`.

    Args:
        must_exist: Whether an SQLite file must exist; a missing file is created otherwise.
    """
    place = parse_url(url)
    with opening_errors(place):
        if must_exist and is_missing(place):
            raise StoreError(
                url=shown(place), reason="there is no such file", remedy="check the path"
            )
        database = Database(place)
        try:
            await database.reach()
            yield database
        finally:
            await database.close()


PAGE_ROWS = 2_000
"""Rows in memory at a time."""


async def copy_rows(source: Database, target: Database, progress: Progress) -> dict[str, int]:
    """Copy all rows of all tables in one transaction, and return the number of rows by table.

    Raises:
        StoreError: when the target is not empty, or the numbers of rows differ at the end.
    """
    async with source.reading() as reader, target.writing() as writer:
        if not source.is_sqlite:  # one snapshot of all tables; SQLite always has that
            await reader.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        counts = {table.name: await _row_count(reader, table) for table in metadata.sorted_tables}
        await _require_empty(writer, target)
        progress.start("Copying", sum(counts.values()))
        for table in metadata.sorted_tables:
            await _copy_table(reader, writer, table, progress)
            await _require_count(target, writer, table, counts[table.name])
            has_sequence = "id" in table.primary_key.columns and not table.c.id.foreign_keys
            if not target.is_sqlite and has_sequence:  # it goes on after the highest number
                sequence = func.pg_get_serial_sequence(table.name, "id")
                highest = func.coalesce(func.max(table.c.id) + 1, 1)
                await writer.execute(select(func.setval(sequence, highest, False)))
        progress.finish()
    return counts


async def _copy_table(
    reader: AsyncConnection, writer: AsyncConnection, table: Table, progress: Progress
) -> None:
    """Copy the rows of a table in pages of `PAGE_ROWS`, and show the progress.

    A row may refer to a later row of its table, so the columns with such references are filled in
    at the end.

    Args:
        table: The table, which is empty in the target.
        progress: Is advanced by the rows of each page.
    """
    referring = [
        column
        for column in table.columns
        if any(key.column.table is table for key in column.foreign_keys)
    ]
    names = [column.name for column in table.columns if column not in referring]
    references: list[dict[str, Any]] = []
    rows = await reader.stream(select(table).order_by(*table.primary_key.columns))
    async for page in rows.partitions(PAGE_ROWS):
        values_of_rows = [tuple([getattr(row, name) for name in names]) for row in page]
        await insert_many(writer, table, names, values_of_rows)
        references += [found for row in page if (found := _self_references(row, referring))]
        progress.advance(len(page))
    if references:
        by_number = update(table).where(table.c.id == bindparam("_id"))
        values: dict[str, Any] = {column.name: bindparam(f"_{column.name}") for column in referring}
        await writer.execute(by_number.values(values), references)


def _self_references(row: Row[Any], own: Sequence[Column[Any]]) -> dict[str, Any] | None:
    """Return the number of a row and its values of the columns that refer to the same table, as
    parameters; None when all are empty.
    """
    values = {f"_{column.name}": getattr(row, column.name) for column in own}
    return {"_id": row.id, **values} if any(values.values()) else None


async def _row_count(connection: AsyncConnection, table: Table) -> int:
    return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


async def _require_empty(writer: AsyncConnection, target: Database) -> None:
    """Check that all tables of the target are empty. Raises StoreError when a table has rows."""
    for table in metadata.sorted_tables:
        if await _row_count(writer, table):
            raise StoreError(
                url=shown(target.url),
                reason=f"it is not empty, there are {table.name} in it",
                remedy="name a new database",
            )


async def _require_count(
    target: Database, writer: AsyncConnection, table: Table, expected: int
) -> None:
    """Check that a table of the target has the expected number of rows. Raises StoreError
    otherwise.
    """
    count = await _row_count(writer, table)
    if count != expected:
        raise StoreError(
            url=shown(target.url),
            reason=f"{count} of {expected} {table.name} arrived, so that nothing was kept",
            remedy="try again",
        )
