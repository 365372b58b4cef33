"""How often detection is wrong, how soon it sees a drop, what that costs, and how fast it is.

    uv run python bench/detection.py                  all tables and the bar
    uv run python bench/detection.py --quick          the same, coarser, in a minute or two
    uv run python bench/detection.py --panels 2000    the same, finer
    uv run python bench/detection.py --json           for machines
    uv run python bench/detection.py --images docs/images    draws the charts of the docs too

Brands are simulated as in `overheard simulate`: 30 prompts x 3, weekly, 20 runs of warm-up, run
effects learnt from five brands at one model, one false alarm a year promised. Brackets hold 95 %
Monte-Carlo intervals, and +- is a standard error.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from itertools import product
from math import hypot
from pathlib import Path
from time import process_time

from charts import draw_delays, draw_power
from update_trials import UpdateFigures, UpdateTrial, run_updates

from overheard.detection import policy_trials, trials
from overheard.detection.detector import change_evidence
from overheard.detection.simulate import Change, Design, simulate
from overheard.detection.threshold import RunEffect, estimate_run_effect, threshold
from overheard.detection.trials import DetectorTrial, TrialOutcome
from overheard.measure.blocks import Stream, StreamKey

TAUS = (0.0, 0.25, 0.5)
DROPS = ((10.0, 1.0), (20.0, 1.0), (10.0, 0.3))
"""Points, and the share of prompts that carry them."""
SECONDS = {
    "100 streams updated": 1.0,
    "the same with 15 % of calls missing": 1.0,
    "one calibration": 0.5,
}
"""What may take how long."""
CALM = 0.25
"""Up to this tau the bar asks for short delays."""


@dataclass(frozen=True)
class Results:
    """All that was measured."""

    panels: int
    streaming: list[tuple[DetectorTrial, TrialOutcome]]
    sentinel: list[tuple[DetectorTrial, TrialOutcome]]
    updates: list[tuple[UpdateTrial, UpdateFigures]]
    seconds: dict[str, float]

    def data(self) -> dict[str, object]:
        """Return it for machines."""
        tables = {"streaming": self.streaming, "sentinel": self.sentinel, "updates": self.updates}
        rows = {
            name: [{**asdict(trial), **asdict(found)} for trial, found in table]
            for name, table in tables.items()
        }
        return {
            "panels": self.panels,
            **rows,
            "seconds": self.seconds,
            "bar": [{**asdict(b), "held": b.held} for b in bar(self)],
        }


def measure(panels: int, seed: int) -> Results:
    """Try everything on so many brands a line."""
    drops = [
        DetectorTrial(drop=drop, tau=tau, carried=carried)
        for (drop, carried), tau in product(DROPS, TAUS)
    ]
    guarded = [DetectorTrial(tau=tau, carried=carried) for carried in (1.0, 0.3) for tau in TAUS]
    updates = [UpdateTrial(points, tau) for points in (0.0, -10.0) for tau in TAUS]
    return Results(
        panels=panels,
        seconds=speed(),
        streaming=[(trial, trials.run_trial(trial, panels, seed)) for trial in drops],
        sentinel=[
            (trial, policy_trials.run_policy_trial(trial, panels, seed)) for trial in guarded
        ],
        updates=[(trial, run_updates(trial, 2 * panels, seed)) for trial in updates],
    )


def speed() -> dict[str, float]:
    """Measure the seconds of one core that updates and a calibration take."""
    world = simulate(Design(runs=52, prompts=100), Change(45, -10.0), size=100, seed=1)
    gaps = simulate(Design(runs=52, prompts=100, missing=0.15), size=100, seed=1)
    past = simulate(Design(runs=20, tau=0.25), size=1, seed=1).stream(0)
    effects = {past.key: estimate_run_effect([past], 21)}
    change_evidence(past, 0.03)  # scipy is loaded before the clock starts
    threshold([past], effects, seed=1)
    return {
        "100 streams updated": _update(world.stream, len(world.n)),
        "the same with 15 % of calls missing": _update(gaps.stream, len(gaps.n)),
        "one calibration": min(_calibration(past, effects) for _ in range(3)),
    }


def _update(stream: Callable[[int], Stream], size: int) -> float:
    streams = [stream(index) for index in range(size)]
    begun = process_time()
    for one in streams:
        change_evidence(one, 0.03)
    return process_time() - begun


def _calibration(past: Stream, effects: dict[StreamKey, RunEffect]) -> float:
    begun = process_time()
    threshold([past], effects, seed=1)
    return process_time() - begun


@dataclass(frozen=True)
class Line:
    """One line of the bar: what is asked, and the worst that was measured.

    Attributes:
        asked: What is asked.
        most: The largest that holds it.
        worst: The largest that was measured.
        low: Lower end of its 95 % Monte-Carlo interval.
        high: Upper end.
    """

    asked: str
    most: float
    worst: float
    low: float
    high: float

    @property
    def held(self) -> str:
        """Say whether it was reached; near the limit that is uncertain."""
        if self.worst <= self.most:
            return "yes"
        return "within the error" if self.low <= self.most else "no"


def bar(results: Results) -> list[Line]:
    """Return each line of the bar."""
    everything = [o for _, o in results.streaming + results.sentinel]
    calm = [(t, o) for t, o in results.streaming if t.tau <= CALM]
    guard = [(t, o) for t, o in results.sentinel if t.tau <= CALM]
    alarms = max((o.detector for o in everything), key=lambda found: found.false_alarms)
    moved = max((u for t, u in results.updates if not t.points), key=lambda u: u.found)
    year, seconds = max(o.calls_a_year for _, o in guard), results.seconds
    ratios = [(t, _ratio(o)) for t, o in calm]
    calls = [_calls_ratio(o) for t, o in guard if t.carried == 1]
    return [
        Line("false alarms a brand-year", 1.0, alarms.false_alarms, *alarms.interval),
        Line("delay / oracle, all prompts", 1.45, *max(r for t, r in ratios if t.carried == 1)),
        Line("delay / oracle, 30 % of prompts", 2.0, *max(r for t, r in ratios if t.carried < 1)),
        Line("calls a model-year, sentinel", 2000, year, year, year),
        Line("calls / Lorden's bound, sentinel", 1.5, *max(calls)),
        Line("updates wrongly found to move", 0.05, moved.found, *moved.interval),
        *(Line(f"seconds, {name}", SECONDS[name], t, t, t) for name, t in seconds.items()),
    ]


def _ratio(outcome: TrialOutcome) -> tuple[float, float, float]:
    found, best = outcome.detector, outcome.oracle
    error = hypot(found.error / found.delay, best.error / best.delay)
    return tuple(outcome.ratio * (1 + 1.96 * side * error) for side in (0, -1, 1))


def _calls_ratio(outcome: TrialOutcome) -> tuple[float, float, float]:
    return tuple(
        (outcome.calls + 1.96 * side * outcome.calls_error) / outcome.lorden_calls
        for side in (0, -1, 1)
    )


def show(results: Results) -> None:
    """Print Markdown tables."""
    print(f"{results.panels} brands a line ({2 * results.panels} updates).\n")
    rows(
        ("drop", "tau", "false alarms a year", "runs", "oracle", "ratio", "calls"),
        ((*_head(t), *_detector(o), f"{o.calls:.0f}") for t, o in results.streaming),
    )
    names = list(results.streaming[0][1].rules)
    print("Rules: false alarms a year as they are used / runs when held to one a year.\n")
    rules = (
        (*_head(t), *(f"{f.false_alarms:.1f} / {f.delay:.1f}" for f in o.rules.values()))
        for t, o in results.streaming
    )
    rows(("drop", "tau", *names), rules)
    print("The sentinel and its bursts:\n")
    rows(
        ("drop", "tau", "false alarms a year", "calls a year", "weeks", "calls", "over Lorden's"),
        ((*_head(t), *_guarded(o)) for t, o in results.sentinel),
    )
    print("Announced updates, up to six bursts of 60 calls:\n")
    rows(
        ("change", "tau", "found to move", "calls", "intervals hold", "moved by at most"),
        (_followed(t, u) for t, u in results.updates),
    )
    print("The bar:\n")
    bars = (
        (b.asked, f"{b.most:g}", f"{b.worst:.2f} [{b.low:.2f}, {b.high:.2f}]", b.held)
        for b in bar(results)
    )
    rows(("tau up to 0.25, but false alarms", "at most", "measured, at worst", "reached"), bars)


def _head(trial: DetectorTrial) -> tuple[str, str]:
    carried = "" if trial.carried == 1 else f" on {100 * trial.carried:.0f} % of prompts"
    return f"-{trial.drop:g}{carried}", f"{trial.tau:g}"


def _alarms(outcome: TrialOutcome) -> str:
    low, high = outcome.detector.interval
    return f"{outcome.detector.false_alarms:.2f} [{low:.2f}, {high:.2f}]"


def _detector(outcome: TrialOutcome) -> tuple[str, ...]:
    found, best = outcome.detector, outcome.oracle
    return (
        _alarms(outcome),
        f"{found.delay:.2f} +- {found.error:.2f}",
        f"{best.delay:.2f} +- {best.error:.2f}",
        f"{outcome.ratio:.2f}",
    )


def _guarded(outcome: TrialOutcome) -> tuple[str, ...]:
    return (
        _alarms(outcome),
        f"{outcome.calls_a_year:,.0f}",
        f"{outcome.detector.delay:.1f}",
        f"{outcome.calls:.0f} +- {outcome.calls_error:.0f}",
        f"{outcome.calls / outcome.lorden_calls:.2f}",
    )


def _followed(trial: UpdateTrial, found: UpdateFigures) -> tuple[str, ...]:
    low, high = found.interval
    return (
        f"{trial.points:g}",
        f"{trial.tau:g}",
        f"{found.found:.3f} [{low:.3f}, {high:.3f}]",
        f"{found.calls:.0f} +- {found.error:.0f}",
        f"{found.held:.2f}",
        f"{found.bound:.1f}",
    )


def rows(header: tuple[str, ...], cells: Iterable[tuple[str, ...]]) -> None:
    """Print a Markdown table."""
    for row in (header, ("---",) * len(header), *cells):
        print(f"| {' | '.join(row)} |")
    print()


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description="Detection: alarms, delay, cost, speed.")
    parser.add_argument("--json", action="store_true", help="print for machines")
    parser.add_argument("--panels", type=int, default=400, help="brands behind each line")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other brands")
    parser.add_argument("--quick", action="store_true", help="40 brands a line")
    parser.add_argument("--images", type=Path, help="a folder for the charts")
    arguments = parser.parse_args()
    results = measure(40 if arguments.quick else arguments.panels, arguments.seed)
    if arguments.images:
        draw_delays(results.streaming, arguments.images / "delays.png")
        draw_power(arguments.images / "power.png")
    if arguments.json:
        print(json.dumps(results.data(), indent=2))
    else:
        show(results)


if __name__ == "__main__":
    main()
