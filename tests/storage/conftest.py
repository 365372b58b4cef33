"""Stores to test: an SQLite file and a PostgreSQL database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kit.postgres_server import PostgreSQL, postgresql
from overheard.interfaces import Store
from overheard.testing.deployment import create_test_store, open_test_store
from overheard_storage import SqlStore

__all__ = ["postgresql"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store in a database of each kind."""
    return _url(request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of each kind that has no tables."""
    return _url(request, tmp_path, bare=True)


_closed: list[SqlStore] = []
"""The store on PostgreSQL of the last test: it has compiled the statements of earlier tests."""


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An empty store of each kind."""
    if url.startswith("sqlite"):
        here = open_test_store()
        yield here
        await here.close()
        return
    opened = _closed.pop().reopened() if _closed else SqlStore.at(url)
    yield opened
    await opened.close()
    _closed.append(opened)


def _url(request: pytest.FixtureRequest, folder: Path, *, bare: bool = False) -> str:
    if request.param == "sqlite":
        file = folder / "overheard.db"
        if not bare:
            create_test_store(file)
        return f"sqlite:///{file}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.bare() if bare else server.ready()
