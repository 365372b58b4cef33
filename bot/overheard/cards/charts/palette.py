"""The colours of charts and pages, for a light and a dark background."""

from __future__ import annotations

from enum import StrEnum


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
