"""Keeping answers in groups: a transaction takes as long for one answer as for fifty."""

from __future__ import annotations

import asyncio
from types import TracebackType

from overheard.domain import Answer
from overheard.interfaces.runs import AnswerRepository

PAUSE = 0.02
"""Seconds that the first answer of a group waits for others."""

MOST = 25
"""Answers of a group at most. The calls that wait for a group go on together when it is written,
and come back together: in one large group they would fall into step, and all of them would wait
while nothing is under way."""


class WriteBatcher:
    """Writes answers that came in within `PAUSE`, or while a group was written, as groups.

    Leaving its block waits until all is written, also when the run is cancelled.

    Args:
        answers: The repository that answers are added to.
    """

    def __init__(self, answers: AnswerRepository) -> None:
        self._answers = answers
        self._waiting: list[tuple[Answer, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> WriteBatcher:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer:
            await asyncio.wait({self._writer})

    async def keep(self, answer: Answer) -> None:
        """Return when an answer is in the store for good.

        Raises:
            Exception: what the store raised.
        """
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((answer, kept))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await kept

    async def _write(self) -> None:
        try:
            while self._waiting:
                if len(self._waiting) < MOST:
                    await asyncio.sleep(PAUSE)
                group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._write_group(group)
        finally:
            self._writer = None

    async def _write_group(self, group: list[tuple[Answer, asyncio.Future[None]]]) -> None:
        failure: Exception | None = None
        try:
            await self._answers.add([answer for answer, _ in group])
        except Exception as error:  # it is raised where each answer is waited for
            failure = error
        for _, kept in group:
            if kept.done():  # whoever waited for it was cancelled
                continue
            if failure:
                kept.set_exception(failure)
            else:
                kept.set_result(None)
