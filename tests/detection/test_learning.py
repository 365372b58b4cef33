"""Tests of what a young baseline would show, and of the own record."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from overheard.detection.control_variate import RunEffectPrior, StreamGroup, run_series
from overheard.detection.decision_inputs import needed_excess
from overheard.detection.power import (
    FIRST_SDS,
    OLD_SDS,
    WEAK_BETA,
    YOUNG_SDS,
    Learning,
    OwnRecord,
    own_record,
    smallest_visible_loss,
)
from overheard.domain import RunKey
from overheard_lab.worlds import WorldDesign, simulate_world

RUNS = [RunKey(datetime(2026, 1, 5, tzinfo=UTC) + n * timedelta(weeks=1), n) for n in range(60)]


def named(runs: int, per_year: float = 1.0, prompts: int = 30) -> float:
    """Return the mean loss that is named after so many runs, in points."""
    sizes = []
    for seed in range(6):
        streams = simulate_world(WorldDesign(runs=runs, prompts=prompts), seed).streams
        group = StreamGroup.of(streams[0], streams[1:])
        size = smallest_visible_loss(group, np.arange(runs), RunEffectPrior(), per_year)
        sizes.append(100 * (size or 0.0))
    return float(np.mean(sizes))


def test_the_size_shrinks_with_the_baseline_and_grows_with_the_promise() -> None:
    """About 23 points after one run of 30 x 3, about 11 after twelve."""
    assert named(1) == pytest.approx(23, abs=6)
    assert named(12) == pytest.approx(11, abs=3)
    assert named(1) > named(3) > named(12)
    assert named(6, per_year=0.02) > named(6)
    assert named(6, prompts=100) < named(6)


def test_a_prompt_that_is_never_asked_names_no_loss() -> None:
    """Without answers in the latest run nothing can be said."""
    streams = simulate_world(WorldDesign(runs=2), 1).streams
    group = StreamGroup.of(streams[0], ())
    group.n[0, -1] = 0
    assert smallest_visible_loss(group, np.arange(2), RunEffectPrior()) is None


def test_a_loss_is_also_a_count_of_answers() -> None:
    """Of the answers of one run."""
    assert Learning(2, 6, 0.375, 24).lost == 9


def test_the_own_record_counts_alarms_that_were_taken_back() -> None:
    """Over the latest 40 runs; a run whose change lasted is not unchanged."""
    record = own_record(RUNS, alarms=[RUNS[5], RUNS[40], RUNS[50]], taken_back=[RUNS[5], RUNS[40]])
    assert record == OwnRecord(40, 1)
    assert own_record(RUNS[:3], [], []) == OwnRecord(3, 0)


@pytest.mark.parametrize(("runs", "sds"), [(1, FIRST_SDS), (4, YOUNG_SDS), (30, OLD_SDS)])
@pytest.mark.parametrize("rivals", [0, 3])
def test_a_visible_loss_is_so_many_standard_deviations(runs: int, sds: float, rivals: int) -> None:
    """Of the next run against those before, with what rivals tell of the shared effect; a stricter
    promise adds twice its excess to the square. Of one question the loss gives the shift in logits.
    """
    design = WorldDesign(brands=1 + rivals, runs=runs, prompts=1, repeats=20)
    streams = simulate_world(design, 3).streams
    group, rows = StreamGroup.of(streams[0], streams[1:]), np.arange(runs)
    prior = RunEffectPrior(0.05, 0.02)
    rates = [(s.total.sum() + WEAK_BETA[0]) / (s.n.sum() + sum(WEAK_BETA)) for s in streams]
    whole = 20 * runs + sum(WEAK_BETA)
    known = [20 * rate * (1 - rate) * whole / (whole + 1) for rate in rates]
    shared, own = prior.shared, prior.own
    if runs > 1:
        series = run_series(group, rows, prior)
        shared, own = series.shared, series.own
    told = sum(1 / (own + 1 / max(one, 0.3)) for one in known[1:])
    noise = (1 / known[0] + own + 1 / (1 / shared + told)) * (1 + 1 / runs)

    def shift(per_year: float, brands: int) -> float:
        """Return the loss in logits."""
        loss = smallest_visible_loss(group, rows, prior, per_year, brands)
        assert loss
        left = rates[0] - loss
        return float(np.log(rates[0] / (1 - rates[0])) - np.log(left / (1 - left)))

    assert shift(1.0, 1) ** 2 == pytest.approx(sds**2 * noise)
    stricter = needed_excess(0.1, 52, 4) - needed_excess(1.0, 52, 1)
    assert stricter > 1
    assert shift(0.1, 4) ** 2 == pytest.approx((sds**2 + 2 * stricter) * noise)
    assert shift(500.0, 1) ** 2 == pytest.approx(
        max(sds**2 + 2 * (needed_excess(500.0, 52, 1) - needed_excess(1.0, 52, 1)), 1.0) * noise
    )


def test_a_loss_weighs_questions_by_how_often_they_are_asked() -> None:
    """What the latest run does not ask is not lost."""
    streams = simulate_world(WorldDesign(brands=1, runs=3, prompts=2, repeats=40), 3).streams
    group = StreamGroup.of(streams[0], ())
    group.n[0, -1, 1] = 0
    group.total[0, -1, 1] = 0
    rates = (group.total[0].sum(axis=0) + WEAK_BETA[0]) / (group.n[0].sum(axis=0) + sum(WEAK_BETA))
    loss = smallest_visible_loss(group, np.arange(3), RunEffectPrior(), 1e-9)
    assert loss
    assert 0 < loss < rates[0]
