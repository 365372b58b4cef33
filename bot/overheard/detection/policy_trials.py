"""Trials of the sentinel: what a year of it costs, and how many calls it takes to see a drop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import inf

from overheard.detection.bursts import DEFAULT, Made, Policy, Signs, next_burst
from overheard.detection.detector import evidence
from overheard.detection.simulate import World, simulate
from overheard.detection.simulated_brand import Living
from overheard.detection.threshold import Mood, mood
from overheard.detection.trials import (
    BEFORE,
    WARM_UP,
    YEAR,
    Figures,
    Outcome,
    Spent,
    Trial,
    compared,
    limit_for,
    others,
    seeds,
    yearly,
)
from overheard.measure.rates import wilson
from overheard.numpy_proxy import np

GUARDED = 4
"""How many of the runs of the warm-up are scheduled as later ones are: every prompt once."""
EXTRA = 10
"""How many bursts a year are expected when nothing changes; each is a look."""


@dataclass(frozen=True, slots=True)
class Week:
    """One scheduled run with the bursts after it: their calls, and whether there was an alarm."""

    calls: int
    alarm: bool


def run(
    trial: Trial,
    panels: int,
    seed: int,
    step: Callable[[], None] = lambda: None,
    policy: Policy = DEFAULT,
) -> Outcome:
    """Guard simulated brands for a year, and again with a drop after 20 weeks.

    A delay is counted in scheduled runs, one a week. The oracle and the rules ask the whole panel
    in each of theirs.

    Args:
        trial: What is tried; `repeats` is how often the warm-up asks each prompt, but for its
            last four runs. From then on a scheduled run asks each once.
        panels: Number of simulated brands.
        seed: Where the randomness comes from.
        step: Called after each brand.
        policy: How calls are spent.
    """
    mine, *rest = seeds(seed)
    world = simulate(trial.design, trial.change, size=panels, seed=mine)
    beside = others(trial, world, mine + 1)
    rng = np.random.default_rng(mine)
    still, changed = [], []
    for index in range(panels):
        guard = _guard(trial, world, beside, index, rng)
        still.append(guard(inf, policy))
        changed.append(guard(BEFORE, policy)[BEFORE:])
        step()
    return compared(trial, _figures(still, changed), _spent(still, changed), rest)


def _guard(
    trial: Trial, world: World, beside: list[World], index: int, rng: np.random.Generator
) -> Callable[[float, Policy], list[Week]]:
    """Learn a brand's baseline, and return what guards it for a year with a change in some week."""
    past = Living(world, index, WARM_UP - GUARDED, trial.tau, rng)
    once = dict.fromkeys(past.stream.prompts, 1)
    for _ in range(GUARDED):
        past.ask(past.stream.runs[-1].at + timedelta(weeks=1), once, changed=False)
    known = mood([past.stream, *(other.stream(index) for other in beside)], WARM_UP + 1)
    limit = limit_for(trial, past.stream, known, index, YEAR + EXTRA)

    def guard(change: float, policy: Policy) -> list[Week]:
        brand = Living(world, index, WARM_UP - GUARDED, trial.tau, rng)
        brand.stream = past.stream
        return _year(brand, known, limit, change, policy)

    return guard


def _year(brand: Living, known: Mood, limit: float, change: float, policy: Policy) -> list[Week]:
    """Guard a brand until the first alarm, or for a year."""
    prompts = brand.stream.prompts
    start = brand.stream.runs[-1].at
    scheduled, made, weeks = YEAR * len(prompts), list[Made](), list[Week]()
    while len(weeks) < YEAR and not (weeks and weeks[-1].alarm):
        now, calls, alarm = start + timedelta(weeks=len(weeks) + 1), 0, False
        asks, burst = dict.fromkeys(prompts, 1), False
        while asks:
            run = brand.ask(now, asks, changed=len(weeks) >= change)
            made.append(Made(run, sum(asks.values()), burst))
            calls += made[-1].calls
            found = evidence(brand.stream, known.tau2)
            alarm = found.statistic() > limit
            wanted = next_burst(
                made,
                Signs(found.largest, alarm),
                policy,
                scheduled=scheduled,
                now=now,
                prompts=prompts,
                streams=[brand.stream],
                seed=len(made),
            )
            asks, burst = (dict(wanted.asks), True) if wanted else ({}, True)
            now = wanted.at if wanted else now
        weeks.append(Week(calls, alarm))
    return weeks


def _spent(still: list[list[Week]], changed: list[list[Week]]) -> Spent:
    calls = [sum(week.calls for week in weeks) for weeks in changed if weeks] or [0]
    made = [week.calls for weeks in still for week in weeks]
    error = float(np.std(calls)) / len(calls) ** 0.5
    return Spent(float(np.mean(calls)), error, YEAR * float(np.mean(made)))


def _figures(still: list[list[Week]], changed: list[list[Week]]) -> Figures:
    """Sum up; a brand with an alarm before the change has no weeks after it, and is left out."""
    alarms = float(np.mean([weeks[-1].alarm for weeks in still]))
    low, high = wilson(alarms, len(still), 0.95)
    runs = np.array([len(weeks) for weeks in changed if weeks] or [YEAR - BEFORE])
    error = float(runs.std()) / len(runs) ** 0.5
    return Figures(yearly(alarms), (yearly(low), yearly(high)), float(runs.mean()), error)
