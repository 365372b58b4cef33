"""A chat without a platform: a test types, clicks and fills in forms, and reads the cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from overheard.cards.card import Action, Card
from overheard.interfaces import Desk, Form, Person, Request

ADA = Person("fake", "U1", "Ada")
GENERAL = "fake:general"


@dataclass
class Screen:
    """What one request showed; an `overheard.interfaces.Conversation`.

    Attributes:
        forms: Whether a form can be opened.
        cards: The cards in the order in which they were shown, each in the place of the last.
        private: Whether only the person who asked sees the last one.
        form: The form that was opened, or None.
    """

    forms: bool = False
    cards: list[Card] = field(default_factory=list)
    private: bool = False
    form: Form | None = None

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card."""
        self.cards.append(card)
        self.private = private

    async def open_form(self, form: Form) -> None:
        """Open a form."""
        self.form = form

    @property
    def card(self) -> Card:
        """What is shown in the end."""
        return self.cards[-1]

    def action(self, label: str) -> Action:
        """Return the button with this label, of the last card or one below it."""
        actions = [a for card in (self.card, *self.card.more) for a in card.actions]
        return next(action for action in actions if action.label == label)


class FakeChat:
    """Somebody at a chat.

    Args:
        desk: Who serves the requests.
        forms: Whether the chat has forms.
        person: Who types, unless told otherwise.
        channel: Where, unless told otherwise.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        forms: bool = False,
        person: Person = ADA,
        channel: str = GENERAL,
    ) -> None:
        self.desk = desk
        self.forms = forms
        self.person = person
        self.channel = channel
        self._numbers = count(1)

    async def type(self, words: str, *, person: Person | None = None, **more: Any) -> Screen:
        """Type something behind the root command, and return what it showed."""
        return await self.bring(self.request(words=words, person=person, **more))

    async def click(self, screen: Screen, label: str, *, person: Person | None = None) -> Screen:
        """Click a button."""
        return await self.type(screen.action(label).words, person=person, message="M1")

    async def choose(self, command: str, **options: Any) -> Screen:
        """Choose a command with its options, as in a tree or a form."""
        return await self.bring(self.request(command=command, options=options))

    async def submit(self, screen: Screen, **values: Any) -> Screen:
        """Fill in a form and send it; what was filled in already stays."""
        if screen.form is None:
            raise LookupError("no form was opened")
        filled: Mapping[str, Any] = {**screen.form.values, **values}
        return await self.choose(screen.form.command.name, **filled)

    def request(self, *, person: Person | None = None, **more: Any) -> Request:
        """Make a request that nobody has brought yet."""
        given = {"channel": self.channel, **more}
        return Request(f"E{next(self._numbers)}", person or self.person, **given)

    async def bring(self, request: Request, screen: Screen | None = None) -> Screen:
        """Bring a request to the desk, and return what it showed."""
        screen = screen or Screen(self.forms)
        await self.desk.serve(request, screen)
        return screen
