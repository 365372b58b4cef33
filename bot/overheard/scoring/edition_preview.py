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
    """A metric of a brand in two editions, over the answers that both have read.

    Attributes:
        brand: The brand's name.
        metric: What is measured.
        before: Its mean in the one, None where that shows none.
        after: Its mean in the other.
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
    """Compare two editions.

    Only what both have read of is compared, so that an edition that is half done shows what it
    will be. It is a mean over answers, and says nothing of chance: the answers are the same.

    Args:
        blocks: Of both.
        before: The `Block.version` of the one.
        after: Those of the other.
        brands: Names, in the order in which they are shown.
        metrics: What is measured, in that order.
    """
    new = [block for block in blocks if block.version in after]
    done = {(block.run_id, block.prompt, block.model) for block in new}
    old = [
        block
        for block in blocks
        if block.version in before and (block.run_id, block.prompt, block.model) in done
    ]
    found = []
    for brand in brands:
        for metric in metrics:
            first, last = _mean(old, brand, metric), _mean(new, brand, metric)
            if first is not None or last is not None:
                found.append(Move(brand, metric, first, last))
    return found


def changes(before: Edition, after: Edition) -> list[str]:
    """Say in sentences without a full stop what differs between two editions."""
    return [
        *_brands(before.catalogue, after.catalogue),
        *_facts(before.catalogue.facts, after.catalogue.facts),
        *_scorers(before.versions, after.versions),
    ]


def _mean(blocks: Iterable[Block], brand: str, metric: Metric) -> float | None:
    own_blocks = [block for block in blocks if (block.brand, block.metric) == (brand, metric.name)]
    count = sum(block.n for block in own_blocks)
    return sum(block.total for block in own_blocks) / count if count else None


def _brands(before: Catalogue, after: Catalogue) -> Iterator[str]:
    """Yield what differs in the brands of two catalogues: new, gone, or which fields changed."""
    old = {brand.name: brand for brand in before.brands}
    new = {brand.name: brand for brand in after.brands}
    yield from (f"{name} is new" for name in new if name not in old)
    yield from (f"{name} is gone" for name in old if name not in new)
    for name, brand in new.items():
        if name in old and (changed_fields := _differing(old[name], brand)):
            yield f"{name}: {', '.join(changed_fields)}"


def _differing(before: Brand, after: Brand) -> list[str]:
    names = [field.name for field in fields(Brand) if field.name in _NAMES]
    return [_NAMES[field] for field in names if getattr(before, field) != getattr(after, field)]


def _facts(before: Sequence[Fact], after: Sequence[Fact]) -> Iterator[str]:
    old, new = set(map(_stated, before)), set(map(_stated, after))
    changed = sorted({(fact.brand, fact.field) for fact in old ^ new})
    yield from (f"the fact “{field}” of {brand}" for brand, field in changed)


def _stated(fact: Fact) -> Fact:
    return replace(fact, as_of=None, source="")


def _scorers(before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    """Name the scorers whose own version differs; behind the plus sign is the catalogue's."""
    old, new = (dict(map(_version, versions)) for versions in (before, after))
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield f"the scorer {name}"


def _version(written: str) -> tuple[str, str]:
    name, _, version = written.partition("@")
    return name, version.rpartition("+")[0]
