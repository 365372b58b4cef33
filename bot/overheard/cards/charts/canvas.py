"""The sheet that charts are drawn on. Imports matplotlib, so `charts` imports it when it draws.

It is 900 x 480 pixels, drawn at double resolution, with letters large enough to be read when a
phone shows it at half its width. All lengths are pixels from its lower left corner.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from PIL import Image

from overheard.cards import wording
from overheard.numpy_proxy import np

WIDTH, HEIGHT, ZOOM = 900, 480, 2
INK, SOFT, GRID = "#1f2328", "#57606a", "#e4e7eb"
POINT = 0.72
"""Matplotlib measures letters and lines in points; this many make a pixel of the sheet."""
FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans",
    "Microsoft YaHei",
    "Arial Unicode MS",
    "Noto Emoji",
)
"""The first comes with matplotlib; the others are used for what it lacks, where installed."""


class Sheet:
    """A white sheet to write and draw on."""

    def __init__(self) -> None:
        size = (WIDTH / 100, HEIGHT / 100)
        self._figure = Figure(figsize=size, dpi=100 * ZOOM, facecolor="white")
        self._canvas = FigureCanvasAgg(self._figure)

    def write(self, x: float, y: float, text: str, size: float, **style: Any) -> None:
        """Write one line of text; `style` is matplotlib's, such as ``ha="right"``."""
        look = {"color": INK, "family": list(fonts()), "size": size * POINT, **style}
        # A brand may be called $A_1$; with parse_math that would be a formula.
        self._figure.text(x / WIDTH, y / HEIGHT, text, parse_math=False, **look)

    def width(self, text: str, size: float, weight: str = "normal") -> float:
        """Return how wide a line of text is."""
        font = FontProperties(family=list(fonts()), size=size * POINT, weight=weight)
        pen = self._canvas.get_renderer()  # type: ignore[no-untyped-call]  # matplotlib has no stub
        wide, _, _ = pen.get_text_width_height_descent(text, font, False)
        return float(wide / ZOOM)

    def fit(self, text: str, size: float, room: float, weight: str = "normal") -> str:
        """Return what can be shown of a stranger's text: on one line, in letters there are, and
        cut with an ellipsis where the room ends.
        """
        whole = legible(wording.shorten(wording.line(text), 200))
        if self.width(whole, size, weight) <= room:
            return whole
        cuts = [whole[:length].rstrip() + "\N{HORIZONTAL ELLIPSIS}" for length in range(len(whole))]
        fitting = bisect_right(cuts, room, key=lambda cut: self.width(cut, size, weight))
        return cuts[max(0, fitting - 1)]

    def line(self, xs: Sequence[float], ys: Sequence[float], width: float, **style: Any) -> None:
        """Draw a line through points."""
        across, up = [x / WIDTH for x in xs], [y / HEIGHT for y in ys]
        self._figure.add_artist(Line2D(across, up, linewidth=width * POINT, **style))

    def area(self, xs: Sequence[float], ys: Sequence[float], **style: Any) -> None:
        """Fill what lies within a row of points."""
        corners = [(x / WIDTH, y / HEIGHT) for x, y in zip(xs, ys, strict=True)]
        self._figure.add_artist(Polygon(corners, linewidth=0, **style))

    def png(self) -> bytes:
        """Return the picture; the same drawing gives the same bytes."""
        canvas: Any = self._canvas  # matplotlib has no stub
        canvas.draw()
        drawn = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        # A palette takes a third less time to pack than full colours, and a quarter of the room.
        drawn = drawn.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        shades = drawn.getpalette() or []
        drawn.putpalette([255 if shade == 254 else shade for shade in shades])  # white stays white
        picture = BytesIO()
        drawn.save(picture, "png")
        return picture.getvalue()


def legible(text: str) -> str:
    """Return text in letters that a font here has: others become a box, symbols are left out."""
    shown = "".join(char if _has(char) else _stand_in(char) for char in text)
    return " ".join(shown.split()) or ("\N{WHITE SQUARE}" if text else "")


@lru_cache(1)
def fonts() -> tuple[str, ...]:
    """Return the fonts to write with that this machine has, the first for all it can write."""
    known = set(fontManager.get_font_names())
    return tuple(name for name in FONTS if name in known)


@lru_cache(4096)
def _has(char: str) -> bool:
    """Whether a character can be written, thin as well as bold."""
    return all(
        any(font.get_char_index(ord(char)) for font in _faces(weight))
        for weight in ("normal", "bold")
    )


@lru_cache(2)
def _faces(weight: str) -> list[FT2Font]:
    looks = (FontProperties(family=name, weight=weight) for name in fonts())
    return [get_font(fontManager.findfont(look)) for look in looks]


def _stand_in(char: str) -> str:
    return "" if unicodedata.category(char) in {"So", "Sk"} else "\N{WHITE SQUARE}"
