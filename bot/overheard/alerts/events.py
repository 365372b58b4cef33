"""How an alert's life looks: its state, its buttons, and its events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, Table
from overheard.domain import Alert, AlertEvent, AlertEventKind, AlertState

SENTENCES = {
    AlertEventKind.RAISED: "Raised.",
    AlertEventKind.ACKNOWLEDGED: "{who} takes care of it.",
    AlertEventKind.SNOOZED: "{who} put it aside.",
    AlertEventKind.WOKEN: "It is open again.",
    AlertEventKind.GREW: "It has grown.",
    AlertEventKind.RECOVERED: "Recovered.",
    AlertEventKind.CLOSED: "{who} closed it.",
    AlertEventKind.REOPENED: "{who} opened it again.",
    AlertEventKind.UPDATE: "{who} marked it as an update of the model.",
    AlertEventKind.CONTINUED: "It was stated again.",
}

_ID = re.compile(r" \([a-z0-9_-]+:[^()]*\)$")
"""How `overheard.interfaces.Person` writes an id behind a name."""
_NAMED = {"": "Somebody", "terminal": "Somebody at the terminal"}

TITLES = {
    AlertState.GROWING: "Growing: ",
    AlertState.RECOVERED: "Recovered: ",
    AlertState.CLOSED: "Closed: ",
}


def with_life(card: Card, alert: Alert, zone: tzinfo, price: str = "") -> Card:
    """Return an alert's card with the alert's state and its buttons.

    Args:
        card: The card of the alert's evidence.
        alert: The alert.
        zone: The reader's time zone.
        price: The price of a second check in words, such as "about $0.04", or empty.
    """
    footer = f"{card.footer} It follows alert {alert.follows}." if alert.follows else card.footer
    return replace(
        card,
        title=TITLES.get(alert.state, "") + card.title,
        fields=(*card.fields, Field("State", state(alert, zone))),
        actions=tuple(_actions(alert, price)),
        severity=Severity.PLAIN if alert.state.over else card.severity,
        footer=footer,
        data={**card.data, **life_data(alert)},
    )


def state(alert: Alert, zone: tzinfo) -> str:
    """Return the state of an alert in words: ``acknowledged by Ada``."""
    is_live = alert.state in {AlertState.OPEN, AlertState.GROWING}
    by = f" by {named(alert.by)}" if alert.by and not is_live else ""
    if alert.state is not AlertState.SNOOZED:
        return f"{alert.state}{by}"
    until = wording.moment(alert.until, zone) if alert.until else "the next update of the model"
    return f"snoozed{by} until {until}"


def life_data(alert: Alert) -> dict[str, Any]:
    """Return the state of an alert for JSON output."""
    return {
        "state": alert.state.value,
        "by": alert.by,
        "until": alert.until.isoformat() if alert.until else None,
        "follows": alert.follows or None,
    }


def named(who: str) -> str:
    """Return a person's name without the id that the audit log keeps with it."""
    return _ID.sub("", who)


def event_card(alert: Alert, event: AlertEvent) -> Card:
    """Return the card of an event of an alert, for the thread of the alert's message."""
    severity = {
        AlertEventKind.GREW: Severity.WARNING,
        AlertEventKind.RECOVERED: Severity.GOOD,
        AlertEventKind.WOKEN: Severity.WARNING,
    }
    return Card(
        title=f"Alert {alert.id}: {event.what}",
        text=event_sentences(event),
        severity=severity.get(event.what, Severity.PLAIN),
    )


def event_sentences(event: AlertEvent) -> str:
    """Write an event as a sentence or two."""
    who = _NAMED.get(event.who) or named(event.who)
    return f"{SENTENCES[event.what].format(who=who)} {event.note}".rstrip()


def history(events: Sequence[AlertEvent], zone: tzinfo) -> Table:
    """Show all that happened to an alert."""
    rows = [(wording.moment(event.at, zone), event_sentences(event)) for event in events]
    return Table(("When", "What happened"), tuple(rows))


def _actions(alert: Alert, price: str) -> Iterator[Action]:
    """Yield the buttons that an alert has in its state; ``price`` is that of a second check."""
    number = alert.id
    if alert.state in {AlertState.OPEN, AlertState.GROWING, AlertState.SNOOZED}:
        yield Action(f"alerts acknowledge {number}", "Acknowledge", Style.PRIMARY)
    if not alert.state.over:
        yield Action(f"alerts snooze {number} --for 1d", "Snooze 1 day")
        yield Action(f"alerts snooze {number} --for 1w", "Snooze 1 week")
        yield Action(f"alerts snooze {number} --for update", "Snooze until the next update")
    yield Action(f"evidence {number}", "Evidence")
    if alert.follows:
        yield Action(f"alerts show {alert.follows}", f"Show alert {alert.follows}")
    if not alert.state.over:
        yield Action(
            f"alerts recheck {number}", f"Check again ({price})" if price else "Check again"
        )
        yield Action(f"alerts update {number}", "It is a model update")
        yield Action(f"alerts close {number}", "Close")
    if alert.state not in {AlertState.OPEN, AlertState.GROWING}:
        yield Action(f"alerts reopen {number}", "Open again")
