"""What tests of several rooms share."""

import atexit
import gc
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import LRUCache

from kit.loopback import ChatService
from overheard.runtime.wiring import GC_THRESHOLD_OBJECTS
from overheard.testing.deployment import close_test_stores
from overheard_storage import database

# How long an example takes depends on what else the machine does, and says nothing of the code.
settings.register_profile("overheard", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("overheard")


MEMORY = Path("/dev/shm")  # noqa: S108 - nothing but where folders of a random name are made


def _is_roomy(folder: Path) -> bool:
    """Return whether programs can be kept in a folder, and gigabytes of files."""
    if not os.access(folder, os.W_OK) or os.statvfs(folder).f_flag & os.ST_NOEXEC:
        return False
    return shutil.disk_usage(folder).free > 4 * 2**30


def pytest_configure() -> None:
    """Keep temporary files in memory where there is room: stores wait for a disk about as long as
    they compute. Keep compiled modules, also where the environment asks Python not to: the tests
    start many processes, and each would compile all that it imports, which doubles the time of the
    tests. Collect garbage as rarely as the program does: among all that collection imports and
    makes there is hardly any.
    """
    if "TMPDIR" not in os.environ and _is_roomy(MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    gc.set_threshold(GC_THRESHOLD_OBJECTS, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)  # Python would search all objects for garbage before it ends


def pytest_sessionstart() -> None:
    """Let all SQLite stores of this process share their compiled statements: many tests open
    several, and compiling takes a third of that time. All have the same dialect. Their driver
    changes threads for statements only.
    """
    shared: dict[str, Any] = {"compiled_cache": LRUCache(1_000)}
    patch, dialect = pytest.MonkeyPatch(), SQLiteDialect_aiosqlite
    create = partial(create_async_engine, execution_options=shared)
    patch.setattr(database, "create_async_engine", create)
    patch.setattr(dialect, "__hash__", lambda _: hash(dialect))
    patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
    patch.setattr(aiosqlite.Connection, "_execute", _with_fewer_threads)


_in_thread: Any = aiosqlite.Connection._execute
_NEVER_WAIT = {sqlite3.Connection: {"cursor", "rollback"}, sqlite3.Cursor: {"fetchall", "close"}}
"""What waits for no lock of a file."""


async def _with_fewer_threads(
    self: aiosqlite.Connection, work: Callable[..., Any], *given: Any, **more: Any
) -> Any:
    """Do what never waits at once, unless the connection's thread is at work: four of five changes
    of threads, and a fifth of what tests with a store compute.
    """
    under_way = vars(self).setdefault("under_way", [])
    owner: Any = getattr(work, "__self__", None)
    quick = any(isinstance(owner, of) and work.__name__ in _NEVER_WAIT[of] for of in _NEVER_WAIT)
    if quick and not under_way and self._running:
        return work(*given, **more)

    def do() -> Any:
        try:
            return work(*given, **more)
        finally:
            under_way.pop()

    under_way.append(work)
    return await _in_thread(self, do)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Say how many workers there are: half of the time, tests wait for processes and servers."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that may take longest, so that no worker is left with one at the end."""
    items.sort(key=_patience, reverse=True)


def _patience(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker else 0.0


@pytest.fixture(autouse=True)
def _closed_stores() -> Iterator[None]:
    """Close the stores that a test has opened with `open_test_store`."""
    yield
    close_test_stores()


@pytest.fixture
def service() -> Iterator[ChatService]:
    """A chat service on loopback."""
    running = ChatService()
    yield running
    running.close()
