"""The fields of a fact sheet: what each is called, and who checks it."""

from overheard_accuracy.claims import Checker, listed_values, normalized
from overheard_accuracy.foundings import founded
from overheard_accuracy.free_plans import free_plan
from overheard_accuracy.headcounts import employees
from overheard_accuracy.headquarters import headquarters
from overheard_accuracy.leaders import chief_executive
from overheard_accuracy.lists import certifications, discontinued, never_say, products
from overheard_accuracy.owners import parent_company
from overheard_accuracy.prices import price
from overheard_accuracy.words import named_words

CHECKERS: dict[str, Checker] = {
    "founded": founded,
    "headquarters": headquarters,
    "chief executive": chief_executive,
    "price": price,
    "free plan": free_plan,
    "employees": employees,
    "products": products,
    "parent company": parent_company,
    "certifications": certifications,
    "discontinued": discontinued,
    "never say": never_say,
}
"""The fields that can be checked, by name."""

_ALSO = named_words("fields")
_KNOWN_AS = {
    spelling: field
    for field, spellings in _ALSO.items()
    for spelling in (field, *map(normalized, spellings.split("|")))
}
_MANY = frozenset({"products", "certifications", "discontinued", "never say"})


def field_of(name: str) -> tuple[str, str]:
    """Split the name of a fact into (field, qualifier): ``price: Pro plan`` and ``pricing (Pro
    plan)`` both give ``("price", "Pro plan")``.

    Case, accents and punctuation of the field are ignored, and its other spellings are known
    ("CEO", "Gründung"). The field is a key of `CHECKERS`, or "" if it cannot be checked. The
    qualifier is "" if absent.
    """
    field, _, qualifier = name.replace("(", ":").replace(")", "").partition(":")
    return _KNOWN_AS.get(normalized(field), ""), qualifier.strip()


def values_of(field: str, value: str) -> tuple[str, ...]:
    """Return the values of a fact that are checked one by one.

    They are the items of a list for products, certifications, discontinued products and sentences
    never to be said: ``"SOC 2; ISO 27001"`` gives two. Any other field gives the value as it is.

    Args:
        field: A key of `CHECKERS`.
        value: The fact's value.
    """
    return listed_values(value) if field in _MANY else (value,)
