"""Runs and the results of their tasks."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import UNFINISHED, Panel, Run, RunState, Task
from overheard_storage.database import Database, uninterrupted
from overheard_storage.repository import Lookups, Repository, among
from overheard_storage.rows import panel_of, run_of, run_row
from overheard_storage.tables import blocks, results, runs

CACHED_PANELS = 80
"""Panels in memory: those of the runs that were read last. They share their questions."""


_WITHOUT_PANEL = [
    literal(None).label("panel") if column.name == "panel" else column for column in runs.c
]


class SqlRunRepository(Repository):
    """Runs; see `overheard.interfaces.runs.RunRepository`."""

    def __init__(self, database: Database, lookups: Lookups) -> None:
        super().__init__(database, lookups)
        self._panels: dict[int, Panel | None] = {}

    @uninterrupted
    async def start(self, run: Run) -> Run:
        """Store a run and return it with its number. A run whose key is known is returned as it is
        stored; an imported run (without a panel) gets the earlier of both starts.
        """
        insert = self._database.insert(runs).on_conflict_do_nothing(index_elements=["key"])
        async with self._database.writing() as connection:
            await connection.execute(insert, run_row(run))
            stored = await connection.execute(select(runs).where(runs.c.key == run.key))
            return await _with_earliest_start(connection, run_of(stored.one()), run)

    async def get(self, number: int) -> Run | None:
        """Return a run by its number, or None."""
        found = await self._runs(select(*_WITHOUT_PANEL).where(runs.c.id == number))
        return found[0] if found else None

    async def _runs(self, query: Select[Any]) -> list[Run]:
        """Return the runs of a query of `_WITHOUT_PANEL`, with their panels. Those of the
        `CACHED_PANELS` runs that were read last are remembered: every task of a run reads its
        panel, and every card those of the newest runs; a panel is long and never changes.
        """
        found = [run_of(row) for row in await self._database.rows(query)]
        known = self._panels
        if wanted := {run.id for run in found} - known.keys():
            query = select(runs.c.id, runs.c.panel).where(among(runs.c.id, wanted))
            rows = await self._database.rows(query)
            read = {row.id: panel_of(row.panel) if row.panel else None for row in rows}
            known = self._panels | read
        self._panels = dict(list(known.items())[-CACHED_PANELS:])
        return [replace(run, panel=known[run.id]) for run in found]

    async def starts(self) -> dict[int, datetime]:
        """Return the start of every run, by its number."""
        rows = await self._database.rows(select(runs.c.id, runs.c.started_at))
        return {row.id: row.started_at for row in rows}

    @uninterrupted
    async def steer(self, run_id: int, state: RunState) -> bool:
        """Store another state of a run that has not ended; False when the run has ended."""
        steered = update(runs).where(runs.c.id == run_id, runs.c.state.in_(UNFINISHED))
        async with self._database.writing() as connection:
            done = await connection.execute(steered.values(state=state))
            return bool(done.rowcount)

    async def state(self, run_id: int) -> RunState:
        """Return the current state of a run.

        Raises:
            ValueError: when there is no such run.
        """
        [row] = await self._database.rows(select(runs.c.state).where(runs.c.id == run_id))
        return RunState(row.state)

    @uninterrupted
    async def finish(self, run_id: int, state: RunState, at: datetime) -> None:
        """Store the final state and the end of a run."""
        ended = update(runs).where(runs.c.id == run_id).values(state=state, finished_at=at)
        async with self._database.writing() as connection:
            await connection.execute(ended)

    async def find(
        self,
        *,
        state: RunState | None = None,
        label: str | None = None,
        aside: bool | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Run]:
        """Return at most ``limit`` runs, the newest first. The arguments select by state, by label,
        by whether the run is outside the history (``aside``), and by the latest start (``until``);
        None means any.
        """
        query = (
            select(*_WITHOUT_PANEL)
            .order_by(runs.c.started_at.desc(), runs.c.id.desc())
            .limit(limit)
        )
        if state is not None:
            query = query.where(runs.c.state == state)
        if label is not None:
            query = query.where(runs.c.label == label)
        if aside is not None:
            query = query.where(runs.c.aside.is_(aside))
        if until is not None:
            query = query.where(runs.c.started_at <= until)
        return await self._runs(query)

    @uninterrupted
    async def keep_result(self, task: Task, result: dict[str, Any]) -> None:
        """Store the result of a task as JSON values; an earlier result stays unchanged."""
        insert = self._database.insert(results).on_conflict_do_nothing()
        row = {"run_id": task.run_id, "task": task.key, "result": result}
        async with self._database.writing() as connection:
            await connection.execute(insert, row)

    async def results(self, run_id: int, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the results of finished tasks of a run, by the tasks' keys."""
        wanted = set(keys)
        query = select(results.c.task, results.c.result).where(results.c.run_id == run_id)
        rows = await self._database.rows(query)
        return {row.task: row.result for row in rows if row.task in wanted}

    @uninterrupted
    async def forget_results(self, run_id: int) -> None:
        """Delete the results of a run's tasks."""
        async with self._database.writing() as connection:
            await connection.execute(delete(results).where(results.c.run_id == run_id))


async def _with_earliest_start(connection: AsyncConnection, stored: Run, imported: Run) -> Run:
    """Return the stored run; if both runs are imported and ``imported`` began earlier, move the
    start of the stored run and of its blocks there.
    """
    if stored.panel or imported.panel or imported.started_at >= stored.started_at:
        return stored
    start = imported.started_at
    await connection.execute(update(runs).where(runs.c.id == stored.id).values(started_at=start))
    await connection.execute(update(blocks).where(blocks.c.run_id == stored.id).values(at=start))
    return replace(stored, started_at=start)
