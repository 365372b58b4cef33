"""Carrying a run out: ask, score, look, tell. `check` begins runs, `runs resume` goes on."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from overheard.alerts.watch import Look, Watch
from overheard.cards import words
from overheard.cards.card import Card
from overheard.checks.budget import key_of, nearly_spent
from overheard.checks.feeds import read_feeds
from overheard.checks.judging import agreements, judges, moved
from overheard.checks.outcome import Outcome
from overheard.checks.panel import tracked
from overheard.checks.purse import Purse
from overheard.checks.rejudging import Rejudging
from overheard.checks.retries import Retries
from overheard.checks.reuse import merged
from overheard.checks.runner import Runner
from overheard.commands.alerts import lifecycle, show_alert
from overheard.commands.context import Context
from overheard.commands.planned import planned_bursts, sentence
from overheard.commands.shifts import past
from overheard.commands.standing import Standing, standings
from overheard.commands.summary import paused, summary
from overheard.domain import Account, Panel, Run, RunState

NOT_LOOKED = Look((), compared=False)


async def carry_out(context: Context, run: Run, panel: Panel, *, reused: int = 0) -> Card:
    """Ask what a run has not asked yet, and tell what came of it.

    The run has ended only when its alerts have been told: whenever it is cut off before, the next
    check does what is missing. Whoever calls this holds the run.

    Args:
        context: The deployment.
        run: A run that the store holds.
        panel: What it asks.
        reused: How many of its answers were reused just now.
    """
    with rested_collector():
        outcome = await ask(context, run)
        outcome.reused = reused
        if outcome.stopped is RunState.PAUSED:
            return paused(outcome)
        expected = outcome.complete + outcome.kept - outcome.reused
        await context.scoring.catch_up(context.store, context.progress, expected)
    look = NOT_LOOKED if outcome.stopped else await _watch(context, panel, outcome)
    rows = await _standings(context, panel, outcome)
    shown = [await show_alert(context, alert) for alert in look.alerts]
    warnings = [*look.doubts, *[warning async for warning in _warnings(context, run)]]
    bursts = await _bursts(context, panel, look)
    await context.store.finish_run(run.id, outcome.state, context.clock.now())
    alerts = tuple(filter(None, shown))
    return summary(panel, outcome, rows, context.scoring.faults, look, alerts, warnings, bursts)


async def ask(context: Context, run: Run) -> Outcome:
    """Ask what a run that the store holds has not asked yet. Whoever calls this holds the run."""
    store, clock = context.store, context.clock
    await store.release(run.id)  # what an earlier process held for calls that died with it
    purse = Purse(store, context.config.budget, run.payer, clock)
    retries = Retries(context.config.asking)
    providers = context.plugins.providers
    runner = Runner(store, providers, context.limits, purse, retries, clock, context.progress)
    return await runner.run(run)


@contextmanager
def rested_collector() -> Iterator[None]:
    """Keep the garbage collector from what is loaded already: a run makes many objects, and each
    time it would walk all modules anew, for a quarter of the time that scoring takes.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _watch(context: Context, panel: Panel, outcome: Outcome) -> Look:
    plugins, now = context.plugins, context.clock.now()
    await read_feeds(plugins.feeds.values(), context.store, plugins.providers, now)
    doubt = Rejudging(context.store, context.scoring).doubt
    watch = Watch(past(context), lifecycle(context), plugins.listeners.alert_raised, doubt)
    return await watch.look(outcome.run, _served(context, panel), context.clock.now())


async def _bursts(context: Context, panel: Panel, look: Look) -> list[str]:
    """Say which small runs would tell more of what was asked."""
    plans = await planned_bursts(context, look.suspicions) if look.suspicions else []
    return [sentence(context, plan) for plan in plans if plan.model in panel.models]


def _served(context: Context, panel: Panel) -> list[str]:
    """Return the tracked brands that the answers are scored for, also those nobody asked for: what
    a look could have told of them would not be told by a later one.
    """
    names = [brand.name for brand in tracked(context.catalogue)]
    return [n for n in names if any(not p.brands or n in p.brands for p in panel.prompts)]


async def _standings(context: Context, panel: Panel, outcome: Outcome) -> list[Standing]:
    names = dict.fromkeys(panel.brands)
    for brand in panel.brands:
        names.update((rival.name, None) for rival in context.catalogue.rivals(brand))
    blocks = await context.store.blocks(since=outcome.run.started_at)
    mine = [block for block in blocks if block.run_id == outcome.run.id]
    mine += await context.store.reused_blocks(outcome.run.id)
    return standings(merged(mine), list(names), context.scoring)


async def _warnings(context: Context, run: Run) -> AsyncIterator[str]:
    """Yield how much of a limit is spent, for those that are nearly used up, and whose judgement
    has moved.
    """
    panel, now = run.panel, context.clock.now()
    accounts: dict[Account, None] = {}
    for prompt in panel.prompts if panel else ():
        accounts.update(dict.fromkeys(run.payer.accounts(prompt, now)))
    spent = await nearly_spent(context.config.budget, context.store, accounts)
    for account, (usd, limit) in spent.items():
        yield (
            f"{words.money(usd)} of [budget] {key_of(account)} = {words.money(limit)} are spent "
            f"({words.percent(usd / limit)})."
        )
    for judge in judges(context.plugins.scorers.values()):
        if sentence := moved(judge, await agreements(context.store, judge)):
            yield sentence
