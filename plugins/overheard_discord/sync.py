"""Registers the bot's commands in each server, where they differ from the registered ones."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any

import aiohttp
import discord

from overheard import ChatUnavailable, CommandSpec, suggestion
from overheard_discord.api import PLATFORM
from overheard_discord.settings import DiscordSettings
from overheard_discord.slash_commands import IN_DIRECT_MESSAGE, IN_GUILD, is_same, roots

log = logging.getLogger(__name__)


def permission_bits(permissions: Sequence[str]) -> int | None:
    """Return permissions as Discord's bit set; None without any.

    Args:
        permissions: The names of discord.py, such as ``manage_guild``.

    Raises:
        ChatUnavailable: when discord.py does not know a name.
    """
    flags = discord.Permissions.VALID_FLAGS
    for name in permissions:
        if name not in flags:
            raise ChatUnavailable(
                chat=PLATFORM,
                reason=f'there is no permission "{name}"{suggestion(name, flags)}',
                remedy="mend permissions in [discord]",
            )
    return discord.Permissions(**dict.fromkeys(permissions, True)).value or None


class CommandSync:
    """Registers commands: for each server, and globally for direct messages only.

    Discord shows a server's commands at once. The global commands are limited to direct messages,
    so that a server's members do not see each command twice.

    Args:
        client: A client that is logged in.
        settings: ``[discord]``.

    Raises:
        ChatUnavailable: when the settings name a permission that Discord does not know.
    """

    def __init__(self, client: discord.Client, settings: DiscordSettings) -> None:
        self._client = client
        self._settings = settings
        self._permissions = permission_bits(settings.permissions)
        self._registered: set[int | None] = set()
        """The places whose commands are registered: ids of servers, None for direct messages."""
        self._lock = asyncio.Lock()

    async def sync(self, specs: Sequence[CommandSpec], places: Iterable[int | None]) -> None:
        """Make sure that these commands, and no others, are registered in some places.

        Discord is asked what is registered in a place, and gets the commands if they differ. A
        place for which this was done before is left out, unless `forget` was called for it. A
        server that the settings exclude is left out, too. A failure is logged; the next call tries
        again.

        Args:
            places: The ids of servers; None stands for direct messages.
        """
        for place in places:
            async with self._lock:
                if place not in self._registered and (
                    place is None or self._settings.serves(place)
                ):
                    await self._sync(place, specs)

    def forget(self, guild: int) -> None:
        """Forget that a server's commands are registered, so that the next `sync` compares them."""
        self._registered.discard(guild)

    async def _sync(self, place: int | None, specs: Sequence[CommandSpec]) -> None:
        """Register the commands of a place, unless they are the same; direct messages have none if
        the settings exclude them. A failure is logged; the next call tries again.

        Args:
            place: The id of the server; None for direct messages, whose commands are the global
                ones.
        """
        context = IN_DIRECT_MESSAGE if place is None else IN_GUILD
        shown = specs if self._settings.serves(place) else ()
        commands = roots(
            self._settings.command, shown, context=context, permissions=self._permissions
        )
        http, where = self._client.http, [self._client.application_id or 0]
        get: Any = http.get_global_commands
        put: Any = http.bulk_upsert_global_commands
        if place is not None:
            get, put = http.get_guild_commands, http.bulk_upsert_guild_commands
            where.append(place)
        try:
            if not is_same(commands, await get(*where)):
                await put(*where, commands)
            self._registered.add(place)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            name = f"server {place}" if place else "direct messages"
            log.warning("The commands of %s are not up to date: %s", name, error)
