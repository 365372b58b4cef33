"""Facts that are numbers: the year of founding, and how many work there."""

from __future__ import annotations

import re

from overheard_accuracy.claims import Claim, Statement, Truth, Verdict, verdict
from overheard_accuracy.guards import historic, of_another, unmeant
from overheard_accuracy.values import YEAR, Amount, amounts

_IN_YEAR = (
    r"(?= (?:(?:all the|way|publicly|officially|originally|first|back) )*(?:in|to)"
    r" (?:early |late |mid-?|the year |[A-Z][a-z]+,? )?\d{4})"
)
_FOUNDED = re.compile(
    r"\b(?:est\.(?= ?\d)|founded|co-?founded|established|was (?:started|created|born|formed"
    r"|conceived)"
    r"|got (?:its|their) start|got (?:going|off the ground)|started (?:in|out|back|up)"
    r"|(?:dat(?:es?|ing)|goes) (?:all the way )?back to|dating from|inception|incorporated|born in"
    r"|(?:founding|foundation) (?:date|year)|(?:since|at) (?:its|their) (?:founding|foundation)"
    r"|year of (?:founding|foundation)|formed in"
    r"|(?:history|origins?|roots|story|beginnings?|journey)(?: of [\w ]{1,30}?)?"
    rf" (?:starts?|began|begins?|goe?s? back|stretch(?:es)? back|lies?|is|are){_IN_YEAR}"
    r"|began (?:in|as|operations|operating|life|trading)|came into (?:being|existence)"
    r"|(?:around|existed|operat(?:ed|ing)|active|in business|in operation|in existence|trading"
    r"|going"
    r"|running|on the market|in the (?:market|game)) since|set up(?: shop)?(?= (?:back )?(?:in|by))"
    r"|was launched|since its launch in|opened (?:its|their) doors|opened for business"
    r"|(?:(?:was )?launched|(?:came|went) (?:to market|on the market|live)|debuted"
    r"|(?:hit|entered|arrived on|appeared on) the (?:market|scene)|made (?:its|their) debut"
    rf"|first appeared|kicked off|saw the light of day){_IN_YEAR}"
    r"|(?:company|brand|business|firm|start-?up) (?:born|created|started|launched|formed) in"
    r"|nació|née en|nata nel|gegründet|gründung(?:sjahr)?|seit(?= (?:dem jahr )?\d)|fondée?|créée"
    r"|lancée?|année de création|fundad[ao]|fundó|cread[ao]|fondat[ao]|opgericht)(?:\b|(?<=\.))",
    re.IGNORECASE,
)
_ANOTHER_THING = re.compile(
    r" (?:an?|its|itself|themselves|their|new|another|several|two|three"
    r"|the (?!company|firm|business|brand|start|platform|service))\b",
    re.IGNORECASE,
)
"""Behind a word of founding: what is founded is not the brand."""
_OTHER_YEARS = re.compile(
    r"\b(?:acquired|bought|merged|raised|IPO|went public|public in|rebranded|renamed|moved|expanded"
    r"|joined|introduced|released|version|relaunched|listed|sold|launch(?:ed|ing)? (?:its|the|a|an"
    r"|their))\b",
    re.IGNORECASE,
)
_SINCE = re.compile(rf"\bsince (?:(?:early|late|mid-?|at least) ?)?(?P<year>{YEAR.pattern})", re.I)
_NEAR = 60
"""Characters between a cue and its value."""

_STAFF = re.compile(
    r"\b(?:employees|employs|employing|staff(?:ers)?|workforce|headcount|people (?:work|on|at)"
    r"|(?:team|crew|company|firm|organi[sz]ation|business) of(?= (?:\w+ ){0,2}\d"
    r"| [\w ]{0,12}(?:ty|een|dred|zen|ten)\b)|workers|team members|personnel"
    r"|payroll"
    r"|(?:employee|people|staff) count|(?:team|company) size|colleagues"
    r"|(?:person|people|employee|(?<=[\d-])strong) (?:team|company|firm|business|start-?up|outfit"
    r"|operation"
    r"|organi[sz]ation|workforce|shop)"
    r"|team (?:is|numbers|counts|has|consists of)|(?<=\d )strong|emploie|emplea|impiega"
    r"|mitarbeiter\w*|mitarbeitende\w*|beschäftigt\w*|angestellte\w*|employée?s|salariée?s"
    r"|collaborateurs|effectif|empleados|trabajadores|plantilla|dipendenti|medewerkers)\b",
    re.IGNORECASE,
)
_A_TEAM = re.compile(
    r"(?:team|crew|company|firm|organi[sz]ation|business) of|(?:person|strong) ", re.I
)
_ANY_TEAM = re.compile(
    r"\b(?:for|our|your|their|my|any|every|if|helps?|helped|suits?|supports?|used by|lets?|fits?"
    r"|ideal|best|can|us(?:e|es|ed|ing)|works?|like)\b",
    re.IGNORECASE,
)
"""Before "a team of 50": it is any such team."""
_NOT_ITS_STAFF = re.compile(
    r"\b(?:with|for|companies|teams|businesses|organi[sz]ations|firms|customers|clients|users"
    r"|groups) (?:of |with |that have |between |from |up to |over |more than |fewer than |under )*"
    r"(?:about |around |at least )?$",
    re.IGNORECASE,
)
_SERVED = re.compile(
    r"\b(?:pays?|manages?|tracks?|serves?|supports?|handles?|helps?|sold|sells?|trained|trains?"
    r"|lets?|allows?|enables?|gives?|connects?|reaches?|used by|powers?|hosts?|covers?"
    r"|onboard\w*|laid off|lays off|fired|dismissed|hired|hires|recruited|added|adds|cut|cuts)\b",
    re.IGNORECASE,
)
"""Between the brand and a number of people: they are somebody else's, or a part of its own."""
_AT_LEAST = re.compile(r"\b(?:more than|over|at least|upwards of|north of|exceeds?)\s*$", re.I)
_AT_MOST = re.compile(r"\b(?:fewer than|less than|under|up to|below|at most)\s*$", re.I)
_ROUNDED = 0.2
"""Headcounts are told roughly, and they move."""


def founded(statement: Statement, truth: Truth) -> Claim | None:
    """Check the year of founding: the year that stands nearest to a word of founding."""
    true = YEAR.search(truth.value)
    cue = _FOUNDED.search(statement.text) if YEAR.search(statement.text) else None
    if true and not cue:
        return _too_early(statement, true.group(), truth)
    if not cue or not true or unmeant(statement) or of_another(statement, cue):
        return None
    if re.search(r"\bnot (?:\w+ )?$", statement.text[: cue.start()], re.IGNORECASE):
        return None
    if statement.end <= cue.start() and _ANOTHER_THING.match(statement.text, cue.end()):
        return None
    stated = _nearest_year(statement.text, cue)
    if stated is None:
        return None
    before = {year for value in truth.previous for year in YEAR.findall(value)}
    return Claim(verdict(stated == true.group(), stated in before), stated)


def _too_early(statement: Statement, true: str, truth: Truth) -> Claim | None:
    """Check "since 2005, Acme has ...": it cannot have, before it was founded."""
    cue = _SINCE.search(statement.text)
    if not cue or unmeant(statement) or of_another(statement, cue):
        return None
    early = cue["year"] < min([true, *YEAR.findall(" ".join(truth.previous))])
    return Claim(Verdict.WRONG, cue["year"]) if early else None


def employees(statement: Statement, truth: Truth) -> Claim | None:
    """Check a headcount against a number or a range, a fifth more or less."""
    true = next(iter(amounts(truth.value)), None)
    cue = _STAFF.search(statement.text) if amounts(statement.text) else None
    if true is None or not cue or unmeant(statement) or of_another(statement, cue):
        return None
    if historic(statement.text):
        return None
    for stated in amounts(statement.text):
        before = statement.text[: stated.span[0]]
        gap = statement.text[stated.span[1] : cue.start()] if stated.span[1] <= cue.start() else ""
        near = abs(stated.span[0] - cue.end()) <= 20 or (
            stated.span[1] <= cue.start() and (len(gap) <= 25)
        )
        if not near or stated.high < 2 or _is_year(statement.text, stated):
            continue
        if _A_TEAM.match(cue.group() + " ") and _of_any_team(statement, cue, before):
            return None
        if _NOT_ITS_STAFF.search(before) or _SERVED.search(before, statement.end):
            return None
        old = [a for value in truth.previous for a in amounts(value)]
        found = verdict(
            _agrees(before, stated, true), any(_agrees(before, stated, one) for one in old)
        )
        return Claim(found, statement.text[slice(*stated.span)])
    return None


def _of_any_team(statement: Statement, cue: re.Match[str], before: str) -> bool:
    """Whether "a team of 50" tells who may use the brand, rather than who makes it."""
    first = cue.start() < statement.start
    return bool(_ANY_TEAM.search(before)) or (first and not re.match(r"(?:with|as) ", before, re.I))


def _nearest_year(text: str, cue: re.Match[str]) -> str | None:
    """Return the year behind a cue, or else the one before it, with no other event between."""
    behind = YEAR.search(text, cue.end())
    if behind and behind.start() - cue.end() <= _NEAR:
        between = text[cue.end() : behind.start()]
        return None if _OTHER_YEARS.search(between) else behind.group()
    before = [year for year in YEAR.finditer(text) if year.end() <= cue.start()]
    if before and cue.start() - before[-1].end() <= _NEAR:
        between = text[before[-1].end() : cue.start()]
        return None if _OTHER_YEARS.search(between) else before[-1].group()
    return None


def _agrees(before: str, stated: Amount, true: Amount) -> bool:
    low, high = true.low * (1 - _ROUNDED), true.high * (1 + _ROUNDED)
    if _AT_LEAST.search(before):
        return stated.low <= high and stated.low >= low / 2
    if _AT_MOST.search(before):
        return stated.high >= low and stated.high <= high * 2
    return stated.low <= high and stated.high >= low


def _is_year(text: str, stated: Amount) -> bool:
    return (
        YEAR.fullmatch(text[slice(*stated.span)]) is not None
        and "," not in text[slice(*stated.span)]
    )
