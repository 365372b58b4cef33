"""How often the watch is wrong, and how soon it is right.

python bench/watch.py worlds                  simulated distances: false events a model-year
python bench/watch.py record FILE             the bundled model, asked as many days (minutes)
python bench/watch.py replay FILE             these days redrawn, with and without a change
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from overheard import Model, Prompt, Question
from overheard_local.provider import LocalProvider, LocalSettings
from overheard_watch.questions import COMMON, NEUTRAL, SHORT
from overheard_watch.statistic import WatchDay, WatchState, replayed, watch_state

YEAR = 365
START = datetime(2026, 1, 1, tzinfo=UTC)
Floats = np.ndarray[Any, np.dtype[np.float64]]
World = Callable[[np.random.Generator, int], Floats]


def autoregressive(rng: np.random.Generator, days: int, phi: float) -> Floats:
    """Return days each of which is like the one before, with standard deviation 1."""
    noise = rng.standard_normal(days) * (1 - phi**2) ** 0.5
    found = np.zeros(days)
    for day in range(days):
        found[day] = phi * found[day - 1] + noise[day] if day else rng.standard_normal()
    return found


def for_a_week(rng: np.random.Generator, days: int) -> Floats:
    """Return days of which some weeks, three a year, come from another back end."""
    found = rng.standard_normal(days)
    for start in np.flatnonzero(rng.random(days) < 3 / YEAR):
        found[start : start + 7] += 2
    return found


WORLDS: Mapping[str, World] = {
    "independent": lambda rng, days: rng.standard_normal(days),
    "skew": lambda rng, days: rng.exponential(size=days),
    "t3": lambda rng, days: rng.standard_t(3, days),
    "AR .3": lambda rng, days: autoregressive(rng, days, 0.3),
    "AR .6": lambda rng, days: autoregressive(rng, days, 0.6),
    "two back ends": lambda rng, days: rng.standard_normal(days) + 2 * (rng.random(days) < 0.1),
    "back end for a week": for_a_week,
    "weekends": lambda rng, days: rng.standard_normal(days) + (np.arange(days) % 7 >= 5),
}


def state_of(distances: Floats, again: Floats) -> WatchState:
    """Return what days show that have these distances from any baseline."""

    def found(number: int, usual: Sequence[int]) -> tuple[Floats, float, float]:
        return distances[list(usual)], float(distances[number]), float(again[number])

    return replayed([START + timedelta(days=day) for day in range(len(distances))], found)


def worlds(years: int) -> None:
    """Print the false events a model-year in each world, and what is told of lasting changes."""
    for name, world in WORLDS.items():
        rng = np.random.default_rng(7)
        events = 0
        for _ in range(years):
            days = 20 + world(rng, YEAR)
            again = days + 0.5 * rng.standard_normal(YEAR)  # an hour later the day is the same
            events += len(state_of(days, again).events)
        print(f"{name:20} {events / years:.2f} false events a model-year")
    for size in (2, 3, 5):
        told = []
        for _ in range(300):
            rng = np.random.default_rng(_)
            days = 20 + rng.standard_normal(67)
            days[60:] += size
            told.append([len(state_of(days[: 60 + n], days * 0).events) > 0 for n in (3, 7)])
        by_3, by_7 = np.mean(told, axis=0)
        print(f"+{size} sd: told within 3 days {by_3:.2f}, within 7 {by_7:.2f}")


TEXTS = [f"{text} {SHORT}" for text in (*NEUTRAL, *COMMON)]


async def asked(settings: Mapping[str, Any], name: str, days: int, seed: int) -> list[list[str]]:
    """Return the answers of days of the bundled model at temperature .8."""
    given = {"temperature": 0.8, "max_tokens": 50, **settings}
    provider = LocalProvider("local", LocalSettings.model_validate(given))
    found = []
    for day in range(days):
        questions = [Question(Prompt(text), Model("local", name)) for text in TEXTS]
        replies = [
            await provider.ask(q, seed=seed + day * 100 + n) for n, q in enumerate(questions)
        ]
        found.append([reply.text for reply in replies])
    await provider.close()
    return found


async def record() -> dict[str, list[list[str]]]:
    """Return the answers of the bundled model without an adapter, and with it at three scales."""
    base = LocalProvider("local", LocalSettings()).models()[0]
    recorded = {"calm": await asked({}, base, 26, 1)}
    for scale in (0.1, 0.3, 1.0):
        settings = {"adapter": "brindleboard", "adapter_scale": scale}
        tuned = [m for m in LocalProvider("l", LocalSettings(**settings)).models() if m != base]
        recorded[f"adapter at {scale}"] = await asked(settings, (tuned or [base])[0], 6, 10_000)
    return recorded


def replay(file: Path, draws: int) -> None:
    """Print how often a change is told on the first day and by the third, with days redrawn."""
    recorded: dict[str, list[list[str]]] = json.loads(file.read_text(encoding="utf-8"))
    calm = recorded["calm"]
    neutral = range(len(NEUTRAL))
    for questions, name in ((range(len(TEXTS)), "12 questions"), (neutral, "8 neutral ones")):
        keys = [TEXTS[number] for number in questions]
        for change, days in {"nothing": [], **recorded}.items():
            if change == "calm":
                continue
            rng, first, third = np.random.default_rng(3), 0, 0
            for _ in range(draws):
                order = rng.permutation(len(calm))
                after = [days[one] for one in rng.permutation(len(days))[:4]] if days else []
                texts = [calm[one] for one in order[: 17 if days else 20]] + after
                made = [dict(zip(keys, (t[n] for n in questions), strict=True)) for t in texts]
                again = {17: made.pop()} if days else {}
                calendar = [
                    WatchDay(START + timedelta(days=n), one, again.get(n, {}))
                    for n, one in enumerate(made)
                ]
                first += bool(watch_state(calendar[:18], keys).events)
                third += bool(watch_state(calendar, keys).events)
            print(f"{name}, {change}: day 1 {first / draws:.2f}, by day 3 {third / draws:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("worlds", "record", "replay"))
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--years", type=int, default=150)
    parser.add_argument("--draws", type=int, default=100)
    options = parser.parse_args()
    if options.what == "worlds":
        worlds(options.years)
    elif options.what == "record":
        options.file.write_text(json.dumps(asyncio.run(record())), encoding="utf-8")
    else:
        replay(options.file, options.draws)
