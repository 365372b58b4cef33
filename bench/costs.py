"""What the detector costs: the calls after an announced update, and CPU time."""

from __future__ import annotations

from time import process_time

from figures import rows
from update_trials import UpdateTrial, run_updates

from overheard.detection.control_variate import RunEffectPrior, StreamGroup
from overheard.detection.statistic import statistic
from overheard_lab.worlds import WorldDesign, simulate_world

TAUS = (0.0, 0.25, 0.5)


def updates(panels: int, seed: int) -> None:
    """Print how often the checks after an announced update find the truth, and their calls."""
    tried = [UpdateTrial(points, tau) for points in (0.0, -10.0) for tau in TAUS]
    followed = ((trial, run_updates(trial, 4 * panels, seed)) for trial in tried)
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
