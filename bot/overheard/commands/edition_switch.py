"""How the scores follow a change: history is scored anew, switched to, looked at, and told of."""

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
    """Score history anew in the background if something was changed, and tell what came of it.

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
        await _tell(deployment, before, now)


async def look_again(deployment: Deployment, edition: Edition) -> None:
    """Look for shifts at the runs that an edition was begun before, and at the newest, by the
    scores that are read now. What an alert has told already is not told again.

    Runs of longer ago are no looks: their scores changed because people changed what counts, and
    each look spends a part of the false alarms that a year may have. They are the past that the
    newest run is held against, with every start of the latest runs among the candidates, and
    `shifts` shows what they hold.
    """
    deployment = await deployment.refreshed()
    runs = [run for run in await deployment.store.runs.find() if not run.aside]
    late = [run for run in runs if run.started_at >= edition.at]
    for run in (late or runs[:1])[::-1]:
        await detect(deployment, run)


async def notice(deployment: Deployment, subject: str) -> Card | None:
    """Write what a channel is told of an edition; None when it is no news any more.

    Args:
        deployment: The open deployment.
        subject: The numbers of the edition and of the one before it, as `_tell` writes them.
    """
    editions = {str(one.id): one for one in await deployment.store.editions.all()}
    after, before = (editions.get(number) for number in subject.split(" "))
    told = {EditionState.USED, EditionState.READY}
    if after is None or before is None or after.state not in told:
        return None
    return await switched_card(await deployment.refreshed(), before, after)


async def _tell(deployment: Deployment, before: Edition, after: Edition) -> None:
    """Write down that each channel that is told of alerts is to be told."""
    channels = dict.fromkeys(route.channel for route in deployment.config.routes)
    key = f"scores-{after.id}-{after.state}-{after.at.isoformat()}"
    new = Delivery(DeliveryKind.SCORES, "", "", deployment.clock.now(), f"{after.id} {before.id}")
    await deployment.store.deliveries.add(
        [replace(new, key=f"{key}@{channel}", channel=channel) for channel in channels]
    )


async def quote_rescoring(deployment: Deployment, rescoring: Rescoring) -> Quote:
    """Quote what judges have not read yet: a question for an answer, one for each brand's facts,
    and the gold texts that each judge reads first.

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
