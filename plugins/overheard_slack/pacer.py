"""The pace of messages in a Slack channel: about one a second, and a rest after a rate limit."""

import asyncio

from overheard import Recent
from overheard_slack.client import MAX_RETRY_AFTER_S, rate_limited

MAX_PACED_CHANNELS = 5_000
"""Channels whose times are kept in memory; above this number, the oldest is forgotten."""


class ChannelPacer:
    """Spaces the messages of each channel: Slack takes one a second.

    All times are of the event loop's clock, in seconds.

    Args:
        interval_s: Seconds between two messages in a channel.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._next_times: Recent[str, float] = Recent(MAX_PACED_CHANNELS)
        """The earliest time for the next message, by channel."""
        self._limit_ends: Recent[str, float] = Recent(MAX_PACED_CHANNELS)
        """The end of Slack's last rate limit, by channel."""

    async def wait(self, channel: str) -> None:
        """Wait until a message may be posted in a channel.

        Callers that wait at the same time get their turns one after the other, `interval_s` seconds
        apart, in the order of their calls.

        Raises:
            SlackFailed: when Slack's rate limit for the channel lasts longer than
                `MAX_RETRY_AFTER_S` seconds; at once, and without taking a turn.
        """
        now = asyncio.get_running_loop().time()
        limit_end = self._limit_ends.get(channel, now)
        if limit_end - now > MAX_RETRY_AFTER_S:
            raise rate_limited(limit_end - now)
        turn = max(now, limit_end, self._next_times.pop(channel, now))
        self._next_times[channel] = turn + self._interval_s
        await asyncio.sleep(turn - now)

    def hold(self, channel: str, seconds: float) -> None:
        """Post nothing in a channel for `seconds`, because Slack limits the rate there."""
        self._limit_ends[channel] = asyncio.get_running_loop().time() + seconds
