"""False claims grouped over many answers, with the models that make them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from overheard.domain import Model
from overheard.reading.text import fold

_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_MIN_SIMILARITY = 85.0
"""Similarity, 0 to 100, from which two wordings count as the same claim."""


@dataclass(frozen=True, slots=True)
class FalseClaim:
    """A false or outdated claim in one answer.

    Attributes:
        answer_id: The store's number of the answer.
        model: The model that made the claim.
        field: The field of the fact that the claim contradicts.
        verdict: ``wrong`` or ``stale``.
        stated: The claimed value, in the words of the answer.
        quote: The sentence of the answer.
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
class ClaimCluster:
    """The same claim in one or more answers."""

    claims: tuple[FalseClaim, ...]

    @property
    def first(self) -> FalseClaim:
        """The first claim, which represents the cluster."""
        return self.claims[0]

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that make the claim, sorted."""
        return tuple(sorted({claim.model for claim in self.claims}))

    @property
    def answers(self) -> int:
        """The number of answers with the claim."""
        return len({claim.answer_id for claim in self.claims})

    @property
    def sources(self) -> tuple[tuple[str, int], ...]:
        """The domains that these answers cite, with the number of answers, most frequent first."""
        cited = {(claim.answer_id, source) for claim in self.claims for source in claim.sources}
        counts = Counter(source for _, source in sorted(cited))
        return tuple(counts.most_common())


def cluster_claims(claims: Iterable[FalseClaim]) -> list[ClaimCluster]:
    """Group claims that state the same about the same fact; clusters of most models first.

    Two wordings are the same claim when they contain the same numbers and are similar otherwise
    (`_MIN_SIMILARITY`). Claims that two scorers find in the same sentence count once.
    """
    groups: list[list[FalseClaim]] = []
    for claim in _once(claims):
        group = next((g for g in groups if _same(g[0], claim)), None)
        if group is None:
            groups.append([claim])
        else:
            group.append(claim)
    clusters = [ClaimCluster(tuple(group)) for group in groups]
    return sorted(clusters, key=lambda cluster: (-len(cluster.models), -cluster.answers))


def _once(claims: Iterable[FalseClaim]) -> Iterator[FalseClaim]:
    """Yield claims; of overlapping quotes in one answer, only the claim with the shortest quote."""
    groups: dict[tuple[object, ...], list[FalseClaim]] = {}
    for claim in claims:
        numbers = frozenset(_numbers(_words(claim)))
        similar = groups.setdefault((claim.answer_id, claim.field, claim.verdict, numbers), [])
        twin = next((n for n, other in enumerate(similar) if _overlap(claim, other)), None)
        if twin is None:
            similar.append(claim)
        elif len(claim.stated) < len(similar[twin].stated):
            similar[twin] = claim
    yield from chain.from_iterable(groups.values())


def _overlap(one: FalseClaim, other: FalseClaim) -> bool:
    first, second = (" ".join(each.quote.split()) for each in (one, other))
    return first != "" and second != "" and (first in second or second in first)


def _same(claim: FalseClaim, other: FalseClaim) -> bool:
    """Return whether two claims have the same fact, verdict and numbers, and a similar wording."""
    if (claim.field, claim.verdict) != (other.field, other.verdict):
        return False
    first, second = _words(claim), _words(other)
    if _numbers(first) != _numbers(second):
        return False
    from rapidfuzz import fuzz  # only this needs it

    return fuzz.token_sort_ratio(" ".join(first), " ".join(second)) >= _MIN_SIMILARITY


def _words(claim: FalseClaim) -> list[str]:
    return _WORD.findall(fold(claim.stated or claim.quote).text)


def _numbers(words: Iterable[str]) -> set[str]:
    return {word.replace(",", "") for word in words if any(map(str.isdigit, word))}
