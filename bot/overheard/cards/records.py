"""Tables told row by row, where there is no room for columns."""

from __future__ import annotations

from collections.abc import Sequence

from overheard.cards.card import Table, Tainted, Text


def heading_cells(table: Table) -> int:
    """Return how many cells name a row: the first one, and the second too where some firsts are
    the same.
    """
    firsts = [_words(row[0]) for row in table.rows]
    return 2 if len(table.header) > 2 and len(set(firsts)) < len(firsts) else 1


def heading(table: Table, cells: Sequence[str]) -> str:
    """Return the name of a row by the cells that name it, written already.

    A number says nothing without its column's name: ``Alert 4``.
    """
    told = [cell or "-" for cell in cells]
    if 0 in table.right:
        told[0] = f"{table.header[0]} {told[0]}"
    return " \N{MIDDLE DOT} ".join(told)


def _words(text: Text) -> str:
    return text.text if isinstance(text, Tainted) else text
