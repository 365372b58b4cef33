"""Words as Slack shows them: always as they stand, never as markup.

Rich text and plain text are read by Slack as nothing but text. Only where there is no such element
(a section's fields, the fallback of a message) words are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from overheard.cards import words
from overheard.cards.card import Tainted, Text

Block = dict[str, Any]
"""A piece of Block Kit, ready for JSON."""

_READ_AS_MARKUP = re.compile(r"[*_~`<>&|\n]|:[^\s:]+:")
"""What mrkdwn would not show as it stands, escaped or not."""


def shown(text: Text) -> str:
    """Return text of which every character can be seen, without space around it."""
    return words.printable(text.text if isinstance(text, Tainted) else text).strip()


def cut(text: str, limit: int) -> str:
    """Return at most so many characters; what is left out is counted at the end."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 40].rstrip()
    return f"{kept}\N{HORIZONTAL ELLIPSIS} ({words.count(len(text) - len(kept), 'more character')})"


def pieces(text: str, limit: int) -> Iterator[str]:
    """Yield text in pieces that fit, parted between paragraphs, lines or words where possible."""
    while len(text) > limit:
        at = max(text.rfind(gap, limit // 2, limit) for gap in ("\n\n", "\n", " "))
        at = at if at > 0 else limit
        yield text[:at].rstrip()
        text = text[at:].lstrip()
    if text:
        yield text


def escape(text: str) -> str:
    """Escape text for mrkdwn, so that it holds no mention, link or entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def calm(text: str) -> bool:
    """Whether mrkdwn would show text as it stands."""
    return not _READ_AS_MARKUP.search(text)


def plain(text: str, limit: int) -> Block:
    """Return a plain text object, whose colons are no emoji; Slack refuses an empty one."""
    return {"type": "plain_text", "text": words.shorten(text, limit) or "-", "emoji": False}


def span(text: str, *styles: str) -> Block:
    """Return a run of rich text, such as ``span("Acme", "bold")``."""
    run: Block = {"type": "text", "text": text or "-"}
    return {**run, "style": dict.fromkeys(styles, True)} if styles else run


def link(label: str, url: str) -> Block:
    """Return a link as a run of rich text."""
    return {"type": "link", "text": label, "url": url}


def rich(*parts: Block) -> Block:
    """Return a block of rich text."""
    return {"type": "rich_text", "elements": list(parts)}


def section(*spans: Block) -> Block:
    """Return a paragraph of rich text."""
    return {"type": "rich_text_section", "elements": list(spans)}


def quote(*spans: Block) -> Block:
    """Return rich text behind a bar."""
    return {"type": "rich_text_quote", "elements": list(spans)}


def monospaced(text: str) -> Block:
    """Return rich text in letters of one width."""
    return {"type": "rich_text_preformatted", "elements": [span(text)]}


def small(text: str, limit: int) -> Block:
    """Return a block of one small line."""
    return {"type": "context", "elements": [plain(text, limit)]}
