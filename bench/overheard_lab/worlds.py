"""Simulated worlds whose truth is known, to judge the monitor by.

A world has the answers of several models about several brands. A run effect is the same for all
brands of a model (shared), different for each brand (own), or half of each. The kinds of effects
are the ways in which a null distribution of independent normal effects can be wrong. Everything is
drawn from the seed that is passed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from overheard.detection.confirmation import LOOKS
from overheard.detection.power import WELL_KNOWN
from overheard.domain import Model, RunKey
from overheard.measure.blocks import Stream, StreamKey
from overheard.numpy_proxy import Counts, Floats, np
from overheard.special_functions import logit
from overheard_lab.panels import asked_counts, expit, moved

KINDS = ("normal", "t3", "two-state", "ar1", "season", "uneven", "drift", "edits")
"""Kinds of run effects: normal; heavy tails (Student's t); runs in another state; autocorrelated; a
wave over the year; prompts that load unevenly on them; or normal ones with prompts that drift, or
are edited."""
EFFECTS = {"shared": 1.0, "own": 0.0, "half": 0.5}
"""Share of the run effects' variance that all brands of a model have in common."""
OTHER_STATE_SHARE = 0.15
"""Share of runs that are answered in the other of two states."""
AUTOCORRELATION = 0.7
"""Correlation of neighbouring runs where effects are autocorrelated or prompts drift."""
DRIFT_SD = 0.5
"""Standard deviation of each prompt's own drift, logit scale, where prompts drift."""
EDIT_RUNS, EDITED_SHARE, MISSING_SHARE = 26, 1 / 6, 0.15
"""Where prompts are edited: the number of runs from one edit to the next, the share of the prompts
that an edit replaces, and the share of calls that fail."""
LIKE_BEFORE, LIKE_BEFORE_AUTOCORRELATED = 0.5, 0.9
"""Probability that a run which asks again within two days has the effect of the run before; where
effects go on from week to week it is larger."""
RUNS_A_SEASON = 52
FIRST_RUN = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WorldDesign:
    """What is asked, and how the world behaves.

    Attributes:
        kind: The kind of run effects, of `KINDS`.
        effects: Which brands share the run effects, of `EFFECTS`.
        tau: The standard deviation of the run effects, logit scale.
        brands: Number of brands.
        models: Number of models.
        metrics: Number of binary metrics.
        runs: Number of runs, a week apart.
        prompts: Number of prompts in a run.
        repeats: How often each is asked in a run.
        beta: Parameters of the Beta distribution of the success probabilities.
        again: How often each model may be asked again after a run, at the times of
            `confirmation.LOOKS`. The streams have these runs whether or not they are made.
    """

    kind: str = "normal"
    effects: str = "shared"
    tau: float = 0.25
    brands: int = 5
    models: int = 1
    metrics: int = 1
    runs: int = 104
    prompts: int = 30
    repeats: int = 3
    beta: tuple[float, float] = WELL_KNOWN
    again: int = 0

    @property
    def slots(self) -> int:
        """How many runs a week may have: the scheduled one, and those that ask a model again."""
        return 1 + self.models * self.again

    def week(self, run: int) -> int:
        """Return the week, from 0 on, of a run by its number."""
        return (run - 1) // self.slots


@dataclass(frozen=True, slots=True)
class Moved:
    """A change of one brand at one model, of all its metrics.

    Attributes:
        at: Index of the first run after the change.
        points: Change of the mean probability, in percentage points; 0 where ``logits`` gives the
            size.
        carried: Share of the prompts that carry the change, 0 to 1.
        logits: Shift of these prompts on the logit scale, where ``points`` is 0.
        until: Index of the first run in which the change is over; None without an end.
    """

    at: int
    points: float = 0.0
    carried: float = 1.0
    logits: float = 0.0
    until: int | None = None


Changes = Mapping[tuple[int, int], tuple[Moved, ...]]
"""The changes of each brand (index) at each model (index)."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedWorld:
    """The answers of a world.

    Attributes:
        streams: Those of all brands, models and metrics.
        chances: Success probabilities before and after the first change of each brand, by the
            indices of brand, model and metric.
    """

    streams: list[Stream]
    chances: Mapping[tuple[int, int, int], tuple[Floats, Floats]] = field(default_factory=dict)


def simulate_world(
    design: WorldDesign, seed: int, changes: Changes | None = None
) -> SimulatedWorld:
    """Return the simulated answers of a world, one stream for each model, metric and brand. The
    same arguments give the same answers.

    Args:
        design: What is asked, and how the world behaves.
        seed: Seed of the random numbers.
        changes: The changes of each brand at each model, by their indices, in all metrics; None
            for no change.
    """
    rng = np.random.default_rng(seed)
    streams: list[Stream] = []
    chances: dict[tuple[int, int, int], tuple[Floats, Floats]] = {}
    edits = range(EDIT_RUNS, design.runs, EDIT_RUNS) if design.kind == "edits" else ()
    edited = round(EDITED_SHARE * design.prompts)
    for model in range(design.models):
        asked = asked_counts(design.runs, design.prompts, edits, edited)
        common = run_effects(design, design.metrics + 1, rng)
        for metric in range(design.metrics):
            effects = _mixed(common[:-1][metric], common[-1], design.metrics)
            for brand in range(design.brands):
                own = (changes or {}).get((brand, model), ())
                cells = (brand, model, metric)
                n, total, chances[cells] = _answers(design, asked, effects[brand], own, rng)
                hits = total.astype(np.float64)
                key = StreamKey(brand_name(brand), model_of(model), metric_name(metric))
                prompts = tuple(f"prompt {p:04d}" for p in range(asked.shape[1]))
                keys = run_keys(design, model)
                streams.append(Stream(key, "simulated@1", keys, prompts, n, hits, hits))
    return SimulatedWorld(streams, chances)


def run_keys(design: WorldDesign, model: int) -> tuple[RunKey, ...]:
    """Return the runs that may ask a model, in the order of time."""
    keys = []
    for week in range(design.runs):
        at, number = FIRST_RUN + timedelta(weeks=week), week * design.slots + 1
        keys.append(RunKey(at, number))
        later = (at + gap + timedelta(minutes=model) for gap in LOOKS[: design.again])
        keys += [
            RunKey(time, number + 1 + model * design.again + n) for n, time in enumerate(later)
        ]
    return tuple(keys)


def brand_name(brand: int) -> str:
    """Return the name of a simulated brand by its index: ``Brand 01`` for 0."""
    return f"Brand {brand + 1:02d}"


def model_of(model: int) -> Model:
    """Return a simulated model by its index: ``simulated/model-1`` for 0."""
    return Model("simulated", f"model-{model + 1}")


def metric_name(metric: int) -> str:
    """Return the name of a simulated metric by its index: ``visibility`` for 0, then ``metric-2``
    and so on.
    """
    return "visibility" if metric == 0 else f"metric-{metric + 1}"


def run_effects(design: WorldDesign, size: int, rng: np.random.Generator) -> Floats:
    """Return run effects of the design's kind and standard deviation on the logit scale, size x
    brands x runs. All brands have the share `EFFECTS` of their variance in common.

    Args:
        size: Number of independent draws.
        rng: Draws the effects.
    """
    shared_share = EFFECTS[design.effects]
    shared, own = (
        _asked_again(_unit_effects(design.kind, (size, brands, design.runs), rng), design, rng)
        for brands in (1, design.brands)
    )
    return np.asarray(design.tau * (shared_share**0.5 * shared + (1 - shared_share) ** 0.5 * own))


def _asked_again(effects: Floats, design: WorldDesign, rng: np.random.Generator) -> Floats:
    """Return run effects with those of the runs that ask again behind each: the same effect with
    the probability `LIKE_BEFORE`, and more where effects go on from week to week, else another.
    """
    if not design.again:
        return effects
    all_effects = np.repeat(effects, 1 + design.again, axis=-1)
    kind = "normal" if design.kind == "ar1" else design.kind
    other = _unit_effects(kind, all_effects.shape, rng)
    like = LIKE_BEFORE_AUTOCORRELATED if design.kind == "ar1" else LIKE_BEFORE
    is_other = rng.random(all_effects.shape) >= like
    is_other[..., :: 1 + design.again] = False
    return np.where(is_other, other, all_effects)


def _mixed(own: Floats, common: Floats, metrics: int) -> Floats:
    """Return the run effects of one metric, brands x runs. With several metrics, half of their
    variance is common to all metrics, which are read from the same answers.

    Args:
        common: Effects of all metrics, brands x runs.
        metrics: Number of metrics; with 1 the result is ``common``.
    """
    return common if metrics == 1 else np.asarray((own + common) / 2**0.5)


def _unit_effects(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return random run effects of mean 0 and variance 1 in a shape whose last axis is the runs.

    They are normal for the kinds ``normal``, ``uneven``, ``drift`` and ``edits``, which differ in
    their prompts.

    Args:
        kind: The kind of run effects, of `KINDS`.
    """
    if kind == "t3":
        return np.asarray(rng.standard_t(3, shape) / 3**0.5)
    if kind == "two-state":
        sd = (OTHER_STATE_SHARE * (1 - OTHER_STATE_SHARE)) ** 0.5
        return np.asarray(((rng.random(shape) < OTHER_STATE_SHARE) - OTHER_STATE_SHARE) / sd)
    if kind == "ar1":
        return autoregressive(shape, rng)
    if kind == "season":
        turn = np.arange(shape[-1]) / RUNS_A_SEASON + rng.random((*shape[:-1], 1))
        return np.asarray(2**0.5 * np.sin(2 * np.pi * turn))
    return rng.standard_normal(shape)


def autoregressive(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return stationary AR(1) series of variance 1 along the last axis of a shape; neighbours have
    the correlation `AUTOCORRELATION`.
    """
    phi, steps = AUTOCORRELATION, rng.standard_normal(shape)
    for r in range(1, shape[-1]):
        steps[..., r] = phi * steps[..., r - 1] + (1 - phi**2) ** 0.5 * steps[..., r]
    return steps


def _answers(
    design: WorldDesign,
    asked: Counts,
    effects: Floats,
    changes: tuple[Moved, ...],
    rng: np.random.Generator,
) -> tuple[Counts, Counts, tuple[Floats, Floats]]:
    """Return a brand's simulated answers of R runs to P prompts: the numbers of answers and of
    hits, R x P each, and its probabilities before and after its first change, P each, without run
    effects and drift. Without a change both are the same.

    Of the kinds in `KINDS`, ``uneven`` gives each prompt a factor of its own by which it follows
    the run effects, ``drift`` a drift of its own, and ``edits`` lets the share `MISSING_SHARE` of
    the calls fail.

    Args:
        asked: Which prompts each run asks, R x P: 0 or 1.
        changes: The changes of the brand, the earliest first; those that overlap add up.
    """
    prompts, asks = asked.shape[1], 1 + design.again
    asked = np.repeat(asked, asks, axis=0)
    chance = np.clip(rng.beta(*design.beta, size=prompts), 0.01, 0.99)
    loads = 1 + rng.standard_normal(prompts) if design.kind == "uneven" else np.ones(prompts)
    logits = logit(chance) + effects[:, None] * loads
    if design.kind == "drift":
        logits += DRIFT_SD * autoregressive((prompts, design.runs), rng).T.repeat(asks, axis=0)
    after = chance
    for index, change in enumerate(changes):
        shift = _shift(chance, change, rng)
        until = None if change.until is None else change.until * asks
        logits[change.at * asks : until] += shift
        after = expit(logit(chance) + shift) if index == 0 else after
    n = design.repeats * asked
    if design.kind == "edits":
        n = rng.binomial(n, 1 - MISSING_SHARE)
    return n, rng.binomial(n, expit(logits)), (chance, after)


def _shift(chance: Floats, change: Moved, rng: np.random.Generator) -> Floats:
    """Return by how many logits each prompt moves with a change, P; 0 for prompts that do not carry
    it, which are drawn at random.

    Args:
        chance: Success probabilities before the change, P.
        change: The change: of the mean by `Moved.points`, else by `Moved.logits`.
    """
    if change.points:
        return logit(moved(chance[None], change.points, change.carried, rng)[0]) - logit(chance)
    carriers = rng.permutation(len(chance)) < round(change.carried * len(chance))
    return np.asarray(carriers * change.logits)
