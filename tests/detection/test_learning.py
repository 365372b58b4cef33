"""Tests of what a young baseline would show, and of the own record."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from overheard.detection.baseline import Learning, OwnRecord, own_record, smallest_visible_loss
from overheard.detection.control_variate import RunEffectPrior, StreamGroup
from overheard.detection.worlds import WorldDesign, simulate_world
from overheard.measure.blocks import RunKey

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
