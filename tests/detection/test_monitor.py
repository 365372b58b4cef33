"""Tests of the monitor: it looks run by run, and never ahead."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import scipy
from hypothesis import given, settings, strategies as st

from overheard.detection.baseline import run_slice, stream_rows, stream_until
from overheard.detection.decide import Reason, decide, reported_changes
from overheard.detection.decision_inputs import (
    DEFAULT_ALERT_POLICY,
    NEARLY_CERTAIN_A_YEAR,
    NO_HISTORY,
    AlertPolicy,
    alarm_table,
    compare_sides,
    measured_change,
)
from overheard.detection.fresh_evidence import FRESH_BETA
from overheard.detection.monitor import HEAVY_TAIL, Alarm, Monitor, Restart
from overheard.detection.placement import AlertAction
from overheard.detection.power import LEARNING_RUNS
from overheard.detection.step_evidence import NOTABLE_VARIANCE
from overheard.domain import VISIBILITY, Model, ModelUpdate, RunKey, Shift
from overheard.measure.blocks import Stream, StreamKey
from overheard.numpy_proxy import Counts, Floats
from overheard_lab.panels import Change, Design, World, simulate
from overheard_lab.worlds import FIRST_RUN, Moved, WorldDesign, simulate_world

A, B = Model("svc", "a"), Model("svc", "b")


def stream(world: World, index: int = 0, **key: Any) -> Stream:
    """Return a panel of a world as a stream of this brand, model or metric."""
    found = world.stream(index)
    return replace(found, key=found.key._replace(**{"model": A, **key}))


def fallen(points: float = -30.0, at: int = 10, runs: int = 14, seed: int = 3) -> Stream:
    """Return a brand that falls at a run (an index)."""
    design = Design(runs=runs, prompts=20)
    return stream(simulate(design, Change(at, points), size=1, seed=seed))


def alarms(*streams: Stream, updates: Iterable[ModelUpdate] = (), **options: Any) -> list[Alarm]:
    """Replay the brand Acme."""
    return list(Monitor("Acme", streams, updates, **options).replay())


def shifts(*streams: Stream, **options: Any) -> list[Shift]:
    """Return all that was raised, in order."""
    return [shift for alarm in alarms(*streams, **options) for shift in alarm.shifts]


def test_a_drop_is_raised_once_with_its_dates() -> None:
    """A drop by 30 points at the 11th run is seen within three runs, and not again."""
    [alarm] = alarms(fallen())
    [shift] = alarm.shifts
    assert alarm.usual.id == 6, "in the middle of the ten before"
    assert 11 <= shift.run_id <= 13
    assert 11 in shift.likely_first_runs
    assert shift.began in shift.likely_first_runs
    assert shift.change == pytest.approx(-0.3, abs=0.12)
    assert shift.chance_a_year is not None
    assert shift.chance_a_year < DEFAULT_ALERT_POLICY.false_alarms_per_year


@pytest.mark.parametrize(
    ("points", "before", "runs", "nearly_certain"),
    [(-30.0, 10, 14, False), (-35.0, 12, 15, True), (-25.0, 20, 25, True)],
)
def test_of_a_short_baseline_only_what_is_far_off_is_nearly_certain(
    points: float, before: int, runs: int, nearly_certain: bool
) -> None:
    """Fewer than 16 runs do not show how large run effects are: the whole interval of the change
    has to be 25 points off.
    """
    shift, *_ = shifts(fallen(points, at=before, runs=runs))
    assert ((shift.chance_a_year or 1.0) < NEARLY_CERTAIN_A_YEAR) is nearly_certain
    assert (shift.interval[1] < -0.25) is (before == 12)


@pytest.mark.parametrize(("runs", "counts_less"), [(3, False), (4, True), (15, True), (16, False)])
def test_from_few_runs_with_own_effects_evidence_counts_less(runs: int, counts_less: bool) -> None:
    """How heavy the tails of own run effects are is not known from four to fifteen runs: the
    larger they are, the less what goes beyond the threshold is worth.
    """
    design = WorldDesign("normal", "own", 0.5, runs=runs + 1)
    streams = simulate_world(design, 5, {(0, 0): (Moved(runs, points=-60.0),)}).streams
    monitor = Monitor(streams[0].key.brand, streams, policy=AlertPolicy(1e-9, 1))
    list(monitor.replay())
    [seen] = monitor.streams
    found = seen.found
    over = found.total - alarm_table().threshold(found.age, found.own_share, found.autocorrelation)
    assert over > 0
    assert found.rivals_variance > 2 * NOTABLE_VARIANCE
    unusual = (found.rivals_variance - NOTABLE_VARIANCE) * counts_less
    assert seen.excess == pytest.approx(over / (1 + HEAVY_TAIL * unusual))


def test_after_a_change_of_the_model_its_new_level_is_what_is_usual() -> None:
    """A brand that its model moves too little for an alarm of its own, and that loses much later,
    loses it from the level since the model's change.
    """
    design = WorldDesign(tau=0.0, runs=42)
    moves = {(b, 0): (Moved(16, points=12.0 * (-1) ** b),) for b in range(1, design.brands)}
    with_it, loss = Moved(16, logits=0.35), Moved(36, logits=-1.2)
    streams = simulate_world(design, 5, {**moves, (0, 0): (with_it, loss)}).streams
    own = streams[0]
    [restart] = [
        Restart(change.model, change.run, change.began)
        for change, _ in reported_changes(streams, AlertPolicy(0.15, 5, models_per_year=0.05), ())
        if change.run.id <= 36
    ]
    assert 17 <= restart.run.id <= 20
    [alarm] = Monitor(own.key.brand, streams, restarts=[restart]).replay()
    assert 37 <= alarm.run.id <= 39
    new_level = own.total[16:36].sum() / own.n[16:36].sum()
    assert alarm.shifts[0].before == pytest.approx(new_level, abs=0.02)


def test_what_a_brand_shows_of_a_models_change_is_its_own_for_eight_runs() -> None:
    """It is told by itself while it shows by then; what would show later is the new level, from
    the run on in which the model's change was reported.
    """
    soon, late = fallen(-15.0, runs=24, seed=2), fallen(-12.0, runs=24, seed=3)

    def told(mine: Stream, *reported: int, began: int = 10, model: Model = A) -> list[int]:
        restarts = [Restart(model, mine.runs[row], mine.runs[began]) for row in reported]
        return [alarm.run.id for alarm in alarms(mine, restarts=restarts)]

    assert told(soon) == told(soon, 10) == told(soon, 12) == [14]
    assert told(late) == told(late, 23) == [24]
    assert told(late, 10) == told(late, 18) == told(late, 22) == []
    assert told(late, 10, model=B) == [24], "the change of another model"
    assert told(late, 22, began=0) == [24], "the baseline begins with it already"


def test_a_system_that_does_not_change_is_silent() -> None:
    """Twelve brands over 20 runs each raise at most what is promised: a handful of years."""
    world = simulate(Design(runs=20, prompts=20), size=12, seed=5)
    assert sum(bool(alarms(stream(world, index))) for index in range(12)) <= 3


@settings(max_examples=8, deadline=None)
@given(st.integers(2, 13))
def test_later_runs_change_nothing_earlier(runs: int) -> None:
    """What is raised by a run is the same whether or not there were runs after it."""
    whole = fallen()
    early = replace(
        whole,
        runs=whole.runs[:runs],
        n=whole.n[:runs],
        total=whole.total[:runs],
        squares=whole.squares[:runs],
    )
    latest = whole.runs[runs - 1]
    assert alarms(early) == [alarm for alarm in alarms(whole) if alarm.run <= latest]


@settings(max_examples=5, deadline=None)
@given(st.permutations(range(20)))
def test_the_order_of_streams_does_not_matter(order: list[int]) -> None:
    """Streams may come in any order, and the same shifts come out."""
    world = simulate(Design(runs=8, prompts=10), Change(5, -40.0), size=3, seed=2)
    streams = [stream(world, i, metric=f"metric {i}") for i in range(3)]
    turned = [streams[i] for i in order if i < 3]
    assert alarms(*turned) == alarms(*streams)


def test_a_run_that_failed_is_neutral() -> None:
    """A run without a single answer neither raises nor hides anything."""
    whole = fallen()
    gap = RunKey(whole.runs[5].at + timedelta(days=1), 99)
    row = np.zeros((1, len(whole.prompts)))
    longer = replace(
        whole,
        runs=(*whole.runs[:6], gap, *whole.runs[6:]),
        n=np.insert(whole.n, [6], row.astype(int), axis=0),
        total=np.insert(whole.total, [6], row, axis=0),
        squares=np.insert(whole.squares, [6], row, axis=0),
    )
    [mine], [theirs] = shifts(whole), shifts(longer)
    assert theirs.run_id == mine.run_id
    assert theirs.change == pytest.approx(mine.change)


def test_edited_prompts_raise_nothing() -> None:
    """Half of the prompts replaced by others with quite different answers is no shift."""
    n = np.zeros((12, 20), int)
    n[:6, :15], n[6:, 5:] = 3, 3
    hits = np.where(np.arange(20) < 10, 3, 0) * (n > 0)
    hits[:, 5:15] = np.tile([1, 2, 1, 2, 1, 2, 1, 2, 1, 2], (12, 1))
    total = hits.astype(float)
    world = simulate(Design(runs=12, prompts=20), size=1, seed=1)
    assert shifts(replace(stream(world), n=n, total=total, squares=total)) == []


def test_the_way_back_ends_the_story_without_an_alarm() -> None:
    """A brand that falls and comes back raises one alarm; the return is reported and is none."""
    design = Design(runs=24, prompts=20)
    low = simulate(design, Change(8, -35.0), size=1, seed=4)
    total = low.total.copy()
    total[0, 16:] = simulate(design, size=1, seed=4).total[0, :8]
    monitor = Monitor("Acme", [stream(replace(low, total=total))])
    [alarm] = monitor.replay()
    [returned] = monitor.returns
    assert alarm.shifts[0].change < 0
    assert 17 <= returned.run.id <= 20
    assert returned.shift == alarm.shifts[0]
    [evidence] = monitor.evidence[returned.run.id]
    decision = decide(evidence, DEFAULT_ALERT_POLICY, NO_HISTORY)
    assert decision.placement.action is AlertAction.RECOVER
    assert decision.silence
    assert decision.silence.reason is Reason.RETURNED


def test_what_comes_and_goes_is_soon_no_news() -> None:
    """One run in five a model leaves the brand out of three answers; each alert of it that is taken
    back is evidence that it is a habit, and a fall that stays is told still.
    """
    told = []
    for seed in range(6, 8):
        hits = np.ones((60, 8))
        hits[np.flatnonzero(np.random.default_rng(seed).random(60) < 0.2), :3] = 0
        hits[52:, 3:] = 0
        design = Design(runs=60, prompts=8, repeats=1)
        asked = stream(simulate(design, size=1, seed=1))
        found = alarms(replace(asked, total=hits, squares=hits), policy=AlertPolicy(1.0, 1))
        told.append([alarm.run.id for alarm in found])
    assert all(len([run for run in runs if run <= 52]) <= 6 for runs in told)
    assert all({53, 54} & set(runs) for runs in told)


def test_only_the_model_that_shifted_begins_anew() -> None:
    """Two models fall one after the other; each is raised with its own past."""
    early, late = fallen(at=8, runs=20), fallen(at=14, runs=20, seed=9)
    other = replace(late, key=late.key._replace(model=B))
    first, second = shifts(early, other)
    assert (first.model, second.model) == (A, B)
    assert second.answers[0] >= 13 * 60


def test_the_cause_is_judged_by_what_each_model_did_around_the_change() -> None:
    """A model that fell with the brand is compared with its level before, also when its own alarm
    came first; one that fell long before has its level since; one without a past has none.
    """
    fell = fallen(-60.0, runs=20, seed=52)
    both = shifts(fallen(-15.0, runs=20, seed=2), replace(fell, key=fell.key._replace(model=B)))
    assert [(shift.model, shift.began) for shift in both] == [(B, 11), (A, 11)]
    assert all("news or our own side, at all models" in shift.explanation for shift in both)

    early = fallen(-40.0, at=7, runs=20, seed=62)
    late = fallen(at=14, runs=20, seed=12)
    steady, alone = shifts(late, replace(early, key=early.key._replace(model=B)))
    assert (steady.model, alone.model) == (B, A)
    assert "an update of this model. The brand moved by no more than" in alone.explanation
    assert "news" not in alone.explanation

    young = run_slice(fallen(0.0, runs=20, seed=50), 15, 20)
    [shift] = shifts(late, replace(young, key=young.key._replace(model=B)))
    assert "an update of this model" in shift.explanation


def test_a_known_update_matches_its_dates() -> None:
    """An update just before the change is named; one long before it is not."""
    world = fallen()
    updates = [
        ModelUpdate(A, world.runs[10].at - timedelta(days=2), "announced", "v2"),
        ModelUpdate(A, world.runs[3].at, "announced", "v1"),
        ModelUpdate(B, world.runs[10].at, "announced", "other"),
    ]
    [shift] = shifts(world, updates=updates)
    assert [update.note for update in shift.updates] == ["v2"]
    assert "v2" in shift.explanation


def test_a_known_update_speeds_the_alarm_up() -> None:
    """Over four brands, an announced drop by 15 points is seen no later, and sooner in some."""
    world = simulate(Design(runs=14, prompts=20), Change(9, -15.0), size=4, seed=8)
    sooner = []
    for index in range(4):
        mine = stream(world, index)
        told = [ModelUpdate(A, mine.runs[9].at)]
        seen = [first_alarm(mine), first_alarm(mine, updates=told)]
        sooner.append(seen[0] - seen[1])
    assert min(sooner) >= 0
    assert max(sooner) > 0


def first_alarm(mine: Stream, **options: Any) -> int:
    """Return the run of the first alarm, or 99."""
    return next((alarm.run.id for alarm in alarms(mine, **options)), 99)


def test_a_short_baseline_says_what_it_could_see() -> None:
    """With few runs the monitor is learning; the change that it could see shrinks."""
    seen = []
    for runs in (1, 3, LEARNING_RUNS - 1):
        shown = []
        for seed in range(8):
            monitor = Monitor("Acme", [stream(simulate(Design(runs=runs), size=1, seed=seed))])
            list(monitor.replay())
            learning = monitor.learning()
            assert learning is not None
            assert (learning.runs, learning.needed) == (runs, LEARNING_RUNS)
            assert learning.answers == 90
            assert learning.lost == round(90 * (learning.change or 0))
            shown.append(learning.change or 0.0)
        seen.append(sum(shown))
    assert seen == sorted(seen, reverse=True)
    long = Monitor("Acme", [stream(simulate(Design(runs=LEARNING_RUNS), size=1, seed=1))])
    list(long.replay())
    assert long.learning() is None


def test_runs_that_ask_again_are_one_run_with_the_check_before_them() -> None:
    """They hold its answers too, have a part of its run effect in common, and begin with it."""
    weekly = fallen(-45.0, at=12, runs=13)
    looks = [RunKey(weekly.runs[-1].at + timedelta(hours=hours), 90 + hours) for hours in (3, 12)]
    rows = [*range(13), 12, 12]
    asked = replace(
        weekly,
        runs=(*weekly.runs, *looks),
        **{name: getattr(weekly, name)[rows] for name in ("n", "total", "squares")},
    )
    seen, policy = [], AlertPolicy(1e-9, 1)
    for one in (weekly, asked):
        monitor = Monitor("Acme", [one], bursts={run.id for run in looks}, policy=policy)
        list(monitor.replay())
        seen += monitor.streams
    once, again = (one.found for one in seen)
    assert (again.age, again.likeliest) == (once.age, once.likeliest) == (12, 12)
    assert again.series.noise[0, -1] == pytest.approx(once.series.noise[0, -1] / 3, rel=0.1)
    assert again.total > once.total


@pytest.mark.parametrize(("repeats", "swapped"), [(1, True), (3, True), (1, False), (3, False)])
def test_on_the_first_day_a_swap_is_told_when_the_model_is_asked_again(
    repeats: int, swapped: bool
) -> None:
    """Four questions: two checks without the brand, then three answers of four name it, in a check
    and three hours later. Where nothing changed, nothing is told.
    """
    times = (0.0, 0.2, 2.0, 5.0)
    runs = tuple(RunKey(FIRST_RUN + timedelta(hours=at), n + 1) for n, at in enumerate(times))
    asked = np.array([repeats, repeats, repeats, 3])[:, None] * np.ones((1, 4), np.int64)
    share = np.array([0, 0, swapped, swapped])[:, None] * np.array([[1.0, 1.0, 0.0, 1.0]])
    streams = [
        Stream(StreamKey(brand, A, VISIBILITY), "v@1", runs, tuple("abcd"), asked, hits, hits)
        for brand, hits in (
            ("Acme", asked * share),
            ("Globex", asked * 1.0),
            ("Initech", asked * 0.0),
        )
    ]
    policy = AlertPolicy(0.2, 1, asked_again=0.25, holds=True)
    monitor = Monitor("Acme", streams, policy=policy, bursts={4})
    told = [(alarm.run.id, alarm.shifts[0].change > 0) for alarm in monitor.replay()]
    assert told == [(4, True)] * swapped


def test_a_brand_without_a_past_is_silent() -> None:
    """No stream, one run, or only competitors: nothing to say."""
    one = stream(simulate(Design(runs=1), size=1, seed=1))
    assert alarms() == alarms(one) == []
    assert not Monitor("Acme", [one]).crossed
    design = Design(runs=20, prompts=1, repeats=40)
    single = Monitor("Acme", [stream(simulate(design, Change(16, -60.0), size=1, seed=3))])
    assert (list(single.replay()), single.crossed) == ([], True), "one question is no comparison"
    assert alarms(stream(simulate(Design(runs=5), size=1, seed=1), brand="Globex")) == []


def test_the_speed_of_the_machine_does_not_matter() -> None:
    """The same answers seconds or hours apart are as certain."""
    mine = fallen(-45.0, at=4, runs=8)
    chances = []
    for gap in (timedelta(seconds=2), timedelta(seconds=60), timedelta(hours=6)):
        runs = tuple(RunKey(mine.runs[0].at + n * gap, key.id) for n, key in enumerate(mine.runs))
        chances += [shift.chance_a_year for shift in shifts(replace(mine, runs=runs))]
    assert len(chances) == 3
    assert len(set(chances)) == 1


def test_effects_that_rivals_show_too_raise_nothing() -> None:
    """A brand and its rivals that move together in each run are one run effect."""
    world = simulate_world(WorldDesign("two-state", "shared", 0.5, runs=40), 3)
    mine, *rivals = world.streams
    own = replace(mine, key=mine.key._replace(brand="Acme"))
    with_rivals = Monitor("Acme", [own, *rivals])
    assert list(with_rivals.replay()) == []
    [seen] = with_rivals.streams
    assert seen.found.series.shared > 4 * seen.found.series.own


def test_questions_count_as_moved_when_their_own_answers_show_it() -> None:
    """Of thirty questions with three answers each since, some seem to move in both directions by
    chance; three that moved by 60 points are counted, whatever their directions.
    """
    before, after = np.full(30, 0.5), np.full(30, 0.5)
    after[:10:2], after[1:10:2] = 0.0, 1.0  # chance, with three answers at a rate of a half
    assert _moved(before, after, answers=3) == 0
    before[:3], after[:3] = (0.8, 0.2, 0.8), (0.2, 0.8, 0.2)
    assert _moved(before, after, answers=15) >= 3


def test_a_question_that_surely_moved_is_beyond_what_its_answers_leave_open() -> None:
    """By a fifth, and by two and a half deviations of the beta distributions of both its rates:
    whichever of eight answers named the brand before, and whichever of some number since.
    """
    a, b = FRESH_BETA
    for since in (2, 4, 7, 20):
        pairs = [(hits, later) for hits in range(9) for later in range(since + 1)]
        old, new = np.array(pairs).T
        before = scipy.stats.beta.stats(a + old, b + 8 - old, moments="mv")
        after = scipy.stats.beta.stats(a + new, b + since - new, moments="mv")
        spread = np.sqrt(before[1] + after[1])
        sure = (np.abs(after[0] - before[0]) >= np.maximum(0.2, 2.5 * spread)).sum()
        total = np.array([old, new], float)
        n = np.repeat([[8], [since]], len(pairs), axis=1)
        assert moved_prompts(n, total) == sure > 0


def _moved(before: Floats, after: Floats, answers: int) -> int:
    """Return how many prompts moved, with forty answers before and so many after."""
    n = np.array([[40] * 30, [answers] * 30])
    return moved_prompts(n, np.round(n * np.array([before, after])))


def moved_prompts(n: Counts, total: Floats) -> int:
    """Return how many prompts moved between two runs with so many answers and hits, 2 x P."""
    key, runs = stream(simulate(Design(runs=2), size=1, seed=1)).key, fallen(runs=12).runs[:2]
    prompts = tuple(f"prompt {number}" for number in range(n.shape[1]))
    found = Stream(key, "s@1", runs, prompts, n, total, total)
    compared = compare_sides(found, runs[1].id, 0.03)
    assert compared
    return measured_change(compared, found).moved_prompts


def test_the_evidence_of_a_check_says_what_it_rests_on() -> None:
    """How many earlier checks have answers, which questions they share with it, and whether older
    history waits to be read; a metric that it does not measure has no statistic.
    """
    whole = fallen(0.0, runs=8)
    n = whole.n.copy()
    n[2:4] = 0  # a check that failed, and one with a single answer
    n[3, 5] = 1
    n[:7, :4] = 0  # four new questions in the last
    n[7, 10:] = 0  # ten that it does not ask
    own = replace(whole, n=n, total=np.minimum(whole.total, n), squares=np.minimum(whole.total, n))
    gone = n.copy()
    gone[7] = 0
    zeros = np.zeros(gone.shape)
    other = replace(own, key=own.key._replace(metric="top3"), n=gone, total=zeros, squares=zeros)
    runs = whole.runs
    for unread, waits in (
        ({own.key: runs[0]}, False),
        ({own.key: RunKey(runs[0].at - timedelta(days=1), 99)}, True),
    ):
        monitor = Monitor("Acme", [own, other], unread=unread)
        assert list(monitor.replay()) == []
        [evidence] = monitor.evidence[runs[7].id]
        top3, named = evidence.streams
        assert (named.metric, named.runs, named.shared_prompts) == (own.key.metric, 6, 6)
        assert named.statistic == next(
            seen.excess for seen in monitor.streams if seen.stream.key == own.key
        )
        assert (top3.metric, top3.runs, top3.shared_prompts) == ("top3", 6, None)
        assert top3.statistic is None
        assert (named.has_unread_history, top3.has_unread_history) == (waits, False)
        assert (named.runs_needed, evidence.returned) == (1, None)
        [first] = monitor.evidence[runs[0].id]
        assert [(s.runs, s.shared_prompts, s.statistic) for s in first.streams] == [
            (0, 0, None)
        ] * 2
    assert {seen.stream.key.metric for seen in monitor.streams} == {own.key.metric, "top3"}


def test_the_shortest_young_baseline_is_what_is_learned() -> None:
    """Of two models the one with fewer checks, and of its rates the visibility; a model without any
    check, and a metric that is no rate, say nothing.
    """
    old, young = fallen(0.0, runs=9), run_slice(fallen(0.0, runs=9, seed=5), 6, 9)
    metrics = [
        replace(young, key=young.key._replace(model=B, metric=metric))
        for metric in ("first_choice", VISIBILITY)
    ]
    few = replace(metrics[0], n=metrics[0].n // 3, total=metrics[0].total // 3)
    few = replace(few, squares=few.total)
    number = replace(old, key=old.key._replace(metric="words"), total=old.total * 7.5)
    monitor = Monitor("Acme", [old, few, metrics[1], replace(number, squares=number.total * 7.5)])
    list(monitor.replay())
    found = monitor.learning()
    assert found
    assert (found.runs, found.answers) == (3, 60)
    alone = Monitor("Acme", [number])
    list(alone.replay())
    assert alone.learning() is None
    assert Monitor("Acme", [old]).learning() is None


def unexplained(alarm: Alarm) -> Alarm:
    """Return an alarm without the likely causes of its shifts."""
    return replace(alarm, shifts=tuple(replace(one, explanation="") for one in alarm.shifts))


def state(monitor: Monitor, run: RunKey) -> object:
    """Return all that a replay leaves, of the evidence that after a run, without the likely causes
    of shifts that ended.
    """
    told = [(one.stream.key, one.stream.runs, one.excess) for one in monitor.streams]
    ends, found = (
        [one and replace(one, shift=replace(one.shift, explanation="")) for one in returned]
        for returned in (monitor.returns, [one.returned for one in monitor.evidence[run.id]])
    )
    evidence = [replace(one, returned=None) for one in monitor.evidence[run.id]]
    return evidence, found, told, ends, monitor.crossed, monitor.learning()


@pytest.mark.parametrize("seed", [0, 1])
def test_quiet_runs_need_no_second_analysis(seed: int) -> None:
    """After every third run, the replay without those that an earlier one found quiet is as that of
    all: through an alarm, its return, a change of a model, and runs that asked one of two models.
    """
    design = WorldDesign(tau=0.05, runs=33, prompts=6, models=2, metrics=2, brands=2)
    moves = {(0, 0): (Moved(9, points=-45.0, until=18),), (0, 1): (Moved(15, points=35.0),)}
    streams = simulate_world(design, seed, moves).streams
    brand, (_, second) = streams[0].key.brand, sorted({s.key.model for s in streams})
    runs = streams[0].runs
    seldom = [row for row in range(len(runs)) if row % 3 != 2]
    streams = [stream_rows(s, np.array(seldom)) if s.key.model == second else s for s in streams]
    restarts = [Restart(second, runs[27], runs[24])]
    quiet, told = set[int](), 0
    for run in runs[5::3]:
        whole, short = (
            Monitor(brand, [stream_until(s, run) for s in streams], restarts=restarts)
            for _ in range(2)
        )
        raised = list(whole.replay())
        assert list(map(unexplained, short.replay(quiet))) == list(map(unexplained, raised))
        assert state(short, run) == state(whole, run)
        assert short.turns == whole.turns
        assert len(short.evidence) == run.id - len(quiet)
        told = len(raised) + len(whole.returns)
        quiet = {past.id for past in runs if past <= run}.difference(whole.turns)
    assert told
    assert len(quiet) > 20
