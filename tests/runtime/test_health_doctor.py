"""What `overheard doctor` says of a queue that many workers share."""

import asyncio

import psycopg
import pytest

from kit.postgres_server import PostgreSQL, postgresql
from overheard.commands.examinations import queue_findings
from overheard.config.loader import parse_config
from overheard.config.sections import Config
from overheard.domain import TaskKind
from overheard.interfaces import Finding
from overheard.runtime.postgres_queue import PostgresQueue
from overheard.runtime.wiring import open_deployment
from overheard.runtime.worker import Worker
from overheard.testing.deployment import open_test_store

__all__ = ["postgresql"]


@pytest.fixture
async def config(postgresql: PostgreSQL) -> Config:
    """A deployment with an empty queue."""
    url = postgresql.ready()
    queue = PostgresQueue(url, open_test_store())
    await queue.install()
    await queue.clear()
    return _config(url)


def _config(url: str) -> Config:
    return parse_config(f'[storage]\nurl = "{url}"\n[queue]\nengine = "pgqueuer"\n[health]\nport=0')


async def found(config: Config) -> list[Finding]:
    """Return all that is found."""
    return [finding async for finding in queue_findings(config)]


def put(config: Config, status: str, age: str) -> None:
    """Put a job in, behind the queue's back, that has been there for some time."""
    with psycopg.connect(config.storage.url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO pgqueuer (priority, status, entrypoint, created)"
            " VALUES (0, %s::pgqueuer_status, 'ask/openai', now() - %s::interval)",
            (status, age),
        )


async def test_where_a_process_works_by_itself_there_is_no_queue() -> None:
    """Nothing is looked at."""
    assert await found(Config()) == []


async def test_that_nobody_works_is_said_with_the_remedy(config: Config) -> None:
    """And how much waits for it."""
    (nobody,) = await found(config)
    assert nobody.problem == "no worker is connected"
    put(config, "queued", "1 second")
    assert await found(config) == [
        Finding(
            "queue", "no worker is connected, and 1 job waits", "start one with: overheard worker"
        )
    ]


async def test_a_worker_that_has_nothing_to_do_is_seen(config: Config) -> None:
    """It need not hold a job."""
    async with open_deployment(config) as deployment:
        task = asyncio.create_task(Worker(deployment, list(TaskKind), 2).run())
        async with asyncio.timeout(20):
            while True:
                if await found(config) == [Finding("queue (1 worker)")]:
                    break
                await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait({task})


async def test_a_job_that_waits_for_long_is_told(config: Config) -> None:
    """With whose work it is."""
    put(config, "queued", "4 minutes")
    assert len(await found(config)) == 1
    put(config, "queued", "12 minutes")
    waits = (await found(config))[1]
    assert waits.problem == "a job of ask/openai has waited for 12 minutes; 2 jobs wait"
    assert waits.remedy == "start more workers, or let more calls through in [limits.openai]"


async def test_jobs_that_failed_for_good_are_told(config: Config) -> None:
    """They are kept until an admin checks them."""
    put(config, "failed", "1 day")
    held = (await found(config))[1]
    assert held.problem == "1 job failed for good (ask/openai)"
    assert "pgq requeue" in held.remedy


async def test_tables_that_are_missing_are_told(postgresql: PostgreSQL) -> None:
    """As are those of another version."""
    (finding,) = await found(_config(postgresql.bare()))
    assert "tables are missing" in finding.problem


async def test_a_server_that_is_away_is_told_without_the_login() -> None:
    """By the kind of error alone."""
    (finding,) = await found(_config("postgresql://me:hunter2@127.0.0.1:9/db"))
    assert finding.problem == "it cannot be reached (ConnectionRefusedError)"
    assert "hunter2" not in str(finding)
