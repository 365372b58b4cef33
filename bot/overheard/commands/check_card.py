"""What a check found, as a card."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from overheard.alerts.detection_service import DetectionResult
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
from overheard.cards.card import Action, Card, Field, Severity, Style, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.command import Face, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands import standings
from overheard.commands.editions import waiting
from overheard.commands.standings import MetricLevel, read_visibility, standings_in
from overheard.deployment import Call, Deployment
from overheard.detection.learning import Learning
from overheard.domain import Account, Alert, AlertState, Finish, Model, Panel, Run, RunState
from overheard.interfaces import Progress
from overheard.measure.blocks import Stream, streams
from overheard.runs.answers import summed_blocks
from overheard.runs.budget import key_of, nearly_spent
from overheard.runs.service import RunResult
from overheard.runs.tasks import Outcome
from overheard.scoring.judge import judges
from overheard.scoring.judge_drift import agreements, doubt, lost_verdicts
from overheard.scoring.service import Scoring

FIRST_CHECK_ACTION = Action("check --first", "Ask ten times over a day")
ENDINGS = {
    Finish.LENGTH: "cut at a limit of the service",
    Finish.FILTERED: "withheld or cut by a content filter",
    Finish.REFUSED: "refused by the model",
    Finish.FOREIGN: "in another language than the question's",
    Finish.CUT: "broken off without an end",
}
"""Why an answer is not scored, after a count of answers and ``was`` or ``were``."""


async def run_card(call: Call, result: RunResult[AnalysisResult]) -> Card:
    """Return the card of a run that has ended or paused: standings, new alerts, failures, warnings,
    next steps.

    Args:
        call: The person who asks, the channel, and the progress display.
        result: The outcome of the run; its analysis is None for a paused run.
    """
    outcome, analysis = result.outcome, result.found
    panel, in_chat = outcome.run.panel, call.face is Face.CHAT
    if analysis is None or panel is None:
        return paused(outcome)
    deployment = analysis.deployment
    rows = await standings_of(deployment, call.progress, panel, outcome)
    warnings = [
        *analysis.detection.categories,
        *outcome.notes,
        *analysis.detection.doubts,
        *await waiting(deployment),
    ]
    warnings += [warning async for warning in _warnings(deployment, outcome.run)]
    faults = deployment.scoring.faults
    brand_cards = [
        await _brand_card(deployment, call, brand, rows, outcome) for brand in panel.brands
    ]
    first, *others = [card for card, _ in brand_cards]
    is_reported = any(has_alerts for _, has_alerts in brand_cards)
    paragraphs = [
        *_news_paragraphs(outcome, analysis, in_chat=in_chat, is_reported=is_reported),
        *_unscored_sentences(outcome, deployment.names),
        *fault_sentences(
            _failures_with_model_names(outcome.failures, panel.models, deployment.names) + faults
        ),
        *(() if in_chat else analysis.bursts),
        *warnings,
    ]
    failed = outcome.state is RunState.FAILED
    answered = {row.model for row in rows}
    well = outcome.state is RunState.COMPLETE and not warnings
    next_steps = list(_retry_actions(panel, outcome, answered, deployment.names))
    if proposes_first(panel, outcome, analysis.detection):
        next_steps.append(FIRST_CHECK_ACTION)
    if in_chat and analysis.announced and not deployment.config.routes:
        words = f"subscribe {quoted(panel.brands[0])}"
        next_steps.append(Action(words, "Alerts into this channel"))
    return replace(
        first,
        actions=fitting(*next_steps, *first.actions),
        title=_incomplete_title(outcome, answered, deployment.names) or first.title,
        text="\n\n".join(filter(None, ["" if failed else str(first.text), *paragraphs])),
        severity=Severity.BAD if failed else Severity.PLAIN if well else Severity.WARNING,
        more=(*others, *(() if in_chat else analysis.announced)),
        failed=failed,
        partial=outcome.state is RunState.PARTIAL,
        data={
            **_outcome_json(outcome),
            "prompts": panel.edition,
            "faults": dict(faults),
            "warnings": warnings,
            "results": [row.data() for row in rows],
            "learning": _learning_data(analysis.detection.learning),
            "bursts": list(analysis.bursts),
            "alerts": [alert.data for alert in analysis.announced],
        },
    )


def _incomplete_title(outcome: Outcome, answered: Collection[Model], names: ModelNames) -> str:
    """Return the title of a check in which a model answered nothing; empty when every model
    answered.

    Args:
        outcome: The outcome of the check.
        answered: The models with a score.
        names: The display names of models.
    """
    if outcome.state is RunState.FAILED:
        return "The check failed: no question was answered"
    panel = outcome.run.panel
    silent = sorted(set(panel.models) - set(answered)) if panel and answered else []
    if not silent:
        return ""
    return f"Part of a check: {wording.listing(list(map(names.name, silent)))} did not answer"


def _retry_actions(
    panel: Panel, outcome: Outcome, answered: Collection[Model], names: ModelNames
) -> Iterator[Action]:
    """Yield a button that asks again the models that are not in `answered`; nothing for a cancelled
    run or when every model has answered.
    """
    silent = sorted(set(panel.models) - set(answered))
    if outcome.stopped or not silent:
        return
    brands = "".join(f" {quoted(brand)}" for brand in panel.brands)
    models = "".join(f" --model {quoted(str(model))}" for model in silent)
    repeats = f" --repeats {panel.repeats}" if panel.repeats > 1 else ""
    who = names.name(silent[0]) if len(silent) == 1 else "them" if answered else "everything"
    yield Action(f"check{brands}{models}{repeats}", f"Ask {who} again", Style.PRIMARY)


def proposes_first(panel: Panel, outcome: Outcome, look: DetectionResult) -> bool:
    """Return whether further rounds are proposed: after a complete first run (`look` has no
    comparison) that asked each question once.
    """
    return (
        outcome.state is RunState.COMPLETE
        and not look.compared
        and panel.repeats == 1
        and not outcome.run.label
    )


async def _brand_card(
    deployment: Deployment, call: Call, brand: str, rows: Sequence[MetricLevel], outcome: Outcome
) -> tuple[Card, bool]:
    """Return the card of one brand after a run, from the standings `rows`: ranks, chart, open
    alerts, buttons. Also return whether its text mentions an alert or a recovery.
    """
    alerts = await without_covered(
        deployment.store, await alerts_about(deployment.store, brand, live=True)
    )
    known = [(brand, model) for model in {row.model for row in rows}]
    stories = await read_stories(deployment, brand, included=known)
    places = await read_visibility(deployment, brand, rows, stories)
    has_rows = any(row.brand == brand for row in rows)
    unmeasured = standings.ONLY_BRANDED if has_rows and not places else ""
    sentences = await _alert_sentences(deployment, call, alerts, stories.values(), outcome.run)
    ranks = standings.standing_sentence(places, deployment.names) or unmeasured
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
    """Return a sentence for each alert opened before the run, and one for each story of a brand at
    a model that the run showed to have recovered.
    """
    sentences = []
    for alert in alerts:
        if alert.opened_at < run.started_at:
            over = parts_over(await deployment.store.alerts.events(alert.id))
            sentences.append(
                f"Alert open since {wording.short_day(alert.opened_at, call.zone)}: "
                f"{deployment.names.name(alert.shift.model)}{', partly over' if over else ''}"
                f"{_owner(alert)}."
            )
    for story in stories:
        ended = story.ended if story.state is StoryState.RECOVERED else None
        if ended and ended >= run.started_at:
            sentences.append(f"{deployment.names.name(story.model)} is back to what is usual.")
    return sentences


def _owner(alert: Alert) -> str:
    return f", {name_without_id(alert.by)} has it" if alert.state is AlertState.ACKNOWLEDGED else ""


def _answer_counts(outcome: Outcome) -> str:
    """Return the number of answers behind the figures, and how many of them were asked earlier,
    reused or asked again, in words.
    """
    total = outcome.kept + outcome.complete
    parts = [wording.count(total, "answer")]
    if before := outcome.kept - outcome.reused:
        parts.append(f"{before:,} asked before")
    if outcome.reused:
        parts.append(f"{outcome.reused:,} reused")
    if outcome.retries:
        parts.append(f"{outcome.retries:,} asked again")
    return ", ".join(parts)


def _learning_data(learning: Learning | None) -> dict[str, object] | None:
    """Return how many runs of the baseline are learnt, for JSON output; None when learning is
    complete or not applicable.
    """
    return (
        None
        if learning is None
        else {
            "runs": learning.runs,
            "needed": learning.needed,
            "change": learning.change,
            "lost": learning.lost,
            "answers": learning.answers,
        }
    )


RESTARTED = "I was restarted while I worked on this, and have gone on."


async def gone_on(
    deployment: Deployment,
    call: Call,
    outcome: Outcome,
    rows: Sequence[MetricLevel],
    alerts: int,
    note: str,
) -> Card:
    """Return the card of a run that was completed after a restart, when its reader no longer
    waited.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        outcome: The outcome of the run.
        rows: The standings of the panel's brands.
        alerts: The number of alerts that the run raised.
        note: The first paragraph, such as `RESTARTED`.
    """
    panel = outcome.run.panel
    first, *others = [
        (await _brand_card(deployment, call, brand, rows, outcome))[0]
        for brand in (panel.brands if panel else ())
    ]
    notes = [
        note,
        str(first.text),
        *([f"Raised: {wording.count(alerts, 'alert')}."] if alerts else []),
        *_unscored_sentences(outcome, deployment.names),
        *fault_sentences(
            _failures_with_model_names(
                outcome.failures, panel.models if panel else (), deployment.names
            )
        ),
    ]
    complete = outcome.state is RunState.COMPLETE
    return replace(
        first,
        text="\n\n".join(filter(None, notes)),
        severity=Severity.PLAIN if complete else Severity.WARNING,
        more=tuple(others),
        data=_outcome_json(outcome),
    )


def paused(outcome: Outcome) -> Card:
    """Return the card of a paused run, with buttons that resume or cancel the run."""
    key = outcome.run.key
    return Card(
        title="Paused",
        text="What was answered is kept; the rest is asked when you resume.",
        fields=tuple(_count_fields(outcome)),
        actions=(
            Action(f"runs resume {key}", "Resume", Style.PRIMARY),
            Action(f"runs cancel {key}", "Cancel", Style.DANGER),
        ),
        severity=Severity.WARNING,
        footer=f"Run {key}",
        data=_outcome_json(outcome),
    )


def _outcome_json(outcome: Outcome) -> dict[str, object]:
    """Return the outcome of a run for JSON output: counts of answers, failures by sentence, prices
    in US dollars.
    """
    return {
        "run": outcome.run.key,
        "label": outcome.run.label,
        "state": outcome.state.value,
        "answers": outcome.kept + outcome.complete + outcome.incomplete,
        "kept": outcome.kept,
        "reused": outcome.reused,
        "incomplete": outcome.incomplete,
        "endings": {f"{model} {finish}": count for (model, finish), count in outcome.cut.items()},
        "failures": dict(outcome.failures),
        "retries": outcome.retries,
        "spent_usd": outcome.spent,
        "estimated_usd": outcome.estimated,
    }


def _news_paragraphs(
    outcome: Outcome, analysis: AnalysisResult, *, in_chat: bool, is_reported: bool
) -> Iterator[str]:
    """Yield the paragraphs on new alerts and on how many runs are learnt, from `analysis`; none of
    these when `is_reported` (the card already mentions an alert). In a chat, alerts without a
    message there are named by title; a terminal prints them below the card.
    """
    detection = analysis.detection
    if outcome.state is RunState.FAILED:
        if detection.alerts:
            yield f"{_alert_counts(outcome, detection.alerts)}."
        return
    if outcome.stopped:
        yield "It was cancelled; what was answered is kept, and is not compared with other checks."
    elif detection.alerts:
        told = wording.listing([card.title for card in analysis.announced])
        shown = (f": {told}" if in_chat else ", below") if told else ""
        yield f"{_alert_counts(outcome, detection.alerts)}{shown}."
    elif detection.compared and not is_reported:
        yield "Nothing new since the last check."
    elif not detection.compared and not detection.learning:
        yield "This is the first check; the next one is compared with it."
    if detection.learning and not (outcome.stopped or is_reported or detection.alerts):
        yield _learning_sentence(detection.learning)
    if outcome.reused:
        yield (
            f"{wording.count(outcome.reused, 'answer')} of earlier checks were reused: the figures "
            "count them, and the comparison does not."
        )


def _alert_counts(outcome: Outcome, alerts: Sequence[Alert]) -> str:
    """Return in words how many of the alerts are new in this run, and how many are older and
    changed.
    """
    new = sum(alert.shift.run_id == outcome.run.id for alert in alerts)
    changed = len(alerts) - new
    parts = [wording.count(new, "new alert")] if new else []
    if changed:
        have = "has" if changed == 1 else "have"
        parts.append(f"{wording.count(changed, 'open alert')} {have} changed")
    return " and ".join(parts)


def _unscored_sentences(outcome: Outcome, names: ModelNames) -> Iterator[str]:
    """Yield a sentence for each model and ending whose answers are not scored, with their
    number.
    """
    for (model, finish), count in outcome.cut.items():
        was, is_ = ("was", "is") if count == 1 else ("were", "are")
        answer_count = wording.count(count, "answer")
        yield (
            f"{answer_count} of {names.name(model)} {was} {ENDINGS[finish]}, and {is_} not scored."
        )


def _learning_sentence(learning: Learning) -> str:
    """Return a sentence on the learning of a baseline: the number of runs learnt of those needed,
    and, if known, the loss of answers that would be noticed until then.
    """
    far = f"Still learning what is normal: {learning.runs} of {learning.needed} checks"
    if learning.change is None:
        return f"{far}."
    return (
        f"{far}. Until then I would notice a loss of about "
        f"{learning.lost} of {learning.answers} answers."
        if learning.answers
        else f"{far}."
    )


def _failures_with_model_names(
    failures: Counter[str], models: Sequence[Model], names: ModelNames
) -> Counter[str]:
    """Return the number of failures by sentence, with display names of models; for a paused model
    the sentence is reduced to the reason of the pause.
    """
    worded: Counter[str] = Counter()
    for sentence, count in failures.items():
        words = sentence
        for model in models:
            if words.startswith(f"{model} is paused for "):
                words = words.partition(". ")[2] or words
            words = words.replace(str(model), names.name(model))
        worded[words] += count
    return worded


def fault_sentences(faults: Counter[str]) -> Iterator[str]:
    """Yield a sentence for each fault, with its number of questions or times."""
    for sentence, count in faults.items():
        who, silent, why = sentence.partition(" did not answer: ")
        if silent:
            yield f"{who} did not answer {wording.count(count, 'question')}: {why}"
        else:
            yield f"{sentence} ({wording.count(count, 'time')})"


def _count_fields(outcome: Outcome) -> Iterator[Field]:
    """Yield the fields of a run's card: numbers of answers, failures and retries, and the price;
    zero counts are left out.
    """
    yield Field("Answers", f"{outcome.kept + outcome.complete:,}")
    before = outcome.kept - outcome.reused
    if before > 0:
        yield Field("Of these, asked before", f"{before:,}")
    if outcome.reused:
        yield Field("Of these, reused", f"{outcome.reused:,}")
    if outcome.incomplete:
        yield Field("Incomplete, not scored", f"{outcome.incomplete:,}")
    if outcome.failures:
        yield Field("Without an answer", f"{outcome.failures.total():,}")
    if outcome.retries:
        yield Field("Asked again", f"{outcome.retries:,}")
    yield Field("Spent", wording.money(outcome.spent, about=outcome.estimated > 0))


async def standings_of(
    deployment: Deployment, progress: Progress, panel: Panel, outcome: Outcome
) -> list[MetricLevel]:
    """Return the standings of a panel's brands and their competitors in a run. If a brand is newer
    than the scored history, the run's answers are scored for it first.
    """
    names = deployment.catalogue.names_with_rivals(panel.brands)
    known = [name for name in names if deployment.scoring.catalogue.brand(name)]
    new = [name for name in names if name not in known]
    rows = standings_in(
        await _run_streams(deployment, outcome, deployment.scoring), known, deployment.scoring
    )
    if new:  # what history is read by does not know them yet, so that there is nothing to compare
        current = deployment.current
        await current.catch_up(deployment.store, progress, part=outcome.run)
        rows += standings_in(await _run_streams(deployment, outcome, current), new, current)
    return rows


async def _run_streams(deployment: Deployment, outcome: Outcome, scoring: Scoring) -> list[Stream]:
    """Return the streams of a run's scores, including those of reused answers."""
    store, run_id = deployment.store, outcome.run.id
    blocks = summed_blocks(
        [*await store.blocks.find(run=run_id), *await store.blocks.reused(run_id)]
    )
    return streams(block for block in blocks if block.version in scoring.versions)


async def _warnings(deployment: Deployment, run: Run) -> AsyncIterator[str]:
    """Yield a sentence for each budget that is spent to `WARNING` or more, and for each
    judge with too little agreement or lost verdicts.
    """
    panel, now = run.panel, deployment.clock.now()
    accounts: dict[Account, None] = {}
    for prompt in panel.prompts if panel else ():
        accounts.update(dict.fromkeys(run.payer.accounts(prompt, now)))
    spent = await nearly_spent(deployment.config.budget, deployment.store.money, accounts)
    for account, (usd, limit) in spent.items():
        yield (
            f"{wording.money(usd)} of [budget] {key_of(account)} = {wording.money(limit)} are "
            f"spent ({wording.percent(usd / limit)})."
        )
    for judge in judges(deployment.plugins.scorers.values()):
        if sentence := doubt(judge, await agreements(deployment.store, judge)):
            yield sentence
        if sentence := lost_verdicts(judge):
            yield sentence
