"""The tables' revision: which it is, and how it is brought up to this version's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from overheard.errors import StoreError
from overheard_storage.addresses import shown
from overheard_storage.database import Database, uninterrupted
from overheard_storage.tables import REVISION

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 0x6F766572
"""The number of PostgreSQL's advisory lock under which tables are changed; anything constant."""


@uninterrupted
async def bring_up(database: Database) -> tuple[str | None, str]:
    """Make or change the tables, in one transaction.

    Of several processes that do this at once, one does and the others wait for it.

    Returns:
        The revision before (None for an empty database) and after.

    Raises:
        StoreError: when the tables were made by a newer version.
    """
    before = await _revision(database)
    if before == REVISION:
        return before, REVISION
    async with database.writing() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        before = await connection.run_sync(read_revision)
        _refuse_newer(database, before)
        if before != REVISION:
            await connection.run_sync(_upgrade)
    return before, REVISION


@uninterrupted
async def require_current(database: Database) -> None:
    """Leave the tables as they are, and see that this version can use them.

    Raises:
        StoreError: when it cannot.
    """
    found = await _revision(database)
    _refuse_newer(database, found)
    if found != REVISION:
        raise StoreError(
            url=shown(database.url),
            reason=f"its tables are of revision {found or 'none'}, and {REVISION} is needed",
            remedy="run: overheard db upgrade",
        )


def configuration(connection: Connection) -> Config:
    """Return what Alembic needs to work on a connection; there is no alembic.ini."""
    # Alembic takes half a second to import, and most starts do without it.
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "overheard_storage:migrations")
    config.set_main_option("path_separator", "os")
    return config


async def _revision(database: Database) -> str | None:
    async with database.reading() as connection:
        return await connection.run_sync(read_revision)


def read_revision(connection: Connection) -> str | None:
    """Return the revision of a database's tables; None when it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection) -> None:
    from alembic import command

    command.upgrade(configuration(connection), "head")


def _refuse_newer(database: Database, found: str | None) -> None:
    # Revisions are numbered, so that a newer one is known without having its script.
    if found is not None and found > REVISION:
        raise StoreError(
            url=shown(database.url),
            reason=f"a newer version of Overheard made its tables (revision {found})",
            remedy="install that version",
        )
