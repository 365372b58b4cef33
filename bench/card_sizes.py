"""What a card asks of its reader: words, numbers, pixels and buttons, against the budgets.

Tables, pictures, labels of buttons and entries of menus are not counted as words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from overheard.cards.card import Card, Tainted, Text

BUDGETS: dict[str, tuple[int, int, int, int]] = {
    "alert": (60, 12, 700, 3),
    "check": (60, 12, 800, 3),
    "report": (90, 15, 800, 3),
    "home": (80, 20, 1_000, 4),
    "digest": (110, 25, 820, 3),
    "error": (25, 12, 300, 3),
}
"""Words, numbers, pixels at 390 px, and buttons that a card may have."""
UNSAID = (
    *("prompt", "prompts", "run", "runs", "panel", "baseline", "burst", "bursts", "canary", "tau"),
    *("mood", "moods", "shock", "served model", "fingerprint", "edition", "scorer", "scorers"),
    *("judge", "stream", "streams", "cron", "interval", "key", "item", "overheard"),
)
"""Words that cards in a chat do not use."""
UNSAID_WORDS = re.compile(
    rf"\b(?:{'|'.join(UNSAID)})\b|\[\[?[a-z]+\]|\w+\.toml|:U\d", re.IGNORECASE
)
_NUMBER = re.compile(r"\d[\d,.:]*")


@dataclass(frozen=True, slots=True)
class CardSize:
    """How much a card asks to be read."""

    words: int
    numbers: int
    buttons: int


def texts(card: Card) -> Iterator[str]:
    """Yield the texts of a card and of its further cards, without tables and pictures."""
    shown: list[Text] = [card.title, card.text, card.footer]
    for field in card.fields:
        shown += [field.name, field.value]
    for quote in card.quotes:
        shown += [quote.source, quote.text]
    yield from (one.text if isinstance(one, Tainted) else one for one in shown)
    for below in card.more:
        yield from texts(below)


def own_words(card: Card) -> Iterator[str]:
    """Yield every text that Overheard itself has written on a card, also tables and buttons."""
    yield from (one for one in (card.title, card.text, card.footer) if isinstance(one, str))
    for field in card.fields:
        yield from (one for one in (field.name, field.value) if isinstance(one, str))
    if card.table:
        yield from card.table.header
        yield from (cell for row in card.table.rows for cell in row if isinstance(cell, str))
    yield from (quote.source for quote in card.quotes)
    yield from (action.label for action in card.actions)
    if card.image:
        yield card.image.alt
    for below in card.more:
        yield from own_words(below)


def unsaid(card: Card) -> list[str]:
    """Return the words on a card that cards in a chat do not use."""
    return [found.group() for text in own_words(card) for found in UNSAID_WORDS.finditer(text)]


def size(card: Card) -> CardSize:
    """Return how much a card, with those below it, asks to be read."""
    whole = " ".join(texts(card))
    words = [word for word in whole.split() if any(map(str.isalnum, word))]
    buttons = sum(not a.menu for one in (card, *card.more) for a in one.actions)
    return CardSize(len(words), len(_NUMBER.findall(whole)), buttons)
