"""Where a plugin's code runs: an event loop in a thread of its own, beside everybody else's.

Code that blocks, or that never gives the loop back, holds up nobody but the plugin it belongs to.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from overheard.plugins.output import inside
from overheard.plugins.threads import Outcome, interrupt

GRACE = 1.0
"""Seconds that a loop has to answer after a call was given up, or to end when it is let go."""
GOODBYE = 0.2
"""Seconds that calls under way have to end when the plugin is let go."""

Result = TypeVar("Result")


class Aside:
    """The event loop of one plugin. It begins with the first call."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def call(self, work: Callable[[], Awaitable[Result]]) -> Outcome[Result]:
        """Make a call there, wait for it here, and return what came of it."""
        loop = self._running()
        call = _Call(work)
        _soon(loop, call.begin)
        try:
            return await call.outcome
        except asyncio.CancelledError:
            _soon(loop, call.cancel)
            self._look_after(loop)
            raise

    def close(self) -> None:
        """Let the thread go: what runs there is cancelled, and interrupted if it does not end."""
        loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            _soon(loop, lambda: loop.create_task(_end()))
            # Not by the caller's loop, which may be closed by then.
            patience = threading.Timer(GRACE, interrupt, (self._thread,))
            patience.daemon = True
            patience.start()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_run, args=(self._loop,), daemon=True)
            self._thread.start()
        return self._loop

    def _look_after(self, loop: asyncio.AbstractEventLoop) -> None:
        """See whether a loop still answers; the next call gets another one if it does not."""
        answered = threading.Event()
        _soon(loop, answered.set)

        def judge() -> None:
            if loop is self._loop and not answered.is_set() and self._thread:
                interrupt(self._thread)
                self.close()

        asyncio.get_running_loop().call_later(GRACE, judge)


class _Call(Generic[Result]):
    """A call from one loop into another.

    The caller is told from within the call itself: what a loop does behind a task's end, it does
    not do any more once it was told to stop.

    Attributes:
        outcome: What came of it, for the loop that it was made in.
    """

    def __init__(self, work: Callable[[], Awaitable[Result]]) -> None:
        self._work = work
        self._caller = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self.outcome: asyncio.Future[Outcome[Result]] = self._caller.create_future()

    def begin(self) -> None:
        """Begin it, in the other loop."""
        self._task = asyncio.get_running_loop().create_task(self._tell())

    def cancel(self) -> None:
        """Cancel it, in the other loop."""
        if self._task:
            self._task.cancel()

    async def _tell(self) -> None:
        outcome = await made(self._work)
        _soon(self._caller, lambda: self._end(outcome))

    def _end(self, outcome: Outcome[Result]) -> None:
        if not self.outcome.done():  # nobody waits for it any more
            self.outcome.set_result(outcome)


def _soon(loop: asyncio.AbstractEventLoop, work: Callable[[], Any]) -> None:
    """Have a loop do something, unless it has ended: then nobody waits for it any more."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(work)


async def made(work: Callable[[], Awaitable[Result]]) -> Outcome[Result]:
    """Make a call into a plugin; whatever it raises is an outcome, even an attempt to exit."""
    try:
        with inside():
            return Outcome(await work())
    except BaseException as error:
        return Outcome(error=error)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _end() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=GOODBYE)
    asyncio.get_running_loop().stop()
