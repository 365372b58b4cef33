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
_ZEROS = re.compile(r"[.,]00?\Z")
_MAX_ABBREVIATION = 3
"""Letters of a state or country that is abbreviated: "TX", "USA"."""
_MIN_SIMILARITY = 85.0
"""Similarity, 0 to 100, from which two wordings count as the same claim."""


@dataclass(frozen=True, slots=True)
class FalseClaim:
    """A false, outdated or grave statement in one answer.

    Attributes:
        answer_id: The store's number of the answer.
        model: The model that made the claim.
        field: The field of the fact that the claim contradicts.
        verdict: ``wrong``, ``stale`` or ``grave``.
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

    Which wordings are the same claim is decided by `states_the_same`. Claims that two
    scorers find in the same sentence count once.
    """
    groups: list[list[FalseClaim]] = []
    for claim in _distinct_claims(claims):
        group = next((g for g in groups if states_the_same(g[0], claim)), None)
        if group is None:
            groups.append([claim])
        else:
            group.append(claim)
    clusters = [ClaimCluster(tuple(group)) for group in groups]
    return sorted(clusters, key=lambda cluster: (-len(cluster.models), -cluster.answers))


def states_the_same(claim: FalseClaim, other: FalseClaim) -> bool:
    """Return whether two claims state the same about the same fact.

    Stated values with numbers are the same when the numbers of one are among the numbers of the
    other ("$49", "$49 a month or $588 a year"); other values when the words of one are among the
    words of the other ("Austin", "Austin, Texas"), when they differ by an abbreviation behind a
    comma ("Austin, TX"), or when they are similar (`_MIN_SIMILARITY`).
    """
    if (claim.field, claim.verdict) != (other.field, other.verdict):
        return False
    first, second = _words(claim), _words(other)
    stated = bool(claim.stated and other.stated)
    numbers = _numbers(first), _numbers(second)
    if any(numbers):
        alike = _is_subset_of_either(*numbers) if stated else numbers[0] == numbers[1]
        if stated or not alike:
            return alike
    if stated and (
        _is_subset_of_either(set(first), set(second)) or _abbreviates(claim.stated, other.stated)
    ):
        return True
    from rapidfuzz import fuzz  # only this needs it

    return fuzz.token_sort_ratio(" ".join(first), " ".join(second)) >= _MIN_SIMILARITY


def _is_subset_of_either(first: set[str], second: set[str]) -> bool:
    """Return whether one of two sets, neither empty, contains the other."""
    return bool(first and second) and (first <= second or second <= first)


def _abbreviates(first: str, second: str) -> bool:
    """Return whether two values agree before their commas, and one of them has only an abbreviation
    after its comma: "Austin, TX" and "Austin, Texas".
    """
    (head, _, rest), (other_head, _, other_rest) = (
        fold(value).text.partition(",") for value in (first, second)
    )
    ends = [end.strip(" .") for end in (rest, other_rest)]
    return head.strip() == other_head.strip() and 0 < min(map(len, ends)) <= _MAX_ABBREVIATION


def _distinct_claims(claims: Iterable[FalseClaim]) -> Iterator[FalseClaim]:
    """Yield the claims, grouped by answer, fact, verdict and stated numbers; of overlapping quotes
    in one group, only the claim with the shortest stated value.
    """
    groups: dict[tuple[object, ...], list[FalseClaim]] = {}
    for claim in claims:
        numbers = frozenset(_numbers(_words(claim)))
        similar = groups.setdefault((claim.answer_id, claim.field, claim.verdict, numbers), [])
        twin = next((n for n, other in enumerate(similar) if _quotes_overlap(claim, other)), None)
        if twin is None:
            similar.append(claim)
        elif len(claim.stated) < len(similar[twin].stated):
            similar[twin] = claim
    yield from chain.from_iterable(groups.values())


def _quotes_overlap(claim: FalseClaim, other: FalseClaim) -> bool:
    first, second = (" ".join(detail.quote.split()) for detail in (claim, other))
    return first != "" and second != "" and (first in second or second in first)


def _words(claim: FalseClaim) -> list[str]:
    return _WORD.findall(fold(claim.stated or claim.quote).text)


def _numbers(words: Iterable[str]) -> set[str]:
    return {_number(word) for word in words if any(map(str.isdigit, word))}


def _number(word: str) -> str:
    """Return a number without separators of thousands and without decimals of zero."""
    return _ZEROS.sub("", word).replace(",", "")
