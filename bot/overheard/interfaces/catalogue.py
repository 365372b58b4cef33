"""Repositories of what people decide: the catalogue, approvals and publications."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from overheard.domain import Approval, Brand, Catalogue, Fact, Prompt, Publication, Schedule


class CatalogueRepository(Protocol):
    """Brands, prompts, facts and schedules.

    An entry is declared by the configuration, added in a chat or the terminal, or retired. People
    can change added entries only; retired ones are kept for their history.
    """

    async def provision(self, catalogue: Catalogue) -> None:
        """Make exactly the given entries the declared entries.

        Entries that were declared before and are missing now are retired. Added entries stay.

        Raises:
            StoreError: when the store cannot be written.
        """
        ...

    async def current(self) -> Catalogue:
        """Return the declared and the added entries, in the order in which they were stored."""
        ...

    async def declared(self) -> Catalogue:
        """Return the entries that the configuration declares."""
        ...

    async def retired(self) -> Catalogue:
        """Return the entries that were current once and are not current now."""
        ...

    async def add_prompts(self, added: Iterable[Prompt]) -> None:
        """Add prompts; a prompt whose text is current stays unchanged."""
        ...

    async def set_brand(self, brand: Brand) -> bool:
        """Add a brand, or replace an added brand of the same name.

        Returns:
            Whether the brand was stored: not when the configuration declares a brand of this name.
        """
        ...

    async def remove_brand(self, name: str) -> bool:
        """Retire an added brand; False when there is no such brand."""
        ...

    async def set_prompt(self, prompt: Prompt) -> bool:
        """Add a prompt, or replace an added prompt of the same key.

        Returns:
            Whether the prompt was stored: not when the configuration declares this prompt.
        """
        ...

    async def remove_prompt(self, key: str) -> bool:
        """Retire an added prompt; False when there is no such prompt."""
        ...

    async def set_fact(self, fact: Fact) -> bool:
        """Add a fact, or replace an added fact of the same brand, field and value.

        Returns:
            Whether the fact was stored: not when the configuration declares this fact.
        """
        ...

    async def remove_fact(self, fact: Fact) -> bool:
        """Retire an added fact; False when there is no such fact."""
        ...

    async def set_schedule(self, schedule: Schedule) -> bool:
        """Add a schedule, or replace an added schedule of the same name.

        Returns:
            Whether the schedule was stored: not when the configuration declares a schedule of this
                name.
        """
        ...

    async def remove_schedule(self, name: str) -> bool:
        """Retire an added schedule; False when there is no such schedule."""
        ...


class Approvals(Protocol):
    """Answers that people have approved for datasets."""

    async def approve(self, approval: Approval) -> None:
        """Store an approval in place of an earlier approval of the same answer."""
        ...

    async def withdraw_approval(self, answer_id: int) -> bool:
        """Delete an approval; False when there is no approval of this answer."""
        ...

    async def approvals(self) -> list[Approval]:
        """Return all approvals in the order of their answers."""
        ...


class FinetuneRepository(Approvals, Protocol):
    """Answers that are approved for datasets, and content that is published."""

    async def publish(self, publication: Publication) -> None:
        """Store a publication in place of an earlier publication of the same item."""
        ...

    async def retract_publication(self, brand: str, item: str) -> bool:
        """Delete a publication; False when there is no such publication."""
        ...

    async def publications(self, brand: str) -> list[Publication]:
        """Return the publications of a brand, the oldest first."""
        ...
