"""The words of questions: their concepts by language, read from the TOML files of this package."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from overheard.reading.ordinary_words import is_common

LANGUAGES = ("en", "de")
"""The languages, in the order in which a question is tried."""
WEAK = "weak"
"""The concept of words that carry no meaning of their own in a question."""
MIN_TYPO_CHARS = 6
"""The fewest characters of a word whose spelling is corrected."""

_WORD = re.compile(r"[^\W_]+(?:[.&'\u2019][^\W_]+)*|#\d+")
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "\u2019": "'"})
_CONTRACTED = {"n't": "not", "'s": "", "'re": "", "'ll": "", "'ve": "", "'m": "", "'d": ""}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a question.

    Attributes:
        text: The word as typed.
        word: The folded word, which is compared.
    """

    text: str
    word: str


def tokenize(text: str) -> list[Token]:
    """Return the words of a text; contractions are taken apart (``don't`` is ``do not``)."""
    tokens: list[Token] = []
    for match in _WORD.finditer(text):
        typed = match[0]
        word = fold(typed)
        for ending, full in _CONTRACTED.items():
            if word.endswith(ending) and len(word) > len(ending):
                stem = word.removesuffix(ending)
                tokens.append(Token(typed[: len(stem)], stem))
                tokens += [Token(full, full)] if full else []
                break
        else:
            tokens.append(Token(typed, word))
    return tokens


def fold(word: str) -> str:
    """Return a word as words are compared: without case, and without umlauts."""
    return word.casefold().translate(_FOLDED)


@lru_cache(20_000)
def words_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a text."""
    return tuple(token.word for token in tokenize(text))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one language.

    Attributes:
        phrases: The concept of each phrase.
        stems: The concept of each beginning of a word.
        topics: The subject of answers that each phrase names, such as ``price``.
        hints: Questions to propose, by their kind.
        times: The words of times, by what they mean; see `overheard.chat.questions.times`.
        longest: The number of words of the longest phrase.
        about: The words in front of a subject of answers.
        short: The words of what is typed shorter than it is said, such as ``whos`` or ``dont``.
    """

    phrases: Mapping[tuple[str, ...], str]
    stems: Mapping[str, str]
    topics: Mapping[tuple[str, ...], str]
    hints: Mapping[str, str]
    times: Mapping[str, Mapping[tuple[str, ...], int]]
    longest: int
    about: frozenset[str]
    short: Mapping[str, tuple[str, ...]]

    def expanded(self, tokens: Sequence[Token]) -> list[Token]:
        """Return the words of a question without abbreviations."""
        full: list[Token] = []
        for token in tokens:
            words = self.short.get(token.word, (token.word,))
            full += [Token(token.text if not i else word, word) for i, word in enumerate(words)]
        return full

    def concept(self, words: Sequence[str]) -> str | None:
        """Return the concept of some neighbouring words, or None."""
        known = self.phrases.get(tuple(words))
        if known is None and len(words) == 1:
            word = words[0]
            sizes = range(len(word), 3, -1)
            known = next((self.stems[word[:n]] for n in sizes if word[:n] in self.stems), None)
        return known

    def corrected(self, word: str) -> str | None:
        """Return the concept of a word with one mistake in its spelling, or None.

        No word is corrected into a word without a meaning of its own ("weather" into "whether"),
        and no ordinary word is taken for a mistake ("searched" for "searches").
        """
        if len(word) < MIN_TYPO_CHARS or not word.isalpha() or is_common(word):
            return None
        near = {
            concept
            for phrase, concept in self.phrases.items()
            if concept != WEAK and len(phrase) == 1 and one_mistake(word, phrase[0])
        }
        return near.pop() if len(near) == 1 else None


def one_mistake(word: str, known: str) -> bool:
    """Return whether two words differ in one letter or in the order of two neighbours.

    The first letters must be equal: they are rarely mistyped, and differ between real words.
    """
    if word[:1] != known[:1] or abs(len(word) - len(known)) > 1 or word == known:
        return False
    return distance(word, known) == 1


def distance(word: str, known: str) -> int:
    """Return how many letters are missing, added, replaced or swapped with a neighbour."""
    before: list[int] = []
    row = list(range(len(known) + 1))
    for i, mine in enumerate(word, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(known, 1):
            cost = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (mine != other))
            if i > 1 and j > 1 and mine == known[j - 2] and word[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


@cache
def vocabulary(language: str) -> Vocabulary:
    """Return the vocabulary of a language."""
    tables = tomllib.loads(_read(f"{language}.toml"))
    phrases: dict[tuple[str, ...], str] = {}
    stems: dict[str, str] = {}
    for concept, listed in tables["concepts"].items():
        for phrase in _split(listed):
            if phrase.endswith("*"):
                stems[fold(phrase[:-1])] = concept
            else:
                phrases[words_of(phrase)] = concept
    times = {
        kind: {
            words_of(phrase): int(number)
            for number, listed in table.items()
            for phrase in _split(listed)
        }
        for kind, table in tables["times"].items()
    }
    topics = {
        words_of(phrase): topic
        for topic, listed in tables["topics"].items()
        for phrase in _split(listed)
    }
    longest = max(map(len, phrases))
    short = {
        fold(word): tuple(map(fold, full.split()))
        for full, listed in tables["short"].items()
        for word in _split(listed)
    }
    about = frozenset(map(fold, _split(tables["about"])))
    return Vocabulary(phrases, stems, topics, tables["hints"], times, longest, about, short)


@cache
def implied() -> Mapping[str, str]:
    """Return what a concept includes: ``which_models`` is ``models``, too."""
    found: dict[str, str] = tomllib.loads(_read("rules.toml"))["implies"]
    return found


@cache
def denied() -> Mapping[str, frozenset[str]]:
    """Return the intents that a question with some concept cannot have, by concept."""
    tables = tomllib.loads(_read("rules.toml"))
    return {concept: frozenset(listed.split()) for concept, listed in tables["denied"].items()}


@dataclass(frozen=True, slots=True)
class IntentRule:
    """What a question with some concepts asks for.

    Attributes:
        intent: What it asks for.
        needs: Groups of concepts; the question has at least one concept of each.
        allows: Further concepts that the question may have.
    """

    intent: str
    needs: tuple[frozenset[str], ...]
    allows: frozenset[str]


@cache
def rules() -> tuple[IntentRule, ...]:
    """Return the rules, which hold for all languages."""
    tables = tomllib.loads(_read("rules.toml"))
    groups = {name: listed.split() for name, listed in tables["groups"].items()}

    def expanded(text: str) -> frozenset[str]:
        names = text.replace("|", " ").split()
        return frozenset(concept for name in names for concept in groups.get(name, [name]))

    return tuple(
        IntentRule(intent, tuple(map(expanded, needs)), expanded(allows))
        for intent, needs, allows in (
            (table["intent"], table["needs"].split(), table.get("allows", ""))
            for table in tables["rules"]
        )
    )


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _split(listed: str) -> list[str]:
    return [phrase.strip() for phrase in listed.replace("\n", " ").split(",") if phrase.strip()]
