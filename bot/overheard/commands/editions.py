"""Editions of the scores: their cards, and the scoring of history again after a change."""

from __future__ import annotations

from datetime import datetime

from overheard.alerts.run_analysis import detect, detect_statements
from overheard.cards import wording
from overheard.cards.card import Action, Card, Table
from overheard.deployment import Deployment
from overheard.domain import (
    VISIBILITY,
    Delivery,
    DeliveryKind,
    Edition,
    EditionState,
    pending_edition,
    used_edition,
)
from overheard.interfaces import Progress, Store
from overheard.runs.plan import tracked
from overheard.scoring.rescoring import DUTY, WINDOW, Move, Rescoring, changes, moves


async def share_done(rescoring: Rescoring, deployment: Deployment) -> float:
    """Return the approximate share of the history that a pending edition (the scores of one version
    of each scorer) has scored, 0 to 1; 1 without anything to score.
    """
    readings = await deployment.store.scores.count_scorable() * len(deployment.scoring.scorers)
    if not readings:
        return 1.0
    return 1 - min(1.0, await rescoring.count_readings_left() / readings)


async def pending_edition_sentences(deployment: Deployment) -> list[str]:
    """Return a list with one text on an edition (the scores of one version of each scorer) that is
    to replace the current one: how much of history it has scored, and how long the rest will take.
    Empty if no edition is pending.
    """
    edition = pending_edition(await deployment.store.editions.all())
    if edition is None:
        return []
    done_share = wording.percent(await share_done(deployment.rescoring, deployment))
    rest = f", {edition.note} to go" if edition.note else ""
    state = "These are the scores from before a change, for which history is being scored again"
    return [f"{state}: {done_share} is done{rest}."]


async def comparison_start(now: datetime, store: Store) -> datetime:
    """Return the time from which on two editions of scores are compared: 90 days before the newest
    run of the history, or before now if there is none.
    """
    runs = [run for run in await store.runs.find() if not run.aside]
    return (runs[0].started_at if runs else now) - WINDOW


async def preview(deployment: Deployment, before: Edition, after: Edition) -> list[Move]:
    """Return the mean of each metric of each tracked brand in two editions of scores, over the
    answers of the last 90 days that both have scored. Visibility is returned in any case; another
    metric only if its two values differ when they are rounded as they are shown.
    """
    names = [brand.name for brand in tracked(deployment.catalogue)]
    since = await comparison_start(deployment.clock.now(), deployment.store)
    blocks = [
        block
        for name in names
        for block in await deployment.store.blocks.find(brand=name, since=since)
    ]
    metrics = list(deployment.scoring.metrics.values())
    all_moves = moves(blocks, before.versions, after.versions, names, metrics)
    return [
        move
        for move in all_moves
        if move.metric.name == VISIBILITY
        or _value_words(move, move.before) != _value_words(move, move.after)
    ]


def moves_table(moves: list[Move]) -> Table | None:
    """Return the moves of metrics that `preview` returns as a table, in their order, with the
    values before and after. Moves without a value before, such as those of a new brand, are left
    out. None if no move is left.
    """
    rows = tuple(
        (
            move.brand,
            move.metric.label,
            _value_words(move, move.before),
            _value_words(move, move.after),
        )
        for move in moves
        if move.before is not None
    )
    header = ("Brand", "Metric", "Before", "After")
    return Table(header, rows, right=frozenset({2, 3})) if rows else None


async def switched_card(deployment: Deployment, before: Edition, after: Edition) -> Card:
    """Return the card that announces the edition of scores after a change of brands, facts or
    scorers: what differs, and how the metrics move.

    Args:
        before: The edition in use until then.
        after: The edition that has replaced it.
    """
    what = wording.listing(changes(before, after)) or "what is measured"
    answers = wording.count(await deployment.store.scores.count_scorable(), "answer")
    return Card(
        title="The numbers follow your change",
        text=(
            f"Changed: {what}. All {answers} were read again, so that old and new numbers compare; "
            f"a step in a chart is your change, and not the models'. {after.note}".rstrip()
        ),
        table=moves_table(await preview(deployment, before, after)),
        actions=(Action("report", "Report"),),
        footer="The table shows the last 90 days; take the change back, and the numbers from "
        "before return.",
        data={"edition": after.id, "state": after.state.value, "before": before.id},
    )


def _value_words(move: Move, value: float | None) -> str:
    """Return a value of a move's metric in words; ``-`` for None."""
    return "-" if value is None else wording.value(value, move.metric.scale)


async def follow_changes(deployment: Deployment, progress: Progress) -> None:
    """Score the history for a pending edition of scores, and use it. Then detect shifts by its
    scores, and store an announcement.

    Without a pending edition, detect statements that the current facts contradict. Returns at once
    when another process scores the history.

    Args:
        progress: The progress display.
    """
    rescoring = deployment.rescoring
    edition = await rescoring.open_edition()
    if edition is None:
        await detect_statements(deployment)
        return
    used_before = used_edition(await deployment.store.editions.all())
    async with deployment.store.locks.leader_lock(DUTY) as is_locked:
        if not is_locked:
            return
        is_used = await rescoring.score_history(edition, progress, gently=True)
    if not is_used:
        return
    await detect_by_new_scores(deployment, edition)
    if used_before:
        await _store_announcements(deployment, used_before, edition)


async def detect_by_new_scores(deployment: Deployment, edition: Edition) -> None:
    """Detect shifts by the scores in use, in the runs that began since an edition was created, the
    oldest first; without such a run, in the newest run. Shifts that an alert has reported are not
    reported again.

    Earlier runs are not analysed: their scores changed because people changed what counts, and
    each analysis spends a part of the yearly budget of false alarms. They are the history that the
    newest run is compared with, and `shifts` shows what they contain.
    """
    deployment = await deployment.refreshed()
    runs = [run for run in await deployment.store.runs.find() if not run.aside]
    runs_since = [run for run in runs if run.started_at >= edition.at]
    newest_first = runs_since or runs[:1]
    for run in reversed(newest_first):
        await detect(deployment, run)


async def edition_card(deployment: Deployment, subject: str) -> Card | None:
    """Return the card that announces an edition of scores in a channel. None if it is outdated: if
    the edition or the one before is gone, or the edition is not in use.

    Args:
        subject: The numbers of the edition and of the one before, such as ``5 4``.
    """
    editions = {str(edition.id): edition for edition in await deployment.store.editions.all()}
    after, before = (editions.get(number) for number in subject.split(" "))
    if after is None or before is None or after.state is not EditionState.USED:
        return None
    return await switched_card(await deployment.refreshed(), before, after)


async def _store_announcements(deployment: Deployment, before: Edition, after: Edition) -> None:
    """Store a delivery that announces an edition of scores for each channel of a route, once.

    Args:
        before: The edition in use until then.
        after: The edition to announce.
    """
    key = f"scores-{after.id}-{after.at.isoformat()}"
    await deployment.store.deliveries.add(
        [
            Delivery(
                kind=DeliveryKind.SCORES,
                key=f"{key}@{channel}",
                channel=channel,
                due_at=deployment.clock.now(),
                subject=f"{after.id} {before.id}",
            )
            for channel in dict.fromkeys(route.channel for route in deployment.config.routes)
        ]
    )
