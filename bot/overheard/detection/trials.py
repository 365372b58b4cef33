"""Trials of the detector: on simulated brands, compared with the oracle and the rules of the
market.

A trial's brand is watched by one stream. Its run effects are learnt from all brands that the same
model is asked about. After a warm-up the threshold is fitted, and the brand is watched for a year
in which nothing changes, and then again from the same start with a drop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf, log
from typing import NamedTuple

from overheard.detection.bayes_factors import Histories, statistics
from overheard.detection.benchmarks import RULES, MarketRule, delays, limit_of, lorden_calls, oracle
from overheard.detection.simulate import WELL_KNOWN, Change, Design, World, simulate, undone
from overheard.detection.threshold import RunEffect, estimate_run_effect, threshold
from overheard.measure.blocks import Stream
from overheard.measure.rates import wilson
from overheard.numpy_proxy import Floats, np

WARM_UP, YEAR, BEFORE = 20, 52, 20
"""Runs: before watching starts, watched in a year, and watched before the change."""
BENCHMARK_PANELS = 2000
"""Panels behind the figures of the oracle and the rules."""


@dataclass(frozen=True, slots=True)
class DetectorTrial:
    """What is tried.

    Attributes:
        drop: By how many points visibility falls, above 0.
        tau: Standard deviation of the run effects, logit scale.
        prompts: Number of prompts.
        repeats: How often each is asked in a run.
        carried: Share of prompts that carry the drop, 0 to 1.
        brands: Brands from whose answers the run effects are learnt, this one included.
        beta: Parameters of the Beta distribution of the prompts' probabilities.
        per_year: False alarms that are promised.
    """

    drop: float = 10.0
    tau: float = 0.25
    prompts: int = 30
    repeats: int = 3
    carried: float = 1.0
    brands: int = 5
    beta: tuple[float, float] = WELL_KNOWN
    per_year: float = 1.0

    @property
    def design(self) -> Design:
        """What is asked, and how the world behaves."""
        return Design(WARM_UP + YEAR, self.prompts, self.repeats, self.beta, self.tau)

    @property
    def change(self) -> Change:
        """What happens."""
        return Change(WARM_UP + BEFORE, -self.drop, self.carried)


@dataclass(frozen=True, slots=True)
class TrialFigures:
    """How one detector did.

    Attributes:
        false_alarms: False alarms in a year.
        interval: The same, 95 % Monte-Carlo interval; a point where it was set, not measured.
        delay: Mean number of runs until the drop was seen; one that was not seen within 32
            runs counts as 32.
        error: Monte-Carlo standard error of the delay.
    """

    false_alarms: float
    interval: tuple[float, float]
    delay: float
    error: float


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """How a trial ended.

    Attributes:
        detector: The streaming detector.
        oracle: The CUSUM that knows all but the time, at the promised false alarms.
        rules: The rules of the market by name. Their false alarms are those of the usual limit;
            their delay is that of a limit that keeps the promise.
        lorden_calls: Lorden's bound.
        calls: Mean number of calls until the detector saw the drop.
        calls_error: Monte-Carlo standard error of that.
        calls_a_year: Calls in a year without a change.
    """

    detector: TrialFigures
    oracle: TrialFigures
    rules: dict[str, TrialFigures]
    lorden_calls: float
    calls: float
    calls_error: float
    calls_a_year: float

    @property
    def ratio(self) -> float:
        """How many times as long as the oracle the detector takes."""
        return self.detector.delay / self.oracle.delay


def run_trial(
    trial: DetectorTrial, panels: int, seed: int, step: Callable[[], None] = lambda: None
) -> TrialOutcome:
    """Run the detector on simulated panels that are asked whole in every run.

    Args:
        trial: The panels, the change and the allowed false alarms.
        panels: Number of simulated brands.
        seed: Seed of the random numbers.
        step: Called after each brand.
    """
    first_seed, *other_seeds = seeds(seed)
    found = _detector(trial, panels, first_seed, step)
    calls = trial.prompts * trial.repeats
    spent = CallsSpent(found.delay * calls, found.error * calls, float(YEAR * calls))
    return compared(trial, found, spent, other_seeds)


class CallsSpent(NamedTuple):
    """Calls until the drop was seen, the standard error of that, and calls in a calm year."""

    calls: float
    error: float
    a_year: float


def compared(
    trial: DetectorTrial, found: TrialFigures, spent: CallsSpent, randomness: Sequence[int]
) -> TrialOutcome:
    """Compare a detector's figures with those of the oracle and of the rules.

    Args:
        trial: The trial.
        found: The detector's figures.
        spent: The calls that the detector took.
        randomness: Two seeds: for the panels with a change, and for those without.
    """
    changed_seed, still_seed = randomness
    changed = simulate(trial.design, trial.change, size=BENCHMARK_PANELS, seed=changed_seed)
    still = undone(changed, trial.design, WARM_UP, seed=still_seed)
    best = [oracle(world, WARM_UP, trial.tau) for world in (still, changed)]
    return TrialOutcome(
        detector=found,
        oracle=_strict(best, trial.per_year),
        rules={rule.name: _rule(rule, still, changed, trial.per_year) for rule in RULES},
        lorden_calls=lorden_calls(changed, YEAR),
        calls=spent.calls,
        calls_error=spent.error,
        calls_a_year=spent.a_year,
    )


def seeds(seed: int) -> list[int]:
    """Return three seeds made of one: for the detector's panels, and two for `compared`."""
    return [int(state) for state in np.random.SeedSequence(seed).generate_state(3)]


def _detector(
    trial: DetectorTrial, panels: int, seed: int, step: Callable[[], None]
) -> TrialFigures:
    """Return the detector's false alarms a year and its delays, on panels without and with a
    change.

    ``step`` is called after each panel.
    """
    changed = simulate(trial.design, trial.change, size=panels, seed=seed)
    still = undone(changed, trial.design, WARM_UP, seed=seed + 1)
    other_brands = others(trial, changed, seed + 2)
    limits, paths = np.zeros(panels), np.zeros((2, panels, YEAR))
    for index in range(panels):
        stream = changed.stream(index, first=WARM_UP)
        run_effect = estimate_run_effect(
            [stream, *(other.stream(index) for other in other_brands)], WARM_UP + 1
        )
        limits[index] = limit_for(trial, stream, run_effect, seed + index)
        total = np.stack([world.total[index] for world in (still, changed)]).astype(np.float64)
        pair = Histories(changed.n[index], total, total, binary=True)
        paths[:, index] = statistics(pair, run_effect.tau2, range(WARM_UP, WARM_UP + YEAR))
        step()
    alarms = float((paths[0] > limits[:, None]).any(axis=1).mean())
    low, high = wilson(alarms, panels, 0.95)
    return _figures(yearly(alarms), (yearly(low), yearly(high)), paths[1], limits)


def limit_for(
    trial: DetectorTrial, stream: Stream, known: RunEffect, seed: int, looks: int = YEAR
) -> float:
    """Return the threshold of a trial's brand, from its warm-up, for a year of so many looks."""
    effects = {stream.key: known}
    return threshold([stream], effects, seed=seed, ahead=looks, per_year=trial.per_year)


def others(trial: DetectorTrial, mine: World, seed: int) -> list[World]:
    """Draw the model's answers about the other brands in the warm-up, with the run effects of
    ``mine``: all brands of a run share them.
    """
    design = replace(trial.design, runs=WARM_UP)
    run_effects, size = mine.run_effects[:, :WARM_UP], len(mine.n)
    return [
        simulate(design, size=size, seed=seed + index, run_effects=run_effects)
        for index in range(trial.brands - 1)
    ]


def _rule(rule: MarketRule, still: World, changed: World, per_year: float) -> TrialFigures:
    used = (rule.path(still, WARM_UP, rule.usual) > rule.usual).sum(axis=1)
    strict = _strict([rule.path(world, WARM_UP, inf) for world in (still, changed)], per_year)
    alarms, half = float(used.mean()), 1.96 * float(used.std()) / len(used) ** 0.5
    return replace(strict, false_alarms=alarms, interval=(alarms - half, alarms + half))


def _strict(paths: list[Floats], per_year: float) -> TrialFigures:
    """Return the figures of a score, still and changed, with the limit that keeps the promise."""
    still, changed = paths
    return _figures(per_year, (per_year, per_year), changed, limit_of(still, per_year))


def _figures(
    alarms: float, interval: tuple[float, float], changed: Floats, limit: float | Floats
) -> TrialFigures:
    """Return the figures of a trial.

    Args:
        alarms: False alarms a year.
        interval: Their 95 % interval.
        changed: Paths of the panels with a change, S x L.
        limit: The threshold of all panels, or of each.
    """
    runs = delays(changed, limit, BEFORE)
    if not len(runs):  # every panel had an alarm before the change, so no delay was measured
        runs = np.array([float(YEAR - BEFORE)])
    error = float(runs.std()) / len(runs) ** 0.5
    return TrialFigures(alarms, interval, float(runs.mean()), error)


def yearly(share: float) -> float:
    """Return the alarms in a year, from the share of years that have any."""
    return -log(1 - min(share, 0.999)) + 0.0
