"""The answers to one Discord interaction: at once or later, in messages that are edited.

Discord wants a first answer within 3 seconds and takes answers for 15 minutes. After that, the
messages are edited like the bot's other messages.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from typing import Any

import discord

from overheard import Card, Form, replace_messages
from overheard_discord import forms
from overheard_discord.api import NAME, translated_errors
from overheard_discord.layouts import MessagePage, render
from overheard_discord.limits import DISCORD
from overheard_discord.pages import MessageMark, Presenter, read_mark

ALREADY_ACKNOWLEDGED_CODE = 40060
"""Discord's error code for a second first answer to an interaction."""
TOKEN_MARGIN_S = 60
"""Seconds before its end from which an interaction's token is not used any more."""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message of an answer.

    Attributes:
        id: The message's id; None if Discord did not send the id.
        private: Whether only the person who sent the request sees the message.
        edit: discord.py's method that edits the message, which returns the message.
        delete: The method that deletes it.
        own: Whether these need no token of an interaction.
        mark: The mark of an alert's message, which an edit keeps; None for an answer.
    """

    id: int | None
    private: bool
    edit: Callable[..., Awaitable[Any]] = field(compare=False)
    delete: Callable[[], Awaitable[None]] = field(compare=False)
    own: bool = False
    mark: MessageMark | None = None


class Answers(ABC):
    """The messages that answer one request, each card in place of the card before.

    Args:
        presenter: Sends the pages of cards.
    """

    def __init__(self, presenter: Presenter) -> None:
        self._presenter = presenter
        self._sent: list[SentMessage] = []
        self._lock = asyncio.Lock()

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card as the answer, in place of the card shown before.

        The messages of that card are edited, and messages are added or deleted as the new card
        needs. In place of a card of the other kind, private or public, all messages are new. Cards
        that are shown at the same time come one after the other.

        Args:
            private: Whether only the person who sent the request sees the card.

        Raises:
            ChatFailed: when Discord refuses the card, or cannot be reached.
        """
        pages = render(card)
        async with self._lock:
            with translated_errors():
                if any(sent.private != private for sent in self._sent):
                    await self._withdraw()
                put = partial(self._put, private)
                await replace_messages(self._sent, pages, put, self._delete)

    async def _put(
        self, private: bool, number: int, page: MessagePage, sent: SentMessage | None
    ) -> SentMessage:
        """Show a page in a message of the answer, or in a new one."""
        return await (self._edit(sent, page) if sent else self._send(number, page, private))

    @abstractmethod
    async def _send(self, number: int, page: MessagePage, private: bool) -> SentMessage:
        """Send a page as a new message, and return that.

        Args:
            number: The number of the message in the answer, from 0.
            private: Whether only the person who sent the request sees it.
        """

    async def _send_by(
        self, send: Callable[..., Awaitable[Any]], page: MessagePage, private: bool, *, own: bool
    ) -> SentMessage:
        """Send a page by discord.py's method that returns the message."""
        sent = await self._presenter.show(page, send)
        return SentMessage(sent.id, private, sent.edit, sent.delete, own)

    async def _edit(self, sent: SentMessage, page: MessagePage) -> SentMessage:
        """Show a page in a message, which keeps its mark; its id is known afterwards."""
        edited = await self._presenter.show(page, sent.edit, sent.mark, edits=True)
        return replace(sent, id=edited.id)

    async def _withdraw(self) -> None:
        """Delete all messages of the answer."""
        await replace_messages(self._sent, (), partial(self._put, False), self._delete)

    async def _delete(self, sent: SentMessage) -> None:
        """Delete a message of the answer; a refusal of Discord is ignored."""
        with suppress(discord.HTTPException):
            await sent.delete()


class DiscordConversation(Answers):
    """Answers one interaction by cards or a form, each card in place of the card before.

    Args:
        presenter: Sends the pages of cards.
        private: Whether only the person who sent the request sees the answers.
        replaces: Whether the answer replaces the message that was clicked, if there is one.
        quiet: Whether only the person sees the sign that an answer follows, as for a step of the
            set-up. A private answer is always quiet.

    Attributes:
        answered: Whether there is an answer; also to be set when another process gives it, so that
            `acknowledged_after` removes no promised answer.
    """

    def __init__(
        self,
        interaction: discord.Interaction[Any],
        presenter: Presenter,
        *,
        private: bool = False,
        replaces: bool = False,
        quiet: bool = False,
    ) -> None:
        """Begin the conversation; nothing is sent yet.

        The 15 minutes for which Discord takes answers count from now.
        """
        super().__init__(presenter)
        self._interaction = interaction
        self._private = private
        self._quiet = quiet or private
        self._clicked = self._clicked_message() if replaces else None
        self.answered = False
        self._answered_by_other = False
        self._expires_at = monotonic() + DISCORD.token_life - TOKEN_MARGIN_S

    @property
    def forms(self) -> bool:
        """Whether a form can be opened now: only as the first answer, and not to a form."""
        submitted = self._interaction.type is discord.InteractionType.modal_submit
        return not (self._is_acknowledged or submitted)

    @property
    def location(self) -> tuple[str, str] | None:
        """The name of the channel, such as ``discord:123``, and the id of the answer's first
        message.

        None before there is a message, for a private one, and while its id is not known. See
        `overheard.interfaces.Located`.
        """
        sent = next(iter(self._sent), None)
        if sent is None or sent.private or sent.id is None:
            return None
        return f"{NAME}:{self._interaction.channel_id}", str(sent.id)

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card as `Answers` do; in a private conversation, only to the person."""
        self.answered = True
        await super().show(card, private=private or self._private)

    async def open_form(self, form: Form) -> None:
        """Open a form as the first answer; to be called only while `forms` is true.

        Raises:
            ChatFailed: when Discord refuses the form, or cannot be reached.
        """
        self.answered = True
        async with self._lock:
            with translated_errors():
                await self._interaction.response.send_modal(forms.modal(form))

    async def acknowledge(self) -> None:
        """Acknowledge the interaction, so that Discord waits for an answer.

        Nothing is done after a first answer. If another process has acknowledged the interaction,
        this conversation goes on with that process' first answer.

        Raises:
            ChatFailed: when Discord refuses the acknowledgement, or cannot be reached.
        """
        async with self._lock:
            if self._is_acknowledged:
                return
            response = self._interaction.response
            with translated_errors():
                try:
                    thinking = not self._is_click  # after a click, Discord shows nothing
                    await response.defer(ephemeral=self._quiet, thinking=thinking)
                except discord.HTTPException as error:
                    self._note_other_process(error)
            self._sent = self._acknowledged_messages()

    @asynccontextmanager
    async def acknowledged_after(self, seconds: float) -> AsyncIterator[None]:
        """Serve the interaction in the block, and acknowledge it if the block takes long.

        A background task acknowledges it after `seconds`, if there is no answer by then; a failure
        of this task is ignored. If the block ends without an answer, the interaction is
        acknowledged at the end, and the sign that an answer follows is removed. If the block ends
        with an error, only the background task is ended.

        Args:
            seconds: The time for a first answer, less than the 3 seconds that Discord allows.

        Raises:
            ChatFailed: when Discord refuses the acknowledgement at the end, or cannot be reached.
        """

        async def acknowledge_later() -> None:
            await asyncio.sleep(seconds)
            await self.acknowledge()

        acknowledging = asyncio.create_task(acknowledge_later())
        try:
            yield
            if not self.answered:
                await self.acknowledge()
                await self._withdraw()
        finally:
            acknowledging.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await acknowledging

    @property
    def _is_expired(self) -> bool:
        """Whether Discord takes no more answers by the interaction's token."""
        return monotonic() > self._expires_at

    async def _put(
        self, private: bool, number: int, page: MessagePage, sent: SentMessage | None
    ) -> SentMessage:
        """Show a page in a message of the answer, or in a new one.

        Without the token, which expires, the bot can edit public messages whose id is known, and
        messages that it sent itself. In place of any other, the page is sent as a new message.
        """
        if sent and self._is_expired and not sent.own:
            channel = self._channel()
            if sent.private or not (channel and sent.id):
                return await self._send(number, page, sent.private)
            message = channel.get_partial_message(sent.id)
            sent = replace(sent, edit=message.edit, delete=message.delete, own=True)
        return await super()._put(private, number, page, sent)

    async def _send(self, number: int, page: MessagePage, private: bool) -> SentMessage:  # noqa: ARG002 - all are alike
        """Send a page as the first answer, after that as a further one, and after the token has
        expired as a direct message, or as a message of the bot in the channel, if there is one.
        """
        if self._is_expired:
            place = (None if private else self._channel()) or self._interaction.user
            return await self._send_by(place.send, page, private, own=True)
        if self._is_acknowledged:
            return await self._send_further(page, private)
        return await self._respond(page, private)

    async def _respond(self, page: MessagePage, private: bool) -> SentMessage:
        """Send a page as the first answer, and return the message with the page.

        If another process has acknowledged the interaction already, the page takes the place of
        that acknowledgement; after a click that left the message as it was, the page becomes a
        further message.

        Args:
            private: Whether only the person who sent the request sees the message.
        """
        try:
            return await self._respond_first(page, private)
        except discord.HTTPException as error:
            self._note_other_process(error)
        if acknowledged := next(iter(self._acknowledged_messages()), None):
            return await self._edit(acknowledged, page)
        return await self._send_further(page, private)

    async def _respond_first(self, page: MessagePage, private: bool) -> SentMessage:
        """Send a page as the first answer, and return the message with the page.

        If the answer replaces the clicked message, and both are private or both are public, that
        message shows the page. Otherwise the page is a new message; a private clicked message,
        which a public answer replaces, is deleted before.

        Args:
            private: Whether only the person who sent the request sees a new message.

        Raises:
            discord.HTTPException: when Discord refuses the answer, also because there is one.
        """
        response, clicked = self._interaction.response, self._clicked
        if clicked and clicked.private == private:
            await self._presenter.show(page, response.edit_message, clicked.mark, edits=True)
            return clicked
        if clicked and clicked.private:
            await response.defer()
            await self._interaction.delete_original_response()
            return await self._send_further(page, private)
        send = partial(response.send_message, ephemeral=private)
        result = await self._presenter.show(page, send)
        return self._first_answer(result.message_id, private)

    def _acknowledged_messages(self) -> list[SentMessage]:
        """Return the message in which the answer to an acknowledged interaction appears, or no
        message.

        After a click, it is the clicked message if the answer replaces it; otherwise there is none.
        After a command, it is the message that says that the bot is thinking.
        """
        if self._is_click:
            return [self._clicked] if self._clicked else []
        return [self._first_answer(None, self._quiet)]

    def _note_other_process(self, error: discord.HTTPException) -> None:
        """Record that another process has answered or acknowledged the interaction.

        During a handover from one bot process to another, both receive all interactions.

        Args:
            error: The error of an answer; its code says that there is an answer already.

        Raises:
            discord.HTTPException: the error itself, when it has another code.
        """
        if error.code != ALREADY_ACKNOWLEDGED_CODE:
            raise error
        self._answered_by_other = True

    @property
    def _is_click(self) -> bool:
        """Whether the interaction is a click, or counts as one: a form that a click has opened, and
        whose answer replaces the clicked message.
        """
        kind = self._interaction.type
        is_form = kind is discord.InteractionType.modal_submit
        replaces_clicked = self._clicked is not None
        return kind is discord.InteractionType.component or (is_form and replaces_clicked)

    @property
    def _is_acknowledged(self) -> bool:
        """Whether this or another process has answered or acknowledged the interaction."""
        return self._answered_by_other or self._interaction.response.is_done()

    async def _send_further(self, page: MessagePage, private: bool) -> SentMessage:
        """Send a page as a further message after the first answer, and return that message.

        Args:
            private: Whether only the person who sent the request sees the message.
        """
        send = partial(self._interaction.followup.send, ephemeral=private, wait=True)
        return await self._send_by(send, page, private, own=False)

    def _first_answer(
        self, number: int | None, private: bool, mark: MessageMark | None = None
    ) -> SentMessage:
        """Return the interaction's first answer, or the clicked message in its place."""
        edit = self._interaction.edit_original_response
        delete = self._interaction.delete_original_response
        return SentMessage(number, private, edit, delete, mark=mark)

    def _channel(self) -> discord.PartialMessageable | None:
        """Return the interaction's channel, for messages of the bot; None if it has none."""
        channel_id = self._interaction.channel_id
        return self._interaction.client.get_partial_messageable(channel_id) if channel_id else None

    async def _withdraw(self) -> None:
        """Delete all messages of the answer.

        If the answer is only the clicked message, and others see that, it stays as it is.
        """
        if self._clicked and self._sent == [self._clicked] and not self._clicked.private:
            self._sent = []
        await super()._withdraw()

    def _clicked_message(self) -> SentMessage | None:
        """Return the message whose button was clicked, with the mark of an alert if it has one;
        None for an interaction without a message.
        """
        message = self._interaction.message
        if message is None:
            return None
        mark = read_mark(message)
        return self._first_answer(message.id, message.flags.ephemeral, mark if mark.post else None)
