"""Which brand an answer recommends first: by its verdict, its ranks, or words that pick one."""

import re
from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from overheard import Mention, Reading, Unit, UnitRole, once_an_answer
from overheard_visibility.awards import (
    ASKS_FOR_VALUE,
    is_award,
    is_cited,
    is_plain_award,
    opens_award,
)
from overheard_visibility.pick_words import (
    ADVISED_AGAINST,
    ASKS_FOR_RANKING,
    BARE_ANSWER,
    CITED,
    CLAUSE_BREAK,
    CONDITION,
    DECISION_HEADING,
    DENIED_AFTER_NAME,
    DENIED_PICK,
    ENUMERATED,
    EXCEPTION,
    FOR_MOST,
    FOR_OTHER_READERS,
    FOR_PHRASE,
    FOR_SOME_READERS,
    LABEL_BEFORE_NAME,
    LIMITED_PICK,
    NEED_BEFORE_NAME,
    NUMBER_ONE,
    OPENING_CLAUSE,
    OPENING_PICK,
    OPENS_PICK,
    OPENS_WITH_CONDITION,
    PAST,
    PICK_AFTER_NAME,
    PICK_BEFORE_JAPANESE_NAME,
    PICK_BEFORE_NAME,
    PICK_IN_DOUBT,
    PICK_IN_SENTENCE,
    PLAIN_WORDS,
    REFUSED,
    UNIVERSAL_CONDITION,
    WORD,
)

_WINDOW_CHARACTERS = 70
"""Characters before and after a name that are read."""
_NUMBER_CHARACTERS = 8
"""Characters before a name in which its number is searched."""
_JOINED_PICK = re.compile(
    r"\band (?=(?:it(?:['\u2019]s| is| would)|that['\u2019]s|this is|is) )"
    r"|, (?=which (?:makes|is)|making it|so it(?:['\u2019]s| is))"
)
"""Before a pick of what the clause before is about, whose purpose limits no pick."""
_SOME, _EVERY = 1, 2
"""For whom a sentence picks a brand."""
_RUNNING_TEXT = frozenset({UnitRole.NONE, UnitRole.PRO, UnitRole.VERDICT})
SUGGESTION_CHARACTERS = 240
"""Characters before a name in which the words of a suggestion are searched."""


def first_choices(reading: Reading, owned: Sequence[Unit]) -> Iterator[str]:
    """Yield each text that makes the brand the answer's first choice; nothing if it is not.

    Texts are yielded in this order:

    1. units of the brand that award it, are the verdict, or stand below "Our pick";
    2. if the answer picks no name in the form "I would go with X": sentences that pick the brand
       in other words; without these, and in an answer without titles, one at the beginning that
       calls it the best;
    3. sentences that pick the brand by name. A pick for some of the readers ("for travel") counts
       only if no other brand is picked and none is recommended to the other readers;
    4. the sentence that names the brand at the head of a ranking.

    Args:
        reading: The answer; it names the brand.
        owned: The brand's units, in order.
    """
    choices = _choices(reading)
    for unit in owned:
        if _title(unit) in choices.awards or _is_choice(reading, unit, choices):
            yield unit.text
    if not choices.unlimited:
        picks = _picking_sentences(reading)
        if len(picks) == 1:
            yield from picks.get(reading.brand.name, ())
        nameless = _nameless_picks(reading)
        if len({unit.owner for unit in nameless}) == 1:
            yield from (unit.text for unit in nameless if unit in owned)
        if not (picks or nameless or choices.titles):
            yield from _opening_picks(reading).get(reading.brand.name, ())
    is_only_pick = {mention.brand for mention in choices.picked} == {reading.brand.name}
    for mention in choices.picked:
        if mention.brand == reading.brand.name and (
            mention in choices.unlimited
            or (is_only_pick and not _recommends_another(reading, reading.mentions))
        ):
            yield reading.sentence(mention.sentence)
    yield from _ranked_first(reading)


def picks_another(reading: Reading) -> bool:
    """Return whether the words of an answer pick another brand for every reader, or the answer
    lists products of undeclared brands above the brand's first title.
    """
    choices = _choices(reading)
    if any(mention.brand != reading.brand.name for mention in choices.unlimited):
        return True
    own = next((unit.start for unit in choices.titles if unit.is_of(reading.brand.name)), -1)
    return any(unit.foreign and unit.start < own for unit in choices.titles)


@dataclass(frozen=True, slots=True)
class _Choices:
    """What the words of an answer pick, the same for all its brands.

    Attributes:
        question_words: The words of the question, in lower case.
        verdict: The first verdict that names a brand; None without one.
        picked: The mentions that the words around them pick, in order.
        unlimited: Those of them that are picked for every reader.
        titles: The titles of brands and products, in order.
        awards: The texts of titles and labels that make their brand the pick.
        cites: Whether any text may report that something is said to be the best.
    """

    question_words: frozenset[str]
    verdict: Unit | None
    picked: tuple[Mention, ...]
    unlimited: tuple[Mention, ...]
    titles: tuple[Unit, ...]
    awards: frozenset[str]
    cites: bool


@once_an_answer
def _choices(reading: Reading) -> _Choices:
    """Return what the words of an answer pick. A mention that is advised against (``negated``) is
    not picked.
    """
    words = WORD.findall(reading.answer.question.prompt.text)
    question_words = frozenset(word.casefold() for word in words)
    picked = tuple(
        mention
        for mention in reading.mentions
        if not mention.negated and _is_picked_by_name(reading, mention, question_words)
    )
    unlimited = tuple(m for m in picked if not _is_limited(reading, m, question_words))
    owned = [unit for unit in reading.units if unit.owner]
    titles = tuple(unit for unit in owned if unit.role is UnitRole.TITLE)
    spelled = {reading.body[mention.start : mention.end] for mention in reading.mentions}
    names = sorted(spelled, key=len, reverse=True)
    awards = frozenset(
        title
        for title in set(map(_title, owned))
        if title and is_award(title, names, question_words)
    )
    asks_for_value = not question_words.isdisjoint(ASKS_FOR_VALUE)
    cites = asks_for_value or CITED.search(reading.body) is not None
    return _Choices(*(question_words, _verdict(reading), picked, unlimited, titles, awards, cites))


def _title(unit: Unit) -> str:
    """Return the text of a title; for another unit its label, which may be empty."""
    return unit.text if unit.role is UnitRole.TITLE else unit.label


def _is_choice(reading: Reading, unit: Unit, choices: _Choices) -> bool:
    """Return whether a unit of the brand makes the brand the first choice by its text or by its
    place in the answer. Its title or label is not read.
    """
    return (
        is_plain_award(unit.text)
        or (unit is choices.verdict and _picks_brand_alone(reading, unit))
        or _answers_heading(reading, unit)
        or opens_award(reading, unit)
        or (choices.cites and is_cited(reading, unit, choices.question_words))
        or (unit.role is UnitRole.BEST_FOR and FOR_MOST.match(unit.text) is not None)
    )


def _recommends_another(reading: Reading, mentions: Sequence[Mention]) -> bool:
    """Return whether the answer recommends something else to some of the readers.

    So it does where a text with a mention goes on with "otherwise", or where a text that begins
    with a condition ("If you travel, ...") names another brand without advising against it.
    """
    for mention in mentions:
        text = units_by_mention(reading)[mention.start].text
        is_other = mention.brand != reading.brand.name and not mention.negated
        if FOR_OTHER_READERS.search(text) or (is_other and FOR_SOME_READERS.match(text)):
            return True
    return False


@once_an_answer
def units_by_mention(reading: Reading) -> dict[int, Unit]:
    """Return, by the start of each mention, the last unit that begins at or before it; without one,
    an empty unit.
    """
    unit, units, found = Unit(0, 0, ""), reading.units, {}
    at = 0
    for mention in reading.mentions:
        while at < len(units) and units[at].start <= mention.start:
            unit = units[at]
            at += 1
        found[mention.start] = unit
    return found


def _ranked_first(reading: Reading) -> Iterator[str]:
    """Yield the sentence of the brand's first mention if the brand is at the head of a ranking;
    else nothing.

    The brand must be the first of the answer's first list that ranks, or have "#1" or "1." before
    its first mention. Besides, the question or the text before that mention must speak of a
    ranking ("ranked", "in order of"). The answer must name the brand.
    """
    first_mention = reading.of(reading.brand.name)[0]
    text_before = reading.body[: first_mention.start]
    heads_list = reading.rankings and reading.rankings[0][0] == reading.brand.name
    if not heads_list and not NUMBER_ONE.search(text_before[-_NUMBER_CHARACTERS:]):
        return
    question = reading.answer.question.prompt.text
    if ASKS_FOR_RANKING.search(question) or ASKS_FOR_RANKING.search(text_before):
        yield reading.sentence(first_mention.sentence)


@once_an_answer
def _picking_sentences(reading: Reading) -> dict[str, list[str]]:
    """Return the sentences that name one brand and pick it, by brand; those that advise against a
    brand are left out. A pick for a purpose ("for trails") counts in an answer without another.
    """
    mentions = reading.mentions
    brands_by_sentence: dict[int, set[str]] = {}
    for mention in mentions:
        brands_by_sentence.setdefault(mention.sentence, set()).add(mention.brand)
    negated = {mention.sentence for mention in mentions if mention.negated}
    picks: dict[int, dict[str, list[str]]] = {}
    for sentence, brands in brands_by_sentence.items():
        if len(brands) == 1 and sentence not in negated:
            readers = _readers_of_pick(reading, *reading.sentences[sentence])
            found = picks.setdefault(readers, {}).setdefault(min(brands), [])
            found.append(reading.sentence(sentence))
    is_only_pick = not _choices(reading).picked
    return picks.get(_EVERY) or (picks.get(_SOME) if is_only_pick else None) or {}


@once_an_answer
def _opening_picks(reading: Reading) -> dict[str, list[str]]:
    """Return the only brand that the first two sentences, or the first one with a name, call the
    best for every reader, with the sentences; nothing for two.
    """
    question_words = _choices(reading).question_words
    picks: dict[str, list[str]] = {}
    for mention in reading.mentions:
        if mention.sentence > max(1, reading.mentions[0].sentence):
            break
        start, end = reading.sentences[mention.sentence]
        start = max(start, mention.start - SUGGESTION_CHARACTERS)
        if (
            OPENING_PICK.occurs(reading.body, mention.end, end, first=True)
            and OPENS_PICK.fullmatch(reading.body, start, mention.start)
            and not (mention.negated or _is_limited(reading, mention, question_words))
        ):
            picks.setdefault(mention.brand, []).append(reading.sentence(mention.sentence))
    return picks if len(picks) == 1 else {}


@once_an_answer
def _nameless_picks(reading: Reading) -> list[Unit]:
    """Return the units of running text that pick their owner without naming a brand ("This is my
    pick"), in order.
    """
    everyone = reading.among_all().mentions
    return [
        unit
        for unit in reading.units
        if unit.owner
        and unit.role in _RUNNING_TEXT
        and not mentions_inside(everyone, unit)
        and _readers_of_pick(reading, unit.start, unit.end) == _EVERY
    ]


def _readers_of_pick(reading: Reading, start: int, end: int) -> int:
    """Return for whom a part of a text, not empty, has words that pick what it is about: `_EVERY`
    ("my top choice"), `_SOME` for a purpose that the question does not ask for, else 0.

    0 for a question, for advice against something, for a pick that is over, and for one with a
    condition, unless that holds for every reader ("when in doubt").
    """
    body, question_words = reading.body, _choices(reading).question_words
    if body[end - 1] == "?" or not _has_pick(body, start, end):
        return 0
    sentence = DENIED_PICK.sub("", _JOINED_PICK.split(body[start:end])[-1])
    if not _has_pick(sentence, 0, len(sentence)):
        return 0
    rest = _without_asked_purposes(UNIVERSAL_CONDITION.sub("", sentence), question_words)
    if PAST.search(rest) or ADVISED_AGAINST.search(rest):
        return 0
    if not CONDITION.search(rest):
        return _EVERY
    return 0 if CONDITION.search(FOR_PHRASE.sub("", rest)) else _SOME


def _has_pick(body: str, start: int, end: int) -> bool:
    return PICK_IN_SENTENCE.occurs(body, start, end) or PICK_IN_DOUBT.occurs(body, start, end)


def _verdict(reading: Reading) -> Unit | None:
    """Return the first unit with the role of a verdict that names a brand; None without one."""
    verdicts = (unit for unit in reading.units if unit.role is UnitRole.VERDICT)
    return next((unit for unit in verdicts if mentions_inside(reading.mentions, unit)), None)


def mentions_inside(mentions: Sequence[Mention], unit: Unit) -> Sequence[Mention]:
    """Return the mentions that begin in a unit, in order. `mentions` must be in order of start."""
    first = bisect_left(mentions, unit.start, key=attrgetter("start"))
    after_last = bisect_left(mentions, unit.end, first, key=attrgetter("start"))
    return mentions[first:after_last]


def _picks_brand_alone(reading: Reading, verdict: Unit) -> bool:
    """Return whether a verdict names the scored brand and no other, without a condition ("if you
    travel") and without advice against it.
    """
    named = mentions_inside(reading.mentions, verdict)
    names_brand_alone = {mention.brand for mention in named} == {reading.brand.name}
    is_against = any(mention.negated for mention in named) or ADVISED_AGAINST.search(verdict.text)
    return names_brand_alone and not is_against and not CONDITION.search(verdict.text)


def _answers_heading(reading: Reading, unit: Unit) -> bool:
    """Return whether a unit is the first text below a heading such as "Our pick", and picks the
    scored brand there.

    The brand must be the first that the unit names and its only owner. The text must not advise
    against it or have a condition; an exception after the name ("unless ...") does not count as a
    condition. The card of a shop does not count.
    """
    if not DECISION_HEADING.fullmatch(unit.section):
        return False
    index = bisect_left(reading.units, unit.start, key=attrgetter("start"))
    unit_above = reading.units[index - 1] if index else unit
    is_below_heading = unit_above.role is UnitRole.TITLE and unit_above.text.endswith(unit.section)
    if not is_below_heading or unit.role is UnitRole.SHOP or unit.shared:
        return False
    first_mention = next(iter(mentions_inside(reading.mentions, unit)), None)
    if first_mention is None or first_mention.brand != reading.brand.name or first_mention.negated:
        return False
    before = reading.body[unit.start : first_mention.start]
    after = EXCEPTION.sub("", reading.body[first_mention.end : unit.end])
    has_condition = CONDITION.search(before) or CONDITION.search(after)
    return not has_condition and not ADVISED_AGAINST.search(unit.text)


def _is_picked_by_name(reading: Reading, mention: Mention, question_words: Container[str]) -> bool:
    """Return whether the words around a mention pick its brand: "I would go with X", or "For bread,
    the X" if the question asks for bread. False in a question.
    """
    _, sentence_end = reading.sentences[mention.sentence]
    if reading.body[sentence_end - 1] == "?":
        return False
    if is_picked(reading, mention):
        return True
    before, after = words_around(reading, mention)
    is_answer = mention.sentence == 0 and BARE_ANSWER.fullmatch(after)
    if is_answer and OPENING_CLAUSE.fullmatch(before):
        return True
    need = NEED_BEFORE_NAME.search(before) if "for " in before.lower() else None
    return need is not None and _is_in_question(need["need"], question_words)


def is_picked(reading: Reading, mention: Mention) -> bool:
    """Return whether the words before or after a name pick it: "I would go with X", "X is my pick".

    Words after a name do not count behind a label ("Camera: X is my pick"), nor words before it
    that pick another name ("I would choose Y and use X").
    """
    body, (low, high) = reading.body, _around(reading, mention)
    before = body[low : mention.start]
    if PICK_BEFORE_NAME.occurs(body, low, mention.start):
        picked = not any(
            other.brand != mention.brand
            and low < other.start < mention.start
            and PICK_BEFORE_NAME.occurs(body, low, other.start)
            for other in reading.mentions
        )
    elif not before.isascii() and PICK_BEFORE_JAPANESE_NAME.search(before):
        picked = True
    else:
        picked = PICK_AFTER_NAME.occurs(body, mention.end, high, first=True)
        picked = picked and not LABEL_BEFORE_NAME.search(before)
    return picked and not (
        REFUSED.search(before)
        or LIMITED_PICK.match(body, mention.end, high)
        or DENIED_AFTER_NAME.match(body, mention.end, high)
        or ENUMERATED.match(body, mention.end, high)
    )


def _is_limited(reading: Reading, mention: Mention, question_words: Container[str]) -> bool:
    """Return whether a pick is only for some of the readers: "if you ...", "for travel".

    Not a limit: a condition that holds for every reader ("when in doubt"), a condition in another
    clause of the sentence, an exception behind the name ("unless ..."), and a purpose that the
    question asks for. In the first sentence no purpose is a limit, as it repeats the question.
    """
    start, _ = reading.sentences[mention.sentence]
    opening = reading.body[start : min(mention.start, start + SUGGESTION_CHARACTERS)]
    is_other_clause = CLAUSE_BREAK.search(opening) or UNIVERSAL_CONDITION.search(opening)
    if OPENS_WITH_CONDITION.match(opening) and not is_other_clause:
        return True
    before, after = words_around(reading, mention)
    before = UNIVERSAL_CONDITION.sub("", CLAUSE_BREAK.split(before)[-1])
    after = EXCEPTION.sub("", CLAUSE_BREAK.split(after)[0])
    if mention.sentence == 0:
        before, after = (FOR_PHRASE.sub("", words) for words in (before, after))
    return any(
        CONDITION.search(_without_asked_purposes(words, question_words))
        for words in (before, after)
    )


def _without_asked_purposes(text: str, question_words: Container[str]) -> str:
    """Return a text without phrases such as "for travel" whose words are in the question."""
    return FOR_PHRASE.sub(
        lambda phrase: "" if _is_in_question(phrase[0], question_words) else phrase[0], text
    )


def _is_in_question(purpose: str, question_words: Container[str]) -> bool:
    """Return whether all words of a purpose ("for bread") are in the question or say nothing of
    their own, such as "overall"; True for a text without words.
    """
    words = (word.casefold() for word in WORD.findall(purpose))
    return all(
        word in question_words or word.removesuffix("s") in question_words or word in PLAIN_WORDS
        for word in words
    )


def words_around(reading: Reading, mention: Mention) -> tuple[str, str]:
    """Return (before, after): the text on both sides of a mention within its sentence, at most
    `_WINDOW_CHARACTERS` characters each.
    """
    low, high = _around(reading, mention)
    return reading.body[low : mention.start], reading.body[mention.end : high]


def _around(reading: Reading, mention: Mention) -> tuple[int, int]:
    start, end = reading.sentences[mention.sentence]
    return (
        max(start, mention.start - _WINDOW_CHARACTERS),
        min(end, mention.end + _WINDOW_CHARACTERS),
    )
