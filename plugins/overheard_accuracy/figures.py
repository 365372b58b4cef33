"""The figures of a company: the year of its founding, and the number of its employees."""

import re
from itertools import zip_longest

from overheard_accuracy.claims import Stated, Statement, Truth, clause, historic, of_another
from overheard_accuracy.values import YEAR_PATTERN, Amount, amounts
from overheard_accuracy.words import FACTS

_FOUNDED = FACTS.compiled("founded", r"\b{}(?:\b|(?<=\.))")
_ANOTHER_THING = FACTS.compiled("another thing")
"""After a word of founding: something other than the brand is founded."""
_ITS_THING = FACTS.compiled("its thing")
"""Between the brand and the word of founding: "Acme's mobile app launched", but not "Acme's two
founders launched it".
"""
_OTHER_YEARS = FACTS.compiled("other years", r"\b{}\b")
_SINCE = re.compile(rf"\bsince (?:(?:early|late|mid-?|at least) ?)?({YEAR_PATTERN.pattern})", re.I)
_DECADE = re.compile(r"\b(?:early |mid-?|late )?(?:1[89]|20)\d0s\b", re.IGNORECASE)
_DECADE_TOLERANCE_YEARS = 3
"""Years between a decade and the true year up to which the decade is not wrong."""
_FOUNDING_VERB = FACTS.compiled("founding verb", r"\b{} $")
_ENDS = r"(?=\s*(?:$|[.,;:)]|(?:and|with|after|to|as|when|because|while)\b))"
_FOUNDED_IN = re.compile(
    rf"\s(?:back |all the way back )?in (?:\w+ )?({YEAR_PATTERN.pattern}){_ENDS}"
)
"""Before and after the brand: "two friends created Acme in 2013"."""
_SINCE_AFTER_BRAND = re.compile(
    rf"\s*(?:[\u2013\u2014:(,-]\s*)(?:\w+ )?since ({YEAR_PATTERN.pattern}){_ENDS}"
)
"""After the brand: "Acme \u2013 since 1948"."""
_DECADE_CHARACTERS = 20
"""Most characters between a cue and a decade."""
_YEAR_CHARACTERS = 60
"""Most characters between a cue and its year."""


def founding(statement: Statement, truth: Truth) -> Stated | None:
    """Return the year or decade of founding that a statement states, as written.

    The first that applies counts: in a text without a year, the decade of founding; a year right
    behind the brand's name; the year nearest to a word such as "founded"; without such a word, a
    year since which the brand has done something, if it is before all years of the fact.
    """
    text, cue = statement.text, _FOUNDED.search(statement.text)
    if not YEAR_PATTERN.search(text):
        year = _decade_at(statement, cue) if cue else ""
    else:
        year = _year_at_brand(statement) or (_year_at_cue(statement, cue) if cue else "")
        since = None if year or cue else _SINCE.search(text)
        if since and not of_another(statement, since):
            known = YEAR_PATTERN.findall(" ".join((truth.value, *truth.previous)))
            year = since[1] if since[1] < min(known, default="") else ""
    return Stated(year, year) if year else None


def is_founding_year(stated: str, value: str) -> bool | None:
    """Return whether a year is the first of a fact, or a decade ("the 1980s") has it; None for a
    decade that just misses it, and for a fact without a year.
    """
    true = YEAR_PATTERN.search(value)
    if true is None or not stated.endswith("s"):
        return None if true is None else stated == true.group()
    years_off = int(true.group()) - int(stated[-5:-1])
    if 0 <= years_off <= 9:
        return True
    error_years = min(abs(years_off), abs(years_off - 9))
    return False if error_years > _DECADE_TOLERANCE_YEARS else None


def _year_at_cue(statement: Statement, cue: re.Match[str]) -> str:
    """Return the year nearest to `cue`, the match of a word of founding.

    "" if no year is near, if the founding is negated ("not founded"), and if another company or a
    thing is founded ("Acme launched its app in 2014").
    """
    is_negated = re.search(r"\bnot (?:\w+ )?$", statement.text[: cue.start()], re.IGNORECASE)
    founds_another = statement.end <= cue.start() and _ANOTHER_THING.match(
        statement.text, cue.end()
    )
    its_thing = _ITS_THING.fullmatch(statement.text[statement.end : cue.start()])
    if is_negated or its_thing or founds_another or of_another(statement, cue):
        return ""
    return _nearest_year(statement.text, cue)


def _year_at_brand(statement: Statement) -> str:
    """Return the year right after the brand's name, as in "founded Acme in 2014" or "Acme (since
    2014)"; "" without such a year.
    """
    text, end = statement.text, statement.end
    follows_verb = statement.start and _FOUNDING_VERB.search(text[: statement.start])
    match = (_FOUNDED_IN.match(text, end) if follows_verb else None) or (
        _SINCE_AFTER_BRAND.match(text, end) if end else None
    )
    return match[1] if match else ""


def _decade_at(statement: Statement, cue: re.Match[str]) -> str:
    """Return the decade within `_DECADE_CHARACTERS` after a word of founding; "" without one, after
    another event ("acquired"), and for another brand.
    """
    text = statement.text
    decade = _DECADE.search(text, cue.end())
    if not decade or decade.start() > cue.end() + _DECADE_CHARACTERS:
        return ""
    is_other = _OTHER_YEARS.search(text, cue.end(), decade.start()) or of_another(statement, cue)
    return "" if is_other else decade.group()


def _nearest_year(text: str, cue: re.Match[str]) -> str:
    """Return the first year after `cue`, or else the last year before it, at most
    `_YEAR_CHARACTERS` away.

    "" without such a year, and if words of another event ("acquired") are between the year and the
    cue; the year on the other side is then not read.
    """
    after = YEAR_PATTERN.search(text, cue.end())
    before = [year for year in YEAR_PATTERN.finditer(text) if year.end() <= cue.start()]
    if after and after.start() - cue.end() <= _YEAR_CHARACTERS:
        year, between = after, text[cue.end() : after.start()]
    elif before and cue.start() - before[-1].end() <= _YEAR_CHARACTERS:
        year, between = before[-1], text[before[-1].end() : cue.start()]
    else:
        return ""
    return "" if _OTHER_YEARS.search(between) else year.group()


_STAFF = FACTS.compiled("staff", r"\b{}\b")
_A_TEAM = FACTS.compiled("a team")
_ANY_TEAM = FACTS.compiled("any team", r"\b{}\b")
"""Before "a team of 50": any team of this size, not the brand's own."""
_NOT_ITS_STAFF = FACTS.compiled("not its staff", r"\b{}$")
_SERVED = FACTS.compiled("served", r"\b{}\b")
"""Between the brand and a number of people: customers, or only a part of the staff."""
_IN_OFFICE = re.compile(
    r"(?: \w+)? (?:in|at) (?:[A-Z]|(?:its|the) [\w ]{1,20}\b(?:offices?|branch|site)\b)"
)
"""Behind a word for employees: those of one place."""
_HAD = FACTS.compiled("had employees", r"\b{}\b")
_OWNED = re.compile(r"['\u2019]s $")
_AT_LEAST = re.compile(r"\b(?:more than|over|at least|upwards of|north of|exceeds?)\s*$", re.I)
_AT_MOST = re.compile(r"\b(?:fewer than|less than|under|up to|below|at most)\s*$", re.I)
_NUMBER_BEFORE, _NUMBER_AFTER = 25, 20
"""Most characters between a number and the word for employees behind or before it."""
_LEAST_EMPLOYEES = 2
"""The number from which employees are counted: "one person" is no headcount."""
_TOLERANCE_SHARE = 0.2
"""Tolerance of a headcount, as a share: texts round headcounts, which change with time."""


def headcount(statement: Statement, _truth: Truth) -> Stated | None:
    """Return the number of employees that a statement states, with the words before it: the first
    number near a word such as "employees". Numbers below 2 and years are skipped.

    Return None without such a number; for a former one, or one of another brand; for the size of
    any team ("for a team of 50"); and for customers or a part of the staff ("laid off 100
    employees").
    """
    text, found = statement.text, amounts(statement.text)
    cue = _STAFF.search(text) if found else None
    around = clause(text, cue.start(), cue.end()) if cue else ""
    if not cue or of_another(statement, cue) or historic(around) or _HAD.search(around):
        return None
    if _IN_OFFICE.match(text, cue.end()):
        return None
    for number, following in zip_longest(found, found[1:]):
        before, words = text[: number.span[0]], text[slice(*number.span)]
        of_other = _OWNED.search(before)
        if (
            not _is_near(statement, cue, number)
            or (following and following.span[1] <= cue.start())  # "9,000 users and 300 staff"
            or (of_other and of_other.start() != statement.end)
            or number.high < _LEAST_EMPLOYEES
            or YEAR_PATTERN.fullmatch(words)
        ):
            continue
        of_any_team = _A_TEAM.match(cue.group() + " ") and _of_any_team(statement, cue, before)
        if of_any_team or _NOT_ITS_STAFF.search(before) or _SERVED.search(before, statement.end):
            return None
        return Stated(words, (before, number))
    return None


def is_headcount(stated: tuple[str, Amount], value: str) -> bool | None:
    """Return whether a stated headcount overlaps that of a fact, widened by `_TOLERANCE_SHARE`;
    None for a fact without a number.

    "Over 500" agrees if 500 is not above the widened truth and at least half of its low end. "Up to
    500" agrees if 500 is not below the widened truth and at most twice its high end.

    Args:
        stated: The words before the stated number, such as "over" or "up to", and the number.
    """
    before, number = stated
    for true in amounts(value)[:1]:
        low, high = true.low * (1 - _TOLERANCE_SHARE), true.high * (1 + _TOLERANCE_SHARE)
        if _AT_LEAST.search(before):
            return low / 2 <= number.low <= high
        if _AT_MOST.search(before):
            return low <= number.high <= high * 2
        return number.low <= high and number.high >= low
    return None


def _is_near(statement: Statement, cue: re.Match[str], number: Amount) -> bool:
    """Return whether a number is near `cue`, the word for employees: at most `_NUMBER_BEFORE`
    characters before it, or at most `_NUMBER_AFTER` after it. The brand's name between the word and
    the number does not count.
    """
    start, end = number.span
    if end <= cue.start() and cue.start() - end <= _NUMBER_BEFORE:
        return True
    name_is_between = cue.end() <= statement.start < start
    name_characters = statement.end - statement.start if name_is_between else 0
    return abs(start - cue.end()) - name_characters <= _NUMBER_AFTER


def _of_any_team(statement: Statement, cue: re.Match[str], before: str) -> bool:
    """Return whether "a team of 50" means the users of the brand rather than its staff.

    So it does after words such as "for", "your" or "ideal"; and before the brand's name, unless
    the sentence begins with "With" or "As": "With a team of 50, Acme ...".

    Args:
        cue: The match of the word for the team.
        before: The statement's text before the number.
    """
    if _ANY_TEAM.search(before):
        return True
    return cue.start() < statement.start and not re.match(r"(?:with|as) ", before, re.I)
