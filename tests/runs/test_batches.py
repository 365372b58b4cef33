"""Tests of asking a run's questions in batches, of a vendor on loopback, through its SDK."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.batch_service import CANCELLED, ERRORED, MISSING, OK, BatchService, selling
from kit.scripted import Quiet, ScriptedProvider, SteppingClock
from kit.shapes import RESPONSES
from kit.vendors import KEY
from overheard.config.sections import AskingTable, BudgetTable
from overheard.domain import Batch, Finish, Model, Panel, Prompt, Run, RunState
from overheard.errors import ProviderFailed, ProviderUnavailable
from overheard.runs.batch_collection import BatchPolling, item_of
from overheard.runs.batches import Batches, batched, parts
from overheard.runs.budget import WORST, Tariff, release_dead
from overheard.runs.limits import Limits, RetryPolicy
from overheard.runs.plan import new_run, unfinished
from overheard.runs.runner import AskingMeans
from overheard.runs.tasks import Outcome
from overheard.testing.deployment import open_test_store

PRICES = {"m-1": {"input": 1.0, "output": 2.0, "batch": 0.5}}
COST = 0.5 * (10 * 1e-6 + 20 * 2e-6)
MODEL = Model("svc", "m-1")
PROMPTS = tuple(Prompt(f"Which tool suits {n} people?") for n in range(4))
PANEL = Panel(("Acme",), PROMPTS, (MODEL,), repeats=2, batch=True)
QUICK = BatchPolling(first_s=0.01, longest_s=0.02, unreachable_s=0.2, cancelling_s=60.0)


@pytest.fixture
def service() -> Iterator[BatchService]:
    """A vendor that sells batches."""
    with selling() as running:
        yield running


class House:
    """A store, a provider that asks the vendor, and who asks between them."""

    def __init__(self, provider: Any) -> None:
        self.store = open_test_store()
        self.providers: dict[str, Any] = {"svc": provider}
        self.clock = SteppingClock()
        self.budget = BudgetTable()
        self.tries = 3

    async def start(self, panel: Panel = PANEL) -> Run:
        """Begin a run."""
        return await self.store.runs.start(new_run(panel, self.clock.now()))

    def batches(self) -> Batches:
        """Return a batch runner, as a new process would make it."""
        retries = RetryPolicy(AskingTable(tries=self.tries), first=0.001)
        shared = (Limits(), self.budget, retries, self.clock, Quiet())
        return Batches(AskingMeans(self.store, self.providers, *shared), QUICK)

    async def run(self, run: Run) -> Outcome:
        """Ask, as a new process would."""
        return await self.batches().run(run)

    async def answers(self) -> list[Any]:
        """Return what is kept."""
        return [answer async for answer in self.store.answers.stream()]


@pytest.fixture
async def house(service: BatchService, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A house at the vendor."""
    monkeypatch.setenv("VENDOR_KEY", KEY)
    provider: Any = RESPONSES.provider(service.url, prices=PRICES)
    yield House(provider)
    await provider.close()


async def looked_at(service: BatchService) -> None:
    """Wait until a batch has been retrieved."""
    while not service.looks:  # noqa: ASYNC110 - a vendor tells nobody that it was asked
        await asyncio.sleep(0.005)


async def handed_in(house: House, service: BatchService) -> Run:
    """Hand a run in, and lose the process that waits for it."""
    service.ready = False
    run = await house.start()
    waiting = asyncio.create_task(house.run(run))
    await looked_at(service)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    return run


async def test_all_questions_are_answered_in_one_batch(house: House, service: BatchService) -> None:
    """Each once, at the price of a batch, as of when it was handed in."""
    run = await house.start()
    outcome = await house.run(run)

    assert (outcome.complete, outcome.state) == (8, RunState.COMPLETE)
    assert outcome.spent == pytest.approx(8 * COST)
    assert len(service.batches) == 1
    answers = await house.answers()
    assert {answer.question.key for answer in answers} == {q.key for q in PANEL.questions()}
    assert all(a.reply.text == f"Acme is good. ({item_of(a.question)})" for a in answers)
    assert len({answer.asked_at for answer in answers}) == 1
    assert await house.store.batches.unfinished() == []


async def test_what_was_handed_in_is_collected_and_not_asked_again(
    house: House, service: BatchService
) -> None:
    """Its id was stored before the wait for it began."""
    run = await handed_in(house, service)
    assert [batch.vendor_id for batch in await house.store.batches.unfinished()] == ["batch_0"]

    service.ready = True
    outcome = await house.run(run)
    assert outcome.complete == 8
    assert len(service.batches) == 1
    assert await house.store.money.spent() == pytest.approx(8 * COST)


async def test_a_batch_that_is_collected_twice_is_kept_and_paid_once(
    house: House, service: BatchService
) -> None:
    """A process may die between keeping the answers and noting that the batch has ended."""
    run = await house.start()
    await house.run(run)
    items = tuple(item_of(question) for question in PANEL.questions())
    batch = Batch(run.id, MODEL, items, house.clock.now(), "batch_0")
    await house.store.batches.keep(batch)
    await house.run(run)

    assert len(await house.answers()) == 8
    assert await house.store.money.spent() == pytest.approx(8 * COST)
    assert len(service.batches) == 1


async def test_a_batch_whose_name_was_lost_is_told_and_asked_again(
    house: House, service: BatchService
) -> None:
    """The vendor may have the batch or not."""
    run = await house.start()
    await house.store.batches.keep(Batch(run.id, MODEL, ("x-0", "x-1"), house.clock.now()))
    outcome = await house.run(run)

    assert outcome.complete == 8
    [note] = outcome.notes
    assert "A batch of 2 questions to svc/m-1 was just being handed in" in note
    assert "it is charged" in note
    assert len(service.batches) == 1


async def test_questions_without_an_answer_are_kept_with_their_reasons(
    house: House, service: BatchService
) -> None:
    """The others count; and they are not handed in a second time by the same run."""
    fates = iter([OK, ERRORED, CANCELLED, MISSING, OK, OK, OK, OK])
    told: dict[str, str] = {}
    service.fate = lambda item: told.setdefault(item, told.get(item) or next(fates))
    outcome = await house.run(await house.start())

    assert (outcome.complete, outcome.state) == (5, RunState.PARTIAL)
    assert outcome.failures.total() == 3
    assert all(reason.startswith("svc/m-1 did not answer: ") for reason in outcome.failures)
    failed = [a for a in await house.answers() if a.reply.finish is Finish.FAILED]
    assert {answer.error for answer in failed} == set(outcome.failures)
    assert len(service.batches) == 1


async def test_money_is_held_before_a_batch_is_handed_in_and_given_back(
    house: House, service: BatchService
) -> None:
    """For the worst that it may cost at its price; a process that dies gives nothing back."""
    house.budget = BudgetTable(run=1.0)
    run = await handed_in(house, service)
    [account] = [a for a in run.payer.accounts(PROMPTS[0], run.started_at) if a.kind == "run"]
    worst = Tariff.of(MODEL, house.providers).cost(PROMPTS[0], WORST, batch=True)
    held = (await house.store.money.balances([account]))[account].held
    assert held == pytest.approx(8 * worst)

    await release_dead(house.store)
    assert (await house.store.money.balances([account]))[account].held == held

    service.ready = True
    await house.run(run)
    balance = (await house.store.money.balances([account]))[account]
    assert balance.held == 0
    assert balance.spent == pytest.approx(8 * COST)


async def test_money_for_a_part_hands_a_part_in_at_a_time(
    house: House, service: BatchService
) -> None:
    """The next part comes when the first has given back what it did not cost."""
    worst = Tariff.of(MODEL, house.providers).cost(PROMPTS[0], WORST, batch=True)
    house.budget = BudgetTable(run=5 * worst)
    outcome = await house.run(await house.start())

    assert outcome.complete == 8
    assert [len(batch.questions) for batch in service.batches.values()] == [4, 4]
    assert len(set(service.questions())) == 8


async def test_without_money_for_one_question_nothing_is_handed_in(
    house: House, service: BatchService
) -> None:
    """And each problem is reported."""
    house.budget = BudgetTable(run=1e-6)
    outcome = await house.run(await house.start())

    assert service.batches == {}
    [(reason, count)] = outcome.failures.items()
    assert "What is left of [budget] run does not cover" in reason
    assert count == 8


async def test_a_run_that_is_paused_leaves_its_batch_at_the_vendor(
    house: House, service: BatchService
) -> None:
    """It is collected when the run is resumed."""
    service.ready = False
    run = await house.start()
    waiting = asyncio.create_task(house.run(run))
    await looked_at(service)
    await house.store.runs.steer(run.id, RunState.PAUSED)
    outcome = await waiting

    assert outcome.stopped is RunState.PAUSED
    assert not service.batches["batch_0"].cancelled
    await house.store.runs.steer(run.id, RunState.RUNNING)
    service.ready = True
    assert (await house.run(run)).complete == 8
    assert len(service.batches) == 1


async def test_a_run_that_is_cancelled_cancels_its_batch_and_keeps_what_is_answered(
    house: House, service: BatchService
) -> None:
    """What is answered is charged."""
    service.ready = False
    run = await house.start()
    waiting = asyncio.create_task(house.run(run))
    await looked_at(service)
    service.fate = lambda item: OK if item.endswith("-0") else CANCELLED
    await house.store.runs.steer(run.id, RunState.CANCELLED)
    outcome = await waiting

    assert service.batches["batch_0"].cancelled
    assert (outcome.stopped, outcome.complete) == (RunState.CANCELLED, 4)
    assert await house.store.money.spent() == pytest.approx(4 * COST)
    assert await house.store.batches.unfinished() == []


async def test_a_vendor_that_refuses_a_batch_fails_its_questions(
    house: House, service: BatchService
) -> None:
    """Nothing is waited for."""
    service.refusal = 400
    outcome = await house.run(await house.start())

    assert outcome.failures.total() == 8
    assert outcome.notes == []
    assert await house.store.batches.unfinished() == []


@pytest.mark.parametrize(("status", "error"), [(503, ProviderFailed), (401, ProviderUnavailable)])
async def test_a_batch_that_cannot_be_looked_at_is_waited_for_next_time(
    house: House, service: BatchService, status: int, error: type[Exception]
) -> None:
    """A vendor out of reach is borne for a while, a key that is refused is not."""
    run = await handed_in(house, service)
    service.refusal = status
    with pytest.raises(error):
        await house.run(run)

    service.refusal, service.ready = 0, True
    assert (await house.run(run)).complete == 8
    assert len(service.batches) == 1


async def test_a_run_that_waits_for_a_batch_is_taken_up_however_old(
    house: House, service: BatchService
) -> None:
    """Its questions were asked when they were handed in; but nothing new is asked."""
    run = await handed_in(house, service)
    later = run.started_at + timedelta(hours=23)
    found = await unfinished(house.store, PANEL, later)
    assert found == run

    [batch] = await house.store.batches.unfinished()
    await house.store.batches.keep(replace(batch, items=batch.items[:3]))
    house.clock = SteppingClock(later)
    service.ready = True
    outcome = await house.run(run)
    assert (outcome.complete, outcome.failures.total()) == (3, 5)
    assert "begun too long ago" in next(iter(outcome.failures))
    assert await unfinished(house.store, replace(PANEL, batch=False), later) is None


async def test_only_models_that_are_sold_in_batches_are_asked_so(house: House) -> None:
    """The others are asked at once; and without other questions, no model is."""
    other = Model("plain", "m-1")
    house.providers["plain"] = ScriptedProvider("plain")
    panel = replace(PANEL, models=(MODEL, other))
    run = await house.start(panel)

    assert batched(panel, house.providers) == (MODEL,)
    assert batched(replace(panel, batch=False), house.providers) == ()
    alone = parts(run, [other], {})[1].panel
    assert alone is not None
    assert alone.models == (other,)


class Odd(ScriptedProvider):
    """A provider whose batches are nonsense."""

    def capabilities(self, model: str) -> Any:
        """Sell them all the same."""
        raise NotImplementedError(model)

    async def submit(self, questions: Any) -> Any:
        """Return what is no name."""
        return len(questions)

    async def look(self, batch: str, questions: Any) -> Any:
        """Fail with a secret."""
        raise RuntimeError(f"{KEY} {batch} {questions}")

    async def cancel(self, batch: str) -> None:
        """Do nothing."""


async def test_a_provider_that_returns_nonsense_costs_one_sentence(house: House) -> None:
    """Without what it says."""
    house.providers["svc"] = Odd()
    outcome = await house.run(await house.start())

    [(reason, count)] = outcome.failures.items()
    assert "fails (it returns int about a batch); report it to the authors" in reason
    assert count == 8
    assert len(outcome.notes) == 1

    run = await house.start(replace(PANEL, seed=1))
    items = tuple(map(item_of, PANEL.questions()))
    batch = Batch(run.id, MODEL, items, house.clock.now(), "batch_9")
    await house.store.batches.keep(batch)
    with pytest.raises(ProviderFailed) as raised:
        await house.run(run)
    assert KEY not in str(raised.value)


async def test_a_batched_run_is_not_taken_up_by_a_plain_check_of_the_same_questions() -> None:
    """They differ in price and in how long they take, so neither goes on with the other."""
    store, now = open_test_store(), SteppingClock().now()
    panel = Panel(("Acme",), (Prompt("Which?"),), (Model("svc", "m-1"),))
    batched_panel = replace(panel, batch=True)
    await store.runs.start(new_run(batched_panel, now))

    assert await unfinished(store, panel, now) is None
    assert await unfinished(store, batched_panel, now) is not None
