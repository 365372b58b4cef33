"""Command trees, brought up to date in each server, and only where they differ."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any

import aiohttp
import discord

from overheard.cards.command import CommandSpec
from overheard.chat.discord import tree
from overheard.config.chats import DiscordTable
from overheard.config.settings import suggestion
from overheard.errors import ChatUnavailable

log = logging.getLogger(__name__)


def serves(settings: DiscordTable, guild: int) -> bool:
    """Whether a server may use the bot."""
    return not settings.guilds or guild in settings.guilds


def needed(permissions: Sequence[str]) -> int | None:
    """Return permissions as Discord's number, or None for none.

    Raises:
        ChatUnavailable: when Discord does not know one of them.
    """
    known = discord.Permissions.VALID_FLAGS
    for name in permissions:
        if name not in known:
            raise ChatUnavailable(
                chat="Discord",
                reason=f'there is no permission "{name}"{suggestion(name, known)}',
                remedy="mend permissions in [discord]",
            )
    return sum({known[name] for name in permissions}) or None


class Trees:
    """The command trees of one client: a server's own, and one for direct messages.

    Discord shows a server's own commands at once, and those for all places can be used nowhere
    but in direct messages, so that nobody sees a command twice.

    Args:
        client: Who sends them.
        settings: What the configuration says.

    Raises:
        ChatUnavailable: when it names a permission that Discord does not know.
    """

    def __init__(self, client: discord.Client, settings: DiscordTable) -> None:
        self._client = client
        self._settings = settings
        self._needed = needed(settings.permissions)
        self._done: set[int | None] = set()
        self._lock = asyncio.Lock()

    async def sync(self, specs: Sequence[CommandSpec], guilds: Iterable[int | None]) -> None:
        """Send the commands to servers, and for direct messages (None), that have others."""
        for guild in guilds:
            if guild is None or serves(self._settings, guild):
                async with self._lock:
                    await self._sync(guild, specs)

    def forget(self, guild: int) -> None:
        """Look at a server's commands again the next time."""
        self._done.discard(guild)

    async def _sync(self, guild: int | None, specs: Sequence[CommandSpec]) -> None:
        if guild in self._done:
            return
        try:
            await self._bring_up_to_date(guild, self._wanted(guild, specs))
            self._done.add(guild)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            place = f"server {guild}" if guild else "direct messages"
            log.warning("The commands of %s are not up to date: %s", place, error)

    def _wanted(self, guild: int | None, specs: Sequence[CommandSpec]) -> list[tree.Node]:
        settings = self._settings
        if guild is None and not settings.direct_messages:
            return []
        context = tree.IN_DIRECT_MESSAGE if guild is None else tree.IN_GUILD
        return [tree.tree(settings.command, specs, context=context, permissions=self._needed)]

    async def _bring_up_to_date(self, guild: int | None, wanted: list[tree.Node]) -> None:
        http, application = self._client.http, self._client.application_id or 0
        if guild is None:
            has: Sequence[Any] = await http.get_global_commands(application)
        else:
            has = await http.get_guild_commands(application, guild)
        if tree.same(wanted, list(has)):
            return
        if guild is None:
            await http.bulk_upsert_global_commands(application, wanted)
        else:
            await http.bulk_upsert_guild_commands(application, guild, wanted)
