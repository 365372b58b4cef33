"""The repository of model updates."""

from __future__ import annotations

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
