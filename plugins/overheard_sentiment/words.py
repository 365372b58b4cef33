"""The valence of words: from lexicons, and changed by the words around them.

The valences are VADER's (Hutto & Gilbert 2014), -4 to 4, with words of reviews and of talk about
products added in ``valence.txt``.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple

from overheard_sentiment.comparisons import BrandComparison
from overheard_sentiment.languages import foreign_lexicon, script_judgements, script_language
from overheard_sentiment.lists import lists, valued
from overheard_sentiment.phrases import (
    Phrases,
    amount,
    is_amount,
    phrase,
    phrases,
    ratings,
    supposed,
)
from overheard_sentiment.stems import stem

_TOKEN = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*|[^\w\s]")
_UNSPACED = r"\u1100-\u11ff\u3041-\u9fff\uac00-\ud7af"
_CHARACTER = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+|[^\w\s]")
"""In scripts without spaces, each character is a word."""
_REACH_WORDS = 3
"""Words before a word that may negate or strengthen it."""
_SUBJECT_REACH_WORDS = 6
"""Words before a word among which a subject may negate it: "nobody on our team enjoyed"."""
_SUBJECTS = frozenset({"nobody", "none", "nothing", "neither", "never"})
_NEGATION_FACTOR = -0.74
"""Factor of a negated valence (VADER's constant)."""
_INTENSITY_STEP = 0.293
"""Change of a valence by an intensifier next to the word (VADER's constant)."""
_LIKED_VALENCE = 1.5
"""The valence of "like" in "we like"."""
_TOO_VALENCE = -1.2
"""The valence of "too" before a neutral word: "too small"."""
_MISSING_VALENCE = -1.0
"""The valence of "has no calendar"."""
_MISSING_REACH_WORDS = 4
"""Words after "doesn't offer" of which none may judge, or that word judges instead."""
_NO_REACH_WORDS = 3
"""Words after "has no" of which none may judge, or that word judges instead."""
_WORDS = lists("words")
_HAVING = _WORDS.words("having")
_NEGATIONS = _WORDS.words("negations")
_INTENSE = _WORDS.words("intense")
_CURING = _WORDS.words("curing")
_SLIGHT = frozenset({"slightly", "somewhat", "fairly", "rather", "bit", "little", "relatively"})
_UNREAL = frozenset({"could", "should", "would", "wish", "hoped"})
_BETTER = frozenset({"better", "nicer", "improved", "improve"})
_LIKES = frozenset({"like", "likes", "liked"})
_LIKING = _WORDS.words("liking")
_SUFFIXES = (("iest", "y"), ("ier", "y"), ("est", ""), ("est", "e"), ("ily", "y"), ("ly", ""))
_HEADS = dict(valued("words", "heads"))
_TAILS = dict(valued("words", "tails"))
_BURDENS = _WORDS.words("burdens")
_FREE_VALENCE = 1.4
"""The valence of "ad-free" and "trouble-free"."""
_STOPS = frozenset(".,;:|()\u2013\u2014") | {"but", "however", "although", "though", "and"}


KEPT_TEXTS = 128
"""Texts whose words are kept: those of a long answer, or of the few that are read together. More
would leave the processor's cache.
"""


@dataclass(slots=True)
class SentenceWords:
    """The words and marks of a sentence, by column.

    Attributes:
        texts: The words and marks, in lower case.
        starts: Offset of the first character of each in the sentence.
        ends: Offset after the last character of each.
        valences: Valence of each in context, about -4 to 4; 0 for most.
        comparisons: How names, by their first and last word, are compared, as far as it is known.
    """

    texts: list[str]
    starts: Sequence[int]
    ends: Sequence[int]
    valences: list[float]
    comparisons: dict[tuple[int, int], BrandComparison] = field(default_factory=dict)


@lru_cache(maxsize=KEPT_TEXTS)
def sentence_words(sentence: str) -> SentenceWords:
    """Return the words and punctuation marks of a sentence in order, with their offsets and their
    valences in this context.

    A rating such as "4.5 out of 5" has its valence at its first word; its other words have 0. A
    sentence in another script than Latin gives its judging words whole and the rest character by
    character.
    """
    if not sentence.isascii() and (language := script_language(sentence)):
        return _script_words(sentence, language)
    spans = list(map(re.Match.span, _TOKEN.finditer(sentence)))
    if not spans:
        return SentenceWords([], (), (), [])
    lower = sentence.lower().replace("\u2019", "'")
    if len(lower) == len(sentence):
        texts = [lower[a:b] for a, b in spans]
    else:
        texts = [sentence[a:b].lower().replace("\u2019", "'") for a, b in spans]
    starts, ends = zip(*spans, strict=True)
    values = _values(texts)
    for start, end, value in ratings(sentence):
        first, last = bisect_left(starts, start), bisect_right(ends, end)
        values[first:last] = [value, *[0.0] * (last - first - 1)] if first < last else []
    return SentenceWords(texts, starts, ends, values)


def _script_words(sentence: str, language: str) -> SentenceWords:
    """Return the judging words of a sentence in another script than Latin, and between them its
    other words, marks and single characters, in order.

    All but the judging words have a valence of 0.

    Args:
        language: The language, such as ``japanese``; ``unknown`` has no judging words.
    """
    words: list[tuple[str, int, int, float]] = []
    position = 0
    sentence_end = (len(sentence), len(sentence), 0.0)
    for start, end, value in (*script_judgements(sentence, language), sentence_end):
        between = [(*match.span(), 0.0) for match in _CHARACTER.finditer(sentence, position, start)]
        judging = [(start, end, value)] if value else []
        words += [(sentence[a:b].lower(), a, b, valence) for a, b, valence in between + judging]
        position = end
    texts, starts, ends, valences = zip(*words, strict=True) if words else ((), (), (), ())
    return SentenceWords(list(texts), starts, ends, list(valences))


def _values(texts: list[str]) -> list[float]:
    """Return the valence of each word of a sentence in its context; 0 for a neutral word.

    A phrase has its valence at its first word. In a question or in a condition about the reader
    ("if you need strong reports"), all words have 0. A sentence in another language than English
    is read with that language's lexicon, without phrases and conditions.
    """
    if (lexicon := foreign_lexicon(texts)) is not None:
        return [_in_context(texts, at, lexicon.get(text, 0.0)) for at, text in enumerate(texts)]
    values = [0.0] * len(texts)
    words, phrase_end = list(map(_KNOWN.__getitem__, texts)), 0
    stems = [word.stem for word in words]
    for at, word in [(at, word) for at, word in enumerate(words) if word.matters]:
        if at < phrase_end:
            continue
        length, value = phrase(stems, at, word.phrases) if word.phrases else (0, 0.0)
        if length:
            phrase_end = at + length
            values[at] = _in_context(texts, at, value)
        elif word.judges and _is_missing(texts, at):
            values[at] = _MISSING_VALENCE
        elif word.judges:
            values[at] = _in_context(texts, at, _out_of_context(texts, at))
    for start, end in supposed(texts):
        values[start:end] = [0.0] * (end - start)
    return values


class _Word(NamedTuple):
    """What is known of a lower-case word: its stem, the phrases that begin with it, by their second
    stem, whether it may have a valence by itself, and whether there is any of both.
    """

    stem: str
    phrases: Mapping[str, Phrases] | None
    judges: bool
    matters: bool


class _Words(dict[str, _Word]):
    """The words that were read lately."""

    def __missing__(self, text: str) -> _Word:
        if len(self) >= _KNOWN_WORDS:
            self.clear()
        form = stem(text)
        begun = phrases().get(form)
        judges = text in _HAVING or text in _LIKES or text in {"too", "no"} or is_amount(text)
        judges = judges or _valence(text) != 0
        word = self[text] = _Word(form, begun, judges, judges or begun is not None)
        return word


_KNOWN = _Words()
_KNOWN_WORDS = 16_384


def _in_context(texts: list[str], at: int, value: float) -> float:
    """Return a valence as the words before it change it, up to the last mark or conjunction.

    "too" right before makes it negative. The nearest negation multiplies it by `_NEGATION_FACTOR`
    and ends the search; so do a verb that cures something bad ("eliminates errors") and a wish for
    something better ("could be better"). Intensifiers raise its size and diminishers lower it, less
    with their distance. 0 stays 0.

    Args:
        value: Valence of the word, or of the phrase that begins there, without context.
    """
    if not value:
        return 0.0
    for distance, before in enumerate(
        reversed(texts[max(0, at - _SUBJECT_REACH_WORDS) : at]), start=1
    ):
        if before in _STOPS:
            break
        if distance > _REACH_WORDS and before not in _SUBJECTS:
            continue
        if before == "too" and distance == 1:
            return -abs(value)
        cured = value < 0 and before in _CURING
        unreal = before in _UNREAL and texts[at] in _BETTER
        if cured or unreal or _negates(texts, at - distance):
            value *= _NEGATION_FACTOR
            break
        step = _INTENSITY_STEP * ((before in _INTENSE) - (before in _SLIGHT)) / distance
        value += step if value > 0 else -step
    return value


def _out_of_context(texts: list[str], at: int) -> float:
    """Return the valence of a word that begins no phrase, before words in front of it change it.

    Some words depend on their neighbours. "too" before a neutral word finds fault. An amount judges
    by what it counts ("low fees"). "no" after "has" finds fault unless one of the next
    `_NO_REACH_WORDS` words judges. "like" praises after words such as "we". A curing verb such as
    "eliminates" is neutral before a bad word.
    """
    text = texts[at]
    following = texts[at + 1] if at + 1 < len(texts) else "."
    if text == "too":
        plain = following.isalpha() and not _valence(following) and following not in _STOPS
        return _TOO_VALENCE if plain else 0.0
    if (amount_valence := amount(texts, at)) is not None:
        return amount_valence
    if text == "no" and at and texts[at - 1] in _HAVING:
        judged = any(map(_valence, texts[at + 1 : at + 1 + _NO_REACH_WORDS]))
        return 0.0 if judged else _MISSING_VALENCE
    if text in _CURING and any(
        _valence(word) < 0 for word in texts[at + 1 : at + 1 + _REACH_WORDS]
    ):
        return 0.0
    if text in _LIKES:
        return _LIKED_VALENCE if at and texts[at - 1] in _LIKING else 0.0
    return _valence(text)


def _is_missing(texts: list[str], at: int) -> bool:
    """Return whether a verb of having at index `at` says that something is missing: "doesn't
    offer", "neither has". False when one of the next `_MISSING_REACH_WORDS` words judges.
    """
    if texts[at] not in _HAVING or any(
        map(_valence, texts[at + 1 : at + 1 + _MISSING_REACH_WORDS])
    ):
        return False
    return (at > 0 and _negates(texts, at - 1)) or "neither" in texts[
        max(0, at - _SUBJECT_REACH_WORDS) : at
    ]


def _negates(texts: list[str], at: int) -> bool:
    """Return whether the word at index `at` negates what follows it; "not only", "not just" and
    "no doubt" do not.
    """
    if texts[at] not in _NEGATIONS and not texts[at].endswith("n't"):
        return False
    return texts[at : at + 2] not in (["not", "only"], ["not", "just"], ["no", "doubt"])


@lru_cache(maxsize=16_384)
def _valence(text: str) -> float:
    """Return the valence of a lower-case word without context, about -4 to 4; 0 for an unknown
    word.

    The word itself comes first, then its hyphenated parts if it has any, else its base forms and
    stems: "flimsier" has the valence of "flimsy".
    """
    exact, inflected = _lexicons()
    if text in exact:
        return exact[text]
    if "-" in text:
        return _compound(text)
    for form in (text, *_bases(text)):
        if value := exact.get(form) or inflected.get(stem(form)):
            return value
    return 0.0


def _bases(text: str) -> Iterator[str]:
    """Yield possible base forms of an adverb or a comparative: "flimsier" gives "flimsy". Some are
    no words. Nothing is yielded for other and for short words.
    """
    for suffix, replacement in _SUFFIXES:
        if text.endswith(suffix) and len(text) > len(suffix) + 3:
            yield text[: -len(suffix)] + replacement


def _compound(text: str) -> float:
    """Return the valence of a lower-case word with hyphens, from its parts.

    "...-free" praises after a burden or a bad word ("ad-free") and is else 0. Then come listed last
    parts ("user-friendly") and listed first parts ("ill-fitting"), then the part with the largest
    valence in size; 0 if no part judges.
    """
    head, _, rest = text.partition("-")
    tail = rest.rpartition("-")[2] or rest
    if tail == "free":
        return _FREE_VALENCE if head in _BURDENS or _valence(head) < 0 else 0.0
    fixed = _TAILS.get(tail, _HEADS.get(head))
    if fixed is not None:
        return fixed
    return max((_valence(part) for part in text.split("-")), key=abs)


@cache
def _lexicons() -> tuple[dict[str, float], dict[str, float]]:
    """Return (valences by exact word, valences by stem), read once.

    The first are VADER's lexicon and ``valence.txt``, which wins; the second are the words of
    ``inflected.txt``, which count in each inflection.
    """
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    exact: dict[str, float] = dict(SentimentIntensityAnalyzer().lexicon)
    exact.update(valued("valence"))
    return exact, {stem(word): value for word, value in valued("inflected")}
