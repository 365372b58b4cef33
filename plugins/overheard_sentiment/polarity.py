"""The polarity of a sentence toward one of the brands that the sentence names.

Each judging word is attributed to the nearest brand; the edge of a clause counts as many words of
distance. Brands in an enumeration ("Acme and Bolt") share the word. In a sentence with a single
brand, all words are attributed to that brand. A brand that another brand is compared with ("better
than Bolt", "unlike Bolt") gets the opposite of the judgement about the other brand.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from overheard_sentiment.aspects import aspects
from overheard_sentiment.comparisons import NO_COMPARISON, BrandComparison, Foil, comparison
from overheard_sentiment.lists import lists
from overheard_sentiment.words import SentenceWords, sentence_words

Span = tuple[int, int]

_EDGES = {
    **dict.fromkeys((",", "(", ")", ":", "and", "because"), 6),
    **dict.fromkeys((";", "|", "\u2013", "\u2014", "yet"), 12),
    **dict.fromkeys((".", "although", "though", "while", "except", "despite"), 18),
    **dict.fromkeys(("but", "however", "whereas"), 24),
}
"""Words of distance that the edge of a clause counts for, in addition to itself."""
_JOINING = frozenset(",/&") | lists("words").words("joining")
"""Words that join the brands of an enumeration."""
_DECAY_PER_WORD = 0.06
"""The weight of a judging word is exp(-this x distance in words)."""
_SINGLE_BRAND_SCALE = 0.5
"""Factor of distances in a sentence with a single brand."""
_COMPARISON_REACH = 14
"""Largest distance of a judging word, in words and edges, that a comparison applies to."""
_COMPARED_WORDS = 5
"""Words before a comparison that may judge instead of it: "far more reliable than"."""
_ADVICE_SPAN: Span = (0, 0)
"""Offsets that stand for being advised against or passed over, which no single word expresses."""
_MIN_JUDGEMENT = 0.3
"""Smallest weighted valence of a word that counts as a judgement."""


class _Group(NamedTuple):
    """The brands of an enumeration such as "Acme and Bolt", or a single brand.

    Attributes:
        spans: Indices of the first and last word of each name.
        has_brand: Whether the scored brand is among them.
        comparison: How the first brand is compared with another brand.
    """

    spans: tuple[Span, ...]
    has_brand: bool
    comparison: BrandComparison

    def continues(self, between: Sequence[str]) -> bool:
        """Return whether the next brand belongs to the enumeration, by the words in between.

        Each of them must join brands, such as "and"; brands side by side do not belong together.
        After "unlike Bolt", a comma ends the enumeration.

        Args:
            between: The words between the last name and the next one, in lower case.
        """
        aside = self.comparison.foil is Foil.ASIDE and "," in between
        return bool(between) and not aside and _JOINING.issuperset(between)


class Polarity(NamedTuple):
    """How a sentence judges a brand.

    Attributes:
        aspects: Sum of the valences by aspect, such as ``price``; without bounds.
        praise: (start, end) offsets of the words that praise the brand.
        blame: (start, end) offsets of the words that find fault with the brand.
    """

    aspects: Mapping[str, float]
    praise: tuple[Span, ...] = ()
    blame: tuple[Span, ...] = ()


@lru_cache(maxsize=32)  # brands may share a line
def polarity(
    sentence: str, own: tuple[Span, ...], others: tuple[Span, ...], *, against: bool = False
) -> Polarity:
    """Return how a sentence judges a brand, with comparisons between brands taken into account.

    A word judges the brand when its valence, weighted by the distance from the brand, is at least
    `_MIN_JUDGEMENT` in size. Advice against the brand, and passing it over ("instead of Bolt"),
    count as one more word of blame, with the offsets (0, 0).

    Args:
        sentence: The sentence, with its names masked.
        own: (start, end) offsets of the brand's mentions, in characters.
        others: (start, end) offsets of the mentions of other brands.
        against: Whether the sentence advises the reader against the brand.
    """
    parsed = sentence_words(sentence)
    groups = _groups(parsed, own, others)
    is_compared = any(group.comparison is not NO_COMPARISON for group in groups)
    passed_over = is_compared and any(
        group.has_brand and group.comparison.foil is Foil.PASSED_OVER for group in groups
    )
    valences = {index: valence for index, valence in enumerate(parsed.valences) if valence}
    if is_compared:
        _apply_comparisons(groups, valences)
    advice = (_ADVICE_SPAN,) if passed_over or against else ()
    if not valences:
        return Polarity({}, (), advice)
    scale = 1.0 if len(groups) > 1 else _SINGLE_BRAND_SCALE
    steps = [scale * (1 + _EDGES.get(text, 0)) for text in parsed.texts]
    positions = list(accumulate(steps, initial=0.0))
    judgements = [
        (index, value * _signed_weight(groups, positions, index))
        for index, value in sorted(valences.items())
    ]
    praise: list[Span] = []
    blame: list[Span] = []
    for index, judged in judgements:
        if abs(judged) >= _MIN_JUDGEMENT and index < len(parsed.starts):
            span = (parsed.starts[index], parsed.ends[index])
            (praise if judged > 0 else blame).append(span)
    return Polarity(aspects(parsed.texts, judgements), tuple(praise), (*blame, *advice))


def _apply_comparisons(groups: Sequence[_Group], valences: dict[int, float]) -> None:
    """Change `valences` so that they hold the valences of comparisons.

    A sure comparison ("was outperformed by") removes the valences of all words from its own to the
    brand. Any other comparison has its own valence only if no word judges among the
    `_COMPARED_WORDS` words before it and up to the brand.

    Args:
        valences: The valences other than 0, by the index of the word.
    """
    for group in groups:
        compared, first = group.comparison, group.spans[0][0]
        if compared.sure:
            for index in range(compared.at, first):
                valences.pop(index, None)
        near = range(max(0, compared.at - _COMPARED_WORDS), first)
        if compared.valence and (compared.sure or valences.keys().isdisjoint(near)):
            valences[compared.at] = compared.valence


def _signed_weight(groups: Sequence[_Group], positions: Sequence[float], index: int) -> float:
    """Return the sum of the weights, each between -1 and 1, of a judging word for the scored brand.

    The size of a weight falls with the distance. If the brand is the nearest one that the word may
    judge, one weight is positive. Each comparison within `_COMPARISON_REACH` that puts another
    brand above the scored brand adds a negative weight, and "as good as" adds a positive one.
    0 when the word judges only other brands.

    Args:
        positions: The position of each word, in words with more for the edges of clauses.
    """
    nearest, owner, weight = math.inf, None, 0.0
    for group in groups:
        distance = _distance(positions, index, group)
        if group.comparison.owns(before=index < group.spans[0][0]):
            if distance < nearest:
                nearest, owner = distance, group
        elif (
            group.has_brand
            and distance < _COMPARISON_REACH
            and group.comparison.foil is not Foil.APART
        ):
            sign = 1 if group.comparison.foil is Foil.EQUAL else -1
            weight += sign * math.exp(-_DECAY_PER_WORD * distance)
    if owner is not None and owner.has_brand:
        weight += math.exp(-_DECAY_PER_WORD * nearest)
    return weight


def _groups(parsed: SentenceWords, own: Sequence[Span], others: Sequence[Span]) -> list[_Group]:
    """Return the brands of a sentence in order; the brands of an enumeration ("Acme and Bolt") are
    one group. Empty for a sentence without names.

    How a brand is compared is kept in `parsed`, because it is the same for each brand that is
    scored.

    Args:
        own: (start, end) offsets of the scored brand's mentions, in characters.
        others: (start, end) offsets of the mentions of other brands.
    """
    texts, comparisons = parsed.texts, parsed.comparisons
    groups: list[_Group] = []
    for span, is_own in _brand_places(parsed, own, others):
        if groups and (group := groups[-1]).continues(texts[group.spans[-1][1] + 1 : span[0]]):
            groups[-1] = _Group((*group.spans, span), group.has_brand or is_own, group.comparison)
            continue
        if span not in comparisons:
            comparisons[span] = comparison(texts, *span)
        groups.append(_Group((span,), is_own, comparisons[span]))
    return groups


def _brand_places(
    parsed: SentenceWords, own: Sequence[Span], others: Sequence[Span]
) -> list[tuple[Span, bool]]:
    """Return ((index of the first word, index of the last word), whether it is the scored brand)
    for each name, in the order of the sentence. A name that covers no word is left out.

    Args:
        own: (start, end) offsets of the scored brand's mentions, in characters.
        others: (start, end) offsets of the mentions of other brands.
    """
    places = []
    for spans, is_own in ((own, True), (others, False)):
        for start, end in spans:
            first, last = bisect_right(parsed.ends, start), bisect_left(parsed.starts, end) - 1
            if first <= last:
                places.append(((first, last), is_own))
    return sorted(places)


def _distance(positions: Sequence[float], index: int, group: _Group) -> float:
    """Return the distance of a word from the nearest name of a group; 0 for a word of a name.

    Args:
        positions: The position of each word and of the end, in words with more for the edges of
            clauses.
    """
    return min(
        [
            positions[first] - positions[index + 1]
            if index < first
            else max(0.0, positions[index] - positions[last + 1])
            for first, last in group.spans
        ]
    )
