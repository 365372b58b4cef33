"""Simulated panels: what the test promises, counted. All tolerances are three Monte-Carlo
standard deviations, or a range that is stated.
"""

from itertools import product

import numpy as np
import pytest
from known_time import p_value

from overheard.detection.control_variate import run_effect_variance
from overheard.detection.decision_inputs import compare_sides
from overheard.detection.power import WELL_KNOWN
from overheard_lab.panels import CHALLENGER, Change, Design, World, simulate

U_SHAPED = (0.15, 0.15)
RARE = (0.5, 15.0)


def p_values(world: World, first: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the p-value of each panel, with its own run effect estimate; 1 without one."""
    streams = map(world.stream, range(len(world.n)))
    return np.array([p_value(one, first, run_effect_variance([one], first)) for one in streams])


def allowed(level: float, size: int) -> float:
    """Return the share of false alarms that chance may show at a level: three deviations more."""
    return level + 3 * float(np.sqrt(level * (1 - level) / size))


@pytest.mark.parametrize("before", [1, 5])
@pytest.mark.parametrize("tau", [0.0, 0.25])
@pytest.mark.parametrize("beta", [WELL_KNOWN, RARE], ids=["well known", "rare"])
def test_small_panels_keep_their_size(beta: tuple[float, float], tau: float, before: int) -> None:
    """10 x 3 panels without a change fire no more often than the level says."""
    design = Design(runs=before + 1, prompts=10, beta=beta, tau=tau)
    p = p_values(simulate(design, size=500, seed=21), before + 1)
    assert all((p <= level).mean() <= allowed(level, 500) for level in (0.05, 0.01, 0.001))


@pytest.mark.parametrize("before", [1, 5])
def test_usual_panels_keep_their_size(before: int) -> None:
    """30 x 3 panels with the run effect of a jumpy model (tau 0.25) keep it too."""
    p = p_values(simulate(Design(runs=before + 1, tau=0.25), size=400, seed=22), before + 1)
    assert all((p <= level).mean() <= allowed(level, 400) for level in (0.05, 0.01, 0.001))


@pytest.mark.slow
@pytest.mark.parametrize("prompts", [10, pytest.param(30, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "beta",
    [
        *(
            pytest.param(beta, marks=pytest.mark.long)
            for beta in (WELL_KNOWN, CHALLENGER, U_SHAPED)
        ),
        RARE,
    ],
)
def test_size_holds_far_out(beta: tuple[float, float], prompts: int) -> None:
    """2,000 panels a cell: the level of 0.001 holds too, for 1, 5 and 20 runs before."""
    for before, tau in product((1, 5, 20), (0.0, 0.25)):
        design = Design(runs=before + 1, prompts=prompts, beta=beta, tau=tau, missing=0.15)
        p = p_values(simulate(design, size=2000, seed=23), before + 1)
        for level in (0.05, 0.01, 0.001):
            assert (p <= level).mean() <= allowed(level, 2000), (before, tau, level)


def test_replaced_prompts_raise_no_alarm() -> None:
    """Ten of 30 prompts replaced at the very cut are no change."""
    design = Design(runs=6, edits=(5,), edited=10)
    p = p_values(simulate(design, size=400, seed=24), 6)
    assert (p <= 0.05).mean() <= allowed(0.05, 400)


def test_a_real_drop_is_seen() -> None:
    """After 20 runs, one 30 x 3 look at the level 0.05 sees 20 points in 9 of 10 panels."""
    p = p_values(simulate(Design(runs=21), Change(20, -20.0), size=300, seed=25), 21)
    assert (p <= 0.05).mean() > 0.9


@pytest.mark.parametrize("points", [0.0, -10.0])
@pytest.mark.parametrize("tau", [0.0, 0.25])
@pytest.mark.parametrize("beta", [WELL_KNOWN, CHALLENGER], ids=["well known", "challenger"])
def test_intervals_hold_the_change(beta: tuple[float, float], tau: float, points: float) -> None:
    """90 % intervals hold the true change in 0.86 to 0.98 of panels, after 5 runs before."""
    change = Change(5, points) if points else None
    world = simulate(Design(runs=6, tau=tau, beta=beta), change, size=400, seed=26)
    assert 0.86 <= coverage(world, 6) <= 0.98


@pytest.mark.parametrize("beta", [RARE, (15.0, 0.5)], ids=["near 0", "near 1"])
def test_intervals_hold_near_the_ends(beta: tuple[float, float]) -> None:
    """Rates near 0 and near 1 do not break the interval: 0.88 to 1 hold the truth."""
    world = simulate(Design(runs=6, beta=beta), size=400, seed=27)
    assert coverage(world, 6) >= 0.88


def coverage(world: World, first: int) -> float:
    """Return the share of intervals that hold the panel's true change."""
    truth = (world.changed - world.chance).mean(axis=1)
    held = []
    for index in range(len(world.n)):
        stream = world.stream(index)
        found = compare_sides(stream, first, run_effect_variance([stream], first))
        if found:
            held.append(found.interval[0] <= truth[index] <= found.interval[1])
    return float(np.mean(held))
