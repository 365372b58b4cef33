"""Tests of quotes: what a run would cost, said before it is asked."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import inf

import pytest

from kit.recording import HandClock
from kit.scripted import ScriptedProvider, reply
from overheard.config.sections import BudgetTable
from overheard.domain import (
    Account,
    Answer,
    Model,
    Panel,
    Payer,
    Price,
    Prompt,
    ReservationRequest,
    Run,
    Usage,
    UsualUsage,
)
from overheard.errors import BudgetExceeded, BudgetHeld
from overheard.runs.budget import Estimate
from overheard.runs.quote import PriceQuote, Pricing
from overheard.testing.deployment import open_test_store

MODEL = Model("svc", "m-1")
PANEL = Panel(("Acme",), (Prompt("x" * 300), Prompt("y" * 300)), (MODEL,), repeats=2)
CALL = (150 * 1 + 400 * 10) / 1e6
"""The typical dollars of a call at $1 and $10 a million tokens: 300 characters are 100 tokens, and
50 come on top; an answer has 400.
"""
WORST_CALL = (150 * 1 + 4000 * 10) / 1e6


def estimate_of(
    calls: int, typical: float, worst: float | None = None, *unknown: Model
) -> Estimate:
    """Make an estimate."""
    return Estimate(calls, typical, typical if worst is None else worst, unknown)


@pytest.mark.parametrize(
    ("quote", "price", "short"),
    [
        (
            PriceQuote(estimate_of(4, 0.42, 1.5)),
            "4 questions for about $0.42, at most $1.50",
            "about $0.42",
        ),
        (PriceQuote(estimate_of(1, 2.0)), "1 question for about $2.00", "about $2.00"),
        (
            PriceQuote(estimate_of(4, 0.001, 0.004)),
            "4 questions for less than $0.01",
            "less than $0.01",
        ),
        (PriceQuote(estimate_of(4, 0.0)), "4 questions for about $0.00", "free"),
        (
            PriceQuote(estimate_of(4, 0.0, 0.0, MODEL, Model("svc", "m-2"))),
            "4 questions; the price of svc/m-1 and svc/m-2 is unknown",
            "price unknown",
        ),
        (
            PriceQuote(estimate_of(4, 0.42, 1.5), estimate_of(4, 0.08, 0.5)),
            (
                "4 questions for about $0.42, at most $1.50; judging the answers adds about "
                "$0.08, at most $0.50"
            ),
            "about $0.50",
        ),
        (
            PriceQuote(estimate_of(4, 1.0), estimate_of(4, 0.0, 0.0, MODEL)),
            (
                "4 questions for about $1.00; the answers are judged by svc/m-1, whose price "
                "is unknown"
            ),
            "price unknown",
        ),
        (
            PriceQuote(estimate_of(4, 1.0), batch="in a batch: half price"),
            "4 questions for about $1.00; in a batch: half price",
            "about $1.00",
        ),
        (PriceQuote(estimate_of(4, 0.01)), "4 questions for about $0.01", "about $0.01"),
        (
            PriceQuote(estimate_of(4, 0.01, 0.02)),
            "4 questions for about $0.01, at most $0.02",
            "about $0.01",
        ),
        (
            PriceQuote(estimate_of(4, 2.0, 2.01)),
            "4 questions for about $2.00, at most $2.01",
            "about $2.00",
        ),
    ],
)
def test_a_price_is_said_in_full_and_in_short(quote: PriceQuote, price: str, short: str) -> None:
    """What is typical and what it is at most, of the questions and of judging their answers."""
    assert (quote.price, quote.short) == (price, short)


def test_a_quote_is_free_when_neither_asking_nor_judging_costs() -> None:
    """And a price that is not known is not free."""
    nothing, cheap = estimate_of(4, 0.0), estimate_of(4, 0.01)
    unknown = estimate_of(4, 0.0, 0.0, MODEL)

    assert PriceQuote(nothing, nothing).free
    assert not PriceQuote(nothing, cheap).free
    assert not PriceQuote(cheap, nothing).free
    assert not PriceQuote(nothing, unknown).free


def test_the_most_that_a_quote_may_cost_is_the_sum_of_the_worst() -> None:
    """Without an end where a price is not known."""
    priced, unknown = estimate_of(4, 0.5, 2.0), estimate_of(4, 0.0, 0.0, MODEL)

    assert PriceQuote(priced, estimate_of(4, 0.1, 0.25)).usd == 2.25
    assert PriceQuote(priced).usd == 2.0
    assert PriceQuote(unknown, priced).usd == inf
    assert PriceQuote(priced, unknown).usd == inf


class House:
    """A store with a pricing between it and one provider; judging costs a dollar an answer."""

    def __init__(self, *, spread: bool = False, budget: BudgetTable | None = None) -> None:
        self.store = open_test_store()
        self.clock = HandClock()
        self.pricing = Pricing(
            self.store,
            {"svc": ScriptedProvider(price=Price(1, 10))},
            budget or BudgetTable(),
            self.clock,
            self.judge,
            spread=spread,
        )

    async def judge(self, answers: int, _: datetime) -> Estimate:
        """Price judging."""
        return estimate_of(answers, float(answers))

    def run(self, panel: Panel | None = PANEL, **more: bool) -> Run:
        """Make a run that is not stored yet."""
        return Run("new", self.clock.now(), panel, **more)  # type: ignore[arg-type] # aside

    async def started(self, answered: int) -> Run:
        """Store a run with answers to its first questions."""
        run = await self.store.runs.start(Run("kept", self.clock.now(), PANEL))
        questions = list(PANEL.questions())[:answered]
        await self.store.answers.add(
            [Answer(run.id, question, reply(), run.started_at) for question in questions]
        )
        return run


@pytest.fixture
async def house() -> House:
    """A store without runs."""
    return House()


async def test_a_run_is_quoted_with_the_judging_of_its_answers(house: House) -> None:
    """Two prompts, asked twice: four calls, and four answers to judge."""
    run = house.run()
    quote = await house.pricing.quote(run)

    assert quote.asking.calls == 4
    assert quote.asking.typical == pytest.approx(4 * CALL)
    assert quote.asking.worst == pytest.approx(4 * WORST_CALL)
    assert (quote.judging.calls, quote.reused, quote.batch) == (4, 0, "")
    assert (quote.run, quote.reuse_within) == (run, None)


async def test_only_runs_of_the_history_are_judged(house: House) -> None:
    """The answers of a run aside are not scored."""
    aside = house.run(aside=True)

    assert (await house.pricing.quote(aside)).judging.calls == 0
    assert (await house.pricing.quote(house.run())).judging.calls == 4


async def test_what_is_answered_already_is_not_asked_and_is_judged_all_the_same(
    house: House,
) -> None:
    """Three of four questions are left."""
    quote = await house.pricing.quote(await house.started(1))

    assert (quote.asking.calls, quote.judging.calls) == (3, 4)


async def test_answers_that_are_reused_cost_nothing(house: House) -> None:
    """Three answers of an earlier run leave one question and one answer to judge."""
    await house.started(3)
    house.clock.pass_(hours=1)
    day = timedelta(days=1)
    quote = await house.pricing.quote(house.run(), reuse_within=day)

    assert (quote.asking.calls, quote.judging.calls, quote.reused) == (1, 1, 3)
    assert quote.asking.typical == pytest.approx(CALL)
    assert quote.reuse_within == day
    assert (await house.pricing.quote(house.run())).reused == 0


async def test_a_run_without_a_panel_asks_nothing(house: House) -> None:
    """History that was imported has no questions."""
    run = house.run(panel=None)
    quote = await house.pricing.quote(run)

    assert (quote.asking.calls, quote.judging.calls, quote.run) == (0, 0, run)
    assert quote.free


async def test_a_quote_is_refused_when_the_budget_does_not_cover_it() -> None:
    """The configured one, or that which is named."""
    house = House(budget=BudgetTable(day=3 * CALL))
    with pytest.raises(BudgetExceeded, match=r"\[budget\] day"):
        await house.pricing.quote(house.run())
    calls = PANEL.unasked()
    priced = await house.pricing.quote_calls(
        calls, Payer(0, PANEL.brands), budget=BudgetTable(day=5 * CALL)
    )
    with pytest.raises(BudgetExceeded, match=r"\[budget\] run"):
        await house.pricing.quote_calls(calls, Payer(0), budget=BudgetTable(run=CALL))

    assert priced.asking.calls == 4
    assert (priced.judging.calls, priced.reused, priced.run) == (0, 0, None)


async def test_a_quote_beside_others_says_that_they_are_asking() -> None:
    """A larger budget would be no remedy."""
    house = House(budget=BudgetTable(day=5 * CALL))
    other = await house.started(0)
    day = Account("day", period=f"{house.clock.now():%Y-%m-%d}")
    await house.store.money.reserve(other.id, [ReservationRequest(day, 3 * CALL, 5 * CALL)])
    async with house.store.locks.run_lock(other.id):
        with pytest.raises(BudgetHeld, match="Others are asking"):
            await house.pricing.quote(replace(house.run(), key="mine"))


async def test_a_label_is_priced_without_the_budget() -> None:
    """It only says what a button would cost."""
    house = House(budget=BudgetTable(day=0.0))
    quote = await house.pricing.unchecked(PANEL)

    assert quote.asking.calls == quote.judging.calls == 4
    assert quote.asking.typical == pytest.approx(4 * CALL)
    assert quote.run is None


@pytest.mark.parametrize("spread", [False, True])
async def test_a_quote_gives_back_what_dead_processes_held(spread: bool) -> None:
    """Unless workers may still be asking for them."""
    house = House(spread=spread, budget=BudgetTable(day=1.0))
    dead = await house.started(0)
    day = Account("day", period=f"{house.clock.now():%Y-%m-%d}")
    await house.store.money.reserve(dead.id, [ReservationRequest(day, 1.0, 1.0)])
    run = replace(house.run(), key="other")
    if spread:
        with pytest.raises(BudgetHeld):
            await house.pricing.quote(run)
    else:
        assert (await house.pricing.quote(run)).asking.calls == 4


async def answered(house: House, *usages: Usage, key: str = "earlier") -> None:
    """Store a run with an answer for each usage."""
    run = await house.store.runs.start(Run(key, house.clock.now(), PANEL))
    questions = list(PANEL.questions())
    await house.store.answers.add(
        [
            Answer(run.id, question, reply(usage=usage), run.started_at)
            for question, usage in zip(questions, usages, strict=False)
        ]
    )


async def test_from_the_second_run_on_an_estimate_is_what_answers_were_billed_for(
    house: House,
) -> None:
    """The mean of the model's own answers, at today's price; answers without usage say nothing."""
    await answered(house, Usage(40, 90), Usage(60, 110), Usage())
    quote = await house.pricing.quote(house.run())

    assert quote.asking.typical == pytest.approx(4 * (50 * 1 + 100 * 10) / 1e6)
    assert quote.asking.booked[Account("run", "0")] == pytest.approx(quote.asking.typical)
    found = await house.store.answers.usual_usage([MODEL, Model("svc", "other")])
    assert found == {MODEL: UsualUsage(2, 1, 50, 100)}


@pytest.mark.parametrize(("newer", "mean"), [(2, 500.0), (3, 100.0)])
async def test_older_answers_count_only_as_long_as_newer_ones_are_few(
    house: House, newer: int, mean: float
) -> None:
    """A model whose answers become shorter or longer is priced by them from the next run on."""
    await answered(house, *[Usage(40, 700)] * 4, key="old")
    await answered(house, *[Usage(40, 100)] * newer, key="new")
    found = await house.store.answers.usual_usage([MODEL])

    assert found[MODEL].output_tokens == pytest.approx(mean)


async def test_the_most_that_a_run_can_cost_is_what_the_budget_leaves() -> None:
    """Which stops it there."""
    house = House(budget=BudgetTable(run=5 * CALL))
    quote = await house.pricing.quote(house.run())

    assert quote.asking.worst == pytest.approx(5 * CALL) == quote.usd - quote.judging.worst
