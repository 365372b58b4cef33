"""The check of prices."""

import re
from collections.abc import Iterable
from dataclasses import replace

from overheard_accuracy import claims
from overheard_accuracy.claims import Stated, Statement, Truth, Verdict
from overheard_accuracy.values import NUMBER, Money, money_amounts, number
from overheard_accuracy.words import FACTS

_PRICED = FACTS.compiled("priced")
_NOT_ITS_PRICE = FACTS.compiled("not its price", r"\b{}\b")
_FOR_SOME = FACTS.compiled("some buyers", r"[^,;.]{0,25} for (?:\w+ ){0,2}{}\b")
"""After an amount: a price for some buyers only."""
_ACCESSORY = FACTS.compiled("accessory")
"""Before an amount: the price of an accessory or a service, not of the product."""
_USAGE_FEE = FACTS.compiled("usage fee")
"""After an amount: a fee per use or a plan by volume, not a price of the product."""
_CHANGE = FACTS.compiled("price change", r"\b{}\b")
_PAST = re.compile(r"(?: \w+ly| just| only)? cost\b")
"""After the brand's name, in which no present has this form."""
_TOTAL = FACTS.compiled("total")
_BY_MONTH, _BY_YEAR = FACTS.compiled("by month", r"\b{}\b"), FACTS.compiled("by year", r"\b{}\b")
_ONE_OF = FACTS.compiled("one of", r"{}s?")
_UNIT = re.compile(r"(?: ?/ ?|,? (?:per|a|each|pro|par|por) )(?P<unit>[^\W\d_]{2,})")
"""After an amount: what it buys one of."""
_POSSESSED = re.compile(
    rf"['\u2019]s (?:(?!(?:{FACTS.pattern('own price')})\b)[a-z][\w-]* ){{1,4}}?"
    r"(?=(?:is|are|costs?|starts?|at|comes?|runs?|for|adds?|goes|sells?)\b)",
    re.IGNORECASE,
)
"""A thing of the brand's with its own price: "Acme's guest seats are"."""
_THING_FOR = re.compile(
    rf"\W*(?!.*\b{FACTS.pattern('own price')}\b)(?:[a-z][\w-]* ){{1,3}}(?:for|in|with|on) ",
    re.IGNORECASE,
)
"""The same, before the brand's name: "Extra storage for Acme costs"."""
_TIERS = FACTS.compiled("tiers", r"\b({})\b(?! of\b)")
_ENTRY = FACTS.compiled("entry", r"\b{}\b")
_RANGE_JOINER = re.compile(
    r"(?:\s?/?(?:mo(?:nth)?|yr|year|user)\b)?\s?(?:-|\u2013|\u2014|to|and|bis|à|a)\s?", re.I
)
_UP_TO = re.compile(rf"\s?(?:-|\u2013|\u2014|to|and)\s?(?P<high>{NUMBER})(?!\s?%)", re.IGNORECASE)
"""Between the ends of a range, and after the first where the second has no currency."""
_RANGING = re.compile(r"\b(?:between|ranges?|ranging)\b", re.IGNORECASE)
_CHARACTERS_BEFORE, _CHARACTERS_AFTER = 25, 28
"""Characters around an amount that are searched for words such as "save"."""
_ENTRY_CHARACTERS = 40
"""Characters before an amount that are searched for words such as "starts at"."""
_PLAN_BEFORE, _PLAN_AFTER = 60, 40
"""Characters around an amount that are searched for the name of its plan."""
_ROUGHLY = FACTS.compiled("roughly")
_FOR_PLAN = re.compile(
    r"(?:\s?/\s?\w+| (?:per|a) \w+){0,2} for (?:the )?(?P<plan>[A-Z][\w-]*(?: [A-Z0-9][\w-]*)*)"
)
_NEXT_PRICE = re.compile(r"[;.]\s|\s(?:and|but|while)\s")
"""Behind an amount: where the next one may begin."""
_LEAST_OF_YEAR = 0.6
"""Share of a monthly price from which a lower one may be that of a year's term."""
_ROUNDING_AMOUNT = 0.011
"""Tolerance of a price in units of the currency, just above a hundredth."""
_MAX_RANGE_RATIO = 2.0
"""Ratio of the ends above which a range says too little about a price."""
_MIN_COMPANY_PRICE = 1_000_000.0
"""Amount from which the price is of a company rather than of a product."""
_ROUNDING_SHARE, _ROUGH_SHARE = 0.015, 0.1
"""Relative tolerance of a price, for rounding: 9.99 to 10; and up to which "about" contradicts
nothing.
"""


def price(statement: Statement, truth: Truth) -> Stated | None:
    """Return the amount or range of a price that a statement names, as written, with its verdict.

    It is correct for the amount of the fact (a year is twelve months, rounding allowed), stale for
    a former value, else wrong. A fact about a plan ("price: Pro") is compared only with an amount
    next to the plan's name; a fact without a plan with a range, an entry price ("starts at") or the
    only amount. An amount in words that do not name the brand counts only with the same period as
    the fact.

    Return None if no amount or several may be meant, for another currency, for a period where the
    fact has none, for what may agree all the same, for another time, brand, accessory or fee for
    use, and if the fact has no amount.
    """
    text, true = statement.text, next(iter(money_amounts(truth.value)), None)
    if true is None or _is_by_term(text, truth):
        return None if true is None else _term_claim(statement, truth, true)
    range_ = _price_range(text)
    stated = range_[0] if range_ else _price_of(text, truth, true)
    if stated is None or _may_mean_other(statement, stated, truth):
        return None
    if (stated.period and not true.period) or (
        statement.inherited and stated.period != true.period
    ):
        return None  # an instalment, or the price of something else
    if range_:
        is_of_plan = not truth.qualifier or _is_of_plan(text, range_[0], truth.qualifier)
        return _range_claim(text, *range_, true) if is_of_plan else None
    pair = stated.comparable(true)
    if pair is None or _may_agree(text, stated, pair, true):
        return None
    former = [amount for value in truth.previous for amount in money_amounts(value)]
    was_right = any(map(_close, _pairs(stated, former)))
    verdict = Verdict.STALE if was_right else Verdict.WRONG
    return Stated(text[slice(*stated.span)], Verdict.CORRECT if _close(pair) else verdict)


def _may_mean_other(statement: Statement, stated: Money, truth: Truth) -> bool:
    """Return whether a stated amount may be something else than the brand's present price.

    So it may without a word of a price ("costs"), about another time or brand, in a change ("from
    $25 to $18"), beside a number of users, behind the name of an accessory or service, and as the
    price of one of something ("$1 per order") unless the fact is of such a thing.
    """
    cue = _PRICED.search(statement.text)
    if not cue or claims.historic(statement.text) or claims.of_another(statement, cue):
        return True
    if _CHANGE.search(statement.text) or _TOTAL.search(statement.text):
        return True
    if _PAST.match(statement.text, statement.end):
        return True
    is_subscription = any(amount.period for amount in money_amounts(truth.value))
    if is_subscription and (
        _POSSESSED.match(statement.text, statement.end)
        or _THING_FOR.fullmatch(statement.text, 0, statement.start)
    ):
        return True
    unit = _UNIT.match(statement.text, stated.span[1])
    if unit and not _ONE_OF.fullmatch(unit["unit"].lower()) and unit["unit"] not in truth.value:
        return True
    behind = stated.span[1]
    for_use = _USAGE_FEE.match(statement.text, behind) and not _USAGE_FEE.search(truth.value)
    for_some = _FOR_SOME.match(statement.text, behind)
    return bool(for_use or for_some or _ACCESSORY.search(statement.text[: stated.span[0]]))


def _is_by_term(text: str, truth: Truth) -> bool:
    """Return whether a text has two prices by term, "$18 monthly or $15 yearly", and a fact is of
    no plan.
    """
    by_term = _BY_MONTH.search(text) and _BY_YEAR.search(text)
    return bool(by_term and not truth.qualifier and len(money_amounts(text)) == 2)


def _term_claim(statement: Statement, truth: Truth, true: Money) -> Stated | None:
    """Return the claim of two prices by term: correct if any of them is, whatever its term."""
    amounts = money_amounts(statement.text)
    if _may_mean_other(statement, amounts[0], truth) or amounts[0].currency != true.currency:
        return None
    for amount in amounts:
        if any(map(_close, [(amount.amount, true.amount), *_pairs(amount, [true])])):
            return Stated(statement.text[slice(*amount.span)], Verdict.CORRECT)
    return Stated(statement.text[slice(*amounts[0].span)], Verdict.WRONG)


def _price_range(text: str) -> tuple[Money, Money] | None:
    """Return the (low, high) amounts of a range of prices: "$9 to $19 a month", "$9-19".

    The low end takes the period of the high end, if it has one. A high end without a currency takes
    currency and period of the low end. None if the text has another amount, if the ends do not
    rise, and if words around the range mean another thing than a price ("save", "discount").
    """
    amounts = money_amounts(text)
    if len(amounts) == 2 and amounts[0].currency == amounts[1].currency:
        low, high = amounts
        if not _RANGE_JOINER.fullmatch(text[low.span[1] : high.span[0]]):
            return None
    elif len(amounts) == 1 and (upper := _UP_TO.match(text, amounts[0].span[1])):
        low, amount = amounts[0], number(upper["high"])
        high = replace(low, amount=amount, span=(low.span[0], upper.end()))
    else:
        return None
    low = replace(low, period=high.period or low.period)
    context = _RANGING.sub("", _context(text, low))
    if low.amount >= high.amount or _NOT_ITS_PRICE.search(context):
        return None
    return low, high


def _range_claim(text: str, low: Money, high: Money, true: Money) -> Stated | None:
    """Return the claim of a stated range of prices, with its verdict against the true price.

    A range is correct if it begins or ends at the true price, or contains the price and is narrow:
    its ends differ by at most a factor of `_MAX_RANGE_RATIO`. It is wrong if the price is outside.
    Return None for a wide range around the price, which may be of several plans, and for another
    currency or a period that cannot be compared.

    Args:
        low: The low end, with its offsets in the text.
        high: The high end, with its offsets in the text.
        true: The true price.
    """
    low_and_true, high_and_true = low.comparable(true), high.comparable(true)
    words = text[low.span[0] : high.span[1]]
    if low_and_true is None or high_and_true is None:
        return None
    if _close(low_and_true) or _close(high_and_true):
        return Stated(words, Verdict.CORRECT)
    is_below_range = low_and_true[1] < low_and_true[0]
    is_above_range = high_and_true[1] > high_and_true[0]
    if is_below_range or is_above_range:
        return Stated(words, Verdict.WRONG)
    is_narrow = high.amount <= _MAX_RANGE_RATIO * low.amount
    return Stated(words, Verdict.CORRECT) if is_narrow else None


def _price_of(text: str, truth: Truth, true: Money) -> Money | None:
    """Return the amount in a text that a fact's price is to be compared with; None without one.

    Amounts from `_MIN_COMPANY_PRICE` and amounts beside words such as "save" are left out. For a
    fact about a plan, it is the first amount of that plan. Otherwise it is the first entry price
    ("starts at"); else, of one monthly and one yearly amount, the one with the period of the true
    price; else the only amount. None if several amounts remain, or if the text names a paid plan
    and no entry price.

    Args:
        truth: The fact; with a qualifier, only amounts of the plan that it names count.
    """
    candidates = [
        amount
        for amount in money_amounts(text)
        if amount.amount < _MIN_COMPANY_PRICE and not _NOT_ITS_PRICE.search(_context(text, amount))
    ]
    if truth.qualifier:
        return next(
            (amount for amount in candidates if _is_of_plan(text, amount, truth.qualifier)), None
        )
    for amount in candidates:
        start = amount.span[0]
        if _ENTRY.search(text[max(0, start - _ENTRY_CHARACTERS) : start]):
            return amount
    tiers = {tier.casefold() for tier in _TIERS.findall(text)} - {"free"}
    if len(candidates) == 2 and {amount.period for amount in candidates} == {"month", "year"}:
        candidates = [
            amount for amount in candidates if amount.period == true.period
        ]  # "$30 a month, or $300 a year"
    return candidates[0] if len(candidates) == 1 and not tiers else None


def _context(text: str, amount: Money) -> str:
    """Return the words around an amount: `_CHARACTERS_BEFORE` before it, and at most
    `_CHARACTERS_AFTER` after it, up to a comma, semicolon, full stop or bracket.
    """
    start, end = amount.span
    before = text[max(0, start - _CHARACTERS_BEFORE) : start]
    after = re.split(r"[,;.(]", text[end : end + _CHARACTERS_AFTER])[0]
    return f"{before} {after}"


def _is_of_plan(text: str, amount: Money, qualifier: str) -> bool:
    """Return whether an amount in a text is the price of a plan.

    A name right behind the amount is that of its plan: "$9 for Basic". Else, if a usual plan
    ("Pro", "Basic") is named before the amount, the text from the last such name to the amount must
    have the wanted plan. Otherwise the plan must be at most `_PLAN_BEFORE`
    characters before the amount or `_PLAN_AFTER` after it.

    Args:
        qualifier: The wanted plan.
    """
    if for_plan := _FOR_PLAN.match(text, amount.span[1]):
        return claims.contains(for_plan["plan"], qualifier)
    before = text[: amount.span[0]]
    plans = list(_TIERS.finditer(before))
    if plans:
        return claims.contains(before[plans[-1].start() :], qualifier)
    after = _NEXT_PRICE.split(text[amount.span[1] : amount.span[1] + _PLAN_AFTER])[0]
    return claims.contains(before[-_PLAN_BEFORE:], qualifier) or claims.contains(after, qualifier)


def _may_agree(text: str, stated: Money, pair: tuple[float, float], true: Money) -> bool:
    """Return whether an amount other than the true one may mean it: it is rough ("about"), or lower
    because it is paid by the year.
    """
    is_rough = _ROUGHLY.search(text[: stated.span[0]]) and _close(pair, _ROUGH_SHARE)
    is_lower = true.period == "month" and _LEAST_OF_YEAR * pair[1] <= pair[0] < pair[1]
    return not _close(pair) and bool(is_rough or (is_lower and _BY_YEAR.search(text)))


def _pairs(stated: Money, others: Iterable[Money]) -> list[tuple[float, float]]:
    """Return (stated amount, other amount), for the same period, for each other amount that can be
    compared; the rest is left out.
    """
    return [pair for other in others if (pair := stated.comparable(other))]


def _close(pair: tuple[float, float], share: float = _ROUNDING_SHARE) -> bool:
    """Return whether two amounts of one currency are equal but for rounding: they differ by at most
    a share of the larger, or by a hundredth, or the first leaves out the hundredths.
    """
    is_near = abs(pair[0] - pair[1]) <= max(share * max(pair), _ROUNDING_AMOUNT)
    return is_near or 0 < pair[0] == int(pair[1])
