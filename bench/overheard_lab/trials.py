"""Trials of the monitor that ships, in simulated worlds: every alarm counts, from the first run on.

For false alarms all brands of a world are watched for two years in which nothing changes. For the
delay a brand is watched whose visibility falls with run 41; for the reliability of what is
reported, brands that change once a year.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from math import ceil, inf

from overheard.detection.baseline import stream_rows
from overheard.detection.decide import reported_changes
from overheard.detection.decision_inputs import MIN_TRACKED, AlertPolicy, Rarity
from overheard.detection.monitor import Alarm, Monitor, Restart
from overheard.domain import RunKey
from overheard.measure.blocks import Stream
from overheard.measure.intervals import Interval
from overheard.numpy_proxy import np
from overheard_lab.benchmarks import Comparisons, compare
from overheard_lab.worlds import (
    FIRST_RUN,
    Changes,
    Moved,
    SimulatedWorld,
    WorldDesign,
    brand_name,
    metric_name,
    model_of,
    run_keys,
    simulate_world,
)

RUNS_A_YEAR = 52
HOUR = 1 / 24
ASKED_AGAIN = 0.25
"""What asking again may cost by the default settings, as a share of the weekly runs."""
CHANGE_AT = 40
"""Index of the run with which visibility falls."""
RUNS_AFTER = 32
"""Number of runs after a fall that are watched; a fall that was not seen counts as seen then."""
GHOST_RUNS = 8
"""Number of runs within which an alarm in the opposite direction of the last one is a ghost: only
the end of what raised the last one."""
AGES = {"1-3": (1, 3), "4-7": (4, 7), "8-15": (8, 15), "16+": (16, 10_000)}
"""Runs in the baseline, by the names of the groups."""
SMALLEST_CHANGE = 0.05
"""The smallest change of a rate that the default settings report, 0 to 1."""
CHANGE_SD, SPARSE_SHARE, CARRIED = 0.7, 0.25, 0.3
"""Changes for the reliability: their standard deviation in logits; the share of them that only some
prompts carry; and the share of the prompts that do."""

REPORTED_LEVELS = ("nearly certain", "likely")


def poisson_interval(found: int) -> Interval:
    """Return the 95 % interval (low, high) of a Poisson mean from a count, by Byar's
    approximation. The lower end is 0 for a count of 0.

    Args:
        found: The count; 0 or more.
    """
    low = found * (1 - 1 / (9 * found) - 1.96 / (3 * found**0.5)) ** 3 if found else 0.0
    more = found + 1
    return low, more * (1 - 1 / (9 * more) + 1.96 / (3 * more**0.5)) ** 3


@dataclass(frozen=True, slots=True)
class MonitorTrial:
    """What is tried.

    Attributes:
        world: What is asked, and how the world behaves.
        drop: The fall of visibility in percentage points, above 0.
        carried: Share of prompts that carry the drop, 0 to 1.
        per_year: False alarms that are allowed in a brand-year.
        models_per_year: False alarms that are allowed in a year, of models as a whole together.
        asked_again: What asking again may cost, as a share of what the weekly runs cost.
        age: Only alarms of baselines of this age count as false alarms, of `AGES`; empty for all.
    """

    world: WorldDesign
    drop: float = 10.0
    carried: float = 1.0
    per_year: float = 1.0
    models_per_year: float = 1.0
    age: str = ""
    asked_again: float = 0.0

    @property
    def policy(self) -> AlertPolicy:
        """The policy of a deployment that watches all brands of the world: the false alarms of all
        of them together, and `SMALLEST_CHANGE` for each metric.
        """
        brands = self.world.brands
        metrics = {f"metric-{m + 1}": SMALLEST_CHANGE for m in range(self.world.metrics)}
        smallest = {"visibility": SMALLEST_CHANGE, **metrics}
        return AlertPolicy(
            self.per_year * brands,
            brands,
            smallest,
            self.models_per_year,
            self.asked_again,
            holds=self.asked_again > 0,
        )


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """The false alarms of unchanged brands.

    Attributes:
        yearly: False alarms in a brand-year.
        interval: The same, 95 % interval; the brands of one world are not independent.
        by_age: The same by the age of the baseline.
        brand_years: Number of brand-years that were watched.
        alarms: Number of alarms.
        ghosts: Share of the alarms that followed an opposite alarm within 8 runs.
        closings: Ends of alarms' stories in a brand-year; they are no alarms.
        of_models: The alarms of models as a whole.
        calls: The calls, over those of the weekly runs.
    """

    yearly: float
    interval: tuple[float, float]
    by_age: dict[str, float]
    brand_years: float
    alarms: int
    ghosts: float
    closings: float
    of_models: ModelAlarms
    calls: float = 1.0


@dataclass(frozen=True, slots=True)
class ModelAlarms:
    """False alarms of unchanged models as a whole, which are counted apart from those of brands.

    Attributes:
        yearly: Messages in a year of the deployment, all its models together.
        interval: The same, 95 % interval.
        alarms: Number of messages.
        years: Number of years that were watched.
    """

    yearly: float
    interval: tuple[float, float]
    alarms: int
    years: float

    @classmethod
    def counted(cls, alarms: int, years: float) -> ModelAlarms:
        """Return the rate of a number of messages in a number of years, with the interval of a
        Poisson count.
        """
        low, high = poisson_interval(alarms)
        return cls(alarms / years, (low / years, high / years), alarms, years)


@dataclass(frozen=True, slots=True)
class Delay:
    """How soon a fall was seen.

    Attributes:
        runs: The mean number of weekly runs until then.
        error: Its standard error.
        panels: Number of panels that count.
        within: Share of them that saw it within so many days of the first weekly run after it.
        calls: The calls until then, over those of the weekly runs.
    """

    runs: float
    error: float
    panels: int
    within: Mapping[int, float] = field(default_factory=dict)
    calls: float = 1.0


WITHIN_DAYS = (1, 3, 7, 28)
"""Days after the first weekly run with a fall, within which it is counted who saw it."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """The reliability of one alert level.

    Attributes:
        level: The name of the level.
        alarms: The number of alarms at this level.
        true: The share of them that was true, 0 to 1; None without alarms.
    """

    level: str
    alarms: int
    true: float | None


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """The figures of a trial; see the classes of the fields."""

    false_alarms: FalseAlarms
    delay: Delay
    compared: Comparisons
    reliability: tuple[Reliability, ...]

    @property
    def ratio(self) -> float:
        """The monitor's delay divided by that of the oracle of one stream."""
        return self.delay.runs / self.compared.oracle.delay


def run_trial(
    trial: MonitorTrial, panels: int, seed: int, step: Callable[[], None] = lambda: None
) -> TrialOutcome:
    """Simulate worlds and return the monitor's false alarms, delay and reliability, and the figures
    to compare with. Each of the four is of worlds of its own.

    Args:
        trial: The worlds, the change and the allowed false alarms.
        panels: Number of simulated brands behind each of the monitor's figures.
        seed: Seed of the random numbers; the seeds of the four begin a million apart.
        step: Called after each world, to show progress; there are `worlds_of` of them. By default
            nothing is called.
    """
    return TrialOutcome(
        false_alarms(trial, panels, seed, step),
        delay(trial, panels, seed + 10**6, step),
        compare(trial.world, trial.drop, trial.carried, trial.per_year, seed + 2 * 10**6),
        reliability(trial, panels, seed + 3 * 10**6, step),
    )


def worlds_of(trial: MonitorTrial, panels: int) -> int:
    """Return the number of worlds that `run_trial` simulates for a number of brands behind each
    figure, ``panels``: false alarms and reliability take all brands of a world, the delay one.
    """
    return 2 * ceil(panels / trial.world.brands) + panels


def false_alarms(
    trial: MonitorTrial,
    panels: int,
    seed: int,
    step: Callable[[], None] = lambda: None,
    watched: int = 0,
) -> FalseAlarms:
    """Watch the brands of simulated worlds in which nothing changes, and return their false alarms.

    The rate counts only alarms of baselines of the age `MonitorTrial.age`, per brand-year of that
    age. Its interval is from the scatter between worlds, and at least that of a Poisson count.

    Args:
        trial: The worlds and the allowed false alarms.
        panels: Number of simulated brands, rounded up to whole worlds.
        seed: Seed of the first world; each next world has the next seed.
        step: Called after each world, to show progress.
        watched: How many brands of a world the deployment tracks; by default all.
    """
    design, brands = trial.world, watched or trial.world.brands
    worlds = ceil(panels / brands)
    exposure: Counter[str] = Counter()
    alarms: Counter[str] = Counter()
    alarms_by_world, ghosts, closings, model_alarms, calls = [], 0, 0, 0, 0.0
    for number in range(worlds):
        in_world = 0
        world = simulate_world(design, seed + number)
        restarts = tuple(_reported_model_changes(trial, world.streams))
        model_alarms += len(restarts)
        seen = watch_brands(trial, world, restarts, brands, watched)
        calls += seen.calls
        for monitor, raised in seen.pairs:
            ages = Counter(age_of(age) for age in _ages(monitor))
            exposure.update(ages)
            alarms.update(age_of(alarm.age) for alarm in raised)
            in_world += sum(1 for alarm in raised if trial.age in {"", age_of(alarm.age)})
            ghosts += _ghosts(design, raised)
            closings += len(monitor.returns)
        alarms_by_world.append(in_world)
        step()
    weekly = sum(exposure.values()) * worlds / max(calls, 1e-9)
    scale = weekly / max(1, sum(exposure.values())) / RUNS_A_YEAR / max(1, design.models)
    years = {age: runs * scale for age, runs in exposure.items()}
    brand_years = sum(years.values()) if not trial.age else years.get(trial.age, 0.0)
    divisor = max(brand_years, 1e-9)
    total = sum(alarms_by_world)
    yearly = total / divisor
    error_between_worlds = float(np.std(alarms_by_world)) * worlds**0.5 / divisor
    poisson_error = max(total, 1) ** 0.5 / divisor
    half_width = 1.96 * max(error_between_worlds, poisson_error)
    return FalseAlarms(
        yearly=yearly,
        interval=(max(0.0, yearly - half_width), yearly + half_width),
        by_age={age: alarms[age] / years[age] for age in AGES if years.get(age)},
        brand_years=brand_years,
        alarms=total,
        ghosts=ghosts / max(1, sum(alarms.values())),
        closings=closings / divisor,
        of_models=ModelAlarms.counted(model_alarms, worlds * design.runs / RUNS_A_YEAR),
        calls=calls / worlds,
    )


def _reported_model_changes(trial: MonitorTrial, streams: Sequence[Stream]) -> Iterator[Restart]:
    """Yield the changes of models as a whole that are reported in a world, found in visibility.
    None when the world has fewer than `MIN_TRACKED` brands or no false alarms are allowed for
    models.

    Args:
        trial: The worlds and the allowed false alarms.
    """
    weekly = 1 + trial.world.again  # changes of models are looked for in the weekly runs
    visibility = [stream for stream in streams if stream.key.metric == metric_name(0)]
    if weekly > 1:
        visibility = [
            stream_rows(stream, np.arange(0, len(stream.runs), weekly)) for stream in visibility
        ]
    if trial.policy.brands >= MIN_TRACKED and trial.models_per_year:
        for change, _ in reported_changes(visibility, trial.policy, ()):
            yield Restart(change.model, change.run, change.began)


def delay(
    trial: MonitorTrial,
    panels: int,
    seed: int,
    step: Callable[[], None] = lambda: None,
    watched: int = 0,
) -> Delay:
    """Watch simulated brands whose visibility falls, and return the mean number of runs until the
    alarm.

    An alarm in the first run after the fall counts as 1. Brands with an alarm before the fall are
    left out; a fall without an alarm counts as `RUNS_AFTER`, and so does a trial without any brand.

    Args:
        trial: The monitor, the world and the fall.
        panels: Number of simulated worlds; the first brand of each is watched.
        seed: Seed of the first world; each next world has the next seed.
        step: Called after each world.
        watched: How many brands the deployment tracks; by default all.
    """
    design = replace(trial.world, runs=CHANGE_AT + RUNS_AFTER)
    changes: Changes = {(0, 0): (Moved(CHANGE_AT, -trial.drop, trial.carried),)}
    fall = FIRST_RUN + timedelta(weeks=CHANGE_AT)
    delays, days, calls = [], [], []
    for number in range(panels):
        world = simulate_world(design, seed + number, changes)
        seen = watch_brands(
            replace(trial, world=design), world, brands=1, tracked=watched, until_alarm=True
        )
        [(_, raised)] = seen.pairs
        runs_until = design.week(raised[0].run.id) + 1 - CHANGE_AT if raised else RUNS_AFTER
        if runs_until > 0:
            delays.append(runs_until)
            days.append((raised[0].run.at - fall) / timedelta(days=1) if raised else inf)
            calls.append(seen.calls)
        step()
    found = np.array(delays or [RUNS_AFTER], np.float64)
    within = {
        limit: sum(day <= limit + HOUR for day in days) / len(days) for limit in WITHIN_DAYS if days
    }
    error = float(found.std()) / len(found) ** 0.5
    return Delay(float(found.mean()), error, len(delays), within, float(np.mean(calls or [1.0])))


def reliability(
    trial: MonitorTrial, panels: int, seed: int, step: Callable[[], None] = lambda: None
) -> tuple[Reliability, ...]:
    """Watch simulated brands that change once a year on average, and return the number and the true
    share of alarms for each of `REPORTED_LEVELS`.

    An alarm is true when the brand's level in its run is another than in the median run of the
    baseline: another number of its changes has happened.

    Args:
        trial: The worlds, of which one model is taken, and the allowed false alarms.
        panels: Number of simulated brands, rounded up to whole worlds.
        seed: Seed of the first world; each next world has the next seed.
        step: Called after each world.
    """
    design = replace(trial.world, models=1)
    found: dict[str, list[bool]] = defaultdict(list)
    for number in range(ceil(panels / design.brands)):
        rng = np.random.default_rng([seed, number])
        changes: Changes = {
            (brand, 0): random_changes(design, rng) for brand in range(design.brands)
        }
        world = simulate_world(design, seed + number, changes)
        for brand, (_, raised) in enumerate(watch_brands(trial, world).pairs):
            for alarm in raised:
                now, usual = (
                    sum(1 for change in changes[brand, 0] if change.at <= design.week(run.id))
                    for run in (alarm.run, alarm.usual)
                )
                found[level_of(alarm)].append(now != usual)
        step()
    return tuple(
        Reliability(level, len(outcomes), sum(outcomes) / len(outcomes) if outcomes else None)
        for level in REPORTED_LEVELS
        for outcomes in (found[level],)
    )


@dataclass(frozen=True, slots=True)
class _Watched:
    """Brands of a world after all its runs.

    Attributes:
        pairs: For each brand in order, its monitor, and its alarms in the order of the runs.
        calls: The calls, over those of the weekly runs.
    """

    pairs: Sequence[tuple[Monitor, list[Alarm]]]
    calls: float


def watch_brands(
    trial: MonitorTrial,
    world: SimulatedWorld,
    restarts: Collection[Restart] = (),
    brands: int | None = None,
    tracked: int = 0,
    *,
    until_alarm: bool = False,
    each: Callable[[Monitor, RunKey], None] = lambda *_: None,
) -> _Watched:
    """Watch the brands of a world side by side, week by week: a model is asked again as soon as the
    monitor of any of them wants it, and all see its answers.

    Args:
        trial: The allowed false alarms, and the number of brands.
        restarts: The reported changes of models as a whole, from which baselines begin again.
        brands: How many of the brands are watched, the first ones; by default all.
        tracked: How many the deployment tracks; by default all of the world.
        until_alarm: Whether to stop at the first alarm.
        each: Called with each monitor after each weekly run without an alarm.
    """
    design, policy = trial.world, trial.policy
    policy = replace(policy, brands=tracked or policy.brands)
    runs = [run_keys(design, model) for model in range(design.models)]
    asks = 1 + design.again
    again = {run.id for keys in runs for index, run in enumerate(keys) if index % asks}
    pairs: list[tuple[Monitor, list[Alarm]]] = [
        (
            Monitor(
                brand_name(brand), world.streams, policy=policy, restarts=restarts, bursts=again
            ),
            [],
        )
        for brand in range(design.brands if brands is None else brands)
    ]
    calls = 0
    for week in range(design.runs):
        for slot in range(asks):
            wanted = set.union(*(monitor.asked_again for monitor, _ in pairs)) if slot else ()
            looks = [
                keys[week * asks + slot] for m, keys in enumerate(runs) if model_of(m) in wanted
            ]
            calls += len(looks) if slot else design.models
            for run in looks if slot else [runs[0][week * asks]]:
                for monitor, raised in pairs:
                    if alarm := monitor.step(run):
                        raised.append(alarm)
                    elif not slot:
                        each(monitor, run)
        if until_alarm and any(raised for _, raised in pairs):
            break
    return _Watched(pairs, calls / (week + 1) / design.models)


def level_of(alarm: Alarm) -> str:
    """Return the name of an alarm's level of certainty, such as ``likely``, by its most frequent
    shift; all that is not nearly certain is likely.
    """
    chance = max(shift.chance_a_year or 0.0 for shift in alarm.shifts)
    return str(Rarity(chance).level(inf))


def _ages(monitor: Monitor) -> Iterator[int]:
    """Yield the number of runs in the baseline at each analysis of a model; the longest of its
    metrics counts.
    """
    for measured in monitor.evidence.values():
        for measurement in measured:
            yield max(stream.runs for stream in measurement.streams)


def age_of(runs: int) -> str:
    """Return the name of the group of `AGES` to which a number of baseline runs belongs; "0" for
    none.
    """
    return next((name for name, (low, high) in AGES.items() if low <= runs <= high), "0")


def _ghosts(design: WorldDesign, alarms: Iterable[Alarm]) -> int:
    """Return the number of alarms whose first shift is in the opposite direction to that of the
    alarm before, at most `GHOST_RUNS` weekly runs earlier. The alarms are in the order of the runs.
    """
    ghosts = 0
    for before, alarm in pairwise(alarms):
        is_near = design.week(alarm.run.id) - design.week(before.run.id) <= GHOST_RUNS
        ghosts += is_near and alarm.shifts[0].change * before.shifts[0].change < 0
    return ghosts


def random_changes(design: WorldDesign, rng: np.random.Generator) -> tuple[Moved, ...]:
    """Return random changes of a simulated brand, in the order of the runs: one a year on average,
    and none with the first run.

    Their sizes in logits are normal, with mean 0 and the standard deviation `CHANGE_SD`. A change
    moves all prompts or, with the probability `SPARSE_SHARE`, only the share `CARRIED` of them.
    """
    runs = np.flatnonzero(rng.random(design.runs) < 1 / RUNS_A_YEAR)
    return tuple(
        Moved(
            int(run),
            carried=CARRIED if rng.random() < SPARSE_SHARE else 1.0,
            logits=float(rng.normal(0, CHANGE_SD)),
        )
        for run in runs
        if run > 0
    )
