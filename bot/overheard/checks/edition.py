"""What scores depend on beside their scorer: the brands, and how answers are read for them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from overheard.domain import Catalogue
from overheard.measure.reading import READING


def edition(catalogue: Catalogue) -> str:
    """Return the version of the names that answers are read by and of the reading, 6 hex digits."""
    read_as = (
        (b.names, sorted(b.competitors), b.tracked, b.rules, b.parent, sorted(b.domains))
        for b in catalogue.brands
    )
    return digest([READING, *sorted(map(repr, read_as))])


def digest(parts: Iterable[str]) -> str:
    """Return 6 hex digits for some texts."""
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=3).hexdigest()
