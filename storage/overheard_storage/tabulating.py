"""Blocks by column, past what SQLAlchemy does for each row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, LargeBinary, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import BlockRun, BlockStream, BlockTable, Model
from overheard.domain.block_table import named
from overheard.numpy_proxy import Counts, np
from overheard_storage.database import uninterrupted
from overheard_storage.shelf import Shelf, among
from overheard_storage.tables import blocks, runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STREAM = ("model_id", "brand_id", "metric_id", "scorer_id")
_CELLS = {"run_id": "i4", "prompt_id": "i4", "n": "i4", "total": "f8", "squares": "f8"}
"""The other columns, and as what PostgreSQL sends each of them."""
_NOTHING = cast(b"", LargeBinary)


class TableShelf(Shelf):
    """The Protocol `overheard.interfaces.Store` says what each method does."""

    @uninterrupted
    async def block_table(
        self,
        brands: Collection[str] | None = None,
        *,
        model: Model | None = None,
        metric: str | None = None,
        until: datetime | None = None,
    ) -> BlockTable:
        """Return the blocks of some brands by column."""
        wanted: list[ColumnElement[bool]] = []
        if brands is not None:
            known = await self._registers.brands.known((name,) for name in brands)
            wanted.append(among(blocks.c.brand_id, known.values()))
        if model is not None:
            number = await self._registers.models.find(model.provider, model.name)
            wanted.append(blocks.c.model_id == number)
        if metric is not None:
            number = await self._registers.metrics.find(metric)
            wanted.append(blocks.c.metric_id == number)
        if until is not None:
            wanted.append(blocks.c.at <= until)
        async with self._database.reading() as connection:
            read = await (_plain if self._database.is_sqlite else _packed)(connection, wanted)
            cells = read.cells
            begun = select(runs.c.id, runs.c.started_at)
            begun = begun.where(among(runs.c.id, set(cells["run_id"].tolist())))
            ran = {i: BlockRun(at, i) for i, at in map(tuple, await connection.execute(begun))}
        keys = await self._registers.prompts.names(set(cells["prompt_id"].tolist()))
        ran_in, run = named(cells["run_id"], ran)
        prompts, prompt = named(
            cells["prompt_id"], {number: key for number, (key,) in keys.items()}
        )
        of, place = named(read.stream, dict(enumerate(await self._named(read.streams))))
        sums = {name: cells[name] for name in ("n", "total", "squares")}
        return BlockTable(ran_in, prompts, of, run, prompt, place, **sums)

    async def _named(self, streams: Sequence[Sequence[int]]) -> list[BlockStream]:
        """Return the streams that the numbers of model, brand, metric and scorer tell."""
        registers = self._registers
        model, brand, metric, scorer = [
            await register.names(set(numbers))
            for register, numbers in zip(
                (registers.models, registers.brands, registers.metrics, registers.scorers),
                zip(*streams, strict=True) if streams else [()] * len(_STREAM),
                strict=True,
            )
        ]
        return [
            BlockStream(brand[b][0], Model(*model[m]), metric[k][0], "{}@{}".format(*scorer[s]))
            for m, b, k, s in streams
        ]


@dataclass(frozen=True)
class _Read:
    """Blocks as they were read.

    Attributes:
        streams: The numbers of each stream, in the order of `_STREAM`.
        stream: Which of them each block is of.
        cells: The columns of `_CELLS`, by name.
    """

    streams: Sequence[tuple[int, ...]]
    stream: Counts
    cells: Mapping[str, NDArray[Any]]


async def _packed(connection: AsyncConnection, wanted: Sequence[ColumnElement[bool]]) -> _Read:
    """Have PostgreSQL send the blocks of a stream as one string of bytes: the driver would make an
    object of each number.
    """
    sent = [_sent(blocks.c[name], kind) for name, kind in _CELLS.items()]
    packed = func.string_agg(reduce(lambda one, next_: one.concat(next_), sent), _NOTHING)
    stream = [blocks.c[name] for name in _STREAM]
    query = select(*stream, packed).where(*wanted).group_by(*stream)
    found = [tuple(row) for row in await connection.execute(query)]
    layout = np.dtype([(name, f">{kind}") for name, kind in _CELLS.items()])
    rows = np.frombuffer(b"".join(row[-1] for row in found), layout)
    counts = [len(row[-1]) // layout.itemsize for row in found]
    cells = {name: rows[name].astype(f"{kind[0]}8") for name, kind in _CELLS.items()}
    return _Read([row[:-1] for row in found], np.repeat(np.arange(len(found)), counts), cells)


def _sent(column: Column[Any], kind: str) -> ColumnElement[bytes]:
    send = func.int4send if kind == "i4" else func.float8send
    return send(column, type_=LargeBinary)


async def _plain(connection: AsyncConnection, wanted: Sequence[ColumnElement[bool]]) -> _Read:
    """Read blocks row by row."""
    query = select(*(blocks.c[name] for name in (*_STREAM, *_CELLS))).where(*wanted)
    rows = (await connection.execute(query)).all()
    keys = [tuple(row[: len(_STREAM)]) for row in rows]
    streams = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    cells = {
        name: np.array([row[place] for row in rows], f"{kind[0]}8")
        for place, (name, kind) in enumerate(_CELLS.items(), len(_STREAM))
    }
    return _Read(list(streams), np.array([streams[key] for key in keys], np.int64), cells)
