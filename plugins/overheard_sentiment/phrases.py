"""Expressions of several words and their valences: phrases, amounts, ratings, suppositions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from overheard_sentiment.lists import lists, valued
from overheard_sentiment.stems import stem, stems

_WILDCARD = "*"
"""A wildcard in a phrase: "leave * to be desired"."""
_WILDCARD_WORDS = 2
"""Most words that a wildcard covers."""
Phrases = tuple[tuple[tuple[str, ...], float], ...]
_MARKS = frozenset(".,;:!?|()\u2013\u2014")


def phrase(stems: Sequence[str], at: int, by_second: Mapping[str, Phrases]) -> tuple[int, float]:
    """Return (number of words, valence) of the longest listed phrase that begins at a word; (0,
    0.0) without a phrase.

    Args:
        stems: The stems of the words of a sentence.
        at: Index of the word.
        by_second: The phrases that begin with the word's stem, see `phrases`.
    """
    second = stems[at + 1] if at + 1 < len(stems) else ""
    for stems_of_phrase, value in by_second.get(second, by_second[""]):
        if length := _matched_words(stems, at, stems_of_phrase):
            return length, value
    return 0, 0.0


def _matched_words(stems: Sequence[str], at: int, phrase_stems: Sequence[str]) -> int:
    """Return the number of words that a phrase covers from a word on, those of its wildcard
    included; 0 if the phrase does not begin there.

    Args:
        phrase_stems: The stems of the phrase; one may be the wildcard "*".
    """
    end = at
    for place, word in enumerate(phrase_stems):
        if word == _WILDCARD:
            return _matched_words_of_wildcard(stems, at, end, phrase_stems[place + 1 :])
        if end >= len(stems) or stems[end] != word:
            return 0
        end += 1
    return end - at


def _matched_words_of_wildcard(stems: Sequence[str], at: int, end: int, rest: Sequence[str]) -> int:
    """Return the number of words that a phrase with a wildcard covers; 0 without a match.

    The wildcard covers as few words as possible, none to `_WILDCARD_WORDS`, and no punctuation
    mark.

    Args:
        at: Index of the phrase's first word, from which words are counted.
        end: Index of the first word that the wildcard may cover.
        rest: The stems of the phrase after the wildcard.
    """
    for skipped in range(_WILDCARD_WORDS + 1):
        if length := _matched_words(stems, end + skipped, rest):
            return end + skipped + length - at
        if end + skipped >= len(stems) or stems[end + skipped] in _MARKS:
            break
    return 0


@cache
def phrases() -> dict[str, dict[str, Phrases]]:
    """Return the phrases of ``phrases.txt`` by their first stem, and then by their second; read
    once.

    Each is (stems, valence), the longest first. A phrase without a second stem, or with a wildcard
    there, is listed under each second stem, and under "".
    """
    groups: dict[str, dict[tuple[str, ...], float]] = {}
    for written, value in valued("phrases", divider="|"):
        phrase_stems = tuple(map(stem, written.split()))
        groups.setdefault(phrase_stems[0], {})[phrase_stems] = value
    return {first: _by_second(group) for first, group in groups.items()}


def _by_second(group: Mapping[tuple[str, ...], float]) -> dict[str, Phrases]:
    """Return the phrases that share their first stem, by their second stem: (stems, valence), the
    longest first.

    A phrase without a second stem, or with a wildcard there, is listed under each second stem, and
    under "".
    """
    longest = sorted(group.items(), key=lambda pair: -len(pair[0]))
    seconds = {_second(phrase_stems) for phrase_stems in group} | {""}
    return {
        second: tuple(pair for pair in longest if _second(pair[0]) in {second, ""})
        for second in seconds
    }


def _second(phrase_stems: Sequence[str]) -> str:
    """Return a phrase's second stem; an empty string for a wildcard or a single word."""
    return phrase_stems[1] if len(phrase_stems) > 1 and phrase_stems[1] != _WILDCARD else ""


_WORDS = lists("words")
_AMOUNT_REACH = 3
"""Words after an amount that are searched for its noun."""
_AMOUNT_VALENCE = 1.4
"""The valence of little of a burden or much of an asset; negated the other way round."""
_LITTLE = stems(_WORDS.words("little"))
_MUCH = stems(_WORDS.words("much"))
_BURDENS = stems(_WORDS.words("counted burdens"))
_ASSETS = stems(_WORDS.words("counted assets"))


def is_amount(text: str) -> bool:
    """Return whether a lower-case word expresses a large or small amount, such as "low" or
    "higher".
    """
    form = stem(text)
    return form in _LITTLE or form in _MUCH


def amount(texts: Sequence[str], at: int) -> float | None:
    """Return the valence of an amount and the thing that it counts, such as "low fees".

    Little of a burden and much of an asset praise; the other way round, the amount blames. The
    thing is searched in the next `_AMOUNT_REACH` words, up to a mark. 0 if none of them is a burden
    or an asset; None for a word that is no amount.

    Args:
        texts: The words of a sentence, in lower case.
        at: Index of the word.
    """
    if not is_amount(texts[at]):
        return None
    form = stem(texts[at])
    for text in texts[at + 1 : at + 1 + _AMOUNT_REACH]:
        if not text.isalpha():
            break
        burden = stem(text) in _BURDENS
        if burden or stem(text) in _ASSETS:
            return _AMOUNT_VALENCE if burden == (form in _LITTLE) else -_AMOUNT_VALENCE
    return 0.0


_RATING_HINTS = ("/5", "/ 5", "/10", "/ 10", "out of", "⭐", "★", "/100")
_STARS = re.compile(r"\d[\s-]?stars?\b")
_RATING = re.compile(
    r"\b(?P<given>\d{1,3}(?:[.,]\d{1,2})?)\s?(?:/|out of)\s?(?P<most>100|10|5)\b(?![/%])"
    r"|\b(?P<number>[1-5](?:[.,]\d)?)[\s-]?(?:⭐|★|stars?\b)"
    r"|[⭐★]{1,5}[☆✩]{0,4}"
)
_MOST_STARS = 5
_NEUTRAL_SHARE = 0.64
"""The share of the best rating that neither praises nor blames: 3.2 of 5."""
_VALENCE_PER_SHARE = 6.5
"""Valence per unit of share above or below the neutral share."""
_MAX_RATING_VALENCE = 2.2
"""The largest valence of a rating."""


def ratings(sentence: str) -> Iterator[tuple[int, int, float]]:
    """Yield (start, end, valence) for each rating in a sentence, such as "4.5 out of 5", "4 stars"
    or "★★★★".

    Offsets are in characters. The valence is positive above `_NEUTRAL_SHARE` of the best rating,
    and at most `_MAX_RATING_VALENCE` in size. A rating above its maximum is left out.
    """
    if any(map(sentence.__contains__, _RATING_HINTS)) or (
        "star" in sentence and _STARS.search(sentence)
    ):
        for match in _RATING.finditer(sentence):
            share = _share(match)
            if share <= 1:
                value = (share - _NEUTRAL_SHARE) * _VALENCE_PER_SHARE
                yield *match.span(), max(-_MAX_RATING_VALENCE, min(_MAX_RATING_VALENCE, value))


def _share(match: re.Match[str]) -> float:
    """Return a rating as a share of the best one, 0 to 1; above 1 for a rating above its maximum.

    Args:
        match: A match of `_RATING`; stars without a maximum are out of 5.
    """
    if match["given"]:
        return _number(match["given"]) / float(match["most"])
    if match["number"]:
        return _number(match["number"]) / _MOST_STARS
    return sum(map(match.group().count, "⭐★")) / _MOST_STARS


def _number(text: str) -> float:
    """Return a number that is written with a decimal point or a decimal comma."""
    return float(text.replace(",", "."))


_QUESTION_WORDS = _WORDS.words("questions")
_IF = frozenset({"if", "unless", "whether", "whenever"})
_READER_WORDS = frozenset({"you", "your", "you're", "you've", "you'd", "you'll", "budget", "money"})
_CONDITION_ENDS = frozenset(".,;:!?|\u2013\u2014") | {"then"}
_SUBJECT_WORDS = 2
"""Words after "if" that are searched for its subject."""


def supposed(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1), the word indices of the parts of a sentence that judge no brand.

    A yes-or-no question is such a part as a whole, and then the only one. Else each condition about
    the reader is one, up to the next mark or "then", such as "if you need strong reports": the
    strong reports are a wish.

    Args:
        texts: The words and marks of a sentence, in lower case.
    """
    if texts and texts[-1] == "?" and texts[0] in _QUESTION_WORDS:
        yield 0, len(texts)
        return
    if _IF.isdisjoint(texts):
        return
    for at, text in enumerate(texts):
        if text in _IF and not _READER_WORDS.isdisjoint(texts[at + 1 : at + 1 + _SUBJECT_WORDS]):
            end = next(
                (e for e in range(at, len(texts)) if texts[e] in _CONDITION_ENDS), len(texts)
            )
            yield at, end
