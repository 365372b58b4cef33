"""Trials of the sentinel: what a year of it costs, and how many calls it takes to see a drop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf, log

from overheard.detection.announced_updates import DEFAULT_POLICY, BurstSigns, MadeRun, next_burst
from overheard.detection.baseline import rows_with_answers
from overheard.detection.control_variate import RunEffectPrior, StreamGroup
from overheard.detection.decision_inputs import Rarity, alarm_table, needed_excess, rarity
from overheard.detection.statistic import statistic
from overheard.measure.blocks import RunKey, Stream
from overheard.measure.intervals import wilson
from overheard.numpy_proxy import np
from overheard.special_functions import logit
from overheard_lab.benchmarks import BEFORE, WARM_UP, YEAR, Comparisons, RuleFigures, compare
from overheard_lab.panels import Change, Design, World, expit, simulate
from overheard_lab.trials import REPORTED_LEVELS, MonitorTrial, Reliability

GUARDED = 4
"""Number of the last runs of the warm-up that ask every prompt once, as scheduled runs do."""
EXTRA = 10
"""Number of bursts in a year that are expected when nothing changes; each is analysed."""


@dataclass(frozen=True, slots=True)
class SentinelOutcome:
    """How a trial of the sentinel ended.

    Attributes:
        found: Its false alarms, and its delay in weeks.
        interval: 95 % Monte-Carlo interval of the false alarms.
        calls: Mean number of calls until it saw the drop.
        calls_error: Monte-Carlo standard error of that.
        calls_a_year: Calls in a year without a change.
        brand_years: How many years without a change were watched, each up to its first alarm.
        alarms: How many of them had an alarm.
        panels: How many brands the delay is of: those without an alarm before the drop.
        reliability: The first alarms of the years with the drop, by level: true after it.
    """

    found: RuleFigures
    interval: tuple[float, float]
    calls: float
    calls_error: float
    calls_a_year: float
    compared: Comparisons
    brand_years: float
    alarms: int
    panels: int
    reliability: tuple[Reliability, ...]


class SimulatedBrand:
    """One simulated brand, with a past, that can be asked any prompt at any time.

    Args:
        world: The simulated panels.
        index: The index of the panel to take.
        past: How many runs of the panel have been made already.
        tau: Standard deviation of the run effects.
        rng: Draws run effects and answers.
    """

    def __init__(
        self, world: World, index: int, past: int, tau: float, rng: np.random.Generator
    ) -> None:
        self._chances = (world.chance[index], world.changed[index])
        self._tau = tau
        self._rng = rng
        self.stream: Stream = world.stream(index, first=past)

    def ask(self, at: datetime, asks: Mapping[str, int], *, changed: bool) -> RunKey:
        """Simulate a run with a random run effect, add its answers to `stream`, and return the run.

        Args:
            at: Time of the run; later than all runs before.
            asks: How often each prompt is asked, by key; those without an entry are not asked.
            changed: Whether the run is after the change.
        """
        old = self.stream
        n = np.array([[asks.get(prompt, 0) for prompt in old.prompts]])
        chance, effect = self._chances[changed], self._tau * self._rng.standard_normal()
        logits = logit(chance) + effect
        hits = self._rng.binomial(n, expit(logits))
        total = np.concatenate([old.total, hits])
        run = RunKey(at, old.runs[-1].id + 1)
        n = np.concatenate([old.n, n])
        self.stream = replace(old, runs=(*old.runs, run), n=n, total=total, squares=total)
        return run


@dataclass(frozen=True, slots=True)
class GuardedWeek:
    """One scheduled run with the bursts after it: the number of calls, and how rare the evidence of
    its alarm is by chance, or None without an alarm.
    """

    calls: int
    rarity: Rarity | None

    @property
    def alarm(self) -> bool:
        """Whether there was an alarm."""
        return self.rarity is not None


def run_policy_trial(
    trial: MonitorTrial,
    panels: int,
    seed: int,
    step: Callable[[], None] = lambda: None,
) -> SentinelOutcome:
    """Simulate brands for a year without a change, and again with a drop after `BEFORE` weeks, and
    return the false alarms, delays and calls.

    A brand is watched alone, each year up to its first alarm. A delay is counted in scheduled runs,
    which come once a week. Brands with an alarm before the drop are left out of the delays and of
    the calls; without any brand left, the delay is that of a drop never seen, at no calls. The
    oracle and the rules of the market ask the whole panel in each of their runs.

    Args:
        trial: The trial. Its `repeats` is how often the warm-up asks each prompt, except for its
            last `GUARDED` runs; from then on a scheduled run asks each prompt once.
        panels: Number of simulated brands.
        seed: Seed of the random numbers.
        step: Called after each brand, to show progress.
    """
    design = trial.world
    panel = Design(WARM_UP + YEAR, design.prompts, design.repeats, design.beta, design.tau)
    change = Change(WARM_UP + BEFORE, -trial.drop, trial.carried)
    world = simulate(panel, change, size=panels, seed=seed)
    limit = needed_excess(trial.per_year, YEAR + EXTRA, 1)
    rng = np.random.default_rng(seed)
    unchanged_years, after_drop = [], []
    first_alarms: list[tuple[Rarity | None, bool]] = []
    for index in range(panels):
        guard = _guard(design.tau, limit, world, index, rng)
        unchanged_years.append(guard(inf))
        weeks = guard(BEFORE)
        has_reached_drop = len(weeks) > BEFORE
        first_alarms.append((weeks[-1].rarity, has_reached_drop))
        if has_reached_drop:
            after_drop.append(weeks[BEFORE:])
        step()
    share_with_alarm = float(np.mean([weeks[-1].alarm for weeks in unchanged_years]))
    low, high = wilson(share_with_alarm, panels, 0.95)
    delays = np.array([len(weeks) for weeks in after_drop] or [YEAR - BEFORE])
    calls = [sum(week.calls for week in weeks) for weeks in after_drop] or [0]
    calls_a_week = [week.calls for weeks in unchanged_years for week in weeks]
    delay_error = float(delays.std()) / len(delays) ** 0.5
    return SentinelOutcome(
        found=RuleFigures(yearly(share_with_alarm), float(delays.mean()), delay_error),
        interval=(yearly(low), yearly(high)),
        calls=float(np.mean(calls)),
        calls_error=float(np.std(calls)) / len(calls) ** 0.5,
        calls_a_year=YEAR * float(np.mean(calls_a_week)),
        compared=compare(design, trial.drop, trial.carried, trial.per_year, seed + 1),
        brand_years=sum(map(len, unchanged_years)) / YEAR,
        alarms=sum(weeks[-1].alarm for weeks in unchanged_years),
        panels=len(after_drop),
        reliability=_reliability(first_alarms),
    )


def _reliability(first: Iterable[tuple[Rarity | None, bool]]) -> tuple[Reliability, ...]:
    """Return, for each of `REPORTED_LEVELS` in order, the number of first alarms with this level,
    and the share of them that was true; the share is None without any.

    Args:
        first: For each brand, the rarity of its first alarm (None without one), and whether the
            alarm came after the change, which makes it true.
    """
    outcomes: dict[str, list[bool]] = {level: [] for level in REPORTED_LEVELS}
    for alarm_rarity, is_true in first:
        if alarm_rarity:
            outcomes[str(alarm_rarity.level(inf))].append(is_true)
    return tuple(
        Reliability(level, len(of_level), sum(of_level) / len(of_level) if of_level else None)
        for level, of_level in outcomes.items()
    )


def yearly(share: float) -> float:
    """Return the mean number of alarms in a year of a Poisson process, from the share of years that
    have any alarm, 0 to 1; a share above 0.999 counts as 0.999.
    """
    return abs(log(1 - min(share, 0.999)))


def _guard(
    tau: float, limit: float, world: World, index: int, rng: np.random.Generator
) -> Callable[[float], list[GuardedWeek]]:
    """Simulate a brand's baseline, and return a function that guards the brand for a year after it.

    The function takes the week of the change, counted from 0, infinity for none. It returns the
    weeks up to the first alarm. Each call starts from the same baseline, with new answers.

    Args:
        tau: Standard deviation of the run effects, logit scale.
        limit: The excess over the threshold that is an alarm.
        index: The index of the panel to take.
        rng: Draws run effects and answers.
    """
    past = SimulatedBrand(world, index, WARM_UP - GUARDED, tau, rng)
    once = dict.fromkeys(past.stream.prompts, 1)
    for _ in range(GUARDED):
        past.ask(past.stream.runs[-1].at + timedelta(weeks=1), once, changed=False)

    def guard(change: float) -> list[GuardedWeek]:
        """Return the weeks up to the first alarm, with a change in a week, infinity for none."""
        brand = SimulatedBrand(world, index, WARM_UP - GUARDED, tau, rng)
        brand.stream = past.stream
        return _year(brand, limit, change)

    return guard


def _year(brand: SimulatedBrand, limit: float, change: float) -> list[GuardedWeek]:
    """Simulate the weeks of a brand up to and including the first with an alarm, at most a year,
    and return them: each is a scheduled run and the bursts that follow it. An alarm ends the bursts
    of its week.

    Args:
        brand: The brand after its warm-up.
        change: Week of the change, counted from 0; infinity for none.
    """
    prompts = brand.stream.prompts
    start = brand.stream.runs[-1].at
    scheduled_calls, made, weeks = YEAR * len(prompts), list[MadeRun](), list[GuardedWeek]()
    while len(weeks) < YEAR and not (weeks and weeks[-1].alarm):
        now, calls, rare = start + timedelta(weeks=len(weeks) + 1), 0, None
        asks, burst = dict.fromkeys(prompts, 1), False
        while asks:
            run = brand.ask(now, asks, changed=len(weeks) >= change)
            made.append(MadeRun(run, sum(asks.values()), burst))
            calls += made[-1].calls
            largest, excess = _evidence(brand.stream)
            alarm = excess > limit
            rare = rarity(excess, YEAR + EXTRA, 1) if alarm else None
            wanted = next_burst(
                made,
                BurstSigns(largest, alarm),
                DEFAULT_POLICY,
                scheduled=scheduled_calls,
                now=now,
                prompts=prompts,
                streams=[brand.stream],
                seed=len(made),
            )
            asks, burst = dict(wanted.asks) if wanted else {}, True
            now = wanted.at if wanted else now
        weeks.append(GuardedWeek(calls, rare))
    return weeks


def _evidence(stream: Stream) -> tuple[float, float]:
    """Return the largest logarithm of a Bayes factor for a change of a stream in its latest run,
    and the stream's excess, the logarithm of the statistic above its threshold.
    """
    found = statistic(StreamGroup.of(stream, ()), rows_with_answers(stream), RunEffectPrior())
    needed = alarm_table().threshold(found.age, found.own_share, found.autocorrelation)
    return float(found.logs.max()), found.total - needed
