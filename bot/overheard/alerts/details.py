"""The details of an alert as a card, a chart and JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from overheard.alerts.evidence import AlertEvidence, measured_shift, quotes
from overheard.alerts.history import certainty, how_often
from overheard.alerts.phrases import (
    later_metric_shifts,
    metric_words,
    movement_words,
    newest_statements,
    shift_words,
    statement_data,
    statement_lines,
    statement_quotes,
    statement_title,
)
from overheard.cards import wording
from overheard.cards.card import Card, Field, Severity, Table, picked
from overheard.cards.charts.renderer import drawn_picture
from overheard.cards.charts.trend import Chart, Mark, Series
from overheard.cards.model_names import asked_by
from overheard.detection.decision_inputs import compare_sides
from overheard.domain import Alert, Metric, Shift
from overheard.measure.blocks import Stream

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

    Their labels are ``began``, or ``most likely began`` if several runs may have been the first,
    and ``grew``. If the shift fits updates, the mark of its beginning is called by the first of
    them instead: ``ChatGPT update, 2 Mar``. The shift is the alert's first or one by which it grew.
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
        **({"statement": statement_data(shift.statement)} if shift.statement else {}),
    }


SHOWN_PROMPTS = 5
MAX_QUESTION_CHARS = 90


def compose(alert: Alert, evidence: AlertEvidence) -> Card:
    """Return the detailed card of an alert, with all figures, a chart, a table and quotes.

    An alert with statements has a card of its statements, without a chart. An alert whose metric
    is not measured any more has its stored values, without chart and table. The table compares the
    brand with competitors and other models, and for a model-wide alert all its brands.

    The severity is GOOD if the metric of the first shift moved in its better direction, for a
    model-wide alert that of all brands reported with it; otherwise BAD.
    """
    if alert.statements:
        return _statement_card(alert, evidence)
    shift, metric = measured_shift(alert), evidence.metrics.get(alert.shift.metric)
    if metric is None:
        return _card_without_metric(alert, evidence)
    chart = alert_chart(shift, metric, evidence, metric.label)
    if alert.of_model:
        table, judged_shifts = _brand_table(alert, metric, evidence), alert.also
    else:
        table, judged_shifts = _comparison_table(shift, metric, evidence), (shift,)
    is_good = all((one.change > 0) == metric.higher_is_better for one in judged_shifts)
    return Card(
        title=_card_title(alert, evidence),
        text="\n\n".join(_card_paragraphs(alert, evidence)),
        fields=tuple(_value_fields(alert, metric)),
        table=table,
        quotes=quotes(shift, evidence),
        image=drawn_picture(chart, f"alert-{alert.id}.png"),
        severity=Severity.GOOD if is_good else Severity.BAD,
        footer=_footer_line(alert, evidence),
        data=alert_data(alert, evidence),
    )


def _card_without_metric(alert: Alert, evidence: AlertEvidence) -> Card:
    """Return the card of an alert whose metric is not measured any more, as a warning: its stored
    values, certainty, beginning and explanation as text, and quotes; without chart and table.
    """
    name = alert.shift.metric
    gone = (
        f'The plugin that measures "{name}" is not installed any more, so the numbers are shown '
        "as they were kept, without a chart and a comparison; install it again to see them."
    )
    kept = (_certainty_sentence(alert.shift), _began_sentence(evidence), alert.shift.explanation)
    return Card(
        title=_card_title(alert, evidence),
        text="\n\n".join([gone, " ".join(filter(None, kept))]),
        quotes=quotes(alert.shift, evidence),
        severity=Severity.WARNING,
        footer=_footer_line(alert, evidence),
        data=alert_data(alert, evidence),
    )


def _statement_card(alert: Alert, evidence: AlertEvidence) -> Card:
    """Return the card of an alert that reports false or grave statements: each with its answers,
    truth and sources, the check with which they began, and quotes. Metrics that the alert reports
    too are in a table, which is left out if there are none.
    """
    shifts = [shift for shift in alert.moved if shift.statement is None]
    rows = tuple(_before_after_row(shift, evidence.metrics) for shift in shifts)
    columns = ("Figure", "Before", "Since")
    table = Table(columns, rows, frozenset({1, 2}), caption="Other figures that moved")
    model_name = evidence.names.name(alert.shift.model)
    began = wording.moment(evidence.began, evidence.zone)
    return Card(
        title=statement_title(newest_statements(alert.moved), alert.shift.brand, model_name),
        text="\n\n".join(
            [*statement_lines(alert.moved, evidence.stated), f"It began with the check of {began}."]
        ),
        table=table if rows else None,
        quotes=statement_quotes(alert.moved, model_name),
        severity=Severity.BAD,
        footer=_footer_line(alert, evidence),
        data=alert_data(alert, evidence),
    )


def _card_title(alert: Alert, evidence: AlertEvidence) -> str:
    """Return the title of an alert's detailed card: ``Acme: visibility fell from 70 % to 45 % at
    ChatGPT``; for a model-wide alert ``ChatGPT changed how it speaks about your whole category``.
    """
    name = evidence.names.name(alert.shift.model)
    if alert.of_model:
        return model_title(name, evidence)
    return f"{alert.shift.brand}: {movement_words(alert, evidence.metrics)} at {name}"


def model_title(name: str, evidence: AlertEvidence) -> str:
    """Return the title of a card about a model-wide change; if the likeliest
    explanation is that everything moved at once, the title says that.

    Args:
        name: The model's name for readers.
    """
    if evidence.everything:
        return "Everything moved at once: how we ask, or the whole category"
    return f"{name} changed how it speaks about your whole category"


def _footer_line(alert: Alert, evidence: AlertEvidence) -> str:
    """Return when an alert was raised, in the reader's time zone."""
    return f"Raised on {wording.moment(alert.opened_at, evidence.zone)}."


def _card_paragraphs(alert: Alert, evidence: AlertEvidence) -> Iterator[str]:
    """Yield the paragraphs of the card of an alert without statements, in this order: how certain
    it is and on how many answers it rests; when it began and the likeliest explanation; the alert
    of which it is a part; metrics that moved at the same time; later shifts; whether the service
    names another model; and the questions that moved most.

    A paragraph without content is left out. A model-wide alert has no paragraphs on other metrics,
    later shifts and questions.
    """
    shift, measured = alert.shift, measured_shift(alert)
    before, after = measured.answers
    yield (
        f"{_certainty_sentence(shift)} It rests on {wording.count(after, 'answer')} since then and "
        f"{before:,} before, to the same {wording.count(len(measured.prompts), 'question')}."
    )
    explanation = evidence.explanation.text if evidence.explanation else shift.explanation
    yield f"{_began_sentence(evidence)} {explanation}".strip()
    if evidence.model_alert:
        of = "what moved at all models" if alert.of_model else "a change of the model as a whole"
        yield f"It is part of {of}, which has an alert of its own."
    if alert.also and not alert.of_model:
        rows = [
            _before_after_row(shift, evidence.metrics)
            for shift in alert.also
            if shift.statement is None
        ]
        lines = [f"{name}: {before} → {after}" for name, before, after in rows]
        yield "\n".join(["At the same time:", *lines])
    if alert.later and not alert.of_model:
        yield " ".join(_growth_sentences(alert, evidence))
    yield _served_model_sentence(evidence)
    if alert.of_model:
        return
    yield "\n".join(["The questions that moved most:", *_moved_question_lines(shift, evidence)])


def _before_after_row(shift: Shift, metrics: Mapping[str, Metric]) -> tuple[str, str, str]:
    """Return a table row of a shift, as text: the metric's label, its value before and its value
    after.
    """
    label, before, after = metric_words(shift, metrics)
    return label.capitalize(), before, after


def _certainty_sentence(shift: Shift) -> str:
    """Return a sentence on how certain a shift is: ``Likely: if nothing had changed, you would see
    this about once in 12 years.`` Where this is not known, the sentence says that the alert was
    raised by an earlier version.
    """
    level = certainty(shift.chance_a_year)
    rare = how_often(shift.chance_a_year)
    if not level:
        return "It was raised by an earlier version, which measured certainty in another way."
    return f"{level.capitalize()}: if nothing had changed, you would see this {rare}."


def _growth_sentences(alert: Alert, evidence: AlertEvidence) -> Iterator[str]:
    """Yield, for each later shift of an alert in order, a sentence that the metric came back, or
    sentences that it has moved further, with which check, and how certain that is.
    """
    for shift in alert.later:
        moved = shift_words(shift, evidence.metrics)
        if shift.recovery:
            yield f"It came back: {moved}."
            continue
        when = wording.moment(evidence.grown[shift.run_id], evidence.zone)
        yield f"It has grown: with the check of {when}, {moved}. {_certainty_sentence(shift)}"


def _began_sentence(evidence: AlertEvidence) -> str:
    """Return a sentence on the check with which a shift most likely began. If it may have begun
    with one of several checks, the sentence also names the first and the last of these, between
    which it began with a probability of 90 %.
    """
    began = wording.moment(evidence.began, evidence.zone)
    first = wording.moment(evidence.likely_starts[0], evidence.zone)
    last = wording.moment(evidence.likely_starts[-1], evidence.zone)
    if first == last:
        return f"It began with the check of {began}."
    return (
        f"It most likely began with the check of {began}, and almost surely between those of "
        f"{first} and {last}."
    )


def _moved_question_lines(shift: Shift, evidence: AlertEvidence) -> Iterator[str]:
    """Yield a line for each of the first `SHOWN_PROMPTS` questions of a shift that moved in any
    direction, those that moved most first: ``70 % → 45 %  best crm``, with at most
    `MAX_QUESTION_CHARS` characters of the question. Raises KeyError for a metric that is not
    measured any more.
    """
    scale = evidence.metrics[shift.metric].scale
    for prompt in [p for p in shift.prompts if p.after != p.before][:SHOWN_PROMPTS]:
        text = wording.shorten(wording.line(evidence.text(prompt.prompt)), MAX_QUESTION_CHARS)
        before, after = (wording.value(rate, scale) for rate in (prompt.before, prompt.after))
        yield f"{before} → {after}  {text}"


def _served_model_sentence(evidence: AlertEvidence) -> str:
    """Return a sentence on whether the service reports another model (served model and fingerprint)
    for the answers since the shift than for those before.

    It names the models that are new. If the answers of one side, or of both, do not report any, it
    says that an update would not show; answers without a report are left out on either side.
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
    """Yield the figures of an alert as fields: the value before and after, the change and its
    likely range, the certainty, and the value of the latest later shift. The last two are left out
    if there are none. A model-wide alert has the certainty alone, empty if not known.
    """
    shift, scale = alert.shift, metric.scale
    if alert.of_model:
        yield Field("Certainty", certainty(shift.chance_a_year) or "")
        return
    yield Field("Before", wording.value(shift.before, scale))
    yield Field("After", wording.value(shift.after, scale))
    yield Field("Change", wording.change(shift.change, scale))
    yield Field("Likely range of it", wording.interval(*shift.interval, scale))
    if level := certainty(shift.chance_a_year):
        yield Field("Certainty", level)
    if later := later_metric_shifts(alert):
        yield Field("Since it grew", wording.value(later[-1].after, scale))


def _comparison_table(shift: Shift, metric: Metric, evidence: AlertEvidence) -> Table | None:
    """Return a table of a shift's metric, with a row for each competitor at the same model and for
    the brand at each other model. Streams without answers before and since the shift are left out;
    None without rows.
    """
    rows = [
        row
        for stream in evidence.streams
        # Either the brand or the model is another one, but not both.
        if (stream.key.brand == shift.brand) != (stream.key.model == shift.model)
        if (row := _comparison_row(stream, shift, metric, evidence))
    ]
    header = (f"{metric.label} of", "At", "Before", "After", "Change")
    return Table(header, tuple(rows), frozenset({2, 3, 4})) if rows else None


def _brand_table(alert: Alert, metric: Metric, evidence: AlertEvidence) -> Table | None:
    """Return a table of the brands at a model that changed as a whole: first the brands that the
    alert reports, in its order, then the other brands by name. Brands without answers before and
    since the change are left out; None without rows.
    """
    shift = measured_shift(alert)
    streams = [s for s in evidence.streams if s.key.model == shift.model]
    rows = [row for stream in streams if (row := _comparison_row(stream, shift, metric, evidence))]
    order = {brand: place for place, brand in enumerate(alert.brands)}
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
