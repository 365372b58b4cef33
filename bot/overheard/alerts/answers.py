"""The details of an alert with all its figures, and what is asked about one, each with sentences
of its own: how sure, why, since when, and whether other models changed too.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

from overheard.alerts import phrases
from overheard.alerts.evidence import AlertEvidence, measured_shift, metric_shifts, quotes
from overheard.alerts.history import certainty, how_often
from overheard.alerts.message import (
    ALSO_PREFIX,
    MIN_CLEAR_CHANGE,
    alert_message,
    message_lines,
    other_models,
    owner_note,
    surest_shift,
)
from overheard.alerts.metric_wording import metric_value
from overheard.alerts.story import Period, duration_words
from overheard.alerts.titles import message_title, told_statements
from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Quote, Table, Tainted
from overheard.cards.metric_words import words_of
from overheard.cards.model_names import asked_by
from overheard.detection.decision_inputs import compare_sides
from overheard.domain import Alert, AlertState, Metric, Shift, StatementKind
from overheard.measure.blocks import Stream

MAX_QUOTE_CHARS = 120
"""Characters of the quote in the details."""
SHOWN_PROMPTS, SHOWN_SOURCES = 5, 3
MAX_QUESTION_CHARS = 90


def details_message(alert: Alert, evidence: AlertEvidence, *, most: int | None = None) -> Card:
    """Return the details of an alert: its message again, then a quote, how sure it is, when it
    began and what fits, and which other models are unchanged.

    Args:
        most: How many statements are said in words; None for those of the message.
    """
    shift = measured_shift(alert)
    claims = [claim.statement for claim in evidence.claims if claim.statement.quote]
    name = evidence.names.name(shift.model)
    said = [Quote(f"{name}, {one.topic}", Tainted(one.quote)) for one in claims]
    shown = (
        said or phrases.statement_quotes(alert.moved, name) or quotes(shift, evidence, most=1)[-1:]
    )
    message = alert_message(alert, evidence)
    lines = message_lines(alert, evidence, most=most) if most else str(message.text).splitlines()
    lines = [line for line in lines if not line.startswith(ALSO_PREFIX)]
    cause = f"{evidence.cause.title}. " if evidence.cause else ""
    why = f"Why? {cause}{why_sentences(alert, evidence)}"
    paragraphs = ["\n".join(lines), _sure_sentence(alert, evidence), why]
    return replace(
        message,
        text="\n\n".join(filter(None, paragraphs)),
        table=None,
        quotes=tuple(
            replace(quote, text=Tainted(wording.shorten(quote.text.text, MAX_QUOTE_CHARS)))
            for quote in shown[:1]
        ),
        footer=" · ".join(
            filter(None, [f"by {asked_by(shift.model)}", evidence.checked, *owner_note(alert)])
        ),
    )


def _sure_sentence(alert: Alert, evidence: AlertEvidence) -> str:
    """Return how sure the change of a metric is, or else that claims are no matter of chance; empty
    for a recovered alert.
    """
    best = surest_shift(alert, evidence)
    if alert.state is AlertState.RECOVERED:
        return ""
    if best is None:
        return " ".join(claim_chance_sentences(alert, evidence))
    what = "change"
    if best.metric in evidence.metrics and evidence.metrics[best.metric].scale.is_rate:
        what = "rise" if best.change > 0 else "fall"
    level, often = certainty(best.chance_a_year), how_often(best.chance_a_year)
    return f"How sure? The {what}: {level}. Chance does this {often}."


def claim_chance_sentences(alert: Alert, evidence: AlertEvidence) -> Iterator[str]:
    """Yield that the claim of an alert is no matter of chance, and which answers say so."""
    for said in told_statements(alert, evidence)[:1] if alert.statements else ():
        answers = evidence.stated.get(said, said.answers)
        if said.kind is StatementKind.CLAIM:
            count = wording.count(answers or said.answers, "answer")
            says = ("says" if answers == 1 else "say") if answers else "said"
            value = wording.shorten(wording.line(said.said), phrases.MAX_SHORT_CHARS)
            yield f"“{value}” is no matter of chance: {count} {says} it; you can read them."


def began_words(alert: Alert, evidence: AlertEvidence) -> str:
    """Return when the change of an alert began: ``It began between 16 and 23 Nov``."""
    shift, zone = measured_shift(alert), evidence.zone
    points = evidence.points(evidence.stream(shift.brand, shift))
    first, last = evidence.likely_starts[0], evidence.likely_starts[-1]
    before = [point.at for point in points if point.at < first]
    days = [wording.short_day(at, zone) for at in (*before[-1:], last)]
    if len(set(days)) == 1:
        return f"It began with the check of {days[-1]}"
    month = days[1].partition(" ")[2]
    return f"It began between {days[0].removesuffix(f' {month}')} and {days[1]}"


def why_sentences(alert: Alert, evidence: AlertEvidence) -> str:
    """Return sentences on when the change began, which update fits, its likeliest cause, and which
    other models that answered in the newest check are unchanged.
    """
    shift = measured_shift(alert)
    name = evidence.names.name(shift.model)
    fits, began = "", began_words(alert, evidence)
    if shift.updates:
        day = wording.short_day(shift.updates[0].at, evidence.zone)
        fits = f"; {name}'s update {'that day' if began.endswith(day) else f'of {day}'} fits"
    sentences = [f"{began}{fits}."]
    if evidence.model_alert:
        of = "what moved at all models" if alert.of_model else "a change of the model as a whole"
        sentences.append(f"It is part of {of}, which has an alert of its own.")
    elif evidence.explanation and not fits and not (alert.of_model and evidence.everything):
        sentences.append(evidence.explanation.words)
    metric = evidence.metrics.get(shift.metric)
    for stream, change in other_models(alert, evidence) if metric and not alert.of_model else ():
        reading = metric_value(stream, evidence, shift)
        if reading and metric and abs(change) < MIN_CLEAR_CHANGE:
            other = evidence.names.name(stream.key.model)
            sentences.append(f"{other} unchanged: {reading.cell(reading.now, metric)}.")
    return " ".join(sentences)


def figures_card(alert: Alert, evidence: AlertEvidence) -> Card:
    """Return the details of an alert with all its figures: every statement and what the answers
    cite, the values of its metric as fields, what else moved, how it went on, the questions that
    moved most, sentences from both sides, and a table of competitors and of other models, or for a
    model-wide alert of its brands. What a metric that is not measured any more gives is left out.
    """
    shift = measured_shift(alert)
    metric = evidence.metrics.get(shift.metric)
    details = details_message(alert, evidence, most=max(len(alert.moved), 1))
    name = evidence.names.name(shift.model)
    raised = f"Raised on {wording.moment(alert.opened_at, evidence.zone)}"
    return replace(
        details,
        text="\n\n".join(
            filter(None, [str(details.text), *_figure_paragraphs(alert, metric, evidence)])
        ),
        fields=tuple(_value_fields(alert, metric)) if metric and not alert.of_model else (),
        table=_comparison_table(alert, metric, evidence) if metric else None,
        quotes=phrases.statement_quotes(alert.moved, name) or quotes(shift, evidence),
        footer=f"{raised} · {details.footer}",
    )


def _figure_paragraphs(
    alert: Alert, metric: Metric | None, evidence: AlertEvidence
) -> Iterator[str]:
    """Yield the paragraphs that `figures_card` adds to the details; some may be empty."""
    shift = measured_shift(alert)
    cited = [site for said in phrases.newest_statements(alert.moved) for site in said.sources]
    if sites := ", ".join(list(dict.fromkeys(cited))[:SHOWN_SOURCES]):
        yield f"Cited next to it: {wording.line(sites)}."
    if not shift.statement:
        before, after = shift.answers
        yield (
            f"It rests on {wording.count(after, 'answer')} since then and {before:,} before, to "
            f"the same {wording.count(len(shift.prompts), 'question')}."
        )
    if evidence.explanation:
        yield evidence.explanation.text.removeprefix(evidence.explanation.words).strip()
    else:
        yield shift.explanation
    others = [] if alert.of_model else [one for one in metric_shifts(alert) if one != shift]
    rows = [phrases.metric_words(one, evidence.metrics) for one in others if one not in alert.later]
    lines = [f"{label.capitalize()}: {before} → {after}" for label, before, after in rows]
    if lines:
        yield "\n".join(["At the same time:", *lines])
    if not alert.of_model:
        yield " ".join(_growth_sentences(alert, evidence))
    yield _served_model_sentence(evidence)
    if metric and not (alert.of_model or shift.statement):
        lines = list(_moved_question_lines(shift, metric, evidence))
        if lines:
            yield "\n".join(["The questions that moved most:", *lines])


def _growth_sentences(alert: Alert, evidence: AlertEvidence) -> Iterator[str]:
    """Yield, for each later shift of a metric, a sentence that the metric came back, or that it has
    moved further, with which check, and how certain that is.
    """
    for shift in [one for one in alert.later if not one.statement]:
        moved = phrases.shift_words(shift, evidence.metrics)
        if shift.recovery:
            yield f"It came back: {moved}."
            continue
        when = wording.moment(evidence.grown[shift.run_id], evidence.zone)
        level = certainty(shift.chance_a_year)
        sure = f" ({level})" if level else ""
        yield f"It has grown: with the check of {when}, {moved}{sure}."


def _moved_question_lines(shift: Shift, metric: Metric, evidence: AlertEvidence) -> Iterator[str]:
    """Yield a line for each of the first `SHOWN_PROMPTS` questions of a shift that moved in any
    direction, those that moved most first: ``70 % → 45 %  best crm``, with at most
    `MAX_QUESTION_CHARS` characters of the question.
    """
    for prompt in [p for p in shift.prompts if p.after != p.before][:SHOWN_PROMPTS]:
        text = wording.shorten(wording.line(evidence.text(prompt.prompt)), MAX_QUESTION_CHARS)
        before, after = (
            wording.value(rate, metric.scale) for rate in (prompt.before, prompt.after)
        )
        yield f"{before} → {after}  {text}"


def _served_model_sentence(evidence: AlertEvidence) -> str:
    """Return a sentence on whether the service reports another model (served model and fingerprint)
    for the answers since the shift than for those before.
    """
    before, after = set[str](), set[str]()
    for answer in evidence.answers:
        reply = answer.reply
        if reported := " ".join(filter(None, (reply.served_model, reply.fingerprint))):
            (after if answer.asked_at >= evidence.began else before).add(reported)
    if not before and not after:
        return "The service does not say which model it serves, so an update would not show."
    if not before or not after:
        says = "says only since then" if after else "no longer says"
        return f"The service {says} which model it serves, so an update would not show."
    if after <= before:
        return "The service reports the same model as before: if it was updated, then in silence."
    shown = wording.line(wording.listing(sorted(after - before)))
    return f"The service reports another model than before: {shown}."


def _value_fields(alert: Alert, metric: Metric) -> Iterator[Field]:
    """Yield the value before and after an alert's shift, the change, its likely range and level,
    and the value since it last grew; what is not known is left out, and all of a statement.
    """
    shift = measured_shift(alert)
    if shift.statement:
        return
    yield Field("Before", wording.value(shift.before, metric.scale))
    yield Field("After", wording.value(shift.after, metric.scale))
    yield Field("Change", wording.change(shift.change, metric.scale))
    yield Field("Likely range of it", wording.interval(*shift.interval, metric.scale))
    if level := certainty(shift.chance_a_year):
        yield Field("Certainty", level)
    if later := [one for one in alert.later if one.metric == shift.metric and not one.statement]:
        yield Field("Since it grew", wording.value(later[-1].after, metric.scale))


def _comparison_table(alert: Alert, metric: Metric, evidence: AlertEvidence) -> Table | None:
    """Return a table of an alert's metric with a row for each competitor at the same model and for
    the brand at each other model; of a model-wide alert with a row for each brand there, those that
    it reports first. Streams without answers before and since are left out; None without rows.
    """
    shift, order = measured_shift(alert), {brand: n for n, brand in enumerate(alert.brands)}
    streams = [
        stream
        for stream in evidence.streams
        if (is_here := stream.key.model == shift.model) or not alert.of_model
        # Either the brand or the model is another one, but not both.
        if alert.of_model or (stream.key.brand == shift.brand) != is_here
    ]
    rows = [row for stream in streams if (row := _comparison_row(stream, shift, metric, evidence))]
    if alert.of_model:
        rows.sort(key=lambda row: (order.get(row[0], len(order)), row[0]))
    header = (f"{metric.label} of", "At", "Before", "After", "Change")
    return Table(header, tuple(rows), frozenset({2, 3, 4})) if rows else None


def _comparison_row(
    stream: Stream, shift: Shift, metric: Metric, evidence: AlertEvidence
) -> tuple[str, ...] | None:
    """Return a table row of a stream, as text: brand, model, mean before the shift began, mean
    since then, and change, over the prompts with answers on both sides. None when there are too few
    of these to compare.
    """
    # Only the means are shown, so the variance of the run effect is not needed.
    compared = compare_sides(stream, shift.first_run_id, tau2=0.0)
    if compared is None:
        return None
    return (
        stream.key.brand,
        evidence.names.name(stream.key.model),
        wording.value(compared.before, metric.scale),
        wording.value(compared.after, metric.scale),
        wording.change(compared.change, metric.scale),
    )


UNKNOWN_CAUSE = "I do not know why"


class AlertQuestion(StrEnum):
    """What is asked about an alert; what to do about it is in the brief."""

    SURE = "sure"
    WHY = "why"
    OTHERS = "others"
    SINCE = "since"
    TODO = "todo"


def answer_about(question: AlertQuestion, alert: Alert, evidence: AlertEvidence) -> Card:
    """Return the card that answers a question about an alert, with the two ways on."""
    answers = {
        AlertQuestion.SURE: _how_sure,
        AlertQuestion.WHY: _why,
        AlertQuestion.OTHERS: _other_models,
        AlertQuestion.SINCE: _since_when,
    }
    title, *sentences = answers[question](alert, evidence)
    card = alert_message(alert, evidence)
    cause = evidence.cause if question is AlertQuestion.WHY else None
    about = f"{message_title(alert, evidence)} · by {asked_by(alert.shift.model)}."
    return replace(
        card,
        title=title,
        text="\n\n".join(filter(None, sentences)),
        image=card.image if question is AlertQuestion.SINCE else None,
        table=cause.table if cause else None,
        footer=" · ".join(filter(None, [cause.footer if cause else "", about])),
        actions=(
            Action(f"alerts show {alert.id}", "Details"),
            Action(f"evidence {alert.id}", "Read answers"),
        ),
    )


def _how_sure(alert: Alert, evidence: AlertEvidence) -> tuple[str, ...]:
    """Return how sure a change of counts is; a claim is no matter of chance."""
    best = surest_shift(alert, evidence)
    claims = " ".join(claim_chance_sentences(alert, evidence))
    if best is None:
        title = "No matter of chance" if claims else "I cannot say how sure it is"
        reason = claims or "It was raised by an earlier version."
        return title, reason, why_sentences(alert, evidence)
    level = certainty(best.chance_a_year)
    title = "Likely no fluke" if level == "likely" else f"Hardly a fluke: {level}"
    chance = f"{_movement(best, evidence)}: chance does this {how_often(best.chance_a_year)}."
    return title, f"{chance} {why_sentences(alert, evidence)}", claims


def _movement(shift: Shift, evidence: AlertEvidence) -> str:
    """Return a change in numbers: ``The fall of how often you are named, from 22 to 9 of 24``."""
    metric = evidence.metrics.get(shift.metric)
    if metric is None:
        return "The change"
    noun = ("rise" if shift.change > 0 else "fall") if metric.scale.is_rate else "change"
    of = words_of(shift.metric).noun or metric.label.lower()
    of = of if evidence.brand.tracked else of.replace("you are", f"{shift.brand} is")
    reading = metric_value(evidence.stream(shift.brand, shift), evidence, shift)
    if reading is None or reading.usual is None:
        return f"The {noun} of {of}"
    usual, now = reading.written(reading.usual, metric), reading.cell(reading.now, metric)
    return f"The {noun} of {of}, from {usual} to {now}"


def _why(alert: Alert, evidence: AlertEvidence) -> tuple[str, ...]:
    shift = measured_shift(alert)
    name = evidence.names.name(shift.model)
    title = UNKNOWN_CAUSE
    if shift.updates:
        day = wording.short_day(shift.updates[0].at, evidence.zone)
        title = f"{name}'s update of {day} fits"
    elif evidence.explanation and evidence.explanation.probable:
        likely = evidence.explanation.short.format(brand=shift.brand, model=name)
        title = f"{likely[:1].upper()}{likely[1:]}"
    proof = "" if title == UNKNOWN_CAUSE else "That fits; it is no proof."
    why = why_sentences(alert, evidence)
    if (cause := evidence.cause) is None:
        return title, why, proof
    if not cause.data.get("found"):
        if title != UNKNOWN_CAUSE:
            return title, f"{cause.title}.", str(cause.text), why, proof
        why = f"{why} {title}."
    return cause.title, str(cause.text), why


def _other_models(alert: Alert, evidence: AlertEvidence) -> tuple[str, ...]:
    """Return of each other model of the newest check whether the brand changed there too."""
    shift = measured_shift(alert)
    metric, others = evidence.metrics.get(shift.metric), other_models(alert, evidence)
    lines, moved = [], []
    for stream, change in others:
        reading = metric_value(stream, evidence, shift)
        if reading is None or metric is None:
            continue
        name = evidence.names.name(stream.key.model)
        is_still = metric.scale.is_rate and abs(change) < MIN_CLEAR_CHANGE
        moved += [] if is_still else [name]
        usual = f", usually {reading.written(reading.usual, metric)}" if reading.usual else ""
        state = "unchanged" if is_still else "changed"
        lines.append(f"{name} is {state}: {reading.cell(reading.now, metric)}{usual}.")
    if not lines:
        title = "No other model answered in the newest check"
        return title, "So I cannot say whether they changed."
    title = f"{wording.listing(moved)} changed too" if moved else "No, the others are unchanged"
    return title, "\n".join(lines)


def _since_when(alert: Alert, evidence: AlertEvidence) -> tuple[str, ...]:
    began = Period(evidence.again or evidence.began, None, alert.id)
    until = evidence.until or max(
        (point.at for stream in evidence.streams for point in evidence.points(stream)),
        default=alert.opened_at,
    )
    title = f"Since {wording.short_day(evidence.likely_starts[-1], evidence.zone)}"
    by = "" if evidence.until else f"By {wording.short_day(until, evidence.zone)} "
    lasted = f"{by}{'it had' if by else 'It'} lasted {duration_words(began, now=until)}. "
    lasted = lasted if until > began.began else ""
    raised = f"I raised it on {wording.short_day(alert.opened_at, evidence.zone)}."
    return title, f"{began_words(alert, evidence)}. {lasted}{raised}"
