"""`status`: the latest figures of the brands, which alerts are open, what runs next."""

from __future__ import annotations

from datetime import timedelta, tzinfo

from overheard.alerts.digest import alert_row, alert_table
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, Table
from overheard.cards.command import CommandSpec
from overheard.cards.model_names import ModelNames
from overheard.commands.report import HEADLINE
from overheard.commands.schedules import next_run
from overheard.commands.standings import Standing, standings
from overheard.deployment import Call, Deployment
from overheard.domain import Alert, Brand
from overheard.measure.blocks import streams
from overheard.runs.plan import tracked

RECENT = timedelta(days=90)
"""How far back a brand's last measurement is looked for."""

SHOWN = 10
"""Alerts that are shown."""


async def status(deployment: Deployment, call: Call) -> Card:
    """Show the latest figures of the tracked brands, which alerts are open, and what runs next.

    It reads what is scored already, and scores nothing itself.
    """
    brands = tracked(deployment.catalogue)
    rows = [row for brand in brands for row in await _standing(deployment, brand)]
    alerts = await deployment.store.alerts.find(live=True)
    runs = await _next_runs(deployment, call)
    return Card(
        title=f"{wording.count(len(brands), 'brand')}, {wording.count(len(alerts), 'open alert')}",
        text="\n\n".join(filter(None, [_advice(brands, rows), "\n".join(runs)])),
        table=_table(rows, call.zone, deployment.names) if rows else None,
        actions=_actions(brands, alerts),
        severity=Severity.WARNING if alerts else Severity.PLAIN,
        more=(_alerts_card(deployment, call, alerts),) if alerts else (),
        data={
            "brands": [row.data() for row in rows],
            "alerts": [alert_row(alert) for alert in alerts],
            "next_runs": runs,
        },
    )


async def _standing(deployment: Deployment, brand: Brand) -> list[Standing]:
    """Return a brand's headline at each model, in the newest run that scored it there."""
    since = deployment.clock.now() - RECENT
    blocks = await deployment.store.blocks.find(brand=brand.name, metric=HEADLINE.name, since=since)
    last = {block.model: block.run_id for block in blocks}
    versions = deployment.scoring.versions
    latest = [b for b in blocks if last[b.model] == b.run_id and b.version in versions]
    return standings(streams(latest), [brand.name], deployment.scoring)


async def _next_runs(deployment: Deployment, call: Call) -> list[str]:
    now = deployment.clock.now()
    told = []
    for schedule in deployment.catalogue.schedules:
        state = await deployment.store.schedules.state(schedule.name, now)
        if sentence := next_run(deployment, call, schedule, state):
            told.append(f"{schedule.name}: {sentence}")
    return told


def _advice(brands: list[Brand], rows: list[Standing]) -> str:
    if not brands:
        return "Nothing is measured yet. Begin with: brands add"
    return "" if rows else "Nothing has been measured lately. Ask with: check"


def _table(rows: list[Standing], zone: tzinfo, names: ModelNames) -> Table:
    header = ("Brand", "Model", HEADLINE.label, "Measured")
    cells = ((r.brand, names.name(r.model), _cell(r), wording.day(r.point.at, zone)) for r in rows)
    return Table(header, tuple(cells), frozenset({2}))


def _cell(row: Standing) -> str:
    point, scale = row.point, row.metric.scale
    return (
        f"{wording.value(point.mean, scale)} ({wording.value_range(point.low, point.high, scale)})"
    )


def _actions(brands: list[Brand], alerts: list[Alert]) -> tuple[Action, ...]:
    if not brands:
        return (Action("brands add", "Add a brand", Style.PRIMARY), Action("help", "Help"))
    shown = (Action(f"alerts show {alert.id}", f"Alert {alert.id}") for alert in alerts[:3])
    return (Action("check", "Check now", Style.PRIMARY), Action("report", "Report"), *shown)


def _alerts_card(deployment: Deployment, call: Call, alerts: list[Alert]) -> Card:
    more = len(alerts) - SHOWN
    return Card(
        title=wording.count(len(alerts), "open alert"),
        text=f"The newest {SHOWN} are shown." if more > 0 else "",
        table=alert_table(alerts[:SHOWN], deployment.scoring.metrics, call.zone),
        severity=Severity.WARNING,
    )


STATUS = CommandSpec(
    "status",
    "Show how the brands stand, which alerts are open, and what runs next.",
    status,
    examples=("status",),
)
