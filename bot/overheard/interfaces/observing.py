"""What is watched from outside."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from overheard.domain import Census


class CensusStore(Protocol):
    """The part of the store that says how much it holds."""

    async def census(self, versions: Collection[str]) -> Census:
        """Count what is there; see `overheard.domain.Census`.

        Args:
            versions: The scorers that read answers now, each as in `overheard.domain.Block`.
        """
        ...
