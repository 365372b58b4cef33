from dataclasses import replace

import numpy as np
import pytest

from overheard.detection.power import WELL_KNOWN
from overheard.measure.intervals import wilson
from overheard.measure.trends import trend
from overheard_lab.panels import CHALLENGER, Design, simulate


def test_each_prompt_weighs_the_same() -> None:
    """A prompt that was asked ten times counts as much as one that was asked once."""
    stream = simulate(Design(runs=1, prompts=2, repeats=1), size=1, seed=1).stream(0)
    total = np.array([[1.0, 4.0]])
    uneven = replace(stream, n=np.array([[1, 10]]), total=total, squares=total)
    (point,) = trend(uneven)
    assert point.mean == pytest.approx((1 + 0.4) / 2)
    assert point.n == 11


def test_a_run_without_answers_has_no_point() -> None:
    """A run in which all calls failed is left out, not shown as 0."""
    stream = simulate(Design(runs=3), size=1, seed=1).stream(0)
    alive = np.array([1, 0, 1])[:, None]
    silent = replace(
        stream, n=stream.n * alive, total=stream.total * alive, squares=stream.squares * alive
    )
    assert [point.run_id for point in trend(silent)] == [1, 3]


def test_a_brand_never_named_has_an_interval() -> None:
    """0 of 90 answers is not a certainty: the interval is Wilson's."""
    stream = simulate(Design(runs=1), size=1, seed=1).stream(0)
    nothing = np.zeros_like(stream.total)
    (point,) = trend(replace(stream, total=nothing, squares=nothing))
    assert (point.low, point.high) == pytest.approx(wilson(0.0, 90))


def test_prompts_that_differ_make_the_mean_surer() -> None:
    """The spread between prompts is no noise: half sure and half never is narrower than a coin."""
    stream = simulate(Design(runs=1, prompts=30, repeats=4), size=1, seed=1).stream(0)
    sure = np.where(np.arange(30) < 15, 4.0, 0.0)[None, :]
    coin = np.full((1, 30), 2.0)
    widths = []
    for total in (sure, coin):
        (point,) = trend(replace(stream, total=total, squares=total), tau2=0.0)
        widths.append(point.high - point.low)
    assert widths[0] < widths[1] / 2


def test_numbers_off_the_unit_interval_get_the_normal_interval() -> None:
    """Ranks are no rates: their interval is symmetric about the mean, by hand.

    Two prompts with ranks 1, 3 and 2, 4: each deviates by 2 in all, so with 2 answers' worth of
    the overall variance 1.25 the spread is (4 + 2.5) / (2 + 2) = 1.625; the mean's variance is
    1.625 / 4, and 1.645 of its root is 1.0484.
    """
    stream = simulate(Design(runs=1, prompts=2, repeats=2), size=1, seed=1).stream(0)
    ranks = replace(stream, total=np.array([[4.0, 6.0]]), squares=np.array([[10.0, 20.0]]))
    (point,) = trend(ranks, tau2=0.0)
    assert (point.low, point.mean, point.high) == pytest.approx((1.4516, 2.5, 3.5484), abs=1e-3)


@pytest.mark.parametrize("beta", [WELL_KNOWN, CHALLENGER])
@pytest.mark.parametrize("repeats", [1, 3])
def test_intervals_hold_the_truth(beta: tuple[float, float], repeats: int) -> None:
    """90 % intervals hold the true mean of the panel in 0.87 to 0.98 of 1,000 calm runs."""
    world = simulate(Design(runs=4, repeats=repeats, beta=beta), size=250, seed=5)
    truth = world.chance.mean(axis=1)
    held = [
        point.low <= truth[index] <= point.high
        for index in range(250)
        for point in trend(world.stream(index), tau2=0.0)
    ]
    assert 0.87 <= np.mean(held) <= 0.98


def test_numbers_that_are_all_alike_have_no_width() -> None:
    """Half the voice in every answer: nothing is seen to vary, and nothing breaks."""
    stream = simulate(Design(runs=1), size=1, seed=1).stream(0)
    total = np.full_like(stream.total, 1.5)
    (point,) = trend(replace(stream, total=total, squares=total / 2))
    assert (point.mean, point.low, point.high) == (0.5, 0.5, 0.5)
