"""`report` and `share`: how each model speaks of a brand and its competitors, now and over time; as
a card or as an HTML page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, File, Style, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.command import IN_CHAT, CommandSpec, Face, Kind, argument, option, quoted
from overheard.commands import standings
from overheard.commands.brand_report import Report, read_report, silent_models, silent_sentence
from overheard.commands.check_faults import fault_sentences
from overheard.commands.editions import pending_edition_sentences
from overheard.commands.export import replacing
from overheard.commands.page import ReportPage, read_page
from overheard.commands.page_html import page_html
from overheard.commands.standings import metric_table
from overheard.commands.trend import metric_choice, trend_chart
from overheard.commands.versus import most_named
from overheard.deployment import Call, Deployment
from overheard.domain import VISIBILITY, Brand, Metric, Model, Scale
from overheard.errors import BadUsage, NothingToAsk
from overheard.measure.blocks import RunKey
from overheard.runs.plan import choose_brands, find_brand

if TYPE_CHECKING:
    from overheard.commands.page import ReportPage

HEADLINE = Metric(VISIBILITY, Scale.BINARY, "Visibility")
MAX_LABEL_CHARS = 30
"""Longest label of a button."""


async def report(
    deployment: Deployment,
    call: Call,
    *,
    brands: Annotated[Sequence[str], argument("Brands; without one, all.", Kind.BRAND)] = (),
    details: Annotated[bool, option("Every metric, with intervals.")] = False,
    html: Annotated[Path | None, option("A file for one brand's report as a page.")] = None,
) -> Card:
    """Return the card of each brand's metrics in the newest run of each model; or write one brand's
    report as an HTML page and return a card about the file.

    Answers without scores are scored first. The first card also says which scorers failed, and
    which new scores wait for a yes.

    Args:
        call: Tells whether a chat or a terminal asks, the time zone, and the progress display.
        brands: Names of brands; empty means all tracked brands.
        details: Whether every metric is shown in a table; else visibility alone, with a chart.
        html: The HTML file to write, for one brand only; an existing file is replaced. None for a
            card.

    Raises:
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
        [
            str(first.text),
            *await pending_edition_sentences(deployment),
            *fault_sentences(deployment.scoring.faults),
        ]
    )
    return replace(first, text=text, more=tuple(others), data=data)


async def _brand_card(deployment: Deployment, call: Call, brand: Brand, *, details: bool) -> Card:
    """Return the card of one brand's newest answers at each model.

    It shows how often each model names the brand, with a chart over time. With `details`, or if no
    question without a brand's name was asked, it is a table of every metric. Without any answer it
    offers a check.
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
    """Return the card of a brand without any stored answer, with a button that starts a check. A
    terminal is also told of `import`.
    """
    text = "No answers yet."
    if face is Face.TERMINAL:
        text += " Ask with check, or bring history with import."
    ask = fitting(Action(f"check {quoted(brand.name)}", "Check now", Style.PRIMARY))
    return Card(brand.name, text, actions=ask, data={"brand": brand.name, "results": []})


def _next_actions(call: Call, report: Report) -> Iterator[Action]:
    """Yield the buttons and menu entries that follow a report. Only a chat can share the report;
    only a brand with a competitor can be compared with one.
    """
    own_name, is_chat = quoted(report.brand.name), call.face is Face.CHAT
    rival = most_named(report)
    against = wording.shorten(f"Against {rival}", MAX_LABEL_CHARS)
    yield from fitting(
        Action(f"brief {own_name}", "What to do?"),
        *([Action(f"share {own_name}", "Share")] if is_chat else []),
        Action(f"report {own_name} --details", "Details"),
        Action(f"voice {own_name}", "Share of voice", menu=is_chat),
        *([Action(f"versus {own_name} {quoted(rival)}", against, menu=True)] if rival else []),
        Action(f"claims {own_name}", "False claims", menu=True),
    )


async def _write_page(deployment: Deployment, call: Call, brand: Brand, file: Path) -> Card:
    """Write the report of one brand as an HTML file, in place of an existing one, and return a card
    with the file's size.

    Raises:
        BadUsage: when the logo is not a picture.
        FileUnreadable: when the logo cannot be read.
        FileUnwritable: when the page cannot be written.
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
    """Return a report's page as its content and as one HTML text, with the configured logo and
    colour.

    Raises:
        BadUsage: when the logo is not a picture.
        FileUnreadable: when the logo cannot be read.
    """
    content = await read_page(deployment, call, report)
    look = deployment.config.page
    return content, page_html(content, logo=look.logo, color=look.color)


async def send_report(
    deployment: Deployment,
    call: Call,
    *,
    brand: Annotated[str, argument("Which.", Kind.BRAND)],
) -> Card:
    """Return a card with the brand's report attached as an HTML file, for people outside the chat.
    Answers without scores are scored first.

    Without answers the card has no file and offers a check.

    Raises:
        BadUsage: when the logo of the page is not a picture.
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
    """Return a sentence such as ``Answers of 25 May; 4 checks since 3 Mar 2026.``: the day of the
    newest run, the number of different runs of all models, and the day of the oldest one. `runs`
    has at least one run.
    """
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
