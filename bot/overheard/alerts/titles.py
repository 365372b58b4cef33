"""The title of an alert, and the shifts of brands and metrics that it tells."""

from collections.abc import Iterator
from dataclasses import replace

from overheard.alerts import phrases
from overheard.alerts.evidence import AlertEvidence, measured_shift, metric_shifts
from overheard.alerts.metric_wording import (
    LEAST_MOVED,
    MetricValue,
    change_of,
    metric_value,
    shift_phrase,
    went_both_ways,
)
from overheard.alerts.story import AlertPart
from overheard.cards import wording
from overheard.cards.metric_words import words_of
from overheard.domain import Alert, AlertState, ReportedStatement, Shift


def shows_direction(shift: Shift, evidence: AlertEvidence) -> bool:
    """Return whether one of the numbers that readers see confirms the direction of a shift: the
    value of the latest check, or the average since the change began.

    False is possible when questions moved both ways. True when there are no numbers to see, because
    the metric is not measured any more or the brand has no answers.
    """
    metric = evidence.metrics.get(shift.metric)
    reading = metric_value(evidence.stream(shift.brand, shift), evidence, shift)
    if metric is None or reading is None:
        return True
    return any(reading.shows(value, shift.change, metric) for value in (reading.now, reading.since))


def is_better(shift: Shift, evidence: AlertEvidence) -> bool:
    """Return whether a shift is good news: the metric moved in its better direction, which is
    upwards for a metric that is not measured any more.
    """
    metric = evidence.metrics.get(shift.metric)
    return (shift.change > 0) == (metric.higher_is_better if metric else True)


def net_shifts(alert: Alert) -> list[Shift]:
    """Return one shift for each metric of an alert, in the order in which the metrics were first
    reported: its first shift, but with the value after the metric's latest shift and the change up
    to there. Statements are left out, and accuracy with them.
    """
    by_metric: dict[str, Shift] = {}
    for shift in metric_shifts(alert):
        first = by_metric.setdefault(shift.metric, shift)
        if shift is not first:
            change = shift.after - first.before
            by_metric[shift.metric] = replace(first, after=shift.after, change=change)
    return list(by_metric.values())


def brand_shifts(alert: Alert, evidence: AlertEvidence) -> list[Shift]:
    """Return the shifts of brands in a model-wide change, the largest change first: of the tracked
    brands that moved by at least `LEAST_MOVED`, or else of all brands. Brands without answers
    before and since the change are left out.

    Each shift has the usual value as before, the value of the latest check as after, and as its
    change the mean since the change began less the usual value. So its change need not be the
    difference of its values.
    """
    shifts, reported = [], measured_shift(alert)
    for brand in (evidence.brand, *evidence.rivals):
        stream = evidence.stream(brand.name, reported)
        change = change_of(stream, evidence)
        reading = metric_value(stream, evidence, reported)
        if change is not None and reading is not None:
            before = reading.now - change if reading.usual is None else reading.usual
            change = change if reading.since is None else reading.since - before
            shift = replace(
                reported, brand=brand.name, before=before, after=reading.now, change=change
            )
            shifts.append((brand.tracked, shift))
    of_tracked = [s for is_tracked, s in shifts if is_tracked and abs(s.change) >= LEAST_MOVED]
    shown = of_tracked or [shift for _, shift in shifts]
    return sorted(shown, key=lambda shift: (-abs(shift.change), shift.brand))


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
    if moved and not shows_statements and moved[0].change > 0 and not evidence.brand.tracked:
        mine = metric_value(evidence.stream(brand, moved[0]), evidence, moved[0])
        others = [other.now for _, other in rivals_of(moved[0], evidence)]
        usual, now = (mine.usual, mine.now) if mine else (None, 0.0)
        passes = usual is not None and any(usual <= other < now for other in others)
        return phrases.rise_title(brand, name, passes=passes)
    if moved and not shows_statements:
        return f"{name} {_change_phrase(moved[0], evidence, brand)}"
    nobody_states_it_now = not shows_statements or (
        bool(evidence.stated) and not any(evidence.stated.values())
    )
    title = phrases.statement_title(
        told_statements(alert, evidence), brand, name, in_past_tense=nobody_states_it_now
    )
    if moved and AlertPart.METRICS not in evidence.over:
        return f"{title} and {_change_phrase(moved[0], evidence, 'it')}"
    return title


def rivals_of(shift: Shift, evidence: AlertEvidence) -> Iterator[tuple[str, MetricValue]]:
    """Yield the tracked brands of which an untracked brand is a competitor, with their values."""
    for brand in () if evidence.brand.tracked else evidence.rivals:
        value = metric_value(evidence.stream(brand.name, shift), evidence, shift)
        if value and brand.tracked:
            yield brand.name, value


def told_statements(alert: Alert, evidence: AlertEvidence) -> list[ReportedStatement]:
    """Return the statements that a title is about: those that the latest check makes, those of
    most answers first; all of them if it makes none.
    """
    statements = phrases.newest_statements(alert.moved)
    counts = {said: evidence.stated.get(said, said.answers) for said in statements}
    made = [said for said in statements if counts[said]]
    return sorted(made or statements, key=lambda said: -counts[said])


def _whole_model_title(alert: Alert, name: str, evidence: AlertEvidence) -> str:
    """Return the title of a message about a model-wide change, or of everything at once; for a
    recovered alert, that this is as before. ``name`` is the model's name for readers.
    """
    if alert.state is AlertState.RECOVERED:
        if evidence.everything:
            return "Everything is as before"
        return f"{name} speaks about your whole category as before"
    if evidence.everything:
        return "Everything moved at once: how we ask, or the whole category"
    return f"{name} changed how it speaks about your whole category"


def _recovery_phrase(alert: Alert, moved: list[Shift], evidence: AlertEvidence) -> str:
    """Return what a model does again now that an alert has recovered, as words to follow the
    model's name: ``has Acme's price right and names it again``.

    First come the facts that the alert said were stated wrongly: those that the model states right
    now, then those that it no longer states wrongly, or ``no longer says it of Acme`` for claims
    that are no facts. Then comes the first metric of the alert that moved on the whole: ``names
    Acme again`` after a fall, ``names Acme as usual again`` after a rise, ``speaks of Acme as
    before`` where the direction is not clear or the metric counts no mentions.
    """
    brand = alert.shift.brand
    clauses = []
    topics = dict.fromkeys(
        statement.topic
        for statement in alert.statements
        if statement.truth and not phrases.is_listed(statement.topic)
    )
    if right := [phrases.topic_words(topic) for topic in topics if topic in evidence.right]:
        clauses.append(f"has {brand}'s {wording.listing(right)} right")
    if unsaid := [phrases.topic_words(topic) for topic in topics if topic not in evidence.right]:
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
    """
    with_direction = shows_direction(shift, evidence)
    elsewhere = words_of(shift.metric).elsewhere
    if elsewhere and not with_direction and went_both_ways(shift):
        return elsewhere.format(brand=subject)
    return shift_phrase(
        shift, evidence.metrics.get(shift.metric), subject, with_direction=with_direction
    )
