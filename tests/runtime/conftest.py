"""Queues to test: in this process, and in a PostgreSQL database with workers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.postgres_server import PostgreSQL, postgresql
from overheard.interfaces import Queue, Store
from overheard.runs.tasks import InlineQueue
from overheard.runtime.postgres_queue import PostgresQueue
from overheard.testing.deployment import create_test_store
from overheard_storage import open_store

__all__ = ["postgresql"]


@dataclass
class Office:
    """A queue and its store."""

    queue: Queue
    store: Store


@pytest.fixture(params=["inline", "pgqueuer"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The database of each kind."""
    if request.param == "inline":
        file = tmp_path / "overheard.db"
        create_test_store(file)
        return f"sqlite:///{file}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.ready()


@pytest.fixture
async def office(url: str) -> AsyncIterator[Office]:
    """A queue of each kind."""
    store = await open_store(url)
    if url.startswith("sqlite"):
        yield Office(InlineQueue(), store)
    else:
        queue = PostgresQueue(url, store)
        await queue.install()
        await queue.clear()
        yield Office(queue, store)
    await store.close()
