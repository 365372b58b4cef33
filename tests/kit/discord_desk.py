"""A desk with a few commands, whose answers a test chooses."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from overheard.cards.card import Action, Card
from overheard.cards.command import CommandSpec, Kind, Option, Role
from overheard.chat.parser import spec_of
from overheard.interfaces import Conversation, Form, Person, Request

BRANDS = ("Acme", "Ajax, Inc", "Zeta")


async def nothing(_: object) -> Card:
    """Do nothing: the desk answers itself."""
    return Card("")


async def filled(_: object, **__: object) -> Mapping[str, Any]:
    """Fill in nothing."""
    return {}


SPECS = (
    CommandSpec(
        "check",
        "Ask the models what buyers ask.",
        nothing,
        options=(
            Option("brands", "Which", Kind.BRAND, many=True, positional=True),
            Option("repeats", "How often", Kind.INTEGER, low=1, high=9, default=1),
            Option("as_of", "Since when", Kind.TIME),
            Option("detail", "How much", choices=("little", "all")),
        ),
        role=Role.OPERATOR,
        spends=True,
    ),
    CommandSpec("spend", "What was spent.", nothing, private=True),
    CommandSpec("brands list", "All brands.", nothing),
    CommandSpec(
        "brands add",
        "Add a brand.",
        nothing,
        options=(
            Option("aliases", "Other spellings", many=True),
            Option("name", "Its name", required=True, positional=True),
            Option("domains", "Its addresses", many=True),
            Option("category", "What it is"),
            Option("tracked", "Whether it raises alerts", Kind.FLAG, default=True),
            Option("weight", "How much it counts", Kind.NUMBER),
        ),
        role=Role.ADMIN,
    ),
    CommandSpec(
        "brands edit",
        "Change a brand.",
        nothing,
        options=(
            Option("brand", "Which", Kind.BRAND, required=True, positional=True),
            Option("category", "What it is"),
        ),
        role=Role.ADMIN,
        fill=filled,
    ),
)


class ScriptedDesk:
    """Answers every request with the same cards, one after the other.

    Attributes:
        requests: What arrived.
        gate: While it is shut, nothing is answered.
        form: What is opened instead.
        between: What happens between two cards.
        pause: Seconds before it answers.
        always_public: Whether it shows private commands' answers to all.
        cancelled: How many requests were cut off.
    """

    def __init__(self, *cards: Card, private: bool = False, form: Form | None = None) -> None:
        self.cards = cards
        self.private = private
        self.form = form
        self.between: Callable[[], Awaitable[None]] | None = None
        self.requests: list[Request] = []
        self.askers: list[tuple[str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.pause = 0.0
        self.always_public = False
        self.cancelled = 0
        self._specs = {spec.name: spec for spec in SPECS}

    @property
    def commands(self) -> Sequence[CommandSpec]:
        """All commands."""
        return SPECS

    def command_of(self, words: str) -> CommandSpec | None:
        """Return the command that words name."""
        return spec_of(words, SPECS)

    async def serve(self, request: Request, conversation: Conversation) -> bool:
        """Serve a request."""
        self.requests.append(request)
        try:
            await self.gate.wait()
            await asyncio.sleep(self.pause)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.form and conversation.forms:
            await conversation.open_form(self.form)
            return True
        spec = self._specs.get(request.command)
        private = self.private or bool(spec and spec.private and not self.always_public)
        for number, card in enumerate(self.cards):
            if number and self.between:
                await self.between()
            await conversation.show(card, private=private)
        return True

    async def complete(
        self,
        command: str,  # noqa: ARG002
        option: str,  # noqa: ARG002
        typed: str,
        *,
        person: Person,
        channel: str,
    ) -> Sequence[str]:
        """Return brands."""
        self.askers.append((person.id, channel))
        return [brand for brand in BRANDS if typed.lower() in brand.lower()]

    async def greeting(self) -> Card:
        """Greet where the bot was invited."""
        return Card("Hello", actions=(Action("setup brand", "Set up"),))

    async def home(self, person: Person) -> Card:  # noqa: ARG002
        """Return an empty card."""
        return Card("Home")
