"""Typed values in prose: years, numbers, money."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from overheard_accuracy.words import named_words

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

_CURRENCIES = named_words("currencies")
# The longer signs first: "CA$" is not a dollar.
_SIGN_ORDER = sorted(_CURRENCIES, key=lambda code: code in {"USD", "EUR", "GBP"})
_SIGN = "|".join(f"(?P<{code}{{0}}>{_CURRENCIES[code]})" for code in _SIGN_ORDER)
_PERIODS = named_words("periods")
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
        """Return (this amount, the other amount), both for the same period; None if they cannot be
        compared.

        A monthly amount is multiplied by twelve if the other is yearly. An amount without a period
        is compared as it is. Different currencies, and other pairs of periods, give None.
        """
        if self.currency != other.currency:
            return None
        if self.period == other.period or not (self.period and other.period):
            return self.amount, other.amount
        if {self.period, other.period} == {"month", "year"}:
            periods_per_year = {"month": 12.0, "year": 1.0}
            return (
                self.amount * periods_per_year[self.period],
                other.amount * periods_per_year[other.period],
            )
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
    """Return the value of a number in digits or English words: ``1,200``, ``1.200`` (1200),
    ``1.2k``, ``3 million``, ``twenty-five``. The text must match `NUMBER`.
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
    """Return the numbers and ranges of a text in order.

    A range ("50 to 100") is one amount, not two. If its second number is below the first, both are
    amounts of their own.
    """
    return tuple(_each_amount(text))


@lru_cache(maxsize=512)
def money_amounts(text: str) -> tuple[Money, ...]:
    """Return the amounts of money of a text in order, each with the period that follows it ("a
    month"), if any.
    """
    return tuple(_each_money(text))


def _each_amount(text: str) -> Iterator[Amount]:
    """Yield the numbers and ranges of a text in order: a range whose ends rise once, any other
    number by itself.
    """
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
    """Yield the amounts of money in a text, in order, each with its currency and period.

    The period is the first one ("month") within `_PERIOD_CHARACTERS` after the amount and before
    the next amount; "" without one. A currency sign may be before or after the number.
    """
    matches = list(_MONEY.finditer(text))
    next_starts = [*(match.start() for match in matches[1:]), len(text)]
    for match, next_start in zip(matches, next_starts, strict=False):
        code = next(
            name.partition("_")[0]
            for name, value in match.groupdict().items()
            if value and name.endswith(("_before", "_behind"))
        )
        amount = number(match["after"] or match["before"])
        search_end = min(next_start, match.end() + _PERIOD_CHARACTERS)
        found = _PERIOD.search(text, match.end(), search_end)
        period = (found.lastgroup or "") if found else ""
        yield Money(amount, code, period, match.span())


def _digits_value(digits: str, *, scaled: bool) -> float:
    """Return the value of digits with English (1,200.50) or continental (1.200,50) separators.

    A point before three digits divides thousands, unless `scaled`. A comma before one or two last
    digits is a decimal comma. Spaces and apostrophes are left out.

    Args:
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
    """Return the value of the low end of a range.

    A scale written only at the high end counts for both: "5 to 10 thousand" gives 5000; unless the
    low end would then be above the high end.

    Args:
        range_: A match of `_RANGE`.
        high: The value of the high end.
    """
    low = number(range_["low"])
    high_scale = re.search(rf"({_SUFFIX})\s*$", range_["high"], re.IGNORECASE)
    low_scale = re.search(rf"({_SUFFIX})\s*$", range_["low"], re.IGNORECASE)
    if high_scale is None or low_scale is not None:
        return low
    word = high_scale.group(1).casefold()
    scaled = low * (_SCALES.get(word) or _SUFFIXES.get(word) or 1)
    return scaled if scaled <= high else low


def _words_value(text: str) -> float:
    """Return the value of a number in lower-case English words: ``two hundred and five``.

    "a" counts as 1 ("a hundred"), a scale without a number before it as 1 times the scale, and an
    unknown word as 0.
    """
    total = 0.0
    group = 0.0  # the part below the next thousand, million or billion
    for word in re.split(r"[ -]+", text):
        if word in _SCALES:
            group = max(group, 1.0) * _SCALES[word]
            if word != "hundred":
                total, group = total + group, 0.0
        elif word == "a":
            group += 1
        else:
            group += _UNITS.get(word, 0)
    return total + group
