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
_AFTER_NAME = re.compile(
    r"(?!.*\b(?:alternativ\w*|competitors?|rivals?|instead|vs|versus|similar)\b)"
    r"\s*(?:[(:,\u2013\u2014-].*[^.!?])?",
    re.IGNORECASE,
)
"""What may follow the name in a heading of a list of properties: nothing, or an aside."""
_GENERIC = (
    r"(?:facts?|overview|glance|details?|summary|profile|info(?:rmation)?|basics|company|about"
    r"|background|pricing|features?|attributes?|fakten|überblick|steckbrief|resumen|datos"
    r"|aperçu)"
)
_ANY_LIST = re.compile(rf"\b{_GENERIC}\b", re.IGNORECASE)
"""A heading that any list of properties may have."""
_AT_A_GLANCE = re.compile(rf"(?:\W+(?:at|a|in|the|key|quick|{_GENERIC}))+\W*", re.IGNORECASE)
"""What may follow the name in a generic heading: "Acme at a glance"."""
_LABEL_CHARACTERS = 60
"""Most characters of a heading of a list of properties."""
_LABEL_LIKE = re.compile(rf"\s*\S.{{0,{_LABEL_CHARACTERS}}}(?<![.!])")
_PROPERTY_WORDING = {
    "founded": "founded",
    "headquarters": "headquarters",
    "chief executive": "CEO",
    "employees": "employees",
    "parent company": "parent company",
}
"""The wording of a property as a sentence, by field."""
_MAX_PROPERTIES = 15
"""Lines under a heading that are read as properties."""
_MAX_LINES = 1_000
"""Lines of an answer that are read for one brand."""
_VALUE_CHARACTERS = 600
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
        named: The brands that the line names.
        cells: The parts between bars; a single part for a line that is no row of a table.
        head: Index of the first line of the table, or of the line itself.
    """

    text: str
    named: frozenset[str]
    cells: tuple[str, ...]
    head: int


def cells(reading: Reading) -> Iterator[tuple[str, Statement]]:
    """Yield the statements of tables and lists of properties about the brand, each with its line.

    The brand is the header of a row or a column of a table, or the heading of a list of lines such
    as ``Founded: 2014``. A cell that says that a value is unknown states nothing.
    """
    brand, lines = reading.brand, list(islice(_lines(reading), _MAX_LINES))
    for at, line in enumerate(lines):
        if line.named == {brand.name}:
            yield from _row(brand, line, lines[line.head])
            yield from _properties(brand, line, lines[at + 1 : at + 1 + _MAX_PROPERTIES])
        if line.head < at:
            yield from _column(brand, line, lines[line.head])
    if {mention.brand for mention in reading.mentions} == {brand.name}:
        yield from _properties_anywhere(brand, lines)


def _lines(reading: Reading) -> Iterator[_Line]:
    """Yield the lines of an answer with the brands that each names, and with its table, if any."""
    brands: dict[int, set[str]] = defaultdict(set)
    line_ends = [line_break.start() for line_break in re.finditer("\n", reading.body)]
    for mention in reading.mentions:
        brands[bisect_left(line_ends, mention.start)].add(mention.brand)
    first_line = columns = 0
    for at, text in enumerate(reading.body.split("\n")):
        parts = tuple(cell.strip() for cell in text.split("|"))
        if len(parts) != columns or columns < 2:
            first_line, columns = at, len(parts)
        yield _Line(text, frozenset(brands[at]), parts, first_line)


def _row(brand: Brand, row: _Line, header: _Line) -> Iterator[tuple[str, Statement]]:
    """Yield the statements of a table row whose first or second cell is the brand."""
    name_cells = [
        n for n, cell in enumerate(row.cells[:2]) if _is_name(brand, cell)
    ]  # a rank may be first
    if name_cells and header is not row:
        rest = slice(name_cells[0] + 1, None)
        for name, value in zip(header.cells[rest], row.cells[rest], strict=True):
            yield from _statement_of(brand, name, value, row.text)


def _column(brand: Brand, row: _Line, header: _Line) -> Iterator[tuple[str, Statement]]:
    """Yield the statement of a table row in the columns that have the brand as header."""
    for name, value in zip(header.cells[1:], row.cells[1:], strict=True):
        if _is_name(brand, name):
            yield from _statement_of(brand, row.cells[0], value, row.text)


def _properties(
    brand: Brand, label: _Line, below: Iterable[_Line]
) -> Iterator[tuple[str, Statement]]:
    """Yield the properties in the lines below a heading of the brand.

    The list ends at a line that is no property or that names another brand.
    """
    if not _is_heading(brand, label):
        return
    for line in below:
        match = _PROPERTY.fullmatch(line.text)
        if not match or line.named - {brand.name}:
            return
        yield from _statement_of(brand, match["what"], match["value"], line.text)


def _is_heading(brand: Brand, label: _Line) -> bool:
    """Return whether a line is a heading of statements about the brand itself."""
    head = label.text
    name = next(
        (spelling for spelling in brand.names if head.casefold().startswith(spelling.casefold())),
        None,
    )
    if name is None or len(head) > _LABEL_CHARACTERS:
        return head.endswith(":") and label.named == {brand.name} and bool(_AFTER_NAME.match(head))
    rest = head[len(name) :]
    return bool(_AFTER_NAME.fullmatch(rest) or _AT_A_GLANCE.fullmatch(rest))


def _properties_anywhere(brand: Brand, lines: Iterable[_Line]) -> Iterator[tuple[str, Statement]]:
    """Yield the properties in an answer that names no other brand.

    A heading that is neither the brand's nor generic ("Key facts") begins a part about something
    else, whose properties are skipped.
    """
    is_own = True
    for line in lines:
        match = _PROPERTY.fullmatch(line.text)
        name, value = (match["what"], match["value"]) if match else ((*line.cells, ""))[:2]
        if value and len(line.cells) <= 2 and field_of(name)[0]:
            if is_own:
                yield from _statement_of(brand, name, value, line.text)
        elif _is_name(brand, value):
            is_own = True
        elif (not value or line.named) and _LABEL_LIKE.fullmatch(line.text):
            generic = not line.named and _ANY_LIST.search(line.text)
            is_own = bool(generic) or _is_heading(brand, line)


def _statement_of(
    brand: Brand, name: str, value: str, line: str
) -> Iterator[tuple[str, Statement]]:
    """Yield a cell as a sentence about the brand, such as "Acme: founded: 2014", with its line;
    nothing for a cell without a clear value.
    """
    if not name or _UNKNOWN.fullmatch(value):
        return
    name = _PROPERTY_WORDING.get(field_of(name)[0], name)
    if name[1:2].islower():  # "Founded", and not "CEO"
        name = name[0].lower() + name[1:]
    if _YES.match(value):
        text = f"{brand.name}: {name}"
    elif _NO.match(value):
        text = f"{brand.name}: no {name}"
    elif "free" in name.casefold():
        return  # "Free plan: 14 days" may mean a trial, not a free plan
    else:
        text = f"{brand.name}: {name}: {value[:_VALUE_CHARACTERS]}"
    yield line, Statement(text, 0, len(brand.name))


def _is_name(brand: Brand, cell: str) -> bool:
    """Return whether a cell is only the brand's name: "Acme Pro" has another price than Acme."""
    return cell.casefold() in {name.casefold() for name in brand.names}
