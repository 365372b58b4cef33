"""Locks that are shared by all processes on a store: one process executes a run, one leads a duty.

Two processes that asked the same questions would pay for them twice. A lock is one of the operating
system (SQLite) or an advisory lock of PostgreSQL, not a row: it ends with the process that holds
it, however that process ends, so that a run that was killed can be resumed at once.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from time import monotonic

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.errors import HoldLost, StoreError
from overheard_storage.database import Database
from overheard_storage.faults import store_error

_DEAD_HOLDER_WAIT_S = 1.0
"""Seconds that a server has to notice that the process that held a run's lock is dead."""
_RETRY_S = 0.05
"""Seconds until a lock is tried again."""
_CHECK_S = 5.0
"""Seconds between two checks that the connection with a lock still exists."""
_RUN_LOCKS = 0x72756E
_LEADER_LOCKS = 0x647574
"""The first halves of PostgreSQL's lock numbers for runs and for duties; arbitrary constants."""


class SqlLockRepository:
    """Locks of runs and leaders; see `overheard.interfaces.store.LockRepository`.

    Args:
        database: The database that the processes share.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def run_lock(self, run_id: int) -> AbstractAsyncContextManager[bool]:
        """Return a context manager that locks a run while its block lasts, and yields False,
        without a lock, when another process has locked the run.
        """
        return _run_lock(self._database, run_id)

    def leader_lock(self, duty: str) -> AbstractAsyncContextManager[bool]:
        """Return a context manager that leads a duty while its block lasts, and yields False when
        another process leads the duty.
        """
        return _leader_lock(self._database, duty)


@asynccontextmanager
async def _run_lock(database: Database, run_id: int) -> AsyncIterator[bool]:
    """Lock a run while the block lasts: by a file or on the server, which gets
    `_DEAD_HOLDER_WAIT_S` to notice a dead process. Yield whether this process has the lock.
    """
    if database.is_sqlite:
        with _file_lock(database, f"run-{run_id}", delete_file=True) as acquired:
            yield acquired
    else:
        async with _server_lock(
            database, _RUN_LOCKS, run_id, wait_s=_DEAD_HOLDER_WAIT_S
        ) as acquired:
            yield acquired


@asynccontextmanager
async def _leader_lock(database: Database, duty: str) -> AsyncIterator[bool]:
    """Lock a duty, such as "scheduler", while the block lasts: by a file next to an SQLite store,
    else on the server. Yield whether this process has the lock; another process is not waited for.

    Raises:
        HoldLost: inside the block, when the lock was lost with the server's connection.
        StoreError: when the lock cannot be taken, for a fault of the file or server.
    """
    if database.is_sqlite:
        with _file_lock(database, duty, delete_file=False) as acquired:
            yield acquired
    else:
        # 31 bits, because PostgreSQL's half of a lock number is signed.
        number = int.from_bytes(blake2b(duty.encode(), digest_size=4).digest()) >> 1
        async with _server_lock(database, _LEADER_LOCKS, number, wait_s=0.0) as acquired:
            yield acquired


@contextmanager
def _file_lock(database: Database, what: str, *, delete_file: bool) -> Iterator[bool]:
    """Lock a file next to the store, and yield True while the lock is held. Yield False at once
    when another process holds the lock.

    Args:
        what: The part of the file's name that says what is locked.
        delete_file: Whether the file is deleted at the end of the block, unless an error ends it.

    Raises:
        StoreError: when the file cannot be written, for a reason that `store_error` explains.
        OSError: for any other reason.
    """
    from filelock import FileLock, Timeout

    name = f"{database.url.database}-{what}.lock"
    lock = FileLock(name)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    except OSError as error:
        raise store_error(database.url, error) or error from error
    try:
        yield True
        # A process may still open the old file while another creates a new one; then both have the
        # lock. That does no harm for a run whose block ended without an error: it has ended.
        if delete_file:
            Path(name).unlink(missing_ok=True)
    finally:
        lock.release()


@asynccontextmanager
async def _server_lock(
    database: Database, space: int, number: int, *, wait_s: float
) -> AsyncIterator[bool]:
    """Take an advisory lock of PostgreSQL within ``wait_s`` seconds; yield False when another
    process holds the lock for longer. ``space`` and ``number`` are the two halves of the lock's
    number.
    """
    numbers = {"space": space, "number": number}
    async with database.session() as connection:
        take = text("SELECT pg_try_advisory_lock(:space, :number)")
        deadline = monotonic() + wait_s
        while not await connection.scalar(take, numbers):
            if monotonic() >= deadline:
                yield False
                return
            await asyncio.sleep(_RETRY_S)
        try:
            async with _watch_connection(connection):
                yield True
        finally:
            with suppress(
                SQLAlchemyError, StoreError
            ):  # a lost connection has lost the lock already
                give = text("SELECT pg_advisory_unlock(:space, :number)")
                await connection.execute(give, numbers)


@asynccontextmanager
async def _watch_connection(connection: AsyncConnection) -> AsyncIterator[None]:
    """Query the connection of a lock every `_CHECK_S` seconds while the block lasts, and stop the
    block when the connection is lost, because another process may have the lock then.
    """
    ended, limit = asyncio.Event(), asyncio.timeout(None)

    async def watch() -> None:
        """Query the connection every `_CHECK_S` seconds until the block ends; a failed query ends
        the block.
        """
        while not ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_CHECK_S):
                    await ended.wait()
                    return
            try:
                await connection.execute(text("SELECT 1"))
            except (SQLAlchemyError, StoreError):
                limit.reschedule(asyncio.get_running_loop().time())
                return

    watcher = asyncio.create_task(watch())
    try:
        async with limit:
            yield
    except TimeoutError:
        if limit.expired():
            raise HoldLost from None
        raise
    finally:
        ended.set()
        await asyncio.wait({watcher})
