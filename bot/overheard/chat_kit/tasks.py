"""How requests that are being served end when a chat stops."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

FINISH_TIMEOUT_S = 0.4
"""How long a running command may take to end by itself when the bot stops."""


async def finish_tasks(tasks: Iterable[asyncio.Task[Any]], timeout_s: float) -> None:
    """Give tasks some seconds to end, cancel those that have not, and wait until all have ended.

    The second wait has no limit: a cancelled task may still clean up. Errors of the tasks are not
    raised.

    Args:
        tasks: The running tasks; may be empty.
        timeout_s: How many seconds the tasks may take to end by themselves.
    """
    if running := [*tasks]:
        _, unfinished = await asyncio.wait(running, timeout=timeout_s)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
