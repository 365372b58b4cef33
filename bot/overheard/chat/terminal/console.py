"""Cards in a terminal.

No text of a card is read as markup, and control characters are removed. In place of buttons, a
line names the commands that come next.
"""

from __future__ import annotations

import re
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
from overheard.cards.card import Card, Field, Quote, Severity, Table, Text
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
MAX_BAR, MIN_BAR = 20, 8
"""Characters of the longest bar: at most, and without bars where there is less room."""
BAR, BAR_GAP = "\N{BOX DRAWINGS HEAVY HORIZONTAL}", 2
_WHOLE_NUMBER = re.compile(r"(\d[\d,]*)(\D.*)?")
MAX_WIDTH = 100
"""Characters of a line; longer lines are hard to read."""
GAP = 3
"""Characters between two columns of a table."""


def render(card: Card, *, width: int) -> RenderableType:
    """Return a card, and the cards below it, for a rich console.

    Args:
        card: The card to show.
        width: The console's width in characters; the layout is made for 40 or more.
    """
    below = (render(more, width=width) for more in card.more)
    return Group(_card_panel(card, width), *below)


def print_card(card: Card, console: Console) -> None:
    """Print a card in the console's width, and below it up to `MAX_NEXT` commands of its
    buttons.
    """
    console.print(render(card, width=console.width))
    labels = {wording.line(a.words): wording.line(a.label) for a in card.actions if not a.menu}
    for number, command in enumerate([*labels][:MAX_NEXT]):
        lead = f"{'' if number else NEXT:{len(NEXT)}}"
        meaning = f"  {labels[command]}" if len(labels) == 1 else ""
        line = Words.assemble((lead, "dim"), f"overheard {command}", (meaning, "dim"))
        console.print(line, soft_wrap=True)


def _card_panel(card: Card, width: int) -> Panel:
    """Return one card in a frame; a title that is too long for the frame is put inside."""
    width = min(width, MAX_WIDTH)
    title = Words.assemble(
        (MARKS[card.severity], BORDERS[card.severity]), (wording.line(card.title), "bold")
    )
    fits = title.cell_len <= width - 6
    parts = [*([] if fits else [title]), *_card_parts(card, width)]
    spaced = [Padding(part, (1 if index else 0, 0, 0, 0)) for index, part in enumerate(parts)]
    return Panel(
        Group(*spaced),
        title=title if fits else None,
        title_align="left",
        border_style=BORDERS[card.severity],
        box=box.ROUNDED,
        padding=(1, 2),
        width=width,
    )


def _card_parts(card: Card, width: int) -> Iterator[RenderableType]:
    """Yield the parts of a card below its title, in reading order.

    Args:
        card: The card, without the cards below it.
        width: The console's width in characters.
    """
    if text := _plain(card.text):
        yield text
    if card.link:
        yield Words(wording.line(f"{card.link.label}: {card.link.url}"))
    yield from _field_columns(card.fields, 2 if width < 70 else 3 if width < 100 else 4)
    if card.table:
        if caption := wording.line(card.table.caption):
            yield Words(caption, "dim")
        yield _Fitted(card.table)
    yield from map(_quote, card.quotes)
    if card.image and not (card.table and card.table.pictured):
        yield Words.assemble(("Picture: ", "dim"), wording.printable(card.image.alt))
    if card.footer:
        yield _plain(card.footer, "dim")


def _plain(text: Text, style: str = "") -> Words:
    """Return text in a style, without markup and without control characters."""
    return Words(wording.visible(text), style)


def _field_columns(fields: Sequence[Field], columns: int) -> Iterator[RenderableType]:
    """Yield fields in their order: short fields in `columns` columns, wide fields full-width."""
    for wide, group in groupby(fields, key=lambda field: field.wide):
        if wide:
            yield from map(_field, group)
        else:
            yield _columns([_field(field) for field in group], columns)


def _field(field: Field) -> Words:
    return Words.assemble((wording.line(field.name), "dim"), "\n", _plain(field.value))


def _columns(cells: Sequence[Words], columns: int) -> Grid:
    """Return cells as a grid of equally wide columns, at most `columns`, filled row by row."""
    grid = Grid.grid(expand=True, padding=(0, 2, 0, 0))
    for _ in range(min(columns, len(cells))):
        grid.add_column(ratio=1, overflow="fold")
    for start in range(0, len(cells), columns):
        grid.add_row(*cells[start : start + columns])
    return grid


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A table as columns, or row by row where the columns have no room; a cell is never cut."""

    table: Table

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table as columns with unbroken headings, else with broken headings, else as
        records.
        """
        for whole_headings in (True, False):
            widths = _smallest_widths(self.table, whole_headings=whole_headings)
            room = options.max_width - sum(widths) - GAP * (len(widths) - 1)
            if room >= 0:
                yield _table_grid(self.table, widths, room)
                return
        yield Group(*_record_lines(self.table))


def _smallest_widths(table: Table, *, whole_headings: bool) -> list[int]:
    """Return each column's smallest width in characters; numbers stay whole, text breaks between
    words.

    Args:
        table: The table.
        whole_headings: Whether the headings stay whole, too.
    """
    widths = []
    for index, name in enumerate(table.header):
        cells = [_plain(row[index]).plain for row in table.rows]
        parts = cells if index in table.right else [word for cell in cells for word in cell.split()]
        heading = [wording.line(name)] if whole_headings else wording.line(name).split()
        widths.append(max(cell_len(part) for part in ("-", *parts, *heading)))
    return widths


def _record_lines(table: Table) -> Iterator[Words]:
    """Yield each row of a table as lines: its heading in bold, then its other cells with their
    names.
    """
    names, named = [wording.line(name) for name in table.header], heading_cells(table)
    for row in table.rows:
        cells = [_plain(cell) for cell in row]
        yield Words.assemble((heading(table, [cell.plain for cell in cells[:named]]), "bold"))
        for name, cell in zip(names[named:], cells[named:], strict=True):
            yield Words.assemble("  ", (f"{name}: ", "dim"), cell)


def _widened_columns(widths: Sequence[int], table: Table, room: int) -> list[int]:
    """Return the widths of columns, with `room` more characters shared among them.

    Each character goes to the column whose longest text has the most lines.

    Args:
        widths: The widths, in characters.
        table: The table.
        room: The number of characters to share.
    """
    names = [wording.line(name) for name in table.header]
    wanted = [
        max(cell_len(text) for text in (name, *(_plain(row[index]).plain for row in table.rows)))
        for index, name in enumerate(names)
    ]
    widened = list(widths)
    for _ in range(room):
        at = max(range(len(widened)), key=lambda index: wanted[index] / widened[index])
        if wanted[at] <= widened[at]:
            break
        widened[at] += 1
    return widened


def _table_grid(table: Table, widths: Sequence[int], room: int) -> Grid:
    """Return a table as columns, with bars next to numbers of one unit where there is room.

    Args:
        table: The table.
        widths: The smallest width of each column, in characters.
        room: The characters that are left over.
    """
    numbers = _bar_numbers(table)
    bar = min(MAX_BAR, room // max(1, len(table.right)) - BAR_GAP)
    longest = max((number or 0 for row in numbers for number in row.values()), default=0)
    has_bars = bool(longest) and bar >= MIN_BAR
    room -= (bar + BAR_GAP) * len(table.right) if has_bars else 0
    widths = _widened_columns(widths, table, room)
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for index, name in enumerate(table.header):
        justify: JustifyMethod = "right" if index in table.right and not has_bars else "left"
        bars = bar + BAR_GAP if has_bars and index in table.right else 0
        heading = Words(wording.line(name))
        if has_bars and index in table.right:
            heading.pad_left(max(0, widths[index] - heading.cell_len))
        grid.add_column(heading, justify=justify, width=widths[index] + bars)
    for at, row in enumerate(table.rows):
        cells = [_plain(cell, "bold" if at == table.strong else "") for cell in row]
        for index, number in numbers[at].items() if has_bars else ():
            cells[index].pad_left(widths[index] - cells[index].cell_len)
            length = max(1, round(bar * number / longest)) if number else 0
            style = "bold blue" if at == table.strong else "bright_black"
            cells[index].append(" " * BAR_GAP + BAR * length, style)
        grid.add_row(*cells)
    return grid


def _bar_numbers(table: Table) -> list[dict[int, int | None]]:
    """Return, for each row, the numbers by column for bars; empty dictionaries for a table without
    bars.

    Bars are drawn for a table of brands whose numbers are whole, have one unit and are not
    negative, such as shares of answers. The number of a cell "-" is None.
    """
    empty: list[dict[int, int | None]] = [{} for _ in table.rows]
    if table.strong is None or not table.right:
        return empty
    rows, units = empty, set()
    for at, row in enumerate(table.rows):
        for index in table.right:
            match = _WHOLE_NUMBER.fullmatch(cell := _plain(row[index]).plain)
            if match is None and cell not in {"-", ""}:
                return [{} for _ in table.rows]
            units |= {match[2]} if match else set()
            rows[at][index] = int(match[1].replace(",", "")) if match else None
    return rows if len(units) == 1 else [{} for _ in table.rows]


def _quote(quote: Quote) -> RenderableType:
    source = Words(wording.line(quote.source), "dim")
    return _Barred(Group(_plain(quote.text, "italic"), source))


@dataclass(frozen=True, slots=True)
class _Barred:
    """Content with a vertical bar before every line."""

    content: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the content with a vertical bar before every line."""
        inner = options.update_width(options.max_width - 2)
        for line in console.render_lines(self.content, inner):
            yield Segment("\N{BOX DRAWINGS LIGHT VERTICAL} ", Style(color="cyan"))
            yield from line
            yield Segment.line()
