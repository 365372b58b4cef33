"""The charts of docs/statistics.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overheard.detection.power import Outlook, typical, unannounced
from overheard_lab.benchmarks import Comparisons


@dataclass(frozen=True)
class DelayLine:
    """What one world's bars show: the monitor's delay in runs, and what it is compared with."""

    effects: str
    tau: float
    runs: float
    compared: Comparisons


COLORS = ("#332288", "#88ccee", "#cc6677", "#ddaa33", "#999999")


def draw_delays(found: Sequence[DelayLine], file: Path) -> None:
    """Save a chart of the runs that each rule needs to detect a drop of 10 points, at one false
    alarm a year.
    """
    names = ["Oracle of one stream", "Overheard", *found[0].compared.rules]
    figure, axes = _sheet()
    for index, name in enumerate(names):
        delays = [_delay(line, name) for line in found]
        places = [place + 0.16 * (index - 2) for place in range(len(found))]
        bars = axes.bar(places, delays, 0.15, color=COLORS[index], label=name)
        axes.bar_label(bars, [f"{delay:.1f}" for delay in delays], fontsize=8)
    axes.set_xticks(range(len(found)), [f"{line.effects}, tau {line.tau:g}" for line in found])
    axes.set_title(
        "Weekly runs until a drop of 10 points is seen, one false alarm a year", loc="left"
    )
    figure.legend(frameon=False, fontsize=9, ncols=3, loc="outside lower center")
    _save(figure, file)


def draw_power(file: Path) -> None:
    """Draw the smallest drop that four in five are seen of, by the number of runs since."""
    figure, axes = _sheet()
    runs = range(1, 13)
    for color, tau in zip(COLORS, (0.0, 0.25, 0.5), strict=False):
        drops = [unannounced(Outlook(typical(30), tau=tau), n) for n in runs]
        axes.plot(runs, drops, color=color, marker="o", label=f"tau {tau:g}")
    axes.set_xticks(runs)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("runs of 30 prompts x 3 since the change")
    axes.set_title("Smallest drop in points of which four in five are seen", loc="left")
    axes.legend(frameon=False, fontsize=9)
    _save(figure, file)


def _delay(line: DelayLine, name: str) -> float:
    if name == "Overheard":
        return line.runs
    compared = line.compared
    figures = {"Oracle of one stream": compared.oracle, **compared.rules}
    return figures[name].delay


def _sheet() -> tuple[Any, Any]:
    """Return a new matplotlib figure of 8 by 4 inches and its axes, without top and right frame."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Any, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)
