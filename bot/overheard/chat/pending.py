"""Commands that wait for a yes."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta

from overheard.chat.parsing import Order
from overheard.interfaces import Clock, Person

EXPIRY = timedelta(hours=1)
MOST = 1_000
"""Commands that wait at a time; the oldest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command that waits for a yes.

    Attributes:
        order: What is to be done.
        person: Who wants it.
        channel: Where.
        until: When it is forgotten.
    """

    order: Order
    person: Person
    channel: str
    until: datetime


class Pending:
    """Commands that wait for a yes: each once, for an hour, until the program ends.

    Args:
        clock: Says what time it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()

    def add(self, order: Order, person: Person, channel: str) -> str:
        """Let a command wait, and return the word that stands for it."""
        token = secrets.token_urlsafe(9)
        until = self._clock.now() + EXPIRY
        self._waiting[token] = Waiting(order, person, channel, until)
        while len(self._waiting) > MOST:
            self._waiting.popitem(last=False)
        return token

    def peek(self, token: str) -> Waiting | None:
        """Return a command that waits, or None."""
        found = self._waiting.get(token)
        return found if found and found.until > self._clock.now() else None

    def take(self, token: str) -> Waiting | None:
        """Return a command that waits, which then waits no longer, or None."""
        found = self.peek(token)
        self._waiting.pop(token, None)
        return found


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
