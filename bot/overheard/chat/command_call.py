"""The call of a command: in its turn, quoted first, executed if it is cheap or agreed to."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from overheard.cards.card import Card
from overheard.cards.command import Proposal, Step
from overheard.chat.parser import Order
from overheard.deployment import Call
from overheard.errors import ConfirmationNeeded, TooBusy
from overheard.session import Session

SLOTS = 2
"""Commands that run at a time."""
SLOT_LIFETIME_S = 10.0
"""Seconds after which a command that still runs no longer holds its slot."""
MAX_WAITING = 1_000
"""Commands that wait for a slot: about half a minute of work, in little memory."""
CUT_OFF_TIMEOUT_S = 0.6
"""How long the card about a command that was cut off may take: the process is about to end."""


class CommandSlots:
    """Limits how many commands run at a time, first come, first served.

    Args:
        slots: The number of commands that run at a time.
        lifetime_s: Seconds after which a command's slot is free for the next command. The first
            command goes on: a long command holds up no other for longer than this.
        max_waiting: The number of commands that may wait; further commands are refused.
    """

    def __init__(
        self,
        slots: int = SLOTS,
        lifetime_s: float = SLOT_LIFETIME_S,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        """Begin with `slots` free slots and no caller that waits."""
        self._free = asyncio.Semaphore(slots)
        self._lifetime_s = lifetime_s
        self._max_waiting = max_waiting
        self._waiting = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot, first come, first served, and hold it within the block.

        After the slot's lifetime the next command gets it, while the block goes on.

        Raises:
            TooBusy: when no slot is free and `max_waiting` commands wait already; nothing is held
                then.
        """
        await self._acquire()
        loop = asyncio.get_running_loop()
        early_release = loop.call_later(self._lifetime_s, self._free.release)
        try:
            yield
        finally:
            if early_release.when() > loop.time():
                early_release.cancel()
                self._free.release()

    async def _acquire(self) -> None:
        """Wait for a free slot and take it; the caller has to release it."""
        if self._free.locked() and self._waiting >= self._max_waiting:
            raise TooBusy(waiting=self._waiting)
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1


PRICE_TOLERANCE = 1.1
"""A command that waited is asked about again when its price has risen by more than this factor."""


@dataclass(slots=True)
class Stage:
    """The progress of a command from quote to execution.

    Attributes:
        quoting: Whether the command has only been quoted so far.
    """

    quoting: bool = False


@dataclass(frozen=True, slots=True)
class Unagreed:
    """A command that needs a yes.

    Attributes:
        needed: The question for the person, with the price.
        drawn: Options that the quote has drawn at random, by name; with them, the same work is
            proposed again after the yes.
    """

    needed: ConfirmationNeeded
    drawn: Mapping[str, Any]


async def run_command(
    order: Order,
    call: Call | Session,
    *,
    agreed_usd: float = 0.0,
    free_usd: float = 0.0,
    stage: Stage | None = None,
) -> Card | Step | Unagreed:
    """Quote a command, and execute it if it is cheap enough or the person has agreed to its price.

    A command without a price and without a question is executed at once. An agreed price covers a
    quote up to `PRICE_TOLERANCE` times as high, because the price may change while a command waits.

    Args:
        order: The command and its options.
        call: The call, or a session for a command that needs no open deployment.
        agreed_usd: The price in US dollars to which the person said yes; infinite for a yes to any
            price or to a change, 0 without a yes.
        free_usd: The most US dollars that may be spent without a yes.
        stage: Its `quoting` becomes False when the command is executed; a question leaves it.

    Returns:
        The command's result; `Unagreed` when the person has to say yes first, and then nothing was
        done.

    Raises:
        OverheardError: what the command raises, such as a model that cannot be asked.
    """
    spec, stage = order.spec, stage or Stage()
    try:
        confirmed = {"agreed": agreed_usd > 0} if spec.confirms and not spec.spends else {}
        result = await spec.run(call, **order.options, **confirmed)
    except ConfirmationNeeded as needed:
        if agreed_usd or needed.usd > free_usd:
            return Unagreed(needed, {})
        result = await spec.run(call, **order.options, agreed=True)
    if isinstance(result, Proposal):
        if result.usd > max(free_usd, agreed_usd * PRICE_TOLERANCE):
            return Unagreed(ConfirmationNeeded(price=result.price, usd=result.usd), result.drawn)
        stage.quoting = False
        return await result.execute()
    stage.quoting = False
    return result
