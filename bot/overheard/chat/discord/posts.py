"""Cards as messages of the bot's own: posted once, edited in place, with history in threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import discord

from overheard.cards.card import Card
from overheard.chat.discord.client import Client
from overheard.chat.discord.embeds import Page, editing, mark, mark_of, marked, render, sending
from overheard.chat.discord.errors import told

PATIENCE = 30.0
"""Seconds for one post; Discord's answer may come after it, so that it must be looked for."""
RECENT = 100
"""Messages of a channel that are looked through for a mark, of each thread, and behind a post."""
RECENT_THREADS = 10
HISTORY = "History"
"""What a message's thread is called."""
WEEK: Final = 10_080
"""Minutes after which a silent thread is put away."""
THREAD_IS_CLOSED = {50083, 160005}
"""The same when a thread was put away or locked; history goes on in the channel then."""
THREAD_IS_THERE = 160004
"""Discord's error code when a message has a thread already, whose id is the message's."""


class Poster:
    """Posts by one client.

    Args:
        client: Who is logged in.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def post(
        self, channel: int, card: Card, *, key: str, thread: int | None, broadcast: bool
    ) -> int:
        """Post a card; see `overheard.interfaces.Chat`. The first message's id is returned.

        Within some minutes Discord itself takes a second post of the same key for the first.
        """
        pages = render(card)
        with told():
            async with asyncio.timeout(PATIENCE):
                place, reference = await self._place(channel, thread)
                try:
                    first = await self._send(place, pages, key, reference)
                except discord.HTTPException as error:
                    if thread is None or error.code not in THREAD_IS_CLOSED:
                        raise
                    place, reference = self._channel(channel), self._reference(channel, thread)
                    first = await self._send(place, pages, key, reference)
                if broadcast and thread is not None and place.id != channel:
                    reference = self._reference(channel, thread)
                    await self._send(self._channel(channel), pages, f"{key} broadcast", reference)
        return first

    async def edit(self, channel: int, message: int, card: Card) -> None:
        """Put another card in a message's place, and in that of those that followed it.

        Messages that are too many are taken away, and those that are missing are added.
        """
        first, *rest = render(card)
        with told():
            async with asyncio.timeout(PATIENCE):
                place = self._channel(channel)
                name = await self._mark(place, message)
                await self._edit(place, message, first, name, 0)
                if name:
                    await self._put_parts(place, message, rest, name)

    async def find(self, channel: int, key: str) -> int | None:
        """Return a recent message with this key, in the channel or in one of its threads."""
        name = mark(key)
        with told():
            async for message in self._recent(channel):
                if mark_of(message) == (name, 0):
                    return message.id
        return None

    async def link(self, channel: int, message: int) -> str:
        """Return the address of a message that is still there."""
        with told():
            async with asyncio.timeout(PATIENCE):
                await self._channel(channel).fetch_message(message)
                known = self._client.get_channel(channel)
                place = known or await self._client.fetch_channel(channel)
        guild = getattr(getattr(place, "guild", None), "id", "@me")
        return f"https://discord.com/channels/{guild}/{channel}/{message}"

    async def _send(
        self,
        place: discord.PartialMessageable,
        pages: Sequence[Page],
        key: str,
        reference: discord.MessageReference | None,
    ) -> int:
        """Send all pages, each with a mark of its own, and return the first one's id."""
        ids = []
        for number, page in enumerate(pages):
            content = self._content(place, page, mark(key), number)
            if reference is not None:
                content["reference"] = reference
            nonce = mark(f"{key} {number}" if number else key)
            ids.append((await place.send(**content, nonce=nonce)).id)
        return ids[0]

    def _content(
        self, place: discord.PartialMessageable, page: Page, name: str, part: int
    ) -> dict[str, Any]:
        return sending(marked(page, name, self._address(place.id), part), self._client.questions)

    async def _mark(self, place: discord.PartialMessageable, message: int) -> str:
        """Return the mark of a message; where the bot may not read, an empty one."""
        try:
            name, _ = mark_of(await place.fetch_message(message))
        except discord.Forbidden:  # its own message it can edit all the same
            return ""
        return name

    async def _edit(
        self, place: discord.PartialMessageable, message: int, page: Page, name: str, part: int
    ) -> None:
        """Edit one message, which keeps its mark."""
        kept = marked(page, name, self._address(place.id), part) if name else page
        partial = place.get_partial_message(message)
        await partial.edit(**editing(kept, self._client.questions))

    async def _put_parts(
        self, place: discord.PartialMessageable, message: int, rest: Sequence[Page], name: str
    ) -> None:
        """Make the messages that belong to one, and followed it, show these pages."""
        there = [one async for one in self._parts(place, message, name)]
        for number, (one, page) in enumerate(zip(there, rest, strict=False), 1):
            await self._edit(place, one, page, name, number)
        for number, page in enumerate(rest[len(there) :], len(there) + 1):
            await place.send(**self._content(place, page, name, number))
        for one in there[len(rest) :]:
            await place.get_partial_message(one).delete()

    async def _parts(
        self, place: discord.PartialMessageable, message: int, name: str
    ) -> AsyncIterator[int]:
        """Yield the ids of the messages that followed one as parts of its post, in their order."""
        after = discord.Object(message)
        async for one in place.history(limit=RECENT, after=after, oldest_first=True):
            if one.author == self._client.user and mark_of(one)[0] == name:
                yield one.id

    async def _place(
        self, channel: int, thread: int | None
    ) -> tuple[discord.PartialMessageable, discord.MessageReference | None]:
        """Return where to post: a thread is begun if need be, and where none can be, the post
        refers to the message instead.
        """
        if thread is None:
            return self._channel(channel), None
        try:
            await self._client.http.start_thread_with_message(
                channel, thread, name=HISTORY, auto_archive_duration=WEEK
            )
        except discord.HTTPException as error:
            if error.code == THREAD_IS_THERE:
                return self._channel(thread), None
            if error.status == 429 or error.status >= 500:
                raise
            return self._channel(channel), self._reference(channel, thread)
        return self._channel(thread), None

    def _reference(self, channel: int, message: int) -> discord.MessageReference:
        return discord.MessageReference(
            message_id=message, channel_id=channel, fail_if_not_exists=False
        )

    def _channel(self, channel: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel)

    def _address(self, channel: int) -> str:
        guild = getattr(getattr(self._client.get_channel(channel), "guild", None), "id", "@me")
        return f"https://discord.com/channels/{guild}/{channel}"

    async def _recent(self, channel: int) -> AsyncIterator[discord.Message]:
        """Yield our latest messages: those of the channel, then those of its latest threads."""
        me, threads = self._client.user, []
        async for message in self._channel(channel).history(limit=RECENT):
            if message.author == me:
                yield message
            if message.flags.has_thread:
                threads.append(message.id)
        for thread in threads[:RECENT_THREADS]:
            async for message in self._channel(thread).history(limit=RECENT):
                if message.author == me:
                    yield message
