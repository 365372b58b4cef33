"""The chat platform: connects, is watched, posts, and lets go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import discord

from overheard.cards.card import Card
from overheard.chat.concurrency import FINISH_TIMEOUT_S
from overheard.chat.discord.checkup import PLACE, examine
from overheard.chat.discord.client import Client, redirect, redirect_answers
from overheard.chat.discord.errors import REFUSED, no_token, refused, told
from overheard.chat.discord.interactions import NAME
from overheard.chat.discord.posts import Poster
from overheard.config.chats import DiscordTable
from overheard.errors import ChatFailed, ChatLost, ChatUnavailable
from overheard.interfaces import Desk, Finding

SILENCE = 60.0
"""Seconds without a word from the gateway after which the connection is taken for dead; when it
stays down for as long, everything is built anew.
"""
GOODBYE = 1.5
"""Seconds that Discord has to close the connection with us."""


class DiscordChat:
    """Discord, by one bot.

    Args:
        settings: What the configuration says.
        silence: Seconds for which the gateway may be silent, and the connection down.

    Attributes:
        drain_s: See `overheard.interfaces.DrainingChat`.
    """

    def __init__(self, settings: DiscordTable, *, silence: float = SILENCE) -> None:
        self._settings = settings
        self._silence = silence
        self.drain_s = FINISH_TIMEOUT_S
        self._client: Client | None = None
        self._entering = asyncio.Lock()

    @property
    def name(self) -> str:
        """Unique among chats."""
        return NAME

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the gateway; see `Connectable`."""
        return self._client is not None and self._client.down_since is None

    async def run(self, desk: Desk) -> None:
        """Connect and bring requests to the desk, until cancelled.

        Raises:
            ChatUnavailable: when the token is refused.
            ChatLost: when the connection is lost, and does not come back by itself.
            ChatFailed: when Discord cannot be reached at all.
        """
        redirect_answers(self._settings)
        client = await self._entered()
        client.desk = desk
        client.down_since = time.monotonic()
        try:
            await self._watched(client)
        finally:
            await client.stop_serving(self.drain_s)
            await self.close()

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Post a card and return the message's id; see `overheard.interfaces.Chat`.

        Raises:
            ChatFailed: when it was not posted, or nobody knows.
        """
        begun_at = _number(thread) if thread else None
        place, poster = _number(channel), await self._poster()
        return str(await poster.post(place, card, key=key, thread=begun_at, broadcast=broadcast))

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Put another card in the place of one that was posted.

        Raises:
            ChatFailed: when it was not.
        """
        await (await self._poster()).edit(_number(channel), _number(message), card)

    async def find(self, channel: str, key: str) -> str | None:
        """Return the id of a recent message that was posted with this key, or None.

        Raises:
            ChatFailed: when the channel cannot be read.
        """
        found = await (await self._poster()).find(_number(channel), key)
        return None if found is None else str(found)

    async def link(self, channel: str, message: str) -> str:
        """Return a message's address; see `overheard.interfaces.Linking`.

        Raises:
            ChatFailed: when there is no such channel or message any more.
        """
        return await (await self._poster()).link(_number(channel), _number(message))

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:
        """Say whether the token, the servers and these channels are as they should be."""
        try:
            with told():
                return await examine(await self._entered(), channels)
        except ChatUnavailable as error:
            return [Finding(PLACE, str(error.details["reason"]), str(error.details["remedy"]))]
        except ChatFailed as error:
            return [
                Finding(
                    PLACE,
                    str(error.details["reason"]),
                    "look whether this machine reaches https://discord.com, and try again",
                )
            ]

    async def close(self) -> None:
        """Let connections go."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                async with asyncio.timeout(GOODBYE):
                    await client.close()
            with suppress(Exception):
                await client.http.close()

    async def _poster(self) -> Poster:
        return Poster(await self._entered())

    async def _entered(self) -> Client:
        """Return a client that is logged in; posting needs no more than that.

        Raises:
            ChatUnavailable: when the token is refused.
            ChatFailed: when Discord cannot be reached.
        """
        async with self._entering:
            if self._client is None or self._client.is_closed():
                client = Client(self._settings, silence=self._silence)
                redirect(client, self._settings)
                try:
                    await self._log_in(client)
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client

    async def _log_in(self, client: Client) -> None:
        if self._settings.token is None:
            raise no_token()
        with told():
            try:
                await client.login(self._settings.token.get_secret_value())
            except discord.LoginFailure:
                raise refused() from None

    async def _watched(self, client: Client) -> None:
        """Stay connected; give up when the connection is down for too long."""
        connection = asyncio.create_task(client.connect())
        watch = asyncio.create_task(self._watch(client))
        try:
            await asyncio.wait({connection, watch}, return_when=asyncio.FIRST_COMPLETED)
            raise _end(connection if connection.done() else watch)
        finally:
            for task in (connection, watch):
                task.cancel()
            await asyncio.gather(connection, watch, return_exceptions=True)

    async def _watch(self, client: Client) -> None:
        while True:
            await asyncio.sleep(self._silence / 10)
            since = client.down_since
            if since is not None and time.monotonic() - since > self._silence:
                raise ChatLost(chat="Discord", reason="its gateway has been silent for too long")


def _end(task: asyncio.Task[None]) -> Exception:
    """Return what to raise for a task that should have gone on."""
    error = task.exception()
    if isinstance(error, discord.ConnectionClosed) and error.code == REFUSED:
        return refused()
    if isinstance(error, ChatLost):
        return error
    if isinstance(error, discord.ConnectionClosed) and error.code:
        return ChatLost(chat="Discord", reason=f"its gateway closed it with code {error.code}")
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return ChatLost(chat="Discord", reason="its gateway closed it with code 4014")
    # discord.py trips over itself when the very first connection fails: the type says nothing.
    return ChatLost(chat="Discord", reason="its gateway cannot be reached")


def _number(written: str) -> int:
    """Return a platform's id as the number it is."""
    if not written.isdecimal():
        reason = f'"{written}" is no id; copy it in Discord with Developer Mode on'
        raise ChatFailed(chat="Discord", reason=reason)
    return int(written)
