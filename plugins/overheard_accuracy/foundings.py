"""The year of founding."""

from __future__ import annotations

import re

from overheard_accuracy.claims import Claim, Statement, Truth, Verdict, of_another, unmeant, verdict
from overheard_accuracy.values import YEAR

_IN_YEAR = (
    r"(?= (?:(?:all the|way|publicly|officially|originally|first|back) )*(?:in|to)"
    r" (?:early |late |mid-?|the year |[A-Z][a-z]+,? )?\d{4})"
)
_FOUNDED = re.compile(
    r"\b(?:est\.(?= ?\d)|founded|co-?founded|established|was (?:started|created|born|formed"
    r"|conceived)"
    r"|got (?:its|their) start|got (?:going|off the ground)|started (?:in|out|back|up)"
    r"|trac(?:es?|ing) (?:its|their) (?:roots|origins?|history|beginnings?"
    r"|story)(?: (?:all the way )?back)? to"
    r"|(?:dat(?:es?|ing)|goes) (?:all the way )?back to|dating from|inception|incorporated"
    r"|born in"
    r"|(?:founding|foundation) (?:date|year)|(?:since|at) (?:its|their) (?:founding|foundation)"
    r"|year of (?:founding|foundation)|formed in"
    r"|(?:history|origins?|roots|story|beginnings?|journey)(?: of [\w ]{1,30}?)?"
    rf" (?:starts?|began|begins?|goe?s? back|stretch(?:es)? back|lies?|is|are){_IN_YEAR}"
    r"|began (?:in|as|operations|operating|life|trading)|came into (?:being|existence)"
    r"|(?:around|existed|operat(?:ed|ing)|active|in business|in operation|in existence|trading"
    r"|going"
    r"|running|on the market|in the (?:market|game)) since|set up(?: shop)?(?= (?:back )?(?:in"
    r"|by))"
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
    r"\b(?:acquired|bought|merged|raised|IPO|went public|public in|rebranded|renamed|moved"
    r"|expanded"
    r"|joined|introduced|released|version|relaunched|listed|sold|launch(?:ed|ing)? (?:its|the|a"
    r"|an"
    r"|their))\b",
    re.IGNORECASE,
)
_SINCE = re.compile(rf"\bsince (?:(?:early|late|mid-?|at least) ?)?(?P<year>{YEAR.pattern})", re.I)
_DECADE = re.compile(r"\b(?P<part>early |mid-?|late )?(?P<year>(?:1[89]|20)\d0)s\b", re.IGNORECASE)
_ROUGHLY = 3
"""By how many years a decade may be missed before it is wrong."""
_ENDS = r"(?=\s*(?:$|[.,;:)]|(?:and|with|after|to|as|when|because|while)\b))"
_MADE = re.compile(
    r"\b(?:founded|co-founded|created|started|established|set up|launched|formed|built|began) $"
)
_MADE_IN = re.compile(rf"\s(?:back |all the way back )?in (?:\w+ )?(?P<year>{YEAR.pattern}){_ENDS}")
"""Before and behind the brand: "two friends created Acme in 2013"."""
_BEARS = re.compile(rf"\s*(?:[\u2013\u2014:(,-]\s*)(?:\w+ )?since (?P<year>{YEAR.pattern}){_ENDS}")
"""Behind the brand: "Acme \u2013 since 1948"."""
_CLOSE = 20
"""Characters between a cue and a decade."""
_NEAR = 60
"""Characters between a cue and its value."""


def founded(statement: Statement, truth: Truth) -> Claim | None:
    """Check the year of founding: the year nearest to a word of founding."""
    true = YEAR.search(truth.value)
    if not true or unmeant(statement):
        return None
    if not YEAR.search(statement.text):
        return _decade(statement, int(true.group()))
    before = {year for value in truth.previous for year in YEAR.findall(value)}
    cue = _FOUNDED.search(statement.text)
    stated = _year_at_brand(statement) or (_year_at_cue(statement, cue) if cue else None)
    if stated:
        return Claim(verdict(stated == true.group(), stated in before), stated)
    return None if cue else _too_early(statement, min(true.group(), *before, true.group()))


def _year_at_cue(statement: Statement, cue: re.Match[str]) -> str | None:
    """Return the year that a word of founding gives for the brand itself, or None."""
    denied = re.search(r"\bnot (?:\w+ )?$", statement.text[: cue.start()], re.IGNORECASE)
    another = statement.end <= cue.start() and _ANOTHER_THING.match(statement.text, cue.end())
    if denied or another or of_another(statement, cue):
        return None
    return _nearest_year(statement.text, cue)


def _year_at_brand(statement: Statement) -> str | None:
    """Return a year of founding right after the brand's name, or None."""
    made = statement.start and _MADE.search(statement.text[: statement.start])
    found = _MADE_IN.match(statement.text, statement.end) if made else None
    found = found or (_BEARS.match(statement.text, statement.end) if statement.end else None)
    return found["year"] if found else None


def _decade(statement: Statement, true: int) -> Claim | None:
    """Check "founded in the 1980s"; a decade that is missed by little is not held against it."""
    decade, cue = _DECADE.search(statement.text), _FOUNDED.search(statement.text)
    if not decade or not cue or of_another(statement, cue):
        return None
    between = statement.text[cue.end() : decade.start()]
    if not cue.end() <= decade.start() <= cue.end() + _CLOSE or _OTHER_YEARS.search(between):
        return None
    first = int(decade["year"])
    if first <= true <= first + 9:
        return Claim(Verdict.CORRECT, decade.group())
    missed = min(abs(true - first), abs(true - first - 9))
    return Claim(Verdict.WRONG, decade.group()) if missed > _ROUGHLY else None


def _too_early(statement: Statement, first: str) -> Claim | None:
    """Check "since 2005, Acme has ...": it cannot have, before it was founded."""
    cue = _SINCE.search(statement.text)
    early = cue is not None and cue["year"] < first and not of_another(statement, cue)
    return Claim(Verdict.WRONG, cue["year"]) if cue and early else None


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
