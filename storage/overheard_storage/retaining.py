"""Texts that got old go; what was counted in them stays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import Answer, ScoreRecord
from overheard_storage.database import uninterrupted
from overheard_storage.runs import answers_query
from overheard_storage.scores import add_blocks, note_readings, records_query
from overheard_storage.shapes import answer_of, record_of
from overheard_storage.shelf import Shelf, among
from overheard_storage.tables import answers, approvals, readings, scores

CARRIED = 1_000
"""Answers whose scores are carried over in one transaction."""

_KEY = (scores.c.answer_id, scores.c.scorer_id, scores.c.brand_id, scores.c.metric_id)
_SAID = ("answer_id", "scorer_id", "brand_id", "metric_id", "value", "quote", "details")


class RetentionShelf(Shelf):
    """The Protocol `overheard.interfaces.Store` says what each method does."""

    async def old_texts(self, before: datetime) -> AsyncIterator[Answer]:
        """Stream the answers that were asked before a time and still have a text."""
        taught = exists().where(approvals.c.answer_id == answers.c.id)
        query = answers_query().where(
            ~answers.c.gone, answers.c.asked_at < before, answers.c.text != "", ~taught
        )
        async for row in self._stream(query, answers.c.id):
            yield answer_of(row)

    async def scores_of(self, answers: Collection[int]) -> list[ScoreRecord]:
        """Return the scores of some answers, in the order of their numbers."""
        return [record_of(row) for row in await self._database.rows(records_query(answers))]

    @uninterrupted
    async def forget_texts(self, answers: Collection[int]) -> int:
        """Remove the texts of some answers, and the sentences that their scores quote."""
        async with self._database.writing() as connection:
            await _forget_quotes(connection, answers)
            return await _forget_answers(connection, answers)

    async def carry_scores(self, scorer: str, before: str, after: str) -> int:
        """Give a version of a scorer what another one said of answers whose text is gone."""
        old = await self._registers.scorers.find(scorer, before)
        new = await self._registers.scorers.number(scorer, after)
        carried = 0
        while numbers := await self._uncarried(old, new):
            carried += await self._carry(old, new, numbers)
        return carried

    async def _uncarried(self, old: int, new: int) -> list[int]:
        """Return the next answers whose text is gone and that only the old version has read."""
        newer = readings.alias()
        known = exists().where(newer.c.scorer_id == new, newer.c.answer_id == answers.c.id)
        query = (
            select(answers.c.id)
            .join(readings, readings.c.answer_id == answers.c.id)
            .where(answers.c.gone, readings.c.scorer_id == old, ~known)
            .order_by(answers.c.id)
            .limit(CARRIED)
        )
        return [row.id for row in await self._database.rows(query)]

    @uninterrupted
    async def _carry(self, old: int, new: int, numbers: Collection[int]) -> int:
        async with self._database.writing() as connection:
            given = await note_readings(self._database, connection, new, numbers)
            said = (scores.c.scorer_id == old, among(scores.c.answer_id, given))
            await connection.execute(scores.insert().from_select(_SAID, _said_by(new).where(*said)))
            summed = await connection.execute(_sums(new).where(*said))
            if rows := [tuple(row) for row in summed]:
                await add_blocks(connection, rows)
            return len(given)


def _said_by(scorer: int) -> Select[Any]:
    """Select scores as another scorer's, in the order of `_SAID`."""
    kept = {"scorer_id": literal(scorer)}
    return select(*(kept.get(name, scores.c[name]) for name in _SAID))


def _sums(scorer: int) -> Select[Any]:
    """Sum scores up as another scorer's, in the order in which blocks are written."""
    stream = (
        *(answers.c.run_id, answers.c.prompt_id, answers.c.model_id),
        *(scores.c.brand_id, scores.c.metric_id),
    )
    sums = (func.count(), func.sum(scores.c.value), func.sum(scores.c.value * scores.c.value))
    return (
        select(*stream, literal(scorer), *sums)
        .select_from(scores)
        .join(answers, answers.c.id == scores.c.answer_id)
        .group_by(*stream)
        .order_by(*stream)
    )


async def _forget_answers(connection: AsyncConnection, numbers: Collection[int]) -> int:
    there = (among(answers.c.id, numbers), ~answers.c.gone)
    forgotten = await connection.execute(update(answers).where(*there).values(text="", gone=True))
    return forgotten.rowcount


async def _forget_quotes(connection: AsyncConnection, numbers: Collection[int]) -> None:
    """Remove what scores quote; what a detail states is a value, and stays."""
    mine = among(scores.c.answer_id, numbers)
    quoted = update(scores).where(mine, scores.c.quote != "").values(quote="")
    await connection.execute(quoted)
    detailed = await connection.execute(select(*_KEY, scores.c.details).where(mine))
    bare = [row for each in detailed if (row := _without_quotes(each))]
    if bare:
        one = update(scores).where(*(column == bindparam(f"_{column.name}") for column in _KEY))
        await connection.execute(one.values(details=bindparam("_details")), bare)


def _without_quotes(row: Any) -> dict[str, Any] | None:
    """Return a score's key and its details without their sentences; None when there are none."""
    if not any(quote for *_, quote in row.details):
        return None
    key = {f"_{column.name}": getattr(row, column.name) for column in _KEY}
    return key | {"_details": [[*said, ""] for *said, _ in row.details]}
