"""Asking again where something may have changed, until it is told or has passed.

A run that is unlike those before, an announced update or another served model opens an *occasion*
at a model. The statistic counts it and the runs that follow as one, and decides. Here is when the
model is asked, and when the occasion has passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from overheard.detection.control_variate import SHARED_VARIANCE, RunSeries
from overheard.detection.step_evidence import AUTOCORRELATIONS, VARIANCES, null_weights
from overheard.numpy_proxy import np

LOOKS = tuple(timedelta(hours=hours) for hours in (3, 12, 24, 36, 48))
"""When a model is asked again, after the run that opened the occasion. Runs of one hour share their
run effect; so they are spread over two days."""
UPDATE_LOOKS = len(LOOKS) + 1
"""Runs after an update that are compared with those before it: the first, and those that ask
again."""
UPDATE_BOUNDARY = 2.453
"""The standard normal score beyond which, at any of six looks, a brand has moved since an update:
it keeps the level 0.05 over all of them (Pocock 1977, table 1)."""
MOVED_WIDTHS = UPDATE_BOUNDARY / 1.645
"""The same in half-widths of a 90 % interval."""
MIN_GAP = timedelta(hours=3)
"""The shortest time between two runs of an occasion."""
EXPIRES_AFTER = LOOKS[-1] + timedelta(days=1)
"""After this time nothing is asked again by itself; the next check is the next look."""
LOOKS_SPENT = 2.0
"""Runs of an occasion on average where nothing changed, 1.7, and a reserve."""
PASSED_SDS = 0.35
"""An occasion has passed when the runs since deviate by less than so many standard deviations for
each of them, in the direction of the run that opened it."""
LOOKS_BY_CHANCE = 3.0
"""By how much runs that ask again raise how often chance shows evidence: each is another look at
the same days. Simulated by `bench/detection.py`."""
TOLD_BOUND = 0.1
"""The largest change of a rate that an update is said not to have exceeded; more is not clear."""
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a model is asked again about a brand.

    Attributes:
        metric: The metric that is looked at.
        row: The row of the first run that may have changed.
        opened: The row of the run that opened it; for an update the same.
        side: 1.0 after a rise, -1.0 after a fall, 0.0 after an update.
        source: How an update is known; empty for runs that deviate.
        looks: The rows of the runs that show whether something changed.
        over: Whether it has passed, or all looks are made.
    """

    metric: str
    row: int
    opened: int
    side: float = 0.0
    source: str = ""
    looks: tuple[int, ...] = ()
    over: bool = False

    def looked(self, series: RunSeries, rows: Sequence[int]) -> Occasion:
        """Return the occasion after another run.

        Args:
            series: The runs of the brand and its rivals at the model, up to that run.
            rows: The rows of these runs; at least one is before the occasion.
        """
        before = sum(1 for row in rows if row < self.row)
        looks = tuple(row for row in rows[before:] if row > self.opened or self.source)
        _, sds = deviation(series, before, len(looks))
        passed = not self.source and sds * self.side < PASSED_SDS * len(looks)
        over = passed or len(looks) >= len(LOOKS) + bool(self.source)
        return replace(self, looks=looks, over=over)


def next_look(opened: datetime, looks: Sequence[datetime], now: datetime) -> datetime | None:
    """Return when a model is asked next; None when all looks are made, or it is too late.

    Args:
        opened: Start of the run that opened the occasion, or time of the update.
        looks: The starts of the runs since, the oldest first.
    """
    if len(looks) >= len(LOOKS) or now > opened + EXPIRES_AFTER:
        return None
    return max(opened + LOOKS[len(looks)], *(at + MIN_GAP for at in looks), opened)


def deviation(series: RunSeries, before: int, looks: int) -> tuple[float, float]:
    """Return the probability that chance deviates as far as the latest ``looks`` runs do from the
    first ``before`` runs, in their direction, and by how many standard deviations they do.

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
    return float(weights @ ndtr(-abs(sds) if mean == 0 else -np.sign(mean) * sds)), mean
