"""False claims over many answers: which ones come back, and who makes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from overheard.domain import Model
from overheard.reading.text import fold

_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_LIKE = 85.0
"""Similarity, 0 to 100, from which two wordings are taken for the same claim."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A claim that one answer makes.

    Attributes:
        answer_id: The answer.
        model: Who made it.
        field: The fact that it is about.
        verdict: ``wrong`` or ``stale``.
        stated: What it states.
        quote: The sentence.
        sources: Domains that the answer cites.
    """

    answer_id: int
    model: Model
    field: str
    verdict: str
    stated: str
    quote: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """The same claim in several answers; never empty."""

    heard: tuple[Heard, ...]

    @property
    def first(self) -> Heard:
        """The one that stands for all."""
        return self.heard[0]

    @property
    def models(self) -> tuple[Model, ...]:
        """Who makes it."""
        return tuple(sorted({one.model for one in self.heard}))

    @property
    def answers(self) -> int:
        """In how many answers it stands."""
        return len({one.answer_id for one in self.heard})

    @property
    def sources(self) -> tuple[tuple[str, int], ...]:
        """The domains cited beside it, with the number of answers, the most frequent first."""
        cited = {(one.answer_id, source) for one in self.heard for source in one.sources}
        counts = Counter(source for _, source in sorted(cited))
        return tuple(counts.most_common())


def clusters(heard: Iterable[Heard]) -> list[Cluster]:
    """Return claims that say the same of the same fact together, those of most models first.

    Two wordings are the same claim when they hold the same numbers and are alike otherwise. What
    two scorers read in one sentence of an answer, in whatever words, is one.
    """
    groups: list[list[Heard]] = []
    for one in _once(heard):
        group = next((g for g in groups if _same(g[0], one)), None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    found = [Cluster(tuple(group)) for group in groups]
    return sorted(found, key=lambda cluster: (-len(cluster.models), -cluster.answers))


def _once(heard: Iterable[Heard]) -> Iterator[Heard]:
    """Yield claims without those that an answer's same sentence makes in more words."""
    sentences: dict[tuple[object, ...], list[Heard]] = {}
    for one in heard:
        numbers = frozenset(_numbers(_words(one)))
        mine = sentences.setdefault((one.answer_id, one.field, one.verdict, numbers), [])
        twin = next((n for n, other in enumerate(mine) if _overlap(one, other)), None)
        if twin is None:
            mine.append(one)
        elif len(one.stated) < len(mine[twin].stated):
            mine[twin] = one
    yield from chain.from_iterable(sentences.values())


def _overlap(one: Heard, other: Heard) -> bool:
    first, second = (" ".join(each.quote.split()) for each in (one, other))
    return first != "" and second != "" and (first in second or second in first)


def _same(one: Heard, other: Heard) -> bool:
    if (one.field, one.verdict) != (other.field, other.verdict):
        return False
    first, second = _words(one), _words(other)
    if _numbers(first) != _numbers(second):
        return False
    from rapidfuzz import fuzz  # only this needs it

    return fuzz.token_sort_ratio(" ".join(first), " ".join(second)) >= _LIKE


def _words(heard: Heard) -> list[str]:
    return _WORD.findall(fold(heard.stated or heard.quote).text)


def _numbers(words: Iterable[str]) -> set[str]:
    return {word.replace(",", "") for word in words if any(map(str.isdigit, word))}
