"""An alert as the message of a channel: what happened in words, a picture, and how sure that is.

Its title is in ``alert_title.py``, its last line in ``alert_footer.py``. The figures, dates and
sentences behind it are those of `overheard.alerts.alert_details.compose`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from overheard.alerts.alert_chart import alert_chart
from overheard.alerts.alert_data import alert_data
from overheard.alerts.alert_footer import footer_line
from overheard.alerts.alert_news import (
    MIN_CLEAR_CHANGE,
    brand_shifts,
    is_better,
    net_shifts,
    shows_direction,
)
from overheard.alerts.alert_title import message_title
from overheard.alerts.evidence import AlertEvidence, measured_shift
from overheard.alerts.metric_wording import (
    LEAST_MOVED,
    RATES,
    MetricValue,
    change_of,
    metric_value,
    went_both_ways,
    words_of,
)
from overheard.alerts.statement_wording import short_statement_lines
from overheard.alerts.story import AlertPart, Period, duration_words
from overheard.cards import wording
from overheard.cards.card import Card, Severity, Table
from overheard.cards.charts.renderer import drawn_picture
from overheard.cards.charts.trend import Chart
from overheard.domain import Alert, AlertState, Metric, Scale, Shift

MOST_BRANDS = 2
"""Number of brands of each direction that the message of a model-wide alert names."""
MOST_STATEMENTS = 2
"""Number of statements that a message names, if nothing else is news."""
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
    lines = (
        _model_lines(alert, evidence) if alert.of_model else _text_lines(alert, reading, evidence)
    )
    text, footer = "\n".join(lines), footer_line(alert, evidence)
    # What else moved, and other models, are in the details.
    if len(f"{title} {text} {footer}".split()) > MAX_MESSAGE_WORDS:
        text = "\n".join(line for line in text.splitlines() if not line.startswith(ALSO_PREFIX))
    if len(f"{title} {text} {footer}".split()) > MAX_MESSAGE_WORDS:
        footer = footer_line(alert, evidence, is_short=True)
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
    """Return a table with a row for each brand of the chart, the best present value first: the
    brand, its usual value ("Usually"), and its value in the latest check, whose day is the header.
    The column of usual values is left out if no brand has one. None if no brand has measurements.

    Args:
        shift: The shift that heads the alert; the row of its brand is emphasised.
        chart: The chart whose lines are the brands.
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


def _severity(alert: Alert, evidence: AlertEvidence) -> Severity:
    """Return the severity of an alert's news: GOOD or BAD by the net shift of its first metric, and
    WARNING if the numbers that readers see do not confirm the direction of this shift. An alert
    with statements is always BAD; a model-wide alert is GOOD only if all brands moved for
    the better.
    """
    if alert.of_model:
        better = all(is_better(shift, evidence) for shift in brand_shifts(alert, evidence))
        return Severity.GOOD if better else Severity.BAD
    if alert.statements:
        return Severity.BAD
    head = net_shifts(alert)[0]
    if not shows_direction(head, evidence):
        return Severity.WARNING
    return Severity.GOOD if is_better(head, evidence) else Severity.BAD


def _text_lines(
    alert: Alert, reading: MetricValue | None, evidence: AlertEvidence
) -> Iterator[str]:
    """Yield the lines of a message about one brand: a line for each false statement, a line with
    the present and the usual value of the metric, and a line on other metrics that moved.

    Statements, and other metrics, are left out once they are over. If the metric is not measured
    any more, its line says so; without answers it is left out.

    Args:
        reading: The value of its metric; None without answers.
    """
    has_recovered = alert.state is AlertState.RECOVERED
    shift = measured_shift(alert)
    if not has_recovered and AlertPart.STATEMENTS not in evidence.over:
        has_only_statements = all(moved_shift.statement for moved_shift in alert.moved)
        most = MOST_STATEMENTS if has_only_statements else 1
        yield from short_statement_lines(alert.moved, most=most, now=evidence.stated)
    metric = evidence.metrics.get(shift.metric)
    if reading and metric:
        title = words_of(metric.name).title or metric.label
        end = _end_of_value_line(alert, reading, metric, evidence)
        yield f"{title}{reading.words(metric)}{end}"
    elif not metric:
        yield (
            f'The plugin that measures "{shift.metric}" is not installed any more; what was '
            "measured is under Details."
        )
    if not has_recovered and AlertPart.METRICS not in evidence.over:
        yield from _other_metrics_line(alert, evidence)


def _end_of_value_line(
    alert: Alert, reading: MetricValue, metric: Metric, evidence: AlertEvidence
) -> str:
    """Return how the line with the value of an alert's metric ends: a full stop, and what is most
    telling besides.

    For a recovered alert, a sentence after the full stop says how long the change lasted. While the
    change lasts, the mean since it began stands before the full stop if only this mean shows the
    change. Otherwise a sentence names the competitor that took the brand's place or, if not even
    the mean shows the change, the question that moved most. An alert of statements alone names such
    a competitor as well. Nothing but the full stop is left when there is no such competitor or
    question, and when the metrics are back while statements go on.
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
    change and the latest check does not: ``; 9 on average since 2 Mar``. Otherwise empty.

    Args:
        change: The change of the metric, of which only the sign counts.
    """
    latest_shows_it = reading.shows(reading.now, change, metric)
    mean_shows_it = reading.shows(reading.since, change, metric)
    if latest_shows_it or not mean_shows_it or reading.since is None:
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
    """Yield the lines of a message about a model-wide change.

    One line has the brands that became worse, the next those that became better: of each the
    `MOST_BRANDS` with the largest change, with their values, and the number of the others. A line
    without brands is left out. If everything moved at once, a last line names all models.

    A recovered alert has one line only: the `MOST_BRANDS` brands with the largest change, which are
    as usual again, and how long the change lasted. Nothing is yielded when the metric is not
    measured any more.
    """
    metric = evidence.metrics.get(alert.shift.metric)
    if metric is None:
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

    Args:
        first: Whether the brand is the first of its line; the others lack the number of answers.
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

    At most `MOST_OTHERS` metrics are named. Rates that moved by less than `LEAST_MOVED` on the
    whole are left out, and accuracy is left out if statements say what is wrong.
    """
    others = [
        shift
        for shift in net_shifts(alert)[1:]
        if not words_of(shift.metric).elsewhere or abs(shift.change) >= LEAST_MOVED
    ]
    if alert.statements:  # which facts are wrong is said by the statements
        others = [shift for shift in others if shift.metric != "accuracy"]
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
    change = Period(evidence.began, alert.over_at, alert.id)
    return f" It lasted {duration_words(change, now=alert.over_at)}."


def _winning_rival_sentence(shift: Shift, metric: Metric, evidence: AlertEvidence) -> str:
    """Return a sentence that names the competitor whose rate rose most while the brand's fell, such
    as `` Zeta took your place.``, to follow another sentence. Empty when no competitor gained at
    least `MIN_CLEAR_CHANGE`, when the shift is good news, and for metrics that are no rates or of
    which less is better.
    """
    if metric.scale not in RATES or is_better(shift, evidence) or not metric.higher_is_better:
        return ""
    gains = {
        rival.name: change
        for rival in evidence.rivals
        if (change := change_of(evidence.stream(rival.name, shift), evidence)) is not None
    }
    best = max(gains, key=lambda name: gains[name], default="")
    return f" {best} took your place." if best and gains[best] >= MIN_CLEAR_CHANGE else ""
