from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy.special import betaln

from overheard.detection.bayes_factors import (
    FRESH_BETA,
    FRESH_SHARE,
    FRESH_WEIGHT,
    RECENT_STARTS,
    SHIFT_SD,
    factors,
)
from overheard.detection.detector import ChangeEvidence, brand_statistic, change_evidence, histories
from overheard.detection.known_time import split_stream
from overheard.detection.simulate import Change, Design, simulate
from overheard.domain import Model
from overheard.measure.blocks import RunKey, Stream, StreamKey
from overheard.numpy_proxy import Floats

KEY = StreamKey("Acme", Model("local", "small"), "visibility")
START = datetime(2026, 3, 2, tzinfo=UTC)


def key(number: int) -> RunKey:
    """Return the key of a run; they are numbered from 1, a week apart."""
    return RunKey(START + timedelta(weeks=number), number)


def make(n: ArrayLike, total: ArrayLike, squares: ArrayLike | None = None) -> Stream:
    """Return a stream from its sums."""
    counts, sums = np.asarray(n), np.asarray(total, dtype=float)
    return Stream(
        key=KEY,
        version="visibility@1",
        runs=tuple(key(number + 1) for number in range(len(counts))),
        prompts=tuple(f"p{p:02d}" for p in range(counts.shape[1])),
        n=counts,
        total=sums,
        squares=sums if squares is None else np.asarray(squares, dtype=float),
    )


@st.composite
def panels(draw: st.DrawFn, runs: int = 6, prompts: int = 4) -> Stream:
    """Draw a small stream of 0 and 1, or of numbers; some cells are empty, and no run is."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = rng.integers(0, 5, (runs, prompts))
    n[:, 0] = np.maximum(n[:, 0], 1)
    if draw(st.booleans()):
        return make(n, rng.binomial(n, rng.beta(0.7, 0.7, prompts)))
    values = rng.normal(2, 1, (runs, prompts, 5)) * (np.arange(5) < n[..., None])
    return make(n, values.sum(axis=2), (values**2).sum(axis=2))


def expected(stream: Stream, first: int, tau2: float) -> float:
    """Return a log Bayes factor, worked out prompt by prompt from the two sides of the cut."""
    cut = split_stream(stream, stream.since(first))
    veff, width = cut.v + cut.run_effect_sd(tau2) ** 2, cut.width
    known = cut.v**2 / veff / width**2 if veff > 0 else 0.0
    z2 = cut.u**2 / veff if veff > 0 else 0.0
    uniform = (
        z2 * SHIFT_SD**2 * known / (2 * (1 + SHIFT_SD**2 * known))
        - np.log1p(SHIFT_SD**2 * known) / 2
    )
    if not stream.binary:
        return float(uniform)
    a, b = FRESH_BETA
    hits, n, before, asked = cut.after.total, cut.after.n, cut.before.total, cut.before.n
    fresh = betaln(a + hits, b + n - hits) - betaln(a, b)
    old = betaln(a + before + hits, b + asked + n - before - hits)
    old -= betaln(a + before, b + asked - before)
    sparse = np.prod(1 - FRESH_SHARE + FRESH_SHARE * np.exp(fresh - old))
    return float(np.log((1 - FRESH_WEIGHT) * np.exp(uniform) + FRESH_WEIGHT * sparse))


@settings(deadline=None)
@given(panels(), st.sampled_from([0.0, 0.05]))
def test_factors_are_those_of_the_textbook(stream: Stream, tau2: float) -> None:
    """Each Bayes factor is the one worked out slowly from the stream cut in two there."""
    found = change_evidence(stream, tau2)
    assert [run.id for run in found.starts] == [2, 3, 4, 5, 6]
    slow = [expected(stream, run.id, tau2) for run in found.starts]
    assert found.logs == pytest.approx(slow, abs=1e-9)


def test_a_factor_by_hand() -> None:
    """Two prompts with answers of 1 and 2: 1 of 4 are 2, then 3 of 4; 1 of 2, then 2 of 2.

    As for rates, U = 3 - 4/2 + 2 - 6/4 = 1.5 and V = 4/7 + 1/4; numbers have the factor of a
    change of all prompts alone.
    """
    twos, n = np.array([[1, 1], [3, 2]]), np.array([[4, 2], [4, 2]])
    stream = make(n, n + twos, n + 3 * twos)
    v = 4 / 7 + 1 / 4
    known = 1 + 0.49 * v / stream.width**2
    (log,) = change_evidence(stream, 0.0).logs
    assert log == pytest.approx(1.5**2 / v * (1 - 1 / known) / 2 - np.log(known) / 2)


@settings(deadline=None)
@given(panels(), st.permutations(range(4)))
def test_the_order_of_prompts_does_not_matter(stream: Stream, order: list[int]) -> None:
    """A permutation of the prompts changes nothing."""
    index = np.array(order)
    other = replace(
        stream,
        prompts=tuple(stream.prompts[i] for i in order),
        n=stream.n[:, index],
        total=stream.total[:, index],
        squares=stream.squares[:, index],
    )
    assert change_evidence(other, 0.05).logs == pytest.approx(change_evidence(stream, 0.05).logs)


@settings(deadline=None)
@given(panels(), st.integers(0, 6))
def test_a_failed_run_is_neutral(stream: Stream, place: int) -> None:
    """A run in which every call failed changes nothing, wherever it lies."""
    gap = np.zeros((1, 4))
    longer = replace(
        stream,
        runs=(*stream.runs[:place], key(99), *stream.runs[place:]),
        n=np.insert(stream.n, [place], gap.astype(int), axis=0),
        total=np.insert(stream.total, [place], gap, axis=0),
        squares=np.insert(stream.squares, [place], gap, axis=0),
    )
    mine, theirs = change_evidence(stream, 0.05), change_evidence(longer, 0.05)
    assert theirs.starts == mine.starts
    assert theirs.logs == pytest.approx(mine.logs)


@settings(deadline=None)
@given(panels(), st.integers(1, 5))
def test_an_edited_prompt_is_a_new_prompt(stream: Stream, at: int) -> None:
    """A change there is weighed without the prompt that was edited there, with any answers."""
    old, new = np.zeros((6, 1), int), np.zeros((6, 1), int)
    old[:at], new[at:] = 9, 9
    edited = make(
        np.hstack([stream.n, old, new]),
        np.hstack([stream.total, old, 0 * new]),
        np.hstack([stream.squares, old, 0 * new]),
    )
    edited.__dict__.update(width=stream.width, binary=stream.binary)
    mine, theirs = change_evidence(stream, 0.05), change_evidence(edited, 0.05)
    assert theirs.logs[at - 1] == pytest.approx(mine.logs[at - 1])


def test_more_of_a_real_change_is_never_weaker() -> None:
    """Twice the same evidence of a drop by 25 points never lowers the statistic."""
    world = simulate(Design(runs=12, tau=0.25), Change(9, -25.0), size=60, seed=3)
    for index in range(60):
        stream = world.stream(index)
        twice = replace(stream, n=2 * stream.n, total=2 * stream.total, squares=2 * stream.squares)
        assert change_evidence(twice, 0.05).statistic() >= change_evidence(stream, 0.05).statistic()


def test_nothing_is_kept_between_runs() -> None:
    """The evidence at each run is the same, whether the runs come one by one or all at once."""
    world = simulate(Design(runs=24, prompts=8, missing=0.3, edits=(10,)), size=1, seed=4)
    together = factors(histories(world.stream(0)), 0.03, range(1, 24))
    for latest, logs in enumerate(together, start=1):
        alone = change_evidence(world.stream(0, first=latest + 1), 0.03)
        assert alone.logs == pytest.approx(logs[0])


def test_moods_weaken_the_evidence() -> None:
    """The moodier the runs, the less a drop of all prompts proves."""
    stream = simulate(Design(runs=10), Change(8, -25.0), size=1, seed=5).stream(0)
    found = [change_evidence(stream, tau2).statistic() for tau2 in (0.0, 0.03, 0.1, 0.5)]
    assert found == sorted(found, reverse=True)


def test_the_latest_runs_are_candidates() -> None:
    """A change may have begun with each of the last 16 runs, and never with the first of all."""
    world = simulate(Design(runs=30), size=1, seed=6)
    assert [run.id for run in change_evidence(world.stream(0), 0.03).starts] == list(range(15, 31))
    assert len(change_evidence(world.stream(0, first=5), 0.03).starts) == 4
    assert RECENT_STARTS == 16


@pytest.mark.parametrize("runs", [0, 1])
def test_without_a_past_there_is_no_evidence(runs: int) -> None:
    """With fewer than two runs the statistic is nothing, and there are no dates."""
    found = change_evidence(simulate(Design(runs=3), size=1, seed=7).stream(0, first=runs), 0.03)
    assert found.statistic() == found.largest == -np.inf
    assert found.dates() == ()
    assert brand_statistic([found.statistic()]) == -np.inf


def test_the_baseline_can_begin_later() -> None:
    """After an alarm, runs from before the new baseline do not count any more."""
    stream = simulate(Design(runs=12), Change(6, -30.0), size=1, seed=8).stream(0)
    later = change_evidence(stream, 0.03, first=7)
    assert [run.id for run in later.starts] == [8, 9, 10, 11, 12]
    assert later.statistic() < 4 < change_evidence(stream, 0.03).statistic()


def test_a_change_of_a_few_prompts_is_seen() -> None:
    """Three of 30 prompts that turn from always to never are seen, though the mean hardly moves."""
    n = np.full((12, 30), 3)
    total = np.where(np.arange(30) % 2, 3, 1) * np.ones((12, 1))
    total[10:, [1, 3, 5]] = 0
    total[10:, [0, 2, 4, 6, 8, 10, 12, 14, 16]] += 1
    assert change_evidence(make(n, total), 0.25).statistic() > 6


def test_numbers_are_watched_too() -> None:
    """A sentiment that falls by half a point is seen, and when it fell."""
    rng = np.random.default_rng(2)
    values = rng.normal(0.5, 0.3, (14, 10, 3))
    values[11:] -= 0.5
    stream = make(np.full((14, 10), 3), values.sum(axis=2), (values**2).sum(axis=2))
    found = change_evidence(stream, 0.03)
    assert found.statistic() > 6
    assert [run.id for run in found.dates()] == [12]


def made(logs: Floats | list[float]) -> ChangeEvidence:
    """Return evidence with these log factors, for runs 1, 2 ..."""
    return ChangeEvidence(tuple(key(index + 1) for index in range(len(logs))), np.array(logs))


def test_the_statistic_sums_and_weighs() -> None:
    """The factors 1, 2 and 3 sum to 6, and to 24 when the second is ten times as likely."""
    found = made(np.log([1.0, 2.0, 3.0]))
    assert found.statistic() == pytest.approx(np.log(6))
    assert found.statistic({2: 10.0}) == pytest.approx(np.log(24))


def test_a_brand_has_the_mean_of_its_streams() -> None:
    """Streams of 6 and 2, and one without a past, make 8/3."""
    streams = [made(np.log([1.0, 5.0])), made(np.log([2.0])), made([])]
    assert brand_statistic([s.statistic() for s in streams]) == pytest.approx(np.log(8 / 3))


def test_dates_are_the_likeliest_runs() -> None:
    """Of 5, 60, 30 and 5 %, the second and third run hold 90 %."""
    found = made(np.log([5.0, 60.0, 30.0, 5.0]))
    assert found.posterior == pytest.approx([0.05, 0.6, 0.3, 0.05])
    assert [run.id for run in found.dates()] == [2, 3]
    assert [run.id for run in found.dates(0.5)] == [2]
    assert len(found.dates(0.99)) == 4


@pytest.mark.parametrize("tau", [0.0, 0.25])
def test_dates_hold_the_change(tau: float) -> None:
    """The 90 % set holds the run of a drop by 15 points in 0.88 of panels or more."""
    world = simulate(Design(runs=26, tau=tau), Change(20, -15.0), size=300, seed=9)
    held = [
        21 in {run.id for run in change_evidence(world.stream(i), 0.01 + tau**2).dates()}
        for i in range(300)
    ]
    assert np.mean(held) >= 0.88


def test_overwhelming_evidence_is_a_number() -> None:
    """Thousands of answers that all turn do not overflow."""
    n = np.full((4, 20), 2000)
    total = n * np.array([[1], [1], [0], [0]])
    assert np.isfinite(change_evidence(make(n, total), 0.03).statistic())
