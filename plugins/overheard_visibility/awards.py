"""Awards: titles, labels and reported words that make a brand the answer's own choice."""

import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Set
from operator import attrgetter

from overheard import Reading, Unit, UnitRole
from overheard_visibility.pick_words import AWARD, CITED, CITED_VALUE, CONDITION, PLAIN_WORDS, WORD

AWARDED = re.compile(
    r"X\w*[^:\u2013\u2014(|\u2b50\u2605\U0001f3c6]{0,40}[*_\s]*"
    r"(?:[:\u2013\u2014(|\u2b50\u2605\U0001f3c6]|\s-\s)[*_\s]*"
    rf"(?={AWARD.pattern})",
    re.IGNORECASE,
)
"""A title with a name and the award after it: "Acme One - Best Overall"."""
ASKS_FOR_VALUE = frozenset({"cheap", "cheapest", "budget", "affordable", "inexpensive", "value"})
OTHERS = re.compile(r"\W*(?:other|also|more|additional|alternatives?|runners?|further)\b", re.I)
"""The beginning of a heading of what is offered beside the choice."""
NICHE = re.compile(
    r"""
    \W*(?:the\ |our\ )*(?:best|top)(?:\ (?:pick|choice|option))?(?:\ for)?
    \ (?P<niche>[\w\ -]{3,40})""",
    re.IGNORECASE | re.VERBOSE,
)
"""An award for a part of the readers; the choice if that is what the question asks for."""
_AWARD_CHARACTERS = 40
"""Most characters of a text that is an award and nothing else: "Best overall"."""
_PLURAL = re.compile(r"[a-z]{2}(?<!s)s\W*\Z")
"""The end of a heading of several picks: "Top Overall Laptops"."""


def is_award(title: str, names: Iterable[str], question_words: Container[str]) -> bool:
    """Return whether a title makes the brand below it the answer's pick for the question.

    Such titles are "Best overall", "Acme One - Best Overall", and "Best for travel" if the question
    asks for travel. A title with a condition ("Best overall if you travel") is not one, unless the
    question asks for its purpose.

    Args:
        title: The text of a title or a label.
        names: The names of all brands. Their words are not read as an award: "Best Buy".
        question_words: The words of the question, in lower case.
    """
    for name in names:
        title = title.replace(name, "X")
    has_award = AWARD.match(title) is not None or AWARDED.match(title) is not None
    is_for_every_reader = has_award and not CONDITION.search(title)
    return is_for_every_reader or _is_asked_for(title, question_words)


def is_plain_award(text: str) -> bool:
    """Return whether a text is an award and nothing else: "Best overall".

    False for a text of `_AWARD_CHARACTERS` or more, a sentence with a full stop, and an award with
    a condition ("for travel").
    """
    if len(text) >= _AWARD_CHARACTERS or text[-1:] in ".!?":
        return False
    return bool(AWARD.match(text)) and not CONDITION.search(text)


def is_cited(reading: Reading, unit: Unit, question_words: Set[str]) -> bool:
    """Return whether a text reports that its owner is said to be the best: "cited as the best
    overall".

    The best value counts only if the question asks for a low price. Nothing counts below a heading
    such as "Other options".

    Args:
        unit: A unit that belongs to a brand.
        question_words: The words of the question, in lower case.
    """
    if OTHERS.match(unit.section):
        return False
    asks_for_value = not question_words.isdisjoint(ASKS_FOR_VALUE)
    if asks_for_value and CITED_VALUE.search(unit.text):
        return True
    return CITED.occurs(reading.body, unit.start, unit.end)


def opens_award(reading: Reading, unit: Unit) -> bool:
    """Return whether a unit is the first title of a brand below a heading that is an award: "Best
    Overall".

    A heading with a condition, or for several winners ("Top Overall Laptops"), is not an award. One
    with a purpose is, in spite of its plural: "Best for most shoppers".
    """
    heading = unit.section
    if unit.role is not UnitRole.TITLE or not AWARD.match(heading) or CONDITION.search(heading):
        return False
    if _PLURAL.search(heading) and " for " not in heading:
        return False
    index = bisect_left(reading.units, unit.start, key=attrgetter("start"))
    for unit_above in reversed(reading.units[:index]):
        is_title = unit_above.role is UnitRole.TITLE and bool(unit_above.owner)
        if is_title and unit_above.section == heading:
            return False
        if not unit_above.owner and unit_above.text.endswith(heading):
            return True
    return True


def _is_asked_for(title: str, question_words: Container[str]) -> bool:
    """Return whether a title is an award for the purpose in the question: "Best for travel".

    Each word of the purpose must be in the question; words that say nothing of their own, such as
    "overall", are skipped. False if no other word remains.

    Args:
        title: The text of a title or a label.
    """
    award = NICHE.match(title)
    if not award:
        return False
    words = [word.casefold() for word in WORD.findall(award["niche"])]
    purpose = [word for word in words if word not in PLAIN_WORDS]
    return bool(purpose) and all(word in question_words for word in purpose)
