"""Drawbacks that a text names: by patterns, by what was learnt, and under a heading of cons.

Names are masked before, and a clause is judged by itself: "great sound, but no app". A clause that
is conceded ("but ...", "although ...") needs less to name a drawback than a plain one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from overheard import Phrases
from overheard_sentiment.drawback_odds import LEARNT_DRAWBACK, log_odds
from overheard_sentiment.faults import (
    ADMITTED,
    CONCEDED,
    DENIED,
    FAULT,
    FOREIGN_LANGUAGES,
    NEGATED,
    PRICE,
    PURPOSE,
    REASSURING,
    SUPPOSED,
    TAKEN_BACK,
    fault_words,
    foreign_patterns,
)
from overheard_sentiment.lists import lists
from overheard_sentiment.words import sentence_words

_CLAUSE = lists("faults").compiled("clause edge", r"[;!?.,\s]{}")
"""One set first, which the search finds fast."""
_CONCESSION = lists("faults").compiled("concession", r"\W*{}\b")
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
_FOREIGN_SUPPOSED = re.compile(r"\b(?:wer|wenn|falls|sofern|si|quand|quien|cuando)\b[^,;]*\Z")
"""The same as `SUPPOSED` in other languages: "wer nur wenig schreibt"."""
_FOREIGN_TURN = re.compile(r"(?:aber|jedoch|allerdings|doch|leider|mais|pero)\b(?! auch)")
_TAKEN_BACK_ODDS = 1.0
"""The log odds that words such as "fights" and "don't need" in a clause are against a drawback."""
_BLAMED_ODDS = -1.0
"""The log odds from which a clause with words of blame names a drawback in a short answer."""
_LISTED_ODDS = 0.5
"""The log odds more that are needed in an answer that lists products."""
_CACHED_TEXTS = 256
"""Texts whose drawbacks are kept: those of one long answer, whose brands share lines."""
_REACH_CHARACTERS = 28
"""Characters before a pattern in which words take the drawback back."""
_OVERLAP_CHARACTERS = 8
"""Characters after a fault up to which words may reach that begin before it and take it back."""
_EMPTY_CON = re.compile(
    r"\W*(?:none\b|(?:very )?few(?:\W*$| if any)|hardly any|nothing\b"
    r"|no (?:major|real|significant|notable|obvious)|n/?a\b|minor\W*$|not (?:many|much)\b)",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[,;]\s+(?![^()]*\))|\.\s+")


class Drawback(NamedTuple):
    """A drawback in a text.

    Attributes:
        start: Offset of the clause in the text.
        end: Offset after the clause.
        price: Whether the drawback is the price.
    """

    start: int
    end: int
    price: bool = False


def drawbacks(
    text: str, *, price_only: bool = False, conceded_only: bool = False, listed: bool = False
) -> Iterator[Drawback]:
    """Yield the drawbacks that an English text names, in order, at most one for each clause.

    A clause names a drawback by a judgement of the price, by a fault, by a concession, or by its
    learnt odds; the first of these that applies decides whether the drawback is the price.

    Args:
        text: A text about one brand, with all names masked.
        price_only: Whether only judgements of the price count.
        conceded_only: Whether, as in a list of pros, patterns find only prices and what is conceded
            or admitted. Learnt weights count all the same.
        listed: Whether the answer lists products one by one. Learnt weights, which there take
            properties for drawbacks, then need higher odds.
    """
    least = LEARNT_DRAWBACK + (_LISTED_ODDS if listed else 0.0)
    lower = _lower_if_same_length(text)
    spans = clauses(text)
    faults = [] if price_only else fault_words(lower)
    has_fault = bool(faults) or FAULT.may_occur(lower) or NEGATED.may_occur(lower)
    has_price = PRICE.may_occur(text)
    words = sentence_words(text)
    named_before = False
    for index, (start, end) in enumerate(spans):
        clause = _Clause(text, lower, start, end)
        though_follows = index + 1 < len(spans) and bool(
            _TURN_BEHIND.fullmatch(text, *spans[index + 1])
        )
        conceded = though_follows or _CONCESSION.match(text, start, end) is not None
        if has_price and clause.has_price():
            named_before = True
            yield Drawback(start, end, price=True)
        elif not price_only and (
            (has_fault and (conceded or not conceded_only) and clause.has_fault(faults))
            or (conceded_only and clause.has(ADMITTED))
            or (
                conceded
                and _concedes_drawback(
                    clause, spans, index, though_follows=though_follows, is_first=not named_before
                )
            )
            or clause.exceeds_odds(log_odds(words, start, end, pro=conceded_only), least)
        ):
            named_before = True
            yield Drawback(start, end)


def _concedes_drawback(
    clause: _Clause,
    spans: Sequence[tuple[int, int]],
    index: int,
    *,
    though_follows: bool,
    is_first: bool,
) -> bool:
    """Return whether a conceded clause names a drawback, although it has no fault of its own.

    It does by a sign such as "a bit". The first drawback of a text needs no sign, if the clause is
    set against praise and praises nothing: "great sound, but the app is what it is". A clause with
    a reassuring word, such as "still good", names none.

    Args:
        spans: The (start, end) offsets of the clauses of the text.
        index: The index of the clause among them.
        though_follows: Whether the clause is conceded by "though" or "however" right after it.
        is_first: Whether no clause before names a drawback.
    """
    text, start, end = clause.text, clause.start, clause.end
    if REASSURING.search(clause.lower, start, end):
        return False
    if not though_follows and clause.has(CONCEDED):
        return True
    turns = is_first and (though_follows or _turns_against_praise(text, spans, index))
    return turns and _says_no_praise(text, start, end)


class _Clause(NamedTuple):
    """A clause of an English text, in which patterns of drawbacks are searched.

    Attributes:
        text: The text, with all names masked.
        lower: The text in lower case.
        start: Offset of the clause in the text, in characters.
        end: Offset after the clause.
    """

    text: str
    lower: str
    start: int
    end: int

    def has_price(self) -> bool:
        """Return whether the clause judges the price and no word before takes that back."""
        found = PRICE.finditer(self.text, self.start, self.end)  # it reads capitals of names
        return any(not self._is_withdrawn(*match.span()) for match in found)

    def has(self, pattern: re.Pattern[str] | Phrases) -> bool:
        """Return whether a lower-case pattern occurs and no word before takes that back."""
        found = pattern.finditer(self.lower, self.start, self.end)
        return any(not self._is_withdrawn(*match.span()) for match in found)

    def has_fault(self, faults: Sequence[tuple[int, int]]) -> bool:
        """Return whether a pattern or a listed word finds fault, and no word before takes that
        back.

        A listed word does not count if it is what the product is for, as in "for noisy rooms".

        Args:
            faults: (start, end) offsets of the listed fault words of the whole text.
        """
        return (
            self.has(FAULT)
            or self.has(NEGATED)
            or any(
                self.start <= start < self.end
                and not self._is_withdrawn(start, end)
                and not PURPOSE.search(
                    self.lower, max(self.start, start - _REACH_CHARACTERS), start
                )
                for start, end in faults
            )
        )

    def exceeds_odds(self, odds: float, least: float) -> bool:
        """Return whether the learnt weights find a drawback in the clause.

        A clause with a word such as "fights", which takes a drawback back, needs
        `_TAKEN_BACK_ODDS` more.

        Args:
            least: The log odds that must be exceeded.
        """
        if odds <= least:
            return False
        surely = odds > least + _TAKEN_BACK_ODDS
        return surely or TAKEN_BACK.search(self.lower, self.start, self.end) is None

    def _is_withdrawn(self, start: int, end: int) -> bool:
        """Return whether a word of the clause before a fault takes the drawback back: "no", "if",
        "solves".

        Args:
            end: Offset after the fault.
        """
        reach = max(self.start, start - _REACH_CHARACTERS)
        taken_back = TAKEN_BACK.search(self.lower, reach, min(self.end, end + _OVERLAP_CHARACTERS))
        if taken_back and taken_back.start() <= start:
            return True
        return SUPPOSED.search(self.lower, self.start, start) is not None or (
            DENIED.search(self.lower, reach, start) is not None
        )


def may_name_drawback(text: str) -> bool:
    """Return whether the learnt weights do not speak against a drawback in a text that words of
    blame already find fault with.

    Args:
        text: A text about one brand, with all names masked.
    """
    words = sentence_words(text)
    lower = _lower_if_same_length(text)
    return any(
        log_odds(words, start, end, pro=False) > _BLAMED_ODDS
        and not TAKEN_BACK.search(lower, start, end)
        and not SUPPOSED.search(lower, start, end)
        for start, end in clauses(text)
    )


def _turns_against_praise(text: str, spans: Sequence[tuple[int, int]], index: int) -> bool:
    """Return whether a clause turns against praise without a fault in the clause before: "great
    sound, but ...". False for the first clause.

    Args:
        text: The text, with all names masked.
        spans: The (start, end) offsets of its clauses.
        index: The index of the clause.
    """
    if not index or not _TURN.match(text, *spans[index]):
        return False
    start, end = spans[index - 1]
    blame = min(sentence_words(text[start:end]).valences, default=0) < 0
    praise = max(sentence_words(text[:end]).valences, default=0) > 0
    return praise and not blame and not _DENIES.search(text, start, end)


def _says_no_praise(text: str, start: int, end: int) -> bool:
    """Return whether a clause has at least `_TURN_WORDS` words, and none that praises.

    Args:
        text: The text, with all names masked.
        end: Offset after the clause.
    """
    clause = text[start:end]
    return (
        len(clause.split()) >= _TURN_WORDS and max(sentence_words(clause).valences, default=0) <= 0
    )


def foreign_drawbacks(text: str, language: str, *, price_only: bool = False) -> Iterator[Drawback]:
    """Yield the drawbacks that a text in another language than English names, in order, at most one
    for each clause.

    A clause after "aber", "mais" or "pero" names one already when it has enough words and no
    praise.

    Args:
        text: A text about one brand, with all names masked.
        language: One of `FOREIGN_LANGUAGES`, such as ``german``; others yield nothing.
        price_only: Whether only judgements of the price count.
    """
    if language not in FOREIGN_LANGUAGES:
        return
    prices, faults = foreign_patterns(language)
    lower = _lower_if_same_length(text)
    start = 0
    for edge in (*_FOREIGN_CLAUSE.finditer(lower), None):
        end = edge.start() if edge else len(text)
        price, fault = (
            found is not None and not _FOREIGN_SUPPOSED.search(lower, start, found.start())
            for found in (pattern.search(lower, start, end) for pattern in (prices, faults))
        )
        turned = start and _FOREIGN_TURN.match(lower, start) and _says_no_praise(lower, start, end)
        if price or (not price_only and (turned or fault)):
            yield Drawback(start, end, price=price)
        start = edge.end() if edge else end


def listed_drawbacks(text: str) -> Iterator[Drawback]:
    """Yield each item of a text under a heading of cons as a drawback, in order.

    Commas, semicolons and full stops divide items; one without a letter is left out. Nothing is
    yielded for a text that says that there are no or few cons, such as "None".
    """
    if _EMPTY_CON.match(text):
        return
    start = 0
    for edge in (*_ITEM.finditer(text), None):
        end = edge.start() if edge else len(text)
        if any(map(str.isalpha, text[start:end])):
            yield Drawback(start, end, price=PRICE.search(text, start, end) is not None)
        start = edge.end() if edge else end


@lru_cache(maxsize=_CACHED_TEXTS)
def clauses(text: str) -> tuple[tuple[int, int], ...]:
    """Return the (start, end) offsets of the clauses of an English text, in order; none for an
    empty text.

    Punctuation marks and conjunctions such as "but" divide clauses. A mark belongs to no clause, a
    conjunction to the one that it begins. Results are cached.
    """
    spans, start = [], 0
    for edge in _CLAUSE.finditer(text):
        if edge.start() > start:
            spans.append((start, edge.start()))
            start = edge.end()
    if start < len(text):
        spans.append((start, len(text)))
    return tuple(spans)


def _lower_if_same_length(text: str) -> str:
    """Return a text in lower case, or unchanged where lower case would change its length, so that
    offsets hold in both.
    """
    small = text.lower()
    return small if len(small) == len(text) else text
