"""`scores`: score history again after a change, and choose which edition of the scores is read."""

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
    look_again,
    moves_sentence,
    moves_table,
    preview,
    quote_rescoring,
    share_done,
    since_when,
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
    """Show all editions of the scores: which is read, which are kept, and how much of the history a
    pending edition has scored.
    """
    editions = await deployment.store.editions.all()
    rescoring, now = deployment.rescoring, used_edition(editions)
    after = pending_edition(editions)
    done = await share_done(rescoring, deployment) if after else 1.0
    rows = tuple(_edition_cells(call, edition, now, done) for edition in editions)
    moved_table = moves_table(await preview(deployment, now, after)) if now and after else None
    return Card(
        title=_list_title(deployment, after, done) if editions else "Nothing was scored yet",
        text=(after.note if after else "") or _kept_sets_sentence(len(editions)),
        table=Table(("Scores", "Begun", "State", "What differs"), rows) if rows else None,
        more=(Card("What it changes so far", table=moved_table),) if moved_table else (),
        actions=(*_pending_actions(after), *_prune_action(len(editions))),
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
    """Score the history with the current names, facts and scorers, then read the new scores, and
    return the card. With `judge` judges are asked too, so that a proposal with its price is
    returned.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        judge: Whether judges score the history too, which costs money.

    Raises:
        BudgetExceeded: when the budget does not cover the price.
    """
    rescoring, before = deployment.rescoring, used_edition(await deployment.store.editions.all())
    edition = await rescoring.open_edition()
    if edition is None or before is None:
        return Card("Nothing to do", "The scores follow all that is measured.", data={"done": True})
    carry_out = partial(_rescore, deployment, call, before, edition, judge=judge)
    if not judge:
        return await carry_out()
    quote = await quote_rescoring(deployment, rescoring)
    return Proposal(quote.price, quote.usd, carry_out)


async def _rescore(
    deployment: Deployment, call: Call, before: Edition, edition: Edition, *, judge: bool
) -> Card:
    """Score the history for a pending edition (with `judge` by judges too), or show the progress of
    the process that does so. Return the card of the switch from the edition `before`.
    """
    rescoring = deployment.rescoring
    if edition.state is not EditionState.SCORING:
        await deployment.store.editions.set_state(edition.id, EditionState.SCORING)
        edition = replace(edition, state=EditionState.SCORING)
    async with deployment.store.locks.leader_lock(DUTY) as is_locked:
        if is_locked and await rescoring.score_history(edition, call.progress, paying=judge):
            await look_again(deployment, edition)
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
    """Read another edition of the scores from now on; open alerts are examined again with its
    scores.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        scores: The id of the edition; by default the pending edition.
        agreed: Whether the change was shown and confirmed.

    Raises:
        UnknownName: for an unknown edition.
        NothingToSwitch: when the edition is in use already, or no edition is pending.
        ChangeNeedsYes: when the change was not confirmed.
    """
    editions = await deployment.store.editions.all()
    now, waits = used_edition(editions), pending_edition(editions)
    number = scores or (waits.id if waits else 0)
    if now is None or number in (0, now.id):
        raise NothingToSwitch
    wanted = next((edition for edition in editions if edition.id == number), None)
    if wanted is None:
        raise unknown_name("set of scores", str(number), [str(edition.id) for edition in editions])
    require_yes(await _switch_consequences(deployment, call, now, wanted), agreed=agreed)
    scoring = deployment.current.for_catalogue(wanted.catalogue, wanted.versions)
    await scoring.catch_up(deployment.store, call.progress)  # what it has not read yet
    await carry_scores_over(
        deployment.store, now.versions, wanted.versions
    )  # what it cannot read any more
    if wanted.versions == deployment.current.versions:
        await deployment.store.editions.set_state(wanted.id, EditionState.USED)
    else:
        await deployment.store.editions.leave(now.id, wanted.id)
    await look_again(deployment, replace(wanted, at=max(wanted.at, now.at)))
    used = replace(wanted, state=EditionState.USED, note="")
    card = switched_card if waits and used.id == waits.id else chosen_card
    return await card(await deployment.refreshed(), now, used)


async def cancel(deployment: Deployment, _: Call) -> Card:
    """Stop a rescoring; the earlier scores stay in use, and the new ones are kept.

    Raises:
        NothingToSwitch: when no rescoring is going on.
    """
    after = pending_edition(await deployment.store.editions.all())
    if after is None:
        raise NothingToSwitch
    await deployment.store.editions.set_state(after.id, EditionState.LEFT)
    text = (
        "Reports keep showing the numbers from before the change, also for new answers. What was "
        "scored is kept."
    )
    action = Action("scores rescore", "Go on after all")
    return Card("Cancelled", text, actions=(action,), data={"cancelled": after.id})


async def prune(deployment: Deployment, _: Call, *, agreed: bool = False) -> Card:
    """Remove all editions of scores except the one in use and a pending one; answers are kept.

    Raises:
        ChangeNeedsYes: when the change was not confirmed.
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
    read = {
        version for edition in kept_editions for version in edition.versions
    } or deployment.scoring.versions
    removed = await deployment.store.scores.prune(read)
    return Card(
        title=f"Removed {wording.count(removed, 'score')}",
        text="The answers are kept, so that they can be scored again.",
        severity=Severity.GOOD,
        data={"removed": removed, "editions": removable},
    )


async def _display_progress(
    deployment: Deployment, call: Call, rescoring: Rescoring, edition: Edition
) -> None:
    """Display the progress of a rescoring by another process, and return when it has ended."""
    left = total = await rescoring.count_readings_left()
    call.progress.start("Scoring history anew", total)
    while any(
        other.id == edition.id and other.state is EditionState.SCORING
        for other in await deployment.store.editions.all()
    ):
        await asyncio.sleep(POLL_S)
        rest = await rescoring.count_readings_left()
        call.progress.advance(max(0, left - rest))
        left = min(left, rest)
    call.progress.finish()


async def _switch_consequences(
    deployment: Deployment, call: Call, now: Edition, wanted: Edition
) -> str:
    """Return in words what a switch from the edition `now` to the wanted one changes: metrics over
    the last 90 days, open alerts, number of shifts before and after.
    """
    changed = moves_sentence(await preview(deployment, now, wanted))
    open_alerts = len(await deployment.store.alerts.find(live=True))
    since = await since_when(deployment)
    scoring = deployment.scoring.for_catalogue(wanted.catalogue, wanted.versions)
    seen = await shifts_seen(deployment, call, scoring, since)
    before = await shifts_seen(deployment, call, deployment.scoring, since)
    missing = f" {wanted.note}" if wanted.note else ""
    alerts = wording.count(open_alerts, "alert")
    return (
        f"over the last 90 days of answers this changes {changed}; {alerts} "
        f"{'is' if open_alerts == 1 else 'are'} open and stay so; in that time "
        f"{wording.count(before, 'shift')} stood out by the scores of now, and {seen} by the "
        f"others.{missing}".rstrip(".")
    )


def _list_title(deployment: Deployment, after: Edition | None, done: float) -> str:
    """Return the title of the list of editions; `after` is the pending one or None, `done` the
    share of the history scored for it, 0 to 1.
    """
    if after is None and deployment.scoring.versions != deployment.current.versions:
        return "The scores are those from before a change"
    if after is None:
        return "The scores follow all that is measured"
    if after.state is EditionState.READY:
        return "New scores wait for a yes"
    return f"History is being scored anew: {wording.percent(done)}"


def _prune_action(count: int) -> tuple[Action, ...]:
    """Return the button that removes earlier editions, if there is more than one edition."""
    return (Action("scores prune", "Remove earlier sets", menu=True),) if count > 1 else ()


def _kept_sets_sentence(count: int) -> str:
    if count > 1:
        return "Earlier sets are kept, so that you can switch back."
    return ""


def _pending_actions(after: Edition | None) -> tuple[Action, ...]:
    """Return the buttons of the pending edition `after`: switch or show progress, and cancel; none
    without one.
    """
    if after is None:
        return ()
    switch_now = Action(f"scores switch {after.id}", "Switch now", Style.PRIMARY)
    go_on = Action("scores rescore", "Show progress")
    return (
        switch_now if after.state is EditionState.READY else go_on,
        Action("scores cancel", "Cancel", Style.DANGER, "Keep the scores from before?"),
    )


def _edition_cells(
    call: Call, edition: Edition, now: Edition | None, done: float
) -> tuple[str, ...]:
    """Return the four cells of an edition: number, begin, state (with the share `done` of the
    history scored), differences from the edition in use (`now`).
    """
    state = _STATES[edition.state]
    if edition.state is EditionState.SCORING:
        state = f"{state}, {wording.percent(done)}"
    differs = wording.listing(changes(now, edition)) if now and edition.id != now.id else ""
    return (str(edition.id), wording.moment(edition.at, call.zone), state, differs)


def _edition_json(edition: Edition, done: float) -> dict[str, Any]:
    """Return an edition for JSON output. `done`: share of the history scored, 0 to 1; 1 once the
    edition is not pending.
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
