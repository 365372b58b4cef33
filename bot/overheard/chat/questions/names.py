"""The names in questions: of brands, models, categories and topics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from overheard.chat.questions.vocabulary import folded_words

MIN_GENITIVE_CHARS = 5
"""The fewest characters of a word that may be a name with an s: ``hubspots``."""
Meaning = TypeVar("Meaning")


@dataclass(frozen=True)
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

    @cached_property
    def models_by_words(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        """The readers' names of asked models by the folded words of each spelling."""
        return {folded_words(spelling): names for spelling, names in self.models.items()}

    @cached_property
    def by_words(self) -> Mapping[str, Mapping[tuple[str, ...], str]]:
        """For each other kind of name its meanings by folded words."""
        kinds: Mapping[str, Mapping[str, str]] = {
            "brand": self.brands,
            # Reversed, so that of two spellings the one with a capital letter counts: "Google".
            "other": {name: name for name in sorted(self.other_models, reverse=True)},
            "topic": self.topics,
            "category": {name + s: name for name in self.categories for s in ("", "s")},
        }
        return {
            kind: {folded_words(spelling): meaning for spelling, meaning in known.items()}
            for kind, known in kinds.items()
        }


def longest_name(
    known: Mapping[tuple[str, ...], Meaning], words: Sequence[str]
) -> tuple[Meaning, int] | None:
    """Return the meaning of the longest known name with which words begin, and its number of words;
    None without one. A genitive s at its end ("hubspots") is ignored.
    """
    for size in range(min(max(map(len, known), default=0), len(words)), 0, -1):
        *start, last = words[:size]
        may_be_genitive = len(last) >= MIN_GENITIVE_CHARS
        for ending in (last, last.removesuffix("s") if may_be_genitive else last):
            if (*start, ending) in known:
                return known[*start, ending], size
    return None
