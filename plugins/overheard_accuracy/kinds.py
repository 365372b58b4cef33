"""The kinds of facts: what a statement states of each, and when that agrees with a fact.

A new kind is a row of `KINDS`, and how it is called in a fact sheet a line of ``facts.txt``.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from overheard_accuracy import claims, figures, names, offers
from overheard_accuracy.claims import FactClaim, Stated, Statement, Truth, Verdict
from overheard_accuracy.prices import price
from overheard_accuracy.words import named_words


class Kind(NamedTuple):
    """A kind of facts.

    Attributes:
        states: Returns what a statement says of a fact. None if it says nothing, or if the meaning
            is uncertain: a false accusation costs more than a miss.
        agrees: Returns whether what is stated agrees with a value of a fact; None if that is
            uncertain. Without it, what is stated is a verdict.
        is_list: Whether a fact has several values, each of which is checked by itself.
    """

    states: Callable[[Statement, Truth], Stated | None]
    agrees: Callable[[Any, str], bool | None] | None = None
    is_list: bool = False


KINDS = {
    "founded": Kind(figures.founding, figures.is_founding_year),
    "employees": Kind(figures.headcount, figures.is_headcount),
    "headquarters": Kind(names.headquarters, names.is_place),
    "chief executive": Kind(names.leader, names.is_person),
    "parent company": Kind(names.owner, names.is_owner),
    "free plan": Kind(offers.free_plan, offers.is_offered),
    "products": Kind(offers.product, is_list=True),
    "certifications": Kind(offers.certification, is_list=True),
    "discontinued": Kind(offers.discontinued, is_list=True),
    "never say": Kind(offers.forbidden, is_list=True),
    "price": Kind(price),
}
"""The kinds that can be checked, by the field of a fact sheet."""

_KNOWN_AS = {
    spelling: field
    for field, spellings in named_words("fields").items()
    for spelling in (field, *map(claims.normalized, spellings.split("|")))
}


def claim_of(field: str, statement: Statement, truth: Truth) -> FactClaim | None:
    """Return what a statement claims about a fact of a field of `KINDS`: correct if it agrees with
    the value of the fact, stale if it does with a former one, else wrong. None if it claims
    nothing, or doubts what it says.
    """
    kind = KINDS[field]
    stated = None if claims.unmeant(statement) else kind.states(statement, truth)
    if stated is None or kind.agrees is None:
        return stated and FactClaim(stated.value, stated.words)
    agrees = kind.agrees(stated.value, truth.value)
    if agrees:
        return FactClaim(Verdict.CORRECT, stated.words)
    if any(kind.agrees(stated.value, former) for former in truth.previous):
        return FactClaim(Verdict.STALE, stated.words)
    return None if agrees is None else FactClaim(Verdict.WRONG, stated.words)


def field_of(name: str) -> tuple[str, str]:
    """Split the name of a fact into (field, qualifier): ``price: Pro plan`` and ``pricing (Pro
    plan)`` both give ``("price", "Pro plan")``.

    Case, accents and punctuation of the field are ignored, and its other spellings are known
    ("CEO", "Gründung"). The field is a key of `KINDS`, or "" if it cannot be checked. The qualifier
    is "" if absent.
    """
    field, _, qualifier = name.replace("(", ":").replace(")", "").partition(":")
    return _KNOWN_AS.get(claims.normalized(field), ""), qualifier.strip()


def values_of(field: str, value: str) -> tuple[str, ...]:
    """Return the values of a fact of a field of `KINDS` that are checked one by one: ``"SOC 2; ISO
    27001"`` gives two certifications; any other field gives the value as it is.
    """
    return claims.listed_values(value) if KINDS[field].is_list else (value,)
