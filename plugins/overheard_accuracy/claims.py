"""Statements and claims about a brand, and which statements count."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from overheard_accuracy.words import FACTS


class Verdict(StrEnum):
    """The verdict on a claim about a fact."""

    CORRECT = "correct"
    WRONG = "wrong"
    STALE = "stale"
    """The value was true once."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, or a part of one, that is about a brand alone.

    Attributes:
        text: The words.
        start: Offset of the brand's name in the text; 0 for a pronoun.
        end: Offset after the name, or after the pronoun; 0 without both.
        inherited: Whether the words themselves do not name the brand.
    """

    text: str
    start: int = 0
    end: int = 0
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """A fact as a checker reads it.

    Attributes:
        value: What is true.
        previous: What was true once.
        qualifier: What the fact is limited to, such as a plan's name, or an empty string.
    """

    value: str
    previous: tuple[str, ...] = ()
    qualifier: str = ""


class Stated(NamedTuple):
    """What a statement says of a fact: the words of the answer, and the value that they mean."""

    words: str
    value: Any


class FactClaim(NamedTuple):
    """The verdict on what a statement says of a fact, and the value as the answer writes it."""

    verdict: Verdict
    stated: str


NAME = FACTS.pattern("name")
"""A pattern: a word with a capital, as names have."""
_SPACE = re.compile(r"[\W_]+")


def normalized(text: str) -> str:
    """Return a text in lower case, without accents and punctuation, words divided by one space:
    "  C.E.O. of Köln" gives "c e o of koln".
    """
    decomposed = unicodedata.normalize("NFD", text.casefold())
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _SPACE.sub(" ", letters).strip()


def contains(text: str, words: str) -> bool:
    """Return whether a text has the given words next to each other, as whole words. Case, accents
    and punctuation are ignored. True for empty `words`.
    """
    return f" {normalized(words)} " in f" {normalized(text)} "


def find_words(text: str, words: str) -> Iterator[re.Match[str]]:
    """Yield the matches of words next to each other in a text. Case, and spaces and punctuation
    between the words, are ignored: "SOC 2" is in "soc-2".
    """
    pattern = r"[\W_]*".join(map(re.escape, normalized(words).split()))
    return re.finditer(rf"\b{pattern}\b", text, re.IGNORECASE)


def listed_values(value: str) -> tuple[str, ...]:
    """Return the items of a value: divided at semicolons, or at commas if there is no semicolon.

    ``"SOC 2; ISO 27001"`` gives ``("SOC 2", "ISO 27001")``. Empty items are left out.
    """
    divider = ";" if ";" in value else ","
    return tuple(item.strip() for item in value.split(divider) if item.strip())


_UNMEANT = FACTS.compiled("unmeant")
_HISTORIC = FACTS.compiled("historic", r"\b{}\b")
_YOU = re.compile(
    r"\byou(?:['\u2019]ll| will| would| can| could| may| might)\b|\b(?:will|would) (?=(?:set|run"
    r"|cost) you\b)",
    re.IGNORECASE,
)
"""Not about the future: what readers will find or pay is true now."""
_OTHERS = FACTS.compiled(
    "others",
    r"(?:['\u2019]s?)?\s+(?:(?:main|biggest|chief|closest|new|largest|top|key|long-time)\s+)?{}\b",
)
_THING_OF = FACTS.compiled("things of", r"\b{}s? (?:of|to|from) (?:the )?\Z")
_RELATIVE = re.compile(
    r"\b(?:with|of|to|for|from|than|like|by|at|as)\b[^,]*\b(?:that|which|who|whose)\b",
    re.IGNORECASE,
)
"""Between the brand and a cue: the cue belongs to what is named last."""
_ASIDE = re.compile(
    r"\([^()]*\)"
    r"|\b(?i:in|near|from|outside|aus|bei|\u00e0|en)(?: (?:the|[A-Z\u00c0-\u00de][\w'\u2019.-]*))+"
)
"""Text in brackets, and a place or a person after a preposition: neither is a new subject."""
_NAMED_ASIDE = re.compile(r"\b(?P<name>[A-Z][\w&.-]+) \([^()]*\Z")
"""Before words in brackets behind a name."""
_CAPITAL = re.compile(r"\b[A-Z][\w&.-]+")
_SUBJECT = re.compile(
    r"(?:(?<!^)|\b(?=\S+(?:['\u2019]s|,|\s+(?:\(|(?:is|was|has)\b))))\b[A-Z][\w&.-]+"
)
"""A name; the first word of a text only if it is followed as a subject is: "Bolt, founded"."""
_NEW_CLAUSE = re.compile(r"[;:,\u2014]|\b(?:and|but|when|while|whereas)\b")
_HARMLESS = FACTS.compiled("harmless", r"{}\.?", any_case=False)


def unmeant(statement: Statement) -> bool:
    """Return whether a statement asks ("...?"), doubts ("not sure"), supposes ("imagine") or calls
    something false ("it is a myth"), rather than states it.
    """
    return _UNMEANT.search(statement.text) is not None


def historic(text: str) -> bool:
    """Return whether words are about the past or the future ("formerly", "plans to"), for which
    another value may be right. "You would pay" is about the present.
    """
    return _HISTORIC.search(_YOU.sub("", text)) is not None


def of_another(statement: Statement, cue: re.Match[str]) -> bool:
    """Return whether words about a fact have another subject than the brand.

    - "Bolt (founded in 2009)": true for words in brackets behind another name.
    - "Version 2 of Acme", "a rival of Acme": true.
    - "Acme's competitor was founded": true if the words are behind such an introduction of a
      rival, founder, owner or customer, false if they are before it.
    - If the words are before the brand, in another clause: true if that clause names another
      before them, "Bolt, which was bought by Globex, is larger; Acme".
    - Otherwise true if between the brand and the words there is another capitalised name, or a
      relative clause behind a preposition ("for teams that"). Words in brackets, places ("in
      Berlin"), and names such as "Inc" or "Pro" do not count.

    Args:
        statement: The statement, with the offsets of the brand's name.
        cue: The match of words about a fact, such as "founded", in the statement's text.
    """
    brand = statement.text[statement.start : statement.end]
    aside = _NAMED_ASIDE.search(statement.text, 0, cue.end())
    if aside and not (contains(brand, aside["name"]) or _HARMLESS.fullmatch(aside["name"])):
        return True
    if _THING_OF.search(statement.text[: statement.start]):
        return True
    introduced = _OTHERS.match(statement.text, statement.end) if statement.end else None
    if introduced:
        return introduced.end() <= cue.start()
    if _NEW_CLAUSE.search(statement.text, cue.end(), max(cue.end(), statement.start)):
        names = _SUBJECT.finditer(_ASIDE.sub("", statement.text[: cue.start()]))
    else:
        between = _ASIDE.sub("", statement.text[statement.end : max(statement.end, cue.start())])
        if _RELATIVE.search(between):
            return True
        names = _CAPITAL.finditer(between)
    return any(not _HARMLESS.fullmatch(name.group()) for name in names)


def clause(text: str, start: int, end: int) -> str:
    """Return the clause of a sentence that contains the characters from offset `start` to before
    `end`.

    Commas, semicolons, colons, dashes, "but", "although" and "though" divide clauses and are not
    part of them.
    """
    edges = [edge.span() for edge in re.finditer(r"[,;:\u2014]|\b(?:but|although|though)\b", text)]
    clause_start = max((edge_end for _, edge_end in edges if edge_end <= start), default=0)
    clause_end = min(
        (edge_start for edge_start, _ in edges if edge_start >= end), default=len(text)
    )
    return text[clause_start:clause_end]
