"""Turns: so few commands are done at a time that they are not in each other's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE = 2
LONGEST = 10.0


class Turns:
    """Gives turns, first come, first served.

    Args:
        at_once: How many there are.
        longest: Seconds after which one that is not given back goes to the next: what takes long
            goes on, and keeps nobody waiting.
    """

    def __init__(self, at_once: int = AT_ONCE, longest: float = LONGEST) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._longest = longest

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and give it back behind the block."""
        await self._free.acquire()
        lapse = asyncio.get_running_loop().call_later(self._longest, self._free.release)
        try:
            yield
        finally:
            if lapse.when() > asyncio.get_running_loop().time():
                lapse.cancel()
                self._free.release()
