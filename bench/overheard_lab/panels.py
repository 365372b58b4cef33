"""Simulated panels whose truth is known, to judge statistics by.

A panel's prompts have success probabilities from a Beta distribution (U-shaped for a well-known
brand). In each run every prompt is asked a few times; a run has one normal run effect for all its
prompts on the logit scale; a change is one logit shift from some run on, of all prompts or of some.
Everything is drawn from the seed that is passed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from overheard.detection.power import WELL_KNOWN
from overheard.domain import Model, RunKey
from overheard.measure.blocks import Stream, StreamKey
from overheard.numpy_proxy import Counts, Floats, Mask, np
from overheard.special_functions import logit

CHALLENGER = (0.30, 1.70)
"""Beta parameters of mention probabilities over prompts, for a challenger."""

MAX_SHIFT = 12.0
"""Largest shift of a prompt, in logits."""
BISECTIONS = 40
"""Halvings of the range in which a shift is searched."""

_KEY = StreamKey("Acme", Model("simulated", "model"), "visibility")
_START = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Design:
    """What is asked, and how the world behaves.

    Attributes:
        runs: Number of runs, a week apart.
        prompts: Number of prompts in a run.
        repeats: How often each is asked in a run.
        beta: Parameters of the Beta distribution of the success probabilities.
        tau: Standard deviation of the run effects, logit scale.
        missing: Share of calls that fail.
        edits: Runs before which prompts are replaced, the oldest first.
        edited: How many are replaced each time.
    """

    runs: int
    prompts: int = 30
    repeats: int = 3
    beta: tuple[float, float] = WELL_KNOWN
    tau: float = 0.0
    missing: float = 0.0
    edits: tuple[int, ...] = ()
    edited: int = 5


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to the success probabilities.

    Attributes:
        at: Index of the first run after the change.
        points: Change of the mean probability, in percentage points; negative for a drop.
        carried: Share of the prompts that carry the change, 0 to 1; the others do not move.
    """

    at: int
    points: float
    carried: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Simulated panels: S of them, R runs, P prompts (replaced ones included).

    Attributes:
        chance: The success probabilities before any change, S x P.
        changed: The success probabilities after the change, S x P.
        n: Number of answers, S x R x P.
        total: Number of successes, S x R x P.
        run_effects: The run effects, logit scale, S x R.
    """

    chance: Floats
    changed: Floats
    n: Counts
    total: Counts
    run_effects: Floats

    def stream(self, index: int, key: StreamKey = _KEY, first: int | None = None) -> Stream:
        """Return one of the panels as a stream; runs are numbered from 1, a week apart.

        Args:
            key: Brand, model and metric of the stream.
            first: Number of runs to return, from the first; by default all.
        """
        n, total = self.n[index, :first], self.total[index, :first].astype(np.float64)
        runs, prompts = n.shape
        return Stream(
            key=key,
            version="simulated@1",
            runs=tuple(RunKey(_START + timedelta(weeks=r), r + 1) for r in range(runs)),
            prompts=tuple(f"prompt {p:03d}" for p in range(prompts)),
            n=n,
            total=total,
            squares=total,
        )


def simulate(
    design: Design,
    change: Change | None = None,
    *,
    size: int,
    seed: int,
    run_effects: Floats | None = None,
) -> World:
    """Return simulated panels with their answers. Failed calls have no answers; probabilities are
    kept from 0.01 to 0.99 before a change.

    Args:
        design: Prompts, runs and probabilities of a panel.
        change: The change in all panels; None for panels without a change.
        size: Number of panels, S.
        seed: Seed of the random numbers; the same seed gives the same panels.
        run_effects: The run effects, S x R, such as those of another brand that the same
            model was asked about; None to draw them.
    """
    rng = np.random.default_rng(seed)
    asked = asked_counts(design.runs, design.prompts, design.edits, design.edited)
    chance = np.clip(rng.beta(*design.beta, size=(size, asked.shape[1])), 0.01, 0.99)
    changed = chance if change is None else moved(chance, change.points, change.carried, rng)
    later = np.arange(design.runs) >= (design.runs if change is None else change.at)
    logits = np.where(later[:, None], logit(changed)[:, None], logit(chance)[:, None])
    if run_effects is None:
        run_effects = design.tau * rng.standard_normal((size, design.runs))
    n = rng.binomial(design.repeats * asked, 1 - design.missing, size=logits.shape)
    total = rng.binomial(n, expit(logits + run_effects[..., None]))
    return World(chance, changed, n, total, run_effects)


def expit(x: Any) -> Floats:
    """Return the probability, 0 to 1, of odds by their natural logarithm: the inverse of
    `logit`.
    """
    return np.asarray(1 / (1 + np.exp(-x)))


def undone(world: World, design: Design, at: int, *, seed: int) -> World:
    """Return the same panels without their change: the run effects and answers from the run with
    index ``at`` on are drawn again, with the probabilities before the change.

    `World.changed` keeps the probabilities after the change.

    Args:
        world: Panels with a change at the run ``at`` or later; they are not altered.
        design: The design that the panels were drawn from.
        at: Index of the first run that is drawn again.
        seed: Seed of the random numbers.
    """
    rng = np.random.default_rng(seed)
    total, run_effects = world.total.copy(), world.run_effects.copy()
    run_effects[:, at:] = design.tau * rng.standard_normal(run_effects[:, at:].shape)
    logits = logit(world.chance)[:, None] + run_effects[:, at:, None]
    total[:, at:] = rng.binomial(world.n[:, at:], expit(logits))
    return replace(world, total=total, run_effects=run_effects)


def moved(chance: Floats, points: float, carried: float, rng: np.random.Generator) -> Floats:
    """Return probabilities, S x P, whose mean over each panel is moved by ``points``, through
    shifts on the logit scale.

    A random share of each panel's prompts gets one common logit shift, solved so that the mean over
    all prompts moves by ``points``, or as far as `MAX_SHIFT` logits can move it.

    Args:
        points: The move of the mean, in percentage points.
        carried: Share of the prompts that move, 0 to 1.
        rng: Draws which prompts move.
    """
    order = rng.permuted(np.tile(np.arange(chance.shape[1]), (len(chance), 1)), axis=1)
    carriers = order < round(carried * chance.shape[1])
    goal = chance.mean(axis=1, keepdims=True) + points / 100
    low, high = np.full_like(goal, -MAX_SHIFT), np.full_like(goal, MAX_SHIFT)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        below = _shift_rates(chance, carriers, middle).mean(axis=1, keepdims=True) < goal
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return _shift_rates(chance, carriers, (low + high) / 2)


def asked_counts(runs: int, prompts: int, edits: Sequence[int], edited: int) -> Counts:
    """Return which prompts each run asks, R x P: 0 or 1.

    Args:
        runs: Number of runs, R.
        prompts: Number of prompts in a run.
        edits: Runs before which prompts are replaced; each new prompt has a column of its own.
        edited: How many prompts are replaced each time, the oldest first.
    """
    asked = np.zeros((runs, prompts + edited * len(edits)), np.int64)
    asked[:, :prompts] = 1
    for index, run in enumerate(edits):
        old, new = index * edited, prompts + index * edited
        asked[run:, old : old + edited] = 0
        asked[run:, new : new + edited] = 1
    return asked


def _shift_rates(chance: Floats, carriers: Mask, shift: Floats) -> Floats:
    """Return probabilities, S x P, moved on the logit scale by the shift of each panel, S x 1,
    where the mask of carriers, S x P, is True.
    """
    return np.where(carriers, expit(logit(chance) + shift), chance)
