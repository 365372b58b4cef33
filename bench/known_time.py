"""How often the test for a known time is wrong, and how often it sees a real drop.

    uv run python bench/known_time.py            a table, in under two minutes
    uv run python bench/known_time.py --json     the same for machines

Panels are simulated (see overheard_lab.panels): a well-known brand's visibility, one brand
and one model, so that the run effect has to be learnt from that stream alone. One run comes after
the change; 1, 5 or 20 come before it. Brackets hold 95 % Monte-Carlo intervals.

The test is the one of which `overheard.detection.power.at_known_time` says what it would see.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from itertools import product

from overheard.detection.control_variate import run_effect_variance
from overheard.detection.decision_inputs import StratifiedSplit, compare_sides, split_stream
from overheard.detection.known_time import rate_p_values, run_effect_grid
from overheard.measure.blocks import Stream
from overheard.measure.intervals import wilson
from overheard.special_functions import stdtr
from overheard_lab.panels import Change, Design, simulate

LEVELS = (0.05, 0.01, 0.001)
PANELS = ((10, 3), (30, 3))
TAUS = (0.0, 0.25, 0.5)
BASELINES = (1, 5, 20)


@dataclass(frozen=True)
class Row:
    """One line of the table: a panel, its run effects, its past, and what happened to it."""

    prompts: int
    repeats: int
    tau: float
    before: int
    points: float
    samples: int
    alarms: dict[float, int]
    covered: int

    def share(self, level: float) -> str:
        """Write how often the test fired at a level, with the 95 % Monte-Carlo interval."""
        rate = self.alarms[level] / self.samples
        low, high = wilson(rate, self.samples, 0.95)
        return f"{rate:.4f} [{low:.4f}, {high:.4f}]"

    def shares(self) -> str:
        """Write how often it fired at each level, without the intervals."""
        return " / ".join(f"{self.alarms[level] / self.samples:.2f}" for level in LEVELS)

    def held(self) -> str:
        """Write how often the 90 % interval held the true change."""
        return f"{self.covered / self.samples:.2f}"

    def world(self) -> list[str]:
        """Write the panel, its run effects and its past."""
        return [f"{self.prompts} x {self.repeats}", f"{self.tau:g}", str(self.before)]


def p_value(stream: Stream, first: int, tau2: float) -> float:
    """Return the two-sided p-value of a change at a known run: the probability of as much evidence
    without a change.

    Args:
        stream: One brand, one model, one metric.
        first: Number of the first run after the supposed change.
        tau2: Variance of the run effect, 0 or more.

    Returns:
        A probability; 1 if the sides cannot be compared, see `compare_sides`.
    """
    cut = split_stream(stream, stream.since(first))
    if cut.shared.sum() < 2 or cut.v <= 0:
        return 1.0
    effect_sd = cut.run_effect_sd(tau2)
    if stream.binary:
        return rate_p_values(cut, effect_sd)[0]
    return number_p_value(cut, effect_sd)


def number_p_value(cut: StratifiedSplit, effect_sd: float) -> float:
    """Return the two-sided p-value of a change of a number, by Student's t.

    The degrees of freedom are the number of answers on the smaller side: few answers of a skew
    metric have heavier tails than their variance shows.

    Args:
        cut: The stream, cut in two; its ``v`` is above 0.
        effect_sd: Standard deviation that run effects give `u`, see
            `StratifiedSplit.run_effect_sd`.
    """
    freedom = min(float(cut.before.n.sum()), float(cut.after.n.sum()))
    effects, weights = run_effect_grid()
    distances = (effect_sd * effects - abs(cut.u)) / cut.v**0.5
    return min(1.0, 2 * float(weights @ stdtr(freedom, distances)))


def measure(prompts: int, repeats: int, tau: float, before: int, points: float, size: int) -> Row:
    """Simulate `size` streams with a change of `points` after `before` runs, and return the row of
    the table.
    """
    design = Design(runs=before + 1, prompts=prompts, repeats=repeats, tau=tau)
    change = Change(at=before, points=points) if points else None
    world = simulate(design, change, size=size, seed=round(1000 * tau) + before + prompts)
    truth = (world.changed - world.chance).mean(axis=1)
    alarms, covered = dict.fromkeys(LEVELS, 0), 0
    for index in range(size):
        stream = world.stream(index)
        tau2 = run_effect_variance([stream], before + 1)
        found = compare_sides(stream, before + 1, tau2)
        p = p_value(stream, before + 1, tau2)
        for level in LEVELS:
            alarms[level] += p <= level
        covered += found is None or found.interval[0] <= truth[index] <= found.interval[1]
    return Row(prompts, repeats, tau, before, points, size, alarms, covered)


def table(scale: float) -> list[Row]:
    """Simulate all lines; ``scale`` multiplies the number of panels behind each."""
    return [
        measure(*panel, tau, before, points, round(scale * (4000 if points == 0 else 600)))
        for points, panel, tau, before in product((0.0, -10.0, -20.0), PANELS, TAUS, BASELINES)
    ]


def show(rows: list[Row]) -> None:
    """Print two Markdown tables: false alarms, then power."""
    still = [row for row in rows if not row.points]
    print(f"False alarms: {still[0].samples:,} panels a line in which nothing changed.\n")
    print(line("panel", "tau", "runs before", "at .05", "at .01", "at .001", "90 % interval holds"))
    print(line(*["---"] * 7))
    for row in still:
        shares = (row.share(level) for level in LEVELS)
        print(line(*row.world(), *shares, row.held()))
    small, large = ([row for row in rows if row.points == points] for points in (-10.0, -20.0))
    low, high = wilson(0.5, small[0].samples, 0.95)
    print("\nPower at .05 / .01 / .001, and how often the 90 % interval holds the change:")
    print(f"{small[0].samples:,} panels a line, so the power is known to {(high - low) / 2:.2f}.\n")
    print(line("panel", "tau", "runs before", "-10 points", "holds", "-20 points", "holds"))
    print(line(*["---"] * 7))
    for ten, twenty in zip(small, large, strict=True):
        cells = (
            c for row in (ten, twenty) for c in (row.shares(), f"{row.covered / row.samples:.2f}")
        )
        print(line(*ten.world(), *cells))


def line(*cells: str) -> str:
    """Write one line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(description="Size and power of the test for a known time.")
    parser.add_argument("--json", action="store_true", help="print for machines")
    parser.add_argument("--scale", type=float, default=1.0, help="panels behind each line, times")
    arguments = parser.parse_args()
    rows = table(arguments.scale)
    if arguments.json:
        print(json.dumps([vars(row) for row in rows], indent=2))
    else:
        show(rows)


if __name__ == "__main__":
    main()
