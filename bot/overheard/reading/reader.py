"""Preparation of answers for scorers: parsed and searched once, then narrowed to each brand.

It also tells advice against a brand: "avoid Acme", "instead of Acme". The first reading imports the
modules that take an answer apart: their patterns take long to compile, and most commands read none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING

from overheard.domain import Answer, Brand, Catalogue, Fact, Mention, Prompt, Reading, Unit
from overheard.reading.text import fold, sentences

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

    from overheard.reading.mentions import MentionFinder

READING_VERSION = "33"
"""The version of this package: of mentions, negation, sentences, rankings and structure.
Increase it with every change here that can change a score: history is then scored again."""

MAX_READ_CHARS = 200_000
"""The characters of an answer that are read, some 50,000 tokens: no model answers a question at
that length, and nothing else goes on while a text is read."""

_WORD = re.compile(r"\w+")
_ASKED = re.compile(r"\W*(?:(?:question|q|prompt|query|you asked)\W+)?", re.IGNORECASE)
_BEGINS = re.compile(r"(?:[\n.!?:;]|[\"“„«「])[ *\"'“„«「]*\Z")
_MAX_PREAMBLE_WORDS = 20
"""Words of an answer before a restatement of the question: "Great question! You ask: ..."."""
_MIN_RESTATED_WORDS = 4
"""Words from which a repetition of the question is no coincidence."""
_ENDS = re.compile(r"[ *]*(?:[\n.!?:;\"'”’»」]|\Z)")  # noqa: RUF001 - curly quotes are meant


@dataclass(frozen=True, slots=True)
class Market:
    """A brand with its competitors and facts, prepared once for all answers.

    Attributes:
        competitors: The brands that the brand is compared with.
        sheets: The facts of all brands.
    """

    brand: Brand
    competitors: tuple[Brand, ...] = ()
    facts: tuple[Fact, ...] = ()
    sheets: tuple[Fact, ...] = ()
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Collect the names."""
        names = frozenset(brand.name for brand in (self.brand, *self.competitors))
        object.__setattr__(self, "names", names)


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """A parsed answer, the same for all brands.

    Attributes:
        body: Its prose, see `overheard.reading.markdown`.
        sentences: The body's sentences, as (start, end) offsets.
        mentions: Mentions of all known brands, in order, without those in a restatement of the
            question near the start of the answer.
        rankings: The brands of each numbered list, in the order of the list.
        asked: Names of the brands in the question.
        named: Names of the brands in `mentions`.
        units: The units of the answer, with owners among all known brands.
        everyone: `mentions` with those of undeclared brands (`overheard.reading.undeclared`).
    """

    answer: Answer
    body: str
    sentences: tuple[tuple[int, int], ...]
    mentions: tuple[Mention, ...]
    rankings: tuple[tuple[str, ...], ...]
    asked: frozenset[str]
    named: frozenset[str]
    units: tuple[Unit, ...] = ()
    everyone: tuple[Mention, ...] = ()

    def reading(
        self, brand: Brand, competitors: Iterable[Brand], facts: Iterable[Fact] = ()
    ) -> Reading:
        """Return the scorer's view of the answer for a brand, its competitors and facts."""
        return self.within(Market(brand, tuple(competitors), own := tuple(facts), own))

    def within(self, market: Market) -> Reading:
        """Return the scorer's view of the answer for one brand.

        Mentions and rankings have only the brand and its competitors, and rankings without any of
        them are left out. The units and `Reading.asked` stay those of all brands.
        `Reading.branded` tells whether the question names the brand or a competitor.
        """
        mentions, rankings = self.mentions, self.rankings
        if not self.named <= market.names:
            mentions = tuple(mention for mention in mentions if mention.brand in market.names)
            ranked = (tuple(name for name in order if name in market.names) for order in rankings)
            rankings = tuple(filter(None, ranked))
        return Reading(
            answer=self.answer,
            brand=market.brand,
            competitors=market.competitors,
            body=self.body,
            sentences=self.sentences,
            mentions=mentions,
            rankings=rankings,
            units=self.units,
            branded=not market.names.isdisjoint(self.asked),
            asked=self.asked,
            facts=market.facts,
            sheets=market.sheets,
            everyone=self.everyone if self.everyone is not mentions else (),
        )


class Reader:
    """Parses answers and finds the mentions of a set of brands. Built once for many answers.

    Args:
        brands: All known brands, competitors included: where spellings overlap, the longest
            spelling counts.
    """

    def __init__(self, brands: Iterable[Brand]) -> None:
        self._brands = tuple(brands)
        self._asked: dict[str, frozenset[str]] = {}

    @cached_property
    def _finder(self) -> MentionFinder:
        from overheard.reading.mentions import MentionFinder

        return MentionFinder(self._brands)

    @cached_property
    def _names(self) -> dict[str, str]:
        """The brand of each declared name; "" for a name that a rule restricts."""
        ruled = {fold(rule.spelling).text for brand in self._brands for rule in brand.rules}
        names = ((name, brand.name) for brand in self._brands for name in brand.names)
        return {name: "" if fold(name).text in ruled else brand for name, brand in names}

    def read(self, answer: Answer) -> ReadAnswer:
        """Return an answer parsed, with the mentions of all brands.

        Mentions in a restatement of the question near the beginning do not count. Of a longer text,
        only the first `MAX_READ_CHARS` are read. An empty answer gives an empty body.
        """
        from overheard.reading.layout import ranked_brands
        from overheard.reading.markdown import laid_out
        from overheard.reading.structure import units
        from overheard.reading.undeclared import undeclared_mentions

        titles = {citation.title for citation in answer.reply.citations if citation.title}
        page = laid_out(answer.reply.text[:MAX_READ_CHARS], titles)
        body = page.body
        spans = sentences(body)
        restated_start, restated_end = _restatement_span(body, answer.question.prompt.text)
        mentions = self._finder.find(body, spans, answer.question.prompt.language)
        undeclared = undeclared_mentions(body, spans, mentions)
        if undeclared:
            # Names that the finder took for ordinary words, where the sentence shows a brand.
            known = self._names
            texts = [(mention, body[mention.start : mention.end]) for mention in undeclared]
            found = [replace(m, brand=known[text]) for m, text in texts if known.get(text)]
            mentions = tuple(sorted((*mentions, *found), key=attrgetter("start")))
            undeclared = tuple(mention for mention, text in texts if text not in known)
        mentions = tuple(
            mention
            for mention in _with_negation(body, spans, mentions)
            if not restated_start <= mention.start < restated_end
        )
        everyone = tuple(sorted((*mentions, *undeclared), key=attrgetter("start")))
        return ReadAnswer(
            answer=answer,
            body=body,
            sentences=spans,
            mentions=mentions,
            rankings=ranked_brands(page.lists, mentions),
            asked=self.named_in(answer.question.prompt.text),
            named=frozenset(mention.brand for mention in mentions),
            units=units(page, mentions, undeclared),
            everyone=everyone if undeclared else mentions,
        )

    def named_in(self, question: str) -> frozenset[str]:
        """Return the names of the brands that a question names. The result is kept, because many
        answers have the same question.
        """
        if question not in self._asked:
            from overheard.reading.markdown import prose

            body = prose(question)
            mentions = self._finder.find(body, sentences(body))
            self._asked[question] = frozenset(mention.brand for mention in mentions)
        return self._asked[question]


def _with_negation(
    body: str, spans: Sequence[tuple[int, int]], mentions: tuple[Mention, ...]
) -> tuple[Mention, ...]:
    """Return mentions, marked as negated where the text advises against the brand."""
    if not may_advise_against(body):
        return mentions
    return tuple(
        replace(m, negated=True) if advises_against(body, m.start, m.end, spans[m.sentence]) else m
        for m in mentions
    )


def _restatement_span(body: str, question: str) -> tuple[int, int]:
    """Return the (start, end) offsets of a restatement of the question near the start of a body;
    (0, 0) without one.

    A restatement has all words of the question in their order, without regard to case, after at
    most `_MAX_PREAMBLE_WORDS` others. It ends with a line, a sentence or a quotation. It opens the
    body, also after "Question:"; one of at least `_MIN_RESTATED_WORDS` may also begin with a line,
    a sentence or a quotation later.
    """
    question_words = [word.casefold() for word in _WORD.findall(question)]
    if not all(map(body.casefold().__contains__, question_words)):
        return 0, 0
    words = list(islice(_WORD.finditer(body), len(question_words) + _MAX_PREAMBLE_WORDS))
    spoken = [word.group().casefold() for word in words]
    opening = _ASKED.match(body)
    for at in range(len(words) - len(question_words) + 1 if question_words else 0):
        if spoken[at : at + len(question_words)] != question_words:
            continue
        start, end = words[at].start(), words[at + len(question_words) - 1].end()
        opens = opening is not None and opening.end() == start
        begins = len(question_words) >= _MIN_RESTATED_WORDS and _BEGINS.search(body, 0, start)
        if (opens or begins) and _ENDS.match(body, end):
            return start, end
    return 0, 0


_WINDOW = 100
"""Characters before and after a name that are searched."""
_TRIGGERS = (
    *("avoid", "skip", "steer", "stay", "ditch", "beware", "instead", "rather", "pass on", "not "),
    *("never", "n't ", "n\u2019t ", "worth", "poor", "bad", "wrong", "worst"),
    *("nobody", "no one", "twice"),
    *("statt ", "anstelle", "conseill", "au lieu d", "évite", "no recom", "ne recom", "aconsej"),
    *("en lugar", "en vez"),
)
_BEFORE = re.compile(
    r"""
    (?P<denied>(?:do\ not|don['\u2019]t|can(?:no|['\u2019])t|never|hard\ to|not)
      \ (?:just\ |simply\ )?)?
    (?:
      \b(?P<shunned>avoid(?:ing)?|skip(?:ping)?|steer(?:ing)?\ clear\ of|ditch|beware\ of
        |stay(?:ing)?\ (?:away|clear)\ (?:from|of))
      |\b(?:instead\ of|rather\ than|pass\ on)
      |\b(?:statt|anstatt|anstelle\ von|au\ lieu\ de|en\ lugar\ de|en\ vez\ de)
      |\b(?:déconseill\w+|évite[rz]?|desaconseja\w*|desaconsejo
        |no\ (?:recomiendo|recomendamos|recomendaría)|ne\ recommand\w+\ pas)
      |(?:\bnot|\bnever|n['\u2019]t)\ (?:really\ |actually\ |personally\ )?
        (?:recommend|suggest|advise|buy|choose|pick|use|bother\ with|go\ (?:for|with))(?:ed|ing)?
      |\b(?:nobody|no\ one)\ should\ (?:buy|choose|pick|use)
      |\bthink\ twice\ (?:before|about)(?:\ (?:buying|choosing|using|picking))?(?:\ (?:from|with))?
    )
    \ (?:using\ |buying\ |anything\ (?:from|by)\ |products?\ (?:of|from|by)\ )?
    (?:(?:(?-i:[A-Z0-9])[^\s,;.!?]*|and|or|&|the|both|either)[ ,]+)*  # others in the same breath
    \Z""",
    re.IGNORECASE | re.VERBOSE,
)
_ASKING = re.compile(r"\W*(?:\d+\W+)?(?:who|when|why|should|is|do)\b.*\bavoid\b", re.IGNORECASE)
"""A question or heading about who should avoid a brand, which is no advice itself."""
_CHOICE = r"(?:choice|option|fit|pick|tool)"
_BEHIND = re.compile(
    rf"""
    (?:['\u2019]s)?(?:\ \w+)?\ (?:is|are|was|seems|should\ be|would\ be)
    (?:
      (?:\ not|n['\u2019]t)\ (?:(?:really|generally|a|the)\ )?
        (?:worth|recommended|(?:good|best|right|great)\ {_CHOICE})
      |\ (?:probably\ |generally\ |also\ )?
        (?:(?:best\ )?avoided|worth\ (?:skipping|avoiding)
          |(?:the|a)\ (?:poor|bad|wrong|worst)\ {_CHOICE})
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def may_advise_against(body: str) -> bool:
    """Return whether a body has any of the words with which advice against a brand is given.

    A cheap test, false for most answers, before `advises_against` is called for each mention.
    """
    return bool(_triggers().find_matches_as_indexes(body.lower()))


@cache
def _triggers() -> AhoCorasick:
    from ahocorasick_rs import AhoCorasick

    return AhoCorasick(_TRIGGERS)


def advises_against(body: str, start: int, end: int, sentence: tuple[int, int]) -> bool:
    """Return whether the words around a brand's name advise against the brand.

    Words before the name do ("avoid Acme", "instead of Acme"), unless they are denied ("don't skip
    Acme") or ask who should avoid it. Without such words, the words after the name may do: "Acme is
    not worth ...". Only `_WINDOW` characters of the same sentence on each side are searched.

    Args:
        body: The text.
        start: Offset of the name's first character.
        end: Offset after the name.
        sentence: (start, end) offsets of the sentence with the name.
    """
    sentence_start, sentence_end = sentence
    before = _BEFORE.search(body[max(sentence_start, start - _WINDOW) : start])
    if not before:
        return _BEHIND.match(body[end : min(sentence_end, end + _WINDOW)]) is not None
    if not before["shunned"]:
        return True
    asks_who = _ASKING.match(body, sentence_start, min(start, sentence_start + _WINDOW))
    return not asks_who and not before["denied"]


def named_brands(catalogue: Catalogue, prompts: Iterable[Prompt]) -> dict[str, frozenset[str]]:
    """Return by the key of each prompt the names of the catalogue's brands that its text names."""
    reader = Reader(catalogue.brands)
    return {prompt.key: reader.named_in(prompt.text) for prompt in prompts}
