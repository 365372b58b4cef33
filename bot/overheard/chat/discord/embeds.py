"""Cards as Discord embeds, within all limits. Pure: the same card gives the same messages.

A card that is too long is split into several embeds and messages, and what is left out is
counted. No text of a card is read as markup.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import discord

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Image, Quote, Severity
from overheard.chat.discord import interactions, markup
from overheard.chat.discord.interactions import Questions
from overheard.chat.limits import DISCORD

Embed = dict[str, Any]
"""An embed, ready for JSON."""

COLORS = {
    Severity.PLAIN: 0x5D6B82,
    Severity.GOOD: 0x2E9E6B,
    Severity.WARNING: 0xE0A106,
    Severity.BAD: 0xD13438,
}
SEVERITY_WORDS = {
    Severity.PLAIN: "",
    Severity.GOOD: "\N{WHITE HEAVY CHECK MARK} Good",
    Severity.WARNING: "\N{WARNING SIGN}\N{VARIATION SELECTOR-16} Warning",
    Severity.BAD: "\N{LARGE RED CIRCLE} Attention",
}
"""The severity in words, for people who cannot see the colour."""
MAX_TEXT = 12_000
"""Characters of a card's text; the rest is left out."""
MAX_QUOTE = 1_500
MAX_FOOTER = 400
MAX_BODY = DISCORD.message - MAX_FOOTER
"""Characters of an embed without its footer."""
MAX_PAGES = 6
MAX_BUTTONS = DISCORD.rows * DISCORD.row


@dataclass(frozen=True, slots=True)
class EmbedPage:
    """The content of one Discord message.

    Attributes:
        embeds: The message's embeds; an embed's picture names one of `images`.
        images: Pictures to attach as ``chart-1.png`` and so on; see `picture_name`.
        actions: Buttons with different words, no more than a message can hold.
    """

    embeds: tuple[Embed, ...] = ()
    images: tuple[Image, ...] = ()
    actions: tuple[Action, ...] = ()

    @property
    def size(self) -> int:
        """The number of characters in all embeds, as Discord counts them."""
        return sum(map(embed_size, self.embeds))


@dataclass(frozen=True, slots=True)
class _Part:
    """An embed with its picture and its buttons."""

    embed: Embed
    image: Image | None = None
    actions: tuple[Action, ...] = ()


def render(card: Card) -> tuple[EmbedPage, ...]:
    """Return the messages, one or more, that show a card and the cards below it."""
    pages = list(_pack(chain.from_iterable(map(_parts, with_descendants(card)))))
    if excess := len(pages) - MAX_PAGES:
        if excess < 0:
            return tuple(pages)
        note = f"{wording.count(excess, 'more message')} would be too many; ask for less at once."
        pages[MAX_PAGES - 1 :] = [EmbedPage(({"description": f"-# {note}"},))]
    return tuple(pages)


def with_descendants(card: Card) -> Iterator[Card]:
    """Yield a card and all cards below it, in reading order."""
    yield card
    for below in card.more:
        yield from with_descendants(below)


def embed_size(embed: Embed) -> int:
    """Return the number of characters in an embed, as Discord counts them."""
    fields = chain.from_iterable((f["name"], f["value"]) for f in embed.get("fields", ()))
    small = (embed.get("footer", {}).get("text", ""), embed.get("author", {}).get("name", ""))
    texts = (embed.get("title", ""), embed.get("description", ""), *small, *fields)
    return sum(map(markup.size, texts))


def picture_name(number: int) -> str:
    """Return the file name of a message's picture; numbers begin at 1."""
    return f"chart-{number}.png"


def _parts(card: Card) -> list[_Part]:
    """Return the embeds of one card, without the cards below it."""
    builder = _EmbedBuilder(card)
    text = markup.counted(markup.escape(card.text), MAX_TEXT)
    for piece in markup.pieces(text, DISCORD.text):
        builder.add_text(piece)
    if card.link and card.link.safe:
        builder.add_text(f"[{markup.line(card.link.label)}]({card.link.url})")
    for field in card.fields:
        builder.add_field(field)
    is_pictured = card.table and card.table.pictured and card.image and card.image.png
    for piece in markup.table_pieces(card.table) if card.table and not is_pictured else ():
        builder.add_text(piece)
    for quote in card.quotes:
        builder.add_text(_quote(quote))
    if card.image and not card.image.png:
        builder.add_text(f"-# Chart: {markup.inline(wording.printable(card.image.alt))}")
    return builder.parts()


class _EmbedBuilder:
    """Collects the text and fields of one card in as many embeds as needed."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._embeds = [self._first()]

    def add_text(self, text: str) -> None:
        """Add a paragraph to the last embed, or in a new embed.

        Discord shows an embed's fields below its text, so an embed with fields gets no more text.
        """
        last = self._embeds[-1]
        before = last.get("description", "")
        joined = f"{before}\n\n{text}" if before else text
        new_size = embed_size(last) - markup.size(before) + markup.size(joined)
        if last.get("fields") or markup.size(joined) > DISCORD.text or new_size > MAX_BODY:
            self._embeds.append(self._blank() | {"description": text})
        else:
            last["description"] = joined

    def add_field(self, field: Field) -> None:
        """Add a field to the last embed, or in a new embed where the last is full."""
        new_field = {
            "name": markup.cut(markup.line(field.name), DISCORD.field_name) or "-",
            "value": markup.counted(markup.escape(field.value), DISCORD.field) or "-",
            "inline": not field.wide,
        }
        last = self._embeds[-1]
        full = len(last.get("fields", ())) == DISCORD.fields
        if full or embed_size(last) + embed_size({"fields": [new_field]}) > MAX_BODY:
            last = self._blank()
            self._embeds.append(last)
        last.setdefault("fields", []).append(new_field)

    def parts(self) -> list[_Part]:
        """Return the embeds; picture, footer and buttons belong to the last."""
        *others, last = self._embeds
        actions, notes = _buttons(self._card.actions)
        footer = " \N{MIDDLE DOT} ".join(filter(None, (markup.plain(self._card.footer), *notes)))
        if footer:
            last["footer"] = {"text": markup.cut(footer, MAX_FOOTER)}
        image = self._card.image if self._card.image and self._card.image.png else None
        if not (embed_size(last) or image):
            last["description"] = "-"  # Discord refuses an empty embed
        return [*map(_Part, others), _Part(last, image, actions)]

    def _first(self) -> Embed:
        """Return the first embed, with the severity and the title."""
        embed = self._blank()
        if severity := SEVERITY_WORDS[self._card.severity]:
            embed["author"] = {"name": severity}
        if title := markup.line(self._card.title):
            embed["title"] = markup.cut(title, DISCORD.title)
        return embed

    def _blank(self) -> Embed:
        return {"color": COLORS[self._card.severity]}


def _quote(quote: Quote) -> str:
    text = markup.counted(markup.escape(quote.text), MAX_QUOTE)
    source = markup.cut(markup.line(quote.source), DISCORD.title)
    return "\n".join((*(f"> {line}" for line in text.splitlines()), f"-# {source}"))


def _buttons(actions: tuple[Action, ...]) -> tuple[tuple[Action, ...], list[str]]:
    """Return the actions, with different words, that fit into a message, and notes on the rest."""
    different = tuple({action.words: action for action in reversed(actions)}.values())[::-1]
    left = len(different) - MAX_BUTTONS
    notes = [f"{wording.count(left, 'button')} not shown"] if left > 0 else []
    return different[:MAX_BUTTONS], notes


def _pack(parts: Iterator[_Part]) -> Iterator[EmbedPage]:
    """Yield messages, each with as many parts as fit.

    A message ends after a part with buttons, because Discord shows buttons below all embeds.
    """
    page = EmbedPage()
    for part in parts:
        full = len(page.embeds) == DISCORD.embeds or len(page.images) == DISCORD.files
        if page.actions or full or page.size + embed_size(part.embed) > DISCORD.message:
            yield page
            page = EmbedPage()
        images = (*page.images, part.image) if part.image else page.images
        url = f"attachment://{picture_name(len(images))}"
        embed = part.embed | ({"image": {"url": url}} if part.image else {})
        page = EmbedPage((*page.embeds, embed), images, part.actions)
    yield page


POST_ID_PREFIX = "overheard-"
POST_ID = re.compile(rf"\?({POST_ID_PREFIX}[0-9a-f]+)(?:&part=(\d+))?$")
"""The end of an embed's address in which a message carries its post's id."""


def send_arguments(page: EmbedPage, questions: Questions) -> dict[str, Any]:
    """Return the arguments of discord.py's `send` for a page."""
    more = {"view": interactions.button_view(page.actions, questions)} if page.actions else {}
    return {"embeds": _embeds(page), "files": _files(page), **more}


def edit_arguments(page: EmbedPage, questions: Questions) -> dict[str, Any]:
    """Return the arguments of discord.py's `edit` for a page, which replaces all content."""
    return {
        "content": None,
        "embeds": _embeds(page),
        "attachments": _files(page),
        "view": interactions.button_view(page.actions, questions) if page.actions else None,
    }


def post_id(key: str) -> str:
    """Return the id of the post with a key: a hash that is short enough for a nonce."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    return POST_ID_PREFIX + digest[: DISCORD.nonce - len(POST_ID_PREFIX)]


def with_post_id(page: EmbedPage, post: str, place: str, part: int = 0) -> EmbedPage:
    """Return a page whose message carries the id of its post, invisible to readers.

    The id is put into the address of an embed, which Discord shows only as the link of a title;
    so an embed without a title is preferred.

    Args:
        page: The content of the message.
        post: The id of the post; see `post_id`.
        place: The address of the channel, to which a click on the title leads.
        part: The number of the message in its post, from 0.
    """
    at = next((i for i, embed in enumerate(page.embeds) if "title" not in embed), 0)
    embeds = [*page.embeds]
    embeds[at] = embeds[at] | {"url": f"{place}?{post}{f'&part={part}' if part else ''}"}
    return EmbedPage(tuple(embeds), page.images, page.actions)


def read_post_id(message: discord.Message) -> tuple[str, int]:
    """Return the id of a message's post, or an empty string, and the message's number in it."""
    found = (POST_ID.search(embed.url or "") for embed in message.embeds)
    return next(((match[1], int(match[2] or 0)) for match in found if match), ("", 0))


def _embeds(page: EmbedPage) -> list[discord.Embed]:
    return [discord.Embed.from_dict(embed) for embed in page.embeds]


def _files(page: EmbedPage) -> list[discord.File]:
    """Return the pictures of a page as uploads with alternative text."""
    return [
        discord.File(
            io.BytesIO(image.png),
            filename=picture_name(number),
            description=markup.cut(wording.printable(image.alt), DISCORD.alt),
        )
        for number, image in enumerate(page.images, 1)
    ]
