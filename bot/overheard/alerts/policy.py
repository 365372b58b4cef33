"""Which shifts are worth telling: the effect gate, and one alert for what belongs together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from overheard.config import AlertsTable
from overheard.domain import Alert, Metric, Scale, Shift

HEADLINES = ("visibility", "accuracy", "sentiment")
"""What a reader wants to be told of first, when several metrics moved at once."""


def worth_telling(shift: Shift, metric: Metric, settings: AlertsTable) -> bool:
    """Return whether a shift is large enough, and of a metric that may raise alerts."""
    smallest = {
        Scale.POLARITY: settings.minimum_sentiment,
        Scale.RANK: settings.minimum_ranks,
    }.get(metric.scale, settings.minimum_points / 100)
    allowed = not settings.metrics or metric.name in settings.metrics
    return allowed and abs(shift.change) >= smallest


def gather(
    shifts: Sequence[Shift], metrics: Mapping[str, Metric], settings: AlertsTable, now: datetime
) -> Alert | None:
    """Make one alert of the shifts of one brand at one model, or None when none is worth it."""
    told = [s for s in shifts if worth_telling(s, metrics[s.metric], settings)]
    if not told:
        return None
    first, *also = sorted(told, key=_prominence)
    return Alert(first, now, tuple(also))


def _prominence(shift: Shift) -> tuple[int, float, str]:
    order = HEADLINES.index(shift.metric) if shift.metric in HEADLINES else len(HEADLINES)
    return order, shift.p_value, shift.metric
