"""Tests of the tasks that a run is cut into, and of the counts of its outcome."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from types import SimpleNamespace
from typing import Any

import pytest

from kit.scripted import reply
from overheard.domain import (
    Answer,
    Finish,
    Model,
    Panel,
    Prompt,
    Question,
    QueueStatus,
    Run,
    RunState,
    Task,
    TaskKind,
    Usage,
)
from overheard.interfaces import TaskResult
from overheard.runs.tasks import (
    BRANDS_PER_TASK,
    QUESTIONS_PER_TASK,
    InlineQueue,
    Outcome,
    asking_tasks,
    detection_tasks,
    following_tasks,
    outdated,
    queue_status,
    run_part,
    scoring_tasks,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PROMPTS = tuple(Prompt(f"Which is best, number {n}?") for n in range(12))
ONE, TWO, OTHER = Model("svc", "m-1"), Model("svc", "m-2"), Model("other", "x")
RUN = Run("r", NOON, Panel(("Acme",), PROMPTS, (ONE, OTHER, TWO), repeats=10), id=7)


def test_a_single_process_asks_all_in_one_task() -> None:
    """And imported history, which has no questions, is one task anywhere."""
    assert asking_tasks(RUN, spread=False) == [Task(TaskKind.ASK, 7)]
    assert asking_tasks(replace(RUN, panel=None), spread=True) == [Task(TaskKind.ASK, 7)]
    assert asking_tasks(replace(RUN, panel=Panel((), (), ())), spread=True) == []


def test_the_tasks_of_workers_take_turns_between_providers() -> None:
    """A prompt is 20 questions to the first provider, and 10 to the second, of which a task has
    about 50.
    """
    assert QUESTIONS_PER_TASK == 50
    assert asking_tasks(RUN, spread=True) == [
        Task(TaskKind.ASK, 7, "svc", 0, 3),
        Task(TaskKind.ASK, 7, "other", 0, 5),
        Task(TaskKind.ASK, 7, "svc", 3, 5),
        Task(TaskKind.ASK, 7, "other", 5, 10),
        Task(TaskKind.ASK, 7, "svc", 5, 8),
        Task(TaskKind.ASK, 7, "other", 10, 12),
        Task(TaskKind.ASK, 7, "svc", 8, 10),
        Task(TaskKind.ASK, 7, "svc", 10, 12),
    ]


def test_a_part_of_a_run_has_the_prompts_times_and_models_of_its_task() -> None:
    """The end 0 means up to the last prompt, and no provider means all."""
    times = tuple(range(1, 13))
    run = replace(RUN, panel=Panel(("Acme",), PROMPTS, (ONE, OTHER, TWO), times=times, seed=3))
    panel = run_part(run, Task(TaskKind.ASK, 7, "svc", 2, 4)).panel
    assert panel == Panel(("Acme",), PROMPTS[2:4], (ONE, TWO), times=(3, 4), seed=3)
    assert run_part(run, Task(TaskKind.ASK, 7)) == run
    rest = run_part(run, Task(TaskKind.ASK, 7, "other", 10)).panel
    assert rest == Panel(("Acme",), PROMPTS[10:], (OTHER,), times=(11, 12), seed=3)
    imported = replace(RUN, panel=None)
    assert run_part(imported, Task(TaskKind.ASK, 7)) is imported


def test_workers_score_what_they_asked_and_judges_have_a_task_of_their_own() -> None:
    """A single process scores without tasks; a task that asked is followed by one that scores."""
    parts = [replace(task, kind=TaskKind.SCORE) for task in asking_tasks(RUN, spread=True)]

    assert scoring_tasks(RUN, judged=False) == parts
    assert scoring_tasks(RUN, judged=True) == [*parts, Task(TaskKind.JUDGE, 7)]
    asking = Task(TaskKind.ASK, 7, "svc", 1, 2)
    assert following_tasks(asking) == [Task(TaskKind.SCORE, 7, "svc", 1, 2)]
    for kind in set(TaskKind) - {TaskKind.ASK}:
        assert following_tasks(replace(asking, kind=kind)) == []


@pytest.mark.parametrize("count", [0, 1, BRANDS_PER_TASK, BRANDS_PER_TASK + 1, 45])
def test_every_brand_is_searched_for_shifts_once(count: int) -> None:
    """In groups of twenty."""
    brands = [f"Brand {n}" for n in range(count)]
    tasks = detection_tasks(RUN, brands)

    assert [name for task in tasks for name in task.brands] == brands
    assert [len(task.brands) for task in tasks[:-1]] == [20] * (len(tasks) - 1)
    assert [(task.first, task.last) for task in tasks] == [
        (20 * n, 20 * n + 20) for n in range(-(-count // 20))
    ]
    assert {(task.kind, task.run_id) for task in tasks} <= {(TaskKind.DETECT, 7)}


def answer(finish: Finish = Finish.COMPLETE, error: str = "", usd: float = 0.25) -> Answer:
    """Return an answer of the first model."""
    said = reply(finish=finish, cost_usd=usd, usage=Usage(9, 9))
    return Answer(7, Question(PROMPTS[0], ONE), said, NOON, error=error)


def unreported(usd: float | None) -> Answer:
    """Return an answer without usage."""
    return replace(answer(), reply=reply(cost_usd=usd))


def test_answers_are_counted_by_how_they_ended_with_their_dollars() -> None:
    """Only a cost without usage is an estimate."""
    outcome = Outcome(RUN)
    answers = [answer(), answer(), answer(Finish.CUT), answer(error="It fails."), unreported(1.0)]
    for each in [*answers, unreported(None)]:
        outcome.count(each)

    assert (outcome.complete, outcome.incomplete) == (4, 1)
    assert outcome.cut == {(ONE, Finish.CUT): 1}
    assert outcome.failures == {"It fails.": 1}
    assert (outcome.spent, outcome.estimated) == (2.0, 1.0)


COUNTS: list[tuple[dict[str, Any], RunState]] = [
    ({}, RunState.COMPLETE),
    ({"complete": 1}, RunState.COMPLETE),
    ({"kept": 1, "cut": Counter({(ONE, Finish.CUT): 1})}, RunState.COMPLETE),
    ({"complete": 1, "cut": Counter({(ONE, Finish.CUT): 1})}, RunState.COMPLETE),
    ({"cut": Counter({(ONE, Finish.CUT): 1})}, RunState.PARTIAL),
    ({"failures": Counter(x=1)}, RunState.FAILED),
    ({"failures": Counter(x=1), "kept": 1}, RunState.PARTIAL),
    ({"failures": Counter(x=1), "complete": 1}, RunState.PARTIAL),
    ({"failures": Counter(x=1), "cut": Counter({(ONE, Finish.CUT): 1})}, RunState.PARTIAL),
    ({"complete": 1, "stopped": RunState.PAUSED}, RunState.PAUSED),
]


@pytest.mark.parametrize(("counts", "state"), COUNTS)
def test_a_run_ends_by_what_its_questions_came_to(counts: dict[str, Any], state: RunState) -> None:
    """Failed without any answer, partial where an answer lacks or none can be scored."""
    assert Outcome(RUN, **counts).state is state


def test_counts_of_parts_add_up_over_a_queue() -> None:
    """As JSON values, of whichever process."""
    part = Outcome(
        RUN,
        kept=1,
        complete=2,
        cut=Counter({(ONE, Finish.CUT): 3, (TWO, Finish.LENGTH): 1}),
        failures=Counter({"It fails.": 4}),
        retries=5,
        spent=0.5,
        estimated=0.25,
        notes=["A note."],
    )
    stopped = replace(part, stopped=RunState.PAUSED)
    assert part.result() == {
        "kept": 1,
        "complete": 2,
        "cut": [["svc/m-1", "cut", 3], ["svc/m-2", "length", 1]],
        "late": 0,
        "failures": {"It fails.": 4},
        "retries": 5,
        "spent": 0.5,
        "estimated": 0.25,
        "stopped": None,
        "notes": ["A note."],
    }
    whole = Outcome(RUN)
    whole.add(part.result())
    assert whole == part
    whole.add(stopped.result())
    whole.add({k: v for k, v in part.result().items() if k != "estimated"})
    assert whole == Outcome(
        RUN,
        kept=3,
        complete=6,
        cut=Counter({(ONE, Finish.CUT): 9, (TWO, Finish.LENGTH): 3}),
        failures=Counter({"It fails.": 12}),
        retries=15,
        spent=1.5,
        estimated=0.5,
        stopped=RunState.PAUSED,
        notes=["A note."] * 3,
    )


@pytest.mark.parametrize(("wanted", "done"), [(9, "abc"), (2, "ab"), (0, "")])
async def test_a_single_process_carries_tasks_out_in_order(wanted: int, done: str) -> None:
    """Until they are not wanted any more; a task that is to be done later has no result."""
    tasks = [Task(TaskKind.ASK, 7, name) for name in "abc"]
    carried: list[str] = []

    async def do(task: Task) -> TaskResult | None:
        carried.append(task.provider)
        return None if task.provider == "b" else {"of": task.provider}

    async def is_wanted() -> bool:
        return len(carried) < wanted

    queue = InlineQueue()
    results = await queue.carry(tasks, do, is_wanted)
    assert "".join(carried) == done
    assert results == {
        task.key: {"of": task.provider} for task in tasks if task.provider in done.replace("b", "")
    }
    assert len(await queue.carry(tasks, do)) == 2
    assert await queue.workers() == 0


def test_questions_of_one_provider_are_cut_where_fifty_are_full() -> None:
    """With prompts that are asked unequally often: a new task begins with each full fifty."""
    times = (30, 30, 5, 40, 100, 1, 1, 1, 60, 2, 3, 4)
    run = replace(RUN, panel=Panel(("Acme",), PROMPTS, (ONE,), times=times))
    before = [sum(times[:n]) // 50 for n in range(len(times))]
    groups = [list(group) for _, group in groupby(range(12), key=before.__getitem__)]

    assert [(task.first, task.last) for task in asking_tasks(run, spread=True)] == [
        (group[0], group[-1] + 1) for group in groups
    ]


class FakeQueue:
    """The connection of a queue's database, and the queries that are made over it."""

    def __init__(self, *statements: str) -> None:
        self.closed = 0
        self.statements = statements

    async def queue_size(self) -> list[Any]:
        """Return counts by state and kind; there may be states that people are not shown."""
        rows = [("queued", "ask", 3), ("queued", "score", 1), ("picked", "ask", 2)]
        rows += [("failed", "judge", 4), ("deleted", "ask", 9), ("queued", "ask", 5)]
        return [SimpleNamespace(status=s, entrypoint=e, count=n) for s, e, n in rows]

    async def queue_age(self) -> list[Any]:
        """Return the age of the oldest task of a kind."""
        return [SimpleNamespace(entrypoint="ask", oldest_age_seconds=7.5)]

    async def fetchval(self, _: str, prefix: str) -> int:
        """Return the number of workers."""
        assert prefix == "overheard worker"
        return 2

    async def plan_upgrade(self) -> Any:
        """Return what is to be changed."""
        return SimpleNamespace(statements=self.statements)

    def terminate(self) -> None:
        """End the connection."""
        self.closed += 1


def connect(monkeypatch: pytest.MonkeyPatch, queue: FakeQueue) -> None:
    """Have all queues be this one."""

    async def connected(url: str, *, timeout: float) -> FakeQueue:  # noqa: ASYNC109 - asyncpg's
        assert url == "postgresql://x"
        return queue

    monkeypatch.setattr("asyncpg.connect", connected)
    monkeypatch.setattr("overheard.runs.tasks._queries", lambda connection: connection)


async def test_the_tasks_of_a_queue_are_counted_by_state_and_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And its workers; the connection is ended."""
    queue = FakeQueue()
    connect(monkeypatch, queue)

    assert await queue_status("postgresql://x") == QueueStatus(
        waiting={"ask": 8, "score": 1},
        running={"ask": 2},
        held={"judge": 4},
        oldest={"ask": 7.5},
        workers=2,
    )
    assert queue.closed == 1


@pytest.mark.parametrize("statements", [(), ("ALTER TABLE",)])
async def test_a_queue_is_outdated_when_its_tables_would_be_changed(
    statements: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when they are missing; the connection is ended."""
    queue = FakeQueue(*statements)
    connect(monkeypatch, queue)

    assert await outdated("postgresql://x") is bool(statements)
    assert queue.closed == 1
