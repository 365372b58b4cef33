"""What becomes of the evidence about a brand at a model: the one place where it is decided whether
an alert is raised, grows, ends or stays unsaid.

`decide` is pure. The monitor, which replays the past, calls it with an empty history; after a run
it is called with the stored alerts, and with what the judge says of old answers. Whatever it
returns, it returns with the reason. `decide_model` does the same for a model as a whole: what
belongs to its change raises no alert of a brand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf

from overheard.detection.alarm_table import WATCHED_A_YEAR, AlertLevel, Rarity, rarity
from overheard.detection.effect import MeasuredChange
from overheard.detection.evidence import (
    AlertHistory,
    AlertPolicy,
    JudgeCheck,
    ModelEvidence,
    StreamEvidence,
)
from overheard.detection.learning import LEARNING_RUNS
from overheard.detection.model_change import ModelChange
from overheard.domain import WHOLE_MODEL, Alert, AlertState, Model, Shift
from overheard.measure.blocks import RunKey

ONE_STORY = timedelta(days=35)
"""A change that comes again so soon after its alert's recovery is the same story. It is more than a
month, so that monthly checks have it too."""
BEYOND = 0.5
"""A return that ends so far beyond the old level, as a share of the change, is news of its own."""
MODEL_WEIGHT = 0.5
"""Weight from which on a change is told as one of the model as a whole."""
BACK_SHARE, EASED_SHARE = 0.6, 0.25
"""A model whose brands moved back by this share of a change is as before, and partly so."""
MIN_MOVED_PROMPTS = 3
"""So many prompts that moved by 20 points are worth an alert, however large the panel."""
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
    """Why nothing is reported of a metric, and the numbers behind it.

    Attributes:
        metric: The metric.
        reason: Why.
        runs: Number of earlier runs in its baseline.
        runs_needed: How many it takes; while learning, how many make a full baseline.
        evidence: Natural logarithm of the excess evidence that was compared with the budget, or
            None.
        threshold: The excess that the budget asks for, as a logarithm, or None.
        change: The change that is expected, on the metric's scale, or None.
        smallest_change: The smallest that is reported.
        alert: Number of the alert that has reported it, or 0.
        judge: What the judge says of old answers, or None.
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
    """It is part of a change of the model as a whole, whose alert tells it."""
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


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the evidence about a brand at a model.

    Attributes:
        brand: The brand's name; `WHOLE_MODEL` for the model as a whole.
        model: The model.
        run: The run.
        shifts: What is reported; the first heads the alert.
        placement: As what: a new alert, growth or end of an open one, nothing.
        level: How certain it is; `WATCH` without an alert, or None.
        years: Once in about how many years the deployment would see so much evidence, if nothing
            had changed; None without a baseline.
        silences: The metrics of which nothing is reported, and why.
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
        return any(one.reason is Reason.WATCHED for one in self.silences)

    @property
    def silence(self) -> Silence | None:
        """The silence of the metric that came nearest to an alert; None when there is none."""
        return max(self.silences, key=_nearness, default=None)


def decide(evidence: ModelEvidence, policy: AlertPolicy, history: AlertHistory) -> Decision:
    """Decide whether the evidence about a brand at a model after a run raises an alert, lets an
    alert grow, or is not reported, and why not.

    Args:
        evidence: The measured evidence of each of the brand's streams at the model.
        policy: The smallest changes that the deployment wants to be alerted of.
        history: The brand's alerts so far, and when its runs began.
    """
    silences = {one.metric: _silence(one, evidence, policy, history) for one in evidence.streams}
    shifts = [one.shift for one in evidence.streams if one.shift and not silences[one.metric]]
    excess = {one.metric: one.statistic or 0.0 for one in evidence.streams}
    shifts.sort(key=lambda shift: _prominence(shift, excess[shift.metric]))
    measured = any(one.statistic is not None for one in evidence.streams)
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
    """Return as what the evidence is reported: by its shifts, or as the end of an alert."""
    if shifts:
        placed = place(shifts, history.alerts, evidence.run.at)
        whole = part_of(shifts[0], history.of_models, history.run_starts)
        if whole and placed.action in {AlertAction.RAISE, AlertAction.GROW}:
            return Placement(AlertAction.JOIN, whole.id)
        return placed
    if evidence.returned is None:
        return Placement(AlertAction.NONE)
    ended = evidence.returned.shift
    return Placement(
        AlertAction.RECOVER,
        recovers=tuple(
            alert.id
            for alert in history.alerts
            if alert.shift.model == ended.model
            and not alert.state.over
            and any(old.run_id == ended.run_id for old in alert.moved)
        ),
    )


def part_of(
    shift: Shift, of_models: Sequence[Alert], starts: Mapping[int, datetime]
) -> Alert | None:
    """Return the alert of a model as a whole to which a brand's shift belongs: it began with the
    model's change, or between that and the last run in which it was seen to go on; or None. It
    belongs to an alert that a person has closed, and not to one that has recovered before.

    Args:
        shift: The shift of a brand. A statement is news of its own.
        of_models: The alerts of models as a whole.
        starts: When each run began, by its number.
    """
    if not of_models or shift.statement or shift.brand == WHOLE_MODEL:
        return None
    began = starts[shift.began or shift.run_id]
    for alert in of_models:
        told = [one for one in alert.moved if one.brand == WHOLE_MODEL and not one.recovery]
        first = starts[alert.shift.began or alert.shift.run_id]
        last = max((starts[one.run_id] for one in told), default=first)
        ended = alert.over_at if alert.state is AlertState.RECOVERED else None
        over = ended is not None and ended < starts[shift.run_id]
        dated = any(first <= starts[run] for run in shift.dates)  # it may have begun with that
        fits = began <= last and (first <= began or dated)
        if alert.shift.model == shift.model and not over and fits:
            return alert
    return None


def decide_model(
    change: ModelChange | None,
    shifts: Sequence[Shift],
    run: RunKey,
    policy: AlertPolicy,
    history: AlertHistory,
) -> Decision | None:
    """Decide what becomes of the latest change of a model as a whole after a run; None when there
    is none, or the change is older news.

    A change that one brand explains better is not told, until a later run speaks for the model.

    Args:
        change: The latest change, with its weights as of the run.
        shifts: The same as shifts, see `model_shifts`; those of brands that hardly moved are left
            out.
        run: The run.
        policy: The smallest changes that the deployment wants to be alerted of.
        history: The alerts of models as a whole so far, and when runs began.
    """
    if change is None or not shifts or run.at - change.run.at > ONE_STORY:
        return None
    head, *brands = shifts
    told = [a for a in history.of_models if a.shift.model == change.model]
    if any(
        one.brand == WHOLE_MODEL
        and (seen := history.run_starts[one.run_id]) < run.at
        and (change.began.at < seen or change.run.at == seen)
        for alert in told
        for one in alert.moved
    ):
        return None
    smallest = policy.smallest_change(head.metric)
    moved = [one for one in brands if abs(one.change) >= smallest]
    rare = Rarity(change.chance_a_year)
    placed = place([head, *moved], told, run.at)
    silence = Silence(head.metric, Reason.TOO_SMALL, 0, 0, smallest_change=smallest)
    if not moved:
        silence = replace(silence, change=max((one.change for one in brands), key=abs, default=0.0))
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
    """Return why nothing is reported of a metric, or None when it is reported."""
    unsure = _silence_of_weak_evidence(stream, evidence, policy)
    return unsure or _silence_of_strong_evidence(stream, policy, history)


def _silence_of_weak_evidence(
    stream: StreamEvidence, evidence: ModelEvidence, policy: AlertPolicy
) -> Silence | None:
    """Return why the evidence is not enough for an alert, or None when it is over the threshold.

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
    """Return why a change over the threshold is not reported, or None when it is reported."""
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
    """Whether a change is large enough for an alert: on the panel, on the prompts that named the
    brand, or on three prompts.
    """
    largest = max(abs(change.panel), abs(change.relevant))
    return largest >= smallest or change.moved_prompts >= MIN_MOVED_PROMPTS


def _reported(shift: Shift, history: AlertHistory) -> Alert | None:
    """Return the alert that has already reported a shift, after another run than this; or None.

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


def place(shifts: Sequence[Shift], alerts: Sequence[Alert], at: datetime) -> Placement:
    """Decide whether the shifts of a model in a run are a new alert or part of one: a brand has one
    story at a model, and not a message for each turn of it.

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
    return _place_in_open(shifts, same_model) or _place_anew(shifts, same_model, at)


def _place_in_open(shifts: Sequence[Shift], alerts: Sequence[Alert]) -> Placement | None:
    """Return as what an open alert of the same model reports shifts; None when none does."""
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
    """Return as what a change of a model as a whole is reported: it has one alert, which recovers
    when its brands move back.
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
    """Return how far brands went in the direction in which a model's alert reports them, as a share
    of that: negative when they went back.
    """
    metric = alert.shift.metric
    reported: dict[str, float] = {}
    runs = {one.run_id for one in alert.moved if one.brand == WHOLE_MODEL and not one.recovery}
    for one in alert.moved:
        if one.brand != WHOLE_MODEL and one.metric == metric and one.run_id in runs:
            reported[one.brand] = reported.get(one.brand, 0.0) + one.change
    now = {one.brand: one.change for one in shifts if one.brand != WHOLE_MODEL}
    along = sum(change * now.get(brand, 0.0) for brand, change in reported.items())
    return along / (sum(change**2 for change in reported.values()) or 1.0)


def _place_anew(shifts: Sequence[Shift], alerts: Sequence[Alert], at: datetime) -> Placement:
    """Return shifts as a recovered alert that happens again, or as a new alert."""
    head, recovers = shifts[0], _recovered(shifts[0], alerts)
    if again := next((a for a in alerts if _happens_again(a, shifts, at)), None):
        return Placement(AlertAction.GROW, again.id, recovers=recovers)
    previous = next((alert for alert in alerts if _of_metric(alert, head)), None)
    follows = previous.id if previous else 0
    return Placement(AlertAction.RAISE, follows=follows, recovers=recovers)


def reports(alert: Alert, shift: Shift) -> bool:
    """Whether an alert has reported the statement of a shift in the shift's run."""
    return any(
        old.run_id == shift.run_id
        and old.statement
        and shift.statement
        and (old.statement.kind, old.statement.topic, old.statement.said)
        == (shift.statement.kind, shift.statement.topic, shift.statement.said)
        for old in alert.moved
    )


def _happens_again(alert: Alert, shifts: Sequence[Shift], at: datetime) -> bool:
    """Whether an alert that has recovered lately reported one of the shifts, in its direction."""
    if alert.state is not AlertState.RECOVERED or alert.over_at is None:
        return False
    return at - alert.over_at < ONE_STORY and any(_goes_on(alert, shift) for shift in shifts)


def _is_beyond(alert: Alert, shift: Shift) -> bool:
    """Whether a shift ends far beyond the level from which an alert began."""
    first = _of_metric(alert, shift)[0]
    return (first.before - shift.after) * first.change > BEYOND * first.change**2


def _of_metric(alert: Alert, shift: Shift) -> list[Shift]:
    """Return what an alert has reported of the metric of a shift, the oldest first."""
    return [old for old in alert.moved if old.metric == shift.metric]


def _goes_on(alert: Alert, shift: Shift) -> bool:
    """Whether a shift goes in the direction in which an alert first reported its metric."""
    reported = _of_metric(alert, shift)
    return bool(reported) and reported[0].change * shift.change > 0


def _recovered(head: Shift, alerts: Sequence[Alert], before: int | None = None) -> tuple[int, ...]:
    """Return the numbers of the open alerts that a shift takes back.

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
    """Whether a shift changes the direction of an alert, and ends nearer to its beginning."""
    first, *_ = reported = _of_metric(alert, shift)
    worst = max(reported, key=lambda old: abs(old.after - first.before))
    nearer = abs(shift.after - first.before) < abs(shift.after - worst.after)
    return nearer and first.change * shift.change < 0


def _prominence(shift: Shift, excess: float) -> tuple[int, float, str]:
    """Return the order in which shifts head an alert: by metric, then by their evidence.

    Statements are put before them by `detection.statements.add_statements`.
    """
    known = shift.metric in HEAD_METRICS
    order = HEAD_METRICS.index(shift.metric) if known else len(HEAD_METRICS)
    return order, -excess, shift.metric


def _nearness(silence: Silence) -> tuple[int, float]:
    """Return how near a silent metric came to an alert."""
    return tuple(Reason).index(
        silence.reason
    ), -inf if silence.evidence is None else silence.evidence
