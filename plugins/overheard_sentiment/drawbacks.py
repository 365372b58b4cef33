"""Drawbacks that a text names: by patterns, by what was learnt, and under a heading of cons.

Names are masked before, and a clause is judged by itself: "great sound, but no app". A clause that
is conceded ("but ...", "although ...") needs less to name a drawback than a plain one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from overheard_sentiment.concessions import (
    ADMITTED,
    CONCEDED,
    DENIED,
    PURPOSE,
    REASSURING,
    SUPPOSED,
    TAKEN_BACK,
)
from overheard_sentiment.faults import FAULT, NEGATED, PRICE, fault_words
from overheard_sentiment.foreign_faults import FAULTS, PRICES
from overheard_sentiment.odds import LEARNT_DRAWBACK, log_odds
from overheard_sentiment.words import sentence_words

_CLAUSE = re.compile(
    r"[;!?]\s*|\.\s+|,?\s+\(?(?=(?:but|however|although|though|while|whereas|yet|except|unless"
    r"|albeit"
    r"|which (?:may|can|might|could|makes it))\b)"
    r"|(?<!however),\s+(?=(?:lacks?|lacking|no|not|with(?:out)?|some|it(?:['\u2019]s)?|its|may|can"
    r"|only|requires?|limited|fewer|less)\b)|\s[\u2013\u2014]\s",
    re.IGNORECASE,
)
_CONCESSION = re.compile(
    r"\W*(?:but(?!\s+also)|however|although|though|while|whereas|albeit|despite|that said|yet"
    r"|on the (?:downside|other hand|flip side|minus side)|unfortunately|sadly|admittedly"
    r"|just (?:note|be aware)|(?:it['\u2019]s )?(?:worth|important to) not(?:e"
    r"|ing))\b",
    re.IGNORECASE,
)
_TURN = re.compile(
    r"\W*(?:but(?!\s+also)|although|(?:(?<=[,;\u2014] )|(?<=\u2013 ))(?:however|though|albeit"
    r"|yet))\b"
    r"(?!,? (?:I|my|we|our|like)\b)",
    re.IGNORECASE,
)
"""A concession that is a drawback without a sign of one: it is set against praise."""
_DENIES = re.compile(r"n['\u2019]t\b|\b(?:no|not|never|none|nothing)\b", re.IGNORECASE)
_TURN_BEHIND = re.compile(r"\W*(?:though|however)\W*", re.IGNORECASE)
"""The end of a sentence that is a concession as a whole: "..., though."."""
_TURN_WORDS = 4
"""Fewest words of a concession that is a drawback without a sign of one, with its conjunction."""
_FOREIGN_CLAUSE = re.compile(
    r"[;!?。]\s*|\.\s+|,?\s(?=(?:aber|mais|pero|jedoch|allerdings|doch|leider)\b)"
)
_FOREIGN_TURN = re.compile(r"(?:aber|jedoch|allerdings|doch|leider|mais|pero)\b(?! auch)")
_TAKEN_BACK_ODDS = 1.0
"""The log odds that words such as "fights" and "don't need" in a clause are against a drawback."""
_LISTED_ODDS = 0.5
"""The log odds more that are needed in an answer that lists products."""
_CACHED_TEXTS = 256
"""Texts whose drawbacks are kept: those of one long answer, whose brands share lines."""
_REACH_CHARACTERS = 28
"""Characters before a pattern in which words take the drawback back."""
_EMPTY_CON = re.compile(
    r"\W*(?:none\b|(?:very )?few(?:\W*$| if any)|hardly any|nothing\b"
    r"|no (?:major|real|significant|notable|obvious)|n/?a\b|minor\W*$|not (?:many|much)\b)",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[,;]\s+(?![^()]*\))|\.\s+")


@dataclass(frozen=True, slots=True)
class Drawback:
    """A drawback in a text.

    Attributes:
        start: Offset of the clause in the text.
        end: Offset after the clause.
        price: Whether the drawback is the price.
    """

    start: int
    end: int
    price: bool = False


@lru_cache(maxsize=_CACHED_TEXTS)
def drawbacks(
    text: str, *, price_only: bool = False, conceded_only: bool = False, listed: bool = False
) -> tuple[Drawback, ...]:
    """Return the drawbacks that an English text names, in order, at most one for each clause.

    Args:
        text: A text about one brand, with all names masked.
        price_only: Whether only judgements of the price count.
        conceded_only: Whether only conceded or admitted drawbacks count, as in a list of pros.
        listed: Whether the answer lists products one by one. Learnt weights, which there take
            properties for drawbacks, then need higher odds.
    """
    least = LEARNT_DRAWBACK + (_LISTED_ODDS if listed else 0.0)
    return tuple(_drawbacks(text, price_only=price_only, conceded_only=conceded_only, least=least))


def _drawbacks(
    text: str, *, price_only: bool, conceded_only: bool, least: float
) -> Iterator[Drawback]:
    """Yield the drawbacks of a text, clause by clause, see `drawbacks`.

    Args:
        text: The text, with all names masked.
        price_only: See `drawbacks`.
        conceded_only: See `drawbacks`.
        least: The log odds above which the learnt weights name a drawback.
    """
    small = _lowered(text)
    found = False
    parts = clauses(text)
    listed = [] if price_only else fault_words(small)
    parsed = sentence_words(text)
    for index, (start, end) in enumerate(parts):
        taken_back = index + 1 < len(parts) and bool(
            _TURN_BEHIND.fullmatch(text, *parts[index + 1])
        )
        conceded = taken_back or _CONCESSION.match(text, start, end) is not None
        before, found = found, True
        if _names(PRICE, text, small, start, end):
            yield Drawback(start, end, price=True)
        elif not price_only and (
            (
                (conceded or not conceded_only)
                and (
                    _names(FAULT, small, small, start, end)
                    or _names(NEGATED, small, small, start, end)
                    or _lists(listed, small, start, end)
                )
            )
            or (conceded_only and _names(ADMITTED, small, small, start, end))
            or (
                conceded
                and not REASSURING.search(small, start, end)
                and (
                    (not taken_back and _names(CONCEDED, small, small, start, end))
                    or (
                        not before
                        and (taken_back or _turns(text, parts, index))
                        and _finds_fault(text, start, end)
                    )
                )
            )
            or _is_learnt(log_odds(parsed, start, end, pro=conceded_only), least, small, start, end)
        ):
            yield Drawback(start, end)
        else:
            found = before


def _is_learnt(odds: float, least: float, small: str, start: int, end: int) -> bool:
    """Return whether the learnt weights find a drawback in a clause; a clause with a word that
    takes a drawback back needs higher odds.

    Args:
        odds: The log odds of the clause.
        least: The log odds that must be exceeded.
        small: The text in lower case.
        start: Offset of the clause.
        end: Offset after the clause.
    """
    if odds <= least:
        return False
    surely = odds > least + _TAKEN_BACK_ODDS
    return surely or TAKEN_BACK.search(small, start, end) is None


def _turns(text: str, parts: Sequence[tuple[int, int]], index: int) -> bool:
    """Return whether the clause at `index` turns against praise ("but ..."), and the clause before
    names no fault; `parts` are the clauses' (start, end) offsets.
    """
    if not index or not _TURN.match(text, *parts[index]):
        return False
    start, end = parts[index - 1]
    blame = min(sentence_words(text[start:end]).valences, default=0) < 0
    praise = max(sentence_words(text[:end]).valences, default=0) > 0
    return praise and not blame and not _DENIES.search(text, start, end)


def _finds_fault(text: str, start: int, end: int) -> bool:
    """Return whether a clause that is set against praise says something, and praises nothing."""
    clause = text[start:end]
    return (
        len(clause.split()) >= _TURN_WORDS and max(sentence_words(clause).valences, default=0) <= 0
    )


def foreign_drawbacks(text: str, language: str, *, price_only: bool = False) -> Iterator[Drawback]:
    """Yield the drawbacks that a text in another language than English names, in order, at most one
    for each clause.

    Args:
        text: A text about one brand, with all names masked.
        language: A key of `FAULTS`, such as ``german``; other languages yield nothing.
        price_only: Whether only judgements of the price count.
    """
    if language not in FAULTS:
        return
    small = _lowered(text)
    at = 0
    for found in (*_FOREIGN_CLAUSE.finditer(small), None):
        end = found.start() if found else len(text)
        price = PRICES[language].search(small, at, end) is not None
        turned = at and _FOREIGN_TURN.match(small, at) and _finds_fault(small, at, end)
        if price or (not price_only and (turned or FAULTS[language].search(small, at, end))):
            yield Drawback(at, end, price=price)
        at = found.end() if found else end


def listed_drawbacks(text: str) -> Iterator[Drawback]:
    """Yield each item of a text under a heading of cons as a drawback, in order; nothing for "None"
    or "few".
    """
    if _EMPTY_CON.match(text):
        return
    at = 0
    for found in (*_ITEM.finditer(text), None):
        end = found.start() if found else len(text)
        if any(map(str.isalpha, text[at:end])):
            yield Drawback(at, end, price=PRICE.search(text, at, end) is not None)
        at = found.end() if found else end


@lru_cache(maxsize=_CACHED_TEXTS)
def clauses(text: str) -> tuple[tuple[int, int], ...]:
    """Return the (start, end) offsets of the clauses of a text, in order."""
    spans, at = [], 0
    for found in _CLAUSE.finditer(text):
        if found.start() > at:
            spans.append((at, found.start()))
            at = found.end()
    if at < len(text):
        spans.append((at, len(text)))
    return tuple(spans)


def _lowered(text: str) -> str:
    """Return a text in small letters, or unchanged where small letters would change its length."""
    small = text.lower()
    return small if len(small) == len(text) else text


def _names(pattern: re.Pattern[str], text: str, small: str, start: int, end: int) -> bool:
    """Return whether a pattern occurs in a clause without a word before it that takes it back."""
    return any(
        not _is_taken_back(small, start, end, *found.span())
        for found in pattern.finditer(text, start, end)
    )


def _lists(listed: Sequence[tuple[int, int]], small: str, start: int, end: int) -> bool:
    """Return whether a clause has a fault word that no word before takes back.

    Args:
        listed: (start, end) offsets of the fault words of the text.
        small: The text in lower case.
        start: Offset of the clause.
        end: Offset after the clause.
    """
    return any(
        start <= at < end
        and not _is_taken_back(small, start, end, at, until)
        and not PURPOSE.search(small, max(start, at - _REACH_CHARACTERS), at)
        for at, until in listed
    )


def _is_taken_back(small: str, start: int, end: int, at: int, until: int) -> bool:
    """Return whether a word before a fault in a clause takes the drawback back: "no", "if",
    "solves".

    Args:
        small: The text in lower case.
        start: Offset of the clause.
        end: Offset after the clause.
        at: Offset of the fault.
        until: Offset after the fault.
    """
    before = max(start, at - _REACH_CHARACTERS)
    taken_back = TAKEN_BACK.search(small, before, min(end, until + 8))
    if taken_back and taken_back.start() <= at:
        return True
    if "if " in small and SUPPOSED.search(small, start, at):
        return True
    return DENIED.search(small, before, at) is not None
