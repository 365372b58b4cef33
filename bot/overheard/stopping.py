"""Working until SIGTERM or Ctrl-C, and letting go in time."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine

GOODBYE = 1.0
"""Seconds that services have to end, and a chat has to let go."""


class Stop:
    """Waits for a signal.

    Args:
        leave: Called at the signal; sees to it that the process ends in time.
    """

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._loop = asyncio.get_running_loop()
        self._signalled = asyncio.Event()
        # Not by the loop, which may be busy: the time to end in counts from the signal.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stopping)

    async def run(self, work: Coroutine[object, object, None]) -> None:
        """Work until the signal.

        Raises:
            Exception: what the work raises, if it ends by itself.
        """
        working = asyncio.ensure_future(work)
        stopped = asyncio.create_task(self._signalled.wait())
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()  # nothing ends it but a fault, which whoever started it must hear of
        stopped.cancel()
        working.cancel()
        await asyncio.wait({working}, timeout=GOODBYE)

    def _stopping(self, *_: object) -> None:
        self._leave()
        self._loop.call_soon_threadsafe(self._signalled.set)
