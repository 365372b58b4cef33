"""One database: its connections, and its two kinds of transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial, wraps
from pathlib import Path
from sqlite3 import OperationalError as LockedError
from time import monotonic
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

from sqlalchemy import URL, Connection, Executable, Row, Table, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Insert: TypeAlias = "postgresql.Insert | sqlite.Insert"
"""An INSERT that can say what happens on a conflict."""

Given = ParamSpec("Given")
Result = TypeVar("Result")
Work = Callable[Given, Coroutine[Any, Any, Result]]

_PATIENCE = 30.0
"""Seconds that a writer waits for another process, or anybody for a server that is away."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
"""Seconds until a server that was away is asked again; twice as long each time."""
_PASSING = ("08", "40", "53300", "57P")
"""SQLSTATE: lost connections, deadlocks, too many connections, servers that stop or start."""
_CONNECTIONS = 40
"""Connections of a process to a server, at most; each hold of a run or duty takes one."""
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_PATIENCE * 1000:.0f}",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
)


def uninterrupted(work: Work[Given, Result]) -> Work[Given, Result]:
    """Let work with a database come to its end, also when whoever waits for it is cancelled.

    A driver that is stopped half-way through BEGIN leaves a transaction that nobody ends, and
    with it a locked SQLite file. Whoever is cancelled hears of it when the work is done.

    While a server is away, for a restart say, the work waits for it and is done anew: it is one
    transaction, and whatever it writes can be written twice.
    """

    @wraps(work)
    async def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        task = asyncio.ensure_future(_patiently(partial(work, *args, **kwargs)))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise

    return run


async def _patiently(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Do work, and do it anew while the server is away; at last raise what it raises."""
    deadline, pause = monotonic() + _PATIENCE, _FIRST_PAUSE
    while True:
        try:
            return await work()
        except DBAPIError as error:
            if not is_passing(error) or monotonic() + pause > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def is_passing(error: DBAPIError) -> bool:
    """Say whether the same statement may succeed soon: its server was away, or it stood in the way
    of another.
    """
    state = getattr(error.orig, "sqlstate", "")
    if state is None:  # psycopg reached no server, or lost it
        return isinstance(error, OperationalError)
    return state.startswith(_PASSING)


class Database:
    """An SQLite file or a PostgreSQL database.

    SQLite has room for one writer. Writers of one process queue up at a lock, in order; those of
    several processes wait for each other inside SQLite, up to half a minute.

    Args:
        url: As `addresses.address` returns it.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)
        self._writer = self._engine.execution_options(writes=True)
        self._turns = asyncio.Lock() if self.is_sqlite else None

    async def close(self) -> None:
        """Let connections go."""
        await self._engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that sees one moment of an SQLite file and writes nothing."""
        async with self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction: all of it is kept, or nothing."""
        if self._turns is None:
            async with self._writer.begin() as connection:
                yield connection
        else:
            async with self._turns, self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection outside of any transaction, for what lasts as long as it does."""
        async with self._engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @uninterrupted
    async def rows(self, query: Executable) -> Sequence[Row[Any]]:
        """Return all rows of a query."""
        # One statement needs no transaction, whose two ends take a server as long as the query.
        once = self.reading() if self.is_sqlite else self.session()
        async with once as connection:
            return (await connection.execute(query)).all()

    def insert(self, table: Table) -> Insert:
        """Begin an INSERT in the dialect of this database."""
        if self.is_sqlite:
            from sqlalchemy.dialects import sqlite

            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # what nobody's store speaks, nobody waits for

        return postgresql.insert(table)


def _postgresql_engine(url: URL) -> AsyncEngine:
    pool = {"pool_size": 5, "max_overflow": _CONNECTIONS - 5}
    return create_async_engine(url, pool_pre_ping=True, **pool)


def _sqlite_engine(url: URL) -> AsyncEngine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # Nobody else holds these connections: on a busy machine, whoever waits for one gets it.
    engine = create_async_engine(url, pool_timeout=None)
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    # None keeps the driver from opening transactions by itself; `_begin` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Switch the file to a write-ahead log.

    Of two connections that switch a new file at once, SQLite refuses one without waiting,
    whatever the busy timeout is; so that one tries again.
    """
    deadline = monotonic() + _PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except LockedError:
            if monotonic() > deadline:
                raise
            await_only(asyncio.sleep(0.01))
        else:
            return


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later cannot wait for another writer: SQLite
    # refuses it at once. One that says so at the start can.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
