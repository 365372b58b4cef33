"""The store: its repositories, and its maintenance as a whole."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from overheard.domain import (
    Alert,
    AlertEvent,
    Approval,
    AuditEntry,
    Brand,
    Catalogue,
    Census,
    Delivery,
    Fact,
    Model,
    ModelUpdate,
    PendingConfirmation,
    Prompt,
    Publication,
    Schedule,
    ScheduleState,
    Setting,
)
from overheard.domain.operations import StoreHealth
from overheard.interfaces.runs import (
    AnswerRepository,
    BatchRepository,
    BlockRepository,
    EditionRepository,
    MoneyRepository,
    RetentionRepository,
    RunRepository,
    ScoreRepository,
)
from overheard.interfaces.services import Progress


class AlertRepository(Protocol):
    """Alerts with their shifts and events."""

    async def add(self, alert: Alert, deliveries: Sequence[Delivery] = ()) -> tuple[Alert, bool]:
        """Store an alert with its shifts, and return it with its number.

        An alert is unique by brand, model and run: for a repeated one, the stored alert is
        returned.

        Args:
            alert: The alert; its first event, RAISED, is stored with it.
            deliveries: The deliveries to store in the same transaction. Those of kind ALERT get
                the alert's number, and `overheard.domain.alert_key` as their key.

        Returns:
            The stored alert, and whether it is new.
        """

    async def get(self, number: int) -> Alert | None:
        """Return an alert by its number, or None."""

    async def find(self, *, brand: str | None = None, live: bool = False) -> list[Alert]:
        """Return the alerts of one brand, or of all, the newest first.

        Args:
            brand: The brand; None for all.
            live: Whether to leave out recovered and closed alerts.
        """

    async def change(self, alert: Alert, event: AlertEvent) -> bool:
        """Store the new state of an alert together with an event, in one transaction.

        Every channel that shows the alert gets deliveries of its new revision and of the event.

        Args:
            alert: The alert as it is now; its revision is one more than before. Its stored
                shifts stay, and shifts without a number are added.
            event: The event that changed the alert.

        Returns:
            False, and nothing is stored, when the stored revision is not the one before.
        """

    async def events(self, alert_id: int) -> list[AlertEvent]:
        """Return the events of an alert, the oldest first."""


class DeliveryRepository(Protocol):
    """The outbox: messages that channels should show, and the process that posts each."""

    async def add(self, wanted: Iterable[Delivery]) -> None:
        """Store deliveries; a delivery with a known key stays unchanged."""

    async def put(self, delivery: Delivery) -> None:
        """Store a delivery in place of the stored one with the same key, unless a process has
        claimed that.
        """

    async def remove(self, key: str) -> None:
        """Delete the delivery with a key, if there is one."""

    async def add_shown(self, alert_id: int, channel: str, at: datetime) -> bool:
        """Store that a channel shows an alert already; return False when this was stored before."""

    async def find(
        self, *, alert_id: int | None = None, channel: str | None = None, waiting: bool = False
    ) -> list[Delivery]:
        """Return deliveries in the order of their numbers.

        Args:
            alert_id: The alert; None for all.
            channel: The channel, as ``platform:id``; None for all.
            waiting: Whether to return only those that wait to be posted.
        """

    async def claim(
        self, owner: str, now: datetime, until: datetime, *, chats: Collection[str], limit: int
    ) -> list[Delivery]:
        """Lease due deliveries to one process, the longest due first, and return them.

        An event waits for its alert's message, and for earlier events of the same alert in the same
        channel. A delivery of another process is leased only when the lease has expired; it is
        returned as `uncertain`, because that process may have posted it.

        Args:
            owner: The name of the process.
            now: The current time.
            until: The end of the lease.
            chats: The platforms that the process can post to.
            limit: The maximum number of deliveries.
        """

    async def record(self, delivery: Delivery, owner: str, *, message: str, shown: int) -> bool:
        """Store that a delivery was posted, and end the lease.

        Args:
            delivery: The delivery.
            owner: The name of the process that has the lease.
            message: The platform's id of the message.
            shown: The revision that the channel shows now.

        Returns:
            False, and nothing is stored, when another process has the lease.
        """

    async def postpone(
        self, delivery: Delivery, owner: str, *, due_at: datetime, problem: str, uncertain: bool
    ) -> bool:
        """Store when and why a delivery is tried again, and end the lease.

        The attempt is counted when there is a problem.

        Args:
            delivery: The delivery.
            owner: The name of the process that has the lease.
            due_at: When the delivery is due again.
            problem: What went wrong; empty when nothing did.
            uncertain: Whether the message may have been posted.

        Returns:
            False, and nothing is stored, when another process has the lease.
        """


class UpdateRepository(Protocol):
    """Model updates."""

    async def add(self, update: ModelUpdate) -> ModelUpdate:
        """Store a model update and return it with its number.

        For an update of the same model, time and source, the stored update is returned.
        """

    async def remove(self, number: int) -> bool:
        """Delete a model update by its number; False when there is no such update."""

    async def find(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return the updates of one model, or of all, the oldest first."""


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

    async def current(self) -> Catalogue:
        """Return the declared and the added entries, in the order in which they were stored."""

    async def declared(self) -> Catalogue:
        """Return the entries that the configuration declares."""

    async def retired(self) -> Catalogue:
        """Return the entries that were current once and are not current now."""

    async def add_prompts(self, added: Iterable[Prompt]) -> None:
        """Add prompts; a prompt whose text is current stays unchanged."""

    async def set_brand(self, brand: Brand) -> bool:
        """Add a brand, or replace an added brand of the same name.

        Returns:
            Whether the brand was stored: not when the configuration declares a brand of this name.
        """

    async def remove_brand(self, name: str) -> bool:
        """Retire an added brand; False when there is no such brand."""

    async def set_prompt(self, prompt: Prompt) -> bool:
        """Add a prompt, or replace an added prompt of the same key.

        Returns:
            Whether the prompt was stored: not when the configuration declares this prompt.
        """

    async def remove_prompt(self, key: str) -> bool:
        """Retire an added prompt; False when there is no such prompt."""

    async def set_fact(self, fact: Fact) -> bool:
        """Add a fact, or replace an added fact of the same brand, field and value.

        Returns:
            Whether the fact was stored: not when the configuration declares this fact.
        """

    async def remove_fact(self, fact: Fact) -> bool:
        """Retire an added fact; False when there is no such fact."""

    async def set_schedule(self, schedule: Schedule) -> bool:
        """Add a schedule, or replace an added schedule of the same name.

        Returns:
            Whether the schedule was stored: not when the configuration declares a schedule of this
                name.
        """

    async def remove_schedule(self, name: str) -> bool:
        """Retire an added schedule; False when there is no such schedule."""


class Approvals(Protocol):
    """Answers that people have approved for datasets, and items of the brief that are published."""

    async def approve(self, approval: Approval) -> None:
        """Store an approval in place of an earlier approval of the same answer."""

    async def withdraw_approval(self, answer_id: int) -> bool:
        """Delete an approval; False when there is no approval of this answer."""

    async def approvals(self) -> list[Approval]:
        """Return all approvals in the order of their answers."""

    async def publications(self, brand: str) -> list[Publication]:
        """Return the publications of a brand, the oldest first."""


class FinetuneRepository(Approvals, Protocol):
    """Answers that are approved for datasets, and content that is published."""

    async def publish(self, publication: Publication) -> None:
        """Store a publication in place of an earlier publication of the same item."""

    async def retract_publication(self, brand: str, item: str) -> bool:
        """Delete a publication; False when there is no such publication."""


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

    def leader_lock(self, duty: str) -> AbstractAsyncContextManager[bool]:
        """Return a context manager that makes this process the leader for a duty within the block.

        Its value is False when another process is the leader.

        Raises:
            HoldLost: inside the block, when the lock was lost with the database's connection.
        """


class ScheduleRepository(Protocol):
    """The states of schedules: the slots that were begun and finished last."""

    async def state(self, name: str, now: datetime) -> ScheduleState:
        """Return the state of a schedule; a schedule that is not known is stored as begun now."""

    async def begin_slot(self, name: str, slot: datetime) -> bool:
        """Claim a slot of a known schedule.

        Returns:
            False when this slot or a later one was claimed before, or the schedule is paused.
        """

    async def finish_slot(self, name: str, slot: datetime, problem: str = "") -> None:
        """Store that a slot is finished, with its problem or an empty string."""

    async def pause(self, name: str, now: datetime, *, paused: bool) -> bool:
        """Pause or resume a schedule; slots of the time in between are skipped.

        Args:
            name: The name of the schedule.
            now: The current time.
            paused: True to pause, False to resume.

        Returns:
            False when the schedule was in this state already.
        """


class AuditRepository(Protocol):
    """The audit log: which person gave which command."""

    async def add(self, entry: AuditEntry) -> None:
        """Append an entry."""

    async def find(
        self, *, since: datetime | None = None, limit: int | None = None
    ) -> list[AuditEntry]:
        """Return entries, the newest first.

        Args:
            since: The time of the earliest entry; None for the beginning.
            limit: The maximum number of entries; None for all.
        """


class SettingRepository(Protocol):
    """Settings that people made in a chat, by name."""

    async def all(self) -> list[Setting]:
        """Return all settings, the oldest first."""

    async def get(self, name: str) -> Setting | None:
        """Return the setting of a name, or None."""

    async def put(self, setting: Setting) -> None:
        """Store a setting in place of the setting with the same name."""

    async def remove(self, name: str, at: datetime | None = None) -> bool:
        """Delete a setting.

        Args:
            name: The name of the setting.
            at: The time of the setting, which must be unchanged; None for any.

        Returns:
            False when there was no such setting, so that one of two processes takes it.
        """


class ChatStateRepository(Protocol):
    """Requests that were handled, and commands that wait for a confirmation."""

    async def first_request(self, platform: str, request: str, now: datetime) -> bool:
        """Store that a chat's request is handled; return False when it was handled before."""

    async def add_pending(self, pending: PendingConfirmation) -> None:
        """Store a command that waits for a confirmation."""

    async def pending(self, token: str) -> PendingConfirmation | None:
        """Return the command that waits under a token, or None."""

    async def take_pending(self, token: str) -> bool:
        """Delete a waiting command; return False when there is none, so that one of two processes
        takes it.
        """

    async def forget_requests(self, before: datetime, now: datetime) -> None:
        """Delete the requests before a time, and the commands that have expired.

        Args:
            before: The time before which requests are deleted.
            now: The current time.
        """


class Store(Protocol):
    """All repositories of one database.

    Repositories return domain objects, never rows. Every write is one transaction, unless its
    docstring says otherwise.
    """

    catalogue: CatalogueRepository
    """Brands, prompts, facts and schedules."""
    runs: RunRepository
    """Runs and the results of their tasks."""
    answers: AnswerRepository
    """Answers with their costs."""
    batches: BatchRepository
    """Batches that were submitted to vendors."""
    retention: RetentionRepository
    """The removal of old texts."""
    scores: ScoreRepository
    """Scores of answers, and which answers each scorer has read."""
    blocks: BlockRepository
    """Sums of scores by run, prompt, model, brand, metric and scorer."""
    editions: EditionRepository
    """Editions: which versions of the scorers are read."""
    updates: UpdateRepository
    """Model updates."""
    alerts: AlertRepository
    """Alerts with their shifts and events."""
    deliveries: DeliveryRepository
    """The outbox: what channels are to show."""
    money: MoneyRepository
    """Reservations and spending."""
    locks: LockRepository
    """Locks that are shared by all processes."""
    schedules: ScheduleRepository
    """The states of schedules."""
    audit: AuditRepository
    """The audit log."""
    chat_state: ChatStateRepository
    """Requests that were handled, and commands that wait for a confirmation."""
    settings: SettingRepository
    """Settings that people made in a chat."""
    finetune: FinetuneRepository
    """Approved answers and published content."""

    def storable(self, text: str) -> str:
        """Return a text as the store keeps it: what a database cannot store is replaced."""

    async def census(self, versions: Collection[str]) -> Census:
        """Return counts of the runs, alerts, deliveries and unscored answers in the store.

        Args:
            versions: The versions of scorers in use, written as in `overheard.domain.Block`.
        """

    async def close(self) -> None:
        """Close all connections."""


class StoreMaintenance(Protocol):
    """Work on a store as a whole, which is given by its URL."""

    async def migrate(self, url: str) -> tuple[str | None, str]:
        """Upgrade the tables to this version; return the revision before (None for a new store) and
        after.

        Raises:
            StoreError: when the store cannot be used.
        """

    async def examine(self, url: str) -> StoreHealth:
        """Check a store's integrity and measure its size; nothing is changed.

        Raises:
            StoreError: when the store cannot be used.
        """

    async def copy(self, source: str, target: str, progress: Progress) -> Mapping[str, int]:
        """Copy all rows into an empty store, in one transaction; numbers stay the same.

        Rows that are written to the source during the copy are not copied.

        Returns:
            The number of rows of each table, counted in both stores.

        Raises:
            StoreError: when a store cannot be used, the target is not empty, or a count
                differs; the target is then empty.
        """

    async def back_up(self, url: str, file: Path) -> int:
        """Write a snapshot of an SQLite store to a new file; return its size in bytes.

        Raises:
            StoreError: when the store is not SQLite, or cannot be used.
            FileUnwritable: when the file exists, or cannot be written.
        """
