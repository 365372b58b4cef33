"""Simulated years of the sentinel: what they cost, and what they find."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from math import exp, inf, log

import pytest

from overheard.detection.decision_inputs import Rarity
from overheard.measure.blocks import RunKey
from overheard.measure.intervals import wilson
from overheard.numpy_proxy import np
from overheard_lab import benchmarks, policy_trials
from overheard_lab.benchmarks import compare
from overheard_lab.panels import Change, Design, World, simulate
from overheard_lab.policy_trials import GuardedWeek
from overheard_lab.trials import MonitorTrial, Reliability
from overheard_lab.worlds import WorldDesign


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


def test_the_same_seed_gives_the_same_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """All randomness comes from the seed."""
    monkeypatch.setattr(benchmarks, "PANELS", 50)
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


def week(calls: int, rare: float | None = None) -> GuardedWeek:
    """Return a week with so many calls, and with an alarm as rare as that in a year."""
    return GuardedWeek(calls, None if rare is None else Rarity(rare))


def test_the_figures_of_a_policy_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four brands: no alarm; one in the 10th week of a year without a change; with the drop, one
    after 3 and 5 weeks, one before it, and none.
    """
    calm = [[week(30)] * 52, [*[week(30)] * 9, week(40, 0.1)], [week(30)] * 52, [week(30)] * 52]
    dropped = [
        [*[week(30)] * 22, week(90, 0.001)],
        [*[week(30)] * 24, week(60, 0.2)],
        [*[week(30)] * 19, week(70, 0.1)],  # in the last week before the drop
        [week(30)] * 52,
    ]
    years: list[float] = []
    worlds: list[World] = []

    def guard(_: float, __: float, world: World, index: int, ___: object) -> object:
        worlds.append(world)

        def guarded(change: float) -> list[GuardedWeek]:
            years.append(change)
            return (calm if change == inf else dropped)[index]

        return guarded

    monkeypatch.setattr(policy_trials, "_guard", guard)
    monkeypatch.setattr(benchmarks, "PANELS", 50)
    steps: list[int] = []
    found = policy_trials.run_policy_trial(trial(5), 4, seed=3, step=lambda: steps.append(1))
    assert (years, len(steps)) == ([inf, 20] * 4, 4)
    [world] = {id(world): world for world in worlds}.values()
    assert (world.changed - world.chance).mean() == pytest.approx(-0.25, abs=0.01)
    warm_up = (world.total[:, :20] / world.n[:, :20]).mean()
    assert warm_up == pytest.approx(world.chance.mean(), abs=0.08), "the change comes later"
    assert found.found.false_alarms == pytest.approx(-log(0.75))
    low, high = wilson(0.25, 4, 0.95)
    assert found.interval == pytest.approx((-log(1 - low), -log(1 - high)))
    delays = np.array([3, 5, 32])
    assert found.found.delay == pytest.approx(delays.mean())
    assert found.found.error == pytest.approx(delays.std() / 3**0.5)
    calls = np.array([60 + 90, 120 + 60, 32 * 30])
    assert found.calls == pytest.approx(calls.mean())
    assert found.calls_error == pytest.approx(calls.std() / 3**0.5)
    weeks = 52 * 3 + 10
    assert found.calls_a_year == pytest.approx(52 * (weeks * 30 + 10) / weeks)
    assert found.brand_years == pytest.approx(weeks / 52)
    assert (found.alarms, found.panels) == (1, 3)
    assert found.compared == compare(trial(5).world, 25.0, 1.0, 1.0, 4)
    assert found.reliability == (
        Reliability("nearly certain", 1, 1.0),
        Reliability("likely", 2, 0.5),
    )


def test_years_that_all_have_an_alarm_have_many() -> None:
    """The rate of a Poisson process whose years have any, up to 999 in 1,000."""
    assert policy_trials.yearly(0.0) == 0
    assert policy_trials.yearly(1 - exp(-2)) == pytest.approx(2)
    assert policy_trials.yearly(1.0) == pytest.approx(log(1000))


def test_a_simulated_brand_answers_at_its_chances() -> None:
    """Of any prompt, any number of times, before and after the change, with the run's effect."""
    world = simulate(Design(runs=3, prompts=3), Change(1, -20.0), size=2, seed=4)
    brand = policy_trials.SimulatedBrand(world, 1, 2, 0.0, np.random.default_rng(5))
    at = brand.stream.runs[-1].at + timedelta(days=3)
    one, two, _ = brand.stream.prompts
    assert brand.ask(at, {one: 4000, two: 9000}, changed=False).id == 3
    brand.ask(at, {one: 9000, two: 4000}, changed=True)
    stream = brand.stream
    assert [run.at for run in stream.runs[2:]] == [at, at]
    assert stream.n[2:].tolist() == [[4000, 9000, 0], [9000, 4000, 0]]
    assert np.array_equal(stream.total[:2], world.stream(1, first=2).total)
    shares = stream.total[2:, :2] / stream.n[2:, :2]
    assert shares[0] == pytest.approx(world.chance[1, :2], abs=0.03)
    assert shares[1] == pytest.approx(world.changed[1, :2], abs=0.03)
    shaken = policy_trials.SimulatedBrand(world, 1, 2, 0.5, np.random.default_rng(5))
    for _ in range(300):
        shaken.ask(at, dict.fromkeys(stream.prompts, 9000), changed=False)
    share = shaken.stream.total[2:] / 9000
    effects = np.log(share / (1 - share)) - np.log(world.chance[1] / (1 - world.chance[1]))
    assert effects.std(axis=0) == pytest.approx(0.5, rel=0.15)
    assert np.corrcoef(effects.T).min() > 0.9


@pytest.mark.parametrize(("limit", "weeks"), [(inf, 52), (-inf, 1)])
def test_a_year_is_guarded_week_by_week(
    limit: float, weeks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the first alarm; every call is counted, and a burst follows within its week."""
    brands: list[policy_trials.SimulatedBrand] = []
    asked: list[tuple[int, bool]] = []

    class Watched(policy_trials.SimulatedBrand):
        def ask(self, at: datetime, asks: Mapping[str, int], *, changed: bool) -> RunKey:
            asked.append((sum(asks.values()), changed))
            brands.append(self)
            return super().ask(at, asks, changed=changed)

    monkeypatch.setattr(policy_trials, "SimulatedBrand", Watched)
    monkeypatch.setattr(policy_trials, "needed_excess", lambda *_: limit)
    monkeypatch.setattr(policy_trials, "compare", lambda *_: None)
    found = policy_trials.run_policy_trial(trial(5, drop=40.0), 1, seed=1)
    past, guarded = asked[:4], asked[4:]
    assert past == [(5, False)] * 4
    calm = [calls for calls, changed in guarded if not changed]
    assert found.brand_years == weeks / 52
    stream = brands[4].stream
    assert stream.runs[15].id == 16
    assert stream.n[16:].sum(axis=1).tolist()[:4] == [5] * 4
    warm_up = pairwise(stream.runs[:20])
    assert {later.at - run.at for run, later in warm_up} == {timedelta(weeks=1)}
    new = stream.runs[20:]
    assert len({(run.at - stream.runs[19].at) // timedelta(weeks=1) for run in new}) >= weeks
    assert (new[0].at - stream.runs[19].at) == timedelta(weeks=1)
    first_year = stream.n[20:].sum()
    assert found.calls_a_year == pytest.approx(52 * first_year / weeks)
    assert sum(calm) >= first_year
    if weeks == 52:
        dropped = brands[-1].stream
        changed = [calls for calls, after in guarded if after]
        assert found.calls == sum(changed)
        assert found.found.delay == 32
        assert dropped.n[20:].sum() + first_year == sum(calls for calls, _ in guarded)
        assert found.calls > 32 * 5, "a drop that is suspected is asked more about"
    else:
        assert (found.calls, found.panels, found.alarms) == (0, 0, 1)
