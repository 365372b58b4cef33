"""Fit the table of thresholds that ships (bot/overheard/detection/alarm_table.json).

    uv run python bench/alarm_table.py                          measures the table that ships
    uv run python bench/alarm_table.py --rounds 8 --write       fits it and writes it
    uv run python bench/alarm_table.py --rounds 8 --worlds 4    the same, finer
    uv run python bench/alarm_table.py --rounds 12 --flat 3     the same, from 3.0 in every cell

In each round brands in which nothing changes are simulated in 16 worlds: run effects shared by all
brands or each brand's own, normal, heavy-tailed, of two states, autocorrelated or uneven. In each
world some brands are watched for two years and more for `YOUNG_RUNS` runs, because a baseline is
young only once. They are watched by the monitor that ships. A cell of the table in which alarms
came too often is raised, and lowered where they came too seldom (stochastic approximation, Robbins
and Monro 1951). Cells with few alarms borrow from their neighbours. What is written is the mean of
the tables of the second half of the rounds (Polyak and Juditsky 1992), with the ages raised in
which the worst world of these rounds is over `WORST`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import log
from pathlib import Path

import numpy as np

from overheard.detection.decision_inputs import RUNS_A_YEAR, AlarmTable, AlertPolicy, alarm_table
from overheard.detection.monitor import Monitor
from overheard.measure.blocks import StreamKey
from overheard_lab.worlds import WorldDesign, brand_name, simulate_world

PATH = Path(__file__).parents[1] / "bot/overheard/detection/alarm_table.json"
WORLDS = (
    ("normal", "shared", 0.0),
    *(
        (kind, effects, tau)
        for effects in ("shared", "own")
        for kind, tau in (
            ("normal", 0.25),
            ("normal", 0.5),
            ("t3", 0.5),
            ("two-state", 0.5),
            ("ar1", 0.25),
            ("ar1", 0.5),
            ("uneven", 0.5),
        )
    ),
    ("normal", "half", 0.5),
)
TARGET = 0.75
"""False alarms of a brand in a year at an excess of 0, over all worlds; 1.0 is promised."""
HARD = {
    ("t3", "own"),
    ("ar1", "own"),
    ("two-state", "own"),
    ("uneven", "own"),
    ("uneven", "shared"),
}
"""Worlds in which alarms come more often than in others at any threshold."""
HARD_WEIGHT = 4
"""They count so many times."""
WORST = 1.25
"""False alarms of a brand in a year, in the worst world and at any age of the baseline."""
YOUNG_RUNS, YOUNG_WORLDS = 20, 4
"""For each world that is watched for two years so many more are, for so many runs."""
PSEUDO_YEARS = 3.0
"""Years at the target that a cell is taken to have seen before its first."""
NEIGHBOUR_SHARE = 0.3
"""How much a neighbouring cell counts."""
SLOPE = 1.4
"""By how much a unit of the threshold lowers the logarithm of the rate of alarms, about."""


@dataclass
class Counts:
    """Brand-years and alarms in each cell, of unchanged brands.

    Attributes:
        years: Brand-years in each cell; those of hard worlds count `HARD_WEIGHT` times.
        alarms: Alarms in each cell, counted alike.
        by_world: Brand-years and alarms at each age, 2 x ages, by the name of the world.
    """

    years: np.ndarray
    alarms: np.ndarray
    by_world: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, other: Counts) -> None:
        """Add what was counted elsewhere."""
        self.years += other.years
        self.alarms += other.alarms
        for name, ages in other.by_world.items():
            self.by_world[name] = self.by_world.get(name, 0) + ages


class CountingTable:
    """A table that counts how often each cell was asked for."""

    def __init__(self, table: AlarmTable) -> None:
        self.table = table
        self.years = np.zeros(table.thresholds.shape)
        self.last = (0, 0, 0)

    def joined(self, excesses: Mapping[StreamKey, float]) -> float:
        """Return the excess of a brand."""
        return self.table.joined(excesses)

    def threshold(self, age: int, own_share: float, autocorrelation: float) -> float:
        """Return the threshold of a cell and count it."""
        self.last = self.table.cell(age, own_share, autocorrelation)
        self.years[self.last] += 1 / RUNS_A_YEAR
        return float(self.table.thresholds[self.last])


def none_counted(table: AlarmTable) -> Counts:
    """Return counts of nothing."""
    return Counts(np.zeros(table.thresholds.shape), np.zeros(table.thresholds.shape))


def watch(table: AlarmTable, worlds: int, seed: int, excess: float = 0.0) -> Counts:
    """Watch unchanged brands in all worlds, and count the alarms above an excess by cell."""
    counts = none_counted(table)
    policy = AlertPolicy(table.rate(excess), 1)
    for number, (kind, effects, tau) in enumerate(WORLDS):
        long = WorldDesign(kind, effects, tau)
        young = replace(long, runs=YOUNG_RUNS)
        weight = HARD_WEIGHT if (kind, effects) in HARD else 1
        ages = np.zeros((2, table.thresholds.shape[0]))
        designs = [long] * worlds + [young] * (YOUNG_WORLDS * worlds)
        for index, design in enumerate(designs):
            streams = simulate_world(design, seed + 1000 * number + index).streams
            for brand in range(design.brands):
                counting = CountingTable(table)
                monitor = Monitor(brand_name(brand), streams, policy=policy, table=counting)
                for _ in monitor.replay():
                    counts.alarms[counting.last] += weight
                    ages[1][counting.last[0]] += 1
                counts.years += weight * counting.years
                ages[0] += counting.years.sum(axis=(1, 2))
        counts.by_world[f"{kind} {tau} {effects}"] = ages
    return counts


def adjusted(table: AlarmTable, counts: Counts, step: float) -> AlarmTable:
    """Return the table after a step towards the target."""
    years, alarms = _borrowed(counts.years), _borrowed(counts.alarms)
    rate = (alarms + PSEUDO_YEARS * TARGET) / (years + PSEUDO_YEARS)
    moved = table.thresholds + step * np.log(rate / TARGET) / SLOPE
    return replace(table, thresholds=np.clip(moved, 1.0, 6.0))


def raised(table: AlarmTable, counts: Counts) -> AlarmTable:
    """Return the table with ages raised whose worst world has too many alarms."""
    rates = [(alarms + WORST) / (years + 1) for years, alarms in counts.by_world.values()]
    worst = np.maximum(np.max(rates, axis=0) / WORST, 1.0)
    own = np.arange(table.thresholds.shape[1]) > 0
    steps = np.log(worst)[:, None, None] / SLOPE * own[:, None]
    return replace(table, thresholds=np.clip(table.thresholds + steps, 1.0, 6.0))


def _borrowed(cells: np.ndarray) -> np.ndarray:
    """Return the cells, each with `NEIGHBOUR_SHARE` of its neighbours along each axis added."""
    whole = cells.copy()
    for axis in range(cells.ndim):
        for shift in (1, -1):
            moved = np.roll(cells, shift, axis)
            edge = [slice(None)] * cells.ndim
            edge[axis] = 0 if shift == 1 else -1
            moved[tuple(edge)] = 0
            whole += NEIGHBOUR_SHARE * moved
    return whole


def written(table: AlarmTable) -> str:
    """Return a table of thresholds as the JSON text of the packaged file."""
    rows = np.round(table.thresholds, 2).tolist()
    return json.dumps(
        {
            "ages": table.ages,
            "own_shares": table.own_shares,
            "autocorrelations": table.autocorrelations,
            "thresholds": rows,
            "yearly": {
                "at": round(table.yearly, 3),
                "slope": table.slope,
                "bend": table.bend,
                "far_slope": table.far_slope,
            },
        },
        indent=1,
    )


def fitted(start: AlarmTable, rounds: int, worlds: int, seed: int) -> AlarmTable:
    """Return the table after rounds of watching and adjusting, see above."""
    table, settled, pooled = start, [], none_counted(start)
    for number in range(rounds):
        counts = watch(table, worlds, seed + 10**6 * (number + 1))
        if number >= rounds // 2:
            settled.append(table.thresholds)
            pooled.add(counts)
        table = adjusted(table, counts, 1.2 / (1 + number / 3) ** 0.7)
        rate = counts.alarms.sum() / counts.years.sum()
        print(f"round {number + 1}: {rate:.2f} alarms a brand-year", flush=True)
    mean = replace(table, thresholds=np.mean(settled, axis=0))
    return raised(mean, pooled)


def show(counts: Counts, excess: float) -> None:
    """Print the alarms of each world, by the age of the baseline, and of all together."""
    for name, (years, alarms) in counts.by_world.items():
        ages = " ".join(f"{rate:5.2f}" for rate in alarms / np.maximum(years, 1e-9))
        whole = f"{alarms.sum() / years.sum():.2f} ({alarms.sum():.0f} in {years.sum():.0f})"
        print(f"{name:22} {whole:20} by age {ages}")
    rate = counts.alarms.sum() / counts.years.sum()
    print(f"all: {rate:.3f}")
    if rate:
        print(f"logarithm: {log(rate):.2f} at an excess of {excess}")


def main() -> None:
    """Fit or measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=0, help="rounds of fitting; 0 measures")
    parser.add_argument("--worlds", type=int, default=1, help="worlds of each kind in a round")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flat", type=float, help="start with this threshold in every cell")
    parser.add_argument("--excess", type=float, default=0.0, help="count alarms above it")
    parser.add_argument("--write", action="store_true", help="write the fitted table")
    args = parser.parse_args()
    table = alarm_table()
    if args.flat is not None:
        table = replace(table, thresholds=np.full(table.thresholds.shape, args.flat))
    if args.rounds:
        table = fitted(table, args.rounds, args.worlds, args.seed)
        if args.write:
            PATH.write_text(written(table) + "\n", "utf-8")
    show(watch(table, args.worlds, args.seed, args.excess), args.excess)


if __name__ == "__main__":
    main()
