"""The state of an alert, as its events reduce to it: which event leads to which state, and when it
is possible. The events are stored by ``lifecycle.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from overheard.alerts.events import name_without_id, snoozed_until
from overheard.domain import Alert, AlertEvent, AlertEventKind, AlertState
from overheard.errors import AlertUnchanged

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
            until = _snoozed_until(event) if state is AlertState.SNOOZED else None
            states.append((event.id, SavedState(state, event.who, until)))
    return states


def _snoozed_until(event: AlertEvent) -> datetime | None:
    """Return the end of the snooze of a SNOOZED event, in UTC; None for a snooze until the next
    update of the model.
    """
    if span := _SPANS.get(event.note):
        return event.at + span
    return snoozed_until(event)


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
