"""What words say of themselves, and what the words around them make of that.

The valences are VADER's (Hutto & Gilbert 2014), -4 to 4, with words of reviews and of talk about
products added in ``valence.txt``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from overheard_sentiment import tongues
from overheard_sentiment.phrases import phrase, phrases

_TOKEN = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*|[^\w\s]")
_REACH = 3
"""How many words before a word may negate or strengthen it."""
_FAR = 6
"""How many words before a word a subject may deny it: "nobody on our team enjoyed"."""
_SUBJECTS = frozenset({"nobody", "none", "nothing", "neither", "never"})
_FLIP = -0.74
"""What a negation makes of a valence (VADER's constant)."""
_STEP = 0.293
"""What an intensifier adds to a valence (VADER's constant)."""
_TOO_MUCH = -1.2
_NONE_OF_IT = -1.0
"""What "has no calendar" says."""
_HAVING = frozenset({"has", "have", "had", "offers", "offer", "with", "gives", "provides"})

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
    | tongues.NEGATIONS
)
_INTENSE = (
    frozenset(
        {"very", "really", "extremely", "incredibly", "highly", "especially", "particularly", "so"}
        | {"most", "more", "super", "absolutely", "exceptionally", "remarkably", "truly", "totally"}
    )
    | tongues.INTENSE
)
_CURING = frozenset(
    {
        *("reduce", "reduces", "reducing", "eliminate", "eliminates", "eliminating", "prevent"),
        *("prevents", "preventing", "minimize", "minimizes", "minimise", "minimises", "remove"),
        *("removes", "solves", "solve", "fixes", "resolves", "blocks", "fights", "detects"),
        *("catches", "stops", "avoids"),
    }
)
"""What a product does to errors, spam and slow work."""
_SLIGHT = frozenset({"slightly", "somewhat", "fairly", "rather", "bit", "little", "relatively"})
_UNREAL = frozenset({"could", "should", "would", "wish", "hoped"})
_BETTER = frozenset({"better", "nicer", "improved", "improve", "good", "great"})
_LIKES = frozenset({"like", "likes", "liked"})
_LIKING = frozenset({"i", "we", "you", "they", "people", "users", "really", "also", "would", "'d"})
_STOPS = frozenset(".,;:|()\u2013\u2014") | {"but", "however", "although", "though", "and"}


@dataclass(frozen=True, slots=True)
class Words:
    """The words and marks of a sentence, by column.

    Attributes:
        texts: In lower case.
        starts: Offset of the first character of each in the sentence.
        ends: Offset behind its last.
        valences: What it says in its place, about -4 to 4; 0 for most.
    """

    texts: list[str]
    starts: list[int]
    ends: list[int]
    valences: list[float]


@lru_cache(maxsize=1024)
def words(sentence: str) -> Words:
    """Return the words of a sentence with their valence in their place."""
    spans = [match.span() for match in _TOKEN.finditer(sentence)]
    texts = [sentence[a:b].lower().replace("\u2019", "'") for a, b in spans]
    return Words(texts, [a for a, _ in spans], [b for _, b in spans], _values(texts))


def _values(texts: list[str]) -> list[float]:
    """Return the valence of each word in its place; the first word of a phrase bears all of it."""
    if (foreign := tongues.lexicon(texts)) is not None:
        return [_in_place(texts, at, foreign.get(text, 0.0)) for at, text in enumerate(texts)]
    values = [0.0] * len(texts)
    speaking, behind = _speaking(), 0
    for at, text in enumerate(texts):
        if at < behind or (text not in speaking and "-" not in text):
            continue
        length, together = phrase(texts, at)
        values[at] = _in_place(texts, at, together if length else _alone(texts, at))
        behind = at + length
    return values


@cache
def _speaking() -> frozenset[str]:
    """Return the words that may say something, alone or at the head of a phrase; those with a
    hyphen may as well.
    """
    return frozenset({*_lexicon(), *phrases(), "too", "no", *_LIKES})


def _in_place(texts: list[str], at: int, value: float) -> float:
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
    text = texts[at]
    following = texts[at + 1] if at + 1 < len(texts) else "."
    if text == "too":
        plain = following.isalpha() and not _valence(following) and following not in _STOPS
        return _TOO_MUCH if plain else 0.0
    if text == "no" and at and texts[at - 1] in _HAVING:
        return 0.0 if any(map(_valence, texts[at + 1 : at + 4])) else _NONE_OF_IT
    if text in _CURING and any(_valence(word) < 0 for word in texts[at + 1 : at + 1 + _REACH]):
        return 0.0
    if text in _LIKES:
        return 1.5 if at and texts[at - 1] in _LIKING else 0.0
    return _valence(text)


def _negates(texts: list[str], at: int) -> bool:
    if texts[at : at + 2] in (["not", "only"], ["not", "just"], ["no", "doubt"]):
        return False
    return texts[at] in _NEGATIONS or texts[at].endswith("n't")


def _valence(text: str) -> float:
    known = _lexicon()
    if text in known or "-" not in text:
        return known.get(text, 0.0)
    return max((known.get(part, 0.0) for part in text.split("-")), key=abs)


@cache
def _lexicon() -> dict[str, float]:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    lexicon: dict[str, float] = dict(SentimentIntensityAnalyzer().lexicon)
    own = files("overheard_sentiment").joinpath("valence.txt").read_text(encoding="utf-8")
    for line in own.splitlines():
        if not line.startswith("#"):
            value, *listed = line.split()
            lexicon.update(dict.fromkeys(listed, float(value)))
    return lexicon
