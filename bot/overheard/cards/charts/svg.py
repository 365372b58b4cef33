"""Charts as SVG: drawing, widths of text, colours, frames of charts over time, and the PNG.

A chart is 320 units wide, which is about the width of a picture in a chat on a phone, so that a
letter of 11 units is about 11 pixels there. Colours are written as CSS variables, ``var(--brand)``:
a page sets them for light and dark; a PNG has them replaced by those of its theme.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Literal

from overheard.cards import wording

WIDTH = 320.0
HEIGHT = 196.0
"""Height of most charts, in units."""
ZOOM = 3
"""Pixels per unit of a PNG."""
TITLE_SIZE, LABEL_SIZE, SMALL_SIZE = 12.0, 11.5, 11.0
"""Sizes of text, in units."""
FAMILY = "Overheard Sans"
MISSING = "?"
"""Shown for a name of which no letter is in the fonts."""
_FONTS = files("overheard.cards.charts") / "fonts"
_MARKUP = re.compile(r"var\(--([a-z0-9]+)\)")

Anchor = Literal["start", "middle", "end"]
Place = tuple[float, float]
"""A point in units: to the right, and down."""


class Theme(StrEnum):
    """The background that a picture is made for."""

    LIGHT = "light"
    DARK = "dark"


COLORS: dict[Theme, dict[str, str]] = {
    Theme.LIGHT: {
        "pic": "#ffffff",
        "ink": "#1b1c1f",
        "mute": "#5c5f66",
        "grid": "#e2e4e8",
        "brand": "#0b63ce",
        "band": "#dbe8f8",
        "on": "#ffffff",
        "gain": "#b4540a",
        "gainfill": "#e0b692",
        "third": "#147a48",
        "rival": "#8e9299",
        "bar": "#c9ced6",
        "bad": "#c02b45",
        "f1": "#c9ced6",
        "f2": "#d8dce2",
        "f3": "#e4e7ec",
        "f4": "#eef0f3",
    },
    Theme.DARK: {
        "pic": "#2b2d31",
        "ink": "#f2f3f5",
        "mute": "#b5bac1",
        "grid": "#4a4d55",
        "brand": "#6cb6ff",
        "band": "#3b5470",
        "on": "#0a1626",
        "gain": "#ffb26b",
        "gainfill": "#8a6440",
        "third": "#5fd39a",
        "rival": "#9aa0a8",
        "bar": "#565b64",
        "bad": "#ff7b8e",
        "f1": "#6a707a",
        "f2": "#565b64",
        "f3": "#484c54",
        "f4": "#3d4047",
    },
}
"""Values of the CSS variables. Blue and orange are distinct in all kinds of colour vision; lines
and bars differ in width, weight or shape, too."""


class Sheet:
    """A drawing of a given height in units, which grows element by element."""

    def __init__(self, height: float = HEIGHT) -> None:
        self.height = height
        self._parts = [f'<rect width="{WIDTH:g}" height="{height:g}" fill="var(--pic)"/>']

    def text(
        self,
        at: Place,
        text: str,
        *,
        size: float = SMALL_SIZE,
        color: str = "mute",
        weight: int = 400,
        anchor: Anchor = "start",
    ) -> None:
        """Write text of a colour of the theme; only letters that the fonts have are shown well, see
        `fit`.

        Args:
            at: The point at which the text is anchored, on its base line.
            text: The text, which is escaped.
            size: The height of a line, in units.
            color: The name of a colour of the theme.
            weight: 400 for regular, 600 for bold.
            anchor: Which end of the text is at the point.
        """
        self._parts.append(
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" font-family="{FAMILY}, Inter, sans-serif" '
            f'font-size="{size:g}" font-weight="{_weight(text, weight)}" fill="var(--{color})" '
            f'text-anchor="{anchor}">{html.escape(text)}</text>'
        )

    def title(self, text: str, room: float = WIDTH - 16) -> None:
        """Write the title, at most `room` units wide."""
        fitted = fit(text, TITLE_SIZE, room, 600)
        self.text((8, 16), fitted, size=TITLE_SIZE, color="ink", weight=600)

    def line(
        self, a: Place, b: Place, color: str = "grid", width: float = 1.0, dash: str = ""
    ) -> None:
        """Draw a straight line; `dash` as in SVG's ``stroke-dasharray``."""
        self.path((a, b), color, width, dash)

    def path(self, points: Sequence[Place], color: str, width: float, dash: str = "") -> None:
        """Draw a line through points, in their order.

        Args:
            points: At least two points, in units.
            color: The name of a colour of the theme.
            width: The width of the line, in units.
            dash: The lengths of dashes and gaps, as in SVG's ``stroke-dasharray``; empty for none.
        """
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<polyline points="{_points(points)}" fill="none" stroke="var(--{color})" '
            f'stroke-width="{width:g}" stroke-linejoin="round" stroke-linecap="round"{dashed}/>'
        )

    def area(self, points: Sequence[Place], color: str, edge: str = "") -> None:
        """Fill the polygon of some points with a colour; draw its edge in another colour if that is
        named.
        """
        stroke = f' stroke="var(--{edge})" stroke-width="1.6"' if edge else ""
        self._parts.append(f'<polygon points="{_points(points)}" fill="var(--{color})"{stroke}/>')

    def dot(self, at: Place, color: str, radius: float) -> None:
        """Draw a filled circle."""
        self._parts.append(
            f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius:g}" fill="var(--{color})"/>'
        )

    def box(self, at: Place, width: float, height: float, color: str) -> None:
        """Draw a filled rectangle.

        Args:
            at: The upper left corner, in units.
            width: The width in units; a negative one is drawn as 0.
            height: The height in units.
            color: The name of a colour of the theme.
        """
        self._parts.append(
            f'<rect x="{at[0]:.1f}" y="{at[1]:.1f}" width="{max(0.0, width):.1f}" '
            f'height="{height:.1f}" rx="1.5" fill="var(--{color})"/>'
        )

    def svg(self, alt: str, theme: Theme | None = None) -> str:
        """Return the drawing as the text of an SVG element.

        Args:
            alt: The alternative text.
            theme: The theme whose colours are written out; None keeps the CSS variables of a page.
        """
        body = "".join(self._parts)
        if theme:
            body = _MARKUP.sub(lambda found: COLORS[theme][found[1]], body)
        label = html.escape(alt)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {self.height:g}" '
            f'role="img" aria-label="{label}">{body}</svg>'
        )


def png(sheet: Sheet, theme: Theme) -> bytes:
    """Return a drawing as a PNG of `ZOOM` pixels for each unit; equal drawings give equal bytes."""
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=sheet.svg("", theme),
            zoom=ZOOM,
            skip_system_fonts=True,
            font_files=[str(_FONTS / f"OverheardSans-{name}.ttf") for name in _NAMES],
            font_family=FAMILY,
        )
    )


_NAMES = ("Regular", "SemiBold")


@cache
def _letter_widths(weight: int) -> dict[str, float]:
    """Return the width of each letter of the regular (400) or bold (600) font, as a share of the
    font's size.
    """
    read = json.loads((_FONTS / "widths.json").read_text("utf-8"))
    font = read["bold" if weight == 600 else "regular"]
    return {letter: width / 1000 for letter, width in font["widths"].items()} | dict.fromkeys(
        font["wide"], 1.0
    )


def _weight(text: str, weight: int) -> int:
    """Return the weight in which the fonts have a text: scripts but the Latin have no bold one."""
    known = _letter_widths(600)
    return weight if weight == 400 or all(letter in known for letter in text) else 400


def width(text: str, size: float, weight: int = 400) -> float:
    """Return the width of a text in units."""
    known = _letter_widths(_weight(text, weight))
    return size * sum(known.get(letter, 0.6) for letter in text)


def legible(text: str) -> str:
    """Return a text on one line, with only the letters that the fonts have.

    Other letters, such as emoji, are omitted; when nothing remains of a text, `MISSING` is
    returned.
    """
    composed = unicodedata.normalize("NFC", wording.line(text))
    known = _letter_widths(400)
    kept = "".join(letter if letter in known else " " for letter in composed)
    return " ".join(kept.split()) or (MISSING if text.strip() else "")


def fit(text: str, size: float, room: float, weight: int = 400) -> str:
    """Return a legible text at most `room` units wide; a longer text is cut and ends in an
    ellipsis.

    Args:
        text: The text.
        size: The size of the font, in units.
        room: The largest width, in units.
        weight: 400 for regular, 600 for bold.
    """
    shown = legible(text)
    if width(shown, size, weight) <= room:
        return shown
    while shown and width(f"{shown}…", size, weight) > room:
        shown = shown[:-1]
    return f"{shown.rstrip()}…"


def spread(heights: Sequence[float], row: float, top: float, bottom: float) -> list[float]:
    """Return heights moved as little as needed to be at least a row apart, between two bounds.

    Neighbours that are too close part by the same distance. When there is no room for all rows, the
    last ones exceed the lower bound.

    Args:
        heights: Ascending heights, in units.
        row: The least distance between two heights, in units.
        top: The upper bound, in units.
        bottom: The lower bound, in units.
    """
    placed = list(heights)
    for _ in placed:
        for index in range(len(placed) - 1):
            lack = max(0.0, row - (placed[index + 1] - placed[index]))
            placed[index] -= lack / 2
            placed[index + 1] += lack / 2
    lowered = [-y for y in reversed(_spaced_heights([-y for y in reversed(placed)], row, -bottom))]
    return _spaced_heights(lowered, row, top)


def _spaced_heights(heights: Sequence[float], row: float, start: float) -> list[float]:
    """Return heights in ascending order from a start on, at least a row apart."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + row if placed else start))
    return placed


def _points(points: Sequence[Place]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


LEFT, RIGHT, TOP, BOTTOM = 38.0, 224.0, 42.0, 172.0
"""The edges of the area of the lines, in units."""
ROW = 15.0
"""Height of a name at the end of a line, in units."""
NAMES_LEFT = 232.0
"""Where names at the ends of lines begin, in units."""
LONG_MARK = 190.0
"""Width at which the words of a mark are cut, in units."""
MARK_GAP = 10.0
"""Least gap between the words of two marks, in units."""


def draw_marks(sheet: Sheet, placed: Sequence[tuple[float, str]]) -> None:
    """Draw marks as dashed vertical lines, each with its words above where they have room.

    The words of later marks come first; words that would not be near their own line are omitted.

    Args:
        sheet: The drawing, which is changed.
        placed: The x (in units) and the words of each mark, in the order of x.
    """
    room = WIDTH - 8.0
    for x, words in reversed(placed):
        sheet.line((x, TOP - 4), (x, BOTTOM), "bad", 1.4, "4 3")
        text = fit(words, LABEL_SIZE, LONG_MARK, 600)
        half = width(text, LABEL_SIZE, 600) / 2
        middle = min(max(x, 8 + half), room - half)
        if middle - half < 8 or abs(middle - x) > half:  # the words would not be above the line
            continue
        sheet.text(
            (middle, TOP - 8), text, size=LABEL_SIZE, color="bad", weight=600, anchor="middle"
        )
        room = middle - half - MARK_GAP


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
    """Write the names and last values of lines at their right ends, moved apart where they would
    overlap.
    """
    ordered = sorted(names, key=lambda name: name.height)
    heights = spread([name.height + 4 for name in ordered], ROW, TOP, BOTTOM - 2)
    most = WIDTH - NAMES_LEFT - 4
    tight = any(width(f"{name.label} {name.value}", LABEL_SIZE, 600) > most for name in ordered)
    for name, y in zip(ordered, heights, strict=True):
        # The axis has the per cent sign already.
        value = name.value.removesuffix("%").rstrip() if tight else name.value
        room = most - width(f" {value}", LABEL_SIZE, 600)
        text = f"{fit(name.label, LABEL_SIZE, room, 600)} {value}"
        weight = 400 if name.color == "mute" else 600
        sheet.text((NAMES_LEFT, y), text, size=LABEL_SIZE, color=name.color, weight=weight)
