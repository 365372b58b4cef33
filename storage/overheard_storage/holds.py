"""A run belongs to one process at a time: two that ask the same questions pay for them twice.
So does a duty, such as watching the clock for all schedules.

What holds them is a lock of the operating system or of PostgreSQL, not a row. Both end with the
process that took them, however it ends, so that a run that was killed can be taken up at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from time import monotonic

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.errors import HoldLost
from overheard_storage.database import Database

_NOTICE = 1.0
"""Seconds that a server has to notice that whoever held a run is dead."""
_AGAIN = 0.05
"""Seconds until it is asked again."""
_LOOKS = 5.0
"""Seconds between two looks whether a lock is still there."""
_RUNS = 0x72756E
_DUTIES = 0x647574
"""The first halves of PostgreSQL's lock numbers for runs and for duties; anything constant."""


@asynccontextmanager
async def holding(database: Database, run_id: int) -> AsyncIterator[bool]:
    """Hold a run while the block lasts; give False when somebody else holds it."""
    if database.is_sqlite:
        with _in_file(f"{database.url.database}-run-{run_id}.lock", passing=True) as mine:
            yield mine
    else:
        async with _in_server(database, _RUNS, run_id, patience=_NOTICE) as mine:
            yield mine


@asynccontextmanager
async def on_duty(database: Database, duty: str) -> AsyncIterator[bool]:
    """Hold a duty while the block lasts; give False when somebody else holds it."""
    if database.is_sqlite:
        with _in_file(f"{database.url.database}-{duty}.lock", passing=False) as mine:
            yield mine
    else:
        number = int.from_bytes(blake2b(duty.encode(), digest_size=4).digest()) >> 1
        async with _in_server(database, _DUTIES, number, patience=0.0) as mine:
            yield mine


@contextmanager
def _in_file(name: str, *, passing: bool) -> Iterator[bool]:
    """Lock a file; one of a passing name is removed behind it."""
    from filelock import FileLock, Timeout

    lock = FileLock(name)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
        # Only behind a run that has ended: one process may still wait at the old file while another
        # makes a new one, and then both hold the run, and neither finds anything left to ask.
        if passing:
            Path(name).unlink(missing_ok=True)
    finally:
        lock.release()


@asynccontextmanager
async def _in_server(
    database: Database, space: int, number: int, *, patience: float
) -> AsyncIterator[bool]:
    numbers = {"space": space, "number": number}
    async with database.session() as connection:
        take = text("SELECT pg_try_advisory_lock(:space, :number)")
        deadline = monotonic() + patience
        while not await connection.scalar(take, numbers):
            if monotonic() >= deadline:
                yield False
                return
            await asyncio.sleep(_AGAIN)
        try:
            async with _kept(connection):
                yield True
        finally:
            with suppress(SQLAlchemyError):  # a lost connection has let go already
                give = text("SELECT pg_advisory_unlock(:space, :number)")
                await connection.execute(give, numbers)


@asynccontextmanager
async def _kept(connection: AsyncConnection) -> AsyncIterator[None]:
    """Stop the block when a lock is lost with its connection: somebody else may have it by then.

    Raises:
        HoldLost: when it was.
    """
    ended, limit = asyncio.Event(), asyncio.timeout(None)

    async def watch() -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOKS):
                    await ended.wait()
                    return
            try:
                await connection.execute(text("SELECT 1"))
            except SQLAlchemyError:
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
