"""What long work is given: the time, and somebody to show how far it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from overheard.domain import Run, Task, TaskKind


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """Return the time as an aware datetime in UTC."""
        ...


class Progress(Protocol):
    """Somebody who is shown how long work goes on."""

    def start(self, title: str, total: int) -> None:
        """Begin a piece of work of so many steps (0: nobody knows); ends the one before."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Say that steps are done."""
        ...

    def finish(self) -> None:
        """Say that the work is done or given up."""
        ...


TaskResult = dict[str, Any]
"""What came of a task, as JSON."""

PROBLEM = "problem"
"""Where the result of a task that could not be done says why."""

TaskHandler = Callable[[Task], Awaitable[TaskResult | None]]
"""Carries a task out; None means that it was left undone, and is to be given out again when its
run goes on."""

IsWanted = Callable[[], Awaitable[bool]]
"""Returns whether work is still wanted; it is asked about twice a second."""


class Queue(Protocol):
    """Has tasks carried out, by this process or by others.

    Attributes:
        spread: Whether several processes can share the work, so that it is worth being cut.
    """

    @property
    def spread(self) -> bool:
        """Whether several processes can share the work."""
        ...

    async def carry(
        self, tasks: Sequence[Task], do: TaskHandler, going: IsWanted | None = None
    ) -> dict[str, TaskResult]:
        """Have the tasks of one run carried out.

        Args:
            tasks: What is to be done. What was done before is not done again.
            do: Carries one out, where that falls to this process.
            going: Whether work is still wanted.

        Returns:
            What came of each by its key, when all are done, or as soon as no more is wanted.

        Raises:
            StoreError: when the place that holds the work cannot be reached for long.
        """
        ...

    async def work(
        self,
        do: TaskHandler,
        kinds: Collection[TaskKind],
        *,
        at_once: int,
        seats: Mapping[str, int],
    ) -> None:
        """Carry out what others put in, until cancelled.

        Args:
            do: Carries one out.
            kinds: What to take.
            at_once: How many tasks at a time.
            seats: How many tasks may ask each provider at a time, over all processes.
        """
        ...


class WorkStore(Protocol):
    """The part of the store that keeps what came of tasks."""

    async def run(self, number: int) -> Run | None:
        """Return a run by its number, or None."""
        ...

    async def count_answers(self, run_id: int) -> int:
        """Return how many questions of a run have an answer."""
        ...

    async def keep_result(self, task: Task, result: TaskResult) -> None:
        """Keep what came of a task; what was kept of it before stays."""
        ...

    async def results(self, run_id: int, keys: Iterable[str]) -> dict[str, TaskResult]:
        """Return what came of those tasks of a run that are done, by their keys."""
        ...

    async def forget_results(self, run_id: int) -> None:
        """Forget what came of a run's tasks."""
        ...
