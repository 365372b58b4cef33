"""The odds of a standing from how an answer as a whole is built around a brand.

A logistic regression over where, how often and beside whom the brand is named, and over what
is told of it. The weights in ``odds.txt`` are derived by ``training/standings.py``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple

from overheard import Mention, Reading, Unit, UnitRole
from overheard_visibility.memo import once_an_answer

_WORD = re.compile(r"[\w#]+")
_SEVERAL = re.compile(r"[a-z]{3}(?<!s)s\W*\Z")
"""The end of a heading of several picks."""
_CONDITIONS = frozenset({"if", "when", "unless"})
_OVERALL = frozenset(
    {"overall", "allround", "rounder", "everyone", "everybody", "default", "winner"}
)
_DECIDING = _OVERALL | frozenset(
    {
        "pick",
        "choice",
        "best",
        "top",
        "first",
        "most",
        "recommend",
        "recommended",
        "recommends",
        "recommendation",
    }
    | {"i", "we", "my", "our", "you", "your"}
)
_SPEAKERS = frozenset({"i", "we", "my", "our", "me", "us"})
_SHORT_OF = frozenset({"not", "no", "never", "only", "too", "none", "nothing", "less", "without"})
_PAST = frozenset({"was", "were", "had", "been"})
_CACHED_SENTENCES = 256
"""Sentences whose words are kept: those of one long answer, which may name several brands."""
_MOST_UNITS, _MOST_BRANDS, _MOST_SHORT = 6, 5, 3
"""Numbers above which more of it says nothing more."""
_LEAST_WORDS = 6
"""The words of a text whose share of words about the past is told."""
_NO_SENTENCES = frozenset({UnitRole.TITLE, UnitRole.SHOP, UnitRole.FOOTER})
_OFFERS = frozenset({UnitRole.TITLE, UnitRole.BEST_FOR, UnitRole.SHOP, UnitRole.PRO})
_CATALOGUE = 3
"""Fewest owners with a title in an answer that lists products one by one."""
_PLANNED_CHARACTERS = 160


class Odds(NamedTuple):
    """The log odds of two standings, without what the words of the answer say."""

    first_choice: float
    only_named: float


@once_an_answer
def is_planned(reading: Reading) -> bool:
    """Return whether an answer has a plan: more than a few words, and no cards of shops."""
    long = len(reading.body) >= _PLANNED_CHARACTERS
    return long and not any(unit.role is UnitRole.SHOP for unit in reading.units)


def has_item(reading: Reading) -> bool:
    """Return whether the brand has a title, an award, a card or a pro of its own."""
    return reading.brand.name in _plan(reading).offered


def is_catalogue(reading: Reading) -> bool:
    """Return whether the brand has a title among two or more others, and not the last word."""
    plan, brand = _plan(reading), reading.brand.name
    return brand in plan.titled and len(plan.titled) >= _CATALOGUE and plan.at_last != (brand,)


def odds(reading: Reading, own: Sequence[Mention], owned: Sequence[Unit]) -> Odds:
    """Return the log odds (natural logarithm) that the brand is the first choice, and that the
    brand is only named.

    Args:
        reading: The answer.
        own: The brand's mentions in the answer, at least one, in order.
        owned: The units that belong to the brand.
    """
    weights = _weights()
    first, only = weights["bias"]
    for name, value in brand_features(reading, own, owned).items():
        if value:
            to_first, to_only = weights.get(name, (0.0, 0.0))
            first += to_first * value
            only += to_only * value
    return Odds(first, only)


@cache
def _weights() -> dict[str, tuple[float, float]]:
    """Return the two weights of each feature from ``odds.txt``."""
    text = files("overheard_visibility").joinpath("odds.txt").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {name: (float(first), float(only)) for first, only, name in lines}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the features need to know of the whole answer.

    Attributes:
        brands: The names of the brands, in the order in which they are named.
        together: The brands that each sentence names.
        last_line: Offset of the last paragraph; the length of the body if there is only one.
        at_last: The brands that it names, in order.
        titled: The owners with a title.
        offered: The owners with a title, an award, a card or a pro.
        returns: The brands to which a sentence returns after the answer has named another.
        told: Offsets of the mentions in sentences.
    """

    brands: tuple[str, ...]
    together: Mapping[int, Set[str]]
    last_line: int
    at_last: tuple[str, ...]
    titled: Set[str]
    offered: Set[str]
    returns: Set[str]
    told: Set[int]


@once_an_answer
def _plan(reading: Reading) -> _Plan:
    """Return where an answer names each brand: the order of brands, the brands by sentence, those
    in the last line, in titles and in offers, and those named again later.
    """
    body = reading.body.rstrip()
    last_line = body.rfind("\n") + 1 or len(reading.body)
    told = _told(reading)
    seen: dict[str, int] = {}
    at_last: dict[str, None] = {}
    together: dict[int, set[str]] = {}
    returns: set[str] = set()
    others = 0
    before = ""
    for mention in reading.mentions:
        brand = mention.brand
        others += brand != before
        if seen.setdefault(brand, others) != others and mention.start in told:
            returns.add(brand)
        before = brand
        together.setdefault(mention.sentence, set()).add(brand)
        if mention.start >= last_line and mention.start in told:
            at_last[brand] = None
    titled: set[str] = set()
    offered: set[str] = set()
    for unit in reading.units:
        if unit.owner and unit.role in _OFFERS:
            offered.update((unit.owner, *unit.shared))
            if unit.role is UnitRole.TITLE:
                titled.update((unit.owner, *unit.shared))
    return _Plan(tuple(seen), together, last_line, tuple(at_last), titled, offered, returns, told)


def _told(reading: Reading) -> set[int]:
    """Return the start offsets of the mentions in running text, not in a title, a shop's card or a
    footer.
    """
    told: set[int] = set()
    at, units = 0, reading.units
    for mention in reading.mentions:
        while at + 1 < len(units) and units[at + 1].start <= mention.start:
            at += 1
        if units and units[at].role not in _NO_SENTENCES:
            told.add(mention.start)
    return told


def brand_features(
    reading: Reading, own: Sequence[Mention], owned: Sequence[Unit]
) -> dict[str, float | bool]:
    """Return the features of a brand in an answer by name, each a share from 0 to 1 or a truth
    value.

    Args:
        reading: The answer.
        own: The brand's mentions in the answer, at least one, in order.
        owned: The units that belong to the brand.
    """
    brand, plan = reading.brand.name, _plan(reading)
    return {
        **_places(reading, own, plan),
        **_sentences(reading, own, plan),
        **_text(reading, own, owned),
        "alone returns": plan.returns == {brand},
        "named last": plan.brands[-1] == brand and len(plan.brands) > 1,
        "brands": min(len(plan.brands), _MOST_BRANDS) / _MOST_BRANDS,
        "others have titles": len(plan.titled - {brand}) > 1,
        "beside what is offered": len(plan.offered - {brand}) > 1 and brand not in plan.offered,
        "advised against": all(mention.negated for mention in own),
    }


def _places(reading: Reading, own: Sequence[Mention], plan: _Plan) -> dict[str, float | bool]:
    """Return the features, by name, of the places at which the brand is named: how early, in the
    last line, alone in the first sentence with names.
    """
    brand = reading.brand.name
    opens = bool(plan.at_last) and plan.at_last[0] == brand
    return {
        "first at": own[0].start / max(1, len(reading.body)),
        "in the last line": brand in plan.at_last,
        "opens the last line again": opens and own[0].start < plan.last_line,
        "alone in the first sentence with names": plan.together[min(plan.together)] == {brand},
    }


class _Sentence(NamedTuple):
    """What the words of a sentence say: a condition, something for all readers, a decision."""

    condition: bool
    overall: bool
    decides: bool


@lru_cache(maxsize=_CACHED_SENTENCES)
def _sentence(text: str) -> _Sentence:
    """Return which words of a choice occur in a sentence: of a condition ("if"), of an overall
    judgement ("winner"), of a decision ("recommend").
    """
    words = _WORD.findall(text.lower())
    known = frozenset(words)
    most = "most" in known and any(
        pair[0] == "most" and pair[1].endswith(("s", "people")) for pair in pairwise(words)
    )
    return _Sentence(
        not known.isdisjoint(_CONDITIONS) or "for those" in text or "for people" in text,
        most or not known.isdisjoint(_OVERALL),
        not known.isdisjoint(_DECIDING),
    )


def _is_for_all(heading: str) -> bool:
    """Return whether a heading is one pick for all: "Overall best", not "Best overall picks"."""
    return _sentence(heading).overall and not _SEVERAL.search(heading)


def _sentences(reading: Reading, own: Sequence[Mention], plan: _Plan) -> dict[str, float | bool]:
    """Return the features, by name, of the sentences that name the brand; those in running text, if
    there are any.
    """
    alone = {reading.brand.name}
    overall = speaker = False
    aside = True
    said = _Sentence(condition=False, overall=False, decides=False)
    told = [mention for mention in own if mention.start in plan.told] or own
    for sentence, named in groupby(told, attrgetter("sentence")):  # which may be named many times
        mentions = list(named)
        text, start = reading.sentence(sentence), reading.sentences[sentence][0]
        said = _sentence(text)
        aside = aside and all(_is_in_parentheses(reading.body, start, m.start) for m in mentions)
        overall = overall or (said.overall and not said.condition)
        advised = [mention.start for mention in mentions if not mention.negated]
        plain = advised and not said.condition and text[-1] != "?"
        if plain and not speaker and plan.together[sentence] == alone:
            before = reading.body[start : advised[-1]]
            speaker = not _SPEAKERS.isdisjoint(_WORD.findall(before.lower()))
    return {
        "overall": overall,
        "speaker": speaker,
        "only in parentheses": aside,
        "decides at last": said.decides,
        "condition at last": said.condition,
    }


def _is_in_parentheses(body: str, start: int, end: int) -> bool:
    """Return whether a parenthesis of the sentence that begins at `start` is open at `end`, and
    none has closed before.
    """
    return body.find("(", start, end) >= 0 > body.find(")", start, end)


def _text(
    reading: Reading, own: Sequence[Mention], owned: Sequence[Unit]
) -> dict[str, float | bool]:
    """Return the features, by name, of the text that belongs to the brand: its amount, labels,
    negations, past tense and addresses to the reader.
    """
    brand = reading.brand.name
    labels = " | ".join(
        {unit.text if unit.role is UnitRole.TITLE else unit.label for unit in owned}
    )
    for name in reading.brand.names:
        labels = labels.replace(name, "X")
    text = " ".join([unit.text for unit in owned]).lower()
    words = text.split()
    past = sum(map(_PAST.__contains__, words)) + text.count("ed ") + text.count("ed,")
    short_of = sum(map(_SHORT_OF.__contains__, words)) + text.count("n't") + text.count("n\u2019t")
    at = [bisect_right(reading.units, m.start, key=attrgetter("start")) - 1 for m in own]
    around = [reading.units[index] for index in at]
    return {
        "no text": not owned,
        "units": min(len(owned), _MOST_UNITS) / _MOST_UNITS,
        "text without its name": len({id(unit) for unit in around if unit.is_of(brand)})
        < len(owned),
        "in another's text": any(unit.owner and not unit.is_of(brand) for unit in around),
        "overall in a label": _sentence(labels).overall,
        "overall in a heading": any(map(_is_for_all, {unit.section for unit in owned})),
        "short of": min(_MOST_SHORT, short_of) / _MOST_SHORT,
        "past": past / max(_LEAST_WORDS, len(words)),
        "reader": " you" in text or text.startswith("you"),
    }
