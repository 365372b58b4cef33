"""Working until SIGTERM or Ctrl-C, and letting go in time."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from time import monotonic

GOODBYE = 1.5
"""Seconds that services have to end."""
LONGEST_GOODBYE = 1.8
"""Seconds from the signal to the end of the process."""


class Stop:
    """Waits for a signal.

    Args:
        leave: Called at the signal with the seconds in which the process ends, whatever happens;
            a second call takes the place of the first.
    """

    def __init__(self, leave: Callable[[float], None]) -> None:
        self._leave = leave
        self._deadline = 0.0
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
        self._deadline = monotonic() + GOODBYE
        while not working.done() and monotonic() < self._deadline:
            await asyncio.wait({working}, timeout=self._deadline - monotonic())

    def stay(self, seconds: float) -> None:
        """Give what ends so many seconds more, because somebody is taking its place."""
        self._deadline = monotonic() + GOODBYE + seconds
        self._leave(LONGEST_GOODBYE + seconds)

    def _stopping(self, *_: object) -> None:
        self._leave(LONGEST_GOODBYE)
        self._loop.call_soon_threadsafe(self._signalled.set)
