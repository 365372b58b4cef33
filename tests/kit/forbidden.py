"""What no card says: sentences that are false where states combine, and two units on one card."""

import re
from collections.abc import Iterator

from overheard.cards.card import Card, Tainted

NEVER = {
    r"\bnothing (?:new|unusual)|(?:nothing has|no figure) (?:moved|changed)": "what is as usual",
    r"\bsteady\b|\bstable\b": "as usual, with a figure, or old with its day",
    r"\bstill (?:down|up)\b": "say what is down",
    r"\bhad it wrong|\d+ of \d+ times": "a claim is counted in one check of one model",
    r"(?:nearly certain|likely)[^.·\n]{0,40}(?:\$|says|claim|founded|price)": "a level on a claim",
    r"\bruled out\b|\bproves?\b|\bcaused\b": "more than the data say",
    r"all models unchanged": "unknown is not unchanged",
}
"""Patterns that no card of a brand's situation has, with what to say instead."""


def texts(card: Card) -> Iterator[str]:
    """Yield what Overheard says on a card and those below it, in order; tables and menus apart."""
    for one in card.whole():
        yield one.title
        yield from (str(t) for t in (one.text, one.footer) if t and not isinstance(t, Tainted))
        yield from (f"{field.name}: {field.value}" for field in one.fields)


def said(card: Card) -> str:
    """Return all that a card says."""
    return "\n".join(texts(card))


def forbidden(text: str) -> list[str]:
    """Return the forbidden sentences in a text."""
    return [
        f"{found.group(0)!r}: {instead}"
        for pattern, instead in NEVER.items()
        for found in re.finditer(pattern, text, re.IGNORECASE)
    ]
