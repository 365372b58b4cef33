"""Tables, which Discord shows in letters of one width, or row by row where they are too wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from overheard.cards import wording
from overheard.cards.card import Table, Tainted, Text
from overheard.cards.wording import heading, heading_cells
from overheard.chat.discord import markup

WIDEST = 40
"""Columns of letters before a phone breaks lines."""
MOST_ROWS = 100
LONGEST_CELL = 300
ROOM = 1_800
"""Characters of one piece; pieces are parted between rows only."""
GAP = "  "


def pieces(table: Table) -> Iterator[str]:
    """Yield a table in pieces of at most a few thousand characters: never parted within a row."""
    rows = table.rows[:MOST_ROWS]
    widths = _widths(table, rows)
    fits = sum(widths) + len(GAP) * (len(widths) - 1) <= WIDEST
    yield from _grid(table, rows, widths) if fits else _records(table, rows)
    if left := len(table.rows) - len(rows):
        yield f"-# {wording.count(left, 'more row')} not shown"


def _widths(table: Table, rows: Sequence[Sequence[Text]]) -> list[int]:
    return [
        max(cell_len(_cell(name)), *(cell_len(_cell(row[index])) for row in rows), 1)
        for index, name in enumerate(table.header)
    ]


def _cell(text: Text) -> str:
    """Return a cell for a block of code, where only its end means anything."""
    one = wording.shorten(wording.line(markup.plain(text)), LONGEST_CELL)
    return one.replace("`", "\N{MODIFIER LETTER GRAVE ACCENT}")


def _grid(table: Table, rows: Sequence[Sequence[Text]], widths: Sequence[int]) -> Iterator[str]:
    head = [
        _line(table, table.header, widths),
        "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * _total(widths),
    ]
    told = [_line(table, row, widths) for row in rows]
    at_once = max(1, ROOM // (_total(widths) + 1))
    for start in range(0, len(told) or 1, at_once):
        yield "\n".join(["```", *head, *told[start : start + at_once], "```"])


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _line(table: Table, cells: Sequence[Text], widths: Sequence[int]) -> str:
    padded = []
    for index, (cell, width) in enumerate(zip(map(_cell, cells), widths, strict=True)):
        space = " " * (width - cell_len(cell))
        padded.append(space + cell if index in table.right else cell + space)
    return GAP.join(padded).rstrip()


def _records(table: Table, rows: Sequence[Sequence[Text]]) -> Iterator[str]:
    """Yield the rows: what names them, and under it the other cells with their names."""
    piece, named = "", heading_cells(table)
    for row in rows:
        cells = [_short(cell) for cell in row]
        names = map(_short, table.header[named:])
        pairs = [f"{name}: {cell or '-'}" for name, cell in zip(names, cells[named:], strict=True)]
        first = f"**{heading(table, cells[:named])}**"
        told = "\n".join(filter(None, (first, " \N{MIDDLE DOT} ".join(pairs))))
        record = markup.counted(told, ROOM)
        if piece and markup.size(piece) + markup.size(record) > ROOM:
            yield piece
            piece = ""
        piece = f"{piece}\n{record}" if piece else record
    if piece:
        yield piece


def _short(text: Text) -> str:
    short = wording.shorten(wording.line(markup.plain(text)), LONGEST_CELL)
    return markup.within(Tainted(short) if isinstance(text, Tainted) else short)
