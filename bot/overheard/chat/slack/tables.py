"""Tables, which a Slack message shows in letters of one width, or row by row where too wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from overheard.cards import words
from overheard.cards.card import Table
from overheard.cards.records import heading, heading_cells
from overheard.chat.limits import SLACK
from overheard.chat.slack.text import Block, monospaced, rich, section, shown, span

WIDEST = 40
"""Columns of letters before a phone breaks lines."""
NARROWEST = 12
"""Columns below which a column of text is not worth reading."""
MOST_LINES = 2
"""Lines of a cell beyond which columns are hard to read."""
GAP = "  "
LONGEST_CELL = 500


def blocks(table: Table) -> Iterator[Block]:
    """Yield a table: columns where there is room for all of it, else its rows one by one."""
    rows = [[_cell(shown(cell)) for cell in row] for row in table.rows]
    header = [_cell(name) for name in table.header]
    widths = _widths(header, rows, table.right)
    if widths is None or _tallest(rows, widths) > MOST_LINES:
        yield from _records(table, header, rows)
    else:
        yield from _grid(header, rows, widths, table.right)


def _cell(text: str) -> str:
    return words.shorten(words.line(text), LONGEST_CELL)


def _widths(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int]
) -> list[int] | None:
    """Return how wide each column is: the widest text gives way, a number never does."""
    widths = [max(cell_len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    while (over := sum(widths) + len(GAP) * (len(widths) - 1) - WIDEST) > 0:
        texts = [index for index in range(len(widths)) if index not in right]
        widest = max(texts, key=lambda index: widths[index], default=None)
        if widest is None or widths[widest] <= NARROWEST:
            return None
        widths[widest] = max(NARROWEST, widths[widest] - over)
    return widths


def _tallest(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> int:
    """Return how many lines the highest cell takes."""
    cells = (pair for row in rows for pair in zip(row, widths, strict=True))
    return max((len(_wrap(cell, width)) for cell, width in cells), default=1)


def _grid(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    right: frozenset[int],
) -> Iterator[Block]:
    head = "\n".join(
        [
            *_lines(header, widths, right),
            GAP.join("\N{BOX DRAWINGS LIGHT HORIZONTAL}" * w for w in widths),
        ]
    )
    told = [line for row in rows for line in _lines(row, widths, right)]
    room = (SLACK.text - len(head)) // (sum(widths) + len(GAP) * len(widths))
    for start in range(0, len(told) or 1, max(1, room)):
        yield rich(monospaced("\n".join([head, *told[start : start + max(1, room)]])))


def _lines(cells: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> Iterator[str]:
    wrapped = [_wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, wrapped))):
        parts = [lines[number] if number < len(lines) else "" for lines in wrapped]
        padded = [
            _pad(p, w, i in right) for i, (p, w) in enumerate(zip(parts, widths, strict=True))
        ]
        yield GAP.join(padded).rstrip()


def _wrap(text: str, width: int) -> list[str]:
    """Break a cell between words; letters of double width are counted as such."""
    if cell_len(text) <= width:
        return [text]
    wide = cell_len(text) > len(text)
    return textwrap.wrap(text, max(1, width // 2 if wide else width)) or [""]


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def _records(table: Table, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Block]:
    """Yield the rows as what names them, and under it the other cells with their names."""
    named = heading_cells(table)
    for row in rows:
        pairs = zip(header[named:], row[named:], strict=True)
        told = " \N{MIDDLE DOT} ".join(f"{name}: {cell or '-'}" for name, cell in pairs)
        first = heading(table, row[:named])
        yield rich(section(span(first, "bold"), *([span(f"\n{told}")] if told else ())))
