"""What came of tasks, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from overheard.domain import Task


class MemoryWorking:
    """The part of a memory store that keeps what came of tasks."""

    def __init__(self) -> None:
        self._results: dict[int, dict[str, dict[str, Any]]] = {}

    async def keep_result(self, task: Task, result: dict[str, Any]) -> None:
        """Keep what came of a task; what was kept of it before stays."""
        self._results.setdefault(task.run_id, {}).setdefault(task.key, result)

    async def results(self, run_id: int, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return what came of those tasks of a run that are done, by their keys."""
        done = self._results.get(run_id, {})
        return {key: done[key] for key in keys if key in done}

    async def forget_results(self, run_id: int) -> None:
        """Forget what came of a run's tasks."""
        self._results.pop(run_id, None)
