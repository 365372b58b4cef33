"""A run service with a real store, a scripted provider and queues of several processes."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kit.recording import HandClock
from kit.scripted import Quiet, ScriptedProvider, reply
from overheard.config.sections import AskingTable, BudgetTable
from overheard.domain import (
    FREE,
    Account,
    BatchStatus,
    Capabilities,
    Model,
    Panel,
    Price,
    Prompt,
    Question,
    ReservationRequest,
    Run,
    RunState,
    Task,
)
from overheard.errors import ProviderFailed
from overheard.interfaces import PROBLEM, IsWanted, TaskHandler, TaskResult
from overheard.runs.limits import Limits, RetryPolicy
from overheard.runs.runner import AskingMeans
from overheard.runs.service import RunService
from overheard.runs.tasks import InlineQueue, Outcome
from overheard.testing.deployment import open_test_store

MODEL = Model("svc", "m-1")
PROMPTS = tuple(Prompt(f"Which tool suits {number} people?") for number in range(3))
PANEL = Panel(("Acme",), PROMPTS, (MODEL,), repeats=2)
DAY = Account("day", period="2026-03-02")


class Analyst:
    """An analysis that notes what it is given."""

    def __init__(self) -> None:
        self.analysed: list[tuple[Run, Outcome]] = []
        self.done: list[tuple[Task, Run]] = []

    async def analyse(self, run: Run, outcome: Outcome) -> str:
        """Note a run."""
        self.analysed.append((run, outcome))
        return "analysed"

    async def do(self, task: Task, run: Run) -> TaskResult:
        """Note a task."""
        self.done.append((task, run))
        return {"noted": True}


class SpreadQueue(InlineQueue):
    """A queue of several processes, all of whose tasks are carried out here.

    Attributes:
        problem: The reason for which each task fails, or an empty string.
    """

    spread = True
    problem = ""

    async def carry(
        self, tasks: Sequence[Task], do: TaskHandler, is_wanted: IsWanted | None = None
    ) -> dict[str, TaskResult]:
        """Carry tasks out, or fail them."""
        if self.problem:
            return {task.key: {PROBLEM: self.problem} for task in tasks}
        results = await super().carry(tasks, do, is_wanted)
        if is_wanted:
            await is_wanted()
        return results


class BatchProvider(ScriptedProvider):
    """A provider whose vendor answers a batch at once.

    Attributes:
        ended: The batches that were handed in.
        cancelled: The batches that were cancelled.
        down: Whether the vendor refuses all calls about batches.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ended: list[Mapping[str, Question]] = []
        self.cancelled: list[str] = []
        self.down = False

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all are the same
        """Return that batches are sold."""
        return Capabilities(batch=True)

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Note a batch."""
        self.ended.append(questions)
        return f"batch_{len(self.ended)}"

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
        """Return an answer to each question."""
        if self.down:
            raise ProviderFailed(model=MODEL, reason=f"{batch} is not there.")
        return BatchStatus(ended=True, replies=dict.fromkeys(questions, reply("Acme is good.")))

    async def cancel(self, batch: str) -> None:
        """Note that a batch is cancelled."""
        self.cancelled.append(batch)


class BoughtProvider(BatchProvider):
    """A provider whose answers are sold as tasks alone, of which some come late.

    Attributes:
        late: The ids of questions whose answers are not there yet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.late: set[str] = set()

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all are the same
        """Return that nothing is asked but in batches, of four questions at most."""
        return Capabilities(batch=True, batch_only=True, batch_limit=4)

    async def submit_once(
        self,
        questions: Mapping[str, Question],
        tag: str,  # noqa: ARG002
        since: datetime | None,  # noqa: ARG002
        buy: bool,  # noqa: ARG002 - the protocol's
    ) -> str:
        """Note a batch."""
        return await self.submit(questions)

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
        """Return the answers that are there."""
        status = await super().look(batch, questions)
        there = {item: one for item, one in status.replies.items() if item not in self.late}
        return BatchStatus(len(there), len(there) == len(questions), there)


class House:
    """A run service with a real store."""

    def __init__(
        self,
        queue: InlineQueue | None = None,
        *,
        day: float | None = None,
        price: Price = FREE,
        provider: ScriptedProvider | None = None,
    ) -> None:
        self.store = open_test_store()
        self.provider = provider or ScriptedProvider(price=price)
        self.analyst = Analyst()
        self.progress = Quiet()
        self.clock = HandClock()
        self.limits = Limits()
        means = AskingMeans(
            self.store,
            {"svc": self.provider},
            self.limits,
            BudgetTable(day=day),
            RetryPolicy(AskingTable(tries=1)),
            self.clock,
            self.progress,
        )
        self.service = RunService(means, queue or InlineQueue(), self.analyst)

    async def start(self, panel: Panel | None = PANEL, **more: Any) -> Run:
        """Start a run."""
        return await self.store.runs.start(Run("r", self.clock.now(), panel, **more))

    async def state(self, run: Run) -> RunState | None:
        """Return the state of a run."""
        return await self.store.runs.state(run.id)

    async def hold(self, run: Run) -> None:
        """Hold money for a run, as a process did that died since."""
        await self.store.money.reserve(run.id, [ReservationRequest(DAY, 1.0, 9.0)])

    async def holders(self) -> set[int]:
        """Return the runs that hold money."""
        return await self.store.money.reserving_runs()


class Waiting(SpreadQueue):
    """A queue whose workers never end; how many there are can change."""

    connected = 0

    async def workers(self) -> int:
        """Return how many there are."""
        return self.connected

    async def carry(
        self,
        tasks: Sequence[Task],  # noqa: ARG002 - none is ever done
        do: TaskHandler,  # noqa: ARG002
        is_wanted: IsWanted | None = None,
    ) -> dict[str, TaskResult]:
        """Ask whether the run is wanted, for ever."""
        while is_wanted and await is_wanted():  # noqa: ASYNC110 - as queues do
            await asyncio.sleep(0.001)
        return {}
