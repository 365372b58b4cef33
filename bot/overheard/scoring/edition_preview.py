"""What another edition of the scores changes: what differs in the catalogue, and by how much."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta

from overheard.domain import Block, Brand, Catalogue, Edition, Fact, Metric

WINDOW = timedelta(days=90)
"""The age of the answers that a preview scores."""


_NAMES = {
    "aliases": "other names",
    "domains": "domains",
    "competitors": "competitors",
    "tracked": "whether it is tracked",
    "rules": "rules for its names",
    "parent": "parent brand",
}


@dataclass(frozen=True, slots=True)
class Move:
    """The mean of a brand's metric in two editions, over the answers that both editions have
    scored.

    Attributes:
        brand: The brand's name.
        before: The mean in the first edition; None without scores.
        after: The mean in the second edition; None without scores.
    """

    brand: str
    metric: Metric
    before: float | None
    after: float | None


def moves(
    blocks: Sequence[Block],
    before: Collection[str],
    after: Collection[str],
    brands: Sequence[str],
    metrics: Iterable[Metric],
) -> list[Move]:
    """Return the mean of each metric of each brand in two editions; a metric of a brand without
    scores in both editions is left out.

    Of the first edition only the blocks count whose run, prompt and model the second edition has
    scored, so that a second edition that is half scored shows its final values. The means say
    nothing of chance: the answers are the same.

    Args:
        blocks: The blocks of both editions.
        before: The versions of the first edition, as `Block.version`.
        after: The versions of the second edition.
        brands: Names of brands; the result has their order.
        metrics: The metrics, in the order of the result within a brand.
    """
    new_blocks = [block for block in blocks if block.version in after]
    scored_anew = {(block.run_id, block.prompt, block.model) for block in new_blocks}
    old_blocks = [
        block
        for block in blocks
        if block.version in before and (block.run_id, block.prompt, block.model) in scored_anew
    ]
    result = []
    for brand in brands:
        for metric in metrics:
            old_mean = _mean_score(old_blocks, brand, metric)
            new_mean = _mean_score(new_blocks, brand, metric)
            if old_mean is not None or new_mean is not None:
                result.append(Move(brand, metric, old_mean, new_mean))
    return result


def changes(before: Edition, after: Edition) -> list[str]:
    """Return what differs between two editions, in clauses without a full stop such as ``Acme is
    new``: first the brands, then the facts, then the scorers. Empty when nothing differs.
    """
    return [
        *_brand_changes(before.catalogue, after.catalogue),
        *_fact_changes(before.catalogue.facts, after.catalogue.facts),
        *_scorer_changes(before.versions, after.versions),
    ]


def _mean_score(blocks: Iterable[Block], brand: str, metric: Metric) -> float | None:
    """Return the mean score of a metric for a brand over blocks; None without scores."""
    own_blocks = [block for block in blocks if (block.brand, block.metric) == (brand, metric.name)]
    count = sum(block.n for block in own_blocks)
    return sum(block.total for block in own_blocks) / count if count else None


def _brand_changes(before: Catalogue, after: Catalogue) -> Iterator[str]:
    """Yield a clause for each brand that differs: first the new ones (``Acme is new``), then those
    that are gone, then those with changed fields of `_NAMES` (``Acme: domains, other names``).
    """
    old = {brand.name: brand for brand in before.brands}
    new = {brand.name: brand for brand in after.brands}
    yield from (f"{name} is new" for name in new if name not in old)
    yield from (f"{name} is gone" for name in old if name not in new)
    for name, brand in new.items():
        changed = [
            _NAMES[field.name]
            for field in fields(Brand)
            if field.name in _NAMES
            and name in old
            and getattr(old[name], field.name) != getattr(brand, field.name)
        ]
        if changed:
            yield f"{name}: {', '.join(changed)}"


def _fact_changes(before: Sequence[Fact], after: Sequence[Fact]) -> Iterator[str]:
    """Yield a clause for each brand and field, sorted, of which a fact is new, gone or differs in
    something else than its date and source: ``the fact “founded” of Acme``.
    """
    old, new = set(map(_without_source, before)), set(map(_without_source, after))
    changed = sorted({(fact.brand, fact.field) for fact in old ^ new})
    yield from (f"the fact “{field}” of {brand}" for brand, field in changed)


def _without_source(fact: Fact) -> Fact:
    return replace(fact, as_of=None, source="")


def _scorer_changes(before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    """Yield a clause for each scorer, sorted, that is new, gone or has another version of its own.

    Versions are written like ``visibility@1.2+a1b2c3``; what follows the plus sign is the
    catalogue's and is ignored.
    """
    old, new = (
        {version.partition("@")[0]: version.rpartition("+")[0] for version in versions}
        for versions in (before, after)
    )
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield f"the scorer {name}"
