"""What is asked about an alert, each with sentences of its own: how sure, why, since when, and
whether other models changed too.
"""

from dataclasses import replace
from enum import StrEnum

from overheard.alerts.details import began_words, claim_chance_sentences, why_sentences
from overheard.alerts.evidence import AlertEvidence, measured_shift
from overheard.alerts.history import certainty, how_often
from overheard.alerts.message import (
    MIN_CLEAR_CHANGE,
    alert_message,
    message_title,
    other_models,
    surest_shift,
)
from overheard.alerts.metric_wording import metric_value
from overheard.alerts.story import Period, duration_words
from overheard.cards import wording
from overheard.cards.card import Action, Card
from overheard.cards.metric_words import words_of
from overheard.cards.model_names import asked_by
from overheard.domain import Alert, Shift

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
        return (
            title,
            claims or "It was raised by an earlier version.",
            why_sentences(alert, evidence),
        )
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
        return (
            "No other model answered in the newest check",
            "So I cannot say whether they changed.",
        )
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
