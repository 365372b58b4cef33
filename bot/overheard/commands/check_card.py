"""What a check found, as a card: its counts, what it cost, what to do next.

What is news in it, and what went wrong, is in ``check_news.py``.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace

from overheard.alerts.run_analysis import AnalysisResult
from overheard.alerts.service import DetectionResult
from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, fitting, picked
from overheard.cards.command import Face, quoted
from overheard.commands.check_news import (
    brand_card,
    failures_with_model_names,
    fault_sentences,
    learning_data,
    news_paragraphs,
    unscored_sentences,
)
from overheard.commands.scores import pending_edition_sentences
from overheard.commands.setup.checklist import checklist, go_on
from overheard.deployment import Call
from overheard.domain import Account, Panel, Run, RunState
from overheard.runs.budget import key_of, nearly_spent
from overheard.runs.plan import skip_note
from overheard.runs.presence import Presence
from overheard.runs.service import RunResult
from overheard.runs.tasks import Outcome
from overheard.scoring.judge import agreements, doubt, judges, lost_verdicts
from overheard.views.news import Telling
from overheard.views.standings import MetricLevel, levels_data

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
    call = replace(call, deployment=analysis.deployment)
    await call.deployment.score_new_brands(call.progress, outcome.run)
    warnings = [
        *analysis.detection.categories,
        *outcome.notes,
        *analysis.detection.doubts,
        *await pending_edition_sentences(call),
    ]
    warnings += [sentence async for sentence in _budget_and_judge_sentences(call, outcome.run)]
    faults = call.scoring.faults
    failures = failures_with_model_names(outcome.failures, panel.models, call.names)
    brand_cards = [await brand_card(call, brand, outcome) for brand in panel.brands]
    first_card, *other_cards = [card for card, _ in brand_cards]
    tellings = [telling for _, telling in brand_cards]
    state = outcome.state
    is_calm = first_card.severity in {Severity.GOOD, Severity.PLAIN}
    paragraphs = [
        str(first_card.text),
        *news_paragraphs(outcome, analysis, tellings, in_chat=in_chat),
        *unscored_sentences(outcome, call.names),
        *fault_sentences(faults if _tells_reasons(tellings) else failures + faults),
        *warnings,
        f"{note}." if (note := skip_note(panel, call.names.name)) else "",
    ]
    severity = first_card.severity
    if is_calm and (state is not RunState.COMPLETE or warnings):
        severity = Severity.WARNING
    rows = run_rows(tellings, outcome)
    answered_models = {row.model for row in rows}
    silent_models = sorted(set(panel.models) - answered_models)
    next_steps = []
    if silent_models and not outcome.stopped:
        brands = "".join(f" {quoted(brand)}" for brand in panel.brands)
        chosen = silent_models if answered_models else []  # else all: a button's words are short
        models = "".join(f" --model {quoted(str(model))}" for model in chosen)
        repeats = f" --repeats {panel.repeats}" if panel.repeats > 1 else ""
        who = "them" if answered_models else "everything"
        if len(silent_models) == 1:
            who = call.names.name(silent_models[0])
        words = f"check{brands}{models}{repeats}"
        next_steps.append(Action(words, f"Ask {who} again", Style.PRIMARY))
    if proposes_first_check(panel, outcome, analysis.detection):
        next_steps.append(FIRST_CHECK_ACTION)
    if in_chat and not analysis.detection.compared:
        setup = await checklist(call)
        paragraphs.append(setup.missing())
        next_steps = [*go_on(setup), *next_steps]
    if in_chat and analysis.announced and not call.config.routes:
        words = f"routes add {quoted(panel.brands[0])}"
        next_steps.append(Action(words, "Alerts into this channel"))
    return replace(
        first_card,
        actions=tuple(
            sorted(
                fitting(*next_steps, *first_card.actions),
                key=lambda action: action.style is not Style.PRIMARY,
            )
        ),
        text="\n\n".join(filter(None, paragraphs)),
        severity=severity,
        more=(*other_cards, *(() if in_chat else analysis.announced)),
        failed=state is RunState.FAILED,
        partial=state is RunState.PARTIAL,
        data={
            **_outcome_json(outcome),
            "prompts": panel.edition,
            "faults": dict(faults),
            "warnings": warnings,
            "results": levels_data(rows),
            "learning": learning_data(analysis.detection.learning),
            "bursts": list(analysis.bursts),
            "alerts": [alert.data for alert in analysis.announced],
            "situation": [telling.situation.data() for telling in tellings],
        },
    )


def _tells_reasons(tellings: Iterable[Telling]) -> bool:
    """Return whether the news says already why no model answered."""
    situations = [telling.situation for telling in tellings]
    return all(
        one.all_failed and all(there.failure for there in one.at_models(Presence.SILENT))
        for one in situations
    )


def run_rows(tellings: Iterable[Telling], outcome: Outcome) -> list[MetricLevel]:
    """Return the levels of metrics in a run, of its brands and their competitors, each once: sorted
    by model.
    """
    rows = {
        (row.brand, row.model, row.metric.name): row
        for telling in tellings
        for row in telling.situation.rows
        if row.point.run_id == outcome.run.id
    }
    return sorted(rows.values(), key=lambda row: row.model)


def proposes_first_check(panel: Panel, outcome: Outcome, detection: DetectionResult) -> bool:
    """Return whether the rounds of a first check are proposed after a run: if it is complete, has
    no label, asked each question once, and had no earlier run to be compared with.
    """
    has_earlier_run, asked_once = detection.compared, panel.repeats == 1
    is_complete, has_label = outcome.state is RunState.COMPLETE, bool(outcome.run.label)
    return is_complete and asked_once and not has_earlier_run and not has_label


RESTARTED = "I was restarted while I worked on this, and have gone on."


async def completed_later_card(call: Call, outcome: Outcome, alerts: int, note: str) -> Card:
    """Return the card of a run that ended when nobody waited for it any more, such as after a
    restart: that of its first brand, with the cards of the others below it. The text also has the
    alerts, the answers that are not scored, and the failures. It is a warning unless the run is
    complete.

    Args:
        outcome: The outcome of the run, which has a panel.
        alerts: The number of alerts that the run raised.
        note: The first paragraph, such as `RESTARTED`.
    """
    panel = outcome.run.panel
    brands, models = (panel.brands, panel.models) if panel else ((), ())
    first_card, *other_cards = [(await brand_card(call, brand, outcome))[0] for brand in brands]
    paragraphs = [note, str(first_card.text)]
    if alerts:
        paragraphs.append(f"Raised: {wording.count(alerts, 'alert')}.")
    failures = failures_with_model_names(outcome.failures, models, call.names)
    paragraphs += [*unscored_sentences(outcome, call.names), *fault_sentences(failures)]
    return replace(
        first_card,
        text="\n\n".join(filter(None, paragraphs)),
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
        **picked(outcome, "kept", "reused", "incomplete", "retries"),
        "endings": {f"{model} {finish}": count for (model, finish), count in outcome.cut.items()},
        "failures": dict(outcome.failures),
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


async def _budget_and_judge_sentences(call: Call, run: Run) -> AsyncIterator[str]:
    """Yield a sentence for each budget that the run is charged to (those of the day, the month, its
    brands and its channel) and that is nearly or wholly spent. Then yield, judge by judge, a
    sentence if its agreement with the gold labels is low or has changed, and one if not all of its
    verdicts count.
    """
    panel, now = run.panel, call.clock.now()
    accounts: dict[Account, None] = {}
    for prompt in () if panel is None else panel.prompts:
        accounts.update(dict.fromkeys(run.payer.accounts(prompt, now)))
    spent = await nearly_spent(call.config.budget, call.store.money, accounts)
    for account, (usd, limit) in spent.items():
        yield (
            f"{wording.money(usd)} of [budget] {key_of(account)} = {wording.money(limit)} are "
            f"spent ({wording.percent(usd / limit)})."
        )
    for judge in judges(call.plugins.scorers.values()):
        if sentence := doubt(judge, await agreements(call.store, judge)):
            yield sentence
        if sentence := lost_verdicts(judge):
            yield sentence
