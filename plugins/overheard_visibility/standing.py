"""How a brand that an answer names stands in it: first choice, listed, only named, turned down."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import inf

from overheard import Brand, Detail, Mention, Reading, Unit, UnitRole, once_an_answer
from overheard_visibility.first_choice import (
    SUGGESTION_CHARACTERS,
    first_choices,
    is_picked,
    mentions_inside,
    picks_another,
    units_by_mention,
    words_around,
)
from overheard_visibility.pick_words import (
    ADVISED_AGAINST,
    ASIDE,
    ASKS_FOR_SELLERS,
    BESIDE,
    COMPOUND,
    LEFT_OUT,
    OBJECT,
    OFFERED,
    OVERALL_AWARD,
    POSSESSIVE,
    SELLERS,
    SHORT_OF,
    SPEAKS,
    SUGGESTED,
    TURNED_DOWN as TURNED_DOWN_WORDS,
)
from overheard_visibility.standing_odds import has_item, has_titles, is_catalogue, is_planned, odds

FIRST_CHOICE, LISTED, ONLY_NAMED = "first choice", "listed", "only named"
TURNED_DOWN = "advised against"
_EVIDENCE = {FIRST_CHOICE: (3.6, -0.85), ONLY_NAMED: (2.6, -0.45)}
_EVIDENCE_IN_PROSE = {FIRST_CHOICE: (3.6, -0.85), ONLY_NAMED: (1.0, -1.2)}
"""The log odds that words add which say a standing, and which do not say it.

They are what precision and recall of the words alone amount to on text that is new to them
(docs/statistics.md); silence counts 0.7 times, because words and plan are not independent. In an
answer without titles the words say less of what is only named.
"""
_LEAST_ODDS = -0.4
"""The log odds from which a standing counts, 40 %: the best for an F1 near 0.8."""
_LEAST_CATALOGUE_ODDS = -0.2
"""The log odds from which a brand that is listed among others is the first choice, 50 %."""
_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_CACHED_HEADINGS = 256
_FEW_UNITS = 2
"""Most units of a brand that a sentence may dismiss."""
_OFFERS = frozenset({UnitRole.TITLE, UnitRole.BEST_FOR, UnitRole.SHOP, UnitRole.PRO})


def standing(reading: Reading, own: Sequence[Mention]) -> Detail:
    """Return the standing of the brand as a detail, with the text that shows it as the quote.

    - ``first choice``: the answer's own pick for the question as it was asked ("best overall",
      "I would go with X", "for most people X"); a pick for a part of the readers does not count.
      Of several brands, declared or not, only the one that has the most for it is the pick.
    - ``listed``: offered as an option: text is about the brand.
    - ``only named``: a partner, a rival in a comparison, or a brand that another is taken for.
    - ``advised against``: the answer itself turns the brand down ("I would not choose it").

    In a short answer or one with shops' cards the words alone decide. Otherwise the words change
    the log odds that follow from how the answer is built: where, how often and beside whom it
    names the brand. ``first choice`` wins over ``only named`` if both have enough odds. If the
    odds overrule the words, the quote is the sentence of the brand's last mention (first choice) or
    of its first mention.

    Args:
        reading: The answer.
        own: The brand's mentions in the answer, at least one, in order.
    """
    detail, claim = _claim(reading, reading.brand.name)
    if detail.verdict == FIRST_CHOICE:
        rivals = {mention.brand for mention in reading.mentions} - {reading.brand.name}
        is_outdone = not OVERALL_AWARD.fullmatch(detail.quote) and any(
            unit.foreign and unit.role is UnitRole.TITLE and OVERALL_AWARD.fullmatch(unit.text)
            for unit in reading.units
        )
        if is_outdone or any(_claim(reading, rival)[1] > claim for rival in rivals):
            return Detail("standing", LISTED, quote=reading.sentence(own[0].sentence))
    return detail


Claim = tuple[Detail, tuple[float, int]]
"""A standing, and how much speaks for the brand as the first choice: the log odds, and of equal
ones the place, where an earlier one is more."""


@once_an_answer
def _claims(_: Reading) -> dict[str, Claim]:
    """Return what is known so far of the brands of an answer."""
    return {}


def _claim(reading: Reading, name: str) -> Claim:
    """Return what the answer says of a brand that it names, declared or not, by itself."""
    claims = _claims(reading)
    if name not in claims:
        brands = (reading.brand, *reading.competitors)
        brand = next((brand for brand in brands if brand.name == name), None) or Brand(name)
        own = reading if brand is reading.brand else replace(reading, brand=brand)
        claims[name] = _standing_alone(own)
    return claims[name]


def _standing_alone(reading: Reading) -> Claim:
    """Return the standing of a brand as if the answer picked no other."""
    name = reading.brand.name
    own = reading.of(name)
    owned = [unit for unit in reading.units if unit.owner == name or name in unit.shared]
    verdict, quote = _worded(reading, own, owned)
    refusal = _refusal(reading, own, owned) if verdict != FIRST_CHOICE else ""
    no_claim = (-inf, 0)
    if refusal:
        return Detail("standing", TURNED_DOWN, quote=refusal[:_QUOTE_CHARACTERS]), no_claim
    planned = is_planned(reading)
    is_passed_over = verdict != FIRST_CHOICE and picks_another(reading)
    # Words that list it in an item, or in text without an owner, leave no doubt.
    is_offered = verdict == LISTED and (has_item(reading) or not owned)
    if (not planned and verdict != FIRST_CHOICE) or (is_passed_over and is_offered):
        return Detail("standing", verdict, quote=quote[:_QUOTE_CHARACTERS]), no_claim
    prior = odds(reading, own, owned)
    evidence = _EVIDENCE if has_titles(reading) else _EVIDENCE_IN_PROSE
    first_choice_odds = prior.first_choice + evidence[FIRST_CHOICE][verdict != FIRST_CHOICE]
    only_named_odds = prior.only_named + evidence[ONLY_NAMED][verdict != ONLY_NAMED]
    least_first_choice_odds = _LEAST_CATALOGUE_ODDS if is_catalogue(reading) else _LEAST_ODDS
    result = LISTED
    if not planned or (first_choice_odds > least_first_choice_odds and not is_passed_over):
        result = FIRST_CHOICE
    elif only_named_odds > _LEAST_ODDS and not is_offered:
        result = ONLY_NAMED
    if result != verdict:
        shown_by = own[-1] if result == FIRST_CHOICE else own[0]
        quote = reading.sentence(shown_by.sentence)
    claim = (first_choice_odds, -own[0].start) if result == FIRST_CHOICE else no_claim
    return Detail("standing", result, quote=quote[:_QUOTE_CHARACTERS]), claim


def _refusal(reading: Reading, own: Sequence[Mention], owned: Sequence[Unit]) -> str:
    """Return the first text in which the answer itself turns the brand down, in running text of the
    brand or in a sentence that is against it; "" without one, and for a brand with a title.
    """
    if any(unit.role in _OFFERS for unit in owned):
        return ""
    spans = [(unit.start, unit.end) for unit in owned]
    spans += [reading.sentences[mention.sentence] for mention in own if mention.negated]
    found = (span for span in spans if TURNED_DOWN_WORDS.occurs(reading.body, *span))
    return next((reading.body[start:end] for start, end in found), "")


def _worded(reading: Reading, own: Sequence[Mention], owned: Sequence[Unit]) -> tuple[str, str]:
    """Return (standing, quote): the standing that the wording of an answer gives the brand, and the
    text that shows it.

    - First choice: a text picks the brand.
    - Only named: every mention is advised against, or nothing offers or suggests the brand. The
      quote is then the sentence of its first mention.
    - Listed: otherwise; the quote is the text that offers or suggests the brand.

    Args:
        own: The brand's mentions, at least one, in order.
        owned: The units that belong to the brand; may be empty.
    """
    first_choice = next(first_choices(reading, owned), None)
    if first_choice is not None:
        return FIRST_CHOICE, first_choice
    asks_for_sellers = _asks_for_sellers(reading)
    quote = _offer(reading, own, owned, asks_for_sellers=asks_for_sellers)
    quote = quote or _suggestion(reading, own, asks_for_sellers=asks_for_sellers)
    if not quote or all(mention.negated for mention in own):
        return ONLY_NAMED, reading.sentence(own[0].sentence)
    return LISTED, quote


def _offer(
    reading: Reading, own: Sequence[Mention], owned: Sequence[Unit], *, asks_for_sellers: bool
) -> str:
    """Return the first text of the brand's units that offers the brand as an option; "" without
    one, or if the brand's units as a whole are no offer.

    They are no offer if all are shops' cards; if all mentions are asides ("(like X)"); if the brand
    is never the subject ("runs on X") and each unit only names it; or if at most `_FEW_UNITS`
    units, none of them a title, award, card or pro, advise against the brand or say why it is not
    among the options.

    Args:
        own: The brand's mentions, at least one, in order.
        owned: The units that belong to the brand; may be empty.
    """
    has_few_units = len(owned) <= _FEW_UNITS and not any(unit.role in _OFFERS for unit in owned)
    if has_few_units and (
        any(ADVISED_AGAINST.occurs(reading.body, unit.start, unit.end) for unit in owned)
        or (owned and _is_beside(reading, owned[0], own))
    ):
        return ""
    if all(_is_sentence_with_name(unit, own) for unit in owned) and not _is_subject(reading, own):
        return ""
    if all(ASIDE.match(units_by_mention(reading)[mention.start].text) for mention in own):
        return ""
    if all(unit.role is UnitRole.SHOP for unit in owned):
        return ""
    offers = (
        unit.text
        for unit in owned
        if _is_offer(unit, asks_for_sellers=asks_for_sellers)
        and not any(  # "Acme recommends ..." cites it
            SPEAKS.match(reading.body, mention.end) for mention in mentions_inside(own, unit)
        )
    )
    return next(offers, "")


def _is_beside(reading: Reading, unit: Unit, own: Sequence[Mention]) -> bool:
    """Return whether a text says why its brand is not among the options: "X lacks reports, so it
    is not listed".

    So it is if the text names the brand, tells what it lacks, and does not offer it after all, and
    if at least two brands have titles, awards, cards or pros in the answer.
    """
    if not _is_sentence_with_name(unit, own):
        return False
    if not SHORT_OF.search(unit.text) or OFFERED.search(unit.text):
        return False
    offered_owners = {other.owner for other in reading.units if other.role in _OFFERS} - {""}
    return len(offered_owners) > 1


def _is_sentence_with_name(unit: Unit, own: Sequence[Mention]) -> bool:
    """Return whether a unit has one of the brand's mentions `own`, and is neither a title nor a
    shop's card.
    """
    if unit.role is UnitRole.TITLE or unit.role is UnitRole.SHOP:
        return False
    return any(unit.start <= mention.start < unit.end for mention in own)


def _is_subject(reading: Reading, own: Sequence[Mention]) -> bool:
    """Return whether the brand is the subject of a sentence, or is picked in one ("go with X").

    A name behind words such as "runs on" is no subject, nor is the maker of another brand ("X's
    Bolt"). `own` has the brand's mentions.
    """
    other_starts = {
        mention.start for mention in reading.mentions if mention.brand != reading.brand.name
    }
    for mention in own:
        possessive = POSSESSIVE.match(reading.body, mention.end)
        if possessive and possessive.end() in other_starts:
            continue
        before, _ = words_around(reading, mention)
        if not before or not OBJECT.search(before) or is_picked(reading, mention):
            return True
    return False


def _is_offer(unit: Unit, *, asks_for_sellers: bool) -> bool:
    """Return whether a unit of the brand offers the brand as an option.

    False in a footer, below a heading or label such as "Not included", and below one such as "Where
    to buy" unless the question asks for sellers.
    """
    headings = [heading for heading in (unit.section, unit.label) if heading]
    if unit.role is UnitRole.FOOTER or any(map(_is_left_out, headings)):
        return False
    return asks_for_sellers or not any(map(_is_of_sellers, headings))


@lru_cache(maxsize=_CACHED_HEADINGS)
def _is_left_out(heading: str) -> bool:
    return LEFT_OUT.search(heading) is not None


@lru_cache(maxsize=_CACHED_HEADINGS)
def _is_of_sellers(heading: str) -> bool:
    return SELLERS.search(heading) is not None


@once_an_answer
def _asks_for_sellers(reading: Reading) -> bool:
    return ASKS_FOR_SELLERS.search(reading.answer.question.prompt.text) is not None


def _suggestion(reading: Reading, own: Sequence[Mention], *, asks_for_sellers: bool) -> str:
    """Return the first sentence that suggests the brand as an example ("consider models like X");
    "" without one.

    A mention does not count if it is advised against, if the sentence lists examples of something
    else ("integrates with tools such as X"), or if it begins another word ("X-powered"). A seller
    ("available at shops such as X") counts only if the question asks for sellers.

    Args:
        own: The brand's mentions, in order.
    """
    for mention in own:
        body, end = reading.body, mention.start
        start = max(reading.sentences[mention.sentence][0], end - SUGGESTION_CHARACTERS)
        if mention.negated or COMPOUND.match(body, mention.end):
            continue
        if not SUGGESTED.occurs(body, start, end) or BESIDE.occurs(body, start, end):
            continue
        section = units_by_mention(reading)[mention.start].section
        is_seller = SELLERS.occurs(body, start, end) or _is_of_sellers(section)
        if asks_for_sellers or not is_seller:
            return reading.sentence(mention.sentence)
    return ""
