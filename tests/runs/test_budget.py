"""Tests of prices and limits."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from overheard.config.sections import BudgetTable
from overheard.domain import (
    Account,
    Answer,
    Capabilities,
    Claim,
    Model,
    Panel,
    Payer,
    Price,
    Prompt,
    Question,
    Run,
)
from overheard.errors import BudgetExceeded, BudgetUnknown
from overheard.interfaces import Store
from overheard.runs.budget import check_budget, estimate, nearly_spent, unasked
from overheard.testing.store import open_test_store
from scripted import ScriptedProvider, reply

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
PANEL = Panel(("Acme",), (Prompt("x" * 300),), (Model("svc", "m-1"),), repeats=4)
PAYER = Payer(0, PANEL.brands)
CALLS = unasked(PANEL, ())


class Searching(ScriptedProvider):
    """A provider whose model searches the web."""

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all of them do
        """Say so."""
        return Capabilities(search=True, searches=2)


def priced(provider: ScriptedProvider, payer: Payer = PAYER):  # type: ignore[no-untyped-def] # short
    """Price the panel."""
    return estimate(CALLS, {"svc": provider}, payer, NOW)


def test_a_panel_is_priced_call_by_call() -> None:
    """150 tokens in and 400 out, four times, at $1 and $10 a million."""
    told = priced(ScriptedProvider(price=Price(1, 10)))

    assert told.calls == 4
    assert told.typical == pytest.approx(4 * (150 * 1 + 400 * 10) / 1e6)
    assert told.worst == pytest.approx(4 * (150 * 1 + 4000 * 10) / 1e6)
    assert not told.free


def test_searches_are_priced_with_what_they_add_to_the_question() -> None:
    """Two searches at a cent each, and the pages that are read are tokens sent."""
    told = priced(Searching(price=Price(1, 0, search=0.01)))

    assert told.typical == pytest.approx(4 * (0.02 + (150 + 2 * 2_000) / 1e6))


def test_only_what_is_not_answered_yet_is_priced() -> None:
    """A run that is taken up costs what is left of it."""
    [question, *_] = PANEL.questions()

    assert unasked(PANEL, {question.key}) == Counter({(PANEL.prompts[0], PANEL.models[0]): 3})


def test_an_unknown_price_is_named_and_not_free() -> None:
    """An unknown price is never guessed."""
    told = priced(ScriptedProvider(price=None))

    assert told.unknown == PANEL.models
    assert not told.free


def test_a_local_model_is_free() -> None:
    """Nothing needs to be agreed to."""
    assert priced(ScriptedProvider()).free


async def spent(store: Store, cost: float, at: datetime = NOW) -> Run:
    """Start a run and spend money in it."""
    run = await store.runs.start(Run(f"r {at}", at, PANEL, channel="slack:C1"))
    question = Question(PANEL.prompts[0], PANEL.models[0])
    await store.answers.add([Answer(run.id, question, reply(cost_usd=cost), at)])
    return run


@pytest.mark.parametrize(
    ("budget", "key"),
    [
        (BudgetTable(day=5), "day"),
        (BudgetTable(month=10), "month"),
        (BudgetTable(brands={"Acme": 10}), 'brands."Acme"'),
        (BudgetTable(channels={"slack:C1": 10}), 'channels."slack:C1"'),
        (BudgetTable(day=5, month=10), "month"),
    ],
)
async def test_each_limit_counts_what_was_spent_in_its_time(budget: BudgetTable, key: str) -> None:
    """$4 today and $5.5 earlier this month leave $1 of a day's 5 and $0.5 of a month's 10."""
    store = open_test_store()
    await spent(store, 4.0)
    await spent(store, 5.5, NOW - timedelta(days=3))
    payer = Payer(0, PANEL.brands, "slack:C1")
    told = estimate(CALLS, {"svc": ScriptedProvider(price=Price(0, 700))}, payer, NOW)

    with pytest.raises(BudgetExceeded, match=rf"about \$1\.12, and \[budget\] {key} leaves"):
        await check_budget(budget, store.money, told)
    await check_budget(BudgetTable(day=6, month=20), store.money, told)


async def test_a_run_that_is_taken_up_has_only_what_it_did_not_spend() -> None:
    """A run's limit holds for the whole run, however often it was cut off."""
    store = open_test_store()
    run = await spent(store, 5.0)
    told = priced(ScriptedProvider(price=Price(0, 700)), run.payer)

    with pytest.raises(BudgetExceeded, match="leaves"):
        await check_budget(BudgetTable(run=6), store.money, told)
    await check_budget(
        BudgetTable(run=6), store.money, priced(ScriptedProvider(price=Price(0, 700)))
    )


async def test_what_others_hold_is_not_there() -> None:
    """Money that is held for calls under way may be spent at any moment."""
    store = open_test_store()
    run = await store.runs.start(Run("under way", NOW, PANEL))
    await store.money.reserve(run.id, [Claim(Account("day", period="2026-03-15"), 4.5, 5.0)])

    with pytest.raises(BudgetExceeded, match=r"\[budget\] day leaves \$0\.50"):
        await check_budget(
            BudgetTable(day=5), store.money, priced(ScriptedProvider(price=Price(0, 700)))
        )


async def test_a_limit_cannot_be_kept_without_a_price() -> None:
    """A model of unknown price is refused as long as there is a budget."""
    told = priced(ScriptedProvider(price=None))

    with pytest.raises(BudgetUnknown, match=r"the price of svc/m-1"):
        await check_budget(BudgetTable(day=1), open_test_store().money, told)
    await check_budget(BudgetTable(), open_test_store().money, told)


async def test_a_limit_is_told_of_from_four_fifths() -> None:
    """$4 of 5 raise a warning, $4 of 5.01 do not."""
    store = open_test_store()
    run = await spent(store, 4.0)
    accounts = run.payer.accounts(PANEL.prompts[0], NOW)

    near = await nearly_spent(BudgetTable(day=5, month=5.01), store.money, accounts)

    assert near == {Account("day", period="2026-03-15"): (4.0, 5.0)}
