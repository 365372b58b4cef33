"""An alert as the message of a channel: what happened in words, a picture, and how sure that is.

The figures, dates and sentences behind it are those of `overheard.alerts.card.compose`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from overheard.alerts.card import alert_chart, alert_data, model_title
from overheard.alerts.events import named
from overheard.alerts.evidence import AlertEvidence, measured_shift
from overheard.alerts.metric_wording import (
    COUNTED,
    ELSEWHERE,
    LEAST_MOVED,
    MODEL_WORDS,
    NOUNS,
    RATES,
    SUBJECTS,
    MetricValue,
    change_of,
    metric_value,
    shift_phrase,
    went_both_ways,
)
from overheard.alerts.reasons import certainty
from overheard.alerts.statement_wording import (
    is_listed,
    short_statement_lines,
    statement_title,
    topic_words,
)
from overheard.alerts.story import AlertPart, Period, lasted
from overheard.cards import wording
from overheard.cards.card import Card, Severity, Table
from overheard.cards.charts.renderer import printed
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
    """Return the message of an alert: its title is the worst news in words, its text has the false
    statements and how often the brand is named, and its last line says how sure that is.
    """
    shift = measured_shift(alert)
    metric = evidence.metrics.get(shift.metric)
    reading = metric_value(evidence.stream(shift.brand, shift), evidence, shift)
    title = message_title(alert, evidence)
    lines = _model_lines(alert, evidence) if alert.of_model else _lines(alert, reading, evidence)
    text, footer = "\n".join(lines), _footer(alert, evidence)
    # What else moved, and other models, are in the details.
    if len(f"{title} {text} {footer}".split()) > MAX_WORDS:
        text = "\n".join(line for line in text.splitlines() if not line.startswith(ALSO))
    if len(f"{title} {text} {footer}".split()) > MAX_WORDS:
        footer = _footer(alert, evidence, is_short=True)
    answers = reading.answers if reading and metric and metric.scale is Scale.BINARY else 0
    subject = SUBJECTS.get(shift.metric, metric.label if metric else "")
    chart = alert_chart(shift, metric, evidence, subject, answers) if metric else None
    return Card(
        title=title,
        text=text,
        table=_table(shift, metric, chart, evidence) if metric and chart else None,
        image=printed(chart, f"alert-{alert.id}.png") if chart else None,
        severity=_severity(alert, evidence),
        footer=footer,
        data=alert_data(alert, evidence),
    )


def _table(shift: Shift, metric: Metric, chart: Chart, evidence: AlertEvidence) -> Table | None:
    """Return the brands of the chart with what is usual, where something is, and what the latest
    check measured, the highest first; None without measurements.
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
    """Return what happened in words: ``ChatGPT names Acme far less``; of an alert that has
    recovered, that it is over.
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
        return f"{name} {_recovered(alert, moved, evidence)}"
    stated = bool(alert.statements) and AlertPart.STATEMENTS not in evidence.over
    changed = bool(moved) and (AlertPart.METRICS not in evidence.over or not stated)
    if not stated:
        return f"{name} {_phrase(moved[0], evidence, brand)}"
    was = bool(evidence.stated) and not any(evidence.stated.values())
    title = statement_title(alert, name=name, was=was)
    return f"{title} and {_phrase(moved[0], evidence, 'it')}" if changed else title


def _shows_direction(shift: Shift, evidence: AlertEvidence) -> bool:
    """Whether the counts show the direction of a shift: those of the latest check, or of all since
    it began. They do not when questions moved both ways.
    """
    metric = evidence.metrics.get(shift.metric)
    reading = metric_value(evidence.stream(shift.brand, shift), evidence, shift)
    if metric is None or reading is None:
        return True
    return any(reading.shows(value, shift.change, metric) for value in (reading.now, reading.since))


def _recovered(alert: Alert, moved: list[Shift], evidence: AlertEvidence) -> str:
    """Return what a model does again, after its name."""
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
        if first.metric not in COUNTED or (
            went_both_ways(first) and abs(first.change) < LEAST_MOVED
        ):
            verb = f"speaks of {subject} as before"
        elif _is_better(first, evidence):
            verb = f"names {subject} as usual again"
        done.append(verb)
    return " and ".join(done)


def _phrase(shift: Shift, evidence: AlertEvidence, subject: str) -> str:
    """Return what a model does now, after its name."""
    with_direction = _shows_direction(shift, evidence)
    if not with_direction and shift.metric in ELSEWHERE and went_both_ways(shift):
        return ELSEWHERE[shift.metric].format(brand=subject)
    return shift_phrase(
        shift, evidence.metrics.get(shift.metric), subject, with_direction=with_direction
    )


def _is_better(shift: Shift, evidence: AlertEvidence) -> bool:
    metric = evidence.metrics.get(shift.metric)
    return (shift.change > 0) == (metric.higher_is_better if metric else True)


def net_shifts(alert: Alert) -> list[Shift]:
    """Return for each metric how far it is from where it was before the alert, in the order in
    which they were reported.
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
    """Return whether an alert is good or bad news; a warning where the counts do not show which."""
    if alert.of_model:
        better = all(_is_better(shift, evidence) for shift in reported_brands(alert, evidence))
        return Severity.GOOD if better else Severity.BAD
    if alert.statements:
        return Severity.BAD
    head = net_shifts(alert)[0]
    if not _shows_direction(head, evidence):
        return Severity.WARNING
    return Severity.GOOD if _is_better(head, evidence) else Severity.BAD


def _lines(alert: Alert, reading: MetricValue | None, evidence: AlertEvidence) -> Iterator[str]:
    """Yield the false statements, how often the brand is named now and usually, and what else
    moved.
    """
    over = alert.state is AlertState.RECOVERED
    shift = measured_shift(alert)
    alone = all(shift.statement for shift in alert.moved)
    if not over and AlertPart.STATEMENTS not in evidence.over:
        yield from short_statement_lines(alert.moved, most=2 if alone else 1, now=evidence.stated)
    metric = evidence.metrics.get(shift.metric)
    if reading and metric:
        line = f"{SUBJECTS.get(metric.name, metric.label)}{reading.words(metric)}"
        moved = net_shifts(alert)
        if over:
            yield f"{line}.{_lasted(alert, evidence)}"
        elif AlertPart.METRICS in evidence.over or not moved:
            yield f"{line}." + ("" if moved else _place(shift, metric, evidence))
        elif _shows_direction(moved[0], evidence):
            mean = _since(reading, moved[0].change, metric, evidence)
            yield f"{line}{mean}." + ("" if mean else _place(shift, metric, evidence))
        else:
            yield f"{line}.{_elsewhere_asked(moved[0], evidence)}"
    elif not metric:
        yield (
            f'The plugin that measures "{shift.metric}" is not installed any more; what was '
            "measured is under Details."
        )
    if not over and AlertPart.METRICS not in evidence.over:
        yield from _others(alert, evidence)


def _since(reading: MetricValue, change: float, metric: Metric, evidence: AlertEvidence) -> str:
    """Write the mean since a change began, where the latest check alone does not show it."""
    shown = reading.shows(reading.now, change, metric)
    if shown or reading.since is None or not reading.shows(reading.since, change, metric):
        return ""
    began = wording.short_day(evidence.began, evidence.zone)
    return f"; {reading.written(reading.since, metric)} on average since {began}"


def _elsewhere_asked(shift: Shift, evidence: AlertEvidence) -> str:
    """Say at which question a metric moved most in the direction of its shift; empty where that is
    not known.
    """
    if shift.metric not in ELSEWHERE or not went_both_ways(shift):
        return ""
    moved = next((p for p in shift.prompts if (p.after - p.before) * shift.change > 0), None)
    text = evidence.text(moved.prompt) if moved else ""
    if moved is None or text == moved.prompt:
        return ""
    how = "More" if shift.change > 0 else "Less"
    return f" {how} for “{wording.shorten(wording.line(text), LONGEST_QUESTION)}”"


def reported_brands(alert: Alert, evidence: AlertEvidence) -> list[Shift]:
    """Return for each brand that is watched by how much it differs now from before a change of the
    model as a whole, the largest first; of all brands where none of those moved.
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
    """Yield which brands a model names less, and which more, the largest changes first."""
    metric = evidence.metrics.get(alert.shift.metric)
    if metric is None:
        return
    moved = reported_brands(alert, evidence)
    if alert.state is AlertState.RECOVERED:
        names = [shift.brand for shift in moved[:MOST_BRANDS]]
        are = "are" if len(names) > 1 else "is"
        done = f"{are} named" if metric.name in COUNTED else f"{are} spoken of"
        yield f"{wording.listing(names)} {done} as usual again.{_lasted(alert, evidence)}"
        return
    more_words, less_words = MODEL_WORDS.get(
        metric.name, (f"{metric.label}, better", f"{metric.label}, worse")
    )
    for words, better in ((less_words, False), (more_words, True)):
        mine = [shift for shift in moved if _is_better(shift, evidence) == better]
        brands = [
            f"{shift.brand} ({_counts(shift, metric, evidence, first=not index)})"
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


def _counts(shift: Shift, metric: Metric, evidence: AlertEvidence, *, first: bool) -> str:
    """Write how often a brand is named now and usually: ``8 of 24 answers, usually 22``; where the
    latest check alone does not show the change, how often it is since on average.
    """
    reading = metric_value(evidence.stream(shift.brand, shift), evidence, shift)
    if reading is None:
        return ""
    mean = reading.since if _since(reading, shift.change, metric, evidence) else None
    shown = reading if mean is None else replace(reading, now=mean)
    said = shown.words(metric).removeprefix(" in ").removeprefix(": ")
    said = said if mean is None else f"on average {said}"
    return (
        said
        if first or not reading.answers
        else said.replace(f" of {wording.count(reading.answers, 'answer')}", "")
    )


def _others(alert: Alert, evidence: AlertEvidence) -> Iterator[str]:
    """Yield which other metrics became worse; if none did, which became better."""
    others = [
        shift
        for shift in net_shifts(alert)[1:]
        if shift.metric not in ELSEWHERE or abs(shift.change) >= LEAST_MOVED
    ]
    if alert.statements:  # which facts are wrong is said by the statements
        others = [shift for shift in others if shift.metric != "accuracy"]
    for words, better in ((f"{ALSO}worse", False), (f"{ALSO}better", True)):
        nouns = [
            NOUNS.get(shift.metric, shift.metric)
            for shift in others
            if _is_better(shift, evidence) == better
        ]
        if nouns:
            yield f"{words}: {wording.listing(nouns[:MOST_OTHERS])}."
            return


def _lasted(alert: Alert, evidence: AlertEvidence) -> str:
    """Say how long a change lasted that is over."""
    if alert.over_at is None:
        return ""
    return f" It lasted {lasted(Period(evidence.began, alert.over_at, alert.id), alert.over_at)}."


def _place(shift: Shift, metric: Metric, evidence: AlertEvidence) -> str:
    """Say which competitor gained most while the brand lost; empty without any."""
    if metric.scale not in RATES or _is_better(shift, evidence) or not metric.higher_is_better:
        return ""
    gains = {
        rival.name: change
        for rival in evidence.rivals
        if (change := change_of(evidence.stream(rival.name, shift), evidence)) is not None
    }
    best = max(gains, key=lambda name: gains[name], default="")
    return f" {best} took your place." if best and gains[best] >= MOVED else ""


def _footer(alert: Alert, evidence: AlertEvidence, *, is_short: bool = False) -> str:
    """Say how sure it is, which update it fits, what other models did, and who has it; where it has
    to be short, nothing of other models.
    """
    return " · ".join(filter(None, _footnotes(alert, evidence, is_short=is_short)))


def _footnotes(alert: Alert, evidence: AlertEvidence, *, is_short: bool) -> Iterator[str]:
    name = evidence.names.name(alert.shift.model)
    sure = [shift.chance_a_year for shift in alert.moved if shift.chance_a_year is not None]
    if sure:
        yield (certainty(min(sure)) or "").capitalize()
    if updates := measured_shift(alert).updates:
        yield f"fits {name}'s update of {wording.short_day(updates[0].at, evidence.zone)}"
    cause = evidence.explanation.probable if evidence.explanation else None
    if cause and not evidence.whole and not (alert.of_model and evidence.everything):
        yield f"probably {cause.short.format(brand=measured_shift(alert).brand)}"
    if evidence.whole:
        of = "what moved at all models" if alert.of_model else f"{name}'s change as a whole"
        yield f"part of {of}"
    if not alert.of_model and not is_short:
        yield _elsewhere(alert, evidence)
    if alert.by and alert.state in {AlertState.ACKNOWLEDGED, AlertState.RECOVERED}:
        yield f"{named(alert.by)} {'has' if alert.state is AlertState.ACKNOWLEDGED else 'had'} it"


def _elsewhere(alert: Alert, evidence: AlertEvidence) -> str:
    """Say which other models did not change with it, or did; empty without other models."""
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
