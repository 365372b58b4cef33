from dataclasses import replace

import numpy as np
import pytest

from overheard.detection.control_variate import (
    PRIOR_TAU2,
    PRIOR_TAU2_RUNS,
    moments,
    run_effect_variance,
)
from overheard_lab.panels import Design, simulate


def test_one_run_tells_nothing() -> None:
    """After a single run the variance is the prior's."""
    assert (
        run_effect_variance([simulate(Design(runs=2), size=1, seed=1).stream(0)], 2) == PRIOR_TAU2
    )
    assert run_effect_variance([], 1) == PRIOR_TAU2
    two = simulate(Design(runs=2), size=1, seed=1).stream(0)
    assert moments(two, 2).freedom == 0
    assert moments(two, 0).freedom == 1


def test_only_the_past_counts() -> None:
    """Runs from the cut on do not change the estimate: a shift is no run effect."""
    stream = simulate(Design(runs=9), size=1, seed=4).stream(0)
    later = np.where(stream.since(8)[:, None], 0.0, stream.total)
    fallen = replace(stream, total=later, squares=later)
    assert run_effect_variance([fallen], 8) == run_effect_variance([stream], 8)
    assert run_effect_variance([fallen], 9) > run_effect_variance([stream], 9)


@pytest.mark.parametrize("tau", [0.0, 0.25, 0.5])
def test_the_moments_find_the_variance(tau: float) -> None:
    """Pooled over 400 streams of 10 runs, the estimate is near the truth.

    It is a little low for strong run effects, because a strong run effect moves a rate by less than
    its slope on the logit scale says.
    """
    world = simulate(Design(runs=11, tau=tau), size=400, seed=8)
    parts = [moments(world.stream(index), 11) for index in range(400)]
    found = sum(part.excess for part in parts) / sum(part.scale for part in parts)
    assert found == pytest.approx(tau**2, abs=0.01 + 0.2 * tau**2)


def test_the_prior_weighs_one_run() -> None:
    """The estimate never falls below the share of the prior."""
    world = simulate(Design(runs=5), size=200, seed=3)
    estimates = [run_effect_variance([world.stream(index)], 5) for index in range(200)]
    assert min(estimates) == pytest.approx(PRIOR_TAU2 * PRIOR_TAU2_RUNS / (PRIOR_TAU2_RUNS + 3))


def test_failed_runs_do_not_count() -> None:
    """A run without answers neither adds to the estimate nor to its weight."""
    stream = simulate(Design(runs=6, tau=0.5), size=1, seed=2).stream(0)
    full = moments(stream, 6)
    row = np.zeros((1, 30), np.int64)
    gap = replace(
        stream,
        runs=(*stream.runs[:2], stream.runs[1]._replace(id=99), *stream.runs[2:]),
        n=np.insert(stream.n, [2], row, axis=0),
        total=np.insert(stream.total, [2], row, axis=0),
        squares=np.insert(stream.squares, [2], row, axis=0),
    )
    assert moments(gap, 6) == pytest.approx(full)


def test_a_prompt_with_a_single_answer_tells_nothing() -> None:
    """It has no spread; the others count as without it."""
    stream = simulate(Design(runs=6, tau=0.5), size=1, seed=2).stream(0)
    once = np.zeros((6, 1), np.int64)
    once[2] = 1
    more = replace(
        stream,
        prompts=(*stream.prompts, "once"),
        n=np.hstack([stream.n, once]),
        total=np.hstack([stream.total, once]),
        squares=np.hstack([stream.squares, once]),
    )
    assert moments(more, 6).excess == pytest.approx(moments(stream, 6).excess)
