"""The prose of an answer: its Markdown without markup, code, link targets, HTML and citations.

The structure comes from a CommonMark parser, never from patterns over the raw text. Headings, list
items and table rows become lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from overheard.reading.blocks import SOFT_BREAK, prose_lines
from overheard.reading.citations import without_citations
from overheard.reading.layout import MARKER_CODES, Page, page, star_marks

_SIGN = re.compile(r"[*_#`\[\]<>|~&\\=]")
_OPENING = re.compile(r"^(?:[ \t]*(?:[-+]|\d+[.)])\s| {4}|\t)", re.MULTILINE)
_THINKING = re.compile(r"\s*<think(?:ing)?>")
_UNSEEN: dict[int, str | None] = dict.fromkeys(
    [
        *(code for code in range(0x20) if chr(code) not in "\t\n"),
        *range(0x7F, 0xA0),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *(0xAD, 0x61C, 0x180E, 0xFEFF),
        *range(0xFE00, 0xFE10),
        *MARKER_CODES,
    ]
)
"""Control and zero-width characters, direction marks and variation selectors: invisible, but able
to split a name in two."""
_UNSEEN |= dict.fromkeys(map(ord, "\v\f\x85\u2028\u2029"), "\n")
_UNSEEN |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # lone surrogates, which are no text
_UNSEEN_RUN = re.compile(f"[{''.join(map(re.escape, map(chr, _UNSEEN)))}]+")


def prose(text: str, titles: Collection[str] = ()) -> str:
    """Return the prose of an answer, see `laid_out`."""
    return laid_out(text, titles).body


def readable(text: str) -> str:
    """Return an answer for display: its prose, or the whole text if less than a quarter is prose.

    An answer that is mostly code is shown with the code.
    """
    prose_text = prose(text)
    return prose_text if 4 * len(prose_text) >= len(text) else text


def laid_out(text: str, titles: Collection[str] = ()) -> Page:
    """Return the prose of an answer with its layout and its ranked lists.

    Args:
        text: The answer, in Markdown or plain. The prose is in Unicode's composed form (NFC).
        titles: Titles of the sources that the provider reports; a link whose text is such a title
            is a citation.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _without_thinking(_UNSEEN_RUN.sub(_seen, text))
    lines = "\n".join(prose_lines(text, titles)) if _is_marked(text) else SOFT_BREAK.sub(" ", text)
    return page(star_marks(without_citations(lines)).split("\n"))


def _seen(run: re.Match[str]) -> str:
    """Return what replaces a run of invisible characters."""
    return run.group().translate(_UNSEEN)


def _is_marked(text: str) -> bool:
    """Return whether a text may contain markup."""
    signed = _SIGN.search(text) or "://" in text or "www." in text
    return bool(signed or _OPENING.search(text))


def _without_thinking(text: str) -> str:
    opening = _THINKING.match(text)
    if not opening:
        return text
    return text[opening.end() :].partition("</think")[2].partition(">")[2]
