"""`changes`: what has changed in a time: alerts, and updates of models."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from overheard.alerts.events import alert_label, alert_row, alert_table
from overheard.alerts.story import alerts_about
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, fitting
from overheard.cards.command import CommandSpec, Face, Kind, argument, option, quoted
from overheard.commands.arguments import Span, past_span
from overheard.deployment import Call, Deployment
from overheard.runs.plan import find_brand

USUAL_DAYS = 7
SHOWN = 10


async def show_changes(
    deployment: Deployment,
    call: Call,
    *,
    brand: Annotated[str, argument("The brand; without one, all.", Kind.BRAND)] = "",
    model: Annotated[str, option("Only at this model.", Kind.MODEL)] = "",
    since: Annotated[str, option("Since this day; by default of a week.", Kind.TIME)] = "",
    until: Annotated[str, option("Until this day, included.", Kind.TIME)] = "",
) -> Card:
    """Show which alerts were raised in a time or are still open, and which models were updated.

    Args:
        deployment: The open deployment.
        call: Who asks and where.
        brand: A brand's name; empty means all.
        model: A model's name or ``provider/model``; empty means all.
        since: The first day; empty means a week ago.
        until: The last day; empty means now.

    Raises:
        UnknownName: for a brand that does not exist.
        TimeUnreadable: for a day that cannot be read.
    """
    now = deployment.clock.now()
    span = past_span(since, until, now, call.zone)
    begin = span.begin or (span.end or now) - timedelta(days=USUAL_DAYS)
    span = Span(begin, span.end)
    until_now = span.end is None
    name = find_brand(deployment.catalogue, brand).name if brand else None

    def chosen(asked: object) -> bool:
        return not model or deployment.names.find(model, [asked]) is not None  # type: ignore[list-item]

    alerts = [
        alert
        for alert in await alerts_about(deployment.store, name)
        if (span.holds(alert.opened_at) or (until_now and not alert.state.over))
        and chosen(alert.shift.model)
    ]
    updates = [
        update
        for update in await deployment.store.updates.find()
        if span.holds(update.at) and chosen(update.model)
    ]
    runs = [
        run
        for run in await deployment.store.runs.find()
        if span.holds(run.started_at) and not run.aside
    ]
    days = f"since {wording.day(begin, call.zone)}"
    if span.end:
        last = wording.day(span.end - timedelta(seconds=1), call.zone)
        days = f"from {wording.day(begin, call.zone)} to {last}"
    lines = [
        f"{deployment.names.name(update.model)} was updated on {wording.day(update.at, call.zone)}."
        for update in updates[-SHOWN:]
    ]
    also = "; alerts that are still open are listed" if until_now else ""
    checks = wording.count(len(runs), "check")
    raised = wording.count(len(alerts), "alert")
    shown = alerts[:SHOWN]
    buttons = [
        Action(f"alerts show {alert.id}", alert_label(alert, call.zone, deployment.names))
        for alert in shown[:3]
    ]
    report = Action(f"report {quoted(name)}" if name else "report", "Report")
    return Card(
        title=f"{raised} {days}" if alerts else f"Nothing unusual {days}",
        text="\n".join([*lines, f"{checks} in this time{also}."])
        if alerts
        else "\n".join([*lines, f"{checks}, and nothing moved more than chance alone explains."]),
        table=alert_table(
            shown,
            deployment.scoring.metrics,
            call.zone,
            deployment.names,
            numbers=call.face is Face.TERMINAL,
        )
        if shown
        else None,
        actions=fitting(*buttons, report),
        severity=Severity.WARNING if any(not a.state.over for a in alerts) else Severity.PLAIN,
        data={
            "since": begin.isoformat(),
            "checks": len(runs),
            "alerts": [alert_row(alert) for alert in alerts],
            "updates": [{"model": str(u.model), "at": u.at.isoformat()} for u in updates],
        },
    )


CHANGES = CommandSpec(
    "changes",
    "Show what has changed since a day: alerts, and updates of models.",
    show_changes,
    examples=("changes", "changes Acme --since 2026-11-01"),
)
