"""What the detector is measured against: the best that could be, and what others do.

All of them read simulated panels in which the same was asked in every run. A path is S x L: the
score of each of S panels at each of L looks; a rule fires where its score is above a limit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, log

from overheard.detection.simulate import World
from overheard.numpy_proxy import Floats, np

CUSUM_SLACK = 0.5
"""Half of the change, in standard deviations, that the pooled CUSUM is tuned to."""


@dataclass(frozen=True, slots=True)
class MarketRule:
    """A rule as it is used.

    Attributes:
        name: What it is called.
        usual: The limit that its users take.
        path: Scores panels from a run on (its index), and starts afresh after scores above the
            limit that is given.
    """

    name: str
    usual: float
    path: Callable[[World, int, float], Floats]


def oracle(world: World, start: int, tau: float) -> Floats:
    """Score panels by a CUSUM that knows all but the time of the change (Page 1954).

    It knows every probability before and after, and the variance of the run effect; the weighted
    sum of successes is taken for normal, with the mean moved and the variance as before.

    Args:
        world: The panels, and what changes in them.
        start: Index of the first run that is looked at.
        tau: Standard deviation of the run effects.
    """
    asked = world.n[:, start:].astype(np.float64)
    before, after = world.chance[:, None], world.changed[:, None]
    weight = _logit(after) - _logit(before)
    x = (weight * (world.total[:, start:] - asked * before)).sum(axis=2)
    calls = (asked * weight**2 * before * (1 - before)).sum(axis=2)
    effects = tau**2 * (asked * weight * before * (1 - before)).sum(axis=2) ** 2
    mean, variance = (asked * weight * (after - before)).sum(axis=2), calls + effects
    return cusum(x * mean / variance - mean**2 / (2 * variance))


def lorden_calls(world: World, looks_a_year: int) -> float:
    """Return the fewest calls in which a change can be found on average (Lorden 1971).

    The logarithm of the time between false alarms (a year of looks) over the information in a call:
    the divergence of Kullback and Leibler, averaged over prompts and panels. Moods are left out, so
    with them it is further away.
    """
    p, q = world.chance, world.changed
    per_call = q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))
    return log(looks_a_year) / float(per_call.mean())


def cusum(steps: Floats, limit: float = inf) -> Floats:
    """Sum steps up, never below 0, and from 0 again after a sum above the limit (Page 1954)."""
    path = np.zeros_like(steps)
    level = np.zeros(len(steps))
    for look in range(steps.shape[1]):
        level = np.maximum(0.0, np.where(level > limit, 0.0, level) + steps[:, look])
        path[:, look] = level
    return path


def _fall(world: World, start: int, _: float) -> Floats:
    """Score by the fall of the pooled rate since the run before, as a share of that."""
    rate, _n = _pooled(world)
    before = rate[:, start - 1 : -1]
    return 1 - np.divide(rate[:, start:], before, out=np.ones_like(before), where=before > 0)


def _two_proportions(world: World, start: int, _: float) -> Floats:
    """Score by the absolute z of two pooled proportions: this run's and the one's before."""
    rate, n = _pooled(world)
    one, two = rate[:, start - 1 : -1], rate[:, start:]
    n_one, n_two = n[:, start - 1 : -1], n[:, start:]
    both = (one * n_one + two * n_two) / (n_one + n_two)
    variance = both * (1 - both) * (1 / n_one + 1 / n_two)
    return np.abs(two - one) / np.sqrt(np.maximum(variance, 1e-12))


def _pooled_cusum(world: World, start: int, limit: float) -> Floats:
    """Score by a CUSUM, both ways, of the pooled rate's distance from that of the warm-up."""
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
    """Return the limit that a year's paths without a change exceed as often as is allowed.

    Args:
        paths: Paths of panels in which nothing changed, over a year.
        per_year: Alarms that are allowed in a year: any has the probability 1 - exp(-per_year).
    """
    return float(np.quantile(paths.max(axis=1), exp(-per_year)))


def delays(paths: Floats, limit: float | Floats, change: int) -> Floats:
    """Return in how many runs each panel's change was seen; the first run after it is 1.

    Panels with an alarm before the change are left out, and a change that is not seen by the end
    counts as seen then.

    Args:
        paths: Paths of panels with a change.
        limit: The limit, one or S of them.
        change: Index of the first look after the change.
    """
    fires = paths > np.reshape(limit, (-1, 1))
    later = fires[~fires[:, :change].any(axis=1), change:]
    later[:, -1] = True
    return np.asarray(later.argmax(axis=1) + 1.0)


def _pooled(world: World) -> tuple[Floats, Floats]:
    n = world.n.sum(axis=2).astype(np.float64)
    return world.total.sum(axis=2) / n, n


def _logit(chance: Floats) -> Floats:
    return np.asarray(np.log(chance / (1 - chance)))
