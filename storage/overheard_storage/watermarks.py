"""Watermarks: the answer number up to which a scorer has read all scorable answers.

A search for unread answers starts there, and not at the first answer. Triggers keep watermarks
valid: one is lowered when a failed answer is replaced, or when readings are deleted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, update

from overheard.domain import COMPLETE
from overheard_storage.database import Database, uninterrupted
from overheard_storage.tables import answers, readings, runs, scorers

WATERMARK_LOCK = 0x616E7377
"""PostgreSQL's advisory lock: exclusive to move a watermark, shared by writers of answers.

Numbers are assigned in one order and committed in another: a watermark must not pass a number that
is not committed yet.
"""
MAX_STEP = 50_000
"""Answer numbers that a watermark moves in one transaction, for which writers of answers wait."""
MIN_STEP = 1_000
"""A watermark is moved when it can pass this many answer numbers."""


def unread(scorer: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that an answer is scorable and that a scorer has not read it."""
    read = exists().where(readings.c.scorer_id == scorer, readings.c.answer_id == answers.c.id)
    aside = select(runs.c.id).where(runs.c.aside)
    fit = (answers.c.finish.in_(sorted(COMPLETE)), answers.c.reused_from.is_(None), ~answers.c.gone)
    return (*fit, ~read, answers.c.run_id.not_in(aside))


async def advance(database: Database, scorer: int) -> int:
    """Advance a scorer's watermark as far as possible, and return it."""
    newest = select(func.max(answers.c.id)).scalar_subquery()
    current = select(scorers.c.read_to, newest).where(scorers.c.id == scorer)
    rows = [tuple(row) for row in await database.rows(current)]
    watermark, last = rows[0] if rows else (0, None)
    last = last or 0
    while last - watermark >= MIN_STEP:
        if await database.rows(_first(scorer, watermark, watermark + MIN_STEP).limit(1)):
            break
        new_watermark = await _move(database, scorer, watermark)
        if new_watermark == watermark:
            break
        watermark = new_watermark
    return int(watermark)


@uninterrupted
async def _move(database: Database, scorer: int, watermark: int) -> int:
    """Move a scorer's watermark up to its first unread answer; return the watermark.

    The watermark stays when another process has moved it in the meantime.
    """
    async with database.writing() as connection:
        if not database.is_sqlite:  # which has one writer anyway
            await connection.execute(select(func.pg_advisory_xact_lock(WATERMARK_LOCK)))
        newest = await connection.scalar(select(func.max(answers.c.id)))
        end = min(watermark + MAX_STEP, int(newest or 0))
        first_unread = await connection.scalar(_first(scorer, watermark, end).limit(1))
        new_watermark = end if first_unread is None else int(first_unread) - 1
        step = update(scorers).where(scorers.c.id == scorer, scorers.c.read_to == watermark)
        result = await connection.execute(step.values(read_to=new_watermark))
        return new_watermark if result.rowcount else watermark


def _first(scorer: int, watermark: int, end: int) -> Select[Any]:
    between = (answers.c.id > watermark, answers.c.id <= end)
    return select(answers.c.id).where(*between, *unread(scorer)).order_by(answers.c.id)
