"""What came of the tasks that runs were cut into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, literal, select

from overheard.domain import Finish, Panel, Run, Task
from overheard_storage.database import Database, uninterrupted
from overheard_storage.shapes import run_of
from overheard_storage.shelf import Shelf
from overheard_storage.tables import answers, results, runs

PANELS = 8
"""Panels that are remembered: those of the runs that were asked for last."""


class WorkShelf(Shelf):
    """The Protocol `overheard.interfaces.Store` says what each method does."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._panels: dict[int, Panel] = {}

    async def run(self, number: int) -> Run | None:
        """Return a run by its number, or None.

        Each task of a run asks for it. Its panel is long and never changes, so it is read once.
        """
        panel = self._panels.get(number)
        read = [column for column in runs.c if column.name != "panel"]
        written = literal(None).label("panel") if panel else runs.c.panel
        rows = await self._database.rows(select(*read, written).where(runs.c.id == number))
        run = run_of(rows[0]) if rows else None
        if run and panel:
            return replace(run, panel=panel)
        if run and run.panel:
            latest = list(self._panels.items())[1 - PANELS :]
            self._panels = dict([*latest, (number, run.panel)])
        return run

    async def count_answers(self, run_id: int) -> int:
        """Return how many questions of a run have an answer."""
        asked = (answers.c.run_id == run_id, answers.c.finish != Finish.FAILED)
        [row] = await self._database.rows(select(func.count()).where(*asked))
        return int(row[0])

    @uninterrupted
    async def keep_result(self, task: Task, result: dict[str, Any]) -> None:
        """Keep what came of a task; what was kept of it before stays."""
        insert = self._database.insert(results).on_conflict_do_nothing()
        row = {"run_id": task.run_id, "task": task.key, "result": result}
        async with self._database.writing() as connection:
            await connection.execute(insert, row)

    async def results(self, run_id: int, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return what came of those tasks of a run that are done, by their keys."""
        wanted = set(keys)
        query = select(results.c.task, results.c.result).where(results.c.run_id == run_id)
        rows = await self._database.rows(query)
        return {row.task: row.result for row in rows if row.task in wanted}

    @uninterrupted
    async def forget_results(self, run_id: int) -> None:
        """Forget what came of a run's tasks."""
        async with self._database.writing() as connection:
            await connection.execute(delete(results).where(results.c.run_id == run_id))
