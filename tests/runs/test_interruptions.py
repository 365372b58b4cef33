"""Tests of runs that a killed process left behind."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from overheard.domain import Batch, DeliveryKind, Model, Panel, Prompt, Run, RunState
from overheard.errors import OverheardError, RunEnded, RunTooOld, RunUnderWay
from overheard.interfaces import Store
from overheard.runs.interruptions import CHECK_INTERVAL_S, RunCancellation, RunResumer, is_held
from overheard.runs.plan import new_run
from overheard.testing import FixedClock
from overheard.testing.deployment import open_test_store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PANEL = Panel(("Acme",), (Prompt("Which tool?"),), (Model("svc", "m-1"),))


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (RunUnderWay(run="r"), ""),
        (RunEnded(run="r", state="complete", verb="resumed"), ""),
        (RunTooOld(run="r", age="3 h"), "its answers are kept. Run r was begun 3 h ago"),
    ],
)
async def test_the_log_names_what_is_not_resumed(
    error: OverheardError, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A run that somebody else has resumed or ended by now lacks nothing."""
    store, asked = open_test_store(), asyncio.Event()
    await store.runs.start(new_run(PANEL, NOON))

    async def resume(_: Run) -> None:
        asked.set()
        raise error

    resumer = RunResumer(store, FixedClock(NOON), resume, {"slack"}, "schedule")
    work = asyncio.create_task(resumer.run())
    await asked.wait()
    await asyncio.sleep(0)
    work.cancel()
    await asyncio.wait({work})
    assert logged in caplog.text
    assert bool(logged) is bool(caplog.text)


class House:
    """A store with runs, and a resumer that notes what it resumes."""

    def __init__(self) -> None:
        self.store = open_test_store()
        self.clock = FixedClock(NOON)
        self.resumed: list[str] = []
        self.error: OverheardError | None = None

    async def begin(self, key: str, **more: Any) -> Run:
        """Start a run a minute ago."""
        at = NOON - timedelta(**more.pop("ago", {"minutes": 1}))
        run = Run(key, at, **{"panel": PANEL, "channel": f"slack:{key}", **more})
        return await self.store.runs.start(run)

    async def resume(self, run: Run) -> None:
        """Note it."""
        self.resumed.append(run.key)
        if self.error:
            raise self.error

    async def search(self, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """Search for abandoned runs: at the start, and so many times later."""
        searched = asyncio.Event()
        waits: list[float] = []
        sleep = asyncio.sleep

        async def counted(seconds: float) -> None:
            for _ in range(50):  # what was found is resumed
                await sleep(0.001)
            waits.append(seconds)
            if len(waits) > times:
                searched.set()
                await sleep(3600)

        monkeypatch.setattr("overheard.runs.interruptions.asyncio.sleep", counted)
        resumer = RunResumer(self.store, self.clock, self.resume, {"slack"}, "schedule")
        work = asyncio.create_task(resumer.run())
        await searched.wait()
        monkeypatch.setattr("overheard.runs.interruptions.asyncio.sleep", sleep)
        work.cancel()
        await asyncio.wait({work})
        assert set(waits) == {CHECK_INTERVAL_S}

    async def results(self) -> list[tuple[str, str, str]]:
        """Return the deliveries of results: key, channel and subject."""
        kept = await self.store.deliveries.find()
        assert {each.kind for each in kept} <= {DeliveryKind.RESULT}
        return sorted((each.key, each.channel, each.subject) for each in kept)


async def test_what_died_under_way_is_resumed_and_shown_where_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither what has ended, is paused, imported or too old, nor what a schedule resumes itself,
    nor what is aside; a batch is collected however old its run is.
    """
    house = House()
    await house.begin("chat", ago={"seconds": 1})
    await house.begin("terminal", channel="terminal")
    await house.begin("young", ago={"hours": 11, "minutes": 59})
    await house.begin("old", ago={"hours": 12})
    batched = await house.begin("batched", ago={"hours": 30})
    batch = Batch(batched.id, PANEL.models[0], ("q",), batched.started_at, "batch_0")
    await house.store.batches.keep(batch)
    await house.begin("planned", asked_by="schedule weekly")
    await house.begin("imported", panel=None)
    await house.begin("aside", aside=True)
    for state in set(RunState) - {RunState.RUNNING}:
        await house.begin(state.value, state=state)
    held = await house.begin("held")
    async with house.store.locks.run_lock(held.id):
        await house.search(0, monkeypatch)

    assert sorted(house.resumed) == ["batched", "chat", "terminal", "young"]
    assert await house.results() == [
        (f"result-{key}@slack:{key}", f"slack:{key}", key) for key in ("batched", "chat", "young")
    ]


@pytest.mark.parametrize(
    ("channel", "ago", "resumed"),
    [
        ("slack:C1", {"seconds": 10}, ["r"]),
        ("slack:C1", {"seconds": 9}, []),
        ("terminal", {"hours": 1}, []),
        ("discord:1", {"hours": 1}, []),
    ],
)
async def test_later_only_runs_of_a_chat_are_resumed_once_they_are_ten_seconds_old(
    channel: str, ago: dict[str, float], resumed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal may have been closed on purpose, and a new run may not be locked yet. None is
    resumed a second time by the same process.
    """
    house = House()
    held = await house.begin("r", channel=channel, ago=ago)
    async with house.store.locks.run_lock(held.id):
        await house.search(0, monkeypatch)
        assert house.resumed == []
    original = RunResumer._abandoned_runs
    looks = 0

    async def from_the_second_look_on(resumer: RunResumer) -> list[Run]:
        nonlocal looks
        looks += 1
        return await original(resumer) if looks > 1 else []

    monkeypatch.setattr(RunResumer, "_abandoned_runs", from_the_second_look_on)
    await house.search(3, monkeypatch)

    assert house.resumed == resumed
    assert len(await house.results()) == len(resumed)


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (RunUnderWay(run="r"), 3),
        (RunEnded(run="r", state="complete", verb="resumed"), 1),
        (RunTooOld(run="r", age="3 h"), 1),
    ],
)
async def test_what_another_process_carries_out_is_looked_at_again(
    error: OverheardError, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may still die; what cannot be resumed is not tried again."""
    house = House()
    house.error = error
    await house.begin("r")
    await house.search(2, monkeypatch)

    assert house.resumed == ["r"] * tries


async def test_a_run_that_a_process_holds_is_resumed_when_it_dies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lock is asked for at each search."""
    house = House()
    run = await house.begin("r")
    looks: list[bool] = []

    async def held_at_first(store: Store, of: Run) -> bool:
        assert (store, of) == (house.store, run)
        looks.append(len(looks) < 2)
        return looks[-1]

    monkeypatch.setattr("overheard.runs.interruptions.is_held", held_at_first)
    await house.search(4, monkeypatch)

    assert looks == [True, True, False]
    assert house.resumed == ["r"]


async def test_whether_a_run_is_held_is_asked_of_its_lock() -> None:
    """And the question does not hold it."""
    house = House()
    run = await house.begin("r")
    async with house.store.locks.run_lock(run.id):
        assert await is_held(house.store, run) is True
    assert await is_held(house.store, run) is False
    assert await is_held(house.store, run) is False


async def test_only_tasks_that_wait_are_cancelled_when_a_run_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call under way ends; whoever begins to wait afterwards is cancelled at once."""
    monkeypatch.setattr("overheard.runs.interruptions.STATE_CHECK_INTERVAL_S", 0.001)
    house = House()
    run = await house.begin("r")
    cancellation, ended = RunCancellation(house.store, run.id), list[str]()

    async def wait(name: str, *, after: bool = False) -> None:
        if after:
            await asyncio.sleep(0.1)
        with cancellation.waiting():
            await asyncio.sleep(0.05 if name == "short" else 3600)
        await asyncio.sleep(0.05)
        ended.append(name)

    async with cancellation.watching():
        tasks = [asyncio.create_task(wait(name)) for name in ("short", "long")]
        tasks.append(asyncio.create_task(wait("late", after=True)))
        await asyncio.sleep(0.07)
        assert cancellation.stopped is None
        await house.store.runs.steer(run.id, RunState.PAUSED)
        await asyncio.wait(tasks)

    assert cancellation.stopped is RunState.PAUSED
    assert ended == ["short"]
    assert [task.cancelled() for task in tasks] == [False, True, True]
