"""What is kept of alerts: their lives, and where they are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from overheard.domain import Alert, AlertEvent, Delivery


class AlertStore(Protocol):
    """The part of the store that keeps alerts and deliveries."""

    async def add_alert(
        self, alert: Alert, deliveries: Sequence[Delivery] = ()
    ) -> tuple[Alert, bool]:
        """Keep an alert with its shifts, and return it with its number.

        There is one alert for each brand, model and run: a second one returns the first.

        Args:
            alert: What was raised; that it was raised becomes its first event.
            deliveries: Where it is to be shown, kept in the same transaction. Those of the
                alert itself get its number, and the key of `overheard.domain.alert_key`.

        Returns:
            The alert that is kept, and whether it is new.
        """
        ...

    async def alert(self, number: int) -> Alert | None:
        """Return an alert by its number, or None."""
        ...

    async def alerts(self, *, brand: str | None = None) -> list[Alert]:
        """Return alerts, the newest first."""
        ...

    async def change_alert(self, alert: Alert, event: AlertEvent) -> bool:
        """Keep where an alert stands now, together with what happened, in one transaction.

        Every channel that shows it gets deliveries of its new revision and of the event.

        Args:
            alert: As it is now; its revision is one more than before. Its shifts stay, and
                those that were seen since are kept beside them.
            event: What happened.

        Returns:
            False, and nothing is kept, when somebody else changed it meanwhile.
        """
        ...

    async def events(self, alert_id: int) -> list[AlertEvent]:
        """Return what happened to an alert, in order."""
        ...

    # Deliveries

    async def add_deliveries(self, wanted: Iterable[Delivery]) -> None:
        """Write down what is to be shown; a known key is left as it is."""
        ...

    async def add_delivery(self, alert_id: int, channel: str, at: datetime) -> bool:
        """Note that an alert was shown in a channel; False when it had been already."""
        ...

    async def deliveries(
        self, *, alert_id: int | None = None, channel: str | None = None, waiting: bool = False
    ) -> list[Delivery]:
        """Return deliveries in the order of their numbers, or only those with work left."""
        ...

    async def claim_deliveries(
        self, owner: str, now: datetime, until: datetime, *, chats: Collection[str], limit: int
    ) -> list[Delivery]:
        """Take deliveries that are due for one process, those due longest first.

        An event waits for its alert's message, and for earlier events of the same alert in the
        same channel. What another process took is left to it until its time is over; then nobody
        knows whether it was posted, and the delivery that is returned is `uncertain`.

        Args:
            owner: Names the process.
            now: What time it is.
            until: How long they belong to it.
            chats: The platforms that it can post to.
            limit: How many at most.
        """
        ...

    async def record_delivery(
        self, delivery: Delivery, owner: str, *, message: str, shown: int
    ) -> bool:
        """Say what a channel shows now, and let the delivery go.

        Returns:
            False, and nothing is kept, when the delivery belongs to another process by now.
        """
        ...

    async def postpone_delivery(
        self, delivery: Delivery, owner: str, *, due_at: datetime, problem: str, uncertain: bool
    ) -> bool:
        """Say when a delivery is tried again and why, and let it go; see `record_delivery`.

        An attempt counts when there is a problem.
        """
        ...
