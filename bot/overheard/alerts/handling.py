"""What people and the lifecycle do to an alert: states, log, taking, snoozing, closing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from overheard.alerts.events import SNOOZED_UNTIL, snoozed_until
from overheard.cards.wording import name_without_id
from overheard.detection.placement import reports_statement
from overheard.domain import Alert, AlertEvent, AlertEventKind, AlertState, ModelUpdate, Shift
from overheard.errors import AlertUnchanged, NotUndone, UnknownName
from overheard.interfaces import Clock, Store

STATES = {
    AlertEventKind.ACKNOWLEDGED: AlertState.ACKNOWLEDGED,
    AlertEventKind.SNOOZED: AlertState.SNOOZED,
    AlertEventKind.WOKEN: AlertState.OPEN,
    AlertEventKind.GREW: AlertState.GROWING,
    AlertEventKind.RELAPSED: AlertState.GROWING,
    AlertEventKind.RECOVERED: AlertState.RECOVERED,
    AlertEventKind.CLOSED: AlertState.CLOSED,
    AlertEventKind.REOPENED: AlertState.OPEN,
}
"""The state of an alert after an event; a model update changes nothing."""
BY_PEOPLE = frozenset(
    {
        AlertEventKind.ACKNOWLEDGED,
        AlertEventKind.SNOOZED,
        AlertEventKind.CLOSED,
        AlertEventKind.REOPENED,
    }
)
"""What people do to the state of an alert, and can take back."""
_LIVE = frozenset(state for state in AlertState if not state.over)
FROM = {
    AlertEventKind.ACKNOWLEDGED: _LIVE - {AlertState.ACKNOWLEDGED},
    AlertEventKind.SNOOZED: _LIVE,
    AlertEventKind.WOKEN: frozenset({AlertState.SNOOZED}),
    AlertEventKind.GREW: _LIVE,
    AlertEventKind.EASED: _LIVE,
    AlertEventKind.RELAPSED: frozenset({AlertState.RECOVERED}),
    AlertEventKind.RECOVERED: _LIVE,
    AlertEventKind.CLOSED: frozenset(AlertState) - {AlertState.CLOSED},
    AlertEventKind.REOPENED: frozenset(AlertState) - {AlertState.OPEN, AlertState.GROWING},
    AlertEventKind.UPDATE: frozenset(AlertState),
    AlertEventKind.UNDONE: frozenset(AlertState),
    AlertEventKind.CONTINUED: _LIVE,
    AlertEventKind.REVISED: _LIVE,
    AlertEventKind.JOINED: _LIVE,
}
"""The states in which an event is possible."""
UNTIL_UPDATE = "Until the next update."
"""The note on a snooze that no time ends."""
_SPANS = {"For a day.": timedelta(days=1), "For a week.": timedelta(weeks=1)}
"""The notes on snoozes of version 0.1, which named no time."""
UNMARKED = "The update is not marked any more."


class SavedState(NamedTuple):
    """The part of an alert that people change: its state, the person who set it, and a snooze's
    end.
    """

    state: AlertState = AlertState.OPEN
    by: str = ""
    until: datetime | None = None


def past_states(events: Iterable[AlertEvent]) -> list[tuple[int, SavedState]]:
    """Return the states that the events of an alert led to, in order, each with the number of its
    event. The first is the open state at the beginning, with the number 0.

    Events that change no state are left out. An UNDONE event removes the newest state, except the
    first; with the note `UNMARKED` it removes none, because it took back the mark of an update.

    Args:
        events: The events of the alert, the oldest first.
    """
    states = [(0, SavedState())]
    for event in events:
        if event.what is AlertEventKind.UNDONE and event.note != UNMARKED and len(states) > 1:
            states.pop()
        elif state := STATES.get(event.what):
            until = None
            if state is AlertState.SNOOZED:
                span = _SPANS.get(event.note)
                until = event.at + span if span else snoozed_until(event)
            states.append((event.id, SavedState(state, event.who, until)))
    return states


def after(
    alert: Alert, what: AlertEventKind, who: str = "", until: datetime | None = None
) -> Alert:
    """Return an alert in its state after an event; nothing is stored. Its revision is one more. An
    event that changes no state leaves its state, person and end of a snooze as they are.

    Args:
        alert: The alert before the event.
        who: Name of the user who caused the event; empty for the statistics or the clock.
        until: End of a snooze; None for a snooze until an update, and for other events.

    Raises:
        AlertUnchanged: when the event is not possible in the alert's present state.
    """
    if alert.state not in FROM[what]:
        by = f" (by {name_without_id(alert.by)})" if alert.by else ""
        raise AlertUnchanged(number=alert.id, state=alert.state, by=by)
    following = replace(alert, revision=alert.revision + 1)
    if what not in STATES:
        return following
    return replace(following, state=STATES[what], by=who, until=until)


MAX_KNOWN_NUMBERS = 10
"""Numbers of alerts that the message about an unknown number names."""


class AlertLog:
    """Stores the events of alerts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def find(self, number: int) -> Alert:
        """Return the stored alert with a number.

        Raises:
            UnknownName: when there is no such alert; its message has the numbers of the newest
                `MAX_KNOWN_NUMBERS` alerts.
        """
        alert = await self._store.alerts.get(number)
        if alert is None:
            newest = (await self._store.alerts.find())[:MAX_KNOWN_NUMBERS]
            known = ", ".join(str(alert.id) for alert in newest) or "none yet"
            raise UnknownName(kind="alert", name=str(number), hint="", known=known)
        return alert

    async def add_event(
        self,
        number: int,
        what: AlertEventKind,
        who: str = "",
        *,
        until: datetime | None = None,
        note: str = "",
        shifts: Sequence[Shift] = (),
        restored: SavedState | None = None,
        even_if_reported: bool = False,
    ) -> Alert:
        """Store an event together with the alert's new state and shifts, and return the changed
        alert. When another process changed the alert at the same time, read it and try again.

        Args:
            who: Name of the user who caused the event; empty for the statistics or the clock.
            until: End of a snooze; None for a snooze until an update, and for other events.
            note: The note of the event, as a sentence; or empty.
            shifts: Shifts to add. A shift of a brand and run of which the alert has a shift already
                is left out, except a statement that it has not reported for this run. If there were
                shifts and all are left out, nothing is stored and the alert is returned as it is.
            restored: The state that the alert gets, for an event that is taken back; None for the
                state that follows from ``what``.
            even_if_reported: Whether to store the event even if all shifts are left out.

        Raises:
            AlertUnchanged: when the event is not possible in the alert's state.
        """
        while True:
            alert = await self.find(number)
            reported = {(shift.brand, shift.run_id) for shift in alert.moved}
            # A statement may be found later in a run that the alert has reported already.
            new_shifts = [
                shift
                for shift in shifts
                if (shift.brand, shift.run_id) not in reported
                or (shift.statement and not reports_statement(alert, shift))
            ]
            if shifts and not new_shifts and not even_if_reported:
                return alert
            event = AlertEvent(what, self._clock.now(), who, note)
            changed = after(alert, what, who, until)
            if restored:
                changed = replace(
                    changed, state=restored.state, by=restored.by, until=restored.until
                )
            over_at = event.at if changed.state.over else None
            changed = replace(changed, later=(*changed.later, *new_shifts), over_at=over_at)
            if await self._store.alerts.change(changed, event):
                return changed


MARKED = "people"
"""Source of an update that a person marked."""
SAME_UPDATE = timedelta(days=1)
"""Marks of updates of a model that are no further apart are one update."""
KNOWN_UPDATE = "That update was known."


class Handling(AlertLog):
    """Stores what people do with alerts, and wakes those that they have snoozed."""

    async def acknowledge(self, number: int, who: str) -> Alert:
        """Store who takes care of an alert, and return the changed alert.

        Raises:
            AlertUnchanged: when the alert is over or acknowledged already.
        """
        return await self.add_event(number, AlertEventKind.ACKNOWLEDGED, who)

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
        return await self.add_event(number, AlertEventKind.SNOOZED, who, until=until, note=note)

    async def close(self, number: int, who: str, note: str = "") -> Alert:
        """Close an alert, and return the changed alert; one that has recovered can be closed too.

        Args:
            number: The alert's number.
            who: Name of the user.
            note: Why, as a sentence; or empty.

        Raises:
            AlertUnchanged: when the alert is closed already.
        """
        return await self.add_event(number, AlertEventKind.CLOSED, who, note=note)

    async def reopen(self, number: int, who: str) -> Alert:
        """Open an alert again that is acknowledged, snoozed, recovered or closed, and return the
        changed alert.

        Raises:
            AlertUnchanged: when the alert is open already.
        """
        return await self.add_event(number, AlertEventKind.REOPENED, who)

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
        alert = await self.find(number)
        began = (await self._store.runs.starts())[alert.shift.first_run_id]
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
        await self.add_event(number, AlertEventKind.UPDATE, who, note=event_note)
        return update

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
        alert = await self.find(number)
        events = await self._store.alerts.events(number)
        event = next((event for event in events if event.id == event_id), None)
        if event and event.what is AlertEventKind.UPDATE:
            return await self._remove_mark(alert, event, who)
        *earlier_states, (latest_event_id, _) = past_states(events)
        if not event or event.what not in BY_PEOPLE or latest_event_id != event_id:
            raise NotUndone(number=number)
        _, state_before = earlier_states[-1]
        return await self.add_event(number, AlertEventKind.UNDONE, who, restored=state_before)

    async def _remove_mark(self, alert: Alert, event: AlertEvent, who: str) -> Alert:
        """Remove the model update that an UPDATE event marked, store an UNDONE event, and return
        the changed alert.
        """
        if event.note.endswith(KNOWN_UPDATE):
            raise NotUndone(number=alert.id)
        began = (await self._store.runs.starts())[alert.shift.first_run_id]
        marked = [
            update
            for update in await self._store.updates.find(alert.shift.model)
            if update.source == MARKED and update.at == began
        ]
        if not marked:
            raise NotUndone(number=alert.id)
        for update in marked:
            await self._store.updates.remove(update.id)
        return await self.add_event(alert.id, AlertEventKind.UNDONE, who, note=UNMARKED)

    async def wake(self) -> list[Alert]:
        """Open each snoozed alert whose time has come, or whose model was updated if the snooze
        waits for that. Each gets a WOKEN event. Return the changed alerts, the newest first.

        Raises:
            AlertUnchanged: when a person ends one of the snoozes at the same time.
        """
        woken = []
        for alert in await self._store.alerts.find(live=True):
            is_snoozed = alert.state is AlertState.SNOOZED
            if is_snoozed and (note := await self._reason_to_wake(alert)):
                woken.append(await self.add_event(alert.id, AlertEventKind.WOKEN, note=note))
        return woken

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
