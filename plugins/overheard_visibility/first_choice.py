"""Which brand an answer recommends first: by its verdict, its ranks, or words that pick one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from overheard import Mention, Reading, Unit, UnitRole
from overheard_visibility.awards import is_award, is_cited, is_plain_award, opens_award
from overheard_visibility.memo import once_an_answer
from overheard_visibility.pick_words import (
    AFTER,
    BEFORE,
    BEHIND_LABEL,
    CONDITION,
    CONDITIONAL,
    DECISION,
    DISMISSED,
    ELSE,
    FOR,
    FOR_MOST,
    IN_DOUBT,
    NEED,
    NEXT,
    NUMBER_ONE,
    PICKED,
    PLAIN_WORDS,
    PRODUCT,
    RANKED,
    SPLIT,
    UNLESS,
    WORD,
)

_WINDOW_CHARACTERS = 70
"""Characters before and after a name that are read."""
_PRODUCT_CHARACTERS = 4
"""Fewest characters of the name of a product that sentences use alone."""
_AROUND_PRODUCT = " \n\t.,;:!?()*'\u2019\"\u2013\u2014|/"
_NUMBER_CHARACTERS = 8
"""Characters before a name in which its number is searched."""
_CACHED_TEXTS = 256
"""Words around names that are kept: those of one long answer."""
_TOLD = frozenset({UnitRole.NONE, UnitRole.PRO, UnitRole.VERDICT})
SUGGESTION_CHARACTERS = 240
"""Characters before a name in which the words of a suggestion are searched."""


def first_choices(reading: Reading, owned: Sequence[Unit]) -> Iterator[str]:
    """Yield each text that makes the brand the answer's first choice: awards, verdicts, picks and
    the head of a ranking; `owned` are the brand's units.
    """
    names = [name for brand in (reading.brand, *reading.competitors) for name in brand.names]
    told = _choices(reading)
    asked, verdict, mentions, chosen = told.asked, told.verdict, told.mentions, told.chosen
    awards: dict[str, bool] = {}
    for unit in owned:
        title = unit.text if unit.role is UnitRole.TITLE else unit.label
        if title not in awards:
            awards[title] = is_award(title, names, asked)
        if (
            awards[title]
            or is_plain_award(unit.text)
            or (unit is verdict and _decides(reading, unit))
            or (DECISION.fullmatch(unit.section) and _answers(reading, unit))
            or opens_award(reading, unit)
            or is_cited(unit, asked)
            or (unit.role is UnitRole.BEST_FOR and FOR_MOST.match(unit.text))
        ):
            yield unit.text
    alone = {mention.brand for mention in chosen} == {reading.brand.name}
    if not chosen:
        yield from _picked(reading, mentions)
        yield from _told(reading, owned)
    for mention in chosen:
        if mention.brand == reading.brand.name and (
            not _is_limited(reading, mention, asked) or (alone and not _is_split(reading, mentions))
        ):
            yield reading.sentence(mention.sentence)
    yield from _ranked_first(reading)


@dataclass(frozen=True, slots=True)
class _Choices:
    """What the words of an answer pick, the same for all its brands.

    Attributes:
        asked: The words of the question, in lower case.
        verdict: The first sentence of a verdict that names a brand.
        mentions: All mentions, with those of products, in order.
        chosen: The mentions that the words around them pick.
    """

    asked: frozenset[str]
    verdict: Unit | None
    mentions: tuple[Mention, ...]
    chosen: tuple[Mention, ...]


@once_an_answer
def _choices(reading: Reading) -> _Choices:
    """Return the words of the question, the unit with the verdict, the mentions of all brands and
    of their products in order, and those mentions that the answer picks.
    """
    words = WORD.findall(reading.answer.question.prompt.text)
    asked = frozenset(word.casefold() for word in words)
    mentions = tuple(sorted((*reading.mentions, *_products(reading)), key=attrgetter("start")))
    chosen = tuple(m for m in mentions if not m.negated and _is_chosen(reading, m, asked))
    return _Choices(asked, _verdict(reading), mentions, chosen)


def _products(reading: Reading) -> Iterator[Mention]:
    """Yield the mentions of products without their brand: "the Charge 6", after a title has named
    brand and product.

    Each counts as a mention of the brand. A product name that two brands share is left out.
    """
    named: dict[str, str] = {}
    for unit in reading.units:
        if unit.role is not UnitRole.TITLE or not unit.owner or unit.foreign:
            continue
        own = mentions_inside(reading.mentions, unit)
        if own and own[0].brand == unit.owner:
            found = PRODUCT.match(reading.body, own[0].end, unit.end)
            if found and len(found["name"]) >= _PRODUCT_CHARACTERS:
                for name in {found["name"], found["name"].partition(" ")[0]}:
                    if (
                        len(name) >= _PRODUCT_CHARACTERS
                        and named.setdefault(name, unit.owner) != unit.owner
                    ):
                        named[name] = ""
    starts = [start for start, _ in reading.sentences]
    known = {mention.end for mention in reading.mentions}
    for product, brand in named.items():
        if not brand:
            continue  # products of two brands have this name
        at = reading.body.find(product)
        while at >= 0:
            end = at + len(product)
            whole = not (reading.body[at - 1 : at] + reading.body[end : end + 1]).strip(
                _AROUND_PRODUCT
            )
            if whole and at - 1 not in known:
                yield Mention(brand, at, end, max(0, bisect_right(starts, at) - 1))
            at = reading.body.find(product, end)


def _is_split(reading: Reading, mentions: Sequence[Mention]) -> bool:
    """Return whether a sentence recommends another brand to a part of the readers: "If you travel,
    ...".
    """
    for mention in mentions:
        text = unit_text(reading, mention)
        other = mention.brand != reading.brand.name and not mention.negated
        if ELSE.search(text) or (other and SPLIT.match(text)):
            return True
    return False


def unit_text(reading: Reading, mention: Mention) -> str:
    """Return the text of the unit that a mention is in."""
    at = bisect_right(reading.units, mention.start, key=attrgetter("start")) - 1
    return reading.units[at].text if at >= 0 else ""


def _ranked_first(reading: Reading) -> Iterator[str]:
    """Yield the sentence of the brand's first mention if the brand leads a list that ranks, or is
    called number one, and the question or the text before asks for a ranking.
    """
    own = reading.of(reading.brand.name)[0]
    before = reading.body[: own.start]
    leads = reading.rankings and reading.rankings[0][0] == reading.brand.name
    if not leads and not NUMBER_ONE.search(before[-_NUMBER_CHARACTERS:]):
        return
    if RANKED.search(reading.answer.question.prompt.text) or RANKED.search(before):
        yield reading.sentence(own.sentence)


def _picked(reading: Reading, mentions: Sequence[Mention]) -> Iterator[str]:
    """Yield the sentences that pick this brand and name no other, if no sentence picks another
    brand; `mentions` are those of all brands.
    """
    by_sentence: dict[int, set[str]] = {}
    for mention in mentions:
        by_sentence.setdefault(mention.sentence, set()).add(mention.brand)
    negated = {mention.sentence for mention in mentions if mention.negated}
    own: list[int] = []
    others: list[int] = []
    for index, brands in by_sentence.items():
        if len(brands) == 1 and index not in negated:
            (own if reading.brand.name in brands else others).append(index)
    picks = [text for text in map(reading.sentence, own) if _picks(text)]
    if picks and not any(map(_picks, map(reading.sentence, others))):
        yield from picks


def _told(reading: Reading, owned: Sequence[Unit]) -> Iterator[str]:
    """Yield the sentences that pick the brand without naming any: "My first recommendation."."""
    picks = _nameless_picks(reading)
    if len({unit.owner for unit in picks}) == 1:
        yield from (unit.text for unit in picks if unit in owned)


@once_an_answer
def _nameless_picks(reading: Reading) -> list[Unit]:
    """Return the units of running text that pick their owner without naming a brand: "This is my
    pick".
    """
    return [
        unit
        for unit in reading.units
        if unit.owner
        and unit.role in _TOLD
        and not mentions_inside(reading.mentions, unit)
        and _picks(unit.text)
    ]


@lru_cache(maxsize=_CACHED_TEXTS)
def _picks(sentence: str) -> bool:
    """Return whether a sentence picks the brand that it names, for every reader."""
    if sentence[-1] == "?" or not (PICKED.search(sentence) or IN_DOUBT.search(sentence)):
        return False
    rest = IN_DOUBT.sub("", sentence)
    return not (CONDITION.search(rest) or DISMISSED.search(rest))


def _verdict(reading: Reading) -> Unit | None:
    """Return the first sentence of a verdict that names a brand."""
    verdicts = (unit for unit in reading.units if unit.role is UnitRole.VERDICT)
    return next((unit for unit in verdicts if mentions_inside(reading.mentions, unit)), None)


def mentions_inside(mentions: Sequence[Mention], unit: Unit) -> Sequence[Mention]:
    """Return the mentions in a unit."""
    first = bisect_left(mentions, unit.start, key=attrgetter("start"))
    return mentions[first : bisect_left(mentions, unit.end, first, key=attrgetter("start"))]


def _decides(reading: Reading, unit: Unit) -> bool:
    """Return whether a verdict names the brand alone, without a condition or advice against it."""
    named = mentions_inside(reading.mentions, unit)
    alone = {mention.brand for mention in named} == {reading.brand.name}
    against = any(mention.negated for mention in named) or DISMISSED.search(unit.text)
    return alone and not against and not CONDITION.search(unit.text)


def _answers(reading: Reading, unit: Unit) -> bool:
    """Return whether a unit is the first text below its heading, such as "Our pick", and begins
    with the brand, without a condition.
    """
    at = bisect_left(reading.units, unit.start, key=attrgetter("start"))
    above = reading.units[at - 1] if at else unit
    opens = above.role is UnitRole.TITLE and above.text.endswith(unit.section)
    first = next(iter(mentions_inside(reading.mentions, unit)), None)
    if (
        unit.role is UnitRole.SHOP
        or unit.shared
        or not opens
        or first is None
        or first.brand != reading.brand.name
        or first.negated
    ):
        return False
    before = reading.body[unit.start : first.start]
    after = UNLESS.sub("", reading.body[first.end : unit.end])
    return not any(map(CONDITION.search, (before, after))) and not DISMISSED.search(unit.text)


def _is_chosen(reading: Reading, mention: Mention, asked: Container[str]) -> bool:
    """Return whether the words around a mention make its brand the answer's pick.

    Args:
        reading: The answer.
        mention: The mention.
        asked: The words of the question, in lower case; a need among them is no condition.
    """
    if reading.body[reading.sentences[mention.sentence][1] - 1] == "?":
        return False
    before, after = words_around(reading, mention)
    if is_picked(before, after):
        return True
    need = NEED.search(before)
    return need is not None and not _unless_asked(need["need"], asked)


@lru_cache(maxsize=_CACHED_TEXTS)
def is_picked(before: str, after: str) -> bool:
    """Return whether the words before and after a name pick the named brand: "I would go with X".

    The result does not depend on the scored brand, so it is cached for all brands.
    """
    if BEFORE.search(before):
        return True
    return bool(AFTER.match(after)) and not BEHIND_LABEL.search(before)


def _is_limited(reading: Reading, mention: Mention, asked: Container[str]) -> bool:
    """Return whether a pick is only for a part of the readers: "if you ...", "for travel".

    Args:
        reading: The answer.
        mention: The mention that the answer picks.
        asked: The words of the question, in lower case; a purpose among them limits nothing.
    """
    before, after = words_around(reading, mention)
    start = reading.sentences[mention.sentence][0]
    opening = reading.body[start : min(mention.start, start + SUGGESTION_CHARACTERS)]
    if CONDITIONAL.match(opening) and not (NEXT.search(opening) or IN_DOUBT.search(opening)):
        return True
    before, after = NEXT.split(before)[-1], NEXT.split(after)[0]
    opens = mention.sentence == 0  # the first sentence says again what was asked
    return any(
        CONDITION.search(
            FOR.sub(lambda found: "" if opens else _unless_asked(found[0], asked), words)
        )
        for words in (IN_DOUBT.sub("", before), UNLESS.sub("", after))
    )


def _unless_asked(words: str, asked: Container[str]) -> str:
    """Return words, or nothing where they are what the question asks for: "for bread"."""
    named = [word.casefold() for word in WORD.findall(words)]
    return "" if all(word in asked or word in PLAIN_WORDS for word in named) else words


def words_around(reading: Reading, mention: Mention) -> tuple[str, str]:
    """Return the words before and after a mention in its sentence."""
    start, end = reading.sentences[mention.sentence]
    before = reading.body[max(start, mention.start - _WINDOW_CHARACTERS) : mention.start]
    return before, reading.body[mention.end : min(end, mention.end + _WINDOW_CHARACTERS)]
