"""Scores of answers, and which answers each version of a scorer has read (readings)."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    String,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import Answer, Model, Run, ScoreRecord
from overheard_storage import tables
from overheard_storage.answers import SCORED, advance, unread_conditions
from overheard_storage.blocks import add_blocks, every_score
from overheard_storage.bulk_writes import by_column, each_of, insert_many
from overheard_storage.database import Database, uninterrupted
from overheard_storage.editions import split_versions
from overheard_storage.repository import Repository, among
from overheard_storage.rows import record_of
from overheard_storage.tables import (
    answers,
    blocks,
    brands,
    editions,
    metrics,
    readings,
    runs,
    scorers,
    scores,
    zeros,
)

PRUNED_ANSWERS = 5_000
"""Answers whose scores are deleted in one transaction, so that others can write in between."""


@dataclass(frozen=True)
class _Numbers:
    """The numbers of the names in some scored answers."""

    scorer: int
    prompts: Mapping[str, int]
    models: Mapping[Model, int]
    brands: Mapping[str, int]
    metrics: Mapping[str, int]


ScoredAnswers = Sequence[tuple[Answer, Sequence[ScoreRecord]]]
ValueRow = tuple[Any, ...]
"""A row of `scores` or `zeros`, or the key and the sums of a block."""


class SqlScoreRepository(Repository):
    """Scores; see `overheard.interfaces.runs.ScoreRepository`."""

    async def unscored(
        self,
        scorer: str,
        version: str,
        *,
        seen: bool | None = None,
        newest: bool = False,
        part: Run | None = None,
    ) -> AsyncIterator[int]:
        """Stream the numbers of the answers that can be scored and that a version of a scorer has
        not read, in ascending order, or in descending order with ``newest``. An unknown version has
        read nothing.

        Args:
            scorer: The scorer's name.
            version: The scorer's version.
            seen: True for only answers that any version of the scorer has read, False for only
                others, None for both.
            newest: Whether the newest answers come first.
            part: A run whose panel selects its answers; None for all answers.
        """
        number = await self._lookups.scorers.find(scorer, version)
        query = select(answers.c.id).where(*unread_conditions(number))
        if part is None:
            query = query.where(answers.c.id > await advance(self._database, number))
        if seen is not None:
            query = query.where(
                _has_read_any_version(scorer) if seen else ~_has_read_any_version(scorer)
            )
        if part is not None:
            query = query.where(*await self._answers_of_run(part))
        async for row in self._stream(query, answers.c.id, newest=newest):
            yield row.id

    async def _answers_of_run(self, run: Run) -> list[ColumnElement[bool]]:
        """Return the SQL conditions of the answers of a run to the prompts and models of its
        ``panel``, which may be fewer than those of the stored run; without a panel, of all its
        answers.
        """
        conditions: list[ColumnElement[bool]] = [answers.c.run_id == run.id]
        if panel := run.panel:
            prompt_ids = await self._lookups.prompts.known((p.key,) for p in panel.prompts)
            model_ids = await self._lookups.models.known((m.provider, m.name) for m in panel.models)
            conditions.append(among(answers.c.prompt_id, prompt_ids.values()))
            conditions.append(among(answers.c.model_id, model_ids.values()))
        return conditions

    @uninterrupted
    async def add(self, scorer: str, version: str, scores: ScoredAnswers) -> None:
        """Store one scorer's scores of some answers, add them to their blocks, and note the answers
        as read, in one transaction.

        Answers that this version has read before are left out. An answer without scores counts as
        read. Of several scores of a brand and metric in one answer, the first is stored. New names
        are stored in transactions of their own.
        """
        if not scores:
            return
        numbers = await self._numbers(scorer, version, scores)
        async with self._database.writing() as connection:
            read = [answer.id for answer, _ in scores]
            new_ids = await note_readings(self._database, connection, numbers.scorer, read)
            rows, sums, zero_rows = _rows(new_ids, scores, numbers)
            for table, of_table in ((tables.scores, rows), (zeros, zero_rows)):
                if of_table:
                    await insert_many(connection, table, table.c.keys(), of_table)
            if sums:
                await add_blocks(connection, sums)

    async def findings(
        self, brand: str, verdicts: Collection[str], *, runs: Collection[int] | None = None
    ) -> list[ScoreRecord]:
        """Return the scores of a brand that have a detail with one of the verdicts, in the order of
        their answers.

        Args:
            brand: The brand's name.
            verdicts: Verdicts such as ``wrong``.
            runs: The numbers of runs; None for all.
        """
        # The text of the details is searched in the database: few scores have such a verdict.
        text = cast(scores.c.details, String)
        named = or_(*(text.contains(f'"{verdict}"', autoescape=True) for verdict in verdicts))
        query = _records_query(scores).where(brands.c.name == brand, named)
        if runs is not None:
            query = query.join(answers, answers.c.id == scores.c.answer_id)
            query = query.where(among(answers.c.run_id, runs))
        records = [record_of(row) for row in await self._database.rows(query)]
        wanted = frozenset(verdicts)
        return [
            record for record in records if any(d.verdict in wanted for d in record.score.details)
        ]

    async def stream(self, *, runs: Collection[int] | None = None) -> AsyncIterator[ScoreRecord]:
        """Stream the scores of some runs, by their numbers (None: all runs), in the order of their
        answers' numbers.
        """
        query = select(answers.c.id)
        if runs is not None:
            query = query.where(among(answers.c.run_id, runs))
        async for page in self._pages(query, answers.c.id):
            for record in await self.of_answers([row.id for row in page]):
                yield record

    async def of_answers(self, answers: Collection[int]) -> list[ScoreRecord]:
        """Return the scores of some answers, in the order of the answers' numbers."""
        sqlite = self._database.is_sqlite
        scored = every_score(lambda answer: among(answer, answers), sqlite=sqlite)
        rows = await self._database.rows(_records_query(scored))
        return [record_of(row) for row in rows]

    async def count_read(self, scorer: str, version: str) -> int:
        """Return how many answers that still have their text a version of a scorer has read."""
        number = await self._lookups.scorers.find(scorer, version)
        without_text = select(answers.c.id).where(answers.c.gone)
        query = select(func.count()).where(
            readings.c.scorer_id == number, readings.c.answer_id.not_in(without_text)
        )
        return int((await self._database.rows(query))[0][0])

    async def count_scorable(self) -> int:
        """Return the number of answers that can be scored: complete, in the history, with a text,
        no copies.
        """
        aside = select(runs.c.id).where(runs.c.aside)
        query = select(func.count()).where(
            answers.c.finish.in_(SCORED),
            answers.c.reused_from.is_(None),
            ~answers.c.gone,
            answers.c.run_id.not_in(aside),
        )
        return int((await self._database.rows(query))[0][0])

    async def prune(self, versions: Collection[str]) -> int:
        """Delete all scores, readings, blocks and editions except those of some versions
        ("scorer@version"), and return the number of deleted scores.

        Editions and blocks go first, in one transaction; then the scores and readings of
        `PRUNED_ANSWERS` answers in each transaction. An edition is deleted if it uses any other
        version.
        """
        rows = await self._database.rows(select(scorers))
        scorer_ids = [row.id for row in rows if f"{row.name}@{row.version}" not in versions]
        await self._remove_blocks(scorer_ids, versions)
        removed = 0
        [highest] = await self._database.rows(select(func.max(readings.c.answer_id)))
        for start in range(0, (highest[0] or 0) + 1, PRUNED_ANSWERS):
            answer_ids = range(start, start + PRUNED_ANSWERS)
            removed += await self._remove_scores(scorer_ids, answer_ids)
        return removed

    @uninterrupted
    async def _remove_blocks(self, scorer_ids: Collection[int], versions: Collection[str]) -> None:
        """Delete the blocks of some scorer versions, and the editions that use any version that is
        not kept, in one transaction.

        Args:
            versions: The versions to keep, as "scorer@version".
        """
        outdated = [
            row.id
            for row in await self._database.rows(select(editions.c.id, editions.c.versions))
            if not split_versions(row.versions) <= set(versions)
        ]
        async with self._database.writing() as connection:
            await connection.execute(delete(editions).where(among(editions.c.id, outdated)))
            await connection.execute(delete(blocks).where(among(blocks.c.scorer_id, scorer_ids)))

    @uninterrupted
    async def _remove_scores(self, scorer_ids: Collection[int], answer_ids: range) -> int:
        """Delete the scores and readings of some scorer versions, by their numbers, on a range of
        answer numbers, in one transaction; return the number of deleted scores.
        """

        def in_range(answer: ColumnElement[int]) -> ColumnElement[bool]:
            return answer.between(answer_ids.start, answer_ids.stop - 1)

        scored = every_score(in_range, sqlite=self._database.is_sqlite)
        count = select(func.count()).where(among(scored.c.scorer_id, scorer_ids))
        async with self._database.writing() as connection:
            removed = await connection.scalar(count)
            for table in (scores, zeros, readings):
                outdated = in_range(table.c.answer_id), among(table.c.scorer_id, scorer_ids)
                await connection.execute(delete(table).where(*outdated))
            return int(removed or 0)

    async def _numbers(self, scorer: str, version: str, scored: ScoredAnswers) -> _Numbers:
        """Return the database's numbers of the scorer and of all names in some scored answers; new
        names are stored.
        """
        questions = [answer.question for answer, _ in scored]
        records = list(chain.from_iterable(records for _, records in scored))
        metrics = map(attrgetter("metric"), map(itemgetter(-1), records))
        return _Numbers(
            scorer=await self._lookups.scorers.number(scorer, version),
            prompts=await self._lookups.prompt_ids(question.prompt for question in questions),
            models=await self._lookups.model_ids(question.model for question in questions),
            brands=await self._lookups.brand_ids(map(itemgetter(1), records)),
            metrics=await self._lookups.metric_ids(metrics),
        )


async def note_readings(
    database: Database, connection: AsyncConnection, scorer: int, answer_ids: Iterable[int]
) -> set[int]:
    """Store that a scorer version has read answers, and return the numbers of those that it had not
    read before.

    Args:
        connection: A connection in a transaction.
        scorer: The number of the scorer version.
        answer_ids: The numbers of the answers, at least one.
    """
    rows = [{"scorer_id": scorer, "answer_id": number} for number in sorted(set(answer_ids))]
    insert = database.insert(readings)
    if not database.is_sqlite:
        insert = insert.from_select(list(rows[0]), each_of(readings, list(rows[0])))
    inserted = await connection.execute(
        insert.on_conflict_do_nothing().returning(readings.c.answer_id),
        rows if database.is_sqlite else by_column(readings, rows, connection.dialect),
    )
    return set(inserted.scalars())


def _has_read_any_version(scorer: str) -> ColumnElement[bool]:
    """Return the condition that any version of a scorer has read an answer."""
    own_versions = select(scorers.c.id).where(scorers.c.name == scorer)
    return exists().where(
        readings.c.scorer_id.in_(own_versions), readings.c.answer_id == answers.c.id
    )


def _records_query(scored: FromClause) -> Select[Any]:
    """Return a query of scores with their names, in the order of their answers, for
    `rows.record_of`.
    """
    return (
        select(
            *(scored.c.answer_id, scored.c.value, scored.c.quote, scored.c.details),
            *(brands.c.name.label("brand"), metrics.c.name.label("metric")),
            *(scorers.c.name.label("scorer"), scorers.c.version),
        )
        .join_from(scored, brands, scored.c.brand_id == brands.c.id)
        .join(metrics, scored.c.metric_id == metrics.c.id)
        .join(scorers, scored.c.scorer_id == scorers.c.id)
        .order_by(scored.c.answer_id, scored.c.scorer_id, scored.c.brand_id, scored.c.metric_id)
    )


def _rows(
    new_ids: Collection[int], scored: ScoredAnswers, numbers: _Numbers
) -> tuple[list[ValueRow], list[ValueRow], list[ValueRow]]:
    """Return the rows of the scores of new answers; their sums by block, sorted by key: numbers of
    run, prompt, model, brand, metric and scorer, then count, sum and sum of squares; and the rows
    of `zeros`. Of several scores of a brand and metric in one answer the first is used.

    Args:
        new_ids: Numbers of the answers whose scores are stored.
        scored: Answers with their scores, of one scorer.
        numbers: The database's numbers of the names in them.
    """
    rows: list[ValueRow] = []
    known: dict[int, set[tuple[int, int]]] = {}
    zeros_by_answer: dict[int, dict[int, list[int]]] = {}
    by_question: dict[tuple[int, ...], dict[tuple[int, int], list[float]]] = {}
    scorer, brands, metrics = numbers.scorer, numbers.brands, numbers.metrics
    for answer, records in scored:
        if answer.id not in new_ids:
            continue
        prompt = numbers.prompts[answer.question.prompt.key]
        question = (answer.run_id, prompt, numbers.models[answer.question.model])
        values = by_question.setdefault(question, defaultdict(list))
        number, streams = answer.id, known.setdefault(answer.id, set())
        nothing = zeros_by_answer.setdefault(number, defaultdict(list))
        for _, name, _, _, score in records:
            stream = brand, metric = brands[name], metrics[score.metric]
            if stream in streams:
                continue
            streams.add(stream)
            value, details = score.value, score.details
            values[stream].append(value)
            if value or score.quote or details:
                said = details and [(d.topic, d.verdict, d.stated, d.quote) for d in details]
                rows.append((number, scorer, *stream, value, score.quote, said))
            else:
                nothing[metric].append(brand)
    sums = [
        (*question, *stream, scorer, len(each), sum(each), sum([value * value for value in each]))
        for question, streams in by_question.items()
        for stream, each in streams.items()
    ]
    zero_rows = [(number, scorer, each) for number, each in zeros_by_answer.items() if each]
    return rows, sorted(sums), zero_rows
