"""Figures in the style of the charts, text that fits, and their PNG.

Imports matplotlib, so that the modules of the charts import it only when they draw. A figure is
900 x 480 pixels at double resolution, with letters large enough to be read on a phone that shows
it at half its width. Lengths are points (1/72 inch): a figure is 648 x 345.6.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from PIL import Image

from overheard.cards import wording
from overheard.numpy_proxy import np

WIDTH_PT, HEIGHT_PT, DPI = 648.0, 345.6, 200
EDGE_PT = 16
"""Margin of the figure."""
INK, SOFT, GRID, BLUE = "#1f2328", "#57606a", "#e4e7eb", "#0072b2"
TITLE_PT, LABEL_PT, CAPTION_PT = 18.7, 14.4, 13.0
PLOT_TOP = 1 - (EDGE_PT + 1.2 * TITLE_PT) / HEIGHT_PT
"""The part of the height that is below the title."""
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
STYLE: dict[str, Any] = {
    "text.parse_math": False,  # a brand may be called $A_1$
    "text.color": INK,
    "font.size": LABEL_PT,
    "figure.titlesize": TITLE_PT,
    "figure.titleweight": "bold",
    "figure.labelsize": CAPTION_PT,
    "figure.constrained_layout.w_pad": EDGE_PT / 72,
    "figure.constrained_layout.h_pad": EDGE_PT / 2 / 72,
    "axes.axisbelow": True,
    "axes.edgecolor": SOFT,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "grid.color": GRID,
    "grid.linewidth": 1.0,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": CAPTION_PT,
    "xtick.major.pad": 6,
    "ytick.major.size": 0,
    "ytick.major.pad": 7,
}


def drawn(title: str, caption: str, plot: Callable[[Axes], None]) -> Figure:
    """Return a drawn figure with a title, a caption below, and one pair of axes.

    `plot` fills the axes. The constrained layout makes room for all labels.
    """
    style: Any = {**STYLE, "font.family": fonts()}
    with rc_context(style):
        figure = Figure(
            (WIDTH_PT / 72, HEIGHT_PT / 72), DPI, facecolor="white", layout="constrained"
        )
        canvas: Any = FigureCanvasAgg(figure)  # matplotlib has no stub
        place: dict[str, Any] = {"x": EDGE_PT / WIDTH_PT, "ha": "left"}
        room = WIDTH_PT - 2 * EDGE_PT
        figure.suptitle(fit(title, TITLE_PT, room, "bold"), y=1 - EDGE_PT / HEIGHT_PT, **place)
        layout: Any = figure.get_layout_engine()
        layout.set(rect=(0, 0, 1, PLOT_TOP))
        if caption:
            figure.supxlabel(fit(caption, CAPTION_PT, room), color=SOFT, **place)
        plot(figure.subplots())
        canvas.draw()
    return figure


def png(figure: Figure) -> bytes:
    """Return a drawn figure as a PNG; the same figure gives the same bytes."""
    canvas: Any = figure.canvas
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    # A palette takes a third less time to pack than full colours, and a quarter of the room.
    image = image.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    shades = image.getpalette() or []
    image.putpalette([255 if shade == 254 else shade for shade in shades])  # white stays white
    file = BytesIO()
    image.save(file, "png")
    return file.getvalue()


def width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width in points of a line of text of a size in points."""
    font = FontProperties(family=list(fonts()), size=size, weight=weight)
    return float(_renderer().get_text_width_height_descent(text, font, False)[0]) * 72 / DPI


def fit(text: str, size: float, room: float, weight: str = "normal") -> str:
    """Return text on one line, in letters that the fonts have, cut with an ellipsis to a width.

    `size` and `room` are points.
    """
    whole = legible(wording.shorten(wording.line(text), 200))
    if width(whole, size, weight) <= room:
        return whole
    cuts = [whole[:length].rstrip(" .") + "\N{HORIZONTAL ELLIPSIS}" for length in range(len(whole))]
    fitting = bisect_right(cuts, room, key=lambda cut: width(cut, size, weight))
    return cuts[max(0, fitting - 1)]


def legible(text: str) -> str:
    """Return text in letters that the fonts have: others become a box, symbols are omitted."""
    shown = "".join(char if ord(char) in _letters() else _substitute(char) for char in text)
    return " ".join(shown.split()) or ("\N{WHITE SQUARE}" if text else "")


@lru_cache(1)
def fonts() -> tuple[str, ...]:
    """Return those of `FONTS` that this machine has."""
    known = set(fontManager.get_font_names())
    return tuple(name for name in FONTS if name in known)


@lru_cache(1)
def _letters() -> frozenset[int]:
    """Return the code points that the fonts have in normal and in bold."""
    sets = []
    for weight in ("normal", "bold"):
        faces = (
            fontManager.findfont(FontProperties(family=name, weight=weight)) for name in fonts()
        )
        sets.append({code for face in faces for code in get_font(face).get_charmap()})
    return frozenset(set.intersection(*sets))


def _substitute(char: str) -> str:
    return "" if unicodedata.category(char) in {"So", "Sk"} else "\N{WHITE SQUARE}"


@lru_cache(1)
def _renderer() -> Any:
    """Return a renderer that measures text at the resolution of the figures."""
    return FigureCanvasAgg(Figure(dpi=DPI)).get_renderer()
