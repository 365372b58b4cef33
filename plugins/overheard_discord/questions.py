"""Questions in words in Discord: mentions, direct messages, and replies to an alert."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import discord

from overheard import Card, ChatFailed, Form, Person, Request, replace_messages
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
        self._sent: list[discord.Message] = []
        self._private = False
        """Whether these messages of the answer are direct messages."""

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
                if self._private != private:
                    await replace_messages(self._sent, (), self._put_page, self._delete)
                self._private = private
                await replace_messages(self._sent, render(card), self._put_page, self._delete)

    async def open_form(self, form: Form) -> None:
        """Raise an error: Discord opens a form only after a click or a command.

        Raises:
            ChatFailed: always.
        """
        raise ChatFailed(chat=PLATFORM, reason=f"no form opens here: {form.title}")

    async def _put_page(
        self, number: int, page: MessagePage, sent: discord.Message | None
    ) -> discord.Message:
        """Show a page in a message of the answer, or in a new one.

        A new message is, if private, a direct message to the person; else the first one is a reply
        to the question, which mentions no one, and each further one a message below it.
        """
        if sent:
            has_components = sent.flags.components_v2
            return await self._presenter.edit(page, sent.edit, has_components=has_components)
        place = self._message.author if self._private else self._message.channel
        send: Callable[..., Awaitable[discord.Message]] = place.send
        if not (self._private or number):
            reference = self._message.to_reference(fail_if_not_exists=False)
            send = partial(send, reference=reference, mention_author=False)
        return await self._presenter.send(page, send)

    async def _delete(self, sent: discord.Message) -> None:
        with suppress(discord.HTTPException):
            await sent.delete()
