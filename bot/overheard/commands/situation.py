"""Sentences about a deployment now, for the Home, `status` and the digest: open alerts, false
claims, the next check, costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from overheard.alerts.events import named
from overheard.alerts.story import Story, StoryState, unrouted
from overheard.cards import wording
from overheard.cards.charts.renderer import unseen
from overheard.cards.model_names import ModelNames
from overheard.commands.alerts import alert_card
from overheard.commands.claims import read_claims
from overheard.commands.schedules import next_time
from overheard.commands.standing_words import Place
from overheard.config.cron import Cron
from overheard.deployment import Call, Deployment
from overheard.domain import Alert, AlertState, Brand, RunState

CLAIM_DAYS = 7
"""The age of the answers of which false claims are news."""
MAX_WATCHED = 3
"""Brands at models that are named as watched."""
MAX_SAID = 60
"""Characters of a false claim that are quoted."""
WEEK = timedelta(days=7)
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


async def alert_sentence(deployment: Deployment, call: Call, alert: Alert) -> str:
    """Write an alert as its title; an open one with since when it is open, and who has it."""
    with unseen():
        card = await alert_card(deployment, call, alert)
    if alert.state.over:
        return f"{card.title.rstrip('.')}."
    since = wording.short_day(alert.opened_at, call.zone)
    return f"{card.title.rstrip('.')}. Since {since}{alert_owner(alert)}."


def watching_sentence(
    stories: Iterable[Story], names: ModelNames, *, with_brand: bool = False
) -> str:
    """Write where something may have changed that is not certain enough for an alert; empty where
    nothing is watched.
    """
    found = [story for story in stories if story.state is StoryState.WATCHING]
    if not found:
        return ""
    places = [
        f"{story.brand} at {names.name(story.model)}" if with_brand else names.name(story.model)
        for story in found[:MAX_WATCHED]
    ]
    if len(found) > MAX_WATCHED:
        places.append(f"{len(found) - MAX_WATCHED} more")
    return f"Watching {wording.listing(places)}: something may have changed, and may be chance."


def alert_owner(alert: Alert) -> str:
    """Write who has taken an alert, to follow a date; empty where it is not taken."""
    return f"; {named(alert.by)} has it" if alert.state is AlertState.ACKNOWLEDGED else ""


async def claims_sentence(deployment: Deployment, brand: Brand, days: int = CLAIM_DAYS) -> str:
    """Write how many false claims answers of the last days make, and the most frequent of them;
    empty without facts to check claims with.
    """
    truths = {f.field: f.value for f in deployment.catalogue.facts if f.brand == brand.name}
    if not truths:
        return ""
    found = await read_claims(deployment, brand, days)
    if not found:
        return f"No false claims in {wording.count(days, 'day')}."
    worst = max(found, key=lambda group: group.answers)
    by = wording.listing([deployment.names.name(model) for model in worst.models])
    said = wording.shorten(wording.line(worst.first.stated), MAX_SAID)
    claims = wording.count(len(found), "false claim")
    truth = f"; in truth {truths[worst.first.field]}" if worst.first.field in truths else ""
    most = "" if len(found) == 1 else "most often "
    answers = wording.count(worst.answers, "answer")
    return f"{claims}: {most}“{said}” ({by}, {answers} in {wording.count(days, 'day')}){truth}."


def place_sentence(place: Place, names: ModelNames) -> str:
    """Write how often a brand is named at one model: ``Claude: 20 of 24 answers, usually 22``."""
    words = place.words(place.mine.mean)
    usual = ""
    if place.usual is not None and abs(place.usual - place.mine.mean) >= 0.1:
        usual = f", usually {wording.share(place.usual, place.answers)}"
    return f"{names.name(place.model)}: {words}{usual}."


async def next_check(deployment: Deployment) -> tuple[datetime, float | None] | None:
    """Return when the next scheduled check is due, and what the last complete check cost in
    dollars; None without one that is due.
    """
    now, due = deployment.clock.now(), []
    for schedule in deployment.catalogue.schedules:
        state = await deployment.store.schedules.state(schedule.name, now)
        if at := next_time(Cron(schedule.cron, schedule.timezone), state, now):
            due.append(at)
    return (min(due), await last_cost(deployment)) if due else None


async def last_cost(deployment: Deployment) -> float | None:
    """Return what the last complete check cost in dollars; None without one."""
    for run in await deployment.store.runs.find(state=RunState.COMPLETE):
        if not run.aside:
            return await deployment.store.money.spent(run_id=run.id)
    return None


async def next_check_sentence(deployment: Deployment, call: Call) -> str:
    """Write when the next check is due and about what it costs; empty without one that is due."""
    found = await next_check(deployment)
    if found is None:
        return ""
    at, cost = found
    price = f", {wording.about(cost)}" if cost else ""
    return f"Next check {soon(at, deployment.clock.now(), call.zone)}{price}."


def soon(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Write a time to come: ``today at 09:00``, ``on Monday at 09:00``, ``on 3 Mar at 09:00``."""
    local = at.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    near = {0: "today", 1: "tomorrow"}.get(days, f"on {DAYS[local.weekday()]}")
    day = near if days < WEEK.days else f"on {wording.short_day(at, zone)}"
    return f"{day} at {wording.clock(at, zone)}"


async def spent_sentence(deployment: Deployment) -> str:
    """Write what was spent this month, and of how much: ``Spent in November: $0.20 of $5.00``."""
    now = deployment.clock.now().astimezone(UTC)
    begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    spent = await deployment.store.money.spent(since=begin)
    limit = deployment.config.budget.month
    of = f" of {wording.money(limit)}" if limit is not None else ""
    return f"Spent in {MONTHS[now.month - 1]}: {wording.cents(spent)}{of}."


async def unrouted_sentence(deployment: Deployment) -> str:
    """Say how many open alerts no channel shows, though others are posted; empty without any."""
    found = await unrouted(deployment)
    if not found:
        return ""
    are = "is" if len(found) == 1 else "are"
    return f"{wording.count(len(found), 'open alert')} {are} posted in no channel: no route fits."


async def alert_sentences(
    deployment: Deployment, call: Call, alerts: Sequence[Alert], most: int
) -> list[str]:
    """Write the newest open alerts, and how many there are beyond."""
    lines = [await alert_sentence(deployment, call, alert) for alert in alerts[:most]]
    if len(alerts) > most:
        lines.append(f"And {wording.count(len(alerts) - most, 'more open alert')}.")
    return lines
