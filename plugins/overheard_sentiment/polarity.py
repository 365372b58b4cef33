"""How a sentence speaks of one of those that it names.

Each word that judges goes to the nearest brand, where a clause's edge counts as a long way; brands
that are named in one breath ("Acme and Bolt") share it. In a sentence that names one brand alone,
all of it goes there. A brand that another is held against ("better than Bolt", "unlike Bolt") gets
the opposite of what is said of the other.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from overheard_sentiment.aspects import aspects
from overheard_sentiment.foils import Foil, foil
from overheard_sentiment.words import Words, words

Span = tuple[int, int]

_EDGES = {
    **dict.fromkeys((",", "(", ")", ":", "and", "because"), 6),
    **dict.fromkeys((";", "|", "\u2013", "\u2014", "yet"), 12),
    **dict.fromkeys((".", "although", "though", "while", "except", "despite"), 18),
    **dict.fromkeys(("but", "however", "whereas"), 24),
}
"""How many words the edge of a clause counts for, besides itself."""
_JOINING = frozenset({"and", "or", "nor", ",", "/", "&", "the", "a", "an", "both", "as", "well"})
_FADING = 0.06
"""A word's weight falls by this share with each word of distance."""
_ALONE = 0.5
"""By how much distances shrink in a sentence that names one brand alone."""
_REACH = 14
"""How far, in words and edges, a comparison reaches."""
_PASSED_OVER = -1.2
"""What "instead of Bolt" and "skip Bolt" say of Bolt."""
_SOFT = 15.0
"""Brings a sum of valences into -1 to 1 (VADER's constant)."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Brands named in one breath: first and last word of each.

    Attributes:
        spans: Indices of the words.
        mine: Whether the brand that is asked for is among them.
        foil: In which way another is held against them.
    """

    spans: tuple[Span, ...]
    mine: bool
    foil: Foil

    def takes(self, between: Sequence[str]) -> bool:
        """Whether the next brand is named in the same breath, after the words between."""
        aside = self.foil is Foil.ASIDE and "," in between
        return bool(between) and not aside and _JOINING.issuperset(between)


@dataclass(frozen=True, slots=True)
class Polarity:
    """How a sentence speaks of a brand.

    Attributes:
        value: -1 to 1; 0 where it does not judge.
        aspects: What it says of single aspects, such as ``price``, without bounds.
    """

    value: float
    aspects: Mapping[str, float]


def polarity(
    sentence: str, mine: Sequence[Span], others: Sequence[Span], *, against: bool = False
) -> Polarity:
    """Return how a sentence speaks of a brand.

    Args:
        sentence: The sentence.
        mine: Where it names the brand, as offsets.
        others: Where it names others.
        against: Whether the reader is advised against the brand in it.
    """
    said = words(sentence)
    groups = list(_groups(said, mine, others))
    passed_over = any(group.mine and group.foil is Foil.PASSED_OVER for group in groups)
    total = _PASSED_OVER if passed_over or against else 0.0
    judgements: list[tuple[int, float]] = []
    if any(said.valences):
        miles = _miles(said.texts, 1.0 if len(groups) > 1 else _ALONE)
        judgements = [
            (at, valence * sum(_shares(groups, miles, at)))
            for at, valence in enumerate(said.valences)
            if valence
        ]
    total += sum(value for _, value in judgements)
    return Polarity(total / math.sqrt(total * total + _SOFT), aspects(said.texts, judgements))


def _shares(groups: Sequence[_Group], miles: Sequence[float], at: int) -> Iterator[float]:
    """Yield what the brand gets of one judging word: 1 when it is said of the brand itself,
    -1 when it is said of one that the brand is held against, less with distance.
    """
    nearest, owner = math.inf, None
    for group in groups:
        distance = _distance(miles, at, group)
        if group.foil.owns(before=at < group.spans[0][0]):
            if distance < nearest:
                nearest, owner = distance, group
        elif group.mine and distance < _REACH:
            yield -math.exp(-_FADING * distance)
    if owner is not None and owner.mine:
        yield math.exp(-_FADING * nearest)


def _groups(said: Words, mine: Sequence[Span], others: Sequence[Span]) -> Iterator[_Group]:
    texts = said.texts
    group: _Group | None = None
    for span, asked in _places(said, mine, others):
        if group and group.takes(texts[group.spans[-1][1] + 1 : span[0]]):
            group = _Group((*group.spans, span), group.mine or asked, group.foil)
            continue
        if group:
            yield group
        group = _Group((span,), asked, foil(texts, span[0]))
    if group:
        yield group


def _places(said: Words, mine: Sequence[Span], others: Sequence[Span]) -> list[tuple[Span, bool]]:
    """Return the first and the last word of each name, in order, and whether it is asked for."""
    places = []
    for (start, end), asked in [*((s, True) for s in mine), *((s, False) for s in others)]:
        first, last = bisect_right(said.ends, start), bisect_left(said.starts, end) - 1
        if first <= last:
            places.append(((first, last), asked))
    return sorted(places)


def _miles(texts: Sequence[str], scale: float) -> list[float]:
    """Return how far the sentence's head each word and its end lie, in words and edges."""
    edges = _EDGES.get
    return list(accumulate([scale * (1 + edges(text, 0)) for text in texts], initial=0.0))


def _distance(miles: Sequence[float], at: int, group: _Group) -> float:
    return min(
        miles[first] - miles[at + 1] if at < first else max(0.0, miles[at] - miles[last + 1])
        for first, last in group.spans
    )
