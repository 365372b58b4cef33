"""`scores`: the editions of the scores, of which reports read one.

An edition is one set of scores for the whole history, made with certain names, facts and versions
of the scorers. After a change of these, history is scored again as a pending edition, which is
then used; a kept one is used again when the change is taken back.
"""

from typing import Any

from overheard.alerts.run_analysis import detect, detect_statements
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Table, picked
from overheard.cards.command import CommandSpec, Role
from overheard.commands.catalogue import require_yes
from overheard.deployment import Call
from overheard.domain import PENDING, VISIBILITY, DeliveryKind, Edition, EditionState
from overheard.scoring.rescoring import (
    DUTY,
    WINDOW,
    Move,
    Rescoring,
    changes,
    moves,
    pending_edition,
    used_edition,
)


async def share_done(rescoring: Rescoring, call: Call) -> float:
    """Return the approximate share of the history that a pending edition (the scores of one version
    of each scorer) has scored, 0 to 1; 1 without anything to score.
    """
    readings = await call.store.scores.count_scorable() * len(call.scoring.scorers)
    if not readings:
        return 1.0
    return 1 - min(1.0, await rescoring.count_readings_left() / readings)


async def pending_edition_sentences(call: Call) -> list[str]:
    """Return a list with one text on an edition (the scores of one version of each scorer) that is
    to replace the current one: how much of history it has scored, and how long the rest will take.
    Empty if no edition is pending.
    """
    edition = pending_edition(await call.store.editions.all())
    if edition is None:
        return []
    done_share = wording.percent(await share_done(call.deployment.rescoring, call))
    rest = f", {edition.note} to go" if edition.note else ""
    state = "These are the scores from before a change, for which history is being scored again"
    return [f"{state}: {done_share} is done{rest}."]


async def preview(call: Call, before: Edition, after: Edition) -> list[Move]:
    """Return the mean of each metric of each tracked brand in two editions of scores, over the
    answers of the 90 days before the newest run that both have scored. Visibility is returned in
    any case; another metric only if its two values differ when they are rounded as they are shown.
    """
    names = [brand.name for brand in call.catalogue.tracked]
    newest_runs = await call.store.runs.find(aside=False, limit=1)
    since = (newest_runs[0].started_at if newest_runs else call.clock.now()) - WINDOW
    blocks = [
        block for name in names for block in await call.store.blocks.find(brand=name, since=since)
    ]
    metrics = list(call.scoring.metrics.values())
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


async def switched_card(call: Call, before: Edition, after: Edition) -> Card:
    """Return the card that announces the edition of scores after a change of brands, facts or
    scorers: what differs, and how the metrics move.

    Args:
        before: The edition in use until then.
        after: The edition that has replaced it.
    """
    what = wording.listing(changes(before, after)) or "what is measured"
    answers = wording.count(await call.store.scores.count_scorable(), "answer")
    return Card(
        title="The numbers follow your change",
        text=(
            f"Changed: {what}. All {answers} were read again, so that old and new numbers compare; "
            f"a step in a chart is your change, and not the models'. {after.note}".rstrip()
        ),
        table=moves_table(await preview(call, before, after)),
        actions=(Action("report", "Report"),),
        footer="The table shows the last 90 days; take the change back, and the numbers from "
        "before return.",
        data={"edition": after.id, "state": after.state.value, "before": before.id},
    )


def _value_words(move: Move, value: float | None) -> str:
    """Return a value of a move's metric in words; ``-`` for None."""
    return "-" if value is None else wording.value(value, move.metric.scale)


async def follow_changes(call: Call) -> None:
    """Score the history for a pending edition of scores, and use it. Then detect shifts by its
    scores, and store an announcement.

    Without a pending edition, detect statements that the current facts contradict. Returns at once
    when another process scores the history.
    """
    rescoring = call.deployment.rescoring
    edition = await rescoring.open_edition()
    if edition is None:
        await detect_statements(call)
        return
    used_before = used_edition(await call.store.editions.all())
    async with call.store.locks.leader_lock(DUTY) as is_locked:
        if not is_locked:
            return
        is_used = await rescoring.score_history(edition, call.progress, gently=True)
    if not is_used:
        return
    await detect_by_new_scores(call, edition)
    if used_before:
        key = f"scores-{edition.id}-{edition.at.isoformat()}"
        channels = (route.channel for route in call.config.routes)
        subject = f"{edition.id} {used_before.id}"
        await call.deployment.deliver(channels, DeliveryKind.SCORES, key, subject)


async def detect_by_new_scores(call: Call, edition: Edition) -> None:
    """Detect shifts by the scores in use, in the runs that began since an edition was created, the
    oldest first; without such a run, in the newest run. Shifts that an alert has reported are not
    reported again.

    Earlier runs are not analysed: their scores changed because people changed what counts, and
    each analysis spends a part of the yearly budget of false alarms. They are the history that the
    newest run is compared with, and `shifts` shows what they contain.
    """
    call = await call.refreshed()
    runs = [run for run in await call.store.runs.find() if not run.aside]
    runs_since = [run for run in runs if run.started_at >= edition.at]
    newest_first = runs_since or runs[:1]
    for run in reversed(newest_first):
        await detect(call, run)


async def edition_card(call: Call, subject: str) -> Card | None:
    """Return the card that announces an edition of scores in a channel. None if it is outdated: if
    the edition or the one before is gone, or the edition is not in use.

    Args:
        subject: The numbers of the edition and of the one before, such as ``5 4``.
    """
    editions = {str(edition.id): edition for edition in await call.store.editions.all()}
    after, before = (editions.get(number) for number in subject.split(" "))
    if after is None or before is None or after.state is not EditionState.USED:
        return None
    return await switched_card(await call.refreshed(), before, after)


_STATES = {
    EditionState.USED: "in use",
    EditionState.SCORING: "being scored",
    EditionState.READY: "kept",
    EditionState.KEPT: "kept",
    EditionState.LEFT: "kept",
}


async def list_scores(call: Call) -> Card:
    """Return the card of all editions of the scores (an edition has the scores of one version of
    each scorer): which is in use, which are kept, and how much of the history the pending one has
    scored. While one is pending, a second card shows how the metrics of the last 90 days would
    change, if any had a value before.
    """
    editions = await call.store.editions.all()
    used, pending = used_edition(editions), pending_edition(editions)
    done = await share_done(call.deployment.rescoring, call) if pending else 1.0
    rows = []
    for edition in editions:
        scored = f", {wording.percent(done)}" if edition.state is EditionState.SCORING else ""
        differs = wording.listing(changes(used, edition)) if used and edition.id != used.id else ""
        at, state = wording.moment(edition.at, call.zone), _STATES[edition.state]
        rows.append((str(edition.id), at, f"{state}{scored}", differs))
    moved_table = moves_table(await preview(call, used, pending)) if used and pending else None
    title, text = "The scores follow all that is measured", used.note if used else ""
    if pending:
        title = f"History is being scored anew: {wording.percent(done)}"
        note = f"{pending.note[:1].upper()}{pending.note[1:]}"
        text = f"{note} to go." if note else ""
    prune = Action("scores prune", "Remove earlier sets", menu=True)
    return Card(
        title=title if editions else "Nothing was scored yet",
        text=text,
        table=Table(("Scores", "Begun", "State", "What differs"), tuple(rows)) if rows else None,
        more=(Card("What it changes so far", table=moved_table),) if moved_table else (),
        actions=(prune,) if len(editions) > 1 else (),
        footer="Reports, trends and alerts read one set of scores, from the first answer to the "
        "last.",
        data={"editions": [_edition_json(edition, done) for edition in editions]},
    )


async def prune(call: Call, *, agreed: bool = False) -> Card:
    """Remove the scores of all editions but the one in use and a pending one; return the card with
    their number. Answers are kept, so that they can be scored again. Without an edition to remove
    nothing is removed or asked, and the card says so.

    Raises:
        ChangeNeedsYes: when the removal was not confirmed.
    """
    editions = await call.store.editions.all()
    kept_editions = [
        edition for edition in editions if edition.state in {*PENDING, EditionState.USED}
    ]
    removable = len(editions) - len(kept_editions)
    if not removable:
        nothing = {"removed": 0, "editions": 0}
        return Card("Nothing to remove", "No earlier scores are kept.", data=nothing)
    sets = wording.count(removable, "earlier set of scores", "earlier sets of scores")
    require_yes(
        f"{sets} will be removed, so that a change that is taken back is scored anew", agreed=agreed
    )
    kept_versions = {version for edition in kept_editions for version in edition.versions}
    removed = await call.store.scores.prune(kept_versions or call.scoring.versions)
    return Card(
        title=f"Removed {wording.count(removed, 'score')}",
        text="The answers are kept, so that they can be scored again.",
        severity=Severity.GOOD,
        data={"removed": removed, "editions": removable},
    )


def _edition_json(edition: Edition, done: float) -> dict[str, Any]:
    """Return an edition for JSON output. ``done`` is the scored share of the history, which is
    given as 1 for each edition that is not pending.
    """
    return {
        **picked(edition, "id", "state", "note"),
        "begun_at": edition.at.isoformat(),
        "done": done if edition.state in PENDING else 1.0,
        "versions": sorted(edition.versions),
    }


SCORES_LIST = CommandSpec(
    "scores list",
    "Show which scores are read, and how far history is scored anew after a change.",
    list_scores,
)
SCORES_PRUNE = CommandSpec(
    "scores prune",
    "Remove the scores that nobody reads; the answers stay.",
    prune,
    role=Role.ADMIN,
    needs_store=True,
    confirms=True,
)
