"""Fit the table of thresholds that ships (bot/overheard/detection/alarm_table.json).

    uv run python bench/alarm_table.py                          measures the table that ships
    uv run python bench/alarm_table.py --rounds 12 --write      fits it and writes it
    uv run python bench/alarm_table.py --rounds 12 --worlds 4   the same, finer

In each round brands are simulated for two years in which nothing changes, in 16 worlds: run effects
shared by all brands or each brand's own, normal, heavy-tailed, of two states, autocorrelated or
uneven. They are watched by the monitor that ships. A cell of the table in which alarms came too
often is raised, and lowered where they came too seldom (stochastic approximation). Cells with few
alarms borrow from their neighbours. The table that ships is the mean of two fits, since the last
rounds still scatter. Then ages whose worst world is over `WORST` are raised where effects are own
(``--raise``).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log
from pathlib import Path

import numpy as np

from overheard.detection.alarm_table import RUNS_A_YEAR, AlarmTable, alarm_table
from overheard.detection.evidence import AlertPolicy
from overheard.detection.monitor import Monitor
from overheard.detection.worlds import WorldDesign, brand_name, simulate_world

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
HARD = {("ar1", "own"), ("two-state", "own"), ("uneven", "own"), ("uneven", "shared")}
"""Worlds in which alarms come more often than in others at any threshold."""
HARD_WEIGHT = 4
"""They count so many times."""
WORST = 1.25
"""False alarms of a brand in a year, in the worst world and at any age of the baseline."""
PSEUDO_YEARS = 3.0
NEIGHBOUR_SHARE = 0.3
"""How much a neighbouring cell counts."""
SLOPE = 1.4


@dataclass
class Counts:
    """Brand-years and alarms in each cell."""

    years: np.ndarray
    alarms: np.ndarray
    by_world: dict[str, tuple[float, int]] = field(default_factory=dict)
    ages: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)


class CountingTable:
    """A table that counts how often each cell was asked for."""

    def __init__(self, table: AlarmTable) -> None:
        self.table = table
        self.years = np.zeros(table.thresholds.shape)
        self.last = (0, 0, 0)

    def joined(self, excesses: Sequence[float]) -> float:
        """Return the excess of a brand."""
        return self.table.joined(excesses)

    def threshold(self, age: int, own_share: float, autocorrelation: float) -> float:
        """Return the threshold of a cell and count it."""
        self.last = self.table.cell(age, own_share, autocorrelation)
        self.years[self.last] += 1 / RUNS_A_YEAR
        return float(self.table.thresholds[self.last])


def watch(table: AlarmTable, worlds: int, seed: int, excess: float = 0.0) -> Counts:
    """Watch unchanged brands in all worlds, and count the alarms above an excess by cell."""
    shape = table.thresholds.shape
    counts = Counts(np.zeros(shape), np.zeros(shape))
    policy = AlertPolicy(table.rate(excess), 1)
    for number, (kind, effects, tau) in enumerate(WORLDS):
        design, alarms, years = WorldDesign(kind, effects, tau), 0, 0.0
        ages = np.zeros(shape[0]), np.zeros(shape[0])
        for index in range(worlds):
            world = simulate_world(design, seed + 1000 * number + index)
            for brand in range(design.brands):
                counting = CountingTable(table)
                monitor = Monitor(brand_name(brand), world.streams, policy=policy, table=counting)
                weight = HARD_WEIGHT if (kind, effects) in HARD else 1
                for _ in monitor.replay():
                    counts.alarms[counting.last] += weight
                    ages[1][counting.last[0]] += 1
                    alarms += 1
                counts.years += weight * counting.years
                ages[0][:] += counting.years.sum(axis=(1, 2))
                years += design.runs / RUNS_A_YEAR
        counts.by_world[f"{kind} {tau} {effects}"] = (years, alarms)
        counts.ages.append(ages)
    return counts


def adjusted(table: AlarmTable, counts: Counts, step: float) -> AlarmTable:
    """Return the table after a step towards the target."""
    years, alarms = _borrowed(counts.years), _borrowed(counts.alarms)
    rate = (alarms + PSEUDO_YEARS * TARGET) / (years + PSEUDO_YEARS)
    moved = table.thresholds + step * np.log(rate / TARGET) / SLOPE
    return replace(table, thresholds=np.clip(moved, 1.0, 6.0))


def raised(table: AlarmTable, counts: Counts) -> AlarmTable:
    """Return the table with ages raised whose worst world has too many alarms."""
    rates = [(alarms + WORST) / (years + 1) for years, alarms in counts.ages]
    worst = np.maximum(np.max(rates, axis=0) / WORST, 1.0)
    own = np.arange(table.thresholds.shape[1]) > 0
    steps = np.log(worst)[:, None, None] / SLOPE * own[:, None]
    return replace(table, thresholds=np.clip(table.thresholds + steps, 1.0, 6.0))


def _borrowed(cells: np.ndarray) -> np.ndarray:
    """Return cells with a share of their neighbours along each axis."""
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
    """Return a table as it ships."""
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


def main() -> None:
    """Fit or measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--worlds", type=int, default=2, help="simulated worlds of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--excess", type=float, default=0.0)
    parser.add_argument("--raise", dest="lift", action="store_true")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    table = alarm_table()
    for number in range(args.rounds):
        counts = watch(table, args.worlds, args.seed + 10**6 * (number + 1))
        table = adjusted(table, counts, 1.2 / (1 + number / 3) ** 0.7)
        rate = counts.alarms.sum() / counts.years.sum()
        print(f"round {number + 1}: {rate:.2f} alarms a brand-year", flush=True)
        if args.write:
            PATH.write_text(written(table) + "\n", "utf-8")
    counts = watch(table, args.worlds, args.seed, args.excess)
    if args.lift:
        table = raised(table, counts)
        print("raised by age:", (table.thresholds - alarm_table().thresholds).max(axis=(1, 2)))
        if args.write:
            PATH.write_text(written(table) + "\n", "utf-8")
    for name, (years, alarms) in counts.by_world.items():
        print(f"{name:22} {alarms / years:.2f} a brand-year ({alarms} in {years:.0f})")
    rate = counts.alarms.sum() / counts.years.sum()
    ages = counts.alarms.sum(axis=(1, 2)) / counts.years.sum(axis=(1, 2))
    print(f"all: {rate:.3f}; by age", " ".join(f"{one:.2f}" for one in ages))
    if rate:
        print(f"logarithm: {log(rate):.2f} at an excess of {args.excess}")


if __name__ == "__main__":
    main()
