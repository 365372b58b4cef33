"""The store: its repositories, its maintenance as a whole, and the repositories of the operation
(locks, schedules, audit log, state of the chats).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from overheard.domain import (
    Alert,
    Answer,
    AuditEntry,
    Block,
    Census,
    Model,
    ModelUpdate,
    PendingConfirmation,
    Run,
    ScheduleState,
    ScoreRecord,
    Setting,
)
from overheard.domain.operations import StoreHealth
from overheard.interfaces.alerts import AlertRepository, DeliveryRepository, UpdateRepository
from overheard.interfaces.catalogue import CatalogueRepository, FinetuneRepository
from overheard.interfaces.runs import (
    AnswerRepository,
    BatchRepository,
    MoneyRepository,
    RetentionRepository,
    RunRepository,
)
from overheard.interfaces.scores import BlockRepository, EditionRepository, ScoreRepository
from overheard.interfaces.services import Progress


class LockRepository(Protocol):
    """Locks that are shared by all processes on one store.

    A lock ends with the process that holds it, however that process ends.
    """

    def run_lock(self, run_id: int) -> AbstractAsyncContextManager[bool]:
        """Return a context manager that locks a run, so that one process executes it.

        Its value is False when another process holds the lock.

        Raises:
            HoldLost: inside the block, when the lock was lost with the database's connection.
        """
        ...

    def leader_lock(self, duty: str) -> AbstractAsyncContextManager[bool]:
        """Return a context manager that makes this process the leader for a duty within the block.

        Its value is False when another process is the leader.

        Raises:
            HoldLost: inside the block, when the lock was lost with the database's connection.
        """
        ...


class ScheduleRepository(Protocol):
    """The states of schedules: the slots that were begun and finished last."""

    async def state(self, name: str, now: datetime) -> ScheduleState:
        """Return the state of a schedule; a schedule that is not known is stored as begun now."""
        ...

    async def begin_slot(self, name: str, slot: datetime) -> bool:
        """Claim a slot of a known schedule.

        Returns:
            False when this slot or a later one was claimed before, or the schedule is paused.
        """
        ...

    async def finish_slot(self, name: str, slot: datetime, problem: str = "") -> None:
        """Store that a slot is finished, with its problem or an empty string."""
        ...

    async def pause(self, name: str, now: datetime, *, paused: bool) -> bool:
        """Pause or resume a schedule; slots of the time in between are skipped.

        Args:
            name: The name of the schedule.
            now: The current time.
            paused: True to pause, False to resume.

        Returns:
            False when the schedule was in this state already.
        """
        ...


class AuditRepository(Protocol):
    """The audit log: which person gave which command."""

    async def add(self, entry: AuditEntry) -> None:
        """Append an entry."""
        ...

    async def find(
        self, *, since: datetime | None = None, limit: int | None = None
    ) -> list[AuditEntry]:
        """Return entries, the newest first.

        Args:
            since: The time of the earliest entry; None for the beginning.
            limit: The maximum number of entries; None for all.
        """
        ...


class SettingRepository(Protocol):
    """Settings that people made in a chat, by name."""

    async def all(self) -> list[Setting]:
        """Return all settings, the oldest first."""
        ...

    async def get(self, name: str) -> Setting | None:
        """Return the setting of a name, or None."""
        ...

    async def put(self, setting: Setting) -> None:
        """Store a setting in place of the setting with the same name."""
        ...

    async def remove(self, name: str, at: datetime | None = None) -> bool:
        """Delete a setting.

        Args:
            name: The name of the setting.
            at: The time of the setting, which must be unchanged; None for any.

        Returns:
            False when there was no such setting, so that one of two processes takes it.
        """
        ...


class ChatStateRepository(Protocol):
    """Requests that were handled, and commands that wait for a confirmation."""

    async def first_request(self, platform: str, request: str, now: datetime) -> bool:
        """Store that a chat's request is handled; return False when it was handled before."""
        ...

    async def add_pending(self, pending: PendingConfirmation) -> None:
        """Store a command that waits for a confirmation."""
        ...

    async def pending(self, token: str) -> PendingConfirmation | None:
        """Return the command that waits under a token, or None."""
        ...

    async def take_pending(self, token: str) -> bool:
        """Delete a waiting command; return False when there is none, so that one of two processes
        takes it.
        """
        ...

    async def forget_requests(self, before: datetime, now: datetime) -> None:
        """Delete the requests before a time, and the commands that have expired.

        Args:
            before: The time before which requests are deleted.
            now: The current time.
        """
        ...


class Store(Protocol):
    """All repositories of one database.

    Repositories return domain objects, never rows. Every write is one transaction, unless its
    docstring says otherwise.
    """

    @property
    def catalogue(self) -> CatalogueRepository:
        """Brands, prompts, facts and schedules."""
        ...

    @property
    def runs(self) -> RunRepository:
        """Runs and the results of their tasks."""
        ...

    @property
    def answers(self) -> AnswerRepository:
        """Answers with their costs."""
        ...

    @property
    def batches(self) -> BatchRepository:
        """Batches that were submitted to vendors."""
        ...

    @property
    def retention(self) -> RetentionRepository:
        """The removal of old texts."""
        ...

    @property
    def scores(self) -> ScoreRepository:
        """Scores of answers, and which answers each scorer has read."""
        ...

    @property
    def blocks(self) -> BlockRepository:
        """Sums of scores by run, prompt, model, brand, metric and scorer."""
        ...

    @property
    def editions(self) -> EditionRepository:
        """Editions: which versions of the scorers are read."""
        ...

    @property
    def updates(self) -> UpdateRepository:
        """Model updates."""
        ...

    @property
    def alerts(self) -> AlertRepository:
        """Alerts with their shifts and events."""
        ...

    @property
    def deliveries(self) -> DeliveryRepository:
        """The outbox: what channels are to show."""
        ...

    @property
    def money(self) -> MoneyRepository:
        """Reservations and spending."""
        ...

    @property
    def locks(self) -> LockRepository:
        """Locks that are shared by all processes."""
        ...

    @property
    def schedules(self) -> ScheduleRepository:
        """The states of schedules."""
        ...

    @property
    def audit(self) -> AuditRepository:
        """The audit log."""
        ...

    @property
    def chat_state(self) -> ChatStateRepository:
        """Requests that were handled, and commands that wait for a confirmation."""
        ...

    @property
    def settings(self) -> SettingRepository:
        """Settings that people made in a chat."""
        ...

    @property
    def finetune(self) -> FinetuneRepository:
        """Approved answers and published content."""
        ...

    async def census(self, versions: Collection[str]) -> Census:
        """Return counts of the runs, alerts, deliveries and unscored answers in the store.

        Args:
            versions: The versions of scorers in use, written as in `overheard.domain.Block`.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class StoreHistory:
    """The `overheard.interfaces.History` of a store: the read-only part that plugins see.

    Args:
        store: The store to read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def runs(self, *, limit: int | None = None) -> list[Run]:
        """Return runs, the newest first."""
        return await self._store.runs.find(limit=limit)

    def answers(
        self,
        *,
        runs: Collection[int] | None = None,
        prompts: Collection[str] | None = None,
        numbers: Collection[int] | None = None,
    ) -> AsyncIterator[Answer]:
        """Stream answers in the order of their numbers."""
        return self._store.answers.stream(runs=runs, prompts=prompts, numbers=numbers)

    def scores(self, *, runs: Collection[int] | None = None) -> AsyncIterator[ScoreRecord]:
        """Stream scores in the order of their answers."""
        return self._store.scores.stream(runs=runs)

    async def blocks(
        self,
        *,
        brand: str | None = None,
        model: Model | None = None,
        metric: str | None = None,
        since: datetime | None = None,
    ) -> list[Block]:
        """Return the blocks of a brand, a model and a metric (None: of all), the oldest first.

        Args:
            brand: The brand.
            model: The model.
            metric: The metric.
            since: The earliest start of the blocks' runs; None for the beginning.
        """
        return await self._store.blocks.find(brand=brand, model=model, metric=metric, since=since)

    async def updates(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return model updates, the oldest first."""
        return await self._store.updates.find(model)

    async def alerts(self, *, brand: str | None = None) -> list[Alert]:
        """Return alerts, the newest first."""
        return await self._store.alerts.find(brand=brand)


class StoreMaintenance(Protocol):
    """Work on a store as a whole, which is given by its URL."""

    async def migrate(self, url: str) -> tuple[str | None, str]:
        """Upgrade the tables to this version; return the revision before (None for a new store) and
        after.

        Raises:
            StoreError: when the store cannot be used.
        """
        ...

    async def examine(self, url: str) -> StoreHealth:
        """Check a store's integrity and measure its size; nothing is changed.

        Raises:
            StoreError: when the store cannot be used.
        """
        ...

    async def copy(self, source: str, target: str, progress: Progress) -> Mapping[str, int]:
        """Copy all rows into an empty store, in one transaction; numbers stay the same.

        Rows that are written to the source during the copy are not copied.

        Returns:
            The number of rows of each table, counted in both stores.

        Raises:
            StoreError: when a store cannot be used, the target is not empty, or a count
                differs; the target is then empty.
        """
        ...

    async def back_up(self, url: str, file: Path) -> int:
        """Write a snapshot of an SQLite store to a new file; return its size in bytes.

        Raises:
            StoreError: when the store is not SQLite, or cannot be used.
            FileUnwritable: when the file exists, or cannot be written.
        """
        ...
