"""Tests of what runs by itself: each slot once."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from overheard.commands.schedules import next_time
from overheard.config.cron import Cron
from overheard.errors import NothingToAsk
from overheard.interfaces import Store
from overheard.runtime.scheduler import Job, Scheduler
from overheard.testing.store import open_test_store
from recording import HandClock, until

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
            async with asyncio.TaskGroup() as group:
                await self.scheduler.tick(group)
        return self.done

    async def problem(self) -> str:
        """Return what went wrong last."""
        return (await self.store.schedule_state("daily", self.clock.now())).problem

    async def _jobs(self) -> list[Job]:
        return [self.job]

    async def _run(self, slot: datetime) -> None:
        self.done.append(slot)
        if isinstance(self.result, Exception):
            raise self.result
        if self.result:
            await self.result.wait()


async def test_each_slot_is_done_once() -> None:
    """However often one looks at the clock."""
    house = House()

    assert await house.look(0.5) == []
    assert await house.look(0.5, 0, 1, 5) == [SEVEN]
    assert await house.look(24) == [SEVEN, SEVEN + timedelta(days=1)]


async def test_of_many_missed_slots_the_last_is_made_up_for() -> None:
    """One catch-up and not ten, also when a process was down for a year."""
    house = House()
    await house.look()
    house.scheduler = house.another()

    assert await house.look(24 * 10) == [SEVEN + timedelta(days=9)]
    assert await house.look(24 * 400, 0) == [SEVEN + timedelta(days=d) for d in (9, 409)]


async def test_a_new_schedule_makes_up_for_nothing() -> None:
    """What would have been due before it was there is not its business."""
    house = House()
    house.clock.at = SEVEN + timedelta(hours=1)

    assert await house.look(1) == []


async def test_a_job_does_not_overlap_with_itself() -> None:
    """A slot that comes while the one before is under way follows it."""
    house = House()
    house.result = going = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        assert await house.scheduler.tick(group) == []
        house.clock.pass_(hours=1)
        assert await house.scheduler.tick(group) == ["daily"]
        house.clock.pass_(hours=48)
        assert await house.scheduler.tick(group) == []
        going.set()

    assert await house.look() == [SEVEN, SEVEN + timedelta(days=2)]


async def test_a_slot_that_was_cut_off_is_taken_up_again() -> None:
    """By the next process, since the one that began it did not end it."""
    house = House()
    house.result = asyncio.Event()
    await house.look()
    house.clock.pass_(hours=1)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.05), asyncio.TaskGroup() as group:
            await house.scheduler.tick(group)
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
async def test_what_fails_is_told_and_not_repeated(error: Exception, told: str) -> None:
    """The next slot is a new chance, and ends the complaint."""
    house = House()
    house.result = error
    assert await house.look(1, 1) == [SEVEN]
    assert await house.problem() == told

    house.result = None
    await house.look(24)
    assert await house.problem() == ""


async def test_a_paused_schedule_waits_and_makes_up_for_nothing() -> None:
    """Resumed, it goes on with what is due from then on."""
    house = House()
    await house.look()
    await house.store.pause_schedule("daily", house.clock.now(), paused=True)
    assert await house.look(24) == []
    await house.store.pause_schedule("daily", house.clock.now(), paused=False)
    assert await house.look(0) == []
    assert await house.look(24) == [SEVEN + timedelta(days=1)]


async def test_a_second_process_takes_over_when_the_first_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until then it leaves the clock alone."""
    monkeypatch.setattr("overheard.runtime.scheduler.TAKE_OVER", 0.01)
    monkeypatch.setattr("overheard.runtime.scheduler.TICK", 0.01)
    house, begun = House(), []

    def process(number: int) -> Scheduler:
        async def begin(_: asyncio.TaskGroup) -> None:
            begun.append(number)

        return Scheduler(house.store, house._jobs, house.clock, begin)

    tasks = [asyncio.create_task(process(number).run()) for number in (1, 2)]
    await asyncio.sleep(0.1)
    assert begun == [1]
    tasks[0].cancel()
    await until(lambda: len(begun) == 2)
    house.clock.pass_(hours=1)
    await until(lambda: house.done)
    tasks[1].cancel()
    await asyncio.wait(tasks)

    assert (begun, house.done) == ([1, 2], [SEVEN])


async def test_the_next_time_is_told_unless_it_is_paused() -> None:
    """A schedule that is paused has none."""
    store, cron = open_test_store(), Cron("0 7 * * *")
    now = SEVEN - timedelta(hours=1)
    assert next_time(cron, await store.schedule_state("daily", now), now) == SEVEN
    await store.pause_schedule("daily", now, paused=True)
    assert next_time(cron, await store.schedule_state("daily", now), now) is None
