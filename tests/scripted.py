"""A provider that answers as it is told, for tests of what happens around it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from overheard.domain import FREE, Finish, Price, Question, Reply


def reply(text: str = "Acme is good.", finish: Finish = Finish.COMPLETE, **more: Any) -> Reply:
    """Return a reply that costs nothing, unless told otherwise."""
    return Reply(text, finish, **{"cost_usd": 0.0, **more})


class ScriptedProvider:
    """Answers by a function, and remembers what it was asked.

    Attributes:
        answer: From a question to a reply, or to an error that is raised.
        asked: The questions, in the order in which they came.
        seeds: The seed that came with each.
        most_at_once: The largest number of calls that were under way together.
    """

    def __init__(
        self, name: str = "svc", *, concurrency: int = 2, price: Price | None = FREE
    ) -> None:
        self.name = name
        self.concurrency = concurrency
        self.answer: Callable[[Question], object] = lambda _: reply()
        self.asked: list[Question] = []
        self.seeds: list[int] = []
        self.most_at_once = 0
        self._under_way = 0
        self._price = price

    def models(self) -> Sequence[str]:
        """Return one model."""
        return ["m-1"]

    def price(self, model: str) -> Price | None:  # noqa: ARG002 - all its models cost the same
        """Return what it was told to charge."""
        return self._price

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Answer as told."""
        self.asked.append(question)
        self.seeds.append(seed)
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        await asyncio.sleep(0)
        self._under_way -= 1
        answer = self.answer(question)
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, BaseException):
            raise answer
        return cast("Reply", answer)  # some tests let it return nonsense

    async def close(self) -> None:
        """Do nothing."""


class Quiet:
    """Progress that nobody watches; it counts the steps."""

    def __init__(self) -> None:
        self.steps = 0

    def start(self, title: str, total: int) -> None:
        """Begin."""

    def advance(self, steps: int = 1) -> None:
        """Count."""
        self.steps += steps

    def finish(self) -> None:
        """End."""


class SteppingClock:
    """A clock that goes on by a second each time it is read."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the time."""
        self._now += timedelta(seconds=1)
        return self._now
