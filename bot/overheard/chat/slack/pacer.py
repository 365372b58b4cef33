"""The pace of messages in a Slack channel: about one a second, and a rest after a rate limit."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from overheard.chat.slack.client import MAX_RETRY_AFTER_S, rate_limited

MAX_PACED_CHANNELS = 5_000
"""Channels whose times are kept in memory; above this number, the oldest is forgotten."""


class ChannelPacer:
    """Limits the messages of each channel: Slack takes one a second.

    Args:
        interval_s: Seconds between two messages in a channel.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval = interval_s
        self._next: OrderedDict[str, float] = OrderedDict()
        self._held: OrderedDict[str, float] = OrderedDict()

    async def wait(self, channel: str) -> None:
        """Wait until a message may be posted in a channel, and reserve that time.

        Raises:
            SlackFailed: when Slack's rate limit there lasts longer than `MAX_RETRY_AFTER_S`.
        """
        now = asyncio.get_running_loop().time()
        held = self._held.get(channel, now) - now
        if held > MAX_RETRY_AFTER_S:
            raise rate_limited(held)
        at = max(now, now + held, self._next.pop(channel, now))
        self._next[channel] = at + self._interval
        _drop_oldest(self._next)
        await asyncio.sleep(at - now)

    def hold(self, channel: str, seconds: float) -> None:
        """Stop posting in a channel for some seconds, because Slack limits the rate."""
        self._held[channel] = asyncio.get_running_loop().time() + seconds
        _drop_oldest(self._held)


def _drop_oldest(times: OrderedDict[str, float]) -> None:
    if len(times) > MAX_PACED_CHANNELS:
        times.popitem(last=False)
