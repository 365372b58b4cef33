"""At most one message a second and channel, and work that is seen to its end."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Coroutine
from typing import Any

from overheard.chat.concurrency import ended
from overheard.chat.slack.client import LONGEST_WAIT, limited

logger = logging.getLogger(__name__)

REMEMBERED = 5_000
"""How many channels, or events, are remembered."""


class Pace:
    """Gives turns, so far apart in each channel.

    Args:
        interval: Seconds between two turns.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next: OrderedDict[str, float] = OrderedDict()
        self._held: OrderedDict[str, float] = OrderedDict()

    async def turn(self, channel: str) -> None:
        """Wait until something may be posted in a channel.

        Raises:
            SlackFailed: when Slack has asked for more patience there than a call has.
        """
        now = asyncio.get_running_loop().time()
        held = self._held.get(channel, now) - now
        if held > LONGEST_WAIT:
            raise limited(held)
        at = max(now, now + held, self._next.pop(channel, now))
        self._next[channel] = at + self._interval
        _forget(self._next)
        await asyncio.sleep(at - now)

    def hold(self, channel: str, seconds: float) -> None:
        """Give no turn in a channel for so many seconds, because Slack asks for that."""
        self._held[channel] = asyncio.get_running_loop().time() + seconds
        _forget(self._held)


class Once:
    """Knows what came before: Slack sends an event again when it missed the acknowledgement."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def first(self, event: str) -> bool:
        """Whether an event comes for the first time; from now on it does not."""
        if event in self._seen:
            return False
        self._seen[event] = None
        _forget(self._seen)
        return True


def _forget(remembered: OrderedDict[str, Any]) -> None:
    if len(remembered) > REMEMBERED:
        remembered.popitem(last=False)


class Tasks:
    """Work that goes on after an event was acknowledged."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start some work; what goes wrong in it is logged."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def end(self, patience: float) -> None:
        """Let what is under way come to its end within so many seconds, else cancel it."""
        await ended(self._running, patience)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("A request from Slack ended badly: %s", error)
