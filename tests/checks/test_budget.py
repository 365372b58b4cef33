"""Tests of prices, limits and the purse."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overheard.checks.budget import Estimate, Limit, Purse, check_limit, estimate, limit
from overheard.config import BudgetTable
from overheard.domain import Answer, Model, Panel, Price, Prompt, Question, Run
from overheard.errors import BudgetExceeded, BudgetUnknown
from overheard.testing.memory_store import MemoryStore
from scripted import ScriptedProvider, reply

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
PANEL = Panel(("Acme",), (Prompt("x" * 300),), (Model("svc", "m-1"),), repeats=4)


def test_a_panel_is_priced_call_by_call() -> None:
    """150 tokens in and 400 out, four times, at $1 and $10 a million."""
    priced = estimate(PANEL.questions(), {"svc": ScriptedProvider(price=Price(1, 10))})

    assert priced.calls == 4
    assert priced.typical == pytest.approx(4 * (150 * 1 + 400 * 10) / 1e6)
    assert priced.worst == pytest.approx(4 * (150 * 1 + 4000 * 10) / 1e6)
    assert not priced.free


def test_an_unknown_price_is_named_and_not_free() -> None:
    """Nobody's price is guessed."""
    priced = estimate(PANEL.questions(), {"svc": ScriptedProvider(price=None)})

    assert priced.unknown == PANEL.models
    assert not priced.free


def test_a_local_model_is_free() -> None:
    """Nothing needs to be agreed to."""
    assert estimate(PANEL.questions(), {"svc": ScriptedProvider()}).free


async def test_a_run_that_is_taken_up_has_only_what_it_did_not_spend() -> None:
    """A run's limit holds for the whole run, however often it was cut off."""
    store = MemoryStore()
    run = await store.start_run(Run("r", NOW))
    question = Question(PANEL.prompts[0], PANEL.models[0])
    await store.add_answers([Answer(run.id, question, reply(cost_usd=5.0), NOW)])

    assert await limit(BudgetTable(run=8), store, NOW, run.id) == Limit(3.0, "run")
    assert await limit(BudgetTable(run=8), store, NOW) == Limit(8.0, "run")


async def test_the_tightest_limit_counts_less_what_was_spent_in_its_time() -> None:
    """$4 today and $5 earlier this month leave $6 of a day's 10 and $1 of a month's 10."""
    store = MemoryStore()
    run = await store.start_run(Run("r", NOW - timedelta(days=3)))
    for repeat, (day, cost) in enumerate([(0, 4.0), (3, 5.0)]):
        question = Question(PANEL.prompts[0], PANEL.models[0], repeat)
        asked_at = NOW - timedelta(days=day, minutes=1)
        await store.add_answers([Answer(run.id, question, reply(cost_usd=cost), asked_at)])

    allowed = BudgetTable(run=8, day=10, month=10)
    assert await limit(allowed, store, NOW) == Limit(1.0, "month")
    assert await limit(BudgetTable(run=8, day=10), store, NOW) == Limit(6.0, "day")
    assert await limit(BudgetTable(), store, NOW) is None


def test_a_panel_over_the_limit_is_refused_with_the_key_to_raise() -> None:
    """The sentence says what it would cost and what is left."""
    with pytest.raises(BudgetExceeded, match=r"about \$3\.00, and \[budget\] day leaves \$1\.00"):
        check_limit(Estimate(4, typical=3.0, worst=9.0), Limit(1.0, "day"))


def test_a_limit_cannot_be_kept_without_a_price() -> None:
    """A model of unknown price is refused as long as there is a budget."""
    priced = Estimate(4, 0.0, 0.0, PANEL.models)

    with pytest.raises(BudgetUnknown, match=r"the price of svc/m-1"):
        check_limit(priced, Limit(1.0, "day"))
    check_limit(priced, None)


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1)), max_size=30), st.floats(0, 10))
async def test_a_purse_never_spends_more_than_it_had(
    calls: list[tuple[float, float]], money: float
) -> None:
    """However calls overlap, no call costs more than was held for it, and no more is held."""
    purse = Purse(Limit(money, "run"))
    spent = 0.0

    async def call(worst: float, share: float) -> None:
        nonlocal spent
        if await purse.hold(worst):
            await asyncio.sleep(0)
            purse.settle(worst, worst * share)
            spent += worst * share

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for worst, share in calls:
            group.create_task(call(worst, share))

    assert spent <= money + 1e-9
