"""`status` and the Home of Slack: how the brands stand, open alerts, false claims, the next check,
and costs.

The weekly digest and the weekly sign of life use the same sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo

from overheard.alerts.events import alert_row, name_without_id
from overheard.alerts.phrases import true_value
from overheard.alerts.story import Story, StoryState, alerts_about, unrouted, without_covered
from overheard.cards import wording
from overheard.cards.card import Action, Card, Image, Severity, Style, fitting
from overheard.cards.charts.renderer import picture, without_pictures
from overheard.cards.command import CommandSpec, Face, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands import standings
from overheard.commands.alerts import alert_card
from overheard.commands.brand_report import Report, read_report, silent_models, silent_sentence
from overheard.commands.claims import read_claims
from overheard.commands.schedule_cards import next_checks, next_run
from overheard.commands.standings import ModelVisibility
from overheard.deployment import Call, Deployment
from overheard.domain import VISIBILITY, Alert, AlertState, Brand, RunState
from overheard.runs.plan import tracked

MAX_BRANDS, MAX_PLACES, MAX_ALERTS = 5, 4, 2
"""Brands, models of each, and alerts that are shown."""
NAMED_DAYS = 7
"""Days from today on for which a time is told by the name of the day."""
SETTINGS = {
    "brands list": "Brands",
    "prompts list": "Questions",
    "facts list": "Facts",
    "schedules list": "When I check",
    "routes list": "Channels",
    "models list": "Models",
    "access list": "Who may do what",
    "spend": "Costs",
}
"""The entries of the menu, by the words behind them."""


async def status(deployment: Deployment, call: Call) -> Card:
    """Return the card of the tracked brands' visibility, open alerts, false claims, the next check
    and the month's costs.

    The first `MAX_BRANDS` tracked brands are shown: a single one with a picture, several with a
    line for each model. Alerts are those of all brands that are not over; the card is a warning if
    there is one. Only stored scores are read; no answer is scored. Without a tracked brand the card
    offers the set-up.
    """
    brands = tracked(deployment.catalogue)
    if not brands:
        return _card_without_brands(call)
    reports = [
        await read_report(deployment, brand, metric=VISIBILITY) for brand in brands[:MAX_BRANDS]
    ]
    alerts = await without_covered(
        deployment.store, await alerts_about(deployment.store, live=True)
    )
    claims = [
        (report.brand.name, await claims_sentence(deployment, report.brand)) for report in reports
    ]
    measured = [report for report in reports if report.places]
    stories = [story for report in reports for story in report.stories.values()]
    paragraphs = [
        *await alert_sentences(deployment, call, alerts),
        *_brand_paragraphs(deployment, measured),
        watching_sentence(stories, deployment.names, with_brand=len(reports) > 1),
        await unrouted_sentence(deployment),
        *_claim_sentences(claims),
        *dict.fromkeys(
            [
                silent_sentence(deployment, call, report, await silent_models(deployment, report))
                for report in measured
            ]
        ),
        "" if measured else "Nothing is measured yet.",
        await next_check_sentence(deployment, call),
    ]
    return Card(
        title=_status_title(deployment, reports, alerts),
        text="\n\n".join(filter(None, paragraphs)),
        image=await _brand_picture(deployment, measured),
        actions=fitting(*await _actions(deployment, reports, alerts)),
        severity=Severity.WARNING if alerts else Severity.PLAIN,
        footer=await spent_sentence(deployment),
        data={
            "brands": [row.data() for report in reports for row in report.own_rows],
            "stories": [story.data() for story in stories],
            "alerts": [alert_row(alert) for alert in alerts],
            "false_claims": {name: sentence for name, sentence in claims if sentence},
            "next_runs": await _next_run_sentences(deployment),
        },
    )


def _status_title(
    deployment: Deployment, reports: Sequence[Report], alerts: Sequence[Alert]
) -> str:
    """Return the title: for a single brand its ranks, such as ``Acme: 2nd of 5 at Claude``; for
    several ``2 brands, 1 open alert``, which counts the brands that are shown and all `alerts`.
    """
    if len(reports) == 1:
        return standings.title(reports[0].brand.name, reports[0].places, deployment.names)
    return f"{wording.count(len(reports), 'brand')}, {wording.count(len(alerts), 'open alert')}"


def _brand_paragraphs(deployment: Deployment, reports: Sequence[Report]) -> Iterator[str]:
    """Yield a paragraph for each brand: its name, then a line for each of its first `MAX_PLACES`
    models. Nothing is yielded for a single brand, since the card has a picture of it.
    """
    if len(reports) < 2:
        return
    for report in reports:
        lines = [place_sentence(place, deployment.names) for place in report.places[:MAX_PLACES]]
        yield "\n".join([report.brand.name, *lines])


def _claim_sentences(claims: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the sentence on each brand's false claims, after the brand's name if there are several
    brands.

    Args:
        claims: The name and the sentence of each brand; an empty sentence is left out.
    """
    for name, sentence in claims:
        if sentence:
            yield sentence if len(claims) == 1 else f"{name}: {sentence}"


async def _brand_picture(deployment: Deployment, reports: Sequence[Report]) -> Image | None:
    """Return a picture of a brand's visibility next to its competitors; None unless there is
    exactly one report.
    """
    if len(reports) != 1:
        return None
    return await picture(standings.rates(reports[0].places, deployment.names), "status.png")


async def _actions(
    deployment: Deployment, reports: Sequence[Report], alerts: Sequence[Alert]
) -> list[Action]:
    """Return the buttons and the menu of the card: the newest open alert, if any; the report, once
    something was measured; a check, with the price of the last one if that is known and not 0; then
    the settings and help as menu entries.

    Args:
        alerts: The open alerts, the newest first.
    """
    measured = any(report.places for report in reports)
    cost = await last_cost(deployment)
    price = f", {wording.money(cost, about=True)}" if cost else ""
    check = Action("check", f"Check now{price}", Style.PLAIN if measured else Style.PRIMARY)
    name = f" {quoted(reports[0].brand.name)}" if len(reports) == 1 else ""
    steps = [Action(f"alerts show {alert.id}", "Open alert", Style.PRIMARY) for alert in alerts[:1]]
    if measured:
        steps.append(Action(f"report{name}", "Report", Style.PLAIN if alerts else Style.PRIMARY))
    menu = [Action(words, label, menu=True) for words, label in SETTINGS.items()]
    return [*steps, check, *menu, Action("help", "What can I do?", menu=True)]


def _card_without_brands(call: Call) -> Card:
    """Return the card shown before a brand is tracked, with a button that begins the set-up in a
    chat, or adds a brand in a terminal.
    """
    in_chat = call.face is Face.CHAT
    begin = Action("setup brand", "Set up", Style.PRIMARY)
    add = Action("brands add", "Add a brand", Style.PRIMARY)
    return Card(
        title="Nothing is measured yet",
        text="Add your brand and its competitors: I ask AI models what your buyers ask, and say "
        "when they change what they say about you.",
        actions=(begin if in_chat else add, Action("help", "Help")),
        data={"brands": [], "alerts": [], "false_claims": {}, "next_runs": []},
    )


async def _next_run_sentences(deployment: Deployment) -> list[str]:
    """Return a text for each schedule, such as ``weekly: `` followed by the sentence on its next
    check, in the catalogue's order. Schedules that are paused or never due again are left out.
    """
    now = deployment.clock.now()
    found = []
    for schedule in deployment.catalogue.schedules:
        state = await deployment.store.schedules.state(schedule.name, now)
        if sentence := next_run(deployment, schedule, state):
            found.append(f"{schedule.name}: {sentence}")
    return found


STATUS = CommandSpec(
    "status",
    "Show how the brands stand, which alerts are open, and what runs next.",
    status,
    examples=("status",),
    chart="",
)


CLAIM_DAYS = 7
"""The largest age in days of the answers of which false claims are counted."""
MAX_WATCHED = 3
"""Brands at models that are named as watched."""
MAX_QUOTE_CHARS = 60
"""Characters of a false claim that are quoted."""
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
    """Return an alert's title as a sentence. For an alert that is not over, a second sentence has
    the day on which its change began and, if somebody has taken it, who that is.
    """
    with without_pictures():
        card = await alert_card(deployment, call, alert)
    if alert.state.over:
        return f"{card.title.rstrip('.')}."
    since = wording.short_day(await began_at(deployment, alert), call.zone)
    return f"{card.title.rstrip('.')}. Since {since}{alert_owner(alert)}."


async def began_at(deployment: Deployment, alert: Alert) -> datetime:
    """Return the time at which an alert's change most likely began: the start of a run, which may
    be earlier than the run that raised the alert. If that run is not stored, return the time of the
    alert.
    """
    run_id = alert.shift.first_run_id
    starts = {run.id: run.started_at for run in await deployment.store.runs.find()}
    return starts.get(run_id, alert.opened_at)


def watching_sentence(
    stories: Iterable[Story], names: ModelNames, *, with_brand: bool = False
) -> str:
    """Return a sentence with the models at which something may have changed, which may also be
    chance. The first `MAX_WATCHED` are named, and the others counted. Empty without any.

    Args:
        stories: The course of brands at models; those that are not watched are ignored.
        names: The display names of models.
        with_brand: Whether each model is named with its brand, as for several brands.
    """
    watched = [story for story in stories if story.state is StoryState.WATCHING]
    if not watched:
        return ""
    places = [
        f"{story.brand} at {names.name(story.model)}" if with_brand else names.name(story.model)
        for story in watched[:MAX_WATCHED]
    ]
    if len(watched) > MAX_WATCHED:
        places.append(f"{len(watched) - MAX_WATCHED} more")
    return f"Watching {wording.listing(places)}: something may have changed, and may be chance."


def alert_owner(alert: Alert) -> str:
    """Return who has taken an alert, as the end of a sentence, such as ``; Ann has it``. Empty
    unless a person has acknowledged the alert and it is still open.
    """
    return f"; {name_without_id(alert.by)} has it" if alert.state is AlertState.ACKNOWLEDGED else ""


async def claims_sentence(deployment: Deployment, brand: Brand) -> str:
    """Return a sentence with the number of different false claims about a brand in the answers of
    runs of the last `CLAIM_DAYS` days.

    It quotes the claim that most answers state, with its models, the number of answers, and the
    true value. If there is no false claim, the sentence says so. Empty for a brand without facts,
    whose claims are not checked.
    """
    truths = {f.field: f.value for f in deployment.catalogue.facts if f.brand == brand.name}
    if not truths:
        return ""
    clusters = await read_claims(deployment, brand, CLAIM_DAYS)
    if not clusters:
        return f"No false claims in {wording.count(CLAIM_DAYS, 'day')}."
    worst = max(clusters, key=lambda cluster: cluster.answers)
    models = wording.listing([deployment.names.name(model) for model in worst.models])
    quote = wording.shorten(wording.line(worst.first.stated), MAX_QUOTE_CHARS)
    claims = wording.count(len(clusters), "false claim")
    field = worst.first.field
    truth = f"; in truth {true_value(field, truths[field])}" if field in truths else ""
    most_often = "" if len(clusters) == 1 else "most often "
    answers = wording.count(worst.answers, "answer")
    days = wording.count(CLAIM_DAYS, "day")
    return f"{claims}: {most_often}“{quote}” ({models}, {answers} in {days}){truth}."


def place_sentence(place: ModelVisibility, names: ModelNames) -> str:
    """Return a brand's share of answers at one model, such as ``Claude: 20 of 24 answers, usually
    22.``, which is one line of a list. The usual share is left out if it differs by less than
    `overheard.commands.standings.TOLD_CHANGE`.
    """
    told = standings.told_usual(place)
    usual = "" if told is None else f", usually {wording.share(told, place.answers)}"
    return f"{names.name(place.model)}: {place.words(place.mine.mean)}{usual}."


async def next_check(deployment: Deployment) -> tuple[datetime, float | None] | None:
    """Return the time of the next scheduled check and its expected price.

    Returns:
        The earliest time of all schedules, and what the last complete check cost in US dollars
        (None before the first one). None in place of the pair if no schedule is due any more.
    """
    due = await next_checks(deployment)
    return (min(due), await last_cost(deployment)) if due else None


async def last_cost(deployment: Deployment) -> float | None:
    """Return what the newest complete check cost, in US dollars; None without one. Runs outside the
    history do not count.
    """
    for run in await deployment.store.runs.find(state=RunState.COMPLETE):
        if not run.aside:
            return await deployment.store.money.spent(run_id=run.id)
    return None


async def next_check_sentence(deployment: Deployment, call: Call) -> str:
    """Return a sentence with the time of the next check, and its expected price if that is known
    and not 0. Empty without a schedule that is due.
    """
    upcoming = await next_check(deployment)
    if upcoming is None:
        return ""
    at, cost = upcoming
    price = f", {wording.money(cost, about=True)}" if cost else ""
    return f"Next check {soon(at, deployment.clock.now(), call.zone)}{price}."


def soon(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Return a future time in a reader's zone, in words: ``today at 09:00``, ``tomorrow at 09:00``,
    ``on Monday at 09:00`` within a week, else ``on 3 Mar at 09:00``.

    Args:
        zone: The reader's time zone.
    """
    local = at.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    if days < NAMED_DAYS:
        day = {0: "today", 1: "tomorrow"}.get(days, f"on {DAYS[local.weekday()]}")
    else:
        day = f"on {wording.short_day(at, zone)}"
    return f"{day} at {wording.clock(at, zone)}"


async def spent_sentence(deployment: Deployment) -> str:
    """Return a sentence with what answers have cost in this month of UTC: ``Spent in November:
    $0.20 of $5.00.`` with the budget of the month, if there is one.
    """
    now = deployment.clock.now().astimezone(UTC)
    begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    spent = await deployment.store.money.spent(since=begin)
    limit = deployment.config.budget.month
    of = f" of {wording.money(limit)}" if limit is not None else ""
    return f"Spent in {MONTHS[now.month - 1]}: {wording.money(spent)}{of}."


async def unrouted_sentence(deployment: Deployment) -> str:
    """Return a sentence with the number of open alerts that are posted in no channel, because no
    route fits. Empty if there is no such alert, or if no route is configured.
    """
    alerts = await unrouted(deployment)
    if not alerts:
        return ""
    are = "is" if len(alerts) == 1 else "are"
    return f"{wording.count(len(alerts), 'open alert')} {are} posted in no channel: no route fits."


async def alert_sentences(deployment: Deployment, call: Call, alerts: Sequence[Alert]) -> list[str]:
    """Return a text for each of the first `MAX_ALERTS` alerts, as `alert_sentence` words it, then
    one with the number of the others, if any.
    """
    lines = [await alert_sentence(deployment, call, alert) for alert in alerts[:MAX_ALERTS]]
    if len(alerts) > MAX_ALERTS:
        lines.append(f"And {wording.count(len(alerts) - MAX_ALERTS, 'more open alert')}.")
    return lines
