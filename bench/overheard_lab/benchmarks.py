"""What the detector is measured against: the best that could be, and what others do, all held to
the same rate of false alarms on panels with normal run effects.

All of them read simulated panels in which every run asks the same. A path is S x L: the score of
each of S panels at each of L analyses, one a run; a rule fires where its score is above a limit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp, inf, log

from overheard.numpy_proxy import Floats, np
from overheard.special_functions import logit
from overheard_lab.panels import Change, Design, World, simulate, undone
from overheard_lab.worlds import WorldDesign

WARM_UP, YEAR, BEFORE = 20, 52, 20
"""Runs: before watching begins, watched in a year, and watched before the change."""
PANELS = 2000
"""Number of simulated panels behind each figure."""
CUSUM_SLACK = 0.5
"""Half of the change, in standard deviations, that the pooled CUSUM is tuned to."""


@dataclass(frozen=True, slots=True)
class MarketRule:
    """A rule as it is used.

    Attributes:
        usual: The limit that its users take.
        path: Scores panels from a run on (its index), and starts afresh after scores above the
            limit that is given.
    """

    name: str
    usual: float
    path: Callable[[World, int, float], Floats]


def oracle(world: World, start: int, tau: float) -> Floats:
    """Return paths, S x L, of a CUSUM that knows everything but the time of the change (Page 1954).

    The CUSUM knows the probability of each prompt before and after the change, and the variance of
    the run effect. Each run counts by its successes less those expected before the change, weighted
    by how far the logit of each prompt moves. This sum is taken for normal, and the change moves
    its mean and not its variance.

    Args:
        world: The panels, and what changes in them.
        start: Index of the first run that is analysed.
        tau: Standard deviation of the run effects, on the logit scale.
    """
    asked = world.n[:, start:].astype(np.float64)
    before, after = world.chance[:, None], world.changed[:, None]
    weight = logit(after) - logit(before)
    x = (weight * (world.total[:, start:] - asked * before)).sum(axis=2)
    calls = (asked * weight**2 * before * (1 - before)).sum(axis=2)
    effects = tau**2 * (asked * weight * before * (1 - before)).sum(axis=2) ** 2
    mean, variance = (asked * weight * (after - before)).sum(axis=2), calls + effects
    return cusum(x * mean / variance - mean**2 / (2 * variance))


def lorden_calls(world: World, analyses_a_year: int) -> float:
    """Return the smallest mean number of calls in which a change can be found with one false alarm
    a year (Lorden 1971).

    The bound is the logarithm of the time between false alarms (a year of analyses) over the
    information in a call: the divergence of Kullback and Leibler, averaged over prompts and panels.
    Run effects are not counted; with them even more calls are needed.

    Args:
        world: The panels, with their success probabilities before and after the change.
        analyses_a_year: Number of analyses in a year, above 1.
    """
    p, q = world.chance, world.changed
    per_call = q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))
    return log(analyses_a_year) / float(per_call.mean())


def cusum(steps: Floats, limit: float = inf) -> Floats:
    """Return the cumulative sums of steps along each row, S x L, never below 0 (Page 1954).

    Args:
        limit: After a sum above it, the next sum starts from 0; infinity for no restarts.
    """
    path = np.zeros_like(steps)
    level = np.zeros(len(steps))
    for column in range(steps.shape[1]):
        level = np.maximum(0.0, np.where(level > limit, 0.0, level) + steps[:, column])
        path[:, column] = level
    return path


def _fall(world: World, start: int, _: float) -> Floats:
    """Return the path of a rule, S x L: by which share of it the rate of a run (hits among all its
    answers) fell since the run before; negative for a rise, 0 if the rate before was 0.

    Args:
        start: Index of the first run that is scored, 1 or more.
        _: The limit, which the rule does not need.
    """
    rate, _n = _pooled(world)
    before = rate[:, start - 1 : -1]
    return 1 - np.divide(rate[:, start:], before, out=np.ones_like(before), where=before > 0)


def _two_proportions(world: World, start: int, _: float) -> Floats:
    """Return the path of a rule, S x L: the absolute z of the test of each run's pooled rate
    against that of the run before.

    Args:
        start: Index of the first run that is scored, 1 or more.
        _: The limit, which the rule does not need.
    """
    rate, n = _pooled(world)
    before, after = rate[:, start - 1 : -1], rate[:, start:]
    n_before, n_after = n[:, start - 1 : -1], n[:, start:]
    pooled = (before * n_before + after * n_after) / (n_before + n_after)
    variance = pooled * (1 - pooled) * (1 / n_before + 1 / n_after)
    return np.abs(after - before) / np.sqrt(np.maximum(variance, 1e-12))


def _pooled_cusum(world: World, start: int, limit: float) -> Floats:
    """Return the path of a rule, S x L: the larger of two CUSUMs, upwards and downwards, of the
    pooled rate's distance from its mean before, in standard errors.

    Args:
        start: Index of the first run that is scored; the runs before it give the mean.
        limit: A CUSUM restarts after a value above it.
    """
    rate, n = _pooled(world)
    usual = np.clip(rate[:, :start].mean(axis=1, keepdims=True), 0.01, 0.99)
    z = (rate[:, start:] - usual) / np.sqrt(usual * (1 - usual) / n[:, start:])
    return np.maximum(cusum(z - CUSUM_SLACK, limit), cusum(-z - CUSUM_SLACK, limit))


RULES = (
    MarketRule("10 % below the run before", 0.1, _fall),
    MarketRule("two-proportion z against the run before", 1.96, _two_proportions),
    MarketRule("pooled CUSUM", 5.0, _pooled_cusum),
)
"""What is used in the market: relative fall, |z| at the level of 0.05, CUSUM with h = 5."""


def limit_of(paths: Floats, per_year: float) -> float:
    """Return the limit of a score at which a rule has a number of false alarms in a year: the share
    1 - exp(-per_year) of the paths exceeds it, as of a Poisson process.

    Args:
        paths: Paths of panels in which nothing changed, over a year, S x L.
        per_year: The number of alarms that are allowed in a year, above 0.
    """
    return float(np.quantile(paths.max(axis=1), exp(-per_year)))


def delays(paths: Floats, limit: float | Floats, change: int) -> Floats:
    """Return the number of runs from the change to the first alarm of each panel, in the order of
    the panels. An alarm in the first run after the change counts as 1.

    Panels with an alarm before the change are left out, so there may be fewer numbers than panels.
    A panel without an alarm counts as if it had one in the last run.

    Args:
        paths: Paths of panels with a change, S x L.
        limit: The limit above which a score is an alarm: one of all panels, or one for each of the
            S panels.
        change: Index in the paths of the first analysis after the change.
    """
    is_alarm = paths > np.reshape(limit, (-1, 1))
    has_early_alarm = is_alarm[:, :change].any(axis=1)
    after_change = is_alarm[~has_early_alarm, change:]
    after_change[:, -1] = True
    return np.asarray(after_change.argmax(axis=1) + 1.0)


def _pooled(world: World) -> tuple[Floats, Floats]:
    """Return the share of hits among all answers of each run, and the number of these answers, S x
    R each.
    """
    n = world.n.sum(axis=2).astype(np.float64)
    return world.total.sum(axis=2) / n, n


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
    """Return the false alarms and delays of the oracle and of the rules of the market on the same
    `PANELS` simulated panels, and Lorden's bound of the calls. The fall comes after `BEFORE` of the
    watched runs; delays are at limits that keep to the allowed false alarms.

    Args:
        world: What is asked, and the standard deviation of the run effects.
        drop: The fall of visibility in percentage points.
        carried: Share of the prompts that carry the fall, 0 to 1.
        per_year: False alarms that are allowed in a year.
        seed: Seed of the random numbers.
    """
    design = Design(WARM_UP + YEAR, world.prompts, world.repeats, world.beta, world.tau)
    change = Change(WARM_UP + BEFORE, -drop, carried)
    changed = simulate(design, change, size=PANELS, seed=seed)
    unchanged = undone(changed, design, WARM_UP, seed=seed + 1)
    oracle_paths = [oracle(panels, WARM_UP, world.tau) for panels in (unchanged, changed)]
    return Comparisons(
        oracle=_figures_at_allowed_rate(oracle_paths, per_year),
        rules={rule.name: _rule_figures(rule, unchanged, changed, per_year) for rule in RULES},
        lorden_calls=lorden_calls(changed, analyses_a_year=YEAR),
    )


def _rule_figures(
    rule: MarketRule, unchanged: World, changed: World, per_year: float
) -> RuleFigures:
    """Return the false alarms of a rule at its usual limit, and its delay, in runs, at the limit at
    which it has the allowed false alarms. Each run of a year above the usual limit is an alarm; the
    number is the mean over the panels.

    Args:
        unchanged: Panels without a change, over a year after the warm-up.
        changed: The same panels with a change after `BEFORE` runs of that year.
        per_year: The allowed false alarms in a year.
    """
    usual_alarms = (rule.path(unchanged, WARM_UP, rule.usual) > rule.usual).sum(axis=1)
    paths = [rule.path(panels, WARM_UP, inf) for panels in (unchanged, changed)]
    return replace(
        _figures_at_allowed_rate(paths, per_year), false_alarms=float(usual_alarms.mean())
    )


def _figures_at_allowed_rate(paths: list[Floats], per_year: float) -> RuleFigures:
    """Return the figures of a rule with the limit at which it has the allowed false alarms: their
    number, the mean number of runs from the change to the alarm, and its standard error.

    Panels with an alarm before the change are left out. If none is left, the delay is that of a
    change that is never seen, `YEAR` less `BEFORE` runs, with an error of 0.

    Args:
        paths: Two paths, S x L each: without a change, and with a change after `BEFORE` analyses.
        per_year: The allowed false alarms in a year.
    """
    unchanged, changed = paths
    runs = delays(changed, limit_of(unchanged, per_year), BEFORE)
    if not len(runs):
        runs = np.array([float(YEAR - BEFORE)])
    return RuleFigures(per_year, float(runs.mean()), float(runs.std()) / len(runs) ** 0.5)
