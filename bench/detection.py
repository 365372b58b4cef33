"""How often the monitor is wrong, how soon it sees a drop, what its alarms are worth, its speed.

    uv run python bench/detection.py                    all tables
    uv run python bench/detection.py --part alarms      false alarms in each world
    uv run python bench/detection.py --part again       days until a fall is told, asked again
    uv run python bench/detection.py --part calm        false alarms where models are asked again
    uv run python bench/detection.py --part young       the same in their first months
    uv run python bench/detection.py --part delays      runs until a drop of 10 points is seen
    uv run python bench/detection.py --part levels      how many alarms of each level are true
    uv run python bench/detection.py --part dips        dips that are taken for over too early
    uv run python bench/detection.py --part patterns    whether the right cause is named
    uv run python bench/detection.py --part model       changes of a model as a whole
    uv run python bench/detection.py --part after       a brand's own change after that
    uv run python bench/detection.py --part deployment  ten brands, five models, six metrics
    uv run python bench/detection.py --part places      a world drawn otherwise
    uv run python bench/detection.py --part frontier    how soon any rule could tell a fall
    uv run python bench/detection.py --part power       whether what `power` names is told
    uv run python bench/detection.py --part learning    what the learning sentence is worth
    uv run python bench/detection.py --part speed       seconds of one core
    uv run python bench/detection.py --panels 200       the same, finer
    uv run python bench/detection.py --images docs/images    draws the charts of the docs too

Brands are watched by the monitor that ships, as in `overheard simulate`: 30 prompts x 3, weekly,
five brands at one model, one false alarm a brand-year allowed unless a table says otherwise.
Brackets hold 95 % intervals, +- is a standard error, and *bar* is what the project asks for. With
the default of 40 brands a line all tables take about half an hour of one core. `bench/replay.py`
replays real answers.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from time import process_time

import events
import numpy as np
import places
from charts import DelayLine, draw_delays, draw_power
from events import DEFAULT_BUDGET
from figures import rows
from frontier import frontier

from overheard.commands.power import WITHIN
from overheard.detection.confirmation import LOOKS
from overheard.detection.control_variate import RunEffectPrior, StreamGroup
from overheard.detection.decision_inputs import WATCHED_A_YEAR, AlertPolicy
from overheard.detection.explanation import PROBABLE, SURE, Hypothesis
from overheard.detection.monitor import Monitor
from overheard.detection.power import smallest_visible_loss
from overheard.detection.statistic import statistic
from overheard.measure.intervals import wilson
from overheard_lab import trials
from overheard_lab.benchmarks import RULES, compare
from overheard_lab.trials import ASKED_AGAIN, MonitorTrial, poisson_interval
from overheard_lab.worlds import Moved, WorldDesign, brand_name, simulate_world

TAUS = (0.0, 0.25, 0.5)
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
CALM_WORLDS = (
    ("normal", "shared", 0.0),
    *((kind, effects, tau) for effects in ("shared", "own") for kind, tau in WORLDS[1:9]),
    ("normal", "half", 0.5),
)
YOUNG_WEEKS = 15
RUNS_A_YEAR = trials.RUNS_A_YEAR
FALSE_ALARM_BARS = {"shared": (1.0, 1.15), "own": (1.0, 1.25)}
"""False alarms of a brand in a year, and the upper end of their interval."""
OUTSIDE = {"drift", "edits"}
"""Worlds without a bar."""
DELAY_BARS = {
    ("shared", 1.0): (1.4, 1.15, 0.75),
    ("own", 1.0): (1.4, 1.7, 1.75),
    ("half", 1.0): (None, 1.55, 1.35),
    ("shared", 0.3): (1.8, 1.95, 2.0),
    ("own", 0.3): (None, 2.3, 3.3),
}
"""Delays over the oracle's, by who shares the run effects, the share of prompts and `TAUS`."""
LEVEL_WORLDS = (
    ("uneven", "shared", 0.5),
    ("two-state", "own", 0.5),
    ("normal", "own", 0.5),
    ("normal", "shared", 0.5),
    ("normal", "shared", 0.0),
)
HALF_AT = ("normal", "half", 0.25)
LEVEL_BARS = {
    "nearly certain": "bar 0.97",
    "likely": "bar 0.80",
    "watched": "half",
    "unlike before": "a quarter",
    "watched, young": "a third",
    "unlike before, young": "a tenth",
}
SHOWN_WITHIN_RUNS = 3
"""Runs of which the learning sentence speaks."""


def alarms(panels: int, seed: int) -> None:
    """Print the false alarms of unchanged brands in each world."""

    def line(kind: str, effects: str, tau: float) -> tuple[str, ...]:
        found = trials.false_alarms(MonitorTrial(WorldDesign(kind, effects, tau)), panels, seed)
        low, high = found.interval
        ages = (f"{found.by_age.get(age, 0):.2f}" for age in trials.AGES)
        shares = f"{found.ghosts:.0%}", f"{found.closings:.2f}"
        rate = f"{found.yearly:.2f} [{low:.2f}, {high:.2f}]"
        bar, end = FALSE_ALARM_BARS[effects]
        held = "-" if kind in OUTSIDE else _held(found.yearly <= bar and high <= end)
        return (f"{kind} {tau:g}", effects, rate, held, *ages, *shares)

    bars = ", ".join(f"{e} {bar:g} (end {end:g})" for e, (bar, end) in FALSE_ALARM_BARS.items())
    rate = f"a brand-year; bar {bars}"
    ghosts = "opposite within 8; bar 5%"
    rows(
        ("world", "effects", rate, "held", *trials.AGES, ghosts, "taken back"),
        (line(kind, effects, tau) for effects in ("shared", "own") for kind, tau in WORLDS),
    )


def delays(panels: int, seed: int) -> list[DelayLine]:
    """Print the runs that a drop of 10 points needs to be detected, and return the lines of the
    chart.
    """
    shown: list[DelayLine] = []

    def line(effects: str, carried: float, tau: float, bar: float) -> tuple[str, ...]:
        world = WorldDesign("normal", effects, tau)
        found = trials.delay(MonitorTrial(world, carried=carried), panels, seed)
        compared = compare(world, 10.0, carried, 1.0, seed)
        if carried == 1 and effects != "half":
            shown.append(DelayLine(effects, tau, found.runs, compared))
        best = compared.oracle.delay
        return (
            f"{tau:g}",
            effects,
            f"{carried:.0%}",
            f"{found.runs:.2f} +- {found.error:.2f}",
            f"{best:.2f}",
            f"{found.runs / best:.2f}",
            f"{bar:.2f}",
            *(f"{rule.delay:.1f}" for rule in compared.rules.values()),
        )

    rows(
        (
            "tau",
            "effects",
            "prompts",
            "runs",
            "oracle",
            "over it",
            "bar",
            *(rule.name for rule in RULES),
        ),
        (
            line(effects, carried, tau, bar)
            for (effects, carried), bars in DELAY_BARS.items()
            for tau, bar in zip(TAUS, bars, strict=True)
            if bar is not None  # without: as with shared effects
        ),
    )
    return shown


def levels(panels: int, seed: int) -> None:
    """Print how much of what is told of a brand is true, by its level, at the default settings: one
    tracked brand with four rivals at three models, 12 prompts x 3 a week, asked again, all of which
    change once a year at each model. A line has a quarter as many worlds as brands are asked for.
    """
    every: dict[str, list[bool]] = {one: [] for one in LEVEL_BARS}

    def line(kind: str, effects: str, tau: float) -> tuple[str, ...]:
        world = WorldDesign(kind, effects, tau, models=3, prompts=12, again=len(LOOKS))
        trial = MonitorTrial(world, per_year=DEFAULT_BUDGET / 5, asked_again=ASKED_AGAIN)
        found = events.told_levels(trial, max(1, panels // 4), seed)
        for level, told in every.items():
            told.extend(found[level])
        return (f"{kind} {tau:g}", effects, *(_true(found[level]) for level in LEVEL_BARS))

    rows(
        ("world", "effects", *(f"{one}; {bar}" for one, bar in LEVEL_BARS.items())),
        (line(*world) for world in (HALF_AT, *LEVEL_WORLDS)),
    )
    print("\nAll: " + ", ".join(f"{level} {_true(told)}" for level, told in every.items()))


def _true(told: list[bool]) -> str:
    return f"{_share(sum(told) / len(told), len(told))} of {len(told)}" if told else "-"


def patterns(panels: int, seed: int) -> None:
    """Print how often the right cause is the likeliest, by runs since the alarm, and how often by
    the word that an alert says of it.
    """
    lines, told = [], list[tuple[float, bool]]()
    for truth in Hypothesis:
        for effects in ("shared", "own"):
            found = events.pattern(truth, effects, panels, seed)
            shares = (
                f"{sum(w == most for w, most in weights)} of {len(weights)} "
                f"({np.mean([w for w, _ in weights]):.2f})"
                for weights in found.values()
            )
            lines.append((truth.name.lower().replace("_", " "), effects, *shares))
            told += [(most, w == most) for w, most in found[0]]
    rows(
        ("truth", "effects", "at the alarm; bar 20 of 24", "1 run later; 22", "3 runs later"), lines
    )
    words = {"looks like": (SURE, 2.0), "probably": (PROBABLE, SURE), "may be": (0.0, PROBABLE)}
    rows(
        ("word at the alarm", "right"),
        (
            (word, f"{_share(float(np.mean(right or [False])), len(right))} of {len(right)}")
            for word, (low, high) in words.items()
            for right in [[ok for weight, ok in told if low <= weight < high]]
        ),
    )


def dips(panels: int, seed: int) -> None:
    """Print how many dips of 15 points that last are taken for over within 4 runs, and how soon a
    fall is seen after dips that are over.
    """
    lines = []
    for effects in ("shared", "own"):
        for tau in TAUS:
            found = events.dips(WorldDesign("normal", effects, tau), panels, seed)
            share = found.ended / max(found.seen, 1)
            lines.append((f"{tau:g}", effects, str(found.seen), _share(share, found.seen)))
    rows(("tau", "effects", "dips seen", "wrongly ended within 4 runs; bar 0.10"), lines)
    rows(
        ("effects", "without a dip", "after one dip", "after two"),
        (
            (effects, *map(_waited, events.after_dips(effects, panels, seed)))
            for effects in ("shared", "own")
        ),
    )


def model(panels: int, seed: int) -> None:
    """Print how soon a change of a whole model is found, and the false alarms of such changes a
    year.
    """
    lines = []
    for effects in ("shared", "own"):
        cells = []
        for per_year in (1.0, DEFAULT_BUDGET):
            waited = np.array(events.model_delays(effects, per_year, panels, seed))
            cells.append(f"{waited.mean():.2f} +- {waited.std() / len(waited) ** 0.5:.2f}")
        found, years = events.model_false_alarms(
            WorldDesign("normal", effects, 0.25), max(1, panels // 4), seed
        )
        cells.append(f"{_yearly(found, years)}")
        lines.append((effects, *cells))
    others = ("own", "t3"), ("own", "two-state"), ("own", "ar1"), ("shared", "two-state")
    for effects, kind in others:
        found, years = events.model_false_alarms(
            WorldDesign(kind, effects, 0.5), max(1, panels // 4), seed
        )
        lines.append((f"{effects}, {kind} 0.5", "", "", _yearly(found, years)))
    rows(
        ("effects", "runs; bar 2.6", "runs at the default budget; bar 3.5", "a year; bar 1"), lines
    )
    mistaken(panels, seed)


def mistaken(panels: int, seed: int) -> None:
    """Print how often a drop of one brand alone is reported as a change of its model."""
    lines = []
    for effects in ("shared", "own"):
        found = [
            events.mistaken_models(effects, per_year, panels, seed)
            for per_year in (1.0, DEFAULT_BUDGET)
        ]
        lines.append((effects, *(_share(wrong / panels, panels) for wrong in found)))
    names = "a brand that falls alone, told as the model; at one a year", "at the default budget"
    rows(("effects", *names), lines)


def after(panels: int, seed: int) -> None:
    """Print how soon a brand's own change is detected some months after its model changed as a
    whole.
    """
    lines = []
    for effects in ("shared", "own"):
        found = events.after_model_change(effects, panels, seed)
        lines.append((effects, str(len(found["mixture"])), *map(_waited, found.values())))
    names = "begun again", "mixture of both levels", "no change of the model", "nor runs before it"
    rows(("effects", "panels", *names), lines)


def deployment(panels: int, seed: int) -> None:
    """Print the false alarms of ten brands at five models with six metrics, at the default budget.

    They are too rare to count in a run of this bench, so it also counts how often the evidence of a
    brand became rare enough to be watched.
    """

    def line(kind: str, effects: str, tau: float) -> tuple[str, ...]:
        world = WorldDesign(kind, effects, tau, brands=10, models=5, metrics=6, runs=RUNS_A_YEAR)
        found = events.deployment(world, DEFAULT_BUDGET, max(1, panels // 20), seed)
        years = found["runs"] / RUNS_A_YEAR
        rates = _yearly(found["alarms"], years), _yearly(found["watched"], years)
        return (f"{kind} {tau:g}", effects, f"{years:.0f}", *rates)

    rows(
        ("world", "effects", "years", "alarms a year; bar 0.3", f"watched; {WATCHED_A_YEAR:g}"),
        (line(*world) for world in (("normal", "shared", 0.25), ("two-state", "own", 0.5))),
    )


def another_world(panels: int, seed: int) -> None:
    """Print false alarms and delays in the simulated world of `places`: at one false alarm a year
    for each brand and for the model, and at the default budget.
    """
    lines = []
    default = AlertPolicy.shared_out(DEFAULT_BUDGET, places.KNOWN, {})
    each = default.false_alarms_per_year / places.KNOWN
    worlds = max(1, panels // 4)
    for per_year, of_models in ((1.0, 1.0), (each, default.models_per_year)):
        allowed = places.policy(per_year, of_models)
        counted, found = places.alarms(worlds, trials.CHANGE_AT + RUNS_A_YEAR, seed, allowed)
        years = worlds * (trials.CHANGE_AT + RUNS_A_YEAR) / RUNS_A_YEAR
        mean = np.mean(counted) * worlds / years / places.KNOWN
        error = 1.96 * np.std(counted) * worlds**0.5 / years / places.KNOWN
        waited = (
            places.delays(panels, seed + 10**6, allowed, 10.0),
            places.delays(panels, seed + 10**6, allowed, 20.0),
            places.model_delays(panels, seed + 2 * 10**6, of_models),
        )
        lines.append(
            (
                f"{per_year:.3g}, {of_models:.3g}",
                f"{mean:.2f} [{max(0.0, mean - error):.2f}, {mean + error:.2f}]",
                _yearly(found, years),
                *map(_waited, waited),
            )
        )
    names = "a brand-year", "of the model, a year", "-10 points", "-20 points", "the model changes"
    rows(("allowed: a brand-year, of the model a year", *names), lines)


def _held(held: bool) -> str:
    return "yes" if held else "no"


def _share(share: float, of: int) -> str:
    low, high = wilson(share, max(of, 1), 0.95)
    return f"{share:.2f} [{low:.2f}, {high:.2f}]"


def _waited(runs: list[int]) -> str:
    return f"{np.mean(runs):.1f} +- {np.std(runs) / len(runs) ** 0.5:.1f}"


def _yearly(found: int, years: float) -> str:
    low, high = poisson_interval(found)
    return f"{found / years:.2f} [{low / years:.2f}, {high / years:.2f}]"


def learning(panels: int, seed: int) -> None:
    """Print how often a loss of the size that the learning sentence names shows in three runs."""
    lines = []
    for effects, tau in (("shared", 0.0), ("shared", 0.25), ("shared", 0.5), ("own", 0.25)):
        for before in (1, 3, 6, 12):
            design = WorldDesign("normal", effects, tau, runs=before + SHOWN_WITHIN_RUNS)
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
                (f"{effects} {tau:g}", f"{before}", f"{np.mean(sizes):.0f}", f"{np.mean(seen):.2f}")
            )
    rows(("world", "runs before", "points named", "seen within three runs"), lines)


def power(panels: int, seed: int) -> None:
    """Print how often falls of the size that `power` names for two, four and eight checks are told
    by then, asked again, with 1, 3 and 18 streams.
    """

    def line(models: int, metrics: int) -> tuple[str, ...]:
        told = (events.named_falls(models, metrics, runs, panels, seed) for runs in WITHIN)
        return (f"{models}", f"{metrics}", *map(_true, told))

    checks = (f"{runs} checks; named for 0.8" for runs in WITHIN)
    rows(("models", "metrics", *checks), (line(*one) for one in ((1, 1), (3, 1), (3, 6))))


def again(panels: int, seed: int) -> None:
    """Print how soon falls are told with and without asking again: one tracked brand with four
    rivals, three models of which one moves, 12 prompts x 3 a week, the default budget.
    """

    def line(drop: float, asked_again: float) -> tuple[str, ...]:
        world = WorldDesign(
            effects="half", models=3, prompts=12, again=len(LOOKS) if asked_again else 0
        )
        trial = MonitorTrial(world, drop, per_year=DEFAULT_BUDGET / 5, asked_again=asked_again)
        found = trials.delay(trial, panels, seed, watched=1)
        told = (f"{share:.2f}" for share in found.within.values())
        return (f"-{drop:g}", "yes" if asked_again else "no", *told, f"{found.calls:.2f}")

    days = (f"{day} days" for day in trials.WITHIN_DAYS)
    rows(
        ("points", "asked again", *days, "calls"),
        (line(drop, share) for drop in (10.0, 20.0, 40.0) for share in (0.0, ASKED_AGAIN)),
    )


def calm(panels: int, seed: int) -> None:
    """Print the false alarms of a deployment at the default settings in which nothing changes: one
    tracked brand with four rivals, three models, 12 prompts x 3 a week.
    """
    told, years, calls = 0.0, 0.0, []

    def line(kind: str, effects: str, tau: float) -> tuple[str, ...]:
        nonlocal told, years
        world = WorldDesign(kind, effects, tau, models=3, prompts=12, again=len(LOOKS))
        trial = MonitorTrial(world, per_year=DEFAULT_BUDGET / 5, asked_again=ASKED_AGAIN)
        found = trials.false_alarms(replace(trial, models_per_year=0.0), panels, seed, watched=1)
        of_world = panels * world.runs / RUNS_A_YEAR
        told, years = told + found.alarms, years + of_world
        calls.append(found.calls)
        return (f"{kind} {tau:g}", effects, _yearly(found.alarms, of_world), f"{found.calls:.2f}")

    rows(
        ("world", "effects", f"a year; allowed {DEFAULT_BUDGET:g}", "calls"),
        (line(*world) for world in CALM_WORLDS),
    )
    print(f"\nAll: {_yearly(int(told), years)} in {years:.0f} years, calls {np.mean(calls):.2f}")


def young(panels: int, seed: int) -> None:
    """Print the false alarms of the same deployment from baselines of fewer than 16 runs, a year of
    their first 15 weeks; each line has as many deployments as brands are asked for.
    """
    every: list[int] = []

    def line(kind: str, effects: str, tau: float) -> tuple[str, ...]:
        world = WorldDesign(
            kind, effects, tau, models=3, prompts=12, again=len(LOOKS), runs=YOUNG_WEEKS + 3
        )
        trial = MonitorTrial(world, per_year=DEFAULT_BUDGET / 5, asked_again=ASKED_AGAIN)
        found = []
        for number in range(panels):
            streams = simulate_world(world, seed + number)
            [(_, raised)] = trials.watch_brands(trial, streams, brands=1, tracked=1).pairs
            found += [alarm.age for alarm in raised if alarm.age <= YOUNG_WEEKS]
        every.extend(found)
        return (f"{kind} {tau:g}", effects, _yearly(len(found), panels * YOUNG_WEEKS / RUNS_A_YEAR))

    rows(
        ("world", "effects", f"a year; allowed {DEFAULT_BUDGET:g}"),
        (line(*world) for world in CALM_WORLDS),
    )
    years = panels * len(CALM_WORLDS) / RUNS_A_YEAR
    for low, high in ((1, 3), (4, YOUNG_WEEKS), (1, YOUNG_WEEKS)):
        counted = sum(low <= age <= high for age in every)
        print(f"\n{low} to {high} runs: {_yearly(counted, years * (high - low + 1))}")


def speed(*_: int) -> None:
    """Print the CPU milliseconds of one analysis of a stream with four competitors, at
    three sizes.
    """
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


PARTS = {
    "alarms": alarms,
    "again": again,
    "calm": calm,
    "young": young,
    "delays": delays,
    "levels": levels,
    "dips": dips,
    "patterns": patterns,
    "model": model,
    "after": after,
    "deployment": deployment,
    "places": another_world,
    "frontier": frontier,
    "power": power,
    "learning": learning,
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
