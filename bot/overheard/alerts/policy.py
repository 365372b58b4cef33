"""Which shifts are worth telling: the effect gate, and one alert for what belongs together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from overheard.config import AlertsTable
from overheard.domain import Alert, Metric, Scale, Shift

HEADLINES = ("visibility", "accuracy", "sentiment")
"""What a reader wants to be told of first, when several metrics moved at once."""


def worth_telling(metric: Metric, change: float, settings: AlertsTable) -> bool:
    """Return whether a change of a metric is large enough to be told."""
    smallest = {
        Scale.POLARITY: settings.minimum_sentiment,
        Scale.RANK: settings.minimum_ranks,
    }.get(metric.scale, settings.minimum_points / 100)
    return abs(change) >= smallest


def gather(shifts: Sequence[Shift], now: datetime) -> list[Alert]:
    """Make one alert of what moved at each model, for the shifts of one brand in one run."""
    alerts = []
    for model in sorted({shift.model for shift in shifts}):
        mine = (shift for shift in shifts if shift.model == model)
        first, *also = sorted(mine, key=_prominence)
        alerts.append(Alert(first, now, tuple(also)))
    return alerts


def _prominence(shift: Shift) -> tuple[int, float, str]:
    order = HEADLINES.index(shift.metric) if shift.metric in HEADLINES else len(HEADLINES)
    return order, -(shift.probability or 0.0), shift.metric
