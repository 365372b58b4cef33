"""Progress of a private command, by each platform's own client and the real desk."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from kit.discord_gateway import TOKEN
from kit.discord_peer import Peer
from kit.discord_rules import title, words
from kit.office import open_office
from kit.slack_desk import headers, listening
from kit.slack_peer import SlackPeer
from overheard.cards.card import Card
from overheard.cards.command import CommandSpec
from overheard.chat.desk import ChatDesk
from overheard.deployment import Call
from overheard_discord.chat import DiscordChat
from overheard_discord.settings import DiscordSettings
from overheard_slack.chat import SlackChat

EPHEMERAL = 1 << 6


@pytest.fixture
async def discord() -> AsyncIterator[Peer]:
    """Discord on loopback."""
    running = Peer()
    await running.start()
    yield running
    await running.close()


async def slow_desk(gate: asyncio.Event, *, private: bool) -> ChatDesk:
    """Return a desk whose one command takes until the gate is open."""

    async def count(call: Call) -> Card:
        call.progress.start("Counting", 4)
        call.progress.advance(1)
        await gate.wait()
        return Card("Counted")

    office = await open_office()
    spec = CommandSpec("count", "Count.", count, private=private)
    return ChatDesk(office.deployment, office.gate, (spec,), patience=0.01, pause=0.05)


async def test_in_slack_only_who_asked_sees_it(slack: SlackPeer, chat: SlackChat) -> None:
    """Progress and result go to the response URL, and nothing into the channel."""
    gate = asyncio.Event()
    async with listening(chat, await slow_desk(gate, private=True)):
        await slack.command("count")
        await slack.until(lambda: slack.replies)
        gate.set()
        await slack.until(lambda: len(slack.replies) == 2)

    assert [headers(reply) for reply in slack.replies] == [["Working on it: count"], ["Counted"]]
    assert {reply["response_type"] for reply in slack.replies} == {"ephemeral"}
    assert "1 of 4" in str(slack.replies[0])
    assert slack.messages == []


async def test_in_slack_all_see_what_is_for_all(slack: SlackPeer, chat: SlackChat) -> None:
    """Progress and result are one message in the channel."""
    gate = asyncio.Event()
    async with listening(chat, await slow_desk(gate, private=False)):
        await slack.command("count")
        await slack.until(lambda: slack.messages)
        gate.set()
        await slack.until(lambda: headers(slack.messages[0]) == ["Counted"])

    assert len(slack.messages) == 1
    assert slack.replies == []


@pytest.mark.parametrize("private", [True, False])
async def test_in_discord_progress_and_result_are_one_answer(discord: Peer, private: bool) -> None:
    """It is ephemeral from its first word where the command is private."""
    table = DiscordSettings(api_url=discord.api_url, gateway_url=discord.gateway_url)
    chat = DiscordChat(table.model_copy(update={"token": SecretStr(TOKEN)}))
    gate = asyncio.Event()
    async with listening(chat, await slow_desk(gate, private=private)):
        await discord.ready()
        name = await discord.command("count")
        await discord.gateway.until(lambda: titles(discord) == ["Working on it: count"])
        assert "1 of 4" in words(discord.answer(name))
        gate.set()
        await discord.gateway.until(lambda: titles(discord) == ["Counted"])

    assert [bool(one["flags"] & EPHEMERAL) for one in discord.messages.values()] == [private]


def titles(peer: Peer) -> list[Any]:
    """Return the titles of all messages."""
    return [title(one) for one in peer.messages.values() if words(one)]
