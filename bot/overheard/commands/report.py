"""`report`: the figures of brands and competitors at each model, over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, Style, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Face, Kind, argument, option, quoted
from overheard.commands import standing_words
from overheard.commands.check_card import told
from overheard.commands.editions import waiting
from overheard.commands.export import replacing
from overheard.commands.page import Report, read_page
from overheard.commands.page_html import page_html
from overheard.commands.standing_words import read_places
from overheard.commands.standings import HEADLINE_METRIC, read_streams, standings, table
from overheard.commands.trend import trend_chart
from overheard.deployment import Call, Deployment
from overheard.detection.baseline import rows_with_answers, run_slice
from overheard.domain import Brand, Metric, Model, Scale
from overheard.errors import BadUsage, NothingToAsk
from overheard.measure.blocks import RunKey, Stream
from overheard.runs.plan import find_brand, tracked

HEADLINE = Metric(HEADLINE_METRIC, Scale.BINARY, "Visibility")


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
    names = [brand.name, *(rival.name for rival in deployment.catalogue.rivals(brand.name))]
    lines = await read_streams(deployment, names)
    mine = [line for line in lines if line.key.brand == brand.name]
    if not mine:
        text = "No answers yet. Ask with check, or bring history with import."
        ask = fitting(Action(f"check {quoted(brand.name)}", "Check now", Style.PRIMARY))
        return Card(brand.name, text, actions=ask, data={"brand": brand.name, "results": []})
    runs = _runs(mine)
    rows = standings(_newest(lines, runs), names, deployment.scoring)
    data = {"brand": brand.name, "results": [row.data() for row in rows]}
    alerts = [a for a in await deployment.store.alerts.find(brand=brand.name) if not a.state.over]
    found = await read_places(deployment, brand.name, rows, alerts)
    if details or not found:
        return Card(
            title=f"{brand.name}: every metric",
            text=_text(call, runs)
            if found
            else f"{standing_words.ONLY_BRANDED}\n\n{_text(call, runs)}",
            table=table(rows, deployment.names),
            footer="Each question weighs the same. In brackets, the range in which the value lies "
            "nine times in ten.",
            data=data,
        )
    chart = await trend_chart(deployment, call, brand, HEADLINE, _headline(lines, names))
    return Card(
        title=standing_words.headline(brand.name, found),
        text=standing_words.ranks(found, deployment.names),
        table=standing_words.table(found, deployment.names),
        image=await picture(chart, "trend.png"),
        actions=fitting(
            Action(f"report {quoted(brand.name)} --details", "Details"),
            Action(f"brief {quoted(brand.name)}", "What to do?"),
            Action(f"claims {quoted(brand.name)}", "False claims"),
        ),
        footer=_text(call, runs),
        data=data,
    )


async def _write_page(deployment: Deployment, call: Call, brand: Brand, file: Path) -> Card:
    """Write the report of one brand as a page; its figures are those of the card."""
    names = [brand.name, *(rival.name for rival in deployment.catalogue.rivals(brand.name))]
    lines = await read_streams(deployment, names)
    runs = _runs(line for line in lines if line.key.brand == brand.name)
    if not runs:
        raise NothingToAsk(missing=f"there are no answers about {brand.name} yet")
    rows = standings(_newest(lines, runs), names, deployment.scoring)
    alerts = [a for a in await deployment.store.alerts.find(brand=brand.name) if not a.state.over]
    found = await read_places(deployment, brand.name, rows, alerts)
    content = await read_page(
        deployment, call, Report(brand, names, lines, runs, rows, found, alerts)
    )
    look = deployment.config.page
    page = page_html(content, logo=look.logo, color=look.color)
    with replacing(file) as out:
        out.write(page)
    size = wording.count(-(-len(page.encode()) // 1000), "kB", "kB")
    return Card(
        title="Wrote the page",
        text=f"{brand.name}, {size}, in {file}. It needs no network; print it on A4, or send it.",
        data={"brand": brand.name, "results": [row.data() for row in rows], "file": str(file)},
    )


def _runs(mine: Iterable[Stream]) -> dict[Model, list[RunKey]]:
    """Return for each model the runs that scored a brand, in the order of time."""
    runs: dict[Model, set[RunKey]] = {}
    for stream in mine:
        runs.setdefault(stream.key.model, set()).update(
            stream.runs[row] for row in rows_with_answers(stream)
        )
    return {model: sorted(found) for model, found in runs.items()}


def _newest(lines: Iterable[Stream], runs: Mapping[Model, Sequence[RunKey]]) -> Iterator[Stream]:
    """Yield what was said in the newest run of each model."""
    for line in lines:
        if line.key.model in runs:
            row = line.runs.index(runs[line.key.model][-1])
            yield run_slice(line, row, row + 1)


def _text(call: Call, runs: Mapping[Model, Sequence[RunKey]]) -> str:
    every = sorted({run for found in runs.values() for run in found})
    return (
        f"Answers of {wording.day(every[-1].at, call.zone)}; "
        f"{wording.count(len(every), 'check')} since {wording.day(every[0].at, call.zone)}."
    )


def _headline(lines: Iterable[Stream], names: Sequence[str]) -> list[Stream]:
    """Return the streams of the headline, in the order of the names."""
    shown = [line for line in lines if line.key.metric == HEADLINE.name]
    return sorted(shown, key=lambda line: (names.index(line.key.brand), line.key.model))


REPORT = CommandSpec(
    "report",
    "Show how a brand stands with each model, next to its competitors, over time.",
    report,
    examples=("report", "report Acme", "report Acme --details"),
    chart="",
)
