"""Brand names that are ordinary words: whether an occurrence is the name or the word.

"Target", "Apple", "Away", "Ring" or "Made In" count only if they are written like a name, and not
if the surrounding words make them plain English.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from importlib.resources import files


class Sense(Enum):
    """The meaning of an occurrence of an ordinary word."""

    NAME = "name"
    DOUBTFUL = "doubtful"
    """A name only if the answer uses the word as a name elsewhere."""
    WORD = "word"


@cache
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEXT = re.compile(r"[ \t-]{0,3}(?:['\u2019]s\b\s*)?([^\W_]+)?")
_PREVIOUS = re.compile(r"([^\W_]+)[^\w\n.!?]*\Z")
_HEAD = re.compile(r"(?:\A|\|)\W*\Z")
_ITEM = re.compile(r"(?:[,;:/&]|\b(?:and|or|vs|versus)\b)\W*\Z")
_TALL = re.compile(r"\b(?!(?:the|and|for)\b)[^\W\d_]{3,}")
_ENDINGS = ("s", "ed", "ing")

_VERBAL = _words(
    """is are was were has have had and or can may might will would could should does did also
    itself for in as at on with by from to makes which who but remains not often still now
    recently currently led vs versus"""
)
"""Words that follow a name at the start of a sentence, as do longer words in -s, -ed and -ly."""
_COMPANY = _words(
    """audience audiences market markets customer customers user users group groups demographic
    demographics segment segments keyword keywords businesses clients companies consumers goals
    points areas sales prices rates ranges values costs sizes topics sectors muscles"""
)
"""Nouns that make the word before them an ordinary word."""
_COSTING = re.compile(
    r" (?:costs|prices|sales|ranges) (?:[$\u20ac\u00a3\d]|(?:about|around|only|just|from|more|less"
    r"|between|nothing)\b)"
)
"""Verbs after a name that look like such a noun: "Bolt costs $15"."""
_LITTLE = _words("nothing everything anything away made all now here better best")
"""Words that often begin sentences: there, before a lower-case word, they are ordinary words."""

_NO_SUBJECTS = frozenset({"away", "made", "better", "best"})
"""Words of `_LITTLE` that cannot be a subject: "Away makes" is a name, "Nothing makes" is not."""

_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = "january february march april may june july august september october november december"
_ON_A_DAY = (
    "on every each by next last this until till from since before after late early through to"
    " start starts started begin begins due meets ends closes opens launches arrives ships"
)
_OF_A_DAY = "morning mornings afternoon evening night nights to through until and or blues"
_NOT_OWNERS = _LITTLE | _words(f"{_DAYS} {_MONTHS}")
"""Words that often have an 's without being names: "Nothing's wrong", "Monday's meeting"."""
_AFTER = {
    "target": "audience audiences market markets customer customers user users group groups date"
    " demographic demographics segment price keyword keywords heart rate weight language",
    "apple": "pie pies juice cider tree trees sauce orchard orchards crumble vinegar slices",
    "zoom": "in out",
    "amazon": "rainforest river basin jungle forest delta",
    "ring": "size sizes finger tone tones road binder",
    "away": "from game games team",
    "linear": "regression algebra equation equations function functions programming model models",
    "notion": "of that",
    "nothing": "but else more less except beats compares",
    "square": "feet foot meter meters metre metres root inch inches mile miles footage",
    "made in": "china japan italy germany america france india usa vietnam taiwan mexico britain"
    " the",
    **dict.fromkeys(_DAYS.split(), _OF_A_DAY),
}
_BEFORE = {
    "hp": "horsepower",
    "square": "per times",
    **dict.fromkeys(_DAYS.split(), _ON_A_DAY),
    **dict.fromkeys(_MONTHS.split(), f"{_ON_A_DAY} in of"),
}


@cache
def common_words() -> frozenset[str]:
    """Return the packaged list of ordinary English words."""
    text = files("overheard.reading").joinpath("common_words.txt").read_text(encoding="utf-8")
    return frozenset(
        word for line in text.splitlines() if not line.startswith("#") for word in line.split()
    )


def is_ordinary(name: str) -> bool:
    """Return whether a folded name consists of ordinary English words only."""
    words = name.split()
    return bool(words) and all(map(_is_common, words))


def in_phrase(name: str, body: str, start: int, end: int) -> bool:
    """Return whether the words around a name make it plain language: "Apple pie", "on Monday"."""
    if name not in _AFTER and name not in _BEFORE:
        return False
    after = _NEXT.match(body, end)
    following = (after.group(1) or "") if after else ""
    previous = _PREVIOUS.search(body, max(0, start - 20), start)
    return following.casefold() in _words(_AFTER.get(name, "")) or (
        previous is not None and previous.group(1).casefold() in _words(_BEFORE.get(name, ""))
    )


def sense(name: str, body: str, start: int, end: int, sentence: tuple[int, int]) -> Sense:
    """Return the meaning of an ordinary word that is written like a name.

    Args:
        name: The folded name.
        body: The text.
        start: Offset of the word's first character.
        end: Offset after the word.
        sentence: (start, end) offsets of the sentence with the word.
    """
    after = _NEXT.match(body, end, sentence[1])
    following = (after.group(1) or "") if after else ""
    before = body[max(sentence[0], start - 20) : start]
    if _HEAD.search(before):
        owner = body[end : end + 2] in {"'s", "\u2019s"} and name not in _NOT_OWNERS
        if owner or (" " in name and not _is_title(body, *sentence)):  # "Made In" has a capital I
            return Sense.NAME
        if name not in _LITTLE and _COSTING.match(body, end):
            return Sense.NAME
        aside = (name in _LITTLE or name == "later") and body[end : end + 1] == ","
        return Sense.DOUBTFUL if aside else _at_head(name, following)
    if _is_title(body, *sentence):
        return _at_head(name, following) if _ITEM.search(before) else Sense.DOUBTFUL
    return Sense.NAME


def _at_head(name: str, following: str) -> Sense:
    """Return the meaning of a word at the start of a sentence, by the word that follows."""
    if not following or not following[0].islower():
        return Sense.NAME
    acting = (
        len(following) > 3  # "Ring us"
        and following.endswith(("s", "ed", "ly"))
        and following not in _COMPANY
    )
    if name in _LITTLE:
        plain = name not in _NO_SUBJECTS or not following.endswith("s")
        return Sense.DOUBTFUL if plain or not acting else Sense.NAME
    return Sense.NAME if acting or following in _VERBAL else Sense.DOUBTFUL


def _is_title(body: str, start: int, end: int) -> bool:
    """Return whether every longer word has a capital, so that capitals prove nothing."""
    if end - start > 100 or body[end - 1] in ".!?":
        return False
    tall = _TALL.findall(body, start, end)
    return len(tall) > 2 and all(word[0].isupper() for word in tall)


def _is_common(word: str) -> bool:
    common = common_words()
    return word in common or any(
        word.endswith(ending) and word.removesuffix(ending) in common for ending in _ENDINGS
    )
