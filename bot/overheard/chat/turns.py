"""Turns: so few commands are done at a time that they are not in each other's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
