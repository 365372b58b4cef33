"""The part of the in-memory store that holds alerts and their deliveries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from operator import attrgetter

from overheard.domain import (
    Alert,
    AlertEvent,
    AlertEventKind,
    Delivery,
    DeliveryKind,
    Model,
    alert_key,
)


class MemoryAlerts:
    """Alerts, what happened to them, and where they are shown."""

    def __init__(self) -> None:
        self._alerts: dict[tuple[str, Model, int], Alert] = {}
        self._events: list[AlertEvent] = []
        self._deliveries: dict[str, Delivery] = {}
        self._leases: dict[int, tuple[str, datetime]] = {}

    async def add_alert(
        self, alert: Alert, deliveries: Sequence[Delivery] = ()
    ) -> tuple[Alert, bool]:
        """Keep an alert with its shifts, and return it; False when it was there already."""
        key = (alert.shift.brand, alert.shift.model, alert.shift.run_id)
        if key in self._alerts:
            return self._alerts[key], False
        kept = self._alerts[key] = self._numbered(alert)
        self._keep_event(AlertEvent(AlertEventKind.RAISED, alert.opened_at), kept.id)
        await self.add_deliveries(_addressed(delivery, kept.id) for delivery in deliveries)
        return kept, True

    async def alert(self, number: int) -> Alert | None:
        """Return an alert by its number, or None."""
        return next((alert for alert in self._alerts.values() if alert.id == number), None)

    async def alerts(self, *, brand: str | None = None) -> list[Alert]:
        """Return alerts, the newest first."""
        found = [alert for alert in self._alerts.values() if brand in (None, alert.shift.brand)]
        return sorted(found, key=attrgetter("opened_at", "id"), reverse=True)

    async def change_alert(self, alert: Alert, event: AlertEvent) -> bool:
        """Keep an alert as it is now with what happened; False when others were quicker."""
        kept = await self.alert(alert.id)
        if kept is None or kept.revision != alert.revision - 1:
            return False
        shift = kept.shift
        numbered = self._numbered(replace(alert, shift=shift, also=kept.also, follows=kept.follows))
        self._alerts[shift.brand, shift.model, shift.run_id] = numbered
        self._announce(alert, self._keep_event(event, alert.id))
        return True

    async def events(self, alert_id: int) -> list[AlertEvent]:
        """Return what happened to an alert, in order."""
        return [event for event in self._events if event.alert_id == alert_id]

    async def add_deliveries(self, wanted: Iterable[Delivery]) -> None:
        """Write down what is to be shown; a known key is left as it is."""
        for delivery in wanted:
            numbered = replace(delivery, id=len(self._deliveries) + 1)
            self._deliveries.setdefault(delivery.key, numbered)

    async def add_delivery(self, alert_id: int, channel: str, at: datetime) -> bool:
        """Note that an alert was shown in a channel; False when it had been already."""
        key = alert_key(alert_id, channel)
        new = key not in self._deliveries
        shown = Delivery(DeliveryKind.ALERT, key, channel, at, alert_id=alert_id, shown=1)
        await self.add_deliveries([shown])
        return new

    async def deliveries(
        self, *, alert_id: int | None = None, channel: str | None = None, waiting: bool = False
    ) -> list[Delivery]:
        """Return deliveries in the order of their numbers."""
        return [
            self._threaded(delivery)
            for delivery in self._deliveries.values()
            if alert_id in (None, delivery.alert_id)
            and channel in (None, delivery.channel)
            and (not waiting or delivery.shown < delivery.wanted)
        ]

    async def claim_deliveries(
        self, owner: str, now: datetime, until: datetime, *, chats: Collection[str], limit: int
    ) -> list[Delivery]:
        """Take deliveries that are due for one process, those due longest first."""
        due = [
            delivery
            for delivery in await self.deliveries(waiting=True)
            if delivery.due_at <= now
            and delivery.channel.partition(":")[0] in chats
            and (delivery.id not in self._leases or self._leases[delivery.id][1] < now)
            and (delivery.kind is not DeliveryKind.EVENT or await self._is_next(delivery))
        ]
        taken = sorted(due, key=attrgetter("due_at", "id"))[:limit]
        for delivery in taken:
            self._leases[delivery.id] = (owner, until)
            self._deliveries[delivery.key] = replace(delivery, uncertain=True)
        return [replace(delivery, leased_until=until) for delivery in taken]

    async def record_delivery(
        self, delivery: Delivery, owner: str, *, message: str, shown: int
    ) -> bool:
        """Say what a channel shows now, and let the delivery go."""
        if not self._release(delivery, owner):
            return False
        self._deliveries[delivery.key] = replace(
            self._deliveries[delivery.key],
            message=message,
            shown=shown,
            attempts=0,
            problem="",
            uncertain=False,
        )
        return True

    async def postpone_delivery(
        self, delivery: Delivery, owner: str, *, due_at: datetime, problem: str, uncertain: bool
    ) -> bool:
        """Say when a delivery is tried again and why, and let it go."""
        if not self._release(delivery, owner):
            return False
        self._deliveries[delivery.key] = replace(
            self._deliveries[delivery.key],
            due_at=due_at,
            problem=problem,
            uncertain=uncertain,
            attempts=delivery.attempts + bool(problem),
        )
        return True

    def _release(self, delivery: Delivery, owner: str) -> bool:
        mine = self._leases.get(delivery.id, ("",))[0] == owner
        if mine:
            del self._leases[delivery.id]
        return mine

    def _keep_event(self, event: AlertEvent, alert_id: int) -> AlertEvent:
        kept = replace(event, alert_id=alert_id, id=len(self._events) + 1)
        self._events.append(kept)
        return kept

    def _announce(self, alert: Alert, event: AlertEvent) -> None:
        for shown in list(self._deliveries.values()):
            if shown.alert_id == alert.id and shown.kind is DeliveryKind.ALERT:
                self._deliveries[shown.key] = replace(shown, wanted=alert.revision)
                if ":" in shown.channel:
                    told = Delivery(
                        DeliveryKind.EVENT,
                        f"event-{event.id}@{shown.channel}",
                        shown.channel,
                        event.at,
                        alert_id=alert.id,
                        event_id=event.id,
                        id=len(self._deliveries) + 1,
                    )
                    self._deliveries[told.key] = told

    def _threaded(self, delivery: Delivery) -> Delivery:
        """Return a delivery as it is read: an event knows its alert's message."""
        if delivery.kind is not DeliveryKind.EVENT:
            return delivery
        parent = self._deliveries[alert_key(delivery.alert_id, delivery.channel)]
        return replace(delivery, thread=parent.message)

    async def _is_next(self, event: Delivery) -> bool:
        same = await self.deliveries(alert_id=event.alert_id, channel=event.channel, waiting=True)
        first = next(each for each in same if each.kind is DeliveryKind.EVENT)
        return bool(event.thread) and first.id == event.id

    def _numbered(self, alert: Alert) -> Alert:
        numbers = count(1 + sum(len(kept.moved) for kept in self._alerts.values()))
        shift, *rest = (
            shift if shift.id else replace(shift, id=next(numbers)) for shift in alert.moved
        )
        return replace(
            alert,
            shift=shift,
            also=tuple(rest[: len(alert.also)]),
            later=tuple(rest[len(alert.also) :]),
            id=alert.id or len(self._alerts) + 1,
        )


def _addressed(delivery: Delivery, alert_id: int) -> Delivery:
    if delivery.kind is not DeliveryKind.ALERT:
        return delivery
    return replace(delivery, alert_id=alert_id, key=alert_key(alert_id, delivery.channel))
