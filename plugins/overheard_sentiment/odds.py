"""The odds that a clause names a drawback, learnt from labelled passages, for English.

A logistic regression over the words of a clause, their valences and its place; the weights in
``odds.txt`` are derived by ``training/odds.py`` and are read and reviewed like any other list.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

from overheard_sentiment.stems import stem
from overheard_sentiment.words import SentenceWords

LEARNT_DRAWBACK = 0.5
"""The log odds from which a clause in which no pattern finds a drawback names one: 62 %.

That no pattern finds anything is evidence against a drawback, and real answers name fewer of them
than the passages that are learnt from.
"""
_PREFIXES = ("dis", "im", "in", "mis", "over", "un")
_PREFIXED_LETTERS, _SUFFIXED_LETTERS = 7, 5
"""Letters of the shortest words whose first, or last, ones are a feature."""
_CACHED_WORDS = 16_384


def log_odds(text: SentenceWords, start: int, end: int, *, pro: bool = False) -> float:
    """Return the log odds (natural logarithm) that a clause names a drawback of its subject.

    Args:
        text: The words of a text whose names are masked by "Xx...".
        start: Offset of the clause in the text.
        end: Offset after the clause.
        pro: Whether the text is listed among the pros.
    """
    weight = _weights().get
    return sum(
        weight(name, 0.0) * value for name, value in clause_features(text, start, end, pro=pro)
    )


def clause_features(
    text: SentenceWords, start: int, end: int, *, pro: bool = False
) -> Iterator[tuple[str, float]]:
    """Yield (name, value) for each feature of a clause, each name once; arguments as in
    `log_odds`.
    """
    first, last = bisect_left(text.starts, start), bisect_left(text.starts, end)
    valences = text.valences[first:last]
    praise = sum(valence for valence in valences if valence > 0)
    blame = praise - sum(valences)
    tokens = [token for token in text.texts[first:last] if token[0].isalnum()]
    yield "=bias", 1.0
    yield "=words", math.log1p(len(tokens))
    if praise:
        yield "=praise", praise
        yield "=praises", 1.0
    if blame:
        yield "=blame", blame
        yield "=blames", 1.0
    if pro:
        yield "=pro", 1.0
    if first:
        before = text.texts[first - 1]
        yield ("=after a word" if before[0].isalnum() else f"=after {before}"), 1.0
    stems: list[str] = []
    forms: set[str] = set()
    for token in tokens:
        word, shown = _read(token)
        stems.append(word)
        forms.update(shown)
    for form in forms:
        yield form, 1.0
    if stems:
        yield f"^ {stems[0]}", 1.0
    for word in set(stems):
        yield word, 1.0
    for pair in set(map(" ".join, pairwise(stems))):
        yield pair, 1.0


@lru_cache(maxsize=_CACHED_WORDS)
def _read(token: str) -> tuple[str, tuple[str, ...]]:
    """Return (stem, names of the features of the form) of a word; numbers have the stem "#", masked
    names "x".
    """
    if token[0].isdigit():
        return "#", ()
    if not token.removesuffix("'s").strip("x"):
        return "x", ()
    forms = (
        ("=n't", token.endswith("n't")),
        ("=-er", len(token) >= _SUFFIXED_LETTERS and token.endswith("er")),
        ("=-less", len(token) >= _SUFFIXED_LETTERS and token.endswith("less")),
        ("=un-", len(token) >= _PREFIXED_LETTERS and token.startswith(_PREFIXES)),
    )
    return stem(token), tuple(name for name, has in forms if has)


@cache
def _weights() -> dict[str, float]:
    """Return the weight of each feature from ``odds.txt``."""
    text = files("overheard_sentiment").joinpath("odds.txt").read_text(encoding="utf-8")
    lines = (line.partition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for value, _, listed in lines for name in listed.split("|")}
