"""The content of a report's page: the figures of `report`, and what they rest on, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from overheard.alerts.reasons import certainty, how_often
from overheard.cards import wording
from overheard.cards.charts.bars import Rates
from overheard.cards.charts.renderer import without_pictures
from overheard.cards.charts.shares import Shares
from overheard.cards.charts.trend import Chart
from overheard.cards.model_names import asked_by
from overheard.commands import standings
from overheard.commands.alerts import alert_card
from overheard.commands.brand_report import Report
from overheard.commands.claims import CLAIM_DAYS, read_claims
from overheard.commands.page_tables import (
    MAX_CLAIMS,
    ModelView,
    QuestionRow,
    QuotedClaim,
    SourceRow,
    claims_note,
    newest_answers,
    read_claim,
    read_questions,
    read_sources,
    read_views,
)
from overheard.commands.status import alert_owner, began_at
from overheard.commands.trend import trend_chart
from overheard.commands.updates import shift_words
from overheard.commands.voice import voice_shares
from overheard.deployment import Call, Deployment
from overheard.domain import VISIBILITY, Alert, Brand
from overheard.finetune.brief import BriefItem, GapKind, steps
from overheard.finetune.brief_sources import BRIEF_DAYS, draw_brief
from overheard.reading.claims import ClaimCluster

MAX_STEPS, MAX_CHANGES, MAX_MODELS = 3, 3, 4
"""Largest numbers of entries, so that a page prints on two sheets of A4."""
LEAST_RATE_MOVED = 0.05
"""Least difference to the usual share with which a tile is shown as worse."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of a page with its caption, and whether it is worse than usual."""

    value: str
    words: str
    worse: bool = False


@dataclass(frozen=True, slots=True)
class NextStep:
    """A piece of advice: a title, its evidence, and the first action."""

    title: str
    why: str
    action: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The content of a page, in its order.

    `voice` is None if the share of voice is not measured; `models` are the columns of `questions`;
    `answers` is the number of answers of the newest runs.
    """

    brand: str
    day: str
    headline: str
    lead: str
    tiles: tuple[Tile, ...]
    claims: tuple[QuotedClaim, ...]
    claims_note: str
    steps: tuple[NextStep, ...]
    changes: tuple[str, ...]
    certainty: str
    trend: Chart | Rates
    voice: Shares | None
    voice_words: str
    views: tuple[ModelView, ...]
    models: tuple[str, ...]
    questions: tuple[QuestionRow, ...]
    questions_note: str
    sources: tuple[SourceRow, ...]
    answers: int
    asked: str
    method: str


async def read_page(deployment: Deployment, call: Call, report: Report) -> ReportPage:
    """Return the content of a report's page, from stored answers and scores.

    Args:
        deployment: The open deployment, whose answers have all been scored.
        call: The call; dates are in its reader's time zone.
        report: The report of the brand.
    """
    brand, names, now = report.brand, deployment.names, deployment.clock.now()
    groups = await read_claims(deployment, brand, CLAIM_DAYS)
    drawn = await draw_brief(
        deployment.catalogue,
        deployment.store,
        deployment.scoring.versions,
        brand,
        BRIEF_DAYS,
        now,
    )
    scored = await newest_answers(deployment, report.lines, report.runs)
    voice = voice_shares(report, call.zone)
    chosen = [place.model for place in report.places[:MAX_MODELS]]
    questions, more = read_questions(deployment.catalogue, brand, report.lines, scored, chosen)
    return ReportPage(
        brand=brand.name,
        day=wording.day(now, call.zone),
        headline=standings.headline(brand.name, report.places),
        lead=_counts_sentence(groups, report.alerts, checked=bool(drawn.market.facts)),
        tiles=tuple(_page_tiles(deployment, report, voice)),
        claims=tuple(
            [await read_claim(deployment, call, brand.name, group) for group in groups[:MAX_CLAIMS]]
        ),
        claims_note=claims_note(deployment, brand, groups),
        steps=tuple(
            NextStep(
                _title_with_stop(item.title), item.why, _first_sentence(steps(item, brand.name)[0])
            )
            for item in _items_of_mixed_kinds(drawn.items)[:MAX_STEPS]
        ),
        changes=tuple(
            [await _alert_sentences(deployment, call, a) for a in report.alerts[:MAX_CHANGES]]
        )
        or ("No alert is open.",),
        certainty=_certainty_note(deployment, report.alerts),
        trend=await _visibility_chart(deployment, call, report),
        voice=voice,
        voice_words=_voice_words(voice, brand),
        views=tuple(read_views(deployment, report.places, report.rows, scored)[:MAX_MODELS]),
        models=tuple(names.name(model) for model in chosen),
        questions=tuple(questions),
        questions_note=f"And {wording.count(more, 'more question')}." if more else "",
        sources=tuple(read_sources(drawn.market, scored)),
        answers=len(scored),
        asked=_how_asked_paragraph(deployment, call, report),
        method=_method_paragraph(brand, len(report.names) - 1),
    )


def _counts_sentence(
    clusters: Sequence[ClaimCluster], alerts: Sequence[Alert], *, checked: bool
) -> str:
    """Return a sentence with the numbers of clusters of false claims and of open changes; without
    the claims unless `checked` (the brand has facts).
    """
    changes = wording.count(len(alerts), "open change") if alerts else "no open change"
    if not checked:
        return f"{changes[0].upper()}{changes[1:]}."
    claims = wording.count(len(clusters), "false claim") if clusters else "No false claim"
    return f"{claims}, {changes}."


def _page_tiles(deployment: Deployment, report: Report, voice: Shares | None) -> Iterator[Tile]:
    """Yield the large figures of a page: the brand's share of answers at each model, and its share
    of voice; `worse` if 5 points or more below the usual value.
    """
    for place in report.places[:MAX_MODELS]:
        name = deployment.names.name(place.model)
        mean, usual = place.mine.mean, place.usual
        value = wording.share(mean, place.answers)
        value += f" of {place.answers}" if place.answers else ""
        words = f"{name} answers name you"
        if usual is not None:
            words += f", usually {wording.share(usual, place.answers)}"
        yield Tile(value, words, usual is not None and usual - mean >= LEAST_RATE_MOVED)
    if voice:
        own = voice.shares[0]
        now, usual = own.values[-1], voice.usual(own)
        usually = f", usually {wording.percent(usual)}" if usual is not None else ""
        worse = usual is not None and usual - now >= LEAST_RATE_MOVED
        yield Tile(wording.percent(now), f"share of voice{usually}", worse)


def _items_of_mixed_kinds(items: Iterable[BriefItem]) -> list[BriefItem]:
    """Return the items reordered: the first of each kind of gap, then the second of each, and so
    on; false claims lead each round.
    """
    seen: Counter[GapKind] = Counter()
    keyed = []
    for rank, item in enumerate(items):
        keyed.append((seen[item.kind], item.kind is not GapKind.CLAIM, rank, item))
        seen[item.kind] += 1
    return [item for *_, item in sorted(keyed, key=lambda found: found[:3])]


def _first_sentence(step: str) -> str:
    first, stop, _ = step.partition(". ")
    return first + stop.rstrip()


def _title_with_stop(title: str) -> str:
    shown = wording.shorten(wording.line(title), 120)
    return shown if shown.endswith((".", "?", "!", "…")) else f"{shown}."


async def _alert_sentences(deployment: Deployment, call: Call, alert: Alert) -> str:
    """Return an open alert as sentences: title, change of the metric and its beginning, owner,
    matching update of the model, certainty.
    """
    with without_pictures():
        title = (await alert_card(deployment, call, alert)).title.rstrip(".")
    shift = next((moved for moved in alert.moved if not moved.statement), alert.shift)
    began = await began_at(deployment, alert)
    since = f"since {wording.day(began, call.zone)}{alert_owner(alert)}"
    model, metric = deployment.names.name(shift.model), deployment.scoring.metrics.get(shift.metric)
    if shift.statement or alert.of_model or metric is None:
        words = f"{title}, {since}."
    else:
        words = f"{title}. {metric.label} at {model} {shift_words(shift, metric.scale)}, {since}."
    if shift.updates:
        words += f" It fits the model's update of {wording.day(shift.updates[-1].at, call.zone)}."
    if level := certainty(shift.chance_a_year):
        often = how_often(shift.chance_a_year)
        words += f" {level.capitalize()}: if nothing had changed, you would see this {often}."
    return words


def _certainty_note(deployment: Deployment, alerts: Sequence[Alert]) -> str:
    years = 1 / deployment.config.alerts.false_alarms_per_year
    ranges = "In brackets, the range in which the change lies nine times in ten. " if alerts else ""
    often = f"once in {years:.0f} years" if years >= 2 else f"{1 / years:g} times a year"
    return f"{ranges}Over all brands, chance alone should raise an alert about {often}."


async def _visibility_chart(deployment: Deployment, call: Call, report: Report) -> Chart | Rates:
    """Return the chart of the brand's visibility over time, at the model of the newest alert if
    there is one; before a second run, the bars of all brands.
    """
    if max((len(runs) for runs in report.runs.values()), default=0) < 2:
        return standings.rates(report.places, deployment.names)
    moved = next((a.shift.model for a in report.alerts if a.shift.model in report.runs), None)
    lines = [line for line in report.headline_lines if moved in {None, line.key.model}]
    metric = deployment.scoring.metrics[VISIBILITY]
    return await trend_chart(deployment, call, report.brand, metric, lines)


def _voice_words(voice: Shares | None, brand: Brand) -> str:
    """Return a sentence on which brand leads by share of voice; empty without figures."""
    if voice is None:
        return ""
    last = {share.label: share.values[-1] for share in voice.shares}
    leader = max(last, key=lambda name: last[name])
    if leader == brand.name:
        return f"{brand.name} leads with {wording.percent(last[leader])}."
    own_share = wording.percent(last[brand.name])
    return f"{leader} leads with {wording.percent(last[leader])}; {brand.name} has {own_share}."


def _how_asked_paragraph(deployment: Deployment, call: Call, report: Report) -> str:
    """Return for each model its id, the way it was asked, and the number and day of its answers;
    then the number of checks.
    """
    parts = []
    for place in report.places:
        line = next(
            s for s in report.lines if s.key == (report.brand.name, place.model, VISIBILITY)
        )
        row = [run.id for run in line.runs].index(place.mine.run_id)
        questions = int((line.n[row] > 0).sum())
        parts.append(
            f"{deployment.names.name(place.model)} ({place.model.id}, {asked_by(place.model)}): "
            f"{wording.count(place.mine.n, 'answer')} to {wording.count(questions, 'question')} on "
            f"{wording.day(place.mine.at, call.zone)}"
        )
    every = sorted({run for model_runs in report.runs.values() for run in model_runs})
    checks = f"{wording.count(len(every), 'check')} since {wording.day(every[0].at, call.zone)}"
    return (
        f"{'; '.join(parts)}. {checks}. Answers of an API are not what people see in the apps, "
        "which search and cite differently: compare these figures only with themselves."
    )


def _method_paragraph(brand: Brand, rivals: int) -> str:
    """Return the paragraph that explains the figures of a page; `rivals` is the number of
    competitors.
    """
    return (
        f"“Named”: the answer names {brand.name}; each question weighs the same. “Usually”: the "
        "mean of the earlier checks, without those since a change that is not over. Share of "
        f"voice: of all mentions of {brand.name} and {wording.count(rivals, 'competitor')}, the "
        "mean of the models. “Likely range”: the true value lies in it nine times in ten. Claims "
        "are compared with the fact sheet alone. A program reads the answers and can misread a "
        "sentence; a source next to a claim need not be where it comes from."
    )
