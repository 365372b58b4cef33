"""What a brand's monitor takes for normal: its past without a change, and the threshold from it.

A fit is made from the runs before a look and serves until the baseline has grown by a seventh,
or something else of it changed. Its threshold is worked out only when it is needed, from a
seed that is drawn from all it depends on: the same past always gives the same threshold, so one
that was kept is as good as one made again.
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
"""How many looks a threshold is made for; it is made again long before."""
UNSETTLED_RUNS = 6
"""Up to so many of the latest runs do not count for the run effect: they may be after a change."""
FULL_PROMISE_RUNS = 4.0
"""How many runs' worth of run effects must be known until all of the promise is spent; with fewer,
the share of it that there are. A model may be far moodier than its first runs show."""
REACH_DAYS = 112.0
"""How many days back a change is looked for, and at least 16 runs."""
PACE_GAPS = 8
"""From how many of the latest gaps the schedule is read."""
WEEKLY_RUNS_A_YEAR = 52.0


@dataclass(frozen=True, slots=True)
class RunPace:
    """How often a brand is looked at.

    Attributes:
        looks_a_year: How many looks there are in a year at this pace.
        per_year: False alarms that are allowed in a year.
    """

    looks_a_year: float
    per_year: float

    @property
    def allowed(self) -> float:
        """False alarms that are allowed in the looks ahead.

        Looks that follow each other faster than every nine hours or so have a thousandth each, so
        that two runs made minutes apart can still differ.
        """
        return HORIZON_RUNS * max(MIN_FALSE_ALARMS_PER_RUN, self.per_year / self.looks_a_year)

    @property
    def reach(self) -> int:
        """How many runs back a change is looked for."""
        return max(
            RECENT_STARTS, round(REACH_DAYS / DAYS_A_YEAR * min(self.looks_a_year, DAYS_A_YEAR))
        )


def run_pace(looks: Sequence[RunKey], per_year: float, bursts: Collection[int] = ()) -> RunPace:
    """Read the pace of the latest looks.

    Args:
        looks: The looks there were, the oldest first.
        per_year: False alarms that are allowed in a year.
        bursts: Numbers of the runs that are bursts. Some hours between them are no pace for the
            months ahead, which will have as many of them as the year before.
    """
    steady = _steady(looks, bursts)
    gaps = [(b.at - a.at).total_seconds() / 86_400 for a, b in pairwise(steady[-PACE_GAPS - 1 :])]
    pace = DAYS_A_YEAR / max(median(gaps), 1e-6) if gaps else WEEKLY_RUNS_A_YEAR
    begun = looks[-1].at - timedelta(days=DAYS_A_YEAR) if looks else None
    more = sum(1 for look in looks if look.id in bursts and begun and look.at > begun)
    return RunPace(pace + more, per_year)


@dataclass(frozen=True, eq=False)
class BaselineFit:
    """What was normal at a time.

    Attributes:
        pasts: The brand's streams, each cut to its baseline before that time.
        effects: The run effects of each of them.
        horizon: The time for which the threshold is made.
        pace: How often the brand is looked at.
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
        """What the threshold depends on, as 32 hex digits."""
        digest = hashlib.blake2b(digest_size=16)
        for past in self.pasts:
            digest.update(repr((past.key, past.prompts, past.binary, past.n.shape)).encode())
            for cells in (past.n, past.total, past.squares):
                digest.update(np.ascontiguousarray(cells).tobytes())
        horizon = self.horizon
        # In the words of the first release, so that thresholds which are stored stay valid.
        effects = repr((sorted(self.effects.items()), horizon.looks, horizon.allowed))
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
    looks: Sequence[RunKey],
    per_year: float,
    announced: frozenset[tuple[Model, int]],
    now: RunKey,
    bursts: Collection[int] = (),
) -> BaselineFit:
    """Say what is normal before a look.

    Args:
        pasts: The brand's streams, each cut to its baseline before the look.
        windows: For each of them, what the brands say of its run effects, see `run_effects.pool`.
        looks: The brand's looks so far, the oldest first.
        per_year: False alarms that are allowed in a year.
        announced: The runs in which a change was likelier than in others, by model.
        now: The run that is looked at.
        bursts: Numbers of the runs that are bursts.
    """
    pace = run_pace(looks, per_year, bursts)
    recent = _steady(looks, bursts)[-2 * PACE_GAPS :]
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
    """Return some of a stream's runs, by their indices from ``start`` to before ``end``."""
    rows = slice(start, end)
    n, total, squares = stream.n[rows], stream.total[rows], stream.squares[rows]
    part = Stream(stream.key, stream.version, stream.runs[rows], stream.prompts, n, total, squares)
    if stream.binary:  # so is each part; a look has many, and to see it again takes long
        vars(part)["binary"] = True
    return part


def _steady(looks: Iterable[RunKey], bursts: Collection[int]) -> list[RunKey]:
    """Return the looks that no suspicion brought about."""
    return [look for look in looks if look.id not in bursts]


def _settled(stream: Stream) -> Moments:
    runs = len(stream.runs)
    early = run_slice(stream, 0, runs - min(UNSETTLED_RUNS, runs // 2))
    return run_effects.moments(early, 0)


def _share(keys: Sequence[RunKey], looks: Sequence[RunKey]) -> int:
    """Return in how many of the looks ahead a model will have a run, going by recent looks."""
    if not looks or keys[0] > looks[0]:
        looks = [look for look in looks if look >= keys[0]]
    mine = len(set(keys) & set(looks))
    return max(1, round(HORIZON_RUNS * mine / len(looks))) if looks else HORIZON_RUNS


def _weights(keys: Sequence[RunKey], now: RunKey, horizon: int, announced: set[int]) -> Floats:
    """Return how likely a change is to begin with each run there was and each one ahead.

    The time ahead brings as many updates as the same time before now, and the next run is the
    one that is looked at.
    """
    past = [UPDATE_WEIGHT if run.id in announced else 1.0 for run in keys]
    before = [1.0] * max(0, horizon - len(past)) + past
    first = [UPDATE_WEIGHT if now.id in announced else 1.0]
    return np.array([*past, *first, *before[len(before) - horizon + 1 :]][: len(past) + horizon])


def _form(pasts: Sequence[Stream]) -> object:
    """Return what may not change while a fit serves: the streams, where their baselines begin,
    the kind of their values, and what each model is asked.
    """
    asked: dict[Model, set[str]] = {}
    for past in pasts:
        cells = past.n[-REPEATED_RUNS:].sum(axis=0) > 0
        asked.setdefault(past.key.model, set()).update(compress(past.prompts, cells.tolist()))
    return [(past.key, past.binary, past.runs[0]) for past in pasts], asked


def _runs(pasts: Iterable[Stream]) -> dict[Model, int]:
    return {past.key.model: len(past.runs) for past in pasts}
