"""Questions in words in Discord: mentions, direct messages, and replies to an alert."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Any

import discord

from overheard.cards.card import Card
from overheard.chat.discord.api import NAME, PLATFORM, translated_errors
from overheard.chat.discord.layouts import MessagePage, render
from overheard.chat.discord.pages import Presenter
from overheard.errors import ChatFailed
from overheard.interfaces import Form, Person, Request

NO_QUESTION = "help"
"""What a mention without any words asks for."""
_CUSTOM_EMOJI = re.compile(r"<a?(:\w+:)\d+>")


def read_question(message: discord.Message, me: discord.abc.Snowflake) -> Request | None:
    """Return a message as a question to the bot; None for a message that does not address the bot.

    Discord sends the text of direct messages and of messages that mention the bot without a
    privileged intent.

    Args:
        message: A new message.
        me: The bot.
    """
    author = message.author
    if author.bot or author.id == me.id or message.webhook_id is not None:
        return None
    if message.guild is not None and all(user.id != me.id for user in message.mentions):
        return None
    channel = message.channel
    in_thread = isinstance(channel, discord.Thread)
    place = channel.parent_id if isinstance(channel, discord.Thread) else channel.id
    replied_to = message.reference.message_id if message.reference else None
    roles = tuple(str(role) for role in getattr(author, "_roles", ()))
    return Request(
        id=str(message.id),
        person=Person(NAME, str(author.id), author.display_name, roles),
        channel=f"{NAME}:{place}",
        question=question_text(message.content, me.id) or NO_QUESTION,
        # A thread has the id of the message from which it was started.
        message=str(channel.id if in_thread else replied_to or ""),
        thread=str(channel.id) if in_thread else "",
    )


def question_text(text: str, me: int) -> str:
    """Return the words of a message without the mention of the bot; custom emoji become their
    names.
    """
    text = re.sub(rf"<@!?{me}>", " ", text)
    return _CUSTOM_EMOJI.sub(r"\1", text).strip(" \t\n,:")


class MessageConversation:
    """Answers one message by replies; see `overheard.interfaces.Conversation`.

    Args:
        message: The message.
        presenter: Sends the pages of cards.
    """

    def __init__(self, message: discord.Message, presenter: Presenter) -> None:
        self._message = message
        self._presenter = presenter
        self._lock = asyncio.Lock()
        self._sent: list[tuple[discord.Message, bool]] = []

    @property
    def forms(self) -> bool:
        """False: Discord opens a form only after a click or a command."""
        return False

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card as a reply, in place of the card shown before; a private card as a direct
        message.

        Raises:
            ChatFailed: when Discord refuses the card.
        """
        async with self._lock:
            with translated_errors():
                if self._sent and self._sent[0][1] != private:
                    await self._withdraw_after(0)
                pages = render(card)
                for number, page in enumerate(pages):
                    await self._put_page(number, page, private)
                await self._withdraw_after(len(pages))

    async def open_form(self, form: Form) -> None:
        """Raise an error, because a form cannot be opened here; see `forms`.

        Raises:
            ChatFailed: always.
        """
        raise ChatFailed(chat=PLATFORM, reason=f"no form opens here: {form.title}")

    async def _put_page(self, number: int, page: MessagePage, private: bool) -> None:
        """Show a page as a message of the answer: edit the message, or send it.

        Args:
            number: The index of the message in the answer, from 0.
            page: The page.
            private: Whether the page is a direct message to the person.
        """
        if number < len(self._sent):
            shown, _ = self._sent[number]
            await self._presenter.edit(page, shown.edit, has_components=shown.flags.components_v2)
            return

        async def reply(**content: Any) -> discord.Message:
            """Send to the person, below the first page, or as a reply to the question."""
            if private:
                return await self._message.author.send(**content)
            if number:
                return await self._message.channel.send(**content)
            reference = self._message.to_reference(fail_if_not_exists=False)
            return await self._message.channel.send(
                **content,
                reference=reference,
                mention_author=False,
            )

        self._sent.append((await self._presenter.send(page, reply), private))

    async def _withdraw_after(self, count: int) -> None:
        """Delete the messages of the answer after the first `count`; refusals of Discord are
        ignored.
        """
        for shown, _ in self._sent[count:]:
            with suppress(discord.HTTPException):
                await shown.delete()
        del self._sent[count:]
