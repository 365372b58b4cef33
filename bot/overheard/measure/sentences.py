"""Where the sentences of a body begin and end."""

from __future__ import annotations

import re

_ABBREVIATIONS = """
    mr mrs ms dr prof st jr sr vs etc e.g i.e eg ie cf al approx est inc ltd co corp llc fig vol
    dept u.s u.k u.s.a a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec
"""
_SHORTENED = frozenset(_ABBREVIATIONS.split())
_END = re.compile(
    r"(?=[\n.!?…。！？｡])(?:"  # noqa: RUF001 - one look at most characters, instead of five
    r"\n"
    r"|(?<![。！？｡])[。！？｡]+[」』）”’]*"  # noqa: RUF001 - full stops of Chinese and Japanese
    r"|(?<![.!?…])[.!?…]+[\"'”’)\]]*(?=\s+[^\sa-z])"  # noqa: RUF001 - curly quotes are meant
    r"|(?<![.!?…])\.[\"'”’)\]]*(?=\s)"  # noqa: RUF001 - curly quotes are meant
    r"|(?<=[a-z)])[.!?](?=[A-Z][a-z])"  # the space is missing
    r")"
)
_LAST_WORD = re.compile(r"[\w.&]+\Z")


def sentences(body: str) -> tuple[tuple[int, int], ...]:
    """Return the (start, end) offsets of the sentences, white space around them left out.

    A line's end is a sentence's end. Abbreviations, initials, decimals and domain names do not
    end one.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for end in _END.finditer(body):
        if not _abbreviates(body, start, end):
            _add(spans, body, start, end.end())
            start = end.end()
    _add(spans, body, start, len(body))
    return tuple(spans)


def _abbreviates(body: str, start: int, end: re.Match[str]) -> bool:
    if end.group() != ".":
        return False
    word = _LAST_WORD.search(body, max(start, end.start() - 12), end.start())
    if not word:
        return False
    last = word.group()
    return (len(last) == 1 and last.isupper()) or last.casefold() in _SHORTENED


def _add(spans: list[tuple[int, int]], body: str, start: int, end: int) -> None:
    piece = body[start:end]
    text = piece.strip()
    if text:
        start += len(piece) - len(piece.lstrip())
        spans.append((start, start + len(text)))
