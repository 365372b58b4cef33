"""Trials of the looks after an update: how often they are wrong, how often and how soon right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from overheard.detection.announced_updates import (
    DEFAULT_PLAN,
    FollowUpPlan,
    UpdateEffect,
    UpdateStatus,
    follow_update,
)
from overheard.detection.control_variate import run_effect_variance
from overheard.detection.power import WELL_KNOWN
from overheard.measure.blocks import RunKey, Stream
from overheard.measure.intervals import Interval, wilson
from overheard.numpy_proxy import np
from overheard.special_functions import logit
from overheard_lab.panels import Change, Design, World, expit, simulate


@dataclass(frozen=True, slots=True)
class UpdateTrial:
    """What is tried.

    Attributes:
        points: By how many points the update moves visibility; 0 for not at all.
        tau: Standard deviation of the run effects, logit scale.
        before: Number of runs before the update.
        prompts: Number of prompts.
        repeats: How often each is asked in the runs before.
        brands: Brands from whose answers the run effects are learnt, this one included.
        carried: Share of prompts that carry the change, 0 to 1.
        plan: How the update is followed.
    """

    points: float = -10.0
    tau: float = 0.25
    before: int = 20
    prompts: int = 30
    repeats: int = 3
    brands: int = 5
    carried: float = 1.0
    plan: FollowUpPlan = DEFAULT_PLAN


@dataclass(frozen=True, slots=True)
class UpdateFigures:
    """How it went.

    Attributes:
        found: Share of the updates that were found to move the brand.
        interval: The same, 95 % Monte-Carlo interval.
        calls: Mean number of calls until the end.
        error: Standard error of that.
        held: Share of the intervals that hold the true change.
        bound: Mean of the points by which those that were not found moved at most.
    """

    found: float
    interval: Interval
    calls: float
    error: float
    held: float
    bound: float


def run_updates(
    trial: UpdateTrial, panels: int, seed: int, step: Callable[[], None] = lambda: None
) -> UpdateFigures:
    """Simulate updates of models, follow each to its end, and return the figures.

    Args:
        trial: The design of the simulation.
        panels: Number of simulated brands.
        seed: The seed of the randomness.
        step: Called after each brand, for progress.
    """
    world, others = _worlds(trial, panels, seed)
    truth = 100 * (world.changed - world.chance).mean(axis=1)
    rng = np.random.default_rng(seed)
    ends = []
    for index in range(panels):
        ends.append(_follow(trial, world, others, index, rng))
        step()
    found = np.array([verdict.finding is UpdateStatus.MOVED for verdict, _ in ends])
    calls = np.array([spent for _, spent in ends], dtype=float)
    held = [
        100 * v.interval[0] <= change <= 100 * v.interval[1]
        for (v, _), change in zip(ends, truth, strict=True)
    ]
    bounds = [100 * v.bound for v, _ in ends if v.finding is UpdateStatus.STILL]
    share = float(found.mean())
    return UpdateFigures(
        found=share,
        interval=wilson(share, panels, 0.95),
        calls=float(calls.mean()),
        error=float(calls.std()) / panels**0.5,
        held=float(np.mean(held)),
        bound=float(np.mean(bounds)) if bounds else 0.0,
    )


def _worlds(trial: UpdateTrial, panels: int, seed: int) -> tuple[World, list[World]]:
    """Return the simulated world of the scored brand, and those of the other brands with the same
    run effects.
    """
    design = Design(trial.before, trial.prompts, trial.repeats, WELL_KNOWN, trial.tau)
    # A change of no points is none; it comes after the last run that is drawn here.
    change = Change(trial.before, trial.points, trial.carried) if trial.points else None
    world = simulate(design, change, size=panels, seed=seed)
    others = [
        simulate(design, size=panels, seed=seed + 1 + index, run_effects=world.run_effects)
        for index in range(trial.brands - 1)
    ]
    return world, others


def _follow(
    trial: UpdateTrial, world: World, others: list[World], index: int, rng: np.random.Generator
) -> tuple[UpdateEffect, int]:
    """Ask again after an update, and return the last verdict and the calls spent."""
    brand = SimulatedBrand(world, index, trial.before, trial.tau, rng)
    before = brand.stream
    known = [before, *(other.stream(index) for other in others)]
    tau2 = run_effect_variance(known, trial.before + 1)
    update = before.runs[-1].at + timedelta(days=1)
    asks = dict.fromkeys(before.prompts, trial.repeats)
    verdict: UpdateEffect | None = None
    calls = 0
    for look in range(trial.plan.looks):
        brand.ask(update + look * timedelta(hours=12), asks, changed=True)
        calls += sum(asks.values())
        verdict = follow_update(brand.stream, update, tau2, trial.plan)
        if verdict and verdict.finding is not UpdateStatus.OPEN:
            break
    if verdict is None:
        raise ValueError("no two prompts were asked both before the update and after it")
    return verdict, calls


class SimulatedBrand:
    """One simulated brand, with a past, that can be asked any prompt at any time.

    Args:
        world: The simulated panels.
        index: The index of the panel to take.
        past: How many runs of the panel have been made already.
        tau: Standard deviation of the run effects.
        rng: Draws run effects and answers.
    """

    def __init__(
        self, world: World, index: int, past: int, tau: float, rng: np.random.Generator
    ) -> None:
        self._chances = (world.chance[index], world.changed[index])
        self._tau = tau
        self._rng = rng
        self.stream: Stream = world.stream(index, first=past)

    def ask(self, at: datetime, asks: Mapping[str, int], *, changed: bool) -> RunKey:
        """Simulate a run with a random run effect, add its answers to `stream`, and return the run.

        Args:
            at: Time of the run; later than all runs before.
            asks: How often each prompt is asked, by key; those without an entry are not asked.
            changed: Whether the run is after the change.
        """
        old = self.stream
        n = np.array([[asks.get(prompt, 0) for prompt in old.prompts]])
        chance, effect = self._chances[changed], self._tau * self._rng.standard_normal()
        logits = logit(chance) + effect
        hits = self._rng.binomial(n, expit(logits))
        total = np.concatenate([old.total, hits])
        run = RunKey(at, old.runs[-1].id + 1)
        n = np.concatenate([old.n, n])
        self.stream = replace(old, runs=(*old.runs, run), n=n, total=total, squares=total)
        return run
