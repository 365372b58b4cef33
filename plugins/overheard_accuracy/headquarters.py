"""Where the head office is."""

from __future__ import annotations

import re

from overheard_accuracy.claims import (
    NAME,
    Claim,
    Statement,
    Truth,
    Verdict,
    contains,
    listed,
    plain,
)
from overheard_accuracy.guards import historic, of_another, unmeant
from overheard_accuracy.places import alike, is_region, same_place

_PLACE = rf"{NAME}(?: (?:(?:de|la|of|am|an der|upon|sur|City) )?{NAME})*"
_PLACES = rf"(?P<stated>{_PLACE}(?:, {_PLACE}){{0,2}})"
_AT = r" (?:the (?:city|heart|center|centre|port|town) of )?(?:downtown |central |sunny |nearby )?"
_ENDS = r"(?=\s*(?:$|[,.;:)]|(?:since|with|where)\b))"
_BASED = (
    re.compile(
        r"\b(?i:headquartered|head ?quarters|(?:head|main|home|central|corporate"
        r"|principal) office"
        r"|HQ|(?:home|main|corporate|global|operating) base(?: is)?|(?<!-)based|located|domiciled"
        r")\b"
        r"(?:(?: of [\w. ]{1,40}?)?(?: is| are|, which is)?(?: now| currently)?"
        r"(?: (?:located|situated|based|found))?(?: out of| in| at| near| just outside|:))"
        rf"(?:{_AT})(?:the )?{_PLACES}"
    ),
    re.compile(
        rf"\b(?:operat(?:es|ed|ing)|run|managed|works)(?: entirely)? (?:from"
        rf"|out of){_AT}{_PLACES}{_ENDS}"
    ),
    re.compile(
        r"(?:is|was|,) an? (?:[\w-]+ ){0,4}(?:company|maker|brand|firm|vendor|manufacturer"
        r"|start-?up|provider|developer|business)"
        rf" from{_AT}{_PLACES}{_ENDS}"
    ),
    re.compile(rf"\bcalls {_PLACES} (?:its )?home\b"),
    re.compile(rf"\b(?i:home ?base|home ?town|home city) is {_PLACES}"),
    re.compile(rf"\b(?:makes? its home|is at home|has its (?:seat|base)) in{_AT}{_PLACES}"),
    re.compile(
        r"\b(?:moved|relocated|shifted|transferred) its (?:headquarters|HQ|head office|base)"
        rf"(?: from {_PLACES.replace('stated', 'left')})? to{_AT}{_PLACES}"
    ),
    re.compile(
        rf"\b{_PLACES}(?:, | is |,? which is )(?:where (?:it|the company|\w+) (?:is|has been)"
        r" (?:headquartered|based)|where (?:it|the company) has its (?:headquarters|HQ"
        r"|head office))"
    ),
    re.compile(
        r"\b(?:(?:Haupt|Firmen|Unternehmens)?[Ss]itz|Zentrale"
        r"|Hauptquartier)\b(?: von [\w. ]{1,40}?)?"
        rf"(?: ist| liegt| befindet sich)? in {_PLACES}"
    ),
    re.compile(
        r"\b(?:sitzt in|sitzt heute in|ansässig in|siège(?: social)?(?: d(?:e "
        r"|['\u2019])[\w. ]{1,40}?)?"
        r"(?: est| se trouve)?(?: situé| basé| installé)? à|basée? à|installée? à"
        r"|sede(?: central| principal| social)?(?: d[ei] [\w. ]{1,40}?)?"
        r"(?: está| se encuentra| se ubica| è| si trova)?(?: en| a)|gevestigd in|hoofdkantoor in)"
        rf" {_PLACES}"
    ),
)
_INITIALS = re.compile(r"(?:[A-Z]\.?){2,4}")
"""Nobody can be sure which place is meant."""
_SITE = re.compile(
    r"\b(?:offices?|teams?"
    r"|branch(?:es)?|subsidiar(?:y|ies)|servers?|data cent(?:er|re)s?|shops?"
    r"|stores?|warehouses?|factor(?:y|ies)|plants?|divisions?|labs?|hubs?|staff|customers?"
    r"|users?)\b"
    r"|\b(?:U\.?S\.?A?|UK|EU|European|American|Asian|regional|local|second) $",
    re.IGNORECASE,
)
"""Between the brand and a place: that is not where its head office is."""
_NO_PLACE = re.compile(r"\b(?:Store|App|Apps|Play|Marketplace|Cloud|Settings|Menu|Web|Internet)\b")
_BASED_ADJECTIVE = re.compile(rf"\b(?!(?:The|A|An)\b)(?P<stated>{NAME}(?: {NAME})?)-based\b")


def headquarters(statement: Statement, truth: Truth) -> Claim | None:
    """Check the place of the headquarters: any part of the true place will do.

    A country or a state that the fact does not name is not held against the answer, since the city
    may lie there.
    """
    patterns = (*_BASED, _BASED_ADJECTIVE)
    cue = next((found for one in patterns if (found := one.search(statement.text))), None)
    if not cue or unmeant(statement) or of_another(statement, cue) or historic(statement.text):
        return None
    between = statement.text[statement.end : max(statement.end, cue.start())]
    if (statement.end and _SITE.search(between)) or _NO_PLACE.search(cue["stated"]):
        return None
    stated = cue["stated"].rstrip(".'\u2019")
    if _in_place(stated, truth.value):
        return Claim(Verdict.CORRECT, stated)
    city = stated.split(",")[0]
    unsure = _INITIALS.fullmatch(city) or is_region(city)
    if unsure or any(alike(city, part) for part in listed(truth.value)):
        return None
    stale = any(_in_place(stated, value) for value in truth.previous)
    return Claim(Verdict.STALE if stale else Verdict.WRONG, stated)


def _in_place(stated: str, true: str) -> bool:
    """Whether a place that is stated is the true one, or a part of it, or around it."""
    parts = [part.strip() for part in true.split(",") if part.strip()]
    first, *around = [part.strip() for part in stated.split(",")]
    return any(
        plain(first) == plain(part)
        or contains(first, part)
        or contains(part, first)
        or same_place(first, part)
        for part in parts
    ) and (not around or not is_region(first) or bool(parts))
