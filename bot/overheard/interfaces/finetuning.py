"""What is kept for the fine-tuning side: approved answers and published content."""

from __future__ import annotations

from typing import Protocol

from overheard.domain import Approval, Publication


class FinetuneStore(Protocol):
    """The part of the store that keeps what people decide for the fine-tuning side."""

    async def approve(self, approval: Approval) -> None:
        """Keep an approval in the place of an earlier one of the same answer."""
        ...

    async def withdraw_approval(self, answer_id: int) -> bool:
        """Forget an approval; False when there is none."""
        ...

    async def approvals(self) -> list[Approval]:
        """Return all approvals in the order of their answers."""
        ...

    async def publish(self, publication: Publication) -> None:
        """Keep that content is published, in the place of what was kept of the same item."""
        ...

    async def retract_publication(self, brand: str, item: str) -> bool:
        """Forget that content is published; False when it was not."""
        ...

    async def publications(self, brand: str) -> list[Publication]:
        """Return what was published for a brand, the oldest first."""
        ...
