"""`report`: how each model speaks of a brand and its competitors, now and over time; as
a card or as an HTML page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, File, Severity, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Face, Kind, argument, option, quoted
from overheard.commands.answers import card_without_answers
from overheard.commands.check_card import fault_sentences
from overheard.commands.digest import digest
from overheard.commands.export import replacing
from overheard.commands.page import page_html, read_page
from overheard.commands.scores import pending_edition_sentences
from overheard.commands.trend import most_named
from overheard.deployment import Call, plugin_sentences
from overheard.domain import Brand
from overheard.errors import BadUsage, NothingToAsk
from overheard.runs.plan import choose_brands
from overheard.views import standings
from overheard.views.courses import NAMED, metric_choice, news_chart
from overheard.views.news import MAX_LABEL_CHARS, Telling, asked_words, first_steps, told_titles
from overheard.views.situation import Situation, SituationReader
from overheard.views.standings import metric_table


async def report(
    call: Call,
    *,
    brands: Annotated[Sequence[str], argument("Brands; without one, all.", Kind.BRAND)] = (),
    week: Annotated[
        bool, option("The week: what changed, is open, is said wrongly, to do.")
    ] = False,
    since: Annotated[str, option("As the week, since this day.", Kind.TIME)] = "",
    details: Annotated[bool, option("Every metric, with intervals.")] = False,
    share: Annotated[
        bool,
        option("As a page for people outside of the chat; for one brand.", makes={"public": True}),
    ] = False,
    html: Annotated[Path | None, option("A file for one brand's report as a page.")] = None,
) -> Card:
    """Return the card of each brand's metrics in the newest run of each model; or write one brand's
    report as an HTML page and return a card about the file.

    Answers without scores are scored first. The first card also says which scorers failed, and
    which new scores wait for a yes.

    Args:
        call: Tells whether a chat or a terminal asks, the time zone, and the progress display.
        brands: Names of brands; empty means all tracked brands.
        week: Whether the card is that of each brand's week (`digest`).
        since: The first day of that time, in the place of a week; means `week`.
        details: Whether every metric is shown in a table; else visibility alone, with a chart.
        share: Whether the report is attached to the card as a page, for one brand only.
        html: The HTML file to write, for one brand only; an existing file is replaced. None for a
            card.

    Raises:
        NothingToAsk: when no brand is configured, or the brand of a page has no answers.
        BadUsage: for a page of several brands, or a logo that is not a picture.
        FileUnreadable: when the logo of the page cannot be read.
        FileUnwritable: when the page cannot be written.
    """
    if week or since:
        return await digest(call, brands=brands, since=since)
    chosen = choose_brands(call.catalogue, brands)
    if (html or share) and len(chosen) > 1:
        usage = "report BRAND --html FILE" if html else "report BRAND --share"
        raise BadUsage(problem="A page shows one brand", usage=usage)
    call = await call.caught_up()
    if share or html:
        return await _page(call, chosen[0], None if share else html)
    first, *others = [await _brand_card(call, brand, details=details) for brand in chosen]
    data = {"brands": [card.data for card in (first, *others)]}
    text = "\n\n".join(
        [
            str(first.text),
            *await pending_edition_sentences(call),
            *fault_sentences(call.scoring.faults),
        ]
    )
    return replace(first, text=text, more=tuple(others), data=data)


async def _brand_card(call: Call, brand: Brand, *, details: bool) -> Card:
    """Return the card of one brand: its news, the most important first, how often each model names
    it, a chart over time and a table.
    """
    situation = await SituationReader(call).read(brand)
    telling = Telling(situation, call.names, call.zone, in_percent=True)
    news = telling.news
    data = {
        "brand": brand.name,
        "results": standings.levels_data(situation.rows),
        "situation": situation.data(),
    }
    if not situation.runs:
        title, text = (news[0].title, "\n".join(news[0].lines)) if news else ("", "")
        severity = news[0].severity if news else Severity.PLAIN
        card = card_without_answers(brand, text, title=title)
        return replace(card, severity=severity, data=data)
    shown = [*situation.places, *situation.old_places]
    if details or not shown:
        when = f"Answers of {telling.newest_day()}."
        return Card(
            title=f"{brand.name}: every metric",
            text="\n\n".join(
                [*([] if shown else [standings.ONLY_BRANDED]), *told_titles(telling, news), when]
            ),
            table=metric_table(situation.rows, call.names),
            footer="Each question weighs the same. In brackets, the range in which the value lies "
            "nine times in ten.",
            data=data,
        )
    first = news[0]
    chart = await news_chart(call, telling, first)
    steps = first_steps(situation, news)
    figures, asked = not situation.all_failed, asked_words(place.model for place in shown)
    return Card(
        title=telling.headline(first),
        text="\n\n".join([*telling.paragraphs(news), *await plugin_sentences(call, brand)]),
        table=standings.table(
            shown,
            call.names,
            call.zone,
            situation.places,
            in_percent=True,
            caption="Named in % of answers",
        )
        if figures
        else None,
        image=await picture(chart, "trend.png") if figures else None,
        actions=tuple(_next_actions(call.face, situation, steps)),
        severity=first.severity,
        footer=" · ".join(filter(None, (f"Answers of {telling.newest_day()}", asked))),
        data=data,
        choice=None if steps else metric_choice(call.scoring.metrics.values(), brand, NAMED),
    )


def _next_actions(face: Face, situation: Situation, steps: Sequence[Action]) -> Iterator[Action]:
    """Yield the buttons and menu entries that follow a report: the steps that its news asks for,
    for which most others go into the menu; all, where one is so long that it fills a phone's row.
    Only a chat can share the report; only a brand with a competitor can be compared with one.
    """
    own_name, is_chat = quoted(situation.brand.name), face is Face.CHAT
    rival = most_named(situation)
    against = wording.shorten(f"Against {rival}", MAX_LABEL_CHARS)
    yield from fitting(
        *steps,
        Action(f"brief {own_name}", "What to do?", menu=any(len(s.label) > 15 for s in steps)),
        *([Action(f"report {own_name} --share", "Share", menu=bool(steps))] if is_chat else []),
        Action(f"report {own_name} --details", "Details", menu=bool(steps) and is_chat),
        Action(f"trend {own_name} --show voice", "Share of voice", menu=is_chat),
        *([Action(f"trend {own_name} {quoted(rival)}", against, menu=True)] if rival else []),
        Action(f"claims {own_name}", "False claims", menu=True),
    )


async def _page(call: Call, brand: Brand, file: Path | None) -> Card:
    """Return a card with the report of one brand as an HTML page, with the configured logo and
    colour: written to a file in place of an existing one, else attached for people outside of the
    chat.
    """
    situation = await SituationReader(call).read(brand)
    if not situation.runs and file:
        raise NothingToAsk(missing=f"there are no answers about {brand.name} yet")
    if not situation.runs:
        return card_without_answers(brand)
    content, look = await read_page(call, situation), call.config.page
    page = page_html(content, logo=look.logo, color=look.color)
    name = wording.file_name(f"{brand.name} {call.clock.now():%Y-%m-%d}", "html")
    data = {
        "brand": brand.name,
        "results": standings.levels_data(situation.rows),
        "file": str(file or name),
    }
    if file:
        with replacing(file) as out:
            out.write(page)
        size = wording.size(len(page.encode()))
        text = f"{brand.name}, {size}, in {file}. It needs no network; print it on A4, or send it."
        return Card("Wrote the page", text, data=data)
    return Card(
        title=content.headline,
        text="The whole report as a page. It opens in any browser and prints on two sheets of A4.",
        file=File(page.encode(), name, "text/html", f"{brand.name}, report of {content.day}"),
        data=data,
    )


REPORT = CommandSpec(
    "report",
    "Show how a brand stands with each model, next to its competitors, or its week.",
    report,
    examples=(
        "report",
        "report Acme",
        "report Acme --week",
        "report Acme --details",
        "report Acme --share",
    ),
    chart="",
)
