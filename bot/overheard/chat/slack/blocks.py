"""Cards as Block Kit, within all its limits. Pure: the same card gives the same blocks.

A card that is too long is split into several messages, and what is left out is counted. No text
of a card is read as markup.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Card, Field, Image, Quote, Severity, Table
from overheard.chat.limits import SLACK
from overheard.chat.slack.controls import button, controls, select
from overheard.chat.slack.text import (
    Block,
    cut,
    data_table,
    escape,
    is_free_of_markup,
    link,
    pieces,
    plain_text_object,
    quote,
    rich,
    section,
    small,
    span,
    text_table,
)

MAX_TEXT = 12_000
"""Characters of a card's text; the rest is left out."""
MAX_COLUMN_FIELD = 200
"""Characters of a field, name and value, that is shown in a column next to other fields."""
MAX_FALLBACK_TEXT = 300
"""Characters of a message's text for notifications and screen readers."""
MAX_MESSAGES = 6
SEVERITY_WORDS = {
    Severity.PLAIN: "",
    Severity.GOOD: "Good: ",
    Severity.WARNING: "Warning: ",
    Severity.BAD: "Attention: ",
}
"""The severity in words, for notifications and screen readers."""


@dataclass(frozen=True, slots=True)
class Message:
    """A Slack message, ready to be posted.

    Attributes:
        blocks: The message's blocks.
        text: Text for notifications and screen readers, escaped.
        images: Its pictures, which have to be uploaded first. A block that shows a picture names
            its
            `digest` as the file.
        tables: The tables of its data tables, in their order.
    """

    blocks: tuple[Block, ...]
    text: str
    images: tuple[Image, ...] = ()
    tables: tuple[Table, ...] = ()

    def with_text_tables(self) -> Message:
        """Return the message with its data tables as text, for a workspace that refuses data
        tables.
        """
        left = iter(self.tables)
        blocks = chain.from_iterable(
            text_table(next(left)) if block["type"] == "data_table" else (block,)
            for block in self.blocks
        )
        return replace(self, blocks=tuple(blocks), tables=())

    def with_files(self, files: Mapping[str, str], otherwise: str = "") -> Message:
        """Return the message with uploaded files in its picture blocks.

        Args:
            files: The ids of the uploaded files, by the pictures' digests.
            otherwise: The line instead of a picture that was not uploaded; its alternative text,
                when this is empty.
        """
        blocks = (_with_file(block, files, otherwise) for block in self.blocks)
        return replace(self, blocks=tuple(blocks))


def picture_key(image: Image) -> str:
    """Return the SHA-256 hash of a picture, in 64 hexadecimal digits."""
    return hashlib.sha256(image.png).hexdigest()


def _with_file(block: Block, files: Mapping[str, str], otherwise: str) -> Block:
    """Return a block with the uploaded file of its picture, or with words in the place of a picture
    that was not uploaded.

    Args:
        block: Any block; only a picture changes.
        files: Slack's ids of the uploaded files by the digest of the picture.
        otherwise: The words; by default the alternative text.
    """
    if block["type"] != "image":
        return block
    if file := files.get(block["slack_file"]["id"]):
        return {**block, "slack_file": {"id": file}}
    return small(otherwise or f"Chart: {block['alt_text']}", SLACK.alt)


def render(card: Card, *, pictures: bool = True, tables: bool = True) -> tuple[Message, ...]:
    """Return the messages, one or more, that show a card and the cards below it.

    At most `MAX_MESSAGES`; a last line counts the others.

    Args:
        card: The card to show.
        pictures: Whether pictures are shown; otherwise their alternative text is.
        tables: Whether an only table may be a data table; several tables are text, because Slack
            takes
            one data table in a message.
    """
    all_cards = list(card.whole())
    as_data = tables and sum(part_card.table is not None for part_card in all_cards) == 1
    cards = [
        list(_card_parts(part_card, pictures=pictures, tables=as_data)) for part_card in all_cards
    ]
    packs = list(_packed_parts(cards, SLACK.blocks))
    shown = [*packs[:MAX_MESSAGES]]
    if left_out := len(packs) - len(shown):
        shown[-1].append(
            _Part(small(f"{wording.count(left_out, 'more message')} left out.", 100), card)
        )
    return tuple(_message(pack) for pack in shown)


def home_message(card: Card) -> Message:
    """Return a card, and the cards below it, as the content of the App Home, see `home_view`."""
    cards = [list(_card_parts(part, pictures=True, tables=False)) for part in card.whole()]
    first, *rest = _packed_parts(cards, SLACK.home)
    if rest:
        first.append(_Part(small("There is more than fits here.", 100), card))
    return _message(first)


def home_view(message: Message) -> dict[str, Any]:
    """Return the view of the App Home."""
    return {"type": "home", "blocks": list(message.blocks)}


@dataclass(frozen=True, slots=True)
class _Part:
    """A block of a card, the picture that it announces, and the table that it shows as data.

    Attributes:
        block: The block.
        card: The card that it belongs to.
        image: The picture, or None.
        table: The table, or None.
        size: The number of characters; for a table, of its longer form.
        blocks: The number of blocks; for a data table, of its form as text.
    """

    block: Block
    card: Card
    image: Image | None = None
    table: Table | None = None
    size: int = 0
    blocks: int = 1

    def __post_init__(self) -> None:
        """Compute `size` and `blocks` once, because packing asks for them often."""
        if self.table is not None:
            older = [*text_table(self.table)]
            object.__setattr__(self, "blocks", len(older))
            object.__setattr__(self, "size", max(_characters(self.block), _characters(older)))
        else:
            object.__setattr__(self, "size", _characters(self.block))


def _card_parts(card: Card, *, pictures: bool, tables: bool) -> Iterator[_Part]:
    """Yield the blocks of one card, without the cards below it, in reading order.

    Args:
        card: The card.
        pictures: Whether pictures are shown; otherwise their alternative text is.
        tables: Whether the table may be a data table.
    """
    for block in chain(_title_blocks(card), _text_blocks(card), _link_blocks(card)):
        yield _Part(block, card)
    if card.choice and card.choice.chosen is not None and card.choice.actions:
        yield _Part({"type": "actions", "elements": [select(card.choice)]}, card)
    if card.image:
        shown_image = card.image if pictures and card.image.png else None
        yield _Part(_image_block(card.image, as_picture=bool(shown_image)), card, shown_image)
    yield from (_Part(block, card) for block in _field_blocks(card.fields))
    as_picture = pictures and card.image is not None and bool(card.image.png)
    if card.table and not (card.table.pictured and as_picture):
        yield from _table(card.table, card, as_data=tables)
    yield from (_Part(_quote_block(quoted), card) for quoted in card.quotes)
    if card.file:
        yield _Part(small(wording.enclosed(card.file), SLACK.context), card)
    if card.footer:
        yield _Part(small(cut(wording.visible(card.footer), SLACK.context), SLACK.context), card)
    yield from (_Part(block, card) for block in controls(card))


def _table(table: Table, card: Card, *, as_data: bool) -> Iterator[_Part]:
    """Yield a table as a data table, or as its caption and text."""
    if as_data and (block := data_table(table)):
        yield _Part(block, card, table=table)
    else:
        yield from (_Part(block, card) for block in text_table(table))


def _title_blocks(card: Card) -> Iterator[Block]:
    """Yield a card's title as a header; a title that is too long for a header follows in full, in
    bold.
    """
    title = wording.unbroken(card.severity.icon + wording.line(card.title))
    if title.strip():
        yield {"type": "header", "text": plain_text_object(title, SLACK.header)}
    if len(title) > SLACK.header:
        yield rich(section(span(cut(title, SLACK.text), "bold")))


def _text_blocks(card: Card) -> Iterator[Block]:
    for piece in pieces(cut(wording.visible(card.text), MAX_TEXT), SLACK.text):
        yield rich(section(span(piece)))


def _link_blocks(card: Card) -> Iterator[Block]:
    if card.link and card.link.safe:
        yield rich(section(link(wording.line(card.link.label), card.link.url)))


def _field_blocks(fields: Sequence[Field]) -> Iterator[Block]:
    """Yield fields in their order: short fields side by side, each other field on its own."""
    for narrow, group in groupby(fields, key=_fits_column):
        if narrow:
            yield from _columns([_column_field(field) for field in group])
        else:
            yield from map(_wide_field, group)


def _fits_column(field: Field) -> bool:
    """Return whether a field is short, and free of characters that mrkdwn reads as markup."""
    name, value = wording.line(field.name), wording.visible(field.value)
    fits = len(name) + len(value) <= MAX_COLUMN_FIELD
    return (
        not (field.wide or field.action)
        and fits
        and is_free_of_markup(name)
        and is_free_of_markup(value)
    )


def _columns(fields: Sequence[Block]) -> Iterator[Block]:
    for start in range(0, len(fields), SLACK.fields):
        yield {"type": "section", "fields": list(fields[start : start + SLACK.fields])}


def _column_field(field: Field) -> Block:
    text = f"*{wording.line(field.name) or '-'}*\n{wording.visible(field.value) or '-'}"
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _wide_field(field: Field) -> Block:
    """Return a field as a block of its own, with a button next to it if it has an action."""
    if field.action:
        text = f"{wording.line(field.name)}\n{wording.visible(field.value)}"
        shown_button = button(field.action, f"field:{field.action.words}"[: SLACK.chosen])
        return {
            "type": "section",
            "text": plain_text_object(text, SLACK.text),
            "accessory": shown_button,
        }
    name = wording.shorten(wording.line(field.name), MAX_COLUMN_FIELD)
    value = cut(wording.visible(field.value), SLACK.text - MAX_COLUMN_FIELD)
    return rich(section(span(name, "bold"), span(f"\n{value or '-'}")))


def _quote_block(quoted: Quote) -> Block:
    source = wording.shorten(wording.line(quoted.source), MAX_COLUMN_FIELD)
    text = cut(wording.visible(quoted.text), SLACK.text - MAX_COLUMN_FIELD)
    return rich(section(span(source, "bold")), quote(span(text, "italic")))


def _image_block(image: Image, *, as_picture: bool) -> Block:
    """Return a picture as a block; if `as_picture` is false, its alternative text in small
    letters.
    """
    alt = wording.printable(image.alt)
    if not as_picture:
        return small(f"Chart: {alt}", SLACK.alt)
    return {
        "type": "image",
        "slack_file": {"id": picture_key(image)},
        "alt_text": wording.shorten(alt, SLACK.alt) or "Chart",
    }


def _packed_parts(cards: Iterable[Sequence[_Part]], max_blocks: int) -> Iterator[list[_Part]]:
    """Yield groups of parts, each small enough for one message, with a divider between cards.

    A card is split only where it is too long for one message. Each group leaves room for one more
    block, which counts the messages that are left out.

    Args:
        cards: The parts of each card.
        max_blocks: The number of blocks that a message or view can hold.
    """
    pack: list[_Part] = []
    for parts in cards:
        line = [_Part({"type": "divider"}, parts[0].card)] if pack and parts else []
        if pack and not _fits_message([*pack, *line, *parts], max_blocks):
            yield pack
            pack, line = [], []
        pack += line
        for part in parts:
            if pack and not _fits_message([*pack, part], max_blocks):
                yield pack
                pack = []
            pack.append(part)
    yield pack or [_Part(small("Nothing to show.", 100), Card(""))]


def _fits_message(parts: Sequence[_Part], max_blocks: int) -> bool:
    """Return whether parts are small enough for one message, also with the data table as text."""
    blocks, characters = sum(part.blocks for part in parts), sum(part.size for part in parts)
    return blocks < max_blocks and characters <= SLACK.message


def _characters(piece: Any) -> int:
    """Return the number of characters in all strings of a JSON value."""
    if isinstance(piece, dict):
        return sum(map(_characters, piece.values()))
    if isinstance(piece, list):
        return sum(map(_characters, piece))
    return len(piece) if isinstance(piece, str) else 0


def _message(pack: Sequence[_Part]) -> Message:
    """Return a group of parts as a message; its text for notifications is that of the first
    card.
    """
    card = pack[0].card
    summary = wording.line(": ".join(filter(None, [card.title, wording.visible(card.text)])))
    fallback = SEVERITY_WORDS[card.severity] + wording.shorten(summary, MAX_FALLBACK_TEXT)
    images = tuple(part.image for part in pack if part.image)
    tables = tuple(part.table for part in pack if part.table)
    return Message(tuple(part.block for part in pack), escape(fallback) or "-", images, tables)
