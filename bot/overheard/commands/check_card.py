"""What a check found, as a card: each brand's situation, what is still learnt, counts and cost,
what went wrong, and what to do next.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from overheard.alerts.run_analysis import AnalysisResult
from overheard.alerts.service import DetectionResult
from overheard.alerts.story import StoryState
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, fitting, picked
from overheard.cards.charts.renderer import picture
from overheard.cards.command import Face, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands.scores import pending_edition_sentences
from overheard.commands.setup.checklist import checklist, go_on
from overheard.deployment import Call
from overheard.detection.power import Learning
from overheard.domain import Account, Alert, Brand, Finish, Model, Panel, Run, RunState
from overheard.runs.budget import key_of, nearly_spent
from overheard.runs.plan import skip_note
from overheard.runs.presence import Presence
from overheard.runs.service import RunResult
from overheard.runs.tasks import Outcome
from overheard.scoring.judge import agreements, doubt, judges, lost_verdicts
from overheard.views import standings
from overheard.views.news import News, NewsKind, Telling, asked_words, first_steps
from overheard.views.situation import SituationReader
from overheard.views.standings import MetricLevel, levels_data

ENDINGS = {
    Finish.LENGTH: "cut at a limit of the service",
    Finish.FILTERED: "withheld or cut by a content filter",
    Finish.REFUSED: "refused by the model",
    Finish.FOREIGN: "in another language than the question's",
    Finish.NONE: "not shown by the product",
    Finish.CUT: "broken off without an end",
}
"""Why an answer is not scored, after a count of answers and ``was`` or ``were``."""


def unscored_sentences(outcome: Outcome, names: ModelNames) -> Iterator[str]:
    """Yield a sentence for each model and each ending that keeps answers from being scored, such as
    ``2 answers of ChatGPT were refused by the model, and are not scored``.
    """
    for (model, finish), count in outcome.cut.items():
        was, is_ = ("was", "is") if count == 1 else ("were", "are")
        subject = f"{wording.count(count, 'answer')} of {names.name(model)}"
        yield f"{subject} {was} {ENDINGS[finish]}, and {is_} not scored."
    if outcome.late:
        late = wording.count(outcome.late, "bought answer is", "bought answers are")
        yield f"{late} not there yet, and will be added."


def failures_with_model_names(
    failures: Counter[str], models: Sequence[Model], names: ModelNames
) -> Counter[str]:
    """Return the number of failures by sentence, with the display names of the models in place of
    their ids. The numbers of sentences that become equal are added up.

    Of a text that begins with the pause of a model, as in ``openai/gpt-5 is paused for 30 s. It did
    not answer.``, only the sentences after the first are kept, if there are any: they are the
    reason of the pause.

    Args:
        failures: The number of failures by sentence.
        models: The models whose ids may occur in the sentences.
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


async def brand_card(call: Call, brand: str, outcome: Outcome) -> tuple[Card, Telling]:
    """Return the card of one brand after a run, and what it tells: the brand's news, its share of
    answers in a sentence, a table and a chart, buttons, and the number of answers with their cost.

    A failed run says so first, whatever else is open. Without a measured visibility the card has no
    chart and no shares; if every question names a brand, it says so. An alert that has a message in
    the channel is told by that one, with its figures and its picture; where it is new, the card is
    for the person alone who asked.
    """
    found = call.catalogue.brand(brand) or Brand(brand)
    reader = SituationReader(call)
    situation = await reader.read(found)
    telling = Telling(situation, call.names, call.zone)
    news = telling.news
    if outcome.run.state is RunState.FAILED:
        news = sorted(news, key=lambda one: one.kind is not NewsKind.FAILED)
    places = situation.places
    only_branded = situation.own_rows and not (places or situation.old_places)
    first = news[0] if news else None
    run = outcome.run
    back = [
        f"{(await reader.opened(story.alert)).title}."
        for story in situation.stories.values()
        if story.state is StoryState.RECOVERED and story.ended and story.ended >= run.started_at
        if story.alert
    ]
    paragraphs = [*telling.paragraphs(news, ranks=False), *back]  # the picture has the ranks
    posted = first.alert.alert if first and first.alert else None
    if posted and not await call.store.deliveries.find(alert_id=posted.id, channel=call.channel):
        posted = None
    if posted:
        paragraphs = ["Its message is in this channel.", *paragraphs[1:]]
    paragraphs += [standings.ONLY_BRANDED] if only_branded else []
    shown = [] if situation.all_failed else [*places, *situation.old_places]
    drawn = [] if posted else shown
    chart = standings.rates(drawn, call.names, call.zone, places) if drawn else None
    asked = asked_words(place.model for place in shown)
    card = Card(
        title=telling.headline(first) if first else brand,
        text="\n\n".join(paragraphs),
        table=standings.table(drawn, call.names, call.zone, places, pictured=True),
        image=await picture(chart, "check.png") if chart else None,
        actions=fitting(
            *await _asking_again(call, brand, first, run),
            *(first_steps(situation, news) if first and first.kind is not NewsKind.FAILED else ()),
            Action(f"report {quoted(brand)}", "Report"),
            Action(f"report {quoted(brand)} --details", "Details", menu=bool(situation.alerts)),
        ),
        severity=first.severity if first else Severity.PLAIN,
        private=posted is not None and posted.opened_at >= run.started_at,
        footer=" · ".join(
            filter(None, (_answer_counts(outcome), wording.money(outcome.spent), asked))
        ),
    )
    return card, telling


async def _asking_again(call: Call, brand: str, news: News | None, run: Run) -> list[Action]:
    """Return a button, with the price, that asks the model again of which the most important news
    needs another check: that it is far outside of the usual range, or watched.
    """
    if news is None or news.model is None or news.kind not in {NewsKind.FAR, NewsKind.WATCHED}:
        return []
    repeats = run.panel.repeats if run.panel else 1
    models = (str(news.model),)
    price = await call.price(brands=(brand,), models=models, repeats=repeats)
    if price is None:  # the model or the brand is gone
        return []
    words = f"check {quoted(brand)} --model {quoted(models[0])}"
    words += f" --repeats {repeats}" if repeats > 1 else ""
    return [Action(words, f"Ask again now, {price.short}", Style.PRIMARY)]


def _answer_counts(outcome: Outcome, problems: Mapping[str, int] | None = None) -> str:
    """Return how many answers of a run were stored before it was resumed, were reused from earlier
    runs, or needed another call: ``24 answers, 4 asked before, 2 asked again``; empty if none was,
    unless problems are counted too (``1 incomplete``).
    """
    counts = {
        "asked before": outcome.kept - outcome.reused,
        "reused": outcome.reused,
        "asked again": outcome.retries,
        **(problems or {}),
    }
    told = [f"{count:,} {words}" for words, count in counts.items() if count]
    answers = wording.count(outcome.kept + outcome.complete, "answer")
    return ", ".join([answers, *told]) if told or problems else ""


def learning_data(learning: Learning | None) -> dict[str, object] | None:
    """Return how far the shortest baseline is, for JSON output; None when all are long enough.

    ``runs`` is the number of runs learnt, of ``needed`` ones. ``change`` is the smallest loss of a
    rate (0 to 1) that would show until then, None if it is not known; ``lost`` is this loss as a
    number of answers, of the ``answers`` of a run.
    """
    if learning is None:
        return None
    return {**picked(learning, "runs", "needed", "change", "answers"), "lost": learning.lost}


def news_paragraphs(
    outcome: Outcome, analysis: AnalysisResult, tellings: Sequence[Telling], *, in_chat: bool
) -> Iterator[str]:
    """Yield the paragraphs on the run itself: how many alerts it raised or changed, that it is the
    first check or was cancelled, how many runs are learnt, and reused answers.

    Args:
        tellings: What the card tells of each brand; nothing is said of learning where there is
            news, or of brands that no answer names.
        in_chat: Whether the alerts that are announced with the card are told by it; else their
            cards stand below it.
    """
    detection = analysis.detection
    firsts = [telling.news[:1] for telling in tellings]
    told = {one.alert.alert.id for news in firsts for one in news if one.alert}
    if detection.alerts and not (in_chat and told >= {alert.id for alert in detection.alerts}):
        where = ", below" if analysis.announced and not in_chat else ""
        yield f"{_alert_counts(outcome, detection.alerts)}{where}."
    if outcome.run.state is RunState.FAILED:
        return
    if outcome.stopped:
        yield "It was cancelled; what was answered is kept, and is not compared with other checks."
    elif not detection.compared and not detection.learning:
        yield "This is the first check; the next one is compared with it."
    is_calm = all(one.kind is NewsKind.CALM for telling in tellings for one in telling.news)
    places = [place for telling in tellings for place in telling.situation.places]
    named = [round(place.mine.mean * place.mine.n) for place in places]
    if detection.learning and is_calm and any(named) and not outcome.stopped:
        yield _learning_sentence(detection.learning, min(named))
    if outcome.reused:
        yield (
            f"{wording.count(outcome.reused, 'answer')} of earlier checks were reused: the figures "
            "count them, and the comparison does not."
        )


def _alert_counts(outcome: Outcome, alerts: Sequence[Alert]) -> str:
    """Return in words how many of the alerts were raised with the run, and how many are older and
    have changed with it: ``1 new alert and 2 open alerts have changed``. Zero counts are left out.
    """
    new = sum(alert.shift.run_id == outcome.run.id for alert in alerts)
    changed = len(alerts) - new
    counts = [wording.count(new, "new alert")] if new else []
    if changed:
        have = "has" if changed == 1 else "have"
        counts.append(f"{wording.count(changed, 'open alert')} {have} changed")
    return " and ".join(counts)


def _learning_sentence(learning: Learning, named: int) -> str:
    """Return a sentence on how many runs of a baseline are learnt, of those needed. If the loss of
    answers that would be noticed until then is known, a second sentence has it; not if it is more
    than the answers that name the brand.
    """
    progress = f"Still learning what is normal: {learning.runs} of {learning.needed} checks."
    if learning.change is None or not learning.answers or (learning.lost or 0) > named:
        return progress
    loss = f"{learning.lost} of {learning.answers} answers"
    return f"{progress} Until then I would notice a loss of about {loss}."


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
    told = _budget_and_judge_sentences(call, outcome.run)
    warnings += [sentence async for sentence in told if sentence]
    faults = call.scoring.faults
    failures = failures_with_model_names(outcome.failures, panel.models, call.names)
    brand_cards = [await brand_card(call, brand, outcome) for brand in panel.brands]
    first_card, *other_cards = [card for card, _ in brand_cards]
    tellings = [telling for _, telling in brand_cards]
    state = outcome.run.state
    is_calm = first_card.severity in {Severity.GOOD, Severity.PLAIN}
    paragraphs = [
        str(first_card.text),
        *news_paragraphs(outcome, analysis, tellings, in_chat=in_chat),
        *unscored_sentences(outcome, call.names),
        *fault_sentences(_untold(failures, tellings) + faults),
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
    setup = await checklist(call) if in_chat and not analysis.detection.compared else None
    if setup and not setup.complete:
        paragraphs.append(setup.missing())
        next_steps.extend(go_on(setup))
    elif proposes_first_check(panel, outcome, analysis.detection):
        next_steps.append(Action("check --first", "Ask ten times over a day"))
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
        private=first_card.private and not other_cards and state is RunState.COMPLETE,
        failed=state is RunState.FAILED,
        partial=state is RunState.PARTIAL,
        data={
            **_outcome_json(outcome),
            "faults": dict(faults),
            "warnings": warnings,
            "results": levels_data(rows),
            "prompts": panel.edition,
            "learning": learning_data(analysis.detection.learning),
            "bursts": list(analysis.bursts),
            "alerts": [alert.data for alert in analysis.announced],
            "situation": [telling.situation.data() for telling in tellings],
        },
    )


def _untold(failures: Counter[str], tellings: Iterable[Telling]) -> Counter[str]:
    """Return the failures of models of which the news does not say why they did not answer."""
    if not failures:
        return failures
    told = tuple(
        there.failure
        for telling in tellings
        for there in telling.situation.at_models(Presence.SILENT)
        if there.failure
    )
    return Counter({words: n for words, n in failures.items() if words not in told})


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
    is_complete, has_label = outcome.run.state is RunState.COMPLETE, bool(outcome.run.label)
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
    problems = {"incomplete": outcome.incomplete, "without an answer": outcome.failures.total()}
    spent = wording.money(outcome.spent, about=outcome.estimated > 0)
    return Card(
        title="Paused",
        text="What was answered is kept; the rest is asked when you resume.",
        actions=(
            Action(f"runs resume {key}", "Resume", Style.PRIMARY),
            Action(f"runs cancel {key}", "Cancel", Style.DANGER),
        ),
        severity=Severity.WARNING,
        footer=" · ".join((_answer_counts(outcome, problems), spent, f"Run {key}")),
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
        "incomplete": outcome.incomplete,
        **picked(outcome, "kept", "reused", "retries"),
        "endings": {f"{model} {finish}": count for (model, finish), count in outcome.cut.items()},
        "failures": dict(outcome.failures),
        "spent_usd": outcome.spent,
        "estimated_usd": outcome.estimated,
    }


async def _budget_and_judge_sentences(call: Call, run: Run) -> AsyncIterator[str]:
    """Yield a sentence for each budget that the run is charged to (those of the day, the month, its
    brands and its channel) and that is nearly or wholly spent. Then yield, judge by judge, a
    sentence if its agreement with the gold labels is low or has changed, and one if not all of its
    verdicts count; else an empty text.
    """
    accounts: dict[Account, None] = {}
    if run.panel and run.finished_at:
        for prompt in run.panel.prompts:
            accounts.update(dict.fromkeys(run.payer.accounts(prompt, run.finished_at)))
    spent = await nearly_spent(call.config.budget, call.store.money, accounts)
    for account, (usd, limit) in spent.items():
        yield (
            f"{wording.money(usd)} of [budget] {key_of(account)} = {wording.money(limit)} are "
            f"spent ({wording.percent(usd / limit)})."
        )
    for judge in judges(call.plugins.scorers.values()):
        yield doubt(judge, await agreements(call.store, judge))
        yield lost_verdicts(judge)
