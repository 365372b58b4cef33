"""Fakes for tests: a provider, a judge client, a clock and a chat, and questions and answers."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, cast

from overheard.cards.card import Action, Card
from overheard.domain import (
    FREE,
    Answer,
    Brand,
    Fact,
    Finish,
    Model,
    Price,
    Prompt,
    Question,
    Reading,
    Reply,
)
from overheard.interfaces import Desk, Form, Person, Request
from overheard.reading.reader import Reader


class EchoProvider:
    """A provider with given answers; without answers, it repeats the prompt's text.

    Args:
        answers: The answers to one question after the other; the last is repeated. A text becomes
            a complete `Reply` that costs nothing, and an exception is raised.
        name: The name of the provider's table.
        models: The ids of the provider's models.
        concurrency: The largest number of concurrent calls.
        price: The price of all models.

    Attributes:
        answer: A function from a question to an answer, or to an awaitable of an answer; a test
            may replace it.
        asked: The questions, in the order of the calls.
        seeds: The seeds, in the same order.
        closed: Whether `close` was called.
    """

    def __init__(
        self,
        *answers: str | Reply | BaseException,
        name: str = "echo",
        models: Sequence[str] = ("echo-1",),
        concurrency: int = 4,
        price: Price | None = FREE,
    ) -> None:
        """Begin without calls. Without ``answers`` each answer is the prompt's text."""
        refuse_text(models, "models")
        self.name = name
        self.concurrency = concurrency
        self.asked: list[Question] = []
        self.seeds: list[int] = []
        self.closed = False
        self._models = tuple(models)
        self._price = price
        self._turns = _turns(answers)
        self.answer: Callable[[Question], object] = lambda question: next(
            self._turns, question.prompt.text
        )

    def models(self) -> Sequence[str]:
        """Return the ids of the provider's models."""
        return self._models

    def price(self, model: str) -> Price | None:  # noqa: ARG002 - all its models cost the same
        """Return the price that was given to the provider."""
        return self._price

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Record a question and its seed, and return the answer that `answer` gives as a reply; an
        answer that is an exception is raised.
        """
        self.asked.append(question)
        self.seeds.append(seed)
        answer = self.answer(question)
        return _replied(await answer if inspect.isawaitable(answer) else answer)

    async def close(self) -> None:
        """Record the call."""
        self.closed = True


class EchoAsker:
    """An `overheard.JudgeClient` with given answers, as those of an `EchoProvider`.

    Attributes:
        asked: The texts, in the order of the calls.
    """

    def __init__(self, *answers: str | Reply | BaseException) -> None:
        self.asked: list[str] = []
        self._turns = _turns(answers)

    async def ask(self, text: str) -> Reply:
        """Record a text, and return or raise the next answer; the text itself without answers."""
        self.asked.append(text)
        return _replied(next(self._turns, text))


def refuse_text(given: object, what: str) -> None:
    """Raise TypeError when a single text is given where several values are wanted."""
    if isinstance(given, str):
        raise TypeError(f"{what} has to be a list, such as [{given[:20]!r}], and not a text")


def _turns(answers: Sequence[object]) -> Iterator[object]:
    """Yield answers one after another, then the last one without end; nothing without answers."""
    yield from answers
    while answers:
        yield answers[-1]


def _replied(answer: object) -> Reply:
    """Return an answer as a reply: a text as a complete reply at a cost of 0 dollars, any other
    object unchanged; raise an answer that is an exception.
    """
    if isinstance(answer, BaseException):
        raise answer
    if isinstance(answer, str):
        return Reply(answer, Finish.COMPLETE, cost_usd=0.0)
    return cast("Reply", answer)  # a test may pass an object of another type on purpose


NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""The time in tests by default: a Monday."""


class FixedClock:
    """An `overheard.interfaces.Clock` that moves only by `advance`.

    Args:
        now: The time at the start; aware, in UTC.
    """

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time."""
        return self._now

    def advance(self, **by: float) -> None:
        """Move the time forward, as in ``advance(hours=2)``; the arguments are `timedelta`'s."""
        self._now += timedelta(**by)


ADA = Person("fake", "U1", "Ada")
GENERAL = "fake:general"


@dataclass
class Screen:
    """The answers to one request; an `overheard.interfaces.Conversation`.

    Attributes:
        forms: Whether a form can be opened.
        cards: The cards in the order in which they were shown, each in place of the card before.
        private: Whether only the person who sent the request sees the last card.
        form: The form that was opened, or None.
    """

    forms: bool = False
    cards: list[Card] = field(default_factory=list)
    private: bool = False
    form: Form | None = None

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Append a card to `cards`."""
        self.cards.append(card)
        self.private = private

    async def open_form(self, form: Form) -> None:
        """Keep a form as the opened form."""
        self.form = form

    @property
    def card(self) -> Card:
        """The last card."""
        return self.cards[-1]

    def action(self, label: str) -> Action:
        """Return the first button with a label, in the last card or in a card below it.

        Raises:
            StopIteration: when there is no such button.
        """
        actions = [a for card in (self.card, *self.card.more) for a in card.actions]
        return next(action for action in actions if action.label == label)


class FakeChat:
    """A person at a chat, who sends requests to the desk.

    Args:
        desk: Serves the requests.
        forms: Whether the chat has forms.
        person: The person who types by default.
        channel: The name of the channel by default.
    """

    def __init__(
        self, desk: Desk, *, forms: bool = False, person: Person = ADA, channel: str = GENERAL
    ) -> None:
        """Begin without requests; the next request has the id ``E1``."""
        self.desk = desk
        self.forms = forms
        self.person = person
        self.channel = channel
        self._numbers = count(1)

    async def type(self, words: str, *, person: Person | None = None, **more: Any) -> Screen:
        """Type words after the root command, and return the answers.

        Args:
            words: The words, such as ``run brand:Acme``.
            person: Who types; None for the chat's person.
            more: Other fields of the `Request`, such as ``channel``.
        """
        return await self.bring(self.request(words=words, person=person, **more))

    async def click(self, screen: Screen, label: str, *, person: Person | None = None) -> Screen:
        """Click the first button with a label on a screen, and return the answers.

        Raises:
            StopIteration: when there is no such button.
        """
        return await self.type(screen.action(label).words, person=person, message="M1")

    async def choose(self, command: str, **options: Any) -> Screen:
        """Send a command, given by its name, with the values of its options, as from a menu of
        commands, and return the answers.
        """
        return await self.bring(self.request(command=command, options=options))

    async def submit(self, screen: Screen, **values: Any) -> Screen:
        """Submit the form of a screen, and return the answers.

        Args:
            screen: The screen with the opened form.
            values: Values by field, which go before those that the form shows.

        Raises:
            LookupError: when no form was opened.
        """
        if screen.form is None:
            raise LookupError("no form was opened")
        filled: Mapping[str, Any] = {**screen.form.values, **values}
        return await self.choose(screen.form.command.name, **filled)

    def request(self, *, person: Person | None = None, **more: Any) -> Request:
        """Return a request with a new id, by the chat's person and in its channel unless others are
        given; it is not sent to the desk. ``more`` are other fields of the `Request`.
        """
        given = {"channel": self.channel, **more}
        return Request(f"E{next(self._numbers)}", person or self.person, **given)

    async def bring(self, request: Request, screen: Screen | None = None) -> Screen:
        """Send a request to the desk, and return the screen with its answers: ``screen`` or, for
        None, a new one.
        """
        screen = screen or Screen(self.forms)
        await self.desk.serve(request, screen)
        return screen


ACME, ZENITH = Brand("Acme", domains=("acme.com",)), Brand("Zenith")
FACTS = (Fact("Acme", "price", "$20 a month"), Fact("Acme", "founded", "2014"))
ASKED = "Which one is best? Größe, 大きさ, \U0001f600"
TEXTS = (
    "Acme is good. Zenith is better.",
    "Nobody is named here.",
    "",
    " \n\t",
    "Acme",
    "?!… — ()[]{}<>|\\/`*_~#",
    "Acme \U0001f600 är bra, и Acme хорош. Acmeは良いです。Acme는 좋아요. عربي Acme עברית.",
    "a\u0301 Acme\u200b\u202e\x00 \U0001d4d0 \ufffd",
    "Acme is fine, says everybody who has tried it. " * 2_000,
    "Acme" + "e" * 50_000,
    "# Acme\n\n| a | b |\n|---|---|\n| Acme | `x` |\n\n<b>Acme</b> [link](https://acme.com)",
    "\n".join(f"{n}. Acme, $ {n}: 50 % off since 20{n % 100:02}" for n in range(1, 500)),
)
"""Answers of all sorts: usual, silent, empty, in other scripts, invisible, huge, full of markup."""


def question(text: str = ASKED, model: str = "svc/m-1") -> Question:
    """Return a question with a text, to a model."""
    return Question(Prompt(text), Model.parse(model))


def readings(
    texts: Iterable[str] = TEXTS,
    brand: Brand = ACME,
    competitors: Sequence[Brand] = (ZENITH,),
    facts: Sequence[Fact] = FACTS,
) -> list[Reading]:
    """Return the readings of answers, as a scorer receives them, in the order of the texts.

    Args:
        texts: The answers' texts; by default `TEXTS`.
        brand: The brand that is scored.
        competitors: The brand's competitors.
        facts: The brand's fact sheet.

    Raises:
        TypeError: for a single text in place of several.
    """
    refuse_text(texts, "texts")
    reader = Reader([brand, *competitors])
    answers = (Answer(1, question(), Reply(text, Finish.COMPLETE), NOW) for text in texts)
    return [reader.read(answer).reading(brand, competitors, facts) for answer in answers]
