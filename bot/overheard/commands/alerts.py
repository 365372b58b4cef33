"""`alerts` and `evidence`: which alerts there are, what each rests on, what has happened to it."""

from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any

from overheard.alerts.answers import AlertQuestion, answer_about, details_message, figures_card
from overheard.alerts.events import (
    alert_row,
    alert_table,
    history_lines,
    show_actions,
    state_data,
    with_state_and_actions,
)
from overheard.alerts.evidence import AlertEvidence, gather_evidence, measured_shift, quotes
from overheard.alerts.handling import AlertLog
from overheard.alerts.message import alert_data, alert_message
from overheard.alerts.phrases import statement_quotes
from overheard.alerts.story import alerts_about, model_alerts_of
from overheard.alerts.titles import message_title
from overheard.cards import wording
from overheard.cards.card import Card, picked
from overheard.cards.charts.renderer import run_in_chart_thread
from overheard.cards.command import CommandSpec, Face, Kind, option
from overheard.commands.arguments import AlertNumber
from overheard.commands.brief import show_brief
from overheard.deployment import Call
from overheard.domain import TERMINAL, Alert, AlertState
from overheard.errors import OverheardError, UnknownName
from overheard.interfaces import Store
from overheard.views.news import read_tellings, with_standing_news

LISTED_ALERTS = 20
"""Alerts that a list shows by default."""
ALERT_BUTTONS = 5
"""Alerts of a list that have a button."""


async def alert_card(call: Call, alert: Alert, *, details: bool = False) -> Card:
    """Return the card of an alert with its state and its buttons. An alert that is not over has the
    price of a recheck on its button.

    Args:
        details: Whether the card also has a quote, how sure it is and why; a terminal shows the
            alert's number in the footer.
    """
    evidence = await gather_evidence(call, alert)
    if details:
        evidence = await _with_cause(call, alert, evidence)
    compose_card = details_message if details else alert_message
    card = await run_in_chart_thread(lambda: compose_card(alert, evidence))
    if details and call.face is Face.TERMINAL:  # where people type its number
        card = replace(card, footer=f"Alert {alert.id}. {card.footer}")
    price = "" if alert.state.over else await recheck_price(call, alert)
    card = with_state_and_actions(card, alert, call.zone, price, details=details)
    if evidence.brand.tracked:
        return card
    own = ("brief ", f"alerts close {alert.id} --why")
    return replace(
        card, actions=tuple(one for one in card.actions if not one.words.startswith(own))
    )


async def show_alert(call: Call, alert: Alert) -> Card | None:
    """Return an alert as a card beside the result of a check, and store that it was shown, so that
    no later check shows it again. In a chat the card has only the title and the JSON data.

    Returns:
        The card. None if the alert has its own message in the channel of the call, or if an earlier
        check has shown it. An alert that has grown since is shown again.
    """
    if await call.store.deliveries.find(alert_id=alert.id, channel=call.channel):
        return None
    if call.face is Face.CHAT:
        evidence = await gather_evidence(call, alert)
        data = {**alert_data(alert, evidence), **state_data(alert)}
        card = Card(message_title(alert, evidence), data=data)
    else:
        card = await alert_card(call, alert)
    shown_as = f"{TERMINAL}, grown {len(alert.later)}" if alert.later else TERMINAL
    is_new = await call.store.deliveries.add_shown(alert.id, shown_as, call.clock.now())
    return card if is_new else None


async def list_alerts(
    call: Call,
    *,
    state: Annotated[
        str | None, option("Only those.", choices=("live", *(state.value for state in AlertState)))
    ] = None,
    brand: Annotated[str, option("Only those of this brand.", Kind.BRAND)] = "",
    limit: Annotated[int, option("How many.", low=1, high=1000)] = LISTED_ALERTS,
) -> Card:
    """Show alerts in a table, the newest first, with a button for each of the newest
    `ALERT_BUTTONS`. The title counts all alerts, also those beyond the limit.

    Args:
        call: The person who asks, and the channel; only a terminal shows the alerts' numbers.
        state: The state of the alerts, such as ``snoozed``; ``live`` for all that are neither
            recovered nor closed, None for all.
        brand: The brand's name or alias; empty for all. A name that the catalogue lacks, such as
            that of a removed brand, finds the alerts stored under it.
    """
    found_brand = call.catalogue.brand(brand) if brand else None
    brand_name = found_brand.name if found_brand else brand
    alerts_of_brand = await alerts_about(call.store, brand_name or None)
    matching = [
        alert
        for alert in alerts_of_brand
        if not state or alert.state == state or (state == "live" and not alert.state.over)
    ]
    shown = matching[:limit]
    model_alerts = await model_alerts_of(call.store, shown)
    more = len(matching) - len(shown)
    text = "" if matching else "There are none."
    if more:
        text = f"The newest {limit} are shown."
    return Card(
        title=wording.count(len(matching), f"{state or ''} alert".strip()),
        text=text,
        table=alert_table(call, shown, model_alerts),
        actions=tuple(show_actions(call, shown[:ALERT_BUTTONS])),
        data={"alerts": [alert_row(alert, model_alerts) for alert in shown], "more": more},
    )


async def show(
    call: Call,
    *,
    alert: AlertNumber,
    figures: Annotated[bool, option("All figures, in a table.")] = False,
    about: Annotated[
        str | None,
        option("One question alone: its cause, how sure, ...", choices=tuple(AlertQuestion)),
    ] = None,
) -> Card:
    """Show an alert again, with a quote, how sure it is and why; with `about`, the answer to one
    question.

    Args:
        alert: The number of the alert, such as ``12`` or ``#12``.
        figures: Whether to show all figures, with sentences from before and after the change, and
            what happened to the alert, the oldest first.
        about: One of `AlertQuestion`; None for all.
    """
    stored_alert = await AlertLog(call.store, call.clock).find(number_of(alert))
    evidence = await gather_evidence(call, stored_alert)
    if figures or about == AlertQuestion.WHY:
        evidence = await _with_cause(call, stored_alert, evidence)
    if about == AlertQuestion.TODO:
        name = stored_alert.brands[0] if evidence.brand.tracked else ""
        return await show_brief(call, brand=name)
    if about:
        question = AlertQuestion(about)
        answer = await run_in_chart_thread(lambda: answer_about(question, stored_alert, evidence))
        sure = question is AlertQuestion.SURE
        return await _with_others(call, answer, stored_alert, apart=stored_alert.id, sure=sure)
    events = await call.store.alerts.events(stored_alert.id)
    rows = [picked(event, "id", "what", "at", "who", "note") for event in events]
    if not figures:
        card = await alert_card(call, stored_alert, details=True)
        return replace(card, data={**card.data, "events": rows})
    data = {**alert_data(stored_alert, evidence), **state_data(stored_alert), "events": rows}
    happened = Card("What happened so far", "\n".join(history_lines(events, call.zone)))
    card = await run_in_chart_thread(lambda: figures_card(stored_alert, evidence))
    title = message_title(stored_alert, evidence)
    return replace(card, title=title, more=(happened,), data=data)


async def _with_cause(call: Call, alert: Alert, evidence: AlertEvidence) -> AlertEvidence:
    """Return the evidence with the card of the first plugin that explains the change."""
    for spec in call.plugins.commands.values():
        if spec.explains:
            with suppress(OverheardError):
                card = await spec.run(call, alert=str(alert.id))
                return replace(evidence, cause=card if isinstance(card, Card) else None)
    return evidence


def number_of(text: str) -> int:
    """Return the number of an alert from ``12`` or ``#12``. Whether there is such an alert is not
    looked up.

    Raises:
        UnknownName: for a text that is not a number of at most `NUMBER_DIGITS` digits.
    """
    digits = text.strip().removeprefix("#")
    if not digits.isdecimal() or len(digits) > NUMBER_DIGITS:
        shown = wording.shorten(text, 40)
        raise UnknownName(kind="alert", name=shown, hint="", known="those of alerts list")
    return int(digits)


NUMBER_DIGITS = 9
"""Digits of an alert's number at most; every store can hold such a number."""


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
    examples=("alerts show 12", "alerts show 12 --figures"),
    chart="",
)


async def recheck_of(store: Store, alert: Alert) -> dict[str, Any]:
    """Return the arguments of a check that asks the alert's model the questions of its brand, or of
    all brands for an alert on a model as a whole. Each is asked as often as in the run that raised
    the alert; once if that run is gone or had no panel.
    """
    shift = alert.shift
    runs = await store.runs.find()
    panel = next((run.panel for run in runs if run.id == shift.run_id), None)
    repeats = panel.repeats if panel else 1
    brands = () if alert.of_model else (shift.brand,)
    return {"brands": brands, "models": (str(shift.model),), "repeats": repeats}


async def recheck_price(call: Call, alert: Alert) -> str:
    """Return the price of asking an alert's questions again in words, such as ``about $0.42``;
    empty when they cannot be asked, because the brand, its questions or the model is gone. The
    budget is not checked.
    """
    price = await call.price(**await recheck_of(call.store, alert))
    return price.short if price else ""  # a click on the button says what is gone


MAX_QUOTED_PROMPTS = 5
"""Largest number of prompts with sentences in the evidence."""
MAX_QUOTED_PROMPTS_WITH_CLAIMS = 2
"""The same for an alert that shows false claims."""


async def show_evidence(call: Call, *, alert: AlertNumber) -> Card:
    """Show what a model said before and after the change of an alert: first the false claims of the
    alert, if it has any, then for each of the prompts that changed most a sentence from before and
    one from after. The text says on how many answers the alert rests, and how many of their texts
    are deleted.
    """
    stored_alert = await AlertLog(call.store, call.clock).find(number_of(alert))
    evidence = await gather_evidence(call, stored_alert)
    shift = measured_shift(stored_alert)
    name = call.names.name(shift.model)
    claim_quotes = statement_quotes(stored_alert.moved, name)
    max_prompts = MAX_QUOTED_PROMPTS_WITH_CLAIMS if claim_quotes else MAX_QUOTED_PROMPTS
    shown_quotes = (*claim_quotes, *quotes(shift, evidence, most=max_prompts))
    before, after = shift.answers
    gone = sum(answer.gone for answer in evidence.answers)
    compared = f" now and {before:,} before, to the same " if before else " to "
    text = (
        f"It rests on {wording.count(after, 'answer')}{compared}"
        f"{wording.count(len(shift.prompts), 'question')}."
    )
    if gone:
        text += f" The texts of {wording.count(gone, 'older answer')} are gone."
    elif not shown_quotes:
        text += " None of the answers says anything in a sentence."
    card = Card(
        title=f"What {name} said of {shift.brand}",
        text=text,
        quotes=shown_quotes,
        footer=f"Alert of {wording.moment(stored_alert.opened_at, call.zone)}",
        data={
            **alert_data(stored_alert, evidence),
            "quotes": [{"source": quote.source, "text": quote.text.text} for quote in shown_quotes],
        },
    )
    return await _with_others(call, card, stored_alert)


async def _with_others(
    call: Call, card: Card, alert: Alert, *, apart: int = 0, sure: bool = False
) -> Card:
    """Return a card about an alert with what stands for its brand, if that is still there; with
    `sure`, also with what is not certain yet.
    """
    brand = call.catalogue.brand(alert.brands[0])
    if brand is None:
        return card
    [telling] = await read_tellings(call, [brand])
    if sure and (open_question := telling.doubt(alert.shift.model)):
        level = telling.level_words(alert.shift.model)
        card = replace(card, text=f"{card.text}\n\n{level}: not certain yet. {open_question}")
    return with_standing_news(card, telling, apart=apart, figures=False)


EVIDENCE = CommandSpec(
    "evidence",
    "Show what a model said of a brand before and after an alert.",
    show_evidence,
    examples=("evidence 12",),
)
