"""The base of all repositories: access to the database, and streams of rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, Row, Select, bindparam

from overheard_storage.database import Database
from overheard_storage.lookups import Lookups
from overheard_storage.tables import prompts

ASKED_PROMPT: tuple[ColumnElement[Any], ...] = (
    *(prompts.c.text.label("prompt"), prompts.c.tags, prompts.c.brands),
    *(prompts.c.topic, prompts.c.persona, prompts.c.language, prompts.c.market),
)
"""The columns of a prompt in a row with others, as `rows.asked_prompt_of` reads them."""

PAGE_ROWS = 500
"""Rows that a stream fetches at a time."""


class Repository:
    """Some tables of the store, and the methods that write and read them.

    Args:
        database: The database of the tables.
        lookups: The numbers of names, shared by all repositories of a store.
    """

    def __init__(self, database: Database, lookups: Lookups) -> None:
        self._database = database
        self._lookups = lookups

    async def _stream(
        self, query: Select[Any], number: Column[int], *, newest: bool = False
    ) -> AsyncIterator[Row[Any]]:
        """Fetch the rows of a query one by one; see `_pages`."""
        async for page in self._pages(query, number, newest=newest):
            for row in page:
                yield row

    async def _pages(
        self, query: Select[Any], number: Column[int], *, newest: bool = False
    ) -> AsyncIterator[Sequence[Row[Any]]]:
        """Fetch the rows of a query page by page, in the order of a number.

        No transaction stays open between two pages: the reader may write in between, and may
        stop at any time.

        Args:
            query: The query; it selects the number as ``id``.
            number: A primary key, 1 and up.
            newest: Whether the order is descending.
        """
        order = number.desc() if newest else number
        rest = query
        while rows := await self._database.rows(rest.order_by(order).limit(PAGE_ROWS)):
            yield rows
            last = rows[-1].id
            rest = query.where(number < last if newest else number > last)


def among(column: Column[int], numbers: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of some numbers, however many these are.

    The numbers are literals of the statement: databases limit the variables of a statement to
    some thousands, and integers need no escaping.
    """
    written: BindParameter[int] = bindparam(
        None, list(numbers), expanding=True, literal_execute=True
    )
    return column.in_(written)
