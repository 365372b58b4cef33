"""Charts as SVG and PNG: drawing, and frames of charts over time; styles are in ``style.py``.

A chart is 320 units wide, which is about the width of a picture in a chat on a phone, so that a
letter of 11 units is about 11 pixels there. Colours are written as CSS variables, ``var(--brand)``:
a page sets them for light and dark; a PNG has them replaced by those of its theme.
"""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from overheard.cards.charts import style

WIDTH = 320.0
HEIGHT = 196.0
"""Height of most charts, in units."""
ZOOM = 3
"""Pixels per unit of a PNG."""
TITLE_SIZE, LABEL_SIZE, SMALL_SIZE = 12.0, 11.5, 11.0
"""Sizes of text, in units."""
MARGIN = 8.0
"""Between text and the left or right edge of a chart, in units."""
TITLE_BASELINE = 16.0
"""The y of the title's base line, in units."""
CAPTION_GAP = 6.0
"""From the base line of a caption down to the bottom edge, in units."""
TEXT_DROP = 4.0
"""From the middle of a line of text down to its base line, in units."""
FAMILY = "Overheard Sans"
_MARKUP = re.compile(r"var\(--([a-z0-9]+)\)")

Anchor = Literal["start", "middle", "end"]
Place = tuple[float, float]
"""A point in units: to the right, and down."""


class Sheet:
    """A drawing, `WIDTH` units wide, to which elements are added; later ones cover earlier ones."""

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
        weight: int = style.REGULAR,
        anchor: Anchor = "start",
    ) -> None:
        """Write a text on one line; letters that the fonts do not have are not shown well (see
        `legible`).

        Args:
            at: The point at which the text is anchored, on its base line.
            text: The text, which is escaped and neither cut nor wrapped.
            size: The size of the font, in units.
            color: The name of a colour of the theme, such as ``mute``.
            weight: `REGULAR` or `BOLD`; a text for which the fonts have no bold letters is regular.
            anchor: Which part of the text is at the point.
        """
        x, y = at
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-family="{FAMILY}, Inter, sans-serif" '
            f'font-size="{size:g}" font-weight="{style.available_weight(text, weight)}" '
            f'fill="var(--{color})" text-anchor="{anchor}">{html.escape(text)}</text>'
        )

    def title(self, text: str, max_width: float = WIDTH - 2 * MARGIN) -> None:
        """Write the title in bold at the upper left; a longer one is cut to `max_width` units."""
        fitted = style.fit_text(text, TITLE_SIZE, max_width, style.BOLD)
        place = (MARGIN, TITLE_BASELINE)
        self.text(place, fitted, size=TITLE_SIZE, color="ink", weight=style.BOLD)

    def heading(
        self, y: float, label: str, detail: str, max_width: float, kept_free: float = 0.0
    ) -> None:
        """Draw the name of a group of rows with a detail in brackets, both cut to their room;
        ``kept_free`` is the width that is left at the right.
        """
        name = style.fit_text(label, TITLE_SIZE, max_width, style.BOLD)
        self.text((MARGIN, y), name, size=TITLE_SIZE, color="ink", weight=style.BOLD)
        if detail:
            x = 14 + style.text_width(name, TITLE_SIZE, style.BOLD)
            room = WIDTH - MARGIN - x - kept_free
            self.text((x, y), style.fit_text(f"({detail})", SMALL_SIZE, room))

    def caption(self, text: str) -> None:
        """Write a small line at the bottom; a longer one is cut, and an empty one is
        not written.
        """
        if text:
            fitted = style.fit_text(text, SMALL_SIZE, WIDTH - 2 * MARGIN)
            self.text((MARGIN, self.height - CAPTION_GAP), fitted)

    def line(
        self, start: Place, end: Place, color: str = "grid", width: float = 1.0, dash: str = ""
    ) -> None:
        """Draw a straight line between two points.

        Args:
            start: One end, in units.
            end: The other end, in units.
            color: The name of a colour of the theme.
            width: The width of the line, in units.
            dash: The lengths of dashes and gaps, as in SVG's ``stroke-dasharray`` (``4 3``); empty
                for a solid line.
        """
        self.path((start, end), color, width, dash)

    def path(self, points: Sequence[Place], color: str, width: float, dash: str = "") -> None:
        """Draw a line through points, in their order.

        Args:
            points: At least two points, in units.
            color: The name of a colour of the theme.
            width: The width of the line, in units.
            dash: The lengths of dashes and gaps, as in SVG's ``stroke-dasharray`` (``4 3``); empty
                for a solid line.
        """
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<polyline points="{_points(points)}" fill="none" stroke="var(--{color})" '
            f'stroke-width="{width:g}" stroke-linejoin="round" stroke-linecap="round"{dashed}/>'
        )

    def area(self, points: Sequence[Place], color: str, edge: str = "") -> None:
        """Fill the polygon of some points.

        Args:
            points: The corners in their order, in units; at least three.
            color: The name of a colour of the theme.
            edge: The name of the colour of its edge; empty for no edge.
        """
        stroke = f' stroke="var(--{edge})" stroke-width="1.6"' if edge else ""
        self._parts.append(f'<polygon points="{_points(points)}" fill="var(--{color})"{stroke}/>')

    def dot(self, at: Place, color: str, radius: float) -> None:
        """Draw a filled circle.

        Args:
            at: The middle, in units.
            color: The name of a colour of the theme.
            radius: The radius, in units.
        """
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

    def svg(self, alt: str, theme: style.Theme | None = None) -> str:
        """Return the drawing as the text of an SVG element.

        Args:
            alt: The alternative text, which is escaped.
            theme: The theme whose colours are written out, as a PNG needs it; None keeps the CSS
                variables, which a page sets.
        """
        body = "".join(self._parts)
        if theme:
            body = _MARKUP.sub(lambda found: style.COLORS[theme][found[1]], body)
        label = html.escape(alt)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {self.height:g}" '
            f'role="img" aria-label="{label}">{body}</svg>'
        )


def png(sheet: Sheet, theme: style.Theme) -> bytes:
    """Return a drawing as a PNG of `ZOOM` pixels for each unit; equal drawings give equal bytes."""
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=sheet.svg("", theme),
            zoom=ZOOM,
            skip_system_fonts=True,
            font_files=[
                str(style.FONTS / f"OverheardSans-{name}.ttf") for name in style.WEIGHT_NAMES
            ],
            font_family=FAMILY,
        )
    )


def spread_apart(ys: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Return values moved as little as needed to be at least a gap apart, between two bounds.

    Neighbours that are too close part by the same distance. Without room for all, the last ones
    exceed the lower bound.

    Args:
        ys: Ascending y, in units; y grows downwards.
        gap: The least distance between two of them, in units.
        top: The smallest y, in units.
        bottom: The largest y, in units.
    """
    placed = list(ys)
    for _ in placed:
        for index in range(len(placed) - 1):
            missing = max(0.0, gap - (placed[index + 1] - placed[index]))
            placed[index] -= missing / 2
            placed[index + 1] += missing / 2
    from_bottom = _pushed_apart([-y for y in reversed(placed)], gap, -bottom)
    return _pushed_apart([-y for y in reversed(from_bottom)], gap, top)


def _pushed_apart(ys: Sequence[float], gap: float, start: float) -> list[float]:
    """Return ascending values, each at least `start` and at least a gap above the one before."""
    placed: list[float] = []
    for y in ys:
        placed.append(max(y, placed[-1] + gap if placed else start))
    return placed


def _points(points: Sequence[Place]) -> str:
    """Return points as SVG writes them: ``1.0,2.5 3.0,4.0``."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


LEFT, RIGHT, TOP, BOTTOM = 38.0, 224.0, 42.0, 172.0
"""The edges of the area of the lines, in units."""


def time_x(at: datetime, first: datetime, last: datetime) -> float:
    """Return the x of a moment, in units: from the left end of the area of the lines for the first
    moment to the right end for the last, also for a chart of a single moment.
    """
    share = (at - first) / (last - first) if last > first else 1.0
    return LEFT + share * (RIGHT - LEFT)


def value_y(share: float) -> float:
    """Return the y of a share of the height of the area of the lines, 0 to 1, in units."""
    return BOTTOM - share * (BOTTOM - TOP)


TICK_GAP = 5.0
"""Between the label of a tick and the area, in units."""
DATE_BASELINE = BOTTOM + 15.0
"""The y of the base line of the days below the area, in units."""
NAME_HEIGHT = 15.0
"""Height of a name at the end of a line, in units."""
NAME_GAP = 2.0
"""Between the lowest base line of a name and the bottom of the area, in units."""
NAMES_RIGHT = WIDTH - 4.0
"""Where names at the ends of lines end at the latest, in units."""
NAMES_LEFT = 232.0
"""Where names at the ends of lines begin, in units."""
MAX_MARK_WIDTH = 190.0
"""Width at which the words of a mark are cut, in units."""
MARK_GAP = 10.0
"""Least gap between the words of two marks, in units."""
MARK_OVERHANG, MARK_BASELINE = 4.0, 8.0
"""How far the line of a mark, and the base line of its words, are above the area, in units."""


def draw_marks(sheet: Sheet, placed: Sequence[tuple[float, str]]) -> None:
    """Draw marks as dashed vertical lines, each with its words above it where they have room.

    Later marks get room first. Words are cut to `MAX_MARK_WIDTH`, and moved aside to stay within
    the chart and apart; words that would no longer be above their own line are left out.

    Args:
        sheet: The drawing, which is changed.
        placed: The x (in units) and the words of each mark, in the order of x.
    """
    right_edge = WIDTH - MARGIN
    for x, words in reversed(placed):
        sheet.line((x, TOP - MARK_OVERHANG), (x, BOTTOM), "bad", 1.4, "4 3")
        text = style.fit_text(words, LABEL_SIZE, MAX_MARK_WIDTH, style.BOLD)
        half = style.text_width(text, LABEL_SIZE, style.BOLD) / 2
        middle = min(max(x, MARGIN + half), right_edge - half)
        is_above_line = abs(middle - x) <= half
        if middle - half < MARGIN or not is_above_line:
            continue
        place = (middle, TOP - MARK_BASELINE)
        sheet.text(place, text, size=LABEL_SIZE, color="bad", weight=style.BOLD, anchor="middle")
        right_edge = middle - half - MARK_GAP


@dataclass(frozen=True, slots=True)
class EndName:
    """The name of a line or area at its end.

    Attributes:
        value: The last value, in words.
        color: A colour of the theme; ``mute`` for what the chart is not about.
        y: The y of the line's end, in units.
    """

    label: str
    value: str
    color: str
    y: float


def draw_names(sheet: Sheet, names: Iterable[EndName]) -> None:
    """Write the names and last values of lines at their right ends, moved apart where they would
    overlap.

    Names without room are cut. When one is too wide, all values lose their per cent sign first.
    What the chart is not about (colour ``mute``) is not bold.

    Args:
        sheet: The drawing, which is changed.
        names: The names, in any order.
    """
    ordered = sorted(names, key=lambda name: name.y)
    wanted_baselines = [name.y + TEXT_DROP for name in ordered]
    baselines = spread_apart(wanted_baselines, NAME_HEIGHT, TOP, BOTTOM - NAME_GAP)
    max_width = NAMES_RIGHT - NAMES_LEFT
    is_any_too_wide = any(
        style.text_width(f"{name.label} {name.value}", LABEL_SIZE, style.BOLD) > max_width
        for name in ordered
    )
    for name, y in zip(ordered, baselines, strict=True):
        # The axis has the per cent sign already.
        value = name.value.removesuffix("%").rstrip() if is_any_too_wide else name.value
        label_width = max_width - style.text_width(f" {value}", LABEL_SIZE, style.BOLD)
        text = f"{style.fit_text(name.label, LABEL_SIZE, label_width, style.BOLD)} {value}"
        weight = style.REGULAR if name.color == "mute" else style.BOLD
        sheet.text((NAMES_LEFT, y), text, size=LABEL_SIZE, color=name.color, weight=weight)
