"""A driver of SQLite that carries out a statement by one call of its thread.

aiosqlite calls the thread of a connection for each step of a statement: to open a cursor, execute,
fetch and close. Each call switches between two threads twice, which takes longer than most of our
statements do. SQLAlchemy needs of a driver what its ``AsyncIODBAPICursor`` names.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any

import aiosqlite

_BUFFERED_ROWS = 500
"""Rows that are fetched with the statement; a larger result is fetched by further calls."""


class SingleCallCursor:
    """A cursor that executes a statement, fetches its first rows, and closes itself when there are
    no more, by one call of the connection's thread.

    Args:
        connection: The connection.

    Attributes:
        arraysize: Rows of a `fetchmany` without a size.
    """

    def __init__(self, connection: Connection) -> None:
        """Keep the connection; the thread is not called before `execute`."""
        self._connection = connection
        self._cursor: sqlite3.Cursor | None = None
        self._rows: list[Any] = []
        self._unread = False
        self.arraysize = 1

    async def __aenter__(self) -> SingleCallCursor:
        """Return the cursor, which needs no preparation."""
        return self

    async def execute(self, statement: str, parameters: Any = ()) -> SingleCallCursor:
        """Execute a statement with its parameters."""
        await self._connection.in_thread(partial(self._execute, statement, parameters))
        return self

    async def executemany(self, statement: str, rows: Any) -> SingleCallCursor:
        """Execute a statement once for each row of parameters."""
        await self._connection.in_thread(partial(self._execute, statement, rows, many=True))
        return self

    def _execute(self, statement: str, parameters: Any, *, many: bool = False) -> None:
        """Execute a statement and fetch its first rows, in the thread."""
        self._cursor = cursor = self._connection.open_cursor()
        (cursor.executemany if many else cursor.execute)(statement, parameters)
        self._rows = cursor.fetchmany(_BUFFERED_ROWS) if cursor.description else []
        self._unread = len(self._rows) == _BUFFERED_ROWS
        if not self._unread:
            cursor.close()

    async def fetchone(self) -> Any:
        """Return the next row; None at the end."""
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int | None = None) -> Sequence[Any]:
        """Return the next rows, at most ``size``; none at the end."""
        size = size or self.arraysize
        missing = size - len(self._rows)
        if self._cursor and self._unread and missing > 0:
            self._rows += await self._connection.in_thread(partial(self._cursor.fetchmany, missing))
        found, self._rows = self._rows[:size], self._rows[size:]
        return found

    async def fetchall(self) -> Sequence[Any]:
        """Return all further rows."""
        found, self._rows = self._rows, []
        if self._cursor and self._unread:
            found += await self._connection.in_thread(self._cursor.fetchall)
        return found

    async def close(self) -> None:
        """Forget the rows that were not read."""
        self._rows = []
        if self._cursor and self._unread:
            self._unread = False
            await self._connection.in_thread(self._cursor.close)

    @property
    def description(self) -> Any:
        """The columns of the result; None without a result."""
        return self._cursor.description if self._cursor else None

    @property
    def rowcount(self) -> int:
        """The number of rows that were written; -1 for other statements."""
        return self._cursor.rowcount if self._cursor else -1

    @property
    def lastrowid(self) -> int | None:
        """The number of the row that was inserted last."""
        return self._cursor.lastrowid if self._cursor else None


class Connection(aiosqlite.Connection):
    """A connection of aiosqlite whose cursors are `SingleCallCursor`."""

    def cursor(self) -> SingleCallCursor:  # type: ignore[override] # SQLAlchemy asks for no more
        """Return a new cursor."""
        return SingleCallCursor(self)

    async def in_thread(self, work: Any) -> Any:
        """Return the result of a function, which the connection's thread calls.

        Raises:
            sqlite3.Error: as the function does.
            ValueError: when the connection is closed.
        """
        return await self._execute(work)  # type: ignore[no-untyped-call] # it has no types

    def open_cursor(self) -> sqlite3.Cursor:
        """Return a cursor of SQLite; for functions that run in the thread."""
        return self._conn.cursor()


def connect(file: str, **options: Any) -> Connection:
    """Return a connection to an SQLite file, which is opened when it is awaited.

    Args:
        file: The path of the file.
        options: The options of `sqlite3.connect`.
    """
    connection = Connection(partial(sqlite3.connect, file, **options), iter_chunk_size=1)
    # As SQLAlchemy does: a connection that nobody closed must not keep the process. Up to
    # aiosqlite 0.21 a connection is a thread, since then it has one.
    thread: Any = getattr(connection, "_thread", connection)
    thread.daemon = True
    return connection
