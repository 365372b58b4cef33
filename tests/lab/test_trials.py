"""Simulated years through the monitor that ships: what is promised, counted."""

import numpy as np
import pytest

from overheard_lab.panels import Change, Design, simulate, undone
from overheard_lab.trials import MonitorTrial, delay, false_alarms, reliability, run_trial
from overheard_lab.worlds import WorldDesign


def test_the_same_seed_gives_the_same_outcome() -> None:
    """All randomness comes from the seed, and every step is shown."""
    small = MonitorTrial(WorldDesign(brands=2, prompts=6, repeats=1, runs=20), drop=40.0)
    steps: list[int] = []
    one = run_trial(small, 2, seed=1, step=lambda: steps.append(1))
    assert one == run_trial(small, 2, seed=1) != run_trial(small, 2, seed=2)
    assert len(steps) == 4
    assert one.ratio > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "effects", "tau"),
    [
        ("normal", "shared", 0.25),
        pytest.param("two-state", "own", 0.5, marks=pytest.mark.long),
        pytest.param("t3", "shared", 0.5, marks=pytest.mark.long),
        pytest.param("ar1", "own", 0.25, marks=pytest.mark.long),
        pytest.param("uneven", "shared", 0.5, marks=pytest.mark.long),
        pytest.param("edits", "own", 0.25, marks=pytest.mark.long),
    ],
)
def test_at_most_one_false_alarm_a_brand_year(kind: str, effects: str, tau: float) -> None:
    """40 brand-years of five brands each; three Monte-Carlo deviations are allowed."""
    found = false_alarms(MonitorTrial(WorldDesign(kind, effects, tau)), 20, seed=11)
    assert found.yearly <= 1 + 3 * (1 / 40) ** 0.5


@pytest.mark.slow
def test_a_shared_run_effect_is_seen_through() -> None:
    """10 points at tau 0.5 are seen sooner than by an oracle of one stream (3.5 runs)."""
    assert delay(MonitorTrial(WorldDesign(tau=0.5)), 40, seed=5).runs < 3.5


@pytest.mark.slow
def test_what_is_reported_is_true() -> None:
    """At the default budget, with one change a year: all that is nearly certain, and of the rest
    four in five.
    """
    trial = MonitorTrial(WorldDesign(), per_year=0.04)
    found = {one.level: one for one in reliability(trial, 20, seed=3)}
    assert found["nearly certain"].alarms >= 1
    assert found["nearly certain"].true == 1
    assert found["likely"].alarms >= 10
    assert (found["likely"].true or 0) >= 0.8


def test_undone_panels_have_the_same_past() -> None:
    """Runs before are kept, and those from there on have no change in them."""
    design = Design(runs=8, tau=0.25)
    changed = simulate(design, Change(5, -30.0), size=200, seed=1)
    still = undone(changed, design, 3, seed=2)
    assert np.array_equal(still.total[:, :3], changed.total[:, :3])
    assert not np.array_equal(still.total[:, 3:5], changed.total[:, 3:5])
    rates = still.total.sum(axis=(0, 2)) / still.n.sum(axis=(0, 2))
    assert rates[5:].mean() == pytest.approx(rates[:5].mean(), abs=0.02)
