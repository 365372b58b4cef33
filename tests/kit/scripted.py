"""A provider whose answers a test chooses, for tests of the code around providers."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from overheard.domain import FREE, Finish, Price, Question, Reply
from overheard.testing.fakes import EchoProvider


def reply(text: str = "Acme is good.", finish: Finish = Finish.COMPLETE, **more: Any) -> Reply:
    """Return a reply that costs nothing by default."""
    return Reply(text, finish, **{"cost_usd": 0.0, **more})


class ScriptedProvider(EchoProvider):
    """Answers by a function, and counts how many calls were under way together.

    Attributes:
        most_at_once: The largest number of them.
        pause: Seconds that each call takes.
    """

    def __init__(
        self, name: str = "svc", *, concurrency: int = 16, price: Price | None = FREE
    ) -> None:
        super().__init__(
            "Acme is good.", name=name, models=["m-1"], concurrency=concurrency, price=price
        )
        self.most_at_once = 0
        self.pause = 0.0
        self._under_way = 0

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Return the next answer."""
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        await asyncio.sleep(self.pause)
        self._under_way -= 1
        return await super().ask(question, seed=seed)


class Quiet:
    """Progress without a display; it counts the steps and keeps the titles and totals."""

    def __init__(self) -> None:
        self.steps = 0
        self.titles: list[str] = []
        self.totals: list[int] = []

    def start(self, title: str, total: int) -> None:
        """Begin."""
        self.titles.append(title)
        self.totals.append(total)

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
