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
from itertools import chain, zip_longest
from typing import Any

from rich.cells import cell_len

from overheard import Table, wording
from overheard_slack.limits import SLACK

Block = dict[str, Any]
"""A piece of Block Kit, ready for JSON."""

NOTE_LENGTH = 40
"""Characters that are kept free for the note at the end of a cut text."""

_READ_AS_MARKUP = re.compile(r"[*_~`<>&|\n]|:[^\s:]+:")
"""Characters that mrkdwn reads as markup, escaped or not."""


def cut(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters.

    A longer text is cut, and ends with the number of characters left out: ``Acme is… (1,204 more
    characters)``.
    """
    if len(text) <= limit:
        return text
    head = text[: limit - NOTE_LENGTH].rstrip()
    note = wording.count(len(text) - len(head), "more character")
    return f"{head}\N{HORIZONTAL ELLIPSIS} ({note})"


def pieces(text: str, limit: int) -> Iterator[str]:
    """Yield a text in pieces of at most `limit` characters; nothing for an empty text.

    It is split at the last end of a paragraph, a line or a word in the second half of the limit,
    else at the limit. White space at the split is removed.
    """
    while len(text) > limit:
        at = max(text.rfind(gap, limit // 2, limit) for gap in ("\n\n", "\n", " "))
        at = at if at > 0 else limit
        yield text[:at].rstrip()
        text = text[at:].lstrip()
    if text:
        yield text


def escape(text: str) -> str:
    """Return text in which mrkdwn reads no mentions, links and entities; emphasis is not escaped.

    ``<@U01> & co`` becomes ``&lt;@U01&gt; &amp; co``.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def is_free_of_markup(text: str) -> bool:
    """Return whether mrkdwn shows a text literally: it has one line, no ``*_~`<>&|`` and no emoji
    code such as ``:smile:``.
    """
    return not _READ_AS_MARKUP.search(text)


def plain_text_object(text: str, limit: int) -> Block:
    """Return a plain text object, in which no emoji codes are read.

    A text of more than `limit` characters is cut and ends in an ellipsis. Slack refuses an empty
    text, so that "-" takes its place.
    """
    return {"type": "plain_text", "text": wording.shorten(text, limit) or "-", "emoji": False}


def span(text: str, *styles: str) -> Block:
    """Return a run of rich text, such as ``span("Acme", "bold")``; "-" for an empty text."""
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
    """Return a context block with small text, which is cut after `limit` characters."""
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
"""Characters of a data table's caption."""
ROWS_PER_PAGE = 10
"""Rows of a data table that readers see at a time."""

_NUMBER = re.compile(r"[+\N{MINUS SIGN}-]?(\d[\d,]*)(\.\d+)?(?!\d)")
"""The number at the start of a cell, such as ``92 %`` or ``1,204``."""


def data_table(table: Table) -> Block | None:
    """Return a table as a block that readers can sort, or None where text is easier to read.

    None is returned for a table with less than two rows or columns, with more than Slack takes, or
    with columns that are together wider than `MAX_DATA_WIDTH`. Slack wants a caption: a table
    without one gets "By" and the name of its first column, as in "By brand". Readers see
    `ROWS_PER_PAGE` rows at a time.
    """
    rows = [[_cell(wording.visible(cell)) for cell in row] for row in table.rows]
    header = [_cell(name) for name in table.header]
    if not (2 <= len(rows) <= SLACK.table_rows and len(header) >= 2):
        return None
    columns = zip(header, *rows, strict=True)
    width = sum(max(map(cell_len, column)) + DATA_GAP for column in columns)
    characters = sum(map(len, chain(header, *rows)))
    if width > MAX_DATA_WIDTH or characters > SLACK.table_text:
        return None
    caption = wording.line(table.caption) or f"By {header[0].lower() or 'row'}"
    header_cells = [_text_cell(name) for name in header]
    data_rows = [
        _data_row(table, row, is_strong=number == table.strong) for number, row in enumerate(rows)
    ]
    return {
        "type": "data_table",
        "caption": wording.shorten(caption, MAX_CAPTION),
        "page_size": min(len(rows), ROWS_PER_PAGE),
        "rows": [header_cells, *data_rows],
    }


def _data_row(table: Table, row: Sequence[str], *, is_strong: bool) -> list[Block]:
    """Return the cells of a data table's row in Block Kit.

    A cell of a right-aligned column that begins with a number, as ``92 %`` does, carries that
    number, by which Slack sorts; it is shown as its text.

    Args:
        table: The table, which says which columns are right-aligned.
        is_strong: Whether the table is about this row, so that its first cell is bold, unless it is
            a number.
    """
    cells = []
    for column, cell in enumerate(row):
        if column in table.right and (number := _NUMBER.match(cell)):
            digits = number[0].replace(",", "").replace("\N{MINUS SIGN}", "-")
            has_decimals = bool(number[2])
            value = float(digits) if has_decimals else int(digits)
            cells.append({"type": "raw_number", "value": value, "text": cell})
        elif is_strong and column == 0:
            cells.append(rich(section(span(cell, "bold"))))
        else:
            cells.append(_text_cell(cell))
    return cells


def _text_cell(text: str) -> Block:
    """Return a cell of a data table with text; "-" for an empty one, which Slack refuses."""
    return {"type": "raw_text", "text": text or "-"}


def text_table(table: Table) -> Iterator[Block]:
    """Yield a table as text: its caption in small letters, if it has one, and its rows.

    The rows are monospaced columns. If a phone has no room for these, or a cell would take more
    than `MAX_CELL_LINES` lines, each row is a paragraph.
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
    """Return the text of a cell on one line of at most `MAX_CELL` characters."""
    return wording.shorten(wording.line(text), MAX_CELL)


def _column_widths(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int]
) -> list[int] | None:
    """Return the widths of monospaced columns that fit into `MAX_TABLE_WIDTH`, or None.

    A column is as wide as its longest cell. While all together are too wide, the widest column of
    text is narrowed, down to `MIN_COLUMN_WIDTH`; columns of numbers keep their width. None is
    returned when that is not enough.

    Args:
        right: The indices of the right-aligned columns, which hold numbers.
    """
    widths = [max(cell_len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    text_columns = [index for index in range(len(widths)) if index not in right]
    while (excess := sum(widths) + len(GAP) * (len(widths) - 1) - MAX_TABLE_WIDTH) > 0:
        widest = max(text_columns, key=lambda index: widths[index], default=None)
        if widest is None or widths[widest] <= MIN_COLUMN_WIDTH:
            return None
        widths[widest] = max(MIN_COLUMN_WIDTH, widths[widest] - excess)
    return widths


def _max_lines(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> int:
    """Return how many lines the cell with the most lines takes in columns of these widths; 1
    without cells.
    """
    cells = (pair for row in rows for pair in zip(row, widths, strict=True))
    return max((len(_wrapped_lines(cell, width)) for cell, width in cells), default=1)


def _grid_blocks(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    right: frozenset[int],
) -> Iterator[Block]:
    """Yield a table as monospaced columns, in as many blocks as Slack's limit needs.

    Each block begins with the header and a line below it. A table without rows is one block with
    the header alone. A row may be split between its lines.

    Args:
        widths: The width of each column, in characters.
    """
    rule = GAP.join("\N{BOX DRAWINGS LIGHT HORIZONTAL}" * width for width in widths)
    head = "\n".join([*_row_lines(header, widths, right), rule])
    lines = [line for row in rows for line in _row_lines(row, widths, right)]
    max_line_length = sum(widths) + len(GAP) * len(widths)
    lines_a_block = max(1, (SLACK.text - len(head)) // max_line_length)
    for start in range(0, len(lines) or 1, lines_a_block):
        yield rich(monospaced("\n".join([head, *lines[start : start + lines_a_block]])))


def _row_lines(cells: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> Iterator[str]:
    """Yield the lines of text that show a row: as many as the cell with the most lines needs.

    Args:
        cells: The cells, each of which is wrapped to the width of its column.
        widths: The width of each column, in characters.
    """
    wrapped = [_wrapped_lines(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for columns in zip_longest(*wrapped, fillvalue=""):
        padded = [
            _padded(text, width, align_right=index in right)
            for index, (text, width) in enumerate(zip(columns, widths, strict=True))
        ]
        yield GAP.join(padded).rstrip()


def _wrapped_lines(text: str, width: int) -> list[str]:
    """Return a cell's text as lines that are at most `width` characters wide, broken between words.

    Letters that are two characters wide, as in Chinese, count twice. A word that is longer than a
    line is broken.
    """
    if cell_len(text) <= width:
        return [text]
    has_wide_letters = cell_len(text) > len(text)
    return textwrap.wrap(text, max(1, width // 2 if has_wide_letters else width)) or [""]


def _padded(text: str, width: int, *, align_right: bool) -> str:
    """Return a text with spaces after it, or before it, that make it `width` characters wide."""
    space = " " * (width - cell_len(text))
    return space + text if align_right else text + space


def _record_blocks(
    table: Table, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> Iterator[Block]:
    """Yield the rows of a table as paragraphs, in as many blocks as Slack's limit needs.

    A paragraph is the row's heading in bold, and below it the other cells with the names of their
    columns: ``Now: 43 % · Usually: 51 %``. It is followed by an empty line, but for the last one.

    Args:
        table: The table, which says how many cells are the heading of a row.
    """
    paragraphs: list[Block] = []
    size = 0
    heading_count = wording.heading_cells(table)
    for number, row in enumerate(rows, 1):
        cells = " \N{MIDDLE DOT} ".join(
            wording.named_cells(header[heading_count:], row[heading_count:])
        )
        row_heading = wording.heading(table, row[:heading_count])
        rest = cut(cells, SLACK.text // 2)
        if paragraphs and size + len(row_heading) + len(rest) > SLACK.text:
            yield rich(*paragraphs)
            paragraphs, size = [], 0
        size += len(row_heading) + len(rest)
        end = "" if number == len(rows) else "\n"
        below = f"\n{rest}{end}" if rest else end
        spans = [span(below)] if below else []
        paragraphs.append(section(span(row_heading, "bold"), *spans))
    if paragraphs:
        yield rich(*paragraphs)
