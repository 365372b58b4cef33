"""The queue of many workers: PGQueuer, in the database of the store.

A job names its task; the task's result is kept in the store. Jobs are delivered at least once: the
jobs of a worker that dies, or seems to, are given to another. So a task is locked while it is
carried out, and a task whose result is kept is not carried out again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from socket import gethostname
from time import monotonic
from typing import TYPE_CHECKING, Any

from overheard.domain import RunState, Task, TaskKind
from overheard.errors import HoldLost, OverheardError
from overheard.interfaces import PROBLEM, IsWanted, Store, TaskHandler, TaskResult
from overheard.runs.tasks import WORKER, following_tasks, queue_status

if TYPE_CHECKING:
    from pgqueuer import PgQueuer
    from pgqueuer.models import Job
    from pgqueuer.ports import RepositoryPort
    from pgqueuer.queries import Queries

POLL_INTERVAL_S = 0.3
"""Seconds between two queries for results."""
REQUEUE_INTERVAL_S = 5.0
"""Seconds after which tasks without a result are put in again, in case their jobs are lost; a task
that still waits, or is being carried out, is not put in twice."""
MAX_QUEUED = 16
"""Tasks of a run that are in the queue at a time, so that a later run need not wait for all of an
earlier one."""
HEARTBEAT_TIMEOUT_S = 10.0
"""Seconds of silence after which a worker counts as dead, and its jobs are given to others."""
DEQUEUE_TIMEOUT_S = 5.0
"""Seconds after which an idle worker polls for jobs of which it was not notified."""
MAX_ATTEMPTS = 5
"""How often a task that fails is tried."""
BACKOFF_S = 2.0
"""Seconds until the next attempt, times the number of attempts so far."""
OUTAGE_TIMEOUT_S = 60.0
"""Seconds of an outage of the database after which waiting for tasks fails."""

log = logging.getLogger("overheard")


class QueueUnreachable(OverheardError):
    """The queue's database does not answer."""

    message = (
        "The queue in the database of [storage] url cannot be reached ({reason}); see whether"
        " the server runs, then try again."
    )

    reason: str


class PostgresQueue:
    """A queue whose tasks are carried out by the processes that run `overheard worker`.

    Args:
        url: The database, as ``postgresql://...``.
        store: The store of the results.
    """

    spread = True

    def __init__(self, url: str, store: Store) -> None:
        self._url = url
        self._store = store

    async def install(self) -> None:
        """Create the tables of the queue, or upgrade them to this version of PGQueuer."""
        async with self._connected() as queries:
            async with queries.schema_lock():
                if not await queries.schema_is_installed():
                    await queries.install()
            await queries.apply_upgrade()

    async def clear(self) -> None:
        """Delete all jobs of the queue."""
        async with self._connected() as queries:
            await queries.clear_queue()

    async def carry(
        self,
        tasks: Sequence[Task],
        do: TaskHandler,  # noqa: ARG002 - workers do
        is_wanted: IsWanted | None = None,
    ) -> dict[str, TaskResult]:
        """Have tasks carried out by workers, and return their results by key; see
        `overheard.interfaces.Queue`.

        Raises:
            QueueUnreachable: when the database is away for longer than `OUTAGE_TIMEOUT_S`.
        """
        done: dict[str, TaskResult] = {}
        reached_at = monotonic()
        while True:
            try:
                async with self._connected() as queries:
                    await self._await_results(queries, tasks, is_wanted, done)
                    return done
            except _away() as error:
                if monotonic() - reached_at > OUTAGE_TIMEOUT_S:
                    raise QueueUnreachable(reason=type(error).__name__) from None
                await asyncio.sleep(1.0)
            else:
                reached_at = monotonic()

    async def _await_results(
        self,
        queries: Queries,
        tasks: Sequence[Task],
        is_wanted: IsWanted | None,
        done: dict[str, TaskResult],
    ) -> None:
        """Keep the queue filled until all tasks have a result, or the run is stopped.

        Args:
            queries: The queue.
            tasks: The tasks of one run; at least one.
            is_wanted: Whether work should continue.
            done: Receives the results, by the tasks' keys.
        """
        ahead: list[Task] = []
        put_at = 0.0
        while True:
            done |= await self._store.runs.results(tasks[0].run_id, [task.key for task in tasks])
            missing = [task for task in tasks if task.key not in done]
            if not missing or (is_wanted and not await is_wanted()):
                return
            if missing[:MAX_QUEUED] != ahead or monotonic() - put_at > REQUEUE_INTERVAL_S:
                ahead, put_at = missing[:MAX_QUEUED], monotonic()
                await _enqueue(queries, ahead)
            await asyncio.sleep(POLL_INTERVAL_S)

    async def workers(self) -> int:
        """Return the number of connected workers; 0 also when the database is away."""
        try:
            return (await queue_status(self._url)).workers
        except _away():
            return 0

    async def work(
        self,
        do: TaskHandler,
        kinds: Collection[TaskKind],
        *,
        at_once: int,
        seats: Mapping[str, int],
    ) -> None:
        """Carry out tasks of other processes until cancelled; see `overheard.interfaces.Queue`.

        Raises:
            QueueUnreachable: when the connection ends.
        """
        from pgqueuer import PgQueuer

        # The machine's name is cut: PostgreSQL keeps 63 characters.
        name = f"{WORKER} {os.getpid()} at {gethostname()[:30]}"
        async with self._connection(name) as connection:
            pgq = PgQueuer.from_asyncpg_connection(connection)

            async def carry_out(job: Job) -> None:
                await self._carry_out(job, do, pgq)

            for name, limit in _entrypoints(kinds, seats).items():
                pgq.entrypoint(name, concurrency_limit=limit, on_failure="hold")(carry_out)
            await pgq.run(
                batch_size=1,  # a larger batch would leave no jobs for other workers
                max_concurrent_tasks=max(2, at_once),  # PGQueuer refuses 1
                dequeue_timeout=timedelta(seconds=DEQUEUE_TIMEOUT_S),
                heartbeat_timeout=timedelta(seconds=HEARTBEAT_TIMEOUT_S),
                shutdown_on_listener_failure=True,
            )
        raise QueueUnreachable(reason="its connection ended")

    async def _carry_out(self, job: Job, do: TaskHandler, pgq: PgQueuer) -> None:
        """Carry out the task of a job, see `_hold_and_do`.

        Raises:
            RetryRequested: when the task is tried again later, also when its lock was lost.
        """
        from pgqueuer.errors import RetryRequested

        try:
            await self._hold_and_do(_task(job.payload), job, do, pgq)
        except HoldLost:
            raise RetryRequested(timedelta(seconds=BACKOFF_S)) from None

    async def _hold_and_do(self, task: Task, job: Job, do: TaskHandler, pgq: PgQueuer) -> None:
        """Carry a task out under its lock, store its result, and queue the tasks that follow.

        A task of a run that has ended is dropped.

        Raises:
            RetryRequested: when another worker carries the task out, or the task failed.
        """
        from pgqueuer.errors import RetryRequested

        async with self._store.locks.leader_lock(f"task {task.key}") as held:
            if not held:  # delivered twice: another worker carries out the task
                raise RetryRequested(timedelta(seconds=BACKOFF_S))
            if not await self._is_wanted(task):
                return
            result = await self._do_task(task, job, do)
            if result is None:
                return
            await self._store.runs.keep_result(task, result)
        if pgq.queries and PROBLEM not in result:
            await _enqueue(pgq.queries, following_tasks(task))

    async def _is_wanted(self, task: Task) -> bool:
        if await self._store.runs.results(task.run_id, [task.key]):
            return False
        return await self._store.runs.state(task.run_id) is RunState.RUNNING

    async def _do_task(self, task: Task, job: Job, do: TaskHandler) -> TaskResult | None:
        """Carry a task out and return its result; None when the task was not done.

        After `MAX_ATTEMPTS` failures the result is the problem. For an unknown error only its class
        is stored: its text may hold a secret.

        Raises:
            RetryRequested: when the task failed, and is tried again later.
        """
        from pgqueuer.errors import RetryRequested

        try:
            return await do(task)
        except OverheardError as error:
            problem = str(error)
        except Exception as error:
            problem = f"{task.kind.value} failed: {type(error).__name__}."
        if job.attempts + 1 < MAX_ATTEMPTS:
            raise RetryRequested(timedelta(seconds=BACKOFF_S * (job.attempts + 1))) from None
        log.warning("Task %s: %s", task.key, problem)
        return {PROBLEM: problem}

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Queries]:
        from pgqueuer.queries import Queries

        async with self._connection() as connection:
            yield Queries.from_asyncpg_connection(connection)

    @asynccontextmanager
    async def _connection(self, name: str = "overheard") -> AsyncIterator[Any]:
        """Open a connection to the queue's database, and drop the connection after the block."""
        # Not psycopg, which serves the store: while it listens, a query waits for up to a second.
        import asyncpg

        settings = {"application_name": name}
        connection = await asyncpg.connect(self._url, server_settings=settings)
        try:
            yield connection
        finally:
            # Not closed politely: the server may be away.
            connection.terminate()


def _away() -> tuple[type[Exception], ...]:
    """Return the classes of errors that mean that the database is unreachable."""
    import asyncpg

    server = (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)
    return (*server, asyncpg.InterfaceError, OSError, TimeoutError)


def _entrypoints(kinds: Collection[TaskKind], seats: Mapping[str, int]) -> dict[str, int]:
    """Return the limit of concurrent jobs (0: no limit) of each entrypoint of PGQueuer that a
    worker serves.

    Args:
        kinds: The kinds of tasks that the worker takes.
        seats: By provider, the largest number of concurrent asking tasks.
    """
    names: dict[str, int] = {}
    if TaskKind.ASK in kinds:
        names |= {f"{TaskKind.ASK}/{provider}": count for provider, count in seats.items()}
    if TaskKind.SCORE in kinds:
        names |= {TaskKind.SCORE.value: 0, TaskKind.JUDGE.value: 1}
    if TaskKind.DETECT in kinds:
        names |= {TaskKind.DETECT.value: 0}
    return names


def _entrypoint(task: Task) -> str:
    return f"{task.kind}/{task.provider}" if task.kind is TaskKind.ASK else task.kind.value


async def _enqueue(queries: RepositoryPort, tasks: Sequence[Task]) -> None:
    """Add a job for each task to the queue, except for tasks that have a job already."""
    if tasks:
        await queries.enqueue(
            [_entrypoint(task) for task in tasks],
            [json.dumps(asdict(task)).encode() for task in tasks],
            [0] * len(tasks),
            dedupe_key=[task.key for task in tasks],
            on_conflict="skip",
        )


def _task(payload: bytes | None) -> Task:
    fields = json.loads(payload or b"{}")
    kind, brands = TaskKind(fields.pop("kind")), tuple(fields.pop("brands"))
    return Task(kind, **fields, brands=brands)
