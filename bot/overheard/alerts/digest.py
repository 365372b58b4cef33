"""What was held back during quiet hours, shown in one card before the alerts themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from overheard.alerts.card import brief
from overheard.alerts.events import life_data, state, subject
from overheard.cards import wording
from overheard.cards.card import Card, Severity, Table
from overheard.cards.model_names import ModelNames
from overheard.domain import Alert, Delivery, DeliveryKind, Metric
from overheard.interfaces import Store

MIN_DIGEST_ALERTS = 2
"""Alerts that make a digest; one alone speaks for itself."""


async def held_back(store: Store, digest: Delivery) -> list[Alert]:
    """Return the alerts that waited for the end of the same quiet hours, the oldest first."""
    numbers = [
        delivery.alert_id
        for delivery in await store.deliveries.find(channel=digest.channel)
        if delivery.kind is DeliveryKind.ALERT and delivery.subject == digest.subject
    ]
    alerts = [await store.alerts.get(number) for number in numbers]
    return [alert for alert in alerts if alert]


def digest_card(
    alerts: Sequence[Alert], metrics: dict[str, Metric], zone: tzinfo, names: ModelNames
) -> Card | None:
    """Return the card of the alerts that quiet hours held back; None for a single open alert, which
    gets its own card anyway.

    An alert that was over before it was posted is shown in this card only.
    """
    if len(alerts) < MIN_DIGEST_ALERTS and not any(alert.state.over for alert in alerts):
        return None
    open_ones = sum(not alert.state.over for alert in alerts)
    over = "It is over." if len(alerts) == 1 else "All of them are over."
    rest = f"{open_ones} still open, below." if open_ones else over
    return Card(
        title=f"{wording.count(len(alerts), 'alert')} during quiet hours",
        text=rest,
        table=alert_table(alerts, metrics, zone, names),
        severity=Severity.WARNING if open_ones else Severity.PLAIN,
        data={"alerts": [alert_row(alert) for alert in alerts]},
    )


def alert_table(
    alerts: Sequence[Alert],
    metrics: dict[str, Metric],
    zone: tzinfo,
    names: ModelNames,
    wholes: Mapping[int, Alert] | None = None,
) -> Table:
    """Return a table of alerts, one a row.

    Args:
        alerts: The alerts.
        metrics: What is measured, by name.
        zone: The reader's time zone.
        names: What readers call the models.
        wholes: The alert of the model as a whole to which each belongs, by its number.
    """
    parts = dict.fromkeys(wholes or {}, ", part of the model's change as a whole")
    rows = [
        (
            f"{subject(alert, names)}: {brief(alert, metrics)}",
            wording.moment(alert.opened_at, zone),
            state(alert, zone) + parts.get(alert.id, ""),
            str(alert.id),
        )
        for alert in alerts
    ]
    return Table(("What moved", "Raised", "State", "Alert"), tuple(rows), frozenset({3}))


def alert_label(alert: Alert, zone: tzinfo, names: ModelNames) -> str:
    """Return what a button that shows an alert says: ``Acme at ChatGPT, 2 Mar``."""
    return f"{subject(alert, names)}, {wording.short_day(alert.opened_at, zone)}"


def alert_row(alert: Alert, wholes: Mapping[int, Alert] | None = None) -> dict[str, object]:
    """Return an alert as an entry of a list in JSON output; see `alert_table`."""
    whole = (wholes or {}).get(alert.id)
    shift = alert.shift
    return {
        "id": alert.id,
        "opened_at": alert.opened_at.isoformat(),
        "kind": "model" if alert.of_model else "brand",
        "part_of": whole.id if whole else None,
        "brand": shift.brand or None,
        "model": str(shift.model),
        "metric": shift.metric,
        "before": shift.before,
        "after": shift.after,
        **life_data(alert),
    }
