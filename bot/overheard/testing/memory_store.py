"""The in-memory twin of the SQL store: the same behaviour, and nothing is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from overheard.domain import (
    UNFINISHED,
    Answer,
    Block,
    BlockTable,
    Census,
    Finish,
    Model,
    ModelUpdate,
    Payer,
    Run,
    RunState,
    ScoreRecord,
    ServedModelCount,
    tabulate,
)
from overheard.testing.memory_alerts import MemoryAlerts
from overheard.testing.memory_batches import MemoryBatches
from overheard.testing.memory_catalogue import MemoryCatalogue
from overheard.testing.memory_census import census
from overheard.testing.memory_editions import MemoryEditions
from overheard.testing.memory_finetuning import MemoryFinetuning
from overheard.testing.memory_money import MemoryMoney
from overheard.testing.memory_operations import MemoryOperations
from overheard.testing.memory_retaining import MemoryRetention
from overheard.testing.memory_talks import MemoryTalks
from overheard.testing.memory_watch import MemoryWatch, servings
from overheard.testing.memory_working import MemoryWorking

Item = TypeVar("Item")

_BLOCK_ORDER = attrgetter("at", "run_id", "prompt", "model", "brand", "metric", "version")


class MemoryStore(
    MemoryCatalogue,
    MemoryMoney,
    MemoryBatches,
    MemoryAlerts,
    MemoryOperations,
    MemoryEditions,
    MemoryFinetuning,
    MemoryTalks,
    MemoryWatch,
    MemoryWorking,
    MemoryRetention,
):
    """A `overheard.interfaces.Store` in dictionaries, for tests and for trying things out."""

    def __init__(self) -> None:
        MemoryCatalogue.__init__(self)
        MemoryMoney.__init__(self)
        MemoryBatches.__init__(self)
        MemoryAlerts.__init__(self)
        MemoryOperations.__init__(self)
        MemoryEditions.__init__(self)
        MemoryFinetuning.__init__(self)
        MemoryTalks.__init__(self)
        MemoryWatch.__init__(self)
        MemoryWorking.__init__(self)
        self._runs: dict[str, Run] = {}
        self._answers: dict[tuple[int, str, str, int], Answer] = {}
        self._held: set[int] = set()
        self._read: set[tuple[str, str, int]] = set()
        self._scores: dict[tuple[int, str, str, str, str], ScoreRecord] = {}
        self._blocks: dict[tuple[int, str, Model, str, str, str], Block] = {}
        self._updates: dict[tuple[Model, datetime, str], ModelUpdate] = {}

    async def close(self) -> None:
        """Do nothing; there is nothing to let go."""

    async def census(self, versions: Collection[str]) -> Census:
        """Count what is there."""
        return census(
            self._runs.values(),
            self._alerts.values(),
            self._deliveries.values(),
            self._answers.values(),
            {answer for name, version, answer in self._read if f"{name}@{version}" in versions},
        )

    # Runs and answers

    async def start_run(self, run: Run) -> Run:
        """Keep a run; a known key returns the run already kept.

        An imported run, which has no panel, begins no later than it is given.
        """
        kept = self._runs.setdefault(run.key, replace(run, id=len(self._runs) + 1))
        if not (kept.panel or run.panel) and run.started_at < kept.started_at:
            kept = self._runs[run.key] = replace(kept, started_at=run.started_at)
            for key in [key for key in self._blocks if key[0] == kept.id]:
                self._blocks[key] = replace(self._blocks[key], at=run.started_at)
        return kept

    @asynccontextmanager
    async def holding(self, run_id: int) -> AsyncIterator[bool]:
        """Hold a run while the block lasts."""
        if run_id in self._held:
            yield False
            return
        self._held.add(run_id)
        try:
            yield True
        finally:
            self._held.discard(run_id)

    async def steer_run(self, run_id: int, state: RunState) -> bool:
        """Ask a run that has not ended to pause, to go on or to be given up."""
        found = [r for r in self._runs.values() if r.id == run_id and r.state in UNFINISHED]
        self._runs |= {run.key: replace(run, state=state) for run in found}
        return bool(found)

    async def run_state(self, run_id: int) -> RunState:
        """Return where a run stands just now."""
        (state,) = (run.state for run in self._runs.values() if run.id == run_id)
        return state

    async def finish_run(self, run_id: int, state: RunState, at: datetime) -> None:
        """Say how and when a run ended."""
        for run in [run for run in self._runs.values() if run.id == run_id]:
            self._runs[run.key] = replace(run, state=state, finished_at=at)

    async def runs(
        self,
        *,
        state: RunState | None = None,
        label: str | None = None,
        aside: bool | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Run]:
        """Return runs, the newest first."""
        found = [
            run
            for run in self._runs.values()
            if state in (None, run.state)
            and label in (None, run.label)
            and aside in (None, run.aside)
            and (until is None or run.started_at <= until)
        ]
        return sorted(found, key=attrgetter("started_at", "id"), reverse=True)[:limit]

    async def add_answers(self, answers: Sequence[Answer]) -> list[Answer]:
        """Keep answers with what they cost."""
        return [kept for answer in answers if (kept := self._keep(answer))]

    def answers(
        self,
        *,
        runs: Collection[int] | None = None,
        prompts: Collection[str] | None = None,
        numbers: Collection[int] | None = None,
    ) -> AsyncIterator[Answer]:
        """Stream answers in the order of their numbers."""
        return _stream(
            answer
            for answer in list(self._answers.values())
            if (runs is None or answer.run_id in runs)
            and (prompts is None or answer.question.prompt.key in prompts)
            and (numbers is None or answer.id in numbers)
        )

    async def run(self, number: int) -> Run | None:
        """Return a run by its number, or None."""
        return next((run for run in self._runs.values() if run.id == number), None)

    async def asked(
        self, run_id: int, *, prompts: Collection[str] | None = None
    ) -> set[tuple[str, str, int]]:
        """Return the keys of the questions of a run that have an answer."""
        return {
            answer.question.key
            for answer in self._answers.values()
            if answer.run_id == run_id
            and answer.reply.finish is not Finish.FAILED
            and (prompts is None or answer.question.prompt.key in prompts)
        }

    async def count_answers(self, run_id: int) -> int:
        """Return how many questions of a run have an answer."""
        return len(await self.asked(run_id))

    # Scores and blocks

    def unscored(
        self,
        scorer: str,
        version: str,
        *,
        seen: bool | None = None,
        newest: bool = False,
        part: Run | None = None,
    ) -> AsyncIterator[int]:
        """Stream the numbers of the complete answers that this version of a scorer has not read."""
        read = {key[2] for key in self._read if key[0] == scorer}
        found = self._scorable()
        return _stream(
            answer.id
            for answer in (reversed(found) if newest else found)
            if (scorer, version, answer.id) not in self._read
            and (seen is None or (answer.id in read) == seen)
            and (part is None or _within(part, answer))
        )

    async def add_scores(
        self, scorer: str, version: str, scores: Sequence[tuple[Answer, Sequence[ScoreRecord]]]
    ) -> None:
        """Keep what one scorer said of some answers, and add it to their blocks."""
        for answer, records in scores:
            if (scorer, version, answer.id) not in self._read:
                self._read.add((scorer, version, answer.id))
                for record in records:
                    self._score(answer, record)

    def scores(self, *, runs: Collection[int] | None = None) -> AsyncIterator[ScoreRecord]:
        """Stream scores in the order of their answers."""
        wanted = {a.id for a in self._answers.values() if runs is None or a.run_id in runs}
        found = [record for record in self._scores.values() if record.answer_id in wanted]
        return _stream(sorted(found, key=attrgetter("answer_id")))

    async def blocks(
        self,
        *,
        brand: str | None = None,
        model: Model | None = None,
        metric: str | None = None,
        since: datetime | None = None,
        run: int | None = None,
    ) -> list[Block]:
        """Return blocks, the oldest first."""
        found = (
            block
            for block in self._blocks.values()
            if brand in (None, block.brand)
            and model in (None, block.model)
            and metric in (None, block.metric)
            and (since is None or block.at >= since)
            and run in (None, block.run_id)
        )
        return sorted(found, key=_BLOCK_ORDER)

    async def block_table(
        self,
        brands: Collection[str] | None = None,
        *,
        model: Model | None = None,
        metric: str | None = None,
        until: datetime | None = None,
    ) -> BlockTable:
        """Return the blocks of some brands by column."""
        found = await self.blocks(model=model, metric=metric)
        return tabulate(
            block
            for block in found
            if (brands is None or block.brand in brands) and (until is None or block.at <= until)
        )

    async def reused_blocks(self, run_id: int) -> list[Block]:
        """Return the scores of the answers that a run reuses, summed up."""
        blocks: dict[tuple[int, str, Model, str, str, str], Block] = {}
        for copy in [a for a in self._answers.values() if a.run_id == run_id and a.reused_from]:
            for key, record in self._scores.items():
                if key[0] == copy.reused_from:
                    self._add(blocks, copy, record)
        return sorted(blocks.values(), key=_BLOCK_ORDER)

    # Updates

    async def served(self, *, runs: Collection[int] | None = None) -> list[ServedModelCount]:
        """Return who served the complete answers of some runs, or of all."""
        return servings(list(self._answers.values()), runs)

    async def add_update(self, update: ModelUpdate) -> ModelUpdate:
        """Keep a model update; the same model, time and source returns the one already kept."""
        number = max((kept.id for kept in self._updates.values()), default=0) + 1
        key = (update.model, update.at, update.source)
        return self._updates.setdefault(key, replace(update, id=number))

    async def remove_update(self, number: int) -> bool:
        """Forget a model update by its number; False when there is none."""
        for key, update in self._updates.items():
            if update.id == number:
                del self._updates[key]
                return True
        return False

    async def updates(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return model updates, the oldest first."""
        found = [update for update in self._updates.values() if model in (None, update.model)]
        return sorted(found, key=attrgetter("at", "id"))

    def _keep(self, answer: Answer) -> Answer | None:
        key = (answer.run_id, *answer.question.key)
        before = self._answers.get(key)
        if before and not _gives_way(before, answer):
            return None
        kept = replace(answer, id=before.id if before else len(self._answers) + 1)
        self._answers[key] = kept
        payers = [run.payer for run in self._runs.values() if run.id == kept.run_id]
        self._pay(kept, payers[0] if payers else Payer(kept.run_id))
        return kept

    def _score(self, answer: Answer, record: ScoreRecord) -> None:
        score = record.score
        key = (answer.id, record.brand, record.scorer, record.version, score.metric)
        if key not in self._scores:
            self._scores[key] = record
            self._add(self._blocks, answer, record)

    def _add(
        self,
        blocks: dict[tuple[int, str, Model, str, str, str], Block],
        answer: Answer,
        record: ScoreRecord,
    ) -> None:
        """Add a score to the block of an answer."""
        score, version = record.score, f"{record.scorer}@{record.version}"
        question = answer.question
        (at,) = (run.started_at for run in self._runs.values() if run.id == answer.run_id)
        stream = (answer.run_id, question.prompt.key, question.model, record.brand, score.metric)
        empty = Block(stream[0], at, *stream[1:], n=0, total=0.0, squares=0.0, version=version)
        block = blocks.get((*stream, version), empty)
        blocks[(*stream, version)] = replace(
            block,
            n=block.n + 1,
            total=block.total + score.value,
            squares=block.squares + score.value**2,
        )


def _within(part: Run, answer: Answer) -> bool:
    """Say whether an answer is to a question of a run's panel."""
    question, panel = answer.question, part.panel
    return answer.run_id == part.id and (
        panel is None
        or (
            question.model in panel.models
            and question.prompt.key in {prompt.key for prompt in panel.prompts}
        )
    )


def _gives_way(before: Answer, answer: Answer) -> bool:
    """Whether a failed answer is replaced; a second delivery of the same call changes nothing."""
    other_call = answer.reply.finish is not Finish.FAILED or answer.asked_at != before.asked_at
    return before.reply.finish is Finish.FAILED and other_call


async def _stream(items: Iterable[Item]) -> AsyncIterator[Item]:
    for item in items:
        yield item
