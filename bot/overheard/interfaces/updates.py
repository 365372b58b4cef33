"""Repositories for detection: model updates and computed thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from overheard.domain import Model, ModelUpdate


class UpdateRepository(Protocol):
    """Model updates."""

    async def add(self, update: ModelUpdate) -> ModelUpdate:
        """Store a model update and return it with its number.

        An update of the same model, time and source returns the one that is stored.
        """
        ...

    async def remove(self, number: int) -> bool:
        """Delete a model update by its number; False when there is no such update."""
        ...

    async def find(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return the updates of one model, or of all, the oldest first."""
        ...


class ThresholdRepository(Protocol):
    """A cache of detection thresholds; a threshold that is missing is computed again."""

    async def of(self, brand: str) -> dict[str, float]:
        """Return a brand's thresholds by the key of what they depend on."""
        ...

    async def keep(self, brand: str, thresholds: Mapping[str, float]) -> None:
        """Store a brand's thresholds; they replace all earlier ones."""
        ...
