"""The words of questions: their concepts by language, read from the TOML files of this package."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain, product
from types import MappingProxyType

LANGUAGES = ("en", "de")
"""The languages, in the order in which a question is tried."""
WEAK = "weak"
"""The concept of words that carry no meaning of their own in a question."""
LIGHT = "light"
"""The concept of words such as "get", which may be in any question."""
_WORD = re.compile(r"[^\W_]+(?:[.&'\u2019][^\W_]+)*|#[^\W_][\w-]*")
_LIST = re.compile(r"\{(\w+)\}")
_CHOICE = re.compile(r"\(([^()]*)\)")
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "\u2019": "'"})
_STEMS = {"ca": "can", "wo": "will", "sha": "shall"}
"""What remains of a word before ``n't``, and the full word."""
_WITH_IS = frozenset({"that", "it"})
"""Words whose ending 's is "is", and not a possession."""
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
    """Return the words of a text in order; punctuation is left out.

    Contractions become two words: ``don't`` is ``do`` and ``not``, ``that's`` is ``that`` and
    ``is``. Other endings are dropped: ``Acme's`` and ``we've`` are ``acme`` and ``we``. A word with
    ``#``, a domain or a number with a point is one word.
    """
    tokens: list[Token] = []
    for match in _WORD.finditer(text):
        typed = match[0]
        word = typed.casefold().translate(_FOLDED)
        for ending, full in _CONTRACTED.items():
            if word.endswith(ending) and len(word) > len(ending):
                stem = word.removesuffix(ending)
                second = "is" if ending == "'s" and stem in _WITH_IS else full
                first = _STEMS.get(stem, stem) if second else stem
                tokens.append(Token(typed[: len(first)], first))
                tokens += [Token(second, second)] if second else []
                break
        else:
            tokens.append(Token(typed, word))
    return tokens


@lru_cache(20_000)
def folded_words(text: str) -> tuple[str, ...]:
    """Return the words of a text as words are compared; the last 20,000 texts are kept."""
    return tuple(token.word for token in tokenize(text))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one language, all of them folded.

    Attributes:
        phrases: The concept of each phrase.
        topics: The topic of answers that each phrase names, such as ``price``.
        times: By kind of time, the number that each phrase means: 3 for ``march`` among ``months``.
        longest: The number of words of the longest phrase.
    """

    phrases: Mapping[tuple[str, ...], str]
    topics: Mapping[tuple[str, ...], str]
    times: Mapping[str, Mapping[tuple[str, ...], int]]
    longest: int

    def phrase(self, tokens: Sequence[Token], index: int) -> tuple[str, int]:
        """Return the concept of the longest phrase at an index, and its number of words; ("", 1)
        without a known phrase.
        """
        words = tuple(token.word for token in tokens[index : index + self.longest])
        for size in range(len(words), 0, -1):
            if concept := self.phrases.get(words[:size]):
                return concept, size
        return "", 1


@cache
def vocabulary(language: str) -> Vocabulary:
    """Return the vocabulary of a language, read once from its TOML file in this package.

    In the file, a table gives for each meaning its phrases, separated by commas. All words are
    folded. If a phrase is listed twice in a table, the later meaning counts.

    Args:
        language: ``en`` or ``de``.

    Raises:
        FileNotFoundError: when there is no such file.
    """
    tables = tomllib.loads(_read(f"{language}.toml"))
    lists = {name: "|".join(_split(listed)) for name, listed in tables.get("lists", {}).items()}
    phrases = _meanings(tables["concepts"], lists)
    times = {
        kind: {phrase: int(number) for phrase, number in _meanings(table).items()}
        for kind, table in tables["times"].items()
    }
    topics = _meanings(tables["topics"])
    return Vocabulary(phrases, topics, times, max(map(len, phrases)))


def _meanings(
    table: Mapping[str, str], lists: Mapping[str, str] = MappingProxyType({})
) -> dict[tuple[str, ...], str]:
    """Return the meaning of each folded phrase; of several meanings of a phrase, the last.

    A phrase may have alternatives: "for (my|the) boss"; ``{name}`` stands for those of a list.
    """
    meanings: dict[tuple[str, ...], str] = {}
    for meaning, listed in table.items():
        for phrase in _split(_LIST.sub(lambda name: lists[name[1]], listed)):
            parts = [map(folded_words, part.split("|")) for part in _CHOICE.split(phrase)]
            meanings |= {tuple(chain.from_iterable(words)): meaning for words in product(*parts)}
    return meanings


@dataclass(frozen=True, slots=True)
class IntentRule:
    """A rule: a question with some concepts has an intent.

    Attributes:
        intent: The name of the intent.
        needs: Groups of concepts; the question has at least one concept of each.
        allows: Further concepts that the question may have.
    """

    intent: str
    needs: tuple[frozenset[str], ...]
    allows: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that map the concepts of a question to its intent.

    Attributes:
        always: The concepts that any question may have.
        denied: The intents that a question with a certain concept cannot have, by concept.
        commands: The command of each intent, as typed words, where nothing else decides.
        of_alert: That of an intent in an alert's thread, with ``{}`` for the alert's number.
        metrics: The metric of each concept; of several in a question, the first counts.
    """

    rules: tuple[IntentRule, ...]
    always: frozenset[str]
    denied: Mapping[str, frozenset[str]]
    commands: Mapping[str, str]
    of_alert: Mapping[str, str]
    metrics: Mapping[str, str]


@cache
def rules() -> Rules:
    """Return the rules of ``rules.toml``, which hold for all languages; they are read once.

    In the file, the name of a group stands for its concepts, and ``|`` separates the alternatives
    of a need.
    """
    tables = tomllib.loads(_read("rules.toml"))
    groups = {name: listed.split() for name, listed in tables["groups"].items()}

    def concepts_in(text: str) -> frozenset[str]:
        names = text.replace("|", " ").split()
        return frozenset(concept for name in names for concept in groups.get(name, [name]))

    return Rules(
        tuple(
            IntentRule(intent, tuple(map(concepts_in, needs.split())), concepts_in(allows))
            for intent, needs, allows in tables["rules"]
        ),
        frozenset(tables["always"].split()),
        {concept: frozenset(listed.split()) for concept, listed in tables["denied"].items()},
        tables["commands"],
        tables["of_alert"],
        tables["metrics"],
    )


def _read(name: str) -> str:
    """Return the text of a file of this package, such as ``en.toml``."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _split(listed: str) -> list[str]:
    """Return the phrases of a list with commas, without those that are empty."""
    return [phrase.strip() for phrase in listed.replace("\n", " ").split(",") if phrase.strip()]
