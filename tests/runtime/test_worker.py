"""How a worker shares its time between providers and scores."""

import asyncio

import pytest

from kit.postgres_server import PostgreSQL, postgresql
from overheard.domain import TaskKind
from overheard.runtime.worker import Worker
from runtime.test_health_metrics import deployed

__all__ = ["postgresql"]


@pytest.mark.parametrize(
    ("kinds", "flows"),
    [
        (list(TaskKind), ["asking", "scoring"]),
        ([TaskKind.ASK], ["asking"]),
        ([TaskKind.DETECT], ["scoring"]),
    ],
)
async def test_asking_and_scoring_are_taken_from_the_queue_apart(
    postgresql: PostgreSQL, kinds: list[TaskKind], flows: list[str]
) -> None:
    """Answers to be scored take no place from questions."""
    async with deployed(postgresql.ready(), "pgqueuer") as (deployment, _):
        assert list(Worker(deployment, kinds, 8).supervisor.statuses()) == flows


async def test_brands_are_read_once_for_tasks_that_come_together(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And again for the answers of another run, which may be about a new brand."""
    async with deployed(postgresql.ready(), "pgqueuer") as (deployment, _):
        worker, asked, read = (
            Worker(deployment, list(TaskKind), 8),
            0,
            deployment.store.catalogue.current,
        )

        async def counted() -> object:
            nonlocal asked
            asked += 1
            return await read()

        monkeypatch.setattr(deployment.store.catalogue, "current", counted)
        first = await worker._current_deployment(1)
        first.scoring.faults["broken"] += 1
        assert not (await worker._current_deployment(1)).scoring.faults
        assert asked == 1
        await worker._current_deployment(2)
        assert asked == 2
        monkeypatch.setattr("overheard.runtime.worker.CATALOGUE_TTL_S", 0.0)
        await asyncio.sleep(0.001)
        await worker._current_deployment(2)
        assert asked == 3
