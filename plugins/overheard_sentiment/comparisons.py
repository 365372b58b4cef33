"""Comparisons in a sentence: which brand is compared with another, and what that says of both."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache

from overheard_sentiment.lists import lists, valued
from overheard_sentiment.stems import stem, stems

_WORDS = lists("words")
_ADVICE = frozenset("|".join(_WORDS.lines("advice")).split("|"))
"""Verbs that recommend the next name, when the verb begins a clause."""
_PARTICLES = frozenset({"at", "out", "with", "for", "to", "towards"})
_OPENING = frozenset(".,;:!|\u2013\u2014)") | _WORDS.words("opening")


def advice_start(texts: Sequence[str], at: int) -> int | None:
    """Return the index at which an advice begins that ends with the word at index `at`, such as
    "try" or "look at"; None without one. The verb must be the first word of a clause.

    Args:
        texts: The words of the sentence, in lower case.
        at: Index of the word before a name.
    """
    verb = at - 1 if texts[at] in _PARTICLES else at
    if verb < 0 or " ".join(texts[verb : at + 1]) not in _ADVICE:
        return None
    return verb if not verb or texts[verb - 1] in _OPENING else None


def listed_comparison(before: Sequence[str], after: Sequence[str]) -> tuple[int, float] | None:
    """Return (number of words before the brand, valence for the other brand) of a comparison from
    ``comparisons.txt`` around a brand; None without one. The comparison with the most words wins.

    Args:
        before: The stems before the brand with which another brand is compared; at least one.
        after: The stems after that brand.
    """
    for head, tail, valence in _patterns().get(before[-1], ()):
        if tuple(before[-len(head) :]) == head and tuple(after[: len(tail)]) == tail:
            return len(head), valence
    return None


@cache
def _patterns() -> dict[str, list[tuple[tuple[str, ...], tuple[str, ...], float]]]:
    """Return the comparisons of ``comparisons.txt`` by the last stem before the brand; read once.

    Each is (stems before the brand, stems after the brand, valence for the other brand). Those with
    the most stems come first.
    """
    patterns: dict[str, list[tuple[tuple[str, ...], tuple[str, ...], float]]] = {}
    for head, tail, valence in sorted(_lines(), key=lambda line: -len(line[0]) - len(line[1])):
        patterns.setdefault(head[-1], []).append((head, tail, valence))
    return patterns


def _lines() -> Iterator[tuple[tuple[str, ...], tuple[str, ...], float]]:
    """Yield each comparison of ``comparisons.txt`` in its order: (stems before the brand, stems
    after the brand, valence for the other brand).

    A line is a valence and, after a space, phrases separated by "|", in which "_" is the brand.
    """
    for phrase, valence in valued("comparisons", divider="|"):
        head, _, tail = phrase.partition("_")
        yield tuple(map(stem, head.split())), tuple(map(stem, tail.split())), valence


_ARTICLES = frozenset({"the", "a", "an", "both", "any", "either"})
_COMPARED = frozenset({("compar", "to"), ("compar", "with"), ("relativ", "to"), ("next", "to")})
_PASSING = frozenset({("instead", "of"), ("rather", "than")})
_CHOOSING = stems(_WORDS.words("choosing"))
_MOVING_VERBS = stems(_WORDS.words("moving"))
_SWAPPING_VERBS = stems(_WORDS.words("swapping"))
_COSTING = stems(_WORDS.words("costing"))
_EQUALLY = frozenset({"as", "so", "nearly", "same"})
_CLAUSES = frozenset({"which", "whose", "who", "where", "("})
"""Beginnings of a clause about the brand named last: "than Bolt, which is slow"."""
_THAN = frozenset({"比", "чем", "als", "dan"})
_THAN_BEHIND = frozenset({"より", "보다"})
_DEGREES = tuple(_WORDS.words("degrees"))
_THAN_AFTER: Mapping[str, tuple[str, ...]] = {"que": _DEGREES, "di": _DEGREES, "من": ("أ",)}
"""Words that mean "than" after a word with one of these beginnings."""
_WINDOW_WORDS = 8
"""Words before and after a name that are searched for a comparison."""
_CHOSEN_VALENCE = 1.5
"""The valence of choosing a brand over another."""
_ADVISED_VALENCE = 1.3
"""The valence of advising the reader to take a brand."""


class Foil(Enum):
    """How another brand is compared with a brand, here Bolt."""

    NONE = "none"
    BEHIND = "behind"
    """"better than Bolt": what is said of the other is said against Bolt."""
    PASSED_OVER = "passed over"
    """"instead of Bolt": the same, and it is a judgement by itself."""
    ASIDE = "aside"
    """"unlike Bolt": the same, anywhere in the sentence."""
    EQUAL = "equal"
    """"as good as Bolt": what is said of the other is said of Bolt too."""
    APART = "apart"
    """"an alternative to Bolt": nothing is said of Bolt."""


@dataclass(frozen=True, slots=True)
class BrandComparison:
    """How another brand is compared with a brand.

    Attributes:
        foil: The kind of the comparison.
        at: Index of the word that expresses the comparison.
        valence: The valence of this word for the other brand, unless the words around it judge.
        sure: Whether the words around it do not matter: "was outperformed by".
        speaks: Whether the text after the brand is about the brand: "than Bolt, which is slow".
    """

    foil: Foil = Foil.NONE
    at: int = 0
    valence: float = 0.0
    sure: bool = False
    speaks: bool = True

    def owns(self, *, before: bool) -> bool:
        """Return whether a judging word on one side of the brand may judge the brand.

        It may on both sides without a comparison. With one, only words after the brand may, and
        only if the text there `speaks` of the brand.

        Args:
            before: Whether the word is before the brand.
        """
        return self.foil is Foil.NONE or (self.speaks and not before)


NO_COMPARISON = BrandComparison()


@dataclass(frozen=True, slots=True)
class _NearbyWords:
    """The words before a brand, their stems, and the stems after the brand."""

    words: Sequence[str]
    before: Sequence[str]
    after: Sequence[str]


def comparison(texts: Sequence[str], first: int, last: int) -> BrandComparison:
    """Return how a sentence compares another brand with the brand at some of its words.

    Without a comparison, the result has `Foil.NONE`; after an advice such as "try", it then has the
    advice's place and valence. Articles before the brand are skipped.

    Args:
        texts: The words of the sentence, in lower case.
        first: Index of the brand's first word.
        last: Index of the brand's last word.
    """
    if "".join(texts[last + 1 : last + 3]) in _THAN_BEHIND:
        return BrandComparison(Foil.BEHIND, last + 1, speaks=False)
    at = first - 1
    while at >= 0 and texts[at] in _ARTICLES:
        at -= 1
    if at < 0:
        return NO_COMPARISON
    result = _compared(texts, at, last + 1)
    if result.foil is Foil.NONE:
        verb = advice_start(texts, at)
        return NO_COMPARISON if verb is None else BrandComparison(at=verb, valence=_ADVISED_VALENCE)
    follows = [text for text in texts[last + 1 : last + 3] if text != ","]
    return replace(result, speaks=bool(follows) and follows[0] in _CLAUSES)


def _compared(texts: Sequence[str], at: int, behind: int) -> BrandComparison:
    """Return the comparison that the words around a brand express; `Foil.NONE` without one.

    The first rule that holds wins: "instead of", the comparisons of ``comparisons.txt``, "unlike",
    a swap ("swap Bolt for"), and the word right before the brand, such as "than".

    Args:
        at: Index of the last word before the brand, without articles.
        behind: Index of the first word after the brand.
    """
    last = stem(texts[at])
    if not (last in _patterns() or last in _SWAPPING_VERBS or texts[at] in _COMPARING):
        return NO_COMPARISON  # as for most names
    before = [stem(text) for text in texts[max(0, at - _WINDOW_WORDS) : at + 1]]
    after = [stem(text) for text in texts[behind : behind + _WINDOW_WORDS]]
    pair = (before[-2] if at else "", texts[at])
    if pair in _PASSING:
        return BrandComparison(Foil.PASSED_OVER, at)
    if match := listed_comparison(before, after):
        return BrandComparison(Foil.BEHIND, at + 1 - match[0], match[1], sure=True)
    if texts[at] == "unlike" or pair in _COMPARED:
        return BrandComparison(Foil.ASIDE, at)
    if before[-1] in _SWAPPING_VERBS and (heads := {"for", "with"}.intersection(after[:2])):
        return BrandComparison(Foil.PASSED_OVER, behind + after.index(heads.pop()), _CHOSEN_VALENCE)
    nearby = _NearbyWords(texts[max(0, at - _WINDOW_WORDS) : at + 1], before, after)
    return replace(_READERS.get(texts[at], _foreign_than)(nearby), at=at)


def _foreign_than(nearby: _NearbyWords) -> BrandComparison:
    """Return the comparison of "than" in a language other than English, such as "plus rapide que";
    `Foil.NONE` for any other word.
    """
    degrees = _THAN_AFTER.get(nearby.words[-1])
    compared = degrees and any(word.startswith(degrees) for word in nearby.words[-5:-1])
    return BrandComparison(Foil.BEHIND if compared or nearby.words[-1] in _THAN else Foil.NONE)


def _compared_by_than(nearby: _NearbyWords) -> BrandComparison:
    """Return the comparison of words before "than", which puts the brand behind.

    The word "more" praises the other brand by itself, and "less" or "fewer" blames it; the reverse
    for a cost. The last of these words counts. Without one, the words around it judge.
    """
    costs = not _COSTING.isdisjoint(nearby.before)
    for word in reversed(nearby.words):
        if word in {"more", "less", "fewer"}:
            return BrandComparison(
                Foil.BEHIND,
                valence=_CHOSEN_VALENCE if (word == "more") != costs else -_CHOSEN_VALENCE,
            )
    return BrandComparison(Foil.BEHIND)


def _compared_by_as(nearby: _NearbyWords) -> BrandComparison:
    """Return the comparison of words before "as"; `Foil.NONE` for another use of "as".

    "as good as Bolt" makes both brands equal. "not as good as Bolt" puts the other brand below,
    "twice as good as Bolt" above. "the same as Bolt" puts Bolt behind by the words around it.
    """
    degrees = [at for at, word in enumerate(nearby.words[:-1]) if word in _EQUALLY]
    if not degrees:
        return BrandComparison()
    words = [nearby.words[at - 1] for at in degrees if at]
    if any(word in {"not", "never", "hardly"} or word.endswith("n't") for word in words):
        return BrandComparison(Foil.BEHIND, valence=-_CHOSEN_VALENCE)
    if not {"twice", "times"}.isdisjoint(words):
        return BrandComparison(Foil.BEHIND, valence=_CHOSEN_VALENCE)
    return BrandComparison(Foil.BEHIND if nearby.words[degrees[-1]] == "same" else Foil.EQUAL)


def _compared_by_to(nearby: _NearbyWords) -> BrandComparison:
    """Return the comparison of words before "to": "a better alternative to" and "prefer Acme to"
    put the brand behind, "an alternative to" says nothing of it; `Foil.NONE` otherwise.
    """
    if "alternativ" in nearby.before[-3:]:
        better = any(word.endswith("er") or word == "more" for word in nearby.words[-5:])
        return BrandComparison(Foil.BEHIND if better else Foil.APART)
    return BrandComparison(Foil.BEHIND if "prefer" in nearby.before else Foil.NONE)


def _compared_by_over(nearby: _NearbyWords) -> BrandComparison:
    """Return the comparison of words before "over": "pick Acme over" puts the brand behind;
    `Foil.NONE` without a verb of choosing.
    """
    chosen = not _CHOOSING.isdisjoint(nearby.before)
    return BrandComparison(Foil.BEHIND, valence=_CHOSEN_VALENCE) if chosen else BrandComparison()


def _compared_by_from(nearby: _NearbyWords) -> BrandComparison:
    """Return the comparison of words around "from": "move from Bolt to" passes the brand over;
    `Foil.NONE` for another use of "from".
    """
    moved = "to" in nearby.after[:2] and not _MOVING_VERBS.isdisjoint(nearby.before)
    return (
        BrandComparison(Foil.PASSED_OVER, valence=_CHOSEN_VALENCE) if moved else BrandComparison()
    )


_READERS: Mapping[str, Callable[[_NearbyWords], BrandComparison]] = {
    "than": _compared_by_than,
    "as": _compared_by_as,
    "to": _compared_by_to,
    "over": _compared_by_over,
    "from": _compared_by_from,
}
"""Reads the words that end with one of these."""
_COMPARING = frozenset({"of", "unlike", "with", *_READERS, *_THAN, *_THAN_AFTER})
"""Words right before a name that may compare with it, but for those of ``comparisons.txt``."""
