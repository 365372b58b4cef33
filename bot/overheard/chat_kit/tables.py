"""Tables as text: monospaced columns, where a phone has room for them, or row by row."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from overheard.cards import wording
from overheard.cards.card import Table, Text

GAP = "  "
"""Between two columns."""


@dataclass(frozen=True, slots=True)
class TextGrid:
    """A table as monospaced columns.

    Attributes:
        widths: The widths of the columns, in characters.
        header: The lines of the header.
        rows: The lines of each row.
    """

    widths: tuple[int, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def width(self) -> int:
        """The width of all columns with the gaps between them, in characters."""
        return sum(self.widths) + len(GAP) * (len(self.widths) - 1)


def text_grid(
    table: Table,
    cell: Callable[[Text], str],
    *,
    max_width: int,
    min_column: int | None = None,
    max_lines: int = 1,
) -> TextGrid | None:
    """Return a table as monospaced columns; None where these have no room.

    A column is as wide as its longest cell. While all together are too wide, the widest column of
    text is narrowed, down to `min_column`, and its cells are wrapped; columns of numbers, which are
    right-aligned, keep their width.

    Args:
        cell: Returns a cell, or the name of a column, as it is shown, on one line.
        max_width: The characters of a line.
        min_column: The least width of a narrowed column; None narrows none.
        max_lines: The most lines of a cell.
    """
    header, *rows = [[*map(cell, row)] for row in (table.header, *table.rows)]
    widths = [max(1, *map(_width, column)) for column in zip(header, *rows, strict=True)]
    texts = [index for index in range(len(widths)) if index not in table.right]
    while (excess := sum(widths) + len(GAP) * (len(widths) - 1) - max_width) > 0:
        widest = max(texts, key=lambda index: widths[index], default=None)
        if widest is None or min_column is None or widths[widest] <= min_column:
            return None
        widths[widest] = max(min_column, widths[widest] - excess)
    lines = [tuple(_row_lines(row, widths, table.right)) for row in (header, *rows)]
    if max(map(len, lines[1:]), default=1) > max_lines:
        return None
    return TextGrid(tuple(widths), lines[0], tuple(lines[1:]))


def text_records(table: Table, cell: Callable[[Text], str]) -> Iterator[tuple[str, str]]:
    """Yield each row of a table as its heading, and as text its other cells with the names of their
    columns: ``Now: 43 % · Usually: 51 %``.

    Args:
        cell: Returns a cell, or the name of a column, as it is shown.
    """
    count = wording.heading_cells(table)
    names = [*map(cell, table.header[count:])]
    for row in table.rows:
        cells = [*map(cell, row)]
        rest = " \N{MIDDLE DOT} ".join(wording.named_cells(names, cells[count:]))
        yield wording.heading(table, cells[:count]), rest


def _row_lines(cells: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> Iterator[str]:
    wrapped = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for columns in zip_longest(*wrapped, fillvalue=""):
        padded = []
        for index, (text, width) in enumerate(zip(columns, widths, strict=True)):
            space = " " * (width - _width(text))
            padded.append(space + text if index in right else text + space)
        yield GAP.join(padded).rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    """Return a cell's text as lines of at most so many characters, broken between words; letters
    that are two characters wide, as in Chinese, count twice.
    """
    if _width(text) <= width:
        return [text]
    has_wide_letters = _width(text) > len(text)
    return textwrap.wrap(text, max(1, width // 2 if has_wide_letters else width)) or [""]


def _width(text: str) -> int:
    from rich.cells import cell_len  # help needs no table

    return cell_len(text)
