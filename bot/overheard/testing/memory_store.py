"""The in-memory twin of the SQL store: the same behaviour, and nothing is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from overheard.domain import (
    Alert,
    Answer,
    Block,
    Brand,
    Catalogue,
    Finish,
    Model,
    ModelUpdate,
    Prompt,
    Run,
    RunState,
    ScoreRecord,
)

Item = TypeVar("Item")

_BLOCK_ORDER = attrgetter("at", "run_id", "prompt", "model", "brand", "metric", "version")


class MemoryStore:
    """A `overheard.interfaces.Store` in dictionaries, for tests and for trying things out."""

    def __init__(self) -> None:
        self._declared = Catalogue()
        self._brands: dict[str, Brand] = {}
        self._prompts: dict[str, Prompt] = {}
        self._runs: dict[str, Run] = {}
        self._answers: dict[tuple[int, str, str, int], Answer] = {}
        self._held: set[int] = set()
        self._paid: list[Answer] = []
        self._read: set[tuple[str, str, int]] = set()
        self._scores: dict[tuple[int, str, str, str, str], ScoreRecord] = {}
        self._blocks: dict[tuple[int, str, Model, str, str, str], Block] = {}
        self._updates: dict[tuple[Model, datetime, str], ModelUpdate] = {}
        self._alerts: dict[tuple[str, Model, int], Alert] = {}
        self._deliveries: set[tuple[int, str]] = set()

    async def close(self) -> None:
        """Do nothing; there is nothing to let go."""

    # The catalogue

    async def provision(self, catalogue: Catalogue) -> None:
        """Make the declared ones those of the configuration, and retire the others."""
        self._declared = catalogue
        # What the configuration says of a brand or prompt holds, whoever added it first.
        self._brands |= {b.name: b for b in catalogue.brands if b.name in self._brands}
        self._prompts |= {p.key: p for p in catalogue.prompts if p.key in self._prompts}

    async def catalogue(self) -> Catalogue:
        """Return what is measured now: the declared ones first, then the added ones."""
        brands = {brand.name: brand for brand in self._declared.brands}
        prompts = {prompt.key: prompt for prompt in self._declared.prompts}
        return replace(
            self._declared,
            brands=tuple((self._brands | brands)[name] for name in brands | self._brands),
            prompts=tuple((self._prompts | prompts)[key] for key in prompts | self._prompts),
        )

    async def add_brands(self, brands: Iterable[Brand]) -> None:
        """Add brands; a retired one comes back, as it is given now."""
        declared = {brand.name for brand in self._declared.brands}
        for brand in brands:
            if brand.name not in declared:
                self._brands.setdefault(brand.name, brand)

    async def add_prompts(self, prompts: Iterable[Prompt]) -> None:
        """Add prompts; a retired one comes back, as it is given now."""
        declared = {prompt.key for prompt in self._declared.prompts}
        for prompt in prompts:
            if prompt.key not in declared:
                self._prompts.setdefault(prompt.key, prompt)

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

    async def finish_run(self, run_id: int, state: RunState, at: datetime) -> None:
        """Say how and when a run ended."""
        for run in [run for run in self._runs.values() if run.id == run_id]:
            self._runs[run.key] = replace(run, state=state, finished_at=at)

    async def runs(self, *, state: RunState | None = None, limit: int | None = None) -> list[Run]:
        """Return runs, the newest first."""
        found = [run for run in self._runs.values() if state in (None, run.state)]
        return sorted(found, key=attrgetter("started_at", "id"), reverse=True)[:limit]

    async def add_answers(self, answers: Sequence[Answer]) -> list[Answer]:
        """Keep answers with what they cost."""
        return [kept for answer in answers if (kept := self._keep(answer))]

    def answers(
        self, *, runs: Collection[int] | None = None, prompts: Collection[str] | None = None
    ) -> AsyncIterator[Answer]:
        """Stream answers in the order of their numbers."""
        return _stream(
            answer
            for answer in list(self._answers.values())
            if (runs is None or answer.run_id in runs)
            and (prompts is None or answer.question.prompt.key in prompts)
        )

    async def asked(self, run_id: int) -> set[tuple[str, str, int]]:
        """Return the keys of the questions of a run that have an answer."""
        return {
            answer.question.key
            for answer in self._answers.values()
            if answer.run_id == run_id and answer.reply.finish is not Finish.FAILED
        }

    # Scores and blocks

    def unscored(self, scorer: str, version: str) -> AsyncIterator[Answer]:
        """Stream the complete answers that this version of a scorer has not read yet."""
        return _stream(
            answer
            for answer in list(self._answers.values())
            if answer.complete and (scorer, version, answer.id) not in self._read
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
    ) -> list[Block]:
        """Return blocks, the oldest first."""
        found = (
            block
            for block in self._blocks.values()
            if brand in (None, block.brand)
            and model in (None, block.model)
            and metric in (None, block.metric)
            and (since is None or block.at >= since)
        )
        return sorted(found, key=_BLOCK_ORDER)

    # Updates and alerts

    async def add_update(self, update: ModelUpdate) -> ModelUpdate:
        """Keep a model update; the same model, time and source returns the one already kept."""
        numbered = replace(update, id=len(self._updates) + 1)
        return self._updates.setdefault((update.model, update.at, update.source), numbered)

    async def updates(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return model updates, the oldest first."""
        found = [update for update in self._updates.values() if model in (None, update.model)]
        return sorted(found, key=attrgetter("at", "id"))

    async def add_alert(self, alert: Alert) -> tuple[Alert, bool]:
        """Keep an alert with its shifts, and return it; False when it was there already."""
        key = (alert.shift.brand, alert.shift.model, alert.shift.run_id)
        new = key not in self._alerts
        if new:
            self._alerts[key] = self._numbered(alert)
        return self._alerts[key], new

    async def alerts(self, *, brand: str | None = None) -> list[Alert]:
        """Return alerts, the newest first."""
        found = [alert for alert in self._alerts.values() if brand in (None, alert.shift.brand)]
        return sorted(found, key=attrgetter("opened_at", "id"), reverse=True)

    async def add_delivery(self, alert_id: int, channel: str, at: datetime) -> bool:  # noqa: ARG002 - nothing here asks when
        """Note that an alert was shown in a channel; False when it had been already."""
        new = (alert_id, channel) not in self._deliveries
        self._deliveries.add((alert_id, channel))
        return new

    # Money

    async def spent(self, *, since: datetime | None = None, run_id: int | None = None) -> float:
        """Return the dollars spent on answers."""
        found = (
            answer.reply.cost_usd or 0.0
            for answer in self._paid
            if (since is None or answer.asked_at >= since) and run_id in (None, answer.run_id)
        )
        return sum(found, 0.0)

    def _keep(self, answer: Answer) -> Answer | None:
        key = (answer.run_id, *answer.question.key)
        before = self._answers.get(key)
        if before and not _gives_way(before, answer):
            return None
        kept = replace(answer, id=before.id if before else len(self._answers) + 1)
        self._answers[key] = kept
        self._paid.append(kept)
        return kept

    def _score(self, answer: Answer, record: ScoreRecord) -> None:
        score, version = record.score, f"{record.scorer}@{record.version}"
        key = (answer.id, record.brand, record.scorer, record.version, score.metric)
        if key in self._scores:
            return
        self._scores[key] = record
        question = answer.question
        (at,) = (run.started_at for run in self._runs.values() if run.id == answer.run_id)
        stream = (answer.run_id, question.prompt.key, question.model, record.brand, score.metric)
        empty = Block(stream[0], at, *stream[1:], n=0, total=0.0, squares=0.0, version=version)
        block = self._blocks.get((*stream, version), empty)
        self._blocks[(*stream, version)] = replace(
            block,
            n=block.n + 1,
            total=block.total + score.value,
            squares=block.squares + score.value**2,
        )

    def _numbered(self, alert: Alert) -> Alert:
        first = 1 + sum(1 + len(kept.also) for kept in self._alerts.values())
        shift, *also = (
            replace(shift, id=number)
            for number, shift in enumerate((alert.shift, *alert.also), first)
        )
        return replace(alert, shift=shift, also=tuple(also), id=len(self._alerts) + 1)


def _gives_way(before: Answer, answer: Answer) -> bool:
    """Whether a failed answer is replaced; a second delivery of the same call changes nothing."""
    other_call = answer.reply.finish is not Finish.FAILED or answer.asked_at != before.asked_at
    return before.reply.finish is Finish.FAILED and other_call


async def _stream(items: Iterable[Item]) -> AsyncIterator[Item]:
    for item in items:
        yield item
