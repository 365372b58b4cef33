"""Rescoring after a change: history is scored again, switched to, analysed and announced."""

from __future__ import annotations

from dataclasses import replace

from overheard.alerts.run_analysis import detect, detect_statements
from overheard.cards.card import Card
from overheard.commands.editions import switched_card, used_edition
from overheard.deployment import Deployment
from overheard.domain import PENDING, Delivery, DeliveryKind, Edition, EditionState, Payer, Prompt
from overheard.interfaces import Progress
from overheard.runs.quote import Quote
from overheard.scoring.judge import channel_of, judges
from overheard.scoring.rescoring import DUTY, Rescoring


async def follow_changes(deployment: Deployment, progress: Progress) -> None:
    """Score history again in the background if something was changed, and announce the result.

    A short history has been scored by `Deployment.caught_up` already; then what the facts of now
    rule out is reported here.

    Args:
        deployment: The deployment as it is now.
        progress: Shows how far it is.
    """
    rescoring = deployment.rescoring
    edition = await rescoring.open()
    if edition is None or edition.state not in PENDING:
        await detect_statements(deployment)
        return
    before = await used_edition(deployment)
    async with deployment.store.locks.leader_lock(DUTY) as mine:
        if not mine:
            return
        switched = await rescoring.work(edition, progress, gently=True)
    if switched:
        await look_again(deployment, edition)
    now = next(
        (one for one in await deployment.store.editions.all() if one.id == edition.id), edition
    )
    if before and (switched or now.state is not edition.state):
        await _announce(deployment, before, now)


async def look_again(deployment: Deployment, edition: Edition) -> None:
    """Look for shifts in the runs since an edition was begun, or else in the newest run, by the
    scores that are read now. What an alert has reported is not reported again.

    Earlier runs are not analysed: their scores changed because people changed what counts, and
    each analysis spends a part of the yearly budget of false alarms. They are the history that the
    newest run is compared with, and `shifts` shows what they contain.
    """
    deployment = await deployment.refreshed()
    runs = [run for run in await deployment.store.runs.find() if not run.aside]
    late = [run for run in runs if run.started_at >= edition.at]
    for run in (late or runs[:1])[::-1]:
        await detect(deployment, run)


async def notice(deployment: Deployment, subject: str) -> Card | None:
    """Return the card that announces an edition in a channel; None when it is overtaken.

    Args:
        deployment: The open deployment.
        subject: The ids of the edition and of the edition before it, as `_announce` writes them.
    """
    editions = {str(one.id): one for one in await deployment.store.editions.all()}
    after, before = (editions.get(number) for number in subject.split(" "))
    announced = {EditionState.USED, EditionState.READY}
    if after is None or before is None or after.state not in announced:
        return None
    return await switched_card(await deployment.refreshed(), before, after)


async def _announce(deployment: Deployment, before: Edition, after: Edition) -> None:
    """Store a delivery of the announcement for each channel that receives alerts."""
    channels = dict.fromkeys(route.channel for route in deployment.config.routes)
    key = f"scores-{after.id}-{after.state}-{after.at.isoformat()}"
    new = Delivery(DeliveryKind.SCORES, "", "", deployment.clock.now(), f"{after.id} {before.id}")
    await deployment.store.deliveries.add(
        [replace(new, key=f"{key}@{channel}", channel=channel) for channel in channels]
    )


async def quote_rescoring(deployment: Deployment, rescoring: Rescoring) -> Quote:
    """Quote what judges have not read yet: one call for each answer, one for each brand's facts,
    and one for each gold text that a judge reads first.

    Args:
        deployment: The open deployment.
        rescoring: Scores history again.

    Raises:
        BudgetExceeded: when the budget does not cover it.
    """
    gap = await rescoring.gap()
    sheets = len({fact.brand for fact in deployment.catalogue.facts})
    calls = {(one.prompt, one.model): 1 + sheets for one in gap.unpaid}
    channels = dict(deployment.config.budget.channels)
    asked = {question.model for question in gap.unpaid}
    for judge in judges(deployment.plugins.scorers.values()):
        if judge.model in asked:
            calls |= {(Prompt(text), judge.model): 1 for text in judge.rehearsals}
        channels[channel_of(judge)] = judge.budget
    budget = deployment.config.budget.model_copy(update={"channels": channels})
    payer = Payer(0, channel=f"judge:{next(iter(gap.by), '')}")
    return await deployment.pricing.quote_calls(calls, payer, budget=budget)
