"""Tests of what runs by itself: each slot once."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NoReturn

import pytest

from kit.recording import HandClock, until
from overheard.config.cron import Cron
from overheard.errors import HoldLost, NothingToAsk
from overheard.interfaces import Store
from overheard.runtime.scheduler import Job, Scheduler
from overheard.runtime.wiring import SystemClock
from overheard.testing.deployment import open_test_store

SEVEN = datetime(2026, 3, 2, 7, tzinfo=UTC)


class House:
    """A job every day at seven, which notes its slots.

    Attributes:
        done: The slots, in the order in which they were begun.
        result: What the job raises, or what it waits for.
    """

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or open_test_store()
        self.clock = HandClock(SEVEN - timedelta(hours=1))
        self.done: list[datetime] = []
        self.result: Exception | asyncio.Event | None = None
        self.job = Job("daily", Cron("0 7 * * *"), self._run)
        self.scheduler = self.another()

    def another(self) -> Scheduler:
        """Start a process."""
        return Scheduler(self.store, self._jobs, self.clock)

    async def look(self, *hours: float) -> list[datetime]:
        """Look at the clock, now and after some hours each, and return what has been done."""
        for passed in (0, *hours):
            self.clock.pass_(hours=passed)
            await self.scheduler.check(self.job)
        return self.done

    async def problem(self) -> str:
        """Return what went wrong last."""
        return (await self.store.schedules.state("daily", self.clock.now())).problem

    async def _jobs(self) -> list[Job]:
        return [self.job]

    async def _run(self, slot: datetime) -> None:
        self.done.append(slot)
        if isinstance(self.result, Exception):
            raise self.result
        if self.result:
            await self.result.wait()


@pytest.fixture
async def house() -> House:
    """A job that has not run yet."""
    return House()


async def test_each_slot_is_done_once(house: House) -> None:
    """However often one looks at the clock."""
    assert await house.look(0.5) == []
    assert await house.look(0.5, 0, 1, 5) == [SEVEN]
    assert await house.look(24) == [SEVEN, SEVEN + timedelta(days=1)]


async def test_of_many_missed_slots_the_last_is_made_up_for(house: House) -> None:
    """One catch-up and not ten, also when a process was down for a year."""
    await house.look()
    house.scheduler = house.another()

    assert await house.look(24 * 10) == [SEVEN + timedelta(days=9)]
    assert await house.look(24 * 400, 0) == [SEVEN + timedelta(days=d) for d in (9, 409)]


async def test_a_new_schedule_makes_up_for_nothing(house: House) -> None:
    """What would have been due before it was there is not its business."""
    house.clock.at = SEVEN + timedelta(hours=1)

    assert await house.look(1) == []


async def test_a_job_does_not_overlap_with_itself(house: House) -> None:
    """A slot that comes while the one before is under way follows it."""
    await house.look()
    house.result = going = asyncio.Event()
    house.clock.pass_(hours=1)
    async with asyncio.TaskGroup() as group:
        group.create_task(house.scheduler.check(house.job))
        await until(lambda: house.done == [SEVEN])
        house.clock.pass_(hours=48)
        going.set()

    assert house.done == [SEVEN, SEVEN + timedelta(days=2)]


async def test_a_slot_that_was_cut_off_is_taken_up_again(house: House) -> None:
    """By the next process, since the one that began it did not end it."""
    house.result = asyncio.Event()
    await house.look()
    house.clock.pass_(hours=1)
    cut_off = asyncio.create_task(house.scheduler.check(house.job))
    await until(lambda: house.done)
    cut_off.cancel()
    await asyncio.wait({cut_off})
    house.result = None
    house.scheduler = house.another()

    assert await house.look(0, 1) == [SEVEN, SEVEN]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NothingToAsk(missing="no brand"), "There is nothing to ask: no brand."),
        (RuntimeError("sk-secret"), "It fails: RuntimeError."),
    ],
)
async def test_what_fails_is_told_and_not_repeated(
    house: House, error: Exception, told: str
) -> None:
    """The next slot is a new chance, and ends the complaint."""
    house.result = error
    assert await house.look(1, 1) == [SEVEN]
    assert await house.problem() == told

    house.result = None
    await house.look(24)
    assert await house.problem() == ""


async def test_a_paused_schedule_waits_and_makes_up_for_nothing(house: House) -> None:
    """Resumed, it goes on with what is due from then on."""
    await house.look()
    await house.store.schedules.pause("daily", house.clock.now(), paused=True)
    assert await house.look(24) == []
    await house.store.schedules.pause("daily", house.clock.now(), paused=False)
    assert await house.look(0) == []
    assert await house.look(24) == [SEVEN + timedelta(days=1)]


@dataclass(frozen=True)
class Every:
    """Slots at an even distance.

    Attributes:
        distance: From each to the next.
    """

    distance: timedelta

    def after(self, moment: datetime) -> datetime:
        """Return the first slot after a moment."""
        return moment + self.distance - (moment - SEVEN) % self.distance

    def latest(self, since: datetime, until: datetime) -> datetime | None:
        """Return the last slot after a moment and not after another."""
        slot = until - (until - SEVEN) % self.distance
        return slot if slot > since else None


OFTEN, NEVER = Every(timedelta(milliseconds=20)), Every(timedelta(days=9999))


class Process:
    """A process that schedules by the clock of this machine.

    Attributes:
        jobs: What there is to do.
        done: The slots of each job.
        began: Whether it has become the leader.
    """

    def __init__(self, store: Store, *jobs: str) -> None:
        self.jobs = [self.job(name, OFTEN) for name in jobs]
        self.done: defaultdict[str, list[datetime]] = defaultdict(list)
        self.began = asyncio.Event()
        self.going = asyncio.Event()
        self.going.set()
        self.ended = False
        self.task = asyncio.create_task(
            Scheduler(store, self._jobs, SystemClock(), self._begin).run()
        )

    def job(self, name: str, times: Every) -> Job:
        """Return a job that notes its slots, and waits in them while `going` is not set."""
        return Job(name, times, partial(self._run, name))

    async def end(self) -> None:
        """End it, and wait for that."""
        self.task.cancel()
        await asyncio.wait({self.task})
        self.ended = True

    async def _jobs(self) -> list[Job]:
        return self.jobs

    async def _begin(self, _: asyncio.TaskGroup) -> None:
        self.began.set()

    async def _run(self, name: str, slot: datetime) -> None:
        assert not self.ended
        self.done[name].append(slot)
        await self.going.wait()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow changes within a moment."""
    monkeypatch.setattr("overheard.runtime.scheduler.LOCK_RETRY_S", 0.01)
    monkeypatch.setattr("overheard.runtime.scheduler.SYNC_INTERVAL_S", 0.01)


@pytest.mark.usefixtures("quick")
async def test_jobs_run_by_the_clock() -> None:
    """Each slot comes once and in order, of each job."""
    process = Process(open_test_store(), "one", "two")
    await until(lambda: min(len(process.done[name]) for name in ("one", "two")) > 3)
    await process.end()

    for slots in process.done.values():
        assert slots == sorted(set(slots))
        assert all((slot - SEVEN) % OFTEN.distance == timedelta(0) for slot in slots)


@pytest.mark.usefixtures("quick")
async def test_jobs_follow_the_store() -> None:
    """A job that is added begins, an edited one has its new times, a removed one ends."""
    process = Process(open_test_store())
    process.jobs = [process.job("one", OFTEN), process.job("two", OFTEN)]
    await until(lambda: process.done["one"] and process.done["two"])
    process.jobs = [process.job("one", NEVER), process.job("three", OFTEN)]
    await until(lambda: process.done["three"])
    so_far = len(process.done["one"]), len(process.done["two"])
    process.jobs = [*process.jobs, process.job("four", OFTEN)]
    await until(lambda: len(process.done["four"]) > 3)
    assert (len(process.done["one"]), len(process.done["two"])) == so_far
    process.jobs[0] = process.job("one", OFTEN)
    await until(lambda: len(process.done["one"]) > so_far[0])
    await process.end()


@pytest.mark.usefixtures("quick")
async def test_what_is_due_at_the_start_is_done_at_once() -> None:
    """A slot that was missed, or cut off, does not wait for the next one."""
    store = open_test_store()
    await store.schedules.state("one", SEVEN - timedelta(days=1))
    process = Process(store)
    process.jobs = [process.job("one", NEVER)]
    await until(lambda: process.done["one"])
    await process.end()
    assert process.done["one"] == [SEVEN]


@pytest.mark.usefixtures("quick")
async def test_a_process_that_ends_awaits_its_jobs() -> None:
    """They are cancelled, none begins after that, and the next process takes them up again."""
    store = open_test_store()
    first = Process(store, "one", "two")
    first.going.clear()
    await until(lambda: first.done["one"] and first.done["two"])
    await first.end()
    second = Process(store, "one", "two")
    await until(lambda: second.done["one"] and second.done["two"])
    await second.end()
    for name in ("one", "two"):
        assert first.done[name] == second.done[name][:1]


@pytest.mark.usefixtures("quick")
async def test_a_store_that_fails_ends_the_scheduler() -> None:
    """So that its supervisor starts it again, and the failure is reported."""
    store = open_test_store()
    process = Process(store, "one")
    await until(lambda: process.done["one"])

    async def lost(*_: object) -> NoReturn:
        raise HoldLost

    store.schedules.state = lost  # type: ignore[assignment]
    await asyncio.wait({process.task})
    assert process.task.exception()


@pytest.mark.usefixtures("quick")
async def test_a_second_process_takes_over_when_the_first_ends() -> None:
    """Until then it runs no job."""
    store = open_test_store()
    first = Process(store, "one")
    await until(lambda: first.done["one"])
    second = Process(store, "one")
    await until(lambda: len(first.done["one"]) > 3)
    assert not second.began.is_set()
    await first.end()
    await until(lambda: second.done["one"])
    await second.end()
    assert not {*first.done["one"]} & {*second.done["one"][1:]}
