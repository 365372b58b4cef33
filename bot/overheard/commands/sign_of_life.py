"""The sign of life that a running bot posts each week, so that its silence means something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

from overheard.cards import wording
from overheard.cards.card import Card, Severity
from overheard.commands.examinations import shutdown_findings
from overheard.commands.schedules import next_time
from overheard.commands.situation import unrouted_sentence
from overheard.config.cron import Cron
from overheard.deployment import Call, Deployment
from overheard.domain import Run, RunState

PERIOD = timedelta(days=7)
"""What a sign of life counts, up to the moment at which it is written."""
ANSWERED = frozenset({RunState.COMPLETE, RunState.PARTIAL})


async def sign_of_life(deployment: Deployment, call: Call) -> Card:
    """Return a card with the checks and the cost of the last 7 days, and the next check.

    It says that Overheard is well when each check has answers, at least one was made where a
    schedule exists, and no message waits for a chat that fails.
    """
    store, now = deployment.store, deployment.clock.now()
    runs = [run for run in await store.runs.find() if run.started_at > now - PERIOD]
    stuck = [delivery for delivery in await store.deliveries.find(waiting=True) if delivery.problem]
    alerts = [alert for alert in await store.alerts.find() if not alert.state.over]
    times = [time async for time in _next_checks(deployment, now)]
    upcoming = min(times, default=None)
    sentence = await unrouted_sentence(deployment)
    problems = list(_problems(runs, len(stuck), scheduled=bool(deployment.catalogue.schedules)))
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


async def _next_checks(deployment: Deployment, now: datetime) -> AsyncIterator[datetime]:
    for schedule in deployment.catalogue.schedules:
        state = await deployment.store.schedules.state(schedule.name, now)
        if at := next_time(Cron(schedule.cron, schedule.timezone), state, now):
            yield at


def _problems(runs: list[Run], stuck: int, *, scheduled: bool) -> Iterator[str]:
    """Yield what is not well, a sentence each."""
    failed = sum(run.state is RunState.FAILED for run in runs)
    if failed:
        yield f"{wording.count(failed, 'check')} got no answer; see: overheard doctor."
    if scheduled and not any(run.state in ANSWERED for run in runs):
        yield "No check was answered in the last 7 days; see: overheard doctor."
    if stuck:
        yield f"{wording.count(stuck, 'message')} could not be posted; see: overheard doctor."
