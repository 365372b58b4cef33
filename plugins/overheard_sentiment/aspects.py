"""The aspects of a brand that a sentence judges, such as price, support and ease of use."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from overheard_sentiment.lists import lists

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_REACH_WORDS = 4
"""Largest distance in words between a judging word and its aspect."""
_CLAUSE_EDGES = frozenset(".;|:") | lists("words").words("contrast") | {"yet", "however"}


def aspects(texts: Sequence[str], judgements: Iterable[tuple[int, float]]) -> dict[str, float]:
    """Return, by aspect such as ``price``, the sum of the valences of the judging words near it.

    A judging word counts for the aspect that is named nearest to it in its clause, within
    `_REACH_WORDS` words; without one it is left out. Aspects without a judging word are absent.

    Args:
        texts: The words of a sentence, in lower case.
        judgements: (index of a judging word, its valence for the brand); a positive valence is
            praise.
    """
    sums: dict[str, float] = defaultdict(float)
    for at, value in judgements:
        if aspect := _nearest(texts, at):
            sums[aspect] += value
    return dict(sums)


def aspect_of(text: str) -> str:
    """Return the aspect of the first word in a text that names one, such as ``price``; ``other`` if
    no word does.
    """
    aspect_words = _aspects_by_word()
    found = (aspect_words.get(word.casefold()) for word in _WORD.findall(text))
    return next(filter(None, found), "other")


def _nearest(texts: Sequence[str], at: int) -> str:
    """Return the aspect named nearest to the judging word at index `at`, at most `_REACH_WORDS`
    words away and in the same clause; "" without one.

    The judging word may name the aspect itself. At the same distance, the word after it wins.
    """
    aspect_words = _aspects_by_word()
    if aspect_words.keys().isdisjoint(texts[max(0, at - _REACH_WORDS) : at + _REACH_WORDS + 1]):
        return ""
    open_directions = {1, -1}
    for distance in range(_REACH_WORDS + 1):
        for direction in (1, -1):
            place = at + direction * distance
            if direction not in open_directions or not 0 <= place < len(texts):
                continue
            text = texts[place]
            if text in _CLAUSE_EDGES:
                open_directions.discard(direction)
            elif text in aspect_words:
                return aspect_words[text]
    return ""


@cache
def _aspects_by_word() -> Mapping[str, str]:
    """Return the aspect that each word of ``aspects.txt`` names, such as ``price`` for "cost"."""
    lines = (line.partition(":") for line in lists("aspects").lines())
    return {word: aspect for aspect, _, listed in lines for word in listed.split()}
