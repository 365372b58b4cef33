"""Tests of the reservation of money."""

import asyncio
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from overheard.config.sections import BudgetTable
from overheard.domain import Answer, Model, Panel, Prompt, Question, Run
from overheard.interfaces import Store
from overheard.runs.spend import SpendReservation, release_dead
from overheard.testing.store import open_test_store
from scripted import SteppingClock, reply

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PROMPT = Prompt("Which?")
MODEL = Model("svc", "m-1")
PANEL = Panel(("Acme", "Zeta"), (PROMPT,), (MODEL,), repeats=100)

Calls = list[tuple[float, float]]
calls = st.lists(st.tuples(st.floats(0.001, 3), st.floats(0, 1)), max_size=12)
"""What each call may cost at most, and which share of that it costs."""


async def carry_out(store: Store, run: Run, budget: BudgetTable, calls: Calls) -> None:
    """Make calls of a run, all at once."""
    purse = SpendReservation(store.money, budget, run.payer, SteppingClock(START))

    async def call(repeat: int, worst: float, share: float) -> None:
        held = await purse.hold(PROMPT, worst)
        if held is None:
            return
        await asyncio.sleep(0)
        cost = worst * share
        question = Question(PROMPT, MODEL, repeat)
        await store.answers.add([Answer(run.id, question, reply(cost_usd=cost), START)])
        purse.settle(held, cost)

    async with asyncio.TaskGroup() as group:
        for repeat, (worst, share) in enumerate(calls):
            group.create_task(call(repeat, worst, share))
    await purse.close()


@settings(deadline=None, max_examples=40)
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


@settings(deadline=None, max_examples=40)
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
    purse = SpendReservation(
        store.money, BudgetTable(), (await store.runs.start(Run("r", START))).payer, Clock()
    )
    held = await purse.hold(PROMPT, 1e6)

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


Clock = SteppingClock


async def test_the_known_part_of_an_ambiguous_call_is_not_held_twice() -> None:
    """A call that may have been charged keeps its money back, less the cost that is known: that is
    spent, and spent money is not held as well.
    """
    store = open_test_store()
    run = await store.runs.start(Run("one", START, PANEL))
    purse = SpendReservation(store.money, BudgetTable(day=10.0), run.payer, SteppingClock(START))
    held = await purse.hold(PROMPT, 4.0)
    assert held is not None
    answer = Answer(run.id, Question(PROMPT, MODEL, 0), reply(cost_usd=1.0), START)
    await store.answers.add([answer])
    purse.keep_back(held, 1.0)

    assert await purse.hold(PROMPT, 6.0) is not None
