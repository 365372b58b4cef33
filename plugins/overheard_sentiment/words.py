"""The valence of words: from lexicons, and changed by the words around them.

The valences are VADER's (Hutto & Gilbert 2014), -4 to 4, with words of reviews and of talk about
products added in ``valence.txt``.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from overheard_sentiment.languages import (
    INTENSE,
    NEGATIONS,
    foreign_lexicon,
    script_judgements,
    script_language,
)
from overheard_sentiment.phrases import amount, is_amount, phrase, phrases, ratings, supposed
from overheard_sentiment.stems import stem

_TOKEN = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*|[^\w\s]")
_UNSPACED = r"\u1100-\u11ff\u3041-\u9fff\uac00-\ud7af"
_CHARACTER = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+|[^\w\s]")
"""In scripts without spaces, each character is a word."""
_REACH = 3
"""Words before a word that may negate or strengthen it."""
_FAR = 6
"""Words before a word among which a subject may negate it: "nobody on our team enjoyed"."""
_SUBJECTS = frozenset({"nobody", "none", "nothing", "neither", "never"})
_FLIP = -0.74
"""Factor of a negated valence (VADER's constant)."""
_STEP = 0.293
"""Change of a valence by an intensifier next to the word (VADER's constant)."""
_TOO_VALENCE = -1.2
"""The valence of "too" before a neutral word: "too small"."""
_MISSING_VALENCE = -1.0
"""The valence of "has no calendar"."""
_HAVING = frozenset(
    {"has", "have", "had", "offers", "offer", "with", "gives", "provides", "provide", "includes"}
    | {"include", "supports", "support"}
)

_NEGATIONS = (
    frozenset(
        {"not", "no", "never", "none", "nor", "neither", "cannot", "without", "hardly", "barely"}
        | {
            "rarely",
            "seldom",
            "lack",
            "lacks",
            "lacking",
            "nothing",
            "nobody",
            "isnt",
            "dont",
            "less",
        }
        | {"least", "doesnt", "wasnt", "cant", "wont", "didnt", "fails", "failed", "stop", "few"}
    )
    | NEGATIONS
)
_INTENSE = (
    frozenset(
        {"very", "really", "extremely", "incredibly", "highly", "especially", "particularly", "so"}
        | {"most", "more", "super", "absolutely", "exceptionally", "remarkably", "truly", "totally"}
    )
    | INTENSE
)
_CURING = frozenset(
    {
        *("reduce", "reduces", "reducing", "eliminate", "eliminates", "eliminating", "prevent"),
        *("prevents", "preventing", "minimize", "minimizes", "minimise", "minimises", "remove"),
        *("removes", "solves", "solve", "fixes", "resolves", "blocks", "fights", "detects"),
        *("catches", "stops", "avoids"),
    }
)
"""Verbs that turn a bad object into praise: "eliminates errors"."""
_SLIGHT = frozenset({"slightly", "somewhat", "fairly", "rather", "bit", "little", "relatively"})
_UNREAL = frozenset({"could", "should", "would", "wish", "hoped"})
_BETTER = frozenset({"better", "nicer", "improved", "improve"})
_LIKES = frozenset({"like", "likes", "liked"})
_LIKING = frozenset({"i", "we", "you", "they", "people", "users", "really", "also", "would", "'d"})
_SUFFIXES = (("iest", "y"), ("ier", "y"), ("est", ""), ("est", "e"), ("ily", "y"), ("ly", ""))
_HEADS = {
    "well": 1.5,
    "best": 1.8,
    "top": 1.8,
    "ill": -1.4,
    "over": -1.2,
    "half": -1.2,
    "hard": -1.2,
}
"""Valences of words by their first part: well-lit, ill-fitting."""
_TAILS = {"friendly": 1.4, "worthy": 1.4, "proof": 1.2, "prone": -1.5, "ridden": -1.7, "only": 0.0}
_BURDENS = frozenset(
    {"ad", "ads", "fee", "tax", "contract", "commission", "odour", "odor", "residue"}
)
_FREE_VALENCE = 1.4
"""The valence of "ad-free" and "trouble-free"."""
_STOPS = frozenset(".,;:|()\u2013\u2014") | {"but", "however", "although", "though", "and"}


@dataclass(frozen=True, slots=True)
class SentenceWords:
    """The words and marks of a sentence, by column.

    Attributes:
        texts: The words and marks, in lower case.
        starts: Offset of the first character of each in the sentence.
        ends: Offset after the last character of each.
        valences: Valence of each in context, about -4 to 4; 0 for most.
    """

    texts: list[str]
    starts: list[int]
    ends: list[int]
    valences: list[float]


@lru_cache(maxsize=1024)
def sentence_words(sentence: str) -> SentenceWords:
    """Return the words and punctuation marks of a sentence in order, with their offsets and their
    valences in this context.
    """
    if language := script_language(sentence):
        return _of_script(sentence, language)
    spans = [match.span() for match in _TOKEN.finditer(sentence)]
    texts = [sentence[a:b].lower().replace("\u2019", "'") for a, b in spans]
    starts, ends = [a for a, _ in spans], [b for _, b in spans]
    values = _values(texts)
    for start, end, value in ratings(sentence):
        first, last = bisect_left(starts, start), bisect_right(ends, end)
        values[first:last] = [value, *[0.0] * (last - first - 1)] if first < last else []
    return SentenceWords(texts, starts, ends, values)


def _of_script(sentence: str, language: str) -> SentenceWords:
    """Return the judging words and all other characters of a sentence in another script than Latin,
    in order.

    Args:
        sentence: The sentence.
        language: The language, see `script_language`; ``unknown`` gives valences of 0.
    """
    parsed, position = SentenceWords([], [], [], []), 0
    sentence_end = (len(sentence), len(sentence), 0.0)
    for start, end, value in (*script_judgements(sentence, language), sentence_end):
        between = [(*match.span(), 0.0) for match in _CHARACTER.finditer(sentence, position, start)]
        for a, b, valence in (*between, *([(start, end, value)] if value else ())):
            parsed.texts.append(sentence[a:b].lower())
            parsed.starts.append(a)
            parsed.ends.append(b)
            parsed.valences.append(valence)
        position = end
    return parsed


def _values(texts: list[str]) -> list[float]:
    """Return the valence of each word in its context, 0 for a neutral word; the valence of a phrase
    is at its first word.
    """
    if (lexicon := foreign_lexicon(texts)) is not None:
        return [_in_place(texts, at, lexicon.get(text, 0.0)) for at, text in enumerate(texts)]
    values = [0.0] * len(texts)
    stems, phrase_end = [stem(text) for text in texts], 0
    for at, text in enumerate(texts):
        if at < phrase_end or not _speaks(text):
            continue
        length, phrase_valence = phrase(stems, at)
        if not length and _is_missing(texts, at):
            values[at] = _MISSING_VALENCE
        else:
            values[at] = _in_place(texts, at, phrase_valence if length else _alone(texts, at))
        phrase_end = at + length
    for start, end in supposed(texts):
        values[start:end] = [0.0] * (end - start)
    return values


@lru_cache(maxsize=16_384)
def _speaks(text: str) -> bool:
    """Return whether a word may have a valence, alone or as the first word of a phrase."""
    particular = text in _HAVING or text in _LIKES or text in {"too", "no"} or is_amount(text)
    return particular or stem(text) in phrases() or _valence(text) != 0


def _in_place(texts: list[str], at: int, value: float) -> float:
    """Return a word's valence in context: negations flip the valence, intensifiers and diminishers
    shift it.

    Args:
        texts: The words of the sentence, in lower case.
        at: Index of the word.
        value: Valence of the word, or of the phrase that begins there, without context.
    """
    if not value:
        return 0.0
    for distance, before in enumerate(reversed(texts[max(0, at - _FAR) : at]), start=1):
        if before in _STOPS:
            break
        if distance > _REACH and before not in _SUBJECTS:
            continue
        if before == "too" and distance == 1:
            return -abs(value)
        cured = value < 0 and before in _CURING
        unreal = before in _UNREAL and texts[at] in _BETTER
        if cured or unreal or _negates(texts, at - distance):
            value *= _FLIP
            break
        step = _STEP * ((before in _INTENSE) - (before in _SLIGHT)) / distance
        value += step if value > 0 else -step
    return value


def _alone(texts: list[str], at: int) -> float:
    """Return the valence of the word at index `at`, which begins no phrase, from the word and the
    words after it.
    """
    text = texts[at]
    following = texts[at + 1] if at + 1 < len(texts) else "."
    if text == "too":
        plain = following.isalpha() and not _valence(following) and following not in _STOPS
        return _TOO_VALENCE if plain else 0.0
    if (amount_valence := amount(texts, at)) is not None:
        return amount_valence
    if text == "no" and at and texts[at - 1] in _HAVING:
        return 0.0 if any(map(_valence, texts[at + 1 : at + 4])) else _MISSING_VALENCE
    if text in _CURING and any(_valence(word) < 0 for word in texts[at + 1 : at + 1 + _REACH]):
        return 0.0
    if text in _LIKES:
        return 1.5 if at and texts[at - 1] in _LIKING else 0.0
    return _valence(text)


def _is_missing(texts: list[str], at: int) -> bool:
    """Return whether a verb says that something is missing: "doesn't offer", "neither has"."""
    if texts[at] not in _HAVING or any(map(_valence, texts[at + 1 : at + 5])):
        return False
    return (at > 0 and _negates(texts, at - 1)) or "neither" in texts[max(0, at - _FAR) : at]


def _negates(texts: list[str], at: int) -> bool:
    if texts[at : at + 2] in (["not", "only"], ["not", "just"], ["no", "doubt"]):
        return False
    return texts[at] in _NEGATIONS or texts[at].endswith("n't")


@lru_cache(maxsize=16_384)
def _valence(text: str) -> float:
    """Return the valence of a lower-case word by its form, base forms or parts; 0 for an unknown
    word.
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
    """Yield possible base forms of an adverb or a comparative: "flimsier" gives "flimsy"."""
    for suffix, replacement in _SUFFIXES:
        if text.endswith(suffix) and len(text) > len(suffix) + 3:
            yield text[: -len(suffix)] + replacement


def _compound(text: str) -> float:
    """Return the valence of a lower-case word with hyphens, from its parts: "ad-free",
    "user-friendly"; 0 if no part judges.
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
    """Return (valences by exact word, valences by stem) from VADER's lexicon and the packaged
    lists.
    """
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    exact: dict[str, float] = dict(SentimentIntensityAnalyzer().lexicon)
    exact.update(_listed("valence"))
    return exact, {stem(word): value for word, value in _listed("inflected")}


def _listed(name: str) -> Iterator[tuple[str, float]]:
    """Yield (word, valence) for each word of a packaged list, without comments."""
    text = files("overheard_sentiment").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            value, *listed = line.split()
            yield from ((word, float(value)) for word in listed)
