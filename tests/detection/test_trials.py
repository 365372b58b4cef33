"""Simulated years: what the streaming detector promises, counted."""

from math import exp

import numpy as np
import pytest

from overheard.detection.simulate import Change, Design, simulate, undone
from overheard.detection.trials import DetectorTrial, run_trial


def test_a_trial_is_better_than_the_market() -> None:
    """12 brands, tau 0.25: no rule of the market sees 10 points sooner, two of them far later.

    The false alarms keep to one a year within three Monte-Carlo deviations, and the same seed
    gives the same figures.
    """
    steps: list[int] = []
    outcome = run_trial(DetectorTrial(), 12, seed=3, step=lambda: steps.append(1))
    found = outcome.detector
    fall, z, _pooled = outcome.rules.values()
    assert len(steps) == 12
    assert any_alarm(found.false_alarms) <= 1 - exp(-1) + 3 * 0.14
    assert found.delay < 2 * outcome.oracle.delay
    assert 3 * found.delay < min(fall.delay, z.delay)
    assert fall.false_alarms > 10
    assert outcome.lorden_calls == pytest.approx(110, abs=10)


def test_the_same_seed_gives_the_same_outcome() -> None:
    """All randomness comes from the seed."""
    small = DetectorTrial(drop=20.0, prompts=5, repeats=1, brands=2)
    assert run_trial(small, 3, seed=1) == run_trial(small, 3, seed=1) != run_trial(small, 3, seed=2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tau", "most"),
    [
        pytest.param(0.0, 1.45, marks=pytest.mark.long),
        (0.25, 1.45),
        pytest.param(0.5, 1.9, marks=pytest.mark.long),
    ],
)
def test_the_bar_is_held(tau: float, most: float) -> None:
    """250 brands: at most one false alarm a year, and 10 points are seen nearly as soon as by an
    oracle. Three Monte-Carlo deviations are allowed for each.
    """
    outcome = run_trial(DetectorTrial(tau=tau), 250, seed=11)
    found, best = outcome.detector, outcome.oracle
    assert any_alarm(found.false_alarms) <= 1 - exp(-1) + 3 * 0.031
    assert found.delay <= most * best.delay + 3 * found.error


@pytest.mark.long
def test_a_drop_of_some_prompts_is_seen_too() -> None:
    """10 points carried by 30 % of prompts take at most twice the oracle's time."""
    outcome = run_trial(DetectorTrial(carried=0.3), 150, seed=12)
    assert outcome.detector.delay <= 2 * outcome.oracle.delay
    assert outcome.detector.delay < min(rule.delay for rule in outcome.rules.values())


def any_alarm(per_year: float) -> float:
    """Return the probability of any alarm in a year."""
    return 1 - exp(-per_year)


def test_undone_panels_have_the_same_past() -> None:
    """Runs before are kept, and those from there on have no change in them."""
    design = Design(runs=8, tau=0.25)
    changed = simulate(design, Change(5, -30.0), size=200, seed=1)
    still = undone(changed, design, 3, seed=2)
    assert np.array_equal(still.total[:, :3], changed.total[:, :3])
    assert not np.array_equal(still.total[:, 3:5], changed.total[:, 3:5])
    rates = still.total.sum(axis=(0, 2)) / still.n.sum(axis=(0, 2))
    assert rates[5:].mean() == pytest.approx(rates[:5].mean(), abs=0.02)


def test_brands_can_share_moods() -> None:
    """Two worlds with the same run effects move together."""
    design = Design(runs=40, tau=0.5)
    mine = simulate(design, size=50, seed=1)
    other = simulate(design, size=50, seed=2, run_effects=mine.run_effects)
    means = [world.total.mean(axis=2).ravel() for world in (mine, other)]
    within = [world.total.mean(axis=2) for world in (mine, other)]
    centred = [w - w.mean(axis=1, keepdims=True) for w in within]
    assert means[0].shape == means[1].shape
    assert np.corrcoef(centred[0].ravel(), centred[1].ravel())[0, 1] > 0.5
