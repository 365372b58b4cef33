"""How tables come to be, and how they are brought up to date."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import overheard_storage
from overheard.domain import Brand
from overheard.errors import StoreError
from overheard_storage import migrate, open_store
from overheard_storage.column_types import made_on
from overheard_storage.database import Database, parse_url
from overheard_storage.tables import REVISION, metadata
from overheard_storage.upgrades import configuration

MIGRATOR = """
import asyncio, sys
from overheard_storage import migrate
print(*asyncio.run(migrate(sys.argv[1])))
"""


async def on(url: str, work: Any) -> Any:
    """Do something synchronous with a connection of our own."""
    engine = create_async_engine(
        url.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+psycopg:")
    )
    async with engine.begin() as connection:
        found = await connection.run_sync(work)
    await engine.dispose()
    return found


def differences(connection: Connection) -> list[Any]:
    """Compare a database with the tables that the program knows."""
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_object": made_on(connection.dialect.name)}
    )
    return list(compare_metadata(context, metadata))


def set_revision(revision: str) -> Any:
    """Return work that writes another revision into a database."""
    statement = text("UPDATE alembic_version SET version_num = :revision")
    return lambda connection: connection.execute(statement, {"revision": revision})


async def test_migrations_make_the_tables_that_the_program_knows(bare_url: str) -> None:
    """A database made by the migrations and the metadata do not differ in anything."""
    await migrate(bare_url)
    assert await on(bare_url, differences) == []


async def test_the_comparison_sees_a_difference(bare_url: str) -> None:
    """An index that is missing is found, so that the test above can fail."""
    await migrate(bare_url)
    await on(bare_url, lambda connection: connection.execute(text("DROP INDEX ix_blocks_stream")))
    assert [kind for kind, *_ in await on(bare_url, differences)] == ["add_index"]


def test_the_program_knows_the_last_migration() -> None:
    """`REVISION` is the head of the scripts, and there is one head."""
    folder = Path(overheard_storage.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [REVISION]


def revisions() -> list[str]:
    """Return every revision that there has been, the oldest first."""
    folder = Path(overheard_storage.__file__).parent / "migrations"
    return [script.revision for script in ScriptDirectory(str(folder)).walk_revisions()][::-1]


async def test_every_older_schema_is_brought_up(bare_url: str) -> None:
    """Revision by revision, each by itself, to the tables that the program knows."""
    *older, _ = revisions()
    for revision in older:
        await on(bare_url, lambda opened, to=revision: command.upgrade(configuration(opened), to))
    assert await migrate(bare_url) == (older[-1], REVISION)
    assert await on(bare_url, differences) == []


async def test_migrating_says_from_where_to_where(bare_url: str) -> None:
    """An empty database has no revision; the second time there is nothing to do."""
    assert await migrate(bare_url) == (None, REVISION)
    assert await migrate(bare_url) == (REVISION, REVISION)


async def test_processes_that_migrate_at_once_take_turns(bare_url: str) -> None:
    """One makes the tables; the other finds them made."""
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", MIGRATOR, bare_url), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    printed = [(await process.communicate())[0].decode().split() for process in processes]
    assert sorted(printed) == [[REVISION, REVISION], ["None", REVISION]]
    assert await on(bare_url, differences) == []


async def test_stores_that_open_at_once_take_turns(bare_url: str) -> None:
    """Opening a new database several times at once makes one set of tables."""
    stores = await asyncio.gather(*(open_store(bare_url) for _ in range(5)))
    await asyncio.gather(*(store.catalogue.set_brand(Brand("Acme")) for store in stores))
    assert [(await store.catalogue.current()).brands for store in stores] == [(Brand("Acme"),)] * 5
    for store in stores:
        await store.close()


async def test_connections_that_open_a_new_file_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """None is refused because another one is switching the file to a write-ahead log."""

    async def connect(file: Path) -> None:
        database = Database(parse_url(f"sqlite:///{file}"))
        async with database.reading():
            pass
        await database.close()

    for number in range(30):
        file = tmp_path / f"{number}.db"
        await asyncio.gather(*(connect(file) for _ in range(6)))


async def test_without_migrating_old_tables_are_refused(bare_url: str) -> None:
    """The message names both revisions and the command."""
    with pytest.raises(StoreError, match=r"of revision none, and 0009 .*: overheard db upgrade"):
        await open_store(bare_url, migrate=False)
    await migrate(bare_url)
    await (await open_store(bare_url, migrate=False)).close()


async def test_tables_of_a_newer_version_are_left_alone(bare_url: str) -> None:
    """An old program neither uses nor changes what a newer one has made."""
    await migrate(bare_url)
    await on(bare_url, set_revision("9999"))
    for attempt in (open_store(bare_url), open_store(bare_url, migrate=False), migrate(bare_url)):
        with pytest.raises(StoreError, match=r"a newer version of Overheard .*\(revision 9999\)"):
            await attempt
