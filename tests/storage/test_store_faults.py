"""Tests of what a store says when its database fails under it, with real failing files."""

import asyncio
import gc
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from overheard.domain import Prompt
from overheard.errors import StoreError
from overheard.interfaces import Store
from overheard_storage import open_store
from overheard_storage.database import uninterrupted


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a store."""
    return tmp_path / "overheard.db"


@pytest.fixture
async def store(file: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    """A store with some brands, whose writers wait for nobody."""
    monkeypatch.setattr("overheard_storage.database._PRAGMAS", ("PRAGMA busy_timeout = 1",))
    store: Store = await open_store(str(file))
    await write(store, 40)
    yield store
    await store.close()


async def write(store: Store, count: int) -> None:
    """Add long prompts."""
    await store.catalogue.add_prompts([Prompt(f"Acme {n} {'x' * 900}") for n in range(count)])


async def read(file: Path) -> None:
    """Read what a store holds."""
    store: Store = await open_store(str(file))
    try:
        await store.catalogue.current()
    finally:
        await store.close()


def damage(file: Path) -> None:
    """Overwrite all pages but the first, which has the tables' definitions."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xff" * (file.stat().st_size - 4096))


def damage_schema(file: Path) -> None:
    """Let the name of an index be no text, which SQLite quotes in its message."""
    file.write_bytes(
        file.read_bytes().replace(b"sqlite_autoindex_runs_", b"sqlite_autoindex_run\xd6_")
    )


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (damage_schema, "the file is damaged; move it away and restore a backup"),
        (damage, "the file is damaged; move it away and restore a backup"),
        (lambda file: file.write_bytes(b"notes " * 999), "the file is not an SQLite database; "),
    ],
    ids=["damaged schema", "damaged", "no database"],
)
async def test_a_harmed_file_has_its_own_sentence(
    file: Path, harm: Callable[[Path], None], sentence: str, store: Store
) -> None:
    """For readers and writers, with the file's name and no word of a driver."""
    await store.close()
    harm(file)
    with pytest.raises(StoreError) as caught:
        await read(file)

    assert sentence in str(caught.value)
    assert str(file) in str(caught.value)


async def test_a_full_disk_has_its_own_sentence(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was stored is kept."""
    await store.close()
    limit = ("PRAGMA max_page_count = 100",)
    monkeypatch.setattr("overheard_storage.database._PRAGMAS", limit)
    again: Store = await open_store(str(file))
    try:
        with pytest.raises(StoreError, match=r"the disk is full; make room and run the same"):
            await again.catalogue.add_prompts([Prompt(f"{n} {'y' * 900}") for n in range(400)])
        assert len((await again.catalogue.current()).prompts) == 40
    finally:
        await again.close()


async def test_a_locked_file_has_its_own_sentence(store: Store, file: Path) -> None:
    """Once the other process lets it go, all is well."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"another process is writing to it for too long; end"):
            await write(store, 41)
    await write(store, 41)


async def test_a_read_only_folder_has_its_own_sentence(store: Store, file: Path) -> None:
    """The file of a newer SQLite may not be written to either."""
    await store.close()
    with file.open("r+b") as opened:
        opened.seek(18)
        opened.write(b"\x03")
    with pytest.raises(StoreError, match=r"it may not be written to; let this user write"):
        await write(await open_store(str(file)), 41)


async def test_work_is_completed_however_often_its_caller_is_cancelled() -> None:
    """Else it outlives the store, and the driver's thread answers an event loop that is closed."""
    done = []

    @uninterrupted
    async def work() -> None:
        """Write."""
        await asyncio.sleep(0.1)
        done.append("written")

    task = asyncio.create_task(work())
    for _ in range(3):
        await asyncio.sleep(0.01)
        task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["written"]


async def test_a_fault_of_cancelled_work_is_not_printed(caplog: pytest.LogCaptureFixture) -> None:
    """The caller is cancelled while the work fails, as when another task meets a full disk."""
    begun = asyncio.Event()

    @uninterrupted
    async def work() -> None:
        begun.set()
        await asyncio.sleep(0.01)
        raise StoreError(url="x", reason="the disk is full", remedy="make room")

    task = asyncio.ensure_future(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task
    gc.collect()
    await asyncio.sleep(0)
    assert "never retrieved" not in caplog.text
