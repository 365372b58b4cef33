"""What a run would cost, and the yes that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from math import inf

from overheard.cards import words
from overheard.checks.batches import batched
from overheard.checks.budget import Estimate, Pair, check_budget, estimate, unasked
from overheard.checks.purse import release_dead
from overheard.checks.reuse import reusable
from overheard.commands.batching import sale
from overheard.commands.context import Context
from overheard.domain import Panel, Payer, Run
from overheard.errors import ConfirmationNeeded


async def require_money(
    context: Context, run: Run, *, age: timedelta | None = None, agreed: bool
) -> None:
    """Price what a run has not asked yet, and see that there is the money and a yes for it.

    A run that is not stored yet has the number 0, under which nothing was asked or spent.

    Args:
        context: The deployment.
        run: The run.
        age: How old answers may be that are reused, or None.
        agreed: Whether the price has been agreed to.

    Raises:
        BudgetExceeded: when the budget does not cover it.
        BudgetUnknown: when there is a budget and a price that nobody has told.
        ConfirmationNeeded: when it may cost something and nobody has agreed.
    """
    store, now = context.store, context.clock.now()
    calls: dict[Pair, int] = {}
    if run.panel:
        reused = await reusable(store, run, age, now) if age else {}
        left = unasked(run.panel, await store.asked(run.id))
        calls = {pair: count - reused.get(pair, 0) for pair, count in left.items()}
    await require_money_for(context, calls, run.payer, agreed=agreed, panel=run.panel)


async def require_money_for(
    context: Context,
    calls: Mapping[Pair, int],
    payer: Payer,
    *,
    agreed: bool,
    panel: Panel | None = None,
) -> None:
    """Price calls, and see that there is the money and a yes for them.

    Args:
        context: The deployment.
        calls: How often each prompt is put to each model.
        payer: On whose accounts they are booked.
        agreed: Whether the price has been agreed to.
        panel: What is asked, if some of it may be asked in batches.

    Raises:
        BudgetExceeded: when the budget does not cover it.
        BudgetUnknown: when there is a budget and a price that nobody has told.
        ConfirmationNeeded: when it may cost something and nobody has agreed.
    """
    providers, now = context.plugins.providers, context.clock.now()
    priced = estimate(calls, providers, payer, now, batched(panel, providers))
    await release_dead(context.store, spread=context.queue.spread)
    await check_budget(context.config.budget, context.store, priced)
    if not (agreed or priced.free):
        usd = inf if priced.unknown else priced.worst
        raise ConfirmationNeeded(price=_price(priced, sale(context, panel)), usd=usd)


def _price(priced: Estimate, sale: str) -> str:
    calls, more = words.count(priced.calls, "question"), sale and f"; {sale}"
    if priced.unknown:
        names = words.listing([str(model) for model in priced.unknown])
        return f"{calls}; nobody has told the price of {names}{more}"
    typical = words.money(priced.typical)
    about = "" if typical.startswith("less") else "about "
    return f"{calls} for {about}{typical}, at most {words.money(priced.worst)}{more}"
