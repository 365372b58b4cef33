"""Where shifts belong among the alerts before: a brand has one story at a model, and not a message
for each turn of it.

`place` is pure, as is `detection/decide.py`, which calls it.
"""

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
    """Return the first alert of a model as a whole to which a brand's shift belongs, or None.

    The alert is of the shift's model. The shift began with the model's change, or after it and no
    later than the last run in which the alert reported that the model changed further. A shift that
    most likely began before the model's change belongs to the alert if it may have begun with the
    change or later (`Shift.likely_first_runs`). The alert may be closed by a person; it must not
    have recovered before the shift's run.

    Args:
        shift: The shift of a brand. A statement, which is news of its own, and a shift of a model
            as a whole belong to no alert.
        of_models: The alerts of models as a whole, in any order.
        starts: The start of each run, by the run's number.

    Raises:
        KeyError: when the start of a run that the shift or an alert names is missing.
    """
    if not of_models or shift.statement or shift.brand == WHOLE_MODEL:
        return None
    began = starts[shift.first_run_id]
    for alert in of_models:
        model_shifts = _reported_of_model(alert)
        first = starts[alert.shift.first_run_id]
        last = max((starts[moved.run_id] for moved in model_shifts), default=first)
        recovered_at = alert.over_at if alert.state is AlertState.RECOVERED else None
        is_over = recovered_at is not None and recovered_at < starts[shift.run_id]
        may_begin_since = any(first <= starts[run] for run in shift.likely_first_runs)
        is_in_time = began <= last and (first <= began or may_begin_since)
        if alert.shift.model == shift.model and not is_over and is_in_time:
            return alert
    return None


def belongs_to(
    alert: Alert, of_models: Sequence[Alert], starts: Mapping[int, datetime]
) -> Alert | None:
    """Return the alert of a model as a whole to which another alert belongs, or None.

    A brand's alert belongs to that of its model as a whole, by its first shift
    (`containing_alert`). The alert of a model as a whole belongs to the earliest other such alert
    of which all this holds: it is of another model and has a smaller number, both say that
    everything moved, the spans from the first changed run to the reporting run overlap, and it was
    not over when the alert was reported.

    Args:
        alert: The alert. Its number is 0 while it is not stored; then all stored alerts are
            earlier.
        of_models: The alerts of models as a whole, in any order.
        starts: The start of each run, by the run's number.

    Raises:
        KeyError: when the start of a run that an alert names is missing.
    """
    if not alert.of_model:
        return containing_alert(alert.shift, of_models, starts)
    if not is_everything(alert.shift.explanation):
        return None
    first, reported = _span(alert, starts)
    for other in sorted(of_models, key=lambda of_model: of_model.id):
        is_candidate = other.shift.model != alert.shift.model and (
            not alert.id or other.id < alert.id
        )
        if not is_candidate or not is_everything(other.shift.explanation):
            continue
        other_first, other_reported = _span(other, starts)
        overlaps = other_first <= reported and first <= other_reported
        if overlaps and (other.over_at is None or reported <= other.over_at):
            return other
    return None


def _span(alert: Alert, starts: Mapping[int, datetime]) -> tuple[datetime, datetime]:
    """Return when the run began with which an alert's change most likely began, and when the run
    began that raised the alert; ``starts`` has the start of each run by its number.
    """
    return starts[alert.shift.first_run_id], starts[alert.shift.run_id]


def place(shifts: Sequence[Shift], alerts: Sequence[Alert], at: datetime) -> Placement:
    """Return where the shifts of a brand at a model, or of a model as a whole, in a run belong
    among the earlier alerts of the same model: in a new alert or in an earlier one. Nothing is
    stored.

    The rules for a brand, of which the first that fits counts; the head is the first shift:

    - An alert that has reported the run is kept. It grows if it is open and the shifts have a
      statement that it has not reported.
    - An open alert grows by whatever moves at its model, unless the head takes it back. It then
      recovers when the head ends nearer to the alert's value before than to its farthest value
      after, and is partly back when it ends farther away.
    - An alert that recovered within `ONE_STORY` grows when its change happens again.
    - Otherwise a new alert is raised.

    Args:
        shifts: The shifts of the run, the most prominent first; at least one.
        alerts: The alerts of the brand, or of models as a whole; the newest first.
        at: When the run began.
    """
    head = shifts[0]
    same_model = [alert for alert in alerts if alert.shift.model == head.model]
    of_run = (a for a in same_model if any(shift.run_id == head.run_id for shift in a.moved))
    same_run = next(of_run, None)
    if head.brand == WHOLE_MODEL:
        if same_run:
            return Placement(AlertAction.KEEP, same_run.id)
        return _place_model(shifts, same_model, at)
    if same_run:
        has_new_statement = any(
            shift.statement and not reports_statement(same_run, shift) for shift in shifts
        )
        grows = has_new_statement and not same_run.state.over
        action = AlertAction.GROW if grows else AlertAction.KEEP
        # Alerts that were raised after this one are not touched.
        recovers = _taken_back_alerts(head, same_model, before=same_run.id)
        return Placement(action, same_run.id, recovers=recovers)
    return _place_in_open(shifts, same_model) or _place_as_new(shifts, same_model, at)


def _place_in_open(shifts: Sequence[Shift], alerts: Sequence[Alert]) -> Placement | None:
    """Return where shifts belong among the open alerts of the same model; None when they belong in
    none.

    The head is the first shift. It concerns the newest open alert that has reported its metric:

    - If it goes on in that alert's direction, the alert grows, and older alerts that the head takes
      back recover.
    - If it goes the other way and takes the alert back, the alert recovers, and so do all others
      that it takes back. If it does not go back far enough for this, the alert is partly back.
    - If it goes back and far beyond the old level (`BEYOND`), it belongs in none of the alerts.

    If no open alert has reported the head's metric, the newest open alert grows.

    Args:
        shifts: The shifts of a brand in a run, the most prominent first; at least one.
        alerts: The brand's alerts at the model, the newest first; those that are over are skipped.
    """
    head, open_alerts = shifts[0], [alert for alert in alerts if not alert.state.over]
    if not open_alerts:
        return None
    same_metric = next((alert for alert in open_alerts if _shifts_of_metric(alert, head)), None)
    if same_metric is None:
        return Placement(AlertAction.GROW, open_alerts[0].id)
    if _is_same_direction(same_metric, head):
        older = _taken_back_alerts(head, open_alerts, before=same_metric.id)
        return Placement(AlertAction.GROW, same_metric.id, recovers=older)
    recovers = _taken_back_alerts(head, open_alerts)
    if same_metric.id not in recovers:
        return Placement(AlertAction.EASE, same_metric.id)
    first = _shifts_of_metric(same_metric, head)[0]
    # After a fall from 50 % to 30 %, beyond the old level is above 60 %.
    if (first.before - head.after) * first.change > BEYOND * first.change**2:
        return None
    return Placement(AlertAction.RECOVER, same_metric.id, recovers=recovers)


def _place_model(shifts: Sequence[Shift], alerts: Sequence[Alert], at: datetime) -> Placement:
    """Return where a change of a model as a whole belongs among the model's alerts.

    The newest open alert recovers when its brands moved back by `BACK_SHARE` of the reported change
    or more, is partly back from `EASED_SHARE` on, and grows otherwise. Without an open alert, the
    newest alert grows if it recovered within `ONE_STORY` before ``at`` and its brands moved again
    by `EASED_SHARE` or more in the reported direction. Otherwise a new alert is raised, which
    follows the newest.

    Args:
        alerts: The alerts of the model as a whole, the newest first.
    """
    if open_alert := next((alert for alert in alerts if not alert.state.over), None):
        share_back = -_share_of_reported_change(open_alert, shifts)
        if share_back >= BACK_SHARE:
            return Placement(AlertAction.RECOVER, open_alert.id, recovers=(open_alert.id,))
        is_partly_back = share_back >= EASED_SHARE
        return Placement(AlertAction.EASE if is_partly_back else AlertAction.GROW, open_alert.id)
    newest = next(iter(alerts), None)
    if newest is None:
        return Placement(AlertAction.RAISE)
    if _recovered_recently(newest, at) and (
        _share_of_reported_change(newest, shifts) >= EASED_SHARE
    ):
        return Placement(AlertAction.GROW, newest.id)
    return Placement(AlertAction.RAISE, follows=newest.id)


def _share_of_reported_change(alert: Alert, shifts: Sequence[Shift]) -> float:
    """Return how far brands moved in the direction that the alert of a model as a whole reports, as
    a share of the reported change: 1 for the same change again, negative when they moved back, 0
    when the alert reports no brand.

    The share is the least-squares factor by which the reported changes of the brands give their
    present changes; a brand without a shift counts as unmoved. Changes that an alert reported in
    several runs are summed. Left out are reported shifts of other metrics, and those of runs in
    which the model moved back.
    """
    metric = alert.shift.metric
    reported: dict[str, float] = {}
    runs = {shift.run_id for shift in _reported_of_model(alert)}
    for shift in alert.moved:
        if shift.brand != WHOLE_MODEL and shift.metric == metric and shift.run_id in runs:
            reported[shift.brand] = reported.get(shift.brand, 0.0) + shift.change
    now = {shift.brand: shift.change for shift in shifts if shift.brand != WHOLE_MODEL}
    along = sum(change * now.get(brand, 0.0) for brand, change in reported.items())
    return along / (sum(change**2 for change in reported.values()) or 1.0)


def _reported_of_model(alert: Alert) -> list[Shift]:
    """Return the shifts of the model as a whole that an alert has reported, without its returns."""
    return [shift for shift in alert.moved if shift.brand == WHOLE_MODEL and not shift.recovery]


def _place_as_new(shifts: Sequence[Shift], alerts: Sequence[Alert], at: datetime) -> Placement:
    """Return where shifts that no open alert reports belong: in the newest alert that recovered
    within `ONE_STORY` before ``at`` and happens again, or else in a new alert. The new alert
    follows the newest one that reported the metric of the first shift. Open alerts that the first
    shift takes back recover.

    Args:
        shifts: The shifts of a brand in a run, the most prominent first; at least one.
        alerts: The brand's alerts at the model, the newest first.
    """
    head = shifts[0]
    recovers = _taken_back_alerts(head, alerts)
    for alert in alerts:
        happens_again = any(_is_same_direction(alert, shift) for shift in shifts)
        if happens_again and _recovered_recently(alert, at):
            return Placement(AlertAction.GROW, alert.id, recovers=recovers)
    previous = next((alert for alert in alerts if _shifts_of_metric(alert, head)), None)
    follows = previous.id if previous else 0
    return Placement(AlertAction.RAISE, follows=follows, recovers=recovers)


def reports_statement(alert: Alert, shift: Shift) -> bool:
    """Return whether an alert has reported the statement of a shift (its kind, topic and stated
    value) in the shift's run; False for a shift without a statement.
    """
    if not (said := shift.statement):
        return False
    of_run = (old.statement for old in alert.moved if old.run_id == shift.run_id)
    told = {(old.kind, old.topic, old.said) for old in of_run if old}
    return (said.kind, said.topic, said.said) in told


def _recovered_recently(alert: Alert, at: datetime) -> bool:
    """Return whether an alert recovered less than `ONE_STORY` before ``at``; False for an alert
    that is open, was closed by a person, or has no known time of recovery.
    """
    if alert.state is not AlertState.RECOVERED or alert.over_at is None:
        return False
    return at - alert.over_at < ONE_STORY


def _shifts_of_metric(alert: Alert, shift: Shift) -> list[Shift]:
    """Return the shifts of an alert that have the metric of a shift, the oldest first."""
    return [reported for reported in alert.moved if reported.metric == shift.metric]


def _is_same_direction(alert: Alert, shift: Shift) -> bool:
    """Return whether an alert has reported the metric of a shift, and its first report of the
    metric has the direction of the shift. A change of 0 has either direction.
    """
    reported = _shifts_of_metric(alert, shift)
    return bool(reported) and reported[0].change * shift.change >= 0


def _taken_back_alerts(
    shift: Shift, alerts: Sequence[Alert], before: int | None = None
) -> tuple[int, ...]:
    """Return the numbers of the open alerts that a shift takes back, in the order of the alerts.

    An alert is taken back if it has reported the metric of the shift, and the shift goes the other
    way and ends nearer to the value before the alert than to its farthest value after.

    Args:
        alerts: The alerts of the brand at the shift's model; those that are over are left out.
        before: Only alerts with a smaller number than this, raised before that alert; None for all.
    """
    return tuple(
        alert.id
        for alert in alerts
        if not alert.state.over
        and (before is None or alert.id < before)
        and _is_taken_back(alert, shift)
    )


def _is_taken_back(alert: Alert, shift: Shift) -> bool:
    """Return whether a shift goes against the direction that an alert first reported for the
    metric, and ends nearer to the alert's level before than to its farthest level after; False for
    an alert of other metrics.
    """
    reported = _shifts_of_metric(alert, shift)
    if not reported:
        return False
    first = reported[0]
    farthest = max(reported, key=lambda moved: abs(moved.after - first.before))
    is_nearer = abs(shift.after - first.before) < abs(shift.after - farthest.after)
    return is_nearer and first.change * shift.change < 0
