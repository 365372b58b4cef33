"""What a check tells of a brand: its situation, what is still learnt, and what went wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence

from overheard.alerts.run_analysis import AnalysisResult
from overheard.alerts.story import StoryState
from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, fitting, picked
from overheard.cards.charts.renderer import picture
from overheard.cards.command import quoted
from overheard.cards.model_names import ModelNames
from overheard.deployment import Call
from overheard.detection.power import Learning
from overheard.domain import Alert, Brand, Finish, Model, Run, RunState
from overheard.errors import OverheardError
from overheard.runs.plan import lay_out
from overheard.runs.tasks import Outcome
from overheard.views import standings
from overheard.views.news import News, NewsKind, Telling, asked_words, first_steps
from overheard.views.situation import SituationReader

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
    the channel is told by that one, with its figures and its picture.

    Args:
        brand: The brand's name.
    """
    found = call.catalogue.brand(brand) or Brand(brand)
    situation = await SituationReader(call).read(found)
    telling = Telling(situation, call.names, call.zone)
    news = telling.news
    if outcome.state is RunState.FAILED:
        news = sorted(news, key=lambda one: one.kind is not NewsKind.FAILED)
    places = situation.places
    only_branded = situation.own_rows and not (places or situation.old_places)
    first = news[0] if news else None
    run = outcome.run
    back = [
        f"{call.names.name(story.model)} is back to usual."
        for story in situation.stories.values()
        if story.state is StoryState.RECOVERED and story.ended and story.ended >= run.started_at
    ]
    paragraphs = [*telling.paragraphs(news, ranks=False), *back]  # the picture has the ranks
    alert = first.alert.alert.id if first and first.alert else None
    is_posted = bool(await call.store.deliveries.find(alert_id=alert, channel=call.channel))
    if alert and is_posted:
        paragraphs = ["Its message is in this channel.", *paragraphs[1:]]
    paragraphs += [standings.ONLY_BRANDED] if only_branded else []
    shown = [] if situation.all_failed else [*places, *situation.old_places]
    is_drawn = shown and not (alert and is_posted)
    chart = standings.rates(shown, call.names, call.zone, places) if is_drawn else None
    asked = asked_words(place.model for place in shown)
    card = Card(
        title=telling.headline(first) if first else brand,
        text="\n\n".join(paragraphs),
        table=standings.table(shown, call.names, call.zone, places, pictured=True),
        image=await picture(chart, "check.png") if chart else None,
        actions=fitting(
            *await _asking_again(call, brand, first, run),
            *(first_steps(situation, news) if first and first.kind is not NewsKind.FAILED else ()),
            Action(f"report {quoted(brand)}", "Report"),
            Action(f"report {quoted(brand)} --details", "Details", menu=bool(situation.alerts)),
        ),
        severity=first.severity if first else Severity.PLAIN,
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
    try:
        panel = lay_out(
            call.catalogue, call.plugins.providers, brands=(brand,), models=models, repeats=repeats
        )
    except OverheardError:  # the model or the brand is gone
        return []
    price = (await call.pricing.unchecked(panel)).short
    words = f"check {quoted(brand)} --model {quoted(models[0])}"
    words += f" --repeats {repeats}" if repeats > 1 else ""
    return [Action(words, f"Ask again now, {price}", Style.PRIMARY)]


def _answer_counts(outcome: Outcome) -> str:
    """Return how many answers of a run were stored before it was resumed, were reused from earlier
    runs, or needed another call: ``24 answers, 4 asked before, 2 asked again``; empty if none was.
    """
    counts = {
        "asked before": outcome.kept - outcome.reused,
        "reused": outcome.reused,
        "asked again": outcome.retries,
    }
    told = [f"{count:,} {words}" for words, count in counts.items() if count]
    answers = wording.count(outcome.kept + outcome.complete, "answer")
    return ", ".join([answers, *told]) if told else ""


def learning_data(learning: Learning | None) -> dict[str, object] | None:
    """Return how far the shortest baseline is, for JSON output; None when all are long enough.

    ``runs`` is the number of runs learnt, of ``needed`` ones. ``change`` is the smallest loss of a
    rate (0 to 1) that would show until then, None if it is not known; ``lost`` is this loss as a
    number of answers, of the ``answers`` of a run.
    """
    names = ("runs", "needed", "change", "lost", "answers")
    return picked(learning, *names) if learning else None


def news_paragraphs(
    outcome: Outcome, analysis: AnalysisResult, tellings: Sequence[Telling], *, in_chat: bool
) -> Iterator[str]:
    """Yield the paragraphs on the run itself: how many alerts it raised or changed, that it is the
    first check or was cancelled, how many runs are learnt, and reused answers.

    Args:
        tellings: What the card tells of each brand; nothing is said of learning beside news, or of
            brands that no answer names.
        in_chat: Whether the alerts that are announced with the card are told by it; else their
            cards stand below it.
    """
    detection = analysis.detection
    told = {opened.alert.id for telling in tellings for opened in telling.situation.alerts[:1]}
    if detection.alerts and not (in_chat and told >= {alert.id for alert in detection.alerts}):
        where = ", below" if analysis.announced and not in_chat else ""
        yield f"{_alert_counts(outcome, detection.alerts)}{where}."
    if outcome.state is RunState.FAILED:
        return
    if outcome.stopped:
        yield "It was cancelled; what was answered is kept, and is not compared with other checks."
    elif not detection.compared and not detection.learning:
        yield "This is the first check; the next one is compared with it."
    is_calm = all(one.kind is NewsKind.CALM for telling in tellings for one in telling.news)
    is_named = any(place.mine.mean for telling in tellings for place in telling.situation.places)
    if detection.learning and is_calm and is_named and not outcome.stopped:
        yield _learning_sentence(detection.learning)
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


def _learning_sentence(learning: Learning) -> str:
    """Return a sentence on how many runs of a baseline are learnt, of those needed. If the loss of
    answers that would be noticed until then is known, a second sentence has it.
    """
    progress = f"Still learning what is normal: {learning.runs} of {learning.needed} checks."
    if learning.change is None or not learning.answers:
        return progress
    loss = f"{learning.lost} of {learning.answers} answers"
    return f"{progress} Until then I would notice a loss of about {loss}."
