"""Typed values in prose: years, numbers, money."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

Span = tuple[int, int]

YEAR_PATTERN = re.compile(r"(?<![\d.,$€£¥-])(?:1[89]|20)\d\d(?![\d%]|[.,]\d|s\b)")

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen"
    " sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = dict(zip(_ONES.split(), range(20), strict=True)) | dict(
    zip(_TENS.split(), range(20, 100, 10), strict=True)
)
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SUFFIXES = {"k": 1e3, "m": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9}
_SUFFIX = "|".join([*_SCALES, *sorted(_SUFFIXES, key=len, reverse=True)])
# Backwards, so that "sixteen" is tried before "six".
_SPELLED = "|".join([*reversed(_UNITS), "a(?= hundred| thousand)"])
_WORDS = rf"(?:{_SPELLED})(?:[ -](?:and )?(?:{_SPELLED}|{'|'.join(_SCALES)}))*"
_SCALED = rf"\s?(?:{_SUFFIX})\b"
_DOTTED = r"[1-9]\d{0,2}(?:\.\d{3})+"
_DIGITS = (
    rf"(?:{_DOTTED}(?:,\d\d)?(?!\d|[.,]\d|{_SCALED})"
    r"|[1-9]\d{0,2}(?: \d{3})+(?=\s?(?:€|EUR|euros?|CHF|kr)\b|\s?€)"
    rf"|\d+(?:[,\u202f\u00a0']\d{{3}})*(?:\.\d+|,\d{{1,2}}(?!\d))?(?:{_SCALED})?)"
)
"""Digits with English separators (1,200.50), or with continental separators (1.200,50)."""
NUMBER = rf"(?:{_DIGITS}|\b{_WORDS}\b)"

_CURRENCIES = {
    "USD": r"US\$|USD|\$|(?:US )?(?:dollars?|d[oó]lares?|dollari)|bucks",
    "EUR": r"EUR|€|euros?",
    "GBP": r"GBP|£|pounds?(?: sterling)?|quid|pfund|livres?(?: sterling)?|libras?",
    "JPY": r"JPY|¥|yen",
    "CAD": r"CA\$|C\$|CAD|Canadian dollars?",
    "AUD": r"AU\$|A\$|AUD|Australian dollars?",
    "CHF": r"CHF|(?:Swiss )?francs?",
    "INR": r"INR|₹|rupees?|Rs\.?",
    "CNY": r"CNY|RMB|yuan",
    "KRW": r"KRW|₩|won(?= (?:per|a|each|/))",
    "BRL": r"BRL|R\$|reais",
    "SEK": r"SEK|Swedish kron(?:a|or)",
}
# The longer signs first: "CA$" is not a dollar.
_SIGN_ORDER = sorted(_CURRENCIES, key=lambda code: code in {"USD", "EUR", "GBP"})
_SIGN = "|".join(f"(?P<{code}{{0}}>{_CURRENCIES[code]})" for code in _SIGN_ORDER)
_PERIODS = {
    "month": r"month|mo\b|monthly|mth|monat|mois\b|mes\b|mensual|mensuel|mese\b|mensile|maand",
    "year": r"year|yr|annum|annually|yearly|annual|jahr|jährlich|(?<=par )an\b|(?<=/)an\b|año"
    r"|anno\b|jaar",
    "week": r"week|weekly|wk\b",
    "day": r"day|daily",
    "hour": r"hour|hr\b|hourly",
}
_PERIOD = re.compile("|".join(f"\\b(?P<{name}>{words})" for name, words in _PERIODS.items()), re.I)
_MONEY = re.compile(
    rf"(?:{_SIGN.format('_before')})\s?(?P<after>{NUMBER})"
    rf"|(?P<before>{NUMBER})[ -]?(?:{_SIGN.format('_behind')})(?![a-z])",
    re.IGNORECASE,
)
_RANGE = re.compile(
    rf"(?P<low>{NUMBER})\s?(?:-|\u2013|\u2014|to|and)\s?(?P<high>{NUMBER})", re.IGNORECASE
)
_PERIOD_CHARACTERS = 40
"""Characters after an amount that are searched for its period."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of money.

    Attributes:
        amount: In units of the currency.
        currency: ISO 4217 code.
        period: ``month``, ``year`` ..., or empty without a period.
        span: (start, end) offsets in the text.
    """

    amount: float
    currency: str
    period: str
    span: Span

    def comparable(self, other: Money) -> tuple[float, float] | None:
        """Return (this amount, the other amount) for the same period, a year as twelve months; None
        for different currencies or periods. An amount without a period compares with any.
        """
        if self.currency != other.currency:
            return None
        if self.period == other.period or not (self.period and other.period):
            return self.amount, other.amount
        if {self.period, other.period} == {"month", "year"}:
            months = {"month": 12.0, "year": 1.0}
            return self.amount * months[self.period], other.amount * months[other.period]
        return None


@dataclass(frozen=True, slots=True)
class Amount:
    """A number or a range of numbers.

    Attributes:
        low: The smallest value of the range.
        high: The largest value of the range; equal to `low` for a single number.
        span: (start, end) offsets in the text.
    """

    low: float
    high: float
    span: Span


def number(text: str) -> float:
    """Return the value of a number in digits or English words, such as ``1,200``, ``1.2k`` or
    ``twenty-five``; the text must match `NUMBER`.
    """
    text = text.strip().casefold()
    digits = re.match(r"[\d,.\u202f\u00a0']*\d(?: \d{3}\b)*", text)
    if digits:
        rest = text[digits.end() :].strip()
        scale = _SCALES.get(rest) or _SUFFIXES.get(rest)
        return _digits_value(digits.group(), scaled=scale is not None) * (scale or 1)
    return _words_value(text)


@lru_cache(maxsize=512)
def amounts(text: str) -> tuple[Amount, ...]:
    """Return the numbers and ranges of a text in order; a range counts once, not as two numbers."""
    return tuple(_each_amount(text))


@lru_cache(maxsize=512)
def money_amounts(text: str) -> tuple[Money, ...]:
    """Return the amounts of money of a text in order, each with the period right after it."""
    return tuple(_each_money(text))


def _each_amount(text: str) -> Iterator[Amount]:
    """Yield the numbers and ranges of a text in order; a range counts once, not as two numbers."""
    range_end = 0
    ranges = {match.start(): match for match in _RANGE.finditer(text)}
    for match in re.finditer(NUMBER, text, re.IGNORECASE):
        if match.start() < range_end:
            continue
        range_ = ranges.get(match.start())
        if range_ and (high := number(range_["high"])) >= (low := _low_end(range_, high)):
            range_end = range_.end()
            yield Amount(low, high, range_.span())
        else:
            value = number(match.group())
            yield Amount(value, value, match.span())


def _each_money(text: str) -> Iterator[Money]:
    """Yield the amounts of money in a text, in order, each with the period ("month") that follows
    within `_PERIOD_CHARACTERS`.
    """
    matches = list(_MONEY.finditer(text))
    for index, match in enumerate(matches):
        end = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        code = next(
            name.partition("_")[0]
            for name, value in match.groupdict().items()
            if value and name.endswith(("_before", "_behind"))
        )
        amount = number(match["after"] or match["before"])
        period = _PERIOD.search(text, match.end(), min(end, match.end() + _PERIOD_CHARACTERS))
        yield Money(amount, code, (period.lastgroup or "") if period else "", match.span())


def _digits_value(digits: str, *, scaled: bool) -> float:
    """Return the value of digits with English (1,200.50) or continental (1.200,50) separators.

    Args:
        digits: The digits with their separators.
        scaled: Whether a word such as "million" follows: "1.200 million" is 1.2 million, "1.200"
            alone is 1200. The result is not multiplied by that word.
    """
    compact = re.sub(r"[\u202f\u00a0' ]", "", digits)
    if not scaled and re.fullmatch(rf"{_DOTTED}(?:,\d\d)?", compact):
        compact = compact.replace(".", "").replace(",", ".")
    elif re.search(r"(?<!,\d{3}),\d{1,2}$", compact):
        compact = compact.replace(",", ".")
    return float(compact.replace(",", ""))


def _low_end(range_: re.Match[str], high: float) -> float:
    """Return the value of the low end of a range, a match of `_RANGE`; a unit written only at the
    high end counts for both: "5 to 10 thousand" gives 5000.
    """
    low = number(range_["low"])
    scale = re.search(rf"({_SUFFIX})\s*$", range_["high"], re.IGNORECASE)
    if scale and not re.search(rf"({_SUFFIX})\s*$", range_["low"], re.IGNORECASE):
        unit = scale.group(1).casefold()
        scaled = low * (_SCALES.get(unit) or _SUFFIXES.get(unit) or 1)
        return scaled if scaled <= high else low
    return low


def _words_value(text: str) -> float:
    """Return the value of a number in lower-case English words, such as ``two hundred and five``;
    unknown words count as 0.
    """
    total, current = 0.0, 0.0
    for word in re.split(r"[ -]+", text):
        if word in _SCALES:
            current = max(current, 1.0) * _SCALES[word]
            if _SCALES[word] > 100:
                total, current = total + current, 0.0
        elif word != "and":
            current += _UNITS.get(word, 1 if word == "a" else 0)
    return total + current
