"""Expressions of several words and what they say: phrases, amounts, ratings, suppositions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

from overheard_sentiment.stems import stem, stems

_ANY = "*"
"""Matches up to two words: "leave * to be desired"."""
_GAP = 2
_Phrases = tuple[tuple[tuple[str, ...], float], ...]
_MARKS = frozenset(".,;:!?|()\u2013\u2014")


def phrase(stems: Sequence[str], at: int) -> tuple[int, float]:
    """Return how many words the longest phrase has that begins here, and its valence.

    Args:
        stems: The words of a sentence, see `stem`.
        at: Index of the first word.

    Returns:
        Zero and zero where none begins.
    """
    beginning = phrases().get(stems[at])
    if beginning is None:
        return 0, 0.0
    second = stems[at + 1] if at + 1 < len(stems) else ""
    for wanted, value in beginning.get(second, beginning[""]):
        if length := _match(stems, at, wanted):
            return length, value
    return 0, 0.0


def _match(stems: Sequence[str], at: int, wanted: Sequence[str]) -> int:
    """Return the number of words that a phrase covers here; 0 without a match."""
    end = at
    for place, word in enumerate(wanted):
        if word == _ANY:
            return _over_gap(stems, at, end, wanted[place + 1 :])
        if end >= len(stems) or stems[end] != word:
            return 0
        end += 1
    return end - at


def _over_gap(stems: Sequence[str], at: int, end: int, rest: Sequence[str]) -> int:
    for skipped in range(_GAP + 1):
        if length := _match(stems, end + skipped, rest):
            return end + skipped + length - at
        if end + skipped >= len(stems) or stems[end + skipped] in _MARKS:
            break
    return 0


@cache
def phrases() -> dict[str, dict[str, _Phrases]]:
    """Return the phrases by their first word and their second, the longest first.

    A phrase whose second word may be any, or is missing, is listed under each second word, and
    under an empty second word.
    """
    found: dict[str, dict[tuple[str, ...], float]] = {}
    text = files("overheard_sentiment").joinpath("phrases.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            value, _, listed = line.partition(" ")
            for each in listed.split("|"):
                wanted = tuple(map(stem, each.split()))
                found.setdefault(wanted[0], {})[wanted] = float(value)
    return {first: _by_second(group) for first, group in found.items()}


def _by_second(group: Mapping[tuple[str, ...], float]) -> dict[str, _Phrases]:
    longest = sorted(group.items(), key=lambda pair: -len(pair[0]))
    seconds = {_second(wanted) for wanted in group} | {""}
    return {
        second: tuple(pair for pair in longest if _second(pair[0]) in {second, ""})
        for second in seconds
    }


def _second(wanted: Sequence[str]) -> str:
    """Return a phrase's second word; nothing where it has none, or where it may be any."""
    return wanted[1] if len(wanted) > 1 and wanted[1] != _ANY else ""


_AMOUNT_REACH = 3
"""How many words after an amount are searched for its noun."""
_AMOUNT_VALENCE = 1.4
_LITTLE = stems(
    "short shorter shortest low lower lowest fewer reduce cut halve slash shrink minimize minimise"
    " trim decrease"
)
_MUCH = stems(
    "long longer longest high higher highest steep steeper soar hike raise double triple increase"
    " rise excessive"
)
_BURDENS = stems("""
fee price pricing cost premium latency noise rent interest commission markup bill weight churn
maintenance bounce delay wait queue setup lead time overhead effort waste emission turnover
risk paperwork downtime energy consumption
""")
_ASSETS = stems("""
quality standard performance resolution accuracy capacity durability reliability satisfaction rating
score uptime return retention deliverability efficiency mark marks grade precision throughput range
battery comfort productivity engagement conversion sales revenue safety
""")


def is_amount(text: str) -> bool:
    """Return whether a word means much or little of something."""
    here = stem(text)
    return here in _LITTLE or here in _MUCH


def amount(texts: Sequence[str], at: int) -> float | None:
    """Return the valence of the amount that begins at a word; None for a word without an amount.

    Args:
        texts: The words of a sentence, in lower case.
        at: Index of the word.
    """
    if not is_amount(texts[at]):
        return None
    here = stem(texts[at])
    for text in texts[at + 1 : at + 1 + _AMOUNT_REACH]:
        if not text.isalpha():
            break
        burden = stem(text) in _BURDENS
        if burden or stem(text) in _ASSETS:
            return _AMOUNT_VALENCE if burden == (here in _LITTLE) else -_AMOUNT_VALENCE
    return 0.0


_HINTS = ("/5", "/ 5", "/10", "/ 10", "out of", "star", "⭐", "★", "/100")
_RATING = re.compile(
    r"\b(?P<given>\d{1,3}(?:[.,]\d{1,2})?)\s?(?:/|out of)\s?(?P<most>100|10|5)\b(?![/%])"
    r"|\b(?P<number>[1-5](?:[.,]\d)?)[\s-]?(?:⭐|★|stars?\b)"
    r"|[⭐★]{1,5}[☆✩]{0,4}"
)
_MIDDLE = 0.64
"""The share of the best mark that neither praises nor blames: 3.2 of 5."""
_STEEP = 6.5
_MAX_RATING = 2.2


def ratings(sentence: str) -> Iterator[tuple[int, int, float]]:
    """Yield where a sentence gives marks, and what they say on the scale of the lexicon."""
    if any(hint in sentence for hint in _HINTS):
        for found in _RATING.finditer(sentence):
            share = _share(found)
            if share <= 1:
                value = (share - _MIDDLE) * _STEEP
                yield *found.span(), max(-_MAX_RATING, min(_MAX_RATING, value))


def _share(found: re.Match[str]) -> float:
    """Return a mark's share of the best one."""
    if found["given"]:
        return _number(found["given"]) / float(found["most"])
    if found["number"]:
        return _number(found["number"]) / 5
    return sum(map(found.group().count, "⭐★")) / 5


def _number(text: str) -> float:
    return float(text.replace(",", "."))


_ASKING = frozenset(
    {"is", "are", "was", "were", "do", "does", "did", "has", "have", "can", "could", "will"}
    | {"would", "should", "which", "who", "isn't", "aren't", "doesn't", "don't"}
)
_IF = frozenset({"if", "unless", "whether", "whenever"})
_READER = frozenset({"you", "your", "you're", "you've", "you'd", "you'll", "budget", "money"})
_ENDS = frozenset(".,;:!?|\u2013\u2014") | {"then"}
_SUBJECT = 2
"""How many words after "if" are searched for its subject."""


def supposed(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a sentence that judge no brand, as indices of their first and last + 1
    word.

    These are a yes-or-no question, and a condition such as "if you need strong reports": the
    strong reports are a wish of the reader.
    """
    if texts and texts[-1] == "?" and texts[0] in _ASKING:
        yield 0, len(texts)
        return
    for at, text in enumerate(texts):
        if text in _IF and not _READER.isdisjoint(texts[at + 1 : at + 1 + _SUBJECT]):
            end = next((e for e in range(at, len(texts)) if texts[e] in _ENDS), len(texts))
            yield at, end
