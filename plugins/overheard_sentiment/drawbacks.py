"""Drawbacks that a text names: by patterns, by what was learnt, and under a heading of cons.

Names are masked before, and a clause is judged by itself: "great sound, but no app".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest
from math import inf
from typing import NamedTuple

from overheard import Phrases
from overheard_sentiment.drawback_odds import LEARNT_LANGUAGES, decision_weights, log_odds
from overheard_sentiment.faults import (
    CURED,
    DENIED,
    FAULT,
    FOREIGN_LANGUAGES,
    NEGATED,
    PRICE,
    PURPOSE,
    SUPPOSED,
    TAKEN_BACK,
    fault_words,
    foreign_patterns,
)
from overheard_sentiment.lists import lists
from overheard_sentiment.words import KEPT_TEXTS, sentence_words

_CLAUSE = lists("faults").compiled("clause edge", r"[;!?.,\s]{}")
"""One set first, which the search finds fast."""
_CONCESSION = lists("faults").compiled("concession", r"\W*{}\b")
_THOUGH = re.compile(r"\W*(?:though|however)\W*", re.IGNORECASE)
"""The end of a sentence that is a concession as a whole: "..., though."."""
_PRONOUN = re.compile(r"\W*(?:it|its|they|their|he|she|that|this)\b")
_NAME_INSIDE = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][a-z]+")
_FOREIGN_CLAUSE = re.compile(
    r"[;!?。]\s*|\.\s+|,?\s(?=(?:aber|mais|pero|jedoch|allerdings|doch|leider)\b)"
)
_FOREIGN_SUPPOSED = re.compile(r"\b(?:wer|wenn|falls|sofern|si|quand|quien|cuando)\b[^,;]*\Z")
"""The same as `SUPPOSED` in other languages: "wer nur wenig schreibt"."""
_FOREIGN_TURN = re.compile(r"(?:aber|jedoch|allerdings|doch|leider|mais|pero)\b(?! auch)")
_FOREIGN_PRONOUN = re.compile(r"\W*(?:er|sie|es|d(?:as|er|ie\w*)|[ie]l(?:le)?s?|ce|ça|on|l[ao])\b")
_BLAMED_ODDS = -1.0
"""The log odds of its words from which a clause that blames names a drawback in a short answer."""
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


FOUND = frozenset({"price", "fault", "negated", "word"})
"""Marks of what finds fault."""


class Drawback(NamedTuple):
    """A drawback in a text.

    Attributes:
        start: Offset of the clause in the text.
        end: Offset after the clause.
        price: Whether the drawback is the price.
        odds: How sure it is, in log odds; infinity where nothing was weighed.
    """

    start: int
    end: int
    price: bool = False
    odds: float = inf


class Evidence(NamedTuple):
    """What speaks for a drawback in a clause.

    Attributes:
        start: Offset of the clause in the text.
        end: Offset after the clause.
        marks: What finds fault, by the names in the list ``decision``.
        odds: The log odds of the clause's words.
    """

    start: int
    end: int
    marks: frozenset[str]
    odds: float


def drawbacks(
    text: str, *, pro: bool = False, named: bool = True, prose: bool = False
) -> Iterator[Drawback]:
    """Yield the drawbacks that an English text names, in order, at most one for each clause.

    Patterns of faults, the words of the clause and the doubt whose text it is add up to log odds,
    with weights that are learnt from labelled answers.

    Args:
        text: A text about one brand, with all names masked.
        pro: Whether the text is listed among the pros.
        named: Whether the text names the brand.
        prose: Whether the answer is running text, without titles, where higher odds are needed.
    """
    weights = decision_weights()
    least = weights["least in prose" if prose else "least with titles"]
    for start, end, marks, odds in evidence(text, pro=pro):
        slope = weights["odds"] + (weights["odds of a fault"] if marks & FOUND else 0.0)
        found = slope * odds + sum(map(weights.__getitem__, marks))
        if found > least:  # doubts only lower it
            found += sum(map(weights.__getitem__, doubts(text, start, end, named=named)))
            if found > least:
                yield Drawback(start, end, "price" in marks, found)


def priced(text: str) -> Iterator[Drawback]:
    """Yield the clauses of an English text that judge the price, in order."""
    lower = _lower_if_same_length(text)
    for start, end in clauses(text) if PRICE.may_occur(text) else ():
        if _Clause(text, lower, start, end).has_price():
            yield Drawback(start, end, price=True)


def evidence(text: str, *, pro: bool = False) -> Iterator[Evidence]:
    """Yield what speaks for a drawback in each clause of an English text, in order; see `drawbacks`
    for the arguments.
    """
    lower, words, spans = _lower_if_same_length(text), sentence_words(text), clauses(text)
    faults = fault_words(lower)
    may_find = faults or FAULT.may_occur(lower) or NEGATED.may_occur(lower) or PRICE.may_occur(text)
    for (start, end), after in zip_longest(spans, spans[1:]):
        marks = {"bias", "pro"} if pro else {"bias"}
        if may_find:
            marks.update(_Clause(text, lower, start, end).faults(faults))
        if _CONCESSION.match(text, start, end) or (after and _THOUGH.fullmatch(text, *after)):
            marks.add("conceded")
        yield Evidence(start, end, frozenset(marks), log_odds(words, start, end, pro=pro))


def doubts(text: str, start: int, end: int, *, named: bool) -> Iterator[str]:
    """Yield the marks of what speaks against a drawback of the brand in a clause: words that take
    it back or say that it is over, and another owner that the text may have.
    """
    lower = _lower_if_same_length(text)
    if TAKEN_BACK.search(lower, start, end):
        yield "taken back"
    if CURED.search(lower):
        yield "cured"
    if named:
        return
    if not _PRONOUN.match(lower):
        yield "no pronoun"
    if _NAME_INSIDE.search(text):
        yield "name inside"


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
        return self._has(PRICE, self.text)  # it reads capitals of names

    def _has(self, pattern: Phrases, text: str) -> bool:
        """Return whether a pattern occurs and no word before takes that back."""
        for match in pattern.finditer(text, self.start, self.end):
            if not self._is_withdrawn(*match.span()):
                return True
        return False

    def faults(self, words: Sequence[tuple[int, int]]) -> Iterator[str]:
        """Yield the marks of what finds fault and is not taken back by a word before: a judgement
        of the price, and a pattern, a negated quality or a listed word.

        A listed word does not count if it is what the product is for, as in "for noisy rooms".

        Args:
            words: (start, end) offsets of the listed words of the whole text.
        """
        if self.has_price():
            yield "price"
        if self._has(FAULT, self.lower):
            yield "fault"
        elif self._has(NEGATED, self.lower):
            yield "negated"
        elif any(
            self.start <= start < self.end
            and not self._is_withdrawn(start, end)
            and not PURPOSE.search(self.lower, max(self.start, start - _REACH_CHARACTERS), start)
            for start, end in words
        ):
            yield "word"

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


def foreign_drawbacks(
    text: str, language: str, *, named: bool = True, price_only: bool = False
) -> Iterator[Drawback]:
    """Yield the drawbacks that a text in another language than English names, in order, at most one
    for each clause: by learnt weights, and in Japanese by patterns alone.

    Args:
        text: A text about one brand, with all names masked.
        language: One of `FOREIGN_LANGUAGES`, such as ``german``; others yield nothing.
        named: Whether the text names the brand.
        price_only: Whether only judgements of the price count, by patterns alone.
    """
    if language not in FOREIGN_LANGUAGES:
        return
    words, weight = sentence_words(text), decision_weights("foreign_odds").__getitem__
    for start, end, marks in foreign_evidence(text, language, named=named):
        price = "price" in marks
        if price_only or language not in LEARNT_LANGUAGES:
            odds = inf if price or ("fault" in marks and not price_only) else -inf
        else:
            odds = sum(map(weight, marks), log_odds(words, start, end, language=language))
        if odds > weight("least"):
            yield Drawback(start, end, price, odds)


def foreign_evidence(
    text: str, language: str, *, named: bool
) -> Iterator[tuple[int, int, frozenset[str]]]:
    """Yield (start, end, marks of what speaks for or against a drawback) for each clause of a text
    in one of `FOREIGN_LANGUAGES`; see `foreign_drawbacks` for the arguments.
    """
    patterns = dict(zip(("price", "fault"), foreign_patterns(language), strict=True))
    lower, start = _lower_if_same_length(text), 0
    doubts = () if _FOREIGN_PRONOUN.match(lower) else ("no pronoun",)
    for edge in (*_FOREIGN_CLAUSE.finditer(lower), None):
        end = edge.start() if edge else len(text)
        marks = set() if named else {"unnamed", *doubts}
        for mark, pattern in patterns.items():
            found = pattern.search(lower, start, end)
            if found and not _FOREIGN_SUPPOSED.search(lower, start, found.start()):
                marks.add(mark)
        if start and _FOREIGN_TURN.match(lower, start):
            marks.add("conceded")
        yield start, end, frozenset(marks)
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


@lru_cache(maxsize=KEPT_TEXTS)
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
