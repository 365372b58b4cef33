"""Questions in words in Discord: mentions, direct messages, and replies to an alert."""

import re
from collections.abc import Awaitable, Callable
from functools import partial

import discord

from overheard import ChatFailed, Form, Person, Request
from overheard_discord.api import NAME, PLATFORM
from overheard_discord.conversation import Answers, SentMessage
from overheard_discord.layouts import MessagePage
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
    return Request(
        id=str(message.id),
        person=person_of(author),
        channel=f"{NAME}:{channel_id}",
        question=question_text(message.content, bot.id) or NO_QUESTION,
        message=referred_message,
        thread=thread,
    )


def person_of(user: discord.abc.User, *, owner: bool = False) -> Person:
    """Return a person with the ids of the person's roles; Discord tells no time zone."""
    # `Member.roles` lacks the roles of servers that have not arrived; the ids are always there.
    roles = tuple(str(role) for role in getattr(user, "_roles", ()))
    return Person(NAME, str(user.id), user.display_name, roles, owner=owner)


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


class MessageConversation(Answers):
    """Answers one message by replies, each in place of the reply before."""

    forms = False
    """Discord opens a form only after a click or a command."""

    def __init__(self, message: discord.Message, presenter: Presenter) -> None:
        super().__init__(presenter)
        self._message = message

    async def open_form(self, form: Form) -> None:
        """Raise an error: no form opens here.

        Raises:
            ChatFailed: always.
        """
        raise ChatFailed(chat=PLATFORM, reason=f"no form opens here: {form.title}")

    async def _send(self, number: int, page: MessagePage, private: bool) -> SentMessage:
        """Send a page: if private, as a direct message to the person; else the first page is a
        reply to the question, which mentions no one, and each further one a message below it.
        """
        place = self._message.author if private else self._message.channel
        send: Callable[..., Awaitable[discord.Message]] = place.send
        if not (private or number):
            reference = self._message.to_reference(fail_if_not_exists=False)
            send = partial(send, reference=reference, mention_author=False)
        return await self._send_by(send, page, private, own=True)
