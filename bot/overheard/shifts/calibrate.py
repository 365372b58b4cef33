"""How large the detector's statistic must be, so that false alarms keep to the promise.

The brand's own past is simulated as if nothing ever changed: each prompt's probability is drawn
from what its answers leave open, the runs' moods from what is known of their variance, and the
numbers of answers are the real ones. The threshold is the quantile of the largest statistic of
the time ahead. A general bound would be far too strict: by Markov's inequality the threshold for
one false alarm in 52 runs is 52, and simulated ones lie near 15.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np

from overheard.domain import Model
from overheard.measure.blocks import Counts, Stream
from overheard.measure.panel import Floats
from overheard.shifts import shocks
from overheard.shifts.detector import FRESH, Histories, histories, statistics

FEWEST = 1.0
"""How many runs `shocks.PRIOR` is worth when the threshold is fitted. It is less than the
detector takes it for (6 runs): a model that is moodier than most must not raise more alarms."""
MOODIEST = 1.0
"""No model's variance is thought to be larger than this."""
LATEST = 4
"""The runs ahead ask what these latest runs asked, in turn."""


@dataclass(frozen=True, slots=True)
class Mood:
    """How moody a model's runs are, and how sure that is.

    Attributes:
        tau2: Variance of the run shock, logit scale, see `shocks.variance`; what the detector
            takes it for.
        centre: The same with a weaker prior, around which the truth is thought to lie.
        noise: What calls alone add to the variance of a run's distance, in the same units.
        freedom: How many runs the centre is worth.
    """

    tau2: float
    centre: float
    noise: float
    freedom: float

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Draw variances that the estimate leaves possible: scaled inverse chi-square, S."""
        factor = self.freedom / rng.chisquare(self.freedom, size)
        return np.clip((self.centre + self.noise) * factor - self.noise, 0.0, MOODIEST)


def mood(streams: Iterable[Stream], first: int) -> Mood:
    """Estimate how moody a model's runs are, from those before a time.

    Args:
        streams: Streams of one model; all brands help.
        first: Number of the first run that is left out.
    """
    known = list(streams)
    parts = [part for s in known if (part := shocks.moments(s, first)).scale > 0]
    runs = max((part.freedom for part in parts), default=0)
    scale = sum(part.scale for part in parts)
    excess, noise = sum(part.excess for part in parts), (runs / scale) ** 0.5 if parts else 0.0
    found = max(0.0, excess) / scale if parts else 0.0
    freedom = runs + FEWEST
    # A strong shock moves a rate by less than its slope says: the moments are a little low.
    found *= 1 + found / 2
    centre = (runs * found + FEWEST * shocks.PRIOR) / freedom
    return Mood(shocks.variance(known, first), centre, noise, freedom)


def threshold(
    streams: Sequence[Stream],
    moods: Mapping[Model, Mood],
    *,
    seed: int,
    ahead: int = 52,
    per_year: float = 1.0,
    panels: int = 200,
) -> float:
    """Return how large the logarithm of a brand's statistic must be for an alarm.

    Simulated streams of one model share the moods of the runs; their calls are independent.

    Args:
        streams: The brand's streams, with as many runs that have answers each, or nearly so.
        moods: How moody each of their models is.
        seed: Where the randomness comes from; the same seed gives the same threshold.
        ahead: How many runs there will be in a year.
        per_year: False alarms that may be expected of the brand in a year, above 0: the
            probability of any is 1 - exp(-per_year).
        panels: How many years are simulated; 200 leave the rate uncertain by a tenth.
    """
    rng = np.random.default_rng(seed)
    variances = {model: moods[model].draw(panels, rng) for model in sorted(moods)}
    runs = max(len(histories(stream).n) for stream in streams) + ahead
    steps = {model: rng.standard_normal((panels, runs)) for model in sorted(moods)}
    paths = []
    for stream in streams:
        model = stream.key.model
        past = histories(stream)
        shock = np.sqrt(variances[model])[:, None] * steps[model][:, : len(past.n) + ahead]
        null = unchanged(past, shock, rng)
        looks = range(len(past.n), len(null.n))
        paths.append(statistics(null, moods[model].tau2, looks))
    brand = np.logaddexp.reduce(paths, axis=0) - np.log(len(paths))
    return float(np.quantile(brand.max(axis=1), exp(-per_year)))


def unchanged(past: Histories, shock: Floats, rng: np.random.Generator) -> Histories:
    """Draw histories in which nothing changed, as fitted to a real one.

    Args:
        past: The real history, one.
        shock: Moods of the runs there were and of those ahead, S x R.
        rng: Draws the answers.
    """
    n = _asked(past.n, shock.shape[1])
    if past.binary:
        total = rng.binomial(n, _expit(_logits(past, len(shock), rng)[:, None] + shock[..., None]))
        return Histories(n, total.astype(np.float64), total.astype(np.float64), binary=True)
    return _numbers(past, n, shock, rng)


def _asked(n: Counts, runs: int) -> Counts:
    latest = n[-LATEST:]
    turns = np.arange(runs - len(n)) % len(latest)
    return np.concatenate([n, latest[turns]])


def _logits(past: Histories, size: int, rng: np.random.Generator) -> Floats:
    """Draw each prompt's logit from its posterior, S x P.

    The prior has the panel's mean and the weight of the fresh prior.
    """
    n, hits = past.n.sum(axis=0), past.total[0].sum(axis=0)
    mean, weight = (hits.sum() + 0.5) / (n.sum() + 1), sum(FRESH)
    drawn = rng.beta(hits + weight * mean, n - hits + weight * (1 - mean), (size, len(n)))
    chance = np.clip(drawn, 1e-4, 1 - 1e-4)
    return np.log(chance / (1 - chance))


def _numbers(past: Histories, n: Counts, shock: Floats, rng: np.random.Generator) -> Histories:
    """Draw normal answers around each prompt's mean, with the spread within prompts."""
    seen = past.n.sum(axis=0)
    total, squares = past.total[0].sum(axis=0), past.squares[0].sum(axis=0)
    mean = total / np.maximum(seen, 1)
    freedom = max(1, int(np.maximum(seen - 1, 0).sum()))
    spread = float(np.maximum(squares - seen * mean**2, 0.0).sum()) / freedom
    centre = mean + rng.standard_normal((len(shock), len(mean))) * np.sqrt(
        spread / np.maximum(seen, 1)
    )
    moved = centre[:, None] + spread * shock[..., None]
    noise = rng.standard_normal((*shock.shape, n.shape[1])) * np.sqrt(spread * n)
    totals = n * moved + noise
    around = spread * 2 * rng.standard_gamma(np.maximum(n - 1, 0) / 2, totals.shape)
    return Histories(n, totals, around + totals**2 / np.maximum(n, 1), binary=False)


def _expit(logit: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logit)))
