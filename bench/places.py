"""A world that is drawn otherwise than those the detector was made with, as a second judge of it.

An answer has a few places, and brands compete for them: what one gains others lose. Each prompt now
and then leans on another source for some weeks (a hidden Markov state), the repeats of a prompt in
a run are alike, prompts of a topic move together, runs give longer or shorter lists, one call in
ten fails, and twice a year the provider is out for a run or two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from events import without_returns

from overheard.detection.decide import reported_changes
from overheard.detection.decision_inputs import AlertPolicy
from overheard.detection.monitor import Monitor, Restart
from overheard.domain import RunKey
from overheard.measure.blocks import Stream, StreamKey
from overheard_lab.trials import CHANGE_AT, RUNS_AFTER, SMALLEST_CHANGE
from overheard_lab.worlds import FIRST_RUN, brand_name, metric_name, model_of

KNOWN, OTHERS = 6, 6
"""Tracked brands, and others that compete for the same places."""
PROMPTS, REPEATS, TOPICS = 30, 3, 5
APPEAL_SD = 1.6
"""How far a brand's appeal differs between prompts, in units of a Gumbel draw, as all below."""
LISTED, LONGER_SD = 4, 0.8
"""Places of an answer, and their standard deviation between runs."""
LEAVES, RETURNS, SOURCE_SD = 0.03, 0.25, 0.7
"""Chances a week that a prompt leans on another source and that it comes back; what that moves."""
ALIKE_SD, TOPIC_SD = 0.5, 0.15
"""What the repeats of a prompt, and the prompts of a topic, have in common in a run, by brand."""
MISSING, OUTAGE, OUTAGE_MISSING = 0.10, 1 / 26, 0.9
"""Shares of calls that fail, usually and in an outage; and the chance that one begins."""
SOLVING_DRAWS = 200
"""Answers of each prompt by which the size of a change is found."""
MODEL_AT, MODEL_RUNS, MODEL_SD = 25, 20, 0.5
"""For a change of the model: all brands' appeal moves by a normal size in run 26."""


@dataclass(frozen=True, slots=True)
class PlacesWorld:
    """What happens in a world.

    Attributes:
        runs: Number of runs, a week apart.
        changes: By the index of a run: by how much the appeal of each brand moves with it.
        points: A fall of the first brand's mean visibility, in points, with the run ``fall_at``.
        fall_at: The index of that run.
    """

    runs: int
    changes: Mapping[int, tuple[float, ...]] | None = None
    points: float = 0.0
    fall_at: int = 0

    def streams(self, seed: int) -> list[Stream]:
        """Draw the answers; return the visibility of each tracked brand."""
        rng = np.random.default_rng([seed, 77])
        brands = KNOWN + OTHERS
        appeal = rng.normal(0, 1, brands) + rng.normal(0, APPEAL_SD, (PROMPTS, brands))
        source = rng.normal(0, SOURCE_SD, (PROMPTS, brands))
        topic = rng.integers(TOPICS, size=PROMPTS)
        moved = np.zeros((self.runs, brands))
        for at, sizes in (self.changes or {}).items():
            moved[at:, : len(sizes)] += sizes
        if self.points:
            moved[self.fall_at :, 0] += _size_of(appeal, self.points, rng)
        away = np.zeros(PROMPTS, bool)
        outage = 0
        n = np.zeros((self.runs, PROMPTS), np.int64)
        total = np.zeros((KNOWN, self.runs, PROMPTS))
        for run in range(self.runs):
            chance = rng.random(PROMPTS)
            away = np.where(away, chance > RETURNS, chance < LEAVES)
            outage = max(outage - 1, 0) or (rng.random() < OUTAGE) * int(rng.integers(1, 3))
            lean = appeal + moved[run] + away[:, None] * source
            lean = lean + rng.normal(0, TOPIC_SD, (TOPICS, brands))[topic]
            lean = lean + rng.normal(0, ALIKE_SD, (PROMPTS, brands))
            places = max(2, round(LISTED + float(rng.normal(0, LONGER_SD))))
            named = _named(lean, places, REPEATS, rng)
            answered = rng.random((PROMPTS, REPEATS)) > (OUTAGE_MISSING if outage else MISSING)
            n[run] = answered.sum(axis=1)
            total[:, run] = (named & answered[..., None]).sum(axis=1).T[:KNOWN]
        keys = tuple(RunKey(FIRST_RUN + timedelta(weeks=r), r + 1) for r in range(self.runs))
        prompts = tuple(f"prompt {p:04d}" for p in range(PROMPTS))
        return [
            Stream(
                StreamKey(brand_name(b), model_of(0), metric_name(0)),
                "simulated@1",
                keys,
                prompts,
                n,
                total[b],
                total[b],
            )
            for b in range(KNOWN)
        ]


def _named(lean: np.ndarray, places: int, answers: int, rng: np.random.Generator) -> np.ndarray:
    """Return which brands the answers to each prompt name, prompts x answers x brands."""
    prompts, brands = lean.shape
    drawn = lean[:, None] + rng.gumbel(size=(prompts, answers, brands))
    least = np.partition(drawn, brands - places, axis=2)[..., brands - places]
    return np.asarray(drawn >= least[..., None])


def _size_of(appeal: np.ndarray, points: float, rng: np.random.Generator) -> float:
    """Return the change of appeal (0 or less) by which the first brand loses `points` percentage
    points of visibility, or all its visibility.

    Args:
        appeal: The appeal of each brand, (questions, brands), the first brand first.
        points: Percentage points.
        rng: The source of randomness.
    """
    noise = rng.gumbel(size=(*appeal.shape[:1], SOLVING_DRAWS, appeal.shape[1]))
    drawn = appeal[:, None] + noise
    others = np.sort(drawn[..., 1:], axis=2)[..., -LISTED]
    margin = drawn[..., 0] - others
    usual = (margin > 0).mean()
    low, high = -12.0, 0.0
    for _ in range(30):
        middle = (low + high) / 2
        fallen = usual - (margin + middle > 0).mean() > points / 100
        low, high = (middle, high) if fallen else (low, middle)
    return high


def policy(per_year: float, of_models: float) -> AlertPolicy:
    """Return the policy of a deployment with so many false alarms a brand-year allowed, and so many
    a year of the model as a whole.
    """
    return AlertPolicy(per_year * KNOWN, KNOWN, {metric_name(0): SMALLEST_CHANGE}, of_models)


def alarms(worlds: int, runs: int, seed: int, allowed: AlertPolicy) -> tuple[list[int], int]:
    """Simulate worlds without a change; return the numbers of brands' alarms, by world, and the
    number of alarms of the model as a whole in all worlds.
    """
    counted, of_models = [], 0
    for number in range(worlds):
        streams = PlacesWorld(runs).streams(seed + number)
        reported = list(reported_changes(streams, allowed, ()))
        restarts = [Restart(change.model, change.run, change.began) for change, _ in reported]
        of_models += len(list(without_returns(reported)))
        counted.append(
            sum(
                len(list(Monitor(name, streams, policy=allowed, restarts=restarts).replay()))
                for name in (brand_name(brand) for brand in range(KNOWN))
            )
        )
    return counted, of_models


def delays(worlds: int, seed: int, allowed: AlertPolicy, points: float) -> list[int]:
    """Return after how many runs a fall of the first brand is seen, `RUNS_AFTER` at most; worlds
    with an earlier alarm are left out.
    """
    fall = PlacesWorld(CHANGE_AT + RUNS_AFTER, points=points, fall_at=CHANGE_AT)
    waited = []
    for number in range(worlds):
        monitor = Monitor(brand_name(0), fall.streams(seed + number), policy=allowed)
        first = next(monitor.replay(), None)
        waited.append(first.run.id - CHANGE_AT if first else RUNS_AFTER)
    return [runs for runs in waited if runs > 0]


def model_delays(worlds: int, seed: int, per_year: float) -> list[int]:
    """Return the runs until a change of the model as a whole is reported, at most `MODEL_RUNS`;
    worlds with an earlier report are left out.
    """
    waited = []
    for number in range(worlds):
        sizes = np.random.default_rng([seed, number]).normal(0, MODEL_SD, KNOWN + OTHERS)
        world = PlacesWorld(MODEL_AT + MODEL_RUNS, {MODEL_AT: tuple(sizes.tolist())})
        reported = reported_changes(world.streams(seed + number), policy(1.0, per_year), ())
        runs = [change.run.id - MODEL_AT for change, _ in reported]
        if not runs or runs[0] > 0:
            waited.append(runs[0] if runs else MODEL_RUNS)
    return waited
