"""`scores`: the editions of the scores, of which reports read one.

An edition is one set of scores for the whole history, made with certain names, facts and versions
of the scorers. After a change of these, history is scored again as a pending edition, and then
switched to.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, Table
from overheard.cards.command import CommandSpec, Proposal, Role, argument, option
from overheard.commands.arguments import unknown_name
from overheard.commands.catalogue import require_yes
from overheard.commands.editions import (
    chosen_card,
    comparison_start,
    detect_by_new_scores,
    moves_sentence,
    moves_table,
    preview,
    quote_rescoring,
    share_done,
    switched_card,
)
from overheard.commands.replayed_shifts import shifts_seen
from overheard.deployment import Call, Deployment
from overheard.domain import PENDING, Edition, EditionState, pending_edition, used_edition
from overheard.errors import NothingToSwitch
from overheard.scoring.edition_preview import changes
from overheard.scoring.rescoring import DUTY, Rescoring, carry_scores_over

POLL_S = 0.5
"""Seconds between two checks of a rescoring that another process carries out."""

_STATES = {
    EditionState.USED: "in use",
    EditionState.SCORING: "being scored",
    EditionState.READY: "waits for a yes",
    EditionState.KEPT: "kept",
    EditionState.LEFT: "put aside",
}


async def list_scores(deployment: Deployment, call: Call) -> Card:
    """Return the card of all editions of the scores (an edition has the scores of one version of
    each scorer): which is in use, which are kept, and how much of the history the pending one has
    scored. While one is pending, a second card shows how the metrics of the last 90 days would
    change, if any had a value before.
    """
    editions = await deployment.store.editions.all()
    used, pending = used_edition(editions), pending_edition(editions)
    done = await share_done(deployment.rescoring, deployment) if pending else 1.0
    rows = tuple(_edition_cells(call, edition, used, done) for edition in editions)
    moved_table = (
        moves_table(await preview(deployment, used, pending)) if used and pending else None
    )
    return Card(
        title=_list_title(deployment, pending, done) if editions else "Nothing was scored yet",
        text=(pending.note if pending else "") or _kept_sets_sentence(len(editions)),
        table=Table(("Scores", "Begun", "State", "What differs"), rows) if rows else None,
        more=(Card("What it changes so far", table=moved_table),) if moved_table else (),
        actions=(*_pending_actions(pending), *_prune_action(len(editions))),
        footer="Reports, trends and alerts read one set of scores, from the first answer to the "
        "last.",
        data={"editions": [_edition_json(edition, done) for edition in editions]},
    )


async def rescore(
    deployment: Deployment,
    call: Call,
    *,
    judge: Annotated[bool, option("Ask judges about history too, for their own money.")] = False,
) -> Card | Proposal:
    """Score the history with the current names, facts and scorers, read the new scores from then
    on, and return the card of what changed.

    Without `judge` nothing is paid, so that this is done at once; scores that only a judge can make
    may be lacking then, and the new edition waits for a yes. With `judge`, a proposal with its
    price is returned. Nothing happens if the edition in use is up to date.
    """
    rescoring, used = deployment.rescoring, used_edition(await deployment.store.editions.all())
    edition = await rescoring.open_edition()
    if edition is None or used is None:
        return Card("Nothing to do", "The scores follow all that is measured.", data={"done": True})
    execute = partial(_rescore, deployment, call, used, edition, judge=judge)
    if not judge:
        return await execute()
    quote = await quote_rescoring(deployment, rescoring)
    return Proposal(quote.price, quote.usd, execute)


async def _rescore(
    deployment: Deployment, call: Call, before: Edition, edition: Edition, *, judge: bool
) -> Card:
    """Score the history for an edition, and return the card of the switch to it.

    If another process is scoring the history already, only its progress is shown, until it has
    ended. After a switch, shifts are detected again.

    Args:
        edition: The edition to be scored; it becomes pending if it is not.
        judge: Whether judges score too, which costs money.
    """
    rescoring = deployment.rescoring
    if edition.state is not EditionState.SCORING:
        await deployment.store.editions.set_state(edition.id, EditionState.SCORING)
        edition = replace(edition, state=EditionState.SCORING)
    async with deployment.store.locks.leader_lock(DUTY) as is_locked:
        if is_locked and await rescoring.score_history(edition, call.progress, paying=judge):
            await detect_by_new_scores(deployment, edition)
    if not is_locked:
        await _display_progress(deployment, call, rescoring, edition)
    after = next(other for other in await deployment.store.editions.all() if other.id == edition.id)
    return await switched_card(await deployment.refreshed(), before, after)


async def switch(
    deployment: Deployment,
    call: Call,
    *,
    scores: Annotated[
        int | None, argument("Its number; by default the one that waits.", low=1)
    ] = None,
    agreed: bool = False,
) -> Card:
    """Read another edition of the scores from now on, and return the card of what changed.

    Answers that the edition lacks are scored first, and scores of answers whose text was deleted
    are carried over. Then shifts are detected with its scores. If the edition is not that of the
    current names, facts and scorers, the one in use before is put aside, so that no switch back
    takes place by itself.

    Args:
        scores: The number of the edition; None means the pending one.
        agreed: Whether the consequences were shown and confirmed.

    Raises:
        NothingToSwitch: when the edition is in use already, or none is pending.
        ChangeNeedsYes: when the switch was not confirmed; the error has the consequences.
    """
    editions = await deployment.store.editions.all()
    used, pending = used_edition(editions), pending_edition(editions)
    number = scores or (pending.id if pending else 0)
    if used is None or number in (0, used.id):
        raise NothingToSwitch
    wanted = next((edition for edition in editions if edition.id == number), None)
    if wanted is None:
        raise unknown_name("set of scores", str(number), [str(edition.id) for edition in editions])
    require_yes(await _switch_consequences(deployment, call, used, wanted), agreed=agreed)
    scoring = deployment.current.for_catalogue(wanted.catalogue, wanted.versions)
    await scoring.catch_up(deployment.store, call.progress)
    # Answers whose text was deleted cannot be scored any more.
    await carry_scores_over(deployment.store, used.versions, wanted.versions)
    if wanted.versions == deployment.current.versions:
        await deployment.store.editions.set_state(wanted.id, EditionState.USED)
    else:
        await deployment.store.editions.leave(used.id, wanted.id)
    await detect_by_new_scores(deployment, replace(wanted, at=max(wanted.at, used.at)))
    now_used = replace(wanted, state=EditionState.USED, note="")
    card = switched_card if pending and wanted.id == pending.id else chosen_card
    return await card(await deployment.refreshed(), used, now_used)


async def cancel(deployment: Deployment, _: Call) -> Card:
    """Put the pending edition aside: one that is being scored is stopped, one that waits for a yes
    is declined. The earlier scores stay in use, also for new answers; what was scored is kept.

    Raises:
        NothingToSwitch: when no edition is pending.
    """
    pending = pending_edition(await deployment.store.editions.all())
    if pending is None:
        raise NothingToSwitch
    await deployment.store.editions.set_state(pending.id, EditionState.LEFT)
    text = (
        "Reports keep showing the numbers from before the change, also for new answers. What was "
        "scored is kept."
    )
    action = Action("scores rescore", "Go on after all")
    return Card("Cancelled", text, actions=(action,), data={"cancelled": pending.id})


async def prune(deployment: Deployment, _: Call, *, agreed: bool = False) -> Card:
    """Remove the scores of all editions but the one in use and a pending one; return the card with
    their number. Answers are kept, so that they can be scored again. Without an edition to remove
    nothing is removed or asked, and the card says so.

    Raises:
        ChangeNeedsYes: when the removal was not confirmed.
    """
    editions = await deployment.store.editions.all()
    kept_editions = [
        edition for edition in editions if edition.state in {*PENDING, EditionState.USED}
    ]
    removable = len(editions) - len(kept_editions)
    if not removable:
        nothing = {"removed": 0, "editions": 0}
        return Card("Nothing to remove", "No earlier scores are kept.", data=nothing)
    sets = wording.count(removable, "earlier set of scores", "earlier sets of scores")
    require_yes(f"{sets} will be removed, so that nobody can switch back", agreed=agreed)
    kept_versions = {version for edition in kept_editions for version in edition.versions}
    removed = await deployment.store.scores.prune(kept_versions or deployment.scoring.versions)
    return Card(
        title=f"Removed {wording.count(removed, 'score')}",
        text="The answers are kept, so that they can be scored again.",
        severity=Severity.GOOD,
        data={"removed": removed, "editions": removable},
    )


async def _display_progress(
    deployment: Deployment, call: Call, rescoring: Rescoring, edition: Edition
) -> None:
    """Show the progress of a rescoring by another process, and return when the edition's state is
    no longer that of being scored. The store is asked every `POLL_S` seconds. Nothing is scored
    here.
    """
    left = total = await rescoring.count_readings_left()
    call.progress.start("Scoring history anew", total)
    while any(
        other.id == edition.id and other.state is EditionState.SCORING
        for other in await deployment.store.editions.all()
    ):
        await asyncio.sleep(POLL_S)
        still_left = await rescoring.count_readings_left()
        call.progress.advance(max(0, left - still_left))
        left = min(left, still_left)
    call.progress.finish()


async def _switch_consequences(
    deployment: Deployment, call: Call, used: Edition, wanted: Edition
) -> str:
    """Return in words what a switch of editions changes: the metrics of the last 90 days, and how
    many shifts stood out in that time with the scores of either edition. It also says how many
    alerts are open, which stay open.
    """
    changed = moves_sentence(await preview(deployment, used, wanted))
    open_alerts = len(await deployment.store.alerts.find(live=True))
    since = await comparison_start(deployment)
    scoring = deployment.scoring.for_catalogue(wanted.catalogue, wanted.versions)
    shifts_after = await shifts_seen(deployment, call, scoring, since)
    shifts_before = await shifts_seen(deployment, call, deployment.scoring, since)
    missing = f" {wanted.note}" if wanted.note else ""
    alerts = wording.count(open_alerts, "alert")
    return (
        f"over the last 90 days of answers this changes {changed}; {alerts} "
        f"{'is' if open_alerts == 1 else 'are'} open and stay so; in that time "
        f"{wording.count(shifts_before, 'shift')} stood out by the scores of now, and "
        f"{shifts_after} by the others.{missing}".rstrip(".")
    )


def _list_title(deployment: Deployment, pending: Edition | None, done: float) -> str:
    """Return the title of the list of editions.

    Without a pending edition it says whether the scores follow the current names, facts and scorers
    (they do not after a person has cancelled a change); else how far the pending one is.

    Args:
        pending: The pending edition; None without one.
        done: The share of the history that is scored for it, 0 to 1.
    """
    if pending is None and deployment.scoring.versions != deployment.current.versions:
        return "The scores are those from before a change"
    if pending is None:
        return "The scores follow all that is measured"
    if pending.state is EditionState.READY:
        return "New scores wait for a yes"
    return f"History is being scored anew: {wording.percent(done)}"


def _prune_action(count: int) -> tuple[Action, ...]:
    """Return the menu entry that removes earlier editions; empty unless there are several editions.
    `count` is their number.
    """
    return (Action("scores prune", "Remove earlier sets", menu=True),) if count > 1 else ()


def _kept_sets_sentence(count: int) -> str:
    """Return a sentence on earlier editions; empty unless there are several. `count` is the number
    of all editions.
    """
    if count > 1:
        return "Earlier sets are kept, so that you can switch back."
    return ""


def _pending_actions(pending: Edition | None) -> tuple[Action, ...]:
    """Return the buttons of the pending edition: ``Switch now`` if it waits for a yes, else ``Show
    progress``; then ``Cancel``. Empty without a pending edition.
    """
    if pending is None:
        return ()
    switch_now = Action(f"scores switch {pending.id}", "Switch now", Style.PRIMARY)
    show_progress = Action("scores rescore", "Show progress")
    return (
        switch_now if pending.state is EditionState.READY else show_progress,
        Action("scores cancel", "Cancel", Style.DANGER, "Keep the scores from before?"),
    )


def _edition_cells(
    call: Call, edition: Edition, used: Edition | None, done: float
) -> tuple[str, ...]:
    """Return the four cells of an edition in the list: number, beginning, state (with the share of
    history that is scored, while it is being scored), and how it differs from the edition in use
    (empty for that edition itself, and if none is in use).

    Args:
        used: The edition in use; None before anything was scored.
        done: The share of the history that is scored for the pending edition, 0 to 1.
    """
    state = _STATES[edition.state]
    if edition.state is EditionState.SCORING:
        state = f"{state}, {wording.percent(done)}"
    differs = wording.listing(changes(used, edition)) if used and edition.id != used.id else ""
    return (str(edition.id), wording.moment(edition.at, call.zone), state, differs)


def _edition_json(edition: Edition, done: float) -> dict[str, Any]:
    """Return an edition for JSON output. ``done`` is the scored share of the history, which is
    given as 1 for each edition that is not pending.

    Args:
        done: The share of the history that is scored for the pending edition, 0 to 1.
    """
    return {
        "id": edition.id,
        "begun_at": edition.at.isoformat(),
        "state": edition.state.value,
        "done": done if edition.state in PENDING else 1.0,
        "note": edition.note,
        "versions": sorted(edition.versions),
    }


SCORES_LIST = CommandSpec(
    "scores list",
    "Show which scores are read, and how far history is scored anew after a change.",
    list_scores,
    examples=("scores",),
)
SCORES_RESCORE = CommandSpec(
    "scores rescore",
    "Score history anew after a change, and switch to it.",
    rescore,
    role=Role.OPERATOR,
    needs_store=True,
    spends=True,
    examples=("scores rescore", "scores rescore --judge"),
)
SCORES_SWITCH = CommandSpec(
    "scores switch",
    "Read another set of scores: the one that waits, or an earlier one again.",
    switch,
    role=Role.ADMIN,
    needs_store=True,
    examples=("scores switch", "scores switch 1"),
    confirms=True,
)
SCORES_CANCEL = CommandSpec(
    "scores cancel",
    "Score history no further for a change, and keep the scores from before it.",
    cancel,
    role=Role.ADMIN,
    needs_store=True,
    examples=("scores cancel",),
)
SCORES_PRUNE = CommandSpec(
    "scores prune",
    "Remove the scores that nobody reads; the answers stay.",
    prune,
    role=Role.ADMIN,
    needs_store=True,
    examples=("scores prune",),
    confirms=True,
)
