"""The layout of an answer's prose: headings, items, table rows, bold text, and ranked lists.

While an answer is parsed, its layout travels in marker lines and marker characters of Unicode's
private use area, which are removed from the model's text first.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from overheard.domain import Mention
from overheard.reading.labels import LabelKind, is_property, kind_of
from overheard.reading.undeclared import has_name

Span = tuple[int, int]

FIRST, NEXT = "\ue000", "\ue001"
"""Marker lines before the first line and before each further line of a ranked list."""
BOLD, PLAIN = "\ue002", "\ue003"
"""Marker characters before and after bold text."""
MARKER_CODES = range(0xE000, 0xE100)
"""Code points of all markers."""

_BLOCK_CODE = 0xE010
"""Code point of the marker line before a paragraph; a heading adds its level to it, 1 to 6."""
_ITEM_CODE, _INSIDE_ITEM_CODE, _MAX_DEPTH = 10, 20, 9
"""What the first line and the later blocks of an item add, together with the item's depth."""
_HEADER_CODE, _ROW_CODE = 30, 31
"""What the first row and the other rows of a table add."""
_RULE = 40
"""What a horizontal rule before the block adds."""
_RANKED = re.compile(r"[*_#\\]{0,6}(\d{1,2})[.)](?:\*\*|__)?\s")
_MARKER = re.compile(f"([{BOLD}{PLAIN}])")
_STARRED = re.compile(r"\*\*([^*\n]{1,200})\*\*")
_BULLET = re.compile(r"[\ue002]?(?:[•●▪◦‣\u2013\u2014-]|\d{1,3}[.)])\s+")

_NUMBERED_TITLE = re.compile(rf"{BOLD}\d{{1,2}}[.)]\s+[^{PLAIN}]+{PLAIN}[^{BOLD}A-Za-z]*")
"""A paragraph such as "**1. Acme** - $99": a title, and no item of a list."""
_TITLE_LEVEL = 6
"""The level of such a title among the headings."""
_ENTRY = re.compile(
    rf"[^\w\s{BOLD}]{{0,4}}\s?{BOLD}(?P<label>[^{PLAIN}\n]{{1,80}})"
    rf"(?:(?<=[:\u2013\u2014]){PLAIN}|{PLAIN}:|{PLAIN}\s+[\u2013\u2014-])\s+(?=\S)"
)
"""A paragraph such as "**Acme** \u2013 light; cheap": an item, where the answer has several."""
_FEWEST_ENTRIES = 2


class LineKind(Enum):
    """The kind of block that a line belongs to."""

    PARAGRAPH = 0
    HEADING = 1
    ITEM = 2
    HEADER = 3
    """The first row of a table."""
    ROW = 4


class Line(NamedTuple):
    """A line of the body.

    Attributes:
        start: Offset of the first character in the body.
        end: Offset after the last character.
        kind: The kind of block that the line belongs to.
        level: Of a heading 1 to 6; of an item its depth, from 1; else 0.
        opens: Whether the line is the first of its block; of an item, the line with the bullet.
        after_rule: Whether a horizontal rule precedes the line.
        bold: (start, end) offsets in the body of bold text.
    """

    start: int
    end: int
    kind: LineKind = LineKind.PARAGRAPH
    level: int = 0
    opens: bool = True
    after_rule: bool = False
    bold: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The prose of an answer with its layout.

    Attributes:
        body: Non-empty lines of text.
        lines: The layout of each line.
        lists: For each ranked list or table, the (start, end) offsets of its lines.
    """

    body: str
    lines: tuple[Line, ...]
    lists: tuple[tuple[Span, ...], ...]


@dataclass(slots=True)
class _List:
    """An open list, with the items so far; `below` tells that an item without indent is above."""

    depth: int
    numbered: bool
    below: bool
    items: int = 0


class Marks:
    """Tracks the blocks of the Markdown parser and returns marker lines for each; `counts` is
    whether the text has several numbers, below which bullets may be.
    """

    def __init__(self, counts: bool) -> None:
        self._lists: list[_List] = []
        self._counts = counts
        self._above = self._heading = 0
        self._item = self._rule = self._header = self._row = False
        self._coming, self._rank = FIRST, ""

    @property
    def in_list(self) -> bool:
        """Whether the next line is inside an item of a list."""
        return bool(self._lists)

    def heading(self, level: int) -> None:
        """Begin a heading, or with level 0 end the heading."""
        self._heading = level

    def enter_list(self, first: int | None) -> None:
        """Begin a list; `first` is the first number of a numbered list, None for a list of bullets.

        An outermost list that begins with another number than 1 goes on with the ranked list before
        it: a paragraph has interrupted that list. Bullets right after a numbered list of one item,
        "1. Acme", are below that item: many answers do not indent them.
        """
        if not self._lists and first in {None, 1}:
            self._coming = FIRST
        depth = self._lists[-1].depth + 1 if self._lists else 1
        below = first is None and self._above == depth
        self._lists.append(_List(depth + below, first is not None, below))

    def leave_list(self) -> None:
        """End a list."""
        ended = self._lists.pop()
        is_title = self._counts and ended.numbered and ended.items == 1
        self._above = ended.depth - ended.below if is_title or ended.below else 0

    def item(self) -> None:
        """Begin an item of a list."""
        self._item = True
        self._lists[-1].items += 1
        if len(self._lists) == 1 and self._lists[0].numbered:
            self._rank, self._coming = self._coming, NEXT

    def row(self, *, header: bool) -> None:
        """Begin a row of a table."""
        self._row, self._header = True, header

    def rule(self) -> None:
        """Process a horizontal rule."""
        self._rule = True

    def take(self, content: str = "") -> Iterator[str]:
        """Yield the marker lines of the block that begins now, one character each: of its rank, if
        it has one, and of its layout.

        The first line of an item of a numbered list that is in no other list gets `FIRST` or
        `NEXT`. A line outside of lists that begins with its rank, such as the heading "2. Acme",
        gets `FIRST` for the rank 1 and `NEXT` for others.

        A row of a table counts before a heading, a heading before an item of a list. Only the first
        call after `rule`, `item` or `row` reports it.

        Args:
            content: The Markdown of the line.
        """
        rank, self._rank = self._rank, ""
        ranked = None if rank or self._lists else _RANKED.match(content)
        if ranked:
            rank = FIRST if ranked[1] == "1" else NEXT
        if rank:
            yield rank
        rule, self._rule = self._rule, False
        self._above = 0
        if self._row:
            self._row, code = False, _HEADER_CODE if self._header else _ROW_CODE
        elif self._heading:
            code = self._heading
        elif self._lists:
            depth = min(self._lists[-1].depth, _MAX_DEPTH - 1)  # an entry adds one
            item, self._item = self._item, False
            code = (_ITEM_CODE if item else _INSIDE_ITEM_CODE) + depth
        else:
            code = 0
        yield chr(_BLOCK_CODE + code + (_RULE if rule else 0))


def star_marks(text: str) -> str:
    """Return text in which pairs of ``**`` that the parser left in place are markers of bold text;
    a single ``**`` is removed.
    """
    return _STARRED.sub(f"{BOLD}\\1{PLAIN}", text).replace("**", "") if "**" in text else text


def unmarked(text: str) -> str:
    """Return text without markers of bold text."""
    return text.replace(BOLD, "").replace(PLAIN, "")


def counts_down(text: str) -> int:
    """Return the number from which the ranks at the beginnings of lines count down to 1, such as 3
    for "3. ... 2. ... 1. ...". 0 if they do not, or for fewer than two ranks.
    """
    numbers = [int(number) for number in _RANK.findall(text)]
    counted = len(numbers) > 1 and numbers == list(range(len(numbers), 0, -1))
    return len(numbers) if counted else 0


def page(lines: Sequence[str], countdown: int = 0) -> Page:
    """Return the page that lines of text and marker lines describe.

    Markers and bullets are removed, white space becomes single spaces, and lines without text are
    left out. A line of a paragraph with a bullet or number of its own becomes an item, or a heading
    if all of it is bold ("**1. Acme**"); several that begin with a bold name become items, with the
    lists after them below. A list that counts down is turned, and is then the only ranked list, if
    as many lines have a rank as it counts.

    Args:
        lines: The lines of text, each after its marker lines (`Marks`).
        countdown: The number from which the lines count down to 1, so that the last line is the
            best; 0 if they do not.
    """
    texts: list[str] = []
    laid_out_lines: list[Line] = []
    lists: list[list[Span]] = []
    at, rank_marker, code, opens, below = 0, "", 0, True, False
    labels = {line: label for line in lines if (label := _entry_label(line))}
    has_entries = len(labels) >= _FEWEST_ENTRIES and any(map(has_name, labels.values()))
    for line in lines:
        if line in {FIRST, NEXT}:
            rank_marker = line
            continue
        if len(line) == 1 and _BLOCK_CODE <= ord(line) < MARKER_CODES.stop:
            code, opens = ord(line) - _BLOCK_CODE, True
            continue
        bullet = _BULLET.match(line)
        opening = BOLD if bullet and line[0] == BOLD else ""
        text, bold = _bold_spans(opening + line[bullet.end() :] if bullet else line)
        if not text:
            continue
        is_item = bullet is not None or (has_entries and line in labels)
        if code % _RULE < _ITEM_CODE:
            below = is_item and code % _RULE == 0
        elif below and opens and code % _RULE < _HEADER_CODE:
            code += 1
        if is_item and code % _RULE == 0:
            code += _TITLE_LEVEL if _NUMBERED_TITLE.fullmatch(line) else _ITEM_CODE + 1
            opens = True
        span = (at, at + len(text))
        bold_in_body = tuple((start + at, end + at) for start, end in bold)
        laid_out_lines.append(_line_of_code(span, code, opens, bold_in_body))
        if rank_marker == FIRST or (rank_marker and not lists):
            lists.append([])
        if rank_marker:
            lists[-1].append(span)
        texts.append(text)
        at, rank_marker, opens = span[1] + 1, "", False
        code %= _RULE
        if is_item and code in {_TITLE_LEVEL, _ITEM_CODE + 1}:
            code = 0
    if countdown:
        ranked_lines = [
            (line.start, line.end)
            for text, line in zip(texts, laid_out_lines, strict=True)
            if (rank := _RANK.match(text)) and int(rank[1]) <= countdown
        ]
        counted = lists[0] if len(lists) == 1 else ranked_lines
        lists = [counted[::-1]] if len(counted) == countdown else lists
    return Page("\n".join(texts), tuple(laid_out_lines), tuple(map(tuple, lists)))


def _entry_label(line: str) -> str:
    """Return the bold text that a line begins with, if it may name a product; else ""."""
    entry = _ENTRY.match(line) if BOLD in line else None
    if entry is None:
        return ""
    label, colon, name = entry["label"].strip(" :\u2013\u2014").partition(": ")
    if colon and kind_of(label) in {LabelKind.AWARD, LabelKind.ROLE}:  # "Best for travel: Acme"
        label = name
    may_name = kind_of(label) in {LabelKind.OTHER, LabelKind.AWARD} and not is_property(label)
    return label if may_name else ""


def _line_of_code(span: Span, code: int, opens: bool, bold: tuple[Span, ...]) -> Line:
    """Return a line of the body from the code of its marker line."""
    code, after_rule = code % _RULE, code >= _RULE
    if code >= _HEADER_CODE:
        kind = LineKind.HEADER if code == _HEADER_CODE else LineKind.ROW
        return Line(*span, kind, level=0, opens=True, after_rule=after_rule, bold=bold)
    if code >= _ITEM_CODE:
        opens, depth = opens and code < _INSIDE_ITEM_CODE, code % (_MAX_DEPTH + 1)
        return Line(*span, LineKind.ITEM, depth, opens, after_rule, bold)
    kind = LineKind.HEADING if code else LineKind.PARAGRAPH
    return Line(*span, kind, code, opens, after_rule, bold)


def _bold_spans(line: str) -> tuple[str, list[Span]]:
    """Return a line without bold markers and with single spaces, and the (start, end) offsets of
    the bold text in what is returned.

    A bold marker inside bold text, and bold text without an end or without a character, give no
    span. Outer white space is removed.
    """
    text, spans, bold_start = "", [], -1
    for piece in _MARKER.split(line) if BOLD in line or PLAIN in line else [line]:
        if piece == BOLD:
            bold_start = len(text) if bold_start < 0 else bold_start
        elif piece == PLAIN:
            if 0 <= bold_start < len(text):
                spans.append((bold_start, len(text)))
            bold_start = -1
        else:
            words = " ".join(piece.split())
            if text and not text.endswith(" ") and piece[:1].isspace():
                text += " "
            text += words
            if words and piece[-1:].isspace():
                text += " "
    text = text.rstrip()
    return text, [(start, min(end, len(text))) for start, end in spans]


_APART_CHARACTERS = 3
"""Most characters between two names that share a line's rank."""
_RANK = re.compile(
    r"^[ \t|*_#>\\]{0,8}(\d{1,2})(?:[.):]|(?:\*\*)?\s*[|\u2013\u2014-])", re.MULTILINE
)
"""The number at the beginning of a line that gives its rank: "3.", "#3 -", "| 3 |"."""


def ranked_brands(
    lists: Iterable[Sequence[Span]], mentions: Sequence[Mention]
) -> tuple[tuple[str, ...], ...]:
    """Return, for each ranked list that names a brand, the names of its brands, best first.

    Of each line, the first brand that it names counts, wherever it is in the line, and the brands
    next to that one: "Nike / Adidas". A brand has the place of its first line. Lists without a
    brand are left out.

    Args:
        lists: For each list, the (start, end) offsets of its lines in the body, best first.
        mentions: All mentions in the body, in order.
    """
    orders = (tuple(dict.fromkeys(_leading_brands(lines, mentions))) for lines in lists)
    return tuple(order for order in orders if order)


def _leading_brands(lines: Iterable[Span], mentions: Sequence[Mention]) -> Iterable[str]:
    """Yield, line by line, the first brand of each line, and each brand that follows at most
    `_APART_CHARACTERS` after the one before. A brand of several lines repeats; a line without a
    brand yields nothing.
    """
    starts = [mention.start for mention in mentions]
    for start, end in lines:
        last_end = None
        for mention in mentions[bisect_left(starts, start) : bisect_left(starts, end)]:
            if last_end is not None and mention.start - last_end > _APART_CHARACTERS:
                break
            last_end = mention.end
            yield mention.brand
