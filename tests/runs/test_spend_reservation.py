"""Tests of the reservation of money."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given, settings, strategies as st

from kit.scripted import SteppingClock, reply
from overheard.config.sections import BudgetTable
from overheard.domain import (
    Account,
    Answer,
    Batch,
    Model,
    Panel,
    Prompt,
    Question,
    ReservationRequest,
    Run,
    RunState,
)
from overheard.errors import BudgetHeld, BudgetUsedUp
from overheard.interfaces import Store
from overheard.interfaces.runs import MoneyRepository
from overheard.runs import budget
from overheard.runs.budget import CALLS_HELD_AHEAD, HeldAmount, SpendReservation, release_dead
from overheard.testing.deployment import open_test_store

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PROMPT = Prompt("Which?")
MODEL = Model("svc", "m-1")
PANEL = Panel(("Acme", "Zeta"), (PROMPT,), (MODEL,), repeats=100)

Calls = list[tuple[float, float]]
calls = st.lists(st.tuples(st.floats(0.001, 3), st.floats(0, 1)), max_size=8)
"""What each call may cost at most, and which share of that it costs."""


async def carry_out(store: Store, run: Run, budget: BudgetTable, calls: Calls) -> None:
    """Make calls of a run, all at once."""
    reservation = SpendReservation(store.money, budget, run.payer, SteppingClock(START))

    async def call(repeat: int, worst: float, share: float) -> None:
        try:
            held = await reservation.hold(PROMPT, worst)
        except BudgetUsedUp:
            return
        await asyncio.sleep(0)
        cost = worst * share
        question = Question(PROMPT, MODEL, repeat)
        await store.answers.add([Answer(run.id, question, reply(cost_usd=cost), START)])
        reservation.settle(held, cost)

    async with asyncio.TaskGroup() as group:
        for repeat, (worst, share) in enumerate(calls):
            group.create_task(call(repeat, worst, share))
    await reservation.close()


@settings(deadline=None, max_examples=10)
@given(calls, calls, st.floats(0, 10))
async def test_runs_together_never_spend_more_than_there_is(
    first: Calls, second: Calls, money: float
) -> None:
    """For any overlap of the calls of two runs, and any share of its worst case that each costs."""
    store = open_test_store()
    runs = [await store.runs.start(Run(key, START, PANEL)) for key in ("one", "two")]
    budget = BudgetTable(day=money)

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for run, calls in zip(runs, (first, second), strict=True):
            group.create_task(carry_out(store, run, budget, calls))

    assert await store.money.spent() <= money + 1e-6
    assert await store.money.reserving_runs() == set()


@settings(deadline=None, max_examples=8)
@given(calls, st.floats(0, 5))
async def test_a_brand_spends_no_more_than_its_share(made: Calls, money: float) -> None:
    """Brands that share an answer share its cost, and the one with a limit keeps it."""
    store = open_test_store()
    run = await store.runs.start(Run("one", START, PANEL))
    async with asyncio.timeout(60):
        await carry_out(store, run, BudgetTable(brands={"Acme": money}), made)

    assert await store.money.spent() / 2 <= money + 1e-6


async def test_without_a_limit_nothing_is_held() -> None:
    """The store is not asked without a limit."""
    store = open_test_store()
    reservation = SpendReservation(
        store.money, BudgetTable(), (await store.runs.start(Run("r", START))).payer, Clock()
    )
    held = await reservation.hold(PROMPT, 1e6)

    assert held is not None
    assert await store.money.reserving_runs() == set()


async def test_what_a_dead_process_held_is_given_back() -> None:
    """Whoever can hold a run knows that nobody carries it out; a run under way keeps its money."""
    store = open_test_store()
    dead, alive = [await store.runs.start(Run(key, START, PANEL)) for key in ("dead", "alive")]
    for run in (dead, alive):
        await SpendReservation(store.money, BudgetTable(day=9), run.payer, Clock()).hold(
            PROMPT, 0.1
        )

    async with store.locks.run_lock(alive.id):
        await release_dead(store)

    assert await store.money.reserving_runs() == {alive.id}


DAY = Account("day", period="2026-03-02")
MONTH = Account("month", period="2026-03")


class House:
    """A run with a reservation of its own.

    Attributes:
        asked: The requests that the store was asked for, in order.
    """

    def __init__(self, **budget: float) -> None:
        self.store = open_test_store()
        self.budget = BudgetTable.model_validate(budget)
        self.asked: list[dict[Account, float]] = []
        self._reserve = self.store.money.reserve
        self.store.money.reserve = self.reserve  # type: ignore[method-assign]
        self._calls = 0

    async def reserve(self, run_id: int, requests: Sequence[ReservationRequest]) -> Account | None:
        """Note what the store is asked for."""
        self.asked.append({claim.account: claim.usd for claim in requests})
        return await self._reserve(run_id, requests)

    async def reservation(self, key: str = "r") -> SpendReservation:
        """Start the run."""
        self.run = await self.store.runs.start(Run(key, START, PANEL))
        return SpendReservation(self.store.money, self.budget, self.run.payer, SteppingClock(START))

    async def answered(self, cost: float) -> None:
        """Keep an answer that cost so much."""
        self._calls += 1
        question = Question(PROMPT, MODEL, self._calls)
        said = reply(cost_usd=cost)
        await self.store.answers.add([Answer(self.run.id, question, said, START)])

    async def balance(self, account: Account = DAY) -> tuple[float, float]:
        """Return what is spent and what is held."""
        balance = (await self.store.money.balances([account]))[account]
        return balance.spent, balance.held


async def holding(usd: float, *, day: float) -> tuple[House, SpendReservation, HeldAmount]:
    """Return a house with a limit of a day, its reservation, and what a call holds of it."""
    house = House(day=day)
    reservation = await house.reservation()
    held = await reservation.hold(PROMPT, usd)
    assert held
    return house, reservation, held


async def test_money_for_many_calls_is_held_at_a_time() -> None:
    """The store is asked once for 25 calls, and again for the next."""
    house = House(day=100.0)
    reservation = await house.reservation()
    for _ in range(CALLS_HELD_AHEAD):
        assert await reservation.hold(PROMPT, 0.5)
    assert CALLS_HELD_AHEAD == 25
    assert house.asked == [{DAY: 12.5}]

    assert await reservation.hold(PROMPT, 0.5)
    assert house.asked == [{DAY: 12.5}, {DAY: 12.5}]
    assert (await house.balance())[1] == pytest.approx(25.0)


async def test_where_little_is_left_only_what_lacks_is_held() -> None:
    """A dollar has room for one call of 60 cents, not for 25; a second one finds 40 cents."""
    house = House(day=1.0)
    reservation = await house.reservation()
    held = await reservation.hold(PROMPT, 0.6)

    assert held
    assert (held.usd, held.shares) == (0.6, {DAY: 1.0})
    assert house.asked == [{DAY: pytest.approx(15.0)}, {DAY: pytest.approx(0.6)}]
    assert (await house.balance())[1] == pytest.approx(0.6)


async def test_a_call_that_was_cheap_leaves_its_money_to_the_next() -> None:
    """60 cents are held and 10 are spent: the next call needs 10 more of the store."""
    house, reservation, held = await holding(0.6, day=1.0)
    await house.answered(0.1)
    reservation.settle(held, 0.1)
    house.asked.clear()

    assert await reservation.hold(PROMPT, 0.6)
    assert house.asked[-1] == {DAY: pytest.approx(0.1)}
    assert await house.balance() == pytest.approx((0.1, 0.6))


async def test_a_call_that_cost_more_than_its_worst_leaves_nothing_held() -> None:
    """What the reservation believes to hold is never negative."""
    house, reservation, held = await holding(0.1, day=3.0)
    await house.answered(2.8)
    reservation.settle(held, 2.8)
    house.asked.clear()

    assert await reservation.hold(PROMPT, 0.2)
    assert house.asked[-1] == {DAY: pytest.approx(0.2)}


async def test_a_call_waits_for_those_under_way() -> None:
    """It gets what they give back, and is refused when they give back too little. While nothing
    comes back, the store is not asked.
    """
    house = House(day=1.0)

    async def asked(times: int) -> None:
        while len(house.asked) < times:  # noqa: ASYNC110 - as the store has no event for it
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.03)
        assert len(house.asked) == times

    reservation = await house.reservation()
    held = await reservation.hold(PROMPT, 0.6)
    waiting = asyncio.create_task(reservation.hold(PROMPT, 0.6))
    too_dear = asyncio.create_task(reservation.hold(PROMPT, 0.95))
    await asked(3 * 2)  # for many calls, and for one
    assert not waiting.done()
    assert held
    await house.answered(0.1)
    reservation.settle(held, 0.1)

    second = await asyncio.wait_for(waiting, 5)
    assert second
    await asked(5 * 2)
    assert not too_dear.done()
    reservation.settle(second, 0.0)
    with pytest.raises(BudgetUsedUp, match=r"\[budget\] day"):
        await asyncio.wait_for(too_dear, 5)


async def test_a_call_waits_for_money_that_another_run_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It gets what comes back; when nothing does, it says that others are asking. More than the
    limit leaves without them is not waited for.
    """
    monkeypatch.setattr(budget, "OTHERS_POLL_S", 0.02)
    monkeypatch.setattr(budget, "OTHERS_WAIT_S", 0.2)
    house = House(day=1.0)
    other, mine = await house.reservation("other"), await house.reservation("mine")
    held = await other.hold(PROMPT, 0.6)
    with pytest.raises(BudgetUsedUp, match="raise it there"):
        await mine.hold(PROMPT, 1.1)
    with pytest.raises(BudgetHeld, match="Others are asking"):
        await mine.hold(PROMPT, 0.6)

    waiting = asyncio.create_task(mine.hold(PROMPT, 0.6))
    await asyncio.sleep(0.05)
    other.settle(held, 0.0)
    await other.close()
    assert await asyncio.wait_for(waiting, 5)


async def test_two_runs_that_wait_do_not_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each returns what it has reserved and does not need."""
    monkeypatch.setattr(budget, "OTHERS_POLL_S", 0.02)
    house = House(day=1.0)
    runs = [await house.reservation(key) for key in ("one", "two")]
    for run in runs:  # each has 0.4 reserved, and calls none
        run.settle(await run.hold(PROMPT, 0.4), 0.0)

    async def call(run: SpendReservation) -> None:
        run.settle(await run.hold(PROMPT, 0.9), 0.0)
        await run.close()

    await asyncio.wait_for(asyncio.gather(*map(call, runs)), 5)


async def test_what_may_have_been_charged_stays_held() -> None:
    """A call without an answer keeps its 60 cents: 40 are left for others, and no more."""
    house, reservation, held = await holding(0.6, day=1.0)
    reservation.settle(held, 0.0, keep_rest=True)

    with pytest.raises(BudgetUsedUp):
        await reservation.hold(PROMPT, 0.5)
    assert await reservation.hold(PROMPT, 0.4)
    assert await house.balance() == pytest.approx((0.0, 1.0))


async def test_of_what_may_have_been_charged_the_known_cost_is_spent() -> None:
    """50 of 60 cents are spent and 10 stay held, so 40 are left."""
    house, reservation, held = await holding(0.6, day=1.0)
    await house.answered(0.5)
    reservation.settle(held, 0.5, keep_rest=True)

    with pytest.raises(BudgetUsedUp):
        await reservation.hold(PROMPT, 0.41)
    assert await reservation.hold(PROMPT, 0.4)
    assert await house.balance() == pytest.approx((0.5, 0.5))


async def test_what_costs_more_than_was_kept_back_leaves_nothing_held() -> None:
    """70 of 60 cents are spent: 30 are left, all of which the store has to give."""
    house, reservation, held = await holding(0.6, day=1.0)
    await house.answered(0.7)
    reservation.settle(held, 0.7, keep_rest=True)
    house.asked.clear()

    assert await reservation.hold(PROMPT, 0.3)
    assert house.asked[-1] == {DAY: pytest.approx(0.2)}


async def test_brands_that_share_a_call_hold_their_shares() -> None:
    """A brand with a limit holds half of the call's money; an account without one holds none."""
    house = House(month=50.0, brands={"Acme": 40.0})  # type: ignore[arg-type] # a table
    reservation = await house.reservation()
    held = await reservation.hold(PROMPT, 0.5)
    acme = Account("brand", "Acme", "2026-03")

    assert held
    assert held.shares == {MONTH: 1.0, acme: 0.5}
    assert house.asked == [{MONTH: 12.5, acme: 6.25}]


async def test_the_limit_that_leaves_too_little_is_named() -> None:
    """By its key in [budget]; on no account is anything held."""
    house = House(month=50.0, brands={"Acme": 0.2})  # type: ignore[arg-type] # a table
    reservation = await house.reservation()

    with pytest.raises(BudgetUsedUp, match=r'\[budget\] brands\."Acme"'):
        await reservation.hold(PROMPT, 0.5)
    assert (await house.balance(MONTH))[1] == 0


async def test_a_free_call_needs_no_money() -> None:
    """However little there is."""
    house = House(day=0.0)
    reservation = await house.reservation()
    held = await reservation.hold(PROMPT, 0.0)

    assert held
    assert (held.shares, held.usd) == ({}, 0.0)
    assert house.asked == []
    reservation.settle(held, 0.0)
    with pytest.raises(BudgetUsedUp):
        await reservation.hold(PROMPT, 0.01)


async def test_a_purse_that_is_closed_gives_back_what_is_not_spent() -> None:
    """Of 12.50 that were held ahead; closing it again gives back nothing."""
    house, reservation, held = await holding(0.5, day=100.0)
    await house.answered(0.2)
    reservation.settle(held, 0.2)
    assert await house.balance() == pytest.approx((0.2, 12.3))
    await reservation.close()
    assert await house.balance() == pytest.approx((0.2, 0.0))

    other = ReservationRequest(DAY, 3.0, 100.0)
    await house.store.money.reserve(house.run.id, [other])
    await reservation.close()
    assert (await house.balance())[1] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("spread", "ended", "batch", "kept"),
    [
        (False, False, False, False),
        (True, False, False, True),
        (True, True, False, False),
        (False, False, True, True),
        (False, True, True, True),
    ],
)
async def test_the_dead_keep_what_may_still_be_charged(
    *, spread: bool, ended: bool, batch: bool, kept: bool
) -> None:
    """A batch at the vendor, or a run that workers may be asking for."""
    store = open_test_store()
    run = await store.runs.start(Run("dead", START, PANEL))
    await store.money.reserve(run.id, [ReservationRequest(DAY, 0.1, 9.0)])
    if batch:
        await store.batches.keep(Batch(run.id, MODEL, ("q",), START, "batch_0"))
    if ended:
        await store.runs.finish(run.id, RunState.PARTIAL, START)
    await release_dead(store, spread=spread)

    assert await store.money.reserving_runs() == ({run.id} if kept else set())


Clock = SteppingClock


async def test_money_that_comes_back_while_the_store_is_asked_is_used() -> None:
    """The last call under way ends while the store refuses another call: that is asked again."""
    store = open_test_store()
    run = await store.runs.start(Run("one", START, PANEL))

    class Slow:
        """The store's money; while it refuses, the call under way ends and costs nothing."""

        async def reserve(
            self, run_id: int, claims: Sequence[ReservationRequest]
        ) -> Account | None:
            refused = await store.money.reserve(run_id, claims)
            while refused and under_way:
                reservation.settle(under_way.pop(), 0.0)
            return refused

    under_way: list[HeldAmount] = []
    money = cast("MoneyRepository", Slow())
    reservation = SpendReservation(money, BudgetTable(day=1.0), run.payer, SteppingClock(START))
    first = await reservation.hold(PROMPT, 1.0)
    assert first is not None
    under_way.append(first)

    assert await reservation.hold(PROMPT, 1.0) is not None
    assert not under_way
