"""Blocks: sums of scores by run, prompt, model, brand, metric and scorer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Integer,
    LargeBinary,
    Select,
    Subquery,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import Block, BlockStream, BlockTable, Model, RunKey, tabulate
from overheard.domain.scores import sorted_names
from overheard.numpy_proxy import Counts, np
from overheard_storage.bulk_writes import Adding, insert_many
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository, among
from overheard_storage.rows import block_of, model_of
from overheard_storage.tables import (
    answers,
    blocks,
    brands,
    metrics,
    models,
    prompts,
    runs,
    scorers,
    scores,
    zeros,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEY = ("run_id", "prompt_id", "model_id", "brand_id", "metric_id", "scorer_id")
_SUMS = ("n", "total", "squares")
_COLUMNS = (*_KEY, *_SUMS, "at")
_ORDER = attrgetter("at", "run_id", "prompt", "model", "brand", "metric", "version")

_STREAM = ("model_id", "brand_id", "metric_id", "scorer_id")
_CELLS = {"run_id": "i4", "prompt_id": "i4", "n": "i4", "total": "f8", "squares": "f8"}
"""The other columns, with the types in which PostgreSQL sends them."""
_NOTHING = cast(b"", LargeBinary)


class SqlBlockRepository(Repository):
    """Blocks; see `overheard.interfaces.runs.BlockRepository`."""

    async def find(
        self,
        *,
        brand: str | None = None,
        model: Model | None = None,
        metric: str | None = None,
        since: datetime | None = None,
        run: int | None = None,
    ) -> list[Block]:
        """Return the blocks that fulfil all conditions, the oldest first; None is no condition, and
        an unknown name selects nothing. Blocks of one start are in the order of run, prompt, model,
        brand, metric and version.

        Args:
            brand: The brand's name.
            metric: The metric's name.
            since: The earliest start of their runs.
            run: The number of their run.
        """
        query = _blocks_query()
        if brand is not None:
            number = await self._lookups.brands.find(brand)
            query = query.where(blocks.c.brand_id == number)
        if model is not None:
            number = await self._lookups.models.find(model.provider, model.name)
            query = query.where(blocks.c.model_id == number)
        if metric is not None:
            number = await self._lookups.metrics.find(metric)
            query = query.where(blocks.c.metric_id == number)
        if since is not None:
            query = query.where(blocks.c.at >= since)
        if run is not None:
            query = query.where(blocks.c.run_id == run)
        # Databases sort names by language; here they are sorted by code point.
        return sorted(map(block_of, await self._database.rows(query)), key=_ORDER)

    async def reused(self, run_id: int) -> list[Block]:
        """Return the sums of the scores of the original answers that a run reuses, as blocks of the
        run.
        """
        reused = select(answers.c.reused_from).where(answers.c.run_id == run_id)
        scored = every_score(lambda answer: answer.in_(reused), sqlite=self._database.is_sqlite)
        sums = sums_query(scored, answers.c.reused_from).where(answers.c.run_id == run_id)
        rows = await self._database.rows(_blocks_query(sums.subquery()))
        return sorted(map(block_of, rows), key=_ORDER)

    @uninterrupted
    async def table(
        self,
        brands: Collection[str] | None = None,
        *,
        model: Model | None = None,
        metric: str | None = None,
        until: datetime | None = None,
        newest: tuple[str, int] | None = None,
    ) -> BlockTable:
        """Return the blocks that fulfil all conditions as a table of columns, in any order; None is
        no condition, and an unknown name selects nothing.

        Args:
            metric: The metric's name.
            until: The latest start of their runs.
            newest: A brand and a number of runs: for each model, only its newest runs with a value
                of the metric of this brand.
        """
        conditions: list[ColumnElement[bool]] = []
        if brands is not None:
            brand_ids = await self._lookups.brands.known((name,) for name in brands)
            conditions.append(among(blocks.c.brand_id, brand_ids.values()))
        if model is not None:
            number = await self._lookups.models.find(model.provider, model.name)
            conditions.append(blocks.c.model_id == number)
        if metric is not None:
            number = await self._lookups.metrics.find(metric)
            if not number:
                return tabulate([])
            conditions.append(blocks.c.metric_id == number)
            if newest is not None:
                name, count = newest
                conditions.append(_newest(await self._lookups.brands.find(name), number, count))
        if until is not None:
            conditions.append(blocks.c.at <= until)
        async with self._database.reading() as connection:
            read = await _read_packed(connection, conditions)
            cells = read.cells
            starts = select(runs.c.id, runs.c.started_at)
            starts = starts.where(among(runs.c.id, np.unique(cells["run_id"]).tolist()))
            ran = {i: RunKey(at, i) for i, at in map(tuple, await connection.execute(starts))}
        keys = await self._lookups.prompts.names(np.unique(cells["prompt_id"]).tolist())
        ran_in, run = sorted_names(cells["run_id"], ran)
        prompts, prompt = sorted_names(
            cells["prompt_id"], {number: key for number, (key,) in keys.items()}
        )
        of, place = sorted_names(read.stream, dict(enumerate(await self._streams_of(read.streams))))
        sums = {name: cells[name] for name in ("n", "total", "squares")}
        return BlockTable(ran_in, prompts, of, run, prompt, place, **sums)

    async def _streams_of(self, streams: Sequence[Sequence[int]]) -> list[BlockStream]:
        """Return the streams, in order, with names in place of the database's numbers.

        Args:
            streams: The numbers of model, brand, metric and scorer of each stream.
        """
        lookups = self._lookups
        model, brand, metric, scorer = [
            await lookup.names(set(numbers))
            for lookup, numbers in zip(
                (lookups.models, lookups.brands, lookups.metrics, lookups.scorers),
                zip(*streams, strict=True) if streams else [()] * len(_STREAM),
                strict=True,
            )
        ]
        return [
            BlockStream(brand[b][0], model_of(*model[m]), metric[k][0], "{}@{}".format(*scorer[s]))
            for m, b, k, s in streams
        ]


async def add_blocks(connection: AsyncConnection, summed: Sequence[tuple[Any, ...]]) -> None:
    """Add counts and sums to the stored blocks of the same key, within a transaction. A missing
    block is created, with the start of its run.

    Args:
        connection: The connection of the transaction that stores the scores.
        summed: Rows of the numbers of run, prompt, model, brand, metric and scorer, then count,
            sum and sum of squares; sorted, so that two writers cannot deadlock.
    """
    starts = await connection.execute(
        select(runs.c.id, runs.c.started_at).where(among(runs.c.id, {row[0] for row in summed}))
    )
    at = {row.id: row.started_at for row in starts}
    rows = [(*row, at[row[0]]) for row in summed]
    await insert_many(connection, blocks, _COLUMNS, rows, Adding(_KEY, _SUMS))


def _newest(brand: int, metric: int, count: int) -> ColumnElement[bool]:
    """Return the condition that a block is of a model's newest runs with a value of a metric of a
    brand. Each model is one range of the index, of which the end alone is read.
    """
    other = blocks.alias()
    first = (
        select(other.c.at)
        .where(other.c.brand_id == brand, other.c.metric_id == metric)
        .where(other.c.model_id == models.c.id)
        .distinct()
        .order_by(other.c.at.desc())
    )
    one = first.limit(1).offset(count - 1).correlate(models).scalar_subquery()
    since = func.coalesce(one, datetime.min.replace(tzinfo=UTC))
    return (blocks.c.model_id == models.c.id) & (blocks.c.at >= since)


def _blocks_query(of: FromClause = blocks) -> Select[Any]:
    """Return a query of blocks with names instead of numbers, for `rows.block_of`.

    Args:
        of: The table of blocks, or a query of `sums_query`.
    """
    return (
        select(
            *(of.c.run_id, runs.c.started_at, of.c.n, of.c.total, of.c.squares),
            *(prompts.c.key.label("prompt"), models.c.provider, models.c.name.label("model")),
            *(brands.c.name.label("brand"), metrics.c.name.label("metric")),
            *(scorers.c.name.label("scorer"), scorers.c.version),
        )
        .join_from(of, runs, of.c.run_id == runs.c.id)
        .join(prompts, of.c.prompt_id == prompts.c.id)
        .join(models, of.c.model_id == models.c.id)
        .join(brands, of.c.brand_id == brands.c.id)
        .join(metrics, of.c.metric_id == metrics.c.id)
        .join(scorers, of.c.scorer_id == scorers.c.id)
    )


def every_score(of: Callable[[Column[int]], ColumnElement[bool]], *, sqlite: bool) -> Subquery:
    """Return the scores of some answers, those in `zeros` too, in the columns of `scores`.

    Args:
        of: Returns the condition on the number of an answer. Databases would read all scores first.
    """
    elements = func.json_each if sqlite else func.json_array_elements_text
    of_metric = func.json_each(zeros.c.brands).table_valued("key", "value", joins_implicitly=True)
    brand = elements(of_metric.c.value).table_valued("value", joins_implicitly=True)
    numbers = cast(brand.c.value, Integer), cast(of_metric.c.key, Integer)
    nothing = literal(0.0), literal("", scores.c.quote.type), literal([], scores.c.details.type)
    kept = select(zeros.c.answer_id, zeros.c.scorer_id, *numbers, *nothing)
    kept = kept.select_from(zeros, of_metric, brand).where(of(zeros.c.answer_id))
    return select(scores).where(of(scores.c.answer_id)).union_all(kept).subquery()


def sums_query(scored: Subquery, answer: Column[int] = answers.c.id) -> Select[Any]:
    """Return a query of the sums of scores by block: the numbers of `_KEY`, by which it is sorted,
    then `_SUMS`. ``answer`` is the column of `answers` by which an answer has its scores.
    """
    key = [(answers if name in answers.c else scored).c[name] for name in _KEY]
    values = func.count(), func.sum(scored.c.value), func.sum(scored.c.value * scored.c.value)
    sums = [value.label(name) for name, value in zip(_SUMS, values, strict=True)]
    query = select(*key, *sums).join(scored, answer == scored.c.answer_id)
    return query.group_by(*key).order_by(*key)


@dataclass(frozen=True)
class _NumberedBlocks:
    """Blocks with numbers instead of names.

    Attributes:
        streams: The numbers of each stream, in the order of `_STREAM`.
        stream: The index in `streams` of each block.
        cells: The columns of `_CELLS`, by name.
    """

    streams: Sequence[tuple[int, ...]]
    stream: Counts
    cells: Mapping[str, NDArray[Any]]


async def _read_packed(
    connection: AsyncConnection, conditions: Sequence[ColumnElement[bool]]
) -> _NumberedBlocks:
    """Read the blocks that fulfil some SQL conditions, in any order: those of each stream as one
    byte string, because the driver would create an object for each number, which is slow, and takes
    memory that is not given back to the system.
    """
    layout = np.dtype([(name, f">{kind}") for name, kind in _CELLS.items()])
    if connection.dialect.name == "sqlite":
        packed = func.packed(*(blocks.c[name] for name in _CELLS), type_=LargeBinary)
        layout = np.dtype([(name, "f8") for name in _CELLS])
    else:
        sent = [_binary_cells(blocks.c[name], kind) for name, kind in _CELLS.items()]
        packed = func.string_agg(reduce(lambda first, next_: first.concat(next_), sent), _NOTHING)
    stream = [blocks.c[name] for name in _STREAM]
    query = select(*stream, packed).where(*conditions).group_by(*stream)
    packed_rows = [tuple(row) for row in await connection.execute(query)]
    rows = np.frombuffer(b"".join(row[-1] for row in packed_rows), layout)
    counts = [len(row[-1]) // layout.itemsize for row in packed_rows]
    cells = {name: rows[name].astype(f"{kind[0]}8") for name, kind in _CELLS.items()}
    return _NumberedBlocks(
        [row[:-1] for row in packed_rows], np.repeat(np.arange(len(packed_rows)), counts), cells
    )


def _binary_cells(column: Column[Any], kind: str) -> ColumnElement[bytes]:
    send = func.int4send if kind == "i4" else func.float8send
    return send(column, type_=LargeBinary)
