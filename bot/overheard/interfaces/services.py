"""Clock, progress display and task queue."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from overheard.domain import Task, TaskKind


class Clock(Protocol):
    """The source of the current time."""

    def now(self) -> datetime:
        """Return the current time as an aware datetime in UTC."""


class Progress(Protocol):
    """A display of the progress of long work."""

    def start(self, title: str, total: int) -> None:
        """Begin work of `total` steps (0 when unknown); this ends the work before."""

    def advance(self, steps: int = 1) -> None:
        """Report finished steps."""

    def finish(self) -> None:
        """Report that the work is done or was given up."""


class NoProgress:
    """Progress that is not shown."""

    def start(self, title: str, total: int) -> None:
        """Do nothing."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


TaskResult = dict[str, Any]
"""The result of a task as a JSON object."""

PROBLEM = "problem"
"""Key of a `TaskResult` under which a failed task gives the reason."""

TaskHandler = Callable[[Task], Awaitable[TaskResult | None]]
"""Carries out a task. None means that the task was not done and must be queued again when its run
continues."""

IsWanted = Callable[[], Awaitable[bool]]
"""Returns whether work should continue; called about twice a second."""


class Queue(Protocol):
    """Distributes tasks to this process or to workers."""

    @property
    def spread(self) -> bool:
        """Whether several processes share the work, so that runs are cut into several tasks."""

    async def carry(
        self, tasks: Sequence[Task], do: TaskHandler, is_wanted: IsWanted | None = None
    ) -> dict[str, TaskResult]:
        """Have the tasks of one run carried out and wait for them.

        Args:
            tasks: The tasks; those that already have a result are not repeated.
            do: Carries out a task in this process; a queue with workers does not call it.
            is_wanted: Returns whether the run should go on; None for always.

        Returns:
            The results by task key, once all tasks are done or the run should not go on; then the
            results so far.

        Raises:
            OverheardError: when the queue's database cannot be reached for a long time.
        """

    async def workers(self) -> int:
        """Return how many workers are connected; 0 for a queue without workers."""

    async def work(
        self,
        do: TaskHandler,
        kinds: Collection[TaskKind],
        *,
        at_once: int,
        seats: Mapping[str, int],
    ) -> None:
        """Take tasks from the queue and carry them out, until cancelled.

        Args:
            do: Carries out a task.
            kinds: The kinds of tasks to take.
            at_once: The largest number of concurrent tasks in this process.
            seats: By provider, the largest number of concurrent asking tasks over all processes.

        Raises:
            OverheardError: when the connection to the queue ends.
        """
