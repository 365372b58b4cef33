"""What can be done with a store as a whole, by its URL; see `overheard.interfaces.operations`."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path

from sqlalchemy import URL, text

from overheard.domain.operations import StoreHealth
from overheard.errors import FileUnwritable, StoreError
from overheard.interfaces.services import Progress
from overheard_storage import checking, copying
from overheard_storage.addresses import address, explained, shown
from overheard_storage.database import Database
from overheard_storage.schema import bring_up, require_current
from overheard_storage.store import migrate


class StoreTools:
    """Looks after stores."""

    async def migrate(self, url: str) -> tuple[str | None, str]:
        """Bring its schema to this version; return the revision before and after."""
        return await migrate(url)

    async def examine(self, url: str) -> StoreHealth:
        """See whether it is well, and how large it is."""
        async with _opened(url, there=True) as database:
            return await checking.examine(database)

    async def copy(self, source: str, target: str, progress: Progress) -> Mapping[str, int]:
        """Copy all there is into an empty store, and return the counts."""
        async with _opened(source, there=True) as here, _opened(target) as there:
            await require_current(here)
            await bring_up(there)
            counts = await copying.copy(here, there, progress)
            if not there.is_sqlite:
                async with there.session() as connection:
                    await connection.execute(text("ANALYZE"))
            return counts

    async def back_up(self, url: str, file: Path) -> int:
        """Write an SQLite store as it is at this moment to a new file."""
        async with _opened(url, there=True) as database:
            if not database.is_sqlite:
                raise StoreError(
                    url=shown(database.url),
                    reason="PostgreSQL has its own tool for this",
                    remedy="use: pg_dump --format=custom --file=FILE",
                )
            return await asyncio.to_thread(_vacuum_into, str(database.url.database), file)


def _vacuum_into(store: str, file: Path) -> int:
    """Copy a file in a connection that begins no transaction, as this needs."""
    if file.exists():
        raise FileUnwritable(file=file, reason="it is there already")
    with closing(sqlite3.connect(store)) as connection:
        try:
            connection.execute("VACUUM INTO ?", (str(file),))
        except sqlite3.Error as error:
            file.unlink(missing_ok=True)
            raise FileUnwritable(file=file, reason=str(error)) from None
    return file.stat().st_size


def _is_missing(place: URL) -> bool:
    return place.get_backend_name() == "sqlite" and not Path(place.database or "").exists()


@asynccontextmanager
async def _opened(url: str, *, there: bool = False) -> AsyncIterator[Database]:
    """Open a database.

    Args:
        url: Its URL.
        there: Whether it must be there; an SQLite file is made otherwise.
    """
    place = address(url)
    with explained(place):
        database = Database(place)
        if there and _is_missing(place):
            raise StoreError(
                url=shown(place), reason="there is no such file", remedy="check the path"
            )
        try:
            yield database
        finally:
            await database.close()
