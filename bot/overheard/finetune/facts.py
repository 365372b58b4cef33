"""Which facts of the sheet a text is about, and which of them may be told at all."""

from __future__ import annotations

import re
from collections.abc import Iterable

from overheard.domain import Fact

_WORDS = {
    "price": "price|prices|pricing|cost|costs|cheap|cheapest|expensive|affordable|worth"
    "|budget|euro|euros|dollar|dollars",
    "free plan": "free|trial|freemium",
    "founded": "founded|old|history|since",
    "headquarters": "headquarters|based|located|from",
    "chief executive": "ceo|founder|runs|chief",
    "employees": "employees|staff|big|size",
    "certifications": "secure|security|compliance|compliant|certified|certification|gdpr|soc|iso",
    "products": "product|products|features|offer",
    "parent company": "owned|owner|owns|parent",
}


def tellable(facts: Iterable[Fact], brand: str) -> tuple[Fact, ...]:
    """Return a brand's facts that can be told, without those that say what is false."""
    return tuple(f for f in facts if f.brand == brand and not f.untrue)


def about(facts: Iterable[Fact], text: str) -> tuple[Fact, ...]:
    """Return the facts whose field a text asks for, by the words that people use for it."""
    found = set(re.findall(r"\w+", text.casefold()))
    return tuple(fact for fact in facts if not found.isdisjoint(_words(fact)))


def sentence(fact: Fact) -> str:
    """Return a fact as a page may state it, with nothing added."""
    as_of = f" (as of {fact.as_of:%Y-%m-%d})" if fact.as_of else ""
    return f"{fact.field}: {fact.value}{as_of}"


def _words(fact: Fact) -> set[str]:
    field = re.findall(r"\w{3,}", fact.field.casefold())
    return {*field, *_WORDS.get(fact.head, "").split("|")} - {""}
