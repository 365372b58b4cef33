"""Headings, lists and tables: what stands under what."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from overheard.domain import UnitRole
from overheard.reading.labels import (
    Label,
    LabelKind,
    bare_start,
    is_award,
    is_property,
    kind_of,
    label_at,
    role_of,
)
from overheard.reading.layout import Line, LineKind
from overheard.reading.ordinary_words import is_common, is_modifier
from overheard.reading.owners import NOBODY, Context, Names, Owner
from overheard.reading.undeclared import has_name, is_name, leading_name

_DIVIDER = re.compile(r" ?\| ?")
_PROSE_SPACES = 5
"""Spaces from which a cell without a role is prose, and not a property."""
_TITLE_SPACES = 12
"""Spaces from which a cell that names the subject is more than a name."""
_LASTING = frozenset({UnitRole.PRO, UnitRole.CON, UnitRole.VERDICT})
_SENTENCES = re.compile(r"[\w)](?:[.;!] \w|(?::| [\u2013\u2014-]) (?=\S+ \S+ \S))")
"""Between the sentences of a cell, and before what it tells: "Acme: light. Bolt: cheap."."""
_SUBJECT_CELLS = 3
"""Cells of a row in which its subject is searched."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes:
        start: Offset of the first character in the body.
        end: Offset after the last character.
        label: The header of the row or the column that gives the role.
        inherits: Whether the table has no owners of its own, so that the block's owner counts.
    """

    start: int
    end: int
    owner: Owner = NOBODY
    role: UnitRole = UnitRole.NONE
    label: str = ""
    inherits: bool = False


def table_cells(body: str, rows: Sequence[Line], names: Names) -> Iterator[tuple[Line, Cell]]:
    """Yield (row, cell) for each cell of a table in order; a cell has its owner and role.

    - Brands in two or more cells of the first row own the columns.
    - Else the brand that a row names as its subject owns the row: in its first cell, after a rank,
      or in a later cell of "If you want | Go with".
    - A row without a brand, in a table with brands, belongs to a product that is not declared.
    - In a table without brands, the cells inherit the owner of the text above (`Cell.inherits`).
    - A row that begins with "Pros" or a generic label has no owner of its own.
    - The first row has titles; if it has a subject, it is read like the rows below.

    Args:
        body: The text.
        rows: The lines of the table, at least one; the first is the header.
        names: The mentions of the text.
    """
    header, *below = [tuple(_cell_spans(body, row)) for row in rows]
    column_owners = [names.owner(*cell) for cell in header]
    heads = [body[start:end] for start, end in header]
    by_column = sum(map(bool, column_owners)) > 1
    subjects = [_row_subject(body, cells, names) for cells in below]
    inherits = not by_column and not any(owner for _, owner in subjects)
    subject_index, owner = _row_subject(body, header, names)
    if owner and not by_column:  # a table without headers
        no_heads = ("",) * len(header)
        for cell in _row_cells(body, header, subject_index, owner, no_heads, inherits=False):
            yield rows[0], cell
    else:
        for span, column_owner, head in zip(header, column_owners, heads, strict=True):
            yield rows[0], Cell(*span, column_owner, UnitRole.TITLE, head, inherits)
    for row, spans, (subject_index, owner) in zip(rows[1:], below, subjects, strict=True):
        if by_column:
            cells = _column_cells(body, spans, column_owners, heads)
        elif (label := _ownerless_label(body, spans, subject_index, names)) is not None:
            cells = _role_cells(spans, label)
        else:
            undeclared = Owner(body[slice(*spans[subject_index])], foreign=not inherits)
            row_owner = owner if owner or inherits else undeclared
            cells = _row_cells(body, spans, subject_index, row_owner, heads, inherits=inherits)
        for cell in cells:
            yield row, cell


def is_bold_title(body: str, line: Line) -> bool:
    """Return whether a line of a paragraph is bold, short and no sentence: a title."""
    if line.kind is not LineKind.PARAGRAPH or not line.bold or body[line.end - 1] in ".!?":
        return False
    text = body[bare_start(body, line.start, line.end) : line.end]
    bold_characters = sum(bold_end - bold_start for bold_start, bold_end in line.bold)
    is_short = text.count(" ") < _BOLD_TITLE_WORDS
    return is_short and bold_characters >= _BOLD_TITLE_SHARE * len(text.rstrip(" :"))


def _names_product(label: str, *, bold: bool) -> bool:
    """Return whether a label in running text can be the name of a product: one of its words is no
    ordinary word, or it is neither bold nor ends in a word for a property, nor is it one noun.
    """
    if has_name(label):
        return True
    last = label.rsplit(maxsplit=1)[-1]
    is_noun = last == label and is_common(label.lower()) and not is_modifier(label.lower())
    return not (bold or is_noun or is_property(last))


def product_of(title: str) -> str:
    """Return the undeclared name that a title of no special kind begins with; "" without one."""
    return (
        "" if kind_of(title) is not LabelKind.OTHER or is_property(title) else leading_name(title)
    )


def _cell_spans(body: str, row: Line) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) offsets of each cell of a row, in order, without the dividers; an
    empty cell has an empty span.
    """
    at = row.start
    for divider in _DIVIDER.finditer(body, row.start, row.end):
        yield at, divider.start()
        at = divider.end()
    yield at, row.end


def _row_subject(body: str, cells: Sequence[tuple[int, int]], names: Names) -> tuple[int, Owner]:
    """Return (index of the cell that names the subject of a row, owner of the row).

    The subject is the brand that the first cell names as a title, or else the brand that a later
    one of the first `_SUBJECT_CELLS` cells begins with, unless the first cell is the name of an
    undeclared brand. Cells with only a rank are skipped. Without a brand, return the index of the
    first cell that is no rank, else 0, and `NOBODY`.
    """
    worded = [
        index for index, cell in enumerate(cells[:_SUBJECT_CELLS]) if not _is_rank(body, cell)
    ]
    for index in worded:
        if index == 0:
            owner = names.of_title(*cells[index], multi=True) or NOBODY
            if not owner and is_name(body[slice(*cells[index])]):
                break
        else:
            owner = names.begins(*cells[index])
        if owner:
            return index, owner
    return (worded[0] if worded else 0), NOBODY


def _is_rank(body: str, cell: tuple[int, int]) -> bool:
    """Return whether a cell has nothing but a number, signs or bullets: ``#1``."""
    text = body[bare_start(body, *cell) : cell[1]].strip(" #.")
    return not text or text.isdigit()


def _role_by_length(body: str, cell: tuple[int, int]) -> UnitRole:
    """Return the role of a cell that no header or label decides: none for a cell with at least
    `_PROSE_SPACES` spaces, which is prose; else a specification.
    """
    prose = body.count(" ", *cell) >= _PROSE_SPACES
    return UnitRole.NONE if prose else UnitRole.SPECIFICATION


def _column_cells(
    body: str, cells: Sequence[tuple[int, int]], columns: Sequence[Owner], heads: Sequence[str]
) -> Iterator[Cell]:
    """Yield the cells of a row of a table whose columns have owners.

    The first cell is the title and the label of the others. It gives their role; without a role,
    each cell's length does. Cells beyond the last header are left out.
    """
    label = body[slice(*cells[0])]
    given = role_of(label)
    yield Cell(*cells[0], role=UnitRole.TITLE, label=label)
    for cell, owner, head in zip(cells[1:], columns[1:], heads[1:], strict=False):
        role = given or _role_by_length(body, cell)
        yield Cell(*cell, owner or Owner(head, foreign=bool(head)), role, label)


def _ownerless_label(
    body: str, cells: Sequence[tuple[int, int]], subject_index: int, names: Names
) -> str | None:
    """Return the text of the first cell of a row that has no owner of its own; None for other rows.

    Such a row begins with "Pros", "Cons" or "Verdict"; or with a generic label without a brand, and
    has prose in another cell; or the cell of its subject, if it is not the first, is about several
    brands in several sentences ("Acme: light. Bolt: cheap.").
    """
    label = body[slice(*cells[0])]
    if role_of(label) in _LASTING:
        return label
    generic = kind_of(label) is LabelKind.GENERIC and not names.within(*cells[0])
    if generic and any(body.count(" ", *cell) >= _PROSE_SPACES for cell in cells[1:]):
        return label
    if subject_index == 0:
        return None
    subject_cell = cells[subject_index]
    brands = {mention.brand for mention in names.within(*subject_cell)}
    return label if len(brands) > 1 and _SENTENCES.search(body, *subject_cell) else None


def _role_cells(cells: Sequence[tuple[int, int]], label: str) -> Iterator[Cell]:
    """Yield the cells of a row that begins with the `label` of a role, or with a generic one. They
    have no owner; after a role, they inherit the owner of the text above.
    """
    role = role_of(label)
    yield Cell(*cells[0], role=UnitRole.TITLE, label=label, inherits=role is not None)
    for cell in cells[1:]:
        yield Cell(*cell, role=role or UnitRole.NONE, label=label, inherits=role is not None)


def _row_cells(
    body: str,
    cells: Sequence[tuple[int, int]],
    subject_index: int,
    owner: Owner,
    heads: Sequence[str],
    *,
    inherits: bool,
) -> Iterator[Cell]:
    """Yield the cells of a row with one owner, each with its role.

    A rank, a short cell with the name, and an award before it are titles. Other cells before the
    name tell what the owner is best for. The header gives the role of the other cells; without one,
    their length does. A cell with several sentences about the subject is never a specification.
    """
    for index, cell in enumerate(cells):
        head = heads[index] if index < len(heads) else ""
        is_subject, before_subject = index == subject_index, index < subject_index
        is_prose = is_subject and index > 0 and _SENTENCES.search(body, *cell) is not None
        is_name = is_subject and not is_prose and body.count(" ", *cell) < _TITLE_SPACES
        awards = before_subject and is_award(body[bare_start(body, *cell) : cell[1]])
        if _is_rank(body, cell) or is_name or awards:
            role = UnitRole.TITLE
        elif before_subject:
            role = UnitRole.BEST_FOR
        elif is_prose:
            role = role_of(head) or UnitRole.NONE
        else:
            role = role_of(head) or _role_by_length(body, cell)
        yield Cell(*cell, owner, role, head, inherits)


_VALUE_CHARACTERS = 70
"""Characters of a value in which the subject of an award is searched."""
_TITLED_SHARE = 0.34
"""The share of headings of a level with a brand from which the level carries subjects."""
_BOLD_TITLE_WORDS = 20
"""Most words of a bold line that is a title."""
_BOLD_TITLE_SHARE = 0.8
"""The share of bold characters, 0 to 1, from which a line is bold."""
_BOLD_REACH = 6
"""Characters, such as emoji and quotes, that may precede the bold text of a label."""
_RECURRING = re.compile(r"([A-Z](?<![^\W_][A-Z])[^\s:.!?]{0,20}(?:\s[^\s:.!?]{1,20}){0,2}):")
_AWARDED_PRODUCT = re.compile(r":\s+(?P<name>[A-Z0-9][^:]{0,60})\Z")
"""The product behind the colon of a title: "Best for Travel: Acme One"."""
_MANY_LABELS = 3
"""Labels of the same words from which they are a property of several products, and no product."""
_LISTED = frozenset({UnitRole.PRO, UnitRole.CON})
_KEPT = frozenset({UnitRole.PRO, UnitRole.CON, UnitRole.BEST_FOR})


class Outline:
    """Decides about labels, with a look ahead at headings and lists.

    Args:
        body: The text.
        lines: The layout of its lines.
        names: The mentions of declared brands.
        prose: Those of all brands.
    """

    def __init__(self, body: str, lines: Sequence[Line], names: Names, prose: Names) -> None:
        self._body, self._names, self._prose = body, names, prose
        self.titled = self._titled_levels(lines)
        """Levels of headings of which a third or more name a brand."""
        self.bold_products = self._bold_products(lines)
        """Bold lines that name undeclared products."""
        self.multi = self._lists_of_brands(lines)
        """Indices of the items of lists whose items name two or more brands."""

    def label(self, start: int, end: int, line: Line) -> Label | None:
        """Return the label at the beginning of a piece of a line, or None.

        Bold text of the line may be the label if it begins within the first `_BOLD_REACH`
        characters of the piece, after signs only, and ends inside the piece.

        Args:
            start: Offset of the piece.
            end: Offset after the piece.
        """
        next_bold = bisect_left(line.bold, (start, 0))
        if next_bold == len(line.bold):
            return label_at(self._body, start, end)
        bold_start, bold_end = line.bold[next_bold]
        after_signs = bold_start <= start + _BOLD_REACH and not any(
            map(str.isalpha, self._body[start:bold_start])
        )
        return label_at(self._body, start, end, bold_end if after_signs and bold_end <= end else 0)

    def decide(  # noqa: PLR0911 - one return a rule, in their order
        self, label: Label, above: Context, *, multi: bool, limit: int = 0, listed: bool = False
    ) -> Context:
        """Return the context that a label opens; its rank is 0.

        The first rule that applies decides:

        1. A brand in the label is the owner, without a role.
        2. After "Best for", the brand with which the value begins as its subject is the owner.
        3. A role word gives the role and inherits the owner. A price or note below pros or cons
           keeps their role. "Best for" without an inherited owner goes on with the next rules.
        4. The brand that the value of the label names is the owner; of an award, also one that is
           not declared.
        5. A generic label ("Key facts") belongs to nobody, except in an item below its owner.
        6. The name behind the colon of an award ("Best for Travel: Zorbo One") is the owner, as a
           product that is not declared.
        7. A label among labels with brands names such a product itself; an award without a value
           does not.
        8. Else the owner is inherited. The role is too, if it is pro, con or "best for"; else it is
           a specification, and none for an award or without an owner.

        Args:
            above: The context that the label inherits.
            multi: Whether the siblings of the label name brands.
            limit: Offset after the value; 0 for a title without a value in the same line.
            listed: Whether the label is in an item of a list below its owner.
        """
        text = self._body[label.start : label.end]
        own = self._names.of_title(label.start, label.end, multi=multi)
        kind, role = kind_of(self._names.masked(label.start, label.end)), role_of(text)
        if own is not None:
            return Context(0, own, UnitRole.NONE, text)
        if role is UnitRole.BEST_FOR and limit and (own := self._prose.speaker(label.value, limit)):
            return Context(0, own, role, text)
        if role is not None and (above.owner or role is not UnitRole.BEST_FOR):
            if above.role in _LISTED and role in {UnitRole.PRICE, UnitRole.NOTE}:
                role = above.role
            return Context(0, above.owner, role, text, above.closed)
        award = kind is LabelKind.AWARD or role is UnitRole.BEST_FOR
        winner = self._named_by_value(label.value, limit, above, award=award) if limit else NOBODY
        if winner:
            return Context(0, winner, role or UnitRole.NONE, text)
        if (
            kind is LabelKind.AWARD
            and limit
            and (name := leading_name(self._body[label.value : limit]))
        ):
            return Context(0, Owner(name, foreign=True), UnitRole.NONE, text)
        if kind is LabelKind.GENERIC and not listed:
            return Context(0, label=text, closed=True)
        if award and not limit and (product := _AWARDED_PRODUCT.search(text)):
            return Context(0, Owner(product["name"], foreign=True), role or UnitRole.NONE, text)
        if multi and not (award and limit == 0):
            return Context(0, Owner(text, foreign=True), UnitRole.NONE, text)
        if not above.owner:
            return Context(0, label=text, closed=above.closed)
        plain = UnitRole.NONE if award else UnitRole.SPECIFICATION
        role = above.role if above.role in _KEPT else plain
        return Context(0, above.owner, role, text, above.closed)

    def decide_in_text(
        self,
        label: Label,
        above: Context,
        block_owner: Owner,
        carried: Owner,
        limit: int,
        line: Line,
    ) -> Context:
        """Return the context that a label in a paragraph opens; its rank is 0.

        A label with a brand is decided by `decide`. A label of no special kind names a product that
        is not declared if the text before it has an owner, if the answer does not repeat the label
        as a property, and if a role ("Pros:") follows or the label is no property in a block
        without an owner. A role word without an owner above belongs to the owner of the text
        before. "Consider ..." before another label belongs to nobody. An award outside of a block
        with an owner inherits no owner. Else `decide` decides.

        Args:
            above: The context that the label inherits.
            block_owner: The owner of the heading or bold line above.
            carried: The owner of the text before in the same paragraph.
            limit: Offset after the value.
        """
        if self._names.within(label.start, label.end):
            return self.decide(label, above, multi=False, limit=limit)
        text = self._body[label.start : label.end]
        kind = kind_of(self._names.masked(label.start, label.end))
        following = self.label(label.value, limit, line)
        has_roles = (
            following is not None
            and role_of(self._body[following.start : following.end]) is not None
        )
        follows_owner = bool(carried or above.owner) and not above.closed
        bold = bisect_left(line.bold, (label.start + 1, 0)) - 1
        is_bold = bold >= 0 and label.start < line.bold[bold][1]
        is_point = label.start > line.start and is_property(text)
        may_be_product = has_roles or not (
            block_owner or is_point or not _names_product(text, bold=is_bold)
        )
        times = self._label_counts[text]  # a property is repeated for several products
        recurs = times >= _MANY_LABELS or (times > 1 and " " not in text)
        is_product = may_be_product and not recurs
        if kind is LabelKind.OTHER and follows_owner and is_product:
            return Context(0, Owner(text, foreign=True), UnitRole.NONE, text)
        if role_of(text) is not None and not above.owner:
            above = above._replace(owner=carried)
        if following and not has_roles and text.casefold().startswith("consider"):
            return Context(0, label=text, closed=True)
        if kind is LabelKind.AWARD and not block_owner:
            above = above._replace(owner=NOBODY)
        in_line = (is_bold and label.start > line.start) or not line.opens
        listed = in_line and bool(above.owner)
        return self.decide(label, above, multi=False, limit=limit, listed=listed)

    @cached_property
    def _label_counts(self) -> Counter[str]:
        """How often each word or phrase with a capital is before a colon in the answer."""
        return Counter(_RECURRING.findall(self._body))

    @staticmethod
    def is_beside(title: str) -> bool:
        """Return whether a title may name a product, so that it is below none of its rank."""
        if _AWARDED_PRODUCT.search(title):
            return role_of(title.partition(":")[0]) in {None, UnitRole.BEST_FOR}
        return kind_of(title) is LabelKind.OTHER and (title.islower() or not is_property(title))

    def _named_by_value(self, value: int, limit: int, above: Context, *, award: bool) -> Owner:
        """Return the brand that the value of a label names as its subject; `NOBODY` without such a
        brand.

        The value has to begin with the brand, and the label has to inherit no owner. For an award,
        the brand may be anywhere in the first `_VALUE_CHARACTERS` if no owner is inherited and the
        block is about a product, or if it is the inherited owner; a brand at the beginning always
        counts.
        """
        named = self._names.owner(value, min(limit, value + _VALUE_CHARACTERS))
        if not named:
            return NOBODY
        is_at_beginning = bool(self._names.begins(value, limit))
        if not award:
            return named if is_at_beginning and not above.owner else NOBODY
        inherits_none = not above.owner and not above.closed
        return named if inherits_none or is_at_beginning or named == above.owner else NOBODY

    def _titled_levels(self, lines: Sequence[Line]) -> frozenset[int]:
        """Return the heading levels, 1 to 6, of which one heading names a brand and at least
        `_TITLED_SHARE` do so or begin with an undeclared name. Generic headings ("Key facts")
        without a brand are not counted.
        """
        leads: dict[int, list[bool]] = {}
        declared: set[int] = set()
        for line in lines:
            if line.kind is LineKind.HEADING and line.opens:
                named = bool(self._names.within(line.start, line.end))
                text = self._body[bare_start(self._body, line.start, line.end) : line.end]
                if named:
                    declared.add(line.level)
                if named or kind_of(text) is not LabelKind.GENERIC:
                    leads.setdefault(line.level, []).append(named or bool(product_of(text)))
        return frozenset(
            level for level in declared if sum(leads[level]) >= _TITLED_SHARE * len(leads[level])
        )

    def _bold_products(self, lines: Sequence[Line]) -> frozenset[str]:
        """Return the bold lines that name undeclared products between those that name brands: lines
        of no special kind, each written once, if two or more and `_TITLED_SHARE` of them and of
        those with a brand begin with a name.
        """
        texts = Counter(
            (self._body[bare_start(self._body, *line[:2]) : line.end].strip(" :"), bool(named))
            for line in lines
            if is_bold_title(self._body, line)
            for named in (self._names.within(line.start, line.end),)
        )
        others = [
            text
            for (text, named), times in texts.items()
            if not named and times == 1 and self.is_beside(text)
        ]
        branded = sum(named for _, named in texts)
        led = branded + sum(bool(product_of(text)) for text in others)
        is_titled = branded and led > 1 and led >= _TITLED_SHARE * (branded + len(others))
        return frozenset(others if is_titled else ())

    def _lists_of_brands(self, lines: Sequence[Line]) -> frozenset[int]:
        """Return the indices, in `lines`, of the first lines of the items of each list whose items
        begin with two or more brands, at least one of which is declared.

        A list ends at an item of a smaller depth or at another block. An item without a brand does
        not end it.
        """
        found: list[int] = []
        open_lists: dict[int, list[int]] = {}  # by depth: the indices of the items
        head_owners: dict[int, set[Owner]] = {}  # by depth: what the items begin with
        end_of_text = Line(0, 0)
        for index, line in enumerate((*lines, end_of_text)):
            depth = line.level if line.kind is LineKind.ITEM else 0
            if line.kind is LineKind.ITEM or line.opens:
                for ended in [opened for opened in open_lists if opened > depth]:
                    items = open_lists.pop(ended)
                    owners = head_owners.pop(ended)
                    if len(owners) > 1 and not all(owner.foreign for owner in owners):
                        found += items
            if depth and line.opens:
                open_lists.setdefault(depth, []).append(index)
                owners = head_owners.setdefault(depth, set())
                if owner := self._head_owner(line):
                    owners.add(owner)
        return frozenset(found)

    def _head_owner(self, line: Line) -> Owner:
        """Return the brand in the label of an item, or the product that the label begins with;
        without a label, the brand that the item begins with; after an award, the brand that the
        value begins with. `NOBODY` without any of them.
        """
        label = self.label(line.start, line.end, line)
        if label is None:
            return Owner(self._names.begins(line.start, line.end).name)
        text = self._body[label.start : label.end]
        found = self._names.owner(label.start, label.end)
        product = product_of(text)
        if not found and is_award(text):
            found = self._names.begins(label.value, line.end)
            product = leading_name(self._body[label.value : line.end])
        return Owner(found.name) if found else Owner(product, foreign=True)
