"""The prose of an answer: its Markdown without markup, code, link targets, HTML and citations.

The structure comes from the events of a CommonMark parser (pulldown-cmark, with tables and struck
text, linear in the length of the text), never from patterns over the raw text. Headings, list items
and table rows become lines.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from html.parser import HTMLParser
from typing import Any

from overheard.reading.layout import (
    BOLD,
    MARKER_CODES,
    PLAIN,
    Marks,
    Page,
    counts_down,
    page,
    star_marks,
    unmarked,
)
from overheard.reading.structured_answers import from_csv, from_json
from overheard.reading.text import cites, is_reference, opens_sources, without_citations

_SIGN = re.compile(r"[*_#`\[\]<>|~&\\=]")
_OPENING = re.compile(r"^(?:[ \t]*(?:[-+]|\d+[.)])\s| {4}|\t)", re.MULTILINE)
_NUMBERS = re.compile(r"^ {0,3}\d{1,2}[.)] .*?^ {0,3}\d{1,2}[.)] ", re.MULTILINE | re.DOTALL)
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
    """Return the prose of an answer: its text without markup, code and citations.

    Args:
        text: The answer, in Markdown or plain.
        titles: Titles of the sources that the provider reports, see `laid_out`.
    """
    return laid_out(text, titles).body


_BARE_ADDRESS = re.compile(
    r"(?<![\w(<\[\"'=/])https?://(?:www\.)?([^\s/<>()\[\]]+)[^\s<>()\[\]]*?(?=[.,;:!?]?(?:\s|$))"
)


def readable(text: str) -> str:
    """Return an answer for display: its prose, with a bare address shortened to its host, so that
    the sentence lacks no word. If the prose has less than `_MIN_PROSE_SHARE` of the characters, as
    in an answer of code, return the text unchanged.
    """
    prose_text = prose(_BARE_ADDRESS.sub(r"\1", text))
    return prose_text if len(prose_text) >= _MIN_PROSE_SHARE * len(text) else text


_MIN_PROSE_SHARE = 0.25
_DATA_LANGUAGES = frozenset({"", "json", "json5", "jsonc", "csv"})
_TEXT_LANGUAGES = frozenset(
    ["markdown", "md", "text", "txt", "plain", "plaintext", "yaml", "yml", "csv"]
)
_PROSE_LINE = re.compile(r"(?m)^\W*(?:\d{1,2}[.)] )?[A-Z]\w*(?:[ ,:\u2013\u2014-]+[\w$]+){3}")
"""A line of several words that begins with a capital, as in a text without markup."""
_CODE_LINE = re.compile(
    r"(?m)[;{}]\s*$|^\s*(?:\$|>>>|#!|//|import |from \w+ import|def |class |SELECT )|\w\(|\w = |=>"
)


def laid_out(text: str, titles: Collection[str] = ()) -> Page:
    """Return the prose of an answer with its layout and its ranked lists.

    Markup, code, link targets, HTML tags, citations, invisible characters and a block of thinking
    at the beginning are left out. The prose is in Unicode's composed form (NFC).

    Args:
        text: The answer, in Markdown or plain.
        titles: Titles of the sources that the provider reports; a link whose text is such a title
            is a citation, and its text is left out.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _UNSEEN_RUN.sub(lambda run: run.group().translate(_UNSEEN), text)
    text = _without_thinking(text)
    text = from_json(text) or text
    if _SIGN.search(text) or "://" in text or "www." in text or _OPENING.search(text):
        lines = "\n".join(prose_lines(text, titles))
    else:  # it has no markup
        lines = SOFT_BREAK.sub(" ", text)
    return page(star_marks(without_citations(lines)).split("\n"), counts_down(text))


def _without_thinking(text: str) -> str:
    """Return a text without the block ``<think>...</think>`` at its beginning; "" if the block has
    no end.
    """
    opening = _THINKING.match(text)
    if not opening:
        return text
    return text[opening.end() :].partition("</think")[2].partition(">")[2]


_PIECES_BEFORE_LINK = 4
"""Pieces of text before a link in which the words that introduce a citation are searched."""
CELL = " | "
"""Separator of the cells of a table row in the body."""
SOFT_BREAK = re.compile(r"\n(?<=[^\n]{40}[^.!?:\n]\n)(?=[a-z])")
"""The end of a line within a sentence: short lines are no wrapped text."""
_MAX_PARSED_CHARS = 20_000
"""Longer blocks of HTML are not parsed: hostile text takes quadratic time."""
_HARD_BREAK = "\u2028"
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")


def prose_lines(text: str, titles: Collection[str], nested: bool = False) -> list[str]:
    """Return the lines of prose of a Markdown text, in order, each after its marker lines: those of
    its rank and of its block, which `overheard.reading.layout.page` reads.

    One string may contain several lines.

    Args:
        titles: Titles of the sources that the provider reports.
        nested: Whether the text is itself the content of a code fence; then its fences are left
            out.
    """
    import pyromark  # slow, and only answers need it

    options = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH
    walk = _Walk(text, titles, nested)
    events: Iterable[tuple[Any, Any]] = pyromark.events_with_range(text, options=options)
    for event, span in events:
        if isinstance(event, str):
            walk.mark(event, span["start"], span["end"])
            continue
        verb, what = event.popitem()
        if verb == "Text":
            walk.add(what, span["start"], span["end"])
        elif verb in {"Start", "End"}:
            kind, value = (what, None) if isinstance(what, str) else next(iter(what.items()))
            if verb == "Start":
                walk.open(kind, value, span["start"], span["end"])
            else:
                walk.close(kind, span["start"], span["end"])
        else:
            walk.inline(verb, what, span["start"], span["end"])
    walk.flush()
    return walk.lines


class _Walk:
    """Collects lines of prose from the events of the parser; offsets are those of UTF-8 bytes.

    Attributes:
        lines: Lines of prose, each behind its marker lines.
        pieces: Pieces of text of the open paragraph, heading or cell.
        row: Cells of the open row of a table.
    """

    def __init__(self, text: str, titles: Collection[str], nested: bool) -> None:
        self.lines: list[str] = []
        self.pieces: list[str] = []
        self.row: list[str] | None = None
        self._source, self._titles, self._nested = text.encode(), titles, nested
        self._marks = Marks(_NUMBERS.search(text) is not None)
        self._start = self._end = -1
        self._sources = self._heading = False
        self._links: list[int] = []
        self._struck: list[int] = []
        self._images = 0
        self._code: list[str] | None = None
        self._html: list[str] | None = None

    def add(self, piece: str, start: int, end: int) -> None:
        """Append a piece of text to the open code fence, or else to the open element and widen the
        element's span in the source. Text inside an image is left out.

        Args:
            piece: The text, a marker of bold text, or "" to widen the span only.
            start: Offset of the piece in the source, in bytes.
            end: Offset after the piece.
        """
        if self._code is not None:
            self._code.append(piece)
        elif not self._images:
            if self._start < 0:
                self._start = start
            self._end = end
            self.pieces.append(piece)

    def mark(self, event: str, start: int, end: int) -> None:
        """Process a line break, which becomes text, or a horizontal rule, which ends the open
        element.

        Args:
            event: "SoftBreak", "HardBreak" or "Rule"; others are ignored.
            start: Offset of the break in the source, in bytes.
            end: Offset after the break.
        """
        if event == "SoftBreak":
            self.add("\n", start, end)
        elif event == "HardBreak":
            self.add(_HARD_BREAK, start, end)
        elif event == "Rule":
            self.flush()
            self._marks.rule()

    def inline(self, kind: str, content: str, start: int, end: int) -> None:
        """Process code or HTML within a line, or a line of a block of HTML.

        Code of one word is text, because answers write names so; longer code is left out. A
        ``<br>`` is a line break; other HTML within a line is left out. A line of a block of HTML is
        kept until the block ends, and is dropped outside of a block.

        Args:
            kind: "Code", "InlineHtml" or "Html".
            content: The code or HTML.
            start: Offset of the element in the source, in bytes.
            end: Offset after the element.
        """
        if kind == "Code":
            # A name in backticks is text; longer spans are code.
            self.add("" if " " in content.strip() else content, start, end)
        elif kind == "InlineHtml":
            self.add(_HARD_BREAK if _BREAK_TAG.match(content) else "", start, end)
        elif kind == "Html" and self._html is not None:
            self._html.append(content)

    def open(self, kind: str, value: Any, start: int, end: int) -> None:
        """Process the start of an element.

        Bold text becomes a marker. Of a link and of struck words, the place where they begin is
        kept. Text in an image is left out until `close`. Emphasis is ignored. A block ends the open
        element.

        Args:
            kind: The name of the element in pyromark, such as "Link".
            value: The properties of the element, such as the level of a heading, or None.
            start: Offset of the element in the source, in bytes.
            end: Offset after the element.
        """
        if kind == "Strong":
            self.add(BOLD, start, end)
        elif kind == "Link":
            self.add("", start, end)
            self._links.append(len(self.pieces))
        elif kind == "Strikethrough":
            self.add("", start, end)
            self._struck.append(len(self.pieces))
        elif kind == "Image":
            self.add("", start, end)
            self._images += 1
        elif kind != "Emphasis":
            self.flush()
            self._open_block(kind, value)

    def _open_block(self, kind: str, value: Any) -> None:
        """Update the state at the start of a Markdown block; other kinds change nothing."""
        match kind:
            case "Heading":
                self._heading, self._sources = True, False
                self._marks.heading(int(value["level"][1:]))
            case "List":
                self._marks.enter_list(value)
            case "Item":
                self._marks.item()
            case "TableHead" | "TableRow":
                self.row = []
                self._marks.row(header=kind == "TableHead")
            case "CodeBlock":
                self._code = []
            case "HtmlBlock":
                self._html = []

    def close(self, kind: str, start: int, end: int) -> None:
        """Process the end of an element that `open` has begun.

        Bold text becomes a marker. The text of a link that is a citation, and struck words, are
        removed. Emphasis is ignored. The end of a block adds its text to `lines`.

        Args:
            kind: The name of the element in pyromark, such as "Link".
            start: Offset of the element in the source, in bytes.
            end: Offset after the element.
        """
        if kind == "Strong":
            self.add(PLAIN, start, end)
        elif kind == "Link":
            self._end_link(self._links.pop(), start)
            self.add("", start, end)
        elif kind == "Strikethrough":
            self._end_struck(self._struck.pop(), start)
            self.add("", start, end)
        elif kind == "Image":
            self._images -= 1
            self.add("", start, end)
        elif kind != "Emphasis":
            self._close_block(kind, start, end)

    def _close_block(self, kind: str, start: int, end: int) -> None:
        """Update the state at the end of a Markdown block, and add its text to `lines`; the text of
        a table's cell goes to its row, which is added as one line.
        """
        match kind:
            case "TableCell":
                self.flush(always=True)
            case "TableHead" | "TableRow":
                self._take(CELL.join(self.row or ()))
                self.row = None
            case "CodeBlock":
                self._end_code(start, end)
            case "HtmlBlock":
                self.lines += (*self._marks.take(), _text_of("".join(self._html or ())))
                self._html = None
            case "Heading":
                self.flush(always=True)
                self._heading = False
                self._marks.heading(0)
            case "List":
                self.flush()
                self._marks.leave_list()
            case _:
                self.flush()

    def _end_link(self, first: int, start: int) -> None:
        """Remove the text of a link that is a citation; ``<https://...>`` always is one."""
        before = unmarked("".join(self.pieces[max(first - _PIECES_BEFORE_LINK, 0) : first]))
        label = unmarked("".join(self.pieces[first:]))
        if self._source[start : start + 1] == b"<" or cites(label, before, self._titles):
            del self.pieces[first:]

    def _end_struck(self, first: int, start: int) -> None:
        """Remove the struck text. Text within single tildes is kept with its tildes, because "~5"
        means "about 5".
        """
        if self._source[start : start + 2] == b"~~":
            del self.pieces[first:]
        else:
            self.pieces.insert(first, "~")
            self.pieces.append("~")

    def _end_code(self, start: int, end: int) -> None:
        """End a block of code, and add its lines to `lines` if it is a fence around an answer:
        JSON, Markdown, or text in no programming language.

        Nothing is added of a fence inside another fence, or of an indented block.
        """
        content, self._code = "".join(self._code or ()), None
        fence, _, rest = self._source[start:end].decode().strip().partition("\n")
        fence = fence.strip()
        if self._nested or not fence.startswith(("```", "~~~")):
            return
        language = fence.lstrip(fence[0]).strip().lower()
        structured = from_csv if language == "csv" else from_json
        if language in _DATA_LANGUAGES and (told := structured(content)):
            self.lines += prose_lines(told, self._titles, nested=True)
            return
        closing = rest.rpartition("\n")[2].strip()
        is_unclosed = set(closing) != {fence[0]} and not self._source[end:].strip()
        # A fence without language and end would hide the rest of the answer.
        is_told = _PROSE_LINE.search(content) and not _CODE_LINE.search(content)
        if language in _TEXT_LANGUAGES or (not language and (is_unclosed or is_told)):
            self.lines += prose_lines(content, self._titles, nested=True)

    def flush(self, *, always: bool = False) -> None:
        """End the open paragraph, heading or cell, and add its text to `lines`, or to the open row
        of a table.

        A soft break inside a sentence becomes a space, a hard break ends the line. Entries of a
        list of sources and footnotes are left out. The heading "Sources" opens such a list, which
        ends at the next heading.

        Args:
            always: Whether an element without text is added, as of an empty cell; else nothing
                happens without text.
        """
        if self._start < 0 and not always:
            return
        content = self._source[self._start : self._end].decode() if self._start >= 0 else ""
        line = SOFT_BREAK.sub(" ", "".join(self.pieces)).replace(_HARD_BREAK, "\n")
        self.pieces, self._start, self._end = [], -1, -1
        self._sources = self._sources or opens_sources(content)
        under_sources = self._sources and not self._heading
        if is_reference(content, under_sources, self._marks.in_list):
            return
        if self.row is None:
            self._take(line, content)
        else:
            self.row.append(line.replace("\n", " "))

    def _take(self, line: str, content: str = "") -> None:
        """Add a line behind its marker lines to `lines`; `content` is its Markdown, "" for a row of
        a table.
        """
        self.lines += (*self._marks.take(content), line)


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
    """Return the visible text of a block of HTML, without tags, scripts, styles and code.

    A block over `_MAX_PARSED_CHARS` is not parsed: each tag becomes a space, and all text stays.
    """
    if len(html) > _MAX_PARSED_CHARS:
        return _TAG.sub(" ", html)
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.pieces)
