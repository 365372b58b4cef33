"""What is news after a check of a brand: alerts, or why there are none, and what is still learnt.

The card of the check is in ``check_card.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from overheard.alerts.events import name_without_id
from overheard.alerts.run_analysis import AnalysisResult
from overheard.alerts.story import (
    Story,
    StoryState,
    alerts_about,
    parts_over,
    read_stories,
    without_covered,
)
from overheard.cards import wording
from overheard.cards.card import Action, Card, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.command import quoted
from overheard.commands import standings
from overheard.commands.standings import MetricLevel, read_visibility
from overheard.deployment import Call, Deployment
from overheard.detection.power import Learning
from overheard.domain import Alert, AlertState, Run, RunState
from overheard.runs.tasks import Outcome


async def brand_card(
    deployment: Deployment, call: Call, brand: str, rows: Sequence[MetricLevel], outcome: Outcome
) -> tuple[Card, bool]:
    """Return the card of one brand after a run: its ranks and share of answers in a sentence, a
    table and a chart, its earlier alerts that are not over, its recoveries, buttons, and the number
    of answers with their cost.

    Args:
        brand: The brand's name.
        rows: The levels of metrics in the run, of this brand and others.

    Returns:
        The card, and whether its text mentions an alert or a recovery. Without a measured
        visibility the card has no chart and no ranks; if every question names a brand, it says so.
    """
    alerts = await without_covered(
        deployment.store, await alerts_about(deployment.store, brand, live=True)
    )
    measured_at = [(brand, model) for model in {row.model for row in rows}]
    stories = await read_stories(deployment, brand, included=measured_at)
    places = await read_visibility(deployment, brand, rows, stories)
    is_measured = any(row.brand == brand for row in rows)
    ranks = standings.standing_sentence(places, deployment.names)
    if is_measured and not places:
        ranks = standings.ONLY_BRANDED
    sentences = await _alert_sentences(deployment, call, alerts, stories.values(), outcome.run)
    chart = standings.rates(places, deployment.names) if places else None
    card = Card(
        title=standings.title(brand, places, deployment.names),
        text="\n\n".join(filter(None, [ranks, *sentences])),
        table=standings.table(places, deployment.names, pictured=True),
        image=await picture(chart, "check.png") if chart else None,
        actions=fitting(
            Action(f"report {quoted(brand)}", "Report"),
            Action(f"report {quoted(brand)} --details", "Details", menu=bool(alerts)),
            *(Action(f"alerts show {alert.id}", "Open alert") for alert in alerts[:1]),
        ),
        footer=f"{_answer_counts(outcome)} · {wording.money(outcome.spent)}",
    )
    return card, bool(sentences)


async def _alert_sentences(
    deployment: Deployment,
    call: Call,
    alerts: Iterable[Alert],
    stories: Iterable[Story],
    run: Run,
) -> list[str]:
    """Return a sentence for each of the alerts that was opened before the run, with its day, its
    model, whether a part of it is over and who takes care of it; then one for each model at which
    the brand has recovered with the run. Alerts that the run itself opened are left out.

    Args:
        call: The person who asks; days are those of the person's time zone.
        alerts: The brand's alerts that are not over.
        stories: What has happened to the brand at each model.
    """
    sentences = []
    for alert in alerts:
        if alert.opened_at >= run.started_at:
            continue
        opened_on = wording.short_day(alert.opened_at, call.zone)
        notes = [deployment.names.name(alert.shift.model)]
        if parts_over(await deployment.store.alerts.events(alert.id)):
            notes.append("partly over")
        if alert.state is AlertState.ACKNOWLEDGED:
            notes.append(f"{name_without_id(alert.by)} has it")
        sentences.append(f"Alert open since {opened_on}: {', '.join(notes)}.")
    for story in stories:
        has_recovered = story.state is StoryState.RECOVERED
        if has_recovered and story.ended and story.ended >= run.started_at:
            sentences.append(f"{deployment.names.name(story.model)} is back to what is usual.")
    return sentences


def _answer_counts(outcome: Outcome) -> str:
    """Return the number of answers of a run in words, and how many of them were stored before the
    run was resumed, were reused from earlier runs, or needed another call: ``24 answers, 4 asked
    before, 2 asked again``. Zero counts are left out.
    """
    counts = [wording.count(outcome.kept + outcome.complete, "answer")]
    if asked_before := outcome.kept - outcome.reused:
        counts.append(f"{asked_before:,} asked before")
    if outcome.reused:
        counts.append(f"{outcome.reused:,} reused")
    if outcome.retries:
        counts.append(f"{outcome.retries:,} asked again")
    return ", ".join(counts)


def learning_data(learning: Learning | None) -> dict[str, object] | None:
    """Return how far the shortest baseline is, for JSON output; None when all are long enough.

    ``runs`` is the number of runs learnt, of ``needed`` ones. ``change`` is the smallest loss of a
    rate (0 to 1) that would show until then, None if it is not known; ``lost`` is this loss as a
    number of answers, of the ``answers`` of a run.
    """
    if learning is None:
        return None
    return {
        "runs": learning.runs,
        "needed": learning.needed,
        "change": learning.change,
        "lost": learning.lost,
        "answers": learning.answers,
    }


def news_paragraphs(
    outcome: Outcome, analysis: AnalysisResult, *, in_chat: bool, mentions_alerts: bool
) -> Iterator[str]:
    """Yield the paragraphs on what is new after a run: its alerts, that there is nothing new, or
    that it is the first check; then on how many runs are learnt, and on reused answers.

    A failed run has a paragraph only if it changed alerts. A cancelled run is not compared.

    Args:
        in_chat: Whether the alerts that are announced with the card are named by their titles; else
            their cards stand below it.
        mentions_alerts: Whether the card mentions an alert or a recovery already. Then nothing is
            said of "nothing new" and of learning.
    """
    detection = analysis.detection
    if outcome.state is RunState.FAILED:
        if detection.alerts:
            yield f"{_alert_counts(outcome, detection.alerts)}."
        return
    if outcome.stopped:
        yield "It was cancelled; what was answered is kept, and is not compared with other checks."
    elif detection.alerts:
        titles = wording.listing([card.title for card in analysis.announced])
        where = f": {titles}" if in_chat else ", below"
        yield f"{_alert_counts(outcome, detection.alerts)}{where if titles else ''}."
    elif detection.compared and not mentions_alerts:
        yield "Nothing new since the last check."
    elif not detection.compared and not detection.learning:
        yield "This is the first check; the next one is compared with it."
    has_news = bool(outcome.stopped or mentions_alerts or detection.alerts)
    if detection.learning and not has_news:
        yield _learning_sentence(detection.learning)
    if outcome.reused:
        yield (
            f"{wording.count(outcome.reused, 'answer')} of earlier checks were reused: the figures "
            "count them, and the comparison does not."
        )


def _alert_counts(outcome: Outcome, alerts: Sequence[Alert]) -> str:
    """Return in words how many of the alerts were raised with the run, and how many are older and
    have changed with it: ``1 new alert and 2 open alerts have changed``. Zero counts are left out.

    Args:
        alerts: The alerts that the run has raised or changed, at least one.
    """
    new = sum(alert.shift.run_id == outcome.run.id for alert in alerts)
    changed = len(alerts) - new
    counts = [wording.count(new, "new alert")] if new else []
    if changed:
        have = "has" if changed == 1 else "have"
        counts.append(f"{wording.count(changed, 'open alert')} {have} changed")
    return " and ".join(counts)


def _learning_sentence(learning: Learning) -> str:
    """Return a sentence on how many runs of a baseline are learnt, of those needed. If the loss of
    answers that would be noticed until then is known, a second sentence has it.
    """
    progress = f"Still learning what is normal: {learning.runs} of {learning.needed} checks."
    if learning.change is None or not learning.answers:
        return progress
    loss = f"{learning.lost} of {learning.answers} answers"
    return f"{progress} Until then I would notice a loss of about {loss}."
