from dataclasses import replace

import numpy as np
import pytest

from overheard.detection import run_effects
from overheard.detection.bayes_factors import Histories
from overheard.detection.detector import histories
from overheard.detection.simulate import Design, simulate
from overheard.detection.threshold import (
    MAX_TAU2,
    ChanceDraw,
    RunEffect,
    estimate_run_effect,
    threshold,
    unchanged,
)
from overheard.measure.blocks import Stream

CALM = RunEffect(tau2=0.01, found=0.01, noise=0.0, runs=1000.0)


def brand(streams: int = 1, runs: int = 12) -> list[Stream]:
    """Return a brand's streams, 10 x 3 each."""
    world = simulate(Design(runs=runs, prompts=10), size=streams, seed=1)
    return [
        replace(s, key=s.key._replace(metric=f"metric {i}"))
        for i in range(streams)
        for s in [world.stream(i)]
    ]


def limit(
    streams: list[Stream], known: RunEffect = CALM, *, seed: int = 1, rate: float = 1.0
) -> float:
    """Return a threshold, from few panels."""
    moods = {stream.key: known for stream in streams}
    return threshold(streams, moods, seed=seed, per_year=rate, panels=100)


def test_the_same_seed_gives_the_same_threshold() -> None:
    """All randomness comes from the seed."""
    streams = brand()
    assert limit(streams) == limit(streams) != limit(streams, seed=2)


def test_a_stricter_promise_needs_more_evidence() -> None:
    """Fewer false alarms a year are kept by a higher threshold."""
    limits = [limit(brand(), rate=rate) for rate in (4.0, 1.0, 0.25)]
    assert limits == sorted(limits)


def test_uncertain_moods_need_more_evidence() -> None:
    """A variance that is known badly raises the threshold, and so does one that may be large."""
    unsure = replace(CALM, noise=0.1, runs=5.0)
    variable = replace(CALM, found=0.25)
    assert limit(brand(), unsure) > limit(brand())
    assert limit(brand(), variable) > limit(brand())


def test_more_streams_do_not_cost_in_proportion() -> None:
    """Six streams of a brand are watched together with a threshold that is no higher."""
    assert limit(brand(6)) < limit(brand()) + 0.2


def test_a_longer_year_needs_more_evidence() -> None:
    """Daily looks raise the threshold for the same promise."""
    streams = brand()
    moods = {streams[0].key: CALM}
    few, many = (threshold(streams, moods, seed=1, ahead=a, panels=50) for a in (12, 200))
    assert few < many


def test_short_and_long_pasts_are_watched_together() -> None:
    """A stream that began later shares the run effects of the runs of its model."""
    assert np.isfinite(limit([*brand(runs=12), *brand(runs=5)]))


@pytest.mark.parametrize("brands", [1, 40])
def test_moods_are_learnt_from_all_brands(brands: int) -> None:
    """The run effect's centre is the truth on average; many brands take the noise of calls away."""
    design = Design(runs=60, tau=0.25)
    first = simulate(design, size=1, seed=1)
    worlds = [
        simulate(design, size=1, seed=2 + b, run_effects=first.run_effects) for b in range(brands)
    ]
    known = estimate_run_effect([world.stream(0) for world in worlds], 61)
    assert known.freedom == 60
    assert known.centre == pytest.approx(
        np.var(first.run_effects), abs=0.05 if brands == 1 else 0.01
    )
    assert known.noise < (0.15 if brands == 1 else 0.02)


def test_without_a_past_the_mood_is_the_expected_one() -> None:
    """One run says nothing about run effects, and what is drawn is wide but bounded."""
    known = estimate_run_effect([simulate(Design(runs=1), size=1, seed=1).stream(0)], 2)
    drawn = known.draw(1000, np.random.default_rng(1))
    assert (known.tau2, known.centre, known.noise) == (
        run_effects.PRIOR_TAU2,
        run_effects.PRIOR_TAU2,
        0.0,
    )
    assert 0.9 * MAX_TAU2 < drawn.max() <= MAX_TAU2
    assert drawn.min() < run_effects.PRIOR_TAU2 < np.median(drawn)


def test_sure_moods_are_drawn_as_they_are() -> None:
    """With much known, all that is drawn lies near the estimate."""
    drawn = RunEffect(0.0, 0.0625, 0.01, 4000.0).draw(200, np.random.default_rng(1))
    assert drawn == pytest.approx(0.0625, abs=0.01)


def drawn(past: Histories, ahead: int = 40, tau: float = 0.0) -> Histories:
    """Return 300 unchanged histories like this one."""
    rng = np.random.default_rng(3)
    runs = len(past.n) + ahead
    luck = rng.random((300, runs, past.n.shape[1]))
    run_effects = tau * rng.standard_normal((300, runs))
    return unchanged(past, ChanceDraw(run_effects, luck, rng))


def test_unchanged_histories_are_like_the_real_one() -> None:
    """They ask what was asked, then what the latest runs asked, and answer alike on average."""
    world = simulate(Design(runs=30, prompts=6, missing=0.2), size=1, seed=4)
    past = histories(world.stream(0))
    null = drawn(past)
    assert np.array_equal(null.n[:30], past.n)
    assert np.array_equal(null.n[30:34], past.n[-4:])
    assert np.array_equal(null.n[34:38], past.n[-4:])
    rates = null.total.sum(axis=(0, 1)) / (300 * null.n.sum(axis=0))
    assert rates == pytest.approx(past.total[0].sum(axis=0) / past.n.sum(axis=0), abs=0.03)


def test_unchanged_numbers_are_like_the_real_ones() -> None:
    """Means and spreads of prompts are those of the real answers; run effects move whole runs."""
    rng = np.random.default_rng(5)
    n = np.full((30, 6), 4)
    values = rng.normal(np.arange(6)[:, None], 0.5, (30, 6, 4))
    past = Histories(n, values.sum(axis=2)[None], (values**2).sum(axis=2)[None], binary=False)
    calm, variable = drawn(past), drawn(past, tau=0.5)
    means = calm.total / calm.n
    spread = (calm.squares - calm.total**2 / calm.n).sum(axis=(0, 1)) / (300 * 70 * 3)
    assert means.mean(axis=(0, 1)) == pytest.approx(np.arange(6), abs=0.1)
    assert spread == pytest.approx(0.25, rel=0.15)
    assert (variable.total / n[0]).mean(axis=2).std() > 1.1 * means.mean(axis=2).std()
