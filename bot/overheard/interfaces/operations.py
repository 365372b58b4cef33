"""What is kept of how a deployment is run: duties, schedules, the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from overheard.domain import (
    Answer,
    Approval,
    AuditEntry,
    Census,
    PendingConfirmation,
    Publication,
    ScheduleState,
    ScoreRecord,
)
from overheard.domain.operations import StoreHealth
from overheard.interfaces.services import Progress


class OperationStore(Protocol):
    """The part of the store that keeps duties, schedules and the audit log."""

    def on_duty(self, duty: str) -> AbstractAsyncContextManager[bool]:
        """Hold a duty for this process while the block lasts; give False when another holds it.

        It ends with the process, however that ends.
        """
        ...

    async def schedule_state(self, name: str, now: datetime) -> ScheduleState:
        """Return where a schedule stands; one that is seen for the first time begins now."""
        ...

    async def begin_slot(self, name: str, slot: datetime) -> bool:
        """Take a slot of a schedule that is known.

        Returns:
            False when it, or a later one, was taken before, or when the schedule is paused.
        """
        ...

    async def finish_slot(self, name: str, slot: datetime, problem: str = "") -> None:
        """Say that a slot was brought to its end, and what went wrong, if anything."""
        ...

    async def pause_schedule(self, name: str, now: datetime, *, paused: bool) -> bool:
        """Pause or resume a schedule; what was due in the meantime is not made up for.

        Returns:
            False when it was so already.
        """
        ...

    async def add_audit(self, entry: AuditEntry) -> None:
        """Write down who did what."""
        ...

    async def audit(
        self, *, since: datetime | None = None, limit: int | None = None
    ) -> list[AuditEntry]:
        """Return who did what, the newest first."""
        ...


class TalkStore(Protocol):
    """The part of the store that keeps requests that were taken, and commands that wait."""

    async def first_request(self, platform: str, request: str, now: datetime) -> bool:
        """Keep that a chat's request was taken; False when it was before."""
        ...

    async def add_waiting(self, waiting: PendingConfirmation) -> None:
        """Keep a command that waits for a yes."""
        ...

    async def waiting(self, token: str) -> PendingConfirmation | None:
        """Return the command that a word stands for, or None."""
        ...

    async def take_waiting(self, token: str) -> bool:
        """Forget a command that waits; False when nothing waits, so that one of two takes it."""
        ...

    async def forget_requests(self, before: datetime, now: datetime) -> None:
        """Forget the requests from before a time, and what waited until now or less long."""
        ...


class RetentionStore(Protocol):
    """The part of the store that lets go of texts, and of nothing that was counted in them."""

    def old_texts(self, before: datetime) -> AsyncIterator[Answer]:
        """Stream the answers that were asked before a time and still have a text, by number.

        Those that somebody approved for a dataset are not among them: they are to be taught.
        """
        ...

    async def scores_of(self, answers: Collection[int]) -> list[ScoreRecord]:
        """Return the scores of some answers, by their numbers and in their order."""
        ...

    async def forget_texts(self, answers: Collection[int]) -> int:
        """Remove the texts of some answers, and the sentences that their scores quote.

        One transaction. Values, verdicts, blocks and spend stay, and so does that the answer was
        read: no scorer is shown it again.

        Returns:
            How many texts were there.
        """
        ...

    async def carry_scores(self, scorer: str, before: str, after: str) -> int:
        """Give a version of a scorer what another one said of answers whose text is gone.

        Blocks included, in small transactions; what the version has already stays as it is.

        Args:
            scorer: The scorer's name.
            before: The version that has read them.
            after: The version that cannot.

        Returns:
            How many answers it was given.
        """
        ...


class CensusStore(Protocol):
    """The part of the store that says how much it holds."""

    async def census(self, versions: Collection[str]) -> Census:
        """Count what is there; see `overheard.domain.Census`.

        Args:
            versions: The scorers that read answers now, each as in `overheard.domain.Block`.
        """
        ...


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


class Tending(Protocol):
    """What can be done with a store as a whole, by its URL."""

    async def migrate(self, url: str) -> tuple[str | None, str]:
        """Bring its schema to this version; return the revision before and after.

        Raises:
            StoreError: when it cannot be used.
        """
        ...

    async def examine(self, url: str) -> StoreHealth:
        """See whether it is well, and how large it is; nothing is changed.

        Raises:
            StoreError: when it cannot be used.
        """
        ...

    async def copy(self, source: str, target: str, progress: Progress) -> Mapping[str, int]:
        """Copy all there is into an empty store, in one transaction: all of it, or nothing.

        Numbers stay as they are. What is written to the source meanwhile is not copied.

        Returns:
            How many rows each table has, counted in both.

        Raises:
            StoreError: when one of them cannot be used, the target is not empty, or a count
                differs; the target is empty then.
        """
        ...

    async def back_up(self, url: str, file: Path) -> int:
        """Write an SQLite store as it is at this moment to a new file; return its bytes.

        Raises:
            StoreError: when it is none, or cannot be used.
            FileUnwritable: when the file is there, or cannot be written.
        """
        ...
