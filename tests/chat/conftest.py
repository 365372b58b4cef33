"""What tests of Slack and of Discord share."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from kit.discord_peer import Peer
from kit.slack_desk import ScriptedDesk, listening
from kit.slack_methods import APP_TOKEN, BOT_TOKEN
from kit.slack_peer import SlackPeer
from overheard_slack.chat import SlackChat
from overheard_slack.settings import SlackSettings


@pytest.fixture
async def slack() -> AsyncIterator[SlackPeer]:
    """Slack on loopback."""
    async with SlackPeer().serving() as peer:
        yield peer


@pytest.fixture
async def chat(slack: SlackPeer) -> AsyncIterator[SlackChat]:
    """A chat that speaks with it, as fast as it can, and does not listen."""
    settings = SlackSettings(
        bot_token=SecretStr(BOT_TOKEN), app_token=SecretStr(APP_TOKEN), base_url=slack.api
    )
    chat = SlackChat(settings, interval_s=0)
    yield chat
    await chat.close()


@pytest.fixture
async def desk(chat: SlackChat) -> AsyncIterator[ScriptedDesk]:
    """A desk that a listening chat brings requests to."""
    desk = ScriptedDesk()
    async with listening(chat, desk):
        yield desk


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """A running Discord."""
    running = Peer()
    await running.start()
    yield running
    await running.close()
