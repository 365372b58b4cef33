"""Interruptions of runs: cancelled or paused while under way, and resumed after a crash.

SIGTERM and Ctrl-C arrive in ``runtime/supervisor.py``, and for a command of the terminal in
``chat/terminal/execution.py``; a run is then cancelled like any other task.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from overheard.domain import DeliveryKind, Run, RunState, deliveries_to
from overheard.errors import OverheardError, RunEnded, RunUnderWay
from overheard.interfaces import Clock, Store
from overheard.runs.plan import is_fresh

STATE_CHECK_INTERVAL_S = 0.5
"""Seconds between two reads of the run's state in the store."""
CHECK_INTERVAL_S = 5.0
"""Seconds between two searches for abandoned runs."""
MIN_AGE = timedelta(seconds=10)
"""The process that began a younger run may not have locked it yet."""
log = logging.getLogger("overheard")


class RunCancellation:
    """Stops a run whose state in the store is no longer RUNNING: calls under way end, no others
    begin.

    Attributes:
        stopped: The state to which the run was stopped, or None.
    """

    def __init__(self, store: Store, run_id: int) -> None:
        self.stopped: RunState | None = None
        self._store = store
        self._run_id = run_id
        self._waiting: set[asyncio.Task[object]] = set()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch the run's state in the store, in a background task, while the block lasts.

        When the state is no longer RUNNING, `stopped` is set, and the tasks within `waiting` are
        cancelled.
        """
        watcher = asyncio.create_task(self._watch_state())
        try:
            yield
        finally:
            watcher.cancel()
            await asyncio.wait({watcher})

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Mark the current task as only waiting while the block lasts: such a task is cancelled
        when the run is stopped.

        Raises:
            CancelledError: when the run is stopped already.
            RuntimeError: outside a task.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
        if self.stopped:
            raise asyncio.CancelledError
        self._waiting.add(task)
        try:
            yield
        finally:
            self._waiting.discard(task)

    async def _watch_state(self) -> None:
        """Read the run's state every `STATE_CHECK_INTERVAL_S` until it is no longer RUNNING; then
        set `stopped` to the state, cancel the tasks that only wait, and return.
        """
        while self.stopped is None:
            await asyncio.sleep(STATE_CHECK_INTERVAL_S)
            state = await self._store.runs.state(self._run_id)
            if state is not RunState.RUNNING:
                self.stopped = state
        for task in list(self._waiting):
            task.cancel()


@dataclass(eq=False)
class RunResumer:
    """Resumes abandoned runs: unfinished runs whose processes have ended.

    Attributes:
        resume: Carries a run out.
        chats: Names of platforms; the result of a run that began in a chat is posted there.
        planner: The prefix of `Run.asked_by` for runs of schedules, which resume their own runs.
    """

    store: Store
    clock: Clock
    resume: Callable[[Run], Awaitable[object]]
    chats: Collection[str]
    planner: str
    _skipped: set[int] = field(default_factory=set, init=False)
    """Runs that this process has resumed, with or without success."""

    async def run(self) -> None:
        """Search for abandoned runs until cancelled, and resume each in a task of its own.

        At the start all of them are resumed. Later, every `CHECK_INTERVAL_S`, only runs of a chat
        that are at least `MIN_AGE` old are resumed: a person may have stopped a run of a terminal
        on purpose.
        """
        async with asyncio.TaskGroup() as group:
            for run in await self._abandoned_runs():
                group.create_task(self._resume_run(run))
            while True:
                await asyncio.sleep(CHECK_INTERVAL_S)
                old = self.clock.now() - MIN_AGE
                for run in await self._abandoned_runs():
                    if self._is_of_a_chat(run) and run.started_at <= old:
                        group.create_task(self._resume_run(run))

    async def _abandoned_runs(self) -> list[Run]:
        """Return the runs in the state RUNNING whose processes may have ended.

        Left out are imported runs, runs outside the history, runs of schedules, and runs that this
        process has tried before. A run that began `RESUMABLE_FOR` ago or earlier is left out too,
        unless it waits for a batch. Another process may still have locked some of the returned
        runs.
        """
        now = self.clock.now()
        with_batch = {batch.run_id for batch in await self.store.batches.unfinished()}
        return [
            run
            for run in await self.store.runs.find(state=RunState.RUNNING, aside=False)
            if run.panel
            and run.id not in self._skipped
            and (is_fresh(run, now) or run.id in with_batch)
            and not run.asked_by.startswith(self.planner)
        ]

    async def _resume_run(self, run: Run) -> None:
        """Resume a run unless another process or command has locked it.

        A run of a chat gets a delivery of its result, stored before the run is resumed. A run that
        is locked is tried again by a later search. Nothing happens if the run has ended; any other
        error of Overheard is logged as a warning, and the run is not tried again.
        """
        self._skipped.add(run.id)
        try:
            if not await is_held(self.store, run):
                if self._is_of_a_chat(run):
                    key, now = f"result-{run.key}", self.clock.now()
                    told = deliveries_to([run.channel], DeliveryKind.RESULT, key, now, run.key)
                    await self.store.deliveries.add(told)
                await self.resume(run)
                return
            self._skipped.discard(run.id)  # that process may still die
        except RunUnderWay:  # the command was repeated in the meantime
            self._skipped.discard(run.id)
        except RunEnded:
            return
        except OverheardError as error:
            log.warning(
                "Run %s was interrupted and is not resumed; its answers are kept. %s",
                run.key,
                error,
            )

    def _is_of_a_chat(self, run: Run) -> bool:
        return run.channel.partition(":")[0] in self.chats


async def is_held(store: Store, run: Run) -> bool:
    """Return whether a process has locked a run in order to carry it out."""
    async with store.locks.run_lock(run.id) as is_locked:
        return not is_locked
