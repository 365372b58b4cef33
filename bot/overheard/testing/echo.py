"""A provider and a judge client whose answers a test chooses."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from overheard.domain import FREE, Finish, Price, Question, Reply


class EchoProvider:
    """A provider with given answers; without any, it answers with the prompt's text.

    Args:
        answers: The answers to one question after the other; the last is repeated. A text becomes
            a complete `Reply` that costs nothing, and an exception is raised.
        name: The name of the provider's table.
        models: The ids of the provider's models.
        concurrency: How many calls may run at a time.
        price: The price of all models.

    Attributes:
        answer: A function from a question to an answer, or to an awaitable of an answer; a test
            may set it to answer by the question.
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
        self.name = name
        self.concurrency = concurrency
        self.asked: list[Question] = []
        self.seeds: list[int] = []
        self.closed = False
        self._models = tuple(models)
        self._price = price
        self._turns = _turns(answers)
        self.answer: Callable[[Question], object] = self._in_turn

    def models(self) -> Sequence[str]:
        """Return the ids of the provider's models."""
        return self._models

    def price(self, model: str) -> Price | None:  # noqa: ARG002 - all its models cost the same
        """Return the price that was given to the provider."""
        return self._price

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Note a question, and return or raise the next answer."""
        self.asked.append(question)
        self.seeds.append(seed)
        answer = self.answer(question)
        return _replied(await answer if inspect.isawaitable(answer) else answer)

    async def close(self) -> None:
        """Note the call."""
        self.closed = True

    def _in_turn(self, question: Question) -> object:
        return next(self._turns, question.prompt.text)


class EchoAsker:
    """An `overheard.JudgeClient` with given answers, as those of an `EchoProvider`.

    Attributes:
        asked: The texts, in the order of the calls.
    """

    def __init__(self, *answers: str | Reply | BaseException) -> None:
        self.asked: list[str] = []
        self._turns = _turns(answers)

    async def ask(self, text: str) -> Reply:
        """Note a text, and return or raise the next answer."""
        self.asked.append(text)
        return _replied(next(self._turns, text))


def _turns(answers: Sequence[object]) -> Iterator[object]:
    yield from answers
    while answers:
        yield answers[-1]


def _replied(answer: object) -> Reply:
    if isinstance(answer, BaseException):
        raise answer
    if isinstance(answer, str):
        return Reply(answer, Finish.COMPLETE, cost_usd=0.0)
    return cast("Reply", answer)  # a test may pass an object of another type on purpose
