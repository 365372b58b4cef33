"""The odds of a standing from how an answer as a whole is built around a brand.

A logistic regression over where, how often and beside whom the brand is named, and over what
is told of it. The weights in ``standing_odds.txt`` are derived by ``training/standings.py``.
"""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from overheard import Mention, Reading, Unit, UnitRole, WordLists, once_an_answer
from overheard_visibility.first_choice import units_by_mention
from overheard_visibility.pick_words import PICKS

_WORD = re.compile(r"[\w#]+")
_SEVERAL = re.compile(r"[a-z]{3}(?<!s)s\W*\Z")
"""The end of a heading of several picks."""
_CONDITIONS = frozenset({"if", "when", "unless"})
_OVERALL = PICKS.words("overall")
_DECIDING = _OVERALL | PICKS.words("deciding")
_SPEAKERS = frozenset({"i", "we", "my", "our", "me", "us"})
_SHORT_OF = frozenset({"not", "no", "never", "only", "too", "none", "nothing", "less", "without"})
_PAST = frozenset({"was", "were", "had", "been"})
_CACHED_SENTENCES = 128
"""Sentences whose words are kept: those of a long answer, which may name several brands."""
_MOST_UNITS, _MOST_BRANDS, _MOST_SHORT = 6, 5, 3
"""Numbers above which more of it says nothing more."""
_LEAST_WORDS = 6
"""The words of a text whose share of words about the past is told."""
_NO_SENTENCES = frozenset({UnitRole.TITLE, UnitRole.SHOP, UnitRole.FOOTER})
_OFFERS = frozenset({UnitRole.TITLE, UnitRole.BEST_FOR, UnitRole.SHOP, UnitRole.PRO})
_CATALOGUE_BRANDS = 3
"""Fewest owners with a title in an answer that lists products one by one."""
_PLANNED_CHARACTERS = 160


class Odds(NamedTuple):
    """The log odds of two standings, without what the words of the answer say."""

    first_choice: float
    only_named: float


@once_an_answer
def is_planned(reading: Reading) -> bool:
    """Return whether an answer is built in a way that `odds` can read: it has at least
    `_PLANNED_CHARACTERS` characters and no shop's card (a product with price and rating).
    """
    is_long = len(reading.body) >= _PLANNED_CHARACTERS
    return is_long and not any(unit.role is UnitRole.SHOP for unit in reading.units)


def has_item(reading: Reading) -> bool:
    """Return whether the brand has a title, an award, a card or a pro of its own."""
    return reading.brand.name in _plan(reading).offered


@once_an_answer
def has_titles(reading: Reading) -> bool:
    """Return whether anything in the answer has a title."""
    return any(unit.role is UnitRole.TITLE for unit in reading.units)


def is_catalogue(reading: Reading) -> bool:
    """Return whether the brand is one of several that the answer lists one by one.

    The brand and at least two others must have titles. False if the last line, as running text,
    names the brand alone, because the answer then concludes with the brand.
    """
    plan, brand = _plan(reading), reading.brand.name
    concludes_with_brand = plan.brands_in_last_line == (brand,)
    has_titles = brand in plan.titled and len(plan.titled) >= _CATALOGUE_BRANDS
    return has_titles and not concludes_with_brand


def odds(reading: Reading, own: Sequence[Mention], owned: Sequence[Unit]) -> Odds:
    """Return the log odds (natural logarithm) that the brand is the first choice, and that the
    brand is only named: the bias and the weighted sum of `brand_features`.

    A feature without a weight in ``standing_odds.txt`` is left out.

    Args:
        reading: The answer.
        own: The brand's mentions in the answer, at least one, in order.
        owned: The units that belong to the brand.
    """
    weights = _weights()
    first_choice, only_named = weights["bias"]
    for name, value in brand_features(reading, own, owned).items():
        if value and name in weights:
            first_weight, only_weight = weights[name]
            first_choice += first_weight * value
            only_named += only_weight * value
    return Odds(first_choice, only_named)


@cache
def _weights() -> dict[str, tuple[float, float]]:
    """Return for each feature of ``standing_odds.txt`` its weights (log odds) for "first choice"
    and for "only named".
    """
    lines = (
        line.split("\t") for line in WordLists("overheard_visibility", "standing_odds.txt").lines()
    )
    return {name: (float(first), float(only)) for first, only, name in lines}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the features need to know of the whole answer.

    Attributes:
        brands: The names of the brands, in the order in which they are named.
        brands_by_sentence: The brands that a sentence names, by the sentence's index.
        last_line: Offset of the last line; the length of the body if there is only one line.
        brands_in_last_line: The brands that the last line names in running text, in order.
        titled: The owners with a title.
        offered: The owners with a title, an award, a card or a pro.
        named_again: The brands that running text names again after another brand was named.
        in_running_text: Offsets of the mentions in running text: not in a title, a shop's card or
            a footer.
    """

    brands: tuple[str, ...]
    brands_by_sentence: Mapping[int, Set[str]]
    last_line: int
    brands_in_last_line: tuple[str, ...]
    titled: Set[str]
    offered: Set[str]
    named_again: Set[str]
    in_running_text: Set[int]


@once_an_answer
def _plan(reading: Reading) -> _Plan:
    """Return where an answer names each brand: by sentence, in the last line, in titles, in offers.

    Titles and offers of products of undeclared brands count, with their owner's name.
    """
    body = reading.body.rstrip()
    last_line = body.rfind("\n") + 1 or len(reading.body)
    units_with_names = units_by_mention(reading).items()
    running_text = {start for start, unit in units_with_names if unit.role not in _NO_SENTENCES}
    first_turns: dict[str, int] = {}  # by brand, in the order in which the brands are named
    brands_in_last_line: dict[str, None] = {}
    brands_by_sentence: dict[int, set[str]] = {}
    named_again: set[str] = set()
    turn = 0  # counts the changes from one brand to another
    previous_brand = ""
    for mention in reading.mentions:
        brand = mention.brand
        turn += brand != previous_brand
        previous_brand = brand
        first_turn = first_turns.setdefault(brand, turn)
        brands_by_sentence.setdefault(mention.sentence, set()).add(brand)
        if mention.start in running_text:
            if first_turn != turn:
                named_again.add(brand)
            if mention.start >= last_line:
                brands_in_last_line[brand] = None
    titled: set[str] = set()
    offered: set[str] = set()
    for unit in reading.units:
        if unit.owner and unit.role in _OFFERS:
            offered.update((unit.owner, *unit.shared))
            if unit.role is UnitRole.TITLE:
                titled.update((unit.owner, *unit.shared))
    return _Plan(
        brands=tuple(first_turns),
        brands_by_sentence=brands_by_sentence,
        last_line=last_line,
        brands_in_last_line=tuple(brands_in_last_line),
        titled=titled,
        offered=offered,
        named_again=named_again,
        in_running_text=running_text,
    )


def brand_features(
    reading: Reading, own: Sequence[Mention], owned: Sequence[Unit]
) -> dict[str, float | bool]:
    """Return the features of a brand in an answer by name, the inputs of the regression.

    Each is a truth value, or a share that is usually between 0 and 1. The names are those of
    ``standing_odds.txt``.

    Args:
        own: The brand's mentions in the answer, at least one, in order.
        owned: The units that belong to the brand.
    """
    brand, plan = reading.brand.name, _plan(reading)
    return {
        **_places(reading, own, plan),
        **_sentences(reading, own, plan),
        **_text(reading, own, owned),
        "alone returns": plan.named_again == {brand},
        "named last": plan.brands[-1] == brand and len(plan.brands) > 1,
        "brands": min(len(plan.brands), _MOST_BRANDS) / _MOST_BRANDS,
        "others have titles": len(plan.titled - {brand}) > 1,
        "beside what is offered": len(plan.offered - {brand}) > 1 and brand not in plan.offered,
        "advised against": all(mention.negated for mention in own),
    }


def _places(reading: Reading, own: Sequence[Mention], plan: _Plan) -> dict[str, float | bool]:
    """Return the features, by name, of the places at which the brand is named.

    "first at" is the offset of its first mention as a share of the body (0 at the beginning). The
    others are truth values. `own` has the brand's mentions, at least one, in order.
    """
    brand = reading.brand.name
    opens_last_line = plan.brands_in_last_line[:1] == (brand,)
    first_sentence = min(plan.brands_by_sentence)
    return {
        "first at": own[0].start / max(1, len(reading.body)),
        "in the last line": brand in plan.brands_in_last_line,
        "opens the last line again": opens_last_line and own[0].start < plan.last_line,
        "alone in the first sentence with names": plan.brands_by_sentence[first_sentence]
        == {brand},
    }


class _Sentence(NamedTuple):
    """Which words of a choice a sentence has.

    Attributes:
        condition: Of a condition: "if", "for those".
        overall: Of a pick for all readers: "overall", "winner", "most people".
        decides: Of a decision: "recommend", "best", "you".
    """

    condition: bool
    overall: bool
    decides: bool


_NO_WORDS = _Sentence(condition=False, overall=False, decides=False)


@lru_cache(maxsize=_CACHED_SENTENCES)
def _choice_words(text: str) -> _Sentence:
    """Return which words of a choice occur in a sentence: of a condition ("if"), of an overall
    judgement ("winner", "most people"), of a decision ("recommend").

    Letters may be of any case, but "for those" and "for people" count in lower case only.
    """
    words = _WORD.findall(text.lower())
    distinct_words = frozenset(words)
    is_for_most = "most" in distinct_words and any(
        word == "most" and following.endswith(("s", "people"))
        for word, following in pairwise(words)
    )
    has_group = "for those" in text or "for people" in text
    return _Sentence(
        condition=has_group or not distinct_words.isdisjoint(_CONDITIONS),
        overall=is_for_most or not distinct_words.isdisjoint(_OVERALL),
        decides=not distinct_words.isdisjoint(_DECIDING),
    )


def _sentences(reading: Reading, own: Sequence[Mention], plan: _Plan) -> dict[str, float | bool]:
    """Return the features, by name, of the sentences that name the brand. Only those in running
    text are read; if there are none, all are.

    - "overall": one of them has a pick for all readers and no condition.
    - "speaker": one of them names no other brand, is no question, has no condition, and has "I" or
      "we" before a mention that is not advised against.
    - "only in parentheses": all mentions are in parentheses.
    - "decides at last", "condition at last": the last of them has such words.

    `own` has the brand's mentions, at least one, in order.
    """
    is_overall = has_speaker = False
    only_in_parentheses, words = True, _NO_WORDS
    for mention in [mention for mention in own if mention.start in plan.in_running_text] or own:
        text, start = reading.sentence(mention.sentence), reading.sentences[mention.sentence][0]
        words, before = _choice_words(text), reading.body[start : mention.start]
        only_in_parentheses = only_in_parentheses and "(" in before and ")" not in before
        is_overall = is_overall or (words.overall and not words.condition)
        may_speak = not (has_speaker or mention.negated or words.condition or text[-1] == "?")
        if may_speak and len(plan.brands_by_sentence[mention.sentence]) == 1:
            has_speaker = not _SPEAKERS.isdisjoint(_WORD.findall(before.lower()))
    return {
        "overall": is_overall,
        "speaker": has_speaker,
        "only in parentheses": only_in_parentheses,
        "decides at last": words.decides,
        "condition at last": words.condition,
    }


def _text(
    reading: Reading, own: Sequence[Mention], owned: Sequence[Unit]
) -> dict[str, float | bool]:
    """Return the features, by name, of the text that belongs to the brand.

    - "no text": no unit belongs to the brand.
    - "units": their number, from 0 to 1 for `_MOST_UNITS` or more.
    - "text without its name": at least one of them does not name the brand.
    - "in another's text": a unit of another owner names the brand.
    - "overall in a label", "overall in a heading": words such as "winner" there.
    - "short of": the number of words such as "not" or "only", from 0 to 1 for `_MOST_SHORT` or
      more.
    - "past": forms of the past ("was", "...ed") per word; texts of fewer than `_LEAST_WORDS` words
      count as that long. It is usually below 1.
    - "reader": the text says "you".

    Args:
        own: The brand's mentions in the answer, at least one, in order.
        owned: The units that belong to the brand; may be empty.
    """
    brand = reading.brand.name
    labels = " | ".join(
        {unit.text if unit.role is UnitRole.TITLE else unit.label for unit in owned}
    )
    for name in reading.brand.names:
        labels = labels.replace(name, "X")
    text = " ".join([unit.text for unit in owned]).lower()
    words = text.split()
    past_words = sum(map(_PAST.__contains__, words)) + text.count("ed ") + text.count("ed,")
    negations = sum(map(_SHORT_OF.__contains__, words)) + text.count("n't") + text.count("n\u2019t")
    units_with_name = [units_by_mention(reading)[mention.start] for mention in own]
    own_units_with_name = {id(unit) for unit in units_with_name if unit.is_of(brand)}
    return {
        "no text": not owned,
        "units": min(len(owned), _MOST_UNITS) / _MOST_UNITS,
        "text without its name": len(own_units_with_name) < len(owned),
        "in another's text": any(unit.owner and not unit.is_of(brand) for unit in units_with_name),
        "overall in a label": _choice_words(labels).overall,
        "overall in a heading": any(
            _choice_words(section).overall and not _SEVERAL.search(section)
            for section in {unit.section for unit in owned}
        ),
        "short of": min(_MOST_SHORT, negations) / _MOST_SHORT,
        "past": past_words / max(_LEAST_WORDS, len(words)),
        "reader": " you" in text or text.startswith("you"),
    }
