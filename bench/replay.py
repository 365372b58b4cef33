"""Real answers replayed to the monitor: is a swap of systems seen, and is it silent without one?

    uv run python bench/replay.py FOLDER                     every system swapped for every other
    uv run python bench/replay.py FOLDER --orders 12         unchanged runs redrawn in more orders
    uv run python bench/replay.py FOLDER --moved             only brands that moved
    uv run python bench/replay.py FOLDER --show              with a line for each brand

FOLDER holds a file ``SYSTEM.jsonl`` for each of two or more systems that were asked the same
questions several times. A line is one answer: ``query`` (the question's key), ``run`` (a number),
``text``, and ``products``, a list of objects with ``brand``: what a reader found named. The brands
that most answers of both systems list are watched; whether an answer names one is read from its
text by the program.

Whole logged runs are drawn at random, so what the answers of a run have in common stays. A swap
has 26 weekly runs of one system, then 12 of the other, which the monitor takes for one model.
Unchanged are 78 runs of one system. One false alarm a brand-year is allowed. The truth of a replay
are the rates in the logged runs: a brand *moved* when those of any question differ by half or more.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from figures import rows
from grading import answer

from overheard import Brand
from overheard.detection.decision_inputs import AlertPolicy
from overheard.detection.monitor import Alarm, Monitor
from overheard.domain import RunKey
from overheard.measure.blocks import Stream, StreamKey
from overheard.reading.reader import Reader
from overheard_lab.trials import RUNS_A_YEAR
from overheard_lab.worlds import FIRST_RUN, model_of

BEFORE, AFTER, UNCHANGED = 26, 12, 78
"""Runs before and after a swap, and runs without one."""
POLICY = AlertPolicy(1.0, 1)
MOVED = 0.5
CANDIDATES = 60
"""Of so many brands those that moved are watched with ``--moved``."""


@dataclass(frozen=True)
class System:
    """The answers of a system.

    Attributes:
        name: Its name.
        runs: Its logged runs: for each question, the brands that the answer lists and its text.
    """

    name: str
    runs: Sequence[Mapping[str, tuple[frozenset[str], str]]]


@dataclass(frozen=True)
class Panel:
    """Who is named by which system, in which logged run, for which question.

    Attributes:
        brands: The brands.
        questions: The questions, P.
        named: For each system, logged runs x questions x brands: 1 where it names the brand.
    """

    brands: tuple[str, ...]
    questions: tuple[str, ...]
    named: Mapping[str, np.ndarray]

    def streams(self, drawn: Sequence[tuple[str, int]]) -> list[Stream]:
        """Return the visibility of all brands in logged runs that follow each other weekly."""
        keys = tuple(RunKey(FIRST_RUN + timedelta(weeks=r), r + 1) for r in range(len(drawn)))
        cells = np.stack([self.named[system][run] for system, run in drawn])
        asked = np.ones(cells.shape[:2], np.int64)
        return [
            Stream(
                StreamKey(brand, model_of(0), "visibility"),
                "replayed@1",
                keys,
                self.questions,
                asked,
                cells[:, :, place],
                cells[:, :, place],
            )
            for place, brand in enumerate(self.brands)
        ]


def read_systems(folder: Path) -> list[System]:
    """Return the systems of a folder: the files whose lines have a question, a run and a text."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        runs: dict[int, dict[str, tuple[frozenset[str], str]]] = defaultdict(dict)
        for line in path.read_text("utf-8").splitlines():
            one = json.loads(line)
            if {"query", "run", "text", "products"} <= one.keys():
                listed = frozenset(product["brand"] for product in one["products"])
                runs[one["run"]][one["query"]] = (listed, one["text"])
        if runs:
            found.append(System(path.stem, [runs[number] for number in sorted(runs)]))
    return found


def panel_of(systems: Sequence[System], brands: int) -> Panel:
    """Return who is named: the brands that are listed most often, for the questions of all runs."""
    counts: Counter[str] = Counter()
    for system in systems:
        for run in system.runs:
            counts.update(brand for listed, _ in run.values() for brand in listed if brand)
    names = tuple(sorted(counts, key=lambda name: (-counts[name], name))[:brands])
    questions = tuple(
        sorted(frozenset.intersection(*(frozenset(run) for one in systems for run in one.runs)))
    )
    reader = Reader([Brand(name) for name in names])
    place = {name: index for index, name in enumerate(names)}
    named = {}
    for system in systems:
        cells = np.zeros((len(system.runs), len(questions), len(names)))
        for number, run in enumerate(system.runs):
            for column, question in enumerate(questions):
                for mention in reader.read(answer(run[question][1])).mentions:
                    cells[number, column, place[mention.brand]] = 1.0
        named[system.name] = cells
    return Panel(names, questions, named)


def swap(panel: Panel, before: str, after: str, seed: int) -> dict[str, list[Alarm]]:
    """Return the alarms of each brand where one system follows the other."""
    drawn = [*_draw(panel, before, BEFORE, seed), *_draw(panel, after, AFTER, seed + 1)]
    return _watched(panel, drawn)


def unchanged(panel: Panel, system: str, seed: int) -> dict[str, list[Alarm]]:
    """Return the alarms of each brand while one system's runs repeat in a random order."""
    return _watched(panel, list(_draw(panel, system, UNCHANGED, seed)))


def moved(panel: Panel, before: str, after: str) -> frozenset[str]:
    """Return the brands whose rate of any question differs by `MOVED` between two systems."""
    apart = np.abs(panel.named[before].mean(axis=0) - panel.named[after].mean(axis=0)).max(axis=0)
    return frozenset(name for name, most in zip(panel.brands, apart, strict=True) if most >= MOVED)


def only_moved(panel: Panel, brands: int) -> Panel:
    """Return the panel with only the first `brands` of the brands that moved between any two of its
    systems.
    """
    names = {
        name
        for before in panel.named
        for after in panel.named
        for name in moved(panel, before, after)
    }
    places = [place for place, name in enumerate(panel.brands) if name in names][:brands]
    named = {system: cells[:, :, places] for system, cells in panel.named.items()}
    return Panel(tuple(panel.brands[place] for place in places), panel.questions, named)


def _draw(panel: Panel, system: str, runs: int, seed: int) -> Iterator[tuple[str, int]]:
    logged = len(panel.named[system])
    for run in np.random.default_rng(seed).integers(logged, size=runs).tolist():
        yield system, run


def _watched(panel: Panel, drawn: Sequence[tuple[str, int]]) -> dict[str, list[Alarm]]:
    streams = panel.streams(drawn)
    return {brand: list(Monitor(brand, streams, policy=POLICY).replay()) for brand in panel.brands}


def swaps(panel: Panel, orders: int, seed: int, *, show: bool) -> None:
    """Print how many brands the monitor sees move with a swap, for each pair of systems."""
    lines = []
    for before in panel.named:
        for after in panel.named:
            if before == after:
                continue
            truly = moved(panel, before, after)
            seen, waited, early = Counter[str](), list[int](), 0
            for order in range(orders):
                for brand, alarms in swap(panel, before, after, seed + 100 * order).items():
                    early += sum(1 for alarm in alarms if alarm.run.id <= BEFORE)
                    late = [a.run.id - BEFORE for a in alarms if a.run.id > BEFORE]
                    seen[brand] += bool(late)
                    waited += late[:1]
            told = sum(seen.values()) / orders
            of_moved = sum(seen[brand] for brand in truly) / orders
            years = orders * len(panel.brands) * BEFORE / RUNS_A_YEAR
            lines.append(
                (
                    f"{before} -> {after}",
                    f"{told:.1f} of {len(panel.brands)}",
                    f"{of_moved:.1f} of {len(truly)}",
                    f"{np.median(waited):.0f}" if waited else "-",
                    f"{early / years:.2f}",
                )
            )
            if show:
                _show(panel, before, after, seen, truly, orders)
    rows(("swap", "seen", "seen of those that moved", "median run", "a brand-year before"), lines)


def _show(
    panel: Panel,
    before: str,
    after: str,
    seen: Mapping[str, int],
    truly: Iterable[str],
    orders: int,
) -> None:
    """Print a line for each brand: answers that name it at both systems, questions at which the
    rates differ, and how often its change was detected.

    Args:
        panel: The logged answers.
        before: The first system.
        after: The second system.
        seen: In how many orders each brand's change was detected.
        truly: The brands that moved.
        orders: The number of orders.
    """
    old, new = panel.named[before], panel.named[after]
    apart = np.abs(old.mean(axis=0) - new.mean(axis=0))
    for place, brand in enumerate(panel.brands):
        counts = " -> ".join(f"{one[:, :, place].sum():3.0f}" for one in (old, new))
        differ = f"{(apart[:, place] > 0).sum():2} differ by up to {apart[:, place].max():4.0%}"
        mark = "moved" if brand in truly else ""
        print(f"{brand:20} {counts} answers, {differ}, seen {seen[brand]} of {orders}  {mark}")
    print()


def silence(panel: Panel, orders: int, seed: int) -> None:
    """Print how often unchanged systems raise an alarm."""
    lines = []
    for system in panel.named:
        counted = [
            sum(map(len, unchanged(panel, system, seed + order).values()))
            for order in range(orders)
        ]
        years = len(panel.brands) * UNCHANGED / RUNS_A_YEAR
        error = 1.96 * max(float(np.std(counted)), max(float(np.mean(counted)), 1.0) ** 0.5)
        mean, spread = np.mean(counted) / years, error / orders**0.5 / years
        low = max(0.0, mean - spread)
        lines.append(
            (system, f"{mean:.2f} [{low:.2f}, {mean + spread:.2f}]", f"{orders * years:.0f}")
        )
    rows(("unchanged system", "alarms a brand-year", "brand-years"), lines)


def main() -> None:
    """Read the arguments and replay."""
    parser = argparse.ArgumentParser(description="Replays real answers to the monitor.")
    parser.add_argument("folder", type=Path, help="answers of two or more systems, see above")
    parser.add_argument("--orders", type=int, default=6, help="orders in which runs are drawn")
    parser.add_argument("--brands", type=int, default=20, help="brands that are watched")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other orders")
    parser.add_argument("--moved", action="store_true", help="only brands that moved")
    parser.add_argument("--show", action="store_true", help="a line for each brand")
    arguments = parser.parse_args()
    systems = read_systems(arguments.folder)
    if len(systems) < 2:
        parser.error(f"{arguments.folder} has answers of {len(systems)} systems; two are needed.")
    if arguments.moved:
        panel = only_moved(panel_of(systems, CANDIDATES), arguments.brands)
    else:
        panel = panel_of(systems, arguments.brands)
    print(f"{len(panel.brands)} brands, {len(panel.questions)} questions\n")
    swaps(panel, arguments.orders, arguments.seed, show=arguments.show)
    silence(panel, arguments.orders, arguments.seed)


if __name__ == "__main__":
    main()
