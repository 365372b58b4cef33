"""`check`: ask, score, look for shifts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from overheard.alerts.watch import Look, Watch
from overheard.cards import words
from overheard.cards.card import Card
from overheard.checks.budget import Estimate, Purse, check_limit, estimate, limit
from overheard.checks.panel import lay_out
from overheard.checks.runner import Outcome, Runner, new_run, unfinished
from overheard.commands.alerts import show_alert
from overheard.commands.context import Context
from overheard.commands.standing import Standing, standings
from overheard.commands.summary import summary
from overheard.domain import Panel, Run
from overheard.errors import ConfirmationNeeded, RunUnderWay, UnknownName
from overheard.settings import suggestion


async def check(
    context: Context,
    *,
    brands: Sequence[str] = (),
    models: Sequence[str] = (),
    repeats: int = 1,
    seed: int | None = None,
    agreed: bool = False,
    label: str = "",
    asked_by: str = "terminal",
) -> Card:
    """Ask the models what buyers ask, score the answers, and say what changed.

    A check of the same questions that was cut off is taken up again.

    Args:
        context: The deployment.
        brands: Names of brands; empty means all that are tracked.
        models: As ``provider/model``; empty means all that are configured.
        repeats: How often each pair of prompt and model is asked.
        seed: Base of the sampling seeds; by default a new one for each run.
        agreed: Whether the price has been agreed to.
        label: A few words for the run.
        asked_by: Who asks.

    Raises:
        UnknownName: for a brand, a model or an alert's metric that does not exist.
        RunUnderWay: when another process asks the same just now.
        NothingToAsk: when there is no brand, prompt or model.
        BudgetExceeded: when the budget does not cover it.
        BudgetUnknown: when there is a budget and a price that nobody has told.
        ConfirmationNeeded: when it may cost something and nobody has agreed.
    """
    _check_metrics(context)
    panel = lay_out(
        context.catalogue,
        context.plugins.providers,
        brands=brands,
        models=models,
        repeats=repeats,
        seed=secrets.randbits(31) if seed is None else seed,
    )
    now = context.clock.now()
    run = await unfinished(context.store, panel, now)
    run = run or new_run(panel, now, label=label, asked_by=asked_by)
    purse = await _pay(context, run, agreed=agreed)
    run = await context.store.start_run(run)
    async with context.store.holding(run.id) as mine:
        if not mine:
            raise RunUnderWay(run=run.key)
        return await _carry_out(context, run, panel, purse)


async def _carry_out(context: Context, run: Run, panel: Panel, purse: Purse) -> Card:
    """Ask, score, look, tell. The run has ended only when its alerts have been told: whenever it
    is cut off before, the next check does what is missing.
    """
    store, clock, progress = context.store, context.clock, context.progress
    outcome = await Runner(store, context.plugins.providers, purse, clock, progress).run(run)
    await context.scoring.catch_up(store, progress, outcome.complete)
    look = await _watch(context, panel, outcome)
    rows = await _standings(context, panel, outcome)
    shown = [await show_alert(context, alert) for alert in look.alerts]
    await store.finish_run(run.id, outcome.state, clock.now())
    return summary(panel, outcome, rows, context.scoring.faults, look, tuple(filter(None, shown)))


async def _pay(context: Context, run: Run, *, agreed: bool) -> Purse:
    """Price what has not been asked yet, and return what may be spent on it.

    A run that is not stored yet has the number 0, under which nothing was asked or spent.
    """
    asked = await context.store.asked(run.id)
    questions = [q for q in (run.panel.questions() if run.panel else []) if q.key not in asked]
    priced = estimate(questions, context.plugins.providers)
    now = context.clock.now()
    allowed = await limit(context.config.budget, context.store, now, run.id)
    check_limit(priced, allowed)
    if not (agreed or priced.free):
        raise ConfirmationNeeded(price=_price(priced))
    return Purse(allowed)


def _check_metrics(context: Context) -> None:
    """Refuse an alert metric that nobody measures: no alert would ever come."""
    known = list(context.scoring.metrics)
    for name in context.config.alerts.metrics:
        if name not in known:
            raise UnknownName(
                kind="metric for [alerts]",
                name=name,
                hint=suggestion(name, known),
                known=", ".join(known),
            )


def _price(priced: Estimate) -> str:
    calls = words.count(priced.calls, "question")
    if priced.unknown:
        names = words.listing([str(model) for model in priced.unknown])
        return f"{calls}; nobody has told the price of {names}"
    return f"{calls} for about {words.money(priced.typical)}, at most {words.money(priced.worst)}"


async def _watch(context: Context, panel: Panel, outcome: Outcome) -> Look:
    scoring = context.scoring
    watch = Watch(
        context.store,
        context.catalogue,
        scoring.metrics,
        scoring.versions,
        context.config.alerts,
    )
    return await watch.look(outcome.run, panel.brands, context.clock.now())


async def _standings(context: Context, panel: Panel, outcome: Outcome) -> list[Standing]:
    names = dict.fromkeys(panel.brands)
    for brand in panel.brands:
        names.update((rival.name, None) for rival in context.catalogue.rivals(brand))
    blocks = await context.store.blocks(since=outcome.run.started_at)
    mine = [block for block in blocks if block.run_id == outcome.run.id]
    return standings(mine, list(names), context.scoring)
