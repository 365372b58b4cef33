"""Batches: questions that a vendor answers later, and for less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from overheard.domain.services import Model, Reply


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions of one run to one model that are handed in together.

    Attributes:
        run_id: The store's number of the run.
        model: Who is asked.
        items: Our ids of the questions, each once; see `overheard.checks.batches.item_of`.
        handed_in_at: When; all of its answers count as asked then.
        vendor_id: What the vendor calls it. Empty while it is being handed in: if the process ends
            meanwhile, nobody knows whether the vendor has it.
        ended_at: When all that ever comes of it was kept, or None.
        id: The store's number, 0 before it is stored.
    """

    run_id: int
    model: Model
    items: tuple[str, ...]
    handed_in_at: datetime
    vendor_id: str = ""
    ended_at: datetime | None = None
    id: int = 0

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.items)


@dataclass(frozen=True, slots=True)
class BatchLook:
    """What a vendor says of a batch.

    Attributes:
        done: How many of its questions the vendor is through with; 0 if it does not say.
        ended: Whether all that ever comes of it is there.
        replies: The replies, by our ids; empty before it has ended.
        problems: For each question without one why, as the rest of a sentence that begins with
            the model (``the vendor did not come to it within 24 hours.``), by our ids.
    """

    done: int = 0
    ended: bool = False
    replies: Mapping[str, Reply] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
