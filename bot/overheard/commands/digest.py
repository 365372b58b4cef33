"""`digest`: a brand's week: what changed, what is still open, what is said wrongly, what to do.

The direction of a change ("up", "down") is that of its alert, not a comparison with last week.
"""

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
    MAX_ALERTS,
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
from overheard.finetune.brief_sources import BRIEF_DAYS, read_brief
from overheard.runs.plan import choose_brands

WEEK = timedelta(days=7)
MAX_STEPS, MAX_STEADY, MAX_UPDATED = 2, 3, 3
"""Things to do, models without a change and updates that are shown."""
MAX_NAMED_MODELS = 2
"""Models that a piece of advice names."""
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
        new: Alerts raised since then that are not over.
        open: Alerts raised before that are not over.
        recovered: Alerts that have recovered since then.
        updates: Distinct names of models that were updated since then, with the day.
        over: The parts that are over (its metrics or its statements) of each alert in `new` and
            `open`, by the alert's number.
        eased: Alerts in `new` and `open` of which a part has ended since then.
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
    """Show a card for each brand, one below the other: what changed since a day, open alerts, false
    claims, and up to two things to do. The footer of the first card has the costs of all brands.
    Answers that wait for it are scored first.

    Args:
        brands: Names or aliases of brands; empty means all tracked brands.
        since: The first day or moment, such as ``2026-11-01``; empty means a week ago.

    Raises:
        NothingToAsk: when no brand is tracked.
        BadUsage: for a day in the future.
    """
    chosen = choose_brands(deployment.catalogue, brands)
    now = deployment.clock.now()
    begin = past_moment(since, now, call.zone) if since else now - WEEK
    deployment = await deployment.caught_up(call.progress)
    cards = [await _brand_card(deployment, call, brand, begin) for brand in chosen]
    footer = await _cost_sentences(deployment, begin)
    data = {"since": begin.isoformat(), "brands": [card.data for card in cards]}
    return replace(cards[0], more=tuple(cards[1:]), footer=footer, data=data)


async def _brand_card(deployment: Deployment, call: Call, brand: Brand, since: datetime) -> Card:
    """Return the card of a brand's week: the state at each model as the title, a paragraph on each
    subject that there is something to say of, the chart of the share of voice if it is measured,
    and buttons. It is a warning if an alert about the brand is not over.

    Args:
        since: The beginning of the time in which changes are new, included. False claims, advice
            and the chart do not depend on it.
    """
    report = await read_report(deployment, brand)
    week = await _read_week(deployment, call, report, since)
    silent = await silent_models(deployment, report)
    claims = await claims_sentence(deployment, brand)
    advice = await numbered_advice(deployment, brand)
    shares = voice_shares(report, call.zone)
    if shares:
        metric = deployment.scoring.metrics[VOICE_METRIC]
        marks = await chart_marks(deployment, call, brand, metric, report.runs)
        shares = replace(shares, marks=marks)
    paragraphs = [
        await _changed_paragraph(deployment, call, week),
        *await _open_alert_lines(deployment, call, week),
        watching_sentence(report.stories.values(), deployment.names),
        claims,
        _steady_paragraph(deployment, report, week, silent),
        silent_sentence(deployment, call, report, silent),
    ]
    if advice:
        heading = "Two things to do" if len(advice) > 1 else "To do"
        paragraphs.append("\n".join([heading, *advice]))
    return Card(
        title=f"{brand.name}'s week: {_state_by_model(deployment, report, week, silent)}",
        text="\n\n".join(filter(None, paragraphs)),
        image=await picture(shares, "share-of-voice.png") if shares else None,
        actions=fitting(*_actions(brand, week)),
        severity=Severity.WARNING if week.new or week.open else Severity.PLAIN,
        data=_week_json(report, week, claims, advice),
    )


async def _read_week(deployment: Deployment, call: Call, report: Report, since: datetime) -> Week:
    """Return, from the store, what happened to a report's brand since a time.

    These are the alerts that are not over, in two lists, opened since and opened before; the
    recovered alerts whose last event is not before that time; the alerts that are not over but of
    which a part has been over since; and the updates of the brand's models, each once.
    """
    store = deployment.store
    recovered = []
    for alert in await alerts_about(store, report.brand.name):
        if alert.state is AlertState.RECOVERED:
            events = await store.alerts.events(alert.id)
            if events and events[-1].at >= since:
                recovered.append(alert)
    over: dict[int, frozenset[AlertPart]] = {}
    eased: list[Alert] = []
    for alert in report.alerts:
        events = await store.alerts.events(alert.id)
        over[alert.id] = parts_over(events)
        has_eased = any(e.what is AlertEventKind.EASED and e.at >= since for e in events)
        if over[alert.id] and has_eased:
            eased.append(alert)
    updates = [
        f"{deployment.names.name(update.model)} on {wording.short_day(update.at, call.zone)}"
        for update in await store.updates.find()
        if update.at >= since and update.model in report.runs
    ]
    return Week(
        since=since,
        new=[alert for alert in report.alerts if alert.opened_at >= since],
        open=[alert for alert in report.alerts if alert.opened_at < since],
        recovered=recovered,
        updates=list(dict.fromkeys(updates)),
        over=over,
        eased=eased,
    )


async def _changed_paragraph(deployment: Deployment, call: Call, week: Week) -> str:
    """Return the paragraph on what changed in a week: a sentence for each of the first `MAX_ALERTS`
    new alerts (others are counted), as many recovered ones and as many of which a part is over;
    then the first `MAX_UPDATED` updates of models. Without any of these, it says that nothing is
    new since the week's first day.
    """
    sentences = await alert_sentences(deployment, call, week.new)
    for alert in week.recovered[:MAX_ALERTS]:
        sentences.append(await alert_sentence(deployment, call, alert))
    for alert in week.eased[:MAX_ALERTS]:
        model_name = deployment.names.name(alert.shift.model)
        sentences.append(_eased_sentence(model_name, week.over[alert.id]))
    if week.updates:
        sentences.append(f"Updated: {wording.listing(week.updates[:MAX_UPDATED])}.")
    if not sentences:
        sentences = [f"nothing new since {wording.short_day(week.since, call.zone)}."]
    return f"Changed: {' '.join(sentences)}"


def _eased_sentence(model_name: str, over: frozenset[AlertPart]) -> str:
    """Return a sentence on the part of an open alert that is over: that the model is back to what
    is usual if the metrics are, else that it does not make the statement any more.

    Args:
        over: The parts of the alert that are over, at least one.
    """
    if AlertPart.METRICS in over:
        return f"{model_name} is back to what is usual."
    return f"{model_name} does not state it any more."


async def _open_alert_lines(deployment: Deployment, call: Call, week: Week) -> list[str]:
    """Return a line for each of the first alerts that were raised before the week and are not over,
    and one with the number of further ones.
    """
    sentences = await alert_sentences(deployment, call, week.open)
    open_now, further = sentences[:MAX_ALERTS], sentences[MAX_ALERTS:]
    return [*(f"Still open: {sentence}" for sentence in open_now), *further]


def _steady_paragraph(
    deployment: Deployment, report: Report, week: Week, silent: Collection[Model]
) -> str:
    """Return a sentence with the brand's share and rank at the first `MAX_STEADY` models that
    answered in the newest run and have neither an alert of the week (open or recovered) nor a
    change that is watched. Empty without such a model.

    Args:
        silent: The models that did not answer in the newest run.
    """
    not_steady = {alert.shift.model for alert in (*week.new, *week.open, *week.recovered)}
    not_steady |= {s.model for s in report.stories.values() if s.state is StoryState.WATCHING}
    not_steady |= set(silent)
    steady = [place for place in report.places if place.model not in not_steady]
    clauses = [_place_words(deployment, place) for place in steady[:MAX_STEADY]]
    return f"Steady: {'; '.join(clauses)}." if clauses else ""


def _place_words(deployment: Deployment, place: ModelVisibility) -> str:
    """Return a brand's share of answers and rank at a model: ``ChatGPT, 12 of 30 answers, 2nd``;
    without the rank if it has none.
    """
    rank = f", {place.rank_words}" if place.rank_words else ""
    return f"{deployment.names.name(place.model)}, {place.words(place.mine.mean)}{rank}"


def _state_by_model(
    deployment: Deployment, report: Report, week: Week, silent: Collection[Model]
) -> str:
    """Return the state of the report's brand at each model, in words, models of the same state
    together: ``still down at ChatGPT, steady at Claude and Gemini``.

    Of several states of a model, the first of these is said: that of its new alert; of its older
    one (``still``), or ``partly back`` if the metrics of the alert are; ``back`` for a recovered
    alert; ``watched``; ``no answers``; else ``steady``.

    Args:
        silent: The models that did not answer in the newest run.
    """
    if not report.places:
        return "nothing was measured"
    states: dict[Model, str] = {}
    for alerts, still in ((week.new, ""), (week.open, "still ")):
        for alert in alerts:
            state = f"{still}{_direction_word(deployment, alert, report.brand)}"
            if AlertPart.METRICS in week.over.get(alert.id, frozenset()):
                state = "partly back"
            states.setdefault(alert.shift.model, state)
    for alert in week.recovered:
        states.setdefault(alert.shift.model, "back")
    for story in report.stories.values():
        if story.state is StoryState.WATCHING:
            states.setdefault(story.model, "watched")
    for model in silent:
        states.setdefault(model, "no answers")
    for place in report.places:
        states.setdefault(place.model, "steady")
    names_by_state: dict[str, list[str]] = {}
    for model, state in states.items():
        names_by_state.setdefault(state, []).append(deployment.names.name(model))
    return ", ".join(
        f"{state} at {wording.listing(names)}" for state, names in names_by_state.items()
    )


def _direction_word(deployment: Deployment, alert: Alert, brand: Brand) -> str:
    """Return in which direction an alert has moved the brand, by its first shift of a metric of the
    brand: ``up`` if that is better for the brand, ``down`` if it is worse. ``wrong`` if the alert
    has no such shift, but false or grave statements about the brand.
    """
    for shift in alert.moved:
        metric = deployment.scoring.metrics.get(shift.metric)
        if shift.brand == brand.name and metric and not shift.statement:
            return "up" if (shift.change > 0) == metric.higher_is_better else "down"
    return "wrong"


async def numbered_advice(deployment: Deployment, brand: Brand) -> list[str]:
    """Return up to `MAX_STEPS` pieces of advice about a brand as lines numbered from 1, from its
    brief of the last `BRIEF_DAYS` days: first the most pressing item of each kind of gap, then the
    other items, each in the order of the brief. Items on false claims are left out if no answer of
    the last `CLAIM_DAYS` days makes one.
    """
    draft = await read_brief(
        deployment.catalogue,
        deployment.store,
        deployment.scoring.versions,
        brand,
        BRIEF_DAYS,
        deployment.clock.now(),
    )
    has_claims = bool(await read_claims(deployment, brand, CLAIM_DAYS))
    items = [item for item in draft.items if has_claims or item.kind is not GapKind.CLAIM]
    first_of_kind: dict[GapKind, BriefItem] = {}
    for item in items:
        first_of_kind.setdefault(item.kind, item)
    firsts = list(first_of_kind.values())
    others = [item for item in items if item not in firsts]
    chosen = [*firsts, *others][:MAX_STEPS]
    return [
        f"{number}. {_advice_sentence(deployment, item)}" for number, item in enumerate(chosen, 1)
    ]


def _advice_sentence(deployment: Deployment, item: BriefItem) -> str:
    """Return the advice on an item of a brief as a sentence, whose wording depends on the kind of
    gap. It names the first `MAX_NAMED_MODELS` models, the number of answers, and the item's
    question, or its subject if it has no question.
    """
    subject = f"“{item.question}”" if item.question else item.subject
    shown_models = item.models[:MAX_NAMED_MODELS]
    models = wording.listing([deployment.names.name(model) for model in shown_models])
    return ADVICE[item.kind].format(
        subject=wording.shorten(wording.line(subject), QUESTION_CHARS),
        models=models or "models",
        counted=item.counted,
    )


async def _cost_sentences(deployment: Deployment, since: datetime) -> str:
    """Return a sentence with the number of answers that were paid for since a time and what they
    cost, for all brands together, if there were any; followed by the month's spending.
    """
    month = await spent_sentence(deployment)
    spendings = await deployment.store.money.spending(since=since)
    if not spendings:
        return month
    count = wording.count(sum(spending.answers for spending in spendings), "question")
    usd = wording.money(sum(spending.usd for spending in spendings))
    return f"Asked {count} for {usd}. {month}"


def _actions(brand: Brand, week: Week) -> list[Action]:
    """Return the buttons below a brand's week: its report, the answers behind its newest alert that
    is not over (if there is one), and its brief.
    """
    own_name = quoted(brand.name)
    alerts = [*week.new, *week.open]
    return [
        Action(f"report {own_name}", "Report", Style.PRIMARY),
        *(Action(f"evidence {alert.id}", "Read answers") for alert in alerts[:1]),
        Action(f"brief {own_name}", "What to do?"),
    ]


def _week_json(report: Report, week: Week, claims: str, advice: Sequence[str]) -> dict[str, Any]:
    """Return a brand's week for JSON output: its alerts by their numbers (``new_alerts`` were
    opened in the week, ``open_alerts`` before it), the brand's story at each model, the
    sentence `claims` on false claims (may be empty), the lines of advice, and the levels of the
    brand's metrics in the newest run of each model.
    """
    return {
        "brand": report.brand.name,
        "new_alerts": [alert.id for alert in week.new],
        "open_alerts": [alert.id for alert in week.open],
        "stories": [story.data() for story in report.stories.values()],
        "recovered_alerts": [alert.id for alert in week.recovered],
        "updates": list(week.updates),
        "false_claims": claims,
        "to_do": list(advice),
        "results": [row.data() for row in report.own_rows],
    }


DIGEST = CommandSpec(
    "digest",
    "Show a brand's week: what changed, what is open, what is said wrongly, and what to do.",
    digest,
    examples=("digest", "digest Acme", "digest --since 2026-11-01"),
    chart="",
)
