"""Cards as Discord's components, within all limits. Pure: the same card gives the same messages.

A card is a container of texts, pictures, buttons and menus. A card that is too long is continued in
further messages, and what is left out is counted. No text of a card is read as markup.

Limits: https://docs.discord.com/developers/components/reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby

from overheard import Action, Card, Choice, Field, File, Image, Severity, divided, packed, wording
from overheard_discord import markup
from overheard_discord.limits import DISCORD

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
"""Characters of a title, a field's name or a quote's source."""
MAX_FIELD = 1_024
"""Characters of a field's value."""
MAX_QUOTE = 1_500
"""Characters of a quotation."""
MAX_FOOTER = 400
"""Characters of a text in small letters."""
MAX_LINES = 1_500
"""Characters of short fields that are shown as the lines of one text."""
MAX_PAGES = 6
"""Messages that show one card and the cards below it."""
MAX_BUTTONS = 25
"""Buttons of a card."""
BUTTONS_IN_A_ROW = 3
"""Buttons that a phone shows in one or two lines."""
MAX_PLACEHOLDER = 34
"""Characters of a menu's text that a phone shows."""


@dataclass(frozen=True, slots=True)
class TextWithButton:
    """A text in Discord's markup, with a button next to it or None."""

    text: str
    action: Action | None = None


Row = tuple[Action, ...]
"""Buttons in a row."""
Piece = TextWithButton | Image | File | Row | Choice
"""A part of a card that is not split. The label of a `Choice`, which is a menu, is what the menu
shows while no entry is chosen."""


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
    """The content of one Discord message, as containers from top to bottom."""

    boxes: tuple[Box, ...] = ()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces of all containers, in order."""
        return tuple(chain.from_iterable(box.pieces for box in self.boxes))

    @property
    def files(self) -> tuple[File, ...]:
        """The files, in order, to be attached with the names of `attached_name`."""
        return tuple(piece for piece in self.pieces if isinstance(piece, File))

    def without_files(self) -> MessagePage:
        """Return the page with a line in place of each file, which says that it was not sent."""
        return MessagePage(
            tuple(replace(box, pieces=tuple(map(_without_file, box.pieces))) for box in self.boxes)
        )

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions of all buttons, in order, without the entries of menus."""
        return tuple(chain.from_iterable(map(buttons_of, self.pieces)))

    @property
    def size(self) -> int:
        """The length of all texts together, in UTF-16 code units, as Discord counts it."""
        texts = (piece.text for piece in self.pieces if isinstance(piece, TextWithButton))
        return sum(map(wording.length, texts))

    @property
    def components(self) -> int:
        """The number of components, as Discord counts them: containers and all that is nested."""
        return len(self.boxes) + sum(map(_component_count, self.pieces))


def render(card: Card) -> tuple[MessagePage, ...]:
    """Return the messages, one or more, that show a card and the cards below it.

    There are at most `MAX_PAGES`. If more were needed, the last one only says how many messages are
    left out.
    """
    cards = [[(box, piece) for piece in box.pieces] for box in map(_card_box, card.whole())]
    pages = [*map(_page, packed(cards, lambda parts: _fits_message(_page(parts))))]
    if len(pages) <= MAX_PAGES:
        return tuple(pages)
    shown = pages[: MAX_PAGES - 1]
    left_out = wording.count(len(pages) - len(shown), "more message")
    note = TextWithButton(f"-# {left_out} would be too many; ask for less.")
    return (*shown, MessagePage((Box(COLORS[card.severity], (note,)),)))


def attached_name(file: File, number: int) -> str:
    """Return the name under which a file is attached to a message.

    Characters that Discord does not keep become hyphens, and the second file and later ones get
    their number: ``Acme, Inc.html`` becomes ``Acme-Inc.html`` or ``Acme-Inc-2.html``.

    Args:
        number: The number of the file in its message, from 1.
    """
    kept_name = re.sub(r"[^A-Za-z0-9._-]+", "-", file.name).strip("-")
    stem, dot, ending = kept_name.rpartition(".")
    suffix = f"-{number}" if number > 1 else ""
    return f"{stem or 'file'}{suffix}{dot}{ending}"


def _without_file(piece: Piece) -> Piece:
    """Return a line that a file was not sent; any other piece as it is."""
    if not isinstance(piece, File):
        return piece
    return TextWithButton(
        f"-# {markup.inline(piece.name)} was not sent: this server takes smaller files."
    )


def _card_box(card: Card) -> Box:
    """Return a card, without the cards below it, as a container.

    The container may be too large for a message. A card without any content becomes "-", because
    Discord refuses an empty container. The footer also says how many buttons are left out.
    """
    buttons, entries = divided([action for action in card.actions if _action_if_usable(action)])
    left_out = len(buttons) - MAX_BUTTONS
    note = f"{wording.count(left_out, 'button')} not shown" if left_out > 0 else ""
    footer = " \N{MIDDLE DOT} ".join(filter(None, (markup.inline(card.footer), note)))
    pieces: list[Piece] = [
        *_heading(card),
        *([card.image] if card.image and card.image.png else ()),
        *_field_texts(card.fields),
        *_details(card),
        *_file_pieces(card.file),
        *_small_text(footer),
        *_choice_menu(card.choice),
        *_rows(buttons[:MAX_BUTTONS], BUTTONS_IN_A_ROW),
        *(Choice(_placeholder("More", row), row) for row in _rows(entries, DISCORD.options)),
    ]
    return Box(COLORS[card.severity], tuple(pieces) or (TextWithButton("-"),))


def _heading(card: Card) -> Iterator[TextWithButton]:
    """Yield the title of a card as a heading, then its text, then its link, as far as it has them.

    A long title or text is cut, and a long text is split for Discord's limit. An address that is
    not safe is left out.
    """
    title = wording.cut(card.severity.icon + markup.escaped_line(card.title), MAX_TITLE).strip()
    if title:
        yield TextWithButton(f"### {wording.unbroken(title)}")
    text = wording.cut(markup.escape(card.text), MAX_TEXT, counts=True)
    yield from map(TextWithButton, wording.pieces(text, DISCORD.text))
    if card.link and card.link.safe:
        yield TextWithButton(f"[{markup.inline(card.link.label)}]({card.link.url})")


def _field_texts(fields: Sequence[Field]) -> Iterator[TextWithButton]:
    """Yield the texts of fields, in their order.

    Neighbouring fields that are neither wide nor have an action share one text, one field a line;
    such a text has at most `MAX_LINES` characters, so that many fields become several texts. A wide
    field is a text of its own, and so is one with an action, which gets the button. The button is
    left out if the words of the action are too long for Discord.
    """
    for is_line, group in groupby(fields, key=lambda field: not (field.wide or field.action)):
        if is_line:
            lines = (_field_text(field, on_one_line=True) for field in group)
            yield from map(TextWithButton, markup.joined(lines, MAX_LINES))
        else:
            for field in group:
                text = _field_text(field, on_one_line=False)
                yield TextWithButton(text, _action_if_usable(field.action))


def _field_text(field: Field, *, on_one_line: bool) -> str:
    """Return a field as Discord markup: its name in bold, and its value.

    A long name or value is cut; "-" takes the place of an empty one.

    Args:
        on_one_line: Whether a value of one line follows its name on the same line; otherwise, and
            for a value of several lines, the value begins on the next line.
    """
    name = wording.cut(markup.inline(field.name), MAX_TITLE) or "-"
    fits_line = on_one_line and "\n" not in wording.visible(field.value)
    value = markup.inline(field.value) if fits_line else markup.escape(field.value)
    gap = " " if fits_line else "\n"
    return f"**{name}**{gap}{wording.cut(value, MAX_FIELD, counts=True) or '-'}"


def _details(card: Card) -> Iterator[TextWithButton]:
    """Yield the texts below the fields of a card, as far as it has them, in this order.

    The table with its caption, which is left out if the picture shows the same and was drawn; the
    quotes; the alternative text of a picture that could not be drawn.
    """
    is_pictured = card.table and card.table.pictured and card.image and card.image.png
    if card.table and not is_pictured:
        if caption := markup.inline(card.table.caption):
            yield TextWithButton(f"-# {caption}")
        yield from map(TextWithButton, markup.table_pieces(card.table))
    for quote in card.quotes:
        lines = wording.cut(markup.escape(quote.text), MAX_QUOTE, counts=True).splitlines()
        source = wording.cut(markup.inline(quote.source), MAX_TITLE)
        yield TextWithButton("\n".join((*(f"> {line}" for line in lines), f"-# {source}")))
    if card.image and not card.image.png:
        yield TextWithButton(f"-# Chart: {wording.cut(markup.inline(card.image.alt), DISCORD.alt)}")


def _file_pieces(file: File | None) -> Iterator[TextWithButton | File]:
    """Yield a file; for one that is too large, a line that says that it is not sent; nothing for
    None.
    """
    if file and file.fits:
        yield file
    elif file:
        yield from _small_text(markup.inline(wording.enclosed(file)))


def _small_text(text: str) -> Iterator[TextWithButton]:
    """Yield a text in small letters, cut after `MAX_FOOTER` characters; nothing for ""."""
    if text:
        yield TextWithButton(f"-# {wording.cut(text, MAX_FOOTER)}")


def _action_if_usable(action: Action | None) -> Action | None:
    """Return an action if its words fit into a custom id of Discord; else, and for None, None."""
    if action is None:
        return None
    longest_custom_id = f"ask:{action.words}"
    return action if wording.length(longest_custom_id) <= DISCORD.custom_id else None


def _rows(actions: Sequence[Action], size: int) -> Iterator[Row]:
    for start in range(0, len(actions), size):
        yield tuple(actions[start : start + size])


def _placeholder(label: str, entries: Sequence[Action]) -> str:
    """Return the text of a menu: its label and the names of its first entries.

    As many entries are named as a phone shows in `MAX_PLACEHOLDER` characters, each with a small
    first letter and without what it has in brackets: ``More: details, ask again …``. An ellipsis
    follows if some are not named. The first is always named; if it is too long, the text is cut.

    Args:
        label: The beginning, such as "More".
        entries: The entries of the menu, at least one.
    """
    names = [wording.line(action.label).partition(" (")[0] for action in entries]
    names = [f"{name[:1].lower()}{name[1:]}" for name in names]
    text = f"{label}: {', '.join(names)}"
    while len(text) > MAX_PLACEHOLDER and len(names) > 1:
        names.pop()
        text = f"{label}: {', '.join(names)} \N{HORIZONTAL ELLIPSIS}"
    return wording.shorten(text, MAX_PLACEHOLDER)


def _choice_menu(choice: Choice | None) -> Iterator[Choice]:
    """Yield the menu of a choice; nothing for None and for a choice without entries.

    The label of its chosen entry, if it has one, begins with the label of the choice: "Show:
    visibility". Entries beyond Discord's limit, and those whose words are too long for a custom id,
    are left out.
    """
    if choice is None:
        return
    entries: list[Action] = []
    chosen = None
    for index, action in enumerate(choice.actions[: DISCORD.options]):
        if not _action_if_usable(action):
            continue
        if index == choice.chosen:
            chosen = len(entries)
            entries.append(replace(action, label=f"{choice.label}: {action.label}"))
        else:
            entries.append(action)
    if entries:
        yield Choice(f"{choice.label} \N{HORIZONTAL ELLIPSIS}", tuple(entries), chosen)


def _page(parts: Sequence[tuple[Box, Piece]]) -> MessagePage:
    """Return pieces, each with the container of its card, as a message."""
    groups = groupby(parts, key=lambda part: id(part[0]))
    cards = [[*group] for _, group in groups]
    return MessagePage(
        tuple(Box(card[0][0].color, tuple(piece for _, piece in card)) for card in cards)
    )


def _fits_message(page: MessagePage) -> bool:
    """Return whether Discord takes a page as one message.

    The limits are of components, characters and attachments; and two buttons with the same words
    would have the same custom id.
    """
    words = [action.words for action in page.actions]
    return (
        page.components <= DISCORD.components
        and page.size <= DISCORD.text
        and sum(isinstance(piece, Image | File) for piece in page.pieces) <= DISCORD.files
        and len(words) == len(set(words))
    )


def _component_count(piece: Piece) -> int:
    """Return how many components Discord counts in a piece of a page.

    A row counts as one and each of its buttons as one more. A menu counts as two: its row and
    itself. A text with a button counts as three: the section, the text and the button. Any other
    piece counts as one.
    """
    if isinstance(piece, tuple):
        return 1 + len(piece)
    if isinstance(piece, Choice):
        return 2
    return 3 if isinstance(piece, TextWithButton) and piece.action else 1


def buttons_of(piece: Piece) -> Row:
    """Return the actions of a piece's buttons: of a row, or of the one next to a text."""
    if isinstance(piece, tuple):
        return piece
    return (piece.action,) if isinstance(piece, TextWithButton) and piece.action else ()
