"""How often the monitor is wrong, how soon it sees a drop, what its alarms are worth, its speed.

    uv run python bench/detection.py                    all tables
    uv run python bench/detection.py --part alarms      false alarms in each world
    uv run python bench/detection.py --part delays      runs until a drop of 10 points is seen
    uv run python bench/detection.py --part levels      how many alarms of each level are true
    uv run python bench/detection.py --part patterns    whether the right cause is named
    uv run python bench/detection.py --part learning    what the learning sentence is worth
    uv run python bench/detection.py --part sentinel    the sentinel and announced updates
    uv run python bench/detection.py --part speed       seconds of one core
    uv run python bench/detection.py --panels 200       the same, finer
    uv run python bench/detection.py --images docs/images    draws the charts of the docs too

Brands are watched by the monitor that ships, as in `overheard simulate`: 30 prompts x 3, weekly,
five brands at one model, one false alarm a brand-year allowed unless a table says otherwise.
Brackets hold 95 % intervals, +- is a standard error. With the default of 40 brands a line all
tables take about half an hour of one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from time import process_time

import numpy as np
from charts import DelayLine, draw_delays, draw_power
from update_trials import UpdateTrial, run_updates

from overheard.detection import policy_trials, trials
from overheard.detection.baseline import run_effect_prior
from overheard.detection.control_variate import RunEffectPrior, StreamGroup
from overheard.detection.evidence import AlertPolicy
from overheard.detection.hypotheses import Hypothesis, attribute
from overheard.detection.learning import RUNS_TO_SHOW, smallest_visible_loss
from overheard.detection.monitor import Monitor
from overheard.detection.oracle_trials import compare
from overheard.detection.statistic import statistic
from overheard.detection.trials import MonitorTrial
from overheard.detection.worlds import Moved, WorldDesign, brand_name, model_of, simulate_world
from overheard.measure.blocks import StreamKey

WORLDS = (
    ("normal", 0.0),
    ("normal", 0.25),
    ("normal", 0.5),
    ("t3", 0.5),
    ("two-state", 0.5),
    ("ar1", 0.25),
    ("ar1", 0.5),
    ("uneven", 0.5),
    ("drift", 0.25),
    ("edits", 0.25),
)
TAUS = (0.0, 0.25, 0.5)
DEFAULT_BUDGET = 0.2
BRANDS, MODELS, CHANGE_AT = 4, 3, 25
"""For the patterns: a change of brands at models in run 26."""


def alarms(panels: int, seed: int) -> None:
    """Print the false alarms of unchanged brands in each world."""
    lines = []
    for effects in ("shared", "own"):
        for kind, tau in WORLDS:
            found = trials.false_alarms(MonitorTrial(WorldDesign(kind, effects, tau)), panels, seed)
            low, high = found.interval
            ages = (f"{found.by_age.get(age, 0):.2f}" for age in trials.AGES)
            shares = f"{found.ghosts:.0%}", f"{found.closings:.2f}"
            rate = f"{found.yearly:.2f} [{low:.2f}, {high:.2f}]"
            lines.append((f"{kind} {tau:g}", effects, rate, *ages, *shares))
    rows(
        ("world", "effects", "a brand-year", *trials.AGES, "opposite within 8", "taken back"), lines
    )


def delays(panels: int, seed: int) -> list[DelayLine]:
    """Print how many runs a drop of 10 points takes to be seen; return what the chart shows."""
    lines, shown = [], []
    for effects, carried in (("shared", 1.0), ("own", 1.0), ("shared", 0.3), ("own", 0.3)):
        for tau in TAUS:
            world = WorldDesign("normal", effects, tau)
            found = trials.delay(MonitorTrial(world, carried=carried), panels, seed)
            compared = compare(world, 10.0, carried, 1.0, seed)
            if carried == 1:
                shown.append(DelayLine(effects, tau, found.runs, compared))
            best = compared.oracle.delay
            lines.append(
                (
                    f"{tau:g}",
                    effects,
                    f"{carried:.0%}",
                    f"{found.runs:.2f} +- {found.error:.2f}",
                    f"{best:.2f}",
                    f"{found.runs / best:.2f}",
                    *(f"{rule.delay:.1f}" for rule in compared.rules.values()),
                )
            )
    names = list(shown[0].compared.rules)
    rows(("tau", "effects", "prompts", "runs", "oracle", "over it", *names), lines)
    return shown


def levels(panels: int, seed: int) -> None:
    """Print how many alarms of each level are true, at the default budget."""
    lines = []
    for kind, effects, tau in (
        ("normal", "shared", 0.0),
        ("normal", "shared", 0.5),
        ("normal", "own", 0.5),
        ("two-state", "own", 0.5),
        ("uneven", "shared", 0.5),
    ):
        world = WorldDesign(kind, effects, tau)
        trial = MonitorTrial(world, per_year=DEFAULT_BUDGET / world.brands)
        told = trials.reliability(trial, panels, seed)
        shares = ("-" if one.true is None else f"{one.true:.2f} of {one.told}" for one in told)
        lines.append((f"{kind} {tau:g}", effects, *shares))
    rows(("world", "effects", "nearly certain", "likely"), lines)


def patterns(panels: int, seed: int) -> None:
    """Print how often the right cause is the likeliest, one run and three runs after a change."""
    truths = {
        Hypothesis.BRAND_AT_MODEL: ({(0, 0)}, -1.6),
        Hypothesis.MODEL: ({(b, 0) for b in range(BRANDS)}, 1.2),
        Hypothesis.BRAND_EVERYWHERE: ({(0, m) for m in range(MODELS)}, -1.6),
        Hypothesis.EVERYTHING: ({(b, m) for b in range(BRANDS) for m in range(MODELS)}, 1.2),
    }
    own = StreamKey(brand_name(0), model_of(0), "visibility")
    lines = []
    for truth, (cells, size) in truths.items():
        for effects in ("shared", "own"):
            right = {1: 0, 2: 0, 4: 0}
            weight = dict.fromkeys(right, 0.0)
            for number in range(panels):
                rng = np.random.default_rng([seed, number])
                signs = rng.choice([-1.0, 1.0], BRANDS) if size > 0 else np.ones(BRANDS)
                changes = {
                    (b, m): (Moved(CHANGE_AT, logits=size * float(signs[b])),) for b, m in cells
                }
                for runs in right:
                    design = WorldDesign(
                        "normal", effects, 0.25, BRANDS, MODELS, runs=CHANGE_AT + runs
                    )
                    streams = simulate_world(design, seed + number, changes).streams
                    began = streams[0].runs[CHANGE_AT]
                    found = attribute(own, streams, began, run_effect_prior(own.model))
                    right[runs] += found.likeliest is truth
                    weight[runs] += found.weights[truth] / panels
            shares = (f"{right[runs]} of {panels} ({weight[runs]:.2f})" for runs in right)
            lines.append((truth.name.lower().replace("_", " "), effects, *shares))
    rows(("truth", "effects", "after 1 run", "2 runs", "4 runs"), lines)


def learning(panels: int, seed: int) -> None:
    """Print how often a loss of the size that the learning sentence names shows in three runs."""
    lines = []
    for effects, tau in (("shared", 0.0), ("shared", 0.25), ("shared", 0.5), ("own", 0.25)):
        for before in (1, 3, 6, 12):
            design = WorldDesign("normal", effects, tau, runs=before + RUNS_TO_SHOW)
            sizes, seen = [], []
            for number in range(panels):
                streams = simulate_world(design, seed + number).streams
                group = StreamGroup.of(streams[0], streams[1:])
                size = smallest_visible_loss(group, np.arange(before), RunEffectPrior()) or 0.0
                fall = {(0, 0): (Moved(before, -100 * size),)}
                fallen = simulate_world(design, seed + number, fall).streams
                monitor = Monitor(brand_name(0), fallen, policy=AlertPolicy(1.0, 1))
                sizes.append(100 * size)
                seen.append(any(alarm.run.id > before for alarm in monitor.replay()))
            lines.append(
                (
                    f"{effects} {tau:g}",
                    f"{before}",
                    f"{np.mean(sizes):.0f}",
                    f"{np.mean(seen):.2f}",
                )
            )
    rows(("world", "runs before", "points named", "seen within three runs"), lines)


def sentinel(panels: int, seed: int) -> None:
    """Print what the sentinel costs, and how often looks after an announced update are right."""
    lines = []
    for tau in TAUS:
        trial = MonitorTrial(WorldDesign(tau=tau, brands=1))
        found = policy_trials.run_policy_trial(trial, panels, seed)
        lines.append(
            (
                f"{tau:g}",
                f"{found.found.false_alarms:.2f}",
                f"{found.calls_a_year:,.0f}",
                f"{found.found.delay:.1f}",
                f"{found.calls:.0f} +- {found.calls_error:.0f}",
                f"{found.calls / found.compared.lorden_calls:.2f}",
            )
        )
    rows(("tau", "false alarms", "calls a year", "weeks", "calls", "over Lorden's"), lines)
    updates = [UpdateTrial(points, tau) for points in (0.0, -10.0) for tau in TAUS]
    followed = ((trial, run_updates(trial, 4 * panels, seed)) for trial in updates)
    rows(
        ("change", "tau", "found to move", "calls", "intervals hold", "moved by at most"),
        (
            (
                f"{trial.points:g}",
                f"{trial.tau:g}",
                f"{found.found:.3f}",
                f"{found.calls:.0f} +- {found.error:.0f}",
                f"{found.held:.2f}",
                f"{found.bound:.1f}",
            )
            for trial, found in followed
        ),
    )


def speed(*_: int) -> None:
    """Print the CPU milliseconds of one analysis of a stream with four rivals."""
    lines = []
    for prompts, repeats in ((30, 3), (300, 1), (2000, 1)):
        design = WorldDesign(prompts=prompts, repeats=repeats, runs=52)
        streams = simulate_world(design, 1).streams
        group = StreamGroup.of(streams[0], streams[1:])
        statistic(group, group.answered(), RunEffectPrior())
        begun = process_time()
        for _number in range(10):
            statistic(group, group.answered(), RunEffectPrior())
        lines.append((f"{prompts} x {repeats}", f"{100 * (process_time() - begun):.1f}"))
    rows(("panel", "milliseconds"), lines)


def rows(header: tuple[str, ...], cells: Iterable[tuple[str, ...]]) -> None:
    """Print a Markdown table."""
    for row in (header, ("---",) * len(header), *cells):
        print(f"| {' | '.join(row)} |", flush=True)
    print()


PARTS = {
    "alarms": alarms,
    "delays": delays,
    "levels": levels,
    "patterns": patterns,
    "learning": learning,
    "sentinel": sentinel,
    "speed": speed,
}


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description="Detection: alarms, delay, worth, cost, speed.")
    parser.add_argument("--part", choices=PARTS, help="one table; by default all")
    parser.add_argument("--panels", type=int, default=40, help="brands behind each line")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other brands")
    parser.add_argument("--images", type=Path, help="a folder for the charts")
    arguments = parser.parse_args()
    for name in [arguments.part] if arguments.part else PARTS:
        shown = PARTS[name](arguments.panels, arguments.seed)
        if arguments.images and shown:
            draw_delays(shown, arguments.images / "delays.png")
    if arguments.images:
        draw_power(arguments.images / "power.png")


if __name__ == "__main__":
    main()
