"""What people do with an alert: acknowledge it, put it aside, close it, ask again."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from overheard.alerts.events import life_data, state, subject
from overheard.alerts.lifecycle import BY_PEOPLE, KNOWN_UPDATE, MARKED, Lifecycle
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity
from overheard.cards.command import CommandSpec, Proposal, Role, argument, option
from overheard.commands.alerts import number_of, recheck_of
from overheard.commands.arguments import AlertNumber, coming_moment
from overheard.commands.check import check
from overheard.deployment import Call, Deployment
from overheard.domain import Alert, AlertEventKind

UPDATE = "update"
REASONS = {"boring": "", "ours": "It was our own doing."}
"""Why an alert is put away, as a note on the event."""


async def acknowledge(deployment: Deployment, call: Call, *, alert: AlertNumber) -> Card:
    """Store that the caller takes care of an alert.

    Raises:
        UnknownName: for an unknown alert.
        AlertUnchanged: when the alert is acknowledged already, or over.
    """
    changed = await Lifecycle.of(deployment).acknowledge(number_of(alert), call.who)
    return await _changed_alert_card(deployment, call, changed)


async def snooze(
    deployment: Deployment,
    call: Call,
    *,
    alert: AlertNumber,
    span: Annotated[
        str,
        option("For how long, or until when: 3d, 2w, friday, 2026-12-03, update.", word="for"),
    ] = "1d",
) -> Card:
    """Store that an alert is put aside until a time or until the model's next update; it then opens
    again.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        alert: The number of the alert.
        span: ``3h``, ``2d``, ``1w``, a day or a moment (see `coming_moment`), or ``update`` for
            until the next update of the model.

    Raises:
        UnknownName: for an unknown alert.
        AlertUnchanged: when the alert is over.
        BadUsage: when the time cannot be read, or is past.
    """
    has_time = span.strip().casefold() != UPDATE
    until = coming_moment(span, deployment.clock.now(), call.zone) if has_time else None
    changed = await Lifecycle.of(deployment).snooze(number_of(alert), call.who, until)
    return await _changed_alert_card(deployment, call, changed)


async def close(
    deployment: Deployment,
    call: Call,
    *,
    alert: AlertNumber,
    why: Annotated[
        str, option("Why: not interesting, or your own doing.", choices=tuple(REASONS))
    ] = "boring",
) -> Card:
    """Store that an alert is closed, with a reason.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        alert: The number of the alert.
        why: ``boring``, or ``ours`` for a change that your own work caused.

    Raises:
        UnknownName: for an unknown alert.
        AlertUnchanged: when the alert is closed already.
    """
    changed = await Lifecycle.of(deployment).close(number_of(alert), call.who, REASONS[why])
    return await _changed_alert_card(deployment, call, changed)


async def reopen(deployment: Deployment, call: Call, *, alert: AlertNumber) -> Card:
    """Store that an alert is open again, from any state.

    Raises:
        UnknownName: for an unknown alert.
        AlertUnchanged: when the alert is open already.
    """
    changed = await Lifecycle.of(deployment).reopen(number_of(alert), call.who)
    return await _changed_alert_card(deployment, call, changed)


async def undo(
    deployment: Deployment,
    call: Call,
    *,
    alert: AlertNumber,
    event: Annotated[int, argument("The number of the event, from alerts show --json.", low=1)],
) -> Card:
    """Store that one event of an alert is taken back; other events stay.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        alert: The alert's number.
        event: The event's number.

    Raises:
        UnknownName: for an unknown alert.
        NotUndone: when the alert has changed since.
    """
    changed = await Lifecycle.of(deployment).undo(number_of(alert), event, call.who)
    return await _changed_alert_card(deployment, call, changed)


async def mark_update(
    deployment: Deployment,
    call: Call,
    *,
    alert: AlertNumber,
    note: Annotated[str, option("A few words.")] = "",
) -> Card:
    """Store that an alert was caused by an update of the model.

    The time of the update is the run with which the change began; an update that is known already
    is not stored again.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        alert: The number of the alert.
        note: A few words, such as where the update was announced.

    Raises:
        UnknownName: for an unknown alert.
    """
    life = Lifecycle.of(deployment)
    update = await life.mark_update(number_of(alert), call.who, note)
    card = await _changed_alert_card(deployment, call, await life.find(number_of(alert)))
    marked = {"model": str(update.model), "at": update.at.isoformat(), "note": update.note}
    day = wording.day(update.at, call.zone)
    text = f"{deployment.names.name(update.model)} is marked as updated on {day}."
    if update.source != MARKED:
        text = f"That update, of {day}, was known already."
    return replace(card, text=text, data={**card.data, "update": marked})


async def recheck(
    deployment: Deployment, call: Call, *, alert: AlertNumber, seed: int | None = None
) -> Proposal:
    """Return a proposal that asks the alert's model about its brand again, with the repeats of the
    run that raised the alert.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        alert: The number of the alert.
        seed: Base of the sampling seeds; None draws a random number.

    Raises:
        UnknownName: for an unknown alert, or when its brand or model is gone.
        BudgetExceeded: when the budget does not cover the price.
    """
    shown_alert = await Lifecycle.of(deployment).find(number_of(alert))
    again = await recheck_of(deployment, shown_alert)
    label = f"alert {shown_alert.id}, checked again"
    return await check(deployment, call, **again, seed=seed, label=label)


async def _changed_alert_card(deployment: Deployment, call: Call, alert: Alert) -> Card:
    """Return the card of an alert's new state, with a button that takes back the last event if a
    person caused it.
    """
    *_, last = await deployment.store.alerts.events(alert.id)
    can_undo = last.what in BY_PEOPLE or (
        last.what is AlertEventKind.UPDATE and not last.note.endswith(KNOWN_UPDATE)
    )
    return Card(
        title=subject(alert, deployment.names),
        text=f"It is {state(alert, call.zone)}.",
        actions=(Action(f"alerts undo {alert.id} {last.id}", "Undo"),) if can_undo else (),
        severity=Severity.PLAIN,
        data={"id": alert.id, **life_data(alert)},
    )


ALERTS_ACKNOWLEDGE = CommandSpec(
    "alerts acknowledge",
    "Say that you take care of an alert.",
    acknowledge,
    role=Role.OPERATOR,
    needs_store=True,
    private=True,
    examples=("alerts acknowledge 12",),
)
ALERTS_SNOOZE = CommandSpec(
    "alerts snooze",
    "Put an alert aside for a while.",
    snooze,
    role=Role.OPERATOR,
    needs_store=True,
    private=True,
    examples=("alerts snooze 12", "alerts snooze 12 --for friday", "alerts snooze 12 --for update"),
)
ALERTS_CLOSE = CommandSpec(
    "alerts close",
    "Put an alert away.",
    close,
    role=Role.OPERATOR,
    needs_store=True,
    private=True,
    examples=("alerts close 12", "alerts close 12 --why ours"),
)
ALERTS_REOPEN = CommandSpec(
    "alerts reopen",
    "Open an alert again.",
    reopen,
    role=Role.OPERATOR,
    needs_store=True,
    private=True,
    examples=("alerts reopen 12",),
)
ALERTS_UNDO = CommandSpec(
    "alerts undo",
    "Take back one thing that was done to an alert.",
    undo,
    role=Role.OPERATOR,
    needs_store=True,
    private=True,
    examples=("alerts undo 12 57",),
)
ALERTS_UPDATE = CommandSpec(
    "alerts update",
    "Say that an alert shows an update of the model.",
    mark_update,
    role=Role.OPERATOR,
    needs_store=True,
    private=True,
    examples=("alerts update 12", 'alerts update 12 --note "announced on their blog"'),
    title="Mark a model update",
)
ALERTS_RECHECK = CommandSpec(
    "alerts recheck",
    "Ask the alert's model about its brand again.",
    recheck,
    role=Role.OPERATOR,
    needs_store=True,
    spends=True,
    examples=("alerts recheck 12",),
    chart="",
    title="Check again",
)
