"""The names in questions: of brands, models and topics, with or without a mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from overheard.chat.questions.times import TimeReader
from overheard.chat.questions.vocabulary import (
    Token,
    Vocabulary,
    distance,
    folded_words,
    one_mistake,
    slip,
)

MIN_GENITIVE_CHARS = 5
"""The fewest characters of a word that may be a name with an s: ``hubspots``."""
_VERSION = re.compile(r"\d{1,2}(\.\d{1,2})?[a-z]?")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names that questions may have.

    Attributes:
        brands: Each spelling of a brand, with the name of the brand.
        own: The names of the tracked brands, which "we" means.
        models: Each spelling of an asked model, with its names in readers' words.
        other_models: Names of models and services that are not asked.
        topics: Each spelling of a topic of answers, such as a fact's field, with the topic.
        categories: What the tracked brands are, such as "CRM".
    """

    brands: Mapping[str, str] = field(default_factory=dict)
    own: tuple[str, ...] = ()
    models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_models: frozenset[str] = frozenset()
    topics: Mapping[str, str] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()


class NameReader:
    """Reads the names of brands, models and topics from the words of a question.

    Args:
        names: The names that the question may have.
        vocabulary: The words of the language.
        times: Reads times, which go before names.
    """

    def __init__(self, names: KnownNames, vocabulary: Vocabulary, times: TimeReader) -> None:
        """Split all known names into folded words, so that they can be compared with a question's
        words.
        """
        self._words = vocabulary
        self._times = times
        self._brands = {folded_words(spelling): name for spelling, name in names.brands.items()}
        self._spellings = {folded_words(s): s for s in names.brands}
        self._models = {folded_words(s): shown for s, shown in names.models.items()}
        # Reversed, so that of two spellings the one with a capital letter counts: "Google".
        self._others = {folded_words(s): s for s in sorted(names.other_models, reverse=True)}
        self._topics = {folded_words(s): topic for s, topic in names.topics.items()}
        self._categories = {folded_words(n + s): n for n in names.categories for s in ("", "s")}
        known = (self._brands, self._models, self._others, self._topics, self._categories)
        self._parts = frozenset(word for names in known for words in names for word in words)

    def brand(self, tokens: Sequence[Token], index: int) -> tuple[str, int] | None:
        """Return the name of the brand at an index and its number of words; None without one.

        A name that is also an ordinary word or a time counts only in its exact spelling, and
        neither as the first word nor after a time.
        """
        name = _longest(self._brands, tokens, index)
        if name is None:
            return None
        words = tuple(token.word for token in tokens[index : index + name[1]])
        time = self._times.read(tokens, index)
        if time is not None or (name[1] == 1 and self._words.concept(words) is not None):
            typed = " ".join(token.text for token in tokens[index : index + name[1]])
            before = index > 0 and self._times.read(tokens, index - 1) is not None
            if typed != self._spellings[words] or index == 0 or before or typed.islower():
                return None
        return name

    def model(self, tokens: Sequence[Token], index: int) -> tuple[tuple[str, ...], int] | None:
        """Return the readers' names of the asked models that a phrase at an index means, and its
        number of words; or None.
        """
        return _longest(self._models, tokens, index)

    def other_version(self, tokens: Sequence[Token], index: int) -> bool:
        """Return whether a number makes another model of the model name before, such as "GPT 4".

        Args:
            tokens: The words of the question.
            index: The index of the number.
        """
        if index >= len(tokens) or not _VERSION.fullmatch(tokens[index].word):
            return False
        return self._times.read(tokens, index) is None

    def other_model(self, tokens: Sequence[Token], index: int) -> tuple[str, int] | None:
        """Return the name of a model at an index that is not asked, and its number of words; or
        None.
        """
        return _longest(self._others, tokens, index)

    def category(self, tokens: Sequence[Token], index: int) -> tuple[str, int] | None:
        """Return the category of the tracked brands at an index, and its number of words; or
        None.
        """
        return _longest(self._categories, tokens, index)

    def topic(self, tokens: Sequence[Token], index: int) -> tuple[str, int] | None:
        """Return the topic of answers that the longest phrase at an index names, and its number of
        words; None without one.
        """
        own = _longest(self._topics, tokens, index)
        usual = _longest(self._words.topics, tokens, index)
        return max(filter(None, (own, usual)), key=lambda topic: topic[1], default=None)

    def near(self, tokens: Sequence[Token], index: int) -> SimilarName | None:
        """Return the one brand or model that the words at an index misspell; None without exactly
        one.
        """
        for size in (2, 1):
            if index + size > len(tokens):
                continue
            typed = " ".join(token.text for token in tokens[index : index + size])
            joined = "".join(token.word for token in tokens[index : index + size])
            for known in (self._brands, self._models):
                similar = (words for words in known if _similar(joined, "".join(words)))
                near = list({"".join(words): words for words in similar}.values())
                if len(near) == 1 and known is self._brands:
                    brand = self._brands[near[0]]
                    return SimilarName(typed, brand, size, brand=brand)
                if len(near) == 1:
                    return SimilarName(typed, " ".join(near[0]), size, self._models[near[0]])
        return None

    def has(self, word: str) -> bool:
        """Whether a word is a part of a known name."""
        return word in self._parts


@dataclass(frozen=True, slots=True)
class SimilarName:
    """A name with a mistake in its spelling.

    Attributes:
        typed: The words as typed.
        name: The correct name.
        size: Its number of words.
        models: The readers' names of the models, for the name of a model.
        brand: The name of the brand, for the name of a brand.
    """

    typed: str
    name: str
    size: int
    models: tuple[str, ...] = ()
    brand: str = ""


def _similar(word: str, name: str) -> bool:
    """Return whether a word is a name with a mistake: one from 5 letters on, two from 9 on.

    In a name of 4 letters, only swapped or doubled letters count.
    """
    if word == name:
        return True
    if len(name) >= 9 and word[:1] == name[:1] and abs(len(word) - len(name)) <= 2:
        return distance(word, name) <= 2
    return one_mistake(word, name) and (len(name) >= 5 or (len(name) == 4 and slip(word, name)))


def _longest(
    known: Mapping[tuple[str, ...], T], tokens: Sequence[Token], index: int
) -> tuple[T, int] | None:
    """Return the meaning of the longest known phrase at an index, and its number of words; or None.

    A genitive s at the end is ignored.
    """
    longest = max(map(len, known), default=0)
    for size in range(min(longest, len(tokens) - index), 0, -1):
        *start, last = (token.word for token in tokens[index : index + size])
        for ending in (last, last.removesuffix("s") if len(last) >= MIN_GENITIVE_CHARS else last):
            if (*start, ending) in known:
                return known[*start, ending], size
    return None
