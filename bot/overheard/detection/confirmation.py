"""Asking again where something may have changed, until it is told or has passed.

A run that is unlike those before, an announced update or another served model opens an *occasion*
at a model. The runs that follow are compared with those before the occasion; the run that deviated
was chosen for that, and is no proof. How often chance confirms an occasion follows from
how often chance opens one, and counts in the budget of false alarms; docs/statistics.md has how far
that is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from overheard.detection.control_variate import SHARED_VARIANCE, RunSeries
from overheard.detection.statistic import (
    AUTOCORRELATIONS,
    OUTLIER_PRIOR,
    OUTLIER_SDS,
    STAYS,
    VARIANCES,
    deviating_runs,
    null_weights,
)
from overheard.numpy_proxy import np

LOOKS = tuple(timedelta(hours=hours) for hours in (3, 12, 24, 36, 48))
"""When a model is asked again, after the run that opened the occasion. Runs of one hour share their
run effect; so they are spread over two days."""
MIN_GAP = timedelta(hours=3)
"""The shortest time between two runs of an occasion."""
EXPIRES_AFTER = LOOKS[-1] + timedelta(days=1)
"""After this time nothing is asked again by itself; the next check is the next look."""
LOOKS_SPENT = 2.0
"""Runs of an occasion on average where nothing changed, 1.7, and a reserve."""
ALIKE_SHARE = 0.75
"""Another state explains runs that deviate only if earlier runs deviated by such a share of it."""
PASSED_SDS = 0.35
"""An occasion has passed when the runs since deviate by less than so many standard deviations for
each of them, in the direction of the run that opened it."""
LOOKS_BY_CHANCE = 3.0
"""By how much runs that ask again raise how often chance shows evidence: each is another look at
the same days, and two rules judge it. Simulated by `bench/detection.py`."""
OF_CHECKS, OF_WATCHES, OF_UPDATES = 0.5, 0.25, 0.25
"""Shares of a brand's false alarms that may be raised by occasions of single runs that deviate, of
evidence that was watched, and of updates."""
UPDATES_A_YEAR = 4
"""Number of updates of a model that is expected in a year, where there were fewer."""
YEAR = timedelta(days=365)
MIN_CHANCE = 1e-12
"""Probabilities are cut at this."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a model is asked again about a brand.

    Attributes:
        metric: The metric that is looked at.
        row: The row of the first run that may have changed.
        opened: The row of the run that opened it; for an update the same.
        opened_a_year: How often chance, or an update, opens such an occasion in a year, over the
            share of a brand's false alarms that these may raise.
        chance: Probability that a run opens it; 1.0 for an update.
        side: 1.0 after a rise, -1.0 after a fall, 0.0 after an update.
        source: How an update is known; empty for runs that deviate.
        looks: The rows of the runs that show whether something changed.
        rate: How often a year chance shows as much, of this brand.
        over: Whether it has passed, or all looks are made.
    """

    metric: str
    row: int
    opened: int
    opened_a_year: float
    chance: float = 1.0
    side: float = 0.0
    source: str = ""
    looks: tuple[int, ...] = ()
    rate: float = float("inf")
    over: bool = False

    def looked(self, series: RunSeries, rows: Sequence[int]) -> Occasion:
        """Return the occasion after another run.

        Args:
            series: The runs of the brand and its rivals at the model, up to that run.
            rows: The rows of these runs; at least one is before the occasion.
        """
        before = sum(1 for row in rows if row < self.row)
        looks = tuple(row for row in rows[before:] if row > self.opened or self.source)
        found = deviation(series, before, len(looks))
        sds = found.sds * (self.side or (1.0 if found.sds > 0 else -1.0))
        most = len(LOOKS) + bool(self.source)
        chance = _at_any_look(found.chance, most) if sds > 0 else 1.0
        # A run may be in another state, and those of the next days with it: also where runs are
        # chosen by it, and the longer it lasts the less likely.
        deviating, compared = deviating_runs(
            series.level[:, :before],
            series.noise[:, :before],
            OUTLIER_PRIOR,
            max(OUTLIER_SDS, ALIKE_SHARE * abs(found.run_sds)),
        )
        in_state = min(1.0, deviating / compared / self.chance)
        chance = min(1.0, chance + in_state * STAYS ** len(looks))
        sides = 2 if self.source else 1
        return replace(
            self,
            looks=looks,
            rate=max(self.opened_a_year * sides * chance, MIN_CHANCE),
            over=len(looks) >= most or sds < PASSED_SDS * len(looks) * (not self.source),
        )


def next_look(opened: datetime, looks: Sequence[datetime], now: datetime) -> datetime | None:
    """Return when a model is asked next; None when all looks are made, or it is too late.

    Args:
        opened: Start of the run that opened the occasion, or time of the update.
        looks: The starts of the runs since, the oldest first.
    """
    if len(looks) >= len(LOOKS) or now > opened + EXPIRES_AFTER:
        return None
    return max(opened + LOOKS[len(looks)], *(at + MIN_GAP for at in looks), opened)


def opening_chance(share: float, brands: int) -> float:
    """Return the probability with which a run of an unchanged brand opens an occasion, so that
    asking again costs a share of what the scheduled runs cost.

    Args:
        brands: Number of tracked brands, each of which may open one.
    """
    return min(share / LOOKS_SPENT / brands, 0.5)


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far runs deviate from those before.

    Attributes:
        chance: Probability that chance deviates as far, in this direction.
        sds: Standard deviations, above 0 for a rise.
        run_sds: The same in standard deviations of single runs.
    """

    chance: float
    sds: float
    run_sds: float


def deviation(series: RunSeries, before: int, looks: int) -> Deviation:
    """Return how far the latest ``looks`` runs deviate from the first ``before`` runs.

    The runs between were chosen because they deviate: as much of that as chance explains is
    expected of the later ones, and taken out.

    The variance and the autocorrelation of run effects are integrated out, by what the first runs
    show: with few of them the tails are heavy. Runs of one occasion have `SHARED_VARIANCE` of their
    effects in common.

    Args:
        series: The runs of the brand and its rivals.
        before: Number of runs before the occasion, 1 or more.
        looks: Number of runs that count, 1 or more.
    """
    from overheard.special_functions import ndtr

    weights = null_weights(series.level[:, :before], series.noise[:, :before])
    level, noise = series.level[0], series.noise[0]
    variances = np.tile(VARIANCES, len(AUTOCORRELATIONS))
    phi = np.repeat(AUTOCORRELATIONS, len(VARIANCES))
    precision = 1 / (noise[:before] + variances[:, None])
    usual = precision @ level[:before] / precision.sum(axis=1)
    drift = noise[:before].mean() / before + np.minimum(
        variances, variances * (1 + phi) / (1 - phi) / before
    )
    usual_variance = np.where(phi > 0, drift, 1 / precision.sum(axis=1))
    alike = np.maximum(SHARED_VARIANCE, phi)
    common = alike * variances + usual_variance
    change = level[-looks:].mean() - usual
    run_sds = float(weights @ (change / np.sqrt(noise.mean() + variances)))
    variance = (noise[-looks:].mean() + (1 - alike) * variances) / looks + common
    chosen = len(level) - looks - before
    if chosen:
        between = slice(before, before + chosen)
        deviates = level[between].mean() - usual
        common = alike * variances / chosen + usual_variance
        share = common / ((noise[between].mean() + variances) / chosen + usual_variance)
        change, variance = change - share * deviates, variance - share * common
    sds = change / np.sqrt(variance)
    mean = float(weights @ sds)
    chance = float(weights @ ndtr(-abs(sds) if mean == 0 else -np.sign(mean) * sds))
    return Deviation(chance, mean, run_sds)


def _at_any_look(chance: float, looks: int) -> float:
    """Return the probability that chance deviates as far at any of some looks."""
    from overheard.special_functions import ndtri

    sds = -float(ndtri(min(max(chance, MIN_CHANCE), 0.5)))
    return _crossing(round(sds, 2), looks)


@lru_cache(4096)
def _crossing(sds: float, looks: int) -> float:
    from overheard.detection.announced_updates import crossing

    return min(0.5, max(crossing(sds, looks) / 2, MIN_CHANCE))
