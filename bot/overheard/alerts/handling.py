"""What people do with an alert: acknowledge, snooze, close, reopen it, mark an update, undo.

What the statistics do with alerts is in ``lifecycle.py``; the commands are those of
``commands/alert_actions.py``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from overheard.alerts.alert_log import AlertLog
from overheard.alerts.alert_states import BY_PEOPLE, UNMARKED, UNTIL_UPDATE, past_states
from overheard.alerts.events import SNOOZED_UNTIL, name_without_id
from overheard.deployment import Deployment
from overheard.domain import Alert, AlertEvent, AlertEventKind, AlertState, ModelUpdate
from overheard.errors import NotUndone
from overheard.interfaces import Clock, Store

MARKED = "people"
"""Source of an update that a person marked."""
SAME_UPDATE = timedelta(days=1)
"""Marks of updates of a model that are no further apart are one update."""
KNOWN_UPDATE = "That update was known."


class Handling:
    """Stores what people do with alerts, and wakes those that they have snoozed.

    Args:
        clock: The source of the current time.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._log = AlertLog(store, clock)

    @classmethod
    def of(cls, deployment: Deployment) -> Handling:
        """Return the handling of the alerts in a deployment's store."""
        return cls(deployment.store, deployment.clock)

    async def acknowledge(self, number: int, who: str) -> Alert:
        """Store who takes care of an alert, and return the changed alert.

        Args:
            number: The alert's number.
            who: Name of the user.

        Raises:
            AlertUnchanged: when the alert is over or acknowledged already.
        """
        return await self._log.add_event(number, AlertEventKind.ACKNOWLEDGED, who)

    async def snooze(self, number: int, who: str, until: datetime | None) -> Alert:
        """Put an alert aside, and return the changed alert. A snoozed alert gets the new end.

        Args:
            number: The alert's number.
            who: Name of the user.
            until: End of the snooze, an aware time, which is stored in UTC and cut to the minute;
                None for a snooze until the next update of the model.
        """
        until = until.astimezone(UTC).replace(second=0, microsecond=0) if until else None
        note = until.strftime(SNOOZED_UNTIL) if until else UNTIL_UPDATE
        return await self._log.add_event(
            number, AlertEventKind.SNOOZED, who, until=until, note=note
        )

    async def close(self, number: int, who: str, note: str = "") -> Alert:
        """Close an alert, and return the changed alert; one that has recovered can be closed too.

        Args:
            number: The alert's number.
            who: Name of the user.
            note: Why, as a sentence; or empty.

        Raises:
            AlertUnchanged: when the alert is closed already.
        """
        return await self._log.add_event(number, AlertEventKind.CLOSED, who, note=note)

    async def reopen(self, number: int, who: str) -> Alert:
        """Open an alert again that is acknowledged, snoozed, recovered or closed, and return the
        changed alert.

        Raises:
            AlertUnchanged: when the alert is open already.
        """
        return await self._log.add_event(number, AlertEventKind.REOPENED, who)

    async def mark_update(self, number: int, who: str, note: str) -> ModelUpdate:
        """Store a user's statement that the model was updated when the alert's change began.

        The update of the model is stored with that time, unless an update is stored that is at most
        `SAME_UPDATE` before or after it. An UPDATE event of the alert is stored in either case, and
        its note says if the update was known. The alert's state stays.

        Args:
            who: Name of the user.
            note: A note on the update; if it is empty, the update is noted as said by the user.

        Returns:
            The new update, or the one that was stored before.
        """
        alert = await self._log.find(number)
        began = await self._change_start(alert)
        stored = await self._store.updates.find(alert.shift.model)
        update = next((update for update in stored if abs(update.at - began) <= SAME_UPDATE), None)
        event_note = note
        if update is None:
            update_note = note or f"said by {name_without_id(who)}"
            update = await self._store.updates.add(
                ModelUpdate(alert.shift.model, began, MARKED, update_note)
            )
        else:
            event_note = f"{note} {KNOWN_UPDATE}" if note else KNOWN_UPDATE
        await self._log.add_event(number, AlertEventKind.UPDATE, who, note=event_note)
        return update

    async def _change_start(self, alert: Alert) -> datetime:
        """Return the start of the run with which an alert's change most likely began, from the
        store, which has the run of every alert.
        """
        run = alert.shift.first_run_id
        return next(r.started_at for r in await self._store.runs.find() if r.id == run)

    async def undo(self, number: int, event_id: int, who: str) -> Alert:
        """Take back what one event of a person did, with an UNDONE event, and return the changed
        alert. After an acknowledgement, snooze, closing or reopening, the alert gets the state from
        before the event. After an UPDATE event, the marked update of the model is removed.

        Args:
            number: The alert's number.
            event_id: The event's number.
            who: Name of the user.

        Raises:
            NotUndone: when the alert has no such event, when no person caused the event, or when
                the alert's state was changed since. A mark is not undone when the update was known
                before, or is removed already.
        """
        alert = await self._log.find(number)
        events = await self._store.alerts.events(number)
        event = next((event for event in events if event.id == event_id), None)
        if event and event.what is AlertEventKind.UPDATE:
            return await self._remove_mark(alert, event, who)
        *earlier_states, (latest_event_id, _) = past_states(events)
        if not event or event.what not in BY_PEOPLE or latest_event_id != event_id:
            raise NotUndone(number=number)
        _, state_before = earlier_states[-1]
        return await self._log.add_event(number, AlertEventKind.UNDONE, who, restored=state_before)

    async def _remove_mark(self, alert: Alert, event: AlertEvent, who: str) -> Alert:
        """Remove the model update that an UPDATE event marked, store an UNDONE event, and return
        the changed alert.

        Raises:
            NotUndone: when the update was known before the mark, or is removed already.
        """
        if event.note.endswith(KNOWN_UPDATE):
            raise NotUndone(number=alert.id)
        began = await self._change_start(alert)
        marked = [
            update
            for update in await self._store.updates.find(alert.shift.model)
            if update.source == MARKED and update.at == began
        ]
        if not marked:
            raise NotUndone(number=alert.id)
        for update in marked:
            await self._store.updates.remove(update.id)
        return await self._log.add_event(alert.id, AlertEventKind.UNDONE, who, note=UNMARKED)

    async def wake(self) -> list[Alert]:
        """Open each snoozed alert whose time has come, or whose model was updated if the snooze
        waits for that. Each gets a WOKEN event. Return the changed alerts, the newest first.

        Raises:
            AlertUnchanged: when a person ends one of the snoozes at the same time.
        """
        alerts = await self._store.alerts.find(live=True)
        snoozed = [alert for alert in alerts if alert.state is AlertState.SNOOZED]
        notes = [(alert, await self._reason_to_wake(alert)) for alert in snoozed]
        return [
            await self._log.add_event(alert.id, AlertEventKind.WOKEN, note=note)
            for alert, note in notes
            if note
        ]

    async def _reason_to_wake(self, alert: Alert) -> str:
        """Return a sentence on why the snooze of a snoozed alert is over: its time has come, or,
        for a snooze without a time, the model was updated after its beginning. Empty while it
        lasts.
        """
        if alert.until is not None:
            return "The snooze is over." if alert.until <= self._clock.now() else ""
        events = await self._store.alerts.events(alert.id)
        since = max(event.at for event in events if event.what is AlertEventKind.SNOOZED)
        updated = any(u.at > since for u in await self._store.updates.find(alert.shift.model))
        return "The model was updated." if updated else ""
