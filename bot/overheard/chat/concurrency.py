"""Turns: so few commands are done at a time that they are not in each other's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from overheard.errors import TooBusy

AT_ONCE = 2
LONGEST = 10.0
MOST = 1_000
"""Commands that wait at most: some half a minute of work, and little memory."""


class Turns:
    """Gives turns, first come, first served.

    Args:
        at_once: How many there are.
        longest: Seconds after which one that is not given back goes to the next: what takes long
            goes on, and keeps nobody waiting.
        most: How many wait at most; who comes then is sent away.
    """

    def __init__(self, at_once: int = AT_ONCE, longest: float = LONGEST, most: int = MOST) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._longest = longest
        self._most = most
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and give it back behind the block.

        Raises:
            TooBusy: when too many wait already.
        """
        await self._acquire()
        lapse = asyncio.get_running_loop().call_later(self._longest, self._free.release)
        try:
            yield
        finally:
            if lapse.when() > asyncio.get_running_loop().time():
                lapse.cancel()
                self._free.release()

    async def _acquire(self) -> None:
        if self._free.locked() and self._waiting >= self._most:
            raise TooBusy(waiting=self._waiting)
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1


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
