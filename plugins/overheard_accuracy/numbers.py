"""Facts that are numbers, and the one that is a yes or a no."""

from __future__ import annotations

import re
from collections.abc import Iterable

from overheard_accuracy.claims import Claim, Statement, Truth, Verdict, contains
from overheard_accuracy.guards import historic, of_another, unmeant
from overheard_accuracy.values import YEAR, Amount, Money, amounts, money

_FOUNDED = re.compile(
    r"\b(?:est\.(?= ?\d)|founded|co-?founded|established|was started|got its start"
    r"|started (?:in|out|back)|dates? back to|inception|incorporated|was created"
    r"|began (?:in|operations|life)|came into (?:being|existence)"
    r"|has (?:been around|existed|operated) since|in business since"
    r"|founding (?:date|year)|year of (?:founding|foundation)|set up (?:shop )?in|was launched"
    r"|launched in|since its launch in|opened its doors"
    r"|(?:company|brand|business|firm|start-?up) (?:born|created|started|launched|formed) in"
    r"|gegründet|fondée?|fundad[ao]|fondat[ao]|opgericht)(?:\b|(?<=\.))",
    re.IGNORECASE,
)
_OTHER_YEARS = re.compile(
    r"\b(?:acquired|bought|merged|raised|IPO|went public|public in|rebranded|renamed|moved|expanded"
    r"|joined|introduced|released|version|relaunched|listed|sold|launch(?:ed|ing)? (?:its|the|a|an"
    r"|their))\b",
    re.IGNORECASE,
)
_NEAR = 60
"""Characters between a cue and its value."""

_PRICED = re.compile(
    r"\b(?:from|for|at) (?:just |only |as little as |about |around )?(?=[$€£¥\d]|US\$|USD|EUR|GBP)"
    r"|\b(?:costs?|priced?|pricing|prices|starts? (?:at|from)|starting (?:at|from|price)|begins? at"
    r"|beginning at|as low as|subscription|plans?|fees?|pay|charges?"
    r"|runs? (?:you )?(?:about |around )?|sells? for|retails? (?:at|for)|available (?:at|for)"
    r"|set you back|per month|a month|monthly|per year|annually|/\s?mo(?:nth)?)\b",
    re.IGNORECASE,
)
_NOT_ITS_PRICE = re.compile(
    r"\b(?:saves?|savings?|discount|off|coupon|revenue|raised|valued|valuation|funding|worth"
    r"|acquired|profit|sales|turnover|cheaper|more expensive|less than|up to|over|more than|below"
    r"|under|between|ranges?|credit|refund|trial|add-?on|extra|additional|setup|set-up|one-time"
    r"|deal|bought|paid|invest\w*|market cap\w*|penalt\w*|fine)\b",
    re.IGNORECASE,
)
_YOU_PAY = re.compile(r"\byou (?:will|would) (?:have to |need to )?pay\b", re.IGNORECASE)
"""Speaks of the price as it is now."""
_TIERS = re.compile(
    r"\b(free|basic|starter|standard|plus|pro|professional|premium|business|team|teams|enterprise"
    r"|advanced|growth|personal|individual|essentials?|unlimited|ultimate|lite)\b",
    re.IGNORECASE,
)
_ENTRY = re.compile(
    r"\b(?:start(?:s|ing)?|begin(?:s|ning)?|from|as low as|cheapest|entry|lowest)\b", re.IGNORECASE
)
_NO_PRICE = 1_000_000.0
"""From this amount on, what is paid is a company rather than what it sells."""
_SAME_MONEY = 0.015
"""A price may be rounded by this share: 9.99 is told as 10."""

_STAFF = re.compile(
    r"\b(?:employees|employs|staff(?:ers)?|workforce|headcount|people (?:work|on)|team of"
    r"|workers|team members)\b",
    re.IGNORECASE,
)
_NOT_ITS_STAFF = re.compile(
    r"\b(?:with|for|companies|teams|businesses|organi[sz]ations|firms|customers|clients|users"
    r"|groups) (?:of |with |that have |between |from |up to |over |more than |fewer than |under )*"
    r"(?:about |around |at least )?$",
    re.IGNORECASE,
)
_SERVED = re.compile(
    r"\b(?:pays?|manages?|tracks?|serves?|supports?|handles?|helps?|sold|sells?|trained|trains?"
    r"|lets?|allows?|enables?|gives?|connects?|reaches?|used by|powers?|hosts?|covers?"
    r"|onboard\w*)\b",
    re.IGNORECASE,
)
"""Between the brand and a number of people: they are somebody else's."""
_AT_LEAST = re.compile(r"\b(?:more than|over|at least|upwards of|north of|exceeds?)\s*$", re.I)
_AT_MOST = re.compile(r"\b(?:fewer than|less than|under|up to|below|at most)\s*$", re.I)
_ROUNDED = 0.2
"""Headcounts are told roughly, and they move."""

_FREE_PLAN = re.compile(
    r"\bfree(?:[- ]forever)?(?: and paid)? (?:basic )?(?:plan|tier|version|edition|option|account"
    r"|package|membership)s?\b|\bfree forever\b|\bfreemium\b|\bfree (?:to use|of charge)\b",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"\b(?:no|not|without|lacks?|lacking|never|nor|neither|ended|discontinued|removed|retired"
    r"|scrapped|dropped|cut|axed|sunset|eliminated|stopped|unavailable|unfortunately|instead of)\b"
    r"|n['\u2019]t\b",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"[^,;]{0,25}\b(?:ended|discontinued|removed|retired|scrapped|dropped|cut|axed|sunset"
    r"|eliminated|unavailable|no longer|(?:not|n['\u2019]t) (?:\w+ )?(?:available|offered|exist"
    r"|an option|possible|included|on offer))\b",
    re.IGNORECASE,
)
_ANSWERED = re.compile(
    r"\s*[:=]\s*(?:(?P<no>no|none|not|false|\u274c|\u2717)|(?P<yes>yes|true))?", re.I
)
"""Behind "free plan": a yes or a no, or something of which nobody can be sure."""
_TRIAL = re.compile(r"\b(?:trial|demo)\b", re.IGNORECASE)
_YES = frozenset({"yes", "true", "y", "available"})
_NO = frozenset({"no", "false", "n", "none", "not available"})


def founded(statement: Statement, truth: Truth) -> Claim | None:
    """Check the year of founding: the year that stands nearest to a word of founding."""
    cue = _FOUNDED.search(statement.text)
    true = YEAR.search(truth.value)
    if not cue or not true or unmeant(statement) or of_another(statement, cue):
        return None
    if re.search(r"\bnot (?:\w+ )?$", statement.text[: cue.start()], re.IGNORECASE):
        return None
    stated = _nearest_year(statement.text, cue)
    if stated is None:
        return None
    before = {year for value in truth.previous for year in YEAR.findall(value)}
    return Claim(_verdict(stated == true.group(), stated in before), stated)


def price(statement: Statement, truth: Truth) -> Claim | None:
    """Check a price: same currency, same period (a year is twelve months), rounding allowed.

    A price that is limited to a plan ("price: Pro") is only held against amounts that stand with
    that plan's name; one that is not, only against the lowest ("starts at"), or the only one.
    """
    true = next(money(truth.value), None)
    cue = _PRICED.search(statement.text)
    if true is None or not cue or unmeant(statement) or of_another(statement, cue):
        return None
    stated = _price_of(statement.text, truth.qualifier)
    if stated is None or historic(_YOU_PAY.sub("", statement.text)):
        return None
    pair = stated.comparable(true)
    if pair is None:
        return None
    words = statement.text[slice(*stated.span)]
    old = [p for value in truth.previous for p in money(value)]
    return Claim(_verdict(_close(pair), any(map(_close, _pairs(stated, old)))), words)


def employees(statement: Statement, truth: Truth) -> Claim | None:
    """Check a headcount against a number or a range, a fifth more or less."""
    cue = _STAFF.search(statement.text)
    true = next(amounts(truth.value), None)
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
        if _NOT_ITS_STAFF.search(before) or _SERVED.search(before, statement.end):
            return None
        old = [a for value in truth.previous for a in amounts(value)]
        verdict = _verdict(
            _agrees(before, stated, true), any(_agrees(before, stated, one) for one in old)
        )
        return Claim(verdict, statement.text[slice(*stated.span)])
    return None


def free_plan(statement: Statement, truth: Truth) -> Claim | None:
    """Check whether there is a free plan; a trial is none."""
    cue = _FREE_PLAN.search(statement.text)
    true = _yes_or_no(truth.value)
    if not cue or true is None or unmeant(statement) or of_another(statement, cue):
        return None
    if re.search(r"\b(?:if|whether|unless|may|might|could|should)\b", statement.text, re.I):
        return None
    answered = _ANSWERED.match(statement.text, cue.end())
    if answered and not answered.lastgroup:
        return None
    clause = _clause(statement.text, cue.start(), cue.end())
    if _TRIAL.search(clause) and not _NONE.search(clause):
        return None
    denied = _denies(clause, cue.group()) or (answered is not None and answered["no"] is not None)
    if not denied and historic(clause):
        return None
    was = [_yes_or_no(value) for value in truth.previous]
    stated = not denied
    return Claim(
        _verdict(stated == true, stated in was), cue.group() if stated else f"no {cue.group()}"
    )


def _denies(clause: str, plan: str) -> bool:
    """Whether a clause says that there is no free plan, rather than what the plan lacks."""
    before, _, behind = clause.partition(plan)
    return _NONE.search(before) is not None or _ENDED.match(behind) is not None


def _verdict(right: bool, was_right: bool) -> Verdict:
    if right:
        return Verdict.CORRECT
    return Verdict.STALE if was_right else Verdict.WRONG


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


def _price_of(text: str, qualifier: str) -> Money | None:
    """Return the one amount that a fact is about, or None where it is not clear."""
    found = [
        one
        for one in money(text)
        if one.amount < _NO_PRICE and not _NOT_ITS_PRICE.search(_beside(text, one))
    ]
    if qualifier:
        return next((one for one in found if _is_of_plan(text, one, qualifier)), None)
    entry = [one for one in found if _ENTRY.search(text[max(0, one.span[0] - 40) : one.span[0]])]
    if entry:
        return entry[0]
    tiers = {tier.casefold() for tier in _TIERS.findall(text)} - {"free"}
    return found[0] if len(found) == 1 and not tiers else None


def _beside(text: str, one: Money) -> str:
    start, end = one.span
    return text[max(0, start - 25) : start] + " " + re.split(r"[,;.(]", text[end : end + 20])[0]


def _is_of_plan(text: str, one: Money, qualifier: str) -> bool:
    """Whether the plan that is named nearest to an amount is the one that is wanted."""
    wanted = re.sub(r"\b(?:plan|tier)\b", "", qualifier, flags=re.IGNORECASE).strip()
    before = text[: one.span[0]]
    tiers = list(_TIERS.finditer(before))
    if tiers:
        last = before[tiers[-1].start() :]
        return contains(last, wanted)
    return contains(before[-60:], wanted) or contains(text[one.span[1] : one.span[1] + 40], wanted)


def _pairs(stated: Money, others: Iterable[Money]) -> list[tuple[float, float]]:
    return [pair for other in others if (pair := stated.comparable(other))]


def _close(pair: tuple[float, float]) -> bool:
    return abs(pair[0] - pair[1]) <= max(_SAME_MONEY * max(pair), 0.011)


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


def _clause(text: str, start: int, end: int) -> str:
    """Return the part of a sentence between the edges around a place."""
    edges = [edge.span() for edge in re.finditer(r"[,;:\u2014]|\b(?:but|although|though)\b", text)]
    left = max((b for _, b in edges if b <= start), default=0)
    right = min((a for a, _ in edges if a >= end), default=len(text))
    return text[left:right]


def _yes_or_no(value: str) -> bool | None:
    word = value.strip().casefold()
    if word in _YES:
        return True
    return False if word in _NO else None
