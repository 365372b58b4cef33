"""Repositories of alerts, of their deliveries to channels, and of model updates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from overheard.domain import Alert, AlertEvent, Delivery, Model, ModelUpdate


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
        ...

    async def get(self, number: int) -> Alert | None:
        """Return an alert by its number, or None."""
        ...

    async def find(self, *, brand: str | None = None, live: bool = False) -> list[Alert]:
        """Return the alerts of one brand, or of all, the newest first.

        Args:
            brand: The brand; None for all.
            live: Whether to leave out recovered and closed alerts.
        """
        ...

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
        ...

    async def events(self, alert_id: int) -> list[AlertEvent]:
        """Return the events of an alert, the oldest first."""
        ...


class DeliveryRepository(Protocol):
    """The outbox: messages that channels should show, and the process that posts each."""

    async def add(self, wanted: Iterable[Delivery]) -> None:
        """Store deliveries; a delivery with a known key stays unchanged."""
        ...

    async def put(self, delivery: Delivery) -> None:
        """Store a delivery in place of the stored one with the same key, unless a process has
        claimed that.
        """
        ...

    async def remove(self, key: str) -> None:
        """Delete the delivery with a key, if there is one."""
        ...

    async def add_shown(self, alert_id: int, channel: str, at: datetime) -> bool:
        """Store that a channel shows an alert already; return False when this was stored before."""
        ...

    async def find(
        self, *, alert_id: int | None = None, channel: str | None = None, waiting: bool = False
    ) -> list[Delivery]:
        """Return deliveries in the order of their numbers.

        Args:
            alert_id: The alert; None for all.
            channel: The channel, as ``platform:id``; None for all.
            waiting: Whether to return only those that wait to be posted.
        """
        ...

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
        ...

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
        ...

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
        ...


class UpdateRepository(Protocol):
    """Model updates."""

    async def add(self, update: ModelUpdate) -> ModelUpdate:
        """Store a model update and return it with its number.

        For an update of the same model, time and source, the stored update is returned.
        """
        ...

    async def remove(self, number: int) -> bool:
        """Delete a model update by its number; False when there is no such update."""
        ...

    async def find(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return the updates of one model, or of all, the oldest first."""
        ...
