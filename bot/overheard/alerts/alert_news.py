"""The news of an alert: its net shifts, those of its brands, and whether they are good or bad.

The words for it are in ``alert_message.py`` and ``alert_title.py``.
"""

from __future__ import annotations

from dataclasses import replace

from overheard.alerts.evidence import AlertEvidence, measured_shift
from overheard.alerts.metric_wording import LEAST_MOVED, change_of, metric_value
from overheard.domain import Alert, Shift

MIN_CLEAR_CHANGE = 0.1
"""Change of a rate from which on another brand or model is not called unchanged."""


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
    to there. Statements are left out.
    """
    by_metric: dict[str, Shift] = {}
    for shift in alert.moved:
        if shift.statement is None:
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
