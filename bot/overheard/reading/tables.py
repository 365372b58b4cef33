"""Owners and roles of the cells of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from overheard.domain import UnitRole
from overheard.reading.labels import LabelKind, bare_start, kind_of, role_of
from overheard.reading.layout import Line
from overheard.reading.owners import NOBODY, Names, Owner

_DIVIDER = re.compile(r" ?\| ?")
_PROSE_SPACES = 5
"""Spaces from which a cell without a role is prose, and not a property."""
_TITLE_SPACES = 12
"""Spaces from which a cell that names the subject is more than a name."""
_LASTING = frozenset({UnitRole.PRO, UnitRole.CON, UnitRole.VERDICT})
_SENTENCES = re.compile(r"[\w)][.;!] \w")
"""Between the sentences of a cell: "Acme: light. Bolt: cheap."."""
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
    one of the first `_SUBJECT_CELLS` cells begins with. Cells with only a rank are skipped. Without
    a brand, return the index of the first cell that is no rank, else 0, and `NOBODY`.

    Args:
        cells: (start, end) offsets of the row's cells.
    """
    worded = [
        index for index, cell in enumerate(cells[:_SUBJECT_CELLS]) if not _is_rank(body, cell)
    ]
    for index in worded:
        if index == 0:
            owner = names.of_title(*cells[index], multi=True) or NOBODY
        else:
            owner = names.begins(*cells[index])
        if owner:
            return index, owner
    return (worded[0] if worded else 0), NOBODY


def _is_rank(body: str, cell: tuple[int, int]) -> bool:
    """Return whether a cell has nothing but a number, signs or bullets: ``#1``."""
    text = body[bare_start(body, *cell) : cell[1]].strip(" #.")
    return not text or text.isdigit()


def _is_award(text: str) -> bool:
    """Return whether the text of a cell is an award: "Best overall", "Best for travel"."""
    return kind_of(text) is LabelKind.AWARD or role_of(text) is UnitRole.BEST_FOR


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

    Args:
        cells: (start, end) offsets of the row's cells.
        columns: The owner of each column. The header of a column without a brand is taken for the
            name of a product that is not declared; an empty header gives no owner.
        heads: The text of each header.
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

    Args:
        cells: (start, end) offsets of the row's cells.
        subject_index: The index of the cell that may name the owner.
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

    Args:
        cells: (start, end) offsets of the row's cells.
        subject_index: The index of the cell that names the owner.
        heads: The text of each header; cells beyond them have the header "".
        inherits: Whether the cells may belong to the owner of the text above the table.
    """
    for index, cell in enumerate(cells):
        head = heads[index] if index < len(heads) else ""
        is_subject, before_subject = index == subject_index, index < subject_index
        is_prose = is_subject and index > 0 and _SENTENCES.search(body, *cell) is not None
        is_name = is_subject and not is_prose and body.count(" ", *cell) < _TITLE_SPACES
        is_award = before_subject and _is_award(body[bare_start(body, *cell) : cell[1]])
        if _is_rank(body, cell) or is_name or is_award:
            role = UnitRole.TITLE
        elif before_subject:
            role = UnitRole.BEST_FOR
        elif is_prose:
            role = role_of(head) or UnitRole.NONE
        else:
            role = role_of(head) or _role_by_length(body, cell)
        yield Cell(*cell, owner, role, head, inherits)
