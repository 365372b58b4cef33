"""A report's page as HTML: the brand's logo, its colours made legible, charts as SVG."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path

from overheard.cards.charts.renderer import alt_text, drawing
from overheard.cards.charts.style import COLORS, Theme
from overheard.cards.html import render_html
from overheard.commands.page import ReportPage
from overheard.errors import BadUsage, FileUnreadable

MAX_LOGO_BYTES = 200_000

MIN_CONTRAST = 4.5
"""Smallest contrast of text with its background, WCAG 2.2, criterion 1.4.3."""
CONTRAST_STEPS = 20
"""In how many steps a colour is moved to black or white until it has the contrast."""
BAND_TINT = 0.82
"""Share of the background in the colour of the band that is drawn behind a brand's line."""

_SURFACES = {
    Theme.LIGHT: {"bg": "#ffffff", "card": "#f6f7f9", "badbg": "#fdeef0", "mark": "#ffe2e6"},
    Theme.DARK: {"bg": "#17181b", "card": "#212327", "badbg": "#3a2026", "mark": "#5a2530"},
}


_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'  # HTML needs none


_RASTERS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


_SVG = re.compile(rb"\A\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>\[]*>\s*)*<svg\b", re.S)


def page_html(page: ReportPage, *, logo: Path | None, color: str) -> str:
    """Return a page as one HTML document that needs no network: charts are inline SVG, the logo is
    embedded.

    Equal content gives equal text.

    Args:
        page: The content; all of its text is escaped.
        logo: A picture file (PNG, JPEG, GIF, WebP or SVG), or None for no logo.
        color: The brand's colour as ``#rrggbb``; it is made darker or lighter where it would be
            hard to read. Empty for the standard colour.

    Raises:
        FileUnreadable: when the logo cannot be read.
        BadUsage: when the logo is not such a picture, or larger than `MAX_LOGO_BYTES`.
    """
    return render_html(
        "overheard.commands",
        "page.html.j2",
        page=page,
        light=colors(Theme.LIGHT, color),
        dark=colors(Theme.DARK, color),
        logo=_data_uri(logo) if logo else "",
        svg=lambda chart: drawing(chart).svg(alt_text(chart)).replace(_NAMESPACE, "", 1),
    )


def colors(theme: Theme, color: str) -> Mapping[str, str]:
    """Return the colours of a theme as values of the page's CSS variables, by the variable's name
    without its leading hyphens.

    Args:
        theme: Light or dark.
        color: The brand's colour as ``#rrggbb``, made legible in this theme; empty for the standard
            colour.
    """
    surfaces = _SURFACES[theme]
    colors = {**COLORS[theme], **surfaces, "pic": surfaces["bg"]}
    if color:
        colors["brand"] = legible_color(color, surfaces["bg"])
        colors["band"] = _mixed_color(colors["brand"], surfaces["bg"], BAND_TINT)
    return colors


def legible_color(color: str, background: str) -> str:
    """Return a colour that is legible on a background, as close to the given one as possible.

    It is moved in `CONTRAST_STEPS` equal steps towards black (on a light background) or white (on a
    dark one) until it has `MIN_CONTRAST`; at the end it is black or white.

    Args:
        color: The colour as ``#rrggbb``.
        background: The background as ``#rrggbb``.
    """
    end = "#000000" if _luminance(background) > 0.5 else "#ffffff"
    shares = (step / CONTRAST_STEPS for step in range(CONTRAST_STEPS + 1))
    mixed = (_mixed_color(color, end, share) for share in shares)
    for mix in mixed:
        low, high = sorted((_luminance(mix), _luminance(background)))
        if (high + 0.05) / (low + 0.05) >= MIN_CONTRAST:  # the contrast ratio of WCAG 2.2
            return mix
    return end


def _luminance(color: str) -> float:
    """Return the relative luminance of a colour ``#rrggbb``, 0 (black) to 1 (white), as WCAG 2.2
    defines it.
    """
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb_shares(color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mixed_color(color: str, end: str, share: float) -> str:
    """Return a mixture of two colours; `share` is the part of `end`, 0 to 1."""
    mixed = (a + (b - a) * share for a, b in zip(_rgb_shares(color), _rgb_shares(end), strict=True))
    return "#" + "".join(f"{round(c * 255):02x}" for c in mixed)


def _rgb_shares(color: str) -> list[float]:
    """Return the red, green and blue of a colour ``#rrggbb``, each 0 to 1."""
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def _data_uri(file: Path) -> str:
    """Return a logo file as a data URI. The media type is found from the content, and not from the
    file's name.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise FileUnreadable(file=file, reason=error.strerror) from None
    usage = 'logo = "logo.png" in [page]'
    if len(content) > MAX_LOGO_BYTES:
        problem = f"The logo {file} has more than {MAX_LOGO_BYTES // 1000} kB"
        raise BadUsage(problem=problem, usage=usage)
    media = next((m for start, m in _RASTERS.items() if content.startswith(start)), "")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        media = "image/webp"
    if _SVG.match(content):
        media = "image/svg+xml"
    if not media:
        problem = f"The logo {file} is not a PNG, JPEG, GIF, WebP or SVG picture"
        raise BadUsage(problem=problem, usage=usage)
    return f"data:{media};base64,{base64.b64encode(content).decode()}"
