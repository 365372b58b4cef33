"""Figures next to their bars, and the stopwatch for them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from statistics import median


@dataclass(frozen=True)
class Figure:
    """A measured value and its bar.

    Attributes:
        name: What it is.
        value: What was measured.
        unit: Of the value and the bar.
        bar: What is asked for, or 0 when nothing is.
        most: Whether the bar is the most that it may be, and not the least.
    """

    name: str
    value: float
    unit: str
    bar: float = 0.0
    most: bool = True

    @property
    def ratio(self) -> float:
        """How much better than the bar it is: 1 and up holds it."""
        return self.bar / self.value if self.most else self.value / self.bar

    def __str__(self) -> str:
        shown = f"{self.name:<58} {self.value:>12,.1f} {self.unit:<10}"
        if not self.bar:
            return shown
        held = "held" if self.ratio >= 1 else "MISSED"
        return f"{shown} bar {self.bar:>8,.0f}   {self.ratio:6.2f} x   {held}"


class Watch:
    """Measures a stretch of work as often as it is entered."""

    def __init__(self) -> None:
        self._walls: list[float] = []
        self._busy: list[float] = []

    def __enter__(self) -> None:
        self._began = (time.perf_counter(), time.process_time())

    def __exit__(self, *_: object) -> None:
        self._walls.append(time.perf_counter() - self._began[0])
        self._busy.append(time.process_time() - self._began[1])

    def figures(self, name: str, bar: float = 0) -> list[Figure]:
        """Return the medians."""
        busy = Figure("  of that, this process was busy", 1e3 * median(self._busy), "ms")
        return [Figure(name, 1e3 * median(self._walls), "ms", bar), busy]


def rows(header: tuple[str, ...], cells: Iterable[tuple[str, ...]]) -> None:
    """Print a Markdown table, each row as soon as it is known."""
    for row in chain((header, ("---",) * len(header)), cells):
        print(f"| {' | '.join(row)} |", flush=True)
    print()
