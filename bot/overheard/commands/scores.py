"""`scores`: the editions of the scores, of which reports read one.

An edition is one set of scores for the whole history, made with certain names, facts and versions
of the scorers. After a change of these, history is scored again as a pending edition, which is
then used; a kept one is used again when the change is taken back.
"""

from __future__ import annotations

from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Table
from overheard.cards.command import CommandSpec, Role
from overheard.commands.catalogue import require_yes
from overheard.commands.editions import moves_table, preview, share_done
from overheard.deployment import Call, Deployment
from overheard.domain import PENDING, Edition, EditionState, pending_edition, used_edition
from overheard.scoring.rescoring import changes

_STATES = {
    EditionState.USED: "in use",
    EditionState.SCORING: "being scored",
    EditionState.READY: "kept",
    EditionState.KEPT: "kept",
    EditionState.LEFT: "kept",
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
    title, text = "The scores follow all that is measured", used.note if used else ""
    if pending:
        title = f"History is being scored anew: {wording.percent(done)}"
        note = f"{pending.note[:1].upper()}{pending.note[1:]}"
        text = f"{note} to go." if note else ""
    prune = Action("scores prune", "Remove earlier sets", menu=True)
    return Card(
        title=title if editions else "Nothing was scored yet",
        text=text,
        table=Table(("Scores", "Begun", "State", "What differs"), rows) if rows else None,
        more=(Card("What it changes so far", table=moved_table),) if moved_table else (),
        actions=(prune,) if len(editions) > 1 else (),
        footer="Reports, trends and alerts read one set of scores, from the first answer to the "
        "last.",
        data={"editions": [_edition_json(edition, done) for edition in editions]},
    )


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
    require_yes(
        f"{sets} will be removed, so that a change that is taken back is scored anew", agreed=agreed
    )
    kept_versions = {version for edition in kept_editions for version in edition.versions}
    removed = await deployment.store.scores.prune(kept_versions or deployment.scoring.versions)
    return Card(
        title=f"Removed {wording.count(removed, 'score')}",
        text="The answers are kept, so that they can be scored again.",
        severity=Severity.GOOD,
        data={"removed": removed, "editions": removable},
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
SCORES_PRUNE = CommandSpec(
    "scores prune",
    "Remove the scores that nobody reads; the answers stay.",
    prune,
    role=Role.ADMIN,
    needs_store=True,
    examples=("scores prune",),
    confirms=True,
)
