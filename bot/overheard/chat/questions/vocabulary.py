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
LIGHT = "light"
"""The concept of words such as "get", which may be in any question."""
MIN_SWAP_CHARS = 4
"""The fewest characters of a word in which swapped or doubled letters are mended."""
MIN_TYPO_CHARS = 6
"""The fewest characters of a word of which one letter may be missing or too many."""
MIN_REPLACED_CHARS = 8
"""The fewest characters of a word of which one letter may be another: shorter ones are often other
words ("messing" for "missing").
"""

_WORD = re.compile(r"[^\W_]+(?:[.&'\u2019][^\W_]+)*|#[^\W_][\w-]*")
_DOUBLE = re.compile(r"(.)\1")
_LIST = re.compile(r"\{(\w+)\}")
_CHOICE = re.compile(r"\(([^()]*)\)")
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "\u2019": "'"})
_STEMS = {"ca": "can", "wo": "will", "sha": "shall"}
"""What remains of a word before ``n't``, and the full word."""
MIN_STEM_CHARS = 4
"""The fewest characters of a beginning of a word that has a concept."""
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
        word = fold_word(typed)
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


def fold_word(word: str) -> str:
    """Return a word as words are compared: in lower case, with ``ae`` for ``ä`` and straight
    apostrophes.
    """
    return word.casefold().translate(_FOLDED)


@lru_cache(20_000)
def folded_words(text: str) -> tuple[str, ...]:
    """Return the words of a text as words are compared; the last 20,000 texts are kept."""
    return tuple(token.word for token in tokenize(text))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one language, all of them folded.

    Attributes:
        phrases: The concept of each phrase.
        stems: The concept of each beginning of a word.
        frames: The phrases with alternatives, such as "for (my|the) boss", as patterns with their
            concept; by each word that they may begin with.
        topics: The topic of answers that each phrase names, such as ``price``.
        hints: Questions to propose, by their kind.
        times: By kind of time, the number that each phrase means: 3 for ``march`` among ``months``.
        longest: The number of words of the longest phrase.
        about: The words in front of a topic of answers.
        interjections: Words without meaning at the beginning of a question, before a comma.
        opening: The first words of questions that are answered by yes or no.
        commanding: The verbs before the name of a model that is to do something.
        tracking: The verbs before the name of a brand that is to be watched.
        short: The full words of short spellings, such as ``whos`` or ``dont``.
        words: All words of phrases, frames, topics and times, without beginnings of words.
    """

    phrases: Mapping[tuple[str, ...], str]
    stems: Mapping[str, str]
    frames: Mapping[str, Sequence[tuple[re.Pattern[str], str]]]
    topics: Mapping[tuple[str, ...], str]
    hints: Mapping[str, str]
    times: Mapping[str, Mapping[tuple[str, ...], int]]
    longest: int
    about: frozenset[str]
    interjections: frozenset[str]
    opening: frozenset[str]
    commanding: frozenset[str]
    tracking: frozenset[str]
    short: Mapping[str, tuple[str, ...]]
    words: frozenset[str]

    @property
    def calendar(self) -> frozenset[tuple[str, ...]]:
        """The names of months and weekdays, as folded words."""
        return frozenset((*self.times["months"], *self.times["weekdays"]))

    def expanded(self, tokens: Sequence[Token]) -> list[Token]:
        """Return the words of a question with short spellings written out: ``whos`` is ``who`` and
        ``is``.

        The first of the full words keeps the text as typed; the text of the others is the word
        itself.
        """
        expanded: list[Token] = []
        for token in tokens:
            first, *others = self.short.get(token.word, (token.word,))
            expanded += [Token(token.text, first), *(Token(word, word) for word in others)]
        return expanded

    def without_interjection(self, text: str) -> str:
        """Return a text without one word such as "right," at its beginning, if anything follows."""
        first, _, rest = text.partition(",")
        is_interjection = first.strip().casefold() in self.interjections
        return rest if is_interjection and rest.strip() else text

    def concept(self, words: Sequence[str]) -> str | None:
        """Return the concept (the meaning, such as ``lose``) of a phrase; None when it is not
        known.

        A single word that is no known phrase has the concept of its longest known beginning, which
        has at least `MIN_STEM_CHARS` characters.

        Args:
            words: The folded words of the whole phrase.
        """
        known = self.phrases.get(tuple(words))
        if known is None and len(words) == 1:
            word = words[0]
            beginnings = (word[:size] for size in range(len(word), MIN_STEM_CHARS - 1, -1))
            known = next((self.stems[part] for part in beginnings if part in self.stems), None)
        return known

    def phrase(self, tokens: Sequence[Token], index: int) -> tuple[str, int]:
        """Return the concept of the longest phrase at an index, and its number of words.

        Phrases with alternatives (frames) count too; one wins over a plain phrase of the same
        length. ("", 1) without a known phrase, and for an index after the last word.

        Args:
            tokens: The words of the question.
            index: The index of the first word of the phrase.
        """
        words = [token.word for token in tokens[index:]]
        text = " ".join((*words, ""))  # each word with a space after it, as in a frame
        frames = self.frames.get(words[0], ()) if words else ()
        matches = [
            (match[0].count(" "), concept)
            for frame, concept in frames
            if (match := frame.match(text))
        ]
        frame_size, frame_concept = max(matches, default=(0, ""))
        for size in range(min(self.longest, len(words)), frame_size, -1):
            if (concept := self.concept(words[:size])) is not None:
                return concept, size
        return frame_concept, max(frame_size, 1)

    def index_after(self, concept: str, tokens: Sequence[Token], index: int) -> int:
        """Return the index after all phrases of a concept that begin at an index; the same index
        without any.
        """
        while index < len(tokens) and self.phrase(tokens, index)[0] == concept:
            index += self.phrase(tokens, index)[1]
        return index

    def knows(self, word: str) -> bool:
        """Return whether a folded word is in the vocabulary, or has a known beginning."""
        return word in self.words or self.concept([word]) is not None

    def respelled(self, word: str) -> str | None:
        """Return the known word that a misspelt word means; None when that is not certain.

        Only one mistake is corrected:

        - Swapped letters, or a letter that should be double or single, in words of `MIN_SWAP_CHARS`
          characters or more. If such a correction exists, the others are not tried.
        - A letter that is missing or too many, if the known word has `MIN_TYPO_CHARS` or more.
        - Another letter, if the known word has `MIN_REPLACED_CHARS` or more.

        The last two never give a word without a meaning of its own (`WEAK`, `LIGHT`), because the
        typed word may be the name of another brand. Ordinary words are no mistakes ("searched" for
        "searches"). If all possible corrections have one concept, the first in the alphabet is
        returned; otherwise None.
        """
        if len(word) < MIN_SWAP_CHARS or not word.isalpha() or is_common(word):
            return None
        similar = {known for known in self.words if is_one_mistake(word, known)}
        slips = {known for known in similar if is_slip(word, known)}
        candidates = slips or {
            known
            for known in similar
            if len(known) >= (MIN_REPLACED_CHARS if len(known) == len(word) else MIN_TYPO_CHARS)
            and self.concept([known]) not in {WEAK, LIGHT}
        }
        concepts = {self.concept([known]) or known for known in candidates}
        return min(candidates) if len(concepts) == 1 else None


def is_slip(word: str, known: str) -> bool:
    """Return whether two words have the same letters, or differ only in double letters.

    ``teh`` and ``the``, or ``anwser`` and ``answer``; ``sumary`` and ``summary``. True for equal
    words.
    """
    swapped = sorted(word) == sorted(known)
    return swapped or _DOUBLE.sub(r"\1", word) == _DOUBLE.sub(r"\1", known)


def is_one_mistake(word: str, known: str) -> bool:
    """Return whether two words differ in one letter, or in the order of two neighbours.

    False for equal words, and when the first letters differ: these are rarely mistyped, and differ
    between real words.
    """
    if word[:1] != known[:1] or abs(len(word) - len(known)) > 1 or word == known:
        return False
    return distance(word, known) == 1


def distance(word: str, known: str) -> int:
    """Return the number of mistakes between two words: a letter that is missing, added, replaced,
    or swapped with its neighbour (optimal string alignment).
    """
    from rapidfuzz.distance import OSA  # only a word that is not known needs it

    return OSA.distance(word, known)


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
    phrases, stems, frames = _concepts(tables["concepts"], tables.get("lists", {}))
    times = {
        kind: {phrase: int(number) for phrase, number in _meanings(table).items()}
        for kind, table in tables["times"].items()
    }
    topics = _meanings(tables["topics"])
    longest = max(map(len, phrases))
    short = {
        fold_word(word): tuple(map(fold_word, full.split()))
        for full, listed in tables["short"].items()
        for word in _split(listed)
    }

    def word_list(name: str) -> frozenset[str]:
        return frozenset(map(fold_word, _split(tables[name])))

    phrase_tables: Sequence[Mapping[tuple[str, ...], object]] = (phrases, topics, *times.values())
    words = {word for table in phrase_tables for phrase in table for word in phrase}
    patterns = {frame.pattern for listed in frames.values() for frame, _ in listed}
    words |= {word for pattern in patterns for word in folded_words(pattern)}
    return Vocabulary(
        phrases=phrases,
        stems=stems,
        frames=frames,
        topics=topics,
        hints=tables["hints"],
        times=times,
        longest=longest,
        about=word_list("about"),
        interjections=frozenset(_split(tables["interjections"])),
        opening=word_list("opening"),
        commanding=word_list("commanding"),
        tracking=word_list("tracking"),
        short=short,
        words=frozenset(words),
    )


def _concepts(
    listed_by_concept: Mapping[str, str], lists: Mapping[str, str]
) -> tuple[
    dict[tuple[str, ...], str], dict[str, str], dict[str, list[tuple[re.Pattern[str], str]]]
]:
    """Return the concepts of phrases, of beginnings of words, and of phrases with alternatives.

    A phrase with alternatives in brackets, "for (my|the) boss", is a frame; one that ends in ``*``
    is a beginning of words; any other is a plain phrase. ``{name}`` in a phrase stands for a list
    of alternatives.

    Args:
        listed_by_concept: For each concept its phrases, separated by commas.
        lists: For each name of a list its alternatives, separated by commas.

    Returns:
        `Vocabulary.phrases`, `Vocabulary.stems` and `Vocabulary.frames`.
    """
    phrases: dict[tuple[str, ...], str] = {}
    stems: dict[str, str] = {}
    frames: dict[str, list[tuple[re.Pattern[str], str]]] = {}
    alternatives = {name: "|".join(_split(listed)) for name, listed in lists.items()}
    for concept, listed in listed_by_concept.items():
        for phrase in _split(_LIST.sub(lambda name: alternatives[name[1]], listed)):
            if "(" in phrase:
                for word in _first_words(phrase):
                    frames.setdefault(word, []).append((_frame(phrase), concept))
            elif phrase.endswith("*"):
                stems[fold_word(phrase[:-1])] = concept
            else:
                phrases[folded_words(phrase)] = concept
    return phrases, stems, frames


def _meanings(table: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Return the meaning of each folded phrase; of several meanings of a phrase, the last.

    Args:
        table: For each meaning its phrases, separated by commas.
    """
    return {
        folded_words(phrase): meaning
        for meaning, listed in table.items()
        for phrase in _split(listed)
    }


@cache
def implied() -> Mapping[str, Sequence[str]]:
    """Return the further concepts that a concept includes, by concept: ``record`` includes
    ``configure``. Read once from ``rules.toml``.
    """
    tables = tomllib.loads(_read("rules.toml"))
    return {concept: listed.split() for concept, listed in tables["implies"].items()}


@cache
def denied() -> Mapping[str, frozenset[str]]:
    """Return the intents that a question with a certain concept cannot have, by concept. Read once
    from ``rules.toml``.
    """
    tables = tomllib.loads(_read("rules.toml"))
    return {concept: frozenset(listed.split()) for concept, listed in tables["denied"].items()}


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


@cache
def rules() -> tuple[IntentRule, ...]:
    """Return the rules that map the concepts of a question to its intent, in the order of
    ``rules.toml``.

    They hold for all languages and are read once. In the file, the name of a group stands for its
    concepts, and ``|`` separates the alternatives of a need.
    """
    tables = tomllib.loads(_read("rules.toml"))
    groups = {name: listed.split() for name, listed in tables["groups"].items()}

    def concepts_in(text: str) -> frozenset[str]:
        names = text.replace("|", " ").split()
        return frozenset(concept for name in names for concept in groups.get(name, [name]))

    return tuple(
        IntentRule(
            intent=table["intent"],
            needs=tuple(map(concepts_in, table["needs"].split())),
            allows=concepts_in(table.get("allows", "")),
        )
        for table in tables["rules"]
    )


def _read(name: str) -> str:
    """Return the text of a file of this package, such as ``en.toml``."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _split(listed: str) -> list[str]:
    """Return the phrases of a list with commas, without those that are empty."""
    return [phrase.strip() for phrase in listed.replace("\n", " ").split(",") if phrase.strip()]


@cache
def _frame(phrase: str) -> re.Pattern[str]:
    """Return the pattern of a phrase with alternatives: "(my|) boss" is "my boss" and "boss".

    It matches at the beginning of folded words with a space after each; the longest alternative
    counts.
    """
    parts = []
    for part in _CHOICE.split(phrase):
        choices = [" ".join((*folded_words(choice), "")) for choice in part.split("|")]
        choices.sort(key=len, reverse=True)
        parts.append(f"(?:{'|'.join(choices)})".replace("(?: )", "(?:)"))
    return re.compile("".join(parts))


def _first_words(phrase: str) -> set[str]:
    """Return the folded words that a phrase with alternatives may begin with.

    "(my|) boss" may begin with ``my`` and with ``boss``.
    """
    first_words: set[str] = set()
    for part in _CHOICE.split(phrase):
        choices = [folded_words(choice) for choice in part.split("|")]
        first_words |= {words[0] for words in choices if words}
        may_be_empty = not all(choices)
        if not may_be_empty:
            break
    return first_words
