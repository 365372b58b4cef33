"""The requests that a chat is serving, and how they end when the chat stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

FINISH_TIMEOUT_S = 0.4
"""How long a running command may take to end by itself when the bot stops."""
log = logging.getLogger("overheard")


class ServingTasks:
    """The tasks in which a chat serves requests.

    Args:
        platform: The chat's name in the log.
    """

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine as a task; an exception of it is logged and raised nowhere."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._on_done)

    def add_current(self) -> None:
        """Add the current task, until it ends; its exceptions are those of its caller."""
        if task := asyncio.current_task():
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def finish(self, timeout_s: float) -> None:
        """Give the tasks, without the current one, some seconds to end, cancel those that have not,
        and wait until all have ended.

        The second wait has no limit: a cancelled task may still clean up.
        """
        if running := self._running - {asyncio.current_task()}:
            _, unfinished = await asyncio.wait(running, timeout=timeout_s)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A request from %s ended badly: %s", self._platform, error)
