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
from overheard.commands.editions import pending_edition_sentences
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
    """Return the card of a run that has ended: the ranks of its first brand, new alerts, answers
    that are not scored, failures and warnings, and buttons for next steps. Below it are the cards
    of the other brands and, except in a chat, of the new alerts. A paused run, which has no
    analysis, gets a card with buttons to resume or cancel it.

    Args:
        call: The person who asks, the channel, and the progress display.
        result: The outcome of the run; its analysis is None for a paused run.
    """
    outcome, analysis = result.outcome, result.found
    panel, in_chat = outcome.run.panel, call.face is Face.CHAT
    if analysis is None or panel is None:
        return paused_card(outcome)
    deployment = analysis.deployment
    rows = await standings_of(deployment, call.progress, panel, outcome)
    warnings = [
        *analysis.detection.categories,
        *outcome.notes,
        *analysis.detection.doubts,
        *await pending_edition_sentences(deployment),
    ]
    warnings += [
        sentence async for sentence in _budget_and_judge_sentences(deployment, outcome.run)
    ]
    faults = deployment.scoring.faults
    failures = _failures_with_model_names(outcome.failures, panel.models, deployment.names)
    brand_cards = [
        await _brand_card(deployment, call, brand, rows, outcome) for brand in panel.brands
    ]
    first_card, *other_cards = [card for card, _ in brand_cards]
    mentions_alerts = any(mentions for _, mentions in brand_cards)
    failed = outcome.state is RunState.FAILED
    paragraphs = [
        *([] if failed else [str(first_card.text)]),
        *_news_paragraphs(outcome, analysis, in_chat=in_chat, mentions_alerts=mentions_alerts),
        *_unscored_sentences(outcome, deployment.names),
        *fault_sentences(failures + faults),
        *(() if in_chat else analysis.bursts),
        *warnings,
    ]
    severity = Severity.WARNING
    if failed:
        severity = Severity.BAD
    elif outcome.state is RunState.COMPLETE and not warnings:
        severity = Severity.PLAIN
    answered_models = {row.model for row in rows}
    next_steps = list(_retry_actions(panel, outcome, answered_models, deployment.names))
    if proposes_first_check(panel, outcome, analysis.detection):
        next_steps.append(FIRST_CHECK_ACTION)
    if in_chat and analysis.announced and not deployment.config.routes:
        words = f"subscribe {quoted(panel.brands[0])}"
        next_steps.append(Action(words, "Alerts into this channel"))
    return replace(
        first_card,
        actions=fitting(*next_steps, *first_card.actions),
        title=_incomplete_title(outcome, answered_models, deployment.names) or first_card.title,
        text="\n\n".join(filter(None, paragraphs)),
        severity=severity,
        more=(*other_cards, *(() if in_chat else analysis.announced)),
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


def _incomplete_title(
    outcome: Outcome, answered_models: Collection[Model], names: ModelNames
) -> str:
    """Return the title of a check that failed, or in which some models answered nothing; empty when
    every model of the panel answered, and when no model did although the check has not failed.

    Args:
        outcome: The outcome of the check.
        answered_models: The models with a score.
        names: The display names of models.
    """
    if outcome.state is RunState.FAILED:
        return "The check failed: no question was answered"
    panel = outcome.run.panel
    if panel is None or not answered_models:
        return ""
    silent_models = sorted(set(panel.models) - set(answered_models))
    if not silent_models:
        return ""
    silent_names = wording.listing([names.name(model) for model in silent_models])
    return f"Part of a check: {silent_names} did not answer"


def _retry_actions(
    panel: Panel, outcome: Outcome, answered_models: Collection[Model], names: ModelNames
) -> Iterator[Action]:
    """Yield a button that asks the same questions again of the models of the panel that did not
    answer; nothing for a run that a person stopped, or when every model has answered.

    Args:
        panel: The panel of the run.
        outcome: The outcome of the run.
        answered_models: The models with a score.
        names: The display names of models.
    """
    silent_models = sorted(set(panel.models) - set(answered_models))
    if outcome.stopped or not silent_models:
        return
    brands = "".join(f" {quoted(brand)}" for brand in panel.brands)
    models = "".join(f" --model {quoted(str(model))}" for model in silent_models)
    repeats = f" --repeats {panel.repeats}" if panel.repeats > 1 else ""
    if len(silent_models) == 1:
        who = names.name(silent_models[0])
    else:
        who = "them" if answered_models else "everything"
    yield Action(f"check{brands}{models}{repeats}", f"Ask {who} again", Style.PRIMARY)


def proposes_first_check(panel: Panel, outcome: Outcome, detection: DetectionResult) -> bool:
    """Return whether the rounds of a first check are proposed: after a complete run without a label
    that asked each question once and had no earlier run to be compared with.
    """
    return (
        outcome.state is RunState.COMPLETE
        and not detection.compared
        and panel.repeats == 1
        and not outcome.run.label
    )


async def _brand_card(
    deployment: Deployment, call: Call, brand: str, rows: Sequence[MetricLevel], outcome: Outcome
) -> tuple[Card, bool]:
    """Return the card of one brand after a run: its ranks and share of answers in a sentence, a
    table and a chart, its earlier alerts that are not over, its recoveries, buttons, and the number
    of answers with their cost.

    Args:
        deployment: The open deployment.
        call: The person who asks, and the channel.
        brand: The brand's name.
        rows: The levels of metrics in the run, of this brand and others.
        outcome: The outcome of the run.

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
        deployment: The open deployment.
        call: The person who asks; days are those of the person's time zone.
        alerts: The brand's alerts that are not over.
        stories: What has happened to the brand at each model.
        run: The run.
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


def _learning_data(learning: Learning | None) -> dict[str, object] | None:
    """Return how far the shortest baseline is, for JSON output; None when all are long enough.
    ``runs`` of ``needed`` runs are learnt; ``change`` is the smallest loss of a rate (0 to 1) that
    would show, ``lost`` the same as a number of a run's ``answers``.
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


RESTARTED = "I was restarted while I worked on this, and have gone on."


async def completed_later_card(
    deployment: Deployment,
    call: Call,
    outcome: Outcome,
    rows: Sequence[MetricLevel],
    alerts: int,
    note: str,
) -> Card:
    """Return the card of a run that ended when nobody waited for it any more, such as after a
    restart. It is a warning unless the run is complete.

    Args:
        deployment: The open deployment.
        call: The person who asked for the run, and the channel.
        outcome: The outcome of the run, which has a panel.
        rows: The levels of metrics of the panel's brands.
        alerts: The number of alerts that the run raised.
        note: The first paragraph, such as `RESTARTED`.
    """
    panel = outcome.run.panel
    brands, models = (panel.brands, panel.models) if panel else ((), ())
    first_card, *other_cards = [
        (await _brand_card(deployment, call, brand, rows, outcome))[0] for brand in brands
    ]
    paragraphs = [note, str(first_card.text)]
    if alerts:
        paragraphs.append(f"Raised: {wording.count(alerts, 'alert')}.")
    failures = _failures_with_model_names(outcome.failures, models, deployment.names)
    paragraphs += [*_unscored_sentences(outcome, deployment.names), *fault_sentences(failures)]
    is_complete = outcome.state is RunState.COMPLETE
    return replace(
        first_card,
        text="\n\n".join(filter(None, paragraphs)),
        severity=Severity.PLAIN if is_complete else Severity.WARNING,
        more=tuple(other_cards),
        data=_outcome_json(outcome),
    )


def paused_card(outcome: Outcome) -> Card:
    """Return the card of a paused run: its counts, and buttons that resume or cancel the run."""
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
    """Return the outcome of a run for JSON output. ``answers`` counts all answers, also incomplete
    ones; ``endings`` counts the incomplete ones by ``model finish``, ``failures`` the questions
    without an answer by the reason as a sentence. Prices are in US dollars.
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
    outcome: Outcome, analysis: AnalysisResult, *, in_chat: bool, mentions_alerts: bool
) -> Iterator[str]:
    """Yield the paragraphs on what is new after a run: its alerts, that there is nothing new, or
    that it is the first check; then on how many runs are learnt, and on reused answers.

    A failed run has a paragraph only if it changed alerts. A cancelled run is not compared.

    Args:
        outcome: The outcome of the run.
        analysis: The result of its analysis.
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
    """Return in words how many of the alerts were raised with this run, and how many are older and
    have changed with it: ``1 new alert and 2 open alerts have changed``. Zero counts are left out.
    """
    new = sum(alert.shift.run_id == outcome.run.id for alert in alerts)
    changed = len(alerts) - new
    counts = [wording.count(new, "new alert")] if new else []
    if changed:
        have = "has" if changed == 1 else "have"
        counts.append(f"{wording.count(changed, 'open alert')} {have} changed")
    return " and ".join(counts)


def _unscored_sentences(outcome: Outcome, names: ModelNames) -> Iterator[str]:
    """Yield a sentence for each model and each ending that keeps answers from being scored, such as
    ``2 answers of ChatGPT were refused by the model, and are not scored``.
    """
    for (model, finish), count in outcome.cut.items():
        was, is_ = ("was", "is") if count == 1 else ("were", "are")
        subject = f"{wording.count(count, 'answer')} of {names.name(model)}"
        yield f"{subject} {was} {ENDINGS[finish]}, and {is_} not scored."


def _learning_sentence(learning: Learning) -> str:
    """Return a sentence on how many runs of a baseline are learnt of those needed; followed by one
    on the loss of answers that would be noticed until then, if it is known.
    """
    progress = f"Still learning what is normal: {learning.runs} of {learning.needed} checks."
    if learning.change is None or not learning.answers:
        return progress
    loss = f"{learning.lost} of {learning.answers} answers"
    return f"{progress} Until then I would notice a loss of about {loss}."


def _failures_with_model_names(
    failures: Counter[str], models: Sequence[Model], names: ModelNames
) -> Counter[str]:
    """Return the number of failures by sentence, with the display names of the models in place of
    their ids; sentences that become equal are added up. A sentence that begins with the pause of a
    model is cut to the sentences behind, which give the reason.

    Args:
        failures: The number of failures by sentence.
        models: The models whose ids may occur in the sentences.
        names: The display names of models.
    """
    named_failures: Counter[str] = Counter()
    for sentence, count in failures.items():
        words = sentence
        for model in models:
            if words.startswith(f"{model} is paused for "):
                words = words.partition(". ")[2] or words
            words = words.replace(str(model), names.name(model))
        named_failures[words] += count
    return named_failures


def fault_sentences(faults: Counter[str]) -> Iterator[str]:
    """Yield each fault as a sentence with its count: ``ChatGPT did not answer 3 questions: ...`` if
    the fault is ``ChatGPT did not answer: ...``, else the fault with ``(3 times)`` behind it.
    """
    for sentence, count in faults.items():
        model, did_not_answer, reason = sentence.partition(" did not answer: ")
        if did_not_answer:
            yield f"{model} did not answer {wording.count(count, 'question')}: {reason}"
        else:
            yield f"{sentence} ({wording.count(count, 'time')})"


def _count_fields(outcome: Outcome) -> Iterator[Field]:
    """Yield the fields of a paused run's card: the numbers of answers, failures and retries, and
    the price, which is called approximate if a part of it is estimated. Zero counts are left out,
    except that of the answers.
    """
    yield Field("Answers", f"{outcome.kept + outcome.complete:,}")
    asked_before = outcome.kept - outcome.reused
    if asked_before > 0:
        yield Field("Of these, asked before", f"{asked_before:,}")
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
    """Return the level of each metric of a panel's brands and their competitors in a run.

    Brands that are newer than the catalogue by which history is scored come last. The run's answers
    are scored for them by the current catalogue first, and these scores are stored.

    Args:
        deployment: The open deployment.
        progress: Shows the progress of the scoring.
        panel: The panel of the run.
        outcome: The outcome of the run.
    """
    names = deployment.catalogue.names_with_rivals(panel.brands)
    scored_names = [name for name in names if deployment.scoring.catalogue.brand(name)]
    new_names = [name for name in names if name not in scored_names]
    streams_of_run = await _run_streams(deployment, outcome, deployment.scoring)
    rows = standings_in(streams_of_run, scored_names, deployment.scoring)
    if new_names:  # there is no history of them to compare with
        current = deployment.current
        await current.catch_up(deployment.store, progress, part=outcome.run)
        new_streams = await _run_streams(deployment, outcome, current)
        rows += standings_in(new_streams, new_names, current)
    return rows


async def _run_streams(deployment: Deployment, outcome: Outcome, scoring: Scoring) -> list[Stream]:
    """Return the streams of a run by the scorer versions of a scoring, with the scores of the
    answers that the run reused.
    """
    store, run_id = deployment.store, outcome.run.id
    blocks = summed_blocks(
        [*await store.blocks.find(run=run_id), *await store.blocks.reused(run_id)]
    )
    return streams(block for block in blocks if block.version in scoring.versions)


async def _budget_and_judge_sentences(deployment: Deployment, run: Run) -> AsyncIterator[str]:
    """Yield a sentence for each budget of the run (of the day, the month, its brands and its
    channel) that is nearly or wholly spent; then for each judge whose agreement with the gold
    labels is low or has changed, and for each whose verdicts do not all count.
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
