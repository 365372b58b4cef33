"""What the outbox posts, written at the moment it is posted, from what is kept by then.

The weekly sign of life is one of its cards.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from overheard.alerts.events import event_card, held_back, quiet_hours_card
from overheard.alerts.outbox import Outgoing, Postponed, end_of_quiet, routed
from overheard.alerts.story import model_alerts_of, without_covered
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity
from overheard.cards.charts.renderer import themed
from overheard.commands.access import REQUEST, request_card
from overheard.commands.alerts import alert_card
from overheard.commands.check_card import RESTARTED, completed_later_card
from overheard.commands.examinations import shutdown_findings
from overheard.commands.plugins import notice_card
from overheard.commands.report import digest
from overheard.commands.scores import edition_card
from overheard.commands.status import unrouted_sentence
from overheard.deployment import Call, Deployment
from overheard.domain import (
    BURST,
    UNFINISHED,
    AlertEventKind,
    Delivery,
    DeliveryKind,
    Run,
    RunState,
)
from overheard.runs.plan import is_fresh
from overheard.runs.presence import Presence
from overheard.runs.service import LATE
from overheard.runs.tasks import Outcome
from overheard.views.news import read_tellings, standing_news
from overheard.views.situation import next_checks

RESULT_WAIT = timedelta(seconds=5)
"""How long the result of a run that goes on is waited for at a time."""
ALSO_IN_CHANNEL = frozenset(
    {AlertEventKind.GREW, AlertEventKind.RELAPSED, AlertEventKind.RECOVERED, AlertEventKind.WOKEN}
)
"""Events that a channel may be shown outside of the alert's thread, too."""


async def _alert_card(call: Call, delivery: Delivery) -> Outgoing | None:
    """Return the card of a delivery's alert. It links to an earlier message in the same
    channel, if there is one: that of the alert on the model as a whole to which the alert
    belongs, else that of the alert that it follows.
    """
    alert = await call.store.alerts.get(delivery.alert_id)
    waited_for_quiet_hours = bool(delivery.subject) and not delivery.message
    if alert is None or (waited_for_quiet_hours and alert.state.over):
        return None
    model_alert = (await model_alerts_of(call.store, [alert])).get(alert.id)
    linked_id = model_alert.id if model_alert else alert.follows
    find, channel = call.store.deliveries.find, delivery.channel
    linked = await find(alert_id=linked_id, channel=channel) if linked_id else []
    earlier = next((d.message for d in linked if d.kind is DeliveryKind.ALERT), "")
    return Outgoing(await alert_card(call, alert), alert.revision, earlier=earlier)


async def _event_card(call: Call, delivery: Delivery) -> Outgoing | Postponed | None:
    """Return the card of an event of an alert, which is posted in the thread of the alert's
    message. None if the alert or the event is gone.

    An event of `ALSO_IN_CHANNEL` is shown in the channel as well if the route of the channel
    asks for that. Such an event is postponed to the end of the channel's quiet hours; any other
    is posted in the thread at once.
    """
    store = call.store
    alert = await store.alerts.get(delivery.alert_id)
    events = await store.alerts.events(delivery.alert_id)
    event = next((event for event in events if event.id == delivery.event_id), None)
    if alert is None or event is None:
        return None
    card = event_card(alert, event, call.names, call.zone)
    route = routed(call.config.routes, delivery.channel)
    if route is None or not route.also_in_channel or event.what not in ALSO_IN_CHANNEL:
        return Outgoing(card)
    quiet_until = end_of_quiet(route, call.clock.now())
    return Postponed(quiet_until) if quiet_until else Outgoing(card, broadcast=True)


async def _quiet_hours_card(call: Call, delivery: Delivery) -> Card | None:
    """Return one card of all alerts that the delivery's quiet hours held back, without those
    that an alert on the model as a whole among them reports. None if nothing was held back, and
    for a single alert that is not over, since its own card follows.
    """
    alerts = await without_covered(call.store, await held_back(call.store, delivery))
    titles = [(await alert_card(call, alert)).title for alert in alerts]
    return quiet_hours_card(alerts, titles, call.zone)


async def _weekly_digest_card(call: Call, delivery: Delivery) -> Card | None:
    """Return the digest of the last week for the brands of a configured report, whose name is
    the delivery's subject. None if there is no report of that name any more.
    """
    reports = call.config.reports
    report = next((report for report in reports if report.name == delivery.subject), None)
    return await digest(call, brands=report.brands) if report else None


async def _notice_card(__: Call, delivery: Delivery) -> Card:
    """Return the card of a notice: a person's request to an admin, or news of a plugin. The
    first line of the delivery's subject is `REQUEST` and the wanted command, or the plugin's
    name; the text follows.
    """
    first_line, _, text = delivery.subject.partition("\n")
    if first_line.startswith(REQUEST):
        return request_card(first_line.removeprefix(REQUEST), text)
    return notice_card(first_line, text)


async def _command_card(call: Call, delivery: Delivery) -> Card | Postponed | None:
    """Return the card of a plugin's command, after the quiet hours of the channel; None if
    there is no such command any more.
    """
    route = routed(call.config.routes, delivery.channel)
    if route and (quiet_until := end_of_quiet(route, call.clock.now())):
        return Postponed(quiet_until)
    name, options = json.loads(delivery.subject)
    spec = call.plugins.commands.get(name)
    card = await spec.run(call, **options) if spec else None
    return card if isinstance(card, Card) else None


async def _progress_card(call: Call, delivery: Delivery) -> Card:
    """Return the card that replaces the progress of a command after the process that carried it
    out has crashed. It says whether a result follows, or that the person has to ask again.
    """
    run = await _run_with_key(call, delivery.subject)
    if run is None or run.aside:
        return cut_off_card(goes_on=False)
    is_resumed = run.state is RunState.RUNNING and is_fresh(run, call.clock.now())
    has_ended = run.state not in UNFINISHED
    return cut_off_card(goes_on=is_resumed or has_ended)


async def _result_card(call: Call, delivery: Delivery) -> Card | Postponed | None:
    """Return the result of a run that ended without its asker: of one that a restart cut off, or
    one whose last answers came late.
    """
    note = LATE_NOTE if delivery.key.startswith(LATE) else RESTARTED
    return await run_result(call, delivery.subject, note)


Composed = Card | Outgoing | Postponed | None
CARDS: Mapping[DeliveryKind, Callable[[Call, Delivery], Awaitable[Composed]]] = {
    DeliveryKind.ALERT: _alert_card,
    DeliveryKind.EVENT: _event_card,
    DeliveryKind.QUIET_HOURS: _quiet_hours_card,
    DeliveryKind.WEEKLY_DIGEST: _weekly_digest_card,
    DeliveryKind.SCORES: lambda call, delivery: edition_card(call, delivery.subject),
    DeliveryKind.NOTICE: _notice_card,
    DeliveryKind.ALIVE: lambda call, _: sign_of_life(call),
    DeliveryKind.CARD: _command_card,
    DeliveryKind.RESULT: _result_card,
    DeliveryKind.PROGRESS: _progress_card,
}
"""What composes the card of each kind of delivery."""


async def compose_delivery(
    deployment: Deployment, delivery: Delivery
) -> Outgoing | Postponed | None:
    """Return the card of a delivery as the deployment is now, or until when it waits; None when
    there is nothing to show any more.
    """
    deployment = await deployment.refreshed()
    zone = deployment.zone_in(delivery.channel) or deployment.zone
    with themed(delivery.channel):
        call = Call(deployment, channel=delivery.channel, zone=zone)
        composed = await CARDS[delivery.kind](call, delivery)
    return Outgoing(composed) if isinstance(composed, Card) else composed


def cut_off_card(*, goes_on: bool) -> Card:
    """Return the card of a command that was interrupted because the bot stopped.

    Args:
        goes_on: Whether the command continues after the restart and its result is posted. If not,
            the card asks the person to use the command again.
    """
    if goes_on:
        title = "Restarted; the result comes below"
        text = "What was answered is kept, and the rest is asked."
    else:
        title = "Restarted; please ask again"
        text = "Overheard stopped in the middle of this."
    return Card(title, text, severity=Severity.WARNING)


async def _run_with_key(call: Call, key: str) -> Run | None:
    """Return the run with a key; None if there is none."""
    return next((run for run in await call.store.runs.find() if run.key == key), None)


async def run_result(call: Call, key: str, note: str = RESTARTED) -> Card | Postponed | None:
    """Return the card of a run that ended when nobody waited for it any more.

    Args:
        note: A sentence on why the card is posted, or empty.

    Returns:
        The card. A postponement by `RESULT_WAIT` while the run goes on or can still be resumed.
        None for an unknown or imported run, for one that was paused or cancelled, and for an
        interrupted one that is too old to be resumed.
    """
    now = call.clock.now()
    run = await _run_with_key(call, key)
    if run is None or run.panel is None or run.state in {RunState.PAUSED, RunState.CANCELLED}:
        return None
    if run.state in UNFINISHED:
        return Postponed(now + RESULT_WAIT) if is_fresh(run, now) else None
    if run.label == BURST:
        note = ASKED_AGAIN
    outcome = Outcome(run)
    async for answer in call.store.answers.stream(runs=[run.id]):
        outcome.count(answer)
    alerts = [a for a in await call.store.alerts.find() if a.shift.run_id == run.id]
    await call.deployment.score_new_brands(call.progress, run)
    return await completed_later_card(call, outcome, len(alerts), note)


LATE_NOTE = "Answers of this check that were not there yet have arrived."
"""Why the result of a check is posted again."""
ASKED_AGAIN = "I asked again, as I said."
"""Why the result of a burst is posted."""
PERIOD = timedelta(days=7)
"""The time that a sign of life covers, up to the moment at which it is posted."""
ANSWERED = frozenset({RunState.COMPLETE, RunState.PARTIAL})
"""States of runs with at least one answer."""


async def sign_of_life(call: Call) -> Card:
    """Return a card with the checks and the spending of the last 7 days, the time of the next
    check, and what stands for the tracked brands, below the problems of the deployment.

    The card is a warning if there is a problem: a check without any answer, a model that did not
    answer in the newest check, no answered check although there is a schedule, a message that could
    not be posted, an open alert that no route posts, or a model that its vendor shuts down soon.
    """
    store, now = call.store, call.clock.now()
    runs = [run for run in await store.runs.find() if run.started_at > now - PERIOD]
    open_alerts = await store.alerts.find(live=True)
    tellings = await read_tellings(call, call.catalogue.tracked)
    stands = list(dict.fromkeys(line for one in tellings for line in standing_news(one)))
    problems = [sentence async for sentence in _problem_sentences(call, runs)]
    is_well = not (problems or any(one.situation.at_models(Presence.SILENT) for one in tellings))
    usd = await store.money.spent(since=now - PERIOD)
    check_count = wording.count(len(runs), "check")
    last = f", the last on {wording.moment(runs[0].started_at, call.zone)}" if runs else ""
    next_at = min((await next_checks(call)).values(), default=None)
    sentences = [
        f"{check_count} in the last {PERIOD.days} days{last}.",
        f"The next is on {wording.moment(next_at, call.zone)}." if next_at else "None is planned.",
        f"Spent: {wording.money(usd)}.",
        "" if stands or open_alerts else "No alert is open.",
    ]
    return Card(
        title="Overheard is well" if is_well else "Overheard needs you",
        text="\n\n".join(filter(None, (" ".join(problems), *stands, " ".join(sentences).rstrip()))),
        actions=(
            () if is_well else (Action("runs list", "Checks"), Action("routes list", "Channels"))
        ),
        severity=Severity.GOOD if is_well else Severity.WARNING,
        data={
            "situation": [one.situation.data() for one in tellings],
            "well": is_well,
            "checks": len(runs),
            "spent_usd": usd,
            "alerts": len(open_alerts),
        },
    )


async def _problem_sentences(call: Call, runs: Sequence[Run]) -> AsyncIterator[str]:
    """Yield a sentence for each kind of problem, in this order: no
    answered check although there is a schedule; messages that could not be posted; open alerts that
    no route posts. Then yield one for each model that its vendor shuts down soon.
    """
    if call.catalogue.schedules and not any(run.state in ANSWERED for run in runs):
        yield f"No check was answered in the last {PERIOD.days} days; see the checks."
    waiting = await call.store.deliveries.find(waiting=True)
    failing = sum(bool(delivery.problem) for delivery in waiting)
    if failing:
        yield f"{wording.count(failing, 'message')} could not be posted; see the channels."
    if unrouted := await unrouted_sentence(call):
        yield unrouted
    for finding in shutdown_findings(call):
        if finding.problem:
            yield f"{finding.place}: {finding.problem}."
