"""The year of founding."""

import re

from overheard_accuracy.claims import (
    FactClaim,
    Statement,
    Truth,
    Verdict,
    of_another,
    unmeant,
    verdict,
)
from overheard_accuracy.values import YEAR_PATTERN
from overheard_accuracy.words import FACTS

_FOUNDED = FACTS.compiled("founded", r"\b{}(?:\b|(?<=\.))")
_ANOTHER_THING = re.compile(
    r" (?:an?|its|itself|themselves|their|new|another|several|two|three"
    r"|the (?!company|firm|business|brand|start|platform|service))\b",
    re.IGNORECASE,
)
"""After a word of founding: something other than the brand is founded."""
_ITS_THING = re.compile(
    r"['\u2019]s (?!(?P<more>(?:[\w-]+ ){1,3})?(?:company|business|firm|founders?|owners?|parent"
    r"|team|story|history)\b(?(more) (?:was )?\Z))(?:[\w-]+ ){1,4}"
)
"""Between the brand and the word of founding: "Acme's mobile app launched", but not "Acme's two
founders launched it".
"""
_OTHER_YEARS = FACTS.compiled("other years", r"\b{}\b")
_SINCE = re.compile(
    rf"\bsince (?:(?:early|late|mid-?|at least) ?)?(?P<year>{YEAR_PATTERN.pattern})", re.I
)
_DECADE = re.compile(r"\b(?P<part>early |mid-?|late )?(?P<year>(?:1[89]|20)\d0)s\b", re.IGNORECASE)
_DECADE_TOLERANCE_YEARS = 3
"""Years between a decade and the true year up to which the decade is not wrong."""
_ENDS = r"(?=\s*(?:$|[.,;:)]|(?:and|with|after|to|as|when|because|while)\b))"
_FOUNDING_VERB = re.compile(
    r"\b(?:founded|co-founded|created|started|established|set up|launched|formed|built|began) $"
)
_FOUNDED_IN = re.compile(
    rf"\s(?:back |all the way back )?in (?:\w+ )?(?P<year>{YEAR_PATTERN.pattern}){_ENDS}"
)
"""Before and after the brand: "two friends created Acme in 2013"."""
_SINCE_AFTER_BRAND = re.compile(
    rf"\s*(?:[\u2013\u2014:(,-]\s*)(?:\w+ )?since (?P<year>{YEAR_PATTERN.pattern}){_ENDS}"
)
"""After the brand: "Acme \u2013 since 1948"."""
_DECADE_CHARACTERS = 20
"""Most characters between a cue and a decade."""
_YEAR_CHARACTERS = 60
"""Most characters between a cue and its year."""


def founded(statement: Statement, truth: Truth) -> FactClaim | None:
    """Return the claim of a statement on the year of founding, with the year as written.

    The first that applies counts: in a text without a year, the decade of founding; a year right
    behind the brand's name; the year nearest to a word such as "founded"; without such a word, a
    year since which the brand has done something, if it is before the founding and all former
    values. The verdict is correct for the first year in the fact, stale for one in a former value,
    else wrong.

    Return None if nothing of this applies, if the statement is doubtful or about another brand, and
    if the fact has no year.
    """
    true = YEAR_PATTERN.search(truth.value)
    if not true or unmeant(statement):
        return None
    if not YEAR_PATTERN.search(statement.text):
        return _decade_claim(statement, int(true.group()))
    former = {year for value in truth.previous for year in YEAR_PATTERN.findall(value)}
    cue = _FOUNDED.search(statement.text)
    stated = _year_at_brand(statement) or (_year_at_cue(statement, cue) if cue else None)
    if stated:
        return FactClaim(verdict(stated == true.group(), stated in former), stated)
    return None if cue else _too_early_claim(statement, min(former | {true.group()}))


def _year_at_cue(statement: Statement, cue: re.Match[str]) -> str | None:
    """Return the four-digit year nearest to `cue`, the match of a word of founding.

    None if no year is near, if the founding is negated ("not founded"), and if another company or
    a thing is founded ("Acme launched its app in 2014").
    """
    is_negated = re.search(r"\bnot (?:\w+ )?$", statement.text[: cue.start()], re.IGNORECASE)
    founds_another = statement.end <= cue.start() and _ANOTHER_THING.match(
        statement.text, cue.end()
    )
    its_thing = _ITS_THING.fullmatch(statement.text[statement.end : cue.start()])
    if is_negated or its_thing or founds_another or of_another(statement, cue):
        return None
    return _nearest_year(statement.text, cue)


def _year_at_brand(statement: Statement) -> str | None:
    """Return the four-digit year right after the brand's name, as in "founded Acme in 2014" or
    "Acme (since 2014)"; None without such a year.
    """
    founding_verb = statement.start and _FOUNDING_VERB.search(statement.text[: statement.start])
    match = _FOUNDED_IN.match(statement.text, statement.end) if founding_verb else None
    match = match or (
        _SINCE_AFTER_BRAND.match(statement.text, statement.end) if statement.end else None
    )
    return match["year"] if match else None


def _decade_claim(statement: Statement, true: int) -> FactClaim | None:
    """Return the claim of a statement on the decade of founding ("founded in the 1980s"), with the
    decade as written: correct if the true year is in the decade, wrong if it is more than
    `_DECADE_TOLERANCE_YEARS` outside.

    Return None for a year just outside; if no decade follows a word of founding within
    `_DECADE_CHARACTERS`; and if another event ("acquired") is in between or another brand is meant.

    Args:
        true: The true year, such as 1987.
    """
    decade, cue = _DECADE.search(statement.text), _FOUNDED.search(statement.text)
    if not decade or not cue or of_another(statement, cue):
        return None
    between = statement.text[cue.end() : decade.start()]
    if not cue.end() <= decade.start() <= cue.end() + _DECADE_CHARACTERS or _OTHER_YEARS.search(
        between
    ):
        return None
    first_year = int(decade["year"])
    if first_year <= true <= first_year + 9:
        return FactClaim(Verdict.CORRECT, decade.group())
    error_years = min(abs(true - first_year), abs(true - first_year - 9))
    return (
        FactClaim(Verdict.WRONG, decade.group()) if error_years > _DECADE_TOLERANCE_YEARS else None
    )


def _too_early_claim(statement: Statement, founding_year: str) -> FactClaim | None:
    """Return a wrong claim with the year if a statement says that the brand has done something
    since a year before `founding_year` ("since 2005, Acme has ..."); else None.

    Args:
        founding_year: The earliest year that may be right, four digits.
    """
    cue = _SINCE.search(statement.text)
    if cue and cue["year"] < founding_year and not of_another(statement, cue):
        return FactClaim(Verdict.WRONG, cue["year"])
    return None


def _nearest_year(text: str, cue: re.Match[str]) -> str | None:
    """Return the first year after `cue`, or else the last year before it, at most
    `_YEAR_CHARACTERS` away.

    None without such a year, and if words of another event ("acquired") are between the year and
    the cue; the year on the other side is then not read.
    """
    after = YEAR_PATTERN.search(text, cue.end())
    if after and after.start() - cue.end() <= _YEAR_CHARACTERS:
        between = text[cue.end() : after.start()]
        return None if _OTHER_YEARS.search(between) else after.group()
    before = [year for year in YEAR_PATTERN.finditer(text) if year.end() <= cue.start()]
    if before and cue.start() - before[-1].end() <= _YEAR_CHARACTERS:
        between = text[before[-1].end() : cue.start()]
        return None if _OTHER_YEARS.search(between) else before[-1].group()
    return None
