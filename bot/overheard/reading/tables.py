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
        owner: The owner.
        role: The role.
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

    Brands in two or more cells of the first row own the columns. Else a brand in the first cell of
    a row owns the row (a rank may precede it), and so does a brand in a later cell of "If you want
    | Go with".

    Args:
        body: The text.
        rows: The lines of the table; the first is the header.
        names: The mentions of the text.
    """
    header, *below = [tuple(_cell_spans(body, row)) for row in rows]
    columns = [names.owner(*cell) for cell in header]
    heads = [body[start:end] for start, end in header]
    by_column = sum(map(bool, columns)) > 1
    subjects = [_row_subject(body, cells, names) for cells in below]
    inherits = not by_column and not any(owner for _, owner in subjects)
    place, owner = _row_subject(body, header, names)
    if owner and not by_column:  # a table without headers
        for cell in _row_cells(body, header, place, owner, ("",) * len(header), inherits=False):
            yield rows[0], cell
    else:
        for span, column, head in zip(header, columns, heads, strict=True):
            yield rows[0], Cell(*span, column, UnitRole.TITLE, head, inherits)
    for row, cells, (place, owner) in zip(rows[1:], below, subjects, strict=True):
        if by_column:
            found = _column_cells(body, cells, columns, heads)
        elif (given := _ownerless_label(body, cells, place, names)) is not None:
            found = _role_cells(cells, given)
        else:
            product = Owner(body[slice(*cells[place])], foreign=not inherits)
            subject = owner if owner or inherits else product
            found = _row_cells(body, cells, place, subject, heads, inherits=inherits)
        for cell in found:
            yield row, cell


def _cell_spans(body: str, row: Line) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) offsets of each cell of a row, in order."""
    at = row.start
    for divider in _DIVIDER.finditer(body, row.start, row.end):
        yield at, divider.start()
        at = divider.end()
    yield at, row.end


def _row_subject(body: str, cells: Sequence[tuple[int, int]], names: Names) -> tuple[int, Owner]:
    """Return (index of the cell that names the subject of a row, owner of the row); without a
    brand, the first cell with words and `NOBODY`.

    Args:
        body: The text.
        cells: (start, end) offsets of the row's cells.
        names: The mentions of the text.
    """
    worded = [at for at, cell in enumerate(cells[:_SUBJECT_CELLS]) if not _is_rank(body, cell)]
    named = next(
        (
            (at, owner)
            for at in worded
            if (
                owner := names.begins(*cells[at])
                if at
                else names.of_title(*cells[at], multi=True) or NOBODY
            )
        ),
        None,
    )
    return named or (worded[0] if worded else 0, NOBODY)


def _is_rank(body: str, cell: tuple[int, int]) -> bool:
    text = body[bare_start(body, *cell) : cell[1]].strip(" #.")
    return not text or text.isdigit()


def _is_award(text: str) -> bool:
    """Return whether a cell before the name is an award, which is a title in other layouts."""
    return kind_of(text) is LabelKind.AWARD or role_of(text) is UnitRole.BEST_FOR


def _role_by_length(body: str, cell: tuple[int, int]) -> UnitRole:
    """Return the role of a cell whose header decides no role: long cells are prose."""
    prose = body.count(" ", *cell) >= _PROSE_SPACES
    return UnitRole.NONE if prose else UnitRole.SPECIFICATION


def _column_cells(
    body: str, cells: Sequence[tuple[int, int]], columns: Sequence[Owner], heads: Sequence[str]
) -> Iterator[Cell]:
    """Yield the cells of a row of a table whose columns have owners; the first cell is the title
    and label of the others.

    Args:
        body: The text.
        cells: (start, end) offsets of the row's cells.
        columns: The owner of each column; a column without a brand belongs to its header as a
            foreign product.
        heads: The text of each header.
    """
    label = body[slice(*cells[0])]
    given = role_of(label)
    yield Cell(*cells[0], role=UnitRole.TITLE, label=label)
    for cell, owner, head in zip(cells[1:], columns[1:], heads[1:], strict=False):
        role = given or _role_by_length(body, cell)
        yield Cell(*cell, owner or Owner(head, foreign=bool(head)), role, label)


def _ownerless_label(
    body: str, cells: Sequence[tuple[int, int]], place: int, names: Names
) -> str | None:
    """Return the first cell of a row that no brand owns, such as "Pros"; None for a row with an
    owner.

    Args:
        body: The text.
        cells: (start, end) offsets of the row's cells.
        place: The index of the cell that may name the owner.
        names: The mentions of the text.
    """
    label = body[slice(*cells[0])]
    if role_of(label) in _LASTING:
        return label
    generic = kind_of(label) is LabelKind.GENERIC and not names.within(*cells[0])
    if generic and any(body.count(" ", *cell) >= _PROSE_SPACES for cell in cells[1:]):
        return label
    brands = {mention.brand for mention in names.within(*cells[place])} if place else ()
    return label if len(brands) > 1 and _SENTENCES.search(body, *cells[place]) else None


def _role_cells(cells: Sequence[tuple[int, int]], label: str) -> Iterator[Cell]:
    """Yield the cells of a row that begins with a role or with a generic label."""
    role = role_of(label)
    yield Cell(*cells[0], role=UnitRole.TITLE, label=label, inherits=role is not None)
    for cell in cells[1:]:
        yield Cell(*cell, role=role or UnitRole.NONE, label=label, inherits=role is not None)


def _row_cells(
    body: str,
    cells: Sequence[tuple[int, int]],
    place: int,
    owner: Owner,
    heads: Sequence[str],
    *,
    inherits: bool,
) -> Iterator[Cell]:
    """Yield the cells of a row with one owner, each with its role.

    Args:
        body: The text.
        cells: (start, end) offsets of the row's cells.
        place: The index of the cell that names the owner.
        owner: The owner.
        heads: The text of each header.
        inherits: Whether the cells may belong to the owner of the text above the table.
    """
    for at, cell in enumerate(cells):
        head = heads[at] if at < len(heads) else ""
        told = at == place > 0 and _SENTENCES.search(body, *cell) is not None
        short = at == place and body.count(" ", *cell) < _TITLE_SPACES
        award = at < place and _is_award(body[bare_start(body, *cell) : cell[1]])
        if _is_rank(body, cell) or (short and not told) or award:
            role = UnitRole.TITLE
        elif at < place:
            role = UnitRole.BEST_FOR
        elif told:
            role = role_of(head) or UnitRole.NONE
        else:
            role = role_of(head) or _role_by_length(body, cell)
        yield Cell(*cell, owner, role, head, inherits)
