"""How many commands run at a time, and how they end when the bot stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from overheard.errors import TooBusy

SLOTS = 2
SLOT_LIFETIME_S = 10.0
MAX_WAITING = 1_000
"""Commands that wait for a slot: about half a minute of work, in little memory."""
FINISH_TIMEOUT_S = 0.4
"""How long a running command may take to end by itself when the bot stops."""
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
        """Begin with `slots` free slots, each held for `lifetime_s` seconds at most, and with an
        empty queue for `max_waiting` commands.
        """
        self._free = asyncio.Semaphore(slots)
        self._lifetime = lifetime_s
        self._max_waiting = max_waiting
        self._waiting = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot, and hold the slot within the block, but no longer than the slot's
        lifetime.

        Raises:
            TooBusy: when too many commands wait already.
        """
        await self._acquire()
        lapse = asyncio.get_running_loop().call_later(self._lifetime, self._free.release)
        try:
            yield
        finally:
            if lapse.when() > asyncio.get_running_loop().time():
                lapse.cancel()
                self._free.release()

    async def _acquire(self) -> None:
        """Wait for a free slot; raise TooBusy when too many commands wait already."""
        if self._free.locked() and self._waiting >= self._max_waiting:
            raise TooBusy(waiting=self._waiting)
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1


async def finish_tasks(tasks: Iterable[asyncio.Task[Any]], timeout_s: float) -> None:
    """Wait some seconds for tasks to end, cancel the unfinished tasks, and wait until all have
    ended.

    Args:
        tasks: The running tasks.
        timeout_s: How many seconds the tasks may take to end by themselves.
    """
    if running := [*tasks]:
        _, late = await asyncio.wait(running, timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
