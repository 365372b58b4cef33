"""Upgrades of the tables to the revision of this version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from overheard.errors import StoreError, StoreMissing
from overheard_storage.database import Database, uninterrupted
from overheard_storage.faults import shown
from overheard_storage.tables import REVISION

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 0x6F766572
"""PostgreSQL's advisory lock for changes of the tables; an arbitrary constant."""


@uninterrupted
async def upgrade_schema(database: Database) -> tuple[str | None, str]:
    """Create or upgrade the tables, in one transaction.

    When several processes call this at once, one upgrades and the others wait.

    Returns:
        The revision before (None for an empty database) and after.

    Raises:
        StoreError: when a newer version made the tables.
    """
    before = await _stored_revision(database)
    if before == REVISION:
        return before, REVISION
    async with database.writing() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        before = await connection.run_sync(read_revision)
        _require_not_newer(database, before)
        if before != REVISION:
            await connection.run_sync(_run_migrations)
    return before, REVISION


@uninterrupted
async def require_tables(database: Database) -> None:
    """Check that a database has tables of Overheard, of any revision.

    Raises:
        StoreMissing: when the database has no tables of Overheard.
    """
    if await _stored_revision(database) is None:
        raise StoreMissing(url=shown(database.url))


@uninterrupted
async def require_current(database: Database) -> None:
    """Check that the tables have the revision of this version.

    Raises:
        StoreError: when the tables have another revision.
    """
    revision = await _stored_revision(database)
    _require_not_newer(database, revision)
    if revision != REVISION:
        raise StoreError(
            url=shown(database.url),
            reason=f"its tables are of revision {revision or 'none'}, and {REVISION} is needed",
            remedy="run: overheard db upgrade",
        )


def configuration(connection: Connection) -> Config:
    """Return Alembic's configuration for migrations over a connection; there is no alembic.ini."""
    # Alembic takes half a second to import, and most starts do without it.
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "overheard_storage:migrations")
    config.set_main_option("path_separator", "os")
    return config


async def _stored_revision(database: Database) -> str | None:
    async with database.reading() as connection:
        return await connection.run_sync(read_revision)


def read_revision(connection: Connection) -> str | None:
    """Return the revision of a database's tables, or None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _run_migrations(connection: Connection) -> None:
    from alembic import command

    command.upgrade(configuration(connection), "head")


def _require_not_newer(database: Database, revision: str | None) -> None:
    """Check that no later version made the tables. Raises StoreError for a revision that this
    version does not know.
    """
    # Revisions are numbered, so that a newer one is known without having its script.
    if revision is not None and revision > REVISION:
        raise StoreError(
            url=shown(database.url),
            reason=f"a newer version of Overheard made its tables (revision {revision})",
            remedy="install that version",
        )
