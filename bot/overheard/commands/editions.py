"""Editions of the scores: their cards, and the scoring of history again after a change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from overheard.alerts.run_analysis import detect, detect_statements
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, Table
from overheard.deployment import Deployment
from overheard.domain import (
    PENDING,
    VISIBILITY,
    Delivery,
    DeliveryKind,
    Edition,
    EditionState,
    Payer,
    Prompt,
    pending_edition,
    used_edition,
)
from overheard.interfaces import Progress
from overheard.runs.plan import tracked
from overheard.runs.quote import PriceQuote
from overheard.scoring.edition_preview import WINDOW, Move, changes, moves
from overheard.scoring.judge import channel_of, judges
from overheard.scoring.rescoring import DUTY, Rescoring


async def share_done(rescoring: Rescoring, deployment: Deployment) -> float:
    """Return the share of the history that a pending edition has scored, 0 to 1."""
    whole = await deployment.store.scores.count_scorable() * len(deployment.scoring.scorers)
    return 1 - min(1.0, await rescoring.count_readings_left() / whole) if whole else 1.0


async def pending_edition_sentences(deployment: Deployment) -> list[str]:
    """Return a list with one text on an edition (the scores of one version of each scorer) that is
    to replace the current one: how much of history it has scored, or that it is ready. Empty if no
    edition is pending.
    """
    edition = pending_edition(await deployment.store.editions.all())
    if edition is None:
        return []
    if edition.state is EditionState.READY:
        return [f"These are the scores from before a change. {edition.note} See: scores"]
    done = wording.percent(await share_done(deployment.rescoring, deployment))
    state = "These are the scores from before a change, for which history is being scored again"
    return [f"{state}: {done} is done. See: scores"]


async def since_when(deployment: Deployment) -> datetime:
    """Return the time from which on editions are compared: 90 days before the newest run."""
    runs = [run for run in await deployment.store.runs.find() if not run.aside]
    return (runs[0].started_at if runs else deployment.clock.now()) - WINDOW


async def preview(deployment: Deployment, before: Edition, after: Edition) -> list[Move]:
    """Return the moves of metrics of tracked brands between the editions `before` and `after`, over
    the last 90 days of answers; visibility always, others if they differ.
    """
    names = [brand.name for brand in tracked(deployment.catalogue)]
    since = await since_when(deployment)
    blocks = [
        block
        for name in names
        for block in await deployment.store.blocks.find(brand=name, since=since)
    ]
    metrics = list(deployment.scoring.metrics.values())
    metric_moves = moves(blocks, before.versions, after.versions, names, metrics)
    return [
        m
        for m in metric_moves
        if m.metric.name == VISIBILITY or _value(m, m.before) != _value(m, m.after)
    ]


def moves_table(moves: list[Move]) -> Table | None:
    """Return the moves of metrics from `preview` as a table; None if no metric had a value
    before.
    """
    rows = tuple(
        (m.brand, m.metric.label, _value(m, m.before), _value(m, m.after))
        for m in moves
        if m.before is not None  # a new brand has nothing to compare
    )
    header = ("Brand", "Metric", "Before", "After")
    return Table(header, rows, frozenset({2, 3})) if rows else None


def moves_sentence(moves: list[Move]) -> str:
    """Return the moves of metrics from `preview` in words, each with its value before and after."""
    changed = [
        f"{m.metric.label.lower()} of {m.brand} {_value(m, m.before)} → {_value(m, m.after)}"
        for m in moves
    ]
    return wording.listing(changed) if changed else "nothing that is shown"


async def switched_card(deployment: Deployment, before: Edition, after: Edition) -> Card:
    """Return the card that announces the edition `after`, which either has replaced the edition
    `before` or waits for agreement.
    """
    used = after.state is EditionState.USED
    what = wording.listing(changes(before, after)) or "what is measured"
    answers = wording.count(await deployment.store.scores.count_scorable(), "answer")
    if used:
        title = "The numbers follow your change"
        text = (
            f"Changed: {what}. All {answers} were read again, so that old and new numbers compare; "
            f"a step in a chart is your change, and not the models'. {after.note}".rstrip()
        )
    else:
        title = "Your change waits for a yes"
        text = (
            f"Changed: {what}. All {answers} were read again. {after.note} "
            "Until you switch, reports show the numbers from before the change."
        )
    actions = (
        (Action("report", "Report"), Action(f"scores switch {before.id}", "Switch back"))
        if used
        else (
            Action(f"scores switch {after.id}", "Switch now", Style.PRIMARY),
            Action("scores rescore --judge", "Let the judge read them"),
        )
    )
    return Card(
        title=title,
        text=text,
        table=moves_table(await preview(deployment, before, after)),
        actions=actions,
        severity=Severity.PLAIN if used else Severity.WARNING,
        footer="The table shows the last 90 days; the numbers from before are kept.",
        data={"edition": after.id, "state": after.state.value, "before": before.id},
    )


async def chosen_card(deployment: Deployment, before: Edition, after: Edition) -> Card:
    """Return the card that announces that a person chose the edition `after` instead of
    `before`.
    """
    what = wording.listing(changes(before, after)) or "a scorer"
    return Card(
        title=f"Reports show the scores of set {after.id} now",
        text=(
            f"They differ from those of set {before.id} in this: {what}. No model was asked, and "
            f"what the models said has not changed."
        ),
        table=moves_table(await preview(deployment, before, after)),
        actions=(
            Action("report", "Report"),
            Action(f"scores switch {before.id}", "Switch back"),
        ),
        footer="The table shows the last 90 days; the other scores are kept.",
        data={"edition": after.id, "state": after.state.value, "before": before.id},
    )


def _value(move: Move, value: float | None) -> str:
    return "-" if value is None else wording.value(value, move.metric.scale)


async def follow_changes(deployment: Deployment, progress: Progress) -> None:
    """Score the history for a pending edition, and store its announcement. Without one, detect
    statements that the current facts contradict.

    Returns at once when another process is scoring.

    Args:
        deployment: The deployment as it is now.
        progress: The progress display.
    """
    rescoring = deployment.rescoring
    edition = await rescoring.open_edition()
    if edition is None or edition.state not in PENDING:
        await detect_statements(deployment)
        return
    before = used_edition(await deployment.store.editions.all())
    async with deployment.store.locks.leader_lock(DUTY) as is_locked:
        if not is_locked:
            return
        switched = await rescoring.score_history(edition, progress, gently=True)
    if switched:
        await look_again(deployment, edition)
    now = next(
        (other for other in await deployment.store.editions.all() if other.id == edition.id),
        edition,
    )
    if before and (switched or now.state is not edition.state):
        await _store_announcements(deployment, before, now)


async def look_again(deployment: Deployment, edition: Edition) -> None:
    """Detect shifts in the runs since an edition began, or else in the newest run, by the scores in
    use. Shifts that an alert has reported are not reported again.

    Earlier runs are not analysed: their scores changed because people changed what counts, and
    each analysis spends a part of the yearly budget of false alarms. They are the history that the
    newest run is compared with, and `shifts` shows what they contain.
    """
    deployment = await deployment.refreshed()
    runs = [run for run in await deployment.store.runs.find() if not run.aside]
    late = [run for run in runs if run.started_at >= edition.at]
    for run in (late or runs[:1])[::-1]:
        await detect(deployment, run)


async def edition_card(deployment: Deployment, subject: str) -> Card | None:
    """Return the card that announces an edition in a channel; None when the edition is gone or no
    longer in use or waiting.

    Args:
        deployment: The open deployment.
        subject: The numbers of the edition and of the one before, with a space between.
    """
    editions = {str(edition.id): edition for edition in await deployment.store.editions.all()}
    after, before = (editions.get(number) for number in subject.split(" "))
    announced = {EditionState.USED, EditionState.READY}
    if after is None or before is None or after.state not in announced:
        return None
    return await switched_card(await deployment.refreshed(), before, after)


async def _store_announcements(deployment: Deployment, before: Edition, after: Edition) -> None:
    """Store, for each channel that receives alerts, a delivery that announces the edition `after`;
    `before` is the edition in use until then.
    """
    channels = dict.fromkeys(route.channel for route in deployment.config.routes)
    key = f"scores-{after.id}-{after.state}-{after.at.isoformat()}"
    new = Delivery(DeliveryKind.SCORES, "", "", deployment.clock.now(), f"{after.id} {before.id}")
    await deployment.store.deliveries.add(
        [replace(new, key=f"{key}@{channel}", channel=channel) for channel in channels]
    )


async def quote_rescoring(deployment: Deployment, rescoring: Rescoring) -> PriceQuote:
    """Return the price of the calls that judges still need: one for each answer, one for each
    brand's facts, and one for each text with known verdicts that a judge reads first.

    Args:
        deployment: The open deployment.
        rescoring: The rescoring, which counts the missing scores.

    Raises:
        BudgetExceeded: when the budget does not cover the price.
    """
    gap = await rescoring.score_without_cost()
    sheets = len({fact.brand for fact in deployment.catalogue.facts})
    calls = {(pair.prompt, pair.model): 1 + sheets for pair in gap.unpaid}
    channels = dict(deployment.config.budget.channels)
    asked = {question.model for question in gap.unpaid}
    for judge in judges(deployment.plugins.scorers.values()):
        if judge.model in asked:
            calls |= {(Prompt(text), judge.model): 1 for text in judge.rehearsals}
        channels[channel_of(judge)] = judge.budget
    budget = deployment.config.budget.model_copy(update={"channels": channels})
    payer = Payer(0, channel=f"judge:{next(iter(gap.by), '')}")
    return await deployment.pricing.quote_calls(calls, payer, budget=budget)
