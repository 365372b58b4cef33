"""`status` and the Home: how the brands stand, what is open, what is false, what runs next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from overheard.alerts.events import alert_row
from overheard.alerts.story import alerts_about, leading
from overheard.cards import wording
from overheard.cards.card import Action, Card, Image, Severity, Style, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Face, quoted
from overheard.commands import standing_words
from overheard.commands.brand_report import Report, read_report
from overheard.commands.schedules import next_run
from overheard.commands.situation import (
    alert_sentences,
    claims_sentence,
    last_cost,
    next_check_sentence,
    place_sentence,
    spent_sentence,
    unrouted_sentence,
    watching_sentence,
)
from overheard.commands.standings import HEADLINE_METRIC
from overheard.deployment import Call, Deployment
from overheard.domain import Alert
from overheard.runs.plan import tracked

MAX_BRANDS, MAX_PLACES, MAX_ALERTS = 5, 4, 2
"""Brands, models of each, and alerts that are shown."""
SETTINGS = {
    "brands list": "Brands",
    "prompts list": "Questions",
    "facts list": "Facts",
    "schedules list": "When I check",
    "spend": "Costs",
}
"""The entries of the menu, by the words behind them."""


async def status(deployment: Deployment, call: Call) -> Card:
    """Show how the tracked brands stand, which alerts are open, what is said wrongly, what runs
    next, and what was spent this month.

    It reads what is scored already, and scores nothing itself.
    """
    brands = tracked(deployment.catalogue)
    if not brands:
        return _empty(call)
    found = [
        await read_report(deployment, brand, metric=HEADLINE_METRIC)
        for brand in brands[:MAX_BRANDS]
    ]
    alerts = await leading(deployment.store, await alerts_about(deployment.store, live=True))
    claims = [(one.brand.name, await claims_sentence(deployment, one.brand)) for one in found]
    measured = [one for one in found if one.places]
    stories = [story for one in found for story in one.stories.values()]
    paragraphs = [
        *await alert_sentences(deployment, call, alerts, MAX_ALERTS),
        *_standings(deployment, measured),
        watching_sentence(stories, deployment.names, with_brand=len(found) > 1),
        await unrouted_sentence(deployment),
        *_claims(claims),
        *([] if measured else ["Nothing is measured yet."]),
        *([await next_check_sentence(deployment, call)]),
    ]
    return Card(
        title=_title(deployment, found, alerts),
        text="\n\n".join(filter(None, paragraphs)),
        image=await _picture(deployment, measured),
        actions=fitting(*await _actions(deployment, found, alerts)),
        severity=Severity.WARNING if alerts else Severity.PLAIN,
        footer=await spent_sentence(deployment),
        data={
            "brands": [row.data() for one in found for row in one.own_rows],
            "stories": [story.data() for story in stories],
            "alerts": [alert_row(alert) for alert in alerts],
            "false_claims": {name: sentence for name, sentence in claims if sentence},
            "next_runs": await _next_runs(deployment, call),
        },
    )


def _title(deployment: Deployment, found: Sequence[Report], alerts: Sequence[Alert]) -> str:
    if len(found) == 1:
        return standing_words.title(found[0].brand.name, found[0].places, deployment.names)
    return f"{wording.count(len(found), 'brand')}, {wording.count(len(alerts), 'open alert')}"


def _standings(deployment: Deployment, found: Sequence[Report]) -> Iterator[str]:
    """Yield a paragraph for each brand with a line for each model, where no picture shows them."""
    if len(found) < 2:
        return
    for one in found:
        lines = [place_sentence(place, deployment.names) for place in one.places[:MAX_PLACES]]
        yield "\n".join([one.brand.name, *lines])


def _claims(claims: Sequence[tuple[str, str]]) -> Iterator[str]:
    told = [(name, sentence) for name, sentence in claims if sentence]
    for name, sentence in told:
        yield sentence if len(claims) == 1 else f"{name}: {sentence}"


async def _picture(deployment: Deployment, found: Sequence[Report]) -> Image | None:
    """Return the picture of the only brand; of several, lines of text say more."""
    if len(found) != 1:
        return None
    return await picture(standing_words.rates(found[0].places, deployment.names), "status.png")


async def _actions(
    deployment: Deployment, found: Sequence[Report], alerts: Sequence[Alert]
) -> list[Action]:
    """Return the next steps, the most likely first, and the menu of what is set up."""
    measured = any(one.places for one in found)
    cost = await last_cost(deployment)
    label = f"Check now, {wording.about(cost)}" if cost else "Check now"
    check = Action("check", label, Style.PLAIN if measured else Style.PRIMARY)
    name = f" {quoted(found[0].brand.name)}" if len(found) == 1 else ""
    steps = [Action(f"alerts show {alert.id}", "Open alert", Style.PRIMARY) for alert in alerts[:1]]
    if measured:
        steps.append(Action(f"report{name}", "Report", Style.PLAIN if alerts else Style.PRIMARY))
    more = [Action(words, words_of, menu=True) for words, words_of in SETTINGS.items()]
    return [*steps, check, *more, Action("help", "What can I do?", menu=True)]


def _empty(call: Call) -> Card:
    """Return the card of a deployment without a brand."""
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


async def _next_runs(deployment: Deployment, call: Call) -> list[str]:
    now = deployment.clock.now()
    found = []
    for schedule in deployment.catalogue.schedules:
        state = await deployment.store.schedules.state(schedule.name, now)
        if sentence := next_run(deployment, call, schedule, state):
            found.append(f"{schedule.name}: {sentence}")
    return found


STATUS = CommandSpec(
    "status",
    "Show how the brands stand, which alerts are open, and what runs next.",
    status,
    examples=("status",),
    chart="",
)
