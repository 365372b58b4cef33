"""Calls into plugins: each has its time, and whoever keeps failing is left alone for a while."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from overheard.cards import words
from overheard.errors import OverheardError, PluginFault
from overheard.plugins.output import inside
from overheard.plugins.wording import redacted

MOST_FAULTS = 5
"""Faults in a row after which a part is left alone."""
PAUSE = 600.0
"""Seconds for which it is left alone; then it has one try."""

log = logging.getLogger("overheard")

Result = TypeVar("Result")


class TooLong(Exception):
    """A call that nobody waits for any more."""


@dataclass(slots=True)
class Outcome(Generic[Result]):
    """What came of a call: a result, or what was raised."""

    result: Any = None
    error: BaseException | None = None

    def get(self) -> Result:
        """Return the result, or raise what was raised."""
        if self.error is not None:
            raise self.error
        result: Result = self.result
        return result


def in_thread(call: Callable[[], Result], patience: float) -> Result:
    """Make a call in a thread of its own, and wait for it no longer than so many seconds.

    The thread is a daemon: one that never ends does not keep the process from ending.

    Raises:
        TooLong: when it takes longer; the thread is left to itself.
    """
    outcome, thread = _begun(call, lambda: None)
    thread.join(patience)
    if thread.is_alive():
        raise TooLong
    return outcome.get()


async def off_loop(call: Callable[[], Result]) -> Result:
    """Make a call in a thread of its own, and wait for it without holding up anybody else."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        try:
            loop.call_soon_threadsafe(done.set)
        except RuntimeError:  # the loop is closed; nobody waits any more
            return

    outcome, _ = _begun(call, wake)
    await done.wait()
    return outcome.get()


def _begun(
    call: Callable[[], Result], then: Callable[[], None]
) -> tuple[Outcome[Result], threading.Thread]:
    outcome: Outcome[Result] = Outcome()

    def work() -> None:
        try:
            outcome.result = call()
        except BaseException as error:  # even an attempt to exit
            outcome.error = error
        then()

    # A context of its own: a thread has none of its starter's.
    thread = threading.Thread(target=copy_context().run, args=(work,), daemon=True)
    thread.start()
    return outcome, thread


class Guard:
    """Watches over the calls into one part of a plugin.

    Args:
        part: What it is, as sentences begin, such as ``The scorer acme``.
        most: Faults in a row after which it is left alone; None for never.
        now: Seconds that never jump.
    """

    def __init__(
        self,
        part: str,
        most: int | None = MOST_FAULTS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.part = part
        self._most = most
        self._now = now
        self._faults = 0
        self._until = 0.0
        self._last = ""

    @property
    def pause(self) -> str:
        """That it is left alone for now and why, as a sentence, or an empty string."""
        return str(self._paused()) if self._now() < self._until else ""

    async def call(self, work: Callable[[], Awaitable[Result]], patience: float) -> Result:
        """Make a call that may take so many seconds.

        It runs in a task of its own, so that one that does not heed its cancelling is left behind.

        Raises:
            PluginFault: when it fails, takes too long, or is left alone for now.
        """
        if self._now() < self._until:
            raise self._paused()
        task = asyncio.create_task(_made(work))
        try:
            await asyncio.wait({task}, timeout=patience)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not task.done():
            task.cancel()
            raise self._fault(f"gave no result within {patience:g} s")
        outcome = task.result()
        if outcome.error is not None:
            raise self._fault(_told(outcome.error)) from None
        self._faults = 0
        return outcome.get()

    def _fault(self, problem: str) -> PluginFault:
        self._faults += 1
        self._last = problem
        if self._most is not None and self._faults >= self._most:
            self._until = self._now() + PAUSE
            log.warning("%s", self._paused())
        return PluginFault(part=self.part, problem=problem)

    def _paused(self) -> PluginFault:
        return PluginFault(
            part=self.part,
            problem=f"is left alone for {words.count(round(PAUSE / 60), 'minute')} after "
            f"{words.count(self._faults, 'fault')} in a row (it {self._last}); "
            "ask its author, or remove it",
        )


async def _made(work: Callable[[], Awaitable[Result]]) -> Outcome[Result]:
    try:
        with inside():
            return Outcome(await work())
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # even an attempt to exit, which would end the event loop
        return Outcome(error=error)


def _told(error: BaseException) -> str:
    """Say what was raised; a foreign error's text may hold a secret, so only its kind."""
    if isinstance(error, OverheardError):
        return f"says: {redacted(str(error)).rstrip('.')}"
    return f"fails ({type(error).__name__})"
