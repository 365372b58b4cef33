"""Text and tables as Block Kit, shown literally: no character is read as markup.

Slack never reads markup in rich text and plain text. Text is escaped only where neither can be
used: in a section's fields and in a message's fallback text. A table is a data table, or text where
a workspace takes no data tables.

See https://docs.slack.dev/reference/block-kit/blocks/data-table-block.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from rich.cells import cell_len

from overheard.cards import wording
from overheard.cards.card import Table
from overheard.cards.wording import heading, heading_cells, named_cells
from overheard.chat.limits import SLACK

Block = dict[str, Any]
"""A piece of Block Kit, ready for JSON."""

_READ_AS_MARKUP = re.compile(r"[*_~`<>&|\n]|:[^\s:]+:")
"""Characters that mrkdwn reads as markup, escaped or not."""


def cut(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters; a cut text ends with the number of missing
    characters.
    """
    if len(text) <= limit:
        return text
    head = text[: limit - 40].rstrip()
    return (
        f"{head}\N{HORIZONTAL ELLIPSIS} ({wording.count(len(text) - len(head), 'more character')})"
    )


def pieces(text: str, limit: int) -> Iterator[str]:
    """Yield a text in pieces of at most `limit` characters, split between paragraphs, lines or
    words if possible.
    """
    while len(text) > limit:
        at = max(text.rfind(gap, limit // 2, limit) for gap in ("\n\n", "\n", " "))
        at = at if at > 0 else limit
        yield text[:at].rstrip()
        text = text[at:].lstrip()
    if text:
        yield text


def escape(text: str) -> str:
    """Return text for mrkdwn, without mentions, links and entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def is_free_of_markup(text: str) -> bool:
    """Return whether mrkdwn shows a text literally."""
    return not _READ_AS_MARKUP.search(text)


def plain_text_object(text: str, limit: int) -> Block:
    """Return a plain text object of at most `limit` characters, without emoji codes.

    Slack refuses an empty text, so "-" takes its place.
    """
    return {"type": "plain_text", "text": wording.shorten(text, limit) or "-", "emoji": False}


def span(text: str, *styles: str) -> Block:
    """Return a run of rich text, such as ``span("Acme", "bold")``."""
    run: Block = {"type": "text", "text": text or "-"}
    return {**run, "style": dict.fromkeys(styles, True)} if styles else run


def link(label: str, url: str) -> Block:
    """Return a link as a run of rich text."""
    return {"type": "link", "text": label, "url": url}


def rich(*parts: Block) -> Block:
    """Return a rich text block of sections, quotes or preformatted elements."""
    return {"type": "rich_text", "elements": list(parts)}


def section(*spans: Block) -> Block:
    """Return a paragraph of rich text."""
    return {"type": "rich_text_section", "elements": list(spans)}


def quote(*spans: Block) -> Block:
    """Return a quotation, which Slack shows behind a bar."""
    return {"type": "rich_text_quote", "elements": list(spans)}


def monospaced(text: str) -> Block:
    """Return monospaced rich text."""
    return {"type": "rich_text_preformatted", "elements": [span(text)]}


def small(text: str, limit: int) -> Block:
    """Return a context block: small text of at most `limit` characters."""
    return {"type": "context", "elements": [plain_text_object(text, limit)]}


MAX_TABLE_WIDTH = 40
"""Monospaced columns that a phone shows without wrapping."""
MIN_COLUMN_WIDTH = 12
"""The width below which a column of text is not readable."""
MAX_CELL_LINES = 2
"""Lines of a cell above which a table is shown row by row."""
MAX_CELL = 500
"""Characters of a cell."""
GAP = "  "
MAX_DATA_WIDTH, DATA_GAP = 44, 3
"""Characters that a phone shows in all columns of a data table with their gaps; what is wider is
shown row by row, because a reader would have to scroll to the side.
"""
MAX_CAPTION = 150
ROWS_PER_PAGE = 10

_NUMBER = re.compile(r"[+\N{MINUS SIGN}-]?(\d[\d,]*)(\.\d+)?(?!\d)")
"""The number at the start of a cell, such as ``92 %`` or ``1,204``."""


def data_table(table: Table) -> Block | None:
    """Return a table as a block that readers can sort; None where text is easier to read.

    A table without a caption, which Slack wants, is captioned by the heading of its rows.
    """
    rows = [[_cell(wording.visible(cell)) for cell in row] for row in table.rows]
    header = [_cell(name) for name in table.header]
    if not (2 <= len(rows) <= SLACK.table_rows and len(header) >= 2):
        return None
    columns = zip(header, *rows, strict=True)
    width = sum(max(map(cell_len, column)) + DATA_GAP for column in columns)
    if width > MAX_DATA_WIDTH or sum(map(len, chain(header, *rows))) > SLACK.table_text:
        return None
    caption = wording.line(table.caption) or f"By {header[0].lower() or 'row'}"
    return {
        "type": "data_table",
        "caption": wording.shorten(caption, MAX_CAPTION),
        "page_size": min(len(rows), ROWS_PER_PAGE),
        "rows": [
            [_raw(name) for name in header],
            *(_data_row(table, row, is_strong=at == table.strong) for at, row in enumerate(rows)),
        ],
    }


def _data_row(table: Table, row: Sequence[str], *, is_strong: bool) -> list[Block]:
    """Return the cells of a data table's row.

    Args:
        table: The table, in whose right-aligned columns numbers can be sorted.
        row: The texts of the cells.
        is_strong: Whether the first cell is bold.
    """
    cells = []
    for at, cell in enumerate(row):
        if at in table.right and (number := _NUMBER.match(cell)):
            text = number[0].replace(",", "").replace("\N{MINUS SIGN}", "-")
            value = float(text) if number[2] else int(text)
            cells.append({"type": "raw_number", "value": value, "text": cell})
        elif is_strong and not at:
            cells.append(rich(section(span(cell, "bold"))))
        else:
            cells.append(_raw(cell))
    return cells


def _raw(text: str) -> Block:
    return {"type": "raw_text", "text": text or "-"}


def text_table(table: Table) -> Iterator[Block]:
    """Yield a table as text: its caption, and monospaced columns.

    Where the columns have no room, its rows follow as paragraphs.
    """
    if caption := wording.line(table.caption):
        yield small(caption, SLACK.context)
    rows = [[_cell(wording.visible(cell)) for cell in row] for row in table.rows]
    header = [_cell(name) for name in table.header]
    widths = _column_widths(header, rows, table.right)
    if widths is None or _max_lines(rows, widths) > MAX_CELL_LINES:
        yield from _record_blocks(table, header, rows)
    else:
        yield from _grid_blocks(header, rows, widths, table.right)


def _cell(text: str) -> str:
    return wording.shorten(wording.line(text), MAX_CELL)


def _column_widths(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int]
) -> list[int] | None:
    """Return the width of each column in characters; None when they do not fit into
    `MAX_TABLE_WIDTH`.

    The widest columns of text are narrowed; columns of numbers (`right`) keep their width.
    """
    widths = [max(cell_len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    while (over := sum(widths) + len(GAP) * (len(widths) - 1) - MAX_TABLE_WIDTH) > 0:
        texts = [index for index in range(len(widths)) if index not in right]
        widest = max(texts, key=lambda index: widths[index], default=None)
        if widest is None or widths[widest] <= MIN_COLUMN_WIDTH:
            return None
        widths[widest] = max(MIN_COLUMN_WIDTH, widths[widest] - over)
    return widths


def _max_lines(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> int:
    """Return the number of lines of the cell with the most lines."""
    cells = (pair for row in rows for pair in zip(row, widths, strict=True))
    return max((len(_wrapped_lines(cell, width)) for cell, width in cells), default=1)


def _grid_blocks(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    right: frozenset[int],
) -> Iterator[Block]:
    """Yield a table as monospaced columns, in as many blocks as needed, each with the header.

    Args:
        header: The names of the columns.
        rows: The cells.
        widths: The width of each column, in characters.
        right: The indices of the right-aligned columns.
    """
    head = "\n".join(
        [
            *_row_lines(header, widths, right),
            GAP.join("\N{BOX DRAWINGS LIGHT HORIZONTAL}" * w for w in widths),
        ]
    )
    lines = [line for row in rows for line in _row_lines(row, widths, right)]
    room = (SLACK.text - len(head)) // (sum(widths) + len(GAP) * len(widths))
    for start in range(0, len(lines) or 1, max(1, room)):
        yield rich(monospaced("\n".join([head, *lines[start : start + max(1, room)]])))


def _row_lines(cells: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> Iterator[str]:
    """Yield a row's cells as lines of text, wrapped to the widths of the columns.

    Args:
        cells: The cells.
        widths: The width of each column, in characters.
        right: The indices of the right-aligned columns.
    """
    wrapped = [_wrapped_lines(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, wrapped))):
        parts = [lines[number] if number < len(lines) else "" for lines in wrapped]
        padded = [
            _pad(p, w, i in right) for i, (p, w) in enumerate(zip(parts, widths, strict=True))
        ]
        yield GAP.join(padded).rstrip()


def _wrapped_lines(text: str, width: int) -> list[str]:
    """Return a cell's lines, broken between words; `width` counts wide letters as two."""
    if cell_len(text) <= width:
        return [text]
    wide = cell_len(text) > len(text)
    return textwrap.wrap(text, max(1, width // 2 if wide else width)) or [""]


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def _record_blocks(
    table: Table, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> Iterator[Block]:
    """Yield the rows of a table as paragraphs: a row's heading in bold, then its other cells with
    their names.

    A block holds as many paragraphs as Slack takes.
    """
    paragraphs: list[Block] = []
    size, heading_count = 0, heading_cells(table)
    for row in rows:
        cells = " \N{MIDDLE DOT} ".join(named_cells(header[heading_count:], row[heading_count:]))
        first, rest = heading(table, row[:heading_count]), cut(cells, SLACK.text // 2)
        if paragraphs and size + len(first) + len(rest) > SLACK.text:
            yield rich(*paragraphs)
            paragraphs, size = [], 0
        size += len(first) + len(rest)
        end = "" if row is rows[-1] else "\n"
        paragraphs.append(section(span(first, "bold"), span(f"\n{rest}{end}" if rest else end)))
    if paragraphs:
        yield rich(*paragraphs)
