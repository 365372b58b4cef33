"""The ways in which buyers ask for a fact about a brand, and in which answers state it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import cycle

from overheard.domain import Brand, Fact

_ANY, _CATEGORY = "any", "category"
"""Keys of the wordings that fit every field, and of those that say what a brand is."""
_UNCOUNTED = frozenset(
    ("software", "hardware", "equipment", "insurance", "furniture", "clothing", "footwear")
)
"""Last words of categories without a plural, which take no "a"."""


@dataclass(frozen=True, slots=True)
class Phrasing:
    """Wordings of the questions for a fact, and of the answers, with placeholders."""

    questions: tuple[str, ...]
    answers: tuple[str, ...]

    def filled(self, brand: str, field: str, value: str) -> list[tuple[str, str]]:
        """Return each question with an answer, as sentences. The answers are used in turn; if there
        are fewer of them than questions, they begin again.

        Args:
            value: The value, which is written without a full stop at its end.
        """

        def sentence(text: str) -> str:
            filled = text.format(brand=brand, field=field, value=value.rstrip("."))
            filled = _with_article_an(filled)
            return filled[:1].upper() + filled[1:]

        pairs = zip(self.questions, cycle(self.answers), strict=False)
        return [(sentence(question), sentence(answer)) for question, answer in pairs]


def fact_wordings(brand: Brand, fact: Fact | None = None) -> list[tuple[str, str]]:
    """Return questions that ask for a fact about a brand, each with an answer that states it.

    A field has wordings of its own if ``phrasings.toml`` has it. Any other field, and one with a
    qualifier such as ``price (Pro plan)``, has the wordings that fit every field.

    Args:
        fact: The fact; None for what the brand is, which is empty for one without a category.
    """
    if fact is None:
        category = brand.category
        last_word = category.rpartition(" ")[2].casefold().strip(".")
        is_plural = last_word.endswith("s") and not last_word.endswith(("ss", "us", "is"))
        if is_plural or last_word in _UNCOUNTED:  # it cannot follow "a"
            category = f"brand of {category}"
        return _phrasings()[_CATEGORY].filled(brand.name, _CATEGORY, category) if category else []
    own = None if fact.limit else _phrasings().get(fact.head)
    return (own or _phrasings()[_ANY]).filled(brand.name, fact.field, fact.value)


@cache
def _phrasings() -> Mapping[str, Phrasing]:
    """Return the phrasings of ``phrasings.toml`` by the field of the fact and by each of its
    synonyms; `_CATEGORY` and `_ANY` are keys too.
    """
    text = files("overheard.reading").joinpath("phrasings.toml").read_text(encoding="utf-8")
    by_field: dict[str, Phrasing] = {}
    for name, table in tomllib.loads(text).items():
        phrasing = Phrasing(tuple(table["questions"]), tuple(table["answers"]))
        by_field |= dict.fromkeys((name, *table.get("also", ())), phrasing)
    return by_field


def _with_article_an(text: str) -> str:
    """Return a text in which each word ``a`` before a word with a, e, i or o is ``an``."""
    words = text.split(" ")
    for at in range(len(words) - 1):
        if words[at] == "a" and words[at + 1][:1].lower() in "aeio":
            words[at] = "an"
    return " ".join(words)
