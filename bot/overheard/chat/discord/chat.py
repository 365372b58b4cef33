"""The Discord chat: connects, posts, edits and finds messages, and checks what `doctor` asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import discord

from overheard.cards.card import Card
from overheard.chat.concurrency import FINISH_TIMEOUT_S
from overheard.chat.discord.api import (
    INVALID_TOKEN_CLOSE_CODE,
    NAME,
    PLATFORM,
    PORTAL,
    chat_failed,
    missing_token,
    redirect,
    redirect_answers,
    refused_token,
    translated_errors,
)
from overheard.chat.discord.client import DiscordClient
from overheard.chat.discord.posts import Poster
from overheard.chat.discord.sync import is_served
from overheard.commands.chat_apps import DISCORD_PERMISSIONS, invitation
from overheard.config.chat_sections import DiscordTable
from overheard.errors import ChatFailed, ChatLost, ChatUnavailable
from overheard.interfaces import Desk, Finding

GATEWAY_TIMEOUT_S = 60.0
"""A gateway that is silent for this time counts as lost; when the connection stays down for as
long again, the chat fails and is started again.
"""
CLOSE_TIMEOUT_S = 1.5
"""Seconds to wait for the gateway's closing frame."""

PERSON = "@"
"""The beginning of a channel that is a person's direct messages; the person's id follows."""


class DiscordChat:
    """Discord; see `overheard.interfaces.Chat`. Channels and messages are named by their ids.

    Args:
        settings: ``[discord]``.
        silence_s: Seconds for which the gateway may be silent, and for which the connection may be
            down.

    Attributes:
        drain_s: See `overheard.interfaces.DrainingChat`.
        dark: See `overheard.interfaces.DarkChat`.
    """

    dark = True

    def __init__(self, settings: DiscordTable, *, silence_s: float = GATEWAY_TIMEOUT_S) -> None:
        self._settings = settings
        self._silence_s = silence_s
        self.drain_s = FINISH_TIMEOUT_S
        self._client: DiscordClient | None = None
        self._logging_in = asyncio.Lock()

    @property
    def name(self) -> str:
        """The chat's name in configuration and routes."""
        return NAME

    @property
    def connected(self) -> bool:
        """Whether the gateway is connected; see `Connectable`."""
        return self._client is not None and self._client.down_since is None

    async def run(self, desk: Desk) -> None:
        """Connect and bring requests to the desk, until cancelled.

        Raises:
            ChatUnavailable: when Discord refuses the token.
            ChatLost: when the connection is lost and does not recover within the timeout.
            ChatFailed: when Discord cannot be reached at all.
        """
        redirect_answers(self._settings)
        client = await self._logged_in()
        client.desk = desk
        client.down_since = time.monotonic()
        try:
            await self._stay_connected(client)
        finally:
            await client.stop_serving(self.drain_s)
            await self.close()

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Post a card and return the id of its first message; see `overheard.interfaces.Chat`.

        Raises:
            ChatFailed: when the card was not posted, or Discord's answer was lost.
        """
        thread_id = _snowflake(thread) if thread else None
        channel_id, poster = await self._channel_number(channel), await self._poster()
        return str(
            await poster.post(channel_id, card, key=key, thread=thread_id, broadcast=broadcast)
        )

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace the card of a posted message by another card; see `overheard.interfaces.Chat`.

        Raises:
            ChatFailed: when Discord refuses the edit.
        """
        await (await self._poster()).edit(
            await self._channel_number(channel), _snowflake(message), card
        )

    async def find(self, channel: str, key: str) -> str | None:
        """Return the id of a recent message that was posted with a key, in a channel or its
        threads, or None.

        Raises:
            ChatFailed: when the channel cannot be read.
        """
        message_id = await (await self._poster()).find(await self._channel_number(channel), key)
        return None if message_id is None else str(message_id)

    async def link(self, channel: str, message: str) -> str:
        """Return the ``https://`` address of a message; see `overheard.interfaces.Linking`.

        Raises:
            ChatFailed: when the channel or the message does not exist any more.
        """
        return await (await self._poster()).link(
            await self._channel_number(channel), _snowflake(message)
        )

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:
        """Return findings about the token, the servers and the channels; see `Chat`.

        An unusable token and an unreachable Discord are findings, too, and no errors.
        """
        try:
            with translated_errors():
                return await examine(await self._logged_in(), channels)
        except ChatUnavailable as error:
            return [Finding(NAME, str(error.details["reason"]), str(error.details["remedy"]))]
        except ChatFailed as error:
            return [
                Finding(
                    NAME,
                    str(error.details["reason"]),
                    "look whether this machine reaches https://discord.com, and try again",
                )
            ]

    async def close(self) -> None:
        """Close the connections to Discord, for `CLOSE_TIMEOUT_S` at most; errors are ignored."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await client.close()
            with suppress(Exception):
                await client.http.close()

    async def _channel_number(self, channel: str) -> int:
        """Return the numeric id of a channel; for ``@`` and a person's id, that of the direct
        messages.

        Asks Discord for the channel of direct messages.

        Raises:
            ChatFailed: when the text is no id, or Discord cannot be asked.
        """
        if not channel.startswith(PERSON):
            return _snowflake(channel)
        return await (await self._poster()).direct(_snowflake(channel.removeprefix(PERSON)))

    async def _poster(self) -> Poster:
        return Poster(await self._logged_in())

    async def _logged_in(self) -> DiscordClient:
        """Return a client that is logged in; log in if there is none. The gateway is not connected.

        Raises:
            ChatUnavailable: when Discord refuses the token.
            ChatFailed: when Discord cannot be reached.
        """
        async with self._logging_in:
            if self._client is None or self._client.is_closed():
                client = DiscordClient(self._settings, silence_s=self._silence_s)
                redirect(client, self._settings)
                try:
                    await self._log_in(client)
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client

    async def _log_in(self, client: DiscordClient) -> None:
        """Log a client in with the token.

        Raises:
            ChatUnavailable: when the token is missing or refused.
            ChatFailed: when Discord cannot be reached.
        """
        if self._settings.token is None:
            raise missing_token()
        with translated_errors():
            try:
                await client.login(self._settings.token.get_secret_value())
            except discord.LoginFailure:
                raise refused_token() from None

    async def _stay_connected(self, client: DiscordClient) -> None:
        """Hold the connection to the gateway until cancelled; ends only with an error.

        Raises:
            ChatUnavailable: when the gateway refuses the token.
            ChatLost: when the connection ends, or is down for longer than `silence_s`.
        """
        connection = asyncio.create_task(client.connect())
        watchdog = asyncio.create_task(self._watch_connection(client))
        try:
            await asyncio.wait({connection, watchdog}, return_when=asyncio.FIRST_COMPLETED)
            raise _connection_error(connection if connection.done() else watchdog)
        finally:
            for task in (connection, watchdog):
                task.cancel()
            await asyncio.gather(connection, watchdog, return_exceptions=True)

    async def _watch_connection(self, client: DiscordClient) -> None:
        """Raise ChatLost when the connection has been down for longer than `silence_s`."""
        while True:
            await asyncio.sleep(self._silence_s / 10)
            since = client.down_since
            if since is not None and time.monotonic() - since > self._silence_s:
                raise ChatLost(chat=PLATFORM, reason="its gateway has been silent for too long")


def _connection_error(task: asyncio.Task[None]) -> Exception:
    """Return the error to raise for the ended task of a connection or of its watchdog."""
    error = task.exception()
    if isinstance(error, discord.ConnectionClosed) and error.code == INVALID_TOKEN_CLOSE_CODE:
        return refused_token()
    if isinstance(error, ChatLost):
        return error
    if isinstance(error, discord.ConnectionClosed) and error.code:
        return ChatLost(chat=PLATFORM, reason=f"its gateway closed it with code {error.code}")
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return ChatLost(chat=PLATFORM, reason="its gateway closed it with code 4014")
    # When the very first connection fails, discord.py raises an unrelated error.
    return ChatLost(chat=PLATFORM, reason="its gateway cannot be reached")


def _snowflake(text: str) -> int:
    """Return the text of a Discord id as a number.

    Raises:
        ChatFailed: when the text is not an id.
    """
    if not text.isdecimal():
        reason = f'"{text}" is no id; copy it in Discord with Developer Mode on'
        raise ChatFailed(chat=PLATFORM, reason=reason)
    return int(text)


async def examine(client: DiscordClient, channels: Sequence[str]) -> list[Finding]:
    """Return findings about the application, then about each server, then about each channel.

    Args:
        client: A client that is logged in.
        channels: The ids of the channels that alerts go to.

    Raises:
        discord.HTTPException: when Discord does not return the bot's servers.
    """
    findings = [_check_application(client), *await _check_servers(client)]
    return [*findings, *[await _check_channel(client, channel) for channel in channels]]


def _check_application(client: DiscordClient) -> Finding:
    """Return a finding about the address for interactions in the application's settings, which must
    be empty.
    """
    application = client.application
    if application and application.interactions_endpoint_url:
        return Finding(
            f"{NAME}: application",
            "it sends commands and clicks to a web address instead of this bot",
            f"empty the Interactions Endpoint URL of the application at {PORTAL}",
        )
    return Finding(f"{NAME}: token and application")


async def _check_servers(client: DiscordClient) -> list[Finding]:
    """Return a finding for each served server, sorted by id, and for each server of the settings
    without the bot; asks Discord for the bot's servers.

    Raises:
        discord.HTTPException: when Discord does not return the servers.
    """
    ids = {guild.id async for guild in client.fetch_guilds(with_counts=False)}
    invite = f"open {invitation(client.application_id or 0)}"
    served = {guild for guild in ids if is_served(client.settings, guild)}
    missing = [guild for guild in client.settings.guilds if guild not in ids]
    absent = [
        Finding(f"{NAME}: server {guild}", "the bot is not in this server", invite)
        for guild in missing
    ]
    if not served and not missing:
        absent = [Finding(f"{NAME}: servers", "the bot is in no server", invite)]
    return [*absent, *(Finding(f"{NAME}: server {guild}") for guild in sorted(served))]


async def _check_channel(client: DiscordClient, channel: str) -> Finding:
    """Return a finding about a channel: its id, whether the bot sees the channel, and its
    permissions.
    """
    where = f"{NAME}: channel {channel}"
    if not channel.isdecimal():
        remedy = "copy the channel's id in Discord, which Developer Mode in its settings shows"
        return Finding(where, "this is no channel's id", remedy)
    try:
        missing = await _missing_permissions(client, int(channel))
    except (discord.HTTPException, discord.InvalidData) as error:
        remedy = "let the bot see the channel, or mend the channel's id in [[routes]]"
        return Finding(where, str(chat_failed(error).details["reason"]), remedy)
    if missing:
        names = ", ".join(name.replace("_", " ") for name in missing)
        return Finding(where, f"the bot may not: {names}", "allow it in the channel's permissions")
    return Finding(where)


async def _missing_permissions(client: DiscordClient, channel: int) -> list[str]:
    """Return the names of the permissions that the bot needs and lacks in a channel; asks Discord.

    Raises:
        discord.HTTPException: when the bot may not see the channel.
    """
    guild_id = getattr((await client.fetch_channel(channel)), "guild", None)
    if guild_id is None:
        return []  # direct messages need no permissions
    # discord.py computes permissions only for a channel of a server whose roles are known.
    guild = await client.fetch_guild(guild_id.id, with_counts=False)
    me = await guild.fetch_member(client.user.id if client.user else 0)
    permissions = (await guild.fetch_channel(channel)).permissions_for(me)
    return [name for name in DISCORD_PERMISSIONS if not getattr(permissions, name)]
