"""Simulated years of the sentinel: what they cost, and what they find."""

from math import exp

import pytest

from overheard.detection import policy_trials
from overheard.detection.trials import DetectorTrial


def test_a_year_is_cheap_and_a_drop_is_seen() -> None:
    """8 brands of 12 prompts: a great drop within a few calls, a year within the budget."""
    steps: list[int] = []
    trial = DetectorTrial(drop=25.0, prompts=12, brands=2)
    outcome = policy_trials.run_policy_trial(trial, 8, seed=1, step=lambda: steps.append(1))
    assert len(steps) == 8
    assert 52 * 12 <= outcome.calls_a_year <= 2000
    assert outcome.calls < 120
    assert outcome.detector.delay < 6


def test_the_same_seed_gives_the_same_year() -> None:
    """All randomness comes from the seed."""
    trial = DetectorTrial(drop=25.0, prompts=6, brands=1)
    one, two, other = (policy_trials.run_policy_trial(trial, 1, seed=seed) for seed in (1, 1, 2))
    assert one == two != other


@pytest.mark.slow
@pytest.mark.parametrize("tau", [pytest.param(0.0, marks=pytest.mark.long), 0.25])
def test_the_sentinel_holds_the_bar(tau: float) -> None:
    """50 brands: at most 2,000 calls a year, and 1.5 times Lorden's bound for 10 points.
    Three Monte-Carlo deviations are allowed.
    """
    outcome = policy_trials.run_policy_trial(DetectorTrial(tau=tau), 50, seed=2)
    assert outcome.calls_a_year <= 2000
    assert outcome.calls <= 1.5 * outcome.lorden_calls + 3 * 13
    assert 1 - exp(-outcome.detector.false_alarms) <= 1 - exp(-1) + 3 * 0.07
