"""The facts of a sheet that a text asks for, and how they are written on a page."""

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


def true_facts(facts: Iterable[Fact], brand: str) -> tuple[Fact, ...]:
    """Return the facts of a brand, given by its name, in their order. Those whose field says that
    the value is false, such as ``never say``, are left out.
    """
    return tuple(fact for fact in facts if fact.brand == brand and not fact.untrue)


def facts_asked_for(facts: Iterable[Fact], text: str) -> tuple[Fact, ...]:
    """Return the facts that a text asks for, in their order: those with a word of their field (of 3
    letters or more), or a synonym of the field, among the words of the text.
    """
    words = set(re.findall(r"\w+", text.casefold()))
    return tuple(fact for fact in facts if not words.isdisjoint(_field_words(fact)))


def fact_sentence(fact: Fact) -> str:
    """Return a fact as a line for a page, with the day on which it was checked if that is known:
    ``price: $14 (as of 2026-03-02)``.
    """
    as_of = f" (as of {fact.as_of:%Y-%m-%d})" if fact.as_of else ""
    return f"{fact.field}: {fact.value}{as_of}"


def _field_words(fact: Fact) -> set[str]:
    """Return the words by which a text asks for a fact, in lower case: the words of its field with
    3 letters or more, and the synonyms of the field without its qualifier.
    """
    own_words = re.findall(r"\w{3,}", fact.field.casefold())
    synonyms = _WORDS.get(fact.head, "").split("|")
    return {*own_words, *synonyms} - {""}
