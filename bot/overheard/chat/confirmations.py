"""What outlives the program: commands that wait for a yes, and which requests were served."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from overheard.cards.command import CommandSpec
from overheard.chat.parser import Order
from overheard.domain import PendingConfirmation
from overheard.interfaces import Clock, Person, Request, Store

EXPIRY = timedelta(hours=1)
REMEMBERED = timedelta(days=1)
"""How long a request is remembered; Slack sends one again for about an hour."""
SWEEP = timedelta(hours=1)
"""Time between two sweeps of what nobody waits for any more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that waits for a yes.

    Attributes:
        order: What is to be done.
        person: Who wants it.
        channel: Where.
    """

    order: Order
    person: Person
    channel: str


class Pending:
    """Commands that wait for a yes, each once and for an hour, and the requests of a day.

    They are kept in the store, so that a click after a restart does what it says, and a request
    that a chat sends again is not served again.

    Args:
        store: Keeps them.
        clock: Says what time it is.
        commands: Those that can wait.
    """

    def __init__(self, store: Store, clock: Clock, commands: Sequence[CommandSpec]) -> None:
        self._store = store
        self._clock = clock
        self._commands = {spec.name: spec for spec in commands}
        self._swept: datetime | None = None

    async def first(self, request: Request) -> bool:
        """Whether a request comes for the first time; from now on it does not."""
        now = self._clock.now()
        if self._swept is None or now - self._swept >= SWEEP:
            self._swept = now
            await self._store.forget_requests(now - REMEMBERED, now)
        return await self._store.first_request(request.person.platform, request.id, now)

    async def add(self, order: Order, person: Person, channel: str) -> str:
        """Let a command wait, and return the word that stands for it."""
        token = secrets.token_urlsafe(9)
        until = self._clock.now() + EXPIRY
        who = (person.platform, person.id, person.name)
        waiting = PendingConfirmation(token, order.spec.name, order.options, *who, channel, until)
        await self._store.add_waiting(waiting)
        return token

    async def peek(self, token: str) -> Asked | None:
        """Return a command that waits, or None."""
        found = await self._store.waiting(token)
        spec = self._commands.get(found.command) if found else None
        if found is None or spec is None or found.until <= self._clock.now():
            return None
        person = Person(found.platform, found.person, found.name)
        return Asked(Order(spec, found.options), person, found.channel)

    async def take(self, token: str) -> bool:
        """Let a command wait no longer; False when somebody else did so before."""
        return await self._store.take_waiting(token)


class Seen:
    """What has been seen before, as far back as memory is kept.

    Args:
        most: How many things are remembered.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def add(self, thing: Hashable) -> bool:
        """Remember a thing; False when it was there already."""
        if thing in self._seen:
            return False
        self._seen[thing] = None
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return True
