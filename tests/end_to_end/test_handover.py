"""Two bots on one store: one is on standby, and takes the chats over."""

import asyncio
import signal
import time

import pytest

from end_to_end.test_delivery import TITLE, Bots, bots
from kit.both_chats import Chats, eventually

__all__ = ["bots"]

TOLD = "1 brand, 2 competitors"


def _answers(chats: Chats) -> list[str]:
    """Return the messages in Slack's channel, except the alert."""
    return [title for title in chats.in_slack() if title != TITLE]


@pytest.mark.long
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


@pytest.mark.slow
async def test_a_new_version_takes_over_without_losing_a_command(bots: Bots, chats: Chats) -> None:
    """The old bot receives SIGTERM while people go on typing; the new bot is on standby."""
    slack, discord = chats.slack, chats.discord
    typed: list[str] = []

    async def type_in_slack() -> None:
        for _ in range(4):
            await slack.command("brands list")
            await asyncio.sleep(1.0)  # Slack takes no more messages in a channel

    async def type_in_discord() -> None:
        for _ in range(16):
            typed.append(await discord.command("brands", "list"))
            await asyncio.sleep(0.25)

    async with bots.running() as old:
        await bots.until("slack", "up")
        await bots.until("discord", "up")
        async with bots.running() as new:
            await bots.settled()
            assert new.stderr
            await new.stderr.readuntil(b"Overheard is running")
            typing = asyncio.gather(type_in_slack(), type_in_discord())
            await eventually(lambda: len(typed) > 1)
            old.send_signal(signal.SIGTERM)
            await typing
            assert await old.wait() == 0
            await eventually(lambda: discord.titles(typed) == [TOLD] * 16)
            await eventually(lambda: _answers(chats) == [TOLD] * 4)
            assert slack.opened == 2
