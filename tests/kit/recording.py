"""A chat that records what it shows, with faults on request."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from overheard.cards.card import Card
from overheard.errors import ChatFailed
from overheard.interfaces import Desk, Finding


@dataclass
class Message:
    """A message as readers see it."""

    channel: str
    card: Card
    key: str
    thread: str = ""
    broadcast: bool = False
    edits: list[Card] = field(default_factory=list)

    @property
    def shows(self) -> Card:
        """What it shows now."""
        return self.edits[-1] if self.edits else self.card


class RecordingChat:
    """A chat in memory; it outlives the processes that post to it.

    Attributes:
        messages: All that were posted, by id.
        before: Called before anything is done, with the name of the method.
        after: Called after the post, before its caller continues.
        calls: The names of the methods that were called.
        findings: What `examine` finds.
    """

    def __init__(self, name: str = "slack") -> None:
        self.name = name
        self.messages: dict[str, Message] = {}
        self.before: Callable[[str], Awaitable[None] | None] = lambda _: None
        self.after: Callable[[str], Awaitable[None] | None] = lambda _: None
        self.calls: list[str] = []
        self.findings: list[Finding] = []
        self.closed = False

    async def run(self, desk: Desk) -> None:  # noqa: ARG002 - it receives no requests
        """Stay connected until cancelled."""
        await self._step("run")
        await asyncio.Event().wait()

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Keep a message."""
        await self._step("post")
        number = f"{len(self.messages) + 1}.0"
        self.messages[number] = Message(channel, card, key, thread, broadcast)
        await self._step("post", done=True)
        return number

    async def edit(self, channel: str, message: str, card: Card) -> None:  # noqa: ARG002
        """Change a message."""
        await self._step("edit")
        if message not in self.messages:
            raise ChatFailed(chat=self.name, reason="there is no such message")
        self.messages[message].edits.append(card)
        await self._step("edit", done=True)

    async def find(self, channel: str, key: str) -> str | None:
        """Look for a message."""
        await self._step("find")
        found = (n for n, m in self.messages.items() if (m.channel, m.key) == (channel, key))
        return next(found, None)

    async def link(self, channel: str, message: str) -> str:
        """Say where a message is read."""
        await self._step("link")
        if message not in self.messages:
            raise ChatFailed(chat=self.name, reason="there is no such message")
        return f"https://chat.example/{channel}/{message}"

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG002
        """Return the prepared findings."""
        return self.findings

    async def close(self) -> None:
        """Do nothing."""
        self.closed = True

    async def _step(self, name: str, *, done: bool = False) -> None:
        if not done:
            self.calls.append(name)
        waited = (self.after if done else self.before)(name)
        if waited is not None:
            await waited


class HandClock:
    """A clock that a test moves."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)) -> None:
        self.at = start

    def now(self) -> datetime:
        """Return the time."""
        return self.at

    def pass_(self, **units: float) -> None:
        """Let time pass."""
        self.at += timedelta(**units)


async def until(happened: Callable[[], object]) -> None:
    """Wait for something that happens in another task."""
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)


def failing(*, ambiguous: bool = False, retry_after: float | None = None) -> ChatFailed:
    """Return a failure as a platform reports it."""
    failure = ChatFailed(chat="slack", reason="it is down")
    failure.ambiguous, failure.retry_after = ambiguous, retry_after
    return failure
