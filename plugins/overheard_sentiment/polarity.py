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
from functools import lru_cache
from itertools import accumulate

from overheard_sentiment.aspects import aspects
from overheard_sentiment.comparisons import Comparison, Foil, comparison
from overheard_sentiment.words import Words, words

Span = tuple[int, int]

_EDGES = {
    **dict.fromkeys((",", "(", ")", ":", "and", "because"), 6),
    **dict.fromkeys((";", "|", "\u2013", "\u2014", "yet"), 12),
    **dict.fromkeys((".", "although", "though", "while", "except", "despite"), 18),
    **dict.fromkeys(("but", "however", "whereas"), 24),
}
"""How many words the edge of a clause counts for, besides itself."""
_JOINING = frozenset(
    {"and", "or", "nor", ",", "/", "&", "the", "a", "an", "both", "as", "well", "then", "finally"}
)
_FADING = 0.06
"""A word's weight falls by this share with each word of distance."""
_ALONE = 0.5
"""By how much distances shrink in a sentence that names one brand alone."""
_REACH = 14
"""How far, in words and edges, a comparison reaches."""
_CONTRASTS = frozenset({"but", "although", "though", "while", "yet", "however", "despite", ";"})
_MIXED = 0.3
"""The share of the stronger side that the weaker must have for a sentence to be mixed."""
_TAKEN_BACK = 0.5
_JUDGING = 5
"""How many words before a comparison may judge in its place: "far more reliable than"."""
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
        compared: How they are compared.
    """

    spans: tuple[Span, ...]
    mine: bool
    compared: Comparison

    def takes(self, between: Sequence[str]) -> bool:
        """Whether the next brand is named in the same breath, after the words between."""
        aside = self.compared.foil is Foil.ASIDE and "," in between
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
    found = words(sentence)
    groups = list(_groups(sentence, found, mine, others))
    passed_over = any(group.mine and group.compared.foil is Foil.PASSED_OVER for group in groups)
    total = _PASSED_OVER if passed_over or against else 0.0
    said = {at: valence for at, valence in enumerate(found.valences) if valence}
    _compare(groups, said)
    judgements: list[tuple[int, float]] = []
    if said:
        miles = _miles(found.texts, 1.0 if len(groups) > 1 else _ALONE)
        judgements = [
            (at, value * sum(_shares(groups, miles, at))) for at, value in sorted(said.items())
        ]
    total += _summed(judgements, found.texts)
    return Polarity(total / math.sqrt(total * total + _SOFT), aspects(found.texts, judgements))


def _summed(judgements: Sequence[tuple[int, float]], texts: Sequence[str]) -> float:
    """Add up what is said; praise that is taken back ("..., but it is slow") counts for"
    " little.
    """
    total = sum(value for _, value in judgements)
    praise = sum(value for _, value in judgements if value > 0)
    blame = praise - total
    mixed = min(praise, blame) > _MIXED * max(praise, blame)
    if mixed and judgements[-1][1] < 0 and not _CONTRASTS.isdisjoint(texts):
        return total * _TAKEN_BACK
    return total


def _compare(groups: Sequence[_Group], said: dict[int, float]) -> None:
    """Add what comparisons say where no word near them judges, or where they say it for sure."""
    for group in groups:
        compared, first = group.compared, group.spans[0][0]
        if compared.sure:
            for place in range(compared.at, first):
                said.pop(place, None)
        near = range(max(0, compared.at - _JUDGING), first)
        if compared.said and (compared.sure or said.keys().isdisjoint(near)):
            said[compared.at] = compared.said


def _shares(groups: Sequence[_Group], miles: Sequence[float], at: int) -> Iterator[float]:
    """Yield what the brand gets of one judging word: 1 when it is said of the brand itself,
    -1 when it is said of one that the brand is held against, less with distance.
    """
    nearest, owner = math.inf, None
    for group in groups:
        distance = _distance(miles, at, group)
        if group.compared.owns(before=at < group.spans[0][0]):
            if distance < nearest:
                nearest, owner = distance, group
        elif group.mine and distance < _REACH and group.compared.foil is not Foil.APART:
            sign = 1 if group.compared.foil is Foil.EQUAL else -1
            yield sign * math.exp(-_FADING * distance)
    if owner is not None and owner.mine:
        yield math.exp(-_FADING * nearest)


def _groups(
    sentence: str, found: Words, mine: Sequence[Span], others: Sequence[Span]
) -> Iterator[_Group]:
    texts = found.texts
    group: _Group | None = None
    for span, asked in _places(found, mine, others):
        if group and group.takes(texts[group.spans[-1][1] + 1 : span[0]]):
            group = _Group((*group.spans, span), group.mine or asked, group.compared)
            continue
        if group:
            yield group
        group = _Group((span,), asked, _compared(sentence, *span))
    if group:
        yield group


@lru_cache(maxsize=4096)
def _compared(sentence: str, first: int, last: int) -> Comparison:
    """Return how a brand is compared in a sentence: the same, whichever brand is scored."""
    return comparison(words(sentence).texts, first, last)


def _places(found: Words, mine: Sequence[Span], others: Sequence[Span]) -> list[tuple[Span, bool]]:
    """Return the first and the last word of each name, in order, and whether it is asked for."""
    places = []
    for (start, end), asked in [*((s, True) for s in mine), *((s, False) for s in others)]:
        first, last = bisect_right(found.ends, start), bisect_left(found.starts, end) - 1
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
