"""What was asked, what came back and what it cost: runs, answers, spend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import UNFINISHED, Answer, Finish, Model, Run, RunState
from overheard_storage import tables
from overheard_storage.bulk import by_column, each_of, insert_many
from overheard_storage.database import Database, uninterrupted
from overheard_storage.holds import holding
from overheard_storage.money import MoneyShelf
from overheard_storage.shapes import answer_of, answer_row, run_of, run_row
from overheard_storage.shelf import ASKED_PROMPT, among
from overheard_storage.tables import answers, blocks, models, prompts, runs, spend

_QUESTION = ("run_id", "prompt_id", "model_id", "repeat")

_WRITERS = 0x616E73
"""The first half of PostgreSQL's lock numbers for writers to runs; any but that of `holds`."""


class RunShelf(MoneyShelf):
    """Runs and answers. The Protocol `overheard.interfaces.Store` says what each method does."""

    @uninterrupted
    async def start_run(self, run: Run) -> Run:
        """Keep a run; a known key returns the run already kept.

        An imported run, which has no panel, begins no later than it is given.
        """
        insert = self._database.insert(runs).on_conflict_do_nothing(index_elements=["key"])
        async with self._database.writing() as connection:
            await connection.execute(insert, run_row(run))
            kept = await connection.execute(select(runs).where(runs.c.key == run.key))
            return await _widened(connection, run_of(kept.one()), run)

    def holding(self, run_id: int) -> AbstractAsyncContextManager[bool]:
        """Hold a run for this process while the block lasts."""
        return holding(self._database, run_id)

    @uninterrupted
    async def finish_run(self, run_id: int, state: RunState, at: datetime) -> None:
        """Say how and when a run ended."""
        ended = update(runs).where(runs.c.id == run_id).values(state=state, finished_at=at)
        async with self._database.writing() as connection:
            await connection.execute(ended)

    @uninterrupted
    async def steer_run(self, run_id: int, state: RunState) -> bool:
        """Ask a run that has not ended to pause, to go on or to be given up."""
        steered = update(runs).where(runs.c.id == run_id, runs.c.state.in_(UNFINISHED))
        async with self._database.writing() as connection:
            done = await connection.execute(steered.values(state=state))
            return bool(done.rowcount)

    async def run_state(self, run_id: int) -> RunState:
        """Return where a run stands just now."""
        [row] = await self._database.rows(select(runs.c.state).where(runs.c.id == run_id))
        return RunState(row.state)

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
        query = select(runs).order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(runs.c.state == state)
        if label is not None:
            query = query.where(runs.c.label == label)
        if aside is not None:
            query = query.where(runs.c.aside.is_(aside))
        if until is not None:
            query = query.where(runs.c.started_at <= until)
        return [run_of(row) for row in await self._database.rows(query)]

    @uninterrupted
    async def add_answers(self, answers: Sequence[Answer]) -> list[Answer]:
        """Keep answers with what they cost, in one transaction."""
        asked = [answer.question for answer in answers]
        prompt_ids = await self._registers.of_prompts(question.prompt for question in asked)
        model_ids = await self._registers.of_models(question.model for question in asked)
        kept: list[Answer] = []
        async with self._database.writing() as connection:
            await self._queue(connection, {answer.run_id for answer in answers})
            for round_ in _rounds(answers):
                kept += await self._keep(connection, round_, prompt_ids, model_ids)
            await _pay(connection, kept, model_ids)
            await self._book(connection, kept)
        return kept

    async def answers(
        self,
        *,
        runs: Collection[int] | None = None,
        prompts: Collection[str] | None = None,
        numbers: Collection[int] | None = None,
    ) -> AsyncIterator[Answer]:
        """Stream answers in the order of their numbers."""
        query = answers_query()
        if runs is not None:
            query = query.where(among(answers.c.run_id, runs))
        if prompts is not None:
            known = await self._registers.prompts.known((key,) for key in prompts)
            query = query.where(among(answers.c.prompt_id, known.values()))
        if numbers is not None:
            query = query.where(among(answers.c.id, numbers))
        async for row in self._stream(query, answers.c.id):
            yield answer_of(row)

    async def asked(
        self, run_id: int, *, prompts: Collection[str] | None = None
    ) -> set[tuple[str, str, int]]:
        """Return the keys of the questions of a run that have an answer."""
        named = tables.prompts
        query = (
            select(named.c.key, models.c.provider, models.c.name, answers.c.repeat)
            .select_from(answers)
            .join(named)
            .join(models)
            .where(answers.c.run_id == run_id, answers.c.finish != Finish.FAILED)
        )
        if prompts is not None:
            known = await self._registers.prompts.known((key,) for key in prompts)
            query = query.where(among(answers.c.prompt_id, known.values()))
        return {
            (row.key, str(Model(row.provider, row.name)), row.repeat)
            for row in await self._database.rows(query)
        }

    async def _queue(self, connection: AsyncConnection, run_ids: Collection[int]) -> None:
        """Wait for other writers to the same runs.

        Answers are written in the order in which they were given, so that two writers of the same
        answers could wait for each other for ever. SQLite has one writer anyway.
        """
        if run_ids and not self._database.is_sqlite:
            locks = [func.pg_advisory_xact_lock(_WRITERS, number) for number in sorted(run_ids)]
            await connection.execute(select(*locks))

    async def _keep(
        self,
        connection: AsyncConnection,
        given: Mapping[tuple[Any, ...], Answer],
        prompt_ids: Mapping[str, int],
        model_ids: Mapping[Model, int],
    ) -> list[Answer]:
        """Write answers to different questions, and return those that were new."""
        rows = {}
        for answer in given.values():
            question = answer.question
            row = answer_row(answer, prompt_ids[question.prompt.key], model_ids[question.model])
            rows[tuple(row[column] for column in _QUESTION)] = (row, answer)
        ordered = [row for row, _ in rows.values()]
        written = await connection.execute(
            self._keeping,
            ordered
            if self._database.is_sqlite
            else by_column(answers, ordered, connection.dialect),
        )
        numbers = {tuple(question): number for number, *question in written}
        return [
            replace(answer, id=numbers[question])
            for question, (_, answer) in rows.items()
            if question in numbers
        ]

    @cached_property
    def _keeping(self) -> Any:
        """How answers are written: built once, because that takes as long as writing a few."""
        columns = [column.name for column in answers.columns if column.name != "id"]
        return _upsert(self._database, columns)


async def _widened(connection: AsyncConnection, kept: Run, given: Run) -> Run:
    """Let an imported run begin with its earliest answer, whichever part of it came first."""
    if kept.panel or given.panel or given.started_at >= kept.started_at:
        return kept
    at = given.started_at
    await connection.execute(update(runs).where(runs.c.id == kept.id).values(started_at=at))
    await connection.execute(update(blocks).where(blocks.c.run_id == kept.id).values(at=at))
    return replace(kept, started_at=at)


def answers_query() -> Select[Any]:
    """Select answers with their prompts and models, as `shapes.answer_of` reads them."""
    return (
        select(
            answers,
            *ASKED_PROMPT,
            *(models.c.provider, models.c.name.label("model")),
        )
        .join(prompts, answers.c.prompt_id == prompts.c.id)
        .join(models, answers.c.model_id == models.c.id)
    )


def _upsert(database: Database, columns: Sequence[str]) -> Any:
    """Insert answers; one that failed gives way to another call, and is returned as new."""
    insert = database.insert(answers)
    if not database.is_sqlite:
        insert = insert.from_select(columns, each_of(answers, columns))
    new = insert.excluded
    other_call: ColumnElement[bool] = or_(
        new.finish != Finish.FAILED, new.asked_at != answers.c.asked_at
    )
    return insert.on_conflict_do_update(
        index_elements=_QUESTION,
        set_={column: new[column] for column in columns if column not in _QUESTION},
        where=(answers.c.finish == Finish.FAILED) & other_call,
    ).returning(answers.c.id, *(answers.c[column] for column in _QUESTION))


def _rounds(given: Sequence[Answer]) -> list[dict[tuple[Any, ...], Answer]]:
    """Part answers so that no round asks a question twice: a statement may not either."""
    rounds: list[dict[tuple[Any, ...], Answer]] = []
    for answer in given:
        question = (answer.run_id, *answer.question.key)
        free = next((answers_ for answers_ in rounds if question not in answers_), None)
        if free is None:
            rounds.append(free := {})
        free[question] = answer
    return rounds


async def _pay(
    connection: AsyncConnection, kept: Sequence[Answer], model_ids: Mapping[Model, int]
) -> None:
    rows = [
        (answer.id, answer.asked_at, model_ids[answer.question.model], answer.reply.cost_usd)
        for answer in kept
        if answer.reply.cost_usd
    ]
    if rows:
        await insert_many(connection, spend, ("answer_id", "at", "model_id", "usd"), rows)
