"""Several words that judge together, such as "hard to beat"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files


def phrase(texts: Sequence[str], at: int) -> tuple[int, float]:
    """Return how many words the longest phrase has that begins here, and its valence.

    Args:
        texts: The words of a sentence, in lower case.
        at: Index of the first word.

    Returns:
        Zero and zero where none begins.
    """
    for wanted, value in phrases().get(texts[at], ()):
        if tuple(texts[at : at + len(wanted)]) == wanted:
            return len(wanted), value
    return 0, 0.0


@cache
def phrases() -> dict[str, tuple[tuple[tuple[str, ...], float], ...]]:
    """Return the phrases by their first word, the longest first."""
    found: dict[str, list[tuple[tuple[str, ...], float]]] = {}
    text = files("overheard_sentiment").joinpath("phrases.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            value, _, listed = line.partition(" ")
            for each in listed.split("|"):
                wanted = tuple(each.split())
                found.setdefault(wanted[0], []).append((wanted, float(value)))
    return {
        first: tuple(sorted(group, key=lambda pair: -len(pair[0])))
        for first, group in found.items()
    }
