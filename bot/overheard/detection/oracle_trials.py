"""What a monitor's delay is compared with: the oracle of one stream, and the rules of the market,
all held to the same rate of false alarms, on panels with normal run effects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

from overheard.detection.benchmarks import RULES, MarketRule, delays, limit_of, lorden_calls, oracle
from overheard.detection.simulate import Change, Design, World, simulate, undone
from overheard.detection.worlds import WorldDesign
from overheard.numpy_proxy import Floats, np

WARM_UP, YEAR, BEFORE = 20, 52, 20
"""Runs: before watching begins, watched in a year, and watched before the change."""
PANELS = 2000


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """How a rule did.

    Attributes:
        false_alarms: False alarms in a year.
        delay: Mean number of runs until the drop was seen; one that was not seen within 32 runs
            counts as 32.
        error: Monte-Carlo standard error of the delay.
    """

    false_alarms: float
    delay: float
    error: float


@dataclass(frozen=True, slots=True)
class Comparisons:
    """The figures to compare with.

    Attributes:
        oracle: The CUSUM that knows all but the time, at the allowed false alarms.
        rules: The rules of the market by name. Their false alarms are those of the usual limit;
            their delay is that of a limit that keeps to what is allowed.
        lorden_calls: Lorden's bound.
    """

    oracle: RuleFigures
    rules: dict[str, RuleFigures]
    lorden_calls: float


def compare(
    world: WorldDesign, drop: float, carried: float, per_year: float, seed: int
) -> Comparisons:
    """Return the figures of the oracle and of the rules.

    Args:
        world: What is asked, and the standard deviation of the run effects.
        drop: By how many points visibility falls.
        carried: Share of the prompts that carry it.
        per_year: False alarms that are allowed in a year.
        seed: Seed of the random numbers.
    """
    design = Design(WARM_UP + YEAR, world.prompts, world.repeats, world.beta, world.tau)
    change = Change(WARM_UP + BEFORE, -drop, carried)
    changed = simulate(design, change, size=PANELS, seed=seed)
    still = undone(changed, design, WARM_UP, seed=seed + 1)
    best = [oracle(one, WARM_UP, world.tau) for one in (still, changed)]
    return Comparisons(
        _strict(best, per_year),
        {rule.name: _rule(rule, still, changed, per_year) for rule in RULES},
        lorden_calls(changed, YEAR),
    )


def _rule(rule: MarketRule, still: World, changed: World, per_year: float) -> RuleFigures:
    used = (rule.path(still, WARM_UP, rule.usual) > rule.usual).sum(axis=1)
    strict = _strict([rule.path(one, WARM_UP, inf) for one in (still, changed)], per_year)
    return replace(strict, false_alarms=float(used.mean()))


def _strict(paths: list[Floats], per_year: float) -> RuleFigures:
    """Return the figures of a score, still and changed, with the limit that keeps the promise."""
    still, changed = paths
    runs = delays(changed, limit_of(still, per_year), BEFORE)
    if not len(runs):  # every panel had an alarm before the change, so no delay was measured
        runs = np.array([float(YEAR - BEFORE)])
    return RuleFigures(per_year, float(runs.mean()), float(runs.std()) / len(runs) ** 0.5)
