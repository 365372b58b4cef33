"""The message of an alert: its lines, its footer, its chart and its buttons; and its data."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from overheard.alerts import phrases
from overheard.alerts.evidence import AlertEvidence, measured_shift, metric_shifts
from overheard.alerts.history import certainty
from overheard.alerts.metric_wording import (
    LEAST_MOVED,
    MetricValue,
    change_of,
    metric_value,
    went_both_ways,
)
from overheard.alerts.story import AlertPart, Period, duration_words
from overheard.alerts.titles import (
    brand_shifts,
    is_better,
    message_title,
    net_shifts,
    rivals_of,
    shows_direction,
)
from overheard.cards import wording
from overheard.cards.card import Card, Severity, Table, picked
from overheard.cards.charts.renderer import drawn_picture
from overheard.cards.charts.trend import Chart, Mark, Series
from overheard.cards.metric_words import words_of
from overheard.cards.model_names import asked_by
from overheard.cards.wording import name_without_id
from overheard.domain import Alert, AlertState, Metric, Shift
from overheard.measure.blocks import Stream

MIN_CLEAR_CHANGE = 0.1
"""Change of a rate from which on another brand or model is not called unchanged."""


def footer_line(alert: Alert, evidence: AlertEvidence, *, is_short: bool = False) -> str:
    """Return the last line of a message: ``Likely · fits ChatGPT's update of 2 Mar · Claude
    unchanged``. Parts that are not known are left out.

    Args:
        is_short: Whether the note on other models is left out.
    """
    return " · ".join(filter(None, _footnotes(alert, evidence, is_short=is_short)))


def _footnotes(alert: Alert, evidence: AlertEvidence, *, is_short: bool) -> Iterator[str]:
    """Yield the parts of a message's last line in order; a part that is not known is left out or
    empty. They are: how certain the alert is, what a model that read its sentences says, the update
    of the model that fits it, its likely cause, the alert of which it is a part, other models (if
    not ``is_short``), the person who takes care of it, and how the model is asked.
    """
    name = evidence.names.name(alert.shift.model)
    best, has_moved = surest_shift(alert, evidence), AlertPart.METRICS not in evidence.over
    if best and alert.state is not AlertState.RECOVERED:  # "likely" would be read of the recovery
        yield (certainty(best.chance_a_year) or "").capitalize()
    if alert.state is not AlertState.RECOVERED:
        yield evidence.checked
    updates = measured_shift(alert).updates
    if updates and has_moved:
        yield f"fits {name}'s update of {wording.short_day(updates[0].at, evidence.zone)}"
    in_title = alert.of_model and evidence.everything
    if evidence.explanation and not (updates or evidence.model_alert or in_title):
        yield evidence.explanation.short.format(brand=measured_shift(alert).brand, model=name)
    if evidence.model_alert:
        of = "what moved at all models" if alert.of_model else f"{name}'s change as a whole"
        yield f"part of {of}"
    if not alert.of_model and not is_short:
        yield _other_models_note(alert, evidence)
    yield from owner_note(alert)
    how = asked_by(alert.shift.model)
    yield f"by {how}, not the app" if how.startswith("API") else how


def owner_note(alert: Alert) -> Iterator[str]:
    """Yield who takes care of an alert that is acknowledged, or took care of one that is over."""
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
    if metric is None or not metric.scale.is_rate:
        return ""
    changes = {
        evidence.names.name(stream.key.model): change
        for stream, change in other_models(alert, evidence)
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


MOST_BRANDS = 2
"""Number of brands of each direction that the message of a model-wide alert names."""
_NOT_MEASURED = 'The plugin that measures "{metric}" is not installed any more'
MOST_OTHERS = 2
"""Number of other metrics that a message names."""
MAX_MESSAGE_WORDS, ALSO_PREFIX = 60, "Also "
"""Words of a message, and how its line on other metrics begins, which longer ones lack first."""
MAX_QUESTION_CHARS = 80
"""Characters of a question within a message."""


def alert_message(alert: Alert, evidence: AlertEvidence) -> Card:
    """Return the card of an alert for a channel.

    The title says the worst news. The text has the false statements, the usual and the present
    value of the metric, and what else moved; for a model-wide alert, the brands that moved. The
    footer says how certain the alert is. The picture and the table have the values of the brand and
    its competitors; both are left out when the metric is not measured any more.

    If title, text and footer have more than `MAX_MESSAGE_WORDS` words, the line on other metrics is
    left out; if they still have more, so is the footer's note on other models.
    """
    shift = measured_shift(alert)
    metric = evidence.metrics.get(shift.metric)
    reading = metric_value(evidence.stream(shift.brand, shift), evidence, shift)
    title = message_title(alert, evidence)
    text, footer = "\n".join(message_lines(alert, evidence)), footer_line(alert, evidence)
    # What else moved, and other models, are in the details.
    if len(f"{title} {text} {footer}".split()) > MAX_MESSAGE_WORDS:
        text = "\n".join(line for line in text.splitlines() if not line.startswith(ALSO_PREFIX))
    if len(f"{title} {text} {footer}".split()) > MAX_MESSAGE_WORDS:
        footer = footer_line(alert, evidence, is_short=True)
    if len(f"{title} {text} {footer}".split()) > MAX_MESSAGE_WORDS:
        lines = message_lines(alert, evidence, most=1)
        text = "\n".join(line for line in lines if not line.startswith(ALSO_PREFIX))
    answers = reading.answers if reading and metric and metric.scale.is_yes_or_no else 0
    subject = words_of(shift.metric).title or (metric.label if metric else "")
    chart = alert_chart(shift, metric, evidence, subject, answers) if metric else None
    return Card(
        title=title,
        text=text,
        table=_brand_table(shift, metric, chart, evidence) if metric and chart else None,
        image=drawn_picture(chart, f"alert-{alert.id}.png") if chart else None,
        severity=message_severity(alert, evidence),
        footer=footer,
        data=alert_data(alert, evidence),
    )


def message_lines(
    alert: Alert,
    evidence: AlertEvidence,
    *,
    in_percent: bool = False,
    most: int = phrases.SHORT_LINES,
) -> list[str]:
    """Return the lines of an alert's message: the false statements, the usual and the present value
    of its metric and what else moved; for a model-wide alert, the brands that moved.

    Args:
        in_percent: Whether the value is in per cent, also where counts could be compared.
        most: The largest number of statements that are said in words.
    """
    if alert.of_model:
        return list(_model_lines(alert, evidence))
    shift = measured_shift(alert)
    reading = metric_value(evidence.stream(shift.brand, shift), evidence, shift)
    if reading and in_percent:
        reading = replace(reading, answers=0)
    return list(_text_lines(alert, reading, evidence, most))


def surest_shift(alert: Alert, evidence: AlertEvidence) -> Shift | None:
    """Return the change of a metric that chance explains least; None where that is not known, and
    where the metrics are back while statements go on.
    """
    if AlertPart.METRICS in evidence.over:
        return None
    sure = [shift for shift in metric_shifts(alert) if shift.chance_a_year is not None]
    return min(sure, key=lambda shift: shift.chance_a_year or 0.0, default=None)


def other_models(alert: Alert, evidence: AlertEvidence) -> list[tuple[Stream, float]]:
    """Return the streams of the alert's metric and brand at the other models that answered in the
    newest check, each with its change since the alert's change began.
    """
    shift = measured_shift(alert)
    return [
        (stream, change)
        for stream in evidence.streams
        if stream.key.brand == shift.brand and stream.key.model != shift.model
        if evidence.current is None or stream.key.model in evidence.current
        if (change := change_of(stream, evidence)) is not None
    ]


def _brand_table(
    shift: Shift, metric: Metric, chart: Chart, evidence: AlertEvidence
) -> Table | None:
    """Return a table with a row for each brand of the chart, the best present value first: the
    brand, its usual value ("Usually"), and its value in the latest check, whose day is the header.
    The column of usual values is left out if no brand has one. None if no brand has measurements.
    """
    brand_values = [
        (series.label, value)
        for series in chart.series
        if (value := metric_value(evidence.stream(series.label, shift), evidence, shift))
    ]
    if not brand_values:
        return None
    has_usual = any(value.usual is not None for _, value in brand_values)
    brand_values.sort(key=lambda entry: entry[1].now, reverse=metric.higher_is_better)
    rows = [
        (name, value.cell(value.usual, metric), value.cell(value.now, metric))
        for name, value in brand_values
    ]
    names = [name for name, _ in brand_values]
    latest = wording.short_day(chart.times[-1], evidence.zone)
    return Table(
        ("Brand", "Usually", latest) if has_usual else ("Brand", latest),
        tuple(rows if has_usual else ((name, now) for name, _, now in rows)),
        frozenset({1, 2} if has_usual else {1}),
        strong=names.index(shift.brand) if shift.brand in names else None,
        pictured=True,
        caption=chart.title,
    )


def message_severity(alert: Alert, evidence: AlertEvidence) -> Severity:
    """Return the severity of an alert's news: GOOD or BAD by the net shift of its first metric, and
    WARNING if the numbers that readers see do not confirm the direction of this shift, or it is not
    measured any more. An alert with statements is always BAD; a model-wide alert is GOOD only if
    all brands moved for the better.
    """
    if alert.statements:
        return Severity.BAD
    shift = alert.shift if alert.of_model else measured_shift(alert)
    if shift.metric not in evidence.metrics:
        return Severity.WARNING
    if alert.of_model:
        better = all(is_better(shift, evidence) for shift in brand_shifts(alert, evidence))
        return Severity.GOOD if better else Severity.BAD
    head = net_shifts(alert)[0]
    if not shows_direction(head, evidence):
        return Severity.WARNING
    # What is good for a competitor is bad.
    return Severity.GOOD if is_better(head, evidence) == evidence.brand.tracked else Severity.BAD


def _text_lines(
    alert: Alert, reading: MetricValue | None, evidence: AlertEvidence, most: int
) -> Iterator[str]:
    """Yield the lines of a message about one brand: a line for each false statement, a line with
    the present and the usual value of the metric, and a line on other metrics that moved.
    """
    has_recovered = alert.state is AlertState.RECOVERED
    shift = measured_shift(alert)
    if not has_recovered and AlertPart.STATEMENTS not in evidence.over:
        live = {s: claim for s in alert.statements if (claim := evidence.live(s))}
        yield from phrases.short_statement_lines(
            alert.moved,
            most,
            now=evidence.stated,
            stating={said: claim.statement.asked for said, claim in live.items()},
            new=[said for said, claim in live.items() if alert.later and claim.before == 0],
        )
    metric = evidence.metrics.get(shift.metric)
    if reading and metric:
        title = words_of(metric.name).title or metric.label
        end = _end_of_value_line(alert, reading, metric, evidence)
        whose = title if evidence.brand.tracked else f"{shift.brand}: {title.lower()}"
        yield f"{whose}{reading.words(metric)}{end}"
        for name, value in rivals_of(shift, evidence) if net_shifts(alert) else ():
            words = replace(value, answers=reading.answers and value.answers).words(metric)
            yield f"{name}: {title.lower()}{words}."
    elif not metric and not shift.statement:
        moved = phrases.shift_words(shift, evidence.metrics)
        yield f"{_NOT_MEASURED.format(metric=shift.metric)}: {moved}."
    if not has_recovered and AlertPart.METRICS not in evidence.over:
        yield from _other_metrics_line(alert, evidence)


def _end_of_value_line(
    alert: Alert, reading: MetricValue, metric: Metric, evidence: AlertEvidence
) -> str:
    """Return how the line with the value of an alert's metric ends: a full stop, and what is most
    telling besides.
    """
    shift, moved = measured_shift(alert), net_shifts(alert)
    mean = sentence = ""
    if alert.state is AlertState.RECOVERED:
        sentence = _duration_sentence(alert, evidence)
    elif not moved:
        sentence = _winning_rival_sentence(shift, metric, evidence)
    elif AlertPart.METRICS not in evidence.over:
        if not shows_direction(moved[0], evidence):
            sentence = _moved_question_sentence(moved[0], evidence)
        else:
            mean = _mean_since_words(reading, moved[0].change, metric, evidence)
            sentence = "" if mean else _winning_rival_sentence(shift, metric, evidence)
    return f"{mean}.{sentence}"


def _mean_since_words(
    reading: MetricValue, change: float, metric: Metric, evidence: AlertEvidence
) -> str:
    """Return a clause with the mean since a change began, if this mean shows the direction of the
    change and the latest check does not, or less than half of it: ``; 9 on average since 2 Mar``.
    Otherwise empty.
    """
    if reading.since is None or not reading.shows(reading.since, change, metric):
        return ""
    usual = reading.now if reading.usual is None else reading.usual
    is_back = abs(reading.now - usual) < abs(reading.since - usual) / 2
    if reading.shows(reading.now, change, metric) and not is_back:
        return ""
    began = wording.short_day(evidence.began, evidence.zone)
    return f"; {reading.written(reading.since, metric)} on average since {began}"


def _moved_question_sentence(shift: Shift, evidence: AlertEvidence) -> str:
    """Return a sentence that quotes the question which moved most in the direction of a shift, to
    follow another: `` Less for “best crm”``, with at most `MAX_QUESTION_CHARS` characters of it.

    Empty when no question moved in one of the directions, when the metric has no words for
    questions that moved both ways, and when the change of the shift is 0. Also empty when the
    evidence has no answer to the question, because its text is known from answers.
    """
    if not words_of(shift.metric).elsewhere or not went_both_ways(shift):
        return ""
    moved = next((p for p in shift.prompts if (p.after - p.before) * shift.change > 0), None)
    if moved is None:
        return ""
    text = evidence.text(moved.prompt)
    is_known = text != moved.prompt  # the key stands for a text that is not known
    if not is_known:
        return ""
    how = "More" if shift.change > 0 else "Less"
    return f" {how} for “{wording.shorten(wording.line(text), MAX_QUESTION_CHARS)}”"


def _model_lines(alert: Alert, evidence: AlertEvidence) -> Iterator[str]:
    """Yield the lines of a message about a model-wide change."""
    metric = evidence.metrics.get(alert.shift.metric)
    if metric is None:
        yield f"{_NOT_MEASURED.format(metric=alert.shift.metric)}."
        return
    moved = brand_shifts(alert, evidence)
    if alert.state is AlertState.RECOVERED:
        names = [shift.brand for shift in moved[:MOST_BRANDS]]
        are = "are" if len(names) > 1 else "is"
        verb = f"{are} named" if words_of(metric.name).counts_mentions else f"{are} spoken of"
        duration = _duration_sentence(alert, evidence)
        yield f"{wording.listing(names)} {verb} as usual again.{duration}"
        return
    brands_better = words_of(metric.name).brands_better or f"{metric.label}, better"
    brands_worse = words_of(metric.name).brands_worse or f"{metric.label}, worse"
    for words, better in ((brands_worse, False), (brands_better, True)):
        shifts = [shift for shift in moved if is_better(shift, evidence) == better]
        brands = [
            f"{shift.brand} ({_value_words(shift, metric, evidence, first=index == 0)})"
            for index, shift in enumerate(shifts[:MOST_BRANDS])
        ]
        more = [f"{len(shifts) - MOST_BRANDS} more"] if len(shifts) > MOST_BRANDS else []
        if brands:
            yield f"{words}: {wording.listing([*brands, *more])}."
    if evidence.everything:
        models = sorted({stream.key.model for stream in evidence.streams})
        everywhere = wording.listing([evidence.names.name(model) for model in models])
        first = "look first at the questions, the scoring and the connection"
        yield f"So it is at {everywhere}: {first}."


def _value_words(shift: Shift, metric: Metric, evidence: AlertEvidence, *, first: bool) -> str:
    """Return the present and the usual value of a brand's metric: ``8 of 24 answers, usually 22``.
    If only the mean since the change began shows the change, this mean replaces the value of the
    latest check: ``on average 9 of 24 answers, usually 22``. Empty without answers.
    """
    reading = metric_value(evidence.stream(shift.brand, shift), evidence, shift)
    if reading is None:
        return ""
    mean = reading.since if _mean_since_words(reading, shift.change, metric, evidence) else None
    shown = reading if mean is None else replace(reading, now=mean)
    words = shown.words(metric).removeprefix(" in ").removeprefix(": ")
    words = words if mean is None else f"on average {words}"
    if first or not reading.answers:
        return words
    return words.replace(f" of {wording.count(reading.answers, 'answer')}", "")


def _other_metrics_line(alert: Alert, evidence: AlertEvidence) -> Iterator[str]:
    """Yield at most one line on other metrics than the alert's first: those that became worse, or
    else those that became better, such as "Also worse: the tone".
    """
    others = [
        shift
        for shift in net_shifts(alert)[1:]
        if not words_of(shift.metric).elsewhere or abs(shift.change) >= LEAST_MOVED
    ]
    for words, better in ((f"{ALSO_PREFIX}worse", False), (f"{ALSO_PREFIX}better", True)):
        nouns = [
            words_of(shift.metric).noun or shift.metric
            for shift in others
            if is_better(shift, evidence) == better
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
    change = Period(evidence.again or evidence.began, alert.over_at, alert.id)
    return f" It lasted {duration_words(change, now=alert.over_at)}."


def _winning_rival_sentence(shift: Shift, metric: Metric, evidence: AlertEvidence) -> str:
    """Return a sentence that names the competitor whose rate rose most while the brand's fell, such
    as `` Zeta took your place.``, to follow another sentence. Empty when no competitor gained at
    least `MIN_CLEAR_CHANGE`, when the shift is good news, and for metrics that are no rates or of
    which less is better.
    """
    if not (metric.scale.is_rate and metric.higher_is_better and evidence.brand.tracked):
        return ""
    if is_better(shift, evidence):
        return ""
    gains = {
        rival.name: change
        for rival in evidence.rivals
        if (change := change_of(evidence.stream(rival.name, shift), evidence)) is not None
    }
    best = max(gains, key=lambda name: gains[name], default="")
    return f" {best} took your place." if best and gains[best] >= MIN_CLEAR_CHANGE else ""


MAX_CHART_LINES = 5
"""Lines of an alert's chart."""


def alert_chart(
    shift: Shift, metric: Metric, evidence: AlertEvidence, title: str, answers: int = 0
) -> Chart:
    """Return the line chart of a metric at a model over time, for the brand of a shift and its
    competitors: at most `MAX_CHART_LINES` lines, the brand first. Brands without answers have no
    line. Checks after the end of the alert are left out.

    Args:
        shift: The shift to mark, whose brand's line is emphasised.
        title: What the values are, such as "Named".
        answers: The number of answers of each check, when values are shown as counts; else 0.
    """
    names = (shift.brand, *(rival.name for rival in evidence.rivals))[:MAX_CHART_LINES]
    series = []
    for name in names:
        stream = evidence.stream(name, shift)
        if stream:
            points = tuple((p.at, p.mean, p.low, p.high) for p in evidence.points(stream))
            series.append(Series(name, points, emphasis=name == shift.brand))
    of = f", of {wording.count(answers, 'answer')}" if answers else ""
    return Chart(
        title=f"{title}{of} · {evidence.names.name(shift.model)} ({asked_by(shift.model)})",
        scale=metric.scale,
        series=tuple(series),
        marks=tuple(_chart_marks(shift, evidence)),
        zone=evidence.zone,
        answers=answers,
    )


def _chart_marks(shift: Shift, evidence: AlertEvidence) -> Iterator[Mark]:
    """Yield the marks of an alert's chart, one for each time: where the change began and, if it
    grew, where it last grew.
    """
    is_known = evidence.likely_starts[0] == evidence.likely_starts[-1]
    labels = {evidence.began: "began" if is_known else "most likely began"}
    grown = max(evidence.grown.values(), default=evidence.began)
    if grown > evidence.began:
        labels[grown] = "grew"
    if shift.updates:
        day = wording.short_day(shift.updates[0].at, evidence.zone)
        began = evidence.grown.get(shift.run_id, evidence.began)
        labels[began] = f"{evidence.names.name(shift.model)} update, {day}"
    yield from (Mark(at, label) for at, label in labels.items())


def alert_data(alert: Alert, evidence: AlertEvidence | None = None) -> dict[str, Any]:
    """Return an alert as JSON values: its number, kind (``brand`` or ``model``) and all its shifts,
    with their values on the scale of the metric.

    The first shift stands at the top level with the number of its run, the other shifts of that run
    under ``also``, and those of later runs, each with its run's number, under ``later``.

    Args:
        evidence: The evidence of the alert. With it, ``looks_like`` is the likeliest explanation as
            of now, and ``part_of`` the number of the model-wide alert to which it belongs; either
            may be None. Without it, both are left out.
    """
    from_evidence: dict[str, Any] = {}
    if evidence is not None:
        explanation, model_alert = evidence.explanation, evidence.model_alert
        from_evidence["looks_like"] = explanation.data() if explanation else None
        from_evidence["part_of"] = model_alert.id if model_alert else None
    return {
        "id": alert.id,
        "kind": "model" if alert.of_model else "brand",
        **from_evidence,
        "run_id": alert.shift.run_id,
        **_shift_data(alert.shift),
        "also": [_shift_data(shift) for shift in alert.also],
        "later": [{"run_id": s.run_id, **_shift_data(s)} for s in alert.later],
    }


def _shift_data(shift: Shift) -> dict[str, Any]:
    """Return a shift as JSON values.

    ``before``, ``after``, ``change`` and the two ends of its ``interval`` are on the scale of the
    metric. ``brand`` is None for a model-wide change. ``level`` and ``chance_a_year`` are None
    where the certainty is not known. ``recovery`` says whether the shift takes an earlier one back.
    Only a statement has the key ``statement``.
    """
    return {
        "brand": shift.brand or None,
        **picked(shift, "model", "metric", "before", "after", "change", "interval"),
        "level": certainty(shift.chance_a_year),
        **picked(shift, "chance_a_year", "explanation", "recovery"),
        **({"statement": phrases.statement_data(shift.statement)} if shift.statement else {}),
    }
