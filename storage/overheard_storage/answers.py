"""Answers with their costs, and watermarks: up to which answer a scorer has read all answers.

A search for unread answers starts at the watermark, and not at the first answer. Triggers keep
watermarks valid: one is lowered when a failed answer is replaced, or when readings are deleted.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import (
    COMPLETE,
    FOLLOW_UP,
    Answer,
    Finish,
    Model,
    ServedModelCount,
    UsualUsage,
)
from overheard_storage import tables
from overheard_storage.bulk_writes import by_column, each_of
from overheard_storage.database import Database, uninterrupted
from overheard_storage.money import SqlMoneyRepository
from overheard_storage.repository import ASKED_PROMPT, Lookups, Name, Repository, among
from overheard_storage.rows import answer_of, answer_row, model_of
from overheard_storage.tables import answers, models, prompts, readings, runs, scorers

USUAL_RUNS = 10
"""The newest runs whose answers may say what a model is usually billed for."""
USUAL_ANSWERS = 3
"""Answers of a model that say so; older runs count only as long as newer ones have fewer, so that
a model whose answers became longer is priced by them from the next run on.
"""
_USAGE = ("input_tokens", "output_tokens", "cached_tokens", "searches")
_QUESTION = ("run_id", "prompt_id", "model_id", "repeat")

_WRITER_LOCKS = 0x616E73
"""The first half of PostgreSQL's lock numbers for writers to runs; unlike those of `locks`."""


class SqlAnswerRepository(Repository):
    """Answers; see `overheard.interfaces.runs.AnswerRepository`.

    Args:
        database: The database of the tables.
        lookups: The numbers of names.
        money: Books the costs of answers.
    """

    def __init__(self, database: Database, lookups: Lookups, money: SqlMoneyRepository) -> None:
        super().__init__(database, lookups)
        self._money = money

    @uninterrupted
    async def add(self, answers: Sequence[Answer]) -> list[Answer]:
        """Store answers and book their costs, in one transaction, and return the stored answers
        with their numbers.

        An answer to a question that has an answer already is left out, unless the earlier answer
        failed and is replaced. Among the given answers the order counts: the first is the earlier.
        New prompts and models are stored.
        """
        questions = [answer.question for answer in answers]
        prompt_ids = await self._lookups.prompt_ids(question.prompt for question in questions)
        model_ids = await self._lookups.model_ids(question.model for question in questions)
        stored: list[Answer] = []
        async with self._database.writing() as connection:
            await self._lock_runs(connection, {answer.run_id for answer in answers})
            for by_question in _insert_rounds(answers):
                stored += await self._write_answers(connection, by_question, prompt_ids, model_ids)
            await self._money.book(connection, stored, model_ids)
        return stored

    async def stream(
        self,
        *,
        runs: Collection[int] | None = None,
        prompts: Collection[str] | None = None,
        numbers: Collection[int] | None = None,
    ) -> AsyncIterator[Answer]:
        """Stream, in the order of their numbers, the answers that fulfil all conditions; None is no
        condition, and an empty collection selects nothing.

        Args:
            prompts: The keys of their prompts.
        """
        query = answers_query()
        if runs is not None:
            query = query.where(among(answers.c.run_id, runs))
        if prompts is not None:
            prompt_ids = await self._lookups.prompts.known((key,) for key in prompts)
            query = query.where(among(answers.c.prompt_id, prompt_ids.values()))
        if numbers is not None:
            query = query.where(among(answers.c.id, numbers))
        async for row in self._stream(query, answers.c.id):
            yield answer_of(row)

    async def asked(
        self, run_id: int, *, prompts: Collection[str] | None = None
    ) -> set[tuple[str, str, int]]:
        """Return the keys of the questions of a run that have an answer which did not fail: key of
        the prompt, ``provider/model``, repeat.

        Args:
            run_id: The number of the run.
            prompts: The keys of prompts, whose questions count; None for all.
        """
        prompt_table = tables.prompts
        query = (
            select(prompt_table.c.key, models.c.provider, models.c.name, answers.c.repeat)
            .select_from(answers)
            .join(prompt_table)
            .join(models)
            .where(answers.c.run_id == run_id, answers.c.finish != Finish.FAILED)
        )
        if prompts is not None:
            prompt_ids = await self._lookups.prompts.known((key,) for key in prompts)
            query = query.where(among(answers.c.prompt_id, prompt_ids.values()))
        return {
            (row.key, str(model_of(row.provider, row.name)), row.repeat)
            for row in await self._database.rows(query)
        }

    async def count(self, run_id: int) -> int:
        """Return how many questions of a run have an answer that did not fail."""
        asked = (answers.c.run_id == run_id, answers.c.finish != Finish.FAILED)
        [row] = await self._database.rows(select(func.count()).where(*asked))
        return int(row[0])

    async def failures(self, run_id: int) -> list[tuple[Model, str]]:
        """Return for each model with complete or failed answers in a run: the commonest reason for
        which it failed; empty if any answer is complete.
        """
        query = (
            select(models.c.provider, models.c.name, answers.c.error)
            .join(models)
            .where(answers.c.run_id == run_id)
            .where(or_(answers.c.error != "", answers.c.finish.in_(sorted(COMPLETE))))
            .group_by(models.c.provider, models.c.name, answers.c.error)
            .order_by(answers.c.error == "", func.count(), answers.c.error)
        )
        rows = await self._database.rows(query)
        return list({model_of(row.provider, row.name): row.error for row in rows}.items())

    async def usual_usage(self, models: Collection[Model]) -> dict[Model, UsualUsage]:
        """Return the mean billed quantities of each model's latest complete answers.

        Whole runs are read, the newest first, until they have `USUAL_ANSWERS` answers with reported
        tokens, and at most the `USUAL_RUNS` newest runs of the store. Reused answers, those
        to prompts with turns, and runs outside of the history do not count. Models without such
        answers are left out.
        """
        names: dict[Name, Model] = {(model.provider, model.name): model for model in models}
        known = await self._lookups.models.known(names)
        numbers = {names[name]: number for name, number in known.items()}
        complete = (answers.c.finish.in_(sorted(COMPLETE)), answers.c.reused_from.is_(None))
        counted = [column for column in answers.c if column.name in _USAGE]
        reported = answers.c.input_tokens + answers.c.output_tokens > 0
        with_turns = select(prompts.c.id).where(prompts.c.text.contains(FOLLOW_UP))
        newest = (
            select(runs.c.id)
            .where(~runs.c.aside)
            .order_by(runs.c.started_at.desc(), runs.c.id.desc())
        )
        newest_ids = [row.id for row in await self._database.rows(newest.limit(USUAL_RUNS))]
        query = (
            select(
                answers.c.model_id,
                answers.c.run_id,
                func.count().label("all"),
                func.sum(case((reported, 1), else_=0)).label("reported"),
                *(func.sum(column).label(column.name) for column in counted),
            )
            .where(
                *complete,
                answers.c.prompt_id.not_in(with_turns),
                among(answers.c.run_id, newest_ids),
                among(answers.c.model_id, numbers.values()),
            )
            .group_by(answers.c.model_id, answers.c.run_id)
        )
        rows = sorted(
            await self._database.rows(query), key=lambda row: newest_ids.index(row.run_id)
        )
        usage: dict[Model, UsualUsage] = {}
        for model, number in numbers.items():
            latest: list[Row[Any]] = []
            for row in (row for row in rows if row.model_id == number):
                if sum(run.reported for run in latest) < USUAL_ANSWERS:
                    latest.append(row)
            if latest:
                usage[model] = _mean_usage(latest)
        return usage

    async def served_models(self, *, runs: Collection[int] | None = None) -> list[ServedModelCount]:
        """Return how many complete answers each served model gave in each run, in the order of the
        runs' numbers, then of the models. Reused answers do not count.

        Args:
            runs: The numbers of runs; None for all.
        """
        served_columns = (answers.c.served_model, answers.c.model_version, answers.c.fingerprint)
        query = (
            select(
                answers.c.run_id, models.c.provider, models.c.name, *served_columns, func.count()
            )
            .join(models)
            .where(answers.c.finish.in_(sorted(COMPLETE)), answers.c.reused_from.is_(None))
            .group_by(answers.c.run_id, models.c.provider, models.c.name, *served_columns)
            .order_by(answers.c.run_id, models.c.provider, models.c.name, *served_columns)
        )
        if runs is not None:
            query = query.where(among(answers.c.run_id, runs))
        rows = await self._database.rows(query)
        return [
            ServedModelCount(
                run, model_of(provider, name), f"{served} {version}".strip(), fingerprint, count
            )
            for run, provider, name, served, version, fingerprint, count in map(tuple, rows)
        ]

    async def _lock_runs(self, connection: AsyncConnection, run_ids: Collection[int]) -> None:
        """Lock runs against other writers of their answers until the transaction ends; nothing on
        SQLite, which has one writer at a time.

        Answers are written in the order in which they came, so two writers of the same answers
        could deadlock.
        """
        if run_ids and not self._database.is_sqlite:
            locks = [
                func.pg_advisory_xact_lock(_WRITER_LOCKS, number) for number in sorted(run_ids)
            ]
            await connection.execute(select(*locks))

    async def _write_answers(
        self,
        connection: AsyncConnection,
        by_question: Mapping[tuple[Any, ...], Answer],
        prompt_ids: Mapping[str, int],
        model_ids: Mapping[Model, int],
    ) -> list[Answer]:
        """Write answers to different questions in one statement, and return those that were
        written, with their numbers: answers to new questions, and answers in place of a failed one.
        Answers to questions with an answer that did not fail are left out.

        Args:
            by_question: The answers, one for each question, by any key of the question.
            prompt_ids: The numbers of prompts, by key.
        """
        rows = {}
        for answer in by_question.values():
            question = answer.question
            row = answer_row(answer, prompt_ids[question.prompt.key], model_ids[question.model])
            rows[tuple(row[column] for column in _QUESTION)] = (row, answer)
        ordered = [row for row, _ in rows.values()]
        written = await connection.execute(
            self._upsert_answers,
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
    def _upsert_answers(self) -> Any:
        """The upsert, built once: building it takes as long as writing some answers."""
        columns = [column.name for column in answers.columns if column.name != "id"]
        return _upsert_statement(self._database, columns)


def _mean_usage(rows: Sequence[Row[Any]]) -> UsualUsage:
    """Return the mean billed quantities of answers, per answer with reported tokens, from rows of
    counts and sums.
    """
    reported = sum(int(row.reported) for row in rows)
    means = {
        name: sum(float(getattr(row, name)) for row in rows) / max(1, reported) for name in _USAGE
    }
    return UsualUsage(reported, sum(int(row.all) for row in rows) - reported, **means)


def answers_query() -> Select[Any]:
    """Return a query of answers with their prompts and models, for `rows.answer_of`."""
    return (
        select(answers, *ASKED_PROMPT, *(models.c.provider, models.c.name.label("model")))
        .join(prompts, answers.c.prompt_id == prompts.c.id)
        .join(models, answers.c.model_id == models.c.id)
    )


def _upsert_statement(database: Database, columns: Sequence[str]) -> Any:
    """Return an INSERT of answers that replaces a failed answer by another call's answer, and
    returns the numbers and questions of new and replaced answers.
    """
    insert = database.insert(answers)
    if not database.is_sqlite:
        insert = insert.from_select(columns, each_of(answers, columns))
    proposed = insert.excluded
    other_call: ColumnElement[bool] = or_(
        proposed.finish != Finish.FAILED, proposed.asked_at != answers.c.asked_at
    )
    return insert.on_conflict_do_update(
        index_elements=_QUESTION,
        set_={column: proposed[column] for column in columns if column not in _QUESTION},
        where=(answers.c.finish == Finish.FAILED) & other_call,
    ).returning(answers.c.id, *(answers.c[column] for column in _QUESTION))


def _insert_rounds(answers_in_order: Sequence[Answer]) -> list[dict[tuple[Any, ...], Answer]]:
    """Divide answers, in their order, into groups by question in which no question has two answers,
    for one INSERT each.
    """
    rounds: list[dict[tuple[Any, ...], Answer]] = []
    for answer in answers_in_order:
        question = (answer.run_id, *answer.question.key)
        without_question = next((by for by in rounds if question not in by), None)
        if without_question is None:
            without_question = {}
            rounds.append(without_question)
        without_question[question] = answer
    return rounds


WATERMARK_LOCK = 0x616E7377
"""PostgreSQL's advisory lock: exclusive to move a watermark, shared by writers of answers.

Numbers are assigned in one order and committed in another: a watermark must not pass a number that
is not committed yet.
"""
MAX_STEP = 50_000
"""Answer numbers that a watermark moves in one transaction, for which writers of answers wait."""
SCORED = sorted(COMPLETE | {Finish.NONE})
"""Endings that scorers read; without an answer some of them, see `Scorer`."""
MIN_STEP = 1_000
"""A watermark is moved when it can pass this many answer numbers."""


def unread_conditions(scorer: int) -> tuple[ColumnElement[bool], ...]:
    """Return the SQL conditions that an answer can be scored and that a scorer version, given by
    its number, has not read it.
    """
    read = exists().where(readings.c.scorer_id == scorer, readings.c.answer_id == answers.c.id)
    aside = select(runs.c.id).where(runs.c.aside)
    fit = (answers.c.finish.in_(SCORED), answers.c.reused_from.is_(None), ~answers.c.gone)
    return (*fit, ~read, answers.c.run_id.not_in(aside))


async def advance(database: Database, scorer: int) -> int:
    """Advance the watermark of a scorer version over answers that it has read, and return it: all
    answers up to this number are read or cannot be scored. 0 for an unknown version.

    Each step of at most `MAX_STEP` numbers is one transaction. The watermark stays if it could not
    pass `MIN_STEP` numbers, or if another process has moved it.

    Args:
        scorer: The store's number of the scorer version.
    """
    newest = select(func.max(answers.c.id)).scalar_subquery()
    current = select(scorers.c.read_to, newest).where(scorers.c.id == scorer)
    rows = [tuple(row) for row in await database.rows(current)]
    watermark, last = rows[0] if rows else (0, None)
    last = last or 0
    while last - watermark >= MIN_STEP:
        if await database.rows(
            _first_unread_query(scorer, watermark, watermark + MIN_STEP).limit(1)
        ):
            break
        new_watermark = await _move_watermark(database, scorer, watermark)
        if new_watermark == watermark:
            break
        watermark = new_watermark
    return int(watermark)


@uninterrupted
async def _move_watermark(database: Database, scorer: int, watermark: int) -> int:
    """Move a scorer's watermark up to before its first unread answer, at most `MAX_STEP` numbers,
    and return the stored watermark.

    The watermark stays when another process has moved it in the meantime.
    """
    async with database.writing() as connection:
        if not database.is_sqlite:  # which has one writer anyway
            await connection.execute(select(func.pg_advisory_xact_lock(WATERMARK_LOCK)))
        newest = await connection.scalar(select(func.max(answers.c.id)))
        end = min(watermark + MAX_STEP, int(newest or 0))
        first_unread = await connection.scalar(_first_unread_query(scorer, watermark, end).limit(1))
        new_watermark = end if first_unread is None else int(first_unread) - 1
        step = update(scorers).where(scorers.c.id == scorer, scorers.c.read_to == watermark)
        result = await connection.execute(step.values(read_to=new_watermark))
        return new_watermark if result.rowcount else watermark


def _first_unread_query(scorer: int, watermark: int, end: int) -> Select[Any]:
    """Return a query of the numbers, in order, of the unread answers after a watermark up to
    ``end``.
    """
    between = (answers.c.id > watermark, answers.c.id <= end)
    return select(answers.c.id).where(*between, *unread_conditions(scorer)).order_by(answers.c.id)
