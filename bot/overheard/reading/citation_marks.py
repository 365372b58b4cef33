"""The marks of citations, which are removed from an answer's text before it is read.

Marks are markers, addresses, links that only name a page, and lists of sources. The cited pages
themselves come from the provider, see ``domain/sources.py``.
"""

from __future__ import annotations

import re
from collections.abc import Collection

TOP_LEVEL = (
    "com|org|net|io|ai|co|so|app|dev|edu|gov|info|biz|shop|store|tech|cloud|tv|me|us|uk|de|fr|it|es"
    "|nl|eu|ch|at|se|dk|no|fi|pl|ca|au|nz|jp|cn|in|br|kr|ru"
)
"""Top-level domains with which a dotted word is taken for an address."""

# The sets heed case: without, their 52,000 characters from U+3000 would take 30 ms to compile.
_ADDRESS = re.compile(
    r"(?i:https?://|\bwww\.)[^\s<>()\[\]\u3000-\uffef]*[^\s<>()\[\]\u3000-\uffef.,;:!?*_'\"]"
    rf"|(?<![\w.-])[\w.-]{{1,80}}\.(?i:{TOP_LEVEL})/[^\s<>()\[\]\u3000-\uffef]*",
)
_ADDRESSED = re.compile(r"[.:wW](?:[A-Za-z]{2,5}/|//|[wW]{2}\.)")
"""What every address contains: a much faster search, without which most texts are done."""
_MARKER = re.compile(
    r"\s?(?:\[\^?\d{1,3}(?:\s*[,;\u2013-]\s*\^?\d{1,3})*\]"  # [1] [2, 3] [^4] [5-7]
    r"|\[cite:[^\]\n]{0,80}\]"
    r"|【[^】\n]{0,80}†?[^】\n]{0,80}】"
    r"|\ue200[^\ue201\n]{0,200}\ue201"  # the private marks of a chat product's raw text
    r"|[⁰¹²³⁴-⁹]+)"
)
_MARKED = re.compile("[\\[\u3010\ue200\u2070\u00b9\u00b2\u00b3\u2074-\u2079]")
_EMPTY_BRACKETS = re.compile(r"\s?(?:\((?:\s|[,;]|sources?:?|via|see)*\)|\[\s*\])", re.IGNORECASE)
_MAYBE_EMPTY_BRACKETS = re.compile(r"[(\[](?=[\s,;)\]SsVv])")
_SPACE_BEFORE_SIGN = re.compile(r"(?<![^\S\n])[^\S\n]++(?=[.,;:!?](?:\s|$))")
_DOMAIN = re.compile(rf"(?:[\w-]+\.)+(?:{TOP_LEVEL})", re.IGNORECASE)
_NUMBER = re.compile(r"\W*\d{1,3}\W*|\W+")
_CITING = re.compile(r"(?:[.!?;()]|\b(?:sources?|via|see|from)\b:?)\s*\Z", re.IGNORECASE)
_SOURCES = re.compile(
    r"\W*(?:sources?|references|citations|works cited|footnotes)\W*", re.IGNORECASE
)
_MAX_SOURCES_HEADING_CHARACTERS = 40
_ENTRY = re.compile(r"\s*\[\^?\d{1,3}\]")
_FOOTNOTE = re.compile(r"\s*\[\^[^\]\s]{1,40}\]:")


def without_citations(text: str) -> str:
    """Return a text without citation markers (``[1]``) and without bare addresses.

    The brackets that this leaves empty, "(source: )", are removed, and so are the spaces that it
    leaves before punctuation. A text without citations is returned unchanged.
    """
    rest = _ADDRESS.sub("", text) if _ADDRESSED.search(text) else text
    if _MARKED.search(rest):
        rest = _MARKER.sub("", rest)
    if _MAYBE_EMPTY_BRACKETS.search(rest):
        rest = _EMPTY_BRACKETS.sub("", rest)
    return text if rest == text else _SPACE_BEFORE_SIGN.sub("", rest)


def cites(label: str, before: str, titles: Collection[str]) -> bool:
    """Return whether a link is a citation. Other links are part of their sentence.

    A link is a citation if its label is a number or only signs, if it is the title of a source, if
    it begins with an address, or if an opening bracket precedes it. It is also a citation if its
    label is a domain ("acme.com") after the end of a sentence or after a word such as "via".

    Args:
        label: The text of the link.
        before: The text before the link in the same block.
        titles: Titles of the sources that the provider reports.
    """
    label = label.strip()
    return bool(
        _NUMBER.fullmatch(label)
        or label in titles
        or _ADDRESS.match(label)
        or before.rstrip().endswith("(")
        or (_DOMAIN.fullmatch(label) and _CITING.search(before))
    )


def opens_sources(line: str) -> bool:
    """Return whether a line is only the heading of a list of sources, such as "## References:"."""
    return len(line) < _MAX_SOURCES_HEADING_CHARACTERS and _SOURCES.fullmatch(line) is not None


def is_reference(content: str, under_sources: bool, in_list_item: bool = False) -> bool:
    """Return whether a block is an entry of a list of sources, or a footnote (``[^1]: ...``).

    Under the heading of a list of sources, a block with a link, with a number in brackets, or in an
    item of a list is an entry. Elsewhere, only a block with both a link and such a number is one.

    Args:
        content: The Markdown of the block.
        under_sources: Whether the block is under the heading of a list of sources.
        in_list_item: Whether the block is in an item of a Markdown list.
    """
    if _FOOTNOTE.match(content):
        return True
    linked = "](" in content or "://" in content or "www." in content
    numbered = _ENTRY.match(content) is not None
    if under_sources:
        return linked or in_list_item or numbered
    return linked and numbered
