"""Holds of a PostgreSQL server: what becomes of them when the server goes away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest

from kit.scripted import ScriptedProvider
from overheard.alerts.bursts import PlannedBurst
from overheard.alerts.run_analysis import run_service
from overheard.cards.card import Card
from overheard.config.loader import parse_config
from overheard.deployment import Call, Deployment
from overheard.domain import Model, Panel, Prompt, Question, Reply, Run, RunState
from overheard.errors import HoldLost
from overheard.runs.service import with_run_lock
from overheard.runtime.scheduled_work import run_bursts
from overheard.runtime.wiring import open_deployment
from overheard_storage import open_store

END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


NOW = datetime.now(UTC)
TWO = Panel(
    ("Acme",), (Prompt("Which tool is best?"), Prompt("And which is cheap?")), (Model("svc", "m"),)
)


def _end_connections(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(END_OTHERS)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_work_stops_when_its_hold_is_lost(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may have the lock by then."""
    monkeypatch.setattr("overheard_storage.locks._CHECK_S", 0.05)
    store = await open_store(url)

    async def work() -> None:
        async with store.locks.leader_lock("scheduler") as mine, asyncio.timeout(20):
            assert mine
            _end_connections(url)
            await asyncio.Event().wait()

    with pytest.raises(HoldLost):
        await work()
    async with store.locks.leader_lock("scheduler") as mine:
        assert mine
    await store.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_run_whose_hold_is_lost_is_taken_up_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the process that follows, once the database is back; no command is repeated by hand."""
    monkeypatch.setattr("overheard_storage.locks._CHECK_S", 0.05)
    store = await open_store(url)
    run = await store.runs.start(Run("first", datetime.now(UTC), None))
    begun = 0

    async def work() -> Card:
        nonlocal begun
        begun += 1
        if begun == 1:
            _end_connections(url)
            await asyncio.Event().wait()
        return Card("Done")

    async with asyncio.timeout(20):
        assert (await with_run_lock(store, run, work)).title == "Done"
    assert begun == 2
    await store.close()


class CutOff(ScriptedProvider):
    """A service whose second call is under way when the database's connections are cut."""

    def __init__(self, url: str) -> None:
        super().__init__(concurrency=1)
        self._url = url

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Answer, or wait for ever."""
        if len(self.asked) == 1:
            self.asked.append(question)
            await asyncio.to_thread(_end_connections, self._url)
            await asyncio.Event().wait()
        return await super().ask(question, seed=seed)


@pytest.fixture
async def cut_off(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deployment]:
    """A deployment that loses its database in the middle of its first run."""
    monkeypatch.setattr("overheard_storage.locks._CHECK_S", 0.05)
    config = parse_config(f'[storage]\nurl = "{url}"\n[[brands]]\nname = "Acme"\n')
    async with open_deployment(config) as deployment, asyncio.timeout(20):
        deployment.plugins.providers["svc"] = CutOff(url)
        yield deployment


def _asked(deployment: Deployment) -> list[str]:
    provider = deployment.plugins.providers["svc"]
    assert isinstance(provider, CutOff)
    return [question.prompt.text for question in provider.asked]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_run_that_stands_aside_is_taken_up_again(cut_off: Deployment) -> None:
    """As `ask`, `compare` and `prompts suggest` begin it; what is kept is not asked again."""
    outcome, answers = await run_service(Call(cut_off)).ask_aside(
        Run("aside", NOW, TWO, aside=True)
    )
    assert len(answers) == 2
    assert outcome.state is RunState.COMPLETE
    assert _asked(cut_off) == ["Which tool is best?", *2 * ["And which is cheap?"]]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_burst_is_taken_up_again(cut_off: Deployment) -> None:
    """It ends as it would have."""
    plan = PlannedBurst("burst-1", "feed", ("Acme",), TWO.models[0], NOW, TWO)
    await run_bursts(Call(cut_off), [plan])
    assert (await cut_off.store.runs.find())[0].state is RunState.COMPLETE
    assert len(_asked(cut_off)) == 3


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_hold_ends_with_what_goes_wrong_in_it(url: str) -> None:
    """And the error is that of the work."""
    store = await open_store(url)
    with pytest.raises(ZeroDivisionError):
        async with store.locks.leader_lock("scheduler"):
            raise ZeroDivisionError
    others = await open_store(url)
    async with others.locks.leader_lock("scheduler") as mine:
        assert mine
    await store.close()
    await others.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_server_that_cuts_connections_is_asked_anew(url: str) -> None:
    """Also in the middle of a statement."""
    store = await open_store(url)
    reading = [asyncio.create_task(store.runs.find()) for _ in range(20)]
    for _ in range(5):
        await asyncio.to_thread(_end_connections, url)
        reading += [asyncio.create_task(store.runs.find()) for _ in range(20)]
    assert await asyncio.gather(*reading) == [[]] * len(reading)
    await store.close()
