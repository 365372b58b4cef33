"""A run belongs to one process at a time: two that ask the same questions pay for them twice.

What holds a run is a lock of the operating system or of PostgreSQL, not a row. Both end with the
process that took them, however it ends, so that a run that was killed can be taken up at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import text

from overheard_storage.database import Database

_SPACE = 0x72756E
"""The first half of PostgreSQL's lock numbers for runs; anything constant."""


@asynccontextmanager
async def holding(database: Database, run_id: int) -> AsyncIterator[bool]:
    """Hold a run while the block lasts; give False when somebody else holds it."""
    if database.is_sqlite:
        with _in_file(f"{database.url.database}-run-{run_id}.lock") as mine:
            yield mine
    else:
        async with _in_server(database, run_id) as mine:
            yield mine


@contextmanager
def _in_file(name: str) -> Iterator[bool]:
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
        Path(name).unlink(missing_ok=True)
    finally:
        lock.release()


@asynccontextmanager
async def _in_server(database: Database, run_id: int) -> AsyncIterator[bool]:
    numbers = {"space": _SPACE, "run": run_id}
    async with database.session() as connection:
        take = text("SELECT pg_try_advisory_lock(:space, :run)")
        mine = bool(await connection.scalar(take, numbers))
        try:
            yield mine
        finally:
            if mine:
                await connection.execute(text("SELECT pg_advisory_unlock(:space, :run)"), numbers)
