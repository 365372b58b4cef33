"""Blocks by column, past what SQLAlchemy does for each row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Double, LargeBinary, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import BlockRun, BlockStream, BlockTable, Model
from overheard.domain.tabulating import named
from overheard_storage.database import uninterrupted
from overheard_storage.shelf import Shelf, among
from overheard_storage.tables import blocks, runs

if TYPE_CHECKING:  # numpy takes long to import, and most starts do without it
    import numpy as np
    from numpy.typing import NDArray

_COLUMNS = (
    *("run_id", "prompt_id", "model_id", "brand_id", "metric_id", "scorer_id"),
    *("n", "total", "squares"),
)


class TableShelf(Shelf):
    """The Protocol `overheard.interfaces.Store` says what each method does."""

    @uninterrupted
    async def block_table(
        self,
        brands: Collection[str],
        *,
        model: Model | None = None,
        metric: str | None = None,
        until: datetime | None = None,
    ) -> BlockTable:
        """Return the blocks of some brands by column."""
        known = await self._registers.brands.known((name,) for name in brands)
        query = select(*(blocks.c[name] for name in _COLUMNS))
        query = query.where(among(blocks.c.brand_id, known.values()))
        if model is not None:
            number = await self._registers.models.find(model.provider, model.name)
            query = query.where(blocks.c.model_id == number)
        if metric is not None:
            number = await self._registers.metrics.find(metric)
            query = query.where(blocks.c.metric_id == number)
        if until is not None:
            query = query.where(blocks.c.at <= until)
        async with self._database.reading() as connection:
            run, prompt, *stream, n, total, squares = await read_columns(connection, query)
            begun = select(runs.c.id, runs.c.started_at)
            begun = begun.where(among(runs.c.id, set(run.tolist())))
            ran = {i: BlockRun(at, i) for i, at in map(tuple, await connection.execute(begun))}
        keys = await self._registers.prompts.names(set(prompt.tolist()))
        ran_in, where = named(run, ran)
        prompts, asked = named(prompt, {number: key for number, (key,) in keys.items()})
        streams, of = await self._block_streams(stream)
        return BlockTable(ran_in, prompts, streams, where, asked, of, n, total, squares)

    async def _block_streams(
        self, columns: Sequence[NDArray[np.int64]]
    ) -> tuple[tuple[BlockStream, ...], NDArray[np.intp]]:
        """Return the streams that the numbers of model, brand, metric and scorer tell."""
        import numpy as np

        sizes = [int(column.max(initial=0)) + 1 for column in columns]
        each = np.ravel_multi_index(tuple(columns), sizes)
        found = np.unique(each)
        parts = [part.tolist() for part in np.unravel_index(found, sizes)]
        registers = self._registers
        model, brand, metric, scorer = [
            await register.names(set(part))
            for register, part in zip(
                (registers.models, registers.brands, registers.metrics, registers.scorers),
                parts,
                strict=True,
            )
        ]
        streams = {
            number: BlockStream(
                brand[b][0], Model(*model[m]), metric[k][0], "{}@{}".format(*scorer[s])
            )
            for number, m, b, k, s in zip(found.tolist(), *parts, strict=True)
        }
        return named(each, streams)


async def read_columns(connection: AsyncConnection, query: Select[Any]) -> list[NDArray[Any]]:
    """Return the columns of a query, each an array.

    Args:
        connection: Where to ask.
        query: What to read; its columns are of the types Integer and Double, and none is empty.
    """
    import numpy as np

    columns = query.selected_columns
    kinds = ["f8" if isinstance(column.type, Double) else "i4" for column in columns]
    native = [np.dtype("f8" if kind == "f8" else "i8") for kind in kinds]
    if connection.dialect.name == "postgresql":
        row = (await connection.execute(_packed(query))).one()
        packed = zip(row, kinds, strict=True)
        parts: list[Any] = [np.frombuffer(part or b"", f">{kind}") for part, kind in packed]
    else:
        rows = (await connection.execute(query)).all()
        parts = list(zip(*rows, strict=True)) or [() for _ in kinds]
    return [np.array(part, kind) for part, kind in zip(parts, native, strict=True)]


def _packed(query: Select[Any]) -> Select[Any]:
    """Have PostgreSQL send each column as one string of bytes; the driver would make an object
    of each value.
    """
    sends = [
        (func.float8send if isinstance(column.type, Double) else func.int4send)(column)
        for column in query.subquery().columns
    ]
    return select(*(func.string_agg(send, cast(b"", LargeBinary)) for send in sends))
