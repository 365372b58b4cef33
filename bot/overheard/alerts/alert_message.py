"""An alert as the message of a channel: what happened in words, a picture, and how sure that is.

The figures, dates and sentences behind it are those of `overheard.alerts.card.compose`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from overheard.alerts.card import alert_chart, alert_data, model_title
from overheard.alerts.events import name_without_id
from overheard.alerts.evidence import AlertEvidence, measured_shift
from overheard.alerts.metric_wording import (
    LEAST_MOVED,
    RATES,
    MetricValue,
    change_of,
    metric_value,
    shift_phrase,
    went_both_ways,
    words_of,
)
from overheard.alerts.reasons import certainty
from overheard.alerts.statement_wording import (
    is_listed,
    short_statement_lines,
    statement_title,
    topic_words,
)
from overheard.alerts.story import AlertPart, Period, duration_words
from overheard.cards import wording
from overheard.cards.card import Card, Severity, Table
from overheard.cards.charts.renderer import drawn_picture
from overheard.cards.charts.trend import Chart
from overheard.domain import Alert, AlertState, Metric, Scale, Shift

MOVED = 0.1
"""Change of a rate from which on another brand or model is not called unchanged."""
MOST_BRANDS = 2
"""Number of brands of each direction that the message of a model as a whole names."""
MOST_OTHERS = 2
"""Number of other metrics that a message names."""
MAX_WORDS, ALSO = 60, "Also "
"""Words of a message, and how its line on other metrics begins, which longer ones lack first."""
LONGEST_QUESTION = 80
"""Characters of a question within a message."""


def alert_message(alert: Alert, evidence: AlertEvidence) -> Card:
    """Return the card of an alert for a channel. The title says the worst news, the text has the
    false statements and how often the brand is named, the footer how certain the alert is; a text
    of more than `MAX_WORDS` words is shortened.
    """
    shift = measured_shift(alert)
    metric = evidence.metrics.get(shift.metric)
    reading = metric_value(evidence.stream(shift.brand, shift), evidence, shift)
    title = message_title(alert, evidence)
    lines = (
        _model_lines(alert, evidence) if alert.of_model else _text_lines(alert, reading, evidence)
    )
    text, footer = "\n".join(lines), _footer_line(alert, evidence)
    # What else moved, and other models, are in the details.
    if len(f"{title} {text} {footer}".split()) > MAX_WORDS:
        text = "\n".join(line for line in text.splitlines() if not line.startswith(ALSO))
    if len(f"{title} {text} {footer}".split()) > MAX_WORDS:
        footer = _footer_line(alert, evidence, is_short=True)
    answers = reading.answers if reading and metric and metric.scale is Scale.BINARY else 0
    subject = words_of(shift.metric).title or (metric.label if metric else "")
    chart = alert_chart(shift, metric, evidence, subject, answers) if metric else None
    return Card(
        title=title,
        text=text,
        table=_brand_table(shift, metric, chart, evidence) if metric and chart else None,
        image=drawn_picture(chart, f"alert-{alert.id}.png") if chart else None,
        severity=_severity(alert, evidence),
        footer=footer,
        data=alert_data(alert, evidence),
    )


def _brand_table(
    shift: Shift, metric: Metric, chart: Chart, evidence: AlertEvidence
) -> Table | None:
    """Return a table with a row for each brand of the chart, the best value first: the usual value,
    if there is any, and the value of the latest check. None without measurements.

    Args:
        shift: The shift that the alert is headed by; its brand's row is emphasised.
        metric: The metric of the shift.
        chart: The chart whose lines are the brands.
        evidence: The evidence of the alert.
    """
    found = [
        (series.label, value)
        for series in chart.series
        if (value := metric_value(evidence.stream(series.label, shift), evidence, shift))
    ]
    if not found:
        return None
    has_usual = any(value.usual is not None for _, value in found)
    found.sort(key=lambda entry: entry[1].now, reverse=metric.higher_is_better)
    rows = [
        (name, value.cell(value.usual, metric), value.cell(value.now, metric))
        for name, value in found
    ]
    names = [name for name, _ in found]
    latest = wording.short_day(chart.times[-1], evidence.zone)
    return Table(
        ("Brand", "Usually", latest) if has_usual else ("Brand", latest),
        tuple(rows if has_usual else ((name, now) for name, _, now in rows)),
        frozenset({1, 2} if has_usual else {1}),
        strong=names.index(shift.brand) if shift.brand in names else None,
        pictured=True,
        caption=chart.title,
    )


def message_title(alert: Alert, evidence: AlertEvidence) -> str:
    """Return the title of an alert's message, such as ``ChatGPT names Acme far less``; for a
    recovered alert, a title that says that the change is over.
    """
    name = evidence.names.name(alert.shift.model)
    brand = alert.shift.brand
    if alert.of_model:
        if alert.state is not AlertState.RECOVERED:
            return model_title(name, evidence)
        if evidence.everything:
            return "Everything is as before"
        return f"{name} speaks about your whole category as before"
    moved = net_shifts(alert)
    if alert.state is AlertState.RECOVERED:
        return f"{name} {_recovery_phrase(alert, moved, evidence)}"
    stated = bool(alert.statements) and AlertPart.STATEMENTS not in evidence.over
    changed = bool(moved) and (AlertPart.METRICS not in evidence.over or not stated)
    if not stated:
        return f"{name} {_change_phrase(moved[0], evidence, brand)}"
    was = bool(evidence.stated) and not any(evidence.stated.values())
    title = statement_title(alert, name=name, was=was)
    return f"{title} and {_change_phrase(moved[0], evidence, 'it')}" if changed else title


def _shows_direction(shift: Shift, evidence: AlertEvidence) -> bool:
    """Return whether the numbers that readers see confirm the direction of a shift, either in the
    latest check or on average since the change began. They do not when questions moved both ways.
    """
    metric = evidence.metrics.get(shift.metric)
    reading = metric_value(evidence.stream(shift.brand, shift), evidence, shift)
    if metric is None or reading is None:
        return True
    return any(reading.shows(value, shift.change, metric) for value in (reading.now, reading.since))


def _recovery_phrase(alert: Alert, moved: list[Shift], evidence: AlertEvidence) -> str:
    """Return what a model does again now that the alert has recovered, as words to follow the
    model's name.

    Args:
        alert: The recovered alert.
        moved: Its net shift of each metric, see `net_shifts`.
        evidence: The evidence of the alert.
    """
    brand = alert.shift.brand
    done = []
    valued = (
        statement
        for statement in alert.statements
        if statement.truth and not is_listed(statement.topic)
    )
    topics = dict.fromkeys(statement.topic for statement in valued)
    if right := [topic_words(topic) for topic in topics if topic in evidence.right]:
        done.append(f"has {brand}'s {wording.listing(right)} right")
    if unsaid := [topic_words(topic) for topic in topics if topic not in evidence.right]:
        whose = "its" if right else f"{brand}'s"
        done.append(f"no longer gets {whose} {wording.listing(unsaid)} wrong")
    if alert.statements and not topics:
        done.append(f"no longer says it of {brand}")
    if moved:
        subject = "it" if done else brand
        verb = f"names {subject} again"
        first = next(shift for shift in alert.moved if shift.metric == moved[0].metric)
        if not words_of(first.metric).counts_mentions or (
            went_both_ways(first) and abs(first.change) < LEAST_MOVED
        ):
            verb = f"speaks of {subject} as before"
        elif _is_better(first, evidence):
            verb = f"names {subject} as usual again"
        done.append(verb)
    return " and ".join(done)


def _change_phrase(shift: Shift, evidence: AlertEvidence, subject: str) -> str:
    """Return what a model does since a shift, as words to follow the model's name: ``names Acme
    less``. ``subject`` is the brand's name or "it".
    """
    with_direction = _shows_direction(shift, evidence)
    elsewhere = words_of(shift.metric).elsewhere
    if elsewhere and not with_direction and went_both_ways(shift):
        return elsewhere.format(brand=subject)
    return shift_phrase(
        shift, evidence.metrics.get(shift.metric), subject, with_direction=with_direction
    )


def _is_better(shift: Shift, evidence: AlertEvidence) -> bool:
    """Return whether a shift is good news: the metric moved in its better direction (upwards for a
    metric that is not measured any more).
    """
    metric = evidence.metrics.get(shift.metric)
    return (shift.change > 0) == (metric.higher_is_better if metric else True)


def net_shifts(alert: Alert) -> list[Shift]:
    """Return one shift for each metric of an alert, from the value before the alert to the value of
    its latest shift, in the order in which the metrics were first reported.
    """
    net: dict[str, Shift] = {}
    for shift in alert.moved:
        if shift.statement is None:
            first = net.setdefault(shift.metric, shift)
            if shift is not first:
                change = shift.after - first.before
                net[shift.metric] = replace(first, after=shift.after, change=change)
    return list(net.values())


def _severity(alert: Alert, evidence: AlertEvidence) -> Severity:
    """Return whether an alert is good or bad news, or a warning where the numbers that readers see
    do not show the direction.
    """
    if alert.of_model:
        better = all(_is_better(shift, evidence) for shift in reported_brands(alert, evidence))
        return Severity.GOOD if better else Severity.BAD
    if alert.statements:
        return Severity.BAD
    head = net_shifts(alert)[0]
    if not _shows_direction(head, evidence):
        return Severity.WARNING
    return Severity.GOOD if _is_better(head, evidence) else Severity.BAD


def _text_lines(
    alert: Alert, reading: MetricValue | None, evidence: AlertEvidence
) -> Iterator[str]:
    """Yield the lines of a message about one brand: false statements, how often the brand is named
    now and usually, and which other metrics moved.

    Args:
        alert: The alert.
        reading: The value of its metric; None without answers.
        evidence: The evidence of the alert.
    """
    over = alert.state is AlertState.RECOVERED
    shift = measured_shift(alert)
    alone = all(shift.statement for shift in alert.moved)
    if not over and AlertPart.STATEMENTS not in evidence.over:
        yield from short_statement_lines(alert.moved, most=2 if alone else 1, now=evidence.stated)
    metric = evidence.metrics.get(shift.metric)
    if reading and metric:
        line = f"{words_of(metric.name).title or metric.label}{reading.words(metric)}"
        moved = net_shifts(alert)
        if over:
            yield f"{line}.{_duration_sentence(alert, evidence)}"
        elif AlertPart.METRICS in evidence.over or not moved:
            yield f"{line}." + ("" if moved else _winner_sentence(shift, metric, evidence))
        elif _shows_direction(moved[0], evidence):
            mean = _mean_since_words(reading, moved[0].change, metric, evidence)
            yield f"{line}{mean}." + ("" if mean else _winner_sentence(shift, metric, evidence))
        else:
            yield f"{line}.{_moved_question_sentence(moved[0], evidence)}"
    elif not metric:
        yield (
            f'The plugin that measures "{shift.metric}" is not installed any more; what was '
            "measured is under Details."
        )
    if not over and AlertPart.METRICS not in evidence.over:
        yield from _other_metrics_line(alert, evidence)


def _mean_since_words(
    reading: MetricValue, change: float, metric: Metric, evidence: AlertEvidence
) -> str:
    """Return a clause with the mean since the change began, where this mean shows the direction of
    the change and the latest check does not; otherwise an empty string.

    Args:
        reading: The values of the metric.
        change: The change of the metric, of which only the sign counts.
        metric: The metric.
        evidence: The evidence of the alert.
    """
    shown = reading.shows(reading.now, change, metric)
    if shown or reading.since is None or not reading.shows(reading.since, change, metric):
        return ""
    began = wording.short_day(evidence.began, evidence.zone)
    return f"; {reading.written(reading.since, metric)} on average since {began}"


def _moved_question_sentence(shift: Shift, evidence: AlertEvidence) -> str:
    """Return a sentence that quotes the question at which the metric moved most in the direction of
    the shift; empty unless questions moved both ways, or when the text of the question is not
    known.
    """
    if not words_of(shift.metric).elsewhere or not went_both_ways(shift):
        return ""
    moved = next((p for p in shift.prompts if (p.after - p.before) * shift.change > 0), None)
    text = evidence.text(moved.prompt) if moved else ""
    if moved is None or text == moved.prompt:
        return ""
    how = "More" if shift.change > 0 else "Less"
    return f" {how} for “{wording.shorten(wording.line(text), LONGEST_QUESTION)}”"


def reported_brands(alert: Alert, evidence: AlertEvidence) -> list[Shift]:
    """Return the shift of each watched brand in a change of the model as a whole, with its value of
    the latest check and its mean change since the beginning, the largest change first. If no
    watched brand moved by `LEAST_MOVED`, return the shifts of all brands.
    """
    found = []
    for brand in (evidence.brand, *evidence.rivals):
        shift = replace(measured_shift(alert), brand=brand.name)
        stream = evidence.stream(brand.name, shift)
        change = change_of(stream, evidence)
        reading = metric_value(stream, evidence, shift)
        if change is not None and reading is not None:
            before = reading.now - change if reading.usual is None else reading.usual
            change = change if reading.since is None else reading.since - before
            now = replace(shift, before=before, after=reading.now, change=change)
            found.append((brand.tracked, now))
    own = [shift for tracked, shift in found if tracked and abs(shift.change) >= LEAST_MOVED]
    return sorted(own or [s for _, s in found], key=lambda s: (-abs(s.change), s.brand))


def _model_lines(alert: Alert, evidence: AlertEvidence) -> Iterator[str]:
    """Yield the lines of a message about a model as a whole: the brands that it names less, then
    those that it names more, the largest changes first. Yield nothing when the metric is not
    measured any more.
    """
    metric = evidence.metrics.get(alert.shift.metric)
    if metric is None:
        return
    moved = reported_brands(alert, evidence)
    if alert.state is AlertState.RECOVERED:
        names = [shift.brand for shift in moved[:MOST_BRANDS]]
        are = "are" if len(names) > 1 else "is"
        done = f"{are} named" if words_of(metric.name).counts_mentions else f"{are} spoken of"
        ended = _duration_sentence(alert, evidence)
        yield f"{wording.listing(names)} {done} as usual again.{ended}"
        return
    brands_better = words_of(metric.name).brands_better or f"{metric.label}, better"
    brands_worse = words_of(metric.name).brands_worse or f"{metric.label}, worse"
    for words, better in ((brands_worse, False), (brands_better, True)):
        mine = [shift for shift in moved if _is_better(shift, evidence) == better]
        brands = [
            f"{shift.brand} ({_count_words(shift, metric, evidence, first=not index)})"
            for index, shift in enumerate(mine[:MOST_BRANDS])
        ]
        more = [f"{len(mine) - MOST_BRANDS} more"] if len(mine) > MOST_BRANDS else []
        if brands:
            yield f"{words}: {wording.listing([*brands, *more])}."
    if evidence.everything:
        models = sorted({stream.key.model for stream in evidence.streams})
        everywhere = wording.listing([evidence.names.name(model) for model in models])
        first = "look first at the questions, the scoring and the connection"
        yield f"So it is at {everywhere}: {first}."


def _count_words(shift: Shift, metric: Metric, evidence: AlertEvidence, *, first: bool) -> str:
    """Return how often a brand is named now and usually: ``8 of 24 answers, usually 22``.

    Where only the mean since the change began shows the change, the mean replaces the count of the
    latest check. ``first`` says whether the brand is the first of its line; the others lack the
    number of answers.
    """
    reading = metric_value(evidence.stream(shift.brand, shift), evidence, shift)
    if reading is None:
        return ""
    mean = reading.since if _mean_since_words(reading, shift.change, metric, evidence) else None
    shown = reading if mean is None else replace(reading, now=mean)
    said = shown.words(metric).removeprefix(" in ").removeprefix(": ")
    said = said if mean is None else f"on average {said}"
    return (
        said
        if first or not reading.answers
        else said.replace(f" of {wording.count(reading.answers, 'answer')}", "")
    )


def _other_metrics_line(alert: Alert, evidence: AlertEvidence) -> Iterator[str]:
    """Yield at most one line: which other metrics became worse or, if none did, which became
    better.
    """
    others = [
        shift
        for shift in net_shifts(alert)[1:]
        if not words_of(shift.metric).elsewhere or abs(shift.change) >= LEAST_MOVED
    ]
    if alert.statements:  # which facts are wrong is said by the statements
        others = [shift for shift in others if shift.metric != "accuracy"]
    for words, better in ((f"{ALSO}worse", False), (f"{ALSO}better", True)):
        nouns = [
            words_of(shift.metric).noun or shift.metric
            for shift in others
            if _is_better(shift, evidence) == better
        ]
        if nouns:
            yield f"{words}: {wording.listing(nouns[:MOST_OTHERS])}."
            return


def _duration_sentence(alert: Alert, evidence: AlertEvidence) -> str:
    """Return a sentence on how long the change of an alert lasted, to follow another: `` It lasted
    3 weeks.``. Empty while the alert is not over.
    """
    if alert.over_at is None:
        return ""
    change = Period(evidence.began, alert.over_at, alert.id)
    return f" It lasted {duration_words(change, now=alert.over_at)}."


def _winner_sentence(shift: Shift, metric: Metric, evidence: AlertEvidence) -> str:
    """Return a sentence that names the competitor whose rate rose most while the brand's rate fell;
    empty when no competitor gained at least `MOVED`.
    """
    if metric.scale not in RATES or _is_better(shift, evidence) or not metric.higher_is_better:
        return ""
    gains = {
        rival.name: change
        for rival in evidence.rivals
        if (change := change_of(evidence.stream(rival.name, shift), evidence)) is not None
    }
    best = max(gains, key=lambda name: gains[name], default="")
    return f" {best} took your place." if best and gains[best] >= MOVED else ""


def _footer_line(alert: Alert, evidence: AlertEvidence, *, is_short: bool = False) -> str:
    """Return the last line of a message: how certain the alert is, which update it fits, what other
    models did, and who takes care of the alert. ``is_short`` leaves out the other models.
    """
    return " · ".join(filter(None, _footnotes(alert, evidence, is_short=is_short)))


def _footnotes(alert: Alert, evidence: AlertEvidence, *, is_short: bool) -> Iterator[str]:
    """Yield the parts of a message's last line, some of them empty; see `_footer_line`."""
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
    """Return a note on other models: which did not change or, if some changed, which changed in the
    same direction. Empty without other models, and for metrics that are no rates.
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
    still = [name for name, change in changes.items() if abs(change) < MOVED]
    if len(still) == len(changes):
        return f"{wording.listing(still)} unchanged" if still else ""
    if shift.statement:
        return ""
    too = [name for name, change in changes.items() if change * shift.change >= MOVED**2]
    return f"{wording.listing(too)} too" if too else ""
