"""The answers to one Discord interaction: at once or later, in messages that are edited.

Discord wants a first answer within 3 seconds and takes answers for 15 minutes. After that, the
messages are edited like the bot's other messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Any

import discord

from overheard.cards.card import Card
from overheard.chat.discord import forms
from overheard.chat.discord.api import NAME, translated_errors
from overheard.chat.discord.layouts import MessagePage, render
from overheard.chat.discord.pages import MessageMark, Presenter, read_mark
from overheard.chat.limits import DISCORD
from overheard.interfaces import Form

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
        first: Whether the message is the interaction's first answer.
        has_components: Whether the message shows components, which embeds cannot replace.
        mark: The mark of an alert's message, which an edit keeps; None for an answer.
        late: The message, once it is edited without the interaction's token.
    """

    id: int | None
    private: bool
    first: bool = False
    has_components: bool = False
    mark: MessageMark | None = None
    late: discord.Message | discord.PartialMessage | None = None


class DiscordConversation:
    """Answers one interaction; see `overheard.interfaces.Conversation`.

    Args:
        interaction: The interaction.
        presenter: Sends the pages of cards.
        private: Whether only the person who sent the request sees the answers.
        replaces: Whether the answer replaces the message that was clicked.
        quiet: Whether only the person sees the sign that an answer follows, as for a step of the
            set-up.
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
        """Begin the conversation; its token expires after `DISCORD.token_life` seconds."""
        self._interaction = interaction
        self._presenter = presenter
        self._private = private
        self._quiet = quiet or private
        self._clicked = _clicked_message(interaction) if replaces else None
        self._sent: list[SentMessage] = []
        self._answered = False
        self._answered_by_other = False
        self._lock = asyncio.Lock()
        self._ends = monotonic() + DISCORD.token_life - TOKEN_MARGIN_S

    @property
    def forms(self) -> bool:
        """Whether a form can be opened now: only as the first answer, and not to a form."""
        submitted = self._interaction.type is discord.InteractionType.modal_submit
        return not (self._is_acknowledged or submitted)

    @property
    def location(self) -> tuple[str, str] | None:
        """The channel (``discord:id``) and the id of the answer's first message; None when there is
        no message yet, or a private one.

        See `overheard.interfaces.Located`.
        """
        sent = next(iter(self._sent), None)
        if sent is None or sent.private or sent.id is None:
            return None
        return f"{NAME}:{self._interaction.channel_id}", str(sent.id)

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card as the answer, in place of the card shown before; messages are edited or
        deleted.

        Args:
            card: The card to show.
            private: Whether only the person who sent the request sees the card.

        Raises:
            ChatFailed: when Discord refuses the card.
        """
        pages, private = render(card), private or self._private
        self._answered = True
        async with self._lock:
            with translated_errors():
                if any(sent.private != private for sent in self._sent):
                    await self._withdraw_all()
                for number, page in enumerate(pages):
                    await self._put_page(number, page, private)
                await self._withdraw_after(len(pages))

    async def open_form(self, form: Form) -> None:
        """Open a form as the first answer.

        Raises:
            ChatFailed: when Discord refuses the form.
        """
        self._answered = True
        async with self._lock:
            with translated_errors():
                await self._interaction.response.send_modal(forms.modal(form))

    async def acknowledge(self) -> None:
        """Acknowledge the interaction, so that Discord waits for an answer; does nothing after a
        first answer.

        Raises:
            ChatFailed: when Discord refuses the acknowledgement.
        """
        async with self._lock:
            if self._is_acknowledged:
                return
            with translated_errors():
                try:
                    await self._defer()
                except discord.HTTPException as error:
                    self._note_other_process(error)
            self._sent = self._deferred_messages()

    def leave_to_other_process(self) -> None:
        """Send no answer and no acknowledgement, because another process answers."""
        self._answered = True

    @asynccontextmanager
    async def acknowledged_after(self, seconds: float) -> AsyncIterator[None]:
        """Acknowledge the interaction when it is unanswered after some seconds, or at the end of
        the block.

        A block that ends without an answer removes the promised answer.
        """

        async def wait() -> None:
            await asyncio.sleep(seconds)
            await self.acknowledge()

        waiting = asyncio.create_task(wait())
        try:
            yield
            if not self._answered:
                await self.acknowledge()
                await self._withdraw_all()
        finally:
            waiting.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await waiting

    @property
    def _expired(self) -> bool:
        return monotonic() > self._ends

    async def _put_page(self, number: int, page: MessagePage, private: bool) -> None:
        """Show a page as a message of the answer: edit the message, or send it.

        Args:
            number: The index of the message in the answer, from 0.
            page: The page.
            private: Whether only the person who sent the request sees the message.
        """
        if number < len(self._sent):
            self._sent[number] = await self._edit_message(self._sent[number], page)
        elif self._expired:
            self._sent.append(await self._send_late(page, private))
        elif self._is_acknowledged:
            self._sent.append(await self._send_further(page, private))
        else:
            self._sent.append(await self._respond(page, private))

    async def _respond(self, page: MessagePage, private: bool) -> SentMessage:
        """Send a page as the first answer, and return the message with the page.

        If another process has sent the first answer already, the page becomes a further message.

        Args:
            page: The page.
            private: Whether only the person who sent the request sees the message.
        """
        try:
            return await self._respond_first(page, private)
        except discord.HTTPException as error:
            self._note_other_process(error)
        promised = self._deferred_messages()
        return await (
            self._edit_message(promised[0], page) if promised else self._send_further(page, private)
        )

    async def _respond_first(self, page: MessagePage, private: bool) -> SentMessage:
        """Send a page as the first answer, in place of the clicked message if the answer replaces
        it.

        Returns the message with the page.

        Raises:
            HTTPException: when Discord refuses the answer, also because there is one already.
        """
        response, clicked = self._interaction.response, self._clicked
        if clicked and clicked.private == private:
            await self._replace(clicked, page, response.edit_message)
            return clicked
        if clicked and clicked.private:
            await response.defer()
            await self._interaction.delete_original_response()
            return await self._send_further(page, private)
        send = partial(response.send_message, ephemeral=private)
        result = await self._presenter.send(page, send)
        return SentMessage(result.message_id, private, first=True)

    async def _defer(self) -> None:
        """Acknowledge the interaction; a command then "is thinking", a click shows no sign."""
        if self._is_click:
            await self._interaction.response.defer()
        else:
            await self._interaction.response.defer(ephemeral=self._quiet, thinking=True)

    def _deferred_messages(self) -> list[SentMessage]:
        """Return the messages that an acknowledged interaction can edit: the clicked message, or
        its first answer.
        """
        if self._is_click:
            return [self._clicked] if self._clicked else []
        return [SentMessage(None, self._quiet, first=True)]

    def _note_other_process(self, error: discord.HTTPException) -> None:
        """Record that another process has sent the first answer.

        During a handover from one bot process to another, both receive all interactions.

        Raises:
            HTTPException: when the error has another code.
        """
        if error.code != ALREADY_ACKNOWLEDGED_CODE:
            raise error
        self._answered_by_other = True

    @property
    def _is_click(self) -> bool:
        """Whether the interaction is a click, or a form that was opened by a click and whose answer
        replaces the clicked message.
        """
        kind = self._interaction.type
        in_place = kind is discord.InteractionType.modal_submit and self._clicked is not None
        return kind is discord.InteractionType.component or in_place

    @property
    def _is_acknowledged(self) -> bool:
        return self._answered_by_other or self._interaction.response.is_done()

    async def _send_further(self, page: MessagePage, private: bool) -> SentMessage:
        """Send a further message after the first answer."""
        send = partial(self._interaction.followup.send, ephemeral=private, wait=True)
        sent = await self._presenter.send(page, send)
        return SentMessage(sent.id, private)

    async def _edit_message(self, sent: SentMessage, page: MessagePage) -> SentMessage:
        """Show a page in a message that was sent before, and return the message with its id."""
        if self._expired:
            return await self._edit_late(sent, page)
        if sent.first:
            edited = await self._replace(sent, page, self._interaction.edit_original_response)
            return replace(sent, id=edited.id)
        if sent.id:
            edit = partial(self._interaction.followup.edit_message, sent.id)
            await self._replace(sent, page, edit)
        return sent

    async def _replace(self, sent: SentMessage, page: MessagePage, edit: Callable[..., Any]) -> Any:
        """Replace the content of a message, which keeps its mark.

        Args:
            sent: The message.
            page: The new content.
            edit: Edits the message with discord.py's arguments; its result is returned.
        """
        return await self._presenter.edit(page, edit, sent.mark, has_components=sent.has_components)

    async def _edit_late(self, sent: SentMessage, page: MessagePage) -> SentMessage:
        """Show a page in a message after the interaction has expired; return the message with the
        page.

        A private message cannot be edited any more: the page is sent again.
        """
        place = self._channel()
        late = sent.late
        if late is None and not sent.private and place and sent.id:
            late = place.get_partial_message(sent.id)
        if late is None:
            return await self._send_late(page, sent.private)
        await self._replace(sent, page, late.edit)
        return replace(sent, late=late)

    async def _send_late(self, page: MessagePage, private: bool) -> SentMessage:
        """Send a message after the interaction has expired; a private one as a direct message."""
        place = (None if private else self._channel()) or self._interaction.user
        sent = await self._presenter.send(page, place.send)
        return SentMessage(sent.id, private, late=sent)

    def _channel(self) -> discord.PartialMessageable | None:
        channel = self._interaction.channel_id
        return self._interaction.client.get_partial_messageable(channel) if channel else None

    async def _withdraw_all(self) -> None:
        """Delete all messages of the answer, but not a clicked message that others see."""
        if self._clicked and self._sent == [self._clicked] and not self._clicked.private:
            self._sent = []
        await self._withdraw_after(0)

    async def _withdraw_after(self, count: int) -> None:
        """Delete the messages of the answer after the first `count`; refusals of Discord are
        ignored.
        """
        for sent in self._sent[count:]:
            with suppress(discord.HTTPException):
                if sent.first:
                    await self._interaction.delete_original_response()
                elif sent.id:
                    await self._interaction.followup.delete_message(sent.id)
        del self._sent[count:]


def _clicked_message(interaction: discord.Interaction[Any]) -> SentMessage | None:
    """Return the message whose button was clicked, with its mark; None for a command."""
    message = interaction.message
    if message is None:
        return None
    flags, mark = message.flags, read_mark(message)
    return SentMessage(
        message.id,
        flags.ephemeral,
        first=True,
        has_components=flags.components_v2,
        mark=mark if mark.post else None,
    )
