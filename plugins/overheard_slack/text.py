"""Text and tables as Block Kit, shown literally: no character is read as markup.

Slack never reads markup in rich text and plain text. Text is escaped only where neither can be
used: in a section's fields and in a message's fallback text. A table is a data table, or text where
a workspace takes no data tables.

See https://docs.slack.dev/reference/block-kit/blocks/data-table-block.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

from rich.cells import cell_len

from overheard import GAP, Table, Text, TextGrid, packed, text_grid, text_records, wording
from overheard_slack.limits import SLACK

Block = dict[str, Any]
"""A piece of Block Kit, ready for JSON."""

_READ_AS_MARKUP = re.compile(r"[*_~`<>&|\n]|:[^\s:]+:")
"""Characters that mrkdwn reads as markup, escaped or not."""


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


def rich(*parts: Block) -> Block:
    """Return a rich text block of sections, quotes or preformatted elements."""
    return {"type": "rich_text", "elements": list(parts)}


def section(*spans: Block) -> Block:
    """Return a paragraph of rich text."""
    return {"type": "rich_text_section", "elements": list(spans)}


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
    rows = [[*map(_cell, row)] for row in table.rows]
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
    grid = text_grid(
        table,
        _cell,
        max_width=MAX_TABLE_WIDTH,
        min_column=MIN_COLUMN_WIDTH,
        max_lines=MAX_CELL_LINES,
    )
    yield from _grid_blocks(grid) if grid else _record_blocks(table)


def _cell(text: Text) -> str:
    """Return the text of a cell on one line of at most `MAX_CELL` characters."""
    return wording.shorten(wording.line(wording.visible(text)), MAX_CELL)


def _grid_blocks(grid: TextGrid) -> Iterator[Block]:
    """Yield monospaced columns in as many blocks as Slack's limit needs.

    Each block begins with the header and a line below it. A table without rows is one block with
    the header alone. A row may be split between its lines.
    """
    rule = GAP.join("\N{BOX DRAWINGS LIGHT HORIZONTAL}" * width for width in grid.widths)
    head = "\n".join([*grid.header, rule])
    lines = [*chain.from_iterable(grid.rows)]
    lines_a_block = max(1, (SLACK.text - len(head)) // (grid.width + len(GAP)))
    for start in range(0, len(lines) or 1, lines_a_block):
        text = "\n".join([head, *lines[start : start + lines_a_block]])
        yield rich({"type": "rich_text_preformatted", "elements": [span(text)]})


def _record_blocks(table: Table) -> Iterator[Block]:
    """Yield the rows of a table as paragraphs, in as many blocks as Slack's limit needs.

    A paragraph is the row's heading in bold, and below it the other cells. It is followed by an
    empty line, but for the last one.
    """
    cut = partial(wording.cut, limit=SLACK.text // 2, counts=True)
    records = [(row_heading, cut(cells)) for row_heading, cells in text_records(table, _cell)]
    groups = packed([records], lambda group: sum(map(len, chain(*group))) <= SLACK.text)
    shown = 0
    for group in groups:
        paragraphs = []
        for row_heading, rest in group:
            shown += 1
            end = "" if shown == len(records) else "\n"
            below = f"\n{rest}{end}" if rest else end
            spans = [span(below)] if below else []
            paragraphs.append(section(span(row_heading, "bold"), *spans))
        yield rich(*paragraphs)
