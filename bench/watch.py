"""How often the watch is wrong, and how soon it is right.

python bench/watch.py worlds           simulated distances: false events in 150 model-years
python bench/watch.py record FILE NAME days of the bundled model, added to the file under a name:
                                       calm, another back end (with --model), or of a change
                                       (with --adapter); training/README.md makes these files
python bench/watch.py replay FILE      these days redrawn: 100 times with each change, and 20
                                       model-years without one
"""

from __future__ import annotations

import argparse
import asyncio
import json
from argparse import RawTextHelpFormatter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from overheard import Model, Prompt, Question
from overheard_local.provider import LocalProvider, LocalSettings
from overheard_watch.questions import SHORT, questions
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


QUESTIONS = (
    "Why is the sky blue?",
    "What is worth seeing in Lisbon on one day?",
    "Write a greeting for the birthday of a colleague.",
    "How does a bicycle stay upright?",
    "What should one know before keeping bees?",
    "Describe a harbour in the rain.",
    "How do I get rid of weeds between paving stones?",
    "Tell a very short story about a clock that stopped.",
    "What makes bread rise?",
    "How can I sleep better before an examination?",
    "Explain what a mortgage is to a child.",
    "Which exercises are good for a stiff back?",
)
"""Neutral ones, other than those that the watch asks."""
CALM, OTHER = "calm", "another back end"
"""Names of recorded days: of the model as it is, and of the same weights computed otherwise."""
YEARS = {"worlds": 150, "replay": 20}
"""Model-years in which false events are counted, unless --years says otherwise."""


async def record(
    settings: Mapping[str, Any], asked: Sequence[str], days: int, seed: int
) -> list[list[str]]:
    """Return the answers of days of the bundled model at temperature .8."""
    given = {"temperature": 0.8, "max_tokens": 50, **settings}
    provider = LocalProvider("local", LocalSettings.model_validate(given))
    model = Model("local", provider.models()[0])
    each_day = [Question(Prompt(text), model) for text in asked]
    found = []
    for day in range(days):
        seeds = range(seed + day * len(each_day), seed + (day + 1) * len(each_day))
        replies = (provider.ask(q, seed=own) for q, own in zip(each_day, seeds, strict=True))
        found.append([reply.text for reply in await asyncio.gather(*replies)])
        print(f"day {day + 1} of {days}", flush=True)
    await provider.close()
    return found


def redrawn(rng: np.random.Generator, days: Sequence[Sequence[str]], count: int) -> list[list[str]]:
    """Return so many days with answers of some days, each question's drawn for itself: at random,
    none twice as long as there are others.
    """
    rounds = -(-count // len(days))
    orders = [np.concatenate([rng.permutation(len(days)) for _ in range(rounds)]) for _ in days[0]]
    return [
        [days[order[day]][column] for column, order in enumerate(orders)] for day in range(count)
    ]


def state_of_texts(days: Sequence[Sequence[str]], again: Sequence[Sequence[str]]) -> WatchState:
    """Return what answers of days show, of which the last were asked once more an hour later."""
    first = len(days) - len(again)
    names = [f"question {number}" for number in range(len(days[0]))]
    calendar = [
        WatchDay(
            START + timedelta(days=number),
            dict(zip(names, day, strict=True)),
            dict(zip(names, again[number - first], strict=True)) if number >= first else {},
        )
        for number, day in enumerate(days)
    ]
    return watch_state(calendar, names)


def told(
    calm: Sequence[Sequence[str]], changed: Sequence[Sequence[str]], days_before: int, draws: int
) -> str:
    """Return how often a change is told on its first day and by its third, with days redrawn."""
    rng, first, third = np.random.default_rng(3), 0, 0
    for _ in range(draws):
        before, after = redrawn(rng, calm, days_before), redrawn(rng, changed, 4)
        days, again = before + after[:3], after[3:]
        first += bool(state_of_texts(days[:-2], again).events)
        third += bool(state_of_texts(days, []).events or state_of_texts(days[:-2], again).events)
    return f"day 1 {first / draws:.2f}, by day 3 {third / draws:.2f}"


def false_events(recorded: Mapping[str, Sequence[Sequence[str]]], years: int) -> Mapping[str, int]:
    """Return the false events of years of calm days: alone, with another back end on one day of
    twenty, and for a week three times a year. Far days are asked again the same day.
    """
    rng = np.random.default_rng(5)
    events = dict.fromkeys((CALM, f"{OTHER} on 5 % of days", f"{OTHER} for a week"), 0)
    for name in events:
        for _ in range(years):
            if "%" in name:
                other = rng.random(YEAR) < 0.05
            else:
                starts = np.flatnonzero(rng.random(YEAR) < 3 / YEAR * ("week" in name))
                weeks = [np.arange(start, min(start + 7, YEAR)) for start in starts]
                other = np.isin(np.arange(YEAR), np.concatenate([[-1], *weeks]))
            pools = {at: redrawn(rng, recorded[OTHER if at else CALM], 2 * YEAR) for at in (0, 1)}
            days, again = ([pools[at].pop() for at in other.astype(int)] for _ in range(2))
            events[name] += len(state_of_texts(days, again).events)
    return events


def replay(file: Path, days_before: int, draws: int, years: int) -> None:
    """Print how soon recorded changes are told, and the false events of recorded calm days."""
    recorded: dict[str, list[list[str]]] = json.loads(file.read_text(encoding="utf-8"))
    for name, days in recorded.items():
        if name != CALM:
            print(f"{name}: {told(recorded[CALM], days, days_before, draws)}")
    for name, events in false_events(recorded, years).items():
        print(f"{name}: {events} false events in {years} model-years")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=RawTextHelpFormatter)
    parser.add_argument("what", choices=("worlds", "record", "replay"))
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("name", nargs="?", default=CALM)
    parser.add_argument("--model", type=Path, help="a GGUF file in place of the bundled one")
    parser.add_argument("--adapter", default="", help="a LoRA adapter, as [providers.*] names it")
    parser.add_argument("--scale", type=float, default=1.0, help="how strongly it works")
    parser.add_argument("--watched", action="store_true", help="ask what `watch start` asks")
    parser.add_argument("--days", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--before", type=int, default=17, help="calm days before a change")
    parser.add_argument("--years", type=int, help="150 for worlds, 20 for replay")
    parser.add_argument("--draws", type=int, default=100)
    given = parser.parse_args()
    if given.what == "worlds":
        worlds(given.years or YEARS[given.what])
    elif given.what == "replay":
        replay(given.file, given.before, given.draws, given.years or YEARS[given.what])
    else:
        settings = {"adapter": given.adapter, "adapter_scale": given.scale}
        settings |= {"model_file": given.model} if given.model else {}
        asked = questions(()) if given.watched else [f"{text} {SHORT}" for text in QUESTIONS]
        days = asyncio.run(record(settings, asked, given.days, given.seed))
        kept = json.loads(given.file.read_text("utf-8")) if given.file.exists() else {}
        given.file.write_text(json.dumps({**kept, given.name: days}), encoding="utf-8")


if __name__ == "__main__":
    main()
