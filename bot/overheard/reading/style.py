"""How an answer is written, apart from what it says: thirteen features, read off its Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import log1p

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_BULLET = re.compile(r"^[ \t]*[-*+\u2022][ \t]", re.MULTILINE)
_NUMBERED = re.compile(r"^[ \t]*\d{1,3}[.)][ \t]", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t]", re.MULTILINE)
_BOLD = re.compile(r"\*\*[^*\n]{1,200}\*\*|__[^_\n]{1,200}__")
_LINK = re.compile(r"https?://|\bwww\.")
_EMOJI = re.compile("[\u2600-\u27bf\u2b50\u2b55\U0001f300-\U0001faff]")
_PAUSE = re.compile("[,;:()\u2013\u2014]")
_FIRST_PERSON = re.compile(r"\b(?:i|i'm|i'd|i'll|i've|me|my|we|our|us)\b", re.IGNORECASE)

OPENING = 100
"""How many words the share of different words is taken of: in longer texts it falls by itself."""


def _count(pattern: re.Pattern[str]) -> Callable[[str, list[str]], float]:
    """Return a feature that counts: on the scale of logarithms, so that long lists do not rule."""
    return lambda text, _: log1p(len(pattern.findall(text)))


def _density(pattern: re.Pattern[str]) -> Callable[[str, list[str]], float]:
    """Return a feature that counts for each word."""
    return lambda text, words: len(pattern.findall(text)) / len(words)


_FEATURES: dict[str, Callable[[str, list[str]], float]] = {
    "length": lambda _, words: log1p(len(words)),
    "bullets": _count(_BULLET),
    "numbered items": _count(_NUMBERED),
    "headings": _count(_HEADING),
    "bold": _count(_BOLD),
    "links": _count(_LINK),
    "emoji": _count(_EMOJI),
    "word length": lambda _, words: sum(map(len, words)) / len(words),
    "different words": lambda _, words: _different(words[:OPENING]),
    "pauses": _density(_PAUSE),
    "first person": _density(_FIRST_PERSON),
    "questions": _count(re.compile(r"\?")),
    "exclamations": _count(re.compile(r"!(?!\[)")),
}

FEATURES = tuple(_FEATURES)
"""Their names. "pauses" are commas, semicolons, colons, dashes and brackets a word."""


def style(text: str) -> tuple[float, ...] | None:
    """Return the features of an answer, in the order of `FEATURES`; None when it has no words.

    Counts are logarithms of 1 + the count; densities are for each word; the length is the
    logarithm of 1 + the number of words.
    """
    words = _WORD.findall(text)
    return tuple(feature(text, words) for feature in _FEATURES.values()) if words else None


def _different(words: list[str]) -> float:
    return len({word.casefold() for word in words}) / len(words)
