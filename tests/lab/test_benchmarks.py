import numpy as np
import pytest
from numpy.typing import ArrayLike

from overheard_lab.benchmarks import RULES, cusum, delays, limit_of, lorden_calls, oracle
from overheard_lab.panels import Change, Design, World, simulate, undone

FALL, Z, POOLED = RULES


def world(total: ArrayLike, chance: float = 0.5, changed: float = 0.4) -> World:
    """Return one panel of one prompt, asked 10 times in a run."""
    hits = np.reshape(total, (1, -1, 1))
    return World(
        np.array([[chance]]),
        np.array([[changed]]),
        np.full(hits.shape, 10),
        hits,
        np.zeros(hits.shape[:2]),
    )


def test_a_cusum_by_hand() -> None:
    """It never falls below 0, and starts afresh after its limit."""
    steps = np.array([[1.0, -2.0, 2.0, 3.0, 1.0]])
    assert cusum(steps).tolist() == [[1.0, 0.0, 2.0, 5.0, 6.0]]
    assert cusum(steps, 4.0).tolist() == [[1.0, 0.0, 2.0, 5.0, 1.0]]


def test_the_oracle_by_hand() -> None:
    """One prompt from 1/2 to 2/5: a run without success is worth what theory says."""
    weight = np.log(0.4 / 0.6)
    x, mean = weight * (0 - 5), 10 * weight * -0.1
    variance = 10 * weight**2 / 4
    variable = variance + 0.25 * (10 * weight / 4) ** 2
    calm, shaken = (oracle(world([5, 0]), 1, tau)[0, 0] for tau in (0.0, 0.5))
    assert calm == pytest.approx(x * mean / variance - mean**2 / (2 * variance))
    assert shaken == pytest.approx(x * mean / variable - mean**2 / (2 * variable))


def test_the_oracle_is_fast() -> None:
    """Held to one false alarm a year, it sees 10 points in 30 x 3 panels in about 1.5 runs."""
    design = Design(runs=72)
    changed = simulate(design, Change(40, -10.0), size=1000, seed=1)
    still = undone(changed, design, 20, seed=2)
    limit = limit_of(oracle(still, 20, 0.0), 1.0)
    assert delays(oracle(changed, 20, 0.0), limit, 20).mean() == pytest.approx(1.45, abs=0.1)


def test_lordens_bound_by_hand() -> None:
    """From 1/2 to 2/5 a call is worth 0.0201 nats, and a year of weekly looks takes log 52."""
    told = 0.4 * np.log(0.8) + 0.6 * np.log(1.2)
    assert lorden_calls(world([5]), 52) == pytest.approx(np.log(52) / told)


def test_the_fall_is_a_share_of_the_run_before() -> None:
    """From 5 to 4 it fell by a fifth; a rise is a fall below 0; from nothing it cannot fall."""
    path = FALL.path(world([5, 4, 8, 0, 3]), 1, FALL.usual)
    assert path[0] == pytest.approx([0.2, -1.0, 1.0, 0.0])


def test_two_proportions_by_hand() -> None:
    """8 and 4 of 10 are 1.83 standard deviations apart; equal runs none, also when all is 0."""
    path = Z.path(world([8, 4, 0, 0]), 1, Z.usual)
    assert path[0, 0] == pytest.approx(0.4 / np.sqrt(0.6 * 0.4 / 5))
    assert path[0, 2] == 0


def test_the_pooled_cusum_by_hand() -> None:
    """Two runs at 2 of 10 after a warm-up at 5 of 10 are 1.90 - 0.5 each, either way."""
    step = 0.3 / np.sqrt(0.25 / 10) - 0.5
    for low in (2, 8):
        path = POOLED.path(world([5, 5, low, low]), 2, np.inf)
        assert path[0] == pytest.approx([step, 2 * step])


def test_the_limit_keeps_the_promise() -> None:
    """One a year means that 63 % of years have any."""
    paths = np.random.default_rng(1).random((4000, 3))
    assert (paths > limit_of(paths, 1.0)).any(axis=1).mean() == pytest.approx(0.632, abs=0.001)


def test_delays_by_hand() -> None:
    """Seen at once, in the third run, not at all (counts as the last), and alarmed too early."""
    paths = np.array([[0, 9, 0, 0], [0, 0, 0, 9], [0, 0, 0, 0], [9, 9, 9, 9]], dtype=float)
    assert delays(paths, 5.0, 1).tolist() == [1.0, 3.0, 3.0]
    assert delays(paths, np.array([5.0, 5.0, 5.0, 10.0]), 1).tolist() == [1.0, 3.0, 3.0, 3.0]
