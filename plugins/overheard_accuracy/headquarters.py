"""The check of the place of the headquarters, with the names of places in several languages."""

import re
from collections import defaultdict
from difflib import SequenceMatcher

from overheard_accuracy.claims import (
    FactClaim,
    Statement,
    Truth,
    Verdict,
    contains,
    historic,
    listed_values,
    normalized,
    of_another,
    unmeant,
)
from overheard_accuracy.words import FACTS, PLACES

_MIN_SIMILARITY = 0.75
"""Similarity (0 to 1) from which two spellings may be of one place: Rotterdam, Roterdam."""
_REGIONS = frozenset("|".join(PLACES.lines("regions") + PLACES.lines("other regions")).split("|"))
_PLACE_NUMBERS: dict[str, set[int]] = defaultdict(set)
for _number, _names in enumerate(PLACES.lines("regions") + PLACES.lines("cities")):
    for _name in _names.split("|"):
        _PLACE_NUMBERS[_name].add(_number)


def is_region(place: str) -> bool:
    """Return whether a place is a country, a state or a part of the world, in any of several
    languages. False for names that are not in the lists of this module.
    """
    return _plain(place) in _REGIONS


def same_place(first: str, second: str) -> bool:
    """Return whether two names are listed as names of one place: "USA", "United States"; "Wien",
    "Vienna". False for a name that is not listed, even if both are equal.
    """
    return not _PLACE_NUMBERS.get(_plain(first), set()).isdisjoint(
        _PLACE_NUMBERS.get(_plain(second), ())
    )


def alike(first: str, second: str) -> bool:
    """Return whether two names may be spellings of one place ("Rotterdam", "Roterdam"), so that no
    verdict is possible: their similarity (0 to 1) is at least `_MIN_SIMILARITY`.
    """
    return SequenceMatcher(None, _plain(first), _plain(second)).ratio() >= _MIN_SIMILARITY


def _plain(place: str) -> str:
    """Return a place in lower case, without accents, punctuation and a leading "the"."""
    return normalized(place).removeprefix("the ")


_NAMINGS = FACTS.each("headquarters")
_INITIALS = re.compile(r"(?:[A-Z]\.?){2,4}")
"""Initials such as "LA": the meant place is uncertain."""
_SITE = FACTS.compiled("site")
"""Between the brand and a place: the place is of a branch, not of the head office."""
_NO_PLACE = re.compile(r"\b(?:Store|App|Apps|Play|Marketplace|Cloud|Settings|Menu|Web|Internet)\b")


def headquarters(statement: Statement, truth: Truth) -> FactClaim | None:
    """Return the claim of a statement on the place of the headquarters, with the place as written.

    The verdict is correct for the city, state or country of the fact, stale for a former value,
    else wrong.

    Return None without a place of the headquarters; if the statement is doubtful, about another
    time or brand, or about a branch, shop or data center; for a country or state that the fact does
    not name (the city may be there); for initials ("LA"); and for a name that may be a spelling of
    the true place.
    """
    cue = next((match for pattern in _NAMINGS if (match := pattern.search(statement.text))), None)
    if not cue or unmeant(statement) or of_another(statement, cue) or historic(statement.text):
        return None
    between = statement.text[statement.end : max(statement.end, cue.start())]
    if (statement.end and _SITE.search(between)) or _NO_PLACE.search(cue["stated"]):
        return None
    stated = cue["stated"].rstrip(".'\u2019")
    if _place_agrees(stated, truth.value):
        return FactClaim(Verdict.CORRECT, stated)
    city = stated.split(",")[0]
    is_unclear = _INITIALS.fullmatch(city) or is_region(city)
    if is_unclear or any(alike(city, part) for part in listed_values(truth.value)):
        return None
    stale = any(_place_agrees(stated, value) for value in truth.previous)
    return FactClaim(Verdict.STALE if stale else Verdict.WRONG, stated)


def _place_agrees(stated: str, true: str) -> bool:
    """Return whether a stated place agrees with the true one.

    The first part of the stated place ("Austin" in "Austin, Texas") is compared with each part of
    the true place. They agree if they are equal, if one has the words of the other ("New York",
    "New York City"), or if they are names of one place in two languages.
    """
    parts = [part.strip() for part in true.split(",") if part.strip()]
    first = stated.split(",", maxsplit=1)[0].strip()
    return any(
        normalized(first) == normalized(part)
        or contains(first, part)
        or contains(part, first)
        or same_place(first, part)
        for part in parts
    )
