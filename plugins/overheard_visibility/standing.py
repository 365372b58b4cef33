"""How a brand that an answer names stands in it: first choice, listed, or only named."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter

from overheard import Detail, Mention, Reading, Unit, UnitRole
from overheard_visibility.first_choice import (
    SUGGESTION_CHARACTERS,
    first_choices,
    is_picked,
    mentions_inside,
    unit_text,
    words_around,
)
from overheard_visibility.odds import has_item, is_catalogue, is_planned, odds
from overheard_visibility.pick_words import (
    ADVISED_AGAINST,
    ASIDE,
    ASKS_FOR_SELLERS,
    BESIDE,
    COMPOUND,
    LEFT_OUT,
    OBJECT,
    OFFERED,
    POSSESSIVE,
    SELLERS,
    SHORT_OF,
    SPEAKS,
    SUGGESTED,
)

FIRST_CHOICE, LISTED, ONLY_NAMED = "first choice", "listed", "only named"
_EVIDENCE = {FIRST_CHOICE: (3.6, -0.85), ONLY_NAMED: (2.6, -0.45)}
"""The log odds that words add which say a standing, and which do not say it.

They are what precision and recall of the words alone amount to on text that is new to them
(docs/statistics.md); silence counts 0.7 times, because words and plan are not independent.
"""
_LEAST_ODDS = -0.4
"""The log odds from which a standing counts, 40 %: the best for an F1 near 0.8."""
_LEAST_CATALOGUE_ODDS = -0.2
"""The log odds from which a brand that is listed among others is the first choice, 50 %."""
_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_FEW_UNITS = 2
"""Most units of a brand that a sentence may dismiss."""
_OFFERS = frozenset({UnitRole.TITLE, UnitRole.BEST_FOR, UnitRole.SHOP, UnitRole.PRO})


def standing(reading: Reading, own: Sequence[Mention]) -> Detail:
    """Return the standing of the brand as a detail, with the text that shows the standing as quote.

    - ``first choice``: the answer's own pick for the question as it was asked ("best overall",
      "I would go with X", "for most people X"); a pick for a part of the readers does not count.
    - ``listed``: offered as an option: text is about the brand.
    - ``only named``: a partner, a rival in a comparison, or a brand that is advised against.

    The wording counts as evidence beside the plan of the answer, see `overheard_visibility.odds`.

    Args:
        reading: The answer.
        own: The brand's mentions in the answer, at least one, in order.
    """
    owned = reading.owned()
    verdict, quote = _worded(reading, own, owned)
    if not is_planned(reading):
        return Detail("standing", verdict, quote=quote[:_QUOTE_CHARACTERS])
    placed = odds(reading, own, owned)
    first = placed.first_choice + _evidence(FIRST_CHOICE, verdict)
    only = placed.only_named + _evidence(ONLY_NAMED, verdict)
    stands = LISTED
    if first > (_LEAST_CATALOGUE_ODDS if is_catalogue(reading) else _LEAST_ODDS):
        stands = FIRST_CHOICE
    elif only > _LEAST_ODDS and not _is_offered(reading, owned, verdict):
        stands = ONLY_NAMED
    if stands != verdict:
        quote = reading.sentence(own[-1 if stands == FIRST_CHOICE else 0].sentence)
    return Detail("standing", stands, quote=quote[:_QUOTE_CHARACTERS])


def _is_offered(reading: Reading, owned: Sequence[Unit], verdict: str) -> bool:
    """Return whether the words offer the brand: "consider X or Y", or an item of its own."""
    return verdict == LISTED and (not owned or has_item(reading))


def _evidence(standing: str, verdict: str) -> float:
    """Return what the words of an answer add to the log odds of a standing."""
    said, unsaid = _EVIDENCE[standing]
    return said if standing == verdict else unsaid


def _worded(reading: Reading, own: Sequence[Mention], owned: Sequence[Unit]) -> tuple[str, str]:
    """Return (standing, quote): the standing that the wording of an answer gives the brand, and the
    text that shows it.

    Args:
        reading: The answer.
        own: The brand's mentions, at least one, in order.
        owned: The units that belong to the brand.
    """
    first = next(first_choices(reading, owned), None)
    if first is not None:
        return FIRST_CHOICE, first
    sells = bool(ASKS_FOR_SELLERS.search(reading.answer.question.prompt.text))
    offered = next(
        (
            unit
            for unit in owned
            if _is_offer(unit, sells=sells) and not _speaks(reading, own, unit)
        ),
        None,
    )
    plain = len(owned) <= _FEW_UNITS and not any(unit.role in _OFFERS for unit in owned)
    if plain and any(ADVISED_AGAINST.search(unit.text) for unit in owned):
        offered = None
    if plain and owned and _is_beside(reading, owned[0], own):
        offered = None
    if offered and all(_names(unit, own) for unit in owned) and not _is_subject(reading, own):
        offered = None
    if all(ASIDE.match(unit_text(reading, mention)) for mention in own):
        offered = None
    if all(unit.role is UnitRole.SHOP for unit in owned):
        offered = None
    quote = offered.text if offered else _suggestion(reading, own, sells=sells)
    if not quote or all(mention.negated for mention in own):
        return ONLY_NAMED, reading.sentence(own[0].sentence)
    return LISTED, quote


def _is_beside(reading: Reading, unit: Unit, own: Sequence[Mention]) -> bool:
    """Return whether a sentence next to a list of options says why its brand is not among them."""
    if not _names(unit, own) or not SHORT_OF.search(unit.text) or OFFERED.search(unit.text):
        return False
    return len({other.owner for other in reading.units if other.role in _OFFERS} - {""}) > 1


def _speaks(reading: Reading, own: Sequence[Mention], unit: Unit) -> bool:
    """Return whether a text cites the brand as a source: "Acme recommends ..."."""
    named = mentions_inside(own, unit)
    return any(SPEAKS.match(reading.body, mention.end) for mention in named)


def _names(unit: Unit, own: Sequence[Mention]) -> bool:
    """Return whether a unit is text that names its brand, and not the brand's title."""
    titled = unit.role is UnitRole.TITLE or unit.role is UnitRole.SHOP
    return not titled and bool(mentions_inside(own, unit))


def _is_subject(reading: Reading, own: Sequence[Mention]) -> bool:
    """Return whether the brand is the subject of a sentence, or is picked in one; `own` are its
    mentions.
    """
    starts = {mention.start for mention in reading.mentions if mention.brand != reading.brand.name}
    for mention in own:
        if POSSESSIVE.match(reading.body, mention.end) and mention.end + 3 in starts:
            continue
        before, after = words_around(reading, mention)
        if not OBJECT.search(before) or is_picked(before, after):
            return True
    return False


def _is_offer(unit: Unit, *, sells: bool) -> bool:
    """Return whether a unit of the brand offers the brand as an option; not in a footer or below a
    heading such as "Not included".

    Args:
        unit: A unit that belongs to the brand.
        sells: Whether the question asks for sellers, so that sellers are the options.
    """
    around = (unit.section, unit.label)
    return (
        unit.role is not UnitRole.FOOTER
        and not any(map(LEFT_OUT.search, around))
        and (sells or not any(map(SELLERS.search, around)))
    )


def _suggestion(reading: Reading, own: Sequence[Mention], *, sells: bool) -> str:
    """Return the first sentence that suggests the brand as an example ("such as X"), or "".
    `sells`: the question asks for sellers.
    """
    for mention in own:
        text = reading.sentence(mention.sentence)
        at = mention.start - reading.sentences[mention.sentence][0]
        before = text[max(0, at - SUGGESTION_CHARACTERS) : at]
        if (
            not mention.negated
            and SUGGESTED.search(before)
            and not BESIDE.search(before)
            and not COMPOUND.match(reading.body, mention.end)
            and (
                sells or not (SELLERS.search(before) or SELLERS.search(_section(reading, mention)))
            )
        ):
            return text
    return ""


def _section(reading: Reading, mention: Mention) -> str:
    """Return the heading above a mention, or an empty string."""
    at = bisect_right(reading.units, mention.start, key=attrgetter("start")) - 1
    return reading.units[at].section if at >= 0 else ""
