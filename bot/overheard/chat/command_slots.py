"""How many commands run at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from overheard.errors import TooBusy

SLOTS = 2
"""Commands that run at a time."""
SLOT_LIFETIME_S = 10.0
"""Seconds after which a command that still runs no longer holds its slot."""
MAX_WAITING = 1_000
"""Commands that wait for a slot: about half a minute of work, in little memory."""
CUT_OFF_TIMEOUT_S = 0.6
"""How long the card about a command that was cut off may take: the process is about to end."""


class CommandSlots:
    """Limits how many commands run at a time, first come, first served.

    Args:
        slots: The number of commands that run at a time.
        lifetime_s: Seconds after which a command's slot is free for the next command. The first
            command goes on: a long command holds up no other for longer than this.
        max_waiting: The number of commands that may wait; further commands are refused.
    """

    def __init__(
        self,
        slots: int = SLOTS,
        lifetime_s: float = SLOT_LIFETIME_S,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        """Begin with `slots` free slots and nobody waiting."""
        self._free = asyncio.Semaphore(slots)
        self._lifetime_s = lifetime_s
        self._max_waiting = max_waiting
        self._waiting = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot, first come, first served, and hold it within the block.

        After the slot's lifetime the next command gets it, while the block goes on.

        Raises:
            TooBusy: when no slot is free and `max_waiting` commands wait already; nothing is held
                then.
        """
        await self._acquire()
        loop = asyncio.get_running_loop()
        early_release = loop.call_later(self._lifetime_s, self._free.release)
        try:
            yield
        finally:
            if early_release.when() > loop.time():
                early_release.cancel()
                self._free.release()

    async def _acquire(self) -> None:
        """Wait for a free slot and take it; the caller has to release it.

        Raises:
            TooBusy: when no slot is free and `max_waiting` commands wait already.
        """
        if self._free.locked() and self._waiting >= self._max_waiting:
            raise TooBusy(waiting=self._waiting)
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
