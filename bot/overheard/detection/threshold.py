"""How large the detector's statistic must be, so that false alarms keep to the promise.

The brand's own past is simulated as if nothing ever changed: each prompt's probability is drawn
from what its answers leave open, the run effects from what is known of their variance, and
the numbers of answers are the real ones. The threshold is the quantile of the largest statistic of
the time ahead. A general bound would be far too strict: by Markov's inequality the threshold for
one false alarm in 52 runs is 52, and simulated ones lie near 15.

Metrics of one model are read from the same answers. So what they show of a prompt in a run rises
and falls together, as far as it can: no other dependence makes large means as likely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp

from overheard.detection import run_effects
from overheard.detection.bayes_factors import FRESH_BETA, RECENT_STARTS, Histories, statistics
from overheard.detection.detector import brand_statistic, histories, rows_with_answers
from overheard.detection.run_effects import Moments
from overheard.domain import Model
from overheard.measure.blocks import Stream, StreamKey
from overheard.numpy_proxy import Counts, Floats, np

WEAK_PRIOR_RUNS = 1.0
"""How many runs `run_effects.PRIOR` is worth where a variance is estimated for known updates. It is
less than the detector takes it for (6 runs): a model that is moodier than most must not raise more
alarms."""
HALF_CAUCHY_SCALE_SQUARED = 0.06
"""Square of the scale of the half-Cauchy prior of the run effect's standard deviation (Gelman
2006). Half of all models are thought to lie below its root, 0.245, and no calm model is ruled out.
"""
PROMISE_SHARE = 0.88
"""The share of the promise that the threshold is made for: what is fitted to 20 runs is a little
calmer than the truth. Without it there are 1.07 false alarms a year at tau 0.25."""
MAX_TAU2 = 1.0
"""No model's variance is thought to be larger than this."""
REPEATED_RUNS = 4
"""The runs ahead ask what these latest runs asked, in turn."""
MAX_EXACT_ANSWERS = 24
"""Up to so many answers in a cell their number of hits is drawn exactly."""


@dataclass(frozen=True, slots=True)
class RunEffect:
    """The variance of a model's run effects in one metric, and how well it is known.

    Attributes:
        tau2: Variance of the run effect, logit scale, see `run_effects.variance`; what the detector
            takes it for.
        found: The same as the runs show it, with no prior.
        noise: What calls alone add to the variance of a run's distance, in the same units.
        runs: How many runs show it.
    """

    tau2: float
    found: float
    noise: float
    runs: float

    @property
    def centre(self) -> float:
        """The variance with a weak prior."""
        return (self.runs * self.found + WEAK_PRIOR_RUNS * run_effects.PRIOR_TAU2) / self.freedom

    @property
    def freedom(self) -> float:
        """How many runs the centre is worth."""
        return self.runs + WEAK_PRIOR_RUNS

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Draw ``size`` variances of the run effect from their posterior distribution.

        The prior is half-Cauchy on the standard deviation, see `HALF_CAUCHY_SCALE_SQUARED`, up to
        `MAX_TAU2`. The likelihood takes the runs' distances for normal.
        """
        grid = np.geomspace(1e-5, MAX_TAU2, 400)  # densities are by the logarithm of the variance
        prior = np.log(grid) / 2 - np.log1p(grid / HALF_CAUCHY_SCALE_SQUARED)
        whole = grid + self.noise
        logs = prior - self.runs / 2 * (np.log(whole) + (self.found + self.noise) / whole)
        below = np.cumsum(np.exp(logs - logs.max()))
        return np.asarray(np.interp(rng.random(size) * below[-1], below, grid))


@dataclass(frozen=True, slots=True)
class Horizon:
    """The time for which the threshold is made.

    Attributes:
        analyses: How often the brand will be analysed.
        allowed: False alarms that may be expected in that time, above 0: the probability of any
            is 1 - exp(-allowed).
        runs: In how many of the analyses each model has a run; a model not named has a run in each.
        reach: How many runs back a change is searched for, see `bayes_factors.candidate_starts`.
        weights: For each model, how likely a change is to begin with each of its runs, those
            there were (all that its streams have) and those ahead; 1 for models not named.
    """

    analyses: int = 52
    allowed: float = 1.0
    runs: Mapping[Model, int] = field(default_factory=dict)
    reach: int = RECENT_STARTS
    weights: Mapping[Model, Floats] = field(default_factory=dict)

    def runs_of(self, model: Model) -> int:
        """Return in how many of the analyses a model has a run."""
        return self.runs.get(model, self.analyses)


def estimate_run_effect(streams: Iterable[Stream], first: int) -> RunEffect:
    """Estimate the variance of a model's run effects from the runs before a time.

    Args:
        streams: Streams of one model and one metric; all brands help.
        first: Number of the run that comes after the baseline, the first that is not used.
    """
    return run_effect_from_moments([[run_effects.moments(stream, first) for stream in streams]])


def run_effect_from_moments(windows: Iterable[Iterable[Moments]]) -> RunEffect:
    """Estimate the variance of a model's run effects from moments, see `run_effects.pool`."""
    pooled = run_effects.pool(windows)
    # A strong run effect moves a rate by less than its slope says: the moments are a little low.
    found = pooled.found * (1 + pooled.found)
    return RunEffect(pooled.shrunk, found, pooled.noise, float(pooled.runs))


def threshold(
    streams: Sequence[Stream],
    effects: Mapping[StreamKey, RunEffect],
    *,
    seed: int,
    ahead: int = 52,
    per_year: float = 1.0,
    panels: int = 200,
) -> float:
    """Return how large the logarithm of a brand's statistic must be for an alarm.

    Args:
        streams: The brand's streams.
        effects: The run effect of each stream, by its key.
        seed: Seed of the random numbers; the same seed gives the same threshold.
        ahead: How many runs there will be in a year.
        per_year: False alarms that may be expected of the brand in a year.
        panels: How many years are simulated; 200 leave the rate uncertain by a tenth.
    """
    return fitted_threshold(streams, effects, Horizon(ahead, per_year), seed=seed, panels=panels)


def fitted_threshold(
    streams: Sequence[Stream],
    effects: Mapping[StreamKey, RunEffect],
    ahead: Horizon,
    *,
    seed: int,
    panels: int = 200,
) -> float:
    """Return how large the logarithm of a brand's statistic must be for an alarm in a horizon.

    Args:
        streams: The brand's streams. The streams of one model end with the same run.
        effects: The run effect of each stream, by its key.
        ahead: The time for which the threshold is made.
        seed: Seed of the random numbers; the same seed gives the same threshold.
        panels: How often the horizon is simulated.
    """
    rng = np.random.default_rng(seed)
    paths: list[Floats] = []
    for model in sorted({stream.key.model for stream in streams}):
        mine = [stream for stream in streams if stream.key.model == model]
        chance = _Chance(mine, ahead.runs_of(model), panels, rng)
        paths += [_path(stream, chance, ahead, effects[stream.key]) for stream in mine]
    return float(
        np.quantile(brand_statistic(paths).max(axis=1), exp(-PROMISE_SHARE * ahead.allowed))
    )


class _Chance:
    """What chance brings to all streams of one model: the run effects, and luck cell by cell.

    Args:
        streams: The streams.
        ahead: Number of runs to simulate after the latest.
        size: Number of simulations, S.
        rng: Draws run effects and luck.
    """

    def __init__(
        self, streams: Sequence[Stream], ahead: int, size: int, rng: np.random.Generator
    ) -> None:
        self.rng = rng
        self.ahead = ahead
        self.runs = max(len(stream.runs) for stream in streams) + ahead
        self._column = {
            prompt: index
            for index, prompt in enumerate(sorted({p for s in streams for p in s.prompts}))
        }
        self._run_effects = rng.standard_normal((size, self.runs))
        self._luck = rng.random((size, self.runs, len(self._column)))

    def of(self, stream: Stream, effect: RunEffect) -> ChanceDraw:
        """Return the run effects and the luck of one stream, for its runs with answers and the runs
        ahead.
        """
        tau = np.sqrt(effect.draw(len(self._run_effects), self.rng))[:, None]
        begun = self.runs - self.ahead - len(stream.runs)
        rows = np.concatenate(
            [begun + rows_with_answers(stream), np.arange(-self.ahead, 0) + self.runs]
        )
        columns = np.array([self._column[prompt] for prompt in stream.prompts])
        cells = (slice(None), rows[:, None], columns)
        return ChanceDraw(tau * self._run_effects[:, rows], self._luck[cells], self.rng)


@dataclass(frozen=True, slots=True, eq=False)
class ChanceDraw:
    """What chance brings to one stream, in S simulated times of R runs and P prompts.

    Attributes:
        run_effects: Random effects of the runs, logit scale, S x R.
        luck: Uniform numbers, low for few hits, S x R x P.
        rng: Draws what no other stream shares.
    """

    run_effects: Floats
    luck: Floats
    rng: np.random.Generator

    @property
    def normal(self) -> Floats:
        """Luck as standard normal numbers."""
        from overheard.special_functions import ndtri

        return np.asarray(ndtri(self.luck))


def _path(stream: Stream, chance: _Chance, ahead: Horizon, effect: RunEffect) -> Floats:
    """Return a stream's statistic at each of the brand's L analyses in S simulations, S x L."""
    past, runs = histories(stream), chance.ahead
    null = unchanged(past, chance.of(stream, effect))
    weights = ahead.weights.get(stream.key.model)
    if weights is not None:
        weights = np.concatenate(
            [weights[rows_with_answers(stream)], weights[len(weights) - runs :]]
        )
    ends = range(len(past.n), len(null.n))
    path = statistics(null, effect.tau2, ends, weights, ahead.reach)
    # An analysis without a new run of the stream's model finds the same statistic as the one
    # before.
    return path[:, np.arange(ahead.analyses) * runs // ahead.analyses]


def unchanged(past: Histories, draw: ChanceDraw) -> Histories:
    """Draw S histories in which nothing changed, from what a real history says of each prompt.

    Args:
        past: The real history, one.
        draw: Run effects and luck of the past runs and the runs ahead.
    """
    n = _asked(past.n, draw.run_effects.shape[1])
    if past.binary:
        logits = (
            _logits(past, len(draw.run_effects), draw.rng)[:, None] + draw.run_effects[..., None]
        )
        total = _hits(n, 1 / (1 + np.exp(-logits)), draw)
        return Histories(n, total, total, binary=True)
    return _numbers(past, n, draw)


def _asked(n: Counts, runs: int) -> Counts:
    latest = n[-REPEATED_RUNS:]
    turns = np.arange(runs - len(n)) % len(latest)
    return np.concatenate([n, latest[turns]])


def _logits(past: Histories, size: int, rng: np.random.Generator) -> Floats:
    """Draw each prompt's logit from its posterior, S x P.

    The prior is a Beta distribution with the panel's mean and the weight of `FRESH_BETA`.
    """
    n, hits = past.n.sum(axis=0), past.total[0].sum(axis=0)
    mean, weight = (hits.sum() + 0.5) / (n.sum() + 1), sum(FRESH_BETA)
    drawn = rng.beta(hits + weight * mean, n - hits + weight * (1 - mean), (size, len(n)))
    chance = np.clip(drawn, 1e-4, 1 - 1e-4)
    return np.log(chance / (1 - chance))


def _hits(n: Counts, chance: Floats, draw: ChanceDraw) -> Floats:
    """Return numbers of hits, S x R x P: luck through the inverse of the binomial distribution.

    Args:
        n: Number of answers, R x P.
        chance: Probability of a hit, S x R x P.
        draw: The luck. More than `MAX_EXACT_ANSWERS` answers use the normal approximation.
    """
    most = int(n.max())
    if most > MAX_EXACT_ANSWERS:
        near = n * chance + draw.normal * np.sqrt(n * chance * (1 - chance))
        return np.clip(np.rint(near), 0, n)
    odds = chance / (1 - chance)
    mass = (1 - chance) ** n
    below, hits = mass.copy(), np.zeros_like(mass)
    for done in range(most):
        hits += draw.luck > below
        mass *= odds * ((n - done) / (done + 1))
        below += mass
    return np.minimum(hits, n)


def _numbers(past: Histories, n: Counts, draw: ChanceDraw) -> Histories:
    """Draw S histories of a metric that is a number: normal answers around each prompt's mean, with
    the pooled variance within prompts.
    """
    seen = past.n.sum(axis=0)
    total, squares = past.total[0].sum(axis=0), past.squares[0].sum(axis=0)
    mean = total / np.maximum(seen, 1)
    freedom = max(1, int(np.maximum(seen - 1, 0).sum()))
    spread = float(np.maximum(squares - seen * mean**2, 0.0).sum()) / freedom
    centre = mean + draw.rng.standard_normal((len(draw.run_effects), len(mean))) * np.sqrt(
        spread / np.maximum(seen, 1)
    )
    moved = centre[:, None] + spread * draw.run_effects[..., None]
    totals = n * moved + draw.normal * np.sqrt(spread * n)
    around = spread * 2 * draw.rng.standard_gamma(np.maximum(n - 1, 0) / 2, totals.shape)
    return Histories(n, totals, around + totals**2 / np.maximum(n, 1), binary=False)
