"""What the outbox posts, written at the moment it is posted, from what is kept by then.

The weekly sign of life is one of its cards.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from overheard.alerts.events import event_card, held_back, quiet_hours_card
from overheard.alerts.outbox import Outgoing, Postponed
from overheard.alerts.routes import end_of_quiet, routed
from overheard.alerts.story import model_alert_of, without_covered
from overheard.cards import wording
from overheard.cards.card import Card, Severity
from overheard.cards.charts.renderer import themed
from overheard.commands.access import REQUEST, request_card
from overheard.commands.alerts import alert_card
from overheard.commands.check_card import RESTARTED, completed_later_card, standings_of
from overheard.commands.digest import digest
from overheard.commands.editions import edition_card
from overheard.commands.examinations import shutdown_findings
from overheard.commands.plugins import notice_card
from overheard.commands.schedules import next_checks
from overheard.commands.status import unrouted_sentence
from overheard.deployment import Call, Deployment
from overheard.domain import UNFINISHED, AlertEventKind, Delivery, DeliveryKind, Run, RunState
from overheard.runs.plan import is_fresh
from overheard.runs.tasks import Outcome

RESULT_WAIT = timedelta(seconds=5)
"""How long the result of a run that goes on is waited for at a time."""
LOUD = frozenset(
    {
        AlertEventKind.GREW,
        AlertEventKind.RELAPSED,
        AlertEventKind.RECOVERED,
        AlertEventKind.WOKEN,
    }
)
"""Events that a channel may be shown outside of the alert's thread, too."""


class DeliveryCards:
    """Composes the cards of deliveries from the state of the store.

    Args:
        deployment: The open deployment.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    async def compose(self, delivery: Delivery) -> Outgoing | Postponed | None:
        """Return the card of a delivery with the current state of the store; Postponed if it has to
        wait, None if it is no longer wanted.
        """
        write = {
            DeliveryKind.ALERT: self._alert_card,
            DeliveryKind.EVENT: self._event_card,
            DeliveryKind.QUIET_HOURS: self._quiet_hours_card,
            DeliveryKind.WEEKLY_DIGEST: self._summary_card,
            DeliveryKind.SCORES: self._edition_card,
            DeliveryKind.NOTICE: self._notice_card,
            DeliveryKind.ALIVE: self._life_card,
            DeliveryKind.RESULT: self._result_card,
            DeliveryKind.PROGRESS: self._progress_card,
        }
        with themed(delivery.channel):
            return await write[delivery.kind](delivery)

    async def _alert_card(self, delivery: Delivery) -> Outgoing | None:
        """Return the card of a delivery's alert; None if the alert is gone, or was to be summarised
        and is over.
        """
        deployment, call = await self._as_seen_in(delivery.channel)
        alert = await deployment.store.alerts.get(delivery.alert_id)
        after_quiet_hours = delivery.subject and not delivery.message
        if alert is None or (after_quiet_hours and alert.state.over):
            return None
        whole = await model_alert_of(deployment.store, alert)
        linked = whole.id if whole else alert.follows
        earlier = await self._alert_message_id(linked, delivery.channel) if linked else ""
        return Outgoing(await alert_card(deployment, call, alert), alert.revision, earlier=earlier)

    async def _alert_message_id(self, number: int, channel: str) -> str:
        """Return the id of an alert's message in a channel; empty if none was posted."""
        sent = await self._deployment.store.deliveries.find(alert_id=number, channel=channel)
        return next(
            (delivery.message for delivery in sent if delivery.kind is DeliveryKind.ALERT), ""
        )

    async def _event_card(self, delivery: Delivery) -> Outgoing | Postponed | None:
        """Return the card of an event of a delivery's alert; None if either is gone. An event that
        is also shown in the channel is postponed to the end of the quiet hours; an event shown in
        the thread only is not.
        """
        deployment, call = await self._as_seen_in(delivery.channel)
        store = deployment.store
        alert = await store.alerts.get(delivery.alert_id)
        events = await store.alerts.events(delivery.alert_id)
        event = next((event for event in events if event.id == delivery.event_id), None)
        if alert is None or event is None:
            return None
        route = routed(deployment.config.routes, delivery.channel)
        loud = bool(route and route.also_in_channel and event.what in LOUD)
        quiet_until = end_of_quiet(route, self._deployment.clock.now()) if route and loud else None
        card = event_card(alert, event, deployment.names, call.zone)
        return Postponed(quiet_until) if quiet_until else Outgoing(card, broadcast=loud)

    async def _quiet_hours_card(self, delivery: Delivery) -> Outgoing | None:
        deployment, call = await self._as_seen_in(delivery.channel)
        alerts = await without_covered(
            deployment.store, await held_back(deployment.store, delivery)
        )
        titles = [(await alert_card(deployment, call, alert)).title for alert in alerts]
        card = quiet_hours_card(alerts, titles, call.zone)
        return Outgoing(card) if card else None

    async def _summary_card(self, delivery: Delivery) -> Outgoing | None:
        """Return the summary of the configured report that a delivery names; None when the report
        is no longer configured.
        """
        deployment, call = await self._as_seen_in(delivery.channel)
        reports = deployment.config.reports
        table = next((r for r in reports if r.name == delivery.subject), None)
        if table is None:
            return None
        return Outgoing(await digest(deployment, call, brands=table.brands))

    async def _notice_card(self, delivery: Delivery) -> Outgoing:
        plugin, _, text = delivery.subject.partition("\n")
        if plugin.startswith(REQUEST):
            return Outgoing(request_card(plugin.removeprefix(REQUEST), text))
        return Outgoing(notice_card(plugin, text))

    async def _life_card(self, delivery: Delivery) -> Outgoing:
        deployment, call = await self._as_seen_in(delivery.channel)
        return Outgoing(await sign_of_life(deployment, call))

    async def _edition_card(self, delivery: Delivery) -> Outgoing | None:
        card = await edition_card(await self._deployment.refreshed(), delivery.subject)
        return Outgoing(card) if card else None

    async def _result_card(self, delivery: Delivery) -> Outgoing | Postponed | None:
        return await run_result(*await self._as_seen_in(delivery.channel), delivery.subject)

    async def _progress_card(self, delivery: Delivery) -> Outgoing:
        """Return the card that replaces the progress of the delivery's command, which a crash
        interrupted.
        """
        runs, now = await self._deployment.store.runs.find(), self._deployment.clock.now()
        run = next((run for run in runs if run.key == delivery.subject), None)
        goes_on = (  # such a run posts its own result
            run is not None
            and not run.aside
            and (
                is_fresh(run, now) if run.state is RunState.RUNNING else run.state not in UNFINISHED
            )
        )
        return Outgoing(cut_off_card(goes_on=goes_on))

    async def _as_seen_in(self, channel: str) -> tuple[Deployment, Call]:
        """Return the deployment with the current catalogue, and a call with a channel and its time
        zone.
        """
        deployment = await self._deployment.refreshed()
        zone = deployment.zone_in(channel) or deployment.zone
        return deployment, Call(channel=channel, zone=zone)


def cut_off_card(*, goes_on: bool) -> Card:
    """Return the card of a command that was interrupted because the bot stopped.

    Args:
        goes_on: Whether the command continues after the restart and its result is posted.
    """
    title, text = (
        ("Restarted; the result comes below", "What was answered is kept, and the rest is asked.")
        if goes_on
        else ("Restarted; please ask again", "Overheard stopped in the middle of this.")
    )
    return Card(title, text, severity=Severity.WARNING)


async def run_result(
    deployment: Deployment, call: Call, key: str, note: str = RESTARTED
) -> Outgoing | Postponed | None:
    """Return the card of a run whose end no reader saw; Postponed while the run is under way, None
    for one without a result.

    Args:
        deployment: The deployment as it is now.
        call: The channel, and the time zone of its readers.
        key: The key of the run.
        note: A sentence on why the card is posted, or empty.
    """
    now = deployment.clock.now()
    run = next((run for run in await deployment.store.runs.find() if run.key == key), None)
    if run is None or run.panel is None or run.state in {RunState.PAUSED, RunState.CANCELLED}:
        return None
    if run.state in UNFINISHED:
        return Postponed(now + RESULT_WAIT) if is_fresh(run, now) else None
    outcome = Outcome(run)
    async for answer in deployment.store.answers.stream(runs=[run.id]):
        outcome.count(answer)
    alerts = [a for a in await deployment.store.alerts.find() if a.shift.run_id == run.id]
    rows = await standings_of(deployment, call.progress, run.panel, outcome)
    return Outgoing(await completed_later_card(deployment, call, outcome, rows, len(alerts), note))


PERIOD = timedelta(days=7)
"""The time that a sign of life covers, up to the moment at which it is posted."""
ANSWERED = frozenset({RunState.COMPLETE, RunState.PARTIAL})


async def sign_of_life(deployment: Deployment, call: Call) -> Card:
    """Return a card with the checks and the spending of the last 7 days, and the time of the next
    check.

    Overheard is well when each check has answers, at least one was made if there is a schedule, and
    no message waits for a failing chat.
    """
    store, now = deployment.store, deployment.clock.now()
    runs = [run for run in await store.runs.find() if run.started_at > now - PERIOD]
    stuck = [delivery for delivery in await store.deliveries.find(waiting=True) if delivery.problem]
    alerts = [alert for alert in await store.alerts.find() if not alert.state.over]
    upcoming = min(await next_checks(deployment), default=None)
    sentence = await unrouted_sentence(deployment)
    problems = list(
        _problem_sentences(runs, len(stuck), scheduled=bool(deployment.catalogue.schedules))
    )
    problems += [sentence] if sentence else []
    ends = [finding for finding in shutdown_findings(deployment) if finding.problem]
    problems += [f"{end.place}: {end.problem}." for end in ends]
    cost = await store.money.spent(since=now - PERIOD)
    checked = wording.count(len(runs), "check")
    last = f", the last on {wording.moment(runs[0].started_at, call.zone)}" if runs else ""
    following = (
        f"The next is on {wording.moment(upcoming, call.zone)}." if upcoming else "None is planned."
    )
    sentences = [
        f"{checked} in the last 7 days{last}.",
        following,
        f"Spent: {wording.money(cost)}.",
        f"{wording.count(len(alerts), 'alert')} open." if alerts else "No alert is open.",
    ]
    return Card(
        title="Overheard needs you" if problems else "Overheard is well",
        text="\n\n".join(filter(None, (" ".join(problems), " ".join(sentences)))),
        severity=Severity.WARNING if problems else Severity.GOOD,
        data={"well": not problems, "checks": len(runs), "spent_usd": cost, "alerts": len(alerts)},
    )


def _problem_sentences(runs: list[Run], stuck: int, *, scheduled: bool) -> Iterator[str]:
    """Yield a sentence for each problem: failed checks, no answered check though `scheduled`, and
    `stuck` messages.
    """
    failed = sum(run.state is RunState.FAILED for run in runs)
    if failed:
        yield f"{wording.count(failed, 'check')} got no answer; see: overheard doctor."
    if scheduled and not any(run.state in ANSWERED for run in runs):
        yield "No check was answered in the last 7 days; see: overheard doctor."
    if stuck:
        yield f"{wording.count(stuck, 'message')} could not be posted; see: overheard doctor."
