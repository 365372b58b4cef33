"""Tests of simulated worlds: answers and run effects have the distributions that are promised."""

from datetime import timedelta
from itertools import pairwise

import pytest

from overheard.measure.blocks import StreamKey
from overheard.numpy_proxy import Floats, np
from overheard_lab.worlds import (
    FIRST_RUN,
    KINDS,
    Moved,
    SimulatedWorld,
    WorldDesign,
    brand_name,
    metric_name,
    model_of,
    run_effects,
    simulate_world,
)

MANY = 4000
"""Repeats after which a share of successes is close to its probability."""


def logits(world: SimulatedWorld, stream: int = 0) -> Floats:
    """Return the logits of the shares of successes of a stream, R x P."""
    share = (world.streams[stream].total + 0.5) / (world.streams[stream].n + 1)
    return np.asarray(np.log(share / (1 - share)))


def before(world: SimulatedWorld) -> Floats:
    """Return the logits of the first stream's probabilities before any change, P."""
    chance, _ = world.chances[0, 0, 0]
    return np.asarray(np.log(chance / (1 - chance)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("effects", "common"), [("shared", 1.0), ("own", 0.0), ("half", 0.5)])
def test_run_effects_have_their_variance_and_their_share_in_common(
    kind: str, effects: str, common: float
) -> None:
    """Of every kind: tau squared, and that much of it is the same for two brands."""
    design = WorldDesign(kind, effects, tau=0.5, brands=2, runs=50)
    drawn = run_effects(design, 2000, np.random.default_rng(5))
    assert drawn.shape == (2000, 2, 50)
    rough = 0.25 if kind == "t3" else 0.04  # the fourth moment of t3 is infinite
    assert np.mean(drawn) == pytest.approx(0, abs=0.01)
    assert np.mean(drawn**2) == pytest.approx(0.25, rel=rough)
    assert np.mean(drawn[:, 0] * drawn[:, 1]) == pytest.approx(0.25 * common, abs=0.25 * rough)
    related = {"ar1": 0.7, "season": np.cos(2 * np.pi / 52)}.get(kind, 0)
    neighbours = np.mean(drawn[..., 1:] * drawn[..., :-1]) / np.mean(drawn**2)
    assert neighbours == pytest.approx(related, abs=0.02)
    first = np.mean(drawn[..., 1] * drawn[..., 0]) / np.mean(drawn[..., :2] ** 2)
    assert first == pytest.approx(related, abs=0.1)


@pytest.mark.parametrize("effects", ["shared", "own"])
def test_two_states_are_two(effects: str) -> None:
    """15 % of the runs are in the other one, in which brands are named more often; t3 has the tails
    of Student's t.
    """
    design = WorldDesign("two-state", effects, brands=1)
    states = run_effects(design, 500, np.random.default_rng(5))
    low, high = np.unique(states.round(9))
    assert np.mean(states > (low + high) / 2) == pytest.approx(0.15, abs=0.01)
    tails = {
        kind: np.mean(abs(run_effects(WorldDesign(kind), 500, np.random.default_rng(5))) > 1)
        for kind in ("normal", "t3")
    }
    assert tails["normal"] == pytest.approx(0.00006, abs=0.00006)  # beyond four tau
    assert tails["t3"] == pytest.approx(0.0062, abs=0.0015)  # of t with 3 degrees beyond 4 sd


def test_a_world_has_a_stream_for_each_brand_model_and_metric() -> None:
    """All of one model have the same runs, a week apart, each prompt asked so often."""
    design = WorldDesign(brands=2, models=2, metrics=3, runs=4, prompts=6)
    world, again, other = (simulate_world(design, seed) for seed in (1, 1, 2))
    keys = {
        StreamKey(brand_name(b), model_of(m), metric_name(k))
        for b in range(2)
        for m in range(2)
        for k in range(3)
    }
    assert {stream.key for stream in world.streams} == keys
    assert len(world.streams) == len(keys) == 12
    assert [metric_name(k) for k in range(3)] == ["visibility", "metric-2", "metric-3"]
    assert (brand_name(0), model_of(0).name) == ("Brand 01", "model-1")
    for stream in world.streams:
        assert stream.binary
        assert (stream.n == 3).all()
        assert stream.n.shape == (4, 6)
        assert [run.id for run in stream.runs] == [1, 2, 3, 4]
        assert stream.runs[0].at == FIRST_RUN
        assert all(b.at - a.at == timedelta(weeks=1) for a, b in pairwise(stream.runs))
    assert np.array_equal(world.streams[0].total, again.streams[0].total)
    assert not np.array_equal(world.streams[0].total, other.streams[0].total)
    assert set(world.chances) == {(b, m, k) for b in range(2) for m in range(2) for k in range(3)}


def test_metrics_of_one_answer_have_half_of_their_effects_in_common() -> None:
    """And each has the whole variance; brands of a model that shares its effects move together."""
    design = WorldDesign(tau=0.5, brands=2, metrics=2, runs=400, prompts=12, repeats=400)
    world = simulate_world(design, 3)
    effects = np.array([logits(world, s).mean(axis=1) for s in range(4)])
    covariance = np.cov(effects)  # brands within metrics
    assert np.diag(covariance) == pytest.approx(0.25, rel=0.25)
    assert np.corrcoef(effects)[0, 1] > 0.98
    assert np.corrcoef(effects)[0, 2] == pytest.approx(0.5, abs=0.13)


def test_answers_come_at_the_chances_before_and_after_a_change() -> None:
    """Pearson's chi-squared of every prompt and run; a change ends where it is said to."""
    moves = {(0, 0): (Moved(3, -20.0, until=6), Moved(8, logits=1.0, carried=0.5))}
    world = simulate_world(WorldDesign(tau=0.0, brands=2, runs=10, repeats=MANY), 4, moves)
    old, new = world.chances[0, 0, 0]
    stream, other = world.streams
    assert ((old >= 0.01) & (old <= 0.99)).all()
    assert (new - old).mean() == pytest.approx(-0.2, abs=1e-6)
    assert not np.array_equal(world.chances[0, 0, 0][0], world.chances[1, 0, 0][0])
    assert np.array_equal(*world.chances[1, 0, 0])
    expected = np.array([old] * 3 + [new] * 3 + [old] * 2)
    everywhere = np.array([world.chances[1, 0, 0][0]] * 10)
    for total, chance in ((stream.total[:8], expected), (other.total, everywhere)):
        chi = ((total - MANY * chance) ** 2 / (MANY * chance * (1 - chance))).sum()
        assert chi == pytest.approx(total.size, abs=5 * (2 * total.size) ** 0.5)
    shift = (logits(world)[8:] - before(world)).mean(axis=0)
    carriers = shift > 0.5
    assert carriers.sum() == 15
    assert np.median(shift[carriers]) == pytest.approx(1, abs=0.05)
    assert np.median(shift[~carriers]) == pytest.approx(0, abs=0.05)


def test_prompts_that_drift_do_so_on_their_own() -> None:
    """Half a logit each, with an autocorrelation of 0.7."""
    world = simulate_world(WorldDesign("drift", tau=0.0, brands=1, runs=60, repeats=MANY), 5)
    inner = abs(before(world)) < 2
    drift = (logits(world) - before(world))[:, inner]
    assert drift.std() == pytest.approx(0.5, rel=0.15)
    correlation = np.mean(drift[1:] * drift[:-1]) / np.mean(drift**2)
    assert correlation == pytest.approx(0.7, abs=0.08)
    assert drift.mean(axis=1).std() == pytest.approx(0.5 / inner.sum() ** 0.5, rel=0.4)


def test_prompts_load_unevenly_on_a_run_effect() -> None:
    """By 1 on average, with a standard deviation of 1; evenly in other worlds."""
    spread = {}
    for kind in ("normal", "uneven"):
        design = WorldDesign(kind, tau=0.5, brands=1, runs=30, prompts=150, repeats=MANY)
        world = simulate_world(design, 6)
        moved = (logits(world) - before(world))[:, abs(before(world)) < 2]
        run = moved.mean(axis=1)
        loads = run @ moved / (run @ run)
        spread[kind] = loads.std()
        assert run.std() == pytest.approx(0.5, rel=0.4)
    assert spread["normal"] < 0.1
    assert spread["uneven"] == pytest.approx(1, rel=0.3)


def test_edited_prompts_are_new_columns_and_calls_fail() -> None:
    """Every 26 runs a sixth of the prompts is replaced, the oldest first; 15 % of calls fail."""
    world = simulate_world(WorldDesign("edits", brands=1, runs=60, repeats=100), 7)
    n = world.streams[0].n
    asked = n > 0
    assert asked.shape == (60, 40)
    assert (asked.sum(axis=1) == 30).all()
    first, second, third = asked[0], asked[26], asked[52]
    assert (asked[:26] == first).all()
    assert (asked[26:52] == second).all()
    assert (asked[52:] == third).all()
    assert np.flatnonzero(first & ~second).tolist() == [0, 1, 2, 3, 4]
    assert np.flatnonzero(second & ~third).tolist() == [5, 6, 7, 8, 9]
    assert np.flatnonzero(third & ~first).tolist() == list(range(30, 40))
    assert n[asked].mean() == pytest.approx(85, abs=0.5)
    assert len(set(world.streams[0].prompts)) == 40
