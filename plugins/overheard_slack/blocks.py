"""Cards as Block Kit, within all its limits. Pure: the same card gives the same blocks.

A card that is too long is split into several messages, and what is left out is counted. No text
of a card is read as markup.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from overheard import Card, Field, Image, Severity, packed, wording
from overheard_slack.controls import button, controls, select
from overheard_slack.limits import SLACK
from overheard_slack.text import (
    Block,
    data_table,
    escape,
    is_free_of_markup,
    plain_text_object,
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
MAX_NOTE = 100
"""Characters of a note on what is left out."""
MAX_MESSAGES = 6
"""Messages that show one card and the cards below it."""
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
        blocks: The message's blocks. A block that shows a picture has `picture_key` in place of the
            id of the uploaded file.
        text: Text for notifications and screen readers, escaped.
        images: The pictures in the blocks, which have to be uploaded first.
        plain: The blocks with text in place of pictures and data tables.
    """

    blocks: tuple[Block, ...]
    text: str
    images: tuple[Image, ...]
    plain: tuple[Block, ...]

    def with_files(self, files: Mapping[str, str]) -> Message:
        """Return the message with Slack's ids of the uploaded pictures, by `picture_key`, and with
        the alternative text of those whose id is empty.
        """

        def shown(block: Block) -> Block:
            if block["type"] != "image":
                return block
            file = files[block["slack_file"]["id"]]
            said = small(f"Chart: {block['alt_text']}", SLACK.alt)
            return {**block, "slack_file": {"id": file}} if file else said

        return replace(self, blocks=tuple(map(shown, self.blocks)))


def picture_key(image: Image) -> str:
    """Return the SHA-256 hash of a picture's PNG file, in 64 hexadecimal digits."""
    return hashlib.sha256(image.png).hexdigest()


def render(card: Card, *, pictures: bool = True, tables: bool = True) -> tuple[Message, ...]:
    """Return the messages, one or more, that show a card and the cards below it.

    There are at most `MAX_MESSAGES`; if more were needed, the last line of the last one counts
    those that are left out.

    Args:
        pictures: Whether pictures are shown; otherwise their alternative texts are.
        tables: Whether a table may be a data table, if it is the only one in all these cards and is
            small. Slack takes one data table in a message, so that several tables are text.
    """
    all_cards = list(card.whole())
    has_one_table = sum(each.table is not None for each in all_cards) == 1
    groups = _packed(card, SLACK.blocks, pictures=pictures, tables=tables and has_one_table)
    shown = groups[:MAX_MESSAGES]
    if left_out := len(groups) - len(shown):
        note = f"{wording.count(left_out, 'more message')} left out."
        shown[-1].append(_Part(small(note, MAX_NOTE), shown[-1][-1].card))
    return tuple(map(_message, shown))


def home_message(card: Card) -> Message:
    """Return the content of the App Home that shows a card and the cards below it.

    Tables are text. What does not fit into one Home is left out, which the last line says.
    """
    shown, *rest = _packed(card, SLACK.home, pictures=True, tables=False)
    if rest:
        shown.append(_Part(small("There is more than fits here.", MAX_NOTE), shown[-1].card))
    return _message(shown)


def home_view(message: Message) -> dict[str, Any]:
    """Return the JSON of the view with which ``views.publish`` shows a message as the App Home."""
    return {"type": "home", "blocks": list(message.blocks)}


@dataclass(frozen=True, slots=True)
class _Part:
    """A block of a card, with what packing blocks into messages needs to know of it.

    Attributes:
        card: The card that the block belongs to.
        plain: The blocks of text that can take its place, if it is a picture or a data table.
        image: The picture that the block shows, or None.
    """

    block: Block
    card: Card
    plain: tuple[Block, ...] = ()
    image: Image | None = None

    @property
    def size(self) -> int:
        """The number of characters of the block, or of the text that can take its place."""
        return max(_characters(self.block), _characters([*self.plain]))


def _card_parts(card: Card, *, pictures: bool, tables: bool) -> Iterator[_Part]:
    """Yield the blocks of one card, without the cards below it, in reading order.

    A menu that chooses what the card shows is above the picture, all other controls are at the end.
    A table that repeats the picture is left out where the picture is shown.

    Args:
        pictures: Whether the picture is shown; otherwise its alternative text is, as it is for a
            picture that could not be drawn.
        tables: Whether the table may be a data table; otherwise it is text.
    """
    yield from (_Part(block, card) for block in _heading(card))
    if card.choice and card.choice.chosen is not None and card.choice.actions:
        yield _Part({"type": "actions", "elements": [select(card.choice)]}, card)
    shown_image = card.image if pictures and card.image and card.image.png else None
    if card.image:
        alt = small(f"Chart: {wording.printable(card.image.alt)}", SLACK.alt)
        yield (
            _Part(_picture(card.image), card, (alt,), card.image)
            if shown_image
            else _Part(alt, card)
        )
    yield from (_Part(block, card) for block in _field_blocks(card.fields))
    if card.table and not (card.table.pictured and shown_image):
        if tables and (data := data_table(card.table)):
            yield _Part(data, card, tuple(text_table(card.table)))
        else:
            yield from (_Part(block, card) for block in text_table(card.table))
    for quoted in card.quotes:
        source = wording.shorten(wording.line(quoted.source), MAX_COLUMN_FIELD)
        limit = SLACK.text - MAX_COLUMN_FIELD
        text = span(wording.cut(wording.visible(quoted.text), limit, counts=True), "italic")
        quotation = {"type": "rich_text_quote", "elements": [text]}
        yield _Part(rich(section(span(source, "bold")), quotation), card)
    if card.file:
        yield _Part(small(wording.enclosed(card.file), SLACK.context), card)
    if card.footer:
        footer = wording.cut(wording.visible(card.footer), SLACK.context, counts=True)
        yield _Part(small(footer, SLACK.context), card)
    yield from (_Part(block, card) for block in controls(card))


def _heading(card: Card) -> Iterator[Block]:
    """Yield a card's title, with the icon of its severity, as a header; then its text, cut after
    `MAX_TEXT` characters, and its link, unless its address is not safe.

    A title that is too long for a header is cut there, and follows in bold, up to `SLACK.text`
    characters. A card without a title and an icon has no header.
    """
    title = wording.unbroken(card.severity.icon + wording.line(card.title))
    if title.strip():
        yield {"type": "header", "text": plain_text_object(title, SLACK.header)}
    if len(title) > SLACK.header:
        yield rich(section(span(wording.cut(title, SLACK.text, counts=True), "bold")))
    text = wording.cut(wording.visible(card.text), MAX_TEXT, counts=True)
    for piece in wording.pieces(text, SLACK.text):
        yield rich(section(span(piece)))
    if card.link and card.link.safe:
        label = wording.line(card.link.label)
        yield rich(section({"type": "link", "text": label, "url": card.link.url}))


def _field_blocks(fields: Sequence[Field]) -> Iterator[Block]:
    """Yield the blocks of fields in their order.

    Neighbours that are short, have no button and no characters that are markup are side by side.
    Any other field has a block of its own.
    """
    for fits_column, group in groupby(fields, key=_fits_column):
        if not fits_column:
            yield from map(_wide_field, group)
            continue
        columns: list[Block] = []
        for field in group:
            name, value = wording.line(field.name) or "-", wording.visible(field.value) or "-"
            columns.append({"type": "mrkdwn", "text": f"*{name}*\n{value}", "verbatim": True})
        for start in range(0, len(columns), SLACK.fields):
            yield {"type": "section", "fields": columns[start : start + SLACK.fields]}


def _fits_column(field: Field) -> bool:
    """Return whether a field can be shown in a column next to other fields.

    It can, if it is not to take a full line, has no button, has at most `MAX_COLUMN_FIELD`
    characters, and none of them is markup in mrkdwn, the only format of columns.
    """
    if field.wide or field.action:
        return False
    name, value = wording.line(field.name), wording.visible(field.value)
    is_short = len(name) + len(value) <= MAX_COLUMN_FIELD
    return is_short and is_free_of_markup(name) and is_free_of_markup(value)


def _wide_field(field: Field) -> Block:
    """Return a field as a block of its own: its name in bold, and its value below.

    A field with an action has its button next to it, and no bold name, because rich text has no
    place for a button. A long name or value is cut.
    """
    if field.action:
        text = f"{wording.line(field.name)}\n{wording.visible(field.value)}"
        button_name = f"field:{field.action.words}"[: SLACK.chosen]
        return {
            "type": "section",
            "text": plain_text_object(text, SLACK.text),
            "accessory": button(field.action, button_name),
        }
    name = wording.shorten(wording.line(field.name), MAX_COLUMN_FIELD)
    value = wording.cut(wording.visible(field.value), SLACK.text - MAX_COLUMN_FIELD, counts=True)
    return rich(section(span(name, "bold"), span(f"\n{value or '-'}")))


def _picture(image: Image) -> Block:
    """Return a block with a picture, named by `picture_key` until the file is uploaded."""
    return {
        "type": "image",
        "slack_file": {"id": picture_key(image)},
        "alt_text": wording.shorten(wording.printable(image.alt), SLACK.alt) or "Chart",
    }


def _packed(card: Card, max_blocks: int, *, pictures: bool, tables: bool) -> list[list[_Part]]:
    """Return the blocks of a card and of the cards below it, as one or more messages or views, each
    with room for one more block, a note on what is left out.

    Args:
        max_blocks: The number of blocks that a message or view can hold.
    """

    def fits(parts: Sequence[_Part]) -> bool:
        blocks = (
            sum(len(part.plain) or 1 for part in parts) + len({id(part.card) for part in parts}) - 1
        )
        return blocks < max_blocks and sum(part.size for part in parts) <= SLACK.message

    # The copies tell cards apart of which one is shown twice.
    copies = map(replace, card.whole())
    cards = [list(_card_parts(each, pictures=pictures, tables=tables)) for each in copies]
    return list(packed(cards, fits)) or [[_Part(small("Nothing to show.", MAX_NOTE), Card(""))]]


def _characters(json_value: Any) -> int:
    """Return the number of characters in all strings of a JSON value, nested ones included.

    The names of fields, numbers and booleans do not count.
    """
    if isinstance(json_value, dict):
        return sum(map(_characters, json_value.values()))
    if isinstance(json_value, list):
        return sum(map(_characters, json_value))
    return len(json_value) if isinstance(json_value, str) else 0


def _message(parts: Sequence[_Part]) -> Message:
    """Return parts, at least one, as a message.

    The message's text for notifications and screen readers says the severity, the title and the
    text of the card of the first part, as in "Attention: ChatGPT names Acme less: ...". It is cut
    after `MAX_FALLBACK_TEXT` characters; "-" takes the place of an empty one.
    """
    card = parts[0].card
    summary = wording.line(": ".join(filter(None, [card.title, wording.visible(card.text)])))
    fallback = SEVERITY_WORDS[card.severity] + wording.shorten(summary, MAX_FALLBACK_TEXT)
    blocks, plain = list[Block](), list[Block]()
    for before, part in zip([None, *parts], parts, strict=False):
        divider = [{"type": "divider"}] if before and before.card is not part.card else []
        blocks += [*divider, part.block]
        plain += [*divider, *(part.plain or [part.block])]
    images = tuple(part.image for part in parts if part.image)
    return Message(tuple(blocks), escape(fallback) or "-", images, tuple(plain))
