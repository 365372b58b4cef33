"""The names in questions: of brands, models and topics, with or without a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from overheard.chat.questions.times import TimeReader
from overheard.chat.questions.vocabulary import (
    Token,
    Vocabulary,
    distance,
    folded_words,
    is_one_mistake,
    is_slip,
)

MIN_SLIP_CHARS, MIN_MISTAKE_CHARS, MIN_TWO_MISTAKES_CHARS = 4, 5, 9
"""The fewest characters of a name with swapped or doubled letters, any one mistake, two."""
MIN_GENITIVE_CHARS = 5
"""The fewest characters of a word that may be a name with an s: ``hubspots``."""
_VERSION = re.compile(r"\d{1,2}(\.\d{1,2})?[a-z]?")
Meaning = TypeVar("Meaning")


class FoundName(NamedTuple, Generic[Meaning]):
    """What a name that begins at some word of a question means, and the number of its words."""

    meaning: Meaning
    size: int


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

    The methods take the words of the question (`tokens`) and the index of the word at which a name
    is to begin. The longest name wins; a genitive s at its end is ignored.

    Args:
        names: The names that the question may have.
        vocabulary: The words of the language.
        times: Reads times, which go before names.
    """

    def __init__(self, names: KnownNames, vocabulary: Vocabulary, times: TimeReader) -> None:
        """Divide all known names into folded words, as the words of a question are."""
        self._vocabulary = vocabulary
        self._times = times
        self._brands = {folded_words(spelling): name for spelling, name in names.brands.items()}
        self._spellings = {folded_words(s): s for s in names.brands}
        self._models = {folded_words(s): shown for s, shown in names.models.items()}
        # Reversed, so that of two spellings the one with a capital letter counts: "Google".
        self._others = {folded_words(s): s for s in sorted(names.other_models, reverse=True)}
        self._topics = {folded_words(s): topic for s, topic in names.topics.items()}
        self._categories = {folded_words(n + s): n for n in names.categories for s in ("", "s")}
        all_names = (self._brands, self._models, self._others, self._topics, self._categories)
        self._words = frozenset(word for known in all_names for name in known for word in name)

    def brand(self, tokens: Sequence[Token], index: int) -> FoundName[str] | None:
        """Return the name of the brand at an index, and the number of its words; None without one.

        The longest name counts. If it is also one ordinary word or a time ("Monday"), it counts
        only in its exact spelling with a capital letter; then it is None as the first word of the
        question and directly after a time.

        Args:
            tokens: The words of the question.
            index: The index of the first word of the name.
        """
        name = _longest_name(self._brands, tokens, index)
        if name is None:
            return None
        name_tokens = tokens[index : index + name.size]
        words = tuple(token.word for token in name_tokens)
        is_word = name.size == 1 and self._vocabulary.concept(words) is not None
        if not is_word and self._times.read(tokens, index) is None:
            return name
        typed = " ".join(token.text for token in name_tokens)
        is_exact = typed == self._spellings[words] and not typed.islower()
        is_after_time = index > 0 and self._times.read(tokens, index - 1) is not None
        return name if is_exact and index > 0 and not is_after_time else None

    def model(self, tokens: Sequence[Token], index: int) -> FoundName[tuple[str, ...]] | None:
        """Return the readers' names of the asked models that a name at an index means; None without
        one.

        Several models have the same name where a family is asked twice: ``GPT`` may mean two.
        """
        return _longest_name(self._models, tokens, index)

    def is_other_version(self, tokens: Sequence[Token], index: int) -> bool:
        """Return whether the word after a model's name is the number of a version, such as "4" in
        "GPT 4" or "4o", which makes it the name of another model.

        False for a number that is a time ("Claude 3 days"), and for an index after the last word.

        Args:
            tokens: The words of the question.
            index: The index of the word after the model's name.
        """
        if index >= len(tokens) or not _VERSION.fullmatch(tokens[index].word):
            return False
        return self._times.read(tokens, index) is None

    def other_model(self, tokens: Sequence[Token], index: int) -> FoundName[str] | None:
        """Return the name of a model or service at an index that is not asked; None without one."""
        return _longest_name(self._others, tokens, index)

    def category(self, tokens: Sequence[Token], index: int) -> FoundName[str] | None:
        """Return the category of tracked brands at an index, such as "CRM" or "CRMs"; None without
        one.
        """
        return _longest_name(self._categories, tokens, index)

    def topic(self, tokens: Sequence[Token], index: int) -> FoundName[str] | None:
        """Return the topic of answers, such as ``price``, that the words at an index name, and the
        number of these words; None without one.

        Topics are the fields of facts, and words of the language. The one with more words wins; of
        equally long ones, the field of a fact.

        Args:
            tokens: The words of the question.
            index: The index of the first word of the name.
        """
        of_facts = _longest_name(self._topics, tokens, index)
        of_language = _longest_name(self._vocabulary.topics, tokens, index)
        found = filter(None, (of_facts, of_language))
        return max(found, key=lambda topic: topic.size, default=None)

    def near(self, tokens: Sequence[Token], index: int) -> SimilarName | None:
        """Return the one brand or model that one or two words at an index misspell; None without
        one.

        Two words are tried first, joined into one, which also finds a name that is divided wrongly
        ("hub spot"); then the first word alone. Each time, brands are tried before models. Names
        count only when exactly one of the brands, or of the models, is similar.

        Args:
            tokens: The words of the question.
            index: The index of the first word of the name.
        """
        for size in (2, 1):
            if index + size > len(tokens):
                continue
            typed = " ".join(token.text for token in tokens[index : index + size])
            joined = "".join(token.word for token in tokens[index : index + size])
            if brand_words := _only_similar(joined, self._brands):
                brand = self._brands[brand_words]
                return SimilarName(typed, brand, size, brand=brand)
            if model_words := _only_similar(joined, self._models):
                models = self._models[model_words]
                return SimilarName(typed, " ".join(model_words), size, models=models)
        return None

    def has_word(self, word: str) -> bool:
        """Return whether a folded word is a part of a known name."""
        return word in self._words


@dataclass(frozen=True, slots=True)
class SimilarName:
    """A name with a mistake in its spelling.

    Attributes:
        typed: The words as typed.
        name: The correct name.
        size: The number of words as typed.
        models: The readers' names of the models, for the name of a model; else empty.
        brand: The name of the brand, for the name of a brand; else empty.
    """

    typed: str
    name: str
    size: int
    models: tuple[str, ...] = ()
    brand: str = ""


def _only_similar(word: str, names: Iterable[tuple[str, ...]]) -> tuple[str, ...] | None:
    """Return the folded words of the one name that a word equals or misspells, compared without
    spaces; None when no name or several names are similar.

    Names that differ only in their spaces count as one; the last of them is returned.
    """
    by_letters = {"".join(name): name for name in names if _is_similar(word, "".join(name))}
    return next(iter(by_letters.values())) if len(by_letters) == 1 else None


def _is_similar(word: str, name: str) -> bool:
    """Return whether a word is a name, or the name with a mistake after the first letter.

    A name of `MIN_SLIP_CHARS` letters may have two swapped letters, or one that is wrongly double
    or single; from `MIN_MISTAKE_CHARS` on any one mistake; from `MIN_TWO_MISTAKES_CHARS` on two.
    """
    if word == name:
        return True
    may_have_two = len(name) >= MIN_TWO_MISTAKES_CHARS and word[:1] == name[:1]
    if may_have_two and abs(len(word) - len(name)) <= 2:
        return distance(word, name) <= 2
    if not is_one_mistake(word, name):
        return False
    may_have_any = len(name) >= MIN_MISTAKE_CHARS
    return may_have_any or (len(name) >= MIN_SLIP_CHARS and is_slip(word, name))


def _longest_name(
    known: Mapping[tuple[str, ...], Meaning], tokens: Sequence[Token], index: int
) -> FoundName[Meaning] | None:
    """Return the meaning of the longest known name at an index, and its number of words; None
    without one.

    A name also counts with a genitive s at its end ("hubspots"), if its last word has at least
    `MIN_GENITIVE_CHARS` characters with the s. Of equally long names, the one without the s wins.

    Args:
        known: The meanings of names, by their folded words.
        index: The index of the first word; may be after the last word.
    """
    longest = max(map(len, known), default=0)
    for size in range(min(longest, len(tokens) - index), 0, -1):
        *start, last = (token.word for token in tokens[index : index + size])
        may_be_genitive = len(last) >= MIN_GENITIVE_CHARS
        for ending in (last, last.removesuffix("s") if may_be_genitive else last):
            if (*start, ending) in known:
                return FoundName(known[*start, ending], size)
    return None
