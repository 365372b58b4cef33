"""The prose of an answer: its Markdown without markup, code, link targets, HTML and citations.

The structure comes from a CommonMark parser, never from patterns over the raw text. Headings, list
items and table rows become lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from overheard.reading.citations import cites, is_reference, opens_sources, without_citations
from overheard.reading.layout import (
    BOLD,
    MARKER_CODES,
    PLAIN,
    LayoutMarks,
    Page,
    page,
    star_marks,
    unmarked,
)
from overheard.reading.rankings import Marks

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

CELL = " | "
"""Separator of the cells of a table row in the body."""

_MAX_PARSED_CHARS = 20_000
"""Longer paragraphs and blocks of HTML are not parsed: hostile text takes quadratic time."""

_SIGN = re.compile(r"[*_#`\[\]<>|~&\\=]")
_OPENING = re.compile(r"^(?:[ \t]*(?:[-+]|\d+[.)])\s| {4}|\t)", re.MULTILINE)
_THINKING = re.compile(r"\s*<think(?:ing)?>")
_HARD_BREAK = "\u2028"
_SOFT_BREAK = re.compile(r"\n(?<=[^.!?:\n]\n)(?=[a-z])")
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
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


@cache
def _parser() -> MarkdownIt:
    """Return the parser of block structure; inline markup is parsed separately, block by block."""
    from markdown_it import MarkdownIt  # slow, and only answers need it

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    parser.core.ruler.enableOnly(["normalize", "block"])
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign] # targets are taken out
    return parser


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
    text = _without_thinking(text.translate(_UNSEEN))
    lines = "\n".join(_lines(text, titles)) if _is_marked(text) else _SOFT_BREAK.sub(" ", text)
    return page(star_marks(without_citations(lines)).split("\n"))


def _is_marked(text: str) -> bool:
    """Return whether a text may contain markup."""
    signed = _SIGN.search(text) or "://" in text or "www." in text
    return bool(signed or _OPENING.search(text))


def _without_thinking(text: str) -> str:
    opening = _THINKING.match(text)
    if not opening:
        return text
    return text[opening.end() :].partition("</think")[2].partition(">")[2]


def _lines(text: str, titles: Collection[str], nested: bool = False) -> Iterator[str]:
    """Yield the lines of prose of a Markdown text, with markers before lines of ranked lists."""
    env: dict[str, object] = {}
    row: list[str] | None = None
    sources = heading = False
    tokens, marks, blocks = _parser().parse(text, env), Marks(), LayoutMarks()
    for token in tokens:
        marks.see(token)
        blocks.see(token)
        match token.type:
            case "heading_open":
                heading, sources = True, False
            case "heading_close":
                heading = False
            case "tr_open":
                row = []
            case "tr_close":
                yield from filter(None, (marks.take(), blocks.take()))
                yield CELL.join(row or ())
                row = None
            case "inline":
                sources = sources or opens_sources(token.content)
                if is_reference(token.content, sources and not heading, marks.in_list):
                    continue
                line = _inline(token.content, env, titles)
                if row is None:
                    yield from filter(None, (marks.take(token.content), blocks.take()))
                    yield line
                else:
                    row.append(line.replace("\n", " "))
            case "html_block":
                yield blocks.take()
                yield _text_of(token.content)
            case "fence" if not nested:
                unclosed = token is tokens[-1] and text.endswith(token.content)
                if _holds_prose(token.info.strip().lower(), unclosed):
                    yield from _lines(token.content, titles, nested=True)


def _holds_prose(language: str, endless: bool) -> bool:
    """Return whether a code fence contains prose.

    True for Markdown in a fence, and for an unclosed fence without a language, which would hide the
    rest of the answer.
    """
    return language in {"markdown", "md"} or (endless and not language)


def _inline(content: str, env: dict[str, object], titles: Collection[str]) -> str:
    """Return the prose of a paragraph, heading or table cell."""
    if not _is_marked(content) or len(content) > _MAX_PARSED_CHARS:
        return _SOFT_BREAK.sub(" ", content)
    tokens: list[Token] = []
    parser = _parser()
    parser.inline.parse(content, parser, env, tokens)
    line = "".join(_pieces(tokens, titles))
    return _SOFT_BREAK.sub(" ", line).replace(_HARD_BREAK, "\n")


def _pieces(  # noqa: PLR0912 - one branch a kind of token
    tokens: Iterable[Token], titles: Collection[str]
) -> list[str]:
    """Return the pieces of text in inline tokens, without citations, struck text and images."""
    pieces: list[str] = []
    link = struck = 0
    for token in tokens:
        match token.type:
            case "text" | "text_special":
                pieces.append(token.content)
            case "softbreak":
                pieces.append("\n")
            case "hardbreak":
                pieces.append(_HARD_BREAK)
            case "code_inline" if " " not in token.content.strip():
                pieces.append(token.content)  # a name in backticks; longer spans are code
            case "html_inline" if _BREAK_TAG.match(token.content):
                pieces.append(_HARD_BREAK)
            case "strong_open":
                pieces.append(BOLD)
            case "strong_close":
                pieces.append(PLAIN)
            case "s_open":
                struck = len(pieces)
            case "s_close":
                del pieces[struck:]
            case "link_open":
                link = len(pieces)
            case "link_close":
                before = unmarked("".join(pieces[max(link - 4, 0) : link]))
                label = unmarked("".join(pieces[link:]))
                if token.info == "auto" or cites(label, before, titles):
                    del pieces[link:]
    return pieces


class _Text(HTMLParser):
    """Collects the visible text of a block of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.hidden = False

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the base's shape
        self.hidden = tag in {"script", "style", "code", "pre"}
        self.pieces.append("\n" if tag in {"br", "p", "li", "tr", "div", "h1", "h2", "h3"} else "")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the base's shape
        self.hidden = False

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.pieces.append(data)


def _text_of(html: str) -> str:
    """Return the visible text of a block of HTML."""
    if len(html) > _MAX_PARSED_CHARS:
        return _TAG.sub(" ", html)
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.pieces)
