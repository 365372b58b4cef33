"""What all parts of the store stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, Row, Select, bindparam

from overheard_storage.database import Database
from overheard_storage.registers import Registers
from overheard_storage.tables import prompts

ASKED_PROMPT: tuple[ColumnElement[Any], ...] = (
    *(prompts.c.text.label("prompt"), prompts.c.tags, prompts.c.brands),
    *(prompts.c.topic, prompts.c.persona, prompts.c.language, prompts.c.market),
)
"""The columns of a prompt beside others, as `shapes.asked_prompt_of` reads them."""

PAGE = 500
"""Rows that a stream fetches at a time."""


class Shelf:
    """A part of the store: some tables, and the methods that write and read them.

    Args:
        database: Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._registers = Registers(database)

    async def _stream(
        self, query: Select[Any], number: Column[int], *, newest: bool = False
    ) -> AsyncIterator[Row[Any]]:
        """Fetch the rows of a query one by one, see `_pages`."""
        async for page in self._pages(query, number, newest=newest):
            for row in page:
                yield row

    async def _pages(
        self, query: Select[Any], number: Column[int], *, newest: bool = False
    ) -> AsyncIterator[Sequence[Row[Any]]]:
        """Fetch the rows of a query page by page, in the order of a number.

        No transaction stays open between two pages: whoever reads may write meanwhile, and may
        stop reading at any time.

        Args:
            query: What to fetch; it selects the number as ``id``.
            number: A primary key, 1 and up.
            newest: Whether the highest number comes first.
        """
        order = number.desc() if newest else number
        rest = query
        while rows := await self._database.rows(rest.order_by(order).limit(PAGE)):
            yield rows
            last = rows[-1].id
            rest = query.where(number < last if newest else number > last)


def among(column: Column[int], numbers: Collection[int]) -> ColumnElement[bool]:
    """Say that a column holds one of some numbers, however many.

    They are written into the statement: databases limit the variables of a statement to some
    thousands, and a list of numbers can say nothing but numbers.
    """
    written: BindParameter[int] = bindparam(
        None, list(numbers), expanding=True, literal_execute=True
    )
    return column.in_(written)
