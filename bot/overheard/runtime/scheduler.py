"""The scheduler: each slot of a schedule is begun once, by the process that is the leader.

APScheduler drives the clock, with one job for each schedule: jobs are added, edited and removed as
the store changes. What is due is decided by one rule, applied at each slot, at the start and after
each change: of the slots since the last one that was begun, the latest is due. So a restart, a
machine that slept, a resumed and an edited schedule need no case of their own, and ten missed slots
are caught up by one. See `overheard.domain.ScheduleState`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from apscheduler.triggers.base import BaseTrigger

from overheard.domain import SCHEDULER
from overheard.errors import OverheardError
from overheard.interfaces import Clock, Store

SCHEDULE = "schedule"
"""How the audit log names schedules, and where they ask."""
LOCK = SCHEDULER
"""The leader's lock in the store."""
LOCK_RETRY_S = 5.0
SYNC_INTERVAL_S = 2.0
"""Seconds between two comparisons of APScheduler's jobs with the store's schedules; also the delay
after which the clock of a machine that slept is read again."""


class Times(Protocol):
    """The slots of a job, such as a `Cron`; objects that compare equal have the same slots."""

    def after(self, moment: datetime) -> datetime | None:
        """Return the first slot after a moment, or None."""

    def latest(self, since: datetime, until: datetime) -> datetime | None:
        """Return the last slot after `since` and not after `until`, or None."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done at each of its slots.

    Attributes:
        name: Unique; the store keeps the job's state under this name.
        run: Does the work for one slot.
    """

    name: str
    times: Times
    run: Callable[[datetime], Awaitable[object]]


Jobs = Callable[[], Awaitable[Sequence[Job]]]
"""Returns the jobs that there are at the moment."""


@dataclass(eq=False)
class Scheduler:
    """Runs the jobs of a store, in one process at a time.

    Attributes:
        store: Keeps the state of the jobs.
        jobs: Returns the jobs.
        clock: Gives the time that the rule compares slots with.
        begin: Called once when this process becomes the leader, with a group for long work.
    """

    store: Store
    jobs: Jobs
    clock: Clock
    begin: Callable[[asyncio.TaskGroup], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        self._current_jobs: dict[str, Job] = {}

    async def run(self) -> None:
        """Run jobs until cancelled, as soon as this process holds the leader's lock; without it,
        try again every `LOCK_RETRY_S`.

        An error of a job is no error of this: it is stored as the job's problem.

        Raises:
            ExceptionGroup: of the store's errors, and of what `begin` raises.
        """
        while True:
            async with self.store.locks.leader_lock(LOCK) as leads:
                if leads:
                    await self._run_jobs()
            await asyncio.sleep(LOCK_RETRY_S)

    async def check(self, job: Job) -> None:
        """Run a job for its due slots, one after another, until no slot is due, or the job is
        edited or removed.

        Raises:
            StoreError: when the state of the job cannot be read or written.
        """
        times = self._current_times(job.name)
        while self._current_times(job.name) == times and (slot := await self._begin_due_slot(job)):
            await self._run_slot(job, slot)

    def _current_times(self, name: str) -> Times | None:
        """Return the slots of a job as it is now; None if it was removed."""
        job = self._current_jobs.get(name)
        return job.times if job else None

    async def _run_jobs(self) -> None:
        """Call `begin`, then run the jobs at their slots until cancelled; read the jobs again every
        `SYNC_INTERVAL_S`. When cancelled, cancel the jobs that run and wait for their end.
        """
        # APScheduler would warn of a slot whose job still runs; `check` runs that slot afterwards.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        once_each = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        new_scheduler = await asyncio.to_thread(_import_apscheduler)
        timers = new_scheduler(timezone=UTC, job_defaults=once_each)
        self._current_jobs = {}
        timers.start()
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    if self.begin:
                        await self.begin(group)
                    while True:
                        self._sync_timers(timers, await self.jobs(), group)
                        await asyncio.sleep(SYNC_INTERVAL_S)
                finally:
                    # No job begins while the others are cancelled and awaited.
                    timers.pause()
                    self._current_jobs = {}
        finally:
            timers.shutdown(wait=False)

    def _sync_timers(self, timers: Any, jobs: Sequence[Job], group: asyncio.TaskGroup) -> None:
        """Add new jobs and those with other slots to APScheduler, and remove jobs that no longer
        exist. An added job is checked at once, so that a missed slot is caught up. APScheduler
        reads the clock again, which a sleep of the machine may have moved.
        """
        before, self._current_jobs = self._current_jobs, {job.name: job for job in jobs}
        for name in before.keys() - self._current_jobs.keys():
            timers.remove_job(name)
        for name, job in self._current_jobs.items():
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
        """Check a job by its name in a task of the group, and wait for that task; nothing happens
        for a job that was removed. An error ends the group, not APScheduler's job.
        """
        if job := self._current_jobs.get(name):
            await asyncio.wait({group.create_task(self.check(job))})

    async def _begin_due_slot(self, job: Job) -> datetime | None:
        """Mark a job's due slot as begun in the store, and return the slot; None when no slot is
        due or the job is paused.

        A slot that was begun and not finished is due again. Otherwise the latest slot since the
        last one that was begun is due; earlier ones are skipped.
        """
        now = self.clock.now()
        state = await self.store.schedules.state(job.name, now)
        if state.paused:
            return None
        if state.begun > state.done:  # the slot was cut off: no other process is the leader
            return state.begun
        slot = job.times.latest(state.begun, now)
        return slot if slot and await self.store.schedules.begin_slot(job.name, slot) else None

    async def _run_slot(self, job: Job, slot: datetime) -> None:
        """Run a job for a slot, and store that the slot is finished, with the problem if it failed.

        Of an error that is no `OverheardError`, only the class is stored. A cancelled slot is not
        finished: it is begun again later.
        """
        problem = ""
        try:
            await job.run(slot)
        except OverheardError as error:
            problem = str(error)
        except Exception as error:  # the error's text may hold a secret
            problem = f"It fails: {type(error).__name__}."
        # Not reached when cancelled: the slot is then begun again.
        await self.store.schedules.finish_slot(job.name, slot, problem)


def _import_apscheduler() -> Callable[..., Any]:
    """Return the class of APScheduler's schedulers; meant for a thread, because APScheduler looks
    through all installed packages for plugins, for which neither a start nor a click has to wait.
    """
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    return AsyncIOScheduler  # type: ignore[no-any-return]


class _Slots(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """A trigger of APScheduler that fires at each slot; `Scheduler._begin_due_slot` handles missed
    slots.
    """

    def __init__(self, times: Times) -> None:
        self._times = times

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime | None:
        """Return the slot after now."""
        return self._times.after(now)
