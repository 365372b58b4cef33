"""What becomes of the evidence about a brand at a model: the one place where it is decided whether
an alert is raised, grows, ends or stays unsaid.

`decide` is pure. The monitor, which replays the past, calls it with an empty history; after a run
it is called with the stored alerts, and with what the judge says of old answers. Whatever it
returns, it returns with the reason. `decide_model` does the same for a model as a whole: what
belongs to its change raises no alert of a brand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf

from overheard.detection.baseline import stream_until
from overheard.detection.decision_inputs import (
    NO_HISTORY,
    WATCHED_A_YEAR,
    AlertHistory,
    AlertLevel,
    AlertPolicy,
    JudgeCheck,
    ModelEvidence,
    Rarity,
    StreamEvidence,
    rarity,
)
from overheard.detection.placement import ONE_STORY, AlertAction, Placement, containing_alert, place
from overheard.detection.power import LEARNING_RUNS
from overheard.detection.whole_model import ModelChange, model_changes, model_shifts, revised
from overheard.domain import WHOLE_MODEL, Alert, Model, ModelUpdate, RunKey, Shift
from overheard.measure.blocks import Stream

MODEL_WEIGHT = 0.5
"""Weight from which on a change is reported as one of the model as a whole."""
MIN_MOVED_PROMPTS = 3
"""Number of prompts that moved by 20 points from which a change is worth an alert, in a panel of
any size."""
HEAD_METRICS = ("visibility", "accuracy", "first_choice", "drawback", "sentiment")
"""Metrics that head an alert, the first of them first, when several moved at once; then those with
the most evidence."""


class Reason(StrEnum):
    """Why nothing is reported, in the order in which it is found out."""

    FEW_RUNS = "not enough runs"
    SCORER_CHANGED = "scorer version changed"
    PANEL_CHANGED = "panel changed"
    LEARNING = "learning"
    BELOW_THRESHOLD = "below threshold"
    WATCHED = "watched"
    RETURNED = "returned"
    NOT_COMPARABLE = "nothing to compare"
    TOO_SMALL = "effect too small"
    ONE_BRAND = "one brand explains it"
    REPORTED = "reported before"
    JUDGE_MOVED = "judge moved"


@dataclass(frozen=True, slots=True)
class Silence:
    """The reason for which nothing is reported of a metric, with its figures.

    Attributes:
        runs: Number of earlier runs in its baseline.
        runs_needed: Number of earlier runs that a search needs; while learning, of a full baseline.
        evidence: Natural logarithm of the excess evidence that was compared with the budget, or
            None.
        threshold: The excess that the budget asks for, as a logarithm, or None.
        change: The change that is expected, on the metric's scale, or None.
        smallest_change: The smallest change that is reported, on the metric's scale.
        alert: Number of the alert that has reported the change, or 0.
        judge: The judge's new values of old answers, or None.
    """

    metric: str
    reason: Reason
    runs: int
    runs_needed: int
    evidence: float | None = None
    threshold: float | None = None
    change: float | None = None
    smallest_change: float = 0.0
    alert: int = 0
    judge: JudgeCheck | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on the evidence about a brand at a model after a run.

    Attributes:
        brand: The brand's name; `WHOLE_MODEL` for the model as a whole.
        shifts: The shifts to report, the most prominent first; it heads the alert.
        placement: A new alert, growth or end of an earlier alert, or nothing.
        level: How certain the change is; `WATCH` without an alert, or None.
        years: Once in about how many years the deployment would see so much evidence, if nothing
            had changed; None without a baseline.
        silences: The reason for each metric of which nothing is reported.
    """

    brand: str
    model: Model
    run: RunKey
    shifts: tuple[Shift, ...]
    placement: Placement
    level: AlertLevel | None
    years: float | None
    silences: tuple[Silence, ...]

    @property
    def watched(self) -> str:
        """The metric that most likely has changed, but not certainly enough for an alert; empty if
        none may have.
        """
        watched = [one for one in self.silences if one.reason is Reason.WATCHED]
        nearest = max(watched, key=_nearness, default=None)
        return nearest.metric if nearest else ""

    @property
    def silence(self) -> Silence | None:
        """The silence of the metric that came nearest to an alert; None without silences."""
        return max(self.silences, key=_nearness, default=None)


def decide(evidence: ModelEvidence, policy: AlertPolicy, history: AlertHistory) -> Decision:
    """Return the decision on the evidence about a brand at a model after a run: raise an alert,
    extend one, end one, or report nothing.

    A metric is reported when its evidence has a shift and no reason for silence holds. All other
    metrics get a `Silence`. The decision has a level of certainty when a metric is reported or the
    evidence is only worth watching; it has a rarity in years when at least one metric has a
    baseline. Nothing is stored.

    Args:
        evidence: The measured evidence of each of the brand's metrics at the model.
        policy: The number of brands, the false alarms accepted in a year, and the smallest change
            of each metric that is worth an alert.
        history: The brand's alerts and those of models as a whole, the newest first, and the start
            of each run by its number.

    Raises:
        KeyError: when the history lacks the start of a run that a compared shift names.
    """
    silences = {
        stream.metric: _silence_of_weak_evidence(stream, evidence, policy)
        or _silence_of_strong_evidence(stream, policy, history)
        for stream in evidence.streams
    }
    shifts = [
        stream.shift for stream in evidence.streams if stream.shift and not silences[stream.metric]
    ]
    excess = {stream.metric: stream.statistic or 0.0 for stream in evidence.streams}
    places = {metric: place for place, metric in enumerate(HEAD_METRICS)}
    shifts.sort(key=lambda s: (places.get(s.metric, len(places)), -excess[s.metric], s.metric))
    measured = any(stream.statistic is not None for stream in evidence.streams)
    rare = rarity(evidence.statistic, evidence.runs_a_year, policy.brands) if measured else None
    if shifts:
        rare = Rarity(min(shifts[0].chance_a_year or 0.0, policy.false_alarms_per_year))
    level = rare.level(policy.false_alarms_per_year) if rare else None
    return Decision(
        brand=evidence.brand,
        model=evidence.model,
        run=evidence.run,
        shifts=tuple(shifts),
        placement=_placement(shifts, evidence, history),
        level=level if shifts or level is AlertLevel.WATCH else None,
        years=rare.years if rare else None,
        silences=tuple(filter(None, silences.values())),
    )


def _placement(
    shifts: Sequence[Shift], evidence: ModelEvidence, history: AlertHistory
) -> Placement:
    """Return where a brand's evidence belongs among its alerts.

    With shifts, it is what `place` says: a new alert, or a part of an earlier one. A shift that
    would raise or grow an alert, but belongs to a change of the model as a whole, joins the alert
    of that change.

    Without shifts, nothing is done unless the brand is back at its old level. Then all open alerts
    that report the change recover; that may be none. If only the alert of a model as a whole
    reports the change, that alert is partly back.

    Args:
        shifts: The shifts to report, the most prominent first; may be empty.
        evidence: The evidence of the brand at the model after a run.
        history: The brand's alerts and those of models as a whole, the newest first.
    """
    if shifts:
        placement = place(shifts, history.alerts, evidence.run.at)
        model_alert = containing_alert(shifts[0], history.of_models, history.run_starts)
        if model_alert and placement.action in {AlertAction.RAISE, AlertAction.GROW}:
            return Placement(AlertAction.JOIN, model_alert.id)
        return placement
    if evidence.returned is None:
        return Placement(AlertAction.NONE)
    ended = evidence.returned.shift
    recovers = tuple(alert.id for alert in history.alerts if _reports_open(alert, ended))
    model_alerts = [alert for alert in history.of_models if _reports_open(alert, ended)]
    if model_alerts and not recovers:
        return Placement(AlertAction.EASE, model_alerts[0].id)
    return Placement(AlertAction.RECOVER, recovers=recovers)


def _reports_open(alert: Alert, shift: Shift) -> bool:
    """Return whether an alert is neither recovered nor closed, is of the shift's model, and has
    reported a change of the same brand in the same run.
    """
    return (
        alert.shift.model == shift.model
        and not alert.state.over
        and any(old.run_id == shift.run_id and old.brand == shift.brand for old in alert.moved)
    )


def decide_model(
    change: ModelChange | None,
    shifts: Sequence[Shift],
    run: RunKey,
    policy: AlertPolicy,
    history: AlertHistory,
) -> Decision | None:
    """Return the decision on the latest change of a model as a whole after a run.

    The change is not reported when no brand moved by the policy's smallest change, or when it would
    raise or grow an alert and one brand probably explains it (a weight below `MODEL_WEIGHT`). The
    decision then has no shifts and one silence, and a later run may decide otherwise.

    Args:
        change: The latest change of the model, with the weights of its explanations as of the run;
            None without one.
        shifts: The change as shifts: first that of the model, then those of its brands
            (`model_shifts`). The alert leaves out brands that moved by less than the policy's
            smallest change.
        policy: The false alarms of models that are accepted in a year, and the smallest change of
            each metric that is worth an alert.
        history: The alerts of models as a whole, the newest first, and the start of each run by its
            number.

    Returns:
        The decision; None without a change or shifts, for a change found more than `ONE_STORY`
        before the run, and for one that an alert reported in an earlier run.

    Raises:
        KeyError: when the history lacks the start of a run that an alert of the model names.
    """
    if change is None or not shifts or run.at - change.run.at > ONE_STORY:
        return None
    model_shift, *brand_shifts = shifts
    alerts = [alert for alert in history.of_models if alert.shift.model == change.model]
    if _is_reported_model_change(change, run, alerts, history):
        return None
    smallest = policy.smallest_change(model_shift.metric)
    reported = [shift for shift in brand_shifts if abs(shift.change) >= smallest]
    rarity = Rarity(change.chance_a_year)
    placement = place([model_shift, *reported], alerts, run.at)
    needs_weight = placement.action in {AlertAction.RAISE, AlertAction.GROW}
    silence = Silence(
        model_shift.metric, Reason.TOO_SMALL, runs=0, runs_needed=0, smallest_change=smallest
    )
    decision = Decision(
        brand=WHOLE_MODEL,
        model=change.model,
        run=run,
        shifts=(),
        placement=Placement(AlertAction.NONE),
        level=None,
        years=rarity.years,
        silences=(),
    )
    if not reported:
        largest = max((shift.change for shift in brand_shifts), key=abs, default=0.0)
        return replace(decision, silences=(replace(silence, change=largest),))
    if needs_weight and change.weight < MODEL_WEIGHT:
        return replace(decision, silences=(replace(silence, reason=Reason.ONE_BRAND),))
    level = rarity.level(policy.models_per_year)
    return replace(decision, shifts=(model_shift, *reported), placement=placement, level=level)


def _is_reported_model_change(
    change: ModelChange, run: RunKey, alerts: Sequence[Alert], history: AlertHistory
) -> bool:
    """Return whether an alert of a model as a whole has reported a change before a run: in a run
    after the change's first run, or in the run that found it.

    Args:
        run: The run that is analysed; what was reported in it does not count.
        alerts: The alerts of the model as a whole.
        history: Has the start of each run by its number.
    """
    reports = (
        history.run_starts[shift.run_id]
        for alert in alerts
        for shift in alert.moved
        if shift.brand == WHOLE_MODEL
    )
    return any(
        reported_at < run.at and (change.began.at < reported_at or change.run.at == reported_at)
        for reported_at in reports
    )


def _silence_of_weak_evidence(
    stream: StreamEvidence, evidence: ModelEvidence, policy: AlertPolicy
) -> Silence | None:
    """Return why the evidence of a metric is not enough for an alert; None when it is over the
    threshold.

    Both the brand's evidence (over all its metrics) and the metric's own must exceed the threshold,
    because among many metrics a single one may be high by chance. Without a baseline, the reason is
    that the scorer changed or that there are too few runs. A brand that is back at its old level is
    silent whatever its evidence. Of several reasons for weak evidence the first one counts: all
    prompts are new, watched, still learning, below the threshold.

    Args:
        policy: Has the number of brands, by which evidence is rare enough to be watched.
    """
    silence = Silence(stream.metric, Reason.FEW_RUNS, stream.runs, stream.runs_needed)
    if stream.statistic is None:
        unread = stream.has_unread_history
        return replace(silence, reason=Reason.SCORER_CHANGED) if unread else silence
    excess = min(evidence.statistic, stream.statistic)
    silence = replace(silence, evidence=excess, threshold=evidence.threshold)
    if evidence.returned:
        return replace(silence, reason=Reason.RETURNED)
    if excess > evidence.threshold:
        return replace(silence, reason=Reason.WATCHED) if stream.held else None
    if stream.shared_prompts == 0:
        reason = Reason.PANEL_CHANGED
    elif rarity(excess, evidence.runs_a_year, policy.brands).yearly <= WATCHED_A_YEAR:
        reason = Reason.WATCHED
    elif stream.runs < LEARNING_RUNS:
        reason = Reason.LEARNING
    else:
        reason = Reason.BELOW_THRESHOLD
    needed = LEARNING_RUNS if reason is Reason.LEARNING else stream.runs_needed
    return replace(silence, reason=reason, runs_needed=needed)


def _silence_of_strong_evidence(
    stream: StreamEvidence, policy: AlertPolicy, history: AlertHistory
) -> Silence | None:
    """Return why a change whose evidence is over the threshold is not reported; None when it is.

    The reasons, of which the first one counts: there is nothing to compare before and after it, it
    is too small, an alert has reported it in another run, or the judge that scores the metric has
    moved and explains it.

    Args:
        policy: Has the smallest change of the metric that is reported.
        history: The brand's alerts, and the start of each run by its number.
    """
    silence = Silence(stream.metric, Reason.NOT_COMPARABLE, stream.runs, stream.runs_needed)
    change, shift, smallest = stream.change, stream.shift, policy.smallest_change(stream.metric)
    if change is None or shift is None:
        return silence
    largest = max(abs(change.panel), abs(change.relevant))
    if largest < smallest and change.moved_prompts < MIN_MOVED_PROMPTS:
        return replace(
            silence, reason=Reason.TOO_SMALL, change=change.relevant, smallest_change=smallest
        )
    if alert := _alert_that_reported(shift, history):
        return replace(silence, reason=Reason.REPORTED, change=shift.change, alert=alert.id)
    if stream.judge and stream.judge.explains(shift.change):
        return replace(silence, reason=Reason.JUDGE_MOVED, change=shift.change, judge=stream.judge)
    return None


def _alert_that_reported(shift: Shift, history: AlertHistory) -> Alert | None:
    """Return the newest alert that has already reported a brand's shift at its model, in any
    metric; None without one.

    History that is imported or scored again can make a shift visible in a later run than before. So
    an alert counts when it reported a change in a run after the shift's first run and before the
    run that shows it now.
    """
    starts = history.run_starts
    for alert in history.alerts:
        for old in (alert.shift, *alert.later):
            if (
                old.model == shift.model
                and old.run_id != shift.run_id
                and starts[shift.first_run_id] < starts[old.run_id] < starts[shift.run_id]
            ):
                return alert
    return None


def _nearness(silence: Silence) -> tuple[int, float]:
    """Return the sort key of how near a silent metric came to an alert, the largest key is the
    nearest: by the place of its reason in `Reason`, then by its evidence; no evidence is the least.
    """
    order = tuple(Reason).index(silence.reason)
    return order, -inf if silence.evidence is None else silence.evidence


def reported_changes(
    streams: Sequence[Stream], policy: AlertPolicy, updates: Sequence[ModelUpdate]
) -> Iterator[tuple[ModelChange, Alert]]:
    """Yield the changes of models as a whole that would have been reported, with their alerts, when
    the past is analysed run by run. They are grouped by model, models in order, and the run of each
    change is the one that reports it.

    A change is reported in the run that finds it or, when one brand explains it better then, in the
    first later run that speaks for the model. It is never reported when no such run comes within
    `ONE_STORY` or before the model's next change.

    Args:
        streams: The visibility streams of all brands at all models.
        policy: The rate of false alarms of models, and the smallest changes.
        updates: Known updates of the models.
    """
    models = sorted({stream.key.model for stream in streams})
    for model in models:
        own = [stream for stream in streams if stream.key.model == model]
        found = model_changes(own, policy.models_per_year, len(models))
        ends = [*(change.run for change in found[1:]), None]
        for change, end in zip(found, ends, strict=False):
            runs = [run for run in own[0].runs if run >= change.run and (not end or run < end)]
            if reported := _first_report(change, runs, streams, policy, updates):
                yield reported


def _first_report(
    change: ModelChange,
    runs: Sequence[RunKey],
    streams: Sequence[Stream],
    policy: AlertPolicy,
    updates: Sequence[ModelUpdate],
) -> tuple[ModelChange, Alert] | None:
    """Return a change of a model as a whole as of the first of some runs that reports it, with its
    new alert. None when no run reports it that is at most `ONE_STORY` after the one that found it.

    Args:
        runs: The runs from the one that found the change, the oldest first.
        streams: The visibility streams of all brands at all models.
        policy: The rate of false alarms of models, and the smallest changes.
    """
    for run in runs:
        past = [stream_until(stream, run) for stream in streams]
        weighed = revised(change, past)
        shifts = model_shifts(weighed, past, run, updates)
        decision = decide_model(weighed, shifts, run, policy, NO_HISTORY)
        if decision is None:
            return None
        if decision.shifts:
            head, *also = decision.shifts
            return replace(weighed, run=run), Alert(head, run.at, tuple(also))
    return None
