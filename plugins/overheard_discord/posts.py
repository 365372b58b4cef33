"""Cards as messages of the bot: posted once, edited in place, with their history in threads."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import discord

from overheard import Card, ChatFailed, replace_messages
from overheard_discord.api import PLATFORM, translated_errors
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
PERSON = "@"
"""The beginning of a channel that is a person's direct messages; the person's id follows."""


Message = discord.Message | discord.PartialMessage


class Poster(ABC):
    """Posts, edits and finds messages; channels and messages are named by their ids.

    A channel may be ``@`` and a person's id, for direct messages. All methods raise `ChatFailed`
    when an id is none, when Discord refuses a request, cannot be reached, or does not answer
    within `POST_TIMEOUT_S`.
    """

    @abstractmethod
    async def logged_in(self) -> DiscordClient:
        """Return a client that is logged in."""

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Post a card and return the id of its first message.

        A post in a thread creates the thread if there is none. Where Discord creates none, or the
        thread is archived or locked, the card is posted in the channel and refers to the thread's
        message. Discord recognises a repeated post by the nonces from `key` for some minutes, and
        does not show it twice.

        Args:
            key: The key of the post, the same for each attempt to post this card.
            thread: The id of the message in whose thread to post; "" posts in the channel.
            broadcast: Whether a card that was posted in the thread is also posted in the channel,
                as a second post that refers to the thread's message.
        """
        thread_id = snowflake(thread) if thread else None
        async with self._calling(channel) as (client, place):
            post = _Post(client, place, post_id(key), key)
            if thread_id is None:
                return str(await post.send(card))
            in_channel = post.referring_to(thread_id)
            if not await _starts_thread(client, place.id, thread_id):
                return str(await in_channel.send(card))
            in_thread = _Post(client, client.get_partial_messageable(thread_id), post.id, key)
            try:
                first = await in_thread.send(card)
            except discord.HTTPException as error:
                if error.code not in THREAD_CLOSED_CODES:
                    raise
                return str(await in_channel.send(card))
            if broadcast:
                await post.referring_to(thread_id, f"{key} broadcast").send(card)
            return str(first)

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace a posted card by another card.

        The messages that continue the first one are edited, and others are added or deleted as the
        new card needs. In two cases only the first message is edited: the bot may not read messages
        there, or the message does not carry the mark of a post.
        """
        first, *rest = render(card)
        message_id = snowflake(message)
        async with self._calling(channel) as (client, place):
            posted = None
            with suppress(discord.Forbidden):  # the bot can edit its own messages all the same
                posted = await place.fetch_message(message_id)
            post = _Post(client, place, read_mark(posted).post if posted else "")
            await post.put(0, first, posted or place.get_partial_message(message_id))
            if post.id:
                history = place.history(
                    limit=SEARCHED_MESSAGES, after=discord.Object(message_id), oldest_first=True
                )
                later: list[Message] = [
                    message
                    async for message in history
                    if message.author == client.user and read_mark(message).post == post.id
                ]
                await replace_messages(
                    later,
                    rest,
                    lambda index, page, old: post.put(index + 1, page, old),
                    lambda old: old.delete(),
                )

    async def find(self, channel: str, key: str) -> str | None:
        """Return the id of the first message that `post` has posted with a key, or None.

        The latest `SEARCHED_MESSAGES` messages of the channel are searched, and as many of each of
        the `SEARCHED_THREADS` newest threads that begin at one of these.
        """
        mark = MessageMark(post_id(key))
        async with self._calling(channel) as (client, place):
            searched = [place]
            for one in searched:  # threads are appended while the channel is searched
                async for message in one.history(limit=SEARCHED_MESSAGES):
                    if message.author == client.user and read_mark(message) == mark:
                        return str(message.id)
                    if message.flags.has_thread and len(searched) <= SEARCHED_THREADS:
                        searched.append(client.get_partial_messageable(message.id))
        return None

    async def link(self, channel: str, message: str) -> str:
        """Return the ``https://`` address of a message that exists."""
        message_id = snowflake(message)
        async with self._calling(channel) as (client, place):
            await place.fetch_message(message_id)
            known = client.get_channel(place.id) or await client.fetch_channel(place.id)
        guild = getattr(getattr(known, "guild", None), "id", "@me")  # "@me": a direct message
        return f"https://discord.com/channels/{guild}/{place.id}/{message}"

    @asynccontextmanager
    async def _calling(
        self, channel: str
    ) -> AsyncIterator[tuple[DiscordClient, discord.PartialMessageable]]:
        """Yield the client, and the channel of a name; with the time limit and errors of posts."""
        client = await self.logged_in()
        with translated_errors():
            async with asyncio.timeout(POST_TIMEOUT_S):
                channel_id = snowflake(channel.removeprefix(PERSON))
                if channel.startswith(PERSON):
                    channel_id = (await client.create_dm(discord.Object(channel_id))).id
                yield client, client.get_partial_messageable(channel_id)


@dataclass(frozen=True, slots=True)
class _Post:
    """A post, whose messages are put into a channel or thread.

    Attributes:
        id: From `post_id`; "" for messages without a mark.
        key: Gives new messages their nonces; "" for no nonces.
        options: Further arguments of discord.py for new messages.
    """

    client: DiscordClient
    place: discord.PartialMessageable
    id: str
    key: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def referring_to(self, message: int, key: str = "") -> _Post:
        """Return a post in the same channel that refers to a message there."""
        key = key or self.key
        reference = discord.MessageReference(
            message_id=message, channel_id=self.place.id, fail_if_not_exists=False
        )
        return replace(self, id=post_id(key), key=key, options={"reference": reference})

    async def send(self, card: Card) -> int:
        """Send all messages of a card, and return the id of the first."""
        sent = [await self.put(number, page, None) for number, page in enumerate(render(card))]
        return sent[0].id

    async def put(self, number: int, page: MessagePage, message: Message | None) -> Message:
        """Show a page, whose number in the post is given, in a message, or in a new one."""
        mark, show = MessageMark(self.id, number) if self.id else None, self.client.presenter.show
        if message:
            await show(page, message.edit, mark, edits=True)
            return message
        nonce = {"nonce": post_id(f"{self.key} {number}" if number else self.key)}
        options = {**(nonce if self.key else {}), **self.options}
        return await show(page, partial(self.place.send, **options), mark)


async def _starts_thread(client: DiscordClient, channel: int, message: int) -> bool:
    """Return whether a message has a thread, which is created if there is none; it has the
    message's id. False where Discord creates none, as in direct messages.
    """
    try:
        await client.http.start_thread_with_message(
            channel, message, name=THREAD_NAME, auto_archive_duration=THREAD_ARCHIVE_MINUTES
        )
    except discord.HTTPException as error:
        if error.status == 429 or error.status >= 500:
            raise
        return error.code == THREAD_EXISTS_CODE
    return True


def snowflake(text: str) -> int:
    """Return an id that was written down as a number.

    Raises:
        ChatFailed: for any other text, such as a channel's name.
    """
    if not text.isdecimal():
        reason = f'"{text}" is no id; copy it in Discord with Developer Mode on'
        raise ChatFailed(chat=PLATFORM, reason=reason)
    return int(text)
