"""Whether a brand stands in a sentence for another to be held against it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

_BEATING = frozenset({"beats", "outperforms", "outshines", "surpasses", "trumps", "outclasses"})
_CHOOSING = frozenset({"prefer", "preferred", "choose", "chose", "pick", "picked", "recommend"})
_ARTICLES = frozenset({"the", "a", "an", "both"})
_PAIRS = frozenset({("superior", "to"), ("inferior", "to"), ("preferable", "to")})
_COMPARED = frozenset({("compared", "to"), ("compared", "with"), ("relative", "to")})
_TRAILING = frozenset({"lags", "falls", "trails", "lag", "fall", "trail", "lagging"})
_PASSING = frozenset({("instead", "of"), ("rather", "than")})


class Foil(Enum):
    """In which way another is held against a brand."""

    NONE = "none"
    BEHIND = "behind"
    """"better than Bolt": what stands before it is said of the other."""
    PASSED_OVER = "passed over"
    """"instead of Bolt": the same, and it is a judgement by itself."""
    ASIDE = "aside"
    """"unlike Bolt": nothing in the sentence is said of it."""

    def owns(self, *, before: bool) -> bool:
        """Whether a judging word before or behind such a brand may be said of it."""
        return self is Foil.NONE or (self is not Foil.ASIDE and not before)


def foil(texts: Sequence[str], first: int) -> Foil:
    """Say whether a brand is a foil.

    Args:
        texts: The words of the sentence, in lower case.
        first: Index of the brand's first word.
    """
    at = first - 1
    while at >= 0 and texts[at] in _ARTICLES:
        at -= 1
    if at < 0:
        return Foil.NONE
    pair = (texts[at - 1] if at else "", texts[at])
    if pair in _PASSING:
        return Foil.PASSED_OVER
    if texts[at] == "unlike" or pair in _COMPARED:
        return Foil.ASIDE
    chosen = texts[at] == "over" and not _CHOOSING.isdisjoint(texts[max(0, at - 8) : at])
    behind = texts[at] == "than" or texts[at] in _BEATING or pair in _PAIRS
    behind |= texts[at] == "as" and _is_unlike(texts[max(0, at - 7) : at])
    behind |= texts[at] == "behind" and pair[0] in _TRAILING
    return Foil.BEHIND if chosen or behind else Foil.NONE


def _is_unlike(before: Sequence[str]) -> bool:
    """Whether words say that one is not the other's equal: "not as reliable (as)"."""
    return any(
        word in {"as", "so", "nearly"}
        and (before[at - 1] == "not" or before[at - 1].endswith("n't"))
        for at, word in enumerate(before)
        if at
    )
