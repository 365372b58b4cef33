"""A brake: a run that somebody pauses or cancels, in whatever process, stops within a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from overheard.domain import RunState
from overheard.interfaces import Store

LOOKS = 0.5
"""Seconds between two looks at what the store says of the run."""


class RunCancellation:
    """Lets calls that are under way come to their end, and begins no others.

    Args:
        store: Says whether the run is to go on.
        run_id: The run.

    Attributes:
        stopped: As what the run was stopped, or None.
    """

    def __init__(self, store: Store, run_id: int) -> None:
        self.stopped: RunState | None = None
        self._store = store
        self._run_id = run_id
        self._patient: set[asyncio.Task[object]] = set()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch the run while the block lasts."""
        watcher = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watcher.cancel()
            await asyncio.wait({watcher})

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Say that the current task only waits: it is cancelled when the run is stopped."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
        if self.stopped:
            raise asyncio.CancelledError
        self._patient.add(task)
        try:
            yield
        finally:
            self._patient.discard(task)

    async def _watch(self) -> None:
        while self.stopped is None:
            await asyncio.sleep(LOOKS)
            state = await self._store.runs.state(self._run_id)
            if state is not RunState.RUNNING:
                self.stopped = state
        for task in list(self._patient):
            task.cancel()
