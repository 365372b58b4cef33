"""The series of runs with the shared run effect removed, against linear algebra written out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from overheard.detection.control_variate import RunEffectPrior, RunSeries, StreamGroup, run_series
from overheard.measure.blocks import Stream
from overheard.numpy_proxy import Floats, Mask, Places, np
from overheard_lab.worlds import Moved, WorldDesign, simulate_world

PRIOR = RunEffectPrior(shared=0.05, own=0.02)


def market(brands: int, runs: int, seed: int, **more: Any) -> list[Stream]:
    """Return the streams of some brands of one model."""
    design = WorldDesign("normal", "half", 0.4, brands=brands, runs=runs, prompts=10)
    return simulate_world(replace(design, **more), seed).streams


def series_of(streams: list[Stream], rows: Places | None = None) -> RunSeries:
    """Return the series of the first brand and its rivals, of all runs or of some."""
    group = StreamGroup.of(streams[0], streams[1:])
    return run_series(group, group.answered() if rows is None else rows, PRIOR)


def emptied(stream: Stream, gone: Mask) -> Stream:
    """Return a stream of 0 and 1 without the answers of some runs, R x 1."""
    total = np.where(gone, 0.0, stream.total)
    return replace(stream, n=np.where(gone, 0, stream.n), total=total, squares=total)


def distances(stream: Stream) -> tuple[Floats, Floats]:
    """Return how far each run is from its prompts' means in logits, and the information of its
    calls: the sum of the prompts' variances.
    """
    n, total, squares = (
        np.asarray(part, float) for part in (stream.n, stream.total, stream.squares)
    )
    x, known = np.zeros(len(n)), np.zeros(len(n))
    for prompt in range(n.shape[1]):
        answers, mean = n[:, prompt].sum(), total[:, prompt].sum() / n[:, prompt].sum()
        variance = (squares[:, prompt].sum() - answers * mean**2) / (answers - 1)
        known += n[:, prompt] * variance
        x += total[:, prompt] - n[:, prompt] * mean
    return x / np.maximum(known, 0.3), np.maximum(known, 0.3)


def variances(x: Floats, noise: Floats) -> tuple[float, float]:
    """Return the variances of the shared and the own effects, by covariances of the settled runs;
    the priors weigh as much as four runs.
    """
    brands, runs = x.shape
    settled = runs - 6 if runs >= 12 else runs - 1
    covariance = np.atleast_2d(np.cov(x[:, :settled]))
    weight = 4 / (settled + 4)
    whole = np.median([covariance[j, j] - noise[j, :settled].mean() for j in range(brands)])
    if brands < 3:
        return 1e-4, max((1 - weight) * whole + weight * 0.07, 1e-4)
    common = np.mean([covariance[j, k] for j in range(brands) for k in range(brands) if j != k])
    shared = (1 - weight) * common + weight * 0.05
    return max(shared, 1e-4), max((1 - weight) * (whole - common) + weight * 0.02, 1e-4)


def shared_effect(x: Floats, noise: Floats, shared: float, own: float) -> tuple[Floats, Floats]:
    """Return the effect that a brand's rivals lead to expect, and its variance given them.

    The effect and the rivals' distances are jointly normal. With four brands or more, a run in
    which the rivals' median is three standard deviations off has as large an effect as that.
    """
    effect, unknown = np.zeros(x.shape), np.zeros(x.shape)
    for j in range(len(x)):
        rivals = [k for k in range(len(x)) if k != j]
        for r in range(x.shape[1]):
            spread, alone = shared, own + noise[rivals, r]
            far = np.median(x[rivals, r]) ** 2
            if len(x) > 3 and far > 9 * (shared + 1 / np.sum(1 / alone)):
                spread = far
            covariance = spread * np.ones((len(rivals),) * 2) + np.diag(alone)
            pull = np.linalg.solve(covariance, np.full(len(rivals), spread))
            effect[j, r] = pull @ x[rivals, r]
            unknown[j, r] = spread - spread * pull.sum()
    return effect, unknown


@pytest.mark.parametrize(
    ("brands", "runs", "seed"), [(2, 9, 1), (3, 11, 2), (3, 14, 3), (4, 12, 4), (5, 30, 5)]
)
def test_the_shared_effect_is_the_best_linear_estimate(brands: int, runs: int, seed: int) -> None:
    """By the joint normal distribution; its loading is a ridge regression around 1."""
    streams = market(brands, runs, seed)
    found = series_of(streams)
    x, known = (np.array(part) for part in zip(*map(distances, streams), strict=True))
    noise = 1 / known
    assert found.kept.tolist() == list(range(brands))
    assert found.raw == pytest.approx(x)
    assert found.information == pytest.approx(known)
    shared, own = variances(x, noise)
    assert (found.shared, found.own) == pytest.approx((shared, own))
    effect, unknown = shared_effect(x, noise, shared, own)
    effect -= effect.mean(axis=1, keepdims=True)
    assert found.noise == pytest.approx(noise + unknown)
    centred, whole = x - x.mean(axis=1, keepdims=True), noise + own + unknown
    for j in range(brands):
        design = np.append(effect[j] / whole[j] ** 0.5, 1 / 0.3)
        target = np.append(centred[j] / whole[j] ** 0.5, 1 / 0.3)
        loading = np.clip(design @ target / (design @ design), 0, 2)
        assert found.effect[j] == pytest.approx(loading * effect[j])
        if not j:
            assert found.loading == pytest.approx(loading)
    assert found.level == pytest.approx(x - found.effect)


def test_a_run_in_which_all_rivals_are_far_off_has_a_large_effect() -> None:
    """As large as their median, however small effects were before."""
    calm = market(5, 24, 6, tau=0.05)
    struck = [replace(s, total=np.where(np.arange(24)[:, None] == 20, 0.0, s.total)) for s in calm]
    struck = [replace(s, squares=s.total) for s in struck]
    x, known = (np.array(part) for part in zip(*map(distances, struck), strict=True))
    found = series_of(struck)
    _, unknown = shared_effect(x, 1 / known, found.shared, found.own)
    assert unknown[0, 20] > 2 * unknown[0, 19]
    assert found.noise == pytest.approx(1 / known + unknown)
    assert found.effect[0, 20] < 0.8 * np.median(x[1:, 20]) < -1


@pytest.mark.parametrize("brands", [3, 4, 6])
def test_what_one_rival_gained_for_good_is_no_shared_effect(brands: int) -> None:
    """Nor where it moved twice: the others are told as little of it as without it."""
    design = WorldDesign(tau=0.1, effects="own", brands=brands, runs=40, prompts=12, repeats=10)
    moves = {(1, 0): (Moved(12, logits=2.5), Moved(26, logits=-4.0))}
    plain, moved = (simulate_world(design, 8, changes).streams for changes in ({}, moves))
    series = [series_of(streams) for streams in (plain, moved)]
    x = series[1].raw
    assert abs(np.diff(x[1])).max() > 1
    assert abs(series[1].effect[0]).max() < 0.25
    assert series[1].level[0] == pytest.approx(series[0].level[0], abs=0.25)
    steps = [x[1, 12:26].mean() - x[1, :12].mean(), x[1, 26:].mean() - x[1, 12:26].mean()]
    left = series[1].level[1]
    kept = [left[12:26].mean() - left[:12].mean(), left[26:].mean() - left[12:26].mean()]
    assert kept == pytest.approx(steps, rel=0.15), "the rival's own level keeps its steps"


def median_of_others(x: Floats, j: int) -> Floats:
    """Return the median of all series but one, in each run."""
    return np.asarray(np.median(np.delete(x, j, axis=0), axis=0))


def without_steps(x: Floats, variance: Floats) -> Floats:
    """Return the series without the steps that a single one has alone: at most three of each, the
    clearest first, of at least four standard deviations; of three series only one steps at a time.
    """
    brands, runs = x.shape
    apart = np.array([x[j] - median_of_others(x, j) for j in range(brands)])
    jumps = [1.4826 * np.median(abs(np.diff(series))) for series in apart]
    sds = [max(jumps[j] ** 2 / 2, variance[j].mean()) ** 0.5 for j in range(brands)]
    removed = np.zeros(x.shape)
    for _ in range(3):
        clearest = []
        for j in range(brands):
            left = apart[j] - removed[j]
            splits = []
            for first in range(1, runs):
                size = left[first:].mean() - left[:first].mean()
                sd = sds[j] * (1 / first + 1 / (runs - first)) ** 0.5
                splits.append((abs(size) / sd, first, size))
            clearest.append(max(splits, key=lambda split: split[0]))
        most = max(far for far, _, _ in clearest)
        for j, (far, first, size) in enumerate(clearest):
            if far >= 4 and (brands > 3 or far == most):
                removed[j, first:] += size
        if brands == 3:
            rest = x - removed
            apart = np.array([x[j] - median_of_others(rest, j) for j in range(brands)])
    return np.asarray(x - removed + removed.mean(axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("brands", "seed", "moves"),
    [
        (3, 1, {(1, 0): [(9, 2.5)]}),
        (3, 2, {(1, 0): [(9, 2.5)], (2, 0): [(20, -2.5)]}),
        (4, 3, {(2, 0): [(6, 2.0), (12, -3.0), (20, 2.5)]}),
        (5, 4, {(0, 0): [(1, -2.5)], (3, 0): [(15, 2.0)]}),
        (6, 5, {(2, 0): [(6, 2.0), (12, -3.0), (17, 2.5), (22, -3.0)]}),
        (4, 6, {(1, 0): [(13, 0.6)]}),
    ],
)
def test_steps_of_single_rivals_are_taken_out_before_the_effect_is_estimated(
    brands: int, seed: int, moves: dict[tuple[int, int], list[tuple[int, float]]]
) -> None:
    """By a search over all splits of each series against the median of the others."""
    design = WorldDesign(tau=0.2, effects="half", brands=brands, runs=26, prompts=10, repeats=4)
    changes = {
        cell: tuple(Moved(run, logits=size) for run, size in steps) for cell, steps in moves.items()
    }
    streams = simulate_world(design, seed, changes).streams
    found = series_of(streams)
    x, known = (np.array(part) for part in zip(*map(distances, streams), strict=True))
    noise = 1 / known
    rest = without_steps(x, noise + found.own)
    effect, unknown = shared_effect(rest, noise, found.shared, found.own)
    effect -= effect.mean(axis=1, keepdims=True)
    assert found.noise == pytest.approx(noise + unknown)
    assert found.effect[0] == pytest.approx(found.loading * effect[0])
    assert found.raw == pytest.approx(x)


@pytest.mark.parametrize(("brands", "runs"), [(1, 9), (2, 11), (4, 12), (3, 25)])
def test_how_much_the_prompts_of_a_run_scatter_is_a_regression(brands: int, runs: int) -> None:
    """What is left of each prompt without the effect of its run, regressed on that effect squared,
    by ridge; the latest runs may be after a change and do not count.
    """
    design = WorldDesign("normal", "half", 0.4, brands=brands, runs=runs, prompts=10, repeats=3)
    streams = simulate_world(design, 7).streams
    rows, targets, weights = [], [], []
    part = 1 - 1 / runs
    for stream in streams:
        mean = stream.total.sum(axis=0) / stream.n.sum(axis=0)
        answers = stream.n.sum(axis=0)
        variance = (stream.squares.sum(axis=0) - answers * mean**2) / (answers - 1)
        x, known = distances(stream)
        for r in range(runs - 6 if runs >= 12 else runs - 1):
            left = alone = pairs = 0.0
            for p in range(10):
                n = stream.n[r, p]
                left += (stream.total[r, p] - n * mean[p] - x[r] * n * variance[p]) ** 2
                alone += n * variance[p] ** 2
                pairs += (n * variance[p]) ** 2
            effect = x[r] ** 2 - 1 / known[r]
            targets.append(left - part * known[r] + alone * effect + pairs / known[r])
            weights.append(part * (pairs - alone))
            rows.append([1.0, max(effect, 0.0)])
    scaled = np.sqrt(np.array(weights) / 2)
    design_matrix = np.array(rows) * scaled[:, None]
    target = np.array(targets) / 2 / scaled
    ridge = np.diag([1 / 0.1, 1 / 0.2])
    found, *_ = np.linalg.lstsq(
        np.vstack([design_matrix, ridge]), np.append(target, ridge @ [0.02, 0.1]), rcond=None
    )
    assert series_of(streams).scatter == pytest.approx(np.maximum(found, 0.0))


def test_rivals_with_few_answers_are_left_out() -> None:
    """Those without answers in more than a fifth of the runs; the brand's own stream stays."""
    streams = market(4, 20, 9)

    def missing(stream: Stream, runs: int) -> Stream:
        return emptied(stream, np.arange(20)[:, None] < runs)

    sparse = [streams[0], missing(streams[1], 4), missing(streams[2], 5), streams[3]]
    assert series_of(sparse).kept.tolist() == [0, 1, 3]
    own = [missing(streams[0], 8), *streams[1:]]
    absent = series_of(own, np.arange(20))
    assert absent.kept[0] == 0
    assert absent.raw[0, :8] == pytest.approx(0)
    assert absent.information[0, :8] == pytest.approx(0.3)


def test_what_was_cut_out_counts_for_the_variances() -> None:
    """An excursion between the active runs shows how large effects can be."""
    streams = market(4, 24, 10)
    rows = np.array([*range(8), *range(12, 24)])
    found = series_of(streams, rows)
    parts = [
        replace(
            s, runs=s.runs[: len(rows)], n=s.n[rows], total=s.total[rows], squares=s.squares[rows]
        )
        for s in streams
    ]
    active = series_of(parts)
    assert found.raw == pytest.approx(active.raw)
    assert found.raw.shape == (4, 20)
    past = np.zeros((4, 24))
    noise = np.zeros((4, 24))
    for j, (stream, part) in enumerate(zip(streams, parts, strict=True)):
        mean = part.total.sum(axis=0) / part.n.sum(axis=0)
        answers = part.n.sum(axis=0)
        variance = (part.squares.sum(axis=0) - answers * mean**2) / (answers - 1)
        noise[j] = 1 / (stream.n @ variance)
        past[j] = (stream.total - stream.n * mean).sum(axis=1) * noise[j]
    assert (found.shared, found.own) == pytest.approx(variances(past, noise))
    assert (active.shared, active.own) == pytest.approx(
        variances(active.raw, 1 / active.information)
    )
    assert found.shared != pytest.approx(active.shared)
    silent = np.arange(24)[:, None] == 9
    gap = [
        replace(s, n=np.where(silent, 0, s.n), total=np.where(silent, 0.0, s.total))
        for s in streams
    ]
    gap = [replace(s, squares=s.total) for s in gap]
    kept = np.delete(np.arange(24), 9)
    assert series_of(gap, rows).shared == pytest.approx(variances(past[:, kept], noise[:, kept])[0])


def test_a_single_run_leaves_the_priors() -> None:
    """Nothing scatters yet."""
    found = series_of(market(4, 1, 11))
    assert (found.shared, found.own) == (0.05, 0.02)
    assert found.scatter == pytest.approx((0.02, 0.1))
