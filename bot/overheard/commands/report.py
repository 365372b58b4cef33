"""`report`: the figures of brands and competitors at each model, over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, Style, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Face, Kind, argument, option, quoted
from overheard.commands import standing_words
from overheard.commands.brand_report import Report, read_report
from overheard.commands.check_card import told
from overheard.commands.editions import waiting
from overheard.commands.export import replacing
from overheard.commands.page import read_page
from overheard.commands.page_html import page_html
from overheard.commands.standings import HEADLINE_METRIC, table
from overheard.commands.trend import metric_choice, trend_chart
from overheard.commands.versus import most_named
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Metric, Model, Scale
from overheard.errors import BadUsage, NothingToAsk
from overheard.measure.blocks import RunKey
from overheard.runs.plan import find_brand, tracked

HEADLINE = Metric(HEADLINE_METRIC, Scale.BINARY, "Visibility")
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
    """Show how each brand stands with each model, and the trend of how often it is named.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        brands: Names of brands; empty means all that are tracked.
        details: Whether every metric is shown, and not only how often a brand is named.
        html: A file that is written: the report of one brand as a self-contained page.

    Raises:
        UnknownName: for a brand that does not exist.
        NothingToAsk: when no brand is configured, or the brand of a page has no answers.
        BadUsage: for a page in a chat, or of several brands, or with a logo that is no picture.
        FileUnreadable: when the logo of the page cannot be read.
        FileUnwritable: when the page cannot be written.
    """
    catalogue = deployment.catalogue
    chosen = [find_brand(catalogue, name) for name in brands] or tracked(catalogue)
    if not chosen:
        raise NothingToAsk(missing="no brand is configured, add a [[brands]] table")
    if html and call.face is Face.CHAT:
        raise BadUsage(problem="A page is written in the terminal", usage="report [BRAND]")
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
        [str(first.text), *await waiting(deployment), *told(deployment.scoring.faults)]
    )
    return replace(first, text=text, more=tuple(others), data=data)


async def _brand_card(deployment: Deployment, call: Call, brand: Brand, *, details: bool) -> Card:
    """Show one brand: in the newest run of each model, and how often it was named since."""
    found = await read_report(deployment, brand)
    if not found.runs:
        text = "No answers yet. Ask with check, or bring history with import."
        ask = fitting(Action(f"check {quoted(brand.name)}", "Check now", Style.PRIMARY))
        return Card(brand.name, text, actions=ask, data={"brand": brand.name, "results": []})
    data = {"brand": brand.name, "results": [row.data() for row in found.rows]}
    if details or not found.places:
        when = _text(call, found.runs)
        return Card(
            title=f"{brand.name}: every metric",
            text=when if found.places else f"{standing_words.ONLY_BRANDED}\n\n{when}",
            table=table(found.rows, deployment.names),
            footer="Each question weighs the same. In brackets, the range in which the value lies "
            "nine times in ten.",
            data=data,
        )
    chart = await trend_chart(deployment, call, brand, HEADLINE, found.headline_lines)
    return Card(
        title=standing_words.headline(brand.name, found.places),
        text=standing_words.ranks(found.places, deployment.names),
        table=standing_words.table(found.places, deployment.names, in_percent=True),
        image=await picture(chart, "trend.png"),
        actions=fitting(
            Action(f"voice {quoted(brand.name)}", "Share of voice"),
            *_against(found),
            Action(f"brief {quoted(brand.name)}", "What to do?"),
            Action(f"report {quoted(brand.name)} --details", "Details", menu=True),
            Action(f"claims {quoted(brand.name)}", "False claims", menu=True),
        ),
        footer=_text(call, found.runs),
        data=data,
        choice=metric_choice(deployment, brand, HEADLINE),
    )


def _against(found: Report) -> Iterator[Action]:
    """Yield the button that compares the brand with the competitor that is named most."""
    if rival := most_named(found):
        mine = quoted(found.brand.name)
        label = wording.shorten(f"Against {rival}", MAX_LABEL)
        yield Action(f"versus {mine} {quoted(rival)}", label)


async def _write_page(deployment: Deployment, call: Call, brand: Brand, file: Path) -> Card:
    """Write the report of one brand as a page; its figures are those of the card."""
    found = await read_report(deployment, brand)
    if not found.runs:
        raise NothingToAsk(missing=f"there are no answers about {brand.name} yet")
    content = await read_page(deployment, call, found)
    look = deployment.config.page
    page = page_html(content, logo=look.logo, color=look.color)
    with replacing(file) as out:
        out.write(page)
    size = wording.count(-(-len(page.encode()) // 1000), "kB", "kB")
    return Card(
        title="Wrote the page",
        text=f"{brand.name}, {size}, in {file}. It needs no network; print it on A4, or send it.",
        data={
            "brand": brand.name,
            "results": [row.data() for row in found.rows],
            "file": str(file),
        },
    )


def _text(call: Call, runs: Mapping[Model, Sequence[RunKey]]) -> str:
    every = sorted({run for found in runs.values() for run in found})
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
