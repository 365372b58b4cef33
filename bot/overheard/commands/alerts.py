"""Alerts as commands show them."""

from __future__ import annotations

from overheard.alerts.compose import compose
from overheard.alerts.evidence import gather_evidence
from overheard.cards.card import Card
from overheard.commands.context import Context
from overheard.domain import Alert

TERMINAL = "terminal"


async def show_alert(context: Context, alert: Alert) -> Card | None:
    """Compose an alert from what is kept, and note that it was shown; None if it was before."""
    evidence = await gather_evidence(
        context.store,
        context.catalogue,
        context.scoring.metrics,
        context.scoring.versions,
        alert,
        context.zone,
    )
    card = compose(alert, evidence)
    new = await context.store.add_delivery(alert.id, TERMINAL, context.clock.now())
    return card if new else None
