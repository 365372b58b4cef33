"""The style of an answer: thirteen numerical features of its Markdown, independent of content."""

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

DISTINCT_WORDS_OF = 100
"""Leading words for the share of distinct words, which falls with the length of a text."""


def _count(pattern: re.Pattern[str]) -> Callable[[str, list[str]], float]:
    """Return a feature: log(1 + number of matches), so that long lists do not dominate."""
    return lambda text, _: log1p(len(pattern.findall(text)))


def _density(pattern: re.Pattern[str]) -> Callable[[str, list[str]], float]:
    """Return a feature: the number of matches per word."""
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
    "different words": lambda _, words: _different(words[:DISTINCT_WORDS_OF]),
    "pauses": _density(_PAUSE),
    "first person": _density(_FIRST_PERSON),
    "questions": _count(re.compile(r"\?")),
    "exclamations": _count(re.compile(r"!(?!\[)")),
}

FEATURES = tuple(_FEATURES)
"""Names of the features. "pauses" are commas, semicolons, colons, dashes and brackets per word."""


def style(text: str) -> tuple[float, ...] | None:
    """Return the 13 features of an answer's style, in the order of `FEATURES`; None for a text
    without words.

    The length in words, and the counts of elements (bullets, links, questions ...), are given as
    log(1 + count). Pauses and words in the first person are given per word. The word length is the
    mean in characters; different words are a share, 0 to 1, of the first `DISTINCT_WORDS_OF` words.
    """
    words = _WORD.findall(text)
    return tuple(feature(text, words) for feature in _FEATURES.values()) if words else None


def _different(words: list[str]) -> float:
    return len({word.casefold() for word in words}) / len(words)
