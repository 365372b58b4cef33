"""What an alarm is to the alerts before it: one that was told, one that grows, one that ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from overheard.config.loader import AlertsTable
from overheard.domain import Alert, Metric, Scale, Shift


def told(earlier: Sequence[Alert], new: Alert) -> Alert | None:
    """Return the alert that tells of a run at a model already, or None.

    Args:
        earlier: The brand's, the newest first.
        new: As the run shows it.
    """
    run = new.shift.run_id
    mine = (old for old in earlier if old.shift.model == new.shift.model)
    return next((old for old in mine if any(s.run_id == run for s in old.moved)), None)


def grown(earlier: Sequence[Alert], new: Alert) -> Alert | None:
    """Return the alert that grows by an alarm, or None when it is a story of its own.

    It is the latest one of the same metric, if it is not over, and if it has told of each metric
    that moved now, the last time in the same direction.
    """
    old = before(earlier, new)
    if old is None or old.state.over:
        return None
    return old if all(_goes_on(old, shift) for shift in (new.shift, *new.also)) else None


def ended(earlier: Sequence[Alert], new: Alert) -> list[Alert]:
    """Return the alerts that an alarm takes back: their metric has come nearer to where it stood
    before the alert than to where it went.
    """
    return [old for old in earlier if not old.state.over and _is_taken_back(old, new.shift)]


def before(earlier: Sequence[Alert], new: Alert) -> Alert | None:
    """Return the latest alert at the same model that tells of the metric which heads a new one."""
    run = new.shift.run_id
    found = (a for a in earlier if a.shift.run_id != run and _of(a, new.shift))
    return next(found, None)


def _of(old: Alert, shift: Shift) -> list[Shift]:
    """Return what an alert tells of the stream of a shift."""
    return [s for s in old.moved if (s.model, s.metric) == (shift.model, shift.metric)]


def _goes_on(old: Alert, shift: Shift) -> bool:
    said = _of(old, shift)
    return bool(said) and said[-1].change * shift.change > 0


def _is_taken_back(old: Alert, shift: Shift) -> bool:
    if (old.shift.model, old.shift.metric) != (shift.model, shift.metric):
        return False
    last = _of(old, shift)[-1]
    back = abs(shift.after - old.shift.before) < abs(shift.after - last.after)
    return back and last.change * shift.change < 0


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
