"""What people do with an alert: acknowledge it, put it aside, close it, ask again."""

from dataclasses import replace
from functools import partial
from typing import Annotated

from overheard.alerts.events import state, state_data, subject
from overheard.alerts.handling import BY_PEOPLE, KNOWN_UPDATE, MARKED, AlertLog, Handling
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity
from overheard.cards.command import CommandSpec, Proposal, Role, argument, option
from overheard.commands.alerts import number_of, recheck_of
from overheard.commands.arguments import AlertNumber, coming_moment
from overheard.commands.check import check
from overheard.deployment import Call
from overheard.domain import Alert, AlertEventKind

UPDATE = "update"
REASONS = {"boring": "", "ours": "It was our own doing."}
"""Why an alert is put away, as a note on the event."""


async def acknowledge(call: Call, *, alert: AlertNumber) -> Card:
    """Store that the caller takes care of an alert; return the card of its new state.

    Raises:
        AlertUnchanged: when the alert is acknowledged already, or over.
    """
    changed = await Handling(call.store, call.clock).acknowledge(number_of(alert), call.who)
    return await _changed_alert_card(call, changed)


async def snooze(
    call: Call,
    *,
    alert: AlertNumber,
    span: Annotated[
        str, option("For how long, or until when: 3d, 2w, friday, 2026-12-03, update.", word="for")
    ] = "1d",
) -> Card:
    """Store that an alert is put aside until a time or until the model's next update, when it opens
    again; return the card of its new state. An alert that is put aside already gets the new end.

    Args:
        call: The person who asks; days and times are read in the person's zone.
        alert: The number of the alert.
        span: A span from now (``3h``, ``2d``, ``1w``), a day (``friday``, ``2026-12-03``: at 9:00),
            a day with a time (``friday 15:00``), or ``update`` for the next update of the model.

    Raises:
        BadUsage: when the time cannot be read, or is past.
    """
    until = None
    if span.strip().casefold() != UPDATE:
        until = coming_moment(span, call.clock.now(), call.zone)
    changed = await Handling(call.store, call.clock).snooze(number_of(alert), call.who, until)
    return await _changed_alert_card(call, changed)


async def close(
    call: Call,
    *,
    alert: AlertNumber,
    why: Annotated[
        str, option("Why: not interesting, or your own doing.", choices=tuple(REASONS))
    ] = "boring",
    undo: Annotated[bool, option("Open it again instead, whatever its state.")] = False,
) -> Card:
    """Store that an alert is closed, with a reason, or with `undo` that it is open again; return
    the card of its new state.

    Args:
        alert: The number of the alert.
        why: ``boring``, or ``ours`` for a change that your own work caused, which is stored as a
            note.

    Raises:
        AlertUnchanged: when the alert is closed already, or with `undo` open already, or growing.
    """
    handling, number = Handling(call.store, call.clock), number_of(alert)
    changed = (
        await handling.reopen(number, call.who)
        if undo
        else await handling.close(number, call.who, REASONS[why])
    )
    return await _changed_alert_card(call, changed)


async def undo_event(
    call: Call,
    *,
    alert: AlertNumber,
    event: Annotated[int, argument("The number of the event, from alerts show --json.", low=1)],
) -> Card:
    """Take back the latest thing that a person did to an alert, or a mark of a model update; return
    the card of its new state. The event stays in the alert's history, followed by one that says
    that it was taken back.

    Raises:
        NotUndone: when the alert has changed since, when no person caused the event, or when the
            alert has no such event.
    """
    changed = await Handling(call.store, call.clock).undo(number_of(alert), event, call.who)
    return await _changed_alert_card(call, changed)


async def mark_update(
    call: Call, *, alert: AlertNumber, note: Annotated[str, option("A few words.")] = ""
) -> Card:
    """Store that an alert was caused by an update of the model; return the alert's card with the
    update.

    The time of the update is the start of the run with which the change began. An update that is
    known within a day of that time is not stored again, and the card names the known one.

    Args:
        alert: The number of the alert.
        note: A few words, such as where the update was announced; if empty, who said so.
    """
    handling, number = Handling(call.store, call.clock), number_of(alert)
    update = await handling.mark_update(number, call.who, note)
    changed = await handling.find(number)
    card = await _changed_alert_card(call, changed)
    day = wording.day(update.at, call.zone)
    if update.source == MARKED:
        text = f"{call.names.name(update.model)} is marked as updated on {day}."
    else:
        text = f"That update, of {day}, was known already."
    update_data = {"model": str(update.model), "at": update.at.isoformat(), "note": update.note}
    return replace(card, text=text, data={**card.data, "update": update_data})


async def recheck(call: Call, *, alert: AlertNumber, seed: int | None = None) -> Proposal:
    """Return a proposal, with its price, to ask the alert's model the questions of its brand again.
    An alert on a model as a whole asks the questions of all brands. Each question is asked as often
    as in the run that raised the alert.

    Args:
        alert: The number of the alert.
        seed: Base of the sampling seeds; None draws a random number.

    Raises:
        UnknownName: for an unknown alert, or when its brand or model is gone.
        NothingToAsk: when the brand has no question any more.
        RunUnderWay: on executing, when another process asks the same questions.
    """
    shown_alert = await AlertLog(call.store, call.clock).find(number_of(alert))
    arguments = await recheck_of(call.store, shown_alert)
    label = f"alert {shown_alert.id}, checked again"
    return await check(call, **arguments, seed=seed, label=label)


async def _changed_alert_card(call: Call, alert: Alert) -> Card:
    """Return the card with an alert's state after a change. A button takes back the alert's last
    event if a person caused it or it marks a new update of the model. The mark of an update that
    was known before has no button.
    """
    *_, last_event = await call.store.alerts.events(alert.id)
    is_new_mark = last_event.what is AlertEventKind.UPDATE and not last_event.note.endswith(
        KNOWN_UPDATE
    )
    can_undo = last_event.what in BY_PEOPLE or is_new_mark
    undo_action = Action(f"alerts undo {alert.id} {last_event.id}", "Undo")
    return Card(
        title=subject(alert, call.names),
        text=f"It is {state(alert, call.zone)}.",
        actions=(undo_action,) if can_undo else (),
        severity=Severity.PLAIN,
        data={"id": alert.id, **state_data(alert)},
    )


_on_alert = partial(CommandSpec, role=Role.OPERATOR, needs_store=True, private=True)
"""A command that changes an alert."""
ALERTS_ACKNOWLEDGE = _on_alert(
    "alerts acknowledge",
    "Say that you take care of an alert.",
    acknowledge,
    examples=("alerts acknowledge 12",),
)
ALERTS_SNOOZE = _on_alert(
    "alerts snooze",
    "Put an alert aside for a while.",
    snooze,
    examples=("alerts snooze 12", "alerts snooze 12 --for friday", "alerts snooze 12 --for update"),
)
ALERTS_CLOSE = _on_alert(
    "alerts close",
    "Put an alert away, or open it again.",
    close,
    examples=("alerts close 12", "alerts close 12 --why ours", "alerts close 12 --undo"),
)
ALERTS_UNDO = _on_alert(
    "alerts undo",
    "Take back one thing that was done to an alert.",
    undo_event,
    examples=("alerts undo 12 57",),
)
ALERTS_UPDATE = _on_alert(
    "alerts update",
    "Say that an alert shows an update of the model.",
    mark_update,
    examples=("alerts update 12", 'alerts update 12 --note "announced on their blog"'),
    title="Mark a model update",
)
ALERTS_RECHECK = _on_alert(
    "alerts recheck",
    "Ask the alert's model about its brand again.",
    recheck,
    private=False,
    spends=True,
    examples=("alerts recheck 12",),
    chart="",
    title="Check again",
)
