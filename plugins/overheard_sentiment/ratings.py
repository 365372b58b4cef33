"""What marks and stars say: "4.7/5", "9 out of 10", "★★★☆☆"."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HINTS = ("/5", "/ 5", "/10", "/ 10", "out of", "star", "⭐", "★", "/100")
_RATING = re.compile(
    r"\b(?P<given>\d{1,3}(?:[.,]\d{1,2})?)\s?(?:/|out of)\s?(?P<most>100|10|5)\b(?![/%])"
    r"|\b(?P<number>[1-5](?:[.,]\d)?)[\s-]?(?:⭐|★|stars?\b)"
    r"|[⭐★]{1,5}[☆✩]{0,4}"
)
_MIDDLE = 0.64
"""The share of the best mark that neither praises nor blames: 3.2 of 5."""
_STEEP = 6.5
_MOST = 2.2


def ratings(sentence: str) -> Iterator[tuple[int, int, float]]:
    """Yield where a sentence gives marks, and what they say on the scale of the lexicon."""
    if any(hint in sentence for hint in _HINTS):
        for found in _RATING.finditer(sentence):
            share = _share(found)
            if share <= 1:
                value = (share - _MIDDLE) * _STEEP
                yield *found.span(), max(-_MOST, min(_MOST, value))


def _share(found: re.Match[str]) -> float:
    """Return a mark's share of the best one."""
    if found["given"]:
        return _number(found["given"]) / float(found["most"])
    if found["number"]:
        return _number(found["number"]) / 5
    return sum(map(found.group().count, "⭐★")) / 5


def _number(text: str) -> float:
    return float(text.replace(",", "."))
