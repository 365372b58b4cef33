"""The queue of a single process, and the state of a PostgreSQL queue."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from overheard.domain import QueueStatus, Task, TaskKind
from overheard.interfaces import IsWanted, TaskHandler, TaskResult

if TYPE_CHECKING:
    from pgqueuer.queries import Queries


WORKER = "overheard worker"
"""The prefix of the application names of workers' connections; the rest names the process."""
_STATUSES = {"queued": "waiting", "picked": "running", "failed": "held"}


class InlineQueue:
    """Carries tasks out in the process that puts them in, one after another."""

    spread = False

    async def carry(
        self,
        tasks: Sequence[Task],
        do: TaskHandler,
        going: IsWanted | None = None,
    ) -> dict[str, TaskResult]:
        """Carry tasks out; see `overheard.interfaces.Queue`."""
        results: dict[str, TaskResult] = {}
        for task in tasks:
            if going and not await going():
                break
            result = await do(task)
            if result is not None:
                results[task.key] = result
        return results

    async def workers(self) -> int:
        """Return 0: this process does the work itself."""
        return 0

    async def work(
        self,
        do: TaskHandler,  # noqa: ARG002 - there is never anything to do
        kinds: Collection[TaskKind],  # noqa: ARG002
        *,
        at_once: int,  # noqa: ARG002
        seats: Mapping[str, int],  # noqa: ARG002
    ) -> None:
        """Wait until cancelled: no other process can put tasks in."""
        await asyncio.Event().wait()


async def queue_status(url: str) -> QueueStatus:
    """Return the state of the queue.

    A worker that has nothing to do holds no job, so workers are counted by their connections.

    Args:
        url: The database, as ``postgresql://...``.

    Raises:
        Exception: what the driver raises when the database is away, or has no queue.
    """
    connection = await _connect(url)
    try:
        counts: dict[str, Counter[str]] = {name: Counter() for name in _STATUSES.values()}
        queries = _queries(connection)
        for row in await queries.queue_size():
            if name := _STATUSES.get(row.status):
                counts[name][row.entrypoint] += row.count
        oldest = {str(age.entrypoint): age.oldest_age_seconds for age in await queries.queue_age()}
        workers = await connection.fetchval(
            "SELECT count(DISTINCT application_name) FROM pg_stat_activity"
            " WHERE starts_with(application_name, $1) AND datname = current_database()",
            WORKER,
        )
        return QueueStatus(**counts, oldest=oldest, workers=int(workers))
    finally:
        connection.terminate()


async def outdated(url: str) -> bool:
    """Return whether the queue's tables are missing, or not of this version of PGQueuer."""
    connection = await _connect(url)
    try:
        return bool((await _queries(connection).plan_upgrade()).statements)
    finally:
        connection.terminate()


async def _connect(url: str) -> Any:
    import asyncpg

    return await asyncpg.connect(url, timeout=5)


def _queries(connection: Any) -> Queries:
    from pgqueuer.queries import Queries

    return Queries.from_asyncpg_connection(connection)
