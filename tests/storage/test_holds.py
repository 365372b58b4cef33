"""Holds of a PostgreSQL server: what becomes of them when the server goes away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest

from overheard.cards.card import Card
from overheard.commands.carry import held
from overheard.domain import Run
from overheard.errors import HoldLost
from overheard_storage import open_store

END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def _end_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(END_OTHERS)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_work_stops_when_its_hold_is_lost(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else may have it by then."""
    monkeypatch.setattr("overheard_storage.holds._LOOKS", 0.05)
    store = await open_store(url)

    async def work() -> None:
        async with store.on_duty("scheduler") as mine, asyncio.timeout(20):
            assert mine
            _end_connections(url)
            await asyncio.Event().wait()

    with pytest.raises(HoldLost):
        await work()
    async with store.on_duty("scheduler") as mine:
        assert mine
    await store.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_run_whose_hold_is_lost_is_taken_up_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whoever followed it, once the database is back; nobody need repeat a command."""
    monkeypatch.setattr("overheard_storage.holds._LOOKS", 0.05)
    store = await open_store(url)
    run = await store.start_run(Run("first", datetime.now(UTC), None))
    begun = 0

    async def work() -> Card:
        nonlocal begun
        begun += 1
        if begun == 1:
            _end_connections(url)
            await asyncio.Event().wait()
        return Card("Done")

    async with asyncio.timeout(20):
        assert (await held(store, run, work)).title == "Done"
    assert begun == 2
    await store.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_hold_ends_with_what_goes_wrong_in_it(url: str) -> None:
    """And the error is that of the work."""
    store = await open_store(url)
    with pytest.raises(ZeroDivisionError):
        async with store.on_duty("scheduler"):
            raise ZeroDivisionError
    others = await open_store(url)
    async with others.on_duty("scheduler") as mine:
        assert mine
    await store.close()
    await others.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_server_that_cuts_connections_is_asked_anew(url: str) -> None:
    """Also in the middle of a statement."""
    store = await open_store(url)
    reading = [asyncio.create_task(store.runs()) for _ in range(20)]
    for _ in range(5):
        await asyncio.to_thread(_end_connections, url)
        reading += [asyncio.create_task(store.runs()) for _ in range(20)]
    assert await asyncio.gather(*reading) == [[]] * len(reading)
    await store.close()
