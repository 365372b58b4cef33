"""Tests of changes of a model as a whole."""

import numpy as np
import pytest

from overheard.detection.baseline import stream_until
from overheard.detection.hypotheses import Hypothesis
from overheard.detection.model_change import (
    latest_model_change,
    model_changes,
    model_shifts,
    revised,
    sentence_of_change,
)
from overheard.detection.worlds import (
    Moved,
    WorldDesign,
    brand_name,
    model_of,
    simulate_world,
)
from overheard.domain import WHOLE_MODEL
from overheard.measure.blocks import Stream

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
    assert set(change.standing_out) <= set(change.moved)
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
