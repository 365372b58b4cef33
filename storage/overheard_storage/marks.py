"""How far scorers have read. Up to its mark no answer is left for a scorer, so that whoever asks
for the rest need not look at all that were ever read.

Triggers keep marks true: one goes back when an answer that failed is replaced, or when readings
are removed, whoever does it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, update

from overheard.domain import COMPLETE
from overheard_storage.database import Database, uninterrupted
from overheard_storage.tables import answers, readings, runs, scorers

ANSWERING = 0x616E7377
"""PostgreSQL's lock: who moves a mark has it alone, and a trigger shares it among writers of
answers. Numbers are given out in one order and become visible in another: a mark must not pass one
that is on its way.
"""
STRIDE = 50_000
"""How many numbers a mark moves on in one transaction; writers of answers wait for it."""
WORTH = 1_000
"""A mark is moved once so many numbers or more can lie behind it."""


def unread(scorer: int) -> tuple[ColumnElement[bool], ...]:
    """Say that an answer can be read and that a scorer has not."""
    read = exists().where(readings.c.scorer_id == scorer, readings.c.answer_id == answers.c.id)
    aside = select(runs.c.id).where(runs.c.aside)
    fit = (answers.c.finish.in_(sorted(COMPLETE)), answers.c.reused_from.is_(None), ~answers.c.gone)
    return (*fit, ~read, answers.c.run_id.not_in(aside))


async def read_to(database: Database, scorer: int) -> int:
    """Return a scorer's mark, moved as far as it can be."""
    newest = select(func.max(answers.c.id)).scalar_subquery()
    standing = select(scorers.c.read_to, newest).where(scorers.c.id == scorer)
    rows = [tuple(row) for row in await database.rows(standing)]
    mark, last = rows[0] if rows else (0, None)
    last = last or 0
    while last - mark >= WORTH:
        if await database.rows(_first(scorer, mark, mark + WORTH).limit(1)):
            break
        moved = await _move(database, scorer, mark)
        if moved == mark:
            break
        mark = moved
    return int(mark)


@uninterrupted
async def _move(database: Database, scorer: int, mark: int) -> int:
    async with database.writing() as connection:
        if not database.is_sqlite:  # which has one writer anyway
            await connection.execute(select(func.pg_advisory_xact_lock(ANSWERING)))
        newest = await connection.scalar(select(func.max(answers.c.id)))
        end = min(mark + STRIDE, int(newest or 0))
        left = await connection.scalar(_first(scorer, mark, end).limit(1))
        moved = end if left is None else int(left) - 1
        here = update(scorers).where(scorers.c.id == scorer, scorers.c.read_to == mark)
        done = await connection.execute(here.values(read_to=moved))
        return moved if done.rowcount else mark


def _first(scorer: int, mark: int, end: int) -> Select[Any]:
    between = (answers.c.id > mark, answers.c.id <= end)
    return select(answers.c.id).where(*between, *unread(scorer)).order_by(answers.c.id)
