"""The statements about a brand's price: from its own units, and not from those of its products.

A price below "### Acme Pro" is the price of Acme Pro; it says nothing about the price of Acme.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from overheard import Reading, Unit, UnitRole
from overheard_accuracy.claims import Statement, contains
from overheard_accuracy.values import money_amounts

_UNIT_CHARACTERS = 600
"""Characters of a unit that are read."""
_PRODUCT = re.compile(
    r"(?:['\u2019]s)?[\s\u2122\u00ae-]+(?!(?:CRM|Inc|LLC|Ltd|GmbH|USD|EUR|Costs?|Pricing|Prices?"
    r"|Starts|Is|From"
    r"|At|For|And|Or|A|The|In)\b)(?=[A-Z0-9])(?P<name>[\w+.\u2122\u00ae-]*[A-Za-z0-9+])(?!\s?[%])"
)
"""A word with a capital or a digit right after the brand's name: the name of a product or plan."""
_PLAN = re.compile(
    r"(?:['\u2019]s)?\s(?P<name>(?:[\w-]+\s){1,2}(?:plan|tier|edition|version|bundle|package"
    r"|model))\b",
    re.IGNORECASE,
)
"""A plan or variant right after the brand's name: "Acme's family plan"."""
_VARIANT = re.compile(r"\d|plan|tier|pro\b|plus\b", re.IGNORECASE)
_FOR = re.compile(
    r"(?:\b(?:for|from|of|at|with|by|per \w+|you)[,]?|[:|]) (?:\w+ ){0,2}\Z|\A\Z", re.IGNORECASE
)
_THING = re.compile(
    r" (?!plan|app|platform|software|subscription|service|tool|team|membership|costs?|is|has|and"
    r"|or|at|for"
    r"|starts?|from|plans|comes|begins|will|can|sells|charges|asks|runs|you|per)[a-z]{3,}"
)
"""A noun after the brand's name: a thing that the brand sells."""
_AT_AMOUNT = re.compile(r"\d[\d.,]*,? the [\w' -]{1,40}\Z", re.IGNORECASE)
"""Before the end of the name in "At $949, the Acme mattress": the price of that thing."""
_AFTER_TITLE_CHARACTERS = 4
"""Characters between a title and a text right after it: "Acme: $9"."""
_NEARBY_CHARACTERS = 40
"""Characters before an amount in which another brand makes the amount doubtful."""


@dataclass(frozen=True, slots=True)
class PriceStatement:
    """A statement with an amount.

    Attributes:
        quote: The text of the unit.
        statement: The statement, with the label of the price before it.
        subject: The title that it is below, or an empty string.
        product: The product or plan that it is about, or an empty string for the brand itself.
        inherited: Whether the text itself does not name the brand.
    """

    quote: str
    statement: Statement
    subject: str
    product: str
    inherited: bool


def price_statements(reading: Reading) -> Iterator[PriceStatement]:
    """Yield a statement for each unit of an answer that has an amount of money and is about the
    brand, in order.

    Units of the brand itself count, and units without an owner in which it is the only brand or
    that answer a question about it alone. Shops' offers, footers, and amounts next to another brand
    do not. A statement that does not name the brand is given its name.
    """
    brand = reading.brand.name
    alone = reading.asked == {brand} and all(m.brand == brand for m in reading.mentions)
    title, product, titled = "", "", 0
    for unit in reading.units:
        own = unit.is_of(brand)
        if unit.role is UnitRole.TITLE and own:
            end = _name_end(reading, unit, brand)
            if end is not None:
                title, product = unit.text, _product_after_brand(unit.text, end)
                titled = unit.end
        named_here = {m.brand for m in reading.mentions if unit.start <= m.start < unit.end}
        loose = not unit.owner and (alone or named_here == {brand})
        if loose and not alone:
            loose = _is_subject(reading, unit, brand)
        if not (own or loose) or unit.role in {UnitRole.SHOP, UnitRole.FOOTER}:
            continue
        text = unit.text[:_UNIT_CHARACTERS]
        if not money_amounts(text) or _other_brand_at_amount(reading, unit):
            continue
        start = _name_start(reading, unit, brand)
        end = _name_end(reading, unit, brand)
        named = start is not None and end is not None and end <= len(text)
        about = (_product_after_brand(text, end or 0) if named else product) or _product_label(unit)
        if named:
            statement = Statement(text, start or 0, end or 0)
        else:
            label = unit.label if unit.role is UnitRole.PRICE else ""
            follows = 0 <= unit.start - titled <= _AFTER_TITLE_CHARACTERS
            lead = f"{brand} {label}: " if label or follows else f"{brand} "
            statement = Statement(lead + text, 0, len(brand))
        yield PriceStatement(unit.text, statement, title, about, not named)


def _is_subject(reading: Reading, unit: Unit, brand: str) -> bool:
    """Return whether the only brand of a unit is what an amount is about: "You pay $9 for Acme"."""
    start = _name_start(reading, unit, brand) or 0
    amounts = money_amounts(unit.text[:_UNIT_CHARACTERS])
    after = not amounts or start < amounts[0].span[0]
    return after or _FOR.search(unit.text[max(0, start - 30) : start]) is not None


def is_about(stated: PriceStatement, qualifier: str) -> bool:
    """Return whether a statement is about the brand's price, or that of the product of a fact."""
    if not qualifier:
        return not stated.product
    wanted = re.sub(r"\b(?:plan|tier)\b", "", qualifier, flags=re.IGNORECASE).strip()
    return contains(f"{stated.subject} {stated.product} {stated.statement.text}", wanted)


def below_subject(stated: PriceStatement, qualifier: str) -> Statement:
    """Return the statement with the title above it put in front, if `qualifier` (a product or plan)
    is neither empty nor in the statement; else the statement as it is.
    """
    statement = stated.statement
    if not qualifier or not stated.inherited or contains(statement.text, qualifier):
        return statement
    lead = f"{stated.subject} "
    return Statement(lead + statement.text, len(lead), len(lead) + statement.end)


def _product_after_brand(text: str, end: int) -> str:
    """Return the name of a product or plan that follows at offset `end`, the end of the brand's
    name ("Acme Pro"); "" without one.
    """
    thing = _THING.match(text, end)
    if thing and _AT_AMOUNT.search(text[:end]):
        return thing.group().strip()
    found = _PRODUCT.match(text, end)
    if found:
        return found["name"]
    plan = _PLAN.match(text, end)
    return plan["name"] if plan else ""


def _product_label(unit: Unit) -> str:
    """Return the label of a unit that names a plan or a variant: "Cost (2 lines)"."""
    plain = unit.role in {UnitRole.PRICE, UnitRole.NONE, UnitRole.TITLE}
    return "" if plain or not _VARIANT.search(unit.label) else unit.label


def _name_start(reading: Reading, unit: Unit, brand: str) -> int | None:
    found = next((m for m in reading.of(brand) if unit.start <= m.start < unit.end), None)
    return found.start - unit.start if found else None


def _name_end(reading: Reading, unit: Unit, brand: str) -> int | None:
    found = next((m for m in reading.of(brand) if unit.start <= m.start < unit.end), None)
    return found.end - unit.start if found else None


def _other_brand_at_amount(reading: Reading, unit: Unit) -> bool:
    """Return whether a unit has an amount of money at most `_NEARBY_CHARACTERS` after the name of
    another brand.
    """
    for mention in reading.mentions:
        if mention.brand != reading.brand.name and unit.start <= mention.start < unit.end:
            end = mention.end - unit.start
            if re.search(r"[$\u20ac\u00a3]\s?\d", unit.text[end : end + _NEARBY_CHARACTERS]):
                return True
    return False
