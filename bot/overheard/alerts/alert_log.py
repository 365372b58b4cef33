"""The log of what happened to alerts: each event is stored with the state that it leads to.

Who causes events: the statistics in ``lifecycle.py``, people in ``handling.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from overheard.alerts.alert_states import SavedState, after
from overheard.deployment import Deployment
from overheard.detection.placement import reports_statement
from overheard.domain import Alert, AlertEvent, AlertEventKind, Shift
from overheard.errors import UnknownName
from overheard.interfaces import Clock, Store

MAX_KNOWN_NUMBERS = 10
"""Numbers of alerts that the message about an unknown number names."""


class AlertLog:
    """Stores the events of alerts.

    Args:
        clock: The source of the current time.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @classmethod
    def of(cls, deployment: Deployment) -> AlertLog:
        """Return the log of the alerts in a deployment's store."""
        return cls(deployment.store, deployment.clock)

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
