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
MAX_MACHINE_CHARACTERS = 30
"""Characters of the machine's name in the name of a worker's connection."""
MAX_ATTEMPTS = 5
"""How often a task that fails is tried."""
BACKOFF_S = 2.0
"""Seconds until the next attempt, times the number of attempts so far."""
OUTAGE_TIMEOUT_S = 60.0
"""Seconds of an outage of the database after which waiting for tasks fails."""
RECONNECT_DELAY_S = 1.0
"""Seconds until the connection is opened again in an outage."""

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
        """Create the tables of the queue if they are missing, and upgrade them to this version of
        PGQueuer. Errors of the database driver are raised as they are.
        """
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
        """Have tasks carried out by workers, wait for them, and return their results by key.

        When `is_wanted` returns False, the wait ends, and the results so far are returned. The
        connection is opened again after an outage.

        Args:
            tasks: Tasks of one run, at least one.
            do: Not used, because the workers carry the tasks out.
            is_wanted: Whether the run should go on; None for always.

        Raises:
            QueueUnreachable: when the database is away for longer than `OUTAGE_TIMEOUT_S`.
        """
        results: dict[str, TaskResult] = {}
        away_since: float | None = None
        while True:
            try:
                async with self._connected() as queries:
                    away_since = None
                    await self._await_results(queries, tasks, is_wanted, results)
                    return results
            except _unreachable_errors() as error:
                away_since = monotonic() if away_since is None else away_since
                if monotonic() - away_since > OUTAGE_TIMEOUT_S:
                    raise QueueUnreachable(reason=type(error).__name__) from None
                await asyncio.sleep(RECONNECT_DELAY_S)

    async def _await_results(
        self,
        queries: Queries,
        tasks: Sequence[Task],
        is_wanted: IsWanted | None,
        results: dict[str, TaskResult],
    ) -> None:
        """Keep the queue filled until all tasks have a result in the store, or the run is no longer
        wanted.

        The first `MAX_QUEUED` tasks without a result are in the queue at a time. They are put in
        again when they change, and every `REQUEUE_INTERVAL_S`. Errors of the database driver are
        raised as they are.
        """
        run_id, keys = tasks[0].run_id, [task.key for task in tasks]
        queued: list[Task] = []
        queued_at = 0.0
        while True:
            results |= await self._store.runs.results(run_id, keys)
            missing = [task for task in tasks if task.key not in results]
            if not missing or (is_wanted and not await is_wanted()):
                return
            if missing[:MAX_QUEUED] != queued or monotonic() - queued_at > REQUEUE_INTERVAL_S:
                queued, queued_at = missing[:MAX_QUEUED], monotonic()
                await _enqueue(queries, queued)
            await asyncio.sleep(POLL_INTERVAL_S)

    async def workers(self) -> int:
        """Return the number of connected workers; 0 also when the database is away."""
        try:
            return (await queue_status(self._url)).workers
        except _unreachable_errors():
            return 0

    async def work(
        self,
        do: TaskHandler,
        kinds: Collection[TaskKind],
        *,
        at_once: int,
        seats: Mapping[str, int],
    ) -> None:
        """Carry out tasks of other processes until cancelled, and store their results.

        Args:
            do: Carries out a task and returns its result; None if it was not done.
            kinds: The kinds of tasks to take.
            at_once: The largest number of concurrent tasks; 1 counts as 2.
            seats: The largest number of concurrent asking tasks, by provider. Tasks for other
                providers are not taken.

        Raises:
            QueueUnreachable: when the connection ends.
        """
        from pgqueuer import PgQueuer

        # PostgreSQL keeps 63 characters of the whole name.
        machine = gethostname()[:MAX_MACHINE_CHARACTERS]
        async with self._connection(f"{WORKER} {os.getpid()} at {machine}") as connection:
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
        """Carry out the task that a job names, under the task's lock, and store its result."""
        from pgqueuer.errors import RetryRequested

        try:
            fields = json.loads(job.payload or b"{}")
            kind, brands = TaskKind(fields.pop("kind")), tuple(fields.pop("brands"))
            await self._hold_and_do(Task(kind, **fields, brands=brands), job, do, pgq)
        except HoldLost:
            raise RetryRequested(timedelta(seconds=BACKOFF_S)) from None

    async def _hold_and_do(self, task: Task, job: Job, do: TaskHandler, pgq: PgQueuer) -> None:
        """Carry a task out under its lock, store its result, and queue the tasks that follow.

        A task that has a result already, or whose run has ended, is dropped. If `do` returns None,
        nothing is stored. After a result that is a problem, no task follows.
        """
        from pgqueuer.errors import RetryRequested

        async with self._store.locks.leader_lock(f"task {task.key}") as held:
            if not held:  # delivered twice: another worker carries out the task
                raise RetryRequested(timedelta(seconds=BACKOFF_S))
            if await self._store.runs.results(task.run_id, [task.key]):
                return
            if await self._store.runs.state(task.run_id) is not RunState.RUNNING:
                return
            result = await self._do_task(task, job, do)
            if result is None:
                return
            await self._store.runs.keep_result(task, result)
        if pgq.queries and PROBLEM not in result:
            await _enqueue(pgq.queries, following_tasks(task))

    async def _do_task(self, task: Task, job: Job, do: TaskHandler) -> TaskResult | None:
        """Carry a task out and return its result; None when the task was not done.

        After `MAX_ATTEMPTS` failures the result is the problem, under the key `PROBLEM`, and it is
        logged. Of an error that is no `OverheardError`, only the class is given, because its text
        may contain a secret.
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
        """Provide a connection to the queue's database within the block, and drop it afterwards."""
        # Not psycopg, which serves the store: while it listens, a query waits for up to a second.
        import asyncpg

        settings = {"application_name": name}
        connection = await asyncpg.connect(self._url, server_settings=settings)
        try:
            yield connection
        finally:
            # Not closed politely: the server may be away.
            connection.terminate()


def _unreachable_errors() -> tuple[type[Exception], ...]:
    """Return the classes of errors that mean that the database is unreachable."""
    import asyncpg

    server = (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)
    return (*server, asyncpg.InterfaceError, OSError, TimeoutError)


def _entrypoints(kinds: Collection[TaskKind], seats: Mapping[str, int]) -> dict[str, int]:
    """Return the largest number of concurrent jobs, 0 for no limit, of each entrypoint of PGQueuer
    that a worker serves, by the name of the entrypoint.

    Asking has one for each provider ("ask/openai"), scoring one for scorers and one for judges,
    which do one job at a time, detection one.
    """
    names: dict[str, int] = {}
    if TaskKind.ASK in kinds:
        names |= {f"{TaskKind.ASK}/{provider}": count for provider, count in seats.items()}
    if TaskKind.SCORE in kinds:
        names |= {TaskKind.SCORE.value: 0, TaskKind.JUDGE.value: 1}
    if TaskKind.DETECT in kinds:
        names |= {TaskKind.DETECT.value: 0}
    return names


async def _enqueue(queries: RepositoryPort, tasks: Sequence[Task]) -> None:
    """Add a job for each task to the queue, except for tasks that have a job already; no tasks add
    nothing.
    """
    if tasks:
        await queries.enqueue(
            [
                f"{task.kind}/{task.provider}" if task.kind is TaskKind.ASK else task.kind.value
                for task in tasks
            ],
            [json.dumps(asdict(task)).encode() for task in tasks],
            [0] * len(tasks),
            dedupe_key=[task.key for task in tasks],
            on_conflict="skip",
        )
