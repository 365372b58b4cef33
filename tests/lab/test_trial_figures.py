"""The figures of trials, counted by hand on monitors whose alarms are written down."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from overheard.detection.decision_inputs import AlertPolicy
from overheard.measure.blocks import Stream
from overheard.numpy_proxy import np
from overheard_lab import trials
from overheard_lab.trials import (
    CHANGE_AT,
    MonitorTrial,
    Reliability,
    age_of,
    delay,
    false_alarms,
    reliability,
)
from overheard_lab.worlds import FIRST_RUN, Moved, SimulatedWorld, WorldDesign, brand_name

RUNS = 20
TOLD = ((103, 1), (60, 10), (5, 5))
"""A run with an alarm, and the usual run before."""


def alarm(
    run: int, change: float = -0.2, *, age: int = 9, usual: int = 1, rare: float = 0.01
) -> Any:
    """Return an alarm in a run, of a baseline of an age, as rare as that in a year."""
    shifts = [SimpleNamespace(change=change, chance_a_year=rare)]
    shifts.append(SimpleNamespace(change=-change, chance_a_year=None))
    at = FIRST_RUN + timedelta(weeks=run - 1)
    return SimpleNamespace(
        run=SimpleNamespace(id=run, at=at), usual=SimpleNamespace(id=usual), age=age, shifts=shifts
    )


class Script:
    """Monitors that raise what is written down, in the order in which they are made.

    Attributes:
        raised: The alarms of each monitor.
        made: The brand and the restarts that each was made with.
        changes: What changed in each world.
        runs: Numbers of runs of the worlds.
    """

    def __init__(self, *raised: Sequence[Any], returns: int = 0) -> None:
        self.raised = list(raised)
        self.returns = returns
        self.runs: set[int] = set()
        self.made: list[tuple[str, Collection[Any]]] = []
        self.changes: list[Mapping[tuple[int, int], tuple[Moved, ...]]] = []

    def __call__(
        self,
        brand: str,
        streams: Any,
        *,
        policy: AlertPolicy,
        restarts: Collection[Any] = (),
        bursts: Collection[int] = (),
    ) -> Any:
        """Return the next monitor. Its baseline ages by a run with each analysis, from 1 on."""
        assert policy.brands >= 1
        raised = self.raised[len(self.made)]
        self.made.append((brand, restarts))
        streams = [[SimpleNamespace(runs=1), SimpleNamespace(runs=r)] for r in range(1, RUNS + 1)]
        return SimpleNamespace(
            step=lambda run: next((one for one in raised if one.run.id == run.id), None),
            asked_again=set(bursts),
            evidence={"model": [SimpleNamespace(streams=seen) for seen in streams]},
            returns=[None] * self.returns,
        )

    def world(self, design: WorldDesign, seed: int, changes: Any = None) -> SimulatedWorld:
        """Note what changes in a world, and return one without answers."""
        assert seed >= 0
        self.runs.add(design.runs)
        self.changes.append(changes or {})
        return SimulatedWorld([])


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that has the monitors of a script watch the worlds of a trial."""

    def play(script: Script) -> Script:
        monkeypatch.setattr(trials, "Monitor", script)
        monkeypatch.setattr(trials, "simulate_world", script.world)
        return script

    return play


def trial(brands: int = 2, age: str = "", **more: Any) -> MonitorTrial:
    """Return a trial of some brands, watched for 20 runs."""
    return MonitorTrial(WorldDesign(brands=brands, runs=RUNS, **more), age=age)


def test_false_alarms_by_hand(played: Any) -> None:
    """Two worlds of two brands: rates by age, ghosts, closings, and the interval of a Poisson."""
    one = [alarm(3, age=2), alarm(11, 0.2, age=8), alarm(20, -0.2, age=16)]  # a ghost, none
    two = [alarm(5, -0.1, age=7), alarm(9, -0.1, age=4), alarm(10, 0.1, age=3)]  # none, a ghost
    script = played(Script(one, [], [], two, returns=1))
    steps: list[int] = []
    found = false_alarms(trial(), 3, seed=1, step=lambda: steps.append(1))
    years = 4 * RUNS / 52
    assert [brand for brand, _ in script.made] == [brand_name(0), brand_name(1)] * 2
    assert len(steps) == 2
    assert (found.alarms, found.brand_years) == pytest.approx((6, years))
    assert found.yearly == pytest.approx(6 / years)
    spread = 1.96 * 6**0.5 / years
    assert found.interval == pytest.approx((6 / years - spread, 6 / years + spread))
    assert found.by_age == pytest.approx(
        {"1-3": 2 / 12 * 52, "4-7": 2 / 16 * 52, "8-15": 1 / 32 * 52, "16+": 1 / 20 * 52}
    )
    assert found.ghosts == pytest.approx(2 / 6)
    assert found.closings == pytest.approx(4 / years)
    assert (found.of_models.alarms, found.of_models.years) == pytest.approx((0, 2 * RUNS / 52))


def test_without_alarms_the_interval_is_that_of_one(played: Any) -> None:
    """None in a year could be some; several models share the years of a brand."""
    played(Script([], []))
    found = false_alarms(trial(models=2), 2, seed=1)
    years = 2 * RUNS / 52 / 2
    assert (found.yearly, found.ghosts, found.closings) == (0, 0, 0)
    assert found.brand_years == pytest.approx(years)
    assert found.interval == pytest.approx((0, 1.96 / years))


@pytest.mark.parametrize(("brands", "told"), [(2, 1), (1, 0)])
def test_changes_of_models_are_counted_and_restart_monitors(
    brands: int, told: int, played: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From two tracked brands on, by their visibility alone."""
    seen: list[Any] = []

    def changes(streams: Sequence[Stream], *_: Any) -> Iterator[Any]:
        seen.append(streams)
        yield SimpleNamespace(model="m", run="run 9", began="run 8"), None

    monkeypatch.setattr(trials, "reported_changes", changes)
    script = played(Script(*[[]] * brands))
    named = [SimpleNamespace(key=SimpleNamespace(metric=m)) for m in ("visibility", "metric-2")]
    monkeypatch.setattr(trials, "simulate_world", lambda *_: SimpleNamespace(streams=named))
    found = false_alarms(trial(brands), brands, seed=1).of_models
    assert (found.alarms, found.years) == (told, RUNS / 52)
    assert found.yearly == pytest.approx(told * 52 / RUNS)
    assert seen == [named[:1]] * told
    assert [len(restarts) for _, restarts in script.made] == [told] * brands
    for restart in script.made[0][1]:
        assert (restart.model, restart.run, restart.began) == ("m", "run 9", "run 8")


def test_the_interval_of_model_alarms_is_that_of_a_poisson_count() -> None:
    """3 in two years is 0.31 to 4.38 a year by Garwood's, and nearly that by Byar's."""
    found = trials.ModelAlarms.counted(3, 2.0)
    assert found.interval == pytest.approx((0.6187 / 2, 8.7673 / 2), rel=0.03)
    assert found.yearly == 1.5


def test_a_delay_by_hand(played: Any) -> None:
    """Seen at once, in the fifth run, never (counts as 32); an alarm before leaves a panel out."""
    raised = [[alarm(41)], [alarm(45), alarm(46)], [], [alarm(40)], [alarm(12), alarm(41)]]
    script = played(Script(*raised))
    steps: list[int] = []
    found = delay(MonitorTrial(WorldDesign(brands=3), 7.0, 0.4), 5, 1, lambda: steps.append(1))
    runs = np.array([1, 5, 32])
    assert found.panels == 3
    assert found.runs == pytest.approx(runs.mean())
    assert found.error == pytest.approx(runs.std() / 3**0.5)
    assert script.changes == [{(0, 0): (Moved(CHANGE_AT, -7.0, 0.4),)}] * 5
    assert {brand for brand, _ in script.made} == {brand_name(0)}
    assert script.runs == {40 + 32}
    assert len(steps) == 5
    played(Script([alarm(3)]))
    assert delay(MonitorTrial(WorldDesign()), 1, 1) == trials.Delay(32.0, 0.0, 0)


def test_an_alarm_is_true_when_the_level_is_another_than_in_the_usual_run(played: Any) -> None:
    """By its level: what chance shows once in a thousand years is nearly certain."""
    raised = [
        alarm(run + later, usual=usual, rare=rare)
        for later, rare in ((0, 0.001), (1, 0.2))
        for run, usual in TOLD
    ]
    script = played(Script(*[raised] * 50))
    steps: list[int] = []
    design = WorldDesign(brands=10, runs=104)
    found = reliability(MonitorTrial(design), 50, 1, lambda: steps.append(1))
    changed = [changes for world in script.changes for changes in world.values()]
    true = sum(
        len([c for c in own if c.at < run]) != len([c for c in own if c.at < usual])
        for own in changed
        for run, usual in TOLD
    )
    later = sum(
        len([c for c in own if c.at < run + 1]) != len([c for c in own if c.at < usual])
        for own in changed
        for run, usual in TOLD
    )
    assert (len(changed), len(steps)) == (50, 5)
    assert 0 < true < 150
    assert found == (
        Reliability("nearly certain", 150, true / 150),
        Reliability("likely", 150, later / 150),
    )


def test_brands_change_once_a_year_by_sizes_that_are_drawn(played: Any) -> None:
    """0.7 logits, a quarter of them carried by three of ten prompts, never with the first run."""
    script = played(Script(*[[]] * 600))
    found = reliability(MonitorTrial(WorldDesign(brands=600, runs=105, models=2)), 600, seed=1)
    assert found == (Reliability("nearly certain", 0, None), Reliability("likely", 0, None))
    [world] = script.changes
    drawn = [change for changes in world.values() for change in changes]
    assert set(world) == {(brand, 0) for brand in range(600)}
    assert len(drawn) == pytest.approx(1200, abs=4 * 1200**0.5)
    assert min(change.at for change in drawn) >= 1
    assert np.mean([change.carried == 0.3 for change in drawn]) == pytest.approx(0.25, abs=0.05)
    assert {change.carried for change in drawn} == {0.3, 1.0}
    assert {(change.points, change.until) for change in drawn} == {(0.0, None)}
    sizes = [change.logits for change in drawn]
    assert (np.mean(sizes), np.std(sizes)) == pytest.approx((0, 0.7), abs=0.07)


def test_every_age_has_a_group() -> None:
    """Runs in a baseline from 1 on; none is a group of its own."""
    groups = ["0"] + ["1-3"] * 3 + ["4-7"] * 4 + ["8-15"] * 8 + ["16+"] * 2
    assert [age_of(runs) for runs in range(18)] == groups


def test_a_trial_watches_with_the_policy_of_a_deployment() -> None:
    """The rate is that of a brand-year; all metrics have the gate of five points."""
    policy = MonitorTrial(
        WorldDesign(brands=4, metrics=3), per_year=0.5, models_per_year=0.25
    ).policy
    assert (policy.false_alarms_per_year, policy.brands, policy.models_per_year) == (2.0, 4, 0.25)
    assert policy.smallest_changes == dict.fromkeys(
        ("visibility", "metric-1", "metric-2", "metric-3"), 0.05
    )
