"""Brand names that are ordinary words: whether an occurrence is the name or the word.

"Target", "Apple", "Away", "Ring" or "Made In" count only if they are written like a name, and not
if the surrounding words make them plain English.
"""

import re
from enum import Enum
from functools import cache

from overheard.reading.word_lists import WordLists


class Sense(Enum):
    """The meaning of an occurrence of an ordinary word."""

    NAME = "name"
    DOUBTFUL = "doubtful"
    """A name only if the answer uses the word as a name elsewhere."""
    WORD = "word"


@cache
def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEXT = re.compile(r"[ \t-]{0,3}(?:['\u2019]s\b\s*)?([^\W_]+)?")
_SECOND = re.compile(r"[ \t-]{0,3}[^\W_]+[ \t]([^\W_]+)")
_PREVIOUS = re.compile(r"([^\W_]+)[^\w\n.!?,;:]*\Z")
_HEAD = re.compile(r"(?:\A|\|)\W*\Z")
_ITEM = re.compile(r"(?:[,;:/&]|\b(?:and|or|vs|versus)\b)\W*\Z")
_TALL = re.compile(r"\b(?!(?:the|and|for)\b)[^\W\d_]{3,}")
_ENDINGS = ("s", "ed", "ing", "es", "d")
_TRADE_MARK = re.compile(r"(?: ?[^\W_]+)?[\u2122\u00ae\u00a9\u2120]")
_ENUMERATES = re.compile(
    r",\s+[^\W\d_a-z][\w.&'\u2019-]*(?:\s[^\W\d_a-z]\w*)?(?:,|\s(?:and|or|&)\s)"
)

_WORDS = WordLists("overheard.reading", "ordinary_words.txt")
_VERBAL = _WORDS.words("verbal")
_PREPOSITIONS = _word_set("for in as at on with by from")
_MAKER = re.compile(r" (?:from|by) [A-Z]\w")
"""A maker after a name: "Visible by Verizon"."""
_DETERMINERS = _WORDS.words("determiners")
_OFFERS = _WORDS.words("offers")
_COMPANY = _WORDS.words("company")
_GENERIC = _WORDS.words("generic")
_COSTING = re.compile(
    r" (?:costs|prices|sales|ranges) (?:[$\u20ac\u00a3\d]|(?:about|around|only|just|from|more|less"
    r"|between|nothing)\b)"
)
"""Verbs after a name that look like such a noun: "Bolt costs $15"."""
_LITTLE = _word_set("nothing everything anything away made all now here better best")
"""Words that often begin sentences: there, before a lower-case word, they are ordinary words."""
_ADVERBS = _LITTLE | _WORDS.words("adverbs")

_NO_SUBJECTS = frozenset({"away", "made", "better", "best"})
"""Words of `_LITTLE` that cannot be a subject: "Away makes" is a name, "Nothing makes" is not."""

_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = "january february march april may june july august september october november december"
_ON_A_DAY = (
    "on every each by next last this until till from since before after late early through to"
    " start starts started begin begins due meets ends closes opens launches arrives ships cyber"
)
_OF_A_DAY = "morning mornings afternoon evening night nights to through until blues at"
_OTHER_DAY = re.compile(
    rf"\b(?:{_DAYS.replace(' ', '|')})s?\b|\b(?:mon|tue|wed|thu|fri|sat|sun)\b", re.IGNORECASE
)
_DAY_WINDOW_CHARACTERS = 60
_NOT_OWNERS = _LITTLE | _word_set(f"{_DAYS} {_MONTHS}")
"""Words that often have an 's without being names: "Nothing's wrong", "Monday's meeting"."""


@cache
def common_words() -> dict[str, str]:
    """Return the main part of speech of each ordinary English word, from the packaged list.

    ``a`` is an adjective or adverb, ``v`` a verb, ``b`` both a verb and a noun; "" is any other,
    such as a noun. The words are folded.
    """
    entries = WordLists("overheard.reading", "common_words.txt").words()
    return {word: part for word, _, part in (entry.partition("/") for entry in entries)}


@cache
def _compounds() -> dict[str, frozenset[str]]:
    """Return the second words of compounds such as "spark plug", by their first words."""
    lines = (line.split() for line in WordLists("overheard.reading", "compounds.txt").lines())
    return {first: frozenset(seconds) for first, *seconds in lines}


@cache
def _phrases() -> dict[tuple[str, str], frozenset[str]]:
    """Return, by (folded name, side), the words next to a name that make it plain language.

    The side ``>`` has the words that follow the name ("pie" after "apple"), ``<`` the words that
    precede it ("on" before "monday"). The packaged list and the words around days and months are
    joined.
    """
    phrases: dict[tuple[str, str], frozenset[str]] = {}
    for line in WordLists("overheard.reading", "phrases.txt").lines():
        name, side, words = re.split(r" ([<>]) ", line, maxsplit=1)
        phrases[name, side] = phrases.get((name, side), frozenset()) | _word_set(words)
    for names, before in ((_DAYS, _ON_A_DAY), (_MONTHS, f"{_ON_A_DAY} in of")):
        phrases |= {(name, "<"): _word_set(before) for name in names.split()}
    return phrases | {(name, ">"): _word_set(_OF_A_DAY) for name in _DAYS.split()}


def is_ordinary(name: str) -> bool:
    """Return whether a folded name consists of ordinary English words only."""
    words = name.split()
    return bool(words) and all(map(is_common, words))


def in_phrase(name: str, body: str, start: int, end: int) -> bool:
    """Return whether a word next to a name makes it plain language: "Apple pie", "on Monday".

    The word after the name is looked up among its phrases and, in small letters, among its
    compounds ("Spark plugs"); not if a trade mark sign marks the name. Then the word before the
    name is looked up.

    Args:
        name: The folded name.
        body: The text.
        start: Offset of the name.
        end: Offset after the name.
    """
    phrases = _phrases()
    words_after, words_before = phrases.get((name, ">"), ()), phrases.get((name, "<"), ())
    compounds = _compounds().get(name, ()) if body[start:end].istitle() else ()
    if not (words_after or words_before or compounds):
        return False
    following = _following_word(body, end)
    folded = following.casefold()
    makes_phrase = folded in words_after or (
        following.islower() and (folded in compounds or folded.removesuffix("s") in compounds)
    )
    if makes_phrase and not _is_marked(body, end):
        return True
    return bool(words_before) and _previous_word(body, start).casefold() in words_before


def _following_word(body: str, end: int, limit: int | None = None) -> str:
    """Return the word after offset `end`, before `limit` if given; "" without one."""
    found = _NEXT.match(body, end, len(body) if limit is None else limit)
    return (found.group(1) or "") if found else ""


def _previous_word(body: str, start: int) -> str:
    """Return the word before offset `start`; "" without one."""
    found = _PREVIOUS.search(body, max(0, start - _PREVIOUS_CHARACTERS), start)
    return found.group(1) if found else ""


_PREVIOUS_CHARACTERS = 20
"""Characters before a name that are searched for the word before it."""


def sense(name: str, body: str, start: int, end: int, sentence: tuple[int, int]) -> Sense:
    """Return whether an ordinary word that is written like a name is the name, an ordinary word, or
    doubtful.

    It is the name if a trade mark sign marks it. It is doubtful if it is a day with another day
    near, or if the next word is generic. At the beginning of a sentence, and at the beginning of an
    item in a title, the next words decide. Elsewhere in a title it is doubtful, because there every
    word has a capital, unless a name is next to it. In other places it is the name.

    Args:
        name: The folded name.
        body: The text.
        start: Offset of the word's first character.
        end: Offset after the word.
        sentence: (start, end) offsets of the sentence with the word.
    """
    if _is_marked(body, end):
        return Sense.NAME
    following = _following_word(body, end, sentence[1])
    low, high = max(0, start - _DAY_WINDOW_CHARACTERS), end + _DAY_WINDOW_CHARACTERS
    is_near_other_day = _OTHER_DAY.search(body, low, start) or _OTHER_DAY.search(body, end, high)
    if (is_near_other_day and name in _word_set(_DAYS)) or following.casefold() in _GENERIC:
        return Sense.DOUBTFUL
    before = body[max(sentence[0], start - _PREVIOUS_CHARACTERS) : start]
    if _HEAD.search(before):
        return _sense_at_opening(name, body, end, following, sentence)
    nearby = (_previous_word(body, start), following)
    is_among_names = any(w[:1].isupper() and not is_common(w.casefold()) for w in nearby)
    if is_among_names or not _is_title(body, *sentence):
        return Sense.NAME
    if _ITEM.search(before):
        return _sense_before_word(name, following, body, end)
    return Sense.DOUBTFUL


def _sense_at_opening(
    name: str, body: str, end: int, following: str, sentence: tuple[int, int]
) -> Sense:
    """Return the meaning of an ordinary word that opens a sentence or a table cell.

    It is the name if it owns something ("Target's") and is not in `_NOT_OWNERS`, if a price follows
    and it is not in `_LITTLE`, or if it has several words in a sentence that is no title ("Made
    In"). It is doubtful if it is an adverb before a comma ("Indeed, ...") that does not belong to
    an enumeration. Else the next word decides (`_sense_before_word`).
    """
    is_owner = body[end : end + 2] in {"'s", "\u2019s"} and name not in _NOT_OWNERS
    if is_owner or (" " in name and not _is_title(body, *sentence)):  # "Made In" has a capital I
        return Sense.NAME
    if name not in _LITTLE and _COSTING.match(body, end):
        return Sense.NAME
    before_comma = body[end : end + 1] == "," and not _ENUMERATES.match(body, end)
    if name in _ADVERBS and before_comma:
        return Sense.DOUBTFUL
    return _sense_before_word(name, following, body, end)


def is_common(word: str) -> bool:
    """Return whether a folded word is an ordinary English word, also with a regular ending."""
    return _part_of_speech(word) is not None


def is_modifier(word: str) -> bool:
    """Return whether a folded word is mainly an adjective or adverb."""
    return _part_of_speech(word) == "a"


def _part_of_speech(word: str) -> str | None:
    """Return the part of speech of a folded word, or of its base without a regular ending: ``v``,
    ``a``, ``b`` or "", as in `common_words`. None for a word that is not common.
    """
    common = common_words()
    if word in common:
        return common[word]
    bases = (word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending))
    return next((common[base] for base in bases if base in common), None)


def _sense_before_word(name: str, following: str, body: str, end: int) -> Sense:
    """Return the meaning of an ordinary word at the start of a sentence, judged by the next word.

    In this order, the next word makes it

    - the name if there is none, or if it is not in small letters
    - an ordinary word if it is a determiner ("Target the ...")
    - for a function word ("Nothing"), doubtful; but the name if it cannot be a subject and a verb
      in -s follows ("Away makes")
    - doubtful before a preposition ("Close to") or after a plural before its verb ("Farmers need"),
      unless it is a noun before a preposition, or a maker follows ("by Acme")
    - the name before a verb, a word for what companies offer, or a word that is not common
    - doubtful if it is a verb or an adjective, has several words, or precedes a word for a company;
      else the name.
    """
    if not following or not following.islower():
        return Sense.NAME
    if following in _DETERMINERS:
        return Sense.WORD
    before_verb = len(following) >= _MIN_VERB_CHARACTERS and _is_verb(following, body, end)
    if name in _LITTLE:
        cannot_be_subject = name in _NO_SUBJECTS and following.endswith("s")
        return Sense.NAME if cannot_be_subject and before_verb else Sense.DOUBTFUL
    part_of_speech = _part_of_speech(name) or ""
    is_plural_subject = (
        name.endswith("s")
        and not following.endswith(("s", "ed"))
        and _part_of_speech(following) == "v"
    )
    if following in _PREPOSITIONS or is_plural_subject:
        may_be_word = bool(part_of_speech) or is_plural_subject
        return Sense.DOUBTFUL if may_be_word and not _MAKER.match(body, end) else Sense.NAME
    if before_verb or following in _VERBAL or following in _OFFERS or not is_common(following):
        return Sense.NAME
    may_be_word = bool(part_of_speech) or " " in name or following in _COMPANY
    return Sense.DOUBTFUL if may_be_word else Sense.NAME


_MIN_VERB_CHARACTERS = 4
"""Characters of a word after a name from which its ending tells a verb."""


def _is_verb(word: str, body: str, end: int) -> bool:
    """Return whether a word after a name is the name's verb, or an adverb before that verb.

    It is if it ends in -ed or -ly, or in -s and is a verb only ("makes"). A word in -s that is a
    noun too, such as "plans", is a plural if a verb follows ("Visible plans start at $25") or if it
    ends the sentence; else a verb. A word for a company is never one.
    """
    if word in _COMPANY:
        return False
    if word.endswith(("ed", "ly")):
        return True
    part_of_speech = _part_of_speech(word) if word.endswith("s") else None
    if part_of_speech != "b":
        return part_of_speech == "v"
    found = _SECOND.match(body, end)
    word_after = found.group(1) if found else ""
    if not word_after or word_after in _VERBAL:
        return False
    return _part_of_speech(word_after) not in {"v", "b"}


_HAVING = _word_set("owns acquired bought founded")
_OBJECT_FOLLOWS = re.compile(
    r" \w+ (?:an?|the|its|their|all|some|both|my|your|our|it|from|in|on|for|at|with|back|up|out"
    r"|down|into|over|[\dA-Z])"
)
"""What follows a verb in -ed: "Lifetime limited warranty" has none."""


def has_verb_behind(body: str, end: int) -> bool:
    """Return whether the word behind a name that ends at an offset is the name's verb, or an adverb
    before that verb, by its form.
    """
    following = _following_word(body, end) if body.startswith(" ", end) else ""
    if len(following) < _MIN_VERB_CHARACTERS or not following.islower() or following in _HAVING:
        return False  # "Globex owns Acme" is told of Acme
    if following.endswith("ly"):
        return has_verb_behind(body, end + 1 + len(following))
    if following.endswith("ed") and not _OBJECT_FOLLOWS.match(body, end):
        return False
    part = _part_of_speech(following)
    slows = following not in common_words() and part == "a"
    encrypts = part is None and following.endswith("s")
    return slows or encrypts or _is_verb(following, body, end)


def _is_marked(body: str, end: int) -> bool:
    """Return whether a trade mark sign is after a name, or after the word that follows it."""
    return _TRADE_MARK.match(body, end) is not None


def _is_title(body: str, start: int, end: int) -> bool:
    """Return whether the sentence from `start` to `end` is a title, in which a capital proves no
    name: it has at least `_MIN_TITLE_WORDS` longer words, and all of these begin with a capital.
    False for a sentence over `_MAX_TITLE_CHARACTERS`, and for one with a full stop, exclamation
    mark or question mark at its end.
    """
    if end - start > _MAX_TITLE_CHARACTERS or body[end - 1] in ".!?":
        return False
    long_words = _TALL.findall(body, start, end)
    return len(long_words) >= _MIN_TITLE_WORDS and all(word[0].isupper() for word in long_words)


_MAX_TITLE_CHARACTERS = 100
_MIN_TITLE_WORDS = 3
