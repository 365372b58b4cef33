"""Tests of prices and limits."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from kit.scripted import ScriptedProvider, reply
from overheard.config.sections import BudgetTable
from overheard.domain import (
    Account,
    Answer,
    Capabilities,
    Model,
    Panel,
    Payer,
    Price,
    Prompt,
    Question,
    ReservationRequest,
    Run,
)
from overheard.errors import BudgetExceeded, BudgetHeld, BudgetUnknown
from overheard.interfaces import Store
from overheard.runs.budget import (
    TYPICAL,
    Estimate,
    Tariff,
    capabilities_of,
    check_budget,
    estimate,
    nearly_spent,
    price_of,
)
from overheard.testing.deployment import open_test_store

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
PANEL = Panel(("Acme",), (Prompt("x" * 300),), (Model("svc", "m-1"),), repeats=4)
MODEL = PANEL.models[0]
PAYER = Payer(0, PANEL.brands)
CALLS = PANEL.unasked()


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


class Short(ScriptedProvider):
    """A provider whose answers are cut after 100 tokens."""

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all of them are
        """Say so."""
        return Capabilities(answer_limit=100)


def test_a_configured_length_of_answers_limits_the_price() -> None:
    """No answer can be longer."""
    provider = Short(price=Price(1, 10))
    assert priced(provider).typical == priced(provider).worst
    assert priced(provider).worst == pytest.approx(4 * (150 * 1 + 100 * 10) / 1e6)


def test_only_what_is_not_answered_yet_is_priced() -> None:
    """A run that is taken up costs what is left of it."""
    [question, *_] = PANEL.questions()

    assert PANEL.unasked({question.key}) == Counter({(PANEL.prompts[0], PANEL.models[0]): 3})


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
    await store.money.reserve(
        run.id, [ReservationRequest(Account("day", period="2026-03-15"), 4.5, 5.0)]
    )

    with pytest.raises(BudgetHeld, match=r"\[budget\] day is held for them"):
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


class Unsteady(ScriptedProvider):
    """A provider whose answers about itself are of no use."""

    def __init__(self, told: object) -> None:
        super().__init__()
        self.told = told

    def price(self, model: str) -> Price | None:  # noqa: ARG002 - of any
        """Return what is no price, or raise it."""
        if isinstance(self.told, Exception):
            raise self.told
        return self.told  # type: ignore[return-value] # that is the point

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - of any
        """Return what are no capabilities, or raise it."""
        return self.price("")  # type: ignore[return-value] # that is the point


@pytest.mark.parametrize(
    "told",
    [
        RuntimeError("it fails"),
        "cheap",
        None,
        Price(-1.0, 1.0),
        Price(1.0, -1.0),
        Price(1.0, inf),
        Price(float("nan"), 0),
        Price(1.0, 1.0, cached=-1.0),
        Price(1.0, 1.0, search=inf),
    ],
)
def test_what_is_no_price_is_an_unknown_price(told: object) -> None:
    """An error, another type, and amounts that are negative or have no end."""
    assert price_of(MODEL, {"svc": Unsteady(told)}) is None


def test_a_price_of_nothing_is_a_price() -> None:
    """All amounts may be 0, and that of the cache may be missing."""
    for price in (Price(0.0, 0.0), Price(1.0, 2.0, cached=0.0, search=0.0)):
        assert price_of(MODEL, {"svc": ScriptedProvider(price=price)}) == price


@pytest.mark.parametrize("told", [RuntimeError("it fails"), "able", None])
def test_a_provider_that_says_nothing_sensible_can_do_nothing_special(told: object) -> None:
    """Neither an error nor another type is believed."""
    assert capabilities_of(MODEL, {"svc": Unsteady(told)}) == Capabilities()


def test_a_call_costs_nothing_that_is_known_where_its_price_is_unknown() -> None:
    """150 tokens of the prompt at $1 a million; 0 without a price."""
    providers = {"svc": ScriptedProvider(price=Price(1, 0))}
    cost = Tariff.of(MODEL, providers).cost(PANEL.prompts[0], TYPICAL)

    assert cost == pytest.approx(150 / 1e6)
    unknown = {"svc": ScriptedProvider(price=None)}
    assert Tariff.of(MODEL, unknown).cost(PANEL.prompts[0], TYPICAL) == 0.0


def test_a_batch_is_priced_at_its_own_rate() -> None:
    """Half price for the models that are asked in batches."""
    provider = {"svc": ScriptedProvider(price=Price(1, 10, batch=0.5))}
    single = estimate(CALLS, provider, PAYER, NOW)
    batch = estimate(CALLS, provider, PAYER, NOW, [MODEL])

    assert batch.typical == pytest.approx(single.typical / 2)
    assert batch.worst == pytest.approx(single.worst / 2)


def test_brands_that_share_calls_are_booked_their_shares() -> None:
    """Two brands pay half each; a run, a day and a month pay all of it."""
    payer = Payer(7, ("Acme", "Zeta"))
    told = priced(ScriptedProvider(price=Price(1, 10)), payer)
    all_of_it = pytest.approx(4 * (150 * 1 + 400 * 10) / 1e6)

    assert told.booked == {
        Account("run", "7"): all_of_it,
        Account("day", period="2026-03-15"): all_of_it,
        Account("month", period="2026-03"): all_of_it,
        Account("brand", "Acme", "2026-03"): pytest.approx(told.typical / 2),
        Account("brand", "Zeta", "2026-03"): pytest.approx(told.typical / 2),
    }


async def test_exactly_what_is_left_may_be_spent() -> None:
    """$4 of 5 are spent, and a call of $1 is covered; of an overspent limit nothing is left."""
    store = open_test_store()
    await spent(store, 4.0)
    day = Account("day", period="2026-03-15")

    await check_budget(BudgetTable(day=5), store.money, Estimate(1, 1.0, 1.0, (), {day: 1.0}))
    with pytest.raises(BudgetExceeded, match=r"leaves \$0\.00"):
        await check_budget(BudgetTable(day=3), store.money, Estimate(1, 1.0, 1.0, (), {day: 0.5}))


async def test_the_tightest_limit_is_named() -> None:
    """Of several that do not cover a run, the one that leaves least."""
    store = open_test_store()
    day, month = Account("day", period="2026-03-15"), Account("month", period="2026-03")
    told = Estimate(1, 9.0, 9.0, (), {day: 9.0, month: 9.0})

    with pytest.raises(BudgetExceeded, match=r"\[budget\] month leaves \$2\.00"):
        await check_budget(BudgetTable(day=3, month=2), store.money, told)
    with pytest.raises(BudgetExceeded, match=r"\[budget\] day leaves \$1\.00"):
        await check_budget(BudgetTable(day=1, month=2), store.money, told)


async def test_a_limit_of_nothing_is_never_nearly_spent() -> None:
    """It has no share that could be spent."""
    store = open_test_store()
    run = await spent(store, 4.0)
    accounts = run.payer.accounts(PANEL.prompts[0], NOW)

    assert await nearly_spent(BudgetTable(day=0), store.money, accounts) == {}
    assert await nearly_spent(BudgetTable(), store.money, accounts) == {}


async def test_the_most_that_questions_may_cost_follows_from_the_share_of_each_limit() -> None:
    """A brand that pays for half of them lets them cost twice what it has left."""
    money, brand = open_test_store().money, Account("brand", "Acme", "2026-03")
    day = Account("day", period="2026-03-15")
    told = Estimate(2, 2.0, 9.0, (), {day: 2.0, brand: 1.0})
    acme = {"Acme": 3.0}

    assert await check_budget(BudgetTable(day=5, brands=acme), money, told) == 5.0
    assert await check_budget(BudgetTable(day=8, brands=acme), money, told) == 6.0
    assert await check_budget(BudgetTable(), money, told) == inf
