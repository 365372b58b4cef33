"""How often the streaming detector is wrong, how soon it sees a drop, and how fast it is.

    uv run python bench/detection.py                  tables, in about ten minutes on one core
    uv run python bench/detection.py --panels 60      the same, coarser and three times as fast
    uv run python bench/detection.py --json           for machines

Brands are simulated as in `overheard simulate`: 30 prompts x 3, weekly, 20 runs of warm-up, moods
learnt from five brands at one model, one false alarm a year promised. Brackets hold 95 %
Monte-Carlo intervals, and +- is a standard error.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from itertools import product
from time import perf_counter

from overheard.domain import Model
from overheard.measure.blocks import Stream
from overheard.shifts import trials
from overheard.shifts.calibrate import Mood, mood, threshold
from overheard.shifts.detector import evidence
from overheard.shifts.simulate import Change, Design, simulate
from overheard.shifts.trials import Outcome, Trial

TAUS = (0.0, 0.25, 0.5)
DROPS = ((10.0, 1.0), (20.0, 1.0), (10.0, 0.3))
"""Points, and the share of prompts that carry them."""


def table(panels: int) -> list[tuple[Trial, Outcome]]:
    """Try the detector on each line of the table."""
    lines = (
        Trial(drop=drop, tau=tau, carried=carried) for (drop, carried), tau in product(DROPS, TAUS)
    )
    return [(trial, trials.run(trial, panels, seed=1)) for trial in lines]


def speed() -> dict[str, float]:
    """Measure the seconds that an update and a calibration take."""
    world = simulate(Design(runs=52, prompts=100), Change(45, -10.0), size=100, seed=1)
    gaps = simulate(Design(runs=52, prompts=100, missing=0.15), size=100, seed=1)
    past = simulate(Design(runs=20, tau=0.25), size=1, seed=1).stream(0)
    moods = {past.key.model: mood([past], 21)}
    evidence(past, 0.03)  # scipy is loaded before the clock starts
    return {
        "update_seconds": _update(world.stream, len(world.n)),
        "update_with_gaps_seconds": _update(gaps.stream, len(gaps.n)),
        "calibration_seconds": min(_calibration(past, moods) for _ in range(3)),
    }


def _update(stream: Callable[[int], Stream], size: int) -> float:
    streams = [stream(index) for index in range(size)]
    begun = perf_counter()
    for one in streams:
        evidence(one, 0.03)
    return perf_counter() - begun


def _calibration(past: Stream, moods: dict[Model, Mood]) -> float:
    begun = perf_counter()
    threshold([past], moods, seed=1)
    return perf_counter() - begun


def show(rows: list[tuple[Trial, Outcome]], seconds: dict[str, float]) -> None:
    """Print two Markdown tables and the speed."""
    print(line("drop", "tau", "false alarms a year", "runs", "oracle", "ratio", "calls", "Lorden"))
    print(line(*["---"] * 8))
    for trial, outcome in rows:
        print(line(*_head(trial), *_detector(trial, outcome)))
    names = list(rows[0][1].rules)
    print("\nRules: false alarms a year as they are used / runs when held to one a year.\n")
    print(line("drop", "tau", *names))
    print(line(*["---"] * (2 + len(names))))
    for trial, outcome in rows:
        cells = (f"{f.false_alarms:.1f} / {f.delay:.1f}" for f in outcome.rules.values())
        print(line(*_head(trial), *cells))
    print(
        f"\nUpdate of 100 streams x 100 prompts x 52 runs: {seconds['update_seconds']:.2f} s; "
        f"with 15 % of calls missing {seconds['update_with_gaps_seconds']:.2f} s. "
        f"One calibration: {seconds['calibration_seconds']:.2f} s."
    )


def _head(trial: Trial) -> tuple[str, str]:
    carried = "" if trial.carried == 1 else f" on {100 * trial.carried:.0f} % of prompts"
    return f"-{trial.drop:g}{carried}", f"{trial.tau:g}"


def _detector(trial: Trial, outcome: Outcome) -> tuple[str, ...]:
    found, best = outcome.detector, outcome.oracle
    low, high = found.interval
    return (
        f"{found.false_alarms:.2f} [{low:.2f}, {high:.2f}]",
        f"{found.delay:.2f} +- {found.error:.2f}",
        f"{best.delay:.2f} +- {best.error:.2f}",
        f"{found.delay / best.delay:.2f}",
        f"{found.delay * trial.prompts * trial.repeats:.0f}",
        f"{outcome.lorden_calls:.0f}",
    )


def line(*cells: str) -> str:
    """Write one line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description="The streaming detector: alarms, delay, speed.")
    parser.add_argument("--json", action="store_true", help="print for machines")
    parser.add_argument("--panels", type=int, default=200, help="brands behind each line")
    arguments = parser.parse_args()
    seconds, rows = speed(), table(arguments.panels)
    if arguments.json:
        lines = [{**asdict(trial), **asdict(outcome)} for trial, outcome in rows]
        print(json.dumps({"panels": arguments.panels, "rows": lines, **seconds}, indent=2))
    else:
        show(rows, seconds)


if __name__ == "__main__":
    main()
