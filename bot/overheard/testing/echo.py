"""Who answers as a test says: a provider, and the asker of a judge."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from overheard.domain import FREE, Finish, Price, Question, Reply


class EchoProvider:
    """A provider that says what it is told to, or else what it is asked.

    Args:
        answers: What it says to one question after the other; the last one stays. A text becomes a
            whole `Reply` that costs nothing, an error is raised. Without any it echoes the prompt.
        name: Of its table.
        models: The ids of its models.
        concurrency: How many calls it may be given at a time.
        price: What its models charge.

    Attributes:
        answer: From a question to what it says, also an awaitable of it; set it to decide by
            the question.
        asked: The questions, in the order in which they came.
        seeds: The seed that came with each.
        closed: Whether it was closed.
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
        """Return the ids of its models."""
        return self._models

    def price(self, model: str) -> Price | None:  # noqa: ARG002 - all its models cost the same
        """Return what it was told to charge."""
        return self._price

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Answer as told."""
        self.asked.append(question)
        self.seeds.append(seed)
        answer = self.answer(question)
        return _replied(await answer if inspect.isawaitable(answer) else answer)

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    def _in_turn(self, question: Question) -> object:
        return next(self._turns, question.prompt.text)


class EchoAsker:
    """An `overheard.JudgeClient` for tests of a judge: it answers as an `EchoProvider` does.

    Attributes:
        asked: The texts, in the order in which they came.
    """

    def __init__(self, *answers: str | Reply | BaseException) -> None:
        self.asked: list[str] = []
        self._turns = _turns(answers)

    async def ask(self, text: str) -> Reply:
        """Answer as told."""
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
    return cast("Reply", answer)  # a test may want to see what nonsense does
