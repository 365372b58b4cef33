"""The statements about a brand's price: from its own units, and not from those of its products.

A price below "### Acme Pro" is the price of Acme Pro; it says nothing about the price of Acme.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from overheard import Mention, Reading, Unit, UnitRole
from overheard_accuracy.claims import Statement, contains, find_words
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
_UNREAD_LABELS = frozenset({UnitRole.PRICE, UnitRole.NONE, UnitRole.TITLE})
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
_SELLER = re.compile(r"[A-Z][\w.&-]*(?:, (?:at|for|from) | \()[$\u20ac\u00a3]")
"""The beginning of a text about another seller: "Bolt, at $9, does what Acme does"."""
_ALTERNATIVE = re.compile(r" (?:alternative|competitor|rival|clone)\W{1,4}")
"""From the brand's name to a text that is about another brand: "Bolt, an Acme rival: $9"."""
_ABOVE_CHARACTERS = 120
"""Characters before a text in which names right before it begin."""
_AFTER_TITLE_CHARACTERS = 4
"""Characters between a title and a text right after it: "Acme: $9"."""
_BEFORE_NAME_CHARACTERS = 30
"""Characters before the brand's name that are searched for a word such as "for"."""
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
    """

    quote: str
    statement: Statement
    subject: str
    product: str


def price_statements(reading: Reading) -> Iterator[PriceStatement]:
    """Yield a statement for each unit of an answer that states an amount of money about the brand,
    in order.

    A unit counts if the brand owns it. A unit without an owner counts if the brand is the only one
    that it names and what its amount is about ("You pay $9 for Acme"), or if question and answer
    name only the brand. Shops' cards, footers, and units with an amount next to another brand do
    not count. If the text does not name the brand, the statement gets the name in front ("Acme
    Price: $9"), and the product of the last title above.
    """
    brand = reading.brand.name
    title, title_product, title_end = "", "", 0
    named = {mention.brand for mention in reading.mentions}
    alone = reading.asked == {brand} and named <= {brand}
    for unit in reading.units:
        name_span = _name_span(reading, unit)
        if unit.role is UnitRole.TITLE and unit.is_of(brand) and name_span:
            title, title_product = unit.text, _product_after_brand(unit.text, name_span[1])
            title_end = unit.end
        text = unit.text[:_UNIT_CHARACTERS]
        if not money_amounts(text) or not _is_about_brand(reading, unit, alone=alone):
            continue
        if name_span and name_span[1] <= len(text):
            product = _product_after_brand(text, name_span[1])
            statement = Statement(text, *name_span)
        else:
            product = title_product
            label = unit.label if unit.role is UnitRole.PRICE else ""
            follows_title = 0 <= unit.start - title_end <= _AFTER_TITLE_CHARACTERS
            lead = f"{brand} {label}: " if label or follows_title else f"{brand} "
            statement = Statement(lead + text, 0, len(brand), inherited=True)
        if not product and unit.role not in _UNREAD_LABELS and _VARIANT.search(unit.label):
            product = unit.label
        yield PriceStatement(unit.text, statement, title, product)


def _is_about_brand(reading: Reading, unit: Unit, *, alone: bool) -> bool:
    """Return whether the amounts of a unit are about the brand.

    So they are if the brand owns the unit, and another seller does not begin it. In a unit without
    an owner they are if the question asks about this brand alone and the answer names no other, or
    if the unit names the brand alone, where a price's subject stands ("You pay $9 for Acme").
    False for a shop's card, a footer, and a unit with an amount right after another brand's name.

    Args:
        alone: Whether question and answer name no other brand.
    """
    if unit.role in {UnitRole.SHOP, UnitRole.FOOTER} or _other_brand_at_amount(reading, unit):
        return False
    name_start, _ = _name_span(reading, unit) or (0, 0)
    if unit.is_of(reading.brand.name):
        return not (name_start and _SELLER.match(unit.text))
    if unit.owner:
        return False
    named = {mention.brand for mention in _mentions(reading, unit.start, unit.end)}
    return alone or (named == {reading.brand.name} and _is_subject(reading, unit))


def _is_subject(reading: Reading, unit: Unit) -> bool:
    """Return whether the brand is what the first amount of a unit is about.

    So it is if its name is before the amount, at the unit's start, or behind a word such as "for":
    "You pay $9 for Acme". The unit names the brand.
    """
    name_start, _ = _name_span(reading, unit) or (0, 0)
    amounts = money_amounts(unit.text[:_UNIT_CHARACTERS])
    is_before_amount = not amounts or name_start < amounts[0].span[0]
    before = unit.text[max(0, name_start - _BEFORE_NAME_CHARACTERS) : name_start]
    return is_before_amount or _FOR.search(before) is not None


def is_about(stated: PriceStatement, qualifier: str, body: str) -> bool:
    """Return whether a statement with an amount is about the price of a fact.

    Args:
        qualifier: The product or plan of the fact ("Pro"); the title, product or text of the
            statement must name it, and the name must not go on ("Pro Max", "Pro 2", but "Pro Plan")
            with a number or a word that the answer never writes small. Empty for the brand's own
            price; then the statement must not be about a product.
        body: The text of the answer.
    """
    if not qualifier:
        return not stated.product
    texts = [stated.subject, stated.statement.text]
    if not any(stated.product in text for text in texts):
        texts.append(stated.product)  # a label
    named = ((text, match.end()) for text in texts for match in find_words(text, qualifier))
    names = [more["name"].lower() if (more := _PRODUCT.match(*at)) else "plan" for at in named]
    ordinary = (rf"(?=\D)\b{re.escape(name)}\b" for name in names)
    return not {"plan", "tier"}.isdisjoint(names) or any(re.search(word, body) for word in ordinary)


def below_subject(stated: PriceStatement, qualifier: str) -> Statement:
    """Return the statement of an amount with the title above it in front, so that the text names
    the product or plan of the fact; a product right behind the brand's name is part of the name.

    The statement is returned as it is if `qualifier`, the product or plan, is empty or already in
    the text, or if the text names the brand itself.
    """
    statement = stated.statement
    for named in find_words(statement.text, qualifier) if qualifier else ():
        if 0 <= named.start() - statement.end <= _AFTER_TITLE_CHARACTERS:
            return replace(statement, end=named.end())
    if not qualifier or not statement.inherited or contains(statement.text, qualifier):
        return statement
    lead = f"{stated.subject} "
    return Statement(lead + statement.text, len(lead), len(lead) + statement.end, inherited=True)


def _product_after_brand(text: str, end: int) -> str:
    """Return the name of a product or plan right after the brand's name: "Pro" in "Acme Pro costs",
    "family plan" in "Acme's family plan", "mattress" in "At $949, the Acme mattress"; "" without
    one.

    Args:
        end: Offset after the brand's name in the text.
    """
    thing = _THING.match(text, end)
    if thing and _AT_AMOUNT.search(text[:end]):
        return thing.group().strip()
    product = _PRODUCT.match(text, end)
    if product:
        return product["name"]
    plan = _PLAN.match(text, end)
    return plan["name"] if plan else ""


def _mentions(reading: Reading, start: int, end: int) -> Sequence[Mention]:
    """Return the mentions that begin in a part of the body, in order."""
    first = bisect_left(reading.mentions, start, key=attrgetter("start"))
    last = bisect_left(reading.mentions, end, first, key=attrgetter("start"))
    return reading.mentions[first:last]


def _name_span(reading: Reading, unit: Unit) -> tuple[int, int] | None:
    """Return the (start, end) offsets of the brand's first mention in the text of a unit; None if
    the unit does not name the brand.
    """
    for mention in _mentions(reading, unit.start, unit.end):
        if mention.brand == reading.brand.name:
            return mention.start - unit.start, mention.end - unit.start
    return None


def _other_brand_at_amount(reading: Reading, unit: Unit) -> bool:
    """Return whether a unit has an amount in dollars, euros or pounds ("$9") at most
    `_NEARBY_CHARACTERS` after the name of another brand, or begins right after such a name ("Try
    Bolt: $9") or after "an Acme alternative".
    """
    for mention in _mentions(reading, unit.start - _ABOVE_CHARACTERS, unit.end):
        if mention.brand == reading.brand.name:
            if _ALTERNATIVE.fullmatch(reading.body, mention.end, max(mention.end, unit.start)):
                return True
            continue
        if 0 <= unit.start - mention.end <= _AFTER_TITLE_CHARACTERS:
            return True
        if unit.start <= mention.start:
            end = mention.end - unit.start
            if re.search(r"[$\u20ac\u00a3]\s?\d", unit.text[end : end + _NEARBY_CHARACTERS]):
                return True
    return False
