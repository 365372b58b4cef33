from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import scipy
from hypothesis import given, strategies as st
from known_time import p_value
from numpy.typing import ArrayLike

from overheard.detection.decision_inputs import change_interval, compare_sides, split_stream
from overheard.domain import Model, RunKey
from overheard.measure.blocks import Stream, StreamKey

KEY = StreamKey("Acme", Model("local", "small"), "visibility")
START = datetime(2026, 3, 2, tzinfo=UTC)


def make(n: ArrayLike, total: ArrayLike, squares: ArrayLike | None = None) -> Stream:
    """Return a stream from its sums; runs are numbered from 1, a week apart."""
    counts, sums = np.asarray(n), np.asarray(total, dtype=float)
    runs, prompts = counts.shape
    return Stream(
        key=KEY,
        version="visibility@1",
        runs=tuple(RunKey(START + timedelta(weeks=r), r + 1) for r in range(runs)),
        prompts=tuple(f"p{p:02d}" for p in range(prompts)),
        n=counts,
        total=sums,
        squares=sums if squares is None else np.asarray(squares, dtype=float),
    )


def column(stream: Stream, order: ArrayLike) -> Stream:
    """Return a stream with its prompts in another order, or with some of them."""
    index = np.asarray(order)
    return replace(
        stream,
        prompts=tuple(stream.prompts[i] for i in index),
        n=stream.n[:, index],
        total=stream.total[:, index],
        squares=stream.squares[:, index],
    )


def z_of(stream: Stream, first: int, tau2: float) -> float:
    """Return the statistic of a comparison in standard deviations."""
    cut = split_stream(stream, stream.since(first))
    return float(cut.u / (cut.v + cut.run_effect_sd(tau2) ** 2) ** 0.5)


def numbers(stream: Stream, first: int, tau2: float = 0.05) -> list[float]:
    """Return the figures of a comparison; empty where nothing can be compared."""
    c = compare_sides(stream, first, tau2)
    if c is None:
        return []
    z, p = z_of(stream, first, tau2), p_value(stream, first, tau2)
    return [z, c.v, c.veff, p, c.before, c.after, c.change, *c.interval]


@st.composite
def panels(draw: st.DrawFn, runs: int = 4, prompts: int = 4) -> Stream:
    """Draw a small stream of 0 and 1, or of numbers; some cells are empty."""
    seed = draw(st.integers(0, 2**32 - 1))
    binary = draw(st.booleans())
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 5, (runs, prompts))
    if binary:
        return make(n, rng.binomial(n, rng.beta(0.7, 0.7, prompts)))
    values = rng.normal(2, 1, (runs, prompts, 5)) * (np.arange(5) < n[..., None])
    return make(n, values.sum(axis=2), (values**2).sum(axis=2))


TWO = make([[4, 2], [4, 2]], [[1, 1], [3, 2]])
"""Two prompts: 1 of 4 then 3 of 4; 1 of 2 then 2 of 2."""


def test_the_statistic_by_hand() -> None:
    """U, V and z are those worked out by hand.

    First prompt: N = 8, A = 4: U = 3 - 4/2 = 1, V = 4 x 4 x 4 x 4 / (64 x 7) = 4/7.
    Second: N = 4, A = 3: U = 2 - 2 x 3/4 = 1/2, V = 2 x 2 x 3 x 1 / (16 x 3) = 1/4.
    Each run's run effect pulls U by V in all, so with tau2 = 1/4, Veff = V + 2 V^2 / 4.
    """
    found = compare_sides(TWO, 2, tau2=0.25)
    v = 4 / 7 + 1 / 4
    assert found
    assert split_stream(TWO, TWO.since(2)).u == pytest.approx(1.5)
    assert (found.v, found.veff) == pytest.approx((v, v + v**2 / 2))
    assert z_of(TWO, 2, 0.25) == pytest.approx(1.5 / (v + v**2 / 2) ** 0.5)


def test_the_p_value_by_hand() -> None:
    """Without run effects the p-value is exact.

    The first prompt's successes after have chances 1, 16, 36, 16, 1 in 70 for 0 to 4; the
    second's 1/2 each for 1 and 2. Five or more in all: 16/70/2 + 1/70/2 + 1/70/2 = 9/70, twice.
    """
    assert p_value(TWO, 2, tau2=0.0) == pytest.approx(18 / 70)


def test_the_change_weighs_prompts_the_same() -> None:
    """The change is the mean of the prompts' changes: (2/4 + 1/2) / 2, not that of all answers."""
    found = compare_sides(TWO, 2, tau2=0.0)
    assert found
    assert (found.before, found.after) == pytest.approx((0.375, 0.875))
    assert found.change == pytest.approx(0.5)
    assert found.interval[0] < 0.5 < found.interval[1]
    assert found.answers == (6, 6)


def test_prompts_that_moved_most_come_first() -> None:
    """The evidence lists the prompts by how far they moved, either way."""
    stream = make([[4, 4, 4], [4, 4, 4]], [[2, 0, 4], [2, 1, 0]])
    found = compare_sides(stream, 2, tau2=0.0)
    assert found
    assert [(p.prompt, p.before, p.after) for p in found.prompts] == [
        ("p02", 1.0, 0.0),
        ("p01", 0.0, 0.25),
        ("p00", 0.5, 0.5),
    ]


def test_equals_the_textbook_chi_square() -> None:
    """With tau2 = 0, z squared is the Cochran-Mantel-Haenszel chi-square of the 2 x 2 tables."""
    rng = np.random.default_rng(11)
    n = rng.integers(1, 7, (5, 12))
    total = rng.binomial(n, rng.beta(0.6, 0.8, 12))
    excess = variance = 0.0
    for p in range(12):
        a, b = total[3:, p].sum(), n[3:, p].sum() - total[3:, p].sum()
        c, d = total[:3, p].sum(), n[:3, p].sum() - total[:3, p].sum()
        size = a + b + c + d
        excess += a - (a + b) * (a + c) / size
        variance += (a + b) * (c + d) * (a + c) * (b + d) / (size**2 * (size - 1))
    assert z_of(make(n, total), 4, tau2=0.0) ** 2 == pytest.approx(excess**2 / variance)


@given(panels(), st.permutations(range(4)))
def test_the_order_of_prompts_does_not_matter(stream: Stream, order: list[int]) -> None:
    """A permutation of the prompts changes no figure."""
    mine, theirs = numbers(stream, 3), numbers(column(stream, order), 3)
    assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@given(panels())
def test_more_of_the_same_is_never_weaker(stream: Stream) -> None:
    """Twice the same evidence never lowers the absolute value of z."""
    twice = replace(stream, n=2 * stream.n, total=2 * stream.total, squares=2 * stream.squares)
    if compare_sides(stream, 3, 0.05):
        assert abs(z_of(twice, 3, 0.05)) >= abs(z_of(stream, 3, 0.05)) - 1e-9


@given(panels())
def test_swapping_sides_flips_the_sign(stream: Stream) -> None:
    """Time run backwards turns a rise into an equal fall, as sure as before."""
    back = replace(stream, n=stream.n[::-1], total=stream.total[::-1], squares=stream.squares[::-1])
    forth, reverse = compare_sides(stream, 3, 0.05), compare_sides(back, 3, 0.05)
    if forth:
        assert reverse
        assert forth.change == pytest.approx(-reverse.change, abs=1e-9)
        assert z_of(stream, 3, 0.05) == pytest.approx(-z_of(back, 3, 0.05), abs=1e-9)
        assert p_value(stream, 3, 0.05) == pytest.approx(p_value(back, 3, 0.05), rel=1e-6)
        assert forth.interval == pytest.approx((-reverse.interval[1], -reverse.interval[0]))


@given(panels())
def test_a_failed_run_is_neutral(stream: Stream) -> None:
    """A run in which every call failed changes no figure, before the cut or after it."""
    gap = np.zeros((1, 4))
    for place in (1, 4):
        longer = make(
            np.insert(stream.n, [place], gap.astype(int), axis=0),
            np.insert(stream.total, [place], gap, axis=0),
            np.insert(stream.squares, [place], gap, axis=0),
        )
        first = 4 if place == 1 else 3
        mine, theirs = numbers(stream, 3), numbers(longer, first)
        assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def test_an_edited_prompt_is_a_new_prompt() -> None:
    """A prompt that was replaced at the cut counts on neither side."""
    edited = make([[4, 2, 9, 0], [4, 2, 0, 9]], [[1, 1, 9, 0], [3, 2, 0, 0]])
    assert numbers(edited, 2)[:7] == pytest.approx(numbers(TWO, 2)[:7])
    found = compare_sides(edited, 2, 0.05)
    assert found
    assert len(found.prompts) == 2


@pytest.mark.parametrize(
    "stream",
    [
        make([[3, 3], [3, 3]], [[0, 0], [0, 0]]),
        make([[3, 3], [3, 3]], [[3, 0], [3, 0]]),
        make([[3, 3, 0], [3, 0, 3]], [[1, 2, 0], [3, 0, 1]]),
        make([[3, 3]], [[1, 2]]),
        make([[3, 3], [0, 0]], [[1, 2], [0, 0]]),
    ],
    ids=["never named", "nothing differs", "one shared prompt", "no past", "no answers after"],
)
def test_nothing_to_compare(stream: Stream) -> None:
    """A stream without information is not compared, rather than given a p-value."""
    assert compare_sides(stream, 2, 0.05) is None


def test_a_run_without_the_model_cannot_start_a_change() -> None:
    """Nothing is compared from a run in which the model did not answer."""
    assert compare_sides(TWO, 9, 0.05) is None


def test_numbers_are_compared_too() -> None:
    """A sentiment that fell from about 0.5 to about 0 in every prompt is seen, and how far."""
    rng = np.random.default_rng(2)
    values = rng.normal(0.5, 0.2, (4, 10, 3))
    values[3] -= 0.5
    stream = make(np.full((4, 10), 3), values.sum(axis=2), (values**2).sum(axis=2))
    found = compare_sides(stream, 4, 0.03)
    assert found
    assert p_value(stream, 4, 0.03) < 1e-4
    assert found.interval[0] < -0.5 < found.interval[1] < -0.2


def test_run_effects_widen_the_interval_by_their_heavy_tails() -> None:
    """With so many answers that calls are certain: two runs whose effects have the variance of
    Student's t; the default holds nine changes of ten.
    """
    n = np.full((2, 4), 10**7)
    stream = make(n, n / 2)
    cut = split_stream(stream, stream.since(2))
    sd = (2 * 0.04 * scipy.stats.t(6).var()) ** 0.5 * 0.5 * 0.5
    for options, level in (({}, 0.9), ({"level": 0.5}, 0.5)):
        low, high = change_interval(cut, stream.scatter, 0.04, **options)
        half = scipy.stats.norm.ppf((1 + level) / 2) * sd
        assert (low, high) == pytest.approx((-half, half), rel=0.04)
    found = compare_sides(stream, 2, 0.04)
    assert found
    assert found.interval == change_interval(cut, stream.scatter, 0.04)


def test_the_unit_of_a_number_says_nothing() -> None:
    """Prices in cents are as sure a change as the same prices in dollars."""
    values = np.random.default_rng(4).normal(3, 1, (4, 6, 5))
    values[2:] += 1
    n = np.full((4, 6), 5)
    dollars, cents = (
        make(n, (unit * values).sum(axis=2), ((unit * values) ** 2).sum(axis=2))
        for unit in (1, 100)
    )
    assert z_of(cents, 3, 0.5) == pytest.approx(z_of(dollars, 3, 0.5))
    assert z_of(dollars, 3, 0.5) < z_of(dollars, 3, 0.05) < z_of(dollars, 3, 0.0)


def test_of_prompts_that_moved_alike_the_one_with_more_new_answers_comes_first() -> None:
    """Then in the order of their keys, whichever way they moved; prompts of one side are left
    out.
    """
    n = [[2, 2, 2, 2, 0, 2], [2, 4, 2, 4, 4, 0]]
    found = compare_sides(make(n, [[1, 1, 1, 1, 0, 2], [2, 0, 0, 4, 4, 0]]), 2, 0.05)
    assert found
    moved = [(p.prompt, p.after - p.before, p.n_before, p.n_after) for p in found.prompts]
    assert moved == [
        ("p01", -0.5, 2, 4),
        ("p03", 0.5, 2, 4),
        ("p00", 0.5, 2, 2),
        ("p02", -0.5, 2, 2),
    ]
    assert (found.answers, found.binary) == ((8, 12), True)
