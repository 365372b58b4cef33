"""What it takes to ask again what an alert rests on, and what it would cost."""

from __future__ import annotations

from typing import TypedDict

from overheard.deployment import Deployment
from overheard.domain import Alert
from overheard.errors import OverheardError
from overheard.runs.plan import lay_out


class Recheck(TypedDict):
    """What is asked again, as `overheard.commands.check.check` takes it.

    Attributes:
        brands: The alert's brand.
        models: The alert's model.
        repeats: How often each prompt was asked in the run that raised it.
    """

    brands: tuple[str, ...]
    models: tuple[str, ...]
    repeats: int


async def recheck_of(deployment: Deployment, alert: Alert) -> Recheck:
    """Return what is to be asked again for an alert."""
    shift = alert.shift
    runs = await deployment.store.runs.find()
    panel = next((run.panel for run in runs if run.id == shift.run_id), None)
    repeats = panel.repeats if panel else 1
    return Recheck(brands=(shift.brand,), models=(str(shift.model),), repeats=repeats)


async def recheck_price(deployment: Deployment, alert: Alert) -> str:
    """Say what a recheck costs: ``about $0.42``; empty when it cannot be asked any more."""
    try:
        panel = lay_out(
            deployment.catalogue,
            deployment.plugins.providers,
            **await recheck_of(deployment, alert),
        )
    except OverheardError:  # its brand or its model is gone; the click will say which
        return ""
    return (await deployment.pricing.unchecked(panel)).short
