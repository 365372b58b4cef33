"""What answers say of brands: readings, scores, blocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import Answer, Block, Model, Run, ScoreRecord
from overheard_storage import tables
from overheard_storage.bulk import Adding, by_column, each_of, insert_many
from overheard_storage.database import Database, uninterrupted
from overheard_storage.marks import read_to, unread
from overheard_storage.shapes import block_of, record_of
from overheard_storage.shelf import Shelf, among
from overheard_storage.tables import (
    answers,
    blocks,
    brands,
    metrics,
    models,
    prompts,
    readings,
    runs,
    scorers,
    scores,
)

_STREAM = ("run_id", "prompt_id", "model_id", "brand_id", "metric_id", "scorer_id")
_SUMS = ("n", "total", "squares")
_BLOCK = (*_STREAM, *_SUMS, "at")
_SCORE = ("answer_id", "scorer_id", "brand_id", "metric_id", "value", "quote", "details")
_VALUE = _SCORE.index("value")
_ORDER = attrgetter("at", "run_id", "prompt", "model", "brand", "metric", "version")


@dataclass(frozen=True)
class _Numbers:
    """The numbers of the names in one delivery of scores."""

    scorer: int
    prompts: Mapping[str, int]
    models: Mapping[Model, int]
    brands: Mapping[str, int]
    metrics: Mapping[str, int]


Delivery = Sequence[tuple[Answer, Sequence[ScoreRecord]]]
Row = tuple[Any, ...]
"""A score, in the order of `_SCORE`, or a block, in the order of `_BLOCK`."""
Key = tuple[int, int, int]
"""Answer, brand and metric."""


class ScoreShelf(Shelf):
    """Scores and blocks. The Protocol `overheard.interfaces.Store` says what each method does."""

    async def unscored(
        self,
        scorer: str,
        version: str,
        *,
        seen: bool | None = None,
        newest: bool = False,
        part: Run | None = None,
    ) -> AsyncIterator[int]:
        """Stream the numbers of the complete answers that this version of a scorer has not read."""
        number = await self._registers.scorers.find(scorer, version)
        query = select(answers.c.id).where(*unread(number))
        if part is None:
            query = query.where(answers.c.id > await read_to(self._database, number))
        if seen is not None:
            query = query.where(_seen(scorer) if seen else ~_seen(scorer))
        if part is not None:
            query = query.where(*await self._within(part))
        async for row in self._stream(query, answers.c.id, newest=newest):
            yield row.id

    async def _within(self, part: Run) -> list[ColumnElement[bool]]:
        """Say that an answer is to a question of a run's panel."""
        wanted: list[ColumnElement[bool]] = [answers.c.run_id == part.id]
        if panel := part.panel:
            asked = await self._registers.prompts.known((p.key,) for p in panel.prompts)
            named = await self._registers.models.known((m.provider, m.name) for m in panel.models)
            wanted.append(among(answers.c.prompt_id, asked.values()))
            wanted.append(among(answers.c.model_id, named.values()))
        return wanted

    @uninterrupted
    async def add_scores(self, scorer: str, version: str, scores: Delivery) -> None:
        """Keep what one scorer said of some answers, and add it to their blocks."""
        if not scores:
            return
        numbers = await self._numbers(scorer, version, scores)
        async with self._database.writing() as connection:
            read = [answer.id for answer, _ in scores]
            new = await note_readings(self._database, connection, numbers.scorer, read)
            rows = _score_rows(new, scores, numbers)
            if rows:
                await insert_many(connection, tables.scores, _SCORE, list(rows.values()))
                await add_blocks(connection, _summed(rows, scores, numbers))

    async def scores(self, *, runs: Collection[int] | None = None) -> AsyncIterator[ScoreRecord]:
        """Stream scores in the order of their answers."""
        query = select(answers.c.id)
        if runs is not None:
            query = query.where(among(answers.c.run_id, runs))
        async for page in self._pages(query, answers.c.id):
            for row in await self._database.rows(records_query([row.id for row in page])):
                yield record_of(row)

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
        query = blocks_query()
        if brand is not None:
            number = await self._registers.brands.find(brand)
            query = query.where(blocks.c.brand_id == number)
        if model is not None:
            number = await self._registers.models.find(model.provider, model.name)
            query = query.where(blocks.c.model_id == number)
        if metric is not None:
            number = await self._registers.metrics.find(metric)
            query = query.where(blocks.c.metric_id == number)
        if since is not None:
            query = query.where(blocks.c.at >= since)
        if run is not None:
            query = query.where(blocks.c.run_id == run)
        # Names sort by the database's language there, and by code point here.
        return sorted(map(block_of, await self._database.rows(query)), key=_ORDER)

    async def reused_blocks(self, run_id: int) -> list[Block]:
        """Return the scores of the answers that a run reuses, summed up."""
        rows = await self._database.rows(_reused_query(run_id))
        return sorted(map(block_of, rows), key=_ORDER)

    async def _numbers(self, scorer: str, version: str, delivery: Delivery) -> _Numbers:
        questions = [answer.question for answer, _ in delivery]
        records = [record for _, records in delivery for record in records]
        return _Numbers(
            scorer=await self._registers.scorers.number(scorer, version),
            prompts=await self._registers.of_prompts(question.prompt for question in questions),
            models=await self._registers.of_models(question.model for question in questions),
            brands=await self._registers.of_brands(record.brand for record in records),
            metrics=await self._registers.of_metrics(record.score.metric for record in records),
        )


async def note_readings(
    database: Database, connection: AsyncConnection, scorer: int, answer_ids: Iterable[int]
) -> set[int]:
    """Note that a scorer has read answers; return those that it had not read before."""
    rows = [{"scorer_id": scorer, "answer_id": number} for number in sorted(set(answer_ids))]
    insert = database.insert(readings)
    if not database.is_sqlite:
        insert = insert.from_select(list(rows[0]), each_of(readings, list(rows[0])))
    new = await connection.execute(
        insert.on_conflict_do_nothing().returning(readings.c.answer_id),
        rows if database.is_sqlite else by_column(readings, rows, connection.dialect),
    )
    return set(new.scalars())


async def add_blocks(connection: AsyncConnection, summed: Sequence[Row]) -> None:
    """Add sums to the blocks of their streams.

    Args:
        connection: In the transaction that keeps the scores.
        summed: The numbers of run, prompt, model, brand, metric and scorer, then count, sum and
            sum of squares; sorted, so that two writers cannot wait for each other.
    """
    begun = await connection.execute(
        select(runs.c.id, runs.c.started_at).where(among(runs.c.id, {row[0] for row in summed}))
    )
    at = {row.id: row.started_at for row in begun}
    rows = [(*row, at[row[0]]) for row in summed]
    await insert_many(connection, blocks, _BLOCK, rows, Adding(_STREAM, _SUMS))


def _seen(scorer: str) -> ColumnElement[bool]:
    """Say that any version of a scorer has read an answer."""
    mine = select(scorers.c.id).where(scorers.c.name == scorer)
    return exists().where(readings.c.scorer_id.in_(mine), readings.c.answer_id == answers.c.id)


def blocks_query() -> Select[Any]:
    """Select blocks with their names, as `shapes.block_of` reads them."""
    return (
        select(
            *(blocks.c.run_id, blocks.c.at, blocks.c.n, blocks.c.total, blocks.c.squares),
            *(prompts.c.key.label("prompt"), models.c.provider, models.c.name.label("model")),
            *(brands.c.name.label("brand"), metrics.c.name.label("metric")),
            *(scorers.c.name.label("scorer"), scorers.c.version),
        )
        .select_from(blocks)
        .join(prompts)
        .join(models)
        .join(brands)
        .join(metrics)
        .join(scorers)
    )


def _reused_query(run_id: int) -> Select[Any]:
    """Sum the scores of the originals up, with the columns in the order of `blocks_query`."""
    keys = (
        *(answers.c.run_id, runs.c.started_at.label("at"), prompts.c.key.label("prompt")),
        *(models.c.provider, models.c.name.label("model"), brands.c.name.label("brand")),
        *(metrics.c.name.label("metric"), scorers.c.name.label("scorer"), scorers.c.version),
    )
    sums = (
        *(func.count().label("n"), func.sum(scores.c.value).label("total")),
        func.sum(scores.c.value * scores.c.value).label("squares"),
    )
    return (
        select(*keys[:2], *sums, *keys[2:])
        .select_from(answers)
        .join(scores, scores.c.answer_id == answers.c.reused_from)
        .join(runs, answers.c.run_id == runs.c.id)
        .join(prompts, answers.c.prompt_id == prompts.c.id)
        .join(models, answers.c.model_id == models.c.id)
        .join(brands, scores.c.brand_id == brands.c.id)
        .join(metrics, scores.c.metric_id == metrics.c.id)
        .join(scorers, scores.c.scorer_id == scorers.c.id)
        .where(answers.c.run_id == run_id)
        .group_by(*keys)
    )


def records_query(answer_ids: Collection[int]) -> Select[Any]:
    """Select the scores of answers with their names, as `shapes.record_of` reads them."""
    return (
        select(
            *(scores.c.answer_id, scores.c.value, scores.c.quote, scores.c.details),
            *(brands.c.name.label("brand"), metrics.c.name.label("metric")),
            *(scorers.c.name.label("scorer"), scorers.c.version),
        )
        .select_from(scores)
        .join(brands)
        .join(metrics)
        .join(scorers)
        .where(among(scores.c.answer_id, answer_ids))
        .order_by(scores.c.answer_id, scores.c.scorer_id, scores.c.brand_id, scores.c.metric_id)
    )


def _score_rows(new: Collection[int], delivery: Delivery, numbers: _Numbers) -> dict[Key, Row]:
    """Write the scores of new answers: one for each answer, brand and metric, the first given."""
    rows: dict[Key, Row] = {}
    scorer = numbers.scorer
    for answer, records in delivery:
        for record in records if answer.id in new else ():
            score = record.score
            brand, metric = numbers.brands[record.brand], numbers.metrics[score.metric]
            key = (answer.id, brand, metric)
            if key not in rows:
                told = score.details and [
                    (d.topic, d.verdict, d.stated, d.quote) for d in score.details
                ]
                rows[key] = (answer.id, scorer, brand, metric, score.value, score.quote, told)
    return rows


def _summed(rows: Mapping[Key, Row], delivery: Delivery, numbers: _Numbers) -> list[Row]:
    """Sum scores up in blocks, in an order that all writers share; when they began is missing."""
    asked = {answer.id: _asked(answer, numbers) for answer, _ in delivery}
    sums: dict[tuple[int, ...], list[float]] = {}
    for (answer_id, brand, metric), row in rows.items():
        stream = (*asked[answer_id], brand, metric, numbers.scorer)
        block = sums.setdefault(stream, [0, 0.0, 0.0])
        value = row[_VALUE]
        block[0] += 1
        block[1] += value
        block[2] += value * value
    return [(*stream, *sums[stream]) for stream in sorted(sums)]


def _asked(answer: Answer, numbers: _Numbers) -> tuple[int, int, int]:
    """Return the numbers of an answer's run, prompt and model."""
    question = answer.question
    return (answer.run_id, numbers.prompts[question.prompt.key], numbers.models[question.model])
