"""The check of the number of employees."""

import re
from itertools import zip_longest

from overheard_accuracy.claims import (
    FactClaim,
    Statement,
    Truth,
    clause,
    historic,
    of_another,
    unmeant,
    verdict,
)
from overheard_accuracy.values import YEAR_PATTERN, Amount, amounts
from overheard_accuracy.words import FACTS

_STAFF = FACTS.compiled("staff", r"\b{}\b")
_A_TEAM = re.compile(
    r"(?:team|crew|company|firm|organi[sz]ation|business) of|(?:person|strong) ", re.I
)
_ANY_TEAM = FACTS.compiled("any team", r"\b{}\b")
"""Before "a team of 50": any team of this size, not the brand's own."""
_NOT_ITS_STAFF = re.compile(
    r"\b(?:with|for|companies|teams|businesses|organi[sz]ations|firms|customers|clients|users"
    r"|groups) (?:of |with |that have |between |from |up to |over |more than |fewer than "
    r"|under )*"
    r"(?:about |around |at least )?$",
    re.IGNORECASE,
)
_SERVED = FACTS.compiled("served", r"\b{}\b")
"""Between the brand and a number of people: customers, or only a part of the staff."""
_OWNED = re.compile(r"['\u2019]s $")
_AT_LEAST = re.compile(r"\b(?:more than|over|at least|upwards of|north of|exceeds?)\s*$", re.I)
_AT_MOST = re.compile(r"\b(?:fewer than|less than|under|up to|below|at most)\s*$", re.I)
_NUMBER_BEFORE, _NUMBER_AFTER = 25, 20
"""Most characters between a number and the word for employees behind or before it."""
_LEAST_EMPLOYEES = 2
"""The number from which employees are counted: "one person" is no headcount."""
_TOLERANCE_SHARE = 0.2
"""Tolerance of a headcount, as a share: texts round headcounts, which change with time."""


def employees(statement: Statement, truth: Truth) -> FactClaim | None:
    """Return the claim of a statement on the number of employees: the first number near a word such
    as "employees".

    The verdict is correct if the number or range overlaps that of the fact, within
    `_TOLERANCE_SHARE`; stale if it does that of a former value; else wrong. Numbers below 2 and
    years are skipped.

    Return None without such a number; for a doubtful or former one, or one of another brand; for
    the size of any team ("for a team of 50"); and for customers or a part of the staff ("laid off
    100 employees").
    """
    true = next(iter(amounts(truth.value)), None)
    cue = _STAFF.search(statement.text) if amounts(statement.text) else None
    if true is None or not cue or unmeant(statement) or of_another(statement, cue):
        return None
    if historic(clause(statement.text, cue.start(), cue.end())):
        return None
    found = amounts(statement.text)
    for stated, following in zip_longest(found, found[1:]):
        before = statement.text[: stated.span[0]]
        of_other = _OWNED.search(before)
        if (
            not _is_near(statement, cue, stated)
            or (following and following.span[1] <= cue.start())  # "9,000 users and 300 staff"
            or (of_other and of_other.start() != statement.end)
            or stated.high < _LEAST_EMPLOYEES
            or YEAR_PATTERN.fullmatch(statement.text[slice(*stated.span)])
        ):
            continue
        if _A_TEAM.match(cue.group() + " ") and _of_any_team(statement, cue, before):
            return None
        if _NOT_ITS_STAFF.search(before) or _SERVED.search(before, statement.end):
            return None
        former = [amount for value in truth.previous for amount in amounts(value)]
        result = verdict(
            _headcount_agrees(before, stated, true),
            any(_headcount_agrees(before, stated, amount) for amount in former),
        )
        return FactClaim(result, statement.text[slice(*stated.span)])
    return None


def _is_near(statement: Statement, cue: re.Match[str], stated: Amount) -> bool:
    """Return whether a number is near `cue`, the word for employees: at most `_NUMBER_BEFORE`
    characters before it, or at most `_NUMBER_AFTER` after it. The brand's name between the word and
    the number does not count.
    """
    start, end = stated.span
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
        statement: The statement, of which ``start`` is the place of the brand's name in its text.
        cue: The match of the word for the team, in the same text.
        before: The statement's text before the number.
    """
    if _ANY_TEAM.search(before):
        return True
    is_before_brand = cue.start() < statement.start
    return is_before_brand and not re.match(r"(?:with|as) ", before, re.I)


def _headcount_agrees(before: str, stated: Amount, true: Amount) -> bool:
    """Return whether a stated headcount overlaps the true headcount, widened by `_TOLERANCE_SHARE`.

    "Over 500" agrees if 500 is not above the widened truth and at least half of its low end. "Up to
    500" agrees if 500 is not below the widened truth and at most twice its high end.

    Args:
        before: The words before the stated number, such as "over" or "up to".
        stated: The stated number or range of employees.
        true: The true number or range of employees.
    """
    low, high = true.low * (1 - _TOLERANCE_SHARE), true.high * (1 + _TOLERANCE_SHARE)
    if _AT_LEAST.search(before):
        return stated.low <= high and stated.low >= low / 2
    if _AT_MOST.search(before):
        return stated.high >= low and stated.high <= high * 2
    return stated.low <= high and stated.high >= low
