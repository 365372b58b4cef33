"""Words as Slack shows them: always as they stand, never as markup.

Rich text and plain text are read by Slack as nothing but text. Only where there is no such element
(a section's fields, the fallback of a message) words are escaped.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len

from overheard.cards import wording
from overheard.cards.card import Table, Tainted, Text
from overheard.cards.wording import heading, heading_cells
from overheard.chat.limits import SLACK

Block = dict[str, Any]
"""A piece of Block Kit, ready for JSON."""

_READ_AS_MARKUP = re.compile(r"[*_~`<>&|\n]|:[^\s:]+:")
"""What mrkdwn would not show as it stands, escaped or not."""


def shown(text: Text) -> str:
    """Return text of which every character can be seen, without space around it."""
    return wording.printable(text.text if isinstance(text, Tainted) else text).strip()


def cut(text: str, limit: int) -> str:
    """Return at most so many characters; what is left out is counted at the end."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 40].rstrip()
    return (
        f"{kept}\N{HORIZONTAL ELLIPSIS} ({wording.count(len(text) - len(kept), 'more character')})"
    )


def pieces(text: str, limit: int) -> Iterator[str]:
    """Yield text in pieces that fit, parted between paragraphs, lines or words where possible."""
    while len(text) > limit:
        at = max(text.rfind(gap, limit // 2, limit) for gap in ("\n\n", "\n", " "))
        at = at if at > 0 else limit
        yield text[:at].rstrip()
        text = text[at:].lstrip()
    if text:
        yield text


def escape(text: str) -> str:
    """Escape text for mrkdwn, so that it holds no mention, link or entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def calm(text: str) -> bool:
    """Whether mrkdwn would show text as it stands."""
    return not _READ_AS_MARKUP.search(text)


def plain(text: str, limit: int) -> Block:
    """Return a plain text object, whose colons are no emoji; Slack refuses an empty one."""
    return {"type": "plain_text", "text": wording.shorten(text, limit) or "-", "emoji": False}


def span(text: str, *styles: str) -> Block:
    """Return a run of rich text, such as ``span("Acme", "bold")``."""
    run: Block = {"type": "text", "text": text or "-"}
    return {**run, "style": dict.fromkeys(styles, True)} if styles else run


def link(label: str, url: str) -> Block:
    """Return a link as a run of rich text."""
    return {"type": "link", "text": label, "url": url}


def rich(*parts: Block) -> Block:
    """Return a block of rich text."""
    return {"type": "rich_text", "elements": list(parts)}


def section(*spans: Block) -> Block:
    """Return a paragraph of rich text."""
    return {"type": "rich_text_section", "elements": list(spans)}


def quote(*spans: Block) -> Block:
    """Return rich text behind a bar."""
    return {"type": "rich_text_quote", "elements": list(spans)}


def monospaced(text: str) -> Block:
    """Return rich text in letters of one width."""
    return {"type": "rich_text_preformatted", "elements": [span(text)]}


def small(text: str, limit: int) -> Block:
    """Return a block of one small line."""
    return {"type": "context", "elements": [plain(text, limit)]}


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
    return wording.shorten(wording.line(text), LONGEST_CELL)


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
