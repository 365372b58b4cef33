"""Maintenance of a store as a whole; see `overheard.interfaces.store.StoreMaintenance`."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path

from sqlalchemy import text

from overheard.domain.operations import StoreHealth
from overheard.errors import FileUnwritable, StoreError
from overheard.interfaces.services import Progress
from overheard_storage import health, transfer
from overheard_storage.database import Database, create_private
from overheard_storage.faults import shown
from overheard_storage.store import migrate
from overheard_storage.upgrades import require_current, upgrade
from overheard_storage.urls import explained, is_missing, parse_url


class SqlMaintenance:
    """Maintenance of SQLite and PostgreSQL stores."""

    async def migrate(self, url: str) -> tuple[str | None, str]:
        """Upgrade the tables to this version; return the revision before and after."""
        return await migrate(url)

    async def examine(self, url: str) -> StoreHealth:
        """Check a store's integrity and measure its size."""
        async with _opened(url, must_exist=True) as database:
            return await health.examine(database)

    async def copy(self, source: str, target: str, progress: Progress) -> Mapping[str, int]:
        """Copy all rows into an empty store; return the number of rows of each table."""
        async with (
            _opened(source, must_exist=True) as source_database,
            _opened(target) as target_database,
        ):
            await require_current(source_database)
            await upgrade(target_database)
            counts = await transfer.copy(source_database, target_database, progress)
            if not target_database.is_sqlite:
                async with target_database.session() as connection:
                    await connection.execute(text("ANALYZE"))
            return counts

    async def back_up(self, url: str, file: Path) -> int:
        """Write a snapshot of an SQLite store to a new file; return its size in bytes."""
        async with _opened(url, must_exist=True) as database:
            if not database.is_sqlite:
                raise StoreError(
                    url=shown(database.url),
                    reason="PostgreSQL has its own tool for this",
                    remedy="use: pg_dump --format=custom --file=FILE",
                )
            return await asyncio.to_thread(_vacuum_into, str(database.url.database), file)


def _vacuum_into(store: str, file: Path) -> int:
    """Run VACUUM INTO, which needs a connection without a transaction."""
    try:
        create_private(file)
    except OSError as error:
        there = isinstance(error, FileExistsError)
        reason = "it is there already" if there else str(error.strerror)
        raise FileUnwritable(file=file, reason=reason) from None
    with closing(sqlite3.connect(store)) as connection:
        try:
            connection.execute("VACUUM INTO ?", (str(file),))
        except sqlite3.Error as error:
            file.unlink(missing_ok=True)
            raise FileUnwritable(file=file, reason=str(error)) from None
    return file.stat().st_size


@asynccontextmanager
async def _opened(url: str, *, must_exist: bool = False) -> AsyncIterator[Database]:
    """Open a database.

    Args:
        url: The URL of the store.
        must_exist: Whether an SQLite file must exist; a missing file is created otherwise.
    """
    place = parse_url(url)
    with explained(place):
        if must_exist and is_missing(place):
            raise StoreError(
                url=shown(place), reason="there is no such file", remedy="check the path"
            )
        database = Database(place)
        try:
            yield database
        finally:
            await database.close()
