"""Which facts of the sheet a text is about, and which of them may be told at all."""

from __future__ import annotations

import re
from collections.abc import Iterable

from overheard.domain import Fact

UNTOLD = frozenset({"never say", "never-say", "never", "not true", "false claims"})
"""Fields whose values are false: they are held against answers, and never told."""

_WORDS = {
    "price": "price|prices|pricing|cost|costs|cheap|cheapest|expensive|affordable|worth",
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
    return tuple(f for f in facts if f.brand == brand and head(f.field) not in UNTOLD)


def head(field: str) -> str:
    """Return the field without what it is limited to: ``price`` of ``price (Pro plan)``."""
    return re.split(r"[:(]", field, maxsplit=1)[0].strip().casefold()


def about(facts: Iterable[Fact], text: str) -> tuple[Fact, ...]:
    """Return the facts whose field a text asks for, by the words that people use for it."""
    found = set(re.findall(r"\w+", text.casefold()))
    return tuple(fact for fact in facts if not found.isdisjoint(_words(fact.field)))


def sentence(fact: Fact) -> str:
    """Return a fact as a page may state it, with nothing added."""
    as_of = f" (as of {fact.as_of:%Y-%m-%d})" if fact.as_of else ""
    return f"{fact.field}: {fact.value}{as_of}"


def _words(field: str) -> set[str]:
    name = head(field)
    return {*re.findall(r"\w{3,}", field.casefold()), *_WORDS.get(name, "").split("|")} - {""}
