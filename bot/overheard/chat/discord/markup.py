"""Text and tables as Discord shows them: literally, without markup.

A character that Discord would read as markup gets a backslash, which Discord does not show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from overheard.cards import wording
from overheard.cards.card import Table, Tainted, Text
from overheard.cards.wording import heading, heading_cells, named_cells

_MARKS = re.compile(r"[\\`*_~|\[\]<@]")
"""Characters that begin emphasis, code, a spoiler, a masked link, a mention, a time or an emoji."""
_TAINTED_MARKS = re.compile(r"[\\`*_~|\[\]<@:]")
"""The same, and the colon of addresses and emoji codes; for text from outside."""
_LINE_MARKS = re.compile(r"^(\s*)([>#+-])", re.MULTILINE)
_NUMBERED = re.compile(r"^(\s*\d+)([.)])", re.MULTILINE)
_BROKEN_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\$")
"""A backslash at the end that has lost the character after it."""

MAX_TABLE_WIDTH = 32
"""Monospaced columns that a phone shows in a container without wrapping."""
STRONG, PLAIN = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} ", "  "
"""Before the row that a card is about, and before other rows: code blocks have no bold."""
MAX_ROWS = 100
MAX_CELL = 300
"""Characters of a cell."""
MAX_TABLE_PIECE = 1_800
"""Characters of one piece of a table."""
GAP = "  "


def utf16_length(text: str) -> int:
    """Return a text's length as Discord counts: in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escape(text: Text) -> str:
    """Return text that Discord shows literally; addresses in untrusted text are not links."""
    escaped = _unmarked(text, wording.visible(text))
    return _NUMBERED.sub(r"\1\\\2", _LINE_MARKS.sub(r"\1\\\2", escaped))


def escaped_line(text: Text) -> str:
    """Return escaped text on one line; the line may begin a message."""
    joined = wording.line(wording.visible(text))
    return escape(Tainted(joined) if isinstance(text, Tainted) else joined)


def inline(text: Text) -> str:
    """Return escaped text on one line, for a place after other text on the same line."""
    return _unmarked(text, wording.line(wording.visible(text)))


def _unmarked(text: Text, characters: str) -> str:
    """Return characters with a backslash before each that Discord reads as markup.

    Args:
        text: The text that the characters come from; more is escaped when it is untrusted.
        characters: The characters, which may be a changed copy of the text.
    """
    marks = _TAINTED_MARKS if isinstance(text, Tainted) else _MARKS
    return marks.sub(r"\\\g<0>", characters)


def cut(escaped: str, limit: int) -> str:
    """Return escaped text of at most `limit` UTF-16 units; a cut ends in an ellipsis and splits no
    escape.
    """
    if utf16_length(escaped) <= limit:
        return escaped
    return f"{_first_units(escaped, limit - 1).rstrip()}\N{HORIZONTAL ELLIPSIS}"


def counted(escaped: str, limit: int) -> str:
    """Return escaped text of at most `limit` UTF-16 units; a cut ends with the number of characters
    left out.
    """
    if utf16_length(escaped) <= limit:
        return escaped
    head = _first_units(escaped, limit - 40).rstrip()
    rest = wording.count(len(escaped) - len(head), "more character")
    return f"{head}\N{HORIZONTAL ELLIPSIS} ({rest})"


def pieces(escaped: str, limit: int) -> Iterator[str]:
    """Yield text in pieces of at most `limit` UTF-16 units, split between paragraphs, lines or
    words if possible.
    """
    while utf16_length(escaped) > limit:
        head = _first_units(escaped, limit)
        at = max(head.rfind(gap, len(head) // 2) for gap in ("\n\n", "\n", " "))
        at = at if at > 0 else len(head)
        yield escaped[:at].rstrip()
        escaped = escaped[at:].lstrip()
    if escaped:
        yield escaped


def _first_units(escaped: str, limit: int) -> str:
    """Return the first `limit` UTF-16 code units of escaped text, without a broken character or
    escape.
    """
    units = escaped.encode("utf-16-le", "surrogatepass")[: 2 * limit]
    return _BROKEN_ESCAPE.sub(r"\1", units.decode("utf-16-le", "ignore"))


def table_pieces(table: Table) -> Iterator[str]:
    """Yield a table as texts of about `MAX_TABLE_PIECE` characters, split only between rows.

    A table that is too wide for monospaced columns is written row by row. At most `MAX_ROWS` rows
    are shown; a last line counts the others.
    """
    rows = table.rows[:MAX_ROWS]
    widths = _widths(table, rows)
    margin = 0 if table.strong is None else len(PLAIN)
    fits = margin + _table_width(widths) <= MAX_TABLE_WIDTH
    yield from _grid_texts(table, rows, widths) if fits else _record_texts(table, rows)
    if hidden := len(table.rows) - len(rows):
        yield f"-# {wording.count(hidden, 'more row')} not shown"


def _widths(table: Table, rows: Sequence[Sequence[Text]]) -> list[int]:
    return [
        max(cell_len(_cell(name)), *(cell_len(_cell(row[index])) for row in rows), 1)
        for index, name in enumerate(table.header)
    ]


def _cell(text: Text) -> str:
    """Return a cell on one line for a code block, in which a backtick is the only markup."""
    short = wording.shorten(wording.line(wording.visible(text)), MAX_CELL)
    return short.replace("`", "\N{MODIFIER LETTER GRAVE ACCENT}")


def _grid_texts(
    table: Table, rows: Sequence[Sequence[Text]], widths: Sequence[int]
) -> Iterator[str]:
    """Yield a table as monospaced columns, in as many code blocks as needed, each with the header.

    Args:
        table: The table, whose header and alignment are used.
        rows: The rows to show.
        widths: The width of each column, in characters.
    """
    margin = "" if table.strong is None else PLAIN
    head = [
        margin + _table_line(table, table.header, widths),
        "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * (len(margin) + _table_width(widths)),
    ]
    lines = [
        (STRONG if at == table.strong else margin) + _table_line(table, row, widths)
        for at, row in enumerate(rows)
    ]
    at_once = max(1, MAX_TABLE_PIECE // (len(margin) + _table_width(widths) + 1))
    for start in range(0, len(lines) or 1, at_once):
        yield "\n".join(["```", *head, *lines[start : start + at_once], "```"])


def _table_width(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _table_line(table: Table, cells: Sequence[Text], widths: Sequence[int]) -> str:
    """Return a row of a table as a line of a code block, padded to the widths of its columns."""
    padded = []
    for index, (cell, width) in enumerate(zip(map(_cell, cells), widths, strict=True)):
        space = " " * (width - cell_len(cell))
        padded.append(space + cell if index in table.right else cell + space)
    return GAP.join(padded).rstrip()


def _record_texts(table: Table, rows: Sequence[Sequence[Text]]) -> Iterator[str]:
    """Yield the rows of a table as texts: a row's heading in bold, then its other cells with their
    names.
    """
    piece, heading_count = "", heading_cells(table)
    for row in rows:
        cells = [_escaped_cell(cell) for cell in row]
        names = [_escaped_cell(name) for name in table.header[heading_count:]]
        pairs = named_cells(names, cells[heading_count:])
        first = f"**{heading(table, cells[:heading_count])}**"
        text = "\n".join(filter(None, (first, " \N{MIDDLE DOT} ".join(pairs))))
        record = counted(text, MAX_TABLE_PIECE)
        if piece and utf16_length(piece) + utf16_length(record) > MAX_TABLE_PIECE:
            yield piece
            piece = ""
        piece = f"{piece}\n{record}" if piece else record
    if piece:
        yield piece


def _escaped_cell(text: Text) -> str:
    """Return a cell as escaped text on one line of at most `MAX_CELL` characters."""
    short = wording.shorten(wording.line(wording.visible(text)), MAX_CELL)
    return inline(Tainted(short) if isinstance(text, Tainted) else short)
