"""What moved, in words."""

from __future__ import annotations

from collections.abc import Mapping

from overheard.cards import words
from overheard.domain import Alert, Metric, Shift


def step(shift: Shift, metrics: Mapping[str, Metric]) -> str:
    """Say where a metric went: ``visibility fell from 70 % to 45 %``."""
    label, before, after = _told(shift, metrics)
    return f"{label} {'rose' if shift.change > 0 else 'fell'} from {before} to {after}"


def way(alert: Alert, metrics: Mapping[str, Metric]) -> str:
    """Say where an alert's metric went until now: ``visibility fell from 70 % to 45 %, then to
    20 %``.
    """
    then = (f", then to {_told(shift, metrics)[2]}" for shift in further(alert))
    return step(alert.shift, metrics) + "".join(then)


def brief(alert: Alert, metrics: Mapping[str, Metric]) -> str:
    """Say the same for a table: ``visibility 70 % → 45 % → 20 %``."""
    label, before, after = _told(alert.shift, metrics)
    now = (_told(shift, metrics)[2] for shift in further(alert))
    return f"{label} {' → '.join((before, after, *now))}"


def further(alert: Alert) -> list[Shift]:
    """Return how the metric that an alert is headed by moved since."""
    return [shift for shift in alert.later if shift.metric == alert.shift.metric]


def _told(shift: Shift, metrics: Mapping[str, Metric]) -> tuple[str, str, str]:
    """Return the metric's name, and its values before and after."""
    metric = metrics.get(shift.metric)
    if metric is None:  # its scorer is not installed any more
        return shift.metric, f"{shift.before:.2f}", f"{shift.after:.2f}"
    before, after = (words.value(number, metric.scale) for number in (shift.before, shift.after))
    return metric.label.lower(), before, after
