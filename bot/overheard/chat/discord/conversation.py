"""Where an interaction is answered: at once or later, in one message that changes.

Discord wants a first answer within 3 seconds and takes answers for 15 minutes. After that the
message is edited as any other of the bot's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import discord

from overheard.cards.card import Card
from overheard.chat.discord import forms
from overheard.chat.discord.embeds import Page, editing, render, sending
from overheard.chat.discord.errors import told
from overheard.chat.discord.interactions import Questions
from overheard.chat.limits import DISCORD
from overheard.interfaces import Form

ACKNOWLEDGED = 40060
"""What Discord answers when an interaction has its first answer already."""
MARGIN = 60
"""Seconds before the end of an interaction's life from which it is not relied on."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of an answer.

    Attributes:
        id: Its id; None if Discord did not tell.
        private: Whether only the person who asked sees it.
        first: Whether it is the interaction's own first answer.
        late: The message, where it is edited as any other of the bot's.
    """

    id: int | None
    private: bool
    first: bool = False
    late: discord.Message | discord.PartialMessage | None = None


class Answer:
    """The conversation of one interaction.

    Args:
        interaction: What arrived.
        questions: Of buttons, to be remembered.
        private: Whether only the person who asked sees the answer, whatever it is.
        replaces: Whether the answer takes the place of the message that was clicked.
    """

    def __init__(
        self,
        interaction: discord.Interaction[Any],
        questions: Questions,
        *,
        private: bool = False,
        replaces: bool = False,
    ) -> None:
        self._interaction = interaction
        self._questions = questions
        self._private = private
        self._clicked = _clicked(interaction) if replaces else None
        self._sent: list[Sent] = []
        self._answered = False
        self._shared = False
        self._lock = asyncio.Lock()
        self._ends = monotonic() + DISCORD.token_life - MARGIN

    @property
    def forms(self) -> bool:
        """Whether a form can be opened now: only as the first answer, and not to a form."""
        submitted = self._interaction.type is discord.InteractionType.modal_submit
        return not (self._is_acknowledged or submitted)

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card as the answer; a later one takes its place.

        Raises:
            ChatFailed: when Discord does not take it.
        """
        pages, private = render(card), private or self._private
        self._answered = True
        async with self._lock:
            with told():
                if any(sent.private != private for sent in self._sent):
                    await self._make_way()
                for number, page in enumerate(pages):
                    await self._put(number, page, private)
                await self._withdraw(len(pages))

    async def open_form(self, form: Form) -> None:
        """Ask for a command's options.

        Raises:
            ChatFailed: when Discord does not take it.
        """
        self._answered = True
        async with self._lock:
            with told():
                await self._interaction.response.send_modal(forms.modal(form))

    async def acknowledge(self) -> None:
        """Tell Discord that an answer will follow, unless there is one."""
        async with self._lock:
            if self._is_acknowledged:
                return
            with told():
                try:
                    await self._defer()
                except discord.HTTPException as error:
                    self._share(error)
            self._sent = self._deferred()

    def leave(self) -> None:
        """Answer nothing: another process does."""
        self._answered = True

    @asynccontextmanager
    async def acknowledged_after(self, seconds: float) -> AsyncIterator[None]:
        """Acknowledge what has no answer after so many seconds, and whatever ends without one."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            await self.acknowledge()

        waiting = asyncio.create_task(wait())
        try:
            yield
            if not self._answered:
                await self.acknowledge()
                await self._make_way()
        finally:
            waiting.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await waiting

    @property
    def _expired(self) -> bool:
        return monotonic() > self._ends

    async def _put(self, number: int, page: Page, private: bool) -> None:
        if number < len(self._sent):
            self._sent[number] = await self._edit(self._sent[number], page)
        elif self._expired:
            self._sent.append(await self._send_late(page, private))
        elif self._is_acknowledged:
            self._sent.append(await self._follow(page, private))
        else:
            self._sent.append(await self._respond(page, private))

    async def _respond(self, page: Page, private: bool) -> Sent:
        """Answer at once."""
        try:
            return await self._respond_first(page, private)
        except discord.HTTPException as error:
            self._share(error)
        promised = self._deferred()
        return await (self._edit(promised[0], page) if promised else self._follow(page, private))

    async def _respond_first(self, page: Page, private: bool) -> Sent:
        response, clicked = self._interaction.response, self._clicked
        if clicked and clicked.private == private:
            await response.edit_message(**editing(page, self._questions))
            return clicked
        if clicked and clicked.private:
            await response.defer()
            await self._interaction.delete_original_response()
            return await self._follow(page, private)
        done = await response.send_message(**sending(page, self._questions), ephemeral=private)
        return Sent(done.message_id, private, first=True)

    async def _defer(self) -> None:
        if self._is_click:
            await self._interaction.response.defer()
        else:
            await self._interaction.response.defer(ephemeral=self._private, thinking=True)

    def _deferred(self) -> list[Sent]:
        """Return what can be edited once an answer was promised."""
        if self._is_click:
            return [self._clicked] if self._clicked else []
        return [Sent(None, self._private, first=True)]

    def _share(self, error: discord.HTTPException) -> None:
        """Note that another process has given the first answer: that bot hands over to this one, or
        the other way round, and both hear of everything for a moment.

        Raises:
            HTTPException: when it is another error.
        """
        if error.code != ACKNOWLEDGED:
            raise error
        self._shared = True

    @property
    def _is_click(self) -> bool:
        return self._interaction.type is discord.InteractionType.component

    @property
    def _is_acknowledged(self) -> bool:
        return self._shared or self._interaction.response.is_done()

    async def _follow(self, page: Page, private: bool) -> Sent:
        content = sending(page, self._questions)
        sent = await self._interaction.followup.send(**content, ephemeral=private, wait=True)
        return Sent(sent.id, private)

    async def _edit(self, sent: Sent, page: Page) -> Sent:
        if self._expired:
            return await self._edit_late(sent, page)
        content = editing(page, self._questions)
        if sent.first:
            edited = await self._interaction.edit_original_response(**content)
            return replace(sent, id=edited.id)
        if sent.id:
            await self._interaction.followup.edit_message(sent.id, **content)
        return sent

    async def _edit_late(self, sent: Sent, page: Page) -> Sent:
        place = self._channel()
        late = sent.late
        if late is None and not sent.private and place and sent.id:
            late = place.get_partial_message(sent.id)
        if late is None:
            return await self._send_late(page, sent.private)
        await late.edit(**editing(page, self._questions))
        return replace(sent, late=late)

    async def _send_late(self, page: Page, private: bool) -> Sent:
        """Send a message that is no answer any more; what is private goes to the person alone."""
        place = (None if private else self._channel()) or self._interaction.user
        sent = await place.send(**sending(page, self._questions))
        return Sent(sent.id, private, late=sent)

    def _channel(self) -> discord.PartialMessageable | None:
        channel = self._interaction.channel_id
        return self._interaction.client.get_partial_messageable(channel) if channel else None

    async def _make_way(self) -> None:
        """Take back what others see; a question that all see stays for them."""
        if self._clicked and self._sent == [self._clicked] and not self._clicked.private:
            self._sent = []
        await self._withdraw(0)

    async def _withdraw(self, kept: int) -> None:
        """Take back the messages behind the first so many."""
        for sent in self._sent[kept:]:
            with suppress(discord.HTTPException):
                if sent.first:
                    await self._interaction.delete_original_response()
                elif sent.id:
                    await self._interaction.followup.delete_message(sent.id)
        del self._sent[kept:]


def _clicked(interaction: discord.Interaction[Any]) -> Sent | None:
    """Return the message whose button was clicked."""
    message = interaction.message
    return Sent(message.id, message.flags.ephemeral, first=True) if message else None
