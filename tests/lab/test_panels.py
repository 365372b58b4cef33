import numpy as np
import pytest
from scipy import special

from overheard_lab.panels import CHALLENGER, Change, Design, expit, simulate


def test_odds_become_probabilities_again() -> None:
    """Near 0 and 1."""
    odds = np.array([-690.0, -9.0, -0.3, 0.0, 2.5, 20.0])
    np.testing.assert_allclose(expit(odds), special.expit(odds), rtol=1e-12)


def test_the_same_seed_gives_the_same_panels() -> None:
    """All randomness comes from the seed."""
    first, again, other = (simulate(Design(runs=3), size=5, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.total, again.total)
    assert not np.array_equal(first.total, other.total)


def test_a_uniform_drop_has_the_size_asked_for() -> None:
    """Every panel's mean falls by 10 points, and every prompt's chance falls."""
    world = simulate(Design(runs=2), Change(1, -10.0), size=200, seed=1)
    assert (world.changed - world.chance).mean(axis=1) == pytest.approx(-0.1, abs=1e-6)
    assert (world.changed < world.chance).all()


def test_a_sparse_drop_is_carried_by_some() -> None:
    """With 30 % of prompts carrying a drop, the other 21 of 30 do not move."""
    world = simulate(Design(runs=2), Change(1, -5.0, carried=0.3), size=50, seed=1)
    assert ((world.changed == world.chance).sum(axis=1) == 21).all()


def test_a_drop_shows_in_the_runs_after_it() -> None:
    """The share of successes falls by the points asked for, from the right run on."""
    world = simulate(Design(runs=4), Change(2, -20.0), size=400, seed=1)
    share = world.total.sum(axis=(0, 2)) / world.n.sum(axis=(0, 2))
    assert share[2:].mean() - share[:2].mean() == pytest.approx(-0.2, abs=0.01)
    assert share[0] == pytest.approx(share[1], abs=0.01)


def test_moods_move_whole_runs() -> None:
    """With tau 0.5 the runs' means scatter more than calls alone can explain."""
    spread = {}
    for tau in (0.0, 0.5):
        world = simulate(Design(runs=30, tau=tau), size=50, seed=1)
        spread[tau] = world.total.mean(axis=2).var(axis=1).mean()
    assert spread[0.5] > 2 * spread[0.0]


def test_failed_calls_lower_n() -> None:
    """With 15 % missing, 85 % of the calls have an answer."""
    world = simulate(Design(runs=10, missing=0.15, beta=CHALLENGER), size=50, seed=1)
    assert world.n.mean() == pytest.approx(3 * 0.85, abs=0.02)
    assert (world.total <= world.n).all()


def test_replaced_prompts_are_columns_of_their_own() -> None:
    """Five of 30 prompts replaced twice: 40 columns, 30 of them asked in each run."""
    world = simulate(Design(runs=6, edits=(2, 4)), size=1, seed=1)
    asked = world.n[0] > 0
    assert asked.shape == (6, 40)
    assert (asked.sum(axis=1) == 30).all()
    assert (asked[1] & asked[2]).sum() == 25
    assert (asked[0] & asked[5]).sum() == 20


def test_run_effects_may_be_those_of_another_brand() -> None:
    """They are then the same for both, and move the answers."""
    design = Design(runs=40, repeats=60, tau=0.5)
    one = simulate(design, size=2, seed=1)
    two = simulate(design, size=2, seed=2, run_effects=one.run_effects)
    assert np.array_equal(two.run_effects, one.run_effects)
    means = [world.total.sum(axis=2)[0] for world in (one, two)]
    assert np.corrcoef(*means)[0, 1] > 0.9
    assert one.run_effects.std() == pytest.approx(0.5, rel=0.2)
