"""Where shifts belong among the alerts before: a brand has one story at a model, and not a message
for each turn of it.

`place` is pure, as is `detection/decide.py`, which calls it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from overheard.detection.explanation import is_everything
from overheard.domain import WHOLE_MODEL, Alert, AlertState, Shift

ONE_STORY = timedelta(days=35)
"""A change that comes again so soon after its alert's recovery is the same story. It is more than a
month, so that monthly checks have it too."""
BEYOND = 0.5
"""A return that ends so far beyond the old level, as a share of the change, is news of its own."""
BACK_SHARE, EASED_SHARE = 0.6, 0.25
"""A model whose brands moved back by this share of a change is as before, and partly so."""


class AlertAction(StrEnum):
    """What is to be done."""

    RAISE = "raise"
    GROW = "grow"
    """An open alert goes further, or one that has recovered happens again."""
    EASE = "ease"
    """An open alert is partly back."""
    KEEP = "keep"
    """An alert has reported this very run: it is analysed again."""
    RECOVER = "recover"
    """The brand is back where it was before an alert, which ends."""
    JOIN = "join"
    """It is part of a change of the model as a whole, whose alert reports it."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Placement:
    """How shifts relate to the alerts before.

    Attributes:
        action: Whether they are a new alert, or part of one.
        alert: Number of the alert that grows, is partly back, has recovered, is joined or has
            reported this run; 0 for a new one.
        follows: Number of the alert that a new one follows, or 0.
        recovers: Numbers of the open alerts that the shifts take back.
    """

    action: AlertAction
    alert: int = 0
    follows: int = 0
    recovers: tuple[int, ...] = ()


def containing_alert(
    shift: Shift, of_models: Sequence[Alert], starts: Mapping[int, datetime]
) -> Alert | None:
    """Return the alert of a model as a whole to which a brand's shift belongs, or None.

    The shift began with the model's change, or between it and the last run that showed it. The
    alert may be closed by a person, but must not have recovered before.

    Args:
        shift: The shift of a brand. A statement is news of its own.
        of_models: The alerts of models as a whole.
        starts: The start of each run, by the run's number.
    """
    if not of_models or shift.statement or shift.brand == WHOLE_MODEL:
        return None
    began = starts[shift.first_run_id]
    for alert in of_models:
        wholes = [
            moved for moved in alert.moved if moved.brand == WHOLE_MODEL and not moved.recovery
        ]
        first = starts[alert.shift.first_run_id]
        last = max((starts[whole.run_id] for whole in wholes), default=first)
        ended = alert.over_at if alert.state is AlertState.RECOVERED else None
        over = ended is not None and ended < starts[shift.run_id]
        # The brand's change may have begun with the model's.
        dated = any(first <= starts[run] for run in shift.likely_first_runs)
        fits = began <= last and (first <= began or dated)
        if alert.shift.model == shift.model and not over and fits:
            return alert
    return None


def belongs_to(
    alert: Alert, of_models: Sequence[Alert], starts: Mapping[int, datetime]
) -> Alert | None:
    """Return the alert of a model as a whole to which another alert belongs, or None.

    A brand's alert belongs to that of its model as a whole (`containing_alert`). The alert of a
    model as a whole that says that everything moved belongs to the first such alert of another
    model at the same time.

    Args:
        alert: The alert; its number is 0 while it is not stored.
        of_models: The alerts of models as a whole.
        starts: The start of each run, by the run's number.
    """
    if not alert.of_model:
        return containing_alert(alert.shift, of_models, starts)
    first, reported = _span(alert, starts)
    return next(
        (
            other
            for other in sorted(of_models, key=lambda whole: whole.id)
            if other.shift.model != alert.shift.model and (not alert.id or other.id < alert.id)
            if is_everything(alert.shift.explanation) and is_everything(other.shift.explanation)
            if _span(other, starts)[0] <= reported and first <= _span(other, starts)[1]
            if other.over_at is None or reported <= other.over_at
        ),
        None,
    )


def _span(alert: Alert, starts: Mapping[int, datetime]) -> tuple[datetime, datetime]:
    """Return the start of the first run of an alert's change, and of the run that reported it."""
    return starts[alert.shift.first_run_id], starts[alert.shift.run_id]


def place(shifts: Sequence[Shift], alerts: Sequence[Alert], at: datetime) -> Placement:
    """Return where the shifts of a brand at a model in a run belong among earlier alerts: in a new
    alert or in an earlier one, because a brand has one story at a model. Nothing is stored.

    The head is the most prominent of the shifts; it gives the alert its title. An alert that has
    reported the run is kept. An open alert grows by whatever moves at its model, unless the head
    takes it back: it recovers when the head returns to nearer the alert's value before than its
    value after, and is partly back when the head returns by less. An alert that recovered within
    `ONE_STORY` grows when it happens again.

    Args:
        shifts: The shifts of the run, the head first; at least one.
        alerts: The brand's alerts, the newest first.
        at: When the run began.
    """
    head = shifts[0]
    same_model = [alert for alert in alerts if alert.shift.model == head.model]
    kept = next((a for a in same_model if any(s.run_id == head.run_id for s in a.moved)), None)
    if head.brand == WHOLE_MODEL:
        kept_whole = Placement(AlertAction.KEEP, kept.id) if kept else None
        return kept_whole or _place_model(shifts, same_model, at)
    if kept:  # alerts that were raised after the kept one are not touched
        late = not kept.state.over and any(not reports(kept, s) for s in shifts if s.statement)
        action = AlertAction.GROW if late else AlertAction.KEEP
        return Placement(action, kept.id, recovers=_recovered(head, same_model, kept.id))
    return _place_in_open(shifts, same_model) or _place_as_new(shifts, same_model, at)


def _place_in_open(shifts: Sequence[Shift], alerts: Sequence[Alert]) -> Placement | None:
    """Return where shifts belong among the open alerts of the same model: they let an alert grow,
    ease or recover; None when no open alert can report them.
    """
    head, live = shifts[0], [alert for alert in alerts if not alert.state.over]
    if not live:
        return None
    mine = next((alert for alert in live if _of_metric(alert, head)), None)
    if mine is None:
        return Placement(AlertAction.GROW, live[0].id)
    if _goes_on(mine, head):
        earlier = _recovered(head, live, mine.id)
        return Placement(AlertAction.GROW, mine.id, recovers=earlier)
    recovers = _recovered(head, live)
    if mine.id not in recovers:
        return Placement(AlertAction.EASE, mine.id)
    if _is_beyond(mine, head):
        return None
    return Placement(AlertAction.RECOVER, mine.id, recovers=recovers)


def _place_model(shifts: Sequence[Shift], alerts: Sequence[Alert], at: datetime) -> Placement:
    """Return where a change of a model as a whole belongs: in its open alert, which recovers when
    its brands move back, in an alert that recovered within `ONE_STORY` before ``at``, or in a new
    alert.

    Args:
        shifts: The shift of the model, then those of its brands.
        alerts: The alerts of the model as a whole, the newest first.
        at: When the run began.
    """
    if live := next((alert for alert in alerts if not alert.state.over), None):
        back = -_share_of(live, shifts)
        if back >= BACK_SHARE:
            return Placement(AlertAction.RECOVER, live.id, recovers=(live.id,))
        return Placement(AlertAction.EASE if back >= EASED_SHARE else AlertAction.GROW, live.id)
    previous = next(iter(alerts), None)
    if previous and previous.state is AlertState.RECOVERED and previous.over_at:
        again = at - previous.over_at < ONE_STORY and _share_of(previous, shifts) >= EASED_SHARE
        if again:
            return Placement(AlertAction.GROW, previous.id)
    return Placement(AlertAction.RAISE, follows=previous.id if previous else 0)


def _share_of(alert: Alert, shifts: Sequence[Shift]) -> float:
    """Return how far brands moved in the direction that a model's alert reports, as a share of the
    reported change; negative when they moved back.

    The share is the least-squares factor by which the reported changes give the present changes.
    """
    metric = alert.shift.metric
    reported: dict[str, float] = {}
    runs = {
        shift.run_id for shift in alert.moved if shift.brand == WHOLE_MODEL and not shift.recovery
    }
    for shift in alert.moved:
        if shift.brand != WHOLE_MODEL and shift.metric == metric and shift.run_id in runs:
            reported[shift.brand] = reported.get(shift.brand, 0.0) + shift.change
    now = {shift.brand: shift.change for shift in shifts if shift.brand != WHOLE_MODEL}
    along = sum(change * now.get(brand, 0.0) for brand, change in reported.items())
    return along / (sum(change**2 for change in reported.values()) or 1.0)


def _place_as_new(shifts: Sequence[Shift], alerts: Sequence[Alert], at: datetime) -> Placement:
    """Return where shifts that no open alert reports belong: in an alert that recovered within
    `ONE_STORY` before ``at`` and happens again, or in a new alert.
    """
    head, recovers = shifts[0], _recovered(shifts[0], alerts)
    if again := next((a for a in alerts if _happens_again(a, shifts, at)), None):
        return Placement(AlertAction.GROW, again.id, recovers=recovers)
    previous = next((alert for alert in alerts if _of_metric(alert, head)), None)
    follows = previous.id if previous else 0
    return Placement(AlertAction.RAISE, follows=follows, recovers=recovers)


def reports(alert: Alert, shift: Shift) -> bool:
    """Return whether an alert has reported the statement of a shift in the shift's run."""
    return any(
        old.run_id == shift.run_id
        and old.statement
        and shift.statement
        and (old.statement.kind, old.statement.topic, old.statement.said)
        == (shift.statement.kind, shift.statement.topic, shift.statement.said)
        for old in alert.moved
    )


def _happens_again(alert: Alert, shifts: Sequence[Shift], at: datetime) -> bool:
    """Return whether an alert recovered within `ONE_STORY` before a time and reported one of the
    shifts, in its direction.
    """
    if alert.state is not AlertState.RECOVERED or alert.over_at is None:
        return False
    return at - alert.over_at < ONE_STORY and any(_goes_on(alert, shift) for shift in shifts)


def _is_beyond(alert: Alert, shift: Shift) -> bool:
    """Return whether a shift ends far (`BEYOND`) beyond the level from which an alert began."""
    first = _of_metric(alert, shift)[0]
    return (first.before - shift.after) * first.change > BEYOND * first.change**2


def _of_metric(alert: Alert, shift: Shift) -> list[Shift]:
    """Return the shifts of an alert in the metric of a shift, the oldest first."""
    return [old for old in alert.moved if old.metric == shift.metric]


def _goes_on(alert: Alert, shift: Shift) -> bool:
    """Return whether an alert has reported the metric of a shift and the shift does not go against
    the reported direction; a change of 0 has no direction.
    """
    reported = _of_metric(alert, shift)
    return bool(reported) and reported[0].change * shift.change >= 0


def _recovered(head: Shift, alerts: Sequence[Alert], before: int | None = None) -> tuple[int, ...]:
    """Return the numbers of the open alerts that a shift takes back, in the order of the alerts.

    Args:
        head: The shift.
        alerts: The alerts of the brand at the shift's model.
        before: Only alerts with a smaller number count; by default all.
    """
    return tuple(
        alert.id
        for alert in alerts
        if not alert.state.over
        and (before is None or alert.id < before)
        and _of_metric(alert, head)
        and _is_taken_back(alert, head)
    )


def _is_taken_back(alert: Alert, shift: Shift) -> bool:
    """Return whether a shift goes against the direction of an alert and ends nearer to the alert's
    first level than to its farthest.
    """
    first, *_ = reported = _of_metric(alert, shift)
    worst = max(reported, key=lambda old: abs(old.after - first.before))
    nearer = abs(shift.after - first.before) < abs(shift.after - worst.after)
    return nearer and first.change * shift.change < 0
