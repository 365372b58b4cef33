"""The colours of charts and pages, for a light and a dark background, and their letters."""

import json
import unicodedata
from enum import StrEnum
from functools import cache
from importlib.resources import files

from overheard.cards import wording


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


REGULAR, BOLD = 400, 600
"""Weights of text, as in CSS."""
UNKNOWN_LETTER_WIDTH = 0.6
"""Width of a letter that is not in the fonts, as a share of the font's size."""
MISSING = "?"
"""Shown for a name of which no letter is in the fonts."""
FONTS = files("overheard.cards.charts") / "fonts"
WEIGHT_NAMES = ("Regular", "SemiBold")


@cache
def _letter_widths(weight: int) -> dict[str, float]:
    """Return the widths of the letters that a font has, as shares of the font's size; read once."""
    fonts = json.loads((FONTS / "widths.json").read_text("utf-8"))
    font = fonts["bold" if weight == BOLD else "regular"]
    widths = {letter: thousandths / 1000 for letter, thousandths in font["widths"].items()}
    return widths | dict.fromkeys(font["wide"], 1.0)


def available_weight(text: str, weight: int) -> int:
    """Return the weight in which the fonts have a text: `weight`, or `REGULAR` when the bold font
    lacks one of its letters, as of all scripts but the Latin.
    """
    bold_letters = _letter_widths(BOLD)
    return weight if all(letter in bold_letters for letter in text) else REGULAR


def text_width(text: str, size: float, weight: int = REGULAR) -> float:
    """Return the width of a text on one line, in units.

    Args:
        text: The text; a letter that is not in the fonts counts with `UNKNOWN_LETTER_WIDTH`.
        size: The size of the font, in units.
        weight: `REGULAR` or `BOLD`.
    """
    widths = _letter_widths(available_weight(text, weight))
    return size * sum(widths.get(letter, UNKNOWN_LETTER_WIDTH) for letter in text)


def legible(text: str) -> str:
    """Return a text on one line, with only the letters that the fonts have.

    Other letters, such as emoji, and invisible ones are left out. Nothing but such letters is
    `MISSING`; an empty text stays empty.
    """
    composed = unicodedata.normalize("NFC", wording.line(text))
    letters = _letter_widths(REGULAR)
    kept = "".join(letter if letter in letters else " " for letter in composed)
    return " ".join(kept.split()) or (MISSING if text.strip() else "")


def fit_text(text: str, size: float, max_width: float, weight: int = REGULAR) -> str:
    """Return a legible text at most `max_width` units wide; a longer text is cut and ends in an
    ellipsis.

    Without room for one letter, it is the ellipsis alone, which may be wider.

    Args:
        size: The size of the font, in units.
        max_width: The largest width, in units.
        weight: `REGULAR` or `BOLD`.
    """
    shown = legible(text)
    if text_width(shown, size, weight) <= max_width:
        return shown
    while shown and text_width(f"{shown}…", size, weight) > max_width:
        shown = shown[:-1]
    return f"{shown.rstrip()}…"
