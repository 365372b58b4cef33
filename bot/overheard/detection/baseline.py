"""What a brand's monitor takes for normal: its past without a change, and the threshold from it.

A fit is made from the runs before an analysis and serves until the baseline has grown by a
seventh, or something else in the baseline changed. The threshold is simulated only when it is
needed, from a seed that is a hash of everything it depends on: the same past always gives the same
threshold, so a stored threshold is as good as a new simulation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import compress, pairwise
from statistics import median

from overheard.detection import run_effects, threshold
from overheard.detection.bayes_factors import RECENT_STARTS
from overheard.detection.detector import UPDATE_WEIGHT
from overheard.detection.effect import DAYS_A_YEAR, MIN_FALSE_ALARMS_PER_RUN
from overheard.detection.run_effects import Moments
from overheard.detection.threshold import REPEATED_RUNS, Horizon, RunEffect
from overheard.domain import Model
from overheard.measure.blocks import RunKey, Stream, StreamKey
from overheard.numpy_proxy import Floats, np

REFIT_GROWTH = 1.15
"""A fit serves until there are so many times the runs it was made from."""
HORIZON_RUNS = 26
"""How many analyses a threshold is made for; it is made again long before."""
UNSETTLED_RUNS = 6
"""Up to so many of the latest runs do not count for the run effect: they may be after a change."""
FULL_PROMISE_RUNS = 4.0
"""How many runs' worth of run effects must be known until all of the promise is spent; with fewer,
the share of it that there are. A model's run effects may be far larger than its first runs show."""
REACH_DAYS = 112.0
"""How many days back a change is looked for, and at least 16 runs."""
PACE_GAPS = 8
"""From how many of the latest gaps the schedule is read."""
WEEKLY_RUNS_A_YEAR = 52.0


@dataclass(frozen=True, slots=True)
class RunPace:
    """How often a brand is analysed.

    Attributes:
        analyses_a_year: How many analyses, one after each run, a year has at this pace.
        per_year: False alarms that are allowed in a year.
    """

    analyses_a_year: float
    per_year: float

    @property
    def allowed(self) -> float:
        """False alarms that are allowed in the next `HORIZON_RUNS` analyses.

        Each analysis may bring at least a thousandth of a false alarm, also where analyses are less
        than about nine hours apart: otherwise no two runs made minutes apart could ever differ.
        """
        return HORIZON_RUNS * max(MIN_FALSE_ALARMS_PER_RUN, self.per_year / self.analyses_a_year)

    @property
    def reach(self) -> int:
        """How many runs back a change is looked for."""
        return max(
            RECENT_STARTS, round(REACH_DAYS / DAYS_A_YEAR * min(self.analyses_a_year, DAYS_A_YEAR))
        )


def run_pace(analysed: Sequence[RunKey], per_year: float, bursts: Collection[int] = ()) -> RunPace:
    """Return how many analyses a year has, from the median gap between the latest scheduled runs.

    Args:
        analysed: The runs that were analysed so far, the oldest first.
        per_year: False alarms that are allowed in a year.
        bursts: Numbers of the runs that are bursts. The hours between bursts say nothing of the
            months ahead: a year is expected to have as many bursts as the year before had.
    """
    steady = _steady(analysed, bursts)
    gaps = [(b.at - a.at).total_seconds() / 86_400 for a, b in pairwise(steady[-PACE_GAPS - 1 :])]
    pace = DAYS_A_YEAR / max(median(gaps), 1e-6) if gaps else WEEKLY_RUNS_A_YEAR
    year_ago = analysed[-1].at - timedelta(days=DAYS_A_YEAR) if analysed else None
    recent_bursts = sum(
        1 for run in analysed if run.id in bursts and year_ago and run.at > year_ago
    )
    return RunPace(pace + recent_bursts, per_year)


@dataclass(frozen=True, eq=False)
class BaselineFit:
    """What was normal at a time.

    Attributes:
        pasts: The brand's streams, each cut to its baseline before that time.
        effects: The run effects of each of them.
        horizon: The time for which the threshold is made.
        pace: How often the brand is analysed.
        announced: The runs, by model, in which a change was likelier than in others.
    """

    pasts: tuple[Stream, ...]
    effects: Mapping[StreamKey, RunEffect]
    horizon: Horizon
    pace: RunPace
    announced: frozenset[tuple[Model, int]]

    def serves(self, pasts: Sequence[Stream], announced: frozenset[tuple[Model, int]]) -> bool:
        """Whether the fit still describes the baselines of a later run."""
        return (
            announced <= self.announced
            and _form(pasts) == self._asked
            and all(n < REFIT_GROWTH * self._runs[model] for model, n in _runs(pasts).items())
        )

    def limit(self) -> float:
        """Work the threshold out: the logarithm that a brand's statistic must exceed."""
        seed = int(self.key[:8], 16)
        return threshold.fitted_threshold(self.pasts, self.effects, self.horizon, seed=seed)

    @cached_property
    def key(self) -> str:
        """A hash of everything that the threshold depends on, as 32 hex digits."""
        digest = hashlib.blake2b(digest_size=16)
        for past in self.pasts:
            digest.update(repr((past.key, past.prompts, past.binary, past.n.shape)).encode())
            for cells in (past.n, past.total, past.squares):
                digest.update(np.ascontiguousarray(cells).tobytes())
        horizon = self.horizon
        # In the words of the first release, so that thresholds which are stored stay valid.
        effects = repr((sorted(self.effects.items()), horizon.analyses, horizon.allowed))
        digest.update(effects.replace("RunEffect(", "Mood(").encode())
        digest.update(repr((sorted(horizon.runs.items()), horizon.reach)).encode())
        for model, weights in sorted(horizon.weights.items()):
            digest.update(repr((model, weights.tolist())).encode())
        return digest.hexdigest()

    @cached_property
    def _asked(self) -> object:
        return _form(self.pasts)

    @cached_property
    def _runs(self) -> dict[Model, int]:
        return _runs(self.pasts)


def fit_baseline(
    pasts: Sequence[Stream],
    windows: Mapping[StreamKey, Iterable[Iterable[Moments]]],
    analysed: Sequence[RunKey],
    per_year: float,
    announced: frozenset[tuple[Model, int]],
    now: RunKey,
    bursts: Collection[int] = (),
) -> BaselineFit:
    """Fit what is normal of a brand before the analysis of a run: run effects, pace and horizon.

    Args:
        pasts: The brand's streams, each cut to its baseline before the run.
        windows: For each stream, the moments of its run effects, see `run_effects.pool`.
        analysed: The runs at which the brand was analysed so far, the oldest first.
        per_year: False alarms that are allowed in a year.
        announced: The runs in which a change was likelier than in others, by model.
        now: The run that is analysed.
        bursts: Numbers of the runs that are bursts.
    """
    pace = run_pace(analysed, per_year, bursts)
    recent = _steady(analysed, bursts)[-2 * PACE_GAPS :]
    models = {past.key.model: past.runs for past in pasts}
    runs = {
        m: _share(keys, recent) for m, keys in models.items() if _share(keys, recent) < HORIZON_RUNS
    }
    weights = {
        model: _weights(
            keys, now, runs.get(model, HORIZON_RUNS), {r for m, r in announced if m == model}
        )
        for model, keys in models.items()
        if any(m == model for m, _ in announced)
    }
    effects = {past.key: threshold.run_effect_from_moments(windows[past.key]) for past in pasts}
    sure = min(1.0, min(effect.freedom for effect in effects.values()) / FULL_PROMISE_RUNS)
    horizon = Horizon(HORIZON_RUNS, pace.allowed * sure, runs, pace.reach, weights)
    return BaselineFit(tuple(pasts), effects, horizon, pace, announced)


def settled(streams: Iterable[Stream]) -> list[Moments]:
    """Return what streams say of the run effects in their runs but for the latest few, which may
    lie after a change that is not seen yet.
    """
    return [_settled(stream) for stream in streams]


def run_slice(stream: Stream, start: int, end: int) -> Stream:
    """Return a stream cut to its runs with the indices from ``start`` to before ``end``."""
    rows = slice(start, end)
    n, total, squares = stream.n[rows], stream.total[rows], stream.squares[rows]
    part = Stream(stream.key, stream.version, stream.runs[rows], stream.prompts, n, total, squares)
    # A part of a binary stream is binary too. An analysis cuts many parts, and finding that out for
    # each would take long: so the cached property is filled here.
    if stream.binary:
        vars(part)["binary"] = True
    return part


def _steady(runs: Iterable[RunKey], bursts: Collection[int]) -> list[RunKey]:
    """Return the runs that are not bursts."""
    return [run for run in runs if run.id not in bursts]


def _settled(stream: Stream) -> Moments:
    """Return the moments of a stream's run effects without its latest runs: `UNSETTLED_RUNS`."""
    runs = len(stream.runs)
    early = run_slice(stream, 0, runs - min(UNSETTLED_RUNS, runs // 2))
    return run_effects.moments(early, 0)


def _share(keys: Sequence[RunKey], recent: Sequence[RunKey]) -> int:
    """Return in how many of the next `HORIZON_RUNS` analyses a model will have a run.

    Args:
        keys: The model's runs, the oldest first.
        recent: The latest runs at which the brand was analysed, at any model.
    """
    if not recent or keys[0] > recent[0]:
        recent = [run for run in recent if run >= keys[0]]
    shared = len(set(keys) & set(recent))
    return max(1, round(HORIZON_RUNS * shared / len(recent))) if recent else HORIZON_RUNS


def _weights(keys: Sequence[RunKey], now: RunKey, horizon: int, announced: set[int]) -> Floats:
    """Return the prior weight of a change that begins with each past run and each run ahead.

    `UPDATE_WEIGHT` for a run with an announced update, else 1. The runs ahead are expected to have
    as many updates as the same number of runs before now; the first of them is ``now``.
    """
    earlier = [UPDATE_WEIGHT if run.id in announced else 1.0 for run in keys]
    preceding = [1.0] * max(0, horizon - len(earlier)) + earlier
    current = [UPDATE_WEIGHT if now.id in announced else 1.0]
    return np.array(
        [*earlier, *current, *preceding[len(preceding) - horizon + 1 :]][: len(earlier) + horizon]
    )


def _form(pasts: Sequence[Stream]) -> object:
    """Return what may not change while a fit serves: the streams, where their baselines begin,
    whether their values are binary, and the prompts that each model is asked.
    """
    prompts: dict[Model, set[str]] = {}
    for past in pasts:
        cells = past.n[-REPEATED_RUNS:].sum(axis=0) > 0
        prompts.setdefault(past.key.model, set()).update(compress(past.prompts, cells.tolist()))
    return [(past.key, past.binary, past.runs[0]) for past in pasts], prompts


def _runs(pasts: Iterable[Stream]) -> dict[Model, int]:
    return {past.key.model: len(past.runs) for past in pasts}
