"""The statements of tables and of lists of properties: a name, a property and its value.

| Tool | Founded |        **Acme**
| ---  | ---     |        - Founded: 2014
| Acme | 2014    |
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from overheard import Brand, Reading
from overheard_accuracy.claims import Statement
from overheard_accuracy.kinds import field_of

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
        named: The brands that the line names.
        cells: The parts between bars; a single part for a line that is no row of a table.
        head: Index of the first line of the table, or of the line itself.
    """

    text: str
    named: frozenset[str]
    cells: tuple[str, ...]
    head: int


def cells(reading: Reading) -> Iterator[tuple[str, Statement]]:
    """Yield (line, statement) pairs: what the tables and lists of properties in an answer state
    about `reading.brand`, in order of the lines.

    The brand is the header of a row or column of a table, or the heading of a list of lines such as
    ``Founded: 2014``. If the answer names no other brand, such lines count anywhere, but not below
    a heading about another subject; they come after all others, so that a line may come twice. A
    cell with an unknown value ("n/a") states nothing. At most `_MAX_LINES` lines are read, and
    `_MAX_PROPERTIES` below a heading.
    """
    brand, lines = reading.brand, list(islice(_body_lines(reading), _MAX_LINES))
    for at, line in enumerate(lines):
        if line.named == {brand.name}:
            yield from _row_statements(brand, line, lines[line.head])
            yield from _statements_below_heading(
                brand, line, lines[at + 1 : at + 1 + _MAX_PROPERTIES]
            )
        if line.head < at:
            yield from _column_statements(brand, line, lines[line.head])
    if {mention.brand for mention in reading.mentions} == {brand.name}:
        yield from _statements_of_property_lines(brand, lines)


def _body_lines(reading: Reading) -> Iterator[_Line]:
    """Yield each line of an answer with the names of the brands in the line, its cells between
    bars, and the index of the first line of its table.

    Lines one after another with the same number of cells, two or more, form a table. Any other line
    is its own first line.
    """
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


def _row_statements(brand: Brand, row: _Line, header: _Line) -> Iterator[tuple[str, Statement]]:
    """Yield (row text, statement) for each cell right of the brand's name in a row of a table.

    The name must be the first cell, or the second behind a rank. Nothing is yielded otherwise, and
    for the header row. The header's cell above names the property.
    """
    if header is row:
        return
    for column, cell in enumerate(row.cells[:2]):
        if _is_name(brand, cell):
            properties, values = header.cells[column + 1 :], row.cells[column + 1 :]
            for name, value in zip(properties, values, strict=True):
                yield from _statement_of(brand, name, value, row.text)
            return


def _column_statements(brand: Brand, row: _Line, header: _Line) -> Iterator[tuple[str, Statement]]:
    """Yield (row text, statement) for each cell of a table row whose column has the brand's name as
    its header; the first cell of the row names the property.
    """
    for name, value in zip(header.cells[1:], row.cells[1:], strict=True):
        if _is_name(brand, name):
            yield from _statement_of(brand, row.cells[0], value, row.text)


def _statements_below_heading(
    brand: Brand, label: _Line, below: Iterable[_Line]
) -> Iterator[tuple[str, Statement]]:
    """Yield (line, statement) for the lines below a heading of the brand that read "property:
    value".

    The list ends at the first line without a property or with the name of another brand. Nothing is
    yielded if `label` is not a heading of the brand.
    """
    if not _is_heading(brand, label):
        return
    for line in below:
        match = _PROPERTY.fullmatch(line.text)
        if not match or line.named - {brand.name}:
            return
        yield from _statement_of(brand, match["what"], match["value"], line.text)


def _is_heading(brand: Brand, label: _Line) -> bool:
    """Return whether a line is a heading above statements about the brand: "Acme", "Acme at a
    glance", "Acme (CRM):". A heading such as "Acme alternatives" is not.

    A line that does not begin with the brand's name, or has more than `_LABEL_CHARACTERS`, is a
    heading if it ends in a colon and names the brand alone: "Facts about Acme:".
    """
    text = label.text
    named = [name for name in brand.names if text.casefold().startswith(name.casefold())]
    if not named or len(text) > _LABEL_CHARACTERS:
        return text.endswith(":") and label.named == {brand.name} and bool(_AFTER_NAME.match(text))
    rest = text[len(named[0]) :]
    return bool(_AFTER_NAME.fullmatch(rest) or _AT_A_GLANCE.fullmatch(rest))


def _statements_of_property_lines(
    brand: Brand, lines: Iterable[_Line]
) -> Iterator[tuple[str, Statement]]:
    """Yield (line, statement) for all lines that read "property: value", or are a row of two cells,
    in an answer whose only named brand is `brand`.

    The property must be a field that can be checked. A heading that is neither the brand's nor
    generic ("Key facts") begins a part about another subject, whose properties are skipped. A line
    such as "Name: Acme" begins a part about the brand.
    """
    is_own = True
    for line in lines:
        match = _PROPERTY.fullmatch(line.text)
        name, value = (match["what"], match["value"]) if match else (*line.cells, "")[:2]
        is_property = bool(value) and len(line.cells) <= 2 and bool(field_of(name)[0])
        if is_property:
            if is_own:
                yield from _statement_of(brand, name, value, line.text)
        elif _is_name(brand, value):
            is_own = True
        elif (not value or line.named) and _LABEL_LIKE.fullmatch(line.text):
            is_generic = not line.named and _ANY_LIST.search(line.text) is not None
            is_own = is_generic or _is_heading(brand, line)


def _statement_of(
    brand: Brand, name: str, value: str, line: str
) -> Iterator[tuple[str, Statement]]:
    """Yield one (line, statement) for a property and its value, or nothing.

    The statement reads "Acme: founded: 2014"; for a yes, such as a check mark, "Acme: free plan";
    for a no, "Acme: no free plan". Nothing is yielded without a property, for an unknown value
    ("n/a"), and for a value of a free plan other than yes and no.

    Args:
        name: The property, from a header or before a colon.
        line: The line of the answer, yielded as the quote.
    """
    if not name or _UNKNOWN.fullmatch(value):
        return
    field = field_of(name)[0]
    kept = {"chief executive": "CEO", "price": name, "free plan": name, "": name}
    name = kept.get(field, field)
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
