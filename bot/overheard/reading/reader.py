"""From an answer to what a scorer sees: parsed and searched once, then looked at brand by brand."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice

from overheard.domain import Answer, Brand, Fact, Mention, Reading
from overheard.reading.markdown import prose, ranked_prose
from overheard.reading.mentions import MentionFinder
from overheard.reading.negation import advises_against, may_advise_against
from overheard.reading.rankings import ranked
from overheard.reading.text import sentences

READING = "2"
"""The version of how answers are read: how mentions, negation, sentences and rankings are found.
Count it up with any change there that can change a score: history is then scored anew."""

_WORD = re.compile(r"\w+")
_ASKED = re.compile(r"\W*(?:(?:question|q|prompt|query|you asked)\W+)?", re.IGNORECASE)
_BEGINS = re.compile(r"(?:[\n.!?:;]|[\"“„«「])[ *\"'“„«「]*\Z")
_PREAMBLE = 20
"""Words of an answer before the question that it restates: "Great question! You ask: ..."."""
_LONG = 4
"""Words of a question that are restated by nobody by chance."""
_ENDS = re.compile(r"[ *]*(?:[\n.!?:;\"'”’»」]|\Z)")  # noqa: RUF001 - curly quotes are meant


@dataclass(frozen=True, slots=True)
class Market:
    """A brand, those it is measured beside, and what is known of it: the same for all answers.

    Attributes:
        brand: The brand.
        competitors: Those it is measured beside.
        facts: What is known to be true of the brand.
        names: The names of all these brands.
    """

    brand: Brand
    competitors: tuple[Brand, ...] = ()
    facts: tuple[Fact, ...] = ()
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Gather the names."""
        names = frozenset(brand.name for brand in (self.brand, *self.competitors))
        object.__setattr__(self, "names", names)


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """An answer, read: the same for all brands.

    Attributes:
        answer: The answer.
        body: Its prose, see `overheard.reading.markdown`.
        sentences: The body's sentences, as (start, end) offsets.
        mentions: Where any known brand is named, in order; a restatement of the question near
            the head of the answer is left out.
        rankings: The brands of each ranked list or table, in its order.
        asked: Names of the brands that the question itself names.
        named: Names of the brands that the mentions name.
    """

    answer: Answer
    body: str
    sentences: tuple[tuple[int, int], ...]
    mentions: tuple[Mention, ...]
    rankings: tuple[tuple[str, ...], ...]
    asked: frozenset[str]
    named: frozenset[str]

    def reading(
        self, brand: Brand, competitors: Iterable[Brand], facts: Iterable[Fact] = ()
    ) -> Reading:
        """Return the answer as a scorer sees it for one brand and those it is measured beside."""
        return self.within(Market(brand, tuple(competitors), tuple(facts)))

    def within(self, market: Market) -> Reading:
        """Return the answer as a scorer sees it for the brand of a market."""
        mentions, rankings = self.mentions, self.rankings
        if not self.named <= market.names:
            mentions = tuple(mention for mention in mentions if mention.brand in market.names)
            rankings = tuple(filter(None, (_within(one, market.names) for one in rankings)))
        return Reading(
            answer=self.answer,
            brand=market.brand,
            competitors=market.competitors,
            body=self.body,
            sentences=self.sentences,
            mentions=mentions,
            rankings=rankings,
            branded=not market.names.isdisjoint(self.asked),
            asked=self.asked,
            facts=market.facts,
        )


class Reader:
    """Reads answers for a set of brands. Built once; reading one answer changes no other.

    Args:
        brands: All brands that are known, competitors included: a name counts for the brand with
            the longest spelling among all of them.
    """

    def __init__(self, brands: Iterable[Brand]) -> None:
        self._finder = MentionFinder(brands)
        self._asked: dict[str, frozenset[str]] = {}

    def read(self, answer: Answer) -> ReadAnswer:
        """Read an answer once, for all brands."""
        titles = {citation.title for citation in answer.reply.citations if citation.title}
        body, lists = ranked_prose(answer.reply.text, titles)
        spans = sentences(body)
        asked, spoken = _restated(body, answer.question.prompt.text)
        mentions = tuple(
            mention
            for mention in self._mentions(body, spans, _language(answer))
            if not asked <= mention.start < spoken
        )
        return ReadAnswer(
            answer=answer,
            body=body,
            sentences=spans,
            mentions=mentions,
            rankings=ranked(lists, mentions),
            asked=self.named_in(answer.question.prompt.text),
            named=frozenset(mention.brand for mention in mentions),
        )

    def _mentions(
        self, body: str, spans: tuple[tuple[int, int], ...], language: str
    ) -> tuple[Mention, ...]:
        found = self._finder.find(body, spans, language)
        if not may_advise_against(body):
            return found
        return tuple(
            replace(m, negated=advises_against(body, m.start, m.end, spans[m.sentence]))
            for m in found
        )

    def named_in(self, question: str) -> frozenset[str]:
        """Return the names of the brands that a question names."""
        if question not in self._asked:
            body = prose(question)
            found = self._finder.find(body, sentences(body))
            self._asked[question] = frozenset(mention.brand for mention in found)
        return self._asked[question]


def _within(ranking: Iterable[str], market: Container[str]) -> tuple[str, ...]:
    return tuple(name for name in ranking if name in market)


def _language(answer: Answer) -> str:
    return answer.question.prompt.language


def _restated(body: str, question: str) -> tuple[int, int]:
    """Return where near its head the body restates the question, as a line, a sentence or a
    quotation; an empty span if it does not.
    """
    wanted = [word.casefold() for word in _WORD.findall(question)]
    words = list(islice(_WORD.finditer(body), len(wanted) + _PREAMBLE))
    spoken = [word.group().casefold() for word in words]
    opening = _ASKED.match(body)
    for at in range(len(words) - len(wanted) + 1 if wanted else 0):
        if spoken[at : at + len(wanted)] != wanted:
            continue
        start, end = words[at].start(), words[at + len(wanted) - 1].end()
        opens = opening is not None and opening.end() == start
        begins = len(wanted) >= _LONG and _BEGINS.search(body, 0, start)
        if (opens or begins) and _ENDS.match(body, end):
            return start, end
    return 0, 0
