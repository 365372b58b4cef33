"""What a check found, as a card: its counts, what it cost, what to do next.

What is news in it is in ``check_news.py``, what went wrong in ``check_faults.py``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import replace

from overheard.alerts.run_analysis import AnalysisResult
from overheard.alerts.service import DetectionResult
from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, fitting
from overheard.cards.command import Face, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands.check_faults import (
    failures_with_model_names,
    fault_sentences,
    unscored_sentences,
)
from overheard.commands.check_news import brand_card, learning_data, news_paragraphs
from overheard.commands.editions import pending_edition_sentences
from overheard.commands.standings import MetricLevel, standings_in
from overheard.deployment import Call, Deployment
from overheard.domain import Account, Model, Panel, Run, RunState
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


async def run_card(call: Call, result: RunResult[AnalysisResult]) -> Card:
    """Return the card of a run that has ended: the ranks of its first brand, new alerts, answers
    that are not scored, failures and warnings, and buttons for next steps. Below it are the cards
    of the other brands and, except in a chat, of the new alerts. A paused run, which has no
    analysis, gets a card with buttons to resume or cancel it.

    Args:
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
    failures = failures_with_model_names(outcome.failures, panel.models, deployment.names)
    brand_cards = [
        await brand_card(deployment, call, brand, rows, outcome) for brand in panel.brands
    ]
    first_card, *other_cards = [card for card, _ in brand_cards]
    mentions_alerts = any(mentions for _, mentions in brand_cards)
    failed = outcome.state is RunState.FAILED
    paragraphs = [
        *([] if failed else [str(first_card.text)]),
        *news_paragraphs(outcome, analysis, in_chat=in_chat, mentions_alerts=mentions_alerts),
        *unscored_sentences(outcome, deployment.names),
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
        words = f"routes add {quoted(panel.brands[0])}"
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
            "learning": learning_data(analysis.detection.learning),
            "bursts": list(analysis.bursts),
            "alerts": [alert.data for alert in analysis.announced],
        },
    )


def _incomplete_title(
    outcome: Outcome, answered_models: Collection[Model], names: ModelNames
) -> str:
    """Return the title of an incomplete check: that it failed, or which models did not answer.
    Empty when every model of the panel has a score, and when none has although the check has not
    failed.
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
    """Yield a button that asks the same questions again, with the same repeats, of the models of
    the panel that have no score; nothing for a run that a person stopped, or when every model has
    one.
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
    """Return whether the rounds of a first check are proposed after a run: if it is complete, has
    no label, asked each question once, and had no earlier run to be compared with.
    """
    has_earlier_run, asked_once = detection.compared, panel.repeats == 1
    is_complete, has_label = outcome.state is RunState.COMPLETE, bool(outcome.run.label)
    return is_complete and asked_once and not has_earlier_run and not has_label


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
    restart: that of its first brand, with the cards of the others below it. The text also has the
    alerts, the answers that are not scored, and the failures. It is a warning unless the run is
    complete.

    Args:
        outcome: The outcome of the run, which has a panel.
        rows: The levels of metrics of the panel's brands.
        alerts: The number of alerts that the run raised.
        note: The first paragraph, such as `RESTARTED`.
    """
    panel = outcome.run.panel
    brands, models = (panel.brands, panel.models) if panel else ((), ())
    first_card, *other_cards = [
        (await brand_card(deployment, call, brand, rows, outcome))[0] for brand in brands
    ]
    paragraphs = [note, str(first_card.text)]
    if alerts:
        paragraphs.append(f"Raised: {wording.count(alerts, 'alert')}.")
    failures = failures_with_model_names(outcome.failures, models, deployment.names)
    paragraphs += [*unscored_sentences(outcome, deployment.names), *fault_sentences(failures)]
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
        progress: Shows the progress of the scoring.
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
    """Return the streams (scores of one brand, model and metric) of a single run, by the scorer
    versions of `scoring`. Answers that the run reused from earlier runs count like its own.
    """
    store, run_id = deployment.store, outcome.run.id
    blocks = summed_blocks(
        [*await store.blocks.find(run=run_id), *await store.blocks.reused(run_id)]
    )
    return streams(block for block in blocks if block.version in scoring.versions)


async def _budget_and_judge_sentences(deployment: Deployment, run: Run) -> AsyncIterator[str]:
    """Yield a sentence for each budget that the run is charged to (those of the day, the month, its
    brands and its channel) and that is nearly or wholly spent. Then yield, judge by judge, a
    sentence if its agreement with the gold labels is low or has changed, and one if not all of its
    verdicts count.
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
