"""What is kept of how a deployment is run: duties, schedules, the audit log."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from overheard.domain import AuditEntry, ScheduleState


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
