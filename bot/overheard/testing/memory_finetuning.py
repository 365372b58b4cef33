"""The part of the in-memory store that holds what people decide for the fine-tuning side."""

from __future__ import annotations

from operator import attrgetter

from overheard.domain import Approval, Publication


class MemoryFinetuning:
    """Approved answers and published content."""

    def __init__(self) -> None:
        self._approvals: dict[int, Approval] = {}
        self._publications: dict[tuple[str, str], Publication] = {}

    async def approve(self, approval: Approval) -> None:
        """Keep an approval."""
        self._approvals[approval.answer_id] = approval

    async def withdraw_approval(self, answer_id: int) -> bool:
        """Forget an approval; False when there is none."""
        return self._approvals.pop(answer_id, None) is not None

    async def approvals(self) -> list[Approval]:
        """Return all approvals in the order of their answers."""
        return sorted(self._approvals.values(), key=attrgetter("answer_id"))

    async def publish(self, publication: Publication) -> None:
        """Keep that content is published."""
        self._publications[publication.brand, publication.item] = publication

    async def retract_publication(self, brand: str, item: str) -> bool:
        """Forget that content is published; False when it was not."""
        return self._publications.pop((brand, item), None) is not None

    async def publications(self, brand: str) -> list[Publication]:
        """Return what was published for a brand, the oldest first."""
        mine = [one for one in self._publications.values() if one.brand == brand]
        return sorted(mine, key=attrgetter("at", "item"))
