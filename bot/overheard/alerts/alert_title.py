"""The title of an alert's message, such as "ChatGPT names Acme far less"."""

from __future__ import annotations

from overheard.alerts.alert_details import model_title
from overheard.alerts.alert_news import is_better, net_shifts, shows_direction
from overheard.alerts.evidence import AlertEvidence
from overheard.alerts.metric_wording import LEAST_MOVED, shift_phrase, went_both_ways, words_of
from overheard.alerts.statement_wording import is_listed, statement_title, topic_words
from overheard.alerts.story import AlertPart
from overheard.cards import wording
from overheard.domain import Alert, AlertState, Shift


def message_title(alert: Alert, evidence: AlertEvidence) -> str:
    """Return the title of an alert's message, such as ``ChatGPT names Acme far less``.

    False or grave statements that are not over come first, and a change of a metric that is not
    over follows: ``ChatGPT gets Acme's price wrong and names it less``. The title is in the past
    tense when no answer of the latest check makes the statements. The title of a recovered alert
    says what is as before; that of a model-wide alert speaks of all brands together.
    """
    name = evidence.names.name(alert.shift.model)
    brand = alert.shift.brand
    if alert.of_model:
        return _whole_model_title(alert, name, evidence)
    moved = net_shifts(alert)
    if alert.state is AlertState.RECOVERED:
        return f"{name} {_recovery_phrase(alert, moved, evidence)}"
    shows_statements = bool(alert.statements) and AlertPart.STATEMENTS not in evidence.over
    if not shows_statements:
        return f"{name} {_change_phrase(moved[0], evidence, brand)}"
    nobody_states_it_now = bool(evidence.stated) and not any(evidence.stated.values())
    title = statement_title(alert, name=name, in_past_tense=nobody_states_it_now)
    if moved and AlertPart.METRICS not in evidence.over:
        return f"{title} and {_change_phrase(moved[0], evidence, 'it')}"
    return title


def _whole_model_title(alert: Alert, name: str, evidence: AlertEvidence) -> str:
    """Return the title of a message about a model-wide change, or of everything at once; for a
    recovered alert, that this is as before. ``name`` is the model's name for readers.
    """
    if alert.state is not AlertState.RECOVERED:
        return model_title(name, evidence)
    if evidence.everything:
        return "Everything is as before"
    return f"{name} speaks about your whole category as before"


def _recovery_phrase(alert: Alert, moved: list[Shift], evidence: AlertEvidence) -> str:
    """Return what a model does again now that an alert has recovered, as words to follow the
    model's name: ``has Acme's price right and names it again``.

    First come the facts that the alert said were stated wrongly: those that the model states right
    now, then those that it no longer states wrongly, or ``no longer says it of Acme`` for claims
    that are no facts. Then comes the first metric of the alert that moved on the whole: ``names
    Acme again`` after a fall, ``names Acme as usual again`` after a rise, ``speaks of Acme as
    before`` where the direction is not clear or the metric counts no mentions.

    Args:
        moved: The net shift of each of its metrics, from `net_shifts`; empty for statements alone.
    """
    brand = alert.shift.brand
    clauses = []
    topics = dict.fromkeys(
        statement.topic
        for statement in alert.statements
        if statement.truth and not is_listed(statement.topic)
    )
    if right := [topic_words(topic) for topic in topics if topic in evidence.right]:
        clauses.append(f"has {brand}'s {wording.listing(right)} right")
    if unsaid := [topic_words(topic) for topic in topics if topic not in evidence.right]:
        whose = "its" if right else f"{brand}'s"
        clauses.append(f"no longer gets {whose} {wording.listing(unsaid)} wrong")
    if alert.statements and not topics:
        clauses.append(f"no longer says it of {brand}")
    if moved:
        subject = "it" if clauses else brand
        first = next(shift for shift in alert.moved if shift.metric == moved[0].metric)
        hardly_moved = went_both_ways(first) and abs(first.change) < LEAST_MOVED
        if hardly_moved or not words_of(first.metric).counts_mentions:
            clauses.append(f"speaks of {subject} as before")
        elif is_better(first, evidence):
            clauses.append(f"names {subject} as usual again")
        else:
            clauses.append(f"names {subject} again")
    return " and ".join(clauses)


def _change_phrase(shift: Shift, evidence: AlertEvidence, subject: str) -> str:
    """Return what a model does since a shift, as words to follow the model's name: ``names Acme
    less``; ``names Acme for other questions`` when questions moved both ways and the numbers that
    readers see do not confirm the direction; in other such cases words without a direction, as in
    ``changed Acme's tone``.

    Args:
        subject: The brand's name, or "it".
    """
    with_direction = shows_direction(shift, evidence)
    elsewhere = words_of(shift.metric).elsewhere
    if elsewhere and not with_direction and went_both_ways(shift):
        return elsewhere.format(brand=subject)
    return shift_phrase(
        shift, evidence.metrics.get(shift.metric), subject, with_direction=with_direction
    )
