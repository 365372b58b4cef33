"""A Slack and a Discord on loopback, and what a deployment posts in each of them."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from kit import discord_payloads
from kit.discord_bot import settings
from kit.discord_gateway import TOKEN
from kit.discord_peer import Peer
from kit.discord_rules import title, words
from kit.office import Office
from kit.slack_desk import headers, listening
from kit.slack_methods import APP_TOKEN, BOT_TOKEN, CHANNEL
from kit.slack_peer import SlackPeer
from overheard.chat.access import ConfiguredAccess
from overheard.chat.desk import ChatDesk
from overheard.config.sections import AccessTable
from overheard.interfaces import Chat
from overheard_discord.chat import DiscordChat
from overheard_slack.chat import SlackChat
from overheard_slack.settings import SlackSettings

SLACK, DISCORD = f"slack:{CHANNEL}", f"discord:{discord_payloads.CHANNEL}"
TOKENS = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN, "DISCORD_TOKEN": TOKEN}
"""The environment in which both let a bot in."""


@asynccontextmanager
async def program(office: Office, chat: Chat, **access: Any) -> AsyncIterator[None]:
    """Run the deployment in a chat, from its start to its end."""
    gate = ConfiguredAccess(AccessTable(**access), office.store, office.deployment.clock)
    async with listening(chat, ChatDesk(office.deployment, gate)):
        yield
    await chat.close()


def in_slack(slack: SlackPeer) -> SlackChat:
    """Return a client."""
    table = SlackSettings(
        bot_token=SecretStr(BOT_TOKEN), app_token=SecretStr(APP_TOKEN), base_url=slack.api
    )
    return SlackChat(table, interval_s=0)


def in_discord(peer: Peer) -> DiscordChat:
    """Return a client."""
    return DiscordChat(settings(peer))


@dataclass
class Chats:
    """Both platforms.

    Attributes:
        slack: One.
        discord: The other.
    """

    slack: SlackPeer
    discord: Peer

    def tables(self) -> str:
        """Return the part of a configuration that connects to them."""
        return (
            f'\n[slack]\nbase_url = "{self.slack.api}"\n[discord]\n'
            f'api_url = "{self.discord.api_url}"\ngateway_url = "{self.discord.gateway_url}"\n'
        )

    @staticmethod
    def routes(more: str = "") -> str:
        """Return the part that posts alerts in both chats."""
        return "".join(f'\n[[routes]]\nchannel = "{one}"\n{more}' for one in (SLACK, DISCORD))

    @staticmethod
    async def eventually(shown: Callable[[], list[str]], *beginnings: str) -> None:
        """Wait until messages begin so, and there are no more."""
        with contextlib.suppress(TimeoutError):
            await eventually(lambda: _begin(shown(), beginnings))
        assert _begin(shown(), beginnings), shown()

    def in_slack(self) -> list[str]:
        """Return the titles of the messages in Slack's channel, without their coloured dots."""
        titles = [title for one in self._slack(thread=False) for title in headers(one)]
        return [re.sub(r"^\W+", "", title) for title in titles]

    def in_discord(self) -> list[str]:
        """Return the titles of the messages in Discord's channel."""
        return [title(one) for one in self.discord.shown() if words(one)]

    def slack_threads(self) -> list[str]:
        """Return the messages in Slack's threads, as text."""
        return [str(one["blocks"]) for one in self._slack(thread=True)]

    def discord_threads(self) -> list[str]:
        """Return the messages in Discord's threads, as text."""
        places = [place for place in self.discord.threads if place in self.discord.messages]
        return [words(one) for place in places for one in self.discord.shown(place)]

    def _slack(self, *, thread: bool) -> list[dict[str, Any]]:
        return [one for one in self.slack.messages if ("thread_ts" in one) == thread]


def _begin(titles: Sequence[str], beginnings: Sequence[str]) -> bool:
    fits = map(str.startswith, titles, beginnings)
    return len(titles) == len(beginnings) and all(fits)


@asynccontextmanager
async def both_chats() -> AsyncIterator[Chats]:
    """Run both within the block."""
    discord = Peer()
    await discord.start()
    try:
        async with SlackPeer().serving() as slack:
            yield Chats(slack, discord)
    finally:
        await discord.close()


async def eventually(happened: Callable[[], object], patience: float = 60.0) -> None:
    """Wait until something is so; what is waited for lies in another process or task."""
    async with asyncio.timeout(patience):
        while not happened():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
