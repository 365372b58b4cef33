"""Text as Block Kit, shown literally: no character is read as markup.

Slack never reads markup in rich text and plain text. Text is escaped only where neither can be
used: in a section's fields and in a message's fallback text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Tainted, Text

Block = dict[str, Any]
"""A piece of Block Kit, ready for JSON."""

_READ_AS_MARKUP = re.compile(r"[*_~`<>&|\n]|:[^\s:]+:")
"""Characters that mrkdwn reads as markup, escaped or not."""


def shown(text: Text) -> str:
    """Return text without invisible characters and without space at its ends."""
    return wording.printable(text.text if isinstance(text, Tainted) else text).strip()


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters of a text; the end states how many are omitted."""
    if len(text) <= limit:
        return text
    head = text[: limit - 40].rstrip()
    return (
        f"{head}\N{HORIZONTAL ELLIPSIS} ({wording.count(len(text) - len(head), 'more character')})"
    )


def pieces(text: str, limit: int) -> Iterator[str]:
    """Yield text in pieces of at most `limit` characters.

    The text is split between paragraphs, lines or words where possible.
    """
    while len(text) > limit:
        at = max(text.rfind(gap, limit // 2, limit) for gap in ("\n\n", "\n", " "))
        at = at if at > 0 else limit
        yield text[:at].rstrip()
        text = text[at:].lstrip()
    if text:
        yield text


def escape(text: str) -> str:
    """Return text for mrkdwn, without mentions, links and entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def is_free_of_markup(text: str) -> bool:
    """Return whether mrkdwn shows a text literally."""
    return not _READ_AS_MARKUP.search(text)


def plain(text: str, limit: int) -> Block:
    """Return a plain text object of at most `limit` characters, without emoji codes.

    Slack refuses an empty text, so "-" takes its place.
    """
    return {"type": "plain_text", "text": wording.shorten(text, limit) or "-", "emoji": False}


def span(text: str, *styles: str) -> Block:
    """Return a run of rich text, such as ``span("Acme", "bold")``."""
    run: Block = {"type": "text", "text": text or "-"}
    return {**run, "style": dict.fromkeys(styles, True)} if styles else run


def link(label: str, url: str) -> Block:
    """Return a link as a run of rich text."""
    return {"type": "link", "text": label, "url": url}


def rich(*parts: Block) -> Block:
    """Return a rich text block of sections, quotes or preformatted elements."""
    return {"type": "rich_text", "elements": list(parts)}


def section(*spans: Block) -> Block:
    """Return a paragraph of rich text."""
    return {"type": "rich_text_section", "elements": list(spans)}


def quote(*spans: Block) -> Block:
    """Return a quotation, which Slack shows behind a bar."""
    return {"type": "rich_text_quote", "elements": list(spans)}


def monospaced(text: str) -> Block:
    """Return monospaced rich text."""
    return {"type": "rich_text_preformatted", "elements": [span(text)]}


def small(text: str, limit: int) -> Block:
    """Return a context block: small text of at most `limit` characters."""
    return {"type": "context", "elements": [plain(text, limit)]}
