"""The scheduler: each slot of a schedule is begun once, by the process that is the leader.

APScheduler drives the clock, with one job for each schedule: jobs are added, edited and removed as
the store changes. What is due is decided by one rule, applied at each slot, at the start and after
each change: of the slots since the last one that was begun, the latest is due. So a restart, a
machine that slept, a resumed and an edited schedule need no case of their own, and ten missed slots
are caught up by one. See `overheard.domain.ScheduleState`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from apscheduler.triggers.base import BaseTrigger

from overheard.errors import OverheardError
from overheard.interfaces import Clock, Store

LOCK = "scheduler"
"""The leader's lock in the store."""
LOCK_RETRY_S = 5.0
SYNC_INTERVAL_S = 2.0
"""Seconds between two comparisons of APScheduler's jobs with the store's schedules; also the delay
after which the clock of a machine that slept is read again."""


class Times(Protocol):
    """The slots of a job, such as a `Cron`; objects that compare equal have the same slots."""

    def after(self, moment: datetime) -> datetime | None:
        """Return the first slot after a moment, or None."""
        ...

    def latest(self, since: datetime, until: datetime) -> datetime | None:
        """Return the last slot after `since` and not after `until`, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done at each of its slots.

    Attributes:
        name: Unique; the store keeps the job's state under this name.
        times: The slots.
        run: Does the work for one slot.
    """

    name: str
    times: Times
    run: Callable[[datetime], Awaitable[object]]


Jobs = Callable[[], Awaitable[Sequence[Job]]]
"""Returns the jobs that there are at the moment."""


class Scheduler:
    """Runs the jobs of a store, in one process at a time.

    Args:
        store: Keeps the state of the jobs.
        jobs: Returns the jobs.
        clock: Gives the time that the rule compares slots with.
        begin: Called once when this process becomes the leader, with a group for long work.
    """

    def __init__(
        self,
        store: Store,
        jobs: Jobs,
        clock: Clock,
        begin: Callable[[asyncio.TaskGroup], Awaitable[None]] | None = None,
    ) -> None:
        """Begin without jobs; `run` calls `jobs` for them, after `begin` was called once."""
        self._store = store
        self._jobs = jobs
        self._clock = clock
        self._begin = begin
        self._known: dict[str, Job] = {}

    async def run(self) -> None:
        """Run jobs until cancelled, as soon as this process holds the leader's lock.

        Raises:
            ExceptionGroup: of the store's errors; an error of a job is stored as its problem.
        """
        while True:
            async with self._store.locks.leader_lock(LOCK) as leads:
                if leads:
                    await self._run_jobs()
            await asyncio.sleep(LOCK_RETRY_S)

    async def check(self, job: Job) -> None:
        """Run a job for its due slots, until no slot is due, or the job is edited or removed."""
        times = self._times(job.name)
        while self._times(job.name) == times and (slot := await self._begin_due_slot(job)):
            await self._run_slot(job, slot)

    def _times(self, name: str) -> Times | None:
        job = self._known.get(name)
        return job.times if job else None

    async def _run_jobs(self) -> None:
        """Run the jobs at their slots until cancelled; read the jobs again every `SYNC_INTERVAL_S`.

        Raises:
            ExceptionGroup: of the store's errors.
        """
        from apscheduler.schedulers.asyncio import AsyncIOScheduler  # slow

        # APScheduler would warn of a slot whose job still runs; `check` runs that slot afterwards.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        once_each = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        timers = AsyncIOScheduler(timezone=UTC, job_defaults=once_each)
        self._known = {}
        timers.start()
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    if self._begin:
                        await self._begin(group)
                    while True:
                        self._sync_timers(timers, await self._jobs(), group)
                        await asyncio.sleep(SYNC_INTERVAL_S)
                finally:
                    # No job begins while the others are cancelled and awaited.
                    timers.pause()
                    self._known = {}
        finally:
            timers.shutdown(wait=False)

    def _sync_timers(self, timers: Any, jobs: Sequence[Job], group: asyncio.TaskGroup) -> None:
        """Add new and changed jobs to APScheduler, and remove jobs that no longer exist.

        Args:
            timers: The scheduler of APScheduler.
            jobs: The jobs of now.
            group: Runs the jobs.
        """
        before, self._known = self._known, {job.name: job for job in jobs}
        for name in before.keys() - self._known.keys():
            timers.remove_job(name)
        for name, job in self._known.items():
            if name not in before or before[name].times != job.times:
                timers.add_job(
                    self._fire,
                    _Slots(job.times),
                    (name, group),
                    id=name,
                    name=name,
                    next_run_time=datetime.now(UTC),
                    replace_existing=True,
                )
        timers.wakeup()

    async def _fire(self, name: str, group: asyncio.TaskGroup) -> None:
        if job := self._known.get(name):
            await asyncio.wait({group.create_task(self.check(job))})

    async def _begin_due_slot(self, job: Job) -> datetime | None:
        """Mark a job's due slot as begun in the store, and return the slot; None when no slot is
        due.

        A slot that was cut off is due again.
        """
        now = self._clock.now()
        state = await self._store.schedules.state(job.name, now)
        if state.paused:
            return None
        if state.begun > state.done:  # the slot was cut off: no other process is the leader
            return state.begun
        slot = job.times.latest(state.begun, now)
        return slot if slot and await self._store.schedules.begin_slot(job.name, slot) else None

    async def _run_slot(self, job: Job, slot: datetime) -> None:
        """Run a job for a slot, and store in its state that the slot is finished, with its problem
        if any.

        A cancelled slot is not finished: it is begun again later.
        """
        problem = ""
        try:
            await job.run(slot)
        except OverheardError as error:
            problem = str(error)
        except Exception as error:  # the error's text may hold a secret
            problem = f"It fails: {type(error).__name__}."
        # Not reached when cancelled: the slot is then begun again.
        await self._store.schedules.finish_slot(job.name, slot, problem)


class _Slots(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """A trigger of APScheduler that fires at each slot; `Scheduler._begin_due_slot` handles missed
    slots.
    """

    def __init__(self, times: Times) -> None:
        self._times = times

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime | None:
        """Return the slot after now."""
        return self._times.after(now)
