"""Commands that wait for a yes because they spend or remove something: stored, taken, expired."""

import secrets
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from overheard.cards.command import CommandSpec
from overheard.chat.command_call import Unagreed
from overheard.chat.parser import Order, named
from overheard.domain import PendingConfirmation
from overheard.errors import CommandRemoved, UnknownCommand
from overheard.interfaces import Clock, Person, Request
from overheard.interfaces.store import ChatStateRepository

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


class Seen:
    """The latest keys, kept in memory, so that a request that arrives twice is noticed.

    Args:
        max_keys: The number of keys that are remembered; the oldest is forgotten first.
    """

    def __init__(self, max_keys: int = 10_000) -> None:
        self._max_keys = max_keys
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def add(self, key: Hashable) -> bool:
        """Remember a key, and return True; return False for a key that is remembered already, which
        stays as old as it was.
        """
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > self._max_keys:
            self._seen.popitem(last=False)
        return True
