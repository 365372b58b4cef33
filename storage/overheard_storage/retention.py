"""Retention: old texts of answers and what models searched for are deleted; scores, blocks and
spending stay.

``commands/database.py`` decides which texts are old. Scores of answers without a text cannot be
made again, so they are copied to new versions of a scorer.
"""

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, literal, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import Answer
from overheard_storage.answers import answers_query
from overheard_storage.blocks import add_blocks, every_score, sums_query
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository, among
from overheard_storage.rows import answer_of
from overheard_storage.scores import note_readings
from overheard_storage.tables import answers, approvals, readings, scores, zeros

CARRIED_ANSWERS = 1_000
"""Answers whose scores are copied in one transaction."""

_KEY = (scores.c.answer_id, scores.c.scorer_id, scores.c.brand_id, scores.c.metric_id)


class SqlRetentionRepository(Repository):
    """Retention; see `overheard.interfaces.runs.RetentionRepository`."""

    async def old_texts(self, before: datetime) -> AsyncIterator[Answer]:
        """Stream the answers that were asked before a time, have a text or searches and are not
        approved, in the order of their numbers.
        """
        is_approved = exists().where(approvals.c.answer_id == answers.c.id)
        has_text = or_(answers.c.text != "", answers.c.web_searches.is_not(None))
        query = answers_query().where(
            ~answers.c.gone, answers.c.asked_at < before, has_text, ~is_approved
        )
        async for row in self._stream(query, answers.c.id):
            yield answer_of(row)

    @uninterrupted
    async def forget_texts(self, answers: Collection[int]) -> int:
        """Remove the texts of answers, and the sentences that their scores quote; return the number
        of answers whose text was removed.
        """
        async with self._database.writing() as connection:
            await _forget_quotes(connection, answers)
            return await _forget_answer_texts(connection, answers)

    async def carry_scores(self, scorer: str, before: str, after: str) -> int:
        """Copy the scores of answers that the version ``after`` of a scorer has not read from its
        version ``before``; return the number of answers.
        """
        old_scorer = await self._lookups.scorers.find(scorer, before)
        new_scorer = await self._lookups.scorers.number(scorer, after)
        carried = 0
        while numbers := await self._answers_to_carry(old_scorer, new_scorer):
            carried += await self._carry_answers(old_scorer, new_scorer, numbers)
        return carried

    async def _answers_to_carry(self, old_scorer: int, new_scorer: int) -> list[int]:
        """Return the numbers of the next answers, at most `CARRIED_ANSWERS`, that the old version
        of a scorer has read and the new one has not.
        """
        new_readings = readings.alias()
        is_read = exists().where(
            new_readings.c.scorer_id == new_scorer, new_readings.c.answer_id == readings.c.answer_id
        )
        query = (
            select(readings.c.answer_id)
            .where(readings.c.scorer_id == old_scorer, ~is_read)
            .order_by(readings.c.answer_id)
            .limit(CARRIED_ANSWERS)
        )
        return [row.answer_id for row in await self._database.rows(query)]

    @uninterrupted
    async def _carry_answers(
        self, old_scorer: int, new_scorer: int, numbers: Collection[int]
    ) -> int:
        """Copy the scores of answers from one version of a scorer to another, add them to its
        blocks, and note the answers as read, in one transaction. Return the number of answers that
        the other version had not read before; only their scores are copied.

        Args:
            old_scorer: The number of the version that has the scores.
            new_scorer: The number of the version that gets them.
            numbers: The numbers of the answers, at least one.
        """
        async with self._database.writing() as connection:
            carried = await note_readings(self._database, connection, new_scorer, numbers)
            changed = {"scorer_id": literal(new_scorer)}
            for table in (scores, zeros):
                copied = select(*(changed.get(name, each) for name, each in table.c.items()))
                of_answers = table.c.scorer_id == old_scorer, among(table.c.answer_id, carried)
                copy = table.insert().from_select(list(table.c.keys()), copied.where(*of_answers))
                await connection.execute(copy)
            scored = every_score(
                lambda answer: among(answer, carried), sqlite=self._database.is_sqlite
            )
            is_new = scored.c.scorer_id == new_scorer
            summed = await connection.execute(sums_query(scored).where(is_new))
            if rows := [tuple(row) for row in summed]:
                await add_blocks(connection, rows)
            return len(carried)


async def _forget_answer_texts(connection: AsyncConnection, numbers: Collection[int]) -> int:
    """Remove the texts and searches of answers, by their numbers; return how many had theirs."""
    with_text = (among(answers.c.id, numbers), ~answers.c.gone)
    removal = update(answers).where(*with_text).values(text="", web_searches=null(), gone=True)
    return (await connection.execute(removal)).rowcount


async def _forget_quotes(connection: AsyncConnection, numbers: Collection[int]) -> None:
    """Remove quotes from scores and details; the stated values of details are kept."""
    of_answers = among(scores.c.answer_id, numbers)
    quoted = update(scores).where(of_answers, scores.c.quote != "").values(quote="")
    await connection.execute(quoted)
    detailed = await connection.execute(select(*_KEY, scores.c.details).where(of_answers))
    bare = [row for score_row in detailed if (row := _without_quotes(score_row))]
    if bare:
        update_one = update(scores).where(
            *(column == bindparam(f"_{column.name}") for column in _KEY)
        )
        await connection.execute(update_one.values(details=bindparam("_details")), bare)


def _without_quotes(row: Any) -> dict[str, Any] | None:
    """Return a score's key and its details without quotes; None when it has no quotes."""
    if not any(quote for *_, quote in row.details):
        return None
    key = {f"_{column.name}": getattr(row, column.name) for column in _KEY}
    return key | {"_details": [[*said, ""] for *said, _ in row.details]}
