"""`digest`: a brand's week: what changed, what is still open, what is said wrongly, what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from overheard.alerts.story import AlertPart, StoryState, alerts_about, parts_over
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Kind, argument, option, quoted
from overheard.commands.arguments import past_moment
from overheard.commands.brand_report import Report, read_report, silent_models, silent_sentence
from overheard.commands.claims import read_claims
from overheard.commands.standings import ModelVisibility
from overheard.commands.status import (
    CLAIM_DAYS,
    alert_sentence,
    alert_sentences,
    claims_sentence,
    spent_sentence,
    watching_sentence,
)
from overheard.commands.trend import chart_marks
from overheard.commands.voice import VOICE_METRIC, voice_shares
from overheard.deployment import Call, Deployment
from overheard.domain import Alert, AlertEventKind, AlertState, Brand, Model
from overheard.finetune.brief import BriefItem, GapKind
from overheard.finetune.brief_sources import BRIEF_DAYS, draw_brief
from overheard.runs.plan import choose_brands

WEEK = timedelta(days=7)
MAX_STEPS, MAX_ALERTS, MAX_STEADY = 2, 2, 3
"""Things to do, alerts of each kind, and models without a change that are shown."""
QUESTION_CHARS = 70
ADVICE = {
    GapKind.ABSENT: "Write a page on {subject}: {models} did not name you in {counted} answers.",
    GapKind.CLAIM: "State “{subject}” as text on your page: {models} had it wrong {counted} times.",
    GapKind.UNSTATED: "State “{subject}” as text on your page: no answer says it.",
    GapKind.SENTIMENT: "Respond to the criticism of {subject}: {models}, in {counted} answers.",
    GapKind.SOURCE: "Be named on {subject}: {counted} answers with sources cite it without you.",
}


@dataclass(frozen=True, slots=True)
class Week:
    """The alerts and updates of a brand since a time.

    Attributes:
        since: The beginning of the time.
        new: Open alerts raised since then.
        open: Open alerts raised before.
        recovered: Alerts that recovered since then.
        updates: Names of models that were updated since then, with the day.
        over: The parts of each open alert that are over, by the alert's number.
        eased: Open alerts of which a part ended since then.
    """

    since: datetime
    new: Sequence[Alert]
    open: Sequence[Alert]
    recovered: Sequence[Alert]
    updates: Sequence[str]
    over: Mapping[int, frozenset[AlertPart]]
    eased: Sequence[Alert]


async def digest(
    deployment: Deployment,
    call: Call,
    *,
    brands: Annotated[Sequence[str], argument("Brands; without one, all.", Kind.BRAND)] = (),
    since: Annotated[str, option("Since this day; by default of a week.", Kind.TIME)] = "",
) -> Card:
    """Show for each brand what changed in a week, open alerts, false claims and two things to do,
    and the costs.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        brands: Names of brands; empty means all tracked brands.
        since: The first day; empty means a week ago.

    Raises:
        UnknownName: for a brand that does not exist.
        NothingToAsk: when no brand is configured.
        TimeUnreadable: for a day that cannot be read.
    """
    chosen = choose_brands(deployment.catalogue, brands)
    now = deployment.clock.now()
    begin = past_moment(since, now, call.zone) if since else now - WEEK
    deployment = await deployment.caught_up(call.progress)
    first, *others = [await _brand_card(deployment, call, brand, begin) for brand in chosen]
    footer = await _cost_sentences(deployment, begin)
    data = {"since": begin.isoformat(), "brands": [card.data for card in (first, *others)]}
    return replace(first, more=tuple(others), footer=footer, data=data)


async def _brand_card(deployment: Deployment, call: Call, brand: Brand, since: datetime) -> Card:
    """Return the card of a brand's week since a time, with a picture of the share of voice if it is
    measured.
    """
    report = await read_report(deployment, brand)
    week = await _read_week(deployment, call, report, since)
    silent = await silent_models(deployment, report)
    claims = await claims_sentence(deployment, brand)
    todo = await things_to_do(deployment, brand)
    shares = voice_shares(report, call.zone)
    if shares:
        metric = deployment.scoring.metrics[VOICE_METRIC]
        marks = await chart_marks(deployment, call, brand, metric, report.runs)
        shares = replace(shares, marks=marks)
    parts = [
        await _changed_paragraph(deployment, call, week),
        *await _open_alert_lines(deployment, call, week),
        watching_sentence(report.stories.values(), deployment.names),
        claims,
        _steady_paragraph(deployment, report, week, silent),
        silent_sentence(deployment, call, report, silent),
        "\n".join(["Two things to do" if len(todo) > 1 else "To do", *todo]) if todo else "",
    ]
    return Card(
        title=f"{brand.name}'s week: {_state_by_model(deployment, report, week, silent)}",
        text="\n\n".join(filter(None, parts)),
        image=await picture(shares, "share-of-voice.png") if shares else None,
        actions=fitting(*_actions(brand, week)),
        severity=Severity.WARNING if week.new or week.open else Severity.PLAIN,
        data=_week_json(report, week, claims, todo),
    )


async def _read_week(deployment: Deployment, call: Call, report: Report, since: datetime) -> Week:
    """Return the alerts and updates of a brand since a time, from the store."""
    brand_alerts = await alerts_about(deployment.store, report.brand.name)
    recovered = [
        alert
        for alert in brand_alerts
        if alert.state is AlertState.RECOVERED
        and any(e.at >= since for e in (await deployment.store.alerts.events(alert.id))[-1:])
    ]
    over: dict[int, frozenset[AlertPart]] = {}
    eased: list[Alert] = []
    for alert in report.alerts:
        events = await deployment.store.alerts.events(alert.id)
        over[alert.id] = parts_over(events)
        if over[alert.id] and any(e.what is AlertEventKind.EASED and e.at >= since for e in events):
            eased.append(alert)
    updates = [
        f"{deployment.names.name(update.model)} on {wording.short_day(update.at, call.zone)}"
        for update in await deployment.store.updates.find()
        if update.at >= since and update.model in report.runs
    ]
    return Week(
        since,
        [alert for alert in report.alerts if alert.opened_at >= since],
        [alert for alert in report.alerts if alert.opened_at < since],
        recovered,
        list(dict.fromkeys(updates)),
        over,
        eased,
    )


async def _changed_paragraph(deployment: Deployment, call: Call, week: Week) -> str:
    """Return the paragraph on a week's new, recovered and eased alerts and updates of models."""
    lines = await alert_sentences(deployment, call, week.new)
    lines += [await alert_sentence(deployment, call, a) for a in week.recovered[:MAX_ALERTS]]
    lines += [
        _eased_sentence(deployment.names.name(alert.shift.model), week.over[alert.id])
        for alert in week.eased[:MAX_ALERTS]
    ]
    if week.updates:
        lines.append(f"Updated: {wording.listing(week.updates[:MAX_STEADY])}.")
    day = wording.short_day(week.since, call.zone)
    return f"Changed: {' '.join(lines) if lines else f'nothing new since {day}.'}"


def _eased_sentence(name: str, over: frozenset[AlertPart]) -> str:
    """Return a sentence on which part of an open alert is over."""
    if AlertPart.METRICS in over:
        return f"{name} is back to what is usual."
    return f"{name} does not state it any more."


async def _open_alert_lines(deployment: Deployment, call: Call, week: Week) -> list[str]:
    lines = await alert_sentences(deployment, call, week.open)
    return [f"Still open: {line}" for line in lines]


def _steady_paragraph(
    deployment: Deployment, report: Report, week: Week, silent: Collection[Model]
) -> str:
    """Return a sentence on the models that answered (those not in `silent`) and have neither an
    alert nor a watched change in the week; empty without any.
    """
    moved = {alert.shift.model for alert in (*week.new, *week.open, *week.recovered)}
    moved |= {s.model for s in report.stories.values() if s.state is StoryState.WATCHING}
    moved |= set(silent)
    lines = [
        _place_words(deployment, place) for place in report.places if place.model not in moved
    ][:MAX_STEADY]
    return f"Steady: {'; '.join(lines)}." if lines else ""


def _place_words(deployment: Deployment, place: ModelVisibility) -> str:
    """Return a brand's share and rank at a model: ``ChatGPT, 12 of 30 answers, 2nd``."""
    rank = f", {place.rank_words}" if place.rank_words else ""
    return f"{deployment.names.name(place.model)}, {place.words(place.mine.mean)}{rank}"


def _state_by_model(
    deployment: Deployment, report: Report, week: Week, silent: Collection[Model]
) -> str:
    """Return the state of the report's brand at each model, in words: ``still down at ChatGPT,
    steady at Claude``; models in `silent` have no answers.
    """
    if not report.places:
        return "nothing was measured"
    states: dict[Model, str] = {}
    for alerts, still in ((week.new, ""), (week.open, "still ")):
        for alert in alerts:
            if AlertPart.METRICS in week.over.get(alert.id, frozenset()):
                states.setdefault(alert.shift.model, "partly back")
            else:
                way = _direction_word(deployment, alert, report.brand)
                states.setdefault(alert.shift.model, f"{still}{way}")
    states |= {a.shift.model: "back" for a in week.recovered if a.shift.model not in states}
    for story in report.stories.values():
        if story.state is StoryState.WATCHING:
            states.setdefault(story.model, "watched")
    for model in silent:
        states.setdefault(model, "no answers")
    parts: dict[str, list[str]] = {}
    for model in [*states, *(p.model for p in report.places if p.model not in states)]:
        parts.setdefault(states.get(model, "steady"), []).append(deployment.names.name(model))
    return ", ".join(f"{state} at {wording.listing(at)}" for state, at in parts.items())


def _direction_word(deployment: Deployment, alert: Alert, brand: Brand) -> str:
    """Return the direction of an alert's first shift of the brand: ``down``, ``up``, or ``wrong``
    if there are only statements.
    """
    for shift in (shift for shift in alert.moved if shift.brand == brand.name):
        metric = deployment.scoring.metrics.get(shift.metric)
        if metric and not shift.statement:
            return "up" if (shift.change > 0) == metric.higher_is_better else "down"
    return "wrong"


async def things_to_do(deployment: Deployment, brand: Brand) -> list[str]:
    """Return up to `MAX_STEPS` numbered pieces of advice about a brand, of different kinds first.
    Advice on a false claim only if the claim was made in the last `CLAIM_DAYS` days.
    """
    drawn = await draw_brief(
        deployment.catalogue,
        deployment.store,
        deployment.scoring.versions,
        brand,
        BRIEF_DAYS,
        deployment.clock.now(),
    )
    claimed = await read_claims(deployment, brand, CLAIM_DAYS)
    items = [item for item in drawn.items if claimed or item.kind is not GapKind.CLAIM]
    kinds = dict.fromkeys(item.kind for item in items)
    ordered = [next(item for item in items if item.kind is kind) for kind in kinds]
    rest = [item for item in items if item not in ordered]
    chosen = [*ordered, *rest][:MAX_STEPS]
    return [
        f"{number}. {_advice_sentence(deployment, item)}" for number, item in enumerate(chosen, 1)
    ]


def _advice_sentence(deployment: Deployment, item: BriefItem) -> str:
    """Return the advice on a gap in one sentence."""
    subject = f"“{item.question}”" if item.question else item.subject
    models = wording.listing([deployment.names.name(model) for model in item.models[:2]])
    return ADVICE[item.kind].format(
        subject=wording.shorten(wording.line(subject), QUESTION_CHARS),
        models=models or "models",
        counted=item.counted,
    )


async def _cost_sentences(deployment: Deployment, since: datetime) -> str:
    """Return the number of questions and the spending since a time, and the month's spending."""
    month = await spent_sentence(deployment)
    spent = await deployment.store.money.spending(since=since)
    if not spent:
        return month
    answers = wording.count(sum(spending.answers for spending in spent), "question")
    usd = wording.money(sum(spending.usd for spending in spent))
    return f"Asked {answers} for {usd}. {month}"


def _actions(brand: Brand, week: Week) -> list[Action]:
    """Return the buttons below a brand's week: report, evidence of the newest alert, advice."""
    own_name = quoted(brand.name)
    alerts = [*week.new, *week.open]
    return [
        Action(f"report {own_name}", "Report", Style.PRIMARY),
        *(Action(f"evidence {alert.id}", "Read answers") for alert in alerts[:1]),
        Action(f"brief {own_name}", "What to do?"),
    ]


def _week_json(report: Report, week: Week, claims: str, todo: Sequence[str]) -> dict[str, Any]:
    """Return a brand's week for JSON output: alerts by their numbers, the sentence on claims, the
    things to do.
    """
    return {
        "brand": report.brand.name,
        "new_alerts": [alert.id for alert in week.new],
        "open_alerts": [alert.id for alert in week.open],
        "stories": [story.data() for story in report.stories.values()],
        "recovered_alerts": [alert.id for alert in week.recovered],
        "updates": list(week.updates),
        "false_claims": claims,
        "to_do": list(todo),
        "results": [row.data() for row in report.own_rows],
    }


DIGEST = CommandSpec(
    "digest",
    "Show a brand's week: what changed, what is open, what is said wrongly, and what to do.",
    digest,
    examples=("digest", "digest Acme", "digest --since 2026-11-01"),
    chart="",
)
