"""Folding of text (case, width, accents, apostrophes, hyphens), and division into sentences."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_APOSTROPHES = "\u2018\u2019\u02bc\u02b9\u2032\uff07`\u00b4"
_HYPHENS = "-\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"
_TRADE_MARKS = "\u2122\u00ae\u00a9\u2120"


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text with a mapping to the offsets of the original text.

    Attributes:
        text: The folded text.
        origins: For each offset of `text`, including its end, the offset in the original; None if
            all offsets are equal.
    """

    text: str
    origins: tuple[int, ...] | None = None

    def origin(self, offset: int) -> int:
        """Return the offset in the original for an offset in the folded text."""
        return offset if self.origins is None else self.origins[offset]


def fold(text: str) -> Folded:
    """Fold a text for comparison. Hyphens become spaces: "Coca-Cola" equals "Coca Cola"."""
    pieces = [piece.translate(_TABLE) for piece in _RUN.findall(text)]  # ASCII is much faster
    folded = "".join(pieces)
    if len(folded) == len(text):  # every character folds to at least one: no offset moved
        return Folded(folded)
    origins: list[int] = []
    at = 0
    for run in _RUN.findall(text):
        if run.isascii():
            origins += range(at, at + len(run))
        else:
            for place, char in enumerate(run, start=at):
                origins += [place] * len(_TABLE[ord(char)])
        at += len(run)
    return Folded(folded, (*origins, len(text)))


_RUN = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")


class _Table(dict[int, str]):
    """A translation table that folds each character at its first use."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold(chr(code))
        return folded


def _fold(char: str) -> str:
    """Return the folded form of one character; never empty."""
    if char in _APOSTROPHES:
        return "'"
    if char in _HYPHENS or char in _TRADE_MARKS or (char.isspace() and char != "\n"):
        return " "
    if "\ud800" <= char <= "\udfff":  # a lone surrogate, which the search does not accept
        return "\ufffd"
    folded = unicodedata.normalize("NFKC", char).casefold()
    return "".join(map(_plain, folded)).strip("\u0307") or char


def _plain(char: str) -> str:
    """Remove the accent of a Latin or Greek letter; in other scripts marks make other letters."""
    accented = char < "\u0250" or "\u0370" <= char < "\u0400" or "\u1e00" <= char < "\u2000"
    return unicodedata.normalize("NFD", char)[0] if accented else char


_TABLE = _Table()


_ABBREVIATIONS = """
    mr mrs ms dr prof st jr sr vs etc e.g i.e eg ie cf al approx est inc ltd co corp llc fig vol
    dept u.s u.k u.s.a a.m p.m sq ft pt qt oz jan feb mar apr jun jul aug sep sept oct nov dec
"""
_SHORTENED = frozenset(_ABBREVIATIONS.split())
_END = re.compile(
    r"(?=[\n.!?…。！？｡])(?:"  # noqa: RUF001 - one test for most characters, instead of five
    r"\n"
    r"|(?<![。！？｡])[。！？｡]+[」』）”’]*"  # noqa: RUF001 - full stops of Chinese and Japanese
    r"|(?<![.!?…])[.!?…]+[\"'”’)\]]*(?=\s+[^\sa-z])"  # noqa: RUF001 - curly quotes are meant
    r"|(?<![.!?…])\.[\"'”’)\]]*(?=\s)"  # noqa: RUF001 - curly quotes are meant
    r"|(?<=[a-z)])[.!?](?=[A-Z][a-z])"  # the space is missing
    r")"
)
_LAST_WORD = re.compile(r"[\w.&]+\Z")


def sentences(body: str) -> tuple[tuple[int, int], ...]:
    """Return the (start, end) offsets of the sentences, without surrounding white space.

    The end of a line ends a sentence. Abbreviations, initials, decimals and domain names do not
    end a sentence.
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
    """Return whether a full stop ends an abbreviation or an initial, not a sentence."""
    if end.group() != ".":
        return False
    word = _LAST_WORD.search(body, max(start, end.start() - 12), end.start())
    if not word:
        return False
    last_word = word.group()
    return (len(last_word) == 1 and last_word.isupper()) or last_word.casefold() in _SHORTENED


def _add(spans: list[tuple[int, int]], body: str, start: int, end: int) -> None:
    piece = body[start:end]
    text = piece.strip()
    if text:
        start += len(piece) - len(piece.lstrip())
        spans.append((start, start + len(text)))
