"""A Discord bot on loopback: its settings, its run, an alert that it posts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from kit.discord_desk import ScriptedDesk
from kit.discord_gateway import TOKEN
from kit.discord_peer import Peer
from kit.discord_rules import title
from overheard.cards.card import Action, Card, Field, Severity, Style, Tainted
from overheard_discord.chat import DiscordChat
from overheard_discord.settings import DiscordSettings

ALERT = Card(
    "Acme lost visibility",
    Tainted("@everyone, openai/gpt-5 names Acme in 43 % of answers."),
    fields=(Field("Change", "41 points"),),
    actions=(
        Action("alerts acknowledge 12", "Acknowledge", Style.PRIMARY),
        Action("alerts close 12", "Close", confirm="Close alert 12?"),
    ),
    severity=Severity.BAD,
)


def settings(peer: Peer, **more: object) -> DiscordSettings:
    """Return the configuration of a bot for it."""
    table = DiscordSettings(api_url=peer.api_url, gateway_url=peer.gateway_url)
    return table.model_copy(update={"token": SecretStr(TOKEN), **more})


def titles(peer: Peer) -> list[str]:
    """Return the titles of the channel's messages."""
    return [title(message) for message in peer.shown()]


@asynccontextmanager
async def running(chat: DiscordChat, peer: Peer, desk: ScriptedDesk) -> AsyncIterator[None]:
    """Run a bot until the end of the block."""
    task = asyncio.create_task(chat.run(desk))
    try:
        await peer.ready()
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
