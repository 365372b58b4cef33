"""An alert's life: what can happen to it, and what it is afterwards.

Every change is one event, kept together with what channels are to be shown.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from overheard.alerts.card import step
from overheard.alerts.routes import Routes
from overheard.cards import wording
from overheard.deployment import Deployment
from overheard.detection.decide import AlertAction, Placement, place
from overheard.domain import (
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    Delivery,
    ModelUpdate,
    Shift,
)
from overheard.errors import AlertUnchanged, UnknownName
from overheard.interfaces import Clock, Store

STATES = {
    AlertEventKind.ACKNOWLEDGED: AlertState.ACKNOWLEDGED,
    AlertEventKind.SNOOZED: AlertState.SNOOZED,
    AlertEventKind.WOKEN: AlertState.OPEN,
    AlertEventKind.GREW: AlertState.GROWING,
    AlertEventKind.RECOVERED: AlertState.RECOVERED,
    AlertEventKind.CLOSED: AlertState.CLOSED,
    AlertEventKind.REOPENED: AlertState.OPEN,
}
"""The state of an alert after an event; a model update changes nothing."""

_LIVE = frozenset(state for state in AlertState if not state.over)
FROM = {
    AlertEventKind.ACKNOWLEDGED: _LIVE - {AlertState.ACKNOWLEDGED},
    AlertEventKind.SNOOZED: _LIVE,
    AlertEventKind.WOKEN: frozenset({AlertState.SNOOZED}),
    AlertEventKind.GREW: _LIVE,
    AlertEventKind.RECOVERED: _LIVE,
    AlertEventKind.CLOSED: frozenset(AlertState) - {AlertState.CLOSED},
    AlertEventKind.REOPENED: frozenset(AlertState) - {AlertState.OPEN, AlertState.GROWING},
    AlertEventKind.UPDATE: frozenset(AlertState),
}
"""The states in which an event is possible."""


class Lifecycle:
    """Raises alerts, and keeps what happens to them.

    Args:
        store: Where alerts are kept.
        routes: The channels that alerts are posted in.
        clock: What time it is.
    """

    def __init__(self, store: Store, routes: Routes, clock: Clock) -> None:
        self._store = store
        self._routes = routes
        self._clock = clock

    @classmethod
    def of(cls, deployment: Deployment) -> Lifecycle:
        """Return the lifecycle of a deployment's alerts."""
        routes = Routes(deployment.config.routes, deployment.scoring.metrics)
        return cls(deployment.store, routes, deployment.clock)

    async def raise_alert(self, alert: Alert) -> tuple[Alert, bool]:
        """Keep what moved at a model in a run, as `decide.place` places it among the alerts before:
        as an alert that is shown in every channel that a route leads to, or as growth of one.

        Open alerts that it takes back have recovered. Where another process closes an alert at the
        same time, it is placed again.

        Returns:
            The alert that reports this brand, model and run, and whether it is new.
        """
        while True:
            earlier = await self._store.alerts.find(brand=alert.shift.brand)
            placement = place((alert.shift, *alert.also), earlier)
            with contextlib.suppress(AlertUnchanged):  # it was closed just now
                kept, is_new = await self._placed(alert, placement, earlier)
                break
        for number in placement.recovers:
            with contextlib.suppress(AlertUnchanged):  # another process was quicker
                await self.recover(number, f"See alert {kept.id}.")
        return kept, is_new

    async def _placed(
        self, alert: Alert, placement: Placement, earlier: Sequence[Alert]
    ) -> tuple[Alert, bool]:
        match placement.action:
            case AlertAction.KEEP:
                return next(old for old in earlier if old.id == placement.alert), False
            case AlertAction.GROW:
                return await self.grow(placement.alert, (alert.shift, *alert.also)), False
        new = replace(alert, follows=placement.follows)
        return await self._store.alerts.add(new, self._deliveries(new))

    async def grow(self, number: int, shifts: Sequence[Shift]) -> Alert:
        """Record that what an alert reports went further; it is open again for people.

        Args:
            number: The alert's.
            shifts: What moved further, all seen in one run. An alert grows by a run once.

        Raises:
            AlertUnchanged: when it is over.
        """
        note = f"{wording.listing([step(shift, self._routes.metrics) for shift in shifts])}."
        note = note[0].upper() + note[1:]
        return await self._change(number, AlertEventKind.GREW, note=note, shifts=shifts)

    async def recover(self, number: int, note: str) -> Alert:
        """Record that a brand is back where it was before the alert.

        Raises:
            AlertUnchanged: when it is over.
        """
        return await self._change(number, AlertEventKind.RECOVERED, note=note)

    async def acknowledge(self, number: int, who: str) -> Alert:
        """Record who takes care of the alert."""
        return await self._change(number, AlertEventKind.ACKNOWLEDGED, who)

    async def snooze(self, number: int, who: str, until: datetime | None, note: str) -> Alert:
        """Put it aside until a time; None for until the next update of the model."""
        return await self._change(number, AlertEventKind.SNOOZED, who, until=until, note=note)

    async def close(self, number: int, who: str) -> Alert:
        """Put it away."""
        return await self._change(number, AlertEventKind.CLOSED, who)

    async def reopen(self, number: int, who: str) -> Alert:
        """Open an alert again."""
        return await self._change(number, AlertEventKind.REOPENED, who)

    async def mark_update(self, number: int, who: str, note: str) -> ModelUpdate:
        """Say that the model was updated when the alert's run began."""
        alert = await self.find(number)
        began = next(
            r.started_at for r in await self._store.runs.find() if r.id == alert.shift.run_id
        )
        said = ModelUpdate(alert.shift.model, began, "people", note or f"said by {who}")
        update = await self._store.updates.add(said)
        await self._change(number, AlertEventKind.UPDATE, who, note=note)
        return update

    async def wake(self) -> list[Alert]:
        """Wake the alerts whose snooze is over, and return them."""
        snoozed = [a for a in await self._store.alerts.find() if a.state is AlertState.SNOOZED]
        notes = [(alert, await self._reason_to_wake(alert)) for alert in snoozed]
        return [
            await self._change(a.id, AlertEventKind.WOKEN, note=note) for a, note in notes if note
        ]

    async def find(self, number: int) -> Alert:
        """Return an alert by its number.

        Raises:
            UnknownName: when there is none.
        """
        alert = await self._store.alerts.get(number)
        if alert is None:
            numbers = [str(alert.id) for alert in await self._store.alerts.find()]
            known = ", ".join(numbers[:10]) or "none yet"
            raise UnknownName(kind="alert", name=str(number), hint="", known=known)
        return alert

    async def _change(
        self,
        number: int,
        what: AlertEventKind,
        who: str = "",
        *,
        until: datetime | None = None,
        note: str = "",
        shifts: Sequence[Shift] = (),
    ) -> Alert:
        """Store an event; where another process has changed the alert, read it again and retry."""
        while True:
            found = await self.find(number)
            if {shift.run_id for shift in shifts} & {shift.run_id for shift in found.moved}:
                return found
            changed = after(found, what, who, until)
            changed = replace(changed, later=(*changed.later, *shifts))
            event = AlertEvent(what, self._clock.now(), who, note)
            if await self._store.alerts.change(changed, event):
                return changed

    def _deliveries(self, alert: Alert) -> list[Delivery]:
        return self._routes.deliveries(alert, self._clock.now())

    async def _reason_to_wake(self, alert: Alert) -> str:
        """Say why a snooze is over; an empty string while it is not."""
        if alert.until is not None:
            return "The snooze is over." if alert.until <= self._clock.now() else ""
        events = await self._store.alerts.events(alert.id)
        since = max(event.at for event in events if event.what is AlertEventKind.SNOOZED)
        updated = any(u.at > since for u in await self._store.updates.find(alert.shift.model))
        return f"{alert.shift.model} was updated." if updated else ""


def after(
    alert: Alert, what: AlertEventKind, who: str = "", until: datetime | None = None
) -> Alert:
    """Return an alert as it is when something has happened to it.

    Raises:
        AlertUnchanged: when that cannot happen to it now.
    """
    if alert.state not in FROM[what]:
        by = f" (by {alert.by})" if alert.by else ""
        raise AlertUnchanged(number=alert.id, state=alert.state, by=by)
    following = replace(alert, revision=alert.revision + 1)
    if what not in STATES:
        return following
    return replace(following, state=STATES[what], by=who, until=until)
