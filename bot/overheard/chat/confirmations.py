"""The call of a command: in its turn, quoted first, executed if it is cheap or agreed to; and
commands that wait for a yes because they spend or remove something: stored, taken, expired.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Proposal, Step
from overheard.chat.parser import Order, named
from overheard.deployment import Call
from overheard.domain import PendingConfirmation
from overheard.errors import CommandRemoved, ConfirmationNeeded, TooBusy, UnknownCommand
from overheard.interfaces import Clock, Person, Request
from overheard.interfaces.store import ChatStateRepository
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


EXPIRY = timedelta(hours=1)
"""How long a command waits for a yes."""
REQUEST_MEMORY = timedelta(days=1)
"""How long a request is remembered; Slack sends one again for about an hour."""
SWEEP_INTERVAL = timedelta(hours=1)
"""Time between two removals of expired confirmations and requests."""
TOKEN_BYTES = 9
"""Random bytes of a token: 12 characters, which a button's words have room for."""
AGREED_USD = "agreed_usd"
"""The entry of a stored command's options that holds the price of its quote; None when it was not
known."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that waits for a yes.

    Attributes:
        order: The command and its options.
        channel: The channel, ``platform:id``.
        usd: The price of its quote in dollars; infinite when the price was not known.
    """

    order: Order
    person: Person
    channel: str
    usd: float = inf


class Pending:
    """Commands that wait for a yes, each once and for an hour, and the requests of a day.

    Both are kept in the store, so that a click after a restart does what it says, and a request
    that a chat sends again is not served again.

    Args:
        state: Stores both.
        clock: Says what time it is.
        commands: The commands that can wait.
    """

    def __init__(
        self, state: ChatStateRepository, clock: Clock, commands: Sequence[CommandSpec]
    ) -> None:
        """Keep the repository, the clock and the commands; the store is not read."""
        self._state = state
        self._clock = clock
        self._commands = commands
        self._swept: datetime | None = None

    async def first(self, request: Request) -> bool:
        """Store a request, and return whether it comes for the first time within `REQUEST_MEMORY`.

        At the first call, and then every `SWEEP_INTERVAL`, removes expired confirmations and
        requests from the store. Raises the errors of the store.
        """
        now = self._clock.now()
        if self._swept is None or now - self._swept >= SWEEP_INTERVAL:
            self._swept = now
            await self._state.forget_requests(now - REQUEST_MEMORY, now)
        return await self._state.first_request(request.person.platform, request.id, now)

    async def add(
        self, order: Order, person: Person, channel: str, unagreed: Unagreed | None = None
    ) -> str:
        """Store a command that waits for a yes until `EXPIRY` has passed, and return a new random
        token for its buttons.

        The price of the quote is stored with its options; an infinite one as None, unknown.

        Args:
            order: The command and its options.
            person: The person who asked for the command.
            channel: The channel, such as ``slack:C0123``.
            unagreed: The price of the quote, and the options that were drawn for it, which win over
                those of the order; None for a command whose price was not agreed to.
        """
        usd, drawn = (unagreed.needed.usd, unagreed.drawn) if unagreed else (0.0, {})
        options = {**order.options, **drawn, AGREED_USD: None if usd == inf else usd}
        token = secrets.token_urlsafe(TOKEN_BYTES)
        waiting = PendingConfirmation(
            token=token,
            command=order.spec.name,
            options=options,
            platform=person.platform,
            person=person.id,
            name=person.name,
            channel=channel,
            until=self._clock.now() + EXPIRY,
        )
        await self._state.add_pending(waiting)
        return token

    async def peek(self, token: str) -> Asked | None:
        """Return the command that waits for a yes under a token, which goes on waiting.

        None when it has expired, was taken, or is no command of these chats (any more).
        """
        pending = await self._state.pending(token)
        if pending is None or pending.until <= self._clock.now():
            return None
        try:
            order = named(pending.command, self._commands)
        except (CommandRemoved, UnknownCommand):
            return None
        person = Person(pending.platform, pending.person, pending.name)
        options = {**order.given, **pending.options}
        usd = options.pop(AGREED_USD, None)
        order = Order(order.spec, options)
        return Asked(order, person, pending.channel, inf if usd is None else usd)

    async def take(self, token: str) -> bool:
        """Remove a waiting command from the store; return False when it was removed before.

        Of several clicks at once, one gets True. Whether the command has expired is not checked.
        """
        return await self._state.take_pending(token)
