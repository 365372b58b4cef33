"""Several words that judge together, such as "hard to beat", in all their inflections."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from overheard_sentiment.stems import stem

_ANY = "*"
"""Stands for up to two words: "leave * to be desired"."""
_GAP = 2
_MARKS = frozenset(".,;:!?|()\u2013\u2014")


def phrase(stems: Sequence[str], at: int) -> tuple[int, float]:
    """Return how many words the longest phrase has that begins here, and its valence.

    Args:
        stems: The words of a sentence, see `stem`.
        at: Index of the first word.

    Returns:
        Zero and zero where none begins.
    """
    for wanted, value in phrases().get(stems[at], ()):
        if length := _match(stems, at, wanted):
            return length, value
    return 0, 0.0


def _match(stems: Sequence[str], at: int, wanted: Sequence[str]) -> int:
    """Return over how many words a phrase stretches here; 0 where it does not stand."""
    end = at
    for place, word in enumerate(wanted):
        if word == _ANY:
            return _over_gap(stems, at, end, wanted[place + 1 :])
        if end >= len(stems) or stems[end] != word:
            return 0
        end += 1
    return end - at


def _over_gap(stems: Sequence[str], at: int, end: int, rest: Sequence[str]) -> int:
    for skipped in range(_GAP + 1):
        if length := _match(stems, end + skipped, rest):
            return end + skipped + length - at
        if end + skipped >= len(stems) or stems[end + skipped] in _MARKS:
            break
    return 0


@cache
def phrases() -> dict[str, tuple[tuple[tuple[str, ...], float], ...]]:
    """Return the phrases by their first word, the longest first."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    text = files("overheard_sentiment").joinpath("phrases.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            value, _, listed = line.partition(" ")
            for each in listed.split("|"):
                wanted = tuple(map(stem, each.split()))
                found.setdefault(wanted[0], {})[wanted] = float(value)
    return {
        first: tuple(sorted(group.items(), key=lambda pair: -len(pair[0])))
        for first, group in found.items()
    }
