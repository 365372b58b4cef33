"""The states of an alert and the events that change them, as decided in ``detection/decide.py``.

Every change is one event, kept together with what channels are to be shown.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from overheard.alerts.alert_states import (
    BY_PEOPLE,
    UNMARKED,
    UNTIL_UPDATE,
    SavedState,
    after,
    past_states,
)
from overheard.alerts.events import SNOOZED_UNTIL, name_without_id
from overheard.alerts.metric_wording import later_shift_phrase
from overheard.alerts.routes import Routes
from overheard.alerts.statement_wording import statement_clause
from overheard.alerts.story import PARTLY, AlertPart, alert_parts, parts_over
from overheard.cards import wording
from overheard.deployment import Deployment
from overheard.detection.placement import (
    AlertAction,
    Placement,
    belongs_to,
    place,
    reports_statement,
)
from overheard.domain import (
    WHOLE_MODEL,
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    Delivery,
    ModelUpdate,
    Shift,
)
from overheard.errors import AlertUnchanged, NotUndone, UnknownName
from overheard.interfaces import Clock, Store

MARKED = "people"
"""Source of an update that a person marked."""


SAME_UPDATE = timedelta(days=1)
"""Marks of updates of a model that are no further apart are one update."""
KNOWN_UPDATE = "That update was known."


MAX_NAMED_SHIFTS = 3
"""Shifts that a line in the thread names."""
BACK = "It is back where it was before."
MAX_KNOWN_NUMBERS = 10
"""Numbers of alerts that the message about an unknown number names."""
REPORTED_ELSEWHERE = "Another message tells how it is now."


class Lifecycle:
    """Raises alerts and stores the events that change them.

    Args:
        store: The store of alerts.
        routes: The channels that alerts are posted in.
        clock: The source of the current time.
    """

    def __init__(self, store: Store, routes: Routes, clock: Clock) -> None:
        self._store = store
        self._routes = routes
        self._clock = clock

    @classmethod
    def of(cls, deployment: Deployment) -> Lifecycle:
        """Return the lifecycle of the alerts in a deployment's store, posted by the routes of its
        configuration.
        """
        routes = Routes(deployment.config.routes, deployment.scoring.metrics)
        return cls(deployment.store, routes, deployment.clock)

    async def raise_alert(self, alert: Alert) -> tuple[Alert, bool]:
        """Store an alert's shifts as a new alert with a delivery to each of its channels, or in an
        earlier alert of the brand, which grows, eases or recovers. `placement.place` decides which.

        If an earlier alert has reported this model and run, nothing is added to it. Other open
        alerts that the shifts take back recover. When an alert is closed at the same time, the
        shifts are placed again.

        Args:
            alert: A new alert without a number; its shifts are of one brand (or of one model as a
                whole), model and run.

        Returns:
            The stored alert that reports the shifts, and whether it is new.
        """
        while True:
            earlier = await self._store.alerts.find(brand=alert.shift.brand)
            placement = place((alert.shift, *alert.also), earlier, alert.opened_at)
            with contextlib.suppress(AlertUnchanged):  # it was closed just now
                kept, is_new = await self._store_placed(alert, placement, earlier)
                break
        if placement.action is not AlertAction.RECOVER:
            for number in placement.recovers:
                with contextlib.suppress(AlertUnchanged):  # another process was quicker
                    await self.recover(number, REPORTED_ELSEWHERE)
        return kept, is_new

    async def _store_placed(
        self, alert: Alert, placement: Placement, earlier: Sequence[Alert]
    ) -> tuple[Alert, bool]:
        """Carry out the placement of an alert's shifts among earlier alerts of the brand.

        A new model-wide alert is stored without deliveries if an earlier alert on another model
        reports the same change of all models.

        Args:
            alert: A new alert without a number.
            placement: Where its shifts belong.
            earlier: The stored alerts of the brand, the newest first.

        Returns:
            The stored alert that reports the shifts, and whether it is new.

        Raises:
            AlertUnchanged: when the placed alert, or one that recovers with it, was closed at the
                same time.
        """
        shifts = (alert.shift, *alert.also)
        match placement.action:
            case AlertAction.KEEP:
                return next(old for old in earlier if old.id == placement.alert), False
            case AlertAction.GROW:
                return await self.grow(placement.alert, shifts), False
            case AlertAction.EASE:
                return await self._store_easing(placement.alert, shifts), False
            case AlertAction.RECOVER:
                others = [number for number in placement.recovers if number != placement.alert]
                for number in others:
                    await self.recover(number, REPORTED_ELSEWHERE)
                return await self.recover(placement.alert, BACK, shifts=shifts), False
        new = replace(alert, follows=placement.follows)
        is_reported = await self._is_reported_elsewhere(new, earlier)
        return await self._store.alerts.add(new, [] if is_reported else self._deliveries(new))

    async def _is_reported_elsewhere(self, alert: Alert, earlier: Sequence[Alert]) -> bool:
        """Return whether a model-wide alert reports a change that one of ``earlier``, on another
        model, has reported already, because all models moved at the same time. False for an alert
        on a brand.
        """
        if not (alert.of_model and earlier):
            return False
        starts = {run.id: run.started_at for run in await self._store.runs.find()}
        return belongs_to(alert, earlier, starts) is not None

    async def grow(self, number: int, shifts: Sequence[Shift]) -> Alert:
        """Add further shifts to an alert, and return the changed alert. The event is GREW, or
        RELAPSED if the alert had recovered; the alert's state becomes GROWING.

        Args:
            number: The alert's number.
            shifts: The further shifts, all of one run; at least one. Shifts that the alert has
                already for this brand and run are left out. If none is left, nothing is stored.

        Raises:
            UnknownName: when there is no alert with this number.
            AlertUnchanged: when a person has closed the alert.
        """
        has_recovered = (await self.find(number)).state is AlertState.RECOVERED
        what = AlertEventKind.RELAPSED if has_recovered else AlertEventKind.GREW
        return await self._store_event(
            number, what, note=self._shifts_sentence(shifts), shifts=shifts
        )

    async def _store_easing(self, number: int, shifts: Sequence[Shift]) -> Alert:
        """Add shifts of one run that take an alert's change back in part, with an EASED event, and
        return the changed alert; its state stays. Nothing is stored if the alert has all the shifts
        already. Raises AlertUnchanged when the alert is over.
        """
        back = [replace(shift, recovery=True) for shift in shifts]
        note = self._shifts_sentence(shifts)
        return await self._store_event(number, AlertEventKind.EASED, note=note, shifts=back)

    def _shifts_sentence(self, shifts: Sequence[Shift]) -> str:
        """Return a sentence for an alert's thread on what a model does since some shifts: ``The
        model names it less.`` It has no figures, which the message above has in its own unit.

        The first `MAX_NAMED_SHIFTS` shifts of brands are named. If they are of several brands, each
        is named by its brand, otherwise as "it".
        """
        shown = [shift for shift in shifts if shift.brand != WHOLE_MODEL][:MAX_NAMED_SHIFTS]
        has_several_brands = len({shift.brand for shift in shown}) > 1
        phrases = []
        for shift in shown:
            if shift.statement:
                phrases.append(statement_clause(shift.statement).removeprefix("it "))
            else:
                metric = self._routes.metrics.get(shift.metric)
                subject = shift.brand if has_several_brands else "it"
                phrases.append(later_shift_phrase(shift, metric, subject))
        return f"The model {wording.listing(phrases)}."

    async def recover(
        self,
        number: int,
        note: str,
        part: AlertPart = AlertPart.METRICS,
        shifts: Sequence[Shift] = (),
    ) -> Alert:
        """Store that a part of an alert is over: its metrics are back, or its statements are gone.
        Return the changed alert.

        When all that the alert has reported is over, a RECOVERED event ends it. While another part
        goes on, an EASED event says which part is over. If this was stored before, nothing is
        stored again, and the alert is returned as it is.

        Args:
            number: The alert's number.
            note: Why the part is over, as a sentence; shown with a RECOVERED event only.
            part: The part that is over.
            shifts: The shifts of one run that take the change back; they are added to the alert.

        Raises:
            UnknownName: when there is no alert with this number.
            AlertUnchanged: when the alert is over.
        """
        alert = await self.find(number)
        over = parts_over(await self._store.alerts.events(number))
        back = [replace(shift, recovery=True) for shift in shifts]
        is_last_part = alert_parts(alert) <= over | {part}
        if is_last_part or alert.state.over:  # of an alert that is over, the event is refused
            return await self._store_event(
                number, AlertEventKind.RECOVERED, note=note, shifts=back, even_if_reported=True
            )
        if part in over:
            return alert
        return await self._store_event(
            number, AlertEventKind.EASED, note=PARTLY[part], shifts=back, even_if_reported=True
        )

    async def add_brand_shifts(self, number: int, shifts: Sequence[Shift]) -> Alert:
        """Add the shifts of one brand to the model-wide alert, with a CONTINUED event, by which the
        alert's message is edited. Return the changed alert. Nothing is stored if the alert has
        shifts of this brand and run already.

        Raises:
            UnknownName: when there is no alert with this number.
            AlertUnchanged: when the alert is over.
        """
        return await self._store_event(number, AlertEventKind.CONTINUED, shifts=shifts)

    async def brand_is_back(self, number: int, brand: str) -> Alert:
        """Store, with an EASED event, that one brand is back at its level before the model-wide
        change, which goes on for the other brands. Return the changed alert.

        If this was stored since the alert was raised, grew or happened again, nothing is stored a
        second time, and the alert is returned as it is.

        Args:
            number: The number of the model-wide alert.
            brand: The brand's name.

        Raises:
            UnknownName: when there is no alert with this number.
            AlertUnchanged: when the alert is over.
        """
        note = f"{brand} is back where it was before."
        alert = await self.find(number)
        for event in reversed(await self._store.alerts.events(number)):
            if event.what in {AlertEventKind.GREW, AlertEventKind.RELAPSED}:
                break
            if event.note == note:
                return alert
        return await self._store_event(number, AlertEventKind.EASED, note=note)

    async def carry_on(self, number: int) -> Alert:
        """Store a CONTINUED event, so that the alert's message is edited to the latest figures;
        return the changed alert.

        Raises:
            UnknownName: when there is no alert with this number.
            AlertUnchanged: when the alert is over.
        """
        return await self._store_event(number, AlertEventKind.CONTINUED)

    async def revise(self, number: int, words: str) -> Alert:
        """Store the explanation of an alert that has become the likeliest, as a REVISED event, and
        return the changed alert.

        Args:
            number: The alert's number.
            words: The explanation as a sentence.

        Raises:
            UnknownName: when there is no alert with this number.
            AlertUnchanged: when the alert is over.
        """
        return await self._store_event(number, AlertEventKind.REVISED, note=words)

    async def mark_as_part(self, number: int) -> Alert:
        """Store a JOINED event: the alert is part of a model-wide change. Return the changed alert.
        A second event is stored if there is one already.

        Raises:
            UnknownName: when there is no alert with this number.
            AlertUnchanged: when the alert is over.
        """
        return await self._store_event(number, AlertEventKind.JOINED)

    async def acknowledge(self, number: int, who: str) -> Alert:
        """Store who takes care of an alert, and return the changed alert.

        Args:
            number: The alert's number.
            who: Name of the user.

        Raises:
            UnknownName: when there is no alert with this number.
            AlertUnchanged: when the alert is over or acknowledged already.
        """
        return await self._store_event(number, AlertEventKind.ACKNOWLEDGED, who)

    async def snooze(self, number: int, who: str, until: datetime | None) -> Alert:
        """Put an alert aside, and return the changed alert. A snoozed alert gets the new end.

        Args:
            number: The alert's number.
            who: Name of the user.
            until: End of the snooze, an aware time, which is stored in UTC and cut to the minute;
                None for a snooze until the next update of the model.

        Raises:
            UnknownName: when there is no alert with this number.
            AlertUnchanged: when the alert is over.
        """
        until = until.astimezone(UTC).replace(second=0, microsecond=0) if until else None
        note = until.strftime(SNOOZED_UNTIL) if until else UNTIL_UPDATE
        return await self._store_event(number, AlertEventKind.SNOOZED, who, until=until, note=note)

    async def close(self, number: int, who: str, note: str = "") -> Alert:
        """Close an alert, and return the changed alert; one that has recovered can be closed too.

        Args:
            number: The alert's number.
            who: Name of the user.
            note: Why, as a sentence; or empty.

        Raises:
            UnknownName: when there is no alert with this number.
            AlertUnchanged: when the alert is closed already.
        """
        return await self._store_event(number, AlertEventKind.CLOSED, who, note=note)

    async def reopen(self, number: int, who: str) -> Alert:
        """Open an alert again that is acknowledged, snoozed, recovered or closed, and return the
        changed alert.

        Raises:
            UnknownName: when there is no alert with this number.
            AlertUnchanged: when the alert is open already.
        """
        return await self._store_event(number, AlertEventKind.REOPENED, who)

    async def mark_update(self, number: int, who: str, note: str) -> ModelUpdate:
        """Store a user's statement that the model was updated when the alert's change began.

        The update of the model is stored with that time, unless an update is stored that is at most
        `SAME_UPDATE` before or after it. An UPDATE event of the alert is stored in either case, and
        its note says if the update was known. The alert's state stays.

        Args:
            number: The alert's number.
            who: Name of the user.
            note: A note on the update; if it is empty, the update is noted as said by the user.

        Returns:
            The new update, or the one that was stored before.

        Raises:
            UnknownName: when there is no alert with this number.
        """
        alert = await self.find(number)
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
        await self._store_event(number, AlertEventKind.UPDATE, who, note=event_note)
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
            UnknownName: when there is no alert with this number.
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
        return await self._store_event(number, AlertEventKind.UNDONE, who, restored=state_before)

    async def _remove_mark(self, alert: Alert, event: AlertEvent, who: str) -> Alert:
        """Remove the model update that an UPDATE event marked, store an UNDONE event, and return
        the changed alert.

        Args:
            alert: The alert.
            event: Its UPDATE event.
            who: Name of the user.

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
        return await self._store_event(alert.id, AlertEventKind.UNDONE, who, note=UNMARKED)

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
            await self._store_event(alert.id, AlertEventKind.WOKEN, note=note)
            for alert, note in notes
            if note
        ]

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

    async def _store_event(
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
            number: The alert's number.
            what: The kind of event.
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
            UnknownName: when there is no alert with this number.
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

    def _deliveries(self, alert: Alert) -> list[Delivery]:
        """Return the deliveries of a new alert, one for each of its channels, not stored."""
        return self._routes.deliveries(alert, self._clock.now())

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
