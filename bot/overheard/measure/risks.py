"""Names that are easily mistaken, and spellings that may be missing: for people to decide.

Nothing here counts as a mention. A brand is counted by the spellings that people have declared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from overheard.domain import Brand
from overheard.measure.folding import fold
from overheard.measure.ordinary import is_ordinary

_SHORT = 3
_LIKE = 84.0
"""Similarity, 0 to 100, from which a name is thought to be another spelling of a brand."""
_NAMED = re.compile(r"\b[A-Z][\w&.'\u2019-]*(?: [A-Z][\w&.'\u2019-]*){0,2}")


@dataclass(frozen=True, slots=True)
class Risk:
    """Why a spelling may be counted where it should not.

    Attributes:
        spelling: The spelling.
        reason: What it is mistaken for, as a clause.
        remedy: What to do, as a clause.
    """

    spelling: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f'"{self.spelling}" {self.reason}; {self.remedy}.'


def risks(brand: Brand, others: Iterable[Brand]) -> list[Risk]:
    """Return what is risky about a brand's spellings.

    Args:
        brand: The brand.
        others: All other brands.
    """
    ruled = {fold(rule.spelling).text for rule in brand.rules}
    rest = [other for other in others if other.name != brand.name]
    return [
        risk
        for spelling in brand.names
        if fold(spelling).text not in ruled
        for risk in _risks(spelling, brand, rest)
    ]


def _risks(spelling: str, brand: Brand, others: list[Brand]) -> Iterator[Risk]:
    folded = " ".join(fold(spelling).text.split())
    if is_ordinary(folded):
        yield Risk(
            spelling,
            "is made of ordinary words",
            "it counts only where it is written like a name; add a rule with words that must, or "
            "must not, stand near it",
        )
    elif len(folded) <= _SHORT and folded.isascii():
        yield Risk(
            spelling,
            "is short",
            "it counts only in this case or in capitals; add a rule with words that must stand "
            "near it, or a longer alias",
        )
    for other in others:
        for name in other.names:
            known = " ".join(fold(name).text.split())
            if known == folded:
                yield Risk(spelling, f"also stands for {other.name}", "leave it to one of them")
            elif f" {folded} " in f" {known} " and other.parent != brand.name:
                yield Risk(
                    spelling,
                    f"is a part of {name}",
                    f"where {name} stands, only {other.name} counts, unless {brand.name} is its "
                    "parent",
                )


def similar_names(brand: Brand, bodies: Iterable[str], most: int = 10) -> list[tuple[str, int]]:
    """Return names in answers that look like other spellings of a brand, the most frequent first.

    Args:
        brand: The brand.
        bodies: Prose of answers.
        most: How many at most.

    Returns:
        Each with the number of times it stands in the answers.
    """
    from rapidfuzz import fuzz, process  # only this needs it

    known = [" ".join(fold(name).text.split()) for name in brand.names]
    named = (match.group() for body in bodies for match in _NAMED.finditer(body))
    counts = Counter(name.removesuffix("'s").rstrip(".") for name in named)
    found = []
    for name, count in counts.most_common():
        folded = " ".join(fold(name).text.split())
        if folded in known or len(folded) <= _SHORT:
            continue
        if process.extractOne(folded, known, scorer=fuzz.ratio, score_cutoff=_LIKE):
            found.append((name, count))
    return found[:most]
