"""Tests of changes of a model as a whole."""

import numpy as np

from overheard.detection.model_change import model_changes, sentence_of_change
from overheard.detection.worlds import Moved, WorldDesign, brand_name, simulate_world
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
