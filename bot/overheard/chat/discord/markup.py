"""Words as Discord shows them: always as they stand, never as markup.

A character that Discord would read as markup gets a backslash, which Discord does not show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from overheard.cards import wording
from overheard.cards.card import Tainted, Text

_MARKS = re.compile(r"[\\`*_~|\[\]<@]")
"""What begins emphasis, code, a spoiler, a masked link, a mention, a time or an emoji."""
_STRANGE_MARKS = re.compile(r"[\\`*_~|\[\]<@:]")
"""The same, and what makes a link of an address and an emoji of a word."""
_LINE_MARKS = re.compile(r"^(\s*)([>#+-])", re.MULTILINE)
_NUMBERED = re.compile(r"^(\s*\d+)([.)])", re.MULTILINE)
_BROKEN_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\$")


def size(text: str) -> int:
    """Return how many characters Discord counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: Text) -> str:
    """Return text of which every character can be seen, for where Discord knows no markup."""
    return wording.printable(text.text if isinstance(text, Tainted) else text).strip()


def escape(text: Text) -> str:
    """Return text that Discord shows as it stands. A stranger's addresses are no links either."""
    escaped = _unmarked(text, plain(text))
    return _NUMBERED.sub(r"\1\\\2", _LINE_MARKS.sub(r"\1\\\2", escaped))


def line(text: Text) -> str:
    """Return escaped text on one line."""
    one = wording.line(plain(text))
    return escape(Tainted(one) if isinstance(text, Tainted) else one)


def within(text: Text) -> str:
    """Return escaped text on one line, for behind other text: it does not begin that line."""
    return _unmarked(text, wording.line(plain(text)))


def _unmarked(text: Text, told: str) -> str:
    marks = _STRANGE_MARKS if isinstance(text, Tainted) else _MARKS
    return marks.sub(r"\\\g<0>", told)


def cut(escaped: str, limit: int) -> str:
    """Return at most so many characters, not parting an escape; what is cut ends in an ellipsis."""
    if size(escaped) <= limit:
        return escaped
    return f"{_head(escaped, limit - 1).rstrip()}\N{HORIZONTAL ELLIPSIS}"


def counted(escaped: str, limit: int) -> str:
    """Return at most so many characters; how many more there were is told at the end."""
    if size(escaped) <= limit:
        return escaped
    kept = _head(escaped, limit - 40).rstrip()
    left = wording.count(len(escaped) - len(kept), "more character")
    return f"{kept}\N{HORIZONTAL ELLIPSIS} ({left})"


def pieces(escaped: str, limit: int) -> Iterator[str]:
    """Yield text in pieces that fit, parted between paragraphs, lines or words where possible."""
    while size(escaped) > limit:
        head = _head(escaped, limit)
        at = max(head.rfind(gap, len(head) // 2) for gap in ("\n\n", "\n", " "))
        at = at if at > 0 else len(head)
        yield escaped[:at].rstrip()
        escaped = escaped[at:].lstrip()
    if escaped:
        yield escaped


def _head(escaped: str, limit: int) -> str:
    units = escaped.encode("utf-16-le", "surrogatepass")[: 2 * limit]
    return _BROKEN_ESCAPE.sub(r"\1", units.decode("utf-16-le", "ignore"))
