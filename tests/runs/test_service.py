"""Tests of the run service: what is asked, what becomes of a run, and who may carry it out."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from kit.run_house import (
    MODEL,
    PANEL,
    PROMPTS,
    BatchProvider,
    BoughtProvider,
    House,
    SpreadQueue,
    Waiting,
)
from kit.scripted import reply
from overheard.domain import (
    Answer,
    Batch,
    DeliveryKind,
    Panel,
    Price,
    Run,
    RunState,
    Task,
    TaskKind,
)
from overheard.errors import BatchUncollected, RunPaused
from overheard.interfaces import TaskResult
from overheard.runs.batch_collection import BatchPolling, item_of
from overheard.runs.call import ANSWERED
from overheard.runs.interruptions import STATE_CHECK_INTERVAL_S
from overheard.runs.plan import new_run
from overheard.runs.quote import NOTHING, PriceQuote
from overheard.runs.service import NO_WORKER, WORKERS_TTL_S, RunProgress
from overheard.runs.tasks import InlineQueue


@pytest.fixture
async def house() -> House:
    """A run service that asks in one process."""
    return House()


@pytest.mark.parametrize("queue", [InlineQueue(), SpreadQueue()], ids=["here", "workers"])
async def test_a_run_is_asked_analysed_and_ended(queue: InlineQueue) -> None:
    """Each question once, each answer kept, and the run complete after its analysis."""
    house = House(queue)
    run = await house.start()
    house.clock.pass_(hours=1)
    result = await house.service.execute(PriceQuote(NOTHING, run=run))

    assert len(house.provider.asked) == 6
    assert (result.outcome.complete, result.outcome.reused, result.found) == (6, 0, "analysed")
    [(analysed, outcome)] = house.analyst.analysed
    assert (analysed, outcome) == (run, result.outcome)
    [kept] = await house.store.runs.find()
    assert (kept.state, kept.finished_at) == (RunState.COMPLETE, house.clock.now())


async def test_a_quote_with_an_age_reuses_answers_of_earlier_runs(house: House) -> None:
    """Only the other questions are asked, and the result says how many answers were reused."""
    panel = Panel(PANEL.brands, PROMPTS[:1], PANEL.models, repeats=2)
    earlier = Run("earlier", house.clock.now(), panel)
    await house.service.execute(PriceQuote(NOTHING, run=earlier))
    house.clock.pass_(hours=1)
    run = Run("r", house.clock.now(), PANEL)
    result = await house.service.execute(
        PriceQuote(NOTHING, run=run, reuse_within=timedelta(hours=2))
    )

    assert len(house.provider.asked) == 6
    assert (result.outcome.complete, result.outcome.reused) == (4, 2)


async def test_what_is_to_be_done_before_a_run_sees_it_locked_and_unasked(house: House) -> None:
    """An error of it ends the call before the first question."""
    seen: list[Run] = []

    async def refuse(run: Run) -> None:
        async with house.store.locks.run_lock(run.id) as free:
            assert not free
        seen.append(run)
        raise ValueError("no")

    run = await house.start()
    with pytest.raises(ValueError, match="no"):
        await house.service.execute(PriceQuote(NOTHING, run=run), before=refuse)
    assert (seen, house.provider.asked) == ([run], [])


async def test_a_quote_without_a_run_is_not_executed() -> None:
    """The quote of several runs has none."""
    with pytest.raises(ValueError, match="without a run"):
        await House().service.execute(PriceQuote(NOTHING))


async def test_a_run_that_was_paused_is_neither_analysed_nor_ended() -> None:
    """It goes on when it is resumed."""
    house = House(SpreadQueue())
    run = await house.start()
    await house.store.runs.steer(run.id, RunState.PAUSED)
    result = await house.service.execute(PriceQuote(NOTHING, run=run))

    assert (result.outcome.stopped, result.found) == (RunState.PAUSED, None)
    assert house.provider.asked == []
    assert house.analyst.analysed == []
    assert await house.state(run) is RunState.PAUSED


async def test_what_a_task_failed_for_counts_for_its_questions() -> None:
    """Six questions of a task that no worker could carry out."""
    queue = SpreadQueue()
    queue.problem = "The worker is full."
    house = House(queue)
    result = await house.service.execute(PriceQuote(NOTHING, run=await house.start()))

    assert result.outcome.failures == {"The worker is full.": 6}
    assert result.outcome.state is RunState.FAILED


@pytest.mark.parametrize(
    ("queue", "waiting", "released"),
    [(InlineQueue(), False, True), (InlineQueue(), True, False), (SpreadQueue(), False, False)],
    ids=["here", "with a batch", "workers"],
)
async def test_money_of_a_process_that_died_is_released_when_a_run_goes_on(
    queue: InlineQueue, *, waiting: bool, released: bool
) -> None:
    """Unless a batch may still be charged, or workers hold it."""
    house = House(queue)
    run = await house.start()
    await house.hold(run)
    if waiting:
        await house.store.batches.keep(Batch(run.id, MODEL, ("q",), run.started_at, "batch_0"))
    await house.service.ask(run)

    assert await house.holders() == (set() if released else {run.id})


async def test_the_end_of_a_run_releases_what_dead_workers_held() -> None:
    """In a single process there are none."""
    house = House(SpreadQueue())
    run = await house.start()
    await house.hold(run)
    await house.service.execute(PriceQuote(NOTHING, run=run))

    assert await house.holders() == set()


async def test_the_end_of_a_run_forgets_what_its_tasks_brought(house: House) -> None:
    """Its answers say as much."""
    run = await house.start()
    task = Task(TaskKind.SCORE, run.id)
    await house.store.runs.keep_result(task, {"scored": 6})
    assert await house.store.runs.results(run.id, [task.key])
    await house.service.execute(PriceQuote(NOTHING, run=run))

    assert await house.store.runs.results(run.id, [task.key]) == {}


async def test_a_run_aside_is_asked_ended_and_its_answers_returned(house: House) -> None:
    """It is not analysed: it is no part of the history."""
    outcome, answers = await house.service.ask_aside(
        Run("aside", house.clock.now(), PANEL, aside=True)
    )

    assert (outcome.complete, len(answers)) == (6, 6)
    assert house.analyst.analysed == []
    assert await house.state(outcome.run) is RunState.COMPLETE
    assert all(isinstance(answer, Answer) for answer in answers)


async def test_without_a_batch_nothing_is_cancelled(house: House) -> None:
    """And there is nothing to say."""
    assert await house.service.cancel_batches(await house.start()) == []


BATCHED = replace(PANEL, batch=True)


@pytest.mark.parametrize("queue", [InlineQueue(), SpreadQueue()], ids=["here", "workers"])
async def test_a_run_of_batches_is_asked_in_batches_alone(queue: InlineQueue) -> None:
    """Its answers are counted like those of single calls, also for Prometheus."""
    provider = BatchProvider()
    house = House(queue, provider=provider)
    result = await house.service.execute(PriceQuote(NOTHING, run=await house.start(BATCHED)))

    assert (len(provider.ended), provider.asked) == (1, [])
    assert (result.outcome.complete, result.found) == (6, "analysed")
    counted = house.limits.counters.registry.get_sample_value(
        "overheard_asks_total", {"provider": "svc", "outcome": ANSWERED}
    )
    assert counted == 6


async def test_a_batch_is_collected_though_its_model_is_not_sold_in_batches_any_more() -> None:
    """It was handed in when it was; what it has is not asked again."""
    provider = BatchProvider()
    house = House(provider=provider)
    run = await house.start()
    items = tuple(item_of(question) for question in PANEL.questions())[:2]
    await house.store.batches.keep(Batch(run.id, MODEL, items, run.started_at, "batch_0"))
    result = await house.service.execute(PriceQuote(NOTHING, run=run))

    assert (len(provider.asked), result.outcome.complete) == (6, 6)
    assert await house.store.batches.unfinished() == []


async def test_a_run_whose_batch_cannot_be_collected_waits() -> None:
    """It is neither analysed nor ended, and says why."""
    provider = BatchProvider()
    provider.down = True
    house = House(provider=provider)
    run = await house.start(BATCHED)
    with pytest.raises(BatchUncollected, match="batch_1 is not there"):
        await house.service.execute(PriceQuote(NOTHING, run=run))

    assert house.analyst.analysed == []
    assert await house.state(run) is RunState.RUNNING


async def test_a_paused_run_hands_no_batch_in() -> None:
    """Workers have seen the pause."""
    provider = BatchProvider()
    house = House(SpreadQueue(), provider=provider)
    run = await house.start(BATCHED)
    await house.store.runs.steer(run.id, RunState.PAUSED)
    await house.service.execute(PriceQuote(NOTHING, run=run))

    assert (provider.ended, provider.asked) == ([], [])


async def test_what_a_cancelled_batch_has_answered_is_kept() -> None:
    """It is charged, and the remark says how much there is."""
    provider = BatchProvider()
    house = House(provider=provider)
    run = await house.start(BATCHED)
    items = tuple(item_of(question) for question in PANEL.questions())[:2]
    await house.store.batches.keep(Batch(run.id, MODEL, items, run.started_at, "batch_0"))
    notes = await house.service.cancel_batches(run)

    assert provider.cancelled == ["batch_0"]
    assert notes == ["2 answers of its batches were ready, and are kept."]
    assert await house.store.batches.unfinished() == []
    assert await house.store.answers.count(run.id) == 2


async def test_a_task_of_a_run_that_is_gone_is_done(house: House) -> None:
    """There is nothing to ask."""
    assert await house.service.do(Task(TaskKind.ASK, 99)) == {}
    assert house.provider.asked == []


async def test_a_task_asks_its_part_of_the_questions() -> None:
    """The second prompt of three, twice; here or with the seat of a provider."""
    for provider in ("", "svc"):
        house = House()
        run = await house.start()
        task = Task(TaskKind.ASK, run.id, provider, first=1, last=2)
        result = await house.service.do(task)

        assert result is not None
        assert result["complete"] == 2
        assert [question.prompt for question in house.provider.asked] == [PROMPTS[1]] * 2


async def test_a_task_of_a_paused_run_is_to_be_done_later(house: House) -> None:
    """A worker gives it back; a single process says what it has."""
    # The first calls end after the pause has been seen.
    house.provider.pause = STATE_CHECK_INTERVAL_S * 1.5
    run = await house.start()
    await house.store.runs.steer(run.id, RunState.PAUSED)

    assert await house.service.do(Task(TaskKind.ASK, run.id, "svc")) is None
    here = await house.service.do(Task(TaskKind.ASK, run.id))
    assert here is not None
    assert here["stopped"] == "paused"


@pytest.mark.parametrize("kind", [kind for kind in TaskKind if kind is not TaskKind.ASK])
async def test_tasks_that_do_not_ask_go_to_the_analysis(house: House, kind: TaskKind) -> None:
    """With their run."""
    run = await house.start()
    task = Task(kind, run.id)

    assert await house.service.do(task) == {"noted": True}
    assert house.analyst.done == [(task, run)]
    assert house.provider.asked == []


async def test_a_run_stops_where_the_budget_ends() -> None:
    """The questions that it does not cover have no answer."""
    house = House(day=0.0, price=Price(1, 1))
    outcome = await house.service.ask(await house.start())

    assert (outcome.complete, outcome.failures.total()) == (0, 6)


async def test_the_log_names_a_run_and_the_number_of_its_questions(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """At its begin; and its state at its end."""
    with caplog.at_level(logging.INFO, logger="overheard"):
        await house.service.execute(PriceQuote(NOTHING, run=await house.start()))

    first, last = caplog.messages[0], caplog.messages[-1]
    assert first.endswith("begins or continues: 6 questions.")
    assert last.endswith("ended: complete.")


async def test_progress_of_workers_counts_answers_once(house: House) -> None:
    """Three answers, then two more: three steps and two steps; a stop ends it."""
    run = await house.start()
    progress = RunProgress(house.store, house.progress, run, InlineQueue().workers)
    questions = list(PANEL.questions())
    for batch in (questions[:3], questions[3:5]):
        await house.store.answers.add(
            [Answer(run.id, question, reply(), run.started_at) for question in batch]
        )
        assert await progress()
    assert house.progress.steps == 5
    assert progress.stopped is None

    await house.store.runs.steer(run.id, RunState.CANCELLED)
    assert not await progress()
    assert progress.stopped is RunState.CANCELLED


async def test_progress_says_how_many_workers_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are counted again after some seconds; the display begins again when they are others,
    and goes on with the answers that it had.
    """
    now, connected = 100.0, 0
    monkeypatch.setattr("overheard.runs.service.monotonic", lambda: now)

    async def workers() -> int:
        return connected

    house = House()
    run = await house.start()
    progress = RunProgress(house.store, house.progress, run, workers)
    questions = list(PANEL.questions())[:2]
    await house.store.answers.add([Answer(run.id, q, reply(), run.started_at) for q in questions])
    assert await progress()
    title = "Asking 6 questions"
    assert house.progress.titles == [f"{title} ({NO_WORKER})"]
    assert (house.progress.totals, house.progress.steps) == ([6], 2)

    connected, now = 1, now + WORKERS_TTL_S - 0.1
    assert await progress()
    assert len(house.progress.titles) == 1
    now += 0.1
    assert await progress()
    assert house.progress.titles[1:] == [f"{title} (1 worker)"]
    assert (house.progress.totals, house.progress.steps) == ([6, 6], 2 + 2)
    now += WORKERS_TTL_S
    assert await progress()
    assert len(house.progress.titles) == 2


async def test_a_single_worker_is_shown_at_once(house: House) -> None:
    """As any other number is."""

    async def workers() -> int:
        return 1

    assert await RunProgress(house.store, house.progress, await house.start(), workers)()
    assert house.progress.titles == ["Asking 6 questions (1 worker)"]


@pytest.mark.parametrize(
    ("channel", "state"), [("terminal", RunState.PAUSED), ("slack:C1", RunState.RUNNING)]
)
async def test_what_a_terminal_stops_workers_do_not_go_on_with(
    channel: str, state: RunState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked behind an operator's back; what a bot follows goes on without it."""
    monkeypatch.setattr("overheard.runs.service.WORKERS_TTL_S", 0.0)
    queue = Waiting()
    house = House(queue)
    new = replace(new_run(PANEL, house.clock.now()), channel=channel)
    run = await house.store.runs.start(new)
    asking = asyncio.create_task(house.service.execute(PriceQuote(NOTHING, run=run)))
    while not house.progress.titles:  # noqa: ASYNC110 - it makes no event
        await asyncio.sleep(0.001)
    queue.connected = 2
    while len(house.progress.titles) < 2:  # noqa: ASYNC110 - it makes no event
        await asyncio.sleep(0.001)
    asking.cancel()
    with pytest.raises(RunPaused if channel == "terminal" else asyncio.CancelledError):
        await asking

    assert await house.store.runs.state(run.id) is state
    first, second = house.progress.titles[:2]
    assert "no worker is connected; start one with: overheard worker" in first
    assert "2 workers" in second


async def test_answers_that_are_sold_as_tasks_alone_are_bought_whatever_the_panel_says() -> None:
    """In batches of the vendor's size, also outside of the history."""
    provider = BoughtProvider()
    house = House(provider=provider)
    result = await house.service.execute(PriceQuote(NOTHING, run=await house.start()))
    assert result.outcome.complete == 6
    assert [len(batch) for batch in provider.ended] == [4, 2]

    aside = Run("aside", house.clock.now(), PANEL, aside=True)
    outcome, answers = await house.service.ask_aside(aside)
    assert (outcome.complete, len(answers)) == (6, 6)
    assert provider.asked == []


@pytest.mark.parametrize("killed", [False, True])
async def test_late_answers_are_scored_and_end_the_run_as_if_they_had_been_there(
    killed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a check that was told, and those of a run outside the history that nobody waits for.

    Each further check looks for them. A chat is told again when all are there.
    """
    monkeypatch.setattr(BatchPolling.__init__, "__defaults__", (5.0, 300.0, 3600.0, 900.0, 0.0))
    provider = BoughtProvider()
    house = House(provider=provider)
    items = [item_of(question) for question in PANEL.questions()]
    provider.late = set(items[:2])
    run = await house.start(aside=killed, channel="slack:C1")
    if killed:
        await house.store.batches.keep(Batch(run.id, MODEL, tuple(items), run.started_at, "b_0"))
    else:
        told = await house.service.execute(PriceQuote(NOTHING, run=run))
        assert (told.outcome.complete, told.outcome.late) == (4, 2)
        assert await house.state(run) is RunState.PARTIAL
    await house.hold(run)
    await house.service.add_late()
    assert await house.store.answers.count(run.id) == 4
    assert await house.holders() == {run.id}
    assert await house.store.deliveries.find() == []

    provider.late = set()
    await house.service.add_late()
    assert await house.store.answers.count(run.id) == 6
    assert await house.state(run) is RunState.COMPLETE
    assert await house.holders() == set()
    told_again = [(each.kind, each.subject) for each in await house.store.deliveries.find()]
    assert told_again == ([] if killed else [(DeliveryKind.RESULT, run.key)])
    done = [task.kind for task, _ in house.analyst.done]
    assert done[-1] is (TaskKind.SCORE if killed else TaskKind.DETECT)
    assert await house.store.batches.unfinished() == []
    assert len(provider.ended) == (0 if killed else 2)


async def test_late_answers_are_told_even_if_the_search_for_changes_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The run has ended by then, so that nothing would tell it later."""
    monkeypatch.setattr(BatchPolling.__init__, "__defaults__", (5.0, 300.0, 3600.0, 900.0, 0.0))
    provider = BoughtProvider()
    house = House(provider=provider)
    provider.late = {item_of(next(PANEL.questions()))}
    run = await house.start(channel="slack:C1")
    await house.service.execute(PriceQuote(NOTHING, run=run))

    async def fail(task: Task, _: Run) -> TaskResult:
        if task.kind is TaskKind.DETECT:
            raise OSError
        return {}

    monkeypatch.setattr(house.analyst, "do", fail)
    provider.late = set()
    await house.service.add_late()

    assert [one.subject for one in await house.store.deliveries.find()] == [run.key]
    assert f"Run {run.key} could not be searched for changes." in caplog.messages


async def test_a_vendor_that_is_down_keeps_no_check_from_beginning() -> None:
    """Its late answers stay where they are."""
    provider = BoughtProvider()
    house = House(provider=provider)
    old = await house.start()
    await house.store.batches.keep(Batch(old.id, MODEL, ("x-0",), old.started_at, "b_0"))
    items = tuple(item_of(question) for question in PANEL.questions())
    await house.store.batches.keep(Batch(old.id, MODEL, items, old.started_at, "b_1"))
    await house.store.runs.finish(old.id, RunState.PARTIAL, house.clock.now())
    provider.down = True
    await house.service.add_late()
    assert [batch.vendor_id for batch in await house.store.batches.unfinished()] == ["b_1"]
