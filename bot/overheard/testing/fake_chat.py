"""A chat without a platform: a test types, clicks and fills in forms, and checks the cards."""

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
    """The answers to one request; an `overheard.interfaces.Conversation`.

    Attributes:
        forms: Whether a form can be opened.
        cards: The cards in the order in which they were shown, each in place of the one before.
        private: Whether only the person who sent the request sees the last card.
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
        """The last card."""
        return self.cards[-1]

    def action(self, label: str) -> Action:
        """Return the button with a label, in the last card or in a card below it."""
        actions = [a for card in (self.card, *self.card.more) for a in card.actions]
        return next(action for action in actions if action.label == label)


class FakeChat:
    """A person at a chat.

    Args:
        desk: Serves the requests.
        forms: Whether the chat has forms.
        person: The person who types by default.
        channel: The name of the channel by default.
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
        """Type words after the root command, and return the answers."""
        return await self.bring(self.request(words=words, person=person, **more))

    async def click(self, screen: Screen, label: str, *, person: Person | None = None) -> Screen:
        """Click the button with a label, and return the answers."""
        return await self.type(screen.action(label).words, person=person, message="M1")

    async def choose(self, command: str, **options: Any) -> Screen:
        """Choose a command with its options, as in a command tree, and return the answers."""
        return await self.bring(self.request(command=command, options=options))

    async def submit(self, screen: Screen, **values: Any) -> Screen:
        """Submit the form of a screen with further values, and return the answers.

        Raises:
            LookupError: when no form was opened.
        """
        if screen.form is None:
            raise LookupError("no form was opened")
        filled: Mapping[str, Any] = {**screen.form.values, **values}
        return await self.choose(screen.form.command.name, **filled)

    def request(self, *, person: Person | None = None, **more: Any) -> Request:
        """Return a request without bringing it to the desk."""
        given = {"channel": self.channel, **more}
        return Request(f"E{next(self._numbers)}", person or self.person, **given)

    async def bring(self, request: Request, screen: Screen | None = None) -> Screen:
        """Bring a request to the desk, and return the answers."""
        screen = screen or Screen(self.forms)
        await self.desk.serve(request, screen)
        return screen
