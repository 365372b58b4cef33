"""Tests of carrying out a run."""

import asyncio
import math
from datetime import timedelta
from itertools import count
from typing import Any, NoReturn

import pytest

from kit.scripted import Quiet, ScriptedProvider, SteppingClock, reply
from overheard.config.sections import AskingTable, BudgetTable
from overheard.domain import (
    Account,
    Capabilities,
    FailureKind,
    Finish,
    Model,
    Panel,
    Price,
    Prompt,
    Question,
    Reply,
    Run,
    RunState,
    Usage,
)
from overheard.errors import ProviderFailed, ProviderUnavailable, StoreError
from overheard.runs.budget import TYPICAL, SpendReservation, Tariff
from overheard.runs.call import ESTIMATE_NOTE
from overheard.runs.interruptions import STATE_CHECK_INTERVAL_S
from overheard.runs.limits import Limits, RetryPolicy
from overheard.runs.plan import new_run, unfinished
from overheard.runs.runner import AskingMeans, Runner
from overheard.runs.tasks import Outcome
from overheard.testing.deployment import open_test_store

PROMPTS = tuple(Prompt(f"Which tool is best for {who}?") for who in ("teams", "agencies", "me"))
PANEL = Panel(("Acme",), PROMPTS, (Model("svc", "m-1"),), repeats=2, seed=5)


class House:
    """A store, providers and a runner between them."""

    def __init__(self, *providers: ScriptedProvider, limit: float | None = None) -> None:
        self.store = open_test_store()
        self.providers = {provider.name: provider for provider in providers}
        self.clock = SteppingClock()
        self.progress = Quiet()
        self.limits = Limits()
        self.retries = RetryPolicy(AskingTable(tries=3), first=0.001)
        self._budget = BudgetTable(run=limit)

    async def run(self, run: Run) -> Outcome:
        """Carry a run out."""
        kept = await self.store.runs.start(run)
        reservation = SpendReservation(self.store.money, self._budget, kept.payer, self.clock)
        shared = (self.limits, self._budget, self.retries, self.clock, self.progress)
        return await Runner(AskingMeans(self.store, self.providers, *shared), reservation).run(kept)

    async def unfinished(self, panel: Panel, later: timedelta = timedelta(0)) -> Run | None:
        """Look for a run to take up."""
        return await unfinished(self.store, panel, self.clock.now() + later)

    def new_run(self, panel: Panel = PANEL) -> Run:
        """Make a run."""
        return new_run(panel, self.clock.now())


async def test_every_question_is_asked_once_and_every_answer_is_kept() -> None:
    """Three prompts, one model, two repeats: six calls, six answers, one complete run."""
    provider = ScriptedProvider()
    house = House(provider)
    outcome = await house.run(house.new_run())

    assert sorted(q.key for q in provider.asked) == sorted(q.key for q in PANEL.questions())
    assert len([a async for a in house.store.answers.stream()]) == 6
    assert (outcome.complete, outcome.state) == (6, RunState.COMPLETE)
    assert house.progress.steps == 6


async def test_each_call_has_a_seed_of_its_own_that_a_second_try_repeats() -> None:
    """Repeats are different samples, and a run that is taken up again draws the same ones."""
    first, second = ScriptedProvider(), ScriptedProvider()
    for provider in (first, second):
        house = House(provider)
        await house.run(house.new_run())

    assert len(set(first.seeds)) == 6
    assert sorted(first.seeds) == sorted(second.seeds)


async def test_no_more_calls_are_under_way_than_a_provider_takes() -> None:
    """The limit is the provider's own."""
    provider = ScriptedProvider(concurrency=2)
    house = House(provider)
    await house.run(house.new_run())

    assert provider.most_at_once == 2


async def test_a_run_that_is_cut_off_asks_only_what_is_missing() -> None:
    """It is found by what it asks, keeps what it has, and asks nothing twice."""
    provider = ScriptedProvider(concurrency=1)
    house = House(provider)
    run = house.new_run()
    provider.answer = lambda _: asyncio.sleep(3600) if len(provider.asked) > 2 else reply()
    running = asyncio.create_task(house.run(run))
    while len(provider.asked) < 3:  # noqa: ASYNC110 - a provider tells nobody that it was asked
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    again = await house.unfinished(PANEL)
    assert again is not None
    assert again.key == run.key
    provider.answer = lambda _: reply()
    outcome = await house.run(again)

    assert (outcome.kept, outcome.complete) == (2, 4)
    answered = [question.key for question in provider.asked[:2] + provider.asked[3:]]
    assert len(set(answered)) == len(answered) == 6


async def test_a_run_that_was_cut_off_long_ago_is_closed() -> None:
    """Answers from before and after a model update must not lie in one block."""
    house = House(ScriptedProvider())
    run = await house.store.runs.start(house.new_run())

    assert await house.unfinished(PANEL, timedelta(hours=11)) == run
    assert await house.unfinished(PANEL, timedelta(hours=13)) is None
    assert [run.state for run in await house.store.runs.find()] == [RunState.PARTIAL]


async def test_a_run_of_other_questions_is_not_taken_up() -> None:
    """Only the same brands, prompts, models and repeats continue a run."""
    house = House(ScriptedProvider())
    await house.store.runs.start(house.new_run())

    assert await house.unfinished(Panel(("Acme",), PROMPTS[:2], PANEL.models)) is None


async def test_an_incomplete_answer_is_kept_and_counted_apart() -> None:
    """It is neither a failure nor something to score; with nothing to score, a run is partial."""
    provider = ScriptedProvider()
    provider.answer = lambda _: reply(finish=Finish.CUT)
    house = House(provider)
    outcome = await house.run(house.new_run())

    assert (outcome.complete, outcome.incomplete) == (0, 6)
    assert outcome.state is RunState.PARTIAL
    assert {a.complete async for a in house.store.answers.stream()} == {False}


async def test_a_call_that_fails_is_kept_with_its_reason_and_asked_again_next_time() -> None:
    """The run is partial, and the failed questions count as not asked."""
    provider = ScriptedProvider()
    failure = ProviderFailed(model="svc/m-1", reason="it is busy; try again later.")
    provider.answer = lambda q: failure if q.prompt == PROMPTS[0] else reply()
    house = House(provider)
    run = house.new_run()
    outcome = await house.run(run)

    assert outcome.state is RunState.PARTIAL
    assert outcome.failures == {"svc/m-1 did not answer: it is busy; try again later.": 2}
    assert len(await house.store.answers.asked(outcome.run.id)) == 4


@pytest.mark.parametrize(
    "given",
    [
        *(None, b"text", 3, reply(cost_usd="sk-secret"), reply(usage=None)),
        *(Exception("sk-secret"), KeyError("sk-secret"), SystemExit(3), TimeoutError()),
        asyncio.CancelledError(),
    ],
)
async def test_a_faulty_provider_fails_its_own_calls_and_no_other(given: object) -> None:
    """Nonsense and errors become one sentence that quotes nothing, and the others run on."""
    bad, good = ScriptedProvider("bad"), ScriptedProvider("good")
    bad.answer = lambda _: given
    house = House(bad, good)
    models = (Model("bad", "m-1"), Model("good", "m-1"))
    outcome = await house.run(house.new_run(Panel(("Acme",), PROMPTS, models)))

    assert outcome.complete == 3
    assert outcome.state is RunState.PARTIAL
    [reason] = outcome.failures
    assert reason.startswith("The provider bad fails (")
    assert "secret" not in reason


async def test_a_provider_that_cannot_be_used_is_asked_once() -> None:
    """The rest would fail for the same reason; each is counted, and none is asked."""
    provider = ScriptedProvider(concurrency=1)
    provider.answer = lambda _: ProviderUnavailable(
        provider="svc", reason="its model is not installed", remedy="install it"
    )
    house = House(provider)
    outcome = await house.run(house.new_run())

    assert len(provider.asked) == 1
    assert outcome.failures.total() == 6
    assert outcome.state is RunState.FAILED
    assert house.progress.steps == 6


async def test_a_provider_that_is_gone_fails_its_questions() -> None:
    """A run that is taken up after its provider was removed says so."""
    house = House()
    outcome = await house.run(house.new_run())

    assert outcome.failures == {"There is no provider svc any more.": 6}


async def test_money_is_held_before_each_call_so_that_nothing_overspends() -> None:
    """With money for two worst cases at a time, calls stop before the limit is passed."""
    provider = ScriptedProvider(concurrency=6, price=Price(0, 100))  # worst case: $0.40 a call
    provider.answer, provider.pause = lambda _: reply(cost_usd=0.3), 0.3
    house = House(provider, limit=1.0)
    outcome = await house.run(house.new_run())

    assert len(provider.asked) == 3
    assert provider.most_at_once == 2
    assert outcome.spent == pytest.approx(0.9)
    [reason] = outcome.failures
    assert reason.startswith("What is left of [budget] run does not cover the most that such")
    assert outcome.failures.total() == 3
    assert await house.store.money.spent() == pytest.approx(0.9)


async def test_calls_wait_for_money_that_is_only_held() -> None:
    """Answers as most are cost little of what is held for them: all six fit one after another."""
    provider = ScriptedProvider(concurrency=6, price=Price(0, 100))
    provider.answer = lambda _: reply(cost_usd=0.04)
    house = House(provider, limit=0.65)
    outcome = await house.run(house.new_run())

    assert outcome.complete == 6
    assert outcome.spent == pytest.approx(0.24)


def failing(kind: FailureKind, **more: Any) -> ProviderFailed:
    """Return a failure that says whether it can be tried again."""
    return ProviderFailed(model="svc/m-1", reason="it is busy.", kind=kind, **more)


async def test_a_call_that_may_succeed_later_is_made_again() -> None:
    """Two failures and an answer: the question is answered, and the retries are counted."""
    provider = ScriptedProvider(concurrency=1)
    busy = iter([failing(FailureKind.SERVER, retryable=True)] * 2)
    provider.answer = lambda _: next(busy, reply())
    house = House(provider)
    outcome = await house.run(house.new_run())

    assert (outcome.complete, outcome.retries, outcome.state) == (6, 2, RunState.COMPLETE)
    assert len(provider.asked) == 8


async def test_a_call_that_is_not_safe_to_repeat_is_made_once() -> None:
    """Only what its provider calls retryable is tried again."""
    provider = ScriptedProvider()
    provider.answer = lambda _: failing(FailureKind.REQUEST)
    house = House(provider)
    outcome = await house.run(house.new_run())

    assert len(provider.asked) == 6
    assert (outcome.retries, outcome.state) == (0, RunState.FAILED)


async def test_a_refused_key_is_tried_once() -> None:
    """Every other question would be refused too."""
    provider = ScriptedProvider(concurrency=1)
    provider.answer = lambda _: failing(FailureKind.AUTH)
    house = House(provider)
    outcome = await house.run(house.new_run())

    assert len(provider.asked) == 1
    assert outcome.failures.total() == house.progress.steps == 6


async def test_a_model_that_asks_to_be_left_alone_for_long_delays_no_other() -> None:
    """An hour of Retry-After: the rest is given up with the reason, and the other is asked."""
    slow, quick = ScriptedProvider("slow", concurrency=1), ScriptedProvider("quick")
    slow.answer = lambda _: failing(FailureKind.RATE_LIMIT, retryable=True, retry_after=3600.0)
    house = House(slow, quick)
    models = (Model("slow", "m-1"), Model("quick", "m-1"))
    async with asyncio.timeout(5):
        outcome = await house.run(house.new_run(Panel(("Acme",), PROMPTS, models)))

    assert len(slow.asked) == 1
    assert (outcome.complete, outcome.failures.total()) == (3, 3)
    assert any("is paused for" in reason for reason in outcome.failures)


async def test_money_that_may_have_been_charged_stays_held() -> None:
    """A call that timed out may be billed: what was held for it is not spent again."""
    provider = ScriptedProvider(concurrency=1, price=Price(0, 100))
    lost = iter([failing(FailureKind.TIMEOUT, ambiguous=True)])
    provider.answer = lambda _: next(lost, reply(cost_usd=0.39))
    house = House(provider, limit=1.0)
    outcome = await house.run(house.new_run())

    usual = Tariff.of(Model("svc", "m-1"), {"svc": provider}).cost(PROMPTS[0], TYPICAL)
    assert outcome.complete == 1
    assert await house.store.money.spent() == pytest.approx(0.39 + usual)


async def test_calls_that_time_out_are_booked_with_the_answer_that_follows() -> None:
    """Each may be billed; the next run must not get their money again."""
    provider = ScriptedProvider(concurrency=1, price=Price(0, 100))
    lost = iter([failing(FailureKind.TIMEOUT, ambiguous=True, retryable=True)] * 2)
    provider.answer = lambda _: next(lost, reply(cost_usd=0.01))
    house = House(provider, limit=10.0)
    outcome = await house.run(house.new_run())

    usual = Tariff.of(Model("svc", "m-1"), {"svc": provider}).cost(PROMPTS[0], TYPICAL)
    assert (outcome.complete, outcome.retries) == (6, 2)
    assert await house.store.money.spent() == pytest.approx(6 * 0.01 + 2 * usual) == outcome.spent


class ShortProvider(ScriptedProvider):
    """A provider whose answers are cut after 100 tokens."""

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all of them are
        """Say so."""
        return Capabilities(answer_limit=100)


@pytest.mark.parametrize(("kind", "complete"), [(ScriptedProvider, 0), (ShortProvider, 6)])
async def test_a_budget_holds_no_more_than_the_length_of_answers_allows(
    kind: type[ScriptedProvider], complete: int
) -> None:
    """$0.1 are enough for six answers of 100 tokens, and not for one of 4,000."""
    provider = kind(concurrency=1, price=Price(0, 100))
    provider.answer = lambda _: reply(cost_usd=0.01)

    house = House(provider, limit=0.1)
    assert (await house.run(house.new_run())).complete == complete


async def test_a_provider_without_usage_does_not_slip_a_budget() -> None:
    """An answer whose cost is not reported is booked by its length, and at least as a typical one,
    as an estimate.
    """
    provider = ScriptedProvider(concurrency=1, price=Price(0, 100))
    provider.answer = lambda _: Reply("Acme. " * 100, Finish.COMPLETE, cost_usd=None)
    house = House(provider, limit=0.5)
    outcome = await house.run(house.new_run())

    each = TYPICAL.answer * 100 / 1e6
    assert await house.store.money.spent() == pytest.approx(each * outcome.complete)
    assert outcome.estimated == outcome.spent > 0
    spendings = await house.store.money.spending()
    assert all(spending.estimated_usd == spending.usd > 0 for spending in spendings)


async def test_an_answer_that_cannot_be_read_is_counted_as_usual() -> None:
    """It may be billed: its estimated price is spent, the failure says so, and the rest of what was
    held for it is not spent again.
    """
    provider = ScriptedProvider(concurrency=1, price=Price(0, 100))
    torn = iter([failing(FailureKind.MALFORMED, ambiguous=True)])
    provider.answer = lambda _: next(torn, reply(cost_usd=0.01))
    house = House(provider, limit=10.0)
    run = house.new_run()
    outcome = await house.run(run)

    usual = Tariff.of(Model("svc", "m-1"), {"svc": provider}).cost(PROMPTS[0], TYPICAL)
    assert usual > 0
    assert await house.store.money.spent() == pytest.approx(usual + 5 * 0.01) == outcome.spent
    assert [reason.endswith(ESTIMATE_NOTE) for reason in outcome.failures] == [True]


@pytest.mark.parametrize(
    "told",
    [
        reply(cost_usd=0.0),
        reply(cost_usd=0.0, usage=Usage(50, 200)),
        reply(cost_usd=0.0, usage=Usage(0, 1)),
        KeyError("usage"),
        Reply("", Finish.FAILED),
        Reply("Acme.", Finish.COMPLETE, cost_usd=math.nan),
        Reply("Acme.", Finish.COMPLETE, usage=Usage(-1, 5), cost_usd=None),
    ],
    ids=lambda told: str(told)[:20],
)
async def test_what_a_provider_does_not_tell_does_not_slip_a_budget(told: object) -> None:
    """Nor what it tells as 0 or breaks at, at every other call: none of it was for nothing."""
    provider = ScriptedProvider(concurrency=1, price=Price(100, 100))
    turns = count()

    def answer(_: Question) -> Any:
        if next(turns) % 2:
            return reply(cost_usd=0.2)
        if isinstance(told, Exception):
            raise told
        return told

    provider.answer = answer
    house = House(provider, limit=10)
    outcome = await house.run(house.new_run())

    assert outcome.spent > 3 * 0.2
    assert await house.store.money.spent() == pytest.approx(outcome.spent)
    assert outcome.estimated > 0


async def test_a_dearer_answer_than_the_worst_is_held_for_from_then_on() -> None:
    """The estimate was wrong once; it is not wrong again."""
    provider = ScriptedProvider(concurrency=1, price=Price(0, 1))
    provider.answer = lambda _: reply(cost_usd=0.4)
    house = House(provider, limit=1.0)
    outcome = await house.run(house.new_run())

    assert outcome.complete == 2
    assert await house.store.money.spent() <= 1.0


async def test_a_run_that_is_paused_elsewhere_finishes_its_calls_and_stops() -> None:
    """What is under way is answered and kept; nothing else is begun."""
    provider, answered = ScriptedProvider(concurrency=2), asyncio.Event()
    provider.answer = lambda _: _when(answered)
    house = House(provider)
    run = await house.store.runs.start(house.new_run())
    running = asyncio.create_task(house.run(run))
    while len(provider.asked) < 2:  # noqa: ASYNC110 - a provider tells nobody that it was asked
        await asyncio.sleep(0)
    assert await house.store.runs.steer(run.id, RunState.PAUSED)
    await asyncio.sleep(STATE_CHECK_INTERVAL_S * 1.5)
    answered.set()
    outcome = await running

    assert outcome.state is RunState.PAUSED
    assert (outcome.complete, len(provider.asked)) == (2, 2)
    assert len(await house.store.answers.asked(run.id)) == 2


async def test_a_stopped_run_does_not_wait_for_a_retry() -> None:
    """A question that waits to be asked again is simply not asked."""
    provider = ScriptedProvider(concurrency=1)
    provider.answer = lambda _: failing(FailureKind.SERVER, retryable=True, retry_after=300.0)
    house = House(provider)
    run = await house.store.runs.start(house.new_run())
    running = asyncio.create_task(house.run(run))
    while not provider.asked:  # noqa: ASYNC110 - a provider tells nobody that it was asked
        await asyncio.sleep(0)
    await house.store.runs.steer(run.id, RunState.CANCELLED)
    async with asyncio.timeout(5):
        outcome = await running

    assert outcome.state is RunState.CANCELLED


async def test_an_answer_that_came_in_is_kept_when_the_run_is_cut_off() -> None:
    """It is paid for, so it is written before the run is left."""
    provider = ScriptedProvider(concurrency=1)
    provider.answer = lambda _: asyncio.sleep(3600) if len(provider.asked) > 1 else reply()
    house = House(provider)
    run = await house.store.runs.start(house.new_run())
    running = asyncio.create_task(house.run(run))
    await asyncio.sleep(0)
    while not provider.asked:  # noqa: ASYNC110 - a provider tells nobody that it was asked
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert len(await house.store.answers.asked(run.id)) == len(provider.asked) == 1


async def cut_off(house: House, run: Run, provider: ScriptedProvider, calls: int) -> None:
    """Carry a run out, and cancel it once so many calls were made."""
    running = asyncio.create_task(house.run(run))
    async with asyncio.timeout(30):
        while len(provider.asked) < calls:  # noqa: ASYNC110 - it tells nobody that it was asked
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def spending(house: House) -> list[float]:
    """Return the dollars spent, those of them that are estimated, and the charged answers."""
    spent = await house.store.money.spending()
    each = [(s.usd, s.estimated_usd, s.answers) for s in spent]
    return [sum(column) for column in zip(*each, strict=True)]


@pytest.mark.parametrize("limit", [None, 10.0])
async def test_calls_that_are_cut_off_are_booked_as_estimates(limit: float | None) -> None:
    """Two of six are under way: they may be billed, and are asked again and paid on their own. The
    four that have not begun cost nothing, and no money stays held.
    """
    provider = ScriptedProvider(concurrency=2, price=Price(0, 100))
    provider.answer = lambda _: asyncio.sleep(3600)
    house = House(provider, limit=limit)
    run = house.new_run()
    await cut_off(house, run, provider, 2)

    usual = Tariff.of(Model("svc", "m-1"), {"svc": provider}).cost(PROMPTS[0], TYPICAL)
    assert usual > 0
    assert await spending(house) == pytest.approx([2 * usual, 2 * usual, 2])
    answers = [answer async for answer in house.store.answers.stream()]
    assert all("was cut off before its answer arrived" in answer.error for answer in answers)
    assert await house.store.money.reserving_runs() == set()
    assert await house.store.answers.asked(answers[0].run_id) == set()

    provider.answer = lambda _: reply(cost_usd=0.3, usage=Usage(10, 20))
    outcome = await house.run(run)

    assert outcome.complete == 6
    assert outcome.spent == pytest.approx(6 * 0.3)
    total = 6 * 0.3 + 2 * usual
    assert await spending(house) == pytest.approx([total, 2 * usual, 6])
    account = Account("run", str(outcome.run.id))
    balance = (await house.store.money.balances([account]))[account]
    assert balance.spent == pytest.approx(total)
    assert balance.held == 0


async def test_a_free_call_that_is_cut_off_leaves_nothing() -> None:
    """That a local model costs nothing is known."""
    provider = ScriptedProvider(concurrency=2)
    provider.answer = lambda _: asyncio.sleep(3600)
    house = House(provider)
    await cut_off(house, house.new_run(), provider, 2)

    assert await spending(house) == []
    assert [answer async for answer in house.store.answers.stream()] == []


@pytest.mark.parametrize("ambiguous", [False, True])
async def test_what_a_try_may_cost_stays_booked_when_its_retry_is_cut_off(ambiguous: bool) -> None:
    """While the question waits for its second call, only the first one can be billed."""
    provider = ScriptedProvider(concurrency=1, price=Price(0, 100))
    provider.answer = lambda _: failing(
        FailureKind.SERVER, retryable=True, retry_after=300.0, ambiguous=ambiguous
    )
    house = House(provider)
    await cut_off(house, house.new_run(), provider, 1)

    usual = Tariff.of(Model("svc", "m-1"), {"svc": provider}).cost(PROMPTS[0], TYPICAL)
    assert await spending(house) == pytest.approx([usual, usual, 1] if ambiguous else [])


async def test_calls_that_are_cut_off_end_also_when_the_store_is_broken() -> None:
    """The run is cancelled all the same, and at once."""
    provider = ScriptedProvider(concurrency=2, price=Price(0, 100))
    provider.answer = lambda _: asyncio.sleep(3600)
    house = House(provider)

    async def refuse(_: object) -> NoReturn:
        raise StoreError(url="x.db", reason="its disk is full", remedy="make room")

    house.store.answers.add = refuse  # type: ignore[assignment,method-assign]
    await cut_off(house, house.new_run(), provider, 2)


async def _when(event: asyncio.Event) -> Reply:
    await event.wait()
    return reply()
