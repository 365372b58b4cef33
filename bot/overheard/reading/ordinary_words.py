"""Brand names that are ordinary words: whether an occurrence is the name or the word.

"Target", "Apple", "Away", "Ring" or "Made In" count only if they are written like a name, and not
if the surrounding words make them plain English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEXT = re.compile(r"[ \t-]{0,3}(?:['\u2019]s\b\s*)?([^\W_]+)?")
_SECOND = re.compile(r"[ \t-]{0,3}[^\W_]+[ \t]([^\W_]+)")
_PREVIOUS = re.compile(r"([^\W_]+)[^\w\n.!?,;:]*\Z")
_HEAD = re.compile(r"(?:\A|\|)\W*\Z")
_ITEM = re.compile(r"(?:[,;:/&]|\b(?:and|or|vs|versus)\b)\W*\Z")
_TALL = re.compile(r"\b(?!(?:the|and|for)\b)[^\W\d_]{3,}")
_ENDINGS = ("s", "ed", "ing", "es", "d")
_TRADE_MARK = re.compile(r"(?: ?[^\W_]+)?[\u2122\u00ae\u00a9\u2120]")
_ENUMERATES = re.compile(
    r",\s+[^\W\d_a-z][\w.&'\u2019-]*(?:\s[^\W\d_a-z]\w*)?(?:,|\s(?:and|or|&)\s)"
)

_VERBAL = _word_set(
    """is are was were has have had and or can may might will would could should does did also
    itself for in as at on with by from makes which who but remains not often still now
    recently currently led vs versus"""
)
"""Words that follow a name at the start of a sentence, as do longer words in -s, -ed and -ly."""
_PREPOSITIONS = _word_set("for in as at on with by from")
_MAKER = re.compile(r" (?:from|by) [A-Z]\w")
"""A maker after a name: "Visible by Verizon"."""
_DETERMINERS = _word_set(
    """the a an your my our their his her its this that these those some any each every another us
    me him them it you yourself how what why which when where whether to of"""
)
"""Words before which a name at the start of a sentence is an ordinary word: "Target the right"."""
_OFFERS = _word_set(
    """cards stores stock shares headquarters employees subscribers cardholders devices phones plans
    products laptops engineers executives members accounts apps gear cameras doorbells speakers"""
)
"""Nouns of what a company has: "Visible plans start at $25"."""
_COMPANY = _word_set(
    """audience audiences market markets customer customers user users group groups demographic
    demographics segment segments keyword keywords businesses clients companies consumers goals
    points areas sales prices rates ranges values costs sizes topics sectors muscles"""
)
"""Nouns that make the word before them an ordinary word."""
_GENERIC = _word_set(
    """height width weight length depth size capacity temperature amount distance range analysis
    audience audiences demographic demographics age rate percentage footage speed"""
)
"""Nouns of measure: "Maximum Height: 48", "Target Rate"."""
_COSTING = re.compile(
    r" (?:costs|prices|sales|ranges) (?:[$\u20ac\u00a3\d]|(?:about|around|only|just|from|more|less"
    r"|between|nothing)\b)"
)
"""Verbs after a name that look like such a noun: "Bolt costs $15"."""
_LITTLE = _word_set("nothing everything anything away made all now here better best")
"""Words that often begin sentences: there, before a lower-case word, they are ordinary words."""
_ADVERBS = _LITTLE | _word_set(
    """later indeed next instead otherwise likewise simply clearly finally overall ideally first
    last today then always soon however again further maybe perhaps sure right well true"""
)
"""Words that open a sentence before a comma: "Indeed, this is so"."""

_NO_SUBJECTS = frozenset({"away", "made", "better", "best"})
"""Words of `_LITTLE` that cannot be a subject: "Away makes" is a name, "Nothing makes" is not."""

_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = "january february march april may june july august september october november december"
_ON_A_DAY = (
    "on every each by next last this until till from since before after late early through to"
    " start starts started begin begins due meets ends closes opens launches arrives ships cyber"
)
_OF_A_DAY = "morning mornings afternoon evening night nights to through until blues at"
_OTHER_DAY = re.compile(
    rf"\b(?:{_DAYS.replace(' ', '|')})s?\b|\b(?:mon|tue|wed|thu|fri|sat|sun)\b", re.IGNORECASE
)
_DAY_WINDOW_CHARACTERS = 60
_NOT_OWNERS = _LITTLE | _word_set(f"{_DAYS} {_MONTHS}")
"""Words that often have an 's without being names: "Nothing's wrong", "Monday's meeting"."""


@cache
def common_words() -> dict[str, str]:
    """Return the packaged list of ordinary English words: word to main part of speech.

    ``a`` is an adjective or adverb, ``v`` a verb, ``b`` a verb and a noun; "" is any other.
    """
    entries = (entry for line in _file_lines("common_words.txt") for entry in line.split())
    return {word: part for word, _, part in (entry.partition("/") for entry in entries)}


@cache
def _compounds() -> dict[str, frozenset[str]]:
    """Return the second words of compounds such as "spark plug", by their first words."""
    lines = (line.split() for line in _file_lines("compounds.txt"))
    return {first: frozenset(seconds) for first, *seconds in lines}


@cache
def _phrases() -> dict[tuple[str, str], frozenset[str]]:
    """Return, by (name, side), the words that make the name plain language when they are after
    (``>``) or before (``<``) it.
    """
    phrases: dict[tuple[str, str], frozenset[str]] = {}
    for line in _file_lines("phrases.txt"):
        name, side, words = re.split(r" ([<>]) ", line, maxsplit=1)
        phrases[name, side] = phrases.get((name, side), frozenset()) | _word_set(words)
    for names, before in ((_DAYS, _ON_A_DAY), (_MONTHS, f"{_ON_A_DAY} in of")):
        phrases |= {(name, "<"): _word_set(before) for name in names.split()}
    return phrases | {(name, ">"): _word_set(_OF_A_DAY) for name in _DAYS.split()}


def _file_lines(name: str) -> Iterator[str]:
    text = files("overheard.reading").joinpath(name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if not line.startswith("#"))


def is_ordinary(name: str) -> bool:
    """Return whether a folded name consists of ordinary English words only."""
    words = name.split()
    return bool(words) and all(map(is_common, words))


def in_phrase(name: str, body: str, start: int, end: int) -> bool:
    """Return whether the words around a name make it plain language: "Apple pie", "on Monday".

    Args:
        name: The folded name.
        body: The text.
        start: Offset of the name.
        end: Offset after the name.
    """
    phrases = _phrases()
    afterwards, before = phrases.get((name, ">"), ()), phrases.get((name, "<"), ())
    compounds = _compounds().get(name, ()) if body[start:end].istitle() else ()
    if not (afterwards or before or compounds):
        return False
    after = _NEXT.match(body, end)
    following = after.group(1) or "" if after else ""
    word = following.casefold()
    makes_phrase = word in afterwards or (
        following.islower() and (word in compounds or word.removesuffix("s") in compounds)
    )
    if makes_phrase and not _is_marked(body, end):
        return True
    previous = _PREVIOUS.search(body, max(0, start - 20), start) if before else None
    return previous is not None and previous.group(1).casefold() in before


def sense(name: str, body: str, start: int, end: int, sentence: tuple[int, int]) -> Sense:
    """Return whether an ordinary word that is written like a name is the name or doubtful, or an
    ordinary word.

    Args:
        name: The folded name.
        body: The text.
        start: Offset of the word's first character.
        end: Offset after the word.
        sentence: (start, end) offsets of the sentence with the word.
    """
    if _is_marked(body, end):
        return Sense.NAME
    after = _NEXT.match(body, end, sentence[1])
    following = (after.group(1) or "") if after else ""
    of_days = name in _word_set(_DAYS) and _is_near_other_day(body, start, end)
    if of_days or following.casefold() in _GENERIC:
        return Sense.DOUBTFUL
    before = body[max(sentence[0], start - 20) : start]
    if _HEAD.search(before):
        return _sense_at_opening(name, body, end, following, sentence)
    if _is_title(body, *sentence) and not _is_among_names(body, start, following):
        return (
            _sense_before_word(name, following, body, end)
            if _ITEM.search(before)
            else Sense.DOUBTFUL
        )
    return Sense.NAME


def _sense_at_opening(
    name: str, body: str, end: int, following: str, sentence: tuple[int, int]
) -> Sense:
    """Return the meaning of an ordinary word that opens a sentence or a table cell.

    Args:
        name: The folded word.
        body: The text.
        end: Offset after the word.
        following: The next word in the sentence, or "".
        sentence: (start, end) offsets of the sentence with the word.
    """
    owner = body[end : end + 2] in {"'s", "\u2019s"} and name not in _NOT_OWNERS
    if owner or (" " in name and not _is_title(body, *sentence)):  # "Made In" has a capital I
        return Sense.NAME
    if name not in _LITTLE and _COSTING.match(body, end):
        return Sense.NAME
    aside = name in _ADVERBS and body[end : end + 1] == "," and not _ENUMERATES.match(body, end)
    return Sense.DOUBTFUL if aside else _sense_before_word(name, following, body, end)


def is_common(word: str) -> bool:
    """Return whether a folded word is an ordinary English word, also with a regular ending."""
    return _part_of_speech(word) is not None


def _part_of_speech(word: str) -> str | None:
    """Return the part of speech of a folded word or of its base, see `common_words`; None for a
    word that is not common.
    """
    common = common_words()
    if word in common:
        return common[word]
    bases = (word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending))
    return next((common[base] for base in bases if base in common), None)


def _sense_before_word(name: str, following: str, body: str, end: int) -> Sense:
    """Return the meaning of an ordinary word at the start of a sentence, judged by the next word.

    Args:
        name: The folded word.
        following: The next word in the sentence, or ""; without one, or with a capital, it is the
            name.
        body: The text.
        end: Offset after the word.
    """
    if not following or not following.islower():
        return Sense.NAME
    if following in _DETERMINERS:
        return Sense.WORD
    acting = len(following) > 3 and _is_verb(following, body, end)
    if name in _LITTLE:
        plain = name not in _NO_SUBJECTS or not following.endswith("s")
        return Sense.DOUBTFUL if plain or not acting else Sense.NAME
    own = _part_of_speech(name) or ""
    they = (
        name.endswith("s")
        and not following.endswith(("s", "ed"))
        and _part_of_speech(following) == "v"
    )
    if following in _PREPOSITIONS or they:  # "Close to", "Farmers need"
        return Sense.DOUBTFUL if (own or they) and not _MAKER.match(body, end) else Sense.NAME
    if acting or following in _VERBAL or following in _OFFERS or not is_common(following):
        return Sense.NAME
    return Sense.DOUBTFUL if own or " " in name or following in _COMPANY else Sense.NAME


def _is_verb(word: str, body: str, end: int) -> bool:
    """Return whether a word after a name is its verb: in -ed or -ly, or in -s and no plural.

    A word such as "plans" is a plural if a verb follows: "Visible plans start at $25".

    Args:
        word: The word, folded.
        body: The text.
        end: Offset after the name.
    """
    if word in _COMPANY:
        return False
    if word.endswith(("ed", "ly")):
        return True
    part = _part_of_speech(word) if word.endswith("s") else None
    if part != "b":
        return part == "v"
    found = _SECOND.match(body, end)
    second = found.group(1) if found else ""
    return bool(second) and not (second in _VERBAL or (_part_of_speech(second) or "") in {"v", "b"})


def _is_among_names(body: str, start: int, following: str) -> bool:
    """Return whether a word next to a name in a title is no ordinary word: "Microsoft Surface"."""
    previous = _PREVIOUS.search(body, max(0, start - 20), start)
    nearby = (previous.group(1) if previous else "", following)
    return any(word[:1].isupper() and not is_common(word.casefold()) for word in nearby)


def _is_marked(body: str, end: int) -> bool:
    """Return whether a trade mark sign is after a name, or after the word that follows it."""
    return _TRADE_MARK.match(body, end) is not None


def _is_near_other_day(body: str, start: int, end: int) -> bool:
    low, high = max(0, start - _DAY_WINDOW_CHARACTERS), end + _DAY_WINDOW_CHARACTERS
    return bool(_OTHER_DAY.search(body, low, start) or _OTHER_DAY.search(body, end, high))


def _is_title(body: str, start: int, end: int) -> bool:
    """Return whether every longer word has a capital, so that capitals prove nothing."""
    if end - start > 100 or body[end - 1] in ".!?":
        return False
    tall = _TALL.findall(body, start, end)
    return len(tall) > 2 and all(word[0].isupper() for word in tall)
