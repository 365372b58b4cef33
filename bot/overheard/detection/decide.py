"""What becomes of the evidence about a brand at a model: the one place where it is decided whether
an alert is raised, grows, ends or stays unsaid.

`decide` is pure. The monitor, which replays the past, calls it with an empty history; after a run
it is called with the stored alerts, and with what the judge says of old answers. Whatever it
returns, it returns with the reason. `decide_model` does the same for a model as a whole: what
belongs to its change raises no alert of a brand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf

from overheard.detection.alarm_table import WATCHED_A_YEAR, AlertLevel, Rarity, rarity
from overheard.detection.baseline import stream_until
from overheard.detection.decision_inputs import (
    NO_HISTORY,
    AlertHistory,
    AlertPolicy,
    JudgeCheck,
    MeasuredChange,
    ModelEvidence,
    StreamEvidence,
)
from overheard.detection.learning import LEARNING_RUNS
from overheard.detection.placement import ONE_STORY, AlertAction, Placement, containing_alert, place
from overheard.detection.whole_model import ModelChange, model_changes, model_shifts, revised
from overheard.domain import WHOLE_MODEL, Alert, Model, ModelUpdate, Shift
from overheard.measure.blocks import RunKey, Stream

MODEL_WEIGHT = 0.5
"""Weight from which on a change is reported as one of the model as a whole."""
MIN_MOVED_PROMPTS = 3
"""Number of prompts that moved by 20 points from which a change is worth an alert, in a panel of
any size."""
HEAD_METRICS = ("visibility", "accuracy", "first_choice", "drawback", "sentiment")
"""Metrics that head an alert, the first of them first, when several moved at once."""


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
        metric: The metric.
        reason: The reason.
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
        model: The model.
        run: The run.
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
    def watched(self) -> bool:
        """Whether something may have changed that is not certain enough for an alert."""
        return any(silence.reason is Reason.WATCHED for silence in self.silences)

    @property
    def silence(self) -> Silence | None:
        """The silence of the metric that came nearest to an alert; None without silences."""
        return max(self.silences, key=_nearness, default=None)


def decide(evidence: ModelEvidence, policy: AlertPolicy, history: AlertHistory) -> Decision:
    """Return the decision on the evidence about a brand at a model after a run: raise an alert,
    extend one, end one, or report nothing, with the reason for each silent metric. Pure: nothing is
    stored.

    Args:
        evidence: The measured evidence of each of the brand's streams at the model.
        policy: The smallest changes that the deployment wants to be alerted of.
        history: The brand's alerts so far, and when its runs began.
    """
    silences = {
        stream.metric: _silence(stream, evidence, policy, history) for stream in evidence.streams
    }
    shifts = [
        stream.shift for stream in evidence.streams if stream.shift and not silences[stream.metric]
    ]
    excess = {stream.metric: stream.statistic or 0.0 for stream in evidence.streams}
    shifts.sort(key=lambda shift: _prominence(shift, excess[shift.metric]))
    measured = any(stream.statistic is not None for stream in evidence.streams)
    rarity = evidence.rarity(policy.brands) if measured else None
    level = rarity.level(policy.false_alarms_per_year) if rarity else None
    return Decision(
        brand=evidence.brand,
        model=evidence.model,
        run=evidence.run,
        shifts=tuple(shifts),
        placement=_placement(shifts, evidence, history),
        level=level if shifts or level is AlertLevel.WATCH else None,
        years=rarity.years if rarity else None,
        silences=tuple(filter(None, silences.values())),
    )


def _placement(
    shifts: Sequence[Shift], evidence: ModelEvidence, history: AlertHistory
) -> Placement:
    """Return where a brand's evidence belongs among its alerts: its shifts as a new or a growing
    alert, or as part of the alert of a model as a whole; or, when the brand is back, the end of its
    alerts.

    Args:
        shifts: The shifts to report, the most prominent first; may be empty.
        evidence: The evidence of the brand at the model after a run.
        history: The brand's alerts, and those of models as a whole.
    """
    if shifts:
        placed = place(shifts, history.alerts, evidence.run.at)
        whole = containing_alert(shifts[0], history.of_models, history.run_starts)
        if whole and placed.action in {AlertAction.RAISE, AlertAction.GROW}:
            return Placement(AlertAction.JOIN, whole.id)
        return placed
    if evidence.returned is None:
        return Placement(AlertAction.NONE)
    ended = evidence.returned.shift
    wholes = [alert for alert in history.of_models if _reports_open(alert, ended)]
    recovers = tuple(alert.id for alert in history.alerts if _reports_open(alert, ended))
    if wholes and not recovers:
        return Placement(AlertAction.EASE, wholes[0].id)
    return Placement(AlertAction.RECOVER, recovers=recovers)


def _reports_open(alert: Alert, shift: Shift) -> bool:
    """Return whether an alert is open, is of a shift's model, and has a shift of the same brand and
    run.
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
    """Return the decision on the latest change of a model as a whole after a run; None without a
    change, or for one that an alert has reported or that is older than `ONE_STORY`.

    A change that one brand explains better is not reported until a later run speaks for the model.

    Args:
        change: The latest change, with its weights as of the run.
        shifts: The change as shifts, see `model_shifts`; brands below the smallest change of the
            policy are left out of the alert.
        run: The run.
        policy: The smallest changes that the deployment wants to be alerted of.
        history: The alerts of models as a whole so far, and when runs began.
    """
    if change is None or not shifts or run.at - change.run.at > ONE_STORY:
        return None
    head, *brands = shifts
    alerts = [a for a in history.of_models if a.shift.model == change.model]
    if any(
        shift.brand == WHOLE_MODEL
        and (seen := history.run_starts[shift.run_id]) < run.at
        and (change.began.at < seen or change.run.at == seen)
        for alert in alerts
        for shift in alert.moved
    ):
        return None
    smallest = policy.smallest_change(head.metric)
    moved = [shift for shift in brands if abs(shift.change) >= smallest]
    rare = Rarity(change.chance_a_year)
    placed = place([head, *moved], alerts, run.at)
    silence = Silence(head.metric, Reason.TOO_SMALL, 0, 0, smallest_change=smallest)
    if not moved:
        silence = replace(
            silence, change=max((shift.change for shift in brands), key=abs, default=0.0)
        )
    elif placed.action in {AlertAction.RAISE, AlertAction.GROW} and change.weight < MODEL_WEIGHT:
        silence = replace(silence, reason=Reason.ONE_BRAND)
    else:
        level = rare.level(policy.models_per_year)
        whole = (head, *moved)
        return Decision(WHOLE_MODEL, change.model, run, whole, placed, level, rare.years, ())
    nothing = Placement(AlertAction.NONE)
    return Decision(WHOLE_MODEL, change.model, run, (), nothing, None, rare.years, (silence,))


def _silence(
    stream: StreamEvidence, evidence: ModelEvidence, policy: AlertPolicy, history: AlertHistory
) -> Silence | None:
    """Return why nothing is reported of a metric; None when its shift is reported."""
    unsure = _silence_of_weak_evidence(stream, evidence, policy)
    return unsure or _silence_of_strong_evidence(stream, policy, history)


def _silence_of_weak_evidence(
    stream: StreamEvidence, evidence: ModelEvidence, policy: AlertPolicy
) -> Silence | None:
    """Return why the evidence of a metric is not enough for an alert; None when it is over the
    threshold.

    Both the brand's evidence (the mean over its streams) and the metric's own evidence must exceed
    the threshold: of many metrics, a single metric may be high by chance.
    """
    silence = Silence(stream.metric, Reason.FEW_RUNS, stream.runs, stream.runs_needed)
    if stream.statistic is None:
        unread = stream.has_unread_history
        return replace(silence, reason=Reason.SCORER_CHANGED) if unread else silence
    weight = min(evidence.statistic, stream.statistic)
    silence = replace(silence, evidence=weight, threshold=evidence.threshold)
    if evidence.returned:
        return replace(silence, reason=Reason.RETURNED)
    if weight > evidence.threshold:
        return None
    rare = rarity(weight, evidence.runs_a_year, policy.brands).yearly
    reasons = {
        Reason.PANEL_CHANGED: stream.shared_prompts == 0,
        Reason.WATCHED: rare <= WATCHED_A_YEAR,
        Reason.LEARNING: stream.runs < LEARNING_RUNS,
        Reason.BELOW_THRESHOLD: True,
    }
    reason = next(reason for reason, holds in reasons.items() if holds)
    needed = LEARNING_RUNS if reason is Reason.LEARNING else stream.runs_needed
    return replace(silence, reason=reason, runs_needed=needed)


def _silence_of_strong_evidence(
    stream: StreamEvidence, policy: AlertPolicy, history: AlertHistory
) -> Silence | None:
    """Return why a change whose evidence is over the threshold is not reported: nothing to compare,
    too small, reported before, or the judge's own; None when it is reported.
    """
    silence = Silence(stream.metric, Reason.NOT_COMPARABLE, stream.runs, stream.runs_needed)
    change, shift, smallest = stream.change, stream.shift, policy.smallest_change(stream.metric)
    if change is None or shift is None:
        return silence
    if not _matters(change, smallest):
        return replace(
            silence, reason=Reason.TOO_SMALL, change=change.relevant, smallest_change=smallest
        )
    if alert := _reported(shift, history):
        return replace(silence, reason=Reason.REPORTED, change=shift.change, alert=alert.id)
    if stream.judge and stream.judge.explains(shift.change):
        return replace(silence, reason=Reason.JUDGE_MOVED, change=shift.change, judge=stream.judge)
    return None


def _matters(change: MeasuredChange, smallest: float) -> bool:
    """Return whether a change is large enough for an alert: on the panel, on the prompts that named
    the brand, or on `MIN_MOVED_PROMPTS` prompts.
    """
    largest = max(abs(change.panel), abs(change.relevant))
    return largest >= smallest or change.moved_prompts >= MIN_MOVED_PROMPTS


def _reported(shift: Shift, history: AlertHistory) -> Alert | None:
    """Return the alert that has already reported a shift in another run; None without one.

    History that is imported or scored again can make a shift visible in a later run than before:
    then a run between the shift's first run and this one has an alert already.
    """
    starts = history.run_starts
    for alert in history.alerts:
        for old in (alert.shift, *alert.later):
            if (
                old.model == shift.model
                and old.run_id != shift.run_id
                and starts[shift.began] < starts[old.run_id] < starts[shift.run_id]
            ):
                return alert
    return None


def _prominence(shift: Shift, excess: float) -> tuple[int, float, str]:
    """Return the sort key by which shifts head an alert: by metric, then by falling evidence.

    Statements are put before them by `detection.statements.add_statements`.
    """
    known = shift.metric in HEAD_METRICS
    order = HEAD_METRICS.index(shift.metric) if known else len(HEAD_METRICS)
    return order, -excess, shift.metric


def _nearness(silence: Silence) -> tuple[int, float]:
    """Return the sort key of how near a silent metric came to an alert: by reason, then by its
    evidence.
    """
    order = tuple(Reason).index(silence.reason)
    return order, -inf if silence.evidence is None else silence.evidence


def reported_changes(
    streams: Sequence[Stream], policy: AlertPolicy, updates: Sequence[ModelUpdate]
) -> Iterator[tuple[ModelChange, Alert]]:
    """Yield the changes of models as a whole that would have been reported run by run, with the run
    that reports each, and its alert; grouped by model.

    A change that one brand explains better waits for a later run to speak for the model, until
    another change is found.

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
            for run in own[0].runs:
                if run < change.run or (end and run >= end):
                    continue
                known = [stream_until(stream, run) for stream in streams]
                whole = revised(change, known)
                shifts = model_shifts(whole, known, run, updates)
                decision = decide_model(whole, shifts, run, policy, NO_HISTORY)
                if decision is None:
                    break
                if decision.shifts:
                    head, *also = decision.shifts
                    yield replace(whole, run=run), Alert(head, run.at, tuple(also))
                    break
