"""What a run would cost, and the yes that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from math import inf

from overheard.cards import wording
from overheard.deployment import Call, Deployment
from overheard.domain import Panel, Payer, Run
from overheard.errors import (
    BatchUncollected,
    ConfirmationNeeded,
    NothingBatched,
    ProviderFailed,
    ProviderUnavailable,
)
from overheard.runs.batches import Batches, asking_only, batched
from overheard.runs.budget import Estimate, Pair, check_budget, estimate, price_of, unasked
from overheard.runs.outcome import Outcome
from overheard.runs.retries import Retries
from overheard.runs.reuse import reusable
from overheard.runs.spend import release_dead
from overheard.scoring.judge import judges
from overheard.scoring.judge_cost import judging_cost


async def require_money(
    deployment: Deployment,
    run: Run,
    *,
    age: timedelta | None = None,
    agreed: bool,
    judged: bool | None = None,
) -> None:
    """Price what a run has not asked yet, and see that there is the money and a yes for it.

    A run that is not stored yet has the number 0, under which nothing was asked or spent.

    Args:
        deployment: The open deployment.
        run: The run.
        age: How old answers may be that are reused, or None.
        agreed: Whether the price has been agreed to.
        judged: Whether its answers are scored; by default, unless it stands aside.

    Raises:
        BudgetExceeded: when the budget does not cover it.
        BudgetUnknown: when there is a budget and a price that nobody has told.
        ConfirmationNeeded: when it may cost something and nobody has agreed.
    """
    store, now = deployment.store, deployment.clock.now()
    calls: dict[Pair, int] = {}
    answers = 0
    if run.panel:
        reused = await reusable(store, run, age, now) if age else {}
        left = unasked(run.panel, await store.asked(run.id))
        calls = {pair: count - reused.get(pair, 0) for pair, count in left.items()}
        judged = not run.aside if judged is None else judged
        answers = unasked(run.panel, ()).total() - sum(reused.values()) if judged else 0
    await require_money_for(
        deployment, calls, run.payer, agreed=agreed, panel=run.panel, answers=answers
    )


async def require_money_for(
    deployment: Deployment,
    calls: Mapping[Pair, int],
    payer: Payer,
    *,
    agreed: bool,
    panel: Panel | None = None,
    answers: int = 0,
) -> None:
    """Price calls, and see that there is the money and a yes for them.

    Args:
        deployment: The open deployment.
        calls: How often each prompt is put to each model.
        payer: On whose accounts they are booked.
        agreed: Whether the price has been agreed to.
        panel: What is asked, if some of it may be asked in batches.
        answers: How many answers are judged then, where there is a judge. Its own budget limits
            it, and without money for it they are asked all the same.

    Raises:
        BudgetExceeded: when the budget does not cover it.
        BudgetUnknown: when there is a budget and a price that nobody has told.
        ConfirmationNeeded: when it may cost something and nobody has agreed.
    """
    providers, now = deployment.plugins.providers, deployment.clock.now()
    priced = estimate(calls, providers, payer, now, batched(panel, providers))
    await release_dead(deployment.store, spread=deployment.queue.spread)
    await check_budget(deployment.config.budget, deployment.store, priced)
    if agreed:
        return
    judged = await judged_cost(deployment, answers)
    if not (priced.free and judged.free):
        usd = inf if priced.unknown or judged.unknown else priced.worst + judged.worst
        told = [_price(priced), sale(deployment, panel), _judging(judged)]
        raise ConfirmationNeeded(price="; ".join(filter(None, told)), usd=usd)


async def price_in_short(deployment: Deployment, panel: Panel) -> str:
    """Say in few words what it would cost to ask a panel and to have its answers judged."""
    calls = unasked(panel, ())
    providers, now = deployment.plugins.providers, deployment.clock.now()
    priced = estimate(calls, providers, Payer(0), now, batched(panel, providers))
    judged = await judged_cost(deployment, calls.total())
    if priced.unknown or judged.unknown:
        return "price unknown"
    if priced.free and judged.free:
        return "free"
    typical = priced.typical + judged.typical
    return f"about ${typical:,.2f}" if typical >= 0.01 else wording.money(typical)


async def judged_cost(deployment: Deployment, answers: int) -> Estimate:
    """Price the judging of answers that are still to come."""
    return await judging_cost(
        judges(deployment.plugins.scorers.values()),
        answers,
        len({fact.brand for fact in deployment.catalogue.facts}),
        deployment.plugins.providers,
        deployment.store,
        deployment.clock.now(),
    )


def _price(priced: Estimate) -> str:
    calls = wording.count(priced.calls, "question")
    if priced.unknown:
        names = wording.listing([str(model) for model in priced.unknown])
        return f"{calls}; nobody has told the price of {names}"
    return f"{calls} for {_range(priced)}"


def _judging(judged: Estimate) -> str:
    if judged.unknown:
        names = wording.listing([str(model) for model in judged.unknown])
        return f"the answers are judged by {names}, whose price nobody has told"
    if judged.free:
        return ""
    return f"judging the answers adds {_range(judged)}"


def _range(priced: Estimate) -> str:
    typical, worst = wording.money(priced.typical), wording.money(priced.worst)
    about = "" if typical.startswith("less") else "about "
    return about + typical + ("" if worst == typical else f", at most {worst}")


TAKES = "up to 24 hours"


def require_batched(deployment: Deployment, panel: Panel) -> None:
    """See that a panel that is to be asked in batches can be.

    Raises:
        NothingBatched: when none of its models can.
    """
    if panel.batch and not batched(panel, deployment.plugins.providers):
        raise NothingBatched(models=wording.listing([str(model) for model in panel.models]))


def asked_at_once(deployment: Deployment, run: Run) -> Run:
    """Return a run with those of its questions that are not asked in batches."""
    waiting = batched(run.panel, deployment.plugins.providers)
    models = run.panel.models if run.panel else ()
    return asking_only(run, [m for m in models if m not in waiting]) if waiting else run


async def ask_in_batches(deployment: Deployment, call: Call, run: Run, outcome: Outcome) -> None:
    """Ask what a run asks in batches, and wait for it. Whoever calls this holds the run.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        run: A run that the store holds.
        outcome: What became of its other questions; what becomes of these is added.

    Raises:
        BatchUncollected: when a batch cannot be collected; the run waits until it is resumed.
    """
    models = batched(run.panel, deployment.plugins.providers)
    waiting = await deployment.store.batches(runs=[run.id])
    models += tuple(batch.model for batch in waiting)  # sold when they were handed in
    if models and not outcome.stopped:
        try:
            asked = await _batches(deployment, call).run(asking_only(run, models))
        except (ProviderFailed, ProviderUnavailable) as error:
            raise BatchUncollected(run=run.key, reason=error) from None
        outcome.add(asked.result())


async def cancel_batches(deployment: Deployment, call: Call, run: Run) -> list[str]:
    """Cancel what a run has handed in and keep what is answered; return what is to be told."""
    if not await deployment.store.batches(runs=[run.id]):
        return []
    outcome = await _batches(deployment, call).cancel(run)
    if outcome.complete + outcome.incomplete:
        kept = wording.count(outcome.complete + outcome.incomplete, "answer")
        outcome.notes.insert(0, f"{kept} of its batches were ready, and are kept.")
    return outcome.notes


def sale(deployment: Deployment, panel: Panel | None) -> str:
    """Say which models of a panel are asked in batches, at what price and how long that takes; an
    empty string when none is.
    """
    providers = deployment.plugins.providers
    models = batched(panel, providers)
    if panel is None or not models:
        return ""
    shares = {price.batch for m in models if (price := price_of(m, providers)) and price.batch}
    told = "half price" if shares == {0.5} else "a lower price"
    who = (
        "" if len(models) == len(panel.models) else wording.listing([str(m) for m in models]) + " "
    )
    return f"{who}in a batch: {told}, {TAKES}"


def _batches(deployment: Deployment, call: Call) -> Batches:
    providers, config = deployment.plugins.providers, deployment.config
    retries = Retries(config.asking)
    outside = (config.budget, retries, deployment.clock, call.progress)
    return Batches(deployment.store, providers, *outside, counters=deployment.limits.counters)
