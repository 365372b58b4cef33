"""The tasks that a run is divided into, their outcome, and the queue of a single process."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from overheard.domain import (
    Answer,
    Finish,
    Model,
    Panel,
    QueueStatus,
    Run,
    RunState,
    Task,
    TaskKind,
)
from overheard.interfaces import IsWanted, Provider, TaskHandler, TaskResult
from overheard.plugins import models_of
from overheard.runs.limits import Limits

if TYPE_CHECKING:
    from pgqueuer.queries import Queries

QUESTIONS_PER_TASK = 50
"""Approximate number of questions of a task: seconds of work, so that queueing it costs little, and
a worker that dies leaves little undone."""

BRANDS_PER_TASK = 20
"""Brands of one detection task."""
SEATS = 8
"""Seats of a provider that allows as many calls at a time."""


def asking_tasks(run: Run, *, spread: bool) -> list[Task]:
    """Return the tasks that ask a run's questions: a single task, or several for many workers.

    Each of several tasks asks one provider's models. The first tasks of all providers come first,
    then the second tasks, so that no provider waits behind all tasks of another.

    Args:
        run: The run; one without a panel gets a single task.
        spread: Whether workers share the work.
    """
    if not spread or run.panel is None:
        return [Task(TaskKind.ASK, run.id)]
    providers = dict.fromkeys(model.provider for model in run.panel.models)
    tasks_by_provider = [
        list(_provider_tasks(run.id, run.panel, provider)) for provider in providers
    ]
    longest = max(map(len, tasks_by_provider), default=0)
    return [tasks[n] for n in range(longest) for tasks in tasks_by_provider if n < len(tasks)]


def scoring_tasks(run: Run, *, judged: bool) -> list[Task]:
    """Return the tasks that score a run's answers in workers, divided as its questions are.

    The process that carries the run out scores the answers that are left.

    Args:
        judged: Whether there are judges among the scorers; they get one task of their own, the
            last.
    """
    tasks = [replace(task, kind=TaskKind.SCORE) for task in asking_tasks(run, spread=True)]
    return [*tasks, Task(TaskKind.JUDGE, run.id)] if judged else tasks


def detection_tasks(run: Run, brands: list[str]) -> list[Task]:
    """Return the tasks that search a run for shifts, in the order of the brands: one for each
    `BRANDS_PER_TASK` brands, the last for what is left. Empty without brands.

    Each task has the names of its brands, and their places in the list: those from `Task.first` to
    before `Task.last`, which may lie beyond the end of the list.
    """
    return [
        Task(
            TaskKind.DETECT,
            run.id,
            first=start,
            last=start + BRANDS_PER_TASK,
            brands=tuple(brands[start : start + BRANDS_PER_TASK]),
        )
        for start in range(0, len(brands), BRANDS_PER_TASK)
    ]


def following_tasks(task: Task) -> list[Task]:
    """Return the tasks that can begin when a task is done, before the other tasks of its run: the
    scoring of the answers that it asked for.
    """
    return [replace(task, kind=TaskKind.SCORE)] if task.kind is TaskKind.ASK else []


def run_part(run: Run, task: Task) -> Run:
    """Return a copy of a run with only those questions of its panel that belong to a task.

    These are the prompts from `Task.first` to before `Task.last` (0 for all from there), and the
    models of `Task.provider` (empty for all). A run without a panel is returned unchanged, and so
    is one of which the task has all questions.
    """
    panel = run.panel
    if panel is None or not (task.provider or task.first or task.last):
        return run
    chosen = slice(task.first, task.last or None)
    models = tuple(m for m in panel.models if task.provider in ("", m.provider))
    return replace(
        run,
        panel=replace(
            panel, prompts=panel.prompts[chosen], times=panel.times[chosen], models=models
        ),
    )


def _provider_tasks(run_id: int, panel: Panel, provider: str) -> Iterator[Task]:
    """Yield the tasks that ask one provider's models: each has consecutive prompts of the panel
    with about `QUESTIONS_PER_TASK` questions, and at least one prompt.
    """
    models = sum(model.provider == provider for model in panel.models)
    task_of_prompt, questions_before = list[int](), 0
    for _, repeats in panel.asks():
        task_of_prompt.append(questions_before // QUESTIONS_PER_TASK)
        questions_before += repeats * models
    for _, group in groupby(range(len(task_of_prompt)), key=task_of_prompt.__getitem__):
        indices = list(group)
        yield Task(TaskKind.ASK, run_id, provider, first=indices[0], last=indices[-1] + 1)


def seats(limits: Limits, provider: Provider) -> int:
    """Return the number of seats of a provider, 1 to `SEATS`; each seat allows at least one call at
    a time.
    """
    limiters = limits.limiters(provider, models_of({provider.name: provider}))
    return max(1, min(SEATS, *(limiter.full for limiter in limiters)))


@contextmanager
def seat(limits: Limits, providers: Mapping[str, Provider], name: str) -> Iterator[None]:
    """Hold a seat of a provider, given by its name, while the block lasts.

    The `SEATS` seats at most of a provider divide its limits among all workers: in the block, the
    limiters of the provider and of its models may use the share of one more seat. Do nothing for an
    unknown provider.
    """
    provider = providers.get(name)
    if provider is None:
        yield
        return
    limiters = limits.limiters(provider, models_of({provider.name: provider}))
    total = seats(limits, provider)
    for limiter in limiters:
        limiter.add_seats(1, total)
    try:
        yield
    finally:
        for limiter in limiters:
            limiter.add_seats(-1, total)


_SUMMED = ("kept", "complete", "late", "retries", "spent", "estimated", "notes")
"""Attributes of an outcome that are the sums of those of its parts."""


@dataclass(slots=True)
class Outcome:
    """The outcome of a run's questions, as counts.

    Attributes:
        kept: Answers that were stored before the run was resumed.
        reused: Kept answers that are copies of answers of earlier runs.
        complete: New answers that can be scored.
        cut: New answers that are incomplete and not scored, by model and finish.
        late: Questions whose bought answers have not arrived; they are added when they do.
        failures: Questions without an answer, by the reason as a sentence.
        retries: Repeated calls.
        spent: Dollars of the new answers and of failed calls before them.
        estimated: Dollars of `spent` that are estimated, because no usage was reported.
        stopped: The state to which a person stopped the run, or None.
        notes: Further remarks for people, as sentences.
    """

    run: Run
    kept: int = 0
    reused: int = 0
    complete: int = 0
    cut: Counter[tuple[Model, Finish]] = field(default_factory=Counter)
    late: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    spent: float = 0.0
    estimated: float = 0.0
    stopped: RunState | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def incomplete(self) -> int:
        """The number of incomplete new answers."""
        return self.cut.total()

    def count(self, answer: Answer) -> None:
        """Add a new answer and its dollars to the counts: as failed if it has an error, else as
        complete or as cut.
        """
        self.charge(answer)
        if answer.error:
            self.failures[answer.error] += 1
        elif answer.complete:
            self.complete += 1
        else:
            self.cut[answer.question.model, answer.reply.finish] += 1

    def charge(self, answer: Answer) -> None:
        """Add the dollars of an answer, or of a failed call that is made again."""
        self.spent += answer.reply.cost_usd or 0.0
        if answer.cost_is_estimated:
            self.estimated += answer.reply.cost_usd or 0.0

    @property
    def state(self) -> RunState:
        """The state in which the run ends.

        - A stopped run: the state to which a person stopped it.
        - Some questions failed or are late: FAILED when no question has an answer, else PARTIAL.
        - No question failed: PARTIAL when there are answers and all are incomplete, else COMPLETE.
        """
        if self.stopped:
            return self.stopped
        has_scorable = self.kept + self.complete > 0
        has_answers = has_scorable or self.incomplete > 0
        if self.failures or self.late:
            return RunState.PARTIAL if has_answers else RunState.FAILED
        return RunState.PARTIAL if has_answers and not has_scorable else RunState.COMPLETE

    def result(self) -> TaskResult:
        """Return the counts as a JSON object, for the process that carries the run out; `add`
        reads it. The run and `reused` are left out.
        """
        return {
            **{name: getattr(self, name) for name in _SUMMED},
            "cut": [[str(m), end.value, count] for (m, end), count in self.cut.items()],
            "failures": dict(self.failures),
            "stopped": self.stopped.value if self.stopped else None,
        }

    def add(self, result: TaskResult) -> None:
        """Add the counts of a part of the run's questions, in the JSON form of `result`. The part's
        state replaces `stopped` if the part was stopped.
        """
        for name in _SUMMED:
            setattr(self, name, getattr(self, name) + result.get(name, 0))
        for model, end, count in result["cut"]:
            self.cut[Model.parse(model), Finish(end)] += count
        self.failures.update(result["failures"])
        if result["stopped"]:
            self.stopped = RunState(result["stopped"])


WORKER = "overheard worker"
"""The prefix of the application names of workers' connections; the rest names the process."""
_STATUSES = {"queued": "waiting", "picked": "running", "failed": "held"}


class InlineQueue:
    """Carries out tasks in the calling process, one after another."""

    spread = False

    async def carry(
        self, tasks: Sequence[Task], do: TaskHandler, is_wanted: IsWanted | None = None
    ) -> dict[str, TaskResult]:
        """Carry out tasks in order, and return their results by the task's key.

        Args:
            do: Carries out one task; its error ends this call.
            is_wanted: Asked before each task; when it returns False, the other tasks are left out.
                None to carry out all tasks.

        Returns:
            The results, without tasks that were left out or whose result is None.
        """
        results: dict[str, TaskResult] = {}
        for task in tasks:
            if is_wanted and not await is_wanted():
                break
            result = await do(task)
            if result is not None:
                results[task.key] = result
        return results

    async def workers(self) -> int:
        """Return 0: this process does the work itself."""
        return 0

    async def work(
        self,
        do: TaskHandler,  # noqa: ARG002 - there is never anything to do
        kinds: Collection[TaskKind],  # noqa: ARG002
        *,
        at_once: int,  # noqa: ARG002
        seats: Mapping[str, int],  # noqa: ARG002
    ) -> None:
        """Wait until cancelled: no other process can add tasks, so all arguments are ignored."""
        await asyncio.Event().wait()


async def queue_status(url: str) -> QueueStatus:
    """Return the numbers of tasks in the queue by state and kind, the ages of the oldest in
    seconds, and the number of connected workers.

    A worker that has nothing to do holds no job, so workers are counted by their connections to the
    database.

    Args:
        url: The database, as ``postgresql://...``.

    Raises:
        Exception: what the driver raises when the database is away, or has no queue.
    """
    async with _connected(url) as connection:
        counts: dict[str, Counter[str]] = {name: Counter() for name in _STATUSES.values()}
        queries = _queries(connection)
        for row in await queries.queue_size():
            if name := _STATUSES.get(row.status):
                counts[name][row.entrypoint] += row.count
        oldest = {str(age.entrypoint): age.oldest_age_seconds for age in await queries.queue_age()}
        workers = await connection.fetchval(
            "SELECT count(DISTINCT application_name) FROM pg_stat_activity"
            " WHERE starts_with(application_name, $1) AND datname = current_database()",
            WORKER,
        )
        return QueueStatus(**counts, oldest=oldest, workers=int(workers))


async def outdated(url: str) -> bool:
    """Return whether the queue's tables in a PostgreSQL database are missing, or not of this
    version of PGQueuer.

    Args:
        url: The database, as ``postgresql://...``.

    Raises:
        Exception: what the driver raises when the database is away.
    """
    async with _connected(url) as connection:
        return bool((await _queries(connection).plan_upgrade()).statements)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    import asyncpg

    connection = await asyncpg.connect(url, timeout=5)
    try:
        yield connection
    finally:
        connection.terminate()


def _queries(connection: Any) -> Queries:
    from pgqueuer.queries import Queries

    return Queries.from_asyncpg_connection(connection)
