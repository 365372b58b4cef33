"""Cards as messages of the bot: posted once, edited in place, with their history in threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, Final

import discord

from overheard.cards.card import Card
from overheard.chat.discord.api import translated_errors
from overheard.chat.discord.client import DiscordClient
from overheard.chat.discord.layouts import MessagePage, render
from overheard.chat.discord.pages import MessageMark, post_id, read_mark

POST_TIMEOUT_S = 30.0
"""Time limit of a post; afterwards it is unknown whether Discord has accepted the post."""
SEARCHED_MESSAGES = 100
"""Messages that are searched in a channel, in each thread, and after a post."""
SEARCHED_THREADS = 10
THREAD_NAME = "History"
THREAD_ARCHIVE_MINUTES: Final = 10_080
"""A thread without messages for this time, a week, is archived."""
THREAD_CLOSED_CODES = {50083, 160005}
"""Discord's error codes for an archived or locked thread; the card is posted in the channel."""
THREAD_EXISTS_CODE = 160004
"""Discord's error code when a message has a thread already. The thread has the message's id."""


class Poster:
    """Posts, edits and finds messages by one client.

    All methods raise `ChatFailed` when Discord refuses a request or cannot be reached.

    Args:
        client: A client that is logged in.
    """

    def __init__(self, client: DiscordClient) -> None:
        self._client = client

    async def post(
        self, channel: int, card: Card, *, key: str, thread: int | None, broadcast: bool
    ) -> int:
        """Post a card and return the id of its first message; see `overheard.interfaces.Chat`.

        For some minutes, Discord itself recognises a repeated post by the nonce from its key.

        Args:
            channel: The channel's id.
            card: The card to post.
            key: The same for each attempt to post this card.
            thread: The id of the message in whose thread to post, or None.
            broadcast: Whether to post a card for a thread in the channel, too.

        Raises:
            ChatFailed: when Discord refuses the card, or does not answer within `POST_TIMEOUT_S`.
        """
        pages = render(card)
        with translated_errors():
            async with asyncio.timeout(POST_TIMEOUT_S):
                place, reference = await self._target(channel, thread)
                try:
                    first = await self._send_pages(place, pages, key, reference)
                except discord.HTTPException as error:
                    if thread is None or error.code not in THREAD_CLOSED_CODES:
                        raise
                    place, reference = self._channel(channel), self._reference(channel, thread)
                    first = await self._send_pages(place, pages, key, reference)
                if broadcast and thread is not None and place.id != channel:
                    reference = self._reference(channel, thread)
                    await self._send_pages(
                        self._channel(channel), pages, f"{key} broadcast", reference
                    )
        return first

    async def direct(self, person: int) -> int:
        """Return the id of the channel of direct messages with a person; Discord opens it if
        necessary.
        """
        with translated_errors():
            async with asyncio.timeout(POST_TIMEOUT_S):
                opened = await self._client.http.start_private_message(person)
        return int(opened["id"])

    async def edit(self, channel: int, message: int, card: Card) -> None:
        """Replace the card of a posted message, and of the messages that continue it, by another
        card.

        Messages are added or deleted as the new card needs.

        Args:
            channel: The channel's id.
            message: The id of the first message.
            card: The new card.

        Raises:
            ChatFailed: when Discord refuses the edit, or does not answer within `POST_TIMEOUT_S`.
        """
        first, *rest = render(card)
        with translated_errors():
            async with asyncio.timeout(POST_TIMEOUT_S):
                place = self._channel(channel)
                shown = await self._readable(place, message)
                post = read_mark(shown).post if shown else ""
                mark = self._mark(place, post, 0) if post else None
                await self._edit_message(shown or place.get_partial_message(message), first, mark)
                if post:
                    await self._put_parts(place, message, rest, post)

    async def find(self, channel: int, key: str) -> int | None:
        """Return the id of the bot's recent message with a key, in a channel or its threads; None
        without one.

        Raises:
            ChatFailed: when Discord does not return the messages.
        """
        with translated_errors():
            async for message in self._recent(channel):
                if read_mark(message) == MessageMark(post_id(key)):
                    return message.id
        return None

    async def link(self, channel: int, message: int) -> str:
        """Return the ``https://`` address of a message.

        Raises:
            ChatFailed: when the message does not exist.
        """
        with translated_errors():
            async with asyncio.timeout(POST_TIMEOUT_S):
                await self._channel(channel).fetch_message(message)
                cached = self._client.get_channel(channel)
                place = cached or await self._client.fetch_channel(channel)
        guild = getattr(getattr(place, "guild", None), "id", "@me")
        return f"https://discord.com/channels/{guild}/{channel}/{message}"

    async def _send_pages(
        self,
        place: discord.PartialMessageable,
        pages: Sequence[MessagePage],
        key: str,
        reference: discord.MessageReference | None,
    ) -> int:
        """Send all pages as messages to a channel or thread, and return the id of the first
        message.

        Args:
            place: The channel or thread.
            pages: The pages, one a message.
            key: The key of the post, from which each message has its nonce and mark.
            reference: The message that the pages refer to, or None.
        """
        ids = []
        for number, page in enumerate(pages):
            nonce = post_id(f"{key} {number}" if number else key)
            more: dict[str, Any] = {"reference": reference} if reference is not None else {}
            mark = self._mark(place, post_id(key), number)
            send = partial(place.send, nonce=nonce, **more)
            ids.append((await self._client.presenter.send(page, send, mark)).id)
        return ids[0]

    def _mark(self, place: discord.PartialMessageable, post: str, part: int) -> MessageMark:
        """Return the mark of a message in a channel."""
        return MessageMark(post, part, self._address(place.id))

    async def _readable(
        self, place: discord.PartialMessageable, message: int
    ) -> discord.Message | None:
        """Return a message as Discord has it; None where the bot may not read messages."""
        try:
            return await place.fetch_message(message)
        except discord.Forbidden:  # the bot can edit its own messages all the same
            return None

    async def _edit_message(
        self,
        message: discord.Message | discord.PartialMessage,
        page: MessagePage,
        mark: MessageMark | None,
    ) -> None:
        """Show a page in a message of the bot.

        Args:
            message: The message.
            page: The new content.
            mark: The mark that the message is to carry, or None.
        """
        has_components = isinstance(message, discord.Message) and message.flags.components_v2
        await self._client.presenter.edit(page, message.edit, mark, has_components=has_components)

    async def _put_parts(
        self,
        place: discord.PartialMessageable,
        message: int,
        rest: Sequence[MessagePage],
        post: str,
    ) -> None:
        """Edit, send and delete the messages that continue a message, until they show the given
        pages.

        Args:
            place: The channel or thread.
            message: The id of the first message.
            rest: The pages after the first.
            post: The id of the post, see `post_id`.
        """
        parts = [part async for part in self._further_messages(place, message, post)]
        for number, (part, page) in enumerate(zip(parts, rest, strict=False), 1):
            await self._edit_message(part, page, self._mark(place, post, number))
        for number, page in enumerate(rest[len(parts) :], len(parts) + 1):
            mark = self._mark(place, post, number)
            await self._client.presenter.send(page, place.send, mark)
        for part in parts[len(rest) :]:
            await part.delete()

    async def _further_messages(
        self, place: discord.PartialMessageable, message: int, post: str
    ) -> AsyncIterator[discord.Message]:
        """Yield the messages that continue a post, in their order.

        Args:
            place: The channel or thread.
            message: The id of the post's first message.
            post: The id of the post, see `post_id`.
        """
        after = discord.Object(message)
        later = place.history(limit=SEARCHED_MESSAGES, after=after, oldest_first=True)
        async for part in later:
            if part.author == self._client.user and read_mark(part).post == post:
                yield part

    async def _target(
        self, channel: int, thread: int | None
    ) -> tuple[discord.PartialMessageable, discord.MessageReference | None]:
        """Return the channel or thread to post into, and the message that the post refers to (or
        None).

        A missing thread is created. Where that is impossible, the card is posted in the channel and
        refers to the thread's message.

        Args:
            channel: The channel's id.
            thread: The id of the message in whose thread to post, or None for the channel.

        Raises:
            discord.HTTPException: when Discord is busy or broken.
        """
        if thread is None:
            return self._channel(channel), None
        try:
            await self._client.http.start_thread_with_message(
                channel, thread, name=THREAD_NAME, auto_archive_duration=THREAD_ARCHIVE_MINUTES
            )
        except discord.HTTPException as error:
            if error.code == THREAD_EXISTS_CODE:
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
        """Yield the bot's latest messages in a channel, then in the channel's latest threads,
        newest first.
        """
        me, threads = self._client.user, []
        async for message in self._channel(channel).history(limit=SEARCHED_MESSAGES):
            if message.author == me:
                yield message
            if message.flags.has_thread:
                threads.append(message.id)
        for thread in threads[:SEARCHED_THREADS]:
            async for message in self._channel(thread).history(limit=SEARCHED_MESSAGES):
                if message.author == me:
                    yield message
