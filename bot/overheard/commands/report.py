"""`report`: the figures of brands and competitors at each model, over time; as a card or a page."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, File, Style, fitting
from overheard.cards.charts.renderer import Drawable, alt, drawing, picture
from overheard.cards.charts.svg import COLORS, Theme
from overheard.cards.command import IN_CHAT, CommandSpec, Face, Kind, argument, option, quoted
from overheard.cards.html import render_html
from overheard.commands import standings
from overheard.commands.brand_report import Report, read_report, silent_models, silent_sentence
from overheard.commands.check_card import fault_sentences
from overheard.commands.editions import waiting
from overheard.commands.export import replacing
from overheard.commands.page import ReportPage, read_page
from overheard.commands.standings import metric_table
from overheard.commands.trend import metric_choice, trend_chart
from overheard.commands.versus import most_named
from overheard.deployment import Call, Deployment
from overheard.domain import VISIBILITY, Brand, Metric, Model, Scale
from overheard.errors import BadUsage, FileUnreadable, NothingToAsk
from overheard.measure.blocks import RunKey
from overheard.runs.plan import choose_brands, find_brand

if TYPE_CHECKING:
    from overheard.commands.page import ReportPage

HEADLINE = Metric(VISIBILITY, Scale.BINARY, "Visibility")
MAX_LABEL = 30
"""Longest label of a button, in characters."""


async def report(
    deployment: Deployment,
    call: Call,
    *,
    brands: Annotated[Sequence[str], argument("Brands; without one, all.", Kind.BRAND)] = (),
    details: Annotated[bool, option("Every metric, with intervals.")] = False,
    html: Annotated[Path | None, option("A file for one brand's report as a page.")] = None,
) -> Card:
    """Show the metrics of each brand at each model, and the course of its visibility; or write them
    as a page.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        brands: Names of brands; empty means all tracked brands.
        details: Whether every metric is shown, or only visibility.
        html: The HTML file to write with the report of one brand; None for a card.

    Raises:
        UnknownName: for a brand that does not exist.
        NothingToAsk: when no brand is configured, or the brand of a page has no answers.
        BadUsage: for a page of several brands, or a logo that is not a picture.
        FileUnreadable: when the logo of the page cannot be read.
        FileUnwritable: when the page cannot be written.
    """
    chosen = choose_brands(deployment.catalogue, brands)
    if html and len(chosen) > 1:
        raise BadUsage(problem="A page shows one brand", usage="report BRAND --html FILE")
    deployment = await deployment.caught_up(call.progress)
    if html:
        return await _write_page(deployment, call, chosen[0], html)
    first, *others = [
        await _brand_card(deployment, call, brand, details=details) for brand in chosen
    ]
    data = {"brands": [card.data for card in (first, *others)]}
    text = "\n\n".join(
        [str(first.text), *await waiting(deployment), *fault_sentences(deployment.scoring.faults)]
    )
    return replace(first, text=text, more=tuple(others), data=data)


async def _brand_card(deployment: Deployment, call: Call, brand: Brand, *, details: bool) -> Card:
    """Return the card of one brand: its visibility in the newest run of each model, with a picture
    of the course; with `details`, a table of every metric instead.
    """
    report = await read_report(deployment, brand)
    if not report.runs:
        return _card_without_answers(brand, call.face)
    data = {"brand": brand.name, "results": [row.data() for row in report.rows]}
    if details or not report.places:
        when = _answers_sentence(call, report.runs)
        return Card(
            title=f"{brand.name}: every metric",
            text=when if report.places else f"{standings.ONLY_BRANDED}\n\n{when}",
            table=metric_table(report.rows, deployment.names),
            footer="Each question weighs the same. In brackets, the range in which the value lies "
            "nine times in ten.",
            data=data,
        )
    chart = await trend_chart(deployment, call, brand, HEADLINE, report.headline_lines)
    silent = await silent_models(deployment, report)
    return Card(
        title=standings.headline(brand.name, report.places),
        text=standings.ranks(report.places, deployment.names),
        table=standings.table(
            report.places, deployment.names, in_percent=True, caption="Named in % of answers"
        ),
        image=await picture(chart, "trend.png"),
        actions=tuple(_next_actions(call, report)),
        footer=" ".join(
            filter(
                None,
                (
                    _answers_sentence(call, report.runs),
                    silent_sentence(deployment, call, report, silent),
                ),
            )
        ),
        data=data,
        choice=metric_choice(deployment, brand, HEADLINE),
    )


def _card_without_answers(brand: Brand, face: Face) -> Card:
    """Return the card of a brand without any stored answer, with a button that starts a check."""
    text = "No answers yet."
    if face is Face.TERMINAL:
        text += " Ask with check, or bring history with import."
    ask = fitting(Action(f"check {quoted(brand.name)}", "Check now", Style.PRIMARY))
    return Card(brand.name, text, actions=ask, data={"brand": brand.name, "results": []})


def _next_actions(call: Call, report: Report) -> Iterator[Action]:
    """Yield the buttons and menu entries that follow a report; only a chat can share."""
    own_name, is_chat = quoted(report.brand.name), call.face is Face.CHAT
    rival = most_named(report)
    against = wording.shorten(f"Against {rival}", MAX_LABEL)
    yield from fitting(
        Action(f"brief {own_name}", "What to do?"),
        *([Action(f"share {own_name}", "Share")] if is_chat else []),
        Action(f"report {own_name} --details", "Details"),
        Action(f"voice {own_name}", "Share of voice", menu=is_chat),
        *([Action(f"versus {own_name} {quoted(rival)}", against, menu=True)] if rival else []),
        Action(f"claims {own_name}", "False claims", menu=True),
    )


async def _write_page(deployment: Deployment, call: Call, brand: Brand, file: Path) -> Card:
    """Write the report of one brand as an HTML file and return a card with its size. Raises
    NothingToAsk without answers, FileUnwritable.
    """
    report = await read_report(deployment, brand)
    if not report.runs:
        raise NothingToAsk(missing=f"there are no answers about {brand.name} yet")
    _, page = await _page_content_and_html(deployment, call, report)
    with replacing(file) as out:
        out.write(page)
    size = wording.size(len(page.encode()))
    return Card(
        title="Wrote the page",
        text=f"{brand.name}, {size}, in {file}. It needs no network; print it on A4, or send it.",
        data={
            "brand": brand.name,
            "results": [row.data() for row in report.rows],
            "file": str(file),
        },
    )


async def _page_content_and_html(
    deployment: Deployment, call: Call, report: Report
) -> tuple[ReportPage, str]:
    """Return a report's page as content and as HTML."""
    content = await read_page(deployment, call, report)
    look = deployment.config.page
    return content, page_html(content, logo=look.logo, color=look.color)


async def send_report(
    deployment: Deployment,
    call: Call,
    *,
    brand: Annotated[str, argument("Which.", Kind.BRAND)],
) -> Card:
    """Return a card with the brand's report as an HTML file attached, for people outside the chat.

    Raises:
        UnknownName: for a brand that does not exist.
        BadUsage: when the logo of the page is no picture.
        FileUnreadable: when the logo of the page cannot be read.
    """
    chosen = find_brand(deployment.catalogue, brand)
    deployment = await deployment.caught_up(call.progress)
    report = await read_report(deployment, chosen)
    if not report.runs:
        return _card_without_answers(chosen, call.face)
    content, page = await _page_content_and_html(deployment, call, report)
    name = wording.file_name(f"{chosen.name} {deployment.clock.now():%Y-%m-%d}", "html")
    return Card(
        title=content.headline,
        text="The whole report as a page. It opens in any browser and prints on two sheets of A4.",
        file=File(page.encode(), name, "text/html", f"{chosen.name}, report of {content.day}"),
        data={"brand": chosen.name, "results": [row.data() for row in report.rows], "file": name},
    )


def _answers_sentence(call: Call, runs: Mapping[Model, Sequence[RunKey]]) -> str:
    every = sorted({run for model_runs in runs.values() for run in model_runs})
    return (
        f"Answers of {wording.short_day(every[-1].at, call.zone)}; "
        f"{wording.count(len(every), 'check')} since {wording.day(every[0].at, call.zone)}."
    )


REPORT = CommandSpec(
    "report",
    "Show how a brand stands with each model, next to its competitors, over time.",
    report,
    examples=("report", "report Acme", "report Acme --details"),
    chart="",
)
SHARE = CommandSpec(
    "share",
    "Send a brand's report as a page for people outside of the chat.",
    send_report,
    examples=("share Acme",),
    public=True,
    faces=IN_CHAT,
)


MAX_LOGO_BYTES = 200_000
MIN_CONTRAST = 4.5
"""Least contrast of text and its background, WCAG 2.2, criterion 1.4.3."""
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
    """Return a page as one self-contained HTML text, the same for equal content.

    Args:
        page: The content; all of its text is escaped.
        logo: A picture that is embedded, or None.
        color: The brand's colour, ``#rrggbb``, made legible on both backgrounds; or empty.

    Raises:
        FileUnreadable: when the logo cannot be read.
        BadUsage: when the logo is not a picture, or larger than `MAX_LOGO_BYTES`.
    """
    return render_html(
        "overheard.commands",
        "page.html.j2",
        page=page,
        light=colors(Theme.LIGHT, color),
        dark=colors(Theme.DARK, color),
        logo=_data_uri(logo) if logo else "",
        svg=_inline_svg,
    )


def colors(theme: Theme, color: str) -> Mapping[str, str]:
    """Return the page's CSS variables in a theme; `color` is the brand's, ``#rrggbb`` or empty."""
    surfaces = _SURFACES[theme]
    colors = {**COLORS[theme], **surfaces, "pic": surfaces["bg"]}
    if color:
        colors["brand"] = legible_color(color, surfaces["bg"])
        colors["band"] = _mixed_color(colors["brand"], surfaces["bg"], 0.82)
    return colors


def legible_color(color: str, background: str) -> str:
    """Return a colour, ``#rrggbb``, moved towards black or white until it has `MIN_CONTRAST`."""
    end = "#000000" if _luminance(background) > 0.5 else "#ffffff"
    shares = (share / 20 for share in range(21))
    mixed = (_mixed_color(color, end, share) for share in shares)
    return next((c for c in mixed if _contrast(c, background) >= MIN_CONTRAST), end)


def _contrast(color: str, other: str) -> float:
    low, high = sorted((_luminance(color), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    """Return the relative luminance, 0 to 1, as WCAG 2.2 defines it."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb_shares(color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mixed_color(color: str, end: str, share: float) -> str:
    mixed = (a + (b - a) * share for a, b in zip(_rgb_shares(color), _rgb_shares(end), strict=True))
    return "#" + "".join(f"{round(c * 255):02x}" for c in mixed)


def _rgb_shares(color: str) -> list[float]:
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def _inline_svg(chart: Drawable) -> str:
    """Return a chart as inline SVG with escaped text; colours are CSS variables."""
    return drawing(chart).svg(alt(chart)).replace(_NAMESPACE, "", 1)


def _data_uri(file: Path) -> str:
    """Return a logo file as a data URI, with the media type found from its content.

    Raises:
        FileUnreadable: when the file cannot be read.
        BadUsage: when the logo is too large, or not a picture.
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
