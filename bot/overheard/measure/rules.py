"""What people say of a brand's names: when a spelling counts, and what is part of what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from overheard.domain import Brand, Rule
from overheard.measure.folding import fold

Span = tuple[int, int]

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


def allows(rule: Rule, body: str, place: Span, sentence: Span, language: str) -> bool:
    """Whether a rule lets a spelling count at a place.

    Args:
        rule: The rule.
        body: The text.
        place: Where the spelling stands.
        sentence: The sentence around it.
        language: That of the question, or an empty string.
    """
    if rule.exact_case and body[slice(*place)] != rule.spelling:
        return False
    if rule.languages and language and language not in rule.languages:
        return False
    if not (rule.near or rule.not_near):
        return True
    around = _folded(body[slice(*sentence)])
    near = not rule.near or _any_of(rule.near, around)
    return near and not _any_of(rule.not_near, around)


def wholes(brands: Sequence[Brand]) -> dict[str, tuple[str, ...]]:
    """Return for each brand those that it is a part of, the nearest first."""
    parents = {brand.name: brand.parent for brand in brands}
    return {name: tuple(_above(name, parents)) for name in parents}


def _above(name: str, parents: dict[str, str]) -> Iterable[str]:
    chain: dict[str, None] = {}
    above = parents[name]
    while above in parents and above not in chain and above != name:  # a circle ends
        chain[above] = None
        above = parents[above]
    return chain


def _any_of(words: Iterable[str], around: str) -> bool:
    return any(_folded(word) in around for word in words)


def _folded(text: str) -> str:
    return f" {fold(' '.join(_WORD.findall(text))).text} "
