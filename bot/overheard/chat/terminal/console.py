"""Cards in a terminal, as text in frames.

No text of a card is read as markup, and control characters are removed. In place of buttons, a
line names the commands that come next.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderableType, RenderResult
from rich.padding import Padding
from rich.panel import Panel
from rich.segment import Segment
from rich.style import Style
from rich.table import Table as Grid
from rich.text import Text as Words

from overheard.cards import wording
from overheard.cards.card import Card, Field, Severity, Table, Text
from overheard.cards.wording import heading, heading_cells

BORDERS = {
    Severity.PLAIN: "bright_black",
    Severity.GOOD: "green",
    Severity.WARNING: "yellow",
    Severity.BAD: "red",
}
MARKS = {Severity.PLAIN: "", Severity.GOOD: "✓ ", Severity.WARNING: "! ", Severity.BAD: "● "}
"""Before the title, for people who cannot see the colour of the border."""
NEXT = "  Next:  "
MAX_NEXT = 3
"""Commands that are named in place of buttons."""
MAX_WIDTH = 100
"""Characters of a line; longer lines are hard to read."""
BORDER_AROUND_TITLE = 6
"""Characters of the upper border that a title in it leaves."""
FIELD_COLUMNS = ((100, 4), (70, 3), (0, 2))
"""From which width of a frame, in characters, fields are in how many columns."""
GAP = 3
"""Characters between two columns of a table."""


def render(card: Card, *, width: int) -> RenderableType:
    """Return a card for a rich console, and below it the cards of its `more`.

    Each card is in a frame of its own, of at most `MAX_WIDTH` characters.

    Args:
        card: The card to show.
        width: The console's width in characters; the layout is made for 40 or more.
    """
    cards_below = (render(below, width=width) for below in card.more)
    return Group(_card_panel(card, width), *cards_below)


def print_card(card: Card, console: Console) -> None:
    """Print a card, and below it, in place of its buttons, the commands that come next.

    These are the commands of its first `MAX_NEXT` buttons, without entries of the card's menu. A
    single command is followed by the label of its button, which says what it does.
    """
    console.print(render(card, width=console.width))
    labels = {
        wording.line(action.words): wording.line(action.label)
        for action in card.actions
        if not action.menu
    }
    for number, command in enumerate([*labels][:MAX_NEXT]):
        lead = " " * len(NEXT) if number else NEXT
        meaning = f"  {labels[command]}" if len(labels) == 1 else ""
        line = Words.assemble((lead, "dim"), f"overheard {command}", (meaning, "dim"))
        console.print(line, soft_wrap=True)


def _card_panel(card: Card, width: int) -> Panel:
    """Return one card, without the cards below it, in a frame."""
    width = min(width, MAX_WIDTH)
    title = Words.assemble(
        (MARKS[card.severity], BORDERS[card.severity]), (wording.line(card.title), "bold")
    )
    fits_border = title.cell_len <= width - BORDER_AROUND_TITLE
    parts = [*([] if fits_border else [title]), *_card_parts(card, width)]
    # An empty line is above each part but the first.
    spaced = [Padding(part, (min(index, 1), 0, 0, 0)) for index, part in enumerate(parts)]
    return Panel(
        Group(*spaced),
        title=title if fits_border else None,
        title_align="left",
        border_style=BORDERS[card.severity],
        box=box.ROUNDED,
        padding=(1, 2),
        width=width,
    )


def _card_parts(card: Card, width: int) -> Iterator[RenderableType]:
    """Yield the parts of a card below its title, in reading order, as far as it has them."""
    if text := _plain(card.text):
        yield text
    if card.link:
        yield Words(wording.line(f"{card.link.label}: {card.link.url}"))
    column_count = next(count for least, count in FIELD_COLUMNS if width >= least)
    yield from _field_columns(card.fields, column_count)
    if card.table:
        if caption := wording.line(card.table.caption):
            yield Words(caption, "dim")
        yield _FittedTable(card.table)
    for quote in card.quotes:
        source = Words(wording.line(quote.source), "dim")
        yield _Barred(Group(_plain(quote.text, "italic"), source))
    if card.image and not (card.table and card.table.pictured):
        yield Words.assemble(("Picture: ", "dim"), wording.printable(card.image.alt))
    if card.footer:
        yield _plain(card.footer, "dim")


def _plain(text: Text, style: str = "") -> Words:
    """Return text for rich, which reads no markup in it, without control characters."""
    return Words(wording.visible(text), style)


def _field_columns(fields: Sequence[Field], columns: int) -> Iterator[RenderableType]:
    """Yield fields in their order: neighbours that are not wide side by side, in `columns` columns;
    each wide field in full width.
    """
    for wide, group in groupby(fields, key=lambda field: field.wide):
        if wide:
            yield from map(_field, group)
        else:
            yield _columns([_field(field) for field in group], columns)


def _field(field: Field) -> Words:
    """Return a field: its name, dimmed, and its value below."""
    return Words.assemble((wording.line(field.name), "dim"), "\n", _plain(field.value))


def _columns(cells: Sequence[Words], columns: int) -> Grid:
    """Return cells as a grid of equally wide columns, which is filled row by row.

    It has `columns` columns, or one for each cell if there are less cells.
    """
    grid = Grid.grid(expand=True, padding=(0, 2, 0, 0))
    for _ in range(min(columns, len(cells))):
        grid.add_column(ratio=1, overflow="fold")
    for start in range(0, len(cells), columns):
        grid.add_row(*cells[start : start + columns])
    return grid


@dataclass(frozen=True, slots=True)
class _FittedTable:
    """A table as columns, or row by row where the columns have no room; a cell is never cut."""

    table: Table

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table in the first of three forms that fits into the width of `options`.

        These are columns with headings on one line; columns whose headings are broken between
        words; and, which always fits, each row as lines below each other.
        """
        for whole_headings in (True, False):
            widths = _smallest_widths(self.table, whole_headings=whole_headings)
            room = options.max_width - sum(widths) - GAP * (len(widths) - 1)
            if room >= 0:
                yield _table_grid(self.table, widths, room)
                return
        yield Group(*_record_lines(self.table))


def _smallest_widths(table: Table, *, whole_headings: bool) -> list[int]:
    """Return the smallest width of each column in which nothing is cut, in characters."""
    widths = []
    for index, name in enumerate(table.header):
        cells = [_plain(row[index]).plain for row in table.rows]
        unbreakable = cells if index in table.right else " ".join(cells).split()
        heading_parts = [wording.line(name)] if whole_headings else wording.line(name).split()
        widths.append(max(cell_len(part) for part in ("-", *unbreakable, *heading_parts)))
    return widths


def _record_lines(table: Table) -> Iterator[Words]:
    """Yield the lines of a table that is shown row by row.

    A row is its heading in bold, and below it a line "name: value" for each of its other cells.
    """
    names = [wording.line(name) for name in table.header]
    heading_count = heading_cells(table)
    for row in table.rows:
        cells = [_plain(cell) for cell in row]
        row_heading = heading(table, [cell.plain for cell in cells[:heading_count]])
        yield Words.assemble((row_heading, "bold"))
        for name, cell in zip(names[heading_count:], cells[heading_count:], strict=True):
            yield Words.assemble("  ", (f"{name}: ", "dim"), cell)


def _widened_columns(widths: Sequence[int], table: Table, room: int) -> list[int]:
    """Return the widths of columns, in characters, after more room was shared among them."""
    names = [wording.line(name) for name in table.header]
    longest_texts = [
        max(cell_len(text) for text in (name, *(_plain(row[index]).plain for row in table.rows)))
        for index, name in enumerate(names)
    ]
    widened = list(widths)
    for _ in range(room):
        column = max(range(len(widened)), key=lambda index: longest_texts[index] / widened[index])
        if longest_texts[column] <= widened[column]:
            break
        widened[column] += 1
    return widened


def _table_grid(table: Table, widths: Sequence[int], room: int) -> Grid:
    """Return a table as columns. The row that the table is about is bold."""
    widths = _widened_columns(widths, table, room)
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for index, name in enumerate(table.header):
        justify: JustifyMethod = "right" if index in table.right else "left"
        grid.add_column(Words(wording.line(name)), justify=justify, width=widths[index])
    for index, row in enumerate(table.rows):
        style = "bold" if index == table.strong else ""
        grid.add_row(*(_plain(cell, style) for cell in row))
    return grid


@dataclass(frozen=True, slots=True)
class _Barred:
    """Content with a vertical bar before every line."""

    content: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the content, in the width that is left, with a vertical bar before every line."""
        inner = options.update_width(options.max_width - 2)
        for line in console.render_lines(self.content, inner):
            yield Segment("\N{BOX DRAWINGS LIGHT VERTICAL} ", Style(color="cyan"))
            yield from line
            yield Segment.line()
