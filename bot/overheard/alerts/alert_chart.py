"""The chart of an alert: the metric of the brand and its competitors, with marks for events."""

from __future__ import annotations

from collections.abc import Iterator

from overheard.alerts.evidence import AlertEvidence
from overheard.cards import wording
from overheard.cards.charts.trend import Chart, Mark, Series
from overheard.cards.model_names import asked_by
from overheard.domain import Metric, Shift

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
