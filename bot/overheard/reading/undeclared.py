"""Brands that are not declared, where a sentence makes them its subject or a seller.

A capitalised word that is no ordinary word, and that a verb, a possessive, "at" or a price makes
the subject, is a brand for the whole answer: it owns its sentence, and what follows without a
subject. So an answer reads alike whether or not its rivals are declared.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from overheard.domain import Mention
from overheard.reading.ordinary_words import is_common
from overheard.reading.text import fold
from overheard.reading.word_lists import WordLists

_LISTS = WordLists("overheard.reading", "undeclared.txt")
_WORD = r"[A-Z][^\W_]*(?:[&+.'\u2019-](?!based\b)[^\W_]+)*(?!-based)"
_NAME = re.compile(rf"(?<![\w@/.#&'\u2019-]){_WORD}(?: {_WORD}){{0,2}}")
_POSSESSIVE = re.compile(r"['\u2019]s\Z")
_DETERMINED = _LISTS.compiled("determiners", r"(?:\b{}|['\u2019]s|\d)\s\Z")
"""Words before a name that make it a thing of the owner before: "the Plus plan", "its Air"."""
_OPENING = _LISTS.compiled(
    "openings", r"(?:(?:\A|[\n|.!?:;\u2014]\s|[\u2013-]\s){}|, {}\s|, )\W*\Z"
)
"""What stands before the subject of a sentence or of a clause."""
_PLACED = _LISTS.compiled("placed", r"(?:(?:\A|[\n|.!?:;]\s){}\s)\Z")
"""What stands before a seller at the beginning of a sentence: "With Acme, ...", "Quality at"."""
_SOLD_AT = _LISTS.compiled("sold at", r"(?:(?:\A|[\n|.!?:;]\s){}\s)\Z")
_CHOSEN = _LISTS.compiled("chosen", r"\b{}\s\Z")
"""Verbs before a name that is chosen or avoided."""
_COMPARED = _LISTS.compiled("compared", r"\b{}\s(?:the\s)?\Z")
_VERB = _LISTS.compiled("verbs after", r"{}\b")
_NO_BRAND = _LISTS.compiled("no brands", any_case=False)
_PRICED = re.compile(
    r"(?: (?:at|for|from)|:|,| \(| [\u2013-]| \|) (?:just |only |about |around )?[$€£]\s?\d"
)
_PERSON = _LISTS.compiled("leads", r"(?:['\u2019]s)?(?: (?:[\w'\u2019]+ ){0,5}{}\b| leads [A-Z])")
_PERSON_BEFORE = _LISTS.compiled("leads", r"\b{},? \Z")
_CLAUSE_FOLLOWS = re.compile(r"(?:,| \(|:| [\u2013\u2014]) ?")
_CELL = re.compile(r"(?:\A|\n)\s*\|?\s*(?:\d{1,2}[.)]?\s*\|?\s*)?\Z")
_CELL_ENDS = re.compile(r"\s*\|")
_CAPITALISES_NOUNS = re.compile(r"\b(?:der|die|das|und|ist|für|ein|eine)\b")
_LANGUAGE_CHARACTERS = 600
_BEFORE_CHARACTERS = 60
"""Characters before a name in which the words before it are searched."""


def undeclared_mentions(
    body: str, sentences: Sequence[tuple[int, int]], mentions: Sequence[Mention]
) -> tuple[Mention, ...]:
    """Return the mentions of undeclared brands in a text, in order; none in German, where all
    nouns have capitals.

    A name is a brand if it is the subject of any sentence, is chosen, compared with, or has a price
    next to it; then all its occurrences are mentions. Names of publications and people that only
    say something, names with a digit (models of products), and names right after a declared brand
    (its products) are none.

    Args:
        body: The prose of an answer.
        sentences: (start, end) offsets of its sentences, in order.
        mentions: The mentions of declared brands, in order.
    """
    if len(_CAPITALISES_NOUNS.findall(body, 0, _LANGUAGE_CHARACTERS)) > 1:
        return ()
    taken = {mention.start for mention in mentions}
    ends = {mention.end for mention in mentions}
    places = [
        (name, start)
        for name, start in _names(body)
        if start not in taken and start - 1 not in ends and start not in ends
    ]
    names = {name for name, start in places if _is_brand(body, start, start + len(name))}
    if not names:
        return ()
    starts = [start for start, _ in sentences]
    return tuple(
        Mention(name, start, start + len(name), max(0, bisect_right(starts, start) - 1))
        for name, start in places
        if name in names
    )


def is_name(text: str) -> bool:
    """Return whether a text is nothing but a capitalised name that is no ordinary word."""
    return [name for name, _ in _names(text)] == [text.strip()]


def _names(body: str) -> Iterator[tuple[str, int]]:
    """Yield (name, start) for each capitalised name of a text, in order, without ordinary words
    before it ("But Acme") and without a possessive "'s".
    """
    for match in _NAME.finditer(body):
        words = match.group().split(" ")
        start = match.start()
        while words and is_common(fold(_POSSESSIVE.sub("", words[0])).text):
            start += len(words.pop(0)) + 1
        name = _POSSESSIVE.sub("", " ".join(words)).rstrip(".")
        if len(name) > 1 and not any(map(str.isdigit, name)) and not _NO_BRAND.fullmatch(name):
            yield name, start


def _is_brand(body: str, start: int, end: int) -> bool:
    """Return whether the words around a name show that it is a brand."""
    before = body[max(0, start - _BEFORE_CHARACTERS) : start]
    if _DETERMINED.search(before) or _PERSON_BEFORE.search(before) or _PERSON.match(body, end):
        return False
    if _PRICED.match(body, end) or (_CELL.search(before) and _CELL_ENDS.match(body, end)):
        return True
    if any(words.search(before) for words in (_SOLD_AT, _CHOSEN, _COMPARED)):
        return True
    acts = _acts(body, end)
    if _PLACED.search(before):
        return acts or _CLAUSE_FOLLOWS.match(body, end) is not None
    return acts and (not before.strip() or _OPENING.search(before) is not None)


def _acts(body: str, end: int) -> bool:
    """Return whether the name that ends at an offset is the subject of a verb, or the owner of the
    subject: "Acme ships", "Acme's support is".
    """
    if body.startswith(("'s ", "\u2019s "), end):
        return True
    return _VERB.match(body, end) is not None
