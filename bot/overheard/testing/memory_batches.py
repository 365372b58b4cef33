"""Batches in memory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from overheard.domain import Batch


class MemoryBatches:
    """The part of `MemoryStore` that keeps batches."""

    def __init__(self) -> None:
        self._handed_in: dict[int, Batch] = {}

    async def keep_batch(self, batch: Batch) -> Batch:
        """Keep a batch, or what has changed of one that has a number."""
        kept = replace(batch, id=batch.id or len(self._handed_in) + 1)
        self._handed_in[kept.id] = kept
        return kept

    async def batches(self, *, runs: Collection[int] | None = None) -> list[Batch]:
        """Return batches that have not ended, the oldest first."""
        return [
            batch
            for batch in self._handed_in.values()
            if batch.ended_at is None and (runs is None or batch.run_id in runs)
        ]
