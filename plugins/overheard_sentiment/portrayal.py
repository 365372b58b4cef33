"""What an answer says of a brand: the words that praise it, and the drawbacks that it names.

Text counts by its owner: below a heading, in a list or in a table, a line need not name the brand.
Names are masked, because "Best Buy" and "Liquid Death" judge nothing.
"""

import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from overheard import Mention, Reading, Unit, UnitRole, once_an_answer
from overheard_sentiment.aspects import aspect_of
from overheard_sentiment.drawbacks import (
    Drawback,
    clauses,
    drawbacks,
    foreign_drawbacks,
    listed_drawbacks,
    may_name_drawback,
    priced,
)
from overheard_sentiment.faults import HISTORY
from overheard_sentiment.languages import latin_language, script_language
from overheard_sentiment.polarity import Polarity, Span, polarity

_MAX_UNITS = 400
"""Units of an answer that are read for one brand; no real answer has more."""
_MAX_UNIT_CHARACTERS = 1_500
"""Characters of a unit that are read."""
_PRODUCT = re.compile(r"(?:[ -]?(?:[A-Z0-9][\w+./\"'\u2019\u2122\u00ae-]*|[+&\u2122\u00ae]))*")
"""The rest of a product's name after the brand's: words with a capital or a digit."""
_WORD = re.compile(r"[^\W\d_]+")
_LANGUAGE_CHARACTERS = 2_000
"""Characters of an answer in Latin script that tell its language."""
_TITLES = frozenset({UnitRole.TITLE, UnitRole.SHOP})
_OF_NOBODY = frozenset({UnitRole.FOOTER, UnitRole.HEDGE})
_NOT_PRESENTING = _TITLES | {UnitRole.PRICE}
_PICKING = frozenset({UnitRole.TITLE, UnitRole.BEST_FOR, UnitRole.SHOP})
_RUNNING = frozenset({UnitRole.NONE, UnitRole.VERDICT, UnitRole.NOTE})
_ONLY_PRICE = frozenset({UnitRole.PRICE, UnitRole.BEST_FOR})
_DRAWBACK_WEIGHT = 3
"""The weight of a drawback against a word of praise: answers praise much and blame little."""
_UNIT_START: Span = (0, 1)
"""Where the brand is taken to stand in its own unit that does not name it."""
_SHORT_CHARACTERS = 100
"""The length below which an answer has no structure to read, so that words of blame name a drawback
where no pattern does."""
_CLAUSE_SPACES = 2
"""Fewest spaces of a clause that says something."""
_DAMPING = 2
"""Added to the sum of both, so that one word alone does not give an extreme value."""


class NamedDrawback(NamedTuple):
    """A drawback: its aspect, its words, the text of its unit, and how sure it is."""

    aspect: str
    stated: str
    quote: str
    odds: float = inf


@dataclass(slots=True)
class Portrayal:
    """What an answer says of a brand.

    Attributes:
        praise: The number of praising words; titles do not count.
        drawbacks: The drawbacks, in order.
        blame: The number of words that find fault outside of drawbacks, such as comparisons, in
            sentences that name the brand.
        strongest: The text of the unit that judges most.
        aspects: For each aspect, the judgements with the texts of their units.
        against: Whether the answer advises against the brand.
        listed_pro: Whether anything is listed among the pros; counts as a word of praise if there
            is none.
        picked: Whether a title, an item or an award presents the brand.
        presented: Whether any text but prices and history is about the brand: what is told of an
            option without a drawback speaks for it.
        described: Whether a clause about the brand names no drawback: beside one, it speaks for it.
        readable: Whether any text about the brand is in a script that the lexicons know.
    """

    praise: int = 0
    drawbacks: list[NamedDrawback] = field(default_factory=list)
    blame: int = 0
    strongest: str = ""
    aspects: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    against: bool = False
    listed_pro: bool = False
    picked: bool = False
    presented: bool = False
    described: bool = False
    readable: bool = False
    _largest_weight: float = 0.0

    @property
    def value(self) -> float:
        """The sentiment, above -1 and below 1: (P - 3 D) / (P + 3 D + 2).

        P is the number of praising words, at least 1 if anything is listed among the pros. D is the
        number of drawbacks and of further words that find fault. 0 without any of these. Below 0
        only with a drawback, so that there is a sentence to quote.
        """
        blame = _DRAWBACK_WEIGHT * (len(self.drawbacks) + self.blame)
        praise = max(self.praise, int(self.listed_pro))
        value = (praise - blame) / (praise + blame + _DAMPING)
        return value if self.drawbacks else max(0.0, value)

    @property
    def tone(self) -> str:
        """``positive``, ``mixed``, ``neutral`` or ``negative``.

        With a drawback, or advice against the brand, it is ``mixed`` if anything speaks for the
        brand, else ``negative``. Without one, it is ``positive`` if the answer picks the brand or
        tells anything of it but prices and history, else ``neutral``.
        """
        favoured = self.praise > 0 or self.listed_pro or self.picked or self.described
        if self.drawbacks or self.against:
            return "mixed" if favoured else "negative"
        return "positive" if self.picked or self.presented else "neutral"

    def add(self, judged: Polarity, found: Sequence[NamedDrawback], blame: int, text: str) -> None:
        """Add the judgements of a unit; the unit that judges most gives `strongest`, the earliest
        one of several.

        Args:
            judged: How the unit's words judge the brand.
            blame: The number of further words that find fault.
        """
        self.praise += len(judged.praise)
        self.blame += blame
        self.drawbacks += found
        weight = abs(len(judged.praise) - _DRAWBACK_WEIGHT * (len(found) + blame))
        if weight > self._largest_weight or not self.strongest:
            self._largest_weight, self.strongest = weight, text
        for aspect, value in judged.aspects.items():
            self.aspects.setdefault(aspect, []).append((value, text))


_RIVALS = re.compile(
    r"(?:['\u2019]s?(?: [a-z-]+)?)? (?:rivals?|competitors?|competition|alternatives?)\b"
)
"""Behind a name that stands for others: "Acme's main competitor"."""


def portrayal(reading: Reading) -> Portrayal:
    """Return what an answer says of `reading.brand`, from the units that belong to the brand or
    name it.

    The first `_MAX_UNITS` of them are read, and of each the first `_MAX_UNIT_CHARACTERS`
    characters. Text in a script without a lexicon is left out. Titles and shops' cards only tell
    whether the brand is picked and presented.

    Only the brand's own units name drawbacks. Advice against the brand in a unit without a drawback
    is one, in the words of the whole unit; in a short answer, so is a unit that blames more than it
    praises. Other words that find fault count only in units that name the brand and have no
    drawback, and only against praise.
    """
    whole, brand = Portrayal(), reading.brand.name
    reading = reading.among_all()  # the same for brands of several markets
    is_short = len(reading.body) < _SHORT_CHARACTERS
    prose = _is_prose(reading)
    for read in _texts(reading).get(brand, [])[:_MAX_UNITS]:
        unit, text, masked = read.unit, read.text, read.masked
        if read.language == "unknown":
            continue
        whole.readable = True
        owned = unit.is_of(brand)
        whole.picked |= owned and unit.role in _PICKING
        whole.presented = whole.presented or (owned and read.presents)
        if unit.role in _TITLES:
            continue  # an award is part of a title in one layout, and a heading above it in another
        own = [(start, end) for start, end, names in read.names if brand in names]
        if own and all(_RIVALS.match(masked, end) for _, end in own):
            continue
        others = [(start, end) for start, end, names in read.names if brand not in names]
        against = brand in read.turned_down
        names_brand = bool(own)
        if owned and not names_brand:
            own, others = [_UNIT_START], []
        judged = polarity(masked, tuple(own), tuple(others), against=against)
        whole.against |= against
        found = list(_named_drawbacks(read, named=names_brand, prose=prose)) if owned else []
        finds_fault = is_short and len(judged.blame) > len(judged.praise)
        if finds_fault and not others:  # with others, the text compares
            finds_fault = unit.role in _RUNNING and may_name_drawback(masked)
        if not found and (against or finds_fault):
            found = [NamedDrawback(aspect_of(text), text, text)]
        whole.listed_pro |= owned and unit.role is UnitRole.PRO
        may_describe = owned and not (whole.described or against or unit.role is UnitRole.CON)
        if may_describe and read.presents:
            stated = {drawback.stated for drawback in found}
            whole.described = _has_clause_without_drawback(masked, text, stated)
        blame = len(judged.blame) if names_brand and not found else 0
        whole.add(judged, found, blame, text)
    return whole


@dataclass(slots=True)
class _Text:
    """A unit as it is read for each of its brands.

    Attributes:
        text: Its text, perhaps cut.
        masked: The text with each name replaced by "Xxx" of the same length. A product's name right
            after a brand's name is masked with it.
        names: The (start, end) offsets of the names, with the brands of each.
        turned_down: The brands that the text advises against.
        language: The language, such as ``german``; "" for English.
        presents: Whether the text speaks for its owner if it has no drawback.
    """

    unit: Unit
    text: str
    masked: str
    names: list[tuple[int, int, set[str]]]
    turned_down: set[str]
    language: str
    presents: bool


@once_an_answer
def _texts(reading: Reading) -> dict[str, list[_Text]]:
    """Return, by brand, the units that belong to the brand or name it, in order, without footers
    and what the model says of itself.
    """
    texts: dict[str, list[_Text]] = {}
    mentions = reading.mentions
    starts = [mention.start for mention in mentions]
    words = _WORD.findall(reading.body[:_LANGUAGE_CHARACTERS].lower())
    latin = latin_language(words)
    for unit in reading.units:
        if unit.role in _OF_NOBODY:
            continue
        first = bisect_left(starts, unit.start)
        inside = mentions[first : bisect_left(starts, unit.end, first)]
        brands = {mention.brand for mention in inside}
        brands.update(() if unit.foreign or not unit.owner else (unit.owner, *unit.shared))
        if brands:
            text = unit.text[:_MAX_UNIT_CHARACTERS]
            masked, names = _masked_names(unit, text, inside)
            turned_down = {mention.brand for mention in inside if mention.negated}
            language = latin if text.isascii() else script_language(text) or latin
            presents = unit.role not in _NOT_PRESENTING and not HISTORY.search(masked)
            read = _Text(unit, text, masked, names, turned_down, language, presents)
            for brand in brands:
                texts.setdefault(brand, []).append(read)
    return texts


@once_an_answer
def _is_prose(reading: Reading) -> bool:
    """Return whether an answer is running text: nothing in it has a title."""
    return all(unit.role is not UnitRole.TITLE for unit in reading.units)


def _has_clause_without_drawback(masked: str, text: str, stated: Container[str]) -> bool:
    """Return whether a clause of a text says something, with `_CLAUSE_SPACES` spaces or more, and
    is none of the drawbacks.
    """
    return any(
        text[start:end].count(" ") >= _CLAUSE_SPACES and _trimmed(text, start, end) not in stated
        for start, end in clauses(masked)
    )


def _trimmed(text: str, start: int, end: int) -> str:
    """Return a part of a text without spaces and marks around it."""
    return text[start:end].strip(" ,.;")


def _masked_names(
    unit: Unit, text: str, mentions: Sequence[Mention]
) -> tuple[str, list[tuple[int, int, set[str]]]]:
    """Return (the text of a unit with all names masked, their offsets and brands) for `_Text`.

    Of overlapping mentions the first counts, with the brands of all that begin at its place.

    Args:
        text: The unit's text, perhaps cut; mentions after its end are left out.
        mentions: The mentions in the unit, in order.
    """
    names: list[tuple[int, int, set[str]]] = []
    pieces, at = [], 0
    for mention in mentions:
        start, end = mention.start - unit.start, min(mention.end - unit.start, len(text))
        if start < at or start >= len(text):
            if names and names[-1][0] == start:
                names[-1][2].add(mention.brand)
            continue
        product = _PRODUCT.match(text, end)
        end = product.end() if product else end
        pieces += [text[at:start], "X" + "x" * (end - start - 1)]
        names.append((start, end, {mention.brand}))
        at = end
    return "".join((*pieces, text[at:])), names


def _named_drawbacks(read: _Text, *, named: bool, prose: bool) -> Iterator[NamedDrawback]:
    """Yield the drawbacks that a unit of the brand names, in order.

    Each item under a heading of cons is one. Prices and "best for" count only for judgements of the
    price. Pros in another language than English name none.

    Args:
        read: The unit; its role decides which drawbacks count.
        named: Whether the unit names the brand.
        prose: Whether the answer is running text.
    """
    role, masked, text = read.unit.role, read.masked, read.text
    price_only, pro = role in _ONLY_PRICE, role is UnitRole.PRO
    found: Iterable[Drawback]
    if role is UnitRole.CON:
        found = listed_drawbacks(masked)
    elif read.language:
        if pro:
            return
        sure = named or not prose
        found = foreign_drawbacks(masked, read.language, named=sure, price_only=price_only)
    elif price_only:
        found = priced(masked)
    else:
        found = drawbacks(masked, pro=pro, named=named, prose=prose)
    for drawback in found:
        words = _trimmed(text, drawback.start, drawback.end)
        aspect = "price" if drawback.price else aspect_of(words)
        yield NamedDrawback(aspect, words, text, drawback.odds)
