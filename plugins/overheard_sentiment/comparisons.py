"""Comparisons that a list holds, and advice: what is said right before and behind a brand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from overheard_sentiment.stems import stem

_ADVICE = frozenset(
    {"try", "get", "buy", "pick", "choose", "consider", "use", "take", "grab", "order", "book"}
    | {"look at", "check out", "go with", "go for", "opt for", "start with", "stick with", "see"}
    | {"reach for", "switch to", "turn to", "head to", "lean towards", "stay with", "go to"}
)
"""What advises the reader to take what is named next, where it begins a clause."""
_PARTICLES = frozenset({"at", "out", "with", "for", "to", "towards"})
_OPENING = frozenset(".,;:!|\u2013\u2014)") | {
    *("and", "or", "then", "please", "just", "so", "should", "i'd", "we'd", "would", "definitely"),
    *("simply", "can", "usually", "either", "also", "instead", "could", "'d", "but"),
}


def advice(texts: Sequence[str], at: int) -> int | None:
    """Return where an advice begins that ends at this word, such as "try" or "look at"."""
    verb = at - 1 if texts[at] in _PARTICLES else at
    if verb < 0 or " ".join(texts[verb : at + 1]) not in _ADVICE:
        return None
    return verb if not verb or texts[verb - 1] in _OPENING else None


def listed(before: Sequence[str], after: Sequence[str]) -> tuple[int, float] | None:
    """Return how many words long the comparison is that ends here, and what it says of the other.

    Args:
        before: The stems before the brand that is compared with.
        after: The stems behind it.
    """
    for head, tail, said in _patterns().get(before[-1], ()):
        if tuple(before[-len(head) :]) == head and tuple(after[: len(tail)]) == tail:
            return len(head), said
    return None


@cache
def _patterns() -> dict[str, list[tuple[tuple[str, ...], tuple[str, ...], float]]]:
    """Return what stands before and behind the brand, by the last word before it."""
    found: dict[str, list[tuple[tuple[str, ...], tuple[str, ...], float]]] = {}
    for head, tail, said in sorted(_lines(), key=lambda each: -len(each[0]) - len(each[1])):
        found.setdefault(head[-1], []).append((head, tail, said))
    return found


def _lines() -> Iterator[tuple[tuple[str, ...], tuple[str, ...], float]]:
    text = files("overheard_sentiment").joinpath("comparisons.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            said, _, phrases = line.partition(" ")
            for each in phrases.split("|"):
                head, _, tail = each.partition("_")
                yield tuple(map(stem, head.split())), tuple(map(stem, tail.split())), float(said)
