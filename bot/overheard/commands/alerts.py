"""`alerts` and `evidence`: which alerts there are, what each rests on, what has happened to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, TypedDict

from overheard.alerts.alert_message import alert_message, message_title
from overheard.alerts.card import alert_data, compose
from overheard.alerts.events import (
    alert_label,
    alert_row,
    alert_table,
    history,
    history_lines,
    life_data,
    with_life,
)
from overheard.alerts.evidence import AlertEvidence, gather_evidence, measured_shift
from overheard.alerts.lifecycle import Lifecycle
from overheard.alerts.quotes import quotes
from overheard.alerts.statement_wording import statement_quotes
from overheard.alerts.story import alerts_about, wholes_of
from overheard.cards import wording
from overheard.cards.card import Action, Card
from overheard.cards.charts.renderer import run_in_chart_thread
from overheard.cards.command import CommandSpec, Face, Kind, option
from overheard.commands.arguments import AlertNumber
from overheard.deployment import Call, Deployment
from overheard.domain import TERMINAL, Alert, AlertState
from overheard.errors import OverheardError, UnknownName
from overheard.runs.plan import lay_out

LISTED_ALERTS = 20
"""Alerts that a list shows by default."""


async def alert_card(
    deployment: Deployment, call: Call, alert: Alert, *, details: bool = False
) -> Card:
    """Return the card of an alert with its state and its buttons.

    Args:
        deployment: The open deployment.
        call: The person who asks, and the channel.
        alert: The alert.
        details: Whether the card has all figures and sentences, or only those of the message.
    """
    evidence = await _evidence_of(deployment, call, alert)
    write = compose if details else alert_message
    card = await run_in_chart_thread(lambda: write(alert, evidence))
    if details and call.face is Face.TERMINAL:  # where people type its number
        card = replace(card, footer=f"Alert {alert.id}. {card.footer}")
    elif details:
        card = replace(card, title=message_title(alert, evidence))
    price = "" if alert.state.over else await recheck_price(deployment, alert)
    return with_life(card, alert, call.zone, price, details=details)


async def _evidence_of(deployment: Deployment, call: Call, alert: Alert) -> AlertEvidence:
    """Return the evidence of an alert from the store: answers, scores and runs from before and
    after the change.
    """
    return await gather_evidence(
        deployment.store,
        deployment.catalogue,
        deployment.scoring.metrics,
        deployment.scoring.versions,
        alert,
        call.zone,
        deployment.names,
    )


async def show_alert(deployment: Deployment, call: Call, alert: Alert) -> Card | None:
    """Compose an alert for the card of a check, in a chat only its title and data.

    Returns:
        The card; None if an earlier check has shown the alert, as grown as it is, or if the alert
        has its own message in the same channel.
    """
    if await deployment.store.deliveries.find(alert_id=alert.id, channel=call.channel):
        return None
    if call.face is Face.CHAT:
        evidence = await _evidence_of(deployment, call, alert)
        data = {**alert_data(alert, evidence), **life_data(alert)}
        card = Card(message_title(alert, evidence), data=data)
    else:
        card = await alert_card(deployment, call, alert)
    shown = f"{TERMINAL}, grown {len(alert.later)}" if alert.later else TERMINAL
    new = await deployment.store.deliveries.add_shown(alert.id, shown, deployment.clock.now())
    return card if new else None


async def list_alerts(
    deployment: Deployment,
    call: Call,
    *,
    state: Annotated[
        str | None, option("Only those.", choices=("live", *(state.value for state in AlertState)))
    ] = None,
    brand: Annotated[str, option("Only those of this brand.", Kind.BRAND)] = "",
    limit: Annotated[int, option("How many.", low=1, high=1000)] = LISTED_ALERTS,
) -> Card:
    """Show alerts, newest first.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        state: The state of the alerts; ``live`` for all that are not over, None for all.
        brand: The brand's name; empty for all.
        limit: The largest number of alerts.
    """
    named = deployment.catalogue.brand(brand) if brand else None
    wanted = named.name if named else brand or None
    matching = [a for a in await alerts_about(deployment.store, wanted) if _is_in_state(a, state)]
    alerts = matching[:limit]
    wholes = await wholes_of(deployment.store, alerts)
    more = len(matching) - len(alerts)
    return Card(
        title=wording.count(len(matching), f"{state or ''} alert".strip()),
        text=f"The newest {limit} are shown." if more else "" if matching else "There are none.",
        table=alert_table(
            alerts,
            deployment.scoring.metrics,
            call.zone,
            deployment.names,
            wholes,
            numbers=call.face is Face.TERMINAL,
        )
        if alerts
        else None,
        actions=tuple(
            Action(f"alerts show {alert.id}", alert_label(alert, call.zone, deployment.names))
            for alert in alerts[:5]
        ),
        data={"alerts": [alert_row(alert, wholes) for alert in alerts], "more": more},
    )


async def show(deployment: Deployment, call: Call, *, alert: AlertNumber) -> Card:
    """Show an alert with all its figures, sentences from before and after, and its events.

    Raises:
        UnknownName: for an unknown alert.
    """
    stored_alert = await Lifecycle.of(deployment).find(number_of(alert))
    card = await alert_card(deployment, call, stored_alert, details=True)
    events = await deployment.store.alerts.events(stored_alert.id)
    rows = [
        {"id": e.id, "what": e.what.value, "at": e.at.isoformat(), "who": e.who, "note": e.note}
        for e in events
    ]
    is_chat = call.face is Face.CHAT
    if is_chat:
        events_card = Card("What happened so far", "\n".join(history_lines(events, call.zone)))
    else:
        title = f"What happened to alert {stored_alert.id}"
        events_card = Card(title, table=history(events, call.zone))
    return replace(card, more=(*card.more, events_card), data={**card.data, "events": rows})


def number_of(text: str) -> int:
    """Return the number of an alert from ``12`` or ``#12``.

    Raises:
        UnknownName: for a text that is not the number of an alert.
    """
    digits = text.strip().removeprefix("#")
    if not digits.isdecimal() or len(digits) > 9:
        shown = wording.shorten(text, 40)
        raise UnknownName(kind="alert", name=shown, hint="", known="those of alerts list")
    return int(digits)


def _is_in_state(alert: Alert, state: str | None) -> bool:
    return not state or alert.state == state or (state == "live" and not alert.state.over)


ALERTS_LIST = CommandSpec(
    "alerts list",
    "Show alerts, the newest first.",
    list_alerts,
    examples=("alerts list", "alerts list --state live"),
)
ALERTS_SHOW = CommandSpec(
    "alerts show",
    "Show what an alert rests on, and what has happened to it.",
    show,
    examples=("alerts show 12",),
    chart="",
)


class Recheck(TypedDict):
    """The arguments of `overheard.commands.check.check` that ask an alert's questions again.

    Attributes:
        brands: The alert's brand; empty (all brands) for an alert on a model as a whole.
        models: The alert's model.
        repeats: How often each prompt was asked in the run that raised the alert.
    """

    brands: tuple[str, ...]
    models: tuple[str, ...]
    repeats: int


async def recheck_of(deployment: Deployment, alert: Alert) -> Recheck:
    """Return the arguments of a check that repeats the run of an alert, for its brand and model
    only.
    """
    shift = alert.shift
    runs = await deployment.store.runs.find()
    panel = next((run.panel for run in runs if run.id == shift.run_id), None)
    repeats = panel.repeats if panel else 1
    brands = () if alert.of_model else (shift.brand,)
    return Recheck(brands=brands, models=(str(shift.model),), repeats=repeats)


async def recheck_price(deployment: Deployment, alert: Alert) -> str:
    """Return the price of a recheck in words: ``about $0.42``; empty when the brand or the model is
    gone.
    """
    try:
        panel = lay_out(
            deployment.catalogue,
            deployment.plugins.providers,
            **await recheck_of(deployment, alert),
        )
    except OverheardError:  # its brand or its model is gone; the click will say which
        return ""
    return (await deployment.pricing.unchecked(panel)).short


PROMPTS = 5
"""Largest number of prompts with sentences in the evidence."""
PROMPTS_BESIDE = 2
"""The same where false claims are shown too."""


async def show_evidence(deployment: Deployment, call: Call, *, alert: AlertNumber) -> Card:
    """Show a sentence from before and one from after the change, for the prompts with the largest
    change.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        alert: The number of the alert.

    Raises:
        UnknownName: for an unknown alert.
    """
    stored_alert = await Lifecycle.of(deployment).find(number_of(alert))
    gathered = await _evidence_of(deployment, call, stored_alert)
    shift = measured_shift(stored_alert)
    name = deployment.names.name(shift.model)
    stated = statement_quotes(stored_alert.moved, name)
    shown_quotes = (*stated, *quotes(shift, gathered, most=PROMPTS_BESIDE if stated else PROMPTS))
    before, after = shift.answers
    gone = sum(answer.gone for answer in gathered.answers)
    return Card(
        title=f"What {name} said of {shift.brand}",
        text=(
            f"It rests on {wording.count(after, 'answer')}"
            + (f" now and {before:,} before, to the same " if before else " to ")
            + f"{wording.count(len(shift.prompts), 'question')}."
            + ("" if shown_quotes or gone else " None of the answers says anything in a sentence.")
            + (f" The texts of {wording.count(gone, 'older answer')} are gone." if gone else "")
        ),
        quotes=shown_quotes,
        footer=f"Alert of {wording.moment(stored_alert.opened_at, call.zone)}",
        data={
            **alert_data(stored_alert, gathered),
            "quotes": [{"source": quote.source, "text": quote.text.text} for quote in shown_quotes],
        },
    )


EVIDENCE = CommandSpec(
    "evidence",
    "Show what a model said of a brand before and after an alert.",
    show_evidence,
    examples=("evidence 12",),
)
