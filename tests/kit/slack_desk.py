"""A desk for tests of Slack: a few commands, and each request remembered."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from overheard.cards.card import Action, Card, Image
from overheard.cards.command import CommandSpec, Kind, Option
from overheard.chat.parser import spec_of
from overheard.interfaces import Chat, Conversation, Desk, Person, Request

Serve = Callable[[Request, Conversation], Awaitable[None]]


async def unused(*_: Any, **__: Any) -> Card:
    """Do nothing, as the function of a command."""
    return Card("unused")


ADD = CommandSpec(
    "brands add",
    "Measure one more brand.",
    unused,
    (
        Option("name", "What it is called.", required=True, positional=True),
        Option("aliases", "Other spellings.", many=True),
        Option("rival", "A brand it competes with.", Kind.BRAND),
        Option("models", "Which models to ask.", Kind.MODEL, many=True),
        Option("repeats", "How often.", Kind.INTEGER, default=1, low=1, high=20),
        Option("share", "A share.", Kind.NUMBER, low=0, high=1),
        Option("mode", "How.", choices=("fast", "slow"), default="fast"),
        Option("tracked", "Whether it raises alerts.", Kind.FLAG, default=True),
        Option("as_of", "Since when.", Kind.TIME),
    ),
)


@contextlib.asynccontextmanager
async def listening(chat: Chat, desk: Desk) -> AsyncIterator[None]:
    """Let a chat bring requests to a desk within the block."""
    task = asyncio.create_task(chat.run(desk))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def headers(message: dict[str, Any]) -> list[str]:
    """Return the titles in a message."""
    return [b["text"]["text"] for b in message["blocks"] if b["type"] == "header"]


class ScriptedDesk:
    """Serves requests as a test chooses.

    Attributes:
        serves: What it does with a request.
        requests: Those that came.
        asked: What was typed into menus.
        values: What it offers behind what was typed; None makes it fail.
        picture: What the App Home shows.
        card: The card that it shows until a test sets another.
    """

    def __init__(self) -> None:
        self.commands: Sequence[CommandSpec] = (ADD,)
        self.serves: Serve = self._answer
        self.requests: list[Request] = []
        self.asked: list[tuple[str, str, str]] = []
        self.askers: list[tuple[str, str]] = []
        self.values: Sequence[str] | None = [str(n) for n in range(25)]
        self.picture: Image | None = None
        self.card = Card("Pong", actions=(Action("ping again", "Again"),))

    def command_of(self, words: str) -> CommandSpec | None:
        """Return the command that words name."""
        return spec_of(words, self.commands)

    async def serve(self, request: Request, conversation: Conversation) -> bool:
        """Serve a request."""
        self.requests.append(request)
        await self.serves(request, conversation)
        return True

    async def complete(
        self, command: str, option: str, typed: str, *, person: Person, channel: str
    ) -> Sequence[str]:
        """Offer values."""
        self.askers.append((person.id, channel))
        self.asked.append((command, option, typed))
        if self.values is None:
            raise RuntimeError
        return [typed + value for value in self.values] + ["x" * 300, ""]

    async def greeting(self) -> Card:
        """Greet where the bot was invited."""
        return Card("Hello", actions=(Action("setup brand", "Set up"),))

    async def home(self, person: Person) -> Card:
        """Greet."""
        return Card(
            f"Hello {person.name}",
            person.zone,
            image=self.picture,
            actions=(Action("report", "Report"),),
        )

    async def _answer(self, _: Request, conversation: Conversation) -> None:
        await conversation.show(self.card)
