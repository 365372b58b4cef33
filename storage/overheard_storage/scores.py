"""What answers say of brands: readings, scores, blocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import COMPLETE, Answer, Block, Model, ScoreRecord
from overheard_storage import tables
from overheard_storage.database import uninterrupted
from overheard_storage.runs import answers_query
from overheard_storage.shapes import answer_of, block_of, record_of
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
Row = dict[str, Any]


class ScoreShelf(Shelf):
    """Scores and blocks. The Protocol `overheard.interfaces.Store` says what each method does."""

    async def unscored(self, scorer: str, version: str) -> AsyncIterator[Answer]:
        """Stream the complete answers that this version of a scorer has not read yet."""
        read = exists().where(
            readings.c.scorer_id == await self._registers.scorers.find(scorer, version),
            readings.c.answer_id == answers.c.id,
        )
        query = answers_query().where(answers.c.finish.in_(COMPLETE), ~read)
        async for row in self._stream(query, answers.c.id):
            yield answer_of(row)

    @uninterrupted
    async def add_scores(self, scorer: str, version: str, scores: Delivery) -> None:
        """Keep what one scorer said of some answers, and add it to their blocks."""
        if not scores:
            return
        numbers = await self._numbers(scorer, version, scores)
        async with self._database.writing() as connection:
            new = await self._read(connection, numbers.scorer, [answer.id for answer, _ in scores])
            rows = _score_rows(new, scores, numbers)
            if rows:
                await connection.execute(tables.scores.insert(), list(rows.values()))
                await self._add_blocks(connection, _summed(rows, scores, numbers))

    async def scores(self, *, runs: Collection[int] | None = None) -> AsyncIterator[ScoreRecord]:
        """Stream scores in the order of their answers."""
        query = select(answers.c.id)
        if runs is not None:
            query = query.where(among(answers.c.run_id, runs))
        async for page in self._pages(query, answers.c.id):
            for row in await self._database.rows(_records_query([row.id for row in page])):
                yield record_of(row)

    async def blocks(
        self,
        *,
        brand: str | None = None,
        model: Model | None = None,
        metric: str | None = None,
        since: datetime | None = None,
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
        # Names sort by the database's language there, and by code point here.
        return sorted(map(block_of, await self._database.rows(query)), key=_ORDER)

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

    async def _read(
        self, connection: AsyncConnection, scorer: int, answer_ids: Iterable[int]
    ) -> set[int]:
        """Note that a scorer has read answers; return those that it had not read before."""
        insert = self._database.insert(readings).on_conflict_do_nothing()
        rows = [{"scorer_id": scorer, "answer_id": number} for number in sorted(set(answer_ids))]
        new = await connection.execute(insert.returning(readings.c.answer_id), rows)
        return set(new.scalars())

    async def _add_blocks(self, connection: AsyncConnection, summed: Sequence[Row]) -> None:
        begun = await connection.execute(
            select(runs.c.id, runs.c.started_at).where(
                among(runs.c.id, {row["run_id"] for row in summed})
            )
        )
        at = {row.id: row.started_at for row in begun}
        insert = self._database.insert(blocks)
        sums = {name: blocks.c[name] + insert.excluded[name] for name in ("n", "total", "squares")}
        upsert = insert.on_conflict_do_update(index_elements=_STREAM, set_=sums)
        await connection.execute(upsert, [row | {"at": at[row["run_id"]]} for row in summed])


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


def _records_query(answer_ids: Collection[int]) -> Select[Any]:
    return (
        select(
            *(scores.c.answer_id, scores.c.value, scores.c.quote),
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


def _score_rows(
    new: Collection[int], delivery: Delivery, numbers: _Numbers
) -> dict[tuple[int, int, int], Row]:
    """Write the scores of new answers: one for each answer, brand and metric, the first given."""
    rows: dict[tuple[int, int, int], Row] = {}
    for answer, records in delivery:
        for record in records if answer.id in new else ():
            brand, metric = numbers.brands[record.brand], numbers.metrics[record.score.metric]
            row = {
                "answer_id": answer.id,
                "scorer_id": numbers.scorer,
                "brand_id": brand,
                "metric_id": metric,
                "value": record.score.value,
                "quote": record.score.quote,
            }
            rows.setdefault((answer.id, brand, metric), row)
    return rows


def _summed(
    rows: Mapping[tuple[int, int, int], Row], delivery: Delivery, numbers: _Numbers
) -> list[Row]:
    """Sum scores up in blocks, in an order that all writers share."""
    by_id = {answer.id: answer for answer, _ in delivery}
    sums: dict[tuple[int, ...], list[float]] = {}
    for (answer_id, brand, metric), row in rows.items():
        answer = by_id[answer_id]
        prompt = numbers.prompts[answer.question.prompt.key]
        model = numbers.models[answer.question.model]
        stream = (answer.run_id, prompt, model, brand, metric, numbers.scorer)
        block = sums.setdefault(stream, [0, 0.0, 0.0])
        for place, amount in enumerate((1, row["value"], row["value"] ** 2)):
            block[place] += amount
    return [
        dict(zip((*_STREAM, "n", "total", "squares"), (*stream, *sums[stream]), strict=True))
        for stream in sorted(sums)
    ]
