"""Cards as messages of the bot: posted once, edited in place, with their history in threads."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, Final

import discord

from overheard import Card
from overheard_discord.api import translated_errors
from overheard_discord.client import DiscordClient
from overheard_discord.layouts import MessagePage, render
from overheard_discord.pages import MessageMark, post_id, read_mark

POST_TIMEOUT_S = 30.0
"""Time limit of a post; afterwards it is unknown whether Discord has accepted the post."""
SEARCHED_MESSAGES = 100
"""Messages that are searched in a channel, in each thread, and after a post."""
SEARCHED_THREADS = 10
"""Threads of a channel that are searched."""
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
        """Post a card and return the id of its first message.

        A post in a thread creates the thread if there is none. Where Discord creates none, or the
        thread is archived or locked, the card is posted in the channel and refers to the thread's
        message. Discord recognises a repeated post by the nonces from `key` for some minutes, and
        does not show it twice.

        Args:
            channel: The channel's id.
            key: The key of the post, the same for each attempt to post this card.
            thread: The id of the message in whose thread to post; None posts in the channel.
            broadcast: Whether a card that was posted in the thread is also posted in the channel,
                as a second post that refers to the thread's message.

        Raises:
            ChatFailed: when Discord refuses the card, or does not answer within `POST_TIMEOUT_S`;
                also for the second post, when the first one is there already.
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
        """Return the id of the channel of direct messages with a person, which Discord opens if
        there is none.

        Raises:
            ChatFailed: when Discord refuses, or does not answer within `POST_TIMEOUT_S`.
        """
        with translated_errors():
            async with asyncio.timeout(POST_TIMEOUT_S):
                opened = await self._client.http.start_private_message(person)
        return int(opened["id"])

    async def edit(self, channel: int, message: int, card: Card) -> None:
        """Replace a posted card by another card.

        The messages that continue the first one are edited, and others are added or deleted as the
        new card needs. In two cases only the first message is edited: the bot may not read messages
        there, or the message does not carry the mark of a post.

        Args:
            channel: The id of the channel or thread of the post.
            message: The id of the post's first message.
            card: The new card.

        Raises:
            ChatFailed: when Discord refuses the edit, or does not answer within `POST_TIMEOUT_S`.
        """
        first, *rest = render(card)
        with translated_errors():
            async with asyncio.timeout(POST_TIMEOUT_S):
                place = self._channel(channel)
                posted = await self._fetch_if_readable(place, message)
                post = read_mark(posted).post if posted else ""
                mark = self._mark(place, post, 0) if post else None
                target = posted or place.get_partial_message(message)
                await self._edit_message(target, first, mark)
                if post:
                    await self._replace_continuations(place, message, rest, post)

    async def find(self, channel: int, key: str) -> int | None:
        """Return the id of the first message that `post` has posted with a key, or None.

        The latest `SEARCHED_MESSAGES` messages of the channel are searched, and as many of each of
        the `SEARCHED_THREADS` newest threads that begin at one of these.

        Args:
            channel: The channel's id.

        Raises:
            ChatFailed: when Discord does not return the messages.
        """
        with translated_errors():
            async for message in self._recent_messages(channel):
                if read_mark(message) == MessageMark(post_id(key)):
                    return message.id
        return None

    async def link(self, channel: int, message: int) -> str:
        """Return the ``https://`` address of a message.

        Args:
            channel: The id of the message's channel or thread.
            message: The id of the message.

        Raises:
            ChatFailed: when the message does not exist, or Discord does not answer within
                `POST_TIMEOUT_S`.
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
        """Send the pages of a post as messages, and return the id of the first message.

        Args:
            place: The channel or thread.
            pages: The pages, at least one; each becomes a message.
            key: The key of the post, from which each message has its nonce and its mark.
            reference: The message that all messages refer to, or None.

        Raises:
            discord.HTTPException: when Discord refuses a message; those before it are posted.
        """
        ids = []
        options: dict[str, Any] = {"reference": reference} if reference is not None else {}
        for number, page in enumerate(pages):
            nonce = post_id(f"{key} {number}" if number else key)
            mark = self._mark(place, post_id(key), number)
            send = partial(place.send, nonce=nonce, **options)
            message = await self._client.presenter.send(page, send, mark)
            ids.append(message.id)
        return ids[0]

    def _mark(self, place: discord.PartialMessageable, post: str, number: int) -> MessageMark:
        """Return the mark of a message.

        Args:
            place: The channel or thread of the message.
            post: The id of the post, from `post_id`.
            number: The number of the message in its post, from 0.
        """
        # A channel of a server that the client does not know has the address of direct messages.
        guild = getattr(getattr(self._client.get_channel(place.id), "guild", None), "id", "@me")
        address = f"https://discord.com/channels/{guild}/{place.id}"
        return MessageMark(post, number, address)

    async def _fetch_if_readable(
        self, place: discord.PartialMessageable, message: int
    ) -> discord.Message | None:
        """Return a message as Discord has it now; None where the bot may not read messages.

        Raises:
            discord.HTTPException: when Discord does not return it, for example because it was
                deleted.
        """
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
        """Replace the content of a message of the bot by a page.

        Args:
            message: The message; of a partial message, it is not known whether it shows components.
            mark: The mark that the message carries afterwards, or None for none.

        Raises:
            discord.HTTPException: when Discord refuses the edit.
        """
        has_components = isinstance(message, discord.Message) and message.flags.components_v2
        await self._client.presenter.edit(page, message.edit, mark, has_components=has_components)

    async def _replace_continuations(
        self,
        place: discord.PartialMessageable,
        message: int,
        rest: Sequence[MessagePage],
        post: str,
    ) -> None:
        """Edit, send and delete the messages that continue a post, until they show the given pages.

        Args:
            place: The channel or thread.
            message: The id of the post's first message.
            rest: The pages after the first, in order; may be empty.
            post: The id of the post, from `post_id`.

        Raises:
            discord.HTTPException: when Discord does not return the messages, or refuses a change.
        """
        posted = [later async for later in self._continuations(place, message, post)]
        for number, (later, page) in enumerate(zip(posted, rest, strict=False), 1):
            await self._edit_message(later, page, self._mark(place, post, number))
        for number, page in enumerate(rest[len(posted) :], len(posted) + 1):
            mark = self._mark(place, post, number)
            await self._client.presenter.send(page, place.send, mark)
        for later in posted[len(rest) :]:
            await later.delete()

    async def _continuations(
        self, place: discord.PartialMessageable, message: int, post: str
    ) -> AsyncIterator[discord.Message]:
        """Yield the messages that continue a post, oldest first.

        They are searched among the `SEARCHED_MESSAGES` messages after the post's first one.

        Args:
            place: The channel or thread.
            message: The id of the post's first message.
            post: The id of the post, from `post_id`.

        Raises:
            discord.HTTPException: when Discord does not return the messages.
        """
        after = discord.Object(message)
        history = place.history(limit=SEARCHED_MESSAGES, after=after, oldest_first=True)
        async for later in history:
            if later.author == self._client.user and read_mark(later).post == post:
                yield later

    async def _target(
        self, channel: int, thread: int | None
    ) -> tuple[discord.PartialMessageable, discord.MessageReference | None]:
        """Return where to post: in a channel, or in the thread of a message of the channel.

        A missing thread is created. Where Discord refuses to create it, the post goes into the
        channel, and refers to the message that was to have the thread.

        Args:
            channel: The channel's id.
            thread: The id of the message in whose thread to post; None for the channel itself.

        Returns:
            The channel or thread. And the message that the post refers to: None for a post in the
            thread, and for one that is meant for the channel.

        Raises:
            discord.HTTPException: when Discord limits the rate (status 429), or fails itself
                (status 500 or more).
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
        """Return the reference of a post to a message, which may have been deleted meanwhile."""
        return discord.MessageReference(
            message_id=message, channel_id=channel, fail_if_not_exists=False
        )

    def _channel(self, channel: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel)

    async def _recent_messages(self, channel: int) -> AsyncIterator[discord.Message]:
        """Yield the bot's own messages in a channel, then those in the channel's threads.

        In each place, the latest `SEARCHED_MESSAGES` are read, newest first. The threads are the
        `SEARCHED_THREADS` newest of those that begin at one of the read messages of the channel.

        Raises:
            discord.HTTPException: when Discord does not return the messages.
        """
        bot, threads = self._client.user, []
        async for message in self._channel(channel).history(limit=SEARCHED_MESSAGES):
            if message.author == bot:
                yield message
            if message.flags.has_thread:
                threads.append(message.id)
        for thread in threads[:SEARCHED_THREADS]:
            async for message in self._channel(thread).history(limit=SEARCHED_MESSAGES):
                if message.author == bot:
                    yield message
