"""The footer of an alert's message: certainty, the update that fits, its cause, other models."""

from __future__ import annotations

from collections.abc import Iterator

from overheard.alerts.alert_news import MIN_CLEAR_CHANGE
from overheard.alerts.events import name_without_id
from overheard.alerts.evidence import AlertEvidence, measured_shift
from overheard.alerts.metric_wording import RATES, change_of
from overheard.alerts.reasons import certainty
from overheard.cards import wording
from overheard.domain import Alert, AlertState


def footer_line(alert: Alert, evidence: AlertEvidence, *, is_short: bool = False) -> str:
    """Return the last line of a message: ``Likely · fits ChatGPT's update of 2 Mar · Claude
    unchanged``. Parts that are not known are left out.

    Args:
        is_short: Whether the note on other models is left out.
    """
    return " · ".join(filter(None, _footnotes(alert, evidence, is_short=is_short)))


def _footnotes(alert: Alert, evidence: AlertEvidence, *, is_short: bool) -> Iterator[str]:
    """Yield the parts of a message's last line in order; a part that is not known is left out or
    empty. They are: how certain the alert is, the update of the model that fits it, its probable
    cause, the alert of which it is a part, other models (if not ``is_short``), and the person who
    takes care of it.
    """
    name = evidence.names.name(alert.shift.model)
    sure = [shift.chance_a_year for shift in alert.moved if shift.chance_a_year is not None]
    if sure:
        yield (certainty(min(sure)) or "").capitalize()
    if updates := measured_shift(alert).updates:
        yield f"fits {name}'s update of {wording.short_day(updates[0].at, evidence.zone)}"
    cause = evidence.explanation.probable if evidence.explanation else None
    if cause and not evidence.model_alert and not (alert.of_model and evidence.everything):
        yield f"probably {cause.short.format(brand=measured_shift(alert).brand)}"
    if evidence.model_alert:
        of = "what moved at all models" if alert.of_model else f"{name}'s change as a whole"
        yield f"part of {of}"
    if not alert.of_model and not is_short:
        yield _other_models_note(alert, evidence)
    if alert.by and alert.state in {AlertState.ACKNOWLEDGED, AlertState.RECOVERED}:
        verb = "has" if alert.state is AlertState.ACKNOWLEDGED else "had"
        yield f"{name_without_id(alert.by)} {verb} it"


def _other_models_note(alert: Alert, evidence: AlertEvidence) -> str:
    """Return a note on the brand's rate at other models: ``Claude and Gemini unchanged`` if each of
    them moved by less than `MIN_CLEAR_CHANGE`. Otherwise ``Claude too``, with the models at which
    the rate moved at least as much as that in the direction of the alert.

    Empty when no other model was measured before and since the change, when all that moved went the
    other way, for metrics that are no rates, and when some moved while a statement heads the alert.
    """
    shift = measured_shift(alert)
    metric = evidence.metrics.get(shift.metric)
    if metric is None or metric.scale not in RATES:
        return ""
    changes = {
        evidence.names.name(stream.key.model): change
        for stream in evidence.streams
        if stream.key.brand == shift.brand and stream.key.model != shift.model
        if (change := change_of(stream, evidence)) is not None
    }
    still = [name for name, change in changes.items() if abs(change) < MIN_CLEAR_CHANGE]
    if len(still) == len(changes):
        return f"{wording.listing(still)} unchanged" if still else ""
    if shift.statement:
        return ""
    too = [
        name
        for name, change in changes.items()
        if abs(change) >= MIN_CLEAR_CHANGE and change * shift.change > 0
    ]
    return f"{wording.listing(too)} too" if too else ""
