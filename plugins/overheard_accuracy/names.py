"""Facts that are names: of places, people and companies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from overheard_accuracy.claims import Claim, Statement, Truth, Verdict, contains, listed, plain
from overheard_accuracy.guards import historic, of_another, unmeant
from overheard_accuracy.places import alike, is_region, same_place

_NAME = r"(?:[A-Z\u00c0-\u00de][\w'\u2019.-]*)"
_PLACE = rf"{_NAME}(?: (?:(?:de|la|of|am|an der|upon|sur|City) )?{_NAME})*"
_PLACES = rf"(?P<stated>{_PLACE}(?:, {_PLACE}){{0,2}})"
_AT = r" (?:the (?:city|heart|center|centre|port|town) of )?(?:downtown |central |sunny |nearby )?"
_ENDS = r"(?=\s*(?:$|[,.;:)]|(?:since|with|where)\b))"
_BASED = (
    re.compile(
        r"\b(?i:headquartered|head ?quarters|(?:head|main|home|central|corporate|principal) office"
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
_BASED_ADJECTIVE = re.compile(rf"\b(?!(?:The|A|An)\b)(?P<stated>{_NAME}(?: {_NAME})?)-based\b")

_PERSON = rf"(?P<stated>{_NAME}(?: (?:(?:van|von|de|der|la|bin|al) )*{_NAME}){{1,3}})"
_CHIEF = r"(?:CEO|C\.E\.O\.|[Cc]hief [Ee]xecutive(?: [Oo]fficer)?(?: \(CEO\))?)"
_BY = (
    r"(?:led|headed(?: up)?|run|managed|helmed|steered|captained|overseen|directed|guided"
    r"|spearheaded|governed) (?:today )?by|under the (?:leadership|direction|stewardship) of"
    r"|(?:geleitet|geführt) von|dirigée? par|dirigid[ao] por"
)
_HEAD = (
    r"(?:boss|chief|head|leader|top executive|Geschäftsführer(?:in)?|Chef(?:in)?"
    r"|Vorstandschef(?:in)?|PDG|[Dd]irect(?:eur|rice) générale?|[Dd]irector(?:a)? ejecutiv[oa]"
    r"|[Cc]onsejer[oa] delegad[oa])"
)
_HEADS = r"(?:leads|heads(?: up)?|helms|steers|captains|is (?:now )?(?:running|leading|heading))"
_LED = (
    re.compile(
        rf"\b{_CHIEF}(?: and (?:co-?)?founder| and [Pp]resident)?(?: of [\w. ]{{1,40}}?)?"
        rf"(?:,| is| remains|:| is currently| \()? ?(?:Mr\.? |Ms\.? |Dr\.? )?{_PERSON}"
    ),
    re.compile(
        rf"\b(?i:{_BY}) (?:(?:its |their |the )?(?:co-?)?(?:founder and )?"
        rf"(?:{_CHIEF})?(?: and (?:co-?)?founder)?,? ?){_PERSON}"
    ),
    re.compile(
        rf"{_PERSON}(?:, (?:the|its|who is)| is (?:currently )?the| serves as| is| has been|,)?"
        rf"(?: the| its| (?P<whose>{_NAME}(?: {_NAME}){{0,2}}?)['\u2019]s)?(?: current)?"
        rf"(?: (?:co-?)?founder and)? {_CHIEF}\b"
    ),
    re.compile(rf"{_PERSON} \({_CHIEF}(?:,| of| at)"),
    re.compile(
        rf"\b[Aa]t (?:the|its) helm(?: of [\w. ]{{1,40}}?)?(?: is| stands| sits|:|,) {_PERSON}"
    ),
    re.compile(
        rf"\b[Ww]ith {_PERSON} (?:in charge|at (?:the|its) (?:helm|top)|as (?:its )?{_CHIEF})"
    ),
    re.compile(rf"{_PERSON} (?:runs|leads|heads)\b[^,.;]{{0,40}} as (?:its |the )?{_CHIEF}"),
    re.compile(rf"{_PERSON} (?:is|sits|stands) at (?:the|its) (?:helm|top)\b"),
    re.compile(rf"(?:['\u2019]s|\b[Ii]ts|\b[Tt]he company['\u2019]s) {_HEAD},? (?:is )?{_PERSON}"),
    re.compile(
        rf"\b(?:{_HEAD}|CEO) (?:von|de|d['\u2019]|bei)[\w. ]{{1,40}}? (?:ist|heißt|est"
        rf"|es) {_PERSON}"
    ),
    re.compile(
        rf"{_PERSON} (?:ist|est|es) (?:der |die |le |la |el )?(?:derzeit |aktuell )?(?:{_HEAD}"
        rf"|CEO)\b"
    ),
)
_LEADS = re.compile(
    rf"{_PERSON}(?:,? (?:who )(?:{_HEADS}|runs)| {_HEADS})(?: the (?:company|firm) behind)? $"
)
"""Just before the brand's name: who leads it."""
_LEADS_ON = re.compile(r"\s*(?:$|[,.;]|(?:and|as|since|today|now|with|from)\b)")
_FOR_A_WHILE = re.compile(
    r"\b(?:round|funding|investment|series [a-f]|group|project|study|class|session|campaign"
    r"|division|team|webinar|financing)\b[^,.;]*$",
    re.IGNORECASE,
)
"""Before "led by": that is not the company."""
_NEXT = re.compile(r", (?:and|but|so|is|has|says|said|told)\b")
"""Where something else begins to be said."""
_NOT_PERSON = re.compile(
    r"\b(?:The|Its|Their|Our|In|At|As|Under|Inc|Ltd|Company|Group|Partners|Capital|Ventures"
    r"|Equity|Fund|Bank"
    r"|Labs?|Software|Cloud|Technologies|Holdings|Consulting|University|Foundation|LLC|Founder"
    r"|Chief|Executive|Officer"
    r"|President|Chairman|CEO)\b"
)


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
    if is_region(city):
        return None
    if any(alike(city, part) for part in listed(truth.value)):
        return None
    stale = any(_in_place(stated, value) for value in truth.previous)
    return Claim(Verdict.STALE if stale else Verdict.WRONG, stated)


def chief_executive(statement: Statement, truth: Truth) -> Claim | None:
    """Check who leads the company, by family name and first name."""
    for cue in _led(statement):
        if _NOT_PERSON.search(cue["stated"]) or _FOR_A_WHILE.search(statement.text[: cue.start()]):
            continue
        behind = _NEXT.split(statement.text[cue.end() : cue.end() + 15])[0]
        around = statement.text[max(0, cue.start() - 30) : cue.end()] + behind
        if unmeant(statement) or historic(around) or _behind_another(statement, cue):
            return None
        stated = cue["stated"].rstrip(".'\u2019")
        if contains(statement.text[statement.start : statement.end], stated):
            continue
        if any(_same_person(stated, name) for name in listed(truth.value)):
            return Claim(Verdict.CORRECT, stated)
        stale = any(_same_person(stated, name) for name in truth.previous)
        return Claim(Verdict.STALE if stale else Verdict.WRONG, stated)
    return None


def _led(statement: Statement) -> Iterator[re.Match[str]]:
    before, behind = statement.text[: statement.start], statement.text[statement.end :]
    if statement.start and _LEADS_ON.match(behind) and (found := _LEADS.search(before)):
        yield found
    yield from filter(None, (pattern.search(statement.text) for pattern in _LED))


def _behind_another(statement: Statement, cue: re.Match[str]) -> bool:
    """Whether a person is named as the head of somebody else."""
    named = re.search(r"\b(?:of|at) ([A-Z][\w&.-]+)", statement.text[cue.end() - 1 :])
    brand = statement.text[statement.start : statement.end]
    if cue.group().endswith((",", "of", "at")):  # "(CEO, Acme)"
        return not contains(statement.text[cue.end() :].split(")")[0], brand)
    whose = cue.groupdict().get("whose")
    if whose:
        return not contains(brand, whose)
    other = named is not None and named.start() <= 3 and not contains(brand, named.group(1))
    return other or (bool(brand) and of_another(statement, cue))


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


def _same_person(one: str, other: str) -> bool:
    first, second = plain(one).split(), plain(other).split()
    if not first or not second or first[-1] != second[-1]:
        return False
    return first[0] == second[0] or first[0][0] == second[0][0]
