"""Long work in a chat: one message that says how far it is, until the result takes its place."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Style
from overheard.interfaces import Conversation

FIRST_CARD_DELAY_S = 1.0
"""Seconds before anything is said; most commands are done by then."""

EDIT_INTERVAL_S = 2.0
"""Seconds between two edits; a chat takes about one message a second in a channel."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Meter:
    """What the work has come to that progress does not tell.

    Attributes:
        run: The key of the run that is under way.
        spent: Dollars.
    """

    run: str
    spent: float


Look = Callable[[], Awaitable[Meter | None]]
"""Finds the run that the work belongs to, if there is one by now."""


class ChatProgress:
    """Shows how far a command is, if it takes long; `shown` surrounds the work.

    Args:
        conversation: Where.
        title: What is being done.
        look: Finds the run that belongs to it.
        patience: Seconds before the first card.
        pause: Seconds between two cards.
        private: Whether only the person who asked sees it, as they alone see the result.

    Attributes:
        was_shown: Whether a card has been shown.
    """

    def __init__(
        self,
        conversation: Conversation,
        title: str,
        look: Look,
        *,
        patience: float = FIRST_CARD_DELAY_S,
        pause: float = EDIT_INTERVAL_S,
        private: bool = False,
    ) -> None:
        self._conversation = conversation
        self._title = title
        self._look = look
        self._patience = patience
        self._pause = pause
        self._private = private
        self._ended = asyncio.Event()
        self.was_shown = False
        self._step = ""
        self._total = self._done = 0
        self._began = monotonic()

    def start(self, title: str, total: int) -> None:
        """Begin a piece of work of so many steps (0: nobody knows); ends the one before."""
        self._step, self._total, self._done = title, total, 0
        self._began = monotonic()

    def advance(self, steps: int = 1) -> None:
        """Say that steps are done."""
        self._done += steps

    def finish(self) -> None:
        """Say that the work is done or given up."""
        self._step, self._total, self._done = "", 0, 0

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Show progress while the block lasts; what is being shown is shown before it ends."""
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self._ended.set()
            await watch

    async def _watch(self) -> None:
        wait = self._patience
        while not await self._has_ended(wait):
            try:
                card = self._card(await self._look())
                self.was_shown = True
                await self._conversation.show(card, private=self._private)
            except Exception:  # the work goes on, and its result may well be shown
                log.warning("Progress of %s was not shown.", self._title, exc_info=True)
            wait = self._pause

    async def _has_ended(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        return self._ended.is_set()

    def _card(self, meter: Meter | None) -> Card:
        stop = f"runs cancel {meter.run}" if meter else ""
        return Card(
            title=f"Working on it: {self._title}",
            text=f"{self._step} …" if self._step else "",
            fields=tuple(self._fields(meter)),
            actions=(Action(stop, "Stop", Style.DANGER, "Stop this run?"),) if stop else (),
        )

    def _fields(self, meter: Meter | None) -> list[Field]:
        fields = []
        if self._total:
            fields.append(Field("Done", f"{self._done:,} of {self._total:,}"))
        if meter:
            fields.append(Field("Spent", wording.money(meter.spent)))
        if self._total and 0 < self._done < self._total:
            left = (monotonic() - self._began) / self._done * (self._total - self._done)
            fields.append(Field("Time left", f"about {wording.duration(left)}"))
        return fields
