"""Tests of changes of a model as a whole."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations, pairwise

import numpy as np
import pytest

from overheard.detection.baseline import stream_rows, stream_until
from overheard.detection.control_variate import StreamGroup, run_effect_prior, run_series
from overheard.detection.decision_inputs import compare_sides
from overheard.detection.explanation import Hypothesis, attribute_model
from overheard.detection.statistic import candidate_starts, deviating_runs
from overheard.detection.step_evidence import joint_evidence, step_evidence
from overheard.detection.whole_model import (
    evidence,
    latest_model_change,
    model_changes,
    model_shifts,
    revised,
    sentence_of_change,
    statistic,
)
from overheard.domain import WHOLE_MODEL, ModelUpdate, RunKey
from overheard.measure.blocks import Stream
from overheard_lab.worlds import Moved, WorldDesign, brand_name, model_of, simulate_world

BUDGET = 0.2


def category(sizes: list[float], seed: int = 3, effects: str = "shared") -> list[Stream]:
    """Return the visibility of eight brands that move by these logits with run 21."""
    design = WorldDesign("normal", effects, 0.25, brands=8, runs=26)
    changes = {(brand, 0): (Moved(20, logits=size),) for brand, size in enumerate(sizes) if size}
    return simulate_world(design, seed, changes).streams


def test_brands_that_each_move_a_little_are_seen_together() -> None:
    """Eight changes of half a logit, in both directions, are one change of the model."""
    sizes = np.where(np.arange(8) % 2, 0.6, -0.6).tolist()
    [change] = model_changes(category(sizes), BUDGET)
    assert 21 <= change.run.id <= 25
    assert 20 <= change.began.id <= 22
    assert change.chance_a_year <= BUDGET
    assert change.moved[brand_name(1)] > 0 > change.moved[brand_name(0)]
    said = sentence_of_change(change, "ChatGPT", BUDGET)
    assert said.startswith("ChatGPT changed how it speaks about the whole category (")


def test_a_model_that_does_not_change_is_silent() -> None:
    """Also with effects of each brand's own; one brand alone is no change of the model."""
    assert model_changes(category([]), BUDGET) == []
    assert model_changes(category([], effects="own"), BUDGET) == []
    assert model_changes(category([-2.0]), BUDGET) == []


def test_two_brands_are_no_category() -> None:
    """Nor is a model that was asked once."""
    assert model_changes(category([0.8, -0.8])[:2], BUDGET) == []
    streams = simulate_world(WorldDesign(brands=4, runs=2), 1).streams
    assert model_changes(streams, BUDGET) == []


def test_two_runs_in_a_row_in_another_state_are_no_change_of_the_model() -> None:
    """A model that answers some runs with search speaks otherwise of all brands, and goes back;
    when it stays there, that is a change.
    """

    def found(until: int | None, seed: int) -> list[int]:
        design = WorldDesign("normal", "shared", 0.1, brands=8, runs=22)
        changes = {(b, 0): (Moved(14, logits=1.2, until=until),) for b in range(8)}
        streams = simulate_world(design, seed, changes).streams
        return [change.run.id for change in model_changes(streams, BUDGET / 4)]

    assert [found(16, seed) for seed in range(3)] == [[], [], []]
    for seed in range(3):
        [run] = found(None, seed)
        assert 17 <= run <= 20


def models_of(sizes: dict[tuple[int, int], float], runs: int = 26) -> list[Stream]:
    """Return the visibility of six brands at three models, some of which move with run 21."""
    design = WorldDesign("normal", "shared", 0.25, brands=6, models=3, runs=runs)
    changes = {cell: (Moved(20, logits=size),) for cell, size in sizes.items()}
    return simulate_world(design, 5, changes).streams


@pytest.mark.parametrize(
    ("models", "expected"), [((0,), Hypothesis.MODEL), ((0, 1, 2), Hypothesis.EVERYTHING)]
)
def test_the_run_that_shows_it_weighs_its_explanations(
    models: tuple[int, ...], expected: Hypothesis
) -> None:
    """Where the same brands moved alike at all models, it is not this model; a later run revises
    the weights.
    """
    sizes = {(b, m): 0.8 if b % 2 else -0.8 for b in range(6) for m in models}
    streams = models_of(sizes)
    runs = streams[0].runs
    past = {run: [stream_until(stream, run) for stream in streams] for run in runs[20:24]}
    found = [latest_model_change(model_of(0), known, BUDGET) for known in past.values()]
    change = next(one for one in found if one)
    assert change.run == next(run for run, seen in zip(past, found, strict=True) if seen)
    assert max(change.weights, key=lambda one: change.weights[one]) is expected
    later = revised(change, streams)
    assert later.weights[expected] > 0.95
    assert (later.run, later.began) == (change.run, change.began)
    assert later.moved[brand_name(1)] > 0.4 > -0.4 > later.moved[brand_name(0)]
    assert change.weight > 0.5
    if expected is Hypothesis.MODEL:
        assert latest_model_change(model_of(1), streams, BUDGET) is None
    whole, *brands = model_shifts(change, past[change.run], change.run)
    assert (whole.brand, whole.began, whole.run_id) == (WHOLE_MODEL, change.began.id, change.run.id)
    assert "as a whole" in whole.explanation or "whole category" in whole.explanation
    moved = [abs(shift.change) for shift in brands]
    assert len(brands) == 6
    assert moved == sorted(moved, reverse=True)


SIZES = np.where(np.arange(8) % 2, 0.8, -0.6).tolist()


def test_how_far_each_brand_moved_is_that_of_the_attribution() -> None:
    """Two ways to the same steps in logits; the baseline begins with the first run."""
    streams = category(SIZES)
    [change] = model_changes(streams, BUDGET)
    until = [stream_until(stream, change.run) for stream in streams]
    steps = attribute_model(change.model, until, change.began, run_effect_prior(change.model)).steps
    assert dict(change.moved) == pytest.approx({key.brand: step for key, step in steps.items()})
    later = attribute_model(
        change.model, streams, change.began, run_effect_prior(change.model)
    ).steps
    moved = revised(change, streams).moved
    assert dict(moved) == pytest.approx({key.brand: step for key, step in later.items()})
    assert change.baseline == streams[0].runs[0]
    assert (change.models, change.weight) == (1, 0)
    two = {Hypothesis.MODEL: 0.5, Hypothesis.EVERYTHING: 0.25, Hypothesis.BRAND_EVERYWHERE: 0.25}
    assert replace(change, weights=two).weight == 0.75


def test_the_rate_of_chance_counts_models_and_runs_of_a_year() -> None:
    """Three models have three times as many false alarms, and daily runs seven times as many."""
    streams = category(SIZES)
    [change] = model_changes(streams, BUDGET)
    [three] = model_changes(streams, 3 * BUDGET, models=3)
    assert three.run == change.run
    assert three.chance_a_year == pytest.approx(3 * change.chance_a_year)
    begun = streams[0].runs[0].at
    days = [begun + n * timedelta(days=1) for n in range(26)]
    daily = tuple(RunKey(at, key.id) for at, key in zip(days, streams[0].runs, strict=True))
    [often] = model_changes([replace(stream, runs=daily) for stream in streams], 7 * BUDGET)
    assert often.run.id == change.run.id
    assert often.chance_a_year == pytest.approx(7 * change.chance_a_year, rel=0.01)
    cut = [stream_until(stream, change.run) for stream in streams]
    group = StreamGroup.of(cut[0], cut[1:])
    series = run_series(group, group.answered(), run_effect_prior(change.model))
    total, first = statistic(series)
    assert cut[0].runs[first] == change.began
    assert change.chance_a_year == pytest.approx(np.exp(1.2 * (1.0 - total)), rel=0.01)


def test_one_brand_alone_is_a_rival_over_all_starts_together() -> None:
    """Some brand changes by itself at odds of 0.2, and with whichever run that was; all drift over
    the latest 8 or 16 runs at odds of 0.3 each.
    """
    cut = [stream_until(stream, stream.runs[22]) for stream in category([0, -1.2, 0.3])]
    group = StreamGroup.of(cut[0], cut[1:])
    series = run_series(group, group.answered(), run_effect_prior(cut[0].key.model))
    whole, alone, drifts = evidence(series)
    total, first = statistic(series)
    rivals = 1 + 0.2 * np.exp(alone).sum() + 0.3 * np.exp(drifts).sum()
    odds = np.exp(whole).sum() / rivals
    assert len(drifts) == 2
    assert total == pytest.approx(np.log(odds))
    assert np.exp(alone).sum() > 100
    assert first == candidate_starts(len(cut[0].runs) - 1)[whole.argmax()]


@pytest.mark.parametrize("runs", [7, 23])
def test_a_change_of_a_model_is_apart_or_alike_or_both(runs: int) -> None:
    """Its evidence by the shares of the three kinds, what the worlds with own effects cost, and the
    rivals: a single deviating run, and another state in some of the latest or of the first runs.
    """
    sizes = {(b, 0): (Moved(runs - 3, logits=(-0.6, 0.4)[b % 2]),) for b in range(6)}
    design = WorldDesign("normal", "shared", 0.25, brands=6, runs=runs)
    streams = simulate_world(design, 4, sizes).streams
    group = StreamGroup.of(streams[0], streams[1:])
    series = run_series(group, group.answered(), run_effect_prior(streams[0].key.model))
    starts = candidate_starts(runs - 1)
    steps = np.array([[float(run >= start) for run in range(runs)] for start in starts])
    spread = (np.array([0.2, 0.35, 0.7]), np.array([0.4, 0.8, 1.5]))
    joint = joint_evidence(series.level, series.noise, steps, min(8, runs), spread)
    own = joint.steps - np.log(1 + 0.5 / 60 * np.exp(joint.outliers).sum())
    own -= 1.5 * joint.autocorrelation
    own -= joint.variance / (joint.variance + series.noise.mean())

    precision = 1 / (series.own + 1 / series.information)
    mean = np.array(
        [[np.average(series.raw[:, run], weights=precision[:, run])] for run in range(runs)]
    )
    level, noise = mean.T, 1 / precision.sum(axis=0)[None]
    latest = [run for run in range(1, runs) if run >= runs - 6]
    states = [set(part) for size in range(1, 7) for part in combinations(latest, size)]
    states += [set(range(size)) for size in range(1, 7) if size <= latest[0]]
    seen, whole = deviating_runs(level, noise, (1.0, 10.0))
    rival = 1.0
    for state in states:
        design_of_state = np.array([[float(run in state) for run in range(runs)]])
        chance = np.prod([(seen + n) / (whole + n) for n in range(len(state))])
        rival += chance * np.exp(step_evidence(level, noise, design_of_state, 0).steps[0])
    common = step_evidence(level, noise, steps, 0).steps - np.log(rival)

    expected = 0.75 * np.exp(own) + 0.15 * np.exp(own + common) + 0.1 * np.exp(common)
    found, _, _ = evidence(series)
    assert np.exp(found) == pytest.approx(expected)


def test_what_drifts_with_a_season_is_seldom_told() -> None:
    """Each brand wanders by itself; each change leaves less of the budget of its year."""
    world = WorldDesign("season", "own", 0.25, brands=10)
    changes = model_changes(simulate_world(world, 1).streams, 1.0)
    assert len(changes) <= 6
    for one, later in pairwise(changes):
        is_near = later.run.at - one.run.at < timedelta(days=365)
        assert later.chance_a_year <= (0.25 if is_near else 1.0)


def test_a_run_with_one_answer_of_a_brand_counts() -> None:
    """Only a run without any answer does not."""
    streams = category(SIZES)
    n = streams[3].n.copy()
    n[5] = np.arange(n.shape[1]) == 0
    total = np.minimum(streams[3].total, n)
    streams[3] = replace(streams[3], n=n, total=total, squares=total)
    [change] = model_changes(streams, BUDGET)
    cut = [stream_until(stream, change.run) for stream in streams]
    group, rows = StreamGroup.of(cut[0], cut[1:]), np.arange(len(cut[0].runs))
    prior = run_effect_prior(change.model)
    found, without = (
        statistic(run_series(group, kept, prior))[0] for kept in (rows, np.delete(rows, 5))
    )
    assert change.chance_a_year == pytest.approx(np.exp(1.2 * (1.0 - found)), rel=0.01)
    assert abs(found - without) > 0.05


@pytest.mark.parametrize(
    ("kind", "effects", "low", "high"), [("normal", "shared", 0, 0.1), ("ar1", "own", 0.9, 1)]
)
def test_what_a_model_does_not_show_costs_nothing(
    kind: str, effects: str, low: float, high: float
) -> None:
    """Whether effects are autocorrelated cannot be told where there are hardly any, and does no
    harm; where there are, all brands together tell it.
    """
    streams = simulate_world(WorldDesign(kind, effects, 0.5, brands=8, runs=30), 4).streams
    group = StreamGroup.of(streams[0], streams[1:])
    series = run_series(group, group.answered(), run_effect_prior(streams[0].key.model))
    steps = np.eye(30)[20:]
    found = joint_evidence(series.level, series.noise, steps, 8, (np.array([0.4]),) * 2)
    assert low <= found.autocorrelation <= high


def test_after_a_change_the_model_begins_anew() -> None:
    """A second change is compared with the runs since the first."""
    design = WorldDesign("normal", "shared", 0.1, brands=6, runs=40, repeats=6)
    moves = {
        (b, 0): (Moved(14, logits=1.2 * (-1) ** b), Moved(28, logits=-1.5 * (-1) ** b))
        for b in range(6)
    }
    first, second = model_changes(simulate_world(design, 2, moves).streams, BUDGET)
    assert (first.began.id, second.began.id) == (15, 29)
    assert second.baseline == first.began
    assert second.moved[brand_name(0)] < -0.8 < 0.8 < second.moved[brand_name(1)]


def test_runs_in_which_a_brand_has_no_answers_do_not_count() -> None:
    """Nor do streams of other runs; three brands are needed."""
    streams = category(SIZES)
    silent = np.arange(26)[:, None] == 5
    total = np.where(silent, 0.0, streams[3].total)
    gap = replace(streams[3], n=np.where(silent, 0, streams[3].n), total=total, squares=total)
    [change] = model_changes([*streams[:3], gap, *streams[4:]], BUDGET)
    without = [stream_rows(stream, np.delete(np.arange(26), 5)) for stream in streams]
    [expected] = model_changes(without, BUDGET)
    assert (change.run, change.began) == (expected.run, expected.began)
    assert change.moved == pytest.approx(expected.moved)
    short = [stream_until(stream, stream.runs[-2]) for stream in streams]
    assert model_changes([*streams[:2], *short[2:]], BUDGET) == []
    three = model_changes([streams[0], streams[1], streams[5]], 50.0)
    assert three
    assert model_changes([streams[0], streams[1]], 50.0) == []


def test_the_shift_of_a_model_is_the_mean_of_those_of_its_brands() -> None:
    """Each brand is compared on both sides of the change; updates of its first run are named."""
    streams = category(SIZES)
    change = latest_model_change(streams[0].key.model, streams, BUDGET)
    assert change
    run = streams[0].runs[-1]
    began = ModelUpdate(change.model, change.began.at)
    other = ModelUpdate(change.model, streams[0].runs[2].at)
    whole, *brands = model_shifts(change, streams, run, [began, other])
    assert len(brands) == 8
    prior = run_effect_prior(change.model)
    for shift in brands:
        [own] = [stream for stream in streams if stream.key.brand == shift.brand]
        sides = compare_sides(own, change.began.id, prior.shared + prior.own)
        assert sides
        assert (shift.before, shift.after, *shift.interval) == pytest.approx(
            (sides.before, sides.after, *sides.interval)
        )
        assert shift.change == shift.after - shift.before
        assert (shift.prompts, shift.answers) == (sides.prompts, sides.answers)
    for shift in (whole, *brands):
        assert (shift.run_id, shift.began, shift.likely_first_runs) == (
            26,
            change.began.id,
            (change.began.id,),
        )
        assert (shift.updates, shift.chance_a_year) == ((began,), change.chance_a_year)
    for name in ("before", "after", "change"):
        mean = np.mean([getattr(shift, name) for shift in brands])
        assert getattr(whole, name) == pytest.approx(mean)
    assert whole.interval == pytest.approx(np.mean([shift.interval for shift in brands], axis=0))
    assert (whole.prompts, whole.brand) == ((), WHOLE_MODEL)
    assert model_shifts(change, [], run) == ()
    said = sentence_of_change(replace(change, moved={"A": 0.2, "B": -0.3, "C": 0.1}), "X", BUDGET)
    assert said.endswith("A gained most, B lost most.")
