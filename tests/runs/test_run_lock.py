"""The lock that one process holds while it works on a run, and its loss."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kit.run_house import House, SpreadQueue, Waiting
from overheard.domain import RunState
from overheard.errors import HoldLost, RunUnderWay
from overheard.runs.quote import NOTHING, PriceQuote
from overheard.runs.service import MAX_HOLDS, with_run_lock


async def test_a_run_that_another_process_holds_is_not_worked_on() -> None:
    """The work is not begun."""
    house = House()
    run = await house.start()
    begun: list[str] = []

    async def work() -> str:
        begun.append("begun")
        return "done"

    async with house.store.locks.run_lock(run.id):
        with pytest.raises(RunUnderWay, match="r"):
            await with_run_lock(house.store, run, work)
    assert begun == []
    assert await with_run_lock(house.store, run, work) == "done"


@pytest.mark.parametrize(("losses", "ended"), [(MAX_HOLDS - 1, True), (MAX_HOLDS, False)])
async def test_a_hold_that_is_lost_is_taken_again(losses: int, *, ended: bool) -> None:
    """Four losses are worked around, and the fifth is the last."""
    house = House()
    run = await house.start()
    begun: list[int] = []

    async def work() -> str:
        begun.append(len(begun))
        if len(begun) <= losses:
            raise HoldLost
        return "done"

    if ended:
        assert await with_run_lock(house.store, run, work) == "done"
    else:
        with pytest.raises(HoldLost):
            await with_run_lock(house.store, run, work)
    assert MAX_HOLDS == 5
    assert len(begun) == 5


async def test_before_a_lost_hold_is_taken_again_the_database_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The state of the run is read, which ends only when the database answers."""
    house = House()
    run = await house.start()
    steps: list[str] = []
    state = house.store.runs.state

    async def noted(run_id: int) -> RunState | None:
        steps.append("read")
        return await state(run_id)

    monkeypatch.setattr(house.store.runs, "state", noted)

    async def work() -> str:
        steps.append("work")
        if len(steps) == 1:
            raise HoldLost
        return "done"

    assert await with_run_lock(house.store, run, work) == "done"
    assert steps == ["work", "read", "work"]


async def test_a_lost_hold_is_no_stop_at_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss cancels the work as Ctrl-C does; the run goes on with its next hold."""
    queue = Waiting()
    house = House(queue)
    run = await house.start(channel="terminal")
    holds: list[int] = []

    @asynccontextmanager
    async def lost_once(run_id: int) -> AsyncIterator[bool]:
        holds.append(run_id)
        try:
            async with asyncio.timeout(0.05 if len(holds) == 1 else None):
                yield True
        except TimeoutError:
            queue.carry = SpreadQueue().carry  # type: ignore[method-assign] # with workers now
            raise HoldLost from None

    monkeypatch.setattr(house.store.locks, "run_lock", lost_once)
    result = await house.service.execute(PriceQuote(NOTHING, run=run))

    assert holds == [run.id, run.id]
    assert result.outcome.complete == 6
    assert await house.state(run) is RunState.COMPLETE
