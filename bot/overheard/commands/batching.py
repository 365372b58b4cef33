"""Asking in batches, for commands: what is asked so, what it takes, and what waits."""

from __future__ import annotations

from overheard.cards import words
from overheard.checks.batches import Batches, asking_only, batched
from overheard.checks.budget import price_of
from overheard.checks.outcome import Outcome
from overheard.checks.retries import Retries
from overheard.commands.context import Context
from overheard.domain import Panel, Run
from overheard.errors import (
    BatchUncollected,
    NothingBatched,
    ProviderFailed,
    ProviderUnavailable,
)

TAKES = "up to 24 hours"


def require_batched(context: Context, panel: Panel) -> None:
    """See that a panel that is to be asked in batches can be.

    Raises:
        NothingBatched: when none of its models can.
    """
    if panel.batch and not batched(panel, context.plugins.providers):
        raise NothingBatched(models=words.listing([str(model) for model in panel.models]))


def asked_at_once(context: Context, run: Run) -> Run:
    """Return a run with those of its questions that are not asked in batches."""
    waiting = batched(run.panel, context.plugins.providers)
    models = run.panel.models if run.panel else ()
    return asking_only(run, [m for m in models if m not in waiting]) if waiting else run


async def ask_in_batches(context: Context, run: Run, outcome: Outcome) -> None:
    """Ask what a run asks in batches, and wait for it. Whoever calls this holds the run.

    Args:
        context: The deployment.
        run: A run that the store holds.
        outcome: What became of its other questions; what becomes of these is added.

    Raises:
        BatchUncollected: when a batch cannot be collected; the run waits until it is resumed.
    """
    models = batched(run.panel, context.plugins.providers)
    waiting = await context.store.batches(runs=[run.id])
    models += tuple(batch.model for batch in waiting)  # sold when they were handed in
    if models and not outcome.stopped:
        try:
            asked = await _batches(context).run(asking_only(run, models))
        except (ProviderFailed, ProviderUnavailable) as error:
            raise BatchUncollected(run=run.key, reason=error) from None
        outcome.add(asked.result())


async def cancel_batches(context: Context, run: Run) -> list[str]:
    """Cancel what a run has handed in and keep what is answered; return what is to be told."""
    if not await context.store.batches(runs=[run.id]):
        return []
    outcome = await _batches(context).cancel(run)
    if outcome.complete + outcome.incomplete:
        kept = words.count(outcome.complete + outcome.incomplete, "answer")
        outcome.notes.insert(0, f"{kept} of its batches were ready, and are kept.")
    return outcome.notes


def sale(context: Context, panel: Panel | None) -> str:
    """Say which models of a panel are asked in batches, at what price and how long that takes; an
    empty string when none is.
    """
    providers = context.plugins.providers
    models = batched(panel, providers)
    if panel is None or not models:
        return ""
    shares = {price.batch for m in models if (price := price_of(m, providers)) and price.batch}
    told = "half price" if shares == {0.5} else "a lower price"
    who = "" if len(models) == len(panel.models) else words.listing([str(m) for m in models]) + " "
    return f"{who}in a batch: {told}, {TAKES}"


def _batches(context: Context) -> Batches:
    providers, config = context.plugins.providers, context.config
    retries = Retries(config.asking)
    outside = (config.budget, retries, context.clock, context.progress)
    return Batches(context.store, providers, *outside, tally=context.limits.tally)
