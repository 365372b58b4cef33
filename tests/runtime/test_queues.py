"""What every queue does: one suite for the process's own and for that of many workers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from overheard.domain import Model, Panel, Prompt, Run, RunState, Task, TaskKind
from overheard.errors import OverheardError
from overheard.interfaces import TaskResult
from overheard.runs.tasks import asking_tasks, run_part
from overheard.runtime.postgres_queue import PostgresQueue, QueueUnreachable
from runtime.conftest import Office

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SEATS = {"svc": 3, "": 3}


class NoLuck(OverheardError):
    """A task that fails."""

    message = "It does not work today."


class Hands:
    """Carries tasks out, and remembers which."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0
        self.fails = False
        self.pause = 0.0
        self.has_scored = asyncio.Event()

    async def do(self, task: Task) -> TaskResult | None:
        """Carry one out."""
        self.done[task.key] += 1
        if task.kind is not TaskKind.ASK:
            self.has_scored.set()
            return {}
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.pause)
        self.at_once -= 1
        if self.fails:
            raise NoLuck
        return {"of": task.key}


@asynccontextmanager
async def workers(office: Office, hands: Hands, count: int = 1) -> AsyncIterator[None]:
    """Have workers at a queue while the block lasts."""
    work = [
        asyncio.create_task(office.queue.work(hands.do, list(TaskKind), at_once=8, seats=SEATS))
        for _ in range(count)
    ]
    try:
        async with asyncio.timeout(20):
            yield
    finally:
        for task in work:
            task.cancel()
        ended = await asyncio.gather(*work, return_exceptions=True)
    assert all(isinstance(error, asyncio.CancelledError) for error in ended), ended


async def begun(office: Office, prompts: int = 10) -> Run:
    """Begin a run."""
    panel = Panel(
        ("Acme",),
        tuple(Prompt(f"Which is best, number {n}?") for n in range(prompts)),
        (Model("svc", "m-1"), Model("svc", "m-2")),
        50,
    )
    return await office.store.runs.start(Run("first", NOON, panel))


async def test_all_tasks_are_carried_out_once_and_their_results_come_back(office: Office) -> None:
    """Each result belongs to its task."""
    run, hands = await begun(office), Hands()
    tasks = asking_tasks(run, spread=True)
    async with workers(office, hands):
        results = await office.queue.carry(tasks, hands.do)
    assert results == {task.key: {"of": task.key} for task in tasks}
    assert {hands.done[task.key] for task in tasks} == {1}


async def test_two_workers_carry_each_task_out_once(office: Office) -> None:
    """However many there are."""
    run, hands = await begun(office, 30), Hands()
    hands.pause = 0.01
    tasks = asking_tasks(run, spread=True)
    async with workers(office, hands, 2):
        await office.queue.carry(tasks, hands.do)
    assert {hands.done[task.key] for task in tasks} == {1}


async def test_no_more_tasks_ask_a_provider_at_a_time_than_it_has_seats(office: Office) -> None:
    """Over all workers."""
    run, hands = await begun(office, 30), Hands()
    hands.pause = 0.1
    tasks = asking_tasks(run, spread=True)
    async with workers(office, hands, 2):
        await office.queue.carry(tasks, hands.do)
    assert 1 <= hands.most_at_once <= SEATS["svc"]


async def test_nothing_is_waited_for_when_it_is_not_wanted_any_more(office: Office) -> None:
    """A paused run ends at once."""
    run, hands = await begun(office), Hands()

    async def going() -> bool:
        return False

    assert await office.queue.carry(asking_tasks(run, spread=True), hands.do, going) == {}


def test_parts_hold_every_question_of_a_run_once() -> None:
    """For runs with any providers and panels."""
    panel = Panel(
        ("Acme",),
        tuple(Prompt(f"Which is best, number {n}?") for n in range(37)),
        (Model("svc", "m-1"), Model("other", "m-2"), Model("svc", "m-3")),
        times=tuple(1 + n % 9 for n in range(37)),
    )
    run = Run("first", NOON, panel, id=1)
    parts = [run_part(run, task).panel for task in asking_tasks(run, spread=True)]
    asked = Counter(q.key for part in parts if part for q in part.questions())
    assert asked == Counter(question.key for question in panel.questions())


def test_parts_keep_the_number_of_their_run() -> None:
    """Their answers are those of the run."""
    run = Run("first", NOON, Panel(("Acme",), (Prompt("Why?"),), (Model("svc", "m"),)), id=7)
    [task] = asking_tasks(run, spread=True)
    assert run_part(run, task) == run


@pytest.mark.parametrize("url", ["pgqueuer"], indirect=True)
class TestManyWorkers:
    """What only a queue of many workers does."""

    async def test_a_task_that_was_done_is_not_done_again(self, office: Office) -> None:
        """Its result is there already."""
        run, hands = await begun(office), Hands()
        [first, *others] = asking_tasks(run, spread=True)
        await office.store.runs.keep_result(first, {"of": "earlier"})
        async with workers(office, hands):
            results = await office.queue.carry([first, *others], hands.do)
        assert results[first.key] == {"of": "earlier"}
        assert first.key not in hands.done

    async def test_a_task_that_fails_is_tried_again_and_then_says_why(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The run goes on without it."""
        monkeypatch.setattr("overheard.runtime.postgres_queue.BACKOFF_S", 0.01)
        monkeypatch.setattr("overheard.runtime.postgres_queue.DEQUEUE_TIMEOUT_S", 0.2)
        run, hands = await begun(office, 1), Hands()
        hands.fails = True
        [task] = asking_tasks(run, spread=True)
        async with workers(office, hands):
            results = await office.queue.carry([task], hands.do)
        assert results == {task.key: {"problem": "It does not work today."}}
        assert hands.done[task.key] == 5

    async def test_the_tasks_of_a_run_that_is_paused_wait_until_it_goes_on(
        self, office: Office
    ) -> None:
        """Nobody carries them out meanwhile."""
        run, hands = await begun(office), Hands()
        tasks = asking_tasks(run, spread=True)
        await office.store.runs.steer(run.id, RunState.PAUSED)
        async with workers(office, hands):
            looks = iter([True, True, True])

            async def going() -> bool:
                return next(looks, False)

            assert await office.queue.carry(tasks, hands.do, going) == {}
            assert not hands.done
            await office.store.runs.steer(run.id, RunState.RUNNING)
            assert len(await office.queue.carry(tasks, hands.do)) == len(tasks)

    async def test_what_was_asked_is_scored_before_the_rest_is_asked(self, office: Office) -> None:
        """A worker puts in what can follow."""
        run, hands = await begun(office, 1), Hands()
        [task] = asking_tasks(run, spread=True)
        follows = replace(task, kind=TaskKind.SCORE)
        async with workers(office, hands), asyncio.timeout(10):
            await office.queue.carry([task], hands.do)
            await hands.has_scored.wait()
        assert hands.done[follows.key] == 1


async def test_a_second_outage_is_not_counted_from_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a long wait, a short outage ends nothing; a long one does."""
    outages = [1.0, None, 1.0, 1.0, 100.0]  # seconds that pass before the connection fails
    now = [1000.0]
    seconds = iter([500.0 if outage is None else outage for outage in outages])
    connects = iter([outage is None for outage in outages])

    @asynccontextmanager
    async def connected(_: PostgresQueue) -> AsyncIterator[None]:
        works, passed = next(connects), next(seconds)
        if not works:
            now[0] += passed
            raise ConnectionRefusedError
        yield None

    async def wait(*_: object) -> None:
        now[0] += 500.0  # a run that takes long, until the database goes away
        raise ConnectionResetError

    monkeypatch.setattr(PostgresQueue, "_connected", connected)
    monkeypatch.setattr(PostgresQueue, "_await_results", wait)
    monkeypatch.setattr("overheard.runtime.postgres_queue.RECONNECT_DELAY_S", 0.0)
    monkeypatch.setattr("overheard.runtime.postgres_queue.monotonic", lambda: now[0])
    queue = PostgresQueue("postgresql://nowhere/x", None)  # type: ignore[arg-type]
    with pytest.raises(QueueUnreachable, match="ConnectionRefusedError"):
        await queue.carry([], Hands().do)
    assert next(connects, None) is None
