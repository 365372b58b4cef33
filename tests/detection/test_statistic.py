"""Tests of the statistic: laws that it keeps, and the parts by hand."""

import tracemalloc
from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from overheard.detection import step_evidence as marginal_likelihood
from overheard.detection.control_variate import RunEffectPrior, StreamGroup, run_series
from overheard.detection.decision_inputs import alarm_table, needed_excess, rarity, runs_a_year
from overheard.detection.fresh_evidence import FRESH_SHARES, fresh_evidence
from overheard.detection.statistic import Statistic, candidate_starts, statistic
from overheard.detection.step_evidence import step_evidence
from overheard.domain import RunKey
from overheard.measure.blocks import Stream
from overheard_lab.panels import Change, Design, simulate
from overheard_lab.worlds import Moved, WorldDesign, simulate_world

PRIOR = RunEffectPrior()


def fallen(points: float = -30.0, runs: int = 16, seed: int = 1) -> Stream:
    """Return a rate that falls with the 13th run."""
    return simulate(Design(runs=runs), Change(12, points), size=1, seed=seed).stream(0)


def found(own: Stream, *rivals: Stream) -> Statistic:
    """Return the statistic of all runs."""
    group = StreamGroup.of(own, rivals)
    return statistic(group, group.answered(), PRIOR)


def test_a_change_is_seen_at_its_run() -> None:
    """The likeliest start is the true one, and the dates hold it."""
    evidence = found(fallen())
    assert evidence.likeliest == 12
    assert 12 in evidence.dates()
    assert evidence.total > 6


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(30)))
def test_the_order_of_prompts_does_not_matter(order: list[int]) -> None:
    """Nor does a prompt that is never asked."""
    mine = fallen()
    turned = replace(
        mine,
        prompts=tuple(mine.prompts[i] for i in order),
        n=mine.n[:, order],
        total=mine.total[:, order],
        squares=mine.squares[:, order],
    )
    assert found(turned).total == pytest.approx(found(mine).total)


def test_an_edited_prompt_is_no_evidence() -> None:
    """A prompt that is replaced by one with other answers moves nothing."""
    n = np.full((12, 20), 3)
    n[:6, :5], n[6:, 15:] = 0, 0
    total = np.where(np.arange(20) < 5, 3.0, 0.0) * (n > 0)
    total[:, 5:15] = np.tile([1.0, 2.0], (12, 5))
    world = simulate(Design(runs=12, prompts=20), size=1, seed=1).stream(0)
    edited = found(replace(world, n=n, total=total, squares=total))
    assert edited.total < log(16)


def test_what_rivals_show_too_is_no_change() -> None:
    """The rivals' effect is subtracted where it is shared, and a change stays."""
    design = WorldDesign("normal", "shared", 0.5, runs=30)
    changes = {(0, 0): (Moved(25, -15.0),)}
    own, *rivals = simulate_world(design, 2, changes).streams
    alone, together = found(own), found(own, *rivals)
    assert together.series.shared > 0.1 > together.series.own
    assert together.total > alone.total
    level = together.series.level[0][:25]
    assert level.std() < found(own).series.level[0][:25].std()


def test_own_effects_are_left() -> None:
    """Where nothing is shared hardly anything is subtracted."""
    own, *rivals = simulate_world(WorldDesign("normal", "own", 0.5, runs=40), 5).streams
    group = StreamGroup.of(own, rivals)
    series = run_series(group, group.answered(), PRIOR)
    assert series.own > 3 * series.shared
    assert np.abs(series.effect[0]).mean() < 0.2


def test_larger_effects_weaken_the_evidence() -> None:
    """The same step in a series with more scatter is worth less."""
    rng = np.random.default_rng(1)
    step = np.where(np.arange(20) >= 15, 1.0, 0.0)
    steps = (np.arange(20) >= 15)[None].astype(float)
    noise = np.full((1, 20), 0.05)
    calm, wild = (
        step_evidence((step + spread * rng.standard_normal(20))[None], noise, steps, 8)
        for spread in (0.2, 0.8)
    )
    assert calm.steps[0] > wild.steps[0]
    assert calm.variance < wild.variance


def test_a_fresh_prompt_by_hand() -> None:
    """One prompt with 30 hits in 30 and none in 3 since; without answers there is no evidence, and
    where prompts scatter by themselves, less.
    """
    zero, one = np.zeros((1, 1)), np.ones((1, 1))
    fresh = fresh_evidence((30 * one, 30 * one), (3 * one, zero), np.zeros(1), zero)
    share = sum(FRESH_SHARES) / 2
    factor = np.exp(fresh[0]) / share - (1 - share) / share
    assert factor > 500
    assert fresh_evidence((30 * one, 30 * one), (3 * one, zero), np.zeros(1), 4 * one) < fresh
    unasked = fresh_evidence((30 * one, 30 * one), (zero, zero), np.zeros(1), zero)
    assert unasked == pytest.approx(0)


def test_prompts_scatter_where_they_load_unevenly() -> None:
    """The mean of six worlds; loadings of 1 + N(0, 1) have a variance of 1."""
    loading = {}
    for kind in ("normal", "uneven"):
        found = []
        for seed in range(6):
            streams = simulate_world(WorldDesign(kind, "shared", 0.5, runs=40), seed).streams
            group = StreamGroup.of(streams[0], streams[1:])
            found.append(run_series(group, group.answered(), PRIOR).scatter)
        own, loading[kind] = np.mean(found, axis=0)
        assert own < 0.1
    assert loading["normal"] < 0.35 < loading["uneven"]


@pytest.mark.parametrize("brands", [2, 3, 5])
def test_what_one_rival_gains_is_not_lost_by_others(brands: int) -> None:
    """A rival that rises for good does not lower the estimate of what all share in each run; and of
    two brands that part it cannot be told which moved, so nothing is subtracted.
    """
    design = WorldDesign("normal", "shared", 0.5, brands=brands, runs=40)
    totals, steps = [], []
    for seed in range(8):
        changes = {(1, 0): (Moved(30, logits=1.6),)}
        own, *rivals = simulate_world(design, seed, changes).streams
        evidence = found(own, *rivals)
        level = evidence.series.level[0]
        steps.append(level[30:].mean() - level[:30].mean())
        totals.append(evidence.total)
    assert abs(np.mean(steps)) < 0.12
    assert np.mean(totals) < alarm_table().threshold(39, 0.0, 0.0)


def test_runs_that_were_cut_out_count_for_the_variances() -> None:
    """Else a baseline without its most deviating runs would be taken for a calm one."""
    own, *rivals = simulate_world(WorldDesign("uneven", "shared", 0.5, runs=40), 4).streams
    group = StreamGroup.of(own, rivals)
    whole = run_series(group, group.answered(), PRIOR)
    usual = np.abs(whole.raw.mean(axis=0)) < 0.4
    usual[[0, -1]] = True
    cut = run_series(group, np.flatnonzero(usual), PRIOR)
    assert usual.sum() < 32
    assert cut.shared > 0.7 * whole.shared
    assert cut.scatter[1] > 0.7 * whole.scatter[1]


def test_two_runs_may_each_deviate_for_themselves() -> None:
    """Where a fifth of the runs are in another state, two in a row are worth less."""
    rng = np.random.default_rng(3)
    calm = WorldDesign("normal", "own", 0.0, runs=40)
    stream, *rivals = simulate_world(calm, 5).streams
    moved = simulate_world(calm, 5, {(0, 0): (Moved(38, logits=1.3),)}).streams[0]
    odd = {
        (b, 0): tuple(Moved(int(r), logits=1.3, until=int(r) + 1) for r in range(2, 36) if one[r])
        for b, one in enumerate(rng.random((5, 40)) < 0.2)
        if b
    }
    states = simulate_world(calm, 5, odd).streams[1:]
    quiet, loud = (
        statistic(StreamGroup.of(moved, others), np.arange(40), PRIOR).total
        for others in (rivals, states)
    )
    assert stream.key == moved.key
    assert quiet > loud + 2


def test_a_change_of_a_few_prompts_is_seen() -> None:
    """10 points on 3 of 30 prompts: sooner than a shift of all would be, and known as such."""
    carried = simulate(Design(runs=14), Change(11, -9.0, 0.1), size=1, seed=4).stream(0)
    assert not found(carried).uniform
    assert found(carried).likeliest == 11


def test_numbers_are_watched_too() -> None:
    """A sentiment that falls by half of its deviation."""
    rng = np.random.default_rng(2)
    base = simulate(Design(runs=14), size=1, seed=1).stream(0)
    values = rng.normal(0.3, 0.4, (14, 30, 3))
    values[10:] -= 0.3
    numbers = replace(base, total=values.sum(axis=2), squares=(values**2).sum(axis=2))
    assert found(numbers).likeliest == 10
    assert found(numbers).total > 5


def test_frequent_runs_are_searched_further_back() -> None:
    """The latest 16, then at growing distances; never the first run."""
    assert candidate_starts(5).tolist() == [1, 2, 3, 4, 5]
    assert len(candidate_starts(40)) == 16
    far = candidate_starts(200, 112)
    assert far[-16:].tolist() == list(range(185, 201))
    assert far[0] < 110


def test_rates_and_excesses_are_inverse() -> None:
    """On both sides of the bend, and rarer for one of many brands."""
    for rate in (2.0, 0.2, 0.002):
        assert alarm_table().rate(alarm_table().excess(rate)) == pytest.approx(rate)
    assert needed_excess(0.2, 52, 10) > needed_excess(0.2, 52, 1)
    assert rarity(1.0, 104, 5).yearly == pytest.approx(10 * rarity(1.0, 52, 1).yearly)


def test_the_pace_is_not_read_from_minutes() -> None:
    """A few runs in a row are no pace; a month of daily runs is, and bursts are counted as such."""
    start = simulate(Design(runs=1), size=1, seed=1).stream(0).runs[0].at
    step = np.timedelta64(1, "s").astype(object)
    quick = [RunKey(start + step * n, n) for n in range(50)]
    daily = [RunKey(start + step * 86_400 * n, n) for n in range(60)]
    weekly = [RunKey(start + step * 604_800 * n, n) for n in range(60)]
    assert runs_a_year(quick) == runs_a_year(weekly) == 52
    assert runs_a_year(daily) == pytest.approx(365, abs=1)
    assert runs_a_year([]) == 52


@pytest.mark.parametrize("uneven", [False, True])
def test_a_long_history_is_not_kept_by_the_square_of_its_runs(uneven: bool) -> None:
    """A bot that checks every day for a year keeps some megabytes for it, and not 130; nor is a
    weight kept for each check, which no other check has.
    """
    tracemalloc.start()
    try:
        for runs in range(2, 220):
            profile = np.ones(runs)
            profile[0] += uneven * (1 + runs / 1e3)
            marginal_likelihood._basis(0.7, profile, np.ones(runs))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Those of 219 lengths together are 28 MB, of which 5.5 are of lengths up to 128.
    assert kept < (2**22 if uneven else 2**24)
