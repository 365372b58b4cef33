"""One database: its URL, its connections and its two kinds of transaction."""

import asyncio
import logging
import os
import sqlite3
from array import array
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial, wraps
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

from sqlalchemy import URL, Connection, ExceptionContext, Executable, Row, Table, event, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from overheard_storage.faults import StoreAway, store_error

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from overheard.errors import StoreError
from overheard.installation import install_command
from overheard_storage.faults import shown

Insert: TypeAlias = "postgresql.Insert | sqlite.Insert"
"""An INSERT that supports ON CONFLICT."""

Given = ParamSpec("Given")
Result = TypeVar("Result")
Work = Callable[Given, Coroutine[Any, Any, Result]]

_WAIT_S = 30.0
"""Seconds that a writer waits for another process, and any work for an unreachable server."""
_NOTICE_S = 2.0
"""Seconds at start after which a line says that the server does not answer yet."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
"""Seconds until an unreachable server is tried again; doubled each time."""
MAX_PORT = 65_535
_MAX_CONNECTIONS = 40
"""Connections of a process to a server; each lock of a run or a leader takes one."""
_CACHED_STATEMENTS = 16
"""Prepared statements that a connection to SQLite keeps. Many statements list numbers, and are
never used again: the driver's 128 of each connection add up to tens of megabytes."""
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_WAIT_S * 1000:.0f}",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
)


logger = logging.getLogger(__name__)


def uninterrupted(work: Work[Given, Result]) -> Work[Given, Result]:
    """Return a function that completes work with a database also when its caller is cancelled; the
    caller is cancelled afterwards.

    A driver that is cancelled within BEGIN leaves an open transaction, and with it a locked SQLite
    file. While a server is unreachable (during a restart, for example), the work is repeated for up
    to `_WAIT_S` seconds, so it has to be one transaction whose writes can be repeated.
    """

    @wraps(work)
    async def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        """Return the result of the work, which is done in a task of its own. A cancellation of the
        caller is raised only after the work has ended; then its result or error is lost.
        """
        task = asyncio.ensure_future(_retry_while_away(partial(work, *args, **kwargs)))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():  # a caller may be cancelled twice
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # read, so that asyncio prints no traceback of it
            raise

    return run


async def _retry_while_away(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Return the result of work, which is repeated while the server is away. The pause between two
    attempts doubles up to `_LONGEST_PAUSE_S`.

    Raises:
        StoreAway: when the next pause would end later than `_WAIT_S` seconds after the begin.
    """
    deadline, pause = monotonic() + _WAIT_S, _FIRST_PAUSE_S
    while True:
        try:
            return await work()
        except StoreAway:
            if monotonic() + pause > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_S)


class Database:
    """An SQLite file or a PostgreSQL database.

    SQLite has one writer at a time. Writers of one process queue at a lock, in order; those of
    several processes wait for each other inside SQLite, up to 30 seconds.

    Errors of a driver are raised as `StoreError`, see `faults`.

    Args:
        url: The URL as `urls.parse_url` returns it.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)
        event.listen(self._engine.sync_engine, "handle_error", self._raise_store_error)
        self._writer = self._engine.execution_options(writes=True)
        self._single_reader = self._engine.execution_options(single_statement=True)
        self._write_lock = asyncio.Lock() if self.is_sqlite else None

    async def reach(self) -> None:
        """Return as soon as the server answers; at once for SQLite. After `_NOTICE_S` seconds, a
        line of the log, which is standard error, says that it is waited for.

        Raises:
            StoreError: when the server refuses, or does not answer within `_WAIT_S` seconds.
        """
        if self.is_sqlite:
            return
        notice = asyncio.get_running_loop().call_later(
            _NOTICE_S,
            logger.warning,
            "The database %s does not answer yet; waiting for it up to %.0f seconds.",
            shown(self.url),
            _WAIT_S,
        )
        try:
            await self.rows(select(1))
        finally:
            notice.cancel()

    async def close(self) -> None:
        """Close all connections. The database can be used again, also in another event loop."""
        await self._engine.dispose()
        self._write_lock = asyncio.Lock() if self.is_sqlite else None

    def _raise_store_error(self, context: ExceptionContext) -> None:
        """Raise a `StoreError` for an error of a driver that is no bug of our own statements.

        Raises:
            StoreAway: when the same statement may succeed soon.
            StoreError: for any other fault of the database.
        """
        explained = store_error(self.url, context.original_exception)
        if explained and not context.is_pre_ping:
            raise explained

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection for reading, in a transaction of its own; on SQLite, all reads see one
        snapshot.
        """
        async with self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a transaction, which is committed at the end of the block, or
        undone after an error. On SQLite, writers of this process wait for each other.
        """
        if self._write_lock is None:
            async with self._writer.begin() as connection:
                yield connection
        else:
            async with self._write_lock, self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in autocommit mode, for session locks and single statements."""
        async with self._engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @uninterrupted
    async def rows(self, query: Executable) -> Sequence[Row[Any]]:
        """Return all rows of a query. Raises StoreError for a fault of the database."""
        # One statement needs no transaction: BEGIN and COMMIT would take as long as the query.
        once = self._single_reader.connect() if self.is_sqlite else self.session()
        async with once as connection:
            return (await connection.execute(query)).all()

    def insert(self, table: Table) -> Insert:
        """Return an INSERT into a table that supports ON CONFLICT, in the dialect of this
        database.
        """
        if self.is_sqlite:
            from sqlalchemy.dialects import sqlite

            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # imported by stores that use it only

        return postgresql.insert(table)


def _postgresql_engine(url: URL) -> AsyncEngine:
    """Return an engine for a PostgreSQL database, with at most `_MAX_CONNECTIONS` connections, each
    tested before it is used; nothing is connected yet. A host that does not answer at all is given
    up after `_WAIT_S` seconds.
    """
    pool = {"pool_size": 5, "max_overflow": _MAX_CONNECTIONS - 5}
    return create_async_engine(
        url, pool_pre_ping=True, connect_args={"connect_timeout": round(_WAIT_S)}, **pool
    )


def create_private(file: Path) -> None:
    """Create an empty file that only its owner can read and write.

    Raises:
        FileExistsError: when there is a file of that name.
        OSError: when the file cannot be created.
    """
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


class _Packed:
    """The aggregate function ``packed`` of SQL: all its numbers as eight bytes each."""

    def __init__(self) -> None:
        self._numbers: list[float] = []  # a third faster than an array that grows

    def step(self, *numbers: float) -> None:
        """Add the numbers of a row."""
        self._numbers += numbers

    def finalize(self) -> bytes:
        """Return the numbers of all rows."""
        return array("d", self._numbers).tobytes()


class _SqliteConnection(sqlite3.Connection):
    """A connection with the function ``packed``."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        aggregate: Any = _Packed  # may return bytes too
        self.create_aggregate("packed", -1, aggregate)


def _sqlite_engine(url: URL) -> AsyncEngine:
    """Return an engine for an SQLite file; create a missing file, which only its owner can read and
    write, and missing parent folders.

    SQLite creates the files of the write-ahead log with the permissions of the database.

    Raises:
        OSError: when the file or a folder cannot be created.
    """
    if url.database:
        file = Path(url.database)
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            create_private(file)
    # Every connection of this pool is returned soon; on a busy machine, waiting longer succeeds.
    given = {"cached_statements": _CACHED_STATEMENTS, "factory": _SqliteConnection}
    engine = create_async_engine(url, pool_timeout=None, connect_args=given)
    event.listen(engine.sync_engine, "connect", _prepare_connection)
    event.listen(engine.sync_engine, "begin", _begin_transaction)
    return engine


def _prepare_connection(connection: Any, _record: Any) -> None:
    """Set up a new connection to SQLite: no implicit transactions, the pragmas, the write-ahead
    log.
    """
    # With None the driver opens no transactions itself; `_begin_transaction` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    _enable_write_ahead_log(cursor)
    cursor.close()


def _enable_write_ahead_log(cursor: Any) -> None:
    """Switch the file to a write-ahead log.

    When two connections switch a new file at once, SQLite refuses one of them at once, despite the
    busy timeout; the refused connection tries again for `_WAIT_S` seconds, then the driver's error
    is raised.
    """
    deadline = monotonic() + _WAIT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if monotonic() > deadline:
                raise
            await_only(asyncio.sleep(0.01))
        else:
            return


def _begin_transaction(connection: Connection) -> None:
    """Begin a transaction of SQLite, as a writer if its connection will write; none for a single
    statement.
    """
    options = connection.get_execution_options()
    if options.get("single_statement", False):
        return
    # A transaction that reads first and writes later cannot wait for another writer: SQLite
    # refuses it at once. A transaction that begins as a writer can wait.
    writes = options.get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
_REMEDIES = {
    "sqlite": "check that the path is right and that this user may write there",
    "postgresql": "check that the server runs, and the host, user, password and database in it",
}
_KINDS = "write it as sqlite:///path/to/file.db or postgresql://user:password@host/database"


def parse_url(url: str) -> URL:
    """Return the URL of a store, with its driver, from a text; a text without ``://`` is the path
    of an SQLite file.

    Raises:
        StoreError: when the URL is of neither kind.
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        return URL.create(_DRIVERS["sqlite"], database=_database_file(url))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or (parsed.port or 0) > MAX_PORT:
        raise StoreError(url=f"{scheme}://...", reason="the URL cannot be read", remedy=_KINDS)
    return _with_driver(parsed)


@contextmanager
def opening_errors(url: URL) -> Iterator[None]:
    """Turn an error of the block, which opens a store, into a `StoreError`.

    Raises:
        StoreError: with the URL (its password hidden), the reason and the remedy.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise StoreError(
            url=shown(url),
            reason=f"the package {error.name} is missing",
            remedy=f"install it with: {install_command(extra='postgres')}",
        ) from error
    except (SQLAlchemyError, OSError, UnicodeDecodeError) as error:
        remedy = _REMEDIES[url.get_backend_name()]
        explained_error = store_error(url, error)
        raise explained_error or StoreError(
            url=shown(url), reason=_error_reason(error), remedy=remedy
        ) from error


def is_missing(url: URL) -> bool:
    """Return whether a URL names an SQLite file that does not exist."""
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


def _with_driver(url: URL) -> URL:
    """Return a URL with the driver of its database, and with the full path of an SQLite file.
    Raises StoreError for another kind of database.
    """
    kind = url.drivername.partition("+")[0]
    if kind not in _DRIVERS:
        reason = f"{kind} is neither SQLite nor PostgreSQL"
        raise StoreError(url=f"{kind}://...", reason=reason, remedy=_KINDS)
    if kind == "sqlite":
        url = url.set(database=_database_file(url.database or ""))
    return url.set(drivername=_DRIVERS[kind])


def _database_file(path: str) -> str:
    """Return the path of an SQLite file with ``~`` expanded. Raises StoreError for a database in
    memory.
    """
    if path in {"", ":memory:"}:
        reason = "it names no file, and a store that is not kept cannot be shared"
        raise StoreError(url=f"sqlite:///{path}", reason=reason, remedy=_KINDS)
    return str(Path(path).expanduser())


def _error_reason(error: Exception) -> str:
    """Return the first line of an error, or the reason and file of an error of the operating
    system.
    """
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror}: {cause.filename}"
    return str(cause).strip().partition("\n")[0]
