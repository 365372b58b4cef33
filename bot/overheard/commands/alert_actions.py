"""What people do with an alert: acknowledge it, put it aside, close it, ask again."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from overheard.alerts.events import life_data, state
from overheard.alerts.lifecycle import Lifecycle
from overheard.cards.card import Action, Card, Severity
from overheard.cards.command import CommandSpec, Proposal, Role, option
from overheard.commands.alerts import number_of
from overheard.commands.arguments import AlertNumber
from overheard.commands.check import check
from overheard.commands.rechecking import recheck_of
from overheard.deployment import Call, Deployment
from overheard.domain import Alert, AlertState

UPDATE = "update"
SPANS = {"1d": timedelta(days=1), "1w": timedelta(weeks=1)}
"""For how long an alert can be put aside, besides until the next update of the model."""
REASONS = {"boring": "", "ours": "It was our own doing."}
"""Why an alert is put away, as a note on the event."""


async def acknowledge(deployment: Deployment, call: Call, *, alert: AlertNumber) -> Card:
    """Say that you take care of an alert.

    Raises:
        UnknownName: when there is no such alert.
        AlertUnchanged: when it was done before, or the alert is over.
    """
    changed = await Lifecycle.of(deployment).acknowledge(number_of(alert), call.who)
    return _card(call, changed)


async def snooze(
    deployment: Deployment,
    call: Call,
    *,
    alert: AlertNumber,
    span: Annotated[
        str,
        option(
            "For how long: a day, a week, or until the model's next update.",
            word="for",
            choices=(*SPANS, UPDATE),
        ),
    ] = "1d",
) -> Card:
    """Put an alert aside; it comes back by itself.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        alert: Its number.
        span: ``1d``, ``1w``, or ``update`` for until the next update of the model.

    Raises:
        UnknownName: when there is no such alert.
        AlertUnchanged: when it is over.
    """
    until = deployment.clock.now() + SPANS[span] if span in SPANS else None
    note = {"1d": "For a day.", "1w": "For a week."}.get(span, "Until the next update.")
    changed = await Lifecycle.of(deployment).snooze(number_of(alert), call.who, until, note)
    return _card(call, changed)


async def close(
    deployment: Deployment,
    call: Call,
    *,
    alert: AlertNumber,
    why: Annotated[
        str, option("Why: not interesting, or your own doing.", choices=tuple(REASONS))
    ] = "boring",
) -> Card:
    """Put an alert away.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        alert: Its number.
        why: ``boring``, or ``ours`` for a change that your own work caused.

    Raises:
        UnknownName: when there is no such alert.
        AlertUnchanged: when it is closed already.
    """
    changed = await Lifecycle.of(deployment).close(number_of(alert), call.who, REASONS[why])
    return _card(call, changed)


async def reopen(deployment: Deployment, call: Call, *, alert: AlertNumber) -> Card:
    """Take back an acknowledgement, a snooze or a closing.

    Raises:
        UnknownName: when there is no such alert.
        AlertUnchanged: when it is open.
    """
    return _card(call, await Lifecycle.of(deployment).reopen(number_of(alert), call.who))


async def mark_update(
    deployment: Deployment,
    call: Call,
    *,
    alert: AlertNumber,
    note: Annotated[str, option("A few words.")] = "",
) -> Card:
    """Say that an alert shows an update of the model.

    The update is kept as of the run in which the shift was seen.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        alert: Its number.
        note: A few words, such as where the update was announced.

    Raises:
        UnknownName: when there is no such alert.
    """
    life = Lifecycle.of(deployment)
    update = await life.mark_update(number_of(alert), call.who, note)
    card = _card(call, await life.find(number_of(alert)))
    marked = {"model": str(update.model), "at": update.at.isoformat(), "note": update.note}
    text = f"{update.model} is marked as updated. {card.text}"
    return Card(card.title, text, actions=card.actions, data={**card.data, "update": marked})


async def recheck(
    deployment: Deployment, call: Call, *, alert: AlertNumber, seed: int | None = None
) -> Proposal:
    """Ask the alert's model about its brand again, as often as the run that raised it.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        alert: The number of the alert.
        seed: Base of the sampling seeds; by default a new one.

    Raises:
        UnknownName: when there is no such alert, or its brand or model is gone.
        BudgetExceeded: when the budget does not cover it.
    """
    found = await Lifecycle.of(deployment).find(number_of(alert))
    again = await recheck_of(deployment, found)
    label = f"alert {found.id}, checked again"
    return await check(deployment, call, **again, seed=seed, label=label)


def _card(call: Call, alert: Alert) -> Card:
    """Show the new state of an alert, and how to take that back."""
    undo = Action(f"alerts reopen {alert.id}", "Undo")
    done = alert.state is AlertState.OPEN
    return Card(
        title=f"Alert {alert.id}",
        text=f"It is {state(alert, call.zone)}.",
        actions=() if done else (undo,),
        severity=Severity.PLAIN,
        data={"id": alert.id, **life_data(alert)},
    )


ALERTS_ACKNOWLEDGE = CommandSpec(
    "alerts acknowledge",
    "Say that you take care of an alert.",
    acknowledge,
    role=Role.OPERATOR,
    private=True,
    examples=("alerts acknowledge 12",),
)
ALERTS_SNOOZE = CommandSpec(
    "alerts snooze",
    "Put an alert aside for a while.",
    snooze,
    role=Role.OPERATOR,
    private=True,
    examples=("alerts snooze 12", "alerts snooze 12 --for 1w", "alerts snooze 12 --for update"),
)
ALERTS_CLOSE = CommandSpec(
    "alerts close",
    "Put an alert away.",
    close,
    role=Role.OPERATOR,
    private=True,
    examples=("alerts close 12", "alerts close 12 --why ours"),
)
ALERTS_REOPEN = CommandSpec(
    "alerts reopen",
    "Take back what was done to an alert.",
    reopen,
    role=Role.OPERATOR,
    private=True,
    examples=("alerts reopen 12",),
)
ALERTS_UPDATE = CommandSpec(
    "alerts update",
    "Say that an alert shows an update of the model.",
    mark_update,
    role=Role.OPERATOR,
    private=True,
    examples=("alerts update 12", 'alerts update 12 --note "announced on their blog"'),
    title="Mark a model update",
)
ALERTS_RECHECK = CommandSpec(
    "alerts recheck",
    "Ask the alert's model about its brand again.",
    recheck,
    role=Role.OPERATOR,
    spends=True,
    examples=("alerts recheck 12",),
    chart="",
    title="Check again",
)
