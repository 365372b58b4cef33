"""Several words that judge together, such as "hard to beat", in all their inflections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from overheard_sentiment.stems import stem

_ANY = "*"
"""Stands for up to two words: "leave * to be desired"."""
_GAP = 2
_Phrases = tuple[tuple[tuple[str, ...], float], ...]
_MARKS = frozenset(".,;:!?|()\u2013\u2014")


def phrase(stems: Sequence[str], at: int) -> tuple[int, float]:
    """Return how many words the longest phrase has that begins here, and its valence.

    Args:
        stems: The words of a sentence, see `stem`.
        at: Index of the first word.

    Returns:
        Zero and zero where none begins.
    """
    beginning = phrases().get(stems[at])
    if beginning is None:
        return 0, 0.0
    second = stems[at + 1] if at + 1 < len(stems) else ""
    for wanted, value in beginning.get(second, beginning[""]):
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
def phrases() -> dict[str, dict[str, _Phrases]]:
    """Return the phrases by their first word and their second, the longest first.

    Those whose second word may be any, or that have none, stand under each second word, and alone
    under an empty one.
    """
    found: dict[str, dict[tuple[str, ...], float]] = {}
    text = files("overheard_sentiment").joinpath("phrases.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            value, _, listed = line.partition(" ")
            for each in listed.split("|"):
                wanted = tuple(map(stem, each.split()))
                found.setdefault(wanted[0], {})[wanted] = float(value)
    return {first: _by_second(group) for first, group in found.items()}


def _by_second(group: Mapping[tuple[str, ...], float]) -> dict[str, _Phrases]:
    longest = sorted(group.items(), key=lambda pair: -len(pair[0]))
    seconds = {_second(wanted) for wanted in group} | {""}
    return {
        second: tuple(pair for pair in longest if _second(pair[0]) in {second, ""})
        for second in seconds
    }


def _second(wanted: Sequence[str]) -> str:
    """Return a phrase's second word; nothing where it has none, or where it may be any."""
    return wanted[1] if len(wanted) > 1 and wanted[1] != _ANY else ""
