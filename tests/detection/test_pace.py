"""Tests of how often a brand is looked at, as far as a threshold goes by it."""

from datetime import UTC, datetime, timedelta

import pytest

from overheard.detection.baseline import run_pace
from overheard.measure.blocks import RunKey

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
WEEKLY = [RunKey(START + week * timedelta(weeks=1), week) for week in range(12)]
BURSTS = [RunKey(WEEKLY[-1].at + n * timedelta(hours=3), 20 + n) for n in range(1, 9)]


def test_bursts_are_no_pace_to_go_by() -> None:
    """After eight within a day there are still 52 scheduled looks a year, and those eight."""
    numbers = {burst.id for burst in BURSTS}

    assert run_pace(WEEKLY, 1.0).looks_a_year == pytest.approx(365 / 7, abs=0.1)
    found = run_pace([*WEEKLY, *BURSTS], 1.0, numbers)
    assert found.looks_a_year == pytest.approx(365 / 7 + 8, abs=0.1)
    assert run_pace([*WEEKLY, *BURSTS], 1.0).looks_a_year > 2000


def test_bursts_of_years_ago_do_not_count() -> None:
    """The year before says how many there will be."""
    later = [RunKey(run.at + timedelta(days=500), 100 + run.id) for run in WEEKLY]
    numbers = {burst.id for burst in BURSTS}

    found = run_pace([*WEEKLY, *BURSTS, *later], 1.0, numbers)
    assert found.looks_a_year == pytest.approx(365 / 7, abs=0.1)
