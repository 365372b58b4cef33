"""Tests of the decision: what is reported, as what, and why not."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Any

import pytest

from kit.alert_shapes import MODEL, STARTS, weekly_alert as alert, weekly_shift as shift
from overheard.detection.baseline import stream_until
from overheard.detection.decide import (
    Decision,
    Reason,
    Silence,
    decide,
    decide_model,
    reported_changes,
)
from overheard.detection.decision_inputs import (
    JUDGE_LEVEL,
    NO_HISTORY,
    AlertHistory,
    AlertLevel,
    AlertPolicy,
    JudgeCheck,
    MeasuredChange,
    ModelEvidence,
    Returned,
    StreamEvidence,
    needed_excess,
    rarity,
)
from overheard.detection.explanation import Hypothesis
from overheard.detection.placement import AlertAction, Placement, containing_alert
from overheard.detection.power import LEARNING_RUNS
from overheard.detection.whole_model import ModelChange
from overheard.domain import WHOLE_MODEL, Alert, AlertState, Model, RunKey, Shift
from overheard.measure.blocks import Stream
from overheard_lab.worlds import WorldDesign, simulate_world

POLICY = AlertPolicy(smallest_changes={"visibility": 0.05})
LIMIT = needed_excess(0.2, 52, 1)
JUDGE = JudgeCheck("judge", "svc/j", 20, 0.8, 0.7, p_value=0.001)


def change(panel: float, relevant: float | None = None, moved: int = 0) -> MeasuredChange:
    """Return a change of the panel, and of the prompts that matter."""
    return MeasuredChange(panel, panel if relevant is None else relevant, moved)


def stream(metric: str = "visibility", **values: Any) -> StreamEvidence:
    """Return a metric over the threshold, in the 12th run."""
    known = StreamEvidence(
        metric,
        runs=11,
        shared_prompts=10,
        statistic=LIMIT + 1,
        change=change(-0.2),
        shift=shift(metric),
    )
    return replace(known, **values)


def evidence(*streams: StreamEvidence, statistic: float = LIMIT + 0.5) -> ModelEvidence:
    """Return what a brand shows at a model after the 12th run."""
    return ModelEvidence("Acme", MODEL, RunKey(STARTS[12], 12), statistic, LIMIT, streams)


def decided(*streams: StreamEvidence, alerts: tuple[Alert, ...] = (), **values: Any) -> Decision:
    """Decide about it."""
    return decide(evidence(*streams, **values), POLICY, AlertHistory(alerts, STARTS))


def reason(*streams: StreamEvidence, **values: Any) -> Reason:
    """Return why nothing is reported."""
    decision = decided(*streams, **values)
    assert decision.shifts == ()
    assert decision.placement == Placement(AlertAction.NONE)
    assert decision.silence
    return decision.silence.reason


def test_evidence_over_the_threshold_raises_an_alert() -> None:
    """The decision names the brand, the model, the run, what moved and how certain that is."""
    decision = decided(stream())
    assert (decision.brand, decision.model, decision.run.id) == ("Acme", MODEL, 12)
    assert decision.shifts == (shift(),)
    assert (decision.placement, decision.level) == (Placement(AlertAction.RAISE), AlertLevel.LIKELY)
    assert decision.silence is None


@pytest.mark.parametrize(
    ("own", "brand", "weight"),
    [(0.0, LIMIT + 1, 0.0), (LIMIT + 1, 0.0, 0.0), (-inf, LIMIT + 1, -inf)],
)
def test_brand_and_metric_must_both_exceed_the_threshold(
    own: float, brand: float, weight: float
) -> None:
    """The lower of the two is the evidence that is compared with the threshold."""
    decision = decided(stream(statistic=own), statistic=brand)
    assert decision.shifts == ()
    assert decision.silence
    assert decision.silence.reason is (Reason.WATCHED if own > -inf else Reason.BELOW_THRESHOLD)
    assert (decision.silence.evidence, decision.silence.threshold) == (weight, LIMIT)
    assert bool(decision.watched) is (own > -inf)


def test_evidence_at_the_threshold_is_only_watched() -> None:
    """It has to be over it; then nothing is watched any more."""
    assert reason(stream(statistic=LIMIT), statistic=LIMIT) is Reason.WATCHED
    assert not decided(stream(), stream("sentiment", statistic=-inf)).watched


@pytest.mark.parametrize(
    ("excess", "level"),
    [
        (LIMIT + 9, AlertLevel.NEARLY_CERTAIN),
        (LIMIT + 0.1, AlertLevel.LIKELY),
        (LIMIT - 0.1, AlertLevel.WATCH),
        (-3.0, None),
    ],
)
def test_the_level_is_how_rare_the_evidence_is(excess: float, level: AlertLevel | None) -> None:
    """In the deployment: within the budget it is likely, below it is watched without an alert."""
    told = shift(chance_a_year=rarity(excess, 52, 1).yearly)
    decision = decided(stream(statistic=excess, shift=told), statistic=excess)
    assert decision.level is level
    assert bool(decision.shifts) is (excess > LIMIT)
    assert decision.years
    weak = evidence(stream(statistic=-inf), statistic=excess)
    ten = decide(weak, replace(POLICY, brands=10), AlertHistory((), STARTS))
    assert ten.years == pytest.approx(decision.years / 10)


def test_a_return_ends_the_alert_and_raises_none() -> None:
    """The alert that reported the change recovers; an alert of another run stays."""
    ended = Returned(RunKey(STARTS[12], 12), shift(run=6), (), 11, MODEL)
    back = replace(evidence(stream()), returned=ended)
    alerts = (alert(shift(run=6)), alert(shift(run=4), 3))
    decision = decide(back, POLICY, AlertHistory(alerts, STARTS))
    assert decision.placement == Placement(AlertAction.RECOVER, recovers=(7,))
    assert decision.silence
    assert decision.silence.reason is Reason.RETURNED


def test_a_return_of_what_a_model_reports_eases_the_alert_of_the_model() -> None:
    """The brand's shift was added to that alert; while it is open, and where no alert of the brand
    ends.
    """
    ended = Returned(RunKey(STARTS[14], 14), shift(run=13), (), 13, MODEL)
    back = replace(evidence(stream()), returned=ended)

    def placed(whole: Alert, *own: Alert) -> Placement:
        return decide(back, POLICY, AlertHistory(own, STARTS, (whole,))).placement

    joined = replace(category_alert(), later=(replace(shift(run=13), brand="Acme"),))
    nothing = Placement(AlertAction.RECOVER)
    assert placed(joined) == Placement(AlertAction.EASE, joined.id)
    assert placed(joined, alert(shift(run=13))) == Placement(AlertAction.RECOVER, recovers=(7,))
    assert placed(category_alert()) == nothing
    assert placed(replace(joined, state=AlertState.RECOVERED)) == nothing
    other = replace(joined.later[0], brand="Beta")
    assert placed(replace(joined, later=(other,))) == nothing
    elsewhere = replace(joined.shift, model=Model("x", "y"))
    assert placed(replace(joined, shift=elsewhere)) == nothing


def test_a_first_run_has_no_baseline() -> None:
    """The numbers say how many runs there are, and how many it takes."""
    decision = decided(StreamEvidence("visibility", runs=1, runs_needed=2))
    assert decision.silence
    assert decision.silence.reason is Reason.FEW_RUNS
    assert (decision.silence.runs, decision.silence.runs_needed) == (1, 2)


def test_history_of_another_scorer_version_is_no_baseline() -> None:
    """It is said that the scorer changed, rather than that there are no runs."""
    new = StreamEvidence("visibility", runs=0, has_unread_history=True)
    assert reason(new) is Reason.SCORER_CHANGED


def test_a_short_baseline_is_learning() -> None:
    """Below the threshold and before the sixth run it is said how far the baseline is."""
    decision = decided(stream(runs=LEARNING_RUNS - 1, statistic=-3.0))
    assert decision.silence
    assert decision.silence.reason is Reason.LEARNING
    assert (decision.silence.runs, decision.silence.runs_needed) == (5, 6)
    assert reason(stream(runs=LEARNING_RUNS, statistic=-3.0)) is Reason.BELOW_THRESHOLD
    assert decided(stream(runs=2)).shifts  # over the threshold it is reported all the same


def test_a_panel_without_old_prompts_cannot_be_compared() -> None:
    """A run without answers for the metric is no change of the panel."""
    assert reason(stream(shared_prompts=0, statistic=-3.0)) is Reason.PANEL_CHANGED
    assert reason(stream(shared_prompts=None, statistic=-3.0)) is Reason.BELOW_THRESHOLD


def test_one_shared_prompt_is_not_enough_to_describe_a_shift() -> None:
    """Evidence without a comparison raises nothing."""
    assert reason(stream(shift=None, change=None)) is Reason.NOT_COMPARABLE
    assert reason(stream(change=None)) is Reason.NOT_COMPARABLE


def test_a_change_below_the_smallest_is_not_reported() -> None:
    """The expected change counts, either way; exactly the smallest is reported."""
    assert reason(stream(change=change(-0.049))) is Reason.TOO_SMALL
    assert reason(stream(change=change(0.049))) is Reason.TOO_SMALL
    assert decided(stream(change=change(0.05))).shifts
    assert decided(stream("sentiment", change=change(0.001))).shifts  # nothing is set for it


def test_the_prompts_that_matter_are_enough() -> None:
    """A small change of the panel is reported where it is large on the prompts that name the brand,
    or where three prompts moved.
    """
    assert decided(stream(change=change(0.01, 0.06))).shifts
    assert decided(stream(change=change(0.01, 0.01, moved=3))).shifts
    assert reason(stream(change=change(0.01, 0.04, moved=2))) is Reason.TOO_SMALL


def test_a_shift_that_becomes_visible_later_is_reported_once() -> None:
    """An alert between the first run of the shift and this one has reported it, also as growth."""
    old = alert(shift(run=11))
    decision = decided(stream(), alerts=(old,))
    assert decision.silence
    assert (decision.silence.reason, decision.silence.alert) == (Reason.REPORTED, 7)
    grown = alert(shift(run=5), later=(shift(run=11),))
    assert reason(stream(), alerts=(grown,)) is Reason.REPORTED

    before = alert(shift(run=10))
    assert decided(stream(), alerts=(before,)).shifts  # it began with that run or later
    elsewhere = alert(replace(shift(run=11), model=Model("svc", "m-2")))
    assert decided(stream(), alerts=(elsewhere,)).shifts


def test_a_judge_that_moved_explains_a_shift() -> None:
    """Nothing is reported, and what the judge says is kept with the reason."""
    moved = replace(JUDGE, after=0.6)
    decision = decided(stream(judge=moved))
    assert decision.silence
    assert (decision.silence.reason, decision.silence.judge) == (Reason.JUDGE_MOVED, moved)
    assert decided(stream(judge=JUDGE)).shifts


@pytest.mark.parametrize(
    ("check", "explains"),
    [
        (replace(JUDGE, before=0.8, after=0.675), True),
        (replace(JUDGE, before=0.8, after=0.676), False),
        (replace(JUDGE, before=0.6, after=0.8), False),
        (replace(JUDGE, after=0.5, p_value=JUDGE_LEVEL), True),
        (replace(JUDGE, after=0.5, p_value=JUDGE_LEVEL + 0.001), False),
        (replace(JUDGE, after=0.5, answers=2), True),
        (replace(JUDGE, after=0.5, answers=1), False),
        (replace(JUDGE, after=0.8), False),
    ],
)
def test_a_judge_must_have_moved_half_of_the_way_and_surely(
    check: JudgeCheck, explains: bool
) -> None:
    """In the direction of a change by -0.25, by 0.125 or more, at a level of 0.05."""
    assert check.explains(-0.25) is explains


def test_the_nearest_miss_is_the_reason() -> None:
    """Of several silent metrics that one is shown which came nearest to an alert."""
    small, weak = stream("visibility", change=change(0.01)), stream("accuracy", statistic=-3.0)
    weaker = stream("sentiment", statistic=-4.0)
    for order in ((small, weak, weaker), (weaker, weak, small)):
        decision = decided(*order)
        assert len(decision.silences) == 3
        assert decision.silence
        assert decision.silence.metric == "visibility"
    nearest = decided(weaker, weak).silence
    assert nearest
    assert nearest.metric == "accuracy"


def test_a_metric_may_be_silent_beside_one_that_is_reported() -> None:
    """The decision has both."""
    decision = decided(stream("accuracy"), stream(change=change(0.01)))
    assert [s.metric for s in decision.shifts] == ["accuracy"]
    assert [(s.metric, s.reason) for s in decision.silences] == [("visibility", Reason.TOO_SMALL)]


def test_the_metric_that_readers_know_heads_an_alert() -> None:
    """Visibility before accuracy before sentiment, however certain they are."""
    metrics = ["sentiment", "accuracy", "rank", "visibility"]
    streams = [
        stream(name, statistic=LIMIT + 1 + place, shift=shift(name))
        for place, name in enumerate(metrics)
    ]
    names = [s.metric for s in decided(*streams).shifts]
    assert names == ["visibility", "accuracy", "sentiment", "rank"]


def test_of_other_metrics_the_one_with_the_most_evidence_heads_an_alert() -> None:
    """And the name decides between two that are alike."""
    excess = {"rank": 0.6, "share_of_voice": 0.9, "citations": 0.6}
    streams = [
        stream(name, statistic=LIMIT + one, shift=shift(name)) for name, one in excess.items()
    ]
    names = [s.metric for s in decided(*streams).shifts]
    assert names == ["share_of_voice", "citations", "rank"]


def test_without_history_everything_is_new() -> None:
    """As the replay of the past sees it."""
    decision = decide(evidence(stream()), AlertPolicy(), NO_HISTORY)
    assert decision.placement == Placement(AlertAction.RAISE)


WIDE = AlertPolicy(smallest_changes={"visibility": 0.05}, models_per_year=0.05)
FELL, ROSE = {"Acme": -0.4, "Beta": 0.3, "Cord": 0.01}, {"Acme": 0.35, "Beta": -0.3, "Cord": 0.0}


def model_shifts_of(changes: dict[str, float], run: int, began: int) -> tuple[Shift, ...]:
    """Return a change of the model as a whole as shifts, the largest first."""
    return tuple(
        replace(
            shift(run=run, before=0.5, after=0.5 + size, began=began, chance_a_year=0.01),
            brand=brand,
            change=size,
        )
        for brand, size in {WHOLE_MODEL: 0.0, **changes}.items()
    )


def model_decided(
    changes: dict[str, float],
    *alerts: Alert,
    run: int = 12,
    found: int = 12,
    began: int = 11,
    weight: float = 0.9,
) -> Decision | None:
    """Decide about a change of the model as a whole that was found in a run, as of another."""
    at, weights = RunKey(STARTS[run], run), {Hypothesis.MODEL: weight}
    keys = RunKey(STARTS[found], found), RunKey(STARTS[began], began)
    moved = ModelChange(MODEL, *keys, 0.01, changes, RunKey(STARTS[1], 1), weights)
    history = AlertHistory((), STARTS, alerts)
    return decide_model(moved, model_shifts_of(changes, run, began), at, WIDE, history)


def category_alert(state: AlertState = AlertState.OPEN, over: int = 0, run: int = 12) -> Alert:
    """Return the alert of a model as a whole."""
    head, *also = model_shifts_of(FELL, run, run - 1)
    ended = STARTS[over] if over else None
    return Alert(head, STARTS[run], tuple(also), state=state, over_at=ended, id=9)


def test_a_model_as_a_whole_is_told_once_with_the_brands_that_moved() -> None:
    """In the run that finds it, or in a later one that speaks for the model; never again."""
    told = model_decided(FELL)
    assert told
    assert told.placement == Placement(AlertAction.RAISE)
    assert [one.brand for one in told.shifts] == [WHOLE_MODEL, "Acme", "Beta"]
    assert told.level is AlertLevel.NEARLY_CERTAIN
    unsure = model_decided(FELL, weight=0.2)
    assert unsure
    assert (unsure.shifts, unsure.silences[0].reason) == ((), Reason.ONE_BRAND)
    late = model_decided(FELL, run=14)
    assert late
    assert late.placement.action is AlertAction.RAISE
    assert model_decided(FELL, category_alert(), run=14) is None
    assert model_decided(FELL, run=20) is None
    again = model_decided(FELL, category_alert())
    assert again
    assert again.placement.action is AlertAction.KEEP
    small = model_decided({"Acme": 0.02, "Beta": -0.01})
    assert small
    assert small.silences[0].reason is Reason.TOO_SMALL


def test_a_change_of_a_model_is_news_for_five_weeks() -> None:
    """And again when it began no earlier than what was last told."""
    assert model_decided(FELL, run=17)
    assert model_decided(FELL, run=18) is None
    assert model_decided(FELL, category_alert(), run=14, began=12) is None
    assert model_decided(FELL, category_alert(), run=15, found=14, began=11) is None
    further = model_decided(FELL, category_alert(), run=15, found=14, began=12)
    assert further
    assert further.placement.action is AlertAction.GROW
    joined = replace(category_alert(), later=(replace(shift(run=13), brand="Acme"),))
    assert model_decided(FELL, joined, run=15, found=14, began=12) == further


def test_a_change_of_a_model_counts_from_the_smallest_on_and_half_of_the_weight() -> None:
    """At the limits it is told; below, the silence has the largest move of a brand."""
    for changes, weight in (({"Acme": 0.05, "Beta": -0.3}, 0.9), (FELL, 0.5)):
        told = model_decided(changes, weight=weight)
        assert told
        assert [one.brand for one in told.shifts] == [WHOLE_MODEL, *list(changes)[:2]]
    for changes, change in (({"Acme": 0.02, "Beta": -0.04}, -0.04), ({}, 0.0)):
        small = model_decided(changes)
        assert small
        silence = Silence("visibility", Reason.TOO_SMALL, 0, 0, change=change, smallest_change=0.05)
        assert small.silences == (silence,)
        assert (small.level, small.placement) == (None, Placement(AlertAction.NONE))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((21,), [(23, 21)]),
        ((21, 24), [(23, 21), (24, 24)]),
        ((21, 23), [(23, 23)]),
        ((18,), [(23, 18)]),
        ((17,), []),
        ((), []),
    ],
)
def test_a_change_that_one_brand_explains_is_reported_when_a_later_run_speaks_for_the_model(
    found: tuple[int, ...], told: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within five weeks, as it is live; not once another change is found; by the runs of the first
    brand, when another is asked no longer.
    """
    first, gone, third = simulate_world(
        WorldDesign("normal", "shared", 0.1, brands=3, runs=26), 1
    ).streams
    runs, model = first.runs, first.key.model
    streams = [first, stream_until(gone, runs[19]), third]
    changes = [ModelChange(model, runs[one], runs[one], 0.01, {}, runs[0]) for one in found]

    def weighed(change: ModelChange, known: Sequence[Stream]) -> ModelChange:
        sure = known[0].runs[-1] >= runs[23]
        weights = dict.fromkeys(Hypothesis, 0.0)
        own = Hypothesis.MODEL if sure else Hypothesis.BRAND_AT_MODEL
        return replace(change, weights={**weights, own: 1.0})

    monkeypatch.setattr("overheard.detection.decide.model_changes", lambda *_: changes)
    monkeypatch.setattr("overheard.detection.decide.revised", weighed)
    reported = list(reported_changes(streams, AlertPolicy(1.0, 3, models_per_year=1.0), ()))
    expected = [(runs[run], runs[began]) for run, began in told]
    assert [(change.run, change.began) for change, _ in reported] == expected
    for change, alert_ in reported:
        assert (alert_.shift.run_id, alert_.opened_at) == (change.run.id, change.run.at)


@pytest.mark.parametrize(
    ("changes", "alert", "expected"),
    [
        (ROSE, category_alert(), AlertAction.RECOVER),
        ({"Acme": 0.15, "Beta": -0.1}, category_alert(), AlertAction.EASE),
        (FELL, category_alert(), AlertAction.GROW),
        (FELL, category_alert(AlertState.RECOVERED, over=15), AlertAction.GROW),
        (ROSE, category_alert(AlertState.RECOVERED, over=15), AlertAction.RAISE),
        (FELL, category_alert(AlertState.RECOVERED, over=13, run=5), AlertAction.RAISE),
    ],
)
def test_a_model_has_one_story(
    changes: dict[str, float], alert: Alert, expected: AlertAction
) -> None:
    """It recovers when its brands move back, and grows when they go further, or again soon."""
    run = 25 if alert.shift.run_id == 5 else 17
    decision = model_decided(changes, alert, run=run, found=run, began=run - 1)
    assert decision
    assert decision.placement.action is expected


def test_what_belongs_to_a_model_joins_it() -> None:
    """By when it began, also when a person has closed the alert, and not after a recovery; a brand
    that has reported the run itself keeps its alert.
    """
    mine = stream(shift=shift(began=11))
    joined = decide(evidence(mine), POLICY, AlertHistory((), STARTS, (category_alert(),)))
    assert joined.placement == Placement(AlertAction.JOIN, 9)
    own = (alert(shift()),)
    kept = decide(evidence(stream()), POLICY, AlertHistory(own, STARTS, (category_alert(),)))
    assert kept.placement.action is AlertAction.KEEP

    seen = shift(run=14, began=12)
    assert containing_alert(seen, [category_alert()], STARTS)
    assert containing_alert(seen, [category_alert(AlertState.CLOSED, over=13)], STARTS)
    assert not containing_alert(seen, [category_alert(AlertState.RECOVERED, over=13)], STARTS)
    assert containing_alert(seen, [category_alert(AlertState.RECOVERED, over=14)], STARTS)
    assert not containing_alert(shift(run=20, began=18), [category_alert()], STARTS)
    went_on, came_back = (
        replace(
            category_alert(), later=(replace(category_alert().shift, run_id=16, recovery=back),)
        )
        for back in (False, True)
    )
    assert containing_alert(shift(run=17, began=15), [went_on], STARTS)
    assert not containing_alert(shift(run=17, began=15), [came_back], STARTS)
    assert containing_alert(
        shift(run=12, began=9, likely_first_runs=(9, 10, 11)), [category_alert()], STARTS
    )
    assert not containing_alert(
        shift(run=12, began=9, likely_first_runs=(9, 10)), [category_alert()], STARTS
    )


@pytest.mark.parametrize(("brands", "of_brands", "of_models"), [(1, 0.2, 0.0), (2, 0.15, 0.05)])
def test_models_have_a_share_of_the_budget_from_two_brands_on(
    brands: int, of_brands: float, of_models: float
) -> None:
    """A quarter; a single brand keeps it all."""
    policy = AlertPolicy.shared_out(0.2, brands, {"visibility": 0.05})
    rates = (policy.false_alarms_per_year, policy.models_per_year)
    assert rates == pytest.approx((of_brands, of_models))
    assert (policy.brands, policy.smallest_change("visibility")) == (brands, 0.05)
