"""What tests of Slack and of Discord share."""

from collections.abc import AsyncIterator

import pytest

from kit import both_chats
from kit.discord_peer import Peer
from kit.office import Office, open_office
from kit.slack_desk import ScriptedDesk, listening
from kit.slack_peer import SlackPeer
from overheard_slack.chat import SlackChat


@pytest.fixture
async def office() -> Office:
    """A deployment that declares a brand, its competitor, a question and a fact."""
    return await open_office()


@pytest.fixture
async def slack() -> AsyncIterator[SlackPeer]:
    """Slack on loopback."""
    async with SlackPeer().serving() as peer:
        yield peer


@pytest.fixture
async def chat(slack: SlackPeer) -> AsyncIterator[SlackChat]:
    """A chat that speaks with it, as fast as it can, and does not listen."""
    client = both_chats.in_slack(slack)
    yield client
    await client.close()


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


@pytest.fixture
async def in_slack(chat: SlackChat, office: Office) -> AsyncIterator[None]:
    """The office of a module is in Slack."""
    async with listening(chat, office.desk):
        yield


@pytest.fixture
async def discord(peer: Peer, office: Office) -> AsyncIterator[Peer]:
    """A Discord that the office of a module is in."""
    client = both_chats.in_discord(peer)
    async with listening(client, office.desk):
        await peer.ready()
        yield peer
    await client.close()
