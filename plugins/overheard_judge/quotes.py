"""Quotes of a judge: where they are in the answer, and whose lines they quote."""

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
_FORGED = re.compile(r"[\"'](?:brands?|tone|sentiment|verdict|check|facts|claims)[\"']\s*:")
"""Keys of a reply in an answer: its line is addressed to a judge."""
_MIN_PART_WORDS = 2
"""Words of each part of a quote that is cut by an ellipsis."""
_MAX_GAP_CHARACTERS = 600
"""Most characters that an ellipsis may leave out."""


def word_offsets(text: str) -> list[tuple[str, int, int]]:
    """Return (word, start, end) for each word of a text in order, with offsets in the text.

    The word is case-folded and NFKC-normalized, so that case, composed accents, punctuation, white
    space and Markdown make no difference when words are compared.
    """
    return [
        (unicodedata.normalize("NFKC", found.group()).casefold(), *found.span())
        for found in _WORD.finditer(text)
    ]


def quote_offsets(quote: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) for each occurrence of a quote in a text, in order; nothing for a quote
    without words.

    Words are compared, without case and punctuation. A quote may be cut by ellipses; then its parts
    must follow each other at most `_MAX_GAP_CHARACTERS` apart.
    """
    for part_spans in _part_offsets(quote, text):
        yield part_spans[0][0], part_spans[-1][1]


def _part_offsets(quote: str, text: str) -> Iterator[list[tuple[int, int]]]:
    """Yield, for each occurrence of a quote in a text, the (start, end) offsets of its parts.

    Ellipses ("...") divide a quote into parts; without one there is a single part. Each part must
    follow the one before at most `_MAX_GAP_CHARACTERS` later; its first such place counts. Nothing
    is yielded for a quote without words, or if one of several parts has fewer than
    `_MIN_PART_WORDS` words. A quote that begins like a numbered item ("1. ") and does not occur is
    searched again without the number.
    """
    words = word_offsets(text)
    parts = [[word for word, *_ in word_offsets(part)] for part in _CUT.split(quote)]
    parts = [part for part in parts if part]
    if not parts or (len(parts) > 1 and min(map(len, parts)) < _MIN_PART_WORDS):
        return
    places_of_parts = [list(_sequence_offsets(part, words)) for part in parts]
    if not places_of_parts[0] and _MARKER.match(quote):
        # The text has no numbers of lists and headings.
        yield from _part_offsets(_MARKER.sub("", quote), text)
        return
    for first in places_of_parts[0]:
        spans = [first]
        for places in places_of_parts[1:]:
            following = bisect_left(places, (spans[-1][1], 0))
            spans += places[following : following + 1]
        gaps = (after[0] - before[1] for before, after in pairwise(spans))
        if len(spans) == len(parts) and all(gap <= _MAX_GAP_CHARACTERS for gap in gaps):
            yield spans


def _sequence_offsets(
    part: list[str], words: list[tuple[str, int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) character offsets of each occurrence of a sequence of words in a text,
    in order.

    Args:
        part: The wanted words, normalized as in `word_offsets`, at least one.
        words: The words of the text, from `word_offsets`.
    """
    joined = "\0"  # each word between two zero characters
    word_at: dict[int, int] = {}  # index of the word, by the offset of the zero before it
    for index, (word, *_) in enumerate(words):
        word_at[len(joined) - 1] = index
        joined += f"{word}\0"
    wanted = "\0" + "\0".join(part) + "\0"
    offset = joined.find(wanted)
    while offset >= 0:
        first = word_at[offset]
        last = first + len(part) - 1
        yield words[first][1], words[last][2]
        offset = joined.find(wanted, offset + 1)


def is_quote_about_brand(quote: str, reading: Reading) -> bool:
    """Return whether a quote occurs in the answer, in text about `reading.brand`.

    One occurrence is enough; each of its parts between ellipses must be about the brand. A part is
    if at least half of its characters are in units that belong to the brand or name the brand. So
    text about another brand, or addressed to the judge, is no evidence.
    """
    return any(
        all(_is_span_about_brand(span, reading) for span in part_spans)
        for part_spans in _part_offsets(quote, reading.body)
    )


def _is_span_about_brand(span: tuple[int, int], reading: Reading) -> bool:
    """Return whether at least half of the characters of a (start, end) span of the answer are in
    units that belong to the brand or name the brand.

    Footers do not count. False if one of the span's lines imitates a judge's reply: it has a key
    such as ``"verdict":``.
    """
    start, end = span
    brand = reading.brand.name
    line_start = reading.body.rfind("\n", 0, start) + 1
    line_end = reading.body.find("\n", end)
    if line_end < 0:
        line_end = len(reading.body)
    if _FORGED.search(reading.body, line_start, line_end):
        return False
    characters_about_brand = 0
    for unit in reading.units:
        shared_characters = min(unit.end, end) - max(unit.start, start)
        if shared_characters <= 0 or unit.role is UnitRole.FOOTER:
            continue
        names_brand = any(unit.start <= m.start < unit.end for m in reading.of(brand))
        if names_brand or unit.is_of(brand):
            characters_about_brand += shared_characters
    return 2 * characters_about_brand >= end - start
