"""Stored answers of a run: copies of earlier answers, and new answers, written in groups."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from overheard.domain import Answer, Block, Model, Pair, Panel, Question, Run
from overheard.errors import BadUsage
from overheard.interfaces import Store
from overheard.interfaces.runs import AnswerRepository
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

    The text is a whole number of at most five digits and one of the three units. Spaces around the
    text and before the unit are ignored.

    Raises:
        BadUsage: when the text has another form.
    """
    match = re.fullmatch(r"(\d{1,5})\s*(min|h|d)", text.strip())
    if match is None:
        problem = f'The age "{text}" is no length of time'
        raise BadUsage(problem=problem, usage="30min, 24h or 7d")
    return timedelta(minutes=int(match[1]) * {"min": 1, "h": 60, "d": 24 * 60}[match[2]])


async def reusable(store: Store, run: Run, age: timedelta, now: datetime) -> dict[Pair, int]:
    """Return the number of stored answers that `reuse` would copy to a run, by prompt and model; a
    pair without such an answer is missing. Nothing is stored. ``age`` is the largest age of an
    answer at ``now``.
    """
    copies = await _copies(store, run, age, now)
    return Counter((copy.question.prompt, copy.question.model) for copy in copies)


async def reuse(store: Store, run: Run, age: timedelta, now: datetime) -> int:
    """Copy answers of other runs to the unanswered questions of a run, and store the copies at a
    cost of 0 dollars.

    A question gets an answer to the same prompt by the same model, the newest first. Each earlier
    answer is copied once, so that repeats stay different samples.

    Args:
        run: A stored run; a run without a panel gets no copies.
        age: The largest age of an answer at ``now``.
        now: The current time.

    Returns:
        The number of copies.

    Raises:
        StoreError: when the database fails; copies of earlier transactions, of
            `COPIES_PER_TRANSACTION` each, stay stored.
    """
    copies = await _copies(store, run, age, now)
    for start in range(0, len(copies), COPIES_PER_TRANSACTION):
        await store.answers.add(copies[start : start + COPIES_PER_TRANSACTION])
    return len(copies)


def summed_blocks(blocks: list[Block]) -> list[Block]:
    """Return blocks with one for each run, prompt, model, brand, metric and version: several blocks
    of these, such as those of new and of reused answers, are added up.

    The sums are in the order of the first block of each.
    """
    sums: dict[tuple[object, ...], Block] = {}
    for block in blocks:
        key = (block.run_id, block.prompt, block.model, block.brand, block.metric, block.version)
        before = sums.get(key)
        sums[key] = block if before is None else _block_sum(before, block)
    return list(sums.values())


async def _copies(store: Store, run: Run, age: timedelta, now: datetime) -> list[Answer]:
    """Return copies of answers of other runs for the unanswered questions of a run; not stored.

    The copied answers are at most as old as ``age`` at ``now``. The copies are in the order of the
    panel's questions; a question without an earlier answer has none. The newest answer of a prompt
    and model is copied first, and each answer once. Empty for a run without a panel.
    """
    if run.panel is None:
        return []
    recent = await _recent_answers(store, run, run.panel, now - age)
    asked = await store.answers.asked(run.id)
    return [
        _copied_answer(earlier.pop(), run, question)
        for question in run.panel.questions()
        if question.key not in asked and (earlier := recent[question.prompt.key, question.model])
    ]


async def _recent_answers(
    store: Store, run: Run, panel: Panel, since: datetime
) -> Mapping[tuple[str, Model], deque[Answer]]:
    """Return recent answers of other runs to a panel's questions.

    Left out are incomplete answers, copies, answers whose text was removed, answers asked before
    ``since``, and runs outside the history.
    """
    earliest_start = since - RESUMABLE_FOR  # a run may have been resumed so long after its start
    runs = [
        other.id
        for other in await store.runs.find()
        if not other.aside and other.id != run.id and other.started_at >= earliest_start
    ]
    found: dict[tuple[str, Model], deque[Answer]] = {
        (prompt.key, model): deque(maxlen=count)
        for prompt, count in panel.asks()
        for model in panel.models
    }
    prompts = [prompt.key for prompt in panel.prompts]
    async for answer in store.answers.stream(runs=runs, prompts=prompts):
        pair = (answer.question.prompt.key, answer.question.model)
        is_original = answer.complete and not (answer.reused_from or answer.gone)
        if is_original and answer.asked_at >= since and pair in found:
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
    """

    def __init__(self, answers: AnswerRepository) -> None:
        self._answers = answers
        self._waiting: list[tuple[Answer, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> WriteBatcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait until all answers that were given to `keep` are written, or their writing has
        failed; an error of the ``async with`` block is raised afterwards.
        """
        if self._writer:
            await asyncio.wait({self._writer})

    async def keep(self, answer: Answer) -> None:
        """Store an answer, in one transaction with answers that arrive at about the same time;
        return when the answer is committed.

        A caller that is cancelled does not stop the writing of its answer.

        Raises:
            Exception: the error of the store; raised for each answer of the failed transaction.
        """
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((answer, kept))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_groups())
        await kept

    async def _write_groups(self) -> None:
        """Store the waiting answers in groups, the oldest first, until no answer is waiting.

        A group has at most `MAX_GROUP_ANSWERS` answers. A group that would be smaller waits
        `GROUP_WAIT_S` for more answers. `keep` starts this task again for later answers.
        """
        try:
            while self._waiting:
                if len(self._waiting) < MAX_GROUP_ANSWERS:
                    await asyncio.sleep(GROUP_WAIT_S)
                group = self._waiting[:MAX_GROUP_ANSWERS]
                del self._waiting[:MAX_GROUP_ANSWERS]
                await self._write_group(group)
        finally:
            self._writer = None

    async def _write_group(self, group: list[tuple[Answer, asyncio.Future[None]]]) -> None:
        """Store a group of answers in one transaction, and end the wait of each `keep` call."""
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
