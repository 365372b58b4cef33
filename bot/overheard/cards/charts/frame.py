"""The frame of charts over time: its area, marks in time, and names at the ends of lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from overheard.cards.charts.svg import LABEL_SIZE, WIDTH, Sheet, fit, spread, width

LEFT, RIGHT, TOP, BOTTOM = 38.0, 224.0, 42.0, 172.0
"""The edges of the area of the lines, in units."""
ROW = 15.0
"""Height of a name at the end of a line, in units."""
NAMES_LEFT = 232.0
"""Where names at the ends of lines begin, in units."""
LONG_MARK = 190.0
"""Width at which the words of a mark are cut, in units."""


def draw_marks(sheet: Sheet, placed: Sequence[tuple[float, str]]) -> None:
    """Draw marks, each an x and its words, as dashed lines; the last has its words above."""
    for x, _ in placed:
        sheet.line((x, TOP - 4), (x, BOTTOM), "bad", 1.4, "4 3")
    for x, words in placed[-1:]:
        text = fit(words, LABEL_SIZE, LONG_MARK, 600)
        half = width(text, LABEL_SIZE, 600) / 2
        middle = min(max(x, 8 + half), WIDTH - 8 - half)
        sheet.text(
            (middle, TOP - 8), text, size=LABEL_SIZE, color="bad", weight=600, anchor="middle"
        )


@dataclass(frozen=True, slots=True)
class EndName:
    """The name of a line or area at its end.

    Attributes:
        label: The name.
        value: The last value, in words.
        color: A colour of the theme; ``mute`` for what the chart is not about.
        height: The y of the line's end, in units.
    """

    label: str
    value: str
    color: str
    height: float


def draw_names(sheet: Sheet, names: Iterable[EndName]) -> None:
    """Write names with their last values at the ends of lines, moved apart where they meet."""
    ordered = sorted(names, key=lambda name: name.height)
    heights = spread([name.height + 4 for name in ordered], ROW, TOP, BOTTOM - 2)
    for name, y in zip(ordered, heights, strict=True):
        room = WIDTH - NAMES_LEFT - 4 - width(f" {name.value}", LABEL_SIZE, 600)
        text = f"{fit(name.label, LABEL_SIZE, room, 600)} {name.value}"
        weight = 400 if name.color == "mute" else 600
        sheet.text((NAMES_LEFT, y), text, size=LABEL_SIZE, color=name.color, weight=weight)
