"""What a checker is given, and what it says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a statement fares against a fact."""

    CORRECT = "correct"
    WRONG = "wrong"
    STALE = "stale"
    """It was true once."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, or a part of one, that is about a brand alone.

    Attributes:
        text: The words.
        start: Offset at which the brand is named in them, or 0 where it is only pointed to.
        end: Offset behind the name, or behind the word that points to it.
    """

    text: str
    start: int = 0
    end: int = 0


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


@dataclass(frozen=True, slots=True)
class Claim:
    """What a statement claims of a fact.

    Attributes:
        verdict: How it fares.
        stated: The value, as it is written.
    """

    verdict: Verdict
    stated: str


Checker = Callable[[Statement, Truth], Claim | None]
"""Reads a statement for one fact; None where the statement does not state it, or where nobody can
be sure: a false accusation costs more than a miss."""

NAME = r"(?:[A-Z\u00c0-\u00de][\w'\u2019.-]*)"
"""A pattern: a word with a capital, as names have."""
_SPACE = re.compile(r"[\W_]+")


def verdict(right: bool, was_right: bool) -> Verdict:
    """Return how a value fares that is right, was right once, or neither."""
    if right:
        return Verdict.CORRECT
    return Verdict.STALE if was_right else Verdict.WRONG


def plain(text: str) -> str:
    """Return a text in lower case, without accents and punctuation, words divided by one space."""
    bare = unicodedata.normalize("NFD", text.casefold())
    letters = "".join(char for char in bare if not unicodedata.combining(char))
    return _SPACE.sub(" ", letters).strip()


def contains(text: str, words: str) -> bool:
    """Whether a text holds these words as whole words, whatever their case and punctuation."""
    return f" {plain(words)} " in f" {plain(text)} "


def listed(value: str) -> tuple[str, ...]:
    """Return the items of a value that lists several, divided by semicolons, or else commas."""
    divider = ";" if ";" in value else ","
    return tuple(item.strip() for item in value.split(divider) if item.strip())
