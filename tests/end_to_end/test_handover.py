"""Two bots on one store: one stands by, and takes the chats over."""

from __future__ import annotations

import time

import pytest

from both_chats import Chats
from end_to_end.test_delivery import TITLE, Bots, bots

__all__ = ["bots"]

pytestmark = pytest.mark.slow


def _answers(chats: Chats) -> list[str]:
    """Return what stands in Slack's channel, but for the alert."""
    return [title for title in chats.in_slack() if title != TITLE]


async def test_the_bot_that_stands_by_answers_within_half_a_minute(
    bots: Bots, chats: Chats
) -> None:
    """The other was killed; both chats are its own then."""
    slack, discord = chats.slack, chats.discord
    async with bots.running() as first:
        await bots.until("slack", "up")
        async with bots.running():
            await bots.settled()
            first.kill()
            await first.wait()
            begun = time.monotonic()
            await slack.until(lambda: slack.opened == 2)
            await slack.command("brands list")
            await slack.until(lambda: _answers(chats))
            await discord.ready()
            assert discord.first_answer(await discord.command("brands", "list"))
            assert time.monotonic() - begun < 60
