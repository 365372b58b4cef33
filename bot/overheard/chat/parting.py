"""How a chat's connection ends: what is nearly done is done, and the rest is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

NEARLY = 0.4
"""Seconds in which a command that is under way may yet come to its end."""
PARTING = 0.6
"""Seconds that saying so may take when one is cut off: the process is about to end."""


async def ended(tasks: Iterable[asyncio.Task[Any]], patience: float = NEARLY) -> None:
    """Let tasks come to their end if it is near, cancel the others, and wait until all have ended.

    Args:
        tasks: What is being served.
        patience: For how many seconds.
    """
    if under_way := [*tasks]:
        _, late = await asyncio.wait(under_way, timeout=patience)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
