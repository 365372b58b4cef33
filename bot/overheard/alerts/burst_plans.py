"""Which bursts come next, as commands show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from overheard.alerts.bursts import BurstCause, BurstPlanner, PlannedBurst, Suspicion
from overheard.alerts.history import HistoryReader
from overheard.cards import wording
from overheard.cards.card import Table
from overheard.deployment import Call, Deployment
from overheard.detection.bursts import BurstPolicy

BURSTS = "bursts that are due"
"""The job of `overheard run` that asks them; its state is kept under this name."""


async def planned_bursts(
    deployment: Deployment, suspicions: Iterable[Suspicion] | None = None
) -> list[PlannedBurst]:
    """Return the next burst of each model that needs one, the earliest first.

    Args:
        deployment: The open deployment.
        suspicions: Results of the latest analysis; by default all brands are analysed again.
    """
    policy = BurstPolicy(budget=deployment.config.bursts.calls_a_year)
    planner = BurstPlanner(HistoryReader.of(deployment), policy, deployment.plugins.providers)
    return await planner.plan(await planner.analyse() if suspicions is None else suspicions)


def sentence(deployment: Deployment, call: Call, planned: PlannedBurst) -> str:
    """Return a sentence on why a burst is wanted, and when or with which command it is asked."""
    brands, model = wording.listing(planned.brands), planned.model
    why = {
        BurstCause.SUSPICION: f"{brands} at {model} looks suspicious",
        BurstCause.SIGN: f"{model} may have been exchanged",
        BurstCause.UPDATE: f"It is not clear yet what the update of {model} did to {brands}",
    }[planned.cause]
    calls = wording.count(planned.burst.calls, "question")
    at = wording.moment(planned.burst.at, call.zone)
    if deployment.config.bursts.automatic:
        return f"{why}: overheard run asks {calls} again after {at}."
    return f"{why}: asking {calls} again after {at} would tell; run: overheard bursts run"


def table(call: Call, plans: Iterable[PlannedBurst]) -> Table | None:
    """Return a table of planned bursts, one a row; None without any."""
    rows = tuple(
        (
            wording.moment(plan.burst.at, call.zone),
            str(plan.model),
            wording.listing(plan.brands),
            str(plan.burst.calls),
            plan.burst.reason,
        )
        for plan in plans
    )
    header = ("After", "Model", "Brands", "Questions", "Why")
    return Table(header, rows, frozenset({3})) if rows else None


def planned_data(planned: PlannedBurst) -> dict[str, Any]:
    """Return a planned burst for JSON output."""
    return {
        "run": planned.key,
        "at": planned.burst.at.isoformat(),
        "model": str(planned.model),
        "brands": list(planned.brands),
        "cause": planned.cause.value,
        "reason": planned.burst.reason,
        "questions": planned.burst.calls,
        "prompts": [
            {"prompt": prompt.text, "times": times} for prompt, times in planned.panel.asks()
        ],
    }
