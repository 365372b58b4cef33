"""The Discord chat: connects, posts, edits and finds messages, and checks what `doctor` asks."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import discord

from overheard import FINISH_TIMEOUT_S, ChatFailed, ChatLost, ChatUnavailable, Desk, Finding
from overheard_discord.api import (
    DISALLOWED_INTENTS_CLOSE_CODE,
    INVALID_TOKEN_CLOSE_CODE,
    NAME,
    PLATFORM,
    PORTAL,
    chat_failed,
    redirect_answers,
    refused_token,
    translated_errors,
)
from overheard_discord.client import DiscordClient
from overheard_discord.invitation import DISCORD_PERMISSIONS, invitation
from overheard_discord.posts import Poster
from overheard_discord.settings import DiscordSettings

GATEWAY_TIMEOUT_S = 60.0
"""Seconds after which a silent gateway counts as lost. When the connection stays down for as long
again, the chat fails and is started again.
"""
WATCHES_A_TIMEOUT = 10
"""How often it is checked within that time whether the connection is down for too long."""
CLOSE_TIMEOUT_S = 1.5
"""Seconds to wait for the gateway's closing frame."""


class DiscordChat(Poster):
    """Discord as a chat of the bot: posts and edits messages, and passes requests to the desk.

    Channels and messages are named by their ids.

    Args:
        settings: ``[discord]``.
        silence_s: Seconds for which the gateway may be silent, and for which the connection may be
            down.

    Attributes:
        drain_s: Seconds for which requests in progress may go on when the chat is cancelled; set
            higher while another process takes over.
        dark: Whether Discord's background is dark unless a person changes it, so that charts are
            drawn for that.
    """

    name = NAME
    dark = True

    def __init__(self, settings: DiscordSettings, *, silence_s: float = GATEWAY_TIMEOUT_S) -> None:
        self._settings = settings
        self._silence_s = silence_s
        self.drain_s = FINISH_TIMEOUT_S
        self._client: DiscordClient | None = None
        self._logging_in = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether requests can arrive now, because the gateway is connected."""
        return self._client is not None and self._client.down_since is None

    async def run(self, desk: Desk) -> None:
        """Connect and pass requests to the desk, until cancelled.

        When this ends, the requests in progress get `drain_s` seconds to end, and the connections
        are closed.

        Args:
            desk: Serves the requests.

        Raises:
            ChatLost: when the connection ends, or is down for longer than `silence_s` seconds.
            ChatFailed: when Discord cannot be reached for the login.
        """
        redirect_answers(self._settings)
        client = await self.logged_in()
        client.desk = desk
        client.down_since = time.monotonic()
        try:
            await self._stay_connected(client)
        finally:
            await client.serving.finish(self.drain_s)
            await self.close()

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:
        """Return what `overheard doctor` says of Discord: findings about the application, the
        servers and the channels.

        A finding without a problem says what is in order. If the token is missing or refused, or
        Discord cannot be reached, that is the only finding; no error is raised.

        Args:
            channels: The ids of the channels that alerts and reports go to.
        """
        try:
            with translated_errors():
                return await examine(await self.logged_in(), channels)
        except (ChatUnavailable, ChatFailed) as error:
            remedy = error.details.get(
                "remedy", "look whether this machine reaches https://discord.com, and try again"
            )
            return [Finding(NAME, str(error.details["reason"]), str(remedy))]

    async def close(self) -> None:
        """Close the connections to Discord.

        After `CLOSE_TIMEOUT_S` seconds, Discord's closing frame is not waited for any longer.
        Errors are ignored. A later call of another method logs in again.
        """
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await client.close()
            with suppress(Exception):
                await client.http.close()

    async def logged_in(self) -> DiscordClient:
        """Return the client that is logged in; log a new one in if there is none or it was closed.

        The client of a running chat is connected to the gateway, a new one is not.

        Raises:
            ChatFailed: when Discord cannot be reached.
        """
        async with self._logging_in:
            if self._client is None or self._client.is_closed():
                client = DiscordClient(self._settings, silence_s=self._silence_s)
                try:
                    await self._log_in(client)
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client

    async def _log_in(self, client: DiscordClient) -> None:
        """Log a client in with the token of the settings.

        Raises:
            ChatFailed: when Discord cannot be reached.
        """
        if self._settings.token is None:
            remedy = "set the environment variable DISCORD_TOKEN, or token_file in [discord]"
            raise ChatUnavailable(chat=PLATFORM, reason="there is no token", remedy=remedy)
        with translated_errors():
            try:
                await client.login(self._settings.token.get_secret_value())
            except discord.LoginFailure:
                raise refused_token() from None

    async def _stay_connected(self, client: DiscordClient) -> None:
        """Connect to the gateway, and stay connected until cancelled; ends only with an error.

        discord.py itself connects again after an interruption.

        Raises:
            ChatUnavailable: when the gateway refuses the token.
            ChatLost: when the connection ends, or is down for longer than `silence_s` seconds.
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
        """Watch a connection to the gateway until it is lost; never returns.

        Raises:
            ChatLost: when it has been down for longer than `silence_s` seconds.
        """
        while True:
            await asyncio.sleep(self._silence_s / WATCHES_A_TIMEOUT)
            down_since = client.down_since
            if down_since is not None and time.monotonic() - down_since > self._silence_s:
                raise ChatLost(chat=PLATFORM, reason="its gateway has been silent for too long")


def _connection_error(task: asyncio.Task[None]) -> Exception:
    """Return the error with which the chat ends after a connection to the gateway.

    It is `ChatUnavailable` for a refused token. Otherwise it is `ChatLost`, whose reason is that of
    the watchdog, the code with which the gateway closed the connection, or that the gateway cannot
    be reached.

    Args:
        task: The task of the connection or of its watchdog, which has ended with an error.
    """
    error = task.exception()
    if isinstance(error, ChatLost):
        return error
    code = error.code if isinstance(error, discord.ConnectionClosed) else None
    if code == INVALID_TOKEN_CLOSE_CODE:
        return refused_token()
    if isinstance(error, discord.PrivilegedIntentsRequired):
        code = DISALLOWED_INTENTS_CLOSE_CODE
    # When the very first connection fails, discord.py raises an unrelated error.
    reason = f"its gateway closed it with code {code}" if code else "its gateway cannot be reached"
    return ChatLost(chat=PLATFORM, reason=reason)


async def examine(client: DiscordClient, channels: Sequence[str]) -> list[Finding]:
    """Return findings about the application, then about each server, then about each channel.

    A finding without a problem says what is in order.

    Args:
        client: A client that is logged in.
        channels: The ids of the channels that alerts and reports go to.

    Raises:
        discord.HTTPException: when Discord does not return the bot's servers.
    """
    findings = [_check_application(client), *await _check_servers(client)]
    return [*findings, *[await _check_channel(client, channel) for channel in channels]]


def _check_application(client: DiscordClient) -> Finding:
    """Return a finding about the application: the address for interactions in its settings has to
    be empty, because Discord sends interactions there and not to the bot.
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
    """Return findings about the servers, for which Discord is asked.

    First, there is a problem for each server of the settings that the bot is not in, in their
    order; without such settings, one problem if the bot is in no server. Then there is a finding
    without a problem for each server that the bot is in and the settings allow, sorted by id.

    Raises:
        discord.HTTPException: when Discord does not return the servers.
    """
    joined = {guild.id async for guild in client.fetch_guilds(with_counts=False)}
    served = sorted(guild for guild in joined if client.settings.serves(guild))
    missing = [guild for guild in client.settings.guilds if guild not in joined]
    invite = f"open {invitation(client.application_id or 0)[0]}"
    problems = [
        Finding(f"{NAME}: server {guild}", "the bot is not in this server", invite)
        for guild in missing
    ]
    if not served and not missing:
        problems = [Finding(f"{NAME}: servers", "the bot is in no server", invite)]
    return [*problems, *(Finding(f"{NAME}: server {guild}") for guild in served)]


async def _check_channel(client: DiscordClient, channel: str) -> Finding:
    """Return a finding about a channel, for which Discord is asked.

    It has a problem if the id has other characters than digits, if the bot does not see the
    channel, or if the bot lacks permissions there.

    Args:
        channel: The channel's id, as it is in the configuration.
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
    """Return the names of the permissions that the bot needs and lacks in a channel.

    They are discord.py's names, such as ``send_messages``. Direct messages need none. Discord is
    asked for the channel, the server and the bot's membership there.

    Raises:
        discord.HTTPException: when the bot may not see the channel, or there is no such channel.
        discord.InvalidData: when discord.py does not know the kind of the channel.
    """
    server = getattr(await client.fetch_channel(channel), "guild", None)
    if server is None:
        return []
    # discord.py computes permissions only for a channel of a server whose roles are known.
    guild = await client.fetch_guild(server.id, with_counts=False)
    bot = await guild.fetch_member(client.user.id if client.user else 0)
    permissions = (await guild.fetch_channel(channel)).permissions_for(bot)
    return [name for name in DISCORD_PERMISSIONS if not getattr(permissions, name)]
