"""Answers of a run: copied from earlier runs where they are reused, and written in groups."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType

from overheard.domain import Answer, Block, Model, Panel, Question, Run
from overheard.errors import BadAge
from overheard.interfaces import Store
from overheard.interfaces.runs import AnswerRepository
from overheard.runs.budget import Pair
from overheard.runs.plan import TAKEN_UP_WITHIN

COPIES_PER_TRANSACTION = 200
"""Copies that are kept in one transaction."""


def parse_age(text: str) -> timedelta:
    """Read a length of time, such as ``30min``, ``24h`` or ``7d``.

    Raises:
        BadAge: when it is none.
    """
    found = re.fullmatch(r"(\d{1,5})\s*(min|h|d)", text.strip())
    if found is None:
        raise BadAge(age=text)
    return timedelta(minutes=int(found[1]) * {"min": 1, "h": 60, "d": 24 * 60}[found[2]])


async def reusable(store: Store, run: Run, age: timedelta, now: datetime) -> dict[Pair, int]:
    """Count the answers that `reuse` would find for each prompt and model."""
    copies = await _copies(store, run, age, now)
    return Counter((copy.question.prompt, copy.question.model) for copy in copies)


async def reuse(store: Store, run: Run, age: timedelta, now: datetime) -> int:
    """Answer questions of a run with answers that are not older than an age.

    Each earlier answer serves one question of a pair of prompt and model, the newest first, so
    that repeats stay different samples.

    Returns:
        How many were reused.
    """
    copies = await _copies(store, run, age, now)
    for start in range(0, len(copies), COPIES_PER_TRANSACTION):
        await store.answers.add(copies[start : start + COPIES_PER_TRANSACTION])
    return len(copies)


def merged(blocks: list[Block]) -> list[Block]:
    """Sum blocks of one stream, run and prompt up, such as those of new and reused answers."""
    sums: dict[tuple[object, ...], Block] = {}
    for block in blocks:
        key = (block.run_id, block.prompt, block.model, block.brand, block.metric, block.version)
        before = sums.get(key)
        sums[key] = block if before is None else _sum(before, block)
    return list(sums.values())


async def _copies(store: Store, run: Run, age: timedelta, now: datetime) -> list[Answer]:
    if run.panel is None:
        return []
    found = await _recent(store, run, run.panel, now - age)
    asked = await store.answers.asked(run.id)
    return [
        _copy(earlier.pop(), run, question)
        for question in run.panel.questions()
        if question.key not in asked and (earlier := found[question.prompt.key, question.model])
    ]


async def _recent(
    store: Store, run: Run, panel: Panel, since: datetime
) -> Mapping[tuple[str, Model], deque[Answer]]:
    """Return whole answers to a panel's questions, for each pair the newest last."""
    begun = since - TAKEN_UP_WITHIN  # a run goes on for a while
    runs = [
        r.id
        for r in await store.runs.find()
        if not r.aside and r.id != run.id and r.started_at >= begun
    ]
    found: dict[tuple[str, Model], deque[Answer]] = {
        (prompt.key, model): deque(maxlen=count)
        for prompt, count in panel.asks()
        for model in panel.models
    }
    prompts = [prompt.key for prompt in panel.prompts]
    async for answer in store.answers.stream(runs=runs, prompts=prompts):
        pair = (answer.question.prompt.key, answer.question.model)
        whole = answer.complete and not (answer.reused_from or answer.gone)
        fresh = whole and answer.asked_at >= since
        if fresh and pair in found:
            found[pair].append(answer)
    return found


def _copy(answer: Answer, run: Run, question: Question) -> Answer:
    reply = replace(answer.reply, cost_usd=0.0)
    return replace(
        answer, run_id=run.id, question=question, reply=reply, reused_from=answer.id, id=0
    )


def _sum(one: Block, other: Block) -> Block:
    return replace(
        one,
        n=one.n + other.n,
        total=one.total + other.total,
        squares=one.squares + other.squares,
    )


GROUP_WAIT_S = 0.02
"""Seconds that the first answer of a group waits for others."""

MAX_GROUP_ANSWERS = 25
"""Answers of a group at most. The calls that wait for a group go on together when it is written,
and come back together: in one large group they would fall into step, and all of them would wait
while nothing is under way."""


class WriteBatcher:
    """Writes answers that came in within `GROUP_WAIT_S`, or while a group was written, as groups.

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
                if len(self._waiting) < MAX_GROUP_ANSWERS:
                    await asyncio.sleep(GROUP_WAIT_S)
                group, self._waiting = (
                    self._waiting[:MAX_GROUP_ANSWERS],
                    self._waiting[MAX_GROUP_ANSWERS:],
                )
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
