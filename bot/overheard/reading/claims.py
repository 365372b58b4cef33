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
    """Return the claims grouped into clusters that state the same about the same fact.

    A claim joins the first cluster whose first claim states the same (`states_the_same`). Claims of
    one answer that repeat each other, such as those of two scorers in the same sentence, count
    once. The clusters with the most models come first, then those with the most answers. No claims
    give an empty list.
    """
    groups: list[list[FalseClaim]] = []
    for claim in _distinct_claims(claims):
        same_group = next((group for group in groups if states_the_same(group[0], claim)), None)
        if same_group is None:
            groups.append([claim])
        else:
            same_group.append(claim)
    clusters = [ClaimCluster(tuple(group)) for group in groups]
    return sorted(clusters, key=lambda cluster: (-len(cluster.models), -cluster.answers))


def states_the_same(claim: FalseClaim, other: FalseClaim) -> bool:
    """Return whether two claims state the same about the same fact.

    Claims with another field or verdict do not. If both have a stated value:

    - Values with numbers are the same when the numbers of one are among the numbers of the other:
      "$49" and "$49 a month or $588 a year".
    - Other values are the same when the words of one are among the words of the other ("Austin" and
      "Austin, Texas"), when they differ by an abbreviation after a comma ("Austin, TX"), or when
      their words are similar (`_MIN_SIMILARITY`).

    A claim without a stated value is compared by its quote: then the numbers have to be equal, and
    the words similar.
    """
    if (claim.field, claim.verdict) != (other.field, other.verdict):
        return False
    words, other_words = _words(claim), _words(other)
    numbers, other_numbers = _numbers(words), _numbers(other_words)
    both_stated = bool(claim.stated and other.stated)
    if both_stated and (numbers or other_numbers):
        return _is_subset_of_either(numbers, other_numbers)
    if numbers != other_numbers:
        return False
    if both_stated and (
        _is_subset_of_either(set(words), set(other_words))
        or _abbreviates(claim.stated, other.stated)
    ):
        return True
    from rapidfuzz import fuzz  # only this needs it

    return fuzz.token_sort_ratio(" ".join(words), " ".join(other_words)) >= _MIN_SIMILARITY


def _is_subset_of_either(first: set[str], second: set[str]) -> bool:
    """Return whether one of two sets, neither empty, contains the other."""
    return bool(first and second) and (first <= second or second <= first)


def _abbreviates(first: str, second: str) -> bool:
    """Return whether two values are equal before their first commas, and one of them has at most
    `_MAX_ABBREVIATION` letters after it: "Austin, TX" and "Austin, Texas". False if one of them has
    nothing after a comma.
    """
    (head, _, rest), (other_head, _, other_rest) = (
        fold(value).text.partition(",") for value in (first, second)
    )
    ends = [end.strip(" .") for end in (rest, other_rest)]
    return head.strip() == other_head.strip() and 0 < min(map(len, ends)) <= _MAX_ABBREVIATION


def _distinct_claims(claims: Iterable[FalseClaim]) -> Iterator[FalseClaim]:
    """Yield the claims without repetitions within one answer.

    A claim repeats another if both agree in answer, fact, verdict and stated numbers, and the quote
    of one contains the quote of the other. Then the claim with the shorter stated value is
    yielded, the earlier one if they are equally long. Claims that agree are yielded one after
    another, in the order of the first of them.
    """
    groups: dict[tuple[object, ...], list[FalseClaim]] = {}
    for claim in claims:
        numbers = frozenset(_numbers(_words(claim)))
        group = groups.setdefault((claim.answer_id, claim.field, claim.verdict, numbers), [])
        repeated = next((n for n, other in enumerate(group) if _quotes_overlap(claim, other)), None)
        if repeated is None:
            group.append(claim)
        elif len(claim.stated) < len(group[repeated].stated):
            group[repeated] = claim
    yield from chain.from_iterable(groups.values())


def _quotes_overlap(claim: FalseClaim, other: FalseClaim) -> bool:
    """Return whether the quote of one claim contains the quote of the other; an empty quote
    overlaps none.
    """
    first, second = (" ".join(detail.quote.split()) for detail in (claim, other))
    return first != "" and second != "" and (first in second or second in first)


def _words(claim: FalseClaim) -> list[str]:
    """Return the folded words of the stated value of a claim, or of its quote without one."""
    return _WORD.findall(fold(claim.stated or claim.quote).text)


def _numbers(words: Iterable[str]) -> set[str]:
    """Return the words with a digit, as numbers that can be compared."""
    return {_number(word) for word in words if any(map(str.isdigit, word))}


def _number(word: str) -> str:
    """Return a number without separators of thousands and without decimals of zero."""
    return _ZEROS.sub("", word).replace(",", "")
