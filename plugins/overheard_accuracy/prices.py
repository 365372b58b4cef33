"""What the brand costs, and whether it can be had for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from overheard_accuracy.claims import Claim, Statement, Truth, contains, verdict
from overheard_accuracy.guards import historic, of_another, unmeant
from overheard_accuracy.values import Money, money

_MONEY_NEXT = (
    r"(?=(?:just |only |about |around |roughly |approximately |some |a |as little as |currently "
    r"|now )*"
    r"(?:[$\u20ac\u00a3\u00a5\d]|US\\$|USD|EUR|GBP|CHF))"
)
_PRICED = re.compile(
    r"\b(?:from|for|at|is|are|ab|dès|desde|da) "
    + _MONEY_NEXT
    + r"|[\u2013\u2014(:-] ?"
    + _MONEY_NEXT
    + r"|\b(?:costs?|priced?|pricing|prices|price tag|starts? (?:at|from)|starting (?:at|from"
    r"|price)"
    r"|begins? (?:at|from|with)|beginning (?:at|from)|kicks? (?:in|off) at|comes? (?:in at|to)"
    r"|goes for"
    r"|as low as|subscription|plans?|fees?|pay|charges?|bills?|asks?|runs? (?:you )?(?:about "
    r"|around )?"
    r"|sells? for|retails? (?:at|for)|available (?:at|for)|set you back|sets you back|per month"
    r"|a month"
    r"|monthly|per year|annually|/\s?mo(?:nth)?|each month|a year|a seat|per (?:seat|user|agent"
    r"|person)"
    r"|kostet|kosten|preis\w*|coûte|coûtent|prix|tarifs?|cuesta|cuestan|precios?|costa)\b",
    re.IGNORECASE,
)
_NOT_ITS_PRICE = re.compile(
    r"\b(?:saves?|savings?|discount|off|coupon|revenue|raised|valued|valuation|funding|worth"
    r"|acquired|profit|sales|turnover|cheaper|more expensive|less than|up to|over|more than|below"
    r"|under|between|ranges?|credit|refund|trial|add-?on|extra|additional|setup|set-up|one-time"
    r"|deal|bought|paid(?! (?:plan|tier|version|option|subscription|edition)s?)|invest\w*"
    r"|market cap\w*|penalt\w*|fine)\b",
    re.IGNORECASE,
)
_EXTRA = re.compile(
    r"\b(?:set|pack|box|bag|bottle) of\b|\b(?:kits?|accessor\w+|cases?|covers?|spares?"
    r"|replacements?"
    r"|refills?|filters?|cartridges?|straps?|cables?|chargers?|adapters?|merch\w*|t-shirts?"
    r"|gift cards?|warrant(?:y|ies)|insurance|shipping|delivery|repairs?|maintenance|training"
    r"|onboarding|consulting|courses?|tickets?|shares?|stock)\b",
    re.IGNORECASE,
)
"""Before an amount: what costs that much goes with the product, and is not it."""
_EACH = re.compile(
    r"\s*(?:per |for (?:each|every) |an? |each |/ ?)(?:transaction|order|call|message|email|sms"
    r"|text|minute|invoice|payment|sale|checkout|booking|request|token|gb|gigabyte|listing"
    r"|shipment|label|lead|click)s?\b",
    re.IGNORECASE,
)
"""Behind an amount: it is a fee for use."""
_TIERS = re.compile(
    r"\b(free|basic|starter|standard|plus|pro|professional|premium|business|team|teams|enterprise"
    r"|advanced|growth|personal|individual|essentials?|unlimited|ultimate|lite)\b(?! of\b)",
    re.IGNORECASE,
)
_ENTRY = re.compile(
    r"\b(?:start(?:s|ing)?|begin(?:s|ning)?|from|as low as|cheapest|entry|lowest|kicks? (?:in"
    r"|off)|ab|dès"
    r"|desde|à partir)\b",
    re.IGNORECASE,
)
_NO_PRICE = 1_000_000.0
"""From this amount on, what is paid is a company rather than what it sells."""
_SAME_MONEY = 0.015
"""A price may be rounded by this share: 9.99 is told as 10."""

_FREE_PLAN = re.compile(
    r"\b(?:(?:forever|always|completely|totally|permanently)[- ])?free(?:[- ]forever"
    r"|[- ]of[- ]charge)?"
    r"(?: and paid)? (?:basic |starter |entry[- ]level |community |personal )?"
    r"(?:plan|tier|version|edition|option|account|package|membership|offering)s?\b"
    r"|\bfree forever\b|\bfree for life\b|\bfreemium\b"
    r"|\b(?:is|remains|stays) (?:\w+ ){0,2}(?P<whole>free (?:to use|of charge))\b"
    r"|\bus(?:e|ed|ing|able)(?: (?P<used>(?!for\b)[\w-]+(?: [\w-]+){0,2}))?"
    r" (?:for free|at no cost|without paying)\b"
    r"|\b(?:plan|tier|version|edition|package)\b(?: that)?(?: [\w-]+){0,2} (?:is|are|'s) "
    r"(?:\w+ )?(?:free|costs nothing)\b(?![- ](?:trial|of|from))"
    r"|\b(?:kostenlose[nrs]?|gratis)[- ]?(?:version|tarif|plan|konto|variante)\b"
    r"|\b(?:version|formule|offre|plan) gratuite?\b|\b(?:plan|versión) gratu?i?t[oa]s?\b"
    r"|\bpiano gratuito\b",
    re.IGNORECASE,
)
_FOR_SOME = re.compile(
    r" (?:for|to) (?:students|non-?profits|educat\w+|teachers|schools|open[- ]source|charities"
    r"|academics|the first|\d+ days)\b",
    re.IGNORECASE,
)
_PAID_ONLY = re.compile(
    r"\b(?:paid[- ]only|only paid (?:plans|tiers|versions)|(?:all|every one) of (?:its|the"
    r"|their) plans"
    r" (?:are|cost)|(?:all|every) (?:plans?|tiers?) (?:is|are|costs?) (?:paid|money)"
    r"|not free|(?:isn|aren)['\u2019]t free|(?:there is|there['\u2019]s) nothing free)\b(?! (?:of"
    r"|from|for|to)\b)",
    re.IGNORECASE,
)
"""Says in other words that there is no free plan."""
_NONE = re.compile(
    r"\b(?:no|not|without|lacks?|lacking|never|nor|neither|ended|discontinued|removed|retired"
    r"|scrapped|dropped|cut|axed|sunset|eliminated|stopped|unavailable|unfortunately|instead of"
    r"|kein"
    r"|keine[nr]?|nicht|pas|aucune?|sin|ningún|ninguna|non)\b"
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


def price(statement: Statement, truth: Truth) -> Claim | None:
    """Check a price: same currency, same period (a year is twelve months), rounding allowed.

    A price that is limited to a plan ("price: Pro") is only held against amounts that stand with
    that plan's name; one that is not, only against the lowest ("starts at"), or the only one.
    """
    true = next(iter(money(truth.value)), None)
    stated = _price_of(statement.text, truth.qualifier) if true else None
    if true is None or stated is None:
        return None
    cue = _PRICED.search(statement.text)
    if not cue or unmeant(statement) or historic(statement.text) or of_another(statement, cue):
        return None
    if _EXTRA.search(statement.text[: stated.span[0]]):
        return None
    if _EACH.match(statement.text, stated.span[1]) and not _EACH.search(truth.value):
        return None
    pair = stated.comparable(true)
    if pair is None:
        return None
    words = statement.text[slice(*stated.span)]
    old = [p for value in truth.previous for p in money(value)]
    return Claim(verdict(_close(pair), any(map(_close, _pairs(stated, old)))), words)


def free_plan(statement: Statement, truth: Truth) -> Claim | None:
    """Check whether there is a free plan; a trial is none."""
    paid = _PAID_ONLY.search(statement.text)
    cue = paid or _FREE_PLAN.search(statement.text)
    true = _yes_or_no(truth.value)
    if not cue or true is None or unmeant(statement) or of_another(statement, cue):
        return None
    if re.search(r"\b(?:if|whether|unless|may|might|could|should)\b", statement.text, re.I):
        return None
    answered = _ANSWERED.match(statement.text, cue.end())
    open_ended = answered is not None and not answered.lastgroup
    if not paid and (open_ended or _of_something_else(statement, cue)):
        return None
    clause = _clause(statement.text, cue.start(), cue.end())
    if _TRIAL.search(clause) and not _NONE.search(clause):
        return None
    refused = answered is not None and answered["no"] is not None
    denied = paid is not None or refused or _denies(clause, cue.group())
    if not denied and historic(clause):
        return None
    was = [_yes_or_no(value) for value in truth.previous]
    stated = not denied
    # In the same words, however it is said, so that models that claim it are counted together.
    return Claim(verdict(stated == true, stated in was), "free plan" if stated else "no free plan")


def _of_something_else(statement: Statement, cue: re.Match[str]) -> bool:
    """Whether not the brand is free, but its support or its templates, or for some people only."""
    if _FOR_SOME.match(statement.text, cue.end()):
        return True
    if cue["whole"]:
        return cue.start() - statement.end > 1
    used = cue["used"]
    return (
        used is not None
        and used != "it"
        and statement.text[statement.start : statement.end] not in used
    )


def _denies(clause: str, plan: str) -> bool:
    """Whether a clause says that there is no free plan, rather than what the plan lacks."""
    before, _, behind = clause.partition(plan)
    return _NONE.search(before) is not None or _ENDED.match(behind) is not None


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
