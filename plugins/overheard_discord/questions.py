"""Questions in words in Discord: mentions, direct messages, and replies to an alert."""

import asyncio
import re
from contextlib import suppress
from typing import Any

import discord

from overheard import Card, ChatFailed, Form, Person, Request
from overheard_discord.api import NAME, PLATFORM, translated_errors
from overheard_discord.layouts import MessagePage, render
from overheard_discord.pages import Presenter

NO_QUESTION = "help"
"""What a mention without any words asks for."""
_CUSTOM_EMOJI = re.compile(r"<a?(:\w+:)\d+>")


def read_question(message: discord.Message, bot: discord.abc.Snowflake) -> Request | None:
    """Return the question in words that a message asks the bot, as a request for the desk.

    None is returned for a message of a bot or webhook, and for a message in a server that does not
    mention the bot. A mention without words asks `NO_QUESTION`. The request's `message` is the one
    that the thread was started from or, outside of threads, the one that the person replies to.

    Args:
        message: A new message. Discord sends its text without a privileged intent only if it is a
            direct message or mentions the bot.
        bot: The bot's own user.
    """
    author = message.author
    if author.bot or author.id == bot.id or message.webhook_id is not None:
        return None
    if message.guild is not None and all(user.id != bot.id for user in message.mentions):
        return None
    channel, thread, referred_message = message.channel, "", ""
    channel_id: int = channel.id
    if isinstance(channel, discord.Thread):
        # A thread has the id of the message from which it was started.
        channel_id, thread, referred_message = channel.parent_id, str(channel.id), str(channel.id)
    elif message.reference and message.reference.message_id:
        referred_message = str(message.reference.message_id)
    roles = tuple(str(role) for role in getattr(author, "_roles", ()))
    return Request(
        id=str(message.id),
        person=Person(NAME, str(author.id), author.display_name, roles),
        channel=f"{NAME}:{channel_id}",
        question=question_text(message.content, bot.id) or NO_QUESTION,
        message=referred_message,
        thread=thread,
    )


def question_text(text: str, bot_id: int) -> str:
    """Return the words of a message, without the mention of the bot and with the names of custom
    emoji.

    ``<@12>: how are <:acme:34> doing?`` gives ``how are :acme: doing?``. Commas, colons and white
    space are removed at both ends.

    Args:
        text: The text of the message, in Discord's markup.
        bot_id: The id of the bot's user.
    """
    text = re.sub(rf"<@!?{bot_id}>", " ", text)
    return _CUSTOM_EMOJI.sub(r"\1", text).strip(" \t\n,:")


class MessageConversation:
    """Answers one message by replies, each in place of the reply before.

    Args:
        presenter: Sends the pages of cards.
    """

    def __init__(self, message: discord.Message, presenter: Presenter) -> None:
        self._message = message
        self._presenter = presenter
        self._lock = asyncio.Lock()
        self._sent: list[tuple[discord.Message, bool]] = []
        """The messages of the answer, each with whether it is a direct message."""

    @property
    def forms(self) -> bool:
        """False: Discord opens a form only after a click or a command."""
        return False

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card as the answer, in place of the card shown before.

        The messages of that card are edited, and messages are added or deleted as the new card
        needs. In place of a card of the other kind, private or public, all messages are new.

        Args:
            private: Whether the card is sent to the person as a direct message; otherwise it is a
                reply to the question.

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
        """Raise an error: Discord opens a form only after a click or a command.

        Raises:
            ChatFailed: always.
        """
        raise ChatFailed(chat=PLATFORM, reason=f"no form opens here: {form.title}")

    async def _put_page(self, number: int, page: MessagePage, private: bool) -> None:
        """Show a page as one of the messages of the answer: edit that message, or send a new one.

        A new message is, if private, a direct message to the person; else the first one is a reply
        to the question, and each further one a message below it.

        Args:
            number: The number of the message in the answer, from 0.
        """
        if number < len(self._sent):
            shown, _ = self._sent[number]
            await self._presenter.edit(page, shown.edit, has_components=shown.flags.components_v2)
            return

        async def reply(**content: Any) -> discord.Message:
            """Send a message with discord.py's arguments, and return it.

            It is a direct message to the person if private. Otherwise the first message is a reply
            to the question, which mentions nobody, and each further one follows in the channel.
            """
            if private:
                return await self._message.author.send(**content)
            if number:
                return await self._message.channel.send(**content)
            reference = self._message.to_reference(fail_if_not_exists=False)
            return await self._message.channel.send(
                **content, reference=reference, mention_author=False
            )

        self._sent.append((await self._presenter.send(page, reply), private))

    async def _withdraw_after(self, count: int) -> None:
        """Delete the messages of the answer after the first `count`, and forget them.

        A refusal of Discord is ignored.
        """
        for shown, _ in self._sent[count:]:
            with suppress(discord.HTTPException):
                await shown.delete()
        del self._sent[count:]
