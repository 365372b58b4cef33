"""`report`: how a brand stands with each model, next to its competitors; and the summary of a week,
which channels get on a schedule.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from overheard.advice.brief import BriefItem, GapKind, mixed_items
from overheard.alerts.phrases import topic_words
from overheard.alerts.story import AlertPart, alerts_about
from overheard.cards import wording
from overheard.cards.card import Action, Card, File, Image, Severity, Style, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Face, Kind, argument, option, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands.answers import card_without_answers
from overheard.commands.arguments import past_moment
from overheard.commands.brief import newest_brief
from overheard.commands.check_card import fault_sentences
from overheard.commands.export import replacing
from overheard.commands.page import page_html, read_page
from overheard.commands.scores import pending_edition_sentences
from overheard.commands.status import spent_sentence
from overheard.commands.trend import most_named
from overheard.deployment import Call, plugin_sentences
from overheard.domain import AlertEventKind, AlertState, Brand
from overheard.errors import BadUsage, NothingToAsk
from overheard.runs.plan import choose_brands
from overheard.runs.presence import Presence
from overheard.views import courses, standings
from overheard.views.news import (
    MAX_LABEL_CHARS,
    RIVAL_ICON,
    WATCH_ICON,
    News,
    NewsKind,
    Telling,
    asked_words,
    first_steps,
    told_titles,
)
from overheard.views.situation import OpenAlert, Situation, SituationReader
from overheard.views.standings import metric_table

WEEK = timedelta(days=7)
MAX_STEPS, MAX_UPDATED, MAX_NEWS, MAX_ALERTS = 2, 3, 3, 2
"""Things to do, updates, pieces of news, and ended alerts that are shown."""
MAX_NAMED_MODELS = 2
"""Models that a piece of advice names."""
QUESTION_CHARS = 70
ADVICE = {
    GapKind.ABSENT: "Write a page on {subject}: {model} leaves you out in {counted} answers.",
    GapKind.CLAIM: "State “{subject}” as text on your page.",
    GapKind.UNSTATED: "State “{subject}” as text on your page: no answer says it.",
    GapKind.SENTIMENT: "Respond to the criticism of {subject} by {models}.",
    GapKind.SOURCE: "Be named on {subject}: answers cite it without you.",
}


@dataclass(frozen=True, slots=True)
class Week:
    """What happened to a brand since a time, beside its situation.

    Attributes:
        since: The beginning of the time.
        recovered: Alerts that have recovered since then.
        eased: A sentence on the part that has ended since then of each alert that goes on.
        updates: Distinct names of models that were updated since then, with the day.
    """

    since: datetime
    recovered: Sequence[OpenAlert]
    eased: Sequence[str]
    updates: Sequence[str]


async def digest(call: Call, *, brands: Sequence[str] = (), since: str = "") -> Card:
    """Show a card for each brand, one below the other: what changed since a day, open alerts, false
    claims, and up to two things to do. The footer of the first card has the costs of all brands.
    Answers that wait for it are scored first.

    Args:
        brands: Names or aliases of brands; empty means all tracked brands.
        since: The first day or moment, such as ``2026-11-01``; empty means a week ago.

    Raises:
        NothingToAsk: when no brand is tracked.
        BadUsage: for a day in the future.
    """
    chosen = choose_brands(call.catalogue, brands)
    now = call.clock.now()
    begin = past_moment(since, now, call.zone) if since else now - WEEK
    call = await call.caught_up()
    cards = [await _week_card(call, brand, begin) for brand in chosen]
    asked = asked_words(call.plugins.models, brief=True)
    footer = " · ".join(filter(None, (await _cost_sentences(call, begin), asked)))
    data = {"since": begin.isoformat(), "brands": [card.data for card in cards]}
    return replace(cards[0], more=tuple(cards[1:]), footer=footer, data=data)


async def _week_card(call: Call, brand: Brand, since: datetime) -> Card:
    """Return the card of a brand's week: its news in their order, what is as usual, what has ended,
    two things to do and a picture.
    """
    reader = SituationReader(call)
    situation = await reader.read(brand)
    telling = Telling(situation, call.names, call.zone)
    week = await _read_week(call, reader, telling, since)
    advice = await numbered_advice(call, telling)
    news = telling.news
    is_silent = situation.at_models(Presence.SILENT)
    no_claim = telling.claims_sentence() if is_silent else "False claims: none."
    paragraphs = [
        *_news_paragraphs(telling, news, since),
        *(f"Over: {opened.title.rstrip('.')}." for opened in week.recovered[:MAX_ALERTS]),
        *week.eased[:MAX_ALERTS],
        "\n".join(telling.level_lines(news)),
        *telling.single_claims(),
        no_claim if telling.checks_claims and situation.places else "",
        f"Updated: {wording.listing(week.updates[:MAX_UPDATED])}." if week.updates else "",
        telling.left_sentence(),
    ]
    if advice:
        has_more = len(news) > 1 or week.recovered or week.eased
        paragraphs.append("\n".join(["To do", *advice[: 1 if has_more else MAX_STEPS]]))
    return Card(
        title=_title(brand, news),
        text="\n\n".join(filter(None, paragraphs)),
        image=await _picture(call, telling, news),
        actions=fitting(*_actions(situation, news)),
        severity=news[0].severity if news else Severity.PLAIN,
        data=_week_json(telling, week, advice),
    )


def _title(brand: Brand, news: Sequence[News]) -> str:
    """Return the title of a week: its most important news, or that nothing was measured."""
    title = news[0].title.removeprefix(f"{brand.name}: ") if news else "nothing was measured"
    if title.startswith(("All as usual", "Far ", "Below ", "Above ", "The check ", "Your ")):
        title = f"{title[0].lower()}{title[1:]}"
    icon = f"{title[0]} " if title[0] in {RIVAL_ICON, WATCH_ICON} else ""
    title = title.removeprefix(icon).replace("as usual:", "as usual;", 1)
    return f"{icon}{brand.name}'s week: {title}"


def _news_paragraphs(telling: Telling, news: Sequence[News], since: datetime) -> Iterator[str]:
    """Yield a paragraph for each of the first `MAX_NEWS` pieces of news: the first without its
    headline, which is the title; alerts with whether they are new or how long they are open.
    """
    shown = [one for one in news if one.kind < NewsKind.OUTSIDE or one is news[0]]
    for number, one in enumerate(shown[:MAX_NEWS]):
        words = " ".join(one.lines)
        if one.alert:
            is_new = one.alert.is_new(since)
            when = "New" if is_new else f"Still open since {telling.day(one.alert.began)}"
            owner = f" {one.alert.owner} has it." if one.alert.owner else ""
            follows = words if one.rival else f"{words[:1].lower()}{words[1:]}"
            told = f"{one.title}. {words}" if number else follows
            yield f"{when}: {told}{owner}"
        elif number:
            yield f"{one.title}. {words}"
        else:
            yield words
    if len(shown) > MAX_NEWS:
        yield f"And {len(shown) - MAX_NEWS} more; see the report."


async def _picture(call: Call, telling: Telling, news: Sequence[News]) -> Image | None:
    """Return the picture of a week: the share of voice over time if all is as usual, the course at
    its model if a competitor rises there, and otherwise how often each model names the brand.
    """
    situation, brand = telling.situation, telling.situation.brand
    kind = news[0].kind if news else NewsKind.CALM
    if kind is NewsKind.RIVAL:
        return await picture(await courses.news_chart(call, telling, news[0]), "rival.png")
    shares = courses.voice_shares(situation, call.zone)
    if kind is NewsKind.CALM and shares:
        metric = call.scoring.metrics[courses.VOICE_METRIC]
        marks = await courses.chart_marks(call, brand, metric, situation.runs)
        return await picture(replace(shares, marks=marks), "share-of-voice.png")
    if telling.situation.all_failed or not situation.places:
        return None
    shown = [*situation.places, *situation.old_places]
    rates = standings.rates(shown, telling.names, call.zone, situation.places)
    return await picture(rates, "week.png")


async def _read_week(
    call: Call, reader: SituationReader, telling: Telling, since: datetime
) -> Week:
    """Return, from the store, what has ended since a time: recovered alerts, parts of alerts that
    are open, and the updates of the brand's models, each once.
    """
    store, situation = call.store, telling.situation
    recovered = [
        await reader.opened(alert)
        for alert in await alerts_about(store, situation.brand.name)
        if alert.state is AlertState.RECOVERED and alert.over_at and alert.over_at >= since
    ]
    eased = []
    for opened in situation.alerts:
        events = await store.alerts.events(opened.alert.id)
        has_eased = any(e.what is AlertEventKind.EASED and e.at >= since for e in events)
        if opened.evidence.over and has_eased:
            is_usual = AlertPart.METRICS in opened.evidence.over
            what = "is back to usual" if is_usual else "does not state it any more"
            eased.append(f"{telling.names.name(opened.model)} {what}.")
    updates = [
        f"{telling.names.name(update.model)} on {telling.day(update.at)}"
        for update in await store.updates.find()
        if update.at >= since and update.model in situation.runs
    ]
    return Week(since, recovered, eased, list(dict.fromkeys(updates)))


async def numbered_advice(call: Call, telling: Telling) -> list[str]:
    """Return up to `MAX_STEPS` pieces of advice about a brand as lines numbered from 1, from the
    brief of its newest answers: first the most pressing item of each kind of gap, then the other
    items, each in the order of the brief.
    """
    if telling.situation.all_failed:
        return []
    draft = await newest_brief(call, telling.situation)
    chosen = mixed_items(draft.items)[:MAX_STEPS]
    return [
        f"{number}. {_advice_sentence(call.names, item)}" for number, item in enumerate(chosen, 1)
    ]


def _advice_sentence(names: ModelNames, item: BriefItem) -> str:
    """Return the advice on an item of a brief as a sentence, whose wording depends on the kind of
    gap. It names the first `MAX_NAMED_MODELS` models and the item's question, or its subject if it
    has no question; a count is of one model.
    """
    subject = f"“{item.question}”" if item.question else topic_words(item.subject)
    shown_models = item.models[:MAX_NAMED_MODELS]
    models = [names.name(model) for model in shown_models]
    return ADVICE[item.kind].format(
        subject=wording.shorten(wording.line(subject), QUESTION_CHARS),
        models=wording.listing(models) or "models",
        model=(models or ["the model"])[0],
        counted=item.counted,
    )


async def _cost_sentences(call: Call, since: datetime) -> str:
    """Return a sentence with the number of answers that were paid for since a time and what they
    cost, for all brands together, if there were any; followed by the month's spending.
    """
    month = await spent_sentence(call)
    spendings = await call.store.money.spending(since=since)
    if not spendings:
        return month
    count = wording.count(sum(spending.answers for spending in spendings), "question")
    usd = wording.money(sum(spending.usd for spending in spendings))
    return f"Asked {count} for {usd}. {month}"


def _actions(situation: Situation, news: Sequence[News]) -> list[Action]:
    """Return the buttons below a brand's week: what its most important news asks for, its report,
    and its brief.
    """
    own_name, first = quoted(situation.brand.name), first_steps(situation, news)
    return [
        *first,
        Action(f"report {own_name}", "Report", Style.PLAIN if first else Style.PRIMARY),
        Action(f"brief {own_name}", "What to do?"),
    ]


def _week_json(telling: Telling, week: Week, advice: Sequence[str]) -> dict[str, Any]:
    """Return a brand's week for JSON output: its alerts by their numbers (``new_alerts`` were
    opened in the week, ``open_alerts`` before it), the brand's story at each model, the
    sentence on false claims (may be empty), the lines of advice, the levels of the brand's metrics
    in the newest run of each model, and its situation.
    """
    situation = telling.situation
    alerts = [opened.alert for opened in situation.alerts]
    return {
        "brand": situation.brand.name,
        "new_alerts": [alert.id for alert in alerts if alert.opened_at >= week.since],
        "open_alerts": [alert.id for alert in alerts if alert.opened_at < week.since],
        "stories": [story.data() for story in situation.stories.values()],
        "recovered_alerts": [opened.alert.id for opened in week.recovered],
        "updates": list(week.updates),
        "false_claims": telling.claims_sentence(),
        "to_do": list(advice),
        "results": standings.levels_data(situation.own_rows),
        "situation": situation.data(),
    }


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
    chart = await courses.news_chart(call, telling, first)
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
        choice=None
        if steps
        else courses.metric_choice(call.scoring.metrics.values(), brand, courses.NAMED),
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
