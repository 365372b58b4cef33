"""The statements of tables and of lists of properties: a name, a property and its value.

| Tool | Founded |        **Acme**
| ---  | ---     |        - Founded: 2014
| Acme | 2014    |
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from overheard import Brand, Reading
from overheard_accuracy.claims import Statement
from overheard_accuracy.fields import field_of

_PROPERTY = re.compile(
    r"(?P<what>[^\W\d_][\w /&'()-]{1,30}?)(?:\s*:|\s[\u2013\u2014-])\s+(?P<value>\S.*)"
)
_HEADS = re.compile(
    r"(?!.*\b(?:alternativ\w*|competitors?|rivals?|instead|vs|versus|similar)\b)"
    r"\s*(?:[(:,\u2013\u2014-].*[^.!?])?",
    re.IGNORECASE,
)
"""What may follow the name in a line that heads a list of properties: nothing, or an aside."""
_GENERIC = (
    r"(?:facts?|overview|glance|details?|summary|profile|info(?:rmation)?|basics|company|about"
    r"|background|pricing|features?|attributes?|fakten|überblick|steckbrief|resumen|datos"
    r"|aperçu)"
)
_ANY_LIST = re.compile(rf"\b{_GENERIC}\b", re.IGNORECASE)
"""A heading that any list of properties may have."""
_AT_A_GLANCE = re.compile(rf"(?:\W+(?:at|a|in|the|key|quick|{_GENERIC}))+\W*", re.IGNORECASE)
"""What may follow the name in such a heading."""
_LABEL = 60
"""Characters of a line that heads a list of properties."""
_LABEL_LIKE = re.compile(rf"\s*\S.{{0,{_LABEL}}}(?<![.!])")
_PLAIN = {
    "founded": "founded",
    "headquarters": "headquarters",
    "chief executive": "CEO",
    "employees": "employees",
    "parent company": "parent company",
}
"""The wording of a property as a sentence, by field."""
_MOST = 15
"""Properties under one heading."""
_MOST_LINES = 1_000
"""Lines of an answer that are read for one brand."""
_LONGEST = 600
"""Characters of a value that are read."""
_UNKNOWN = re.compile(
    r"[-\u2013\u2014?. ]*|n/?a|unknown|varies|not (?:stated|known|disclosed)", re.IGNORECASE
)
_YES = re.compile(r"(?:yes|[✅✓✔☑])\W*(?=\W|$)", re.IGNORECASE)
_NO = re.compile(r"(?:no|none|[❌✗✘✖])(?=\W|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a body.

    Attributes:
        text: The line.
        named: Whom it names.
        cells: Its parts between bars; one for a line that is no row of a table.
        head: Index of the first line of its table, or its own.
    """

    text: str
    named: frozenset[str]
    cells: tuple[str, ...]
    head: int


def cells(reading: Reading) -> Iterator[tuple[str, Statement]]:
    """Yield what tables and lists of properties state of the reading's brand, with the line.

    A brand heads a row or a column of a table, or a list of lines such as ``Founded: 2014``. A cell
    that says that a value is unknown states nothing.
    """
    brand, lines = reading.brand, list(islice(_lines(reading), _MOST_LINES))
    for at, line in enumerate(lines):
        if line.named == {brand.name}:
            yield from _row(brand, line, lines[line.head])
            yield from _properties(brand, line, lines[at + 1 : at + 1 + _MOST])
        if line.head < at:
            yield from _column(brand, line, lines[line.head])
    if {mention.brand for mention in reading.mentions} == {brand.name}:
        yield from _alone(brand, lines)


def _lines(reading: Reading) -> Iterator[_Line]:
    named: dict[int, set[str]] = defaultdict(set)
    ends = [found.start() for found in re.finditer("\n", reading.body)]
    for mention in reading.mentions:
        named[bisect_left(ends, mention.start)].add(mention.brand)
    head = width = 0
    for at, text in enumerate(reading.body.split("\n")):
        parts = tuple(cell.strip() for cell in text.split("|"))
        if len(parts) != width or width < 2:
            head, width = at, len(parts)
        yield _Line(text, frozenset(named[at]), parts, head)


def _row(brand: Brand, row: _Line, header: _Line) -> Iterator[tuple[str, Statement]]:
    heads = [n for n, cell in enumerate(row.cells[:2]) if _is(brand, cell)]  # a rank may be first
    if heads and header is not row:
        rest = slice(heads[0] + 1, None)
        for what, value in zip(header.cells[rest], row.cells[rest], strict=True):
            yield from _stated(brand, what, value, row.text)


def _column(brand: Brand, row: _Line, header: _Line) -> Iterator[tuple[str, Statement]]:
    for what, value in zip(header.cells[1:], row.cells[1:], strict=True):
        if _is(brand, what):
            yield from _stated(brand, row.cells[0], value, row.text)


def _properties(
    brand: Brand, label: _Line, below: Iterable[_Line]
) -> Iterator[tuple[str, Statement]]:
    if not _heads(brand, label):
        return
    for line in below:
        found = _PROPERTY.fullmatch(line.text)
        if not found or line.named - {brand.name}:
            return
        yield from _stated(brand, found["what"], found["value"], line.text)


def _heads(brand: Brand, label: _Line) -> bool:
    """Return whether a line is a heading of statements about the brand itself."""
    head = label.text
    name = next((one for one in brand.names if head.casefold().startswith(one.casefold())), None)
    if name is None or len(head) > _LABEL:
        return head.endswith(":") and label.named == {brand.name} and bool(_HEADS.match(head))
    rest = head[len(name) :]
    return bool(_HEADS.fullmatch(rest) or _AT_A_GLANCE.fullmatch(rest))


def _alone(brand: Brand, lines: Iterable[_Line]) -> Iterator[tuple[str, Statement]]:
    """Yield the properties in an answer that names this brand alone, wherever it names it.

    A heading that is neither the brand's nor one that any list may have ("Key facts") begins a part
    about something else.
    """
    mine = True
    for line in lines:
        found = _PROPERTY.fullmatch(line.text)
        what, value = (found["what"], found["value"]) if found else ((*line.cells, ""))[:2]
        if value and len(line.cells) <= 2 and field_of(what)[0]:
            if mine:
                yield from _stated(brand, what, value, line.text)
        elif _is(brand, value):
            mine = True
        elif (not value or line.named) and _LABEL_LIKE.fullmatch(line.text):
            generic = not line.named and _ANY_LIST.search(line.text)
            mine = bool(generic) or _heads(brand, line)


def _stated(brand: Brand, what: str, value: str, line: str) -> Iterator[tuple[str, Statement]]:
    if not what or _UNKNOWN.fullmatch(value):
        return
    what = _PLAIN.get(field_of(what)[0], what)
    if what[1:2].islower():  # "Founded", and not "CEO"
        what = what[0].lower() + what[1:]
    if _YES.match(value):
        text = f"{brand.name}: {what}"
    elif _NO.match(value):
        text = f"{brand.name}: no {what}"
    elif "free" in what.casefold():
        return  # "Free plan: 14 days" may mean that there is none
    else:
        text = f"{brand.name}: {what}: {value[:_LONGEST]}"
    yield line, Statement(text, 0, len(brand.name))


def _is(brand: Brand, cell: str) -> bool:
    """Return whether a cell is only the brand's name: "Acme Pro" has another price than Acme."""
    return cell.casefold() in {name.casefold() for name in brand.names}
