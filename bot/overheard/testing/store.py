"""A store for tests: a real one, on a copy of an SQLite file whose tables exist already."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from overheard.interfaces import Store

if TYPE_CHECKING:
    from overheard_storage import SqlStore

_TEMPLATE = "template.db"
_numbers = count(1)
_open: dict[Path, SqlStore] = {}
_closed: dict[Path, SqlStore] = {}
"""Stores whose files are gone: they have compiled the statements of earlier tests."""


def open_test_store(copied: Path | None = None) -> Store:
    """Return an SQLite store in a new file, in about 10 ms.

    The file is a copy of a store whose tables are created once for each process.
    `close_test_stores` removes the file, at the latest when the process ends.

    Args:
        copied: File of a closed store that is copied instead; by default the store is empty.
    """
    from overheard_storage import SqlStore  # SQLAlchemy is slow to import, and few tests need it

    if _closed:
        file, closed = _closed.popitem()
        store = closed.reopened()
    else:
        file = Path(_folder().name, f"{next(_numbers)}.db")
        store = SqlStore.at(str(file))
    create_test_store(file, copied)
    _open[file] = store
    return store


def create_test_store(file: Path, copied: Path | None = None) -> None:
    """Write an SQLite store with all its tables to a file, without running the migrations.

    Args:
        file: The file.
        copied: File of a closed store that is copied; by default the store is empty.
    """
    shutil.copyfile(copied or Path(_folder().name, _TEMPLATE), file)
    file.chmod(0o600)


def close_test_stores() -> None:
    """Close all test stores of this process and remove their files; for the end of a test.

    Needs no event loop, and works also when the loop that used the stores is closed.
    """
    if not _open:
        return

    async def close() -> None:
        for store in _open.values():
            await store.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, close()).result()
    for file in _open:
        for database_file in file.parent.glob(f"{file.name}*"):
            database_file.unlink()
    _closed.update(_open)
    _open.clear()


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return the folder of this process's test stores, with the file that is copied."""
    from overheard_storage import migrate

    folder = tempfile.TemporaryDirectory(prefix="overheard-", ignore_cleanup_errors=True)
    with ThreadPoolExecutor(1) as thread:  # the caller's event loop may be running in this one
        thread.submit(asyncio.run, migrate(str(Path(folder.name, _TEMPLATE)))).result()
    return folder
