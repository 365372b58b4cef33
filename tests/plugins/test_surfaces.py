"""Tests of answers that are bought from collectors, against their shapes on loopback."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from kit import collectors
from kit.collectors import BrightDataService, CloroService, CollectorService, DataForSEOService
from kit.scripted import Quiet, SteppingClock
from kit.untidy_collectors import UntidyBrightData, UntidyCloro, UntidyDataForSEO
from kit.vendors import KEY, Reaction
from overheard import Citation, Finish, Model, Prompt, ProviderFailed, ProviderUnavailable, Question
from overheard.config.sections import AskingTable, BudgetTable
from overheard.domain import Account, Panel, Run, RunState
from overheard.errors import OverheardError
from overheard.runs.batch_collection import BatchPolling
from overheard.runs.batches import Batches
from overheard.runs.limits import Limits, RetryPolicy
from overheard.runs.plan import new_run
from overheard.runs.runner import AskingMeans
from overheard.runs.tasks import Outcome
from overheard.testing.deployment import open_test_store
from overheard_surfaces.brightdata import BrightData, BrightDataSettings
from overheard_surfaces.cloro import Cloro, CloroSettings
from overheard_surfaces.dataforseo import DataForSEO, DataForSEOSettings

PROMPTS = tuple(Prompt(f"Which tool suits {number} people?") for number in range(4))
QUICK = BatchPolling(first_s=0.01, longest_s=0.02, unreachable_s=0.5, cancelling_s=1.0)
VENDORS: dict[str, tuple[Any, Any, Any, float]] = {
    "dataforseo": (DataForSEOService, DataForSEO, DataForSEOSettings, 0.0012),
    "brightdata": (BrightDataService, BrightData, BrightDataSettings, 0.0015),
    "cloro": (CloroService, Cloro, CloroSettings, 0.0056),
}


def collector(vendor: str, service: CollectorService, **settings: Any) -> Any:
    """Return a collector that calls a service."""
    _, kind, table, _ = VENDORS[vendor]
    known = {"base_url": service.url, "api_key": SecretStr(KEY), "models": ["chatgpt"]}
    return kind(vendor, table.model_validate({**known, "settled_s": 0, **settings}))


class House:
    """A store, a collector and a service, and who asks between them."""

    def __init__(self, vendor: str, service: CollectorService, **settings: Any) -> None:
        self.vendor, self.service = vendor, service
        self.store = open_test_store()
        self.provider: Any = collector(vendor, service, **settings)
        self.clock = SteppingClock()
        self.budget = BudgetTable()
        self.polling = QUICK
        self.price = VENDORS[vendor][3]

    def batches(self) -> Batches:
        """Return a batch runner, as a new process would make it."""
        retries = RetryPolicy(AskingTable(tries=3), first=0.001)
        shared = (Limits(), self.budget, retries, self.clock, Quiet())
        means = AskingMeans(self.store, {self.vendor: self.provider}, *shared)
        return Batches(means, self.polling)

    async def start(self, product: str = "chatgpt", repeats: int = 2) -> Run:
        """Begin a run, whose panel asks for no batches."""
        panel = Panel(("Acme",), PROMPTS, (Model(self.vendor, product),), repeats)
        return await self.store.runs.start(new_run(panel, self.clock.now()))

    async def run(self, run: Run) -> Outcome:
        """Ask, as a new process would."""
        return await self.batches().run(run)

    async def killed(self, run: Run, *, after: Any) -> None:
        """Ask, and lose the process when something has happened."""
        asking = asyncio.create_task(self.run(run))
        while not after():  # noqa: ASYNC110 - a service tells nobody
            await asyncio.sleep(0.002)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    async def answers(self) -> list[Any]:
        """Return what is kept."""
        return [answer async for answer in self.store.answers.stream()]

    async def spent(self) -> float:
        """Return what is booked."""
        return await self.store.money.spent()


@pytest.fixture(params=VENDORS)
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """A house at each collector."""
    async with opened(request.param) as made:
        yield made


def opened(vendor: str, **settings: Any) -> Any:
    """Return a context with a house at a collector."""

    @asynccontextmanager
    async def open_house() -> AsyncIterator[House]:
        service_kind, _, _, price = VENDORS[vendor]
        async with service_kind(price).serving() as service:
            made = House(vendor, service, **settings)
            yield made
            await made.provider.close()

    return open_house()


async def test_answers_are_bought_once_each_at_a_price_that_is_known_before(house: House) -> None:
    """With the product's own model, the cited sources and those that it showed."""
    outcome = await house.run(await house.start())

    assert (outcome.complete, outcome.state) == (8, RunState.COMPLETE)
    assert len(house.service.tasks) == 8
    assert await house.spent() == pytest.approx(8 * house.price)
    assert house.service.bill == pytest.approx(8 * house.price)
    answers = await house.answers()
    assert {a.reply.text for a in answers} == {house.service.answer(p.text) for p in PROMPTS}
    assert {a.reply.served_model for a in answers} == {collectors.MODEL}
    [reply] = {a.reply.citations for a in answers}
    assert reply[0].url == "https://g2.test/best"
    assert reply[0].cited
    if house.vendor != "cloro":
        assert [c.url for c in reply if not c.cited] == ["https://seen.test/"]
    [queries] = {a.reply.queries for a in answers}
    # Bright Data has attached those of another visitor, and Cloro those that say nothing.
    assert queries == (("best tools 2026",) if house.vendor == "dataforseo" else ())
    price = house.provider.price("chatgpt")
    assert (price.input, price.output, price.search) == (0, 0, pytest.approx(house.price))


async def test_a_killed_process_fetches_and_buys_nothing_again(house: House) -> None:
    """The order is stored before the first look at it."""
    house.service.latency_s = lambda _: 0.2
    run = await house.start()
    await house.killed(run, after=lambda: len(house.service.calls) > 3)
    assert len(house.service.tasks) == 8

    outcome = await house.run(run)
    assert outcome.complete == 8
    assert len(house.service.tasks) == 8
    assert await house.spent() == pytest.approx(house.service.bill)


@pytest.mark.parametrize(
    "broken", [Reaction(hang_up=True), Reaction({}, 500), Reaction(b"{", sent=1)]
)
async def test_a_purchase_whose_response_is_lost_is_found_again(
    house: House, broken: Reaction
) -> None:
    """A lost connection, an error of the service and half a response: the tasks are there."""
    house.service.taken = [broken]
    run = await house.start()
    try:
        outcome = await house.run(run)
    except ProviderFailed:  # an unreadable response is not tried again at once
        outcome = await house.run(run)

    assert len(house.service.tasks) == 8
    assert await house.spent() == pytest.approx(house.service.bill)
    if house.provider.finds:
        assert outcome.complete == 8
    else:  # it is billed and lost, and booked
        assert (outcome.complete, outcome.incomplete) == (0, 8)
        await house.run(run)
        assert len(house.service.tasks) == 8


async def test_what_is_not_listed_yet_is_not_bought_again() -> None:
    """A collector lists a task some time after it has taken it; until then it is unknown."""
    async with opened("dataforseo", settled_s=1) as house:
        house.service.listed_after_s = 0.3
        house.service.taken = [Reaction(hang_up=True)]
        house.clock = WallClock()
        run = await house.start()
        outcome = await house.run(run)
        looks = [call for call in house.service.calls if call.path.endswith("/id_list")]

        assert (outcome.complete, len(looks)) == (8, 2)
        assert len(house.service.tasks) == 8


class WallClock(SteppingClock):
    """The time of the machine."""

    def now(self) -> Any:
        """Return it."""
        return datetime.now(UTC)


async def test_each_answer_has_its_own_fate(house: House) -> None:
    """A failed task costs nothing; a cut answer and another question's are paid, not scored."""
    fates = dict(
        zip(
            (prompt.text for prompt in PROMPTS),
            (collectors.ANSWERED, collectors.FAILED, collectors.CUT, collectors.FOREIGN),
            strict=True,
        )
    )
    house.service.fate = fates.__getitem__
    outcome = await house.run(await house.start(repeats=1))

    foreign = 0 if house.vendor == "cloro" else 1  # it does not repeat the question
    assert outcome.complete == 2 - foreign
    assert outcome.cut == {(Model(house.vendor, "chatgpt"), Finish.CUT): 1 + foreign}
    assert outcome.failures.total() == 1
    assert await house.spent() == pytest.approx(house.service.bill)
    assert house.service.bill == pytest.approx(3 * house.price)
    assert outcome.state is RunState.PARTIAL


async def test_a_task_that_failed_for_nothing_is_bought_again(house: House) -> None:
    """As often as [asking] allows; what was answered is not asked again."""
    tasks = house.service.tasks

    def fate(prompt: str) -> str:
        before = sum(task.prompt == prompt for task in tasks)
        is_failing = prompt == PROMPTS[0].text and before < 2
        return collectors.FAILED if is_failing else collectors.ANSWERED

    house.service.fate = fate
    outcome = await house.run(await house.start(repeats=1))

    assert (outcome.complete, outcome.failures.total()) == (4, 0)
    assert outcome.state is RunState.COMPLETE
    assert sum(task.prompt == PROMPTS[0].text for task in tasks) == 3
    assert len(tasks) == 6
    assert await house.spent() == pytest.approx(house.service.bill)


async def test_questions_that_are_refused_are_named_and_the_others_are_kept() -> None:
    """DataForSEO refuses tasks one by one, inside of a response that succeeds."""
    async with opened("dataforseo") as house:
        house.service.fate = lambda prompt: (
            collectors.REFUSED if prompt == PROMPTS[0].text else collectors.ANSWERED
        )
        outcome = await house.run(await house.start(repeats=1))

        assert outcome.complete == 3
        assert any("40205" in reason for reason in outcome.failures)
        assert await house.spent() == pytest.approx(3 * house.price)


async def test_no_overview_is_an_observation_of_its_own() -> None:
    """It is paid, is no failure and no answer, and is not asked again."""
    for vendor in VENDORS:
        async with opened(vendor, models=["ai-overviews"]) as house:
            shown = {prompt.text for prompt in PROMPTS[:3]}
            house.service.fate = lambda prompt, shown=shown: (
                collectors.ANSWERED if prompt in shown else collectors.NONE
            )
            run = await house.start("ai-overviews")
            outcome = await house.run(run)
            model = Model(vendor, "ai-overviews")

            assert (outcome.complete, outcome.failures.total()) == (6, 0)
            assert outcome.cut == {(model, Finish.NONE): 2}
            assert outcome.state is RunState.COMPLETE
            assert (await house.run(run)).kept == 8
            assert len(house.service.tasks) == 8


@pytest.mark.parametrize("taken", [[], [Reaction(hang_up=True)]])
async def test_a_follow_up_is_bought_with_its_question_where_the_collector_takes_one(
    taken: list[Reaction | None],
) -> None:
    """One task, one price, both answers; the last one is read. The others are not asked, and move
    no answer to another question where the response to the purchase is lost.
    """
    async with opened("brightdata") as house:
        house.service.taken = list(taken)
        question = Prompt("Which tools suit five people? >> Which of these is cheapest?")
        longer = Prompt(f"{question.text} >> And the dearest?")
        panel = Panel(("Acme",), (longer, question), (Model("brightdata", "chatgpt"),))
        run = await house.store.runs.start(new_run(panel, house.clock.now()))
        outcome = await house.run(run)
        [task] = house.service.tasks
        [answer] = [one for one in await house.answers() if one.complete]

        first, then = question.turns
        assert (task.prompt, task.follow_up) == (first, then)
        assert answer.reply.earlier == (house.service.answer(first),)
        assert answer.reply.text == f"Then: {then}"
        assert [reason for reason in outcome.failures if "no more than 2 turns" in reason]
        assert await house.spent() == pytest.approx(house.service.bill)
        able = house.provider.capabilities
        assert (able("chatgpt").follow_ups, able("gemini").follow_ups) == (True, False)
    async with opened("cloro") as house:
        assert not house.provider.capabilities("chatgpt").follow_ups


class NullPrompts(BrightDataService):
    """Names the question in the input alone."""

    def _record(self, task: collectors.Bought) -> dict[str, Any]:
        return {**super()._record(task), "prompt": None, "input": {"prompt": task.prompt}}


async def test_a_record_without_its_question_is_that_of_its_input() -> None:
    """It is no answer to another question."""
    async with NullPrompts(0.0015).serving() as service:
        house = House("brightdata", service)
        outcome = await house.run(await house.start())
        await house.provider.close()

    assert outcome.complete == 8


async def test_answers_that_come_late_are_added_to_the_check(house: House) -> None:
    """The check is told without them; their money stays held; nothing is bought for them again."""
    slow = PROMPTS[0].text
    house.polling = replace(QUICK, late_s=0.0)
    house.budget = BudgetTable(day=1.0)
    house.service.latency_s = lambda prompt: 1.0 if prompt == slow else 0.0
    run = await house.start()
    outcome = await house.run(run)
    early = 0 if house.vendor == "brightdata" else 6  # records of a snapshot come together

    assert (outcome.complete, outcome.late) == (early, 8 - early)
    assert outcome.state is (RunState.PARTIAL if early else RunState.FAILED)
    await house.store.runs.finish(run.id, outcome.state, house.clock.now())
    day = Account("day", period=f"{house.clock.now():%Y-%m-%d}")
    assert (await house.store.money.balances([day]))[day].held > 0
    await asyncio.sleep(1.0)
    late = await house.batches().add_late(run)

    assert (late.complete, late.late) == (8 - early, 0)
    assert len(await house.answers()) == 8
    assert await house.store.batches.unfinished() == []
    assert len(house.service.tasks) == 8
    assert await house.spent() == pytest.approx(house.service.bill)


async def test_an_answer_that_never_comes_is_given_up_and_booked(house: House) -> None:
    """After a day: it may be billed."""
    house.polling = replace(QUICK, late_s=0.0)
    house.service.fate = lambda _: collectors.ENDLESS
    run = await house.start(repeats=1)
    assert (await house.run(run)).late == 4
    house.clock = SteppingClock(house.clock.now() + timedelta(hours=25))
    outcome = await house.batches().add_late(run)

    assert (outcome.late, outcome.incomplete) == (0, 4)
    assert await house.store.batches.unfinished() == []
    assert await house.spent() == pytest.approx(4 * house.price)


async def test_a_hundred_tasks_are_one_call() -> None:
    """More are bought by further calls."""
    async with opened("dataforseo") as house:
        prompts = tuple(Prompt(f"Question {number}?") for number in range(130))
        panel = Panel(("Acme",), prompts, (Model("dataforseo", "chatgpt"),))
        run = await house.store.runs.start(new_run(panel, house.clock.now()))
        outcome = await house.run(run)

        assert outcome.complete == 130
        posts = [call for call in house.service.calls if call.path.endswith("/task_post")]
        assert [len(post.body) for post in posts] == [100, 30]
        assert await house.spent() == pytest.approx(house.service.bill)


async def test_too_many_requests_are_waited_for(house: House) -> None:
    """A cap of running jobs is told by 429, or by a code."""
    busy = Reaction({"status_code": 40202, "tasks": None})
    if house.vendor != "dataforseo":
        busy = Reaction({"error": "You have too many running jobs"}, 429, {"Retry-After": "0"})
    house.service.refusals = [busy]
    asking = asyncio.create_task(house.run(await house.start()))
    if house.vendor == "dataforseo":  # it asks for half a minute
        while not house.service.calls:  # noqa: ASYNC110 - a service tells nobody
            await asyncio.sleep(0.002)
        done, _ = await asyncio.wait([asking], timeout=0.2)
        asking.cancel()
        assert (done, house.service.tasks) == (set(), [])
        return
    assert (await asking).complete == 8
    assert len(house.service.tasks) == 8


async def test_the_doctor_is_told_of_the_key_the_balance_and_missing_products(house: House) -> None:
    """By calls that cost nothing."""
    await house.provider.verify()
    assert "chatgpt" in await house.provider.list_models()
    house.service.gone = {house.provider.products["chatgpt"], "chatgpt"}
    assert "chatgpt" not in await house.provider.list_models()
    house.service.balance = -1.0
    with pytest.raises(ProviderUnavailable, match="no credit"):
        await house.provider.verify()
    wrong = collector(house.vendor, house.service, api_key=SecretStr("another-key"))
    with pytest.raises(ProviderUnavailable, match="refuses the key"):
        await wrong.verify()
    await wrong.close()
    assert house.service.tasks == []


async def test_a_single_answer_is_bought_and_waited_for(house: House) -> None:
    """As a trial of the account."""
    question = Question(PROMPTS[0], Model(house.vendor, "chatgpt"))
    reply = await house.provider.ask(question, seed=0)

    assert (reply.text, reply.cost_usd) == (
        house.service.answer(PROMPTS[0].text),
        pytest.approx(house.price),
    )
    assert reply.citations[0] == Citation(
        "https://g2.test/best", "Best tools", domain="" if house.vendor == "cloro" else "g2.test"
    )


async def test_an_unknown_product_is_named(house: House) -> None:
    """With those that the collector has."""
    question = Question(PROMPTS[0], Model(house.vendor, "rufus"))
    with pytest.raises(ProviderUnavailable, match="choose among chatgpt"):
        await house.provider.ask(question, seed=0)


UNTIDY: dict[str, Any] = {
    "dataforseo": UntidyDataForSEO,
    "brightdata": UntidyBrightData,
    "cloro": UntidyCloro,
}
KILLS = 40


@pytest.mark.slow
@pytest.mark.parametrize("vendor", UNTIDY)
async def test_forty_kills_buy_nothing_twice_and_book_what_is_billed(vendor: str) -> None:
    """At a collector that breaks at random: answers are late, failed, lost, duplicated, cut and
    foreign, and calls are refused.
    """
    chance = random.Random(11)  # noqa: S311 - no secret
    async with UNTIDY[vendor](VENDORS[vendor][3]).serving() as service:
        if vendor != "cloro":  # finds no task by its key
            service.taken = [Reaction(hang_up=True)]
        house = House(vendor, service, settled_s=0)
        house.clock = WallClock()
        prompts = tuple(Prompt(f"Which tool suits 100% of {n}+1 people?") for n in range(50))
        panel = Panel(("Acme",), prompts, (Model(vendor, "chatgpt"),), 2)
        run = await house.store.runs.start(new_run(panel, house.clock.now()))
        for _ in range(KILLS):
            asking = asyncio.create_task(house.run(run))
            await asyncio.wait([asking], timeout=chance.uniform(0.0, 0.06))
            asking.cancel()
            with suppress(asyncio.CancelledError, OverheardError):
                await asking
        for _ in range(60):
            with suppress(OverheardError):
                await house.run(run)
                if not await house.store.batches.unfinished():
                    break
        await house.provider.close()
        kept = await house.answers()
        whole = [answer for answer in kept if answer.complete]
        charged_tasks = [task for task in service.tasks if task.fate != collectors.FAILED]
        bought = Counter((task.key.rpartition("/")[2], task.prompt) for task in charged_tasks)

        assert await house.store.batches.unfinished() == []
        assert len(kept) == len({answer.question.key for answer in kept}) == 100
        charged = round(service.bill / service.price)
        free = len(service.tasks) - charged
        lost = [answer for answer in kept if answer.reply.finish is Finish.CUT]
        failed = sum(answer.reply.finish is Finish.FAILED for answer in kept)
        # Cloro says nothing of a task whose response was lost: it is booked, though it may be free.
        unknown = len(whole) + len(lost) - charged
        assert 0 <= unknown <= (free if vendor == "cloro" else 0)
        assert charged + unknown == 100 - failed
        if vendor == "cloro":
            assert set(bought.values()) == {1}, "bought twice"
        assert await house.spent() == pytest.approx(service.bill + unknown * house.price)
        assert {answer.reply.text for answer in whole} <= {
            f"Acme suits you ({prompt.text})." for prompt in prompts
        }
        assert not any(answer.reply.queries for answer in whole), "another visitor's"
