"""Stored answers of a run: copies of earlier answers, and new answers, written in groups."""

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
from overheard.runs.cost_estimate import Pair
from overheard.runs.plan import RESUMABLE_FOR

COPIES_PER_TRANSACTION = 200
"""Copies that are stored in one transaction."""
GROUP_WAIT_S = 0.02
"""Seconds for which the first answer of a group waits for others."""
MAX_GROUP_ANSWERS = 25
"""The most answers of a group. Calls whose answers were written together begin their next calls
together; with one large group all of them would fall into step, and the service would idle."""


def parse_age(text: str) -> timedelta:
    """Return the length of time that a text means, such as ``30min``, ``24h`` or ``7d``.

    Raises:
        BadAge: when the text is not a length of time.
    """
    match = re.fullmatch(r"(\d{1,5})\s*(min|h|d)", text.strip())
    if match is None:
        raise BadAge(age=text)
    return timedelta(minutes=int(match[1]) * {"min": 1, "h": 60, "d": 24 * 60}[match[2]])


async def reusable(store: Store, run: Run, age: timedelta, now: datetime) -> dict[Pair, int]:
    """Return the number of stored answers that `reuse` would copy, by prompt and model."""
    copies = await _copies(store, run, age, now)
    return Counter((copy.question.prompt, copy.question.model) for copy in copies)


async def reuse(store: Store, run: Run, age: timedelta, now: datetime) -> int:
    """Copy answers, at most as old as ``age`` at ``now``, to the unanswered questions of a run, and
    store the copies at a cost of 0 dollars.

    Each earlier answer serves one question of a pair of prompt and model, the newest first, so that
    repeats stay different samples.

    Returns:
        The number of copies.
    """
    copies = await _copies(store, run, age, now)
    for start in range(0, len(copies), COPIES_PER_TRANSACTION):
        await store.answers.add(copies[start : start + COPIES_PER_TRANSACTION])
    return len(copies)


def summed_blocks(blocks: list[Block]) -> list[Block]:
    """Return the blocks with those of the same stream, run and prompt added up, such as those of
    new and reused answers.
    """
    sums: dict[tuple[object, ...], Block] = {}
    for block in blocks:
        key = (block.run_id, block.prompt, block.model, block.brand, block.metric, block.version)
        before = sums.get(key)
        sums[key] = block if before is None else _block_sum(before, block)
    return list(sums.values())


async def _copies(store: Store, run: Run, age: timedelta, now: datetime) -> list[Answer]:
    """Return copies of answers of other runs, at most as old as ``age`` at ``now``, for the
    unanswered questions of a run; not stored yet.
    """
    if run.panel is None:
        return []
    runs = await _recent_answers(store, run, run.panel, now - age)
    asked = await store.answers.asked(run.id)
    return [
        _copied_answer(earlier.pop(), run, question)
        for question in run.panel.questions()
        if question.key not in asked and (earlier := runs[question.prompt.key, question.model])
    ]


async def _recent_answers(
    store: Store, run: Run, panel: Panel, since: datetime
) -> Mapping[tuple[str, Model], deque[Answer]]:
    """Return the answers to a panel's questions in other runs that are complete, no copies, and
    asked at ``since`` or later; by prompt key and model, the oldest first, at most as many as the
    panel asks.
    """
    begun = since - RESUMABLE_FOR  # a run may have been resumed so long after its start
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


def _copied_answer(answer: Answer, run: Run, question: Question) -> Answer:
    """Return a copy of an answer for a question of another run, at a cost of 0 dollars, not
    stored.
    """
    reply = replace(answer.reply, cost_usd=0.0)
    return replace(
        answer, run_id=run.id, question=question, reply=reply, reused_from=answer.id, id=0
    )


def _block_sum(block: Block, other: Block) -> Block:
    """Return a block with the counts, sums and sums of squares of two blocks of the same stream,
    run and prompt.
    """
    return replace(
        block,
        n=block.n + other.n,
        total=block.total + other.total,
        squares=block.squares + other.squares,
    )


class WriteBatcher:
    """Writes answers to the store in groups of those that arrive within `GROUP_WAIT_S` or during a
    write.

    At the end of its ``async with`` block it waits until all answers are written, also when the run
    is cancelled.

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
        """Wait until all answers that were given to `keep` are written."""
        if self._writer:
            await asyncio.wait({self._writer})

    async def keep(self, answer: Answer) -> None:
        """Store an answer; return when the answer is committed.

        Raises:
            Exception: the error of the store, for each answer of the failed group.
        """
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((answer, kept))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_groups())
        await kept

    async def _write_groups(self) -> None:
        """Store the waiting answers in groups of at most `MAX_GROUP_ANSWERS` until no answer is
        waiting.
        """
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
        """Store a group of answers in one transaction, and tell each waiting `keep` that its answer
        is stored, or the error.
        """
        failure: Exception | None = None
        try:
            await self._answers.add([answer for answer, _ in group])
        except Exception as error:  # raised in each `keep`
            failure = error
        for _, kept in group:
            if kept.done():  # its `keep` was cancelled
                continue
            if failure:
                kept.set_exception(failure)
            else:
                kept.set_result(None)
