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
    """Return (word, start, end) for each word of a text in order; the word is case-folded and
    NFKC-normalized.

    So case, composed accents, punctuation, white space and Markdown make no difference to a
    comparison of words.
    """
    return [
        (unicodedata.normalize("NFKC", found.group()).casefold(), *found.span())
        for found in _WORD.finditer(text)
    ]


def quote_offsets(quote: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) for each occurrence of a quote in a text, compared word by word; nothing
    for a quote without words.

    A quote may be cut by ellipses: its parts must then follow each other at most
    `_MAX_GAP_CHARACTERS` apart.
    """
    for chain in _part_offsets(quote, text):
        yield chain[0][0], chain[-1][1]


def _part_offsets(quote: str, text: str) -> Iterator[list[tuple[int, int]]]:
    """Yield, for each occurrence of a quote in a text, the (start, end) offsets of the parts
    between its ellipses, in order and at most `_MAX_GAP_CHARACTERS` apart.
    """
    words = word_offsets(text)
    parts = [[word for word, *_ in word_offsets(part)] for part in _CUT.split(quote)]
    parts = [part for part in parts if part]
    if not parts or (len(parts) > 1 and min(map(len, parts)) < _MIN_PART_WORDS):
        return
    spans = [list(_sequence_offsets(part, words)) for part in parts]
    if not spans[0] and _MARKER.match(quote):  # the body has no numbers of lists and headings
        yield from _part_offsets(_MARKER.sub("", quote), text)
        return
    for first in spans[0]:
        chain = [first]
        for after in spans[1:]:
            chain += after[(at := bisect_left(after, (chain[-1][1], 0))) : at + 1]
        near = all(b[0] - a[1] <= _MAX_GAP_CHARACTERS for a, b in pairwise(chain))
        if len(chain) == len(spans) and near:
            yield chain


def _sequence_offsets(
    part: list[str], words: list[tuple[str, int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) character offsets of each occurrence of a sequence of words in a text.

    Args:
        part: The wanted words, folded, at least one.
        words: The words of the text, from `word_offsets`.
    """
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
    """Return whether a quote occurs in the answer, in text about `reading.brand`.

    The text is about the brand if at least half of it is in units that belong to the brand or name
    the brand; see `overheard.Unit`. So text about another brand, or addressed to the judge, is no
    evidence.
    """
    return any(
        all(_is_span_about_brand(span, reading) for span in chain)
        for chain in _part_offsets(quote, reading.body)
    )


def _is_span_about_brand(span: tuple[int, int], reading: Reading) -> bool:
    """Return whether at least half of a (start, end) span of the answer is in units that belong to
    the brand or name the brand; False in a line that imitates a reply of a judge.
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
