"""What runs by itself: each slot of a schedule once, however often this process is started.

One rule does it: of the slots since the last one that was begun, the latest is due. So a machine
that slept, a process that was down and a schedule that was edited need no case of their own, and
ten missed runs are made up for by one. See `overheard.domain.ScheduleState`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from overheard.errors import OverheardError
from overheard.interfaces import Clock, Store

DUTY = "scheduler"
TICK = 2.0
"""Seconds between two looks at the clock."""
TAKE_OVER = 5.0
"""Seconds between two tries to take the duty over from another process."""


class Times(Protocol):
    """When something is due. `Cron` is one; whatever plans ahead can be another."""

    def latest(self, since: datetime, until: datetime) -> datetime | None:
        """Return the last time after one moment and not after another, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done when it is due.

    Attributes:
        name: Unique; its state is kept under it.
        times: When it is due.
        run: Does it, for one slot.
    """

    name: str
    times: Times
    run: Callable[[datetime], Awaitable[object]]


Jobs = Callable[[], Awaitable[Sequence[Job]]]
"""Returns the jobs there are at the moment."""


class Scheduler:
    """Watches the clock for all jobs of a store, in one process at a time.

    Args:
        store: Keeps what has been done.
        jobs: What there is to do.
        clock: What time it is.
        begin: Done once when this process takes the duty over; it starts what takes long in the
            group that it is given.
    """

    def __init__(
        self,
        store: Store,
        jobs: Jobs,
        clock: Clock,
        begin: Callable[[asyncio.TaskGroup], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._clock = clock
        self._begin = begin
        self._busy: set[str] = set()

    async def run(self) -> None:
        """Watch until cancelled; wait for the duty as long as another process has it."""
        while True:
            async with self._store.on_duty(DUTY) as mine:
                if mine:
                    await self._watch()
            await asyncio.sleep(TAKE_OVER)

    async def tick(self, group: asyncio.TaskGroup) -> list[str]:
        """Begin what is due, and return the names."""
        now = self._clock.now()
        begun = []
        for job in await self._jobs():
            if job.name not in self._busy and (slot := await self._due(job, now)):
                self._busy.add(job.name)
                group.create_task(self._do(job, slot))
                begun.append(job.name)
        return begun

    async def _watch(self) -> None:
        async with asyncio.TaskGroup() as group:
            if self._begin:
                await self._begin(group)
            while True:
                await self.tick(group)
                await asyncio.sleep(TICK)

    async def _due(self, job: Job, now: datetime) -> datetime | None:
        """Take the slot that is due, or return None."""
        state = await self._store.schedule_state(job.name, now)
        if state.paused:
            return None
        if state.begun > state.done:  # it was cut off, since nobody else is on duty
            return state.begun
        slot = job.times.latest(state.begun, now)
        return slot if slot and await self._store.begin_slot(job.name, slot) else None

    async def _do(self, job: Job, slot: datetime) -> None:
        problem = ""
        try:
            await job.run(slot)
        except OverheardError as error:
            problem = str(error)
        except Exception as error:  # its text may hold a secret
            problem = f"It fails: {type(error).__name__}."
        finally:
            self._busy.discard(job.name)
        # Not when it is cancelled: then the slot is taken up again.
        await self._store.finish_slot(job.name, slot, problem)
