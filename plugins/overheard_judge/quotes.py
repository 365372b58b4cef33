"""Quotes of a judge: where they are in the answer, and whose lines they quote."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise

from overheard import Reading, UnitRole

_WORD = re.compile(r"\w+")
_CUT = re.compile(r"\s*(?:\[?\(?(?:\.{3,}|\u2026)\)?\]?)\s*")
_MARKER = re.compile(r"[\s#>*\u2022|-]*\d{1,3}[.)]\s*")
"""The beginning of a numbered item or heading."""
_FORGED = re.compile(r"[\"'](?:brands?|sentiment|verdict|check|claims)[\"']\s*:")
"""Keys of a reply in an answer: its line is addressed to a judge."""
_MIN_PART_WORDS = 2
"""Words of each part of a quote that is cut by an ellipsis."""
_MAX_GAP_CHARACTERS = 600
"""Most characters that an ellipsis may leave out."""


def word_offsets(text: str) -> list[tuple[str, int, int]]:
    """Return the words of a text, folded, with their (start, end) offsets.

    Case, accents' composition, punctuation, white space and Markdown make no difference.
    """
    return [
        (unicodedata.normalize("NFKC", found.group()).casefold(), *found.span())
        for found in _WORD.finditer(text)
    ]


def quote_offsets(quote: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) offsets of a quote in a text, word by word; a quote needs words.

    A quote may be cut by an ellipsis: its parts must then follow each other closely.
    """
    for chain in _chains(quote, text):
        yield chain[0][0], chain[-1][1]


def _chains(quote: str, text: str) -> Iterator[list[tuple[int, int]]]:
    """Yield the offsets of the parts of a quote, for each place of the quote in a text."""
    words = word_offsets(text)
    parts = [[word for word, *_ in word_offsets(part)] for part in _CUT.split(quote)]
    parts = [part for part in parts if part]
    if not parts or (len(parts) > 1 and min(map(len, parts)) < _MIN_PART_WORDS):
        return
    spans = [list(_found(part, words)) for part in parts]
    if not spans[0] and _MARKER.match(quote):  # the body has no numbers of lists and headings
        yield from _chains(_MARKER.sub("", quote), text)
        return
    for first in spans[0]:
        chain = [first]
        for after in spans[1:]:
            chain += after[(at := bisect_left(after, (chain[-1][1], 0))) : at + 1]
        near = all(b[0] - a[1] <= _MAX_GAP_CHARACTERS for a, b in pairwise(chain))
        if len(chain) == len(spans) and near:
            yield chain


def _found(part: list[str], words: list[tuple[str, int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the offsets of a sequence of words in a text's words."""
    joined, starts = "\0", {}
    for at, (word, *_) in enumerate(words):
        starts[len(joined) - 1] = at
        joined += f"{word}\0"
    wanted = "\0" + "\0".join(part) + "\0"
    at = joined.find(wanted)
    while at >= 0:
        first = starts[at]
        yield words[first][1], words[first + len(part) - 1][2]
        at = joined.find(wanted, at + 1)


def is_quote_about_brand(quote: str, reading: Reading) -> bool:
    """Return whether a quote occurs in the answer, in text that is about the brand.

    The text is about the brand if the brand owns at least half of it, or is named in it; see
    `overheard.Unit`. So text about another brand, or addressed to the judge, is no evidence.
    """
    return any(
        all(_is_about_brand(span, reading) for span in chain)
        for chain in _chains(quote, reading.body)
    )


def _is_about_brand(span: tuple[int, int], reading: Reading) -> bool:
    """Whether at least half of a quote is in units of the brand, or in units that name it; a forged
    line is about nobody.
    """
    brand, own = reading.brand.name, 0
    low = reading.body.rfind("\n", 0, span[0]) + 1
    end = reading.body.find("\n", span[1])
    if _FORGED.search(reading.body, low, end if end >= 0 else len(reading.body)):
        return False
    for unit in reading.units:
        shared = min(unit.end, span[1]) - max(unit.start, span[0])
        if shared <= 0 or unit.role is UnitRole.FOOTER:
            continue
        named = any(unit.start <= m.start < unit.end for m in reading.of(brand))
        own += shared if unit.is_of(brand) or named else 0
    return 2 * own >= span[1] - span[0]
