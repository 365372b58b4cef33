"""Cards as Discord embeds, within all limits. Pure: the same card gives the same messages.

What does not fit is parted into several embeds and messages, and what is left out is counted.
Nothing in a card is read as markup, ours or a stranger's.
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
from overheard.chat.discord import interactions, markup, tables
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
TOLD = {
    Severity.PLAIN: "",
    Severity.GOOD: "\N{WHITE HEAVY CHECK MARK} Good",
    Severity.WARNING: "\N{WARNING SIGN}\N{VARIATION SELECTOR-16} Warning",
    Severity.BAD: "\N{LARGE RED CIRCLE} Attention",
}
"""The severity in words, for those who see no colours."""
LONGEST_TEXT = 12_000
"""Characters of a card's text before the rest is left out."""
LONGEST_QUOTE = 1_500
LONGEST_FOOTER = 400
LONGEST_BODY = DISCORD.message - LONGEST_FOOTER
"""Characters of an embed before its footer."""
MOST_PAGES = 6
MOST_BUTTONS = DISCORD.rows * DISCORD.row


@dataclass(frozen=True, slots=True)
class Page:
    """One message.

    Attributes:
        embeds: What is shown; a picture's address names one of `images`.
        images: Pictures to attach, in the order of their numbers: ``chart-1.png``.
        actions: Buttons; never more than fit, each with other words.
    """

    embeds: tuple[Embed, ...] = ()
    images: tuple[Image, ...] = ()
    actions: tuple[Action, ...] = ()

    @property
    def size(self) -> int:
        """How many characters Discord counts."""
        return sum(map(weight, self.embeds))


@dataclass(frozen=True, slots=True)
class _Part:
    """An embed, with what hangs on it."""

    embed: Embed
    image: Image | None = None
    actions: tuple[Action, ...] = ()


def render(card: Card) -> tuple[Page, ...]:
    """Return the messages that show a card and those below it; at least one."""
    pages = list(_pack(chain.from_iterable(map(_parts, family(card)))))
    if left := len(pages) - MOST_PAGES:
        if left < 0:
            return tuple(pages)
        note = f"{wording.count(left, 'more message')} would be too many; ask for less at once."
        pages[MOST_PAGES - 1 :] = [Page(({"description": f"-# {note}"},))]
    return tuple(pages)


def family(card: Card) -> Iterator[Card]:
    """Yield a card and all that belong under it."""
    yield card
    for one in card.more:
        yield from family(one)


def weight(embed: Embed) -> int:
    """Return how many characters of an embed Discord counts."""
    fields = chain.from_iterable((f["name"], f["value"]) for f in embed.get("fields", ()))
    small = (embed.get("footer", {}).get("text", ""), embed.get("author", {}).get("name", ""))
    texts = (embed.get("title", ""), embed.get("description", ""), *small, *fields)
    return sum(map(markup.size, texts))


def picture_name(number: int) -> str:
    """Return the name under which a message's picture is attached, from 1."""
    return f"chart-{number}.png"


def _parts(card: Card) -> list[_Part]:
    sheet = _Sheet(card)
    text = markup.counted(markup.escape(card.text), LONGEST_TEXT)
    for piece in markup.pieces(text, DISCORD.text):
        sheet.say(piece)
    if card.link and card.link.safe:
        sheet.say(f"[{markup.line(card.link.label)}]({card.link.url})")
    for field in card.fields:
        sheet.tell(field)
    for piece in tables.pieces(card.table) if card.table else ():
        sheet.say(piece)
    for quote in card.quotes:
        sheet.say(_quote(quote))
    if card.image and not card.image.png:
        sheet.say(f"-# Chart: {markup.within(wording.printable(card.image.alt))}")
    return sheet.parts()


class _Sheet:
    """The embeds of one card, filled one after the other."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._embeds = [self._first()]

    def say(self, text: str) -> None:
        """Add a paragraph: to the last embed if it has no fields yet, which stand below it."""
        last = self._embeds[-1]
        told = last.get("description", "")
        joined = f"{told}\n\n{text}" if told else text
        grown = weight(last) - markup.size(told) + markup.size(joined)
        if last.get("fields") or markup.size(joined) > DISCORD.text or grown > LONGEST_BODY:
            self._embeds.append(self._blank() | {"description": text})
        else:
            last["description"] = joined

    def tell(self, field: Field) -> None:
        """Add a fact."""
        made = {
            "name": markup.cut(markup.line(field.name), DISCORD.field_name) or "-",
            "value": markup.counted(markup.escape(field.value), DISCORD.field) or "-",
            "inline": not field.wide,
        }
        last = self._embeds[-1]
        full = len(last.get("fields", ())) == DISCORD.fields
        if full or weight(last) + weight({"fields": [made]}) > LONGEST_BODY:
            last = self._blank()
            self._embeds.append(last)
        last.setdefault("fields", []).append(made)

    def parts(self) -> list[_Part]:
        """Return the embeds; picture, footer and buttons belong to the last."""
        *others, last = self._embeds
        actions, notes = _buttons(self._card.actions)
        footer = " \N{MIDDLE DOT} ".join(filter(None, (markup.plain(self._card.footer), *notes)))
        if footer:
            last["footer"] = {"text": markup.cut(footer, LONGEST_FOOTER)}
        image = self._card.image if self._card.image and self._card.image.png else None
        if not (weight(last) or image):
            last["description"] = "-"  # Discord refuses an embed without a word
        return [*map(_Part, others), _Part(last, image, actions)]

    def _first(self) -> Embed:
        embed = self._blank()
        if told := TOLD[self._card.severity]:
            embed["author"] = {"name": told}
        if title := markup.line(self._card.title):
            embed["title"] = markup.cut(title, DISCORD.title)
        return embed

    def _blank(self) -> Embed:
        return {"color": COLORS[self._card.severity]}


def _quote(quote: Quote) -> str:
    text = markup.counted(markup.escape(quote.text), LONGEST_QUOTE)
    source = markup.cut(markup.line(quote.source), DISCORD.title)
    return "\n".join((*(f"> {one}" for one in text.splitlines()), f"-# {source}"))


def _buttons(actions: tuple[Action, ...]) -> tuple[tuple[Action, ...], list[str]]:
    """Return the buttons that fit, and a note of those that do not."""
    different = tuple({action.words: action for action in reversed(actions)}.values())[::-1]
    left = len(different) - MOST_BUTTONS
    notes = [f"{wording.count(left, 'button')} not shown"] if left > 0 else []
    return different[:MOST_BUTTONS], notes


def _pack(parts: Iterator[_Part]) -> Iterator[Page]:
    """Put parts together as long as they fit. Buttons end a message: they stand below all of it."""
    page = Page()
    for part in parts:
        full = len(page.embeds) == DISCORD.embeds or len(page.images) == DISCORD.files
        if page.actions or full or page.size + weight(part.embed) > DISCORD.message:
            yield page
            page = Page()
        images = (*page.images, part.image) if part.image else page.images
        url = f"attachment://{picture_name(len(images))}"
        embed = part.embed | ({"image": {"url": url}} if part.image else {})
        page = Page((*page.embeds, embed), images, part.actions)
    yield page


MARK = "overheard-"
MARKED = re.compile(rf"\?({MARK}[0-9a-f]+)(?:&part=(\d+))?$")
"""The end of an embed's address that is a mark."""


def sending(page: Page, questions: Questions) -> dict[str, Any]:
    """Return what `send` takes for a page."""
    more = {"view": interactions.view(page.actions, questions)} if page.actions else {}
    return {"embeds": _embeds(page), "files": _files(page), **more}


def editing(page: Page, questions: Questions) -> dict[str, Any]:
    """Return what `edit` takes for a page: all that was there before is replaced."""
    return {
        "content": None,
        "embeds": _embeds(page),
        "attachments": _files(page),
        "view": interactions.view(page.actions, questions) if page.actions else None,
    }


def mark(key: str) -> str:
    """Return what names a post: short enough for a nonce, and the same for the same key."""
    return MARK + hashlib.sha256(key.encode()).hexdigest()[: DISCORD.nonce - len(MARK)]


def marked(page: Page, name: str, place: str, part: int = 0) -> Page:
    """Return a page that carries a mark where no reader sees it.

    Discord keeps the address of an embed, and shows it only as the link under its title; so the
    mark stands in an embed without a title where there is one.

    Args:
        page: What is to be posted.
        name: The mark.
        place: The address of the channel, where a click on the title would lead.
        part: Which message of the post it is; the first one is 0.
    """
    at = next((i for i, embed in enumerate(page.embeds) if "title" not in embed), 0)
    embeds = [*page.embeds]
    embeds[at] = embeds[at] | {"url": f"{place}?{name}{f'&part={part}' if part else ''}"}
    return Page(tuple(embeds), page.images, page.actions)


def mark_of(message: discord.Message) -> tuple[str, int]:
    """Return the mark that a message carries, and which message of its post it is.

    What carries none has an empty one.
    """
    found = (MARKED.search(embed.url or "") for embed in message.embeds)
    return next(((one[1], int(one[2] or 0)) for one in found if one), ("", 0))


def _embeds(page: Page) -> list[discord.Embed]:
    return [discord.Embed.from_dict(embed) for embed in page.embeds]


def _files(page: Page) -> list[discord.File]:
    return [
        discord.File(
            io.BytesIO(image.png),
            filename=picture_name(number),
            description=markup.cut(wording.printable(image.alt), DISCORD.alt),
        )
        for number, image in enumerate(page.images, 1)
    ]
