"""How an alert's life looks: its state, its buttons, its events, and lists of several alerts.

One card lists what quiet hours held back, and is posted before the alerts themselves.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from overheard.alerts.phrases import moved_words
from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, Table, fitting, picked
from overheard.cards.command import Face, quoted
from overheard.cards.model_names import ModelNames
from overheard.cards.wording import name_without_id
from overheard.deployment import Call
from overheard.domain import Alert, AlertEvent, AlertEventKind, AlertState, Delivery, DeliveryKind
from overheard.interfaces import Store

SENTENCES = {
    AlertEventKind.RAISED: "Raised.",
    AlertEventKind.ACKNOWLEDGED: "{who} takes care of it.",
    AlertEventKind.SNOOZED: "{who} put it aside.",
    AlertEventKind.WOKEN: "It is open again.",
    AlertEventKind.GREW: "It has grown.",
    AlertEventKind.EASED: "It is partly over.",
    AlertEventKind.RELAPSED: "It happened again.",
    AlertEventKind.RECOVERED: "Recovered.",
    AlertEventKind.CLOSED: "{who} closed it.",
    AlertEventKind.REOPENED: "{who} opened it again.",
    AlertEventKind.UPDATE: "{who} marked it as an update of the model.",
    AlertEventKind.UNDONE: "{who} took that back.",
    AlertEventKind.CONTINUED: "It goes on.",
    AlertEventKind.REVISED: "It looks different now.",
    AlertEventKind.JOINED: "It is part of a change of the model as a whole.",
}

SNOOZED_UNTIL = "Until %Y-%m-%d, %H:%M UTC."
"""How the note of a snooze is stored that ends at a time."""
WHOLE = "the whole category"
"""What is written in place of a brand's name."""
_WHO_WORDS = {"": "Someone", "terminal": "Someone at the terminal"}

SEVERITIES = {
    AlertState.ACKNOWLEDGED: Severity.WARNING,
    AlertState.SNOOZED: Severity.WARNING,
    AlertState.RECOVERED: Severity.GOOD,
    AlertState.CLOSED: Severity.PLAIN,
}
"""The colour of an alert's card in a state; in the others, that of its news."""
SELF_EVIDENT = frozenset(
    {AlertState.OPEN, AlertState.GROWING, AlertState.ACKNOWLEDGED, AlertState.RECOVERED}
)
"""States that the card shows without a field: in its title, its last line or its buttons."""


def with_state_and_actions(
    card: Card, alert: Alert, zone: tzinfo, price: str = "", *, details: bool = False
) -> Card:
    """Return the card of an alert's evidence with the alert's state as a field (where the card does
    not show it otherwise), its colour, its buttons, and its state in the JSON data.

    Args:
        zone: The reader's time zone.
        price: The price of asking again in words, such as "about $0.04"; empty if it is not shown.
        details: Whether the card is the detailed one: then it shows every state but "open", and the
            buttons that are rarely needed.
    """
    shown = () if alert.state in SELF_EVIDENT else (Field("State", state(alert, zone)),)
    severity = SEVERITIES.get(alert.state, card.severity)
    if alert.state is AlertState.RECOVERED and card.severity is Severity.GOOD:
        severity = Severity.PLAIN  # good news that is over
    return replace(
        card,
        fields=(*card.fields, *shown),
        actions=tuple(_actions(alert, price, details=details)),
        severity=severity,
        data={**card.data, **state_data(alert)},
    )


def state(alert: Alert, zone: tzinfo) -> str:
    """Return the state of an alert in words: ``acknowledged by Ada``, ``snoozed by Ada until Mon 9
    Mar, 08:00`` (or ``until the next update of the model``), ``open, and grew``. An open alert
    names no person.

    Args:
        zone: The reader's time zone, for the end of a snooze.
    """
    is_open = alert.state in {AlertState.OPEN, AlertState.GROWING}
    by = f" by {name_without_id(alert.by)}" if alert.by and not is_open else ""
    if alert.state is AlertState.GROWING:
        return "open, and grew"
    if alert.state is not AlertState.SNOOZED:
        return f"{alert.state}{by}"
    until = wording.moment(alert.until, zone) if alert.until else "the next update of the model"
    return f"snoozed{by} until {until}"


def state_data(alert: Alert) -> dict[str, Any]:
    """Return the state of an alert as JSON values: ``by`` is the person who caused the state (empty
    if there is none), ``until`` the end of a snooze in ISO 8601 (None without one), ``follows`` the
    number of the alert before (None without one).
    """
    return {**picked(alert, "state", "by", "until"), "follows": alert.follows or None}


def subject(alert: Alert, names: ModelNames) -> str:
    """Return what an alert is called for readers, without its number: ``Acme at ChatGPT``, or ``The
    whole category at ChatGPT`` for a model-wide alert.
    """
    return f"{alert.shift.brand or WHOLE.capitalize()} at {names.name(alert.shift.model)}"


def event_card(alert: Alert, event: AlertEvent, names: ModelNames, zone: tzinfo = UTC) -> Card:
    """Return the card of an event, for the thread of the alert's message. Its title is ``Acme at
    ChatGPT: snoozed``, its text says who did what.
    """
    severity = {
        AlertEventKind.GREW: Severity.WARNING,
        AlertEventKind.EASED: Severity.GOOD,
        AlertEventKind.RELAPSED: Severity.WARNING,
        AlertEventKind.RECOVERED: Severity.GOOD,
        AlertEventKind.WOKEN: Severity.WARNING,
    }
    what = {AlertEventKind.EASED: "partly over"}
    return Card(
        title=f"{subject(alert, names)}: {what.get(event.what, event.what)}",
        text=event_sentences(event, zone),
        severity=severity.get(event.what, Severity.PLAIN),
    )


def event_sentences(event: AlertEvent, zone: tzinfo = UTC) -> str:
    """Return an event as one sentence on what happened, followed by its note if it has one. The
    note of a snooze has the end in the reader's time zone: ``Ada put it aside. Until Mon 9 Mar,
    08:00.`` A person whose name is not known is called "Someone".
    """
    who = _WHO_WORDS.get(event.who) or name_without_id(event.who)
    end = snoozed_until(event)
    note = f"Until {wording.moment(end, zone)}." if end else event.note
    return f"{SENTENCES[event.what].format(who=who)} {note}".rstrip()


def snoozed_until(event: AlertEvent) -> datetime | None:
    """Return the end of a snooze, in UTC, which the note of its event has in the form
    `SNOOZED_UNTIL`. None when the note has no time, as for a snooze until the next update and for
    all other events.
    """
    with contextlib.suppress(ValueError):
        return datetime.strptime(event.note, SNOOZED_UNTIL).replace(tzinfo=UTC)
    return None


def history_lines(events: Sequence[AlertEvent], zone: tzinfo) -> Iterator[str]:
    """Yield a line for each event of an alert, in the order given: ``2 Mar: Ada takes care of it.``
    Events that only say that the alert goes on are left out.
    """
    for event in events:
        if event.what is not AlertEventKind.CONTINUED:
            yield f"{wording.short_day(event.at, zone)}: {event_sentences(event, zone)}"


def _actions(alert: Alert, price: str, *, details: bool) -> Iterator[Action]:
    """Yield the buttons that an alert has in its state, then the entries of its menu; at the end
    those that only the detailed card has.
    """
    number, over = alert.id, alert.state.over
    is_open = alert.state in {AlertState.OPEN, AlertState.GROWING}
    if is_open or alert.state is AlertState.SNOOZED:
        yield Action(f"alerts acknowledge {number}", "I'll take it", Style.PRIMARY)
    yield Action(f"evidence {number}", "Read answers")
    if details:
        yield Action(f"alerts show {number} --figures", "All figures")
    if not over and not alert.of_model:
        brief = f"brief {quoted(alert.shift.brand)}"
        yield from fitting(Action(brief, "What to do?", menu=details))
    if not details:
        yield Action(f"alerts show {number}", "Details", menu=True)
    if not over:
        again = f"Ask again ({price})" if price else "Ask again"
        yield Action(f"alerts recheck {number}", again, menu=True)
        yield Action(f"alerts snooze {number} --for 1w", "Snooze 1 week", menu=True)
        yield Action(f"alerts close {number}", "Not interesting", menu=True)
        yield Action(f"alerts close {number} --why ours", "It was us", menu=True)
    if not details:
        return
    if not over:
        yield Action(f"alerts snooze {number} --for 1d", "Snooze 1 day", menu=True)
        yield Action(f"alerts snooze {number} --for monday", "Snooze until Monday", menu=True)
        update = f"alerts snooze {number} --for update"
        yield Action(update, "Snooze until the next update", menu=True)
        yield Action(f"alerts update {number}", "The model was updated", menu=True)
    if alert.follows:
        yield Action(f"alerts show {alert.follows}", "The alert before", menu=True)
    if not is_open:
        yield Action(f"alerts close {number} --undo", "Open again", menu=True)


MIN_DIGEST_ALERTS = 2
"""Alerts that make a card of quiet hours; one alert alone is posted without that card."""


async def held_back(store: Store, quiet_hours: Delivery) -> list[Alert]:
    """Return the alerts that quiet hours hold back in a channel, in the order in which the store
    finds their deliveries. An alert that is not stored any more is left out.

    Args:
        quiet_hours: The delivery of the card of these quiet hours: its channel, and its subject,
            which is their end and also the subject of the alerts' deliveries.
    """
    numbers = [
        delivery.alert_id
        for delivery in await store.deliveries.find(channel=quiet_hours.channel)
        if delivery.kind is DeliveryKind.ALERT and delivery.subject == quiet_hours.subject
    ]
    alerts = [await store.alerts.get(number) for number in numbers]
    return [alert for alert in alerts if alert]


def quiet_hours_card(alerts: Sequence[Alert], titles: Sequence[str], zone: tzinfo) -> Card | None:
    """Return the card of the alerts that quiet hours held back, with a line for each: when it was
    raised, its title and its state. An alert that was over before it was posted is shown in this
    card only; the others get their own messages after it.

    None when there are fewer than `MIN_DIGEST_ALERTS` alerts and none of them is over.

    Args:
        alerts: The alerts, in the order of the lines; may be empty.
        titles: The title of each alert's message, in the same order.
        zone: The reader's time zone.
    """
    if len(alerts) < MIN_DIGEST_ALERTS and not any(alert.state.over for alert in alerts):
        return None
    open_ones = sum(not alert.state.over for alert in alerts)
    over = "It is over." if len(alerts) == 1 else "All of them are over."
    rest = f"{open_ones} still open, below." if open_ones else over
    lines = [
        f"{wording.clock(alert.opened_at, zone)}: {title} ({state(alert, zone)})"
        for alert, title in zip(alerts, titles, strict=True)
    ]
    return Card(
        title=f"{wording.count(len(alerts), 'alert')} during quiet hours",
        text="\n".join([rest, *lines]),
        severity=Severity.WARNING if open_ones else Severity.PLAIN,
        data={"alerts": [alert_row(alert) for alert in alerts]},
    )


PART_OF_MODEL = ", part of the model's change as a whole"


def alert_table(
    call: Call, alerts: Sequence[Alert], model_alerts: Mapping[int, Alert] | None = None
) -> Table | None:
    """Return a table with one row for each alert, in the order given: what moved, when it was
    raised, its state, and in a terminal its number, to be typed; None without alerts.

    Args:
        model_alerts: By the number of an alert, the model-wide alert to which it belongs; its row
            says that it is a part of one. None for none.
    """
    in_terminal, belonging = call.face is Face.TERMINAL, model_alerts or {}
    rows = [
        (
            f"{subject(alert, call.names)}: {moved_words(alert, call.scoring.metrics)}",
            wording.moment(alert.opened_at, call.zone),
            state(alert, call.zone) + (PART_OF_MODEL if alert.id in belonging else ""),
            *([str(alert.id)] if in_terminal else ()),
        )
        for alert in alerts
    ]
    header = ("What moved", "Raised", "State", *(["Alert"] if in_terminal else ()))
    return Table(header, tuple(rows), frozenset(range(3, len(header)))) if rows else None


def show_actions(call: Call, alerts: Iterable[Alert]) -> list[Action]:
    """Return a button for each alert that shows it: ``Acme at ChatGPT, 2 Mar``."""
    return [
        Action(
            f"alerts show {alert.id}",
            f"{subject(alert, call.names)}, {wording.short_day(alert.opened_at, call.zone)}",
        )
        for alert in alerts
    ]


def alert_row(alert: Alert, model_alerts: Mapping[int, Alert] | None = None) -> dict[str, object]:
    """Return an alert as JSON values for a list: its first shift, with values on the scale of the
    metric, when it was raised (ISO 8601), and its state.

    Args:
        model_alerts: By the number of an alert, the model-wide alert to which it belongs; its
            number is ``part_of``, which is None for other alerts. None for none.
    """
    model_alert = (model_alerts or {}).get(alert.id)
    shift = alert.shift
    return {
        **picked(alert, "id", "opened_at"),
        "kind": "model" if alert.of_model else "brand",
        "part_of": model_alert.id if model_alert else None,
        "brand": shift.brand or None,
        **picked(shift, "model", "metric", "before", "after"),
        **state_data(alert),
    }
