"""Text and tables as Discord shows them: literally, without markup.

A character that Discord would read as markup gets a backslash, which Discord does not show.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from overheard import Table, Tainted, Text, TextGrid, packed, text_grid, text_records, wording

_MARKS = re.compile(r"[\\`*_~|\[\]<@]")
"""Characters that begin emphasis, code, a spoiler, a masked link, a mention, a time or an emoji."""
_TAINTED_MARKS = re.compile(r"[\\`*_~|\[\]<@:]")
"""The same, and the colon of addresses and emoji codes; for text from outside."""
_LINE_MARKS = re.compile(r"^(\s*)([>#+-])", re.MULTILINE)
_NUMBERED = re.compile(r"^(\s*\d+)([.)])", re.MULTILINE)

MAX_TABLE_WIDTH = 32
"""Monospaced columns that a phone shows in a container without wrapping."""
STRONG, PLAIN = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} ", "  "
"""Before the row that a card is about, and before other rows: code blocks have no bold."""
MAX_ROWS = 100
"""Rows of a table."""
MAX_CELL = 300
"""Characters of a cell."""
MAX_TABLE_PIECE = 1_800
"""Characters of one piece of a table."""


def escape(text: Text) -> str:
    r"""Return text, of one or more lines, that Discord shows literally.

    Each character that is markup gets a backslash: ``*Acme*`` becomes ``\*Acme\*``. So do marks
    of headings, quotes and lists at the beginning of a line. In untrusted text, a colon also gets
    one, so that addresses are not links. Invisible characters are removed, and white space at the
    ends.
    """
    escaped = _escape_marks(wording.visible(text), is_untrusted=isinstance(text, Tainted))
    return _NUMBERED.sub(r"\1\\\2", _LINE_MARKS.sub(r"\1\\\2", escaped))


def escaped_line(text: Text) -> str:
    """Return text on one line, escaped as by `escape`; the line may begin a message."""
    joined = wording.line(wording.visible(text))
    return escape(Tainted(joined) if isinstance(text, Tainted) else joined)


def inline(text: Text) -> str:
    """Return escaped text on one line, for a place after other text on the same line.

    Marks that Discord reads at the beginning of a line only, such as ``-``, are not escaped.
    """
    joined = wording.line(wording.visible(text))
    return _escape_marks(joined, is_untrusted=isinstance(text, Tainted))


def _escape_marks(text: str, *, is_untrusted: bool) -> str:
    """Return text with a backslash before each character that Discord reads as markup anywhere.

    Args:
        is_untrusted: Whether the text is from outside; if so, colons also get a backslash.
    """
    marks = _TAINTED_MARKS if is_untrusted else _MARKS
    return marks.sub(r"\\\g<0>", text)


def table_pieces(table: Table) -> Iterator[str]:
    """Yield a table as texts in Discord's markup, split only between rows.

    A table that a phone has room for has monospaced columns; a wider one is written row by row. In
    both forms, a text has about `MAX_TABLE_PIECE` characters at most. Up to `MAX_ROWS` rows are
    shown; a last text counts the others. The caption is left out.
    """
    shown = replace(table, rows=table.rows[:MAX_ROWS])
    margin = 0 if table.strong is None else len(PLAIN)
    grid = text_grid(shown, _cell, max_width=MAX_TABLE_WIDTH - margin)
    if grid:
        yield from _grid_texts(grid, table.strong)
    else:
        records = text_records(shown, _escaped_cell)
        rows = (f"**{heading}**\n{rest}" if rest else f"**{heading}**" for heading, rest in records)
        cut_rows = (wording.cut(row, MAX_TABLE_PIECE, counts=True) for row in rows)
        yield from joined(cut_rows, MAX_TABLE_PIECE)
    if hidden := len(table.rows) - len(shown.rows):
        yield f"-# {wording.count(hidden, 'more row')} not shown"


def _cell(text: Text) -> str:
    """Return a cell on one line of at most `MAX_CELL` characters for a code block.

    A backtick, which is the only markup there, becomes another accent.
    """
    short = wording.shorten(wording.line(wording.visible(text)), MAX_CELL)
    return short.replace("`", "\N{MODIFIER LETTER GRAVE ACCENT}")


def _grid_texts(grid: TextGrid, strong: int | None) -> Iterator[str]:
    """Yield monospaced columns in code blocks of about `MAX_TABLE_PIECE` characters.

    Each block begins with the header and a line below it. A table without rows is one block with
    the header alone. The row that the table is about, if there is one, has a mark before it.
    """
    margin = "" if strong is None else PLAIN
    line_length = len(margin) + grid.width
    rule = "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * line_length
    head = [*(margin + line for line in grid.header), rule]
    lines = [
        (STRONG if number == strong else margin) + line
        for number, row in enumerate(grid.rows)
        for line in row
    ]
    rows_a_block = max(1, MAX_TABLE_PIECE // (line_length + 1))
    for start in range(0, len(lines) or 1, rows_a_block):
        yield "\n".join(["```", *head, *lines[start : start + rows_a_block], "```"])


def joined(lines: Iterable[str], limit: int) -> Iterator[str]:
    """Yield lines, in their order, joined to texts of at most `limit` UTF-16 code units; a longer
    line is a text of its own.
    """
    groups = packed([list(lines)], lambda group: wording.length("\n".join(group)) <= limit)
    yield from map("\n".join, groups)


def _escaped_cell(text: Text) -> str:
    """Return a cell as escaped text on one line of at most `MAX_CELL` characters."""
    short = wording.shorten(wording.line(wording.visible(text)), MAX_CELL)
    return inline(Tainted(short) if isinstance(text, Tainted) else short)
