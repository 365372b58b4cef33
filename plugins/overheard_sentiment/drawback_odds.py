"""The odds that a clause names a drawback, learnt from labelled passages.

A logistic regression over the words of a clause, their valences and its place; the weights in
``drawback_odds.txt`` for English and in ``foreign_odds.txt`` for other languages are derived by
``training/drawbacks.py`` and ``training/foreign_drawbacks.py``, and are read and reviewed like any
other list.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise

from overheard_sentiment.lists import valued
from overheard_sentiment.stems import stem
from overheard_sentiment.words import SentenceWords

_PREFIXES = ("dis", "im", "in", "mis", "over", "un")
_PREFIXED_LETTERS, _SUFFIXED_LETTERS = 7, 5
"""Letters of the shortest words whose first, or last, ones are a feature."""
_CACHED_WORDS = 16_384
LEARNT_LANGUAGES = ("german", "french", "spanish")
"""The languages other than English with weights."""
_STEM_LETTERS, _LEAST_LETTERS = 7, 4
"""Most letters of a stem in another language, and fewest that are left without its ending."""
_ENDING = re.compile(r"(?:e[nrsm]?|[ao]?s|[aon])$")


def log_odds(
    text: SentenceWords, start: int, end: int, *, pro: bool = False, language: str = ""
) -> float:
    """Return the log odds (natural logarithm) that a clause names a drawback of its subject.

    Above 0, a drawback is likelier than none; 2 means a probability of 88 %. Features without a
    learnt weight count nothing.

    Args:
        text: The words of a text whose names are masked by "Xx...".
        start: Offset of the clause in the text, in characters.
        end: Offset after the clause.
        pro: Whether the text is listed among the pros.
        language: One of `LEARNT_LANGUAGES`; "" for English.
    """
    weights, weights_of_pairs = _weights(language)
    marks, stems, sizes = _features(text, start, end, pro, language)
    odds = sum([weights[mark] for mark in marks if mark in weights])
    pairs = {pair for pair in pairwise(stems) if pair in weights_of_pairs}
    odds += sum([weights_of_pairs[pair] for pair in pairs])
    return odds + sum([weights.get(name, 0.0) * value for name, value in sizes.items()])


def clause_features(
    text: SentenceWords, start: int, end: int, *, pro: bool = False, language: str = ""
) -> Iterator[tuple[str, float]]:
    """Yield (name, value) for each feature of a clause, each name once.

    The features are a constant 1, the logarithm of the number of words, the sums of praise and
    blame and a mark for each of them, a mark for a pro, and the mark or word before the clause. The
    rest have the value 1: the forms and stems of its words ("=un-" for "unreliable"), its first
    stem, and its pairs of neighbouring stems. Sums of 0 are left out.

    Args:
        text: The words of a text whose names are masked by "Xx...".
        start: Offset of the clause in the text, in characters.
        end: Offset after the clause.
        pro: Whether the text is listed among the pros.
        language: One of `LEARNT_LANGUAGES`; "" for English.
    """
    marks, stems, sizes = _features(text, start, end, pro, language)
    yield from sizes.items()
    yield from ((mark, 1.0) for mark in (*marks, *map(" ".join, set(pairwise(stems)))))


def _features(
    text: SentenceWords, start: int, end: int, pro: bool, language: str
) -> tuple[set[str], list[str], dict[str, float]]:
    """Return (the names of the features with the value 1, the stems of which neighbours are pairs,
    the other features by name) of a clause.
    """
    first, last = bisect_left(text.starts, start), bisect_left(text.starts, end)
    known = foreign_stem if language else _FORMS.__getitem__
    forms = [form for form in map(known, text.texts[first:last]) if form]
    stems = [word for word, _ in forms]
    marks = {"=bias"}.union(stems, *[names for _, names in forms if names])
    sizes = {"=words": math.log1p(len(forms))}
    if stems:
        marks.add(f"^ {stems[0]}")
    if any(valences := text.valences[first:last]):
        praise = sum([valence for valence in valences if valence > 0])
        if praise:
            sizes["=praise"] = praise
            marks.add("=praises")
        if blame := praise - sum(valences):
            sizes["=blame"] = blame
            marks.add("=blames")
    if pro:
        marks.add("=pro")
    if first:
        before = text.texts[first - 1]
        marks.add("=after a word" if before[0].isalnum() else f"=after {before}")
    return marks, stems, sizes


class _Forms(dict[str, tuple[str, tuple[str, ...]] | None]):
    """For words that were read lately, what `_stem_and_forms` returns."""

    def __missing__(self, token: str) -> tuple[str, tuple[str, ...]] | None:
        if len(self) >= _CACHED_WORDS:
            self.clear()
        found = self[token] = _stem_and_forms(token)
        return found


def _stem_and_forms(token: str) -> tuple[str, tuple[str, ...]] | None:
    """Return (stem, names of the features of the form) of a word in lower case, such as
    ("reliabl", ("=un-",)); None for a punctuation mark.

    A word that begins with a digit has the stem "#", and a masked name, "xx" or "xx's", has "x";
    neither has a form.
    """
    if not token[0].isalnum():
        return None
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
    return stem(token), tuple(name for name, applies in forms if applies)


@lru_cache(maxsize=_CACHED_WORDS)
def foreign_stem(token: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the same for a word in another language, whose stem is its beginning, without an
    elision before it.
    """
    word = token.rsplit("'", 1)[-1] or token
    if not word[0].isalpha() or not word.strip("x"):
        return _stem_and_forms(word)
    stem = _ENDING.sub("", word[:_STEM_LETTERS])
    return (stem if len(stem) >= _LEAST_LETTERS else word[:_STEM_LETTERS]), ()


_FORMS = _Forms()


@cache
def _weights(language: str) -> tuple[dict[str, float], dict[tuple[str, ...], float]]:
    """Return (weights by the name of the feature, weights by the pair of stems)."""
    by_name = dict(valued("foreign_odds" if language else "drawback_odds", language, divider="|"))
    pairs = {tuple(name.split(" ")): value for name, value in by_name.items() if " " in name}
    return by_name, pairs


@cache
def decision_weights(name: str = "drawback_odds") -> dict[str, float]:
    """Return the weights with which evidence for a drawback adds up, by its marks, and the log odds
    above which it is one, from a file.
    """
    return dict(valued(name, "decision", divider="|"))
