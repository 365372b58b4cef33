"""What about a brand is judged: its price, its support, how easy it is to use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

_REACH = 4
"""How many words from a judging word its aspect may be named."""
_EDGES = frozenset(".;|:") | {"but", "although", "though", "while", "whereas", "yet", "however"}


def aspects(texts: Sequence[str], judgements: Iterable[tuple[int, float]]) -> dict[str, float]:
    """Return how each aspect is judged.

    Args:
        texts: The words of a sentence, in lower case.
        judgements: Indices of judging words, with what each says of the brand.

    Returns:
        The sum of the judgements of each aspect that is named.
    """
    found: dict[str, float] = defaultdict(float)
    for at, value in judgements:
        if aspect := _nearest(texts, at):
            found[aspect] += value
    return dict(found)


def _nearest(texts: Sequence[str], at: int) -> str:
    """Return the aspect that is named nearest to a judging word, in the same clause."""
    known = _words()
    open_ends = {1, -1}
    for distance in range(_REACH + 1):
        for way in (1, -1):
            place = at + way * distance
            if way not in open_ends or not 0 <= place < len(texts):
                continue
            text = texts[place]
            if text in _EDGES:
                open_ends.discard(way)
            elif text in known:
                return known[text]
    return ""


@cache
def _words() -> Mapping[str, str]:
    text = files("overheard_sentiment").joinpath("aspects.txt").read_text(encoding="utf-8")
    lines = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {word: aspect for aspect, _, listed in lines for word in listed.split()}
