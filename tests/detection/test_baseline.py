"""Tests of what is normal: the pace of the runs, the weights of updates, the run effect."""

from datetime import UTC, datetime, timedelta

import pytest

from overheard.detection.baseline import BaselineFit, fit_baseline, run_pace, run_slice, settled
from overheard.detection.detector import UPDATE_WEIGHT
from overheard.detection.run_effects import moments
from overheard.detection.simulate import Design, simulate
from overheard.measure.blocks import RunKey, Stream

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
WEEKLY = [RunKey(START + week * timedelta(weeks=1), week) for week in range(12)]
BURSTS = [RunKey(WEEKLY[-1].at + n * timedelta(hours=3), 20 + n) for n in range(1, 9)]


def test_bursts_are_no_pace_to_go_by() -> None:
    """After eight within a day there are still 52 scheduled looks a year, and those eight."""
    numbers = {burst.id for burst in BURSTS}

    assert run_pace(WEEKLY, 1.0).analyses_a_year == pytest.approx(365 / 7, abs=0.1)
    found = run_pace([*WEEKLY, *BURSTS], 1.0, numbers)
    assert found.analyses_a_year == pytest.approx(365 / 7 + 8, abs=0.1)
    assert run_pace([*WEEKLY, *BURSTS], 1.0).analyses_a_year > 2000


def test_bursts_of_years_ago_do_not_count() -> None:
    """The year before says how many there will be."""
    later = [RunKey(run.at + timedelta(days=500), 100 + run.id) for run in WEEKLY]
    numbers = {burst.id for burst in BURSTS}

    found = run_pace([*WEEKLY, *BURSTS, *later], 1.0, numbers)
    assert found.analyses_a_year == pytest.approx(365 / 7, abs=0.1)


def past(runs: int, tau: float = 0.0) -> Stream:
    """Return a brand's past."""
    return simulate(Design(runs=runs, prompts=5, tau=tau), size=1, seed=1).stream(0)


def fitted(announced: set[int], runs: int = 8) -> BaselineFit:
    """Fit a past of some runs before the next one; updates were announced before these runs."""
    stream = past(runs)
    now = RunKey(stream.runs[-1].at + timedelta(weeks=1), runs + 1)
    told = frozenset((stream.key.model, number) for number in announced)
    windows = {stream.key: [settled([stream])]}
    return fit_baseline([stream], windows, stream.runs, 1.0, told, now)


def test_an_update_before_the_run_under_analysis_counts_in_the_threshold() -> None:
    """The threshold is made for a change that is ten times likelier with that run, and as many
    updates ahead as there were.
    """
    [weights] = fitted({9}).horizon.weights.values()
    assert weights.tolist() == [*[1.0] * 8, UPDATE_WEIGHT, *[1.0] * 25]
    [weights] = fitted({3}).horizon.weights.values()
    assert weights[:9].tolist() == [1.0, 1.0, UPDATE_WEIGHT, *[1.0] * 6]
    assert weights[9:].tolist() == [*[1.0] * 19, UPDATE_WEIGHT, *[1.0] * 5]
    assert fitted(set()).horizon.weights == {}


def test_a_fit_ends_with_an_update_that_it_does_not_know() -> None:
    """Or when the baseline has grown by 15 %."""
    known = fitted({3})
    assert known.serves(known.pasts, known.announced)
    assert known.serves(known.pasts, frozenset())
    assert not known.serves(known.pasts, known.announced | {(known.pasts[0].key.model, 8)})
    assert known.serves([past(9)], known.announced)
    assert not known.serves([past(10)], known.announced)


@pytest.mark.parametrize(("runs", "counted"), [(20, 14), (12, 6), (9, 5), (4, 2)])
def test_the_latest_runs_do_not_count_for_the_run_effect(runs: int, counted: int) -> None:
    """Six of them, or half of a short past: they may lie after a change that is not seen yet."""
    stream = past(runs, tau=0.5)
    assert settled([stream]) == [moments(run_slice(stream, 0, counted), 0)]
