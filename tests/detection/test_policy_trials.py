"""Simulated years of the sentinel: what they cost, and what they find."""

from math import exp

import pytest

from overheard.detection import policy_trials
from overheard.detection.trials import MonitorTrial
from overheard.detection.worlds import WorldDesign


def trial(prompts: int = 30, drop: float = 25.0, tau: float = 0.25) -> MonitorTrial:
    """Return a trial of one brand, with one false alarm a year."""
    return MonitorTrial(WorldDesign(tau=tau, brands=1, prompts=prompts), drop)


@pytest.mark.slow
def test_a_year_is_cheap_and_a_drop_is_seen() -> None:
    """10 brands of 12 prompts: a large drop within a few calls, a year within the budget."""
    steps: list[int] = []
    outcome = policy_trials.run_policy_trial(trial(12), 10, seed=1, step=lambda: steps.append(1))
    assert len(steps) == 10
    assert 52 * 12 <= outcome.calls_a_year <= 2000
    assert outcome.calls < 150
    assert outcome.found.delay < 6


def test_the_same_seed_gives_the_same_year() -> None:
    """All randomness comes from the seed."""
    one, two, other = (policy_trials.run_policy_trial(trial(5), 1, seed=seed) for seed in (1, 1, 2))
    assert one == two != other


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("tau", [0.0, 0.25])
def test_the_sentinel_holds_the_bar(tau: float) -> None:
    """25 brands without competitors: at most 2,000 calls a year, and twice Lorden's bound for 10
    points. Three Monte-Carlo deviations are allowed. The bound is for one false alarm a year; the
    monitor, whose thresholds hold with own run effects too, has fewer here.
    """
    outcome = policy_trials.run_policy_trial(trial(drop=10.0, tau=tau), 25, seed=2)
    assert outcome.calls_a_year <= 2000
    assert outcome.calls <= 2.0 * outcome.compared.lorden_calls + 3 * 18
    assert 1 - exp(-outcome.found.false_alarms) <= 1 - exp(-1) + 3 * 0.1
