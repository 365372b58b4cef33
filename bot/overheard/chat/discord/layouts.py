"""Cards as Discord's components, within all limits. Pure: the same card gives the same messages.

A card is a container of texts, pictures, buttons and menus. A card that is too long is continued in
further messages, and what is left out is counted. No text of a card is read as markup.

Limits: https://docs.discord.com/developers/components/reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby

from overheard.cards import wording
from overheard.cards.card import Action, Card, Choice, Field, File, Image, Quote, Severity, divided
from overheard.chat.discord import markup
from overheard.chat.limits import DISCORD

COLORS = {
    Severity.PLAIN: 0x5865F2,
    Severity.GOOD: 0x2E9E6B,
    Severity.WARNING: 0xE0A106,
    Severity.BAD: 0xD13438,
}
"""The accent of a container; the title's icon says the same."""
MAX_TEXT = 12_000
"""Characters of a card's text; the rest is left out."""
MAX_TITLE = 256
MAX_FIELD = 1_024
MAX_QUOTE = 1_500
MAX_FOOTER = 400
MAX_LINES = 1_500
"""Characters of short fields that are shown as the lines of one text."""
MAX_PAGES = 6
MAX_BUTTONS = 25
BUTTONS_IN_A_ROW = 3
"""Buttons that a phone shows in one or two lines."""
MAX_PLACEHOLDER = 34
"""Characters of a menu's text that a phone shows."""


@dataclass(frozen=True, slots=True)
class TextWithButton:
    """A text in Discord's markup, with a button next to it or None."""

    text: str
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Buttons in a row."""

    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu; `placeholder` is shown while `chosen`, the index of an entry, is None."""

    placeholder: str
    actions: tuple[Action, ...]
    chosen: int | None = None


Piece = TextWithButton | Image | File | Row | Menu
"""A part of a card that is not split."""


@dataclass(frozen=True, slots=True)
class Box:
    """A container: one card, or a part of it.

    Attributes:
        color: The accent.
        pieces: What it holds, from top to bottom.
    """

    color: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class MessagePage:
    """The content of one Discord message."""

    boxes: tuple[Box, ...] = ()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces of all containers."""
        return tuple(chain.from_iterable(box.pieces for box in self.boxes))

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures, to be attached as ``chart-1.png`` and so on; see `picture_name`."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Image))

    @property
    def files(self) -> tuple[File, ...]:
        """The files, to be attached by `attached_name`."""
        return tuple(piece for piece in self.pieces if isinstance(piece, File))

    def without_files(self) -> MessagePage:
        """Return the page with a line of text in place of each file, for a server that refuses
        files.
        """
        return MessagePage(
            tuple(replace(box, pieces=tuple(map(_without_file, box.pieces))) for box in self.boxes)
        )

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions of all buttons, without those of menus."""
        return tuple(chain.from_iterable(map(_buttons_of, self.pieces)))

    @property
    def rows(self) -> tuple[Row | Menu, ...]:
        """The rows of buttons and menus of a message with embeds, which has no buttons next to
        texts: the buttons of neighbouring texts share rows.
        """
        found: list[Row | Menu] = []
        beside: tuple[Action, ...] = ()
        for piece in (*self.pieces, None):
            if isinstance(piece, TextWithButton) and piece.action:
                beside = (*beside, piece.action)
            if beside and (len(beside) == DISCORD.row or isinstance(piece, Row | Menu | None)):
                found.append(Row(beside))
                beside = ()
            if isinstance(piece, Row | Menu):
                found.append(piece)
        return tuple(found)

    @property
    def size(self) -> int:
        """The length of all texts together, as Discord counts: in UTF-16 code units."""
        return sum(
            markup.utf16_length(piece.text)
            for piece in self.pieces
            if isinstance(piece, TextWithButton)
        )

    @property
    def components(self) -> int:
        """The number of components, with nested components."""
        return len(self.boxes) + sum(map(_components, self.pieces))

    def with_piece(self, piece: Piece, color: int, *, joins: bool) -> MessagePage:
        """Return the page with one more piece at its end.

        Args:
            piece: The piece.
            color: The accent of a new container.
            joins: Whether the piece belongs to the last container; otherwise it begins a new one.
        """
        if joins and self.boxes:
            *others, last = self.boxes
            return MessagePage((*others, replace(last, pieces=(*last.pieces, piece))))
        return MessagePage((*self.boxes, Box(color, (piece,))))


def render(card: Card) -> tuple[MessagePage, ...]:
    """Return the messages, one or more, that show a card and the cards below it.

    At most `MAX_PAGES`; the last one then says how many messages are left out.
    """
    pages = list(_packed_pages(map(_card_box, card.whole())))
    if excess := len(pages) - MAX_PAGES:
        if excess < 0:
            return tuple(pages)
        note = f"{wording.count(excess + 1, 'more message')} would be too many; ask for less."
        box = Box(COLORS[card.severity], (TextWithButton(f"-# {note}"),))
        pages[MAX_PAGES - 1 :] = [MessagePage((box,))]
    return tuple(pages)


def picture_name(number: int) -> str:
    """Return the file name of a message's picture; numbers begin at 1."""
    return f"chart-{number}.png"


def attached_name(file: File, number: int) -> str:
    """Return a file's name in a message, of letters that Discord takes; `number` counts from 1."""
    stem, dot, ending = re.sub(r"[^A-Za-z0-9._-]+", "-", file.name).strip("-").rpartition(".")
    return f"{stem or 'file'}{f'-{number}' if number > 1 else ''}{dot}{ending}"


def _without_file(piece: Piece) -> Piece:
    if not isinstance(piece, File):
        return piece
    return TextWithButton(
        f"-# {markup.inline(piece.name)} was not sent: this server takes smaller files."
    )


def _card_box(card: Card) -> Box:
    """Return a card, without the cards below it, as a container that may be too large for a
    message.
    """
    actions, notes = _distinct_actions(card.actions)
    buttons, entries = divided(actions)
    pieces: list[Piece] = [
        *_heading(card),
        *([card.image] if card.image and card.image.png else ()),
        *_field_texts(card.fields),
        *_details(card),
        *_file_pieces(card.file),
        *_small_words(" \N{MIDDLE DOT} ".join(filter(None, (markup.inline(card.footer), *notes)))),
        *_choice_menu(card.choice),
        *_button_rows(buttons),
        *_action_menus("More", entries),
    ]
    return Box(COLORS[card.severity], tuple(pieces) or (TextWithButton("-"),))


def _heading(card: Card) -> Iterator[TextWithButton]:
    """Yield the parts at the top of a card, in their order: title, text and link."""
    if title := markup.cut(card.severity.icon + markup.escaped_line(card.title), MAX_TITLE).strip():
        yield TextWithButton(f"### {wording.unbroken(title)}")
    text = markup.counted(markup.escape(card.text), MAX_TEXT)
    yield from map(TextWithButton, markup.pieces(text, DISCORD.text))
    if card.link and card.link.safe:
        yield TextWithButton(f"[{markup.inline(card.link.label)}]({card.link.url})")


def _field_texts(fields: Sequence[Field]) -> Iterator[TextWithButton]:
    """Yield fields as texts in their order: short fields as lines of one text, each other field
    alone.
    """
    for is_line, group in groupby(fields, key=lambda field: not (field.wide or field.action)):
        if is_line:
            yield from map(
                TextWithButton, _joined_lines(_field_text(field, gap=" ") for field in group)
            )
        else:
            yield from (
                TextWithButton(_field_text(field, gap="\n"), _usable(field.action))
                for field in group
            )


def _field_text(field: Field, gap: str) -> str:
    """Return a field as Discord markup; a value of several lines begins on a line of its own.

    Args:
        field: The field.
        gap: The text between name and value: a space, or a line end.
    """
    name = markup.cut(markup.inline(field.name), MAX_TITLE) or "-"
    is_short = gap == " " and "\n" not in wording.visible(field.value)
    value = markup.inline(field.value) if is_short else markup.escape(field.value)
    between = gap if is_short else "\n"
    return f"**{name}**{between}{markup.counted(value, MAX_FIELD) or '-'}"


def _joined_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines joined to texts of at most `MAX_LINES` characters; a longer line is a text of its
    own.
    """
    text = ""
    for line in lines:
        if text and markup.utf16_length(text) + markup.utf16_length(line) > MAX_LINES:
            yield text
            text = ""
        text = f"{text}\n{line}" if text else line
    if text:
        yield text


def _details(card: Card) -> Iterator[TextWithButton]:
    """Yield the table, the quotes, and the alternative text of a picture that was not drawn."""
    is_pictured = card.table and card.table.pictured and card.image and card.image.png
    if card.table and not is_pictured:
        if caption := markup.inline(card.table.caption):
            yield TextWithButton(f"-# {caption}")
        yield from map(TextWithButton, markup.table_pieces(card.table))
    yield from map(_quote, card.quotes)
    if card.image and not card.image.png:
        yield TextWithButton(f"-# Chart: {markup.cut(markup.inline(card.image.alt), DISCORD.alt)}")


def _file_pieces(file: File | None) -> Iterator[TextWithButton | File]:
    """Yield a file, or a line that says why it is not sent; nothing for None."""
    if file and file.fits:
        yield file
    elif file:
        yield from _small_words(markup.inline(wording.enclosed(file)))


def _quote(quote: Quote) -> TextWithButton:
    text = markup.counted(markup.escape(quote.text), MAX_QUOTE)
    source = markup.cut(markup.inline(quote.source), MAX_TITLE)
    return TextWithButton("\n".join((*(f"> {line}" for line in text.splitlines()), f"-# {source}")))


def _small_words(text: str) -> Iterator[TextWithButton]:
    if text:
        yield TextWithButton(f"-# {markup.cut(text, MAX_FOOTER)}")


def _distinct_actions(actions: Sequence[Action]) -> tuple[list[Action], list[str]]:
    """Return the actions that differ in their words, and a note about the buttons that are left
    out.

    At most `MAX_BUTTONS` buttons; actions too long for a custom id are left out without a note.
    """
    usable = {action.words: action for action in reversed(actions) if _usable(action)}
    different = list(usable.values())[::-1]
    buttons = [action for action in different if not action.menu]
    left = buttons[MAX_BUTTONS:]
    notes = [f"{wording.count(len(left), 'button')} not shown"] if left else []
    return [action for action in different if action not in left], notes


def _usable(action: Action | None) -> Action | None:
    """Return an action if its words fit into a custom id, else None."""
    return (
        action
        if action and markup.utf16_length(f"ask:{action.words}") <= DISCORD.custom_id
        else None
    )


def _button_rows(actions: Sequence[Action]) -> Iterator[Row]:
    for start in range(0, len(actions), BUTTONS_IN_A_ROW):
        yield Row(tuple(actions[start : start + BUTTONS_IN_A_ROW]))


def _action_menus(label: str, actions: Sequence[Action]) -> Iterator[Menu]:
    """Yield menus of actions, each with as many entries as Discord takes.

    Args:
        label: The first word of a menu's text, which then names the first entries.
        actions: The actions, in the order of the entries.
    """
    for start in range(0, len(actions), DISCORD.options):
        entries = tuple(actions[start : start + DISCORD.options])
        yield Menu(_placeholder(label, entries), entries)


def _placeholder(label: str, entries: Sequence[Action]) -> str:
    """Return a menu's text: its label and as many entries, without brackets, as a phone shows."""
    names = [wording.line(action.label).partition(" (")[0] for action in entries]
    names = [f"{name[:1].lower()}{name[1:]}" for name in names]
    whole = f"{label}: {', '.join(names)}"
    while len(whole) > MAX_PLACEHOLDER and len(names) > 1:
        names.pop()
        whole = f"{label}: {', '.join(names)} \N{HORIZONTAL ELLIPSIS}"
    return wording.shorten(whole, MAX_PLACEHOLDER)


def _choice_menu(choice: Choice | None) -> Iterator[Menu]:
    """Yield the menu of a choice, whose current entry is labelled with the choice's label, too."""
    if choice is None:
        return
    entries = [
        replace(action, label=f"{choice.label}: {action.label}") if at == choice.chosen else action
        for at, action in enumerate(choice.actions[: DISCORD.options])
        if _usable(action)
    ]
    chosen = next((at for at, entry in enumerate(entries) if entry not in choice.actions), None)
    if entries:
        yield Menu(f"{choice.label} \N{HORIZONTAL ELLIPSIS}", tuple(entries), chosen)


def _packed_pages(boxes: Iterable[Box]) -> Iterator[MessagePage]:
    """Yield containers as messages; a card is split only where it is too long for one message."""
    page = MessagePage()
    for box in boxes:
        if page.boxes and not _fits_message(MessagePage((*page.boxes, box))):
            yield page
            page = MessagePage()
        joins = False
        for piece in box.pieces:
            grown = page.with_piece(piece, box.color, joins=joins)
            if page.boxes and not _fits_message(grown):
                yield page
                grown = MessagePage().with_piece(piece, box.color, joins=False)
            page, joins = grown, True
    yield page


def _fits_message(page: MessagePage) -> bool:
    """Return whether Discord takes a page as one message, both as components and as embeds."""
    words = [action.words for action in page.actions]
    return (
        page.components <= DISCORD.components
        and page.size <= DISCORD.text
        and len(page.rows) <= DISCORD.rows
        and len(page.images) + len(page.files) <= DISCORD.files
        and len(page.boxes) <= DISCORD.embeds
        and len(words) == len(set(words))  # else two buttons would have one custom id
    )


def _components(piece: Piece) -> int:
    """Return how many components Discord counts in a piece of a layout."""
    if isinstance(piece, Row):
        return 1 + len(piece.actions)
    if isinstance(piece, Menu):
        return 2
    return 3 if _has_button(piece) else 1


def _has_button(piece: Piece) -> bool:
    return isinstance(piece, TextWithButton) and piece.action is not None


def _buttons_of(piece: Piece) -> tuple[Action, ...]:
    if isinstance(piece, Row):
        return piece.actions
    return (piece.action,) if isinstance(piece, TextWithButton) and piece.action else ()
