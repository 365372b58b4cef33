"""`status` and the Home of Slack: how the brands stand, open alerts, false claims, the next check,
and costs.

The weekly digest and the weekly sign of life use the same sentences.
"""

from calendar import month_name
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

from overheard.alerts.events import alert_row
from overheard.alerts.story import alerts_about, unrouted, without_covered
from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Image, Severity, Style, fitting
from overheard.cards.charts.bars import Rates
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Face, quoted
from overheard.commands.schedules import next_run
from overheard.commands.setup.checklist import PURPOSE, checklist, go_on
from overheard.deployment import Call
from overheard.domain import VISIBILITY, Alert, RunState
from overheard.interfaces import Store
from overheard.views import standings
from overheard.views.news import NewsKind, Telling, asked_words, read_tellings, soon
from overheard.views.situation import SituationReader, next_checks

MAX_BRANDS, MAX_ALERTS = 5, 2
"""Brands, and alerts of other brands, that are shown."""
NOT_MEASURED = "Nothing is measured yet."
KINDS = {
    NewsKind.WRONG: "with an alert or a false claim",
    NewsKind.FAILED: "without an answer",
    NewsKind.FAR: "far outside the usual",
    NewsKind.RIVAL: "with a rising competitor",
    NewsKind.WATCHED: "watched",
    NewsKind.PASSED: "no longer watched",
    NewsKind.TOLD: "with news of an action",
    NewsKind.OUTSIDE: "a little outside the usual",
}
"""What the title says of brands with such news."""
SETTINGS = {
    "brands list": "Brands",
    "prompts list": "Questions",
    "facts list": "Facts",
    "schedules list": "When I check",
    "routes list": "Channels",
    "models list": "Models",
    "access list": "Who may do what",
    "spend": "Costs",
}
"""The entries of the menu, by the words behind them."""


async def status(call: Call) -> Card:
    """Return the card of the situation of the tracked brands, the next check and the month's costs.

    The first `MAX_BRANDS` tracked brands are shown: a single one with its news and a picture of it
    beside its competitors, several with a row and bars for each, the worst first. Open alerts of
    other brands are told below. Only stored scores are read; no answer is scored. Without a tracked
    brand the card offers the set-up.
    """
    brands = call.catalogue.tracked
    if not brands:
        return _card_without_brands(call.face)
    tellings = await read_tellings(call, brands[:MAX_BRANDS])
    alerts = await without_covered(call.store, await alerts_about(call.store, live=True))
    told = {
        opened.alert.id
        for one in tellings
        for opened in (*one.situation.alerts, *one.situation.rival_alerts)
    }
    others = [await SituationReader(call).opened(alert) for alert in alerts if alert.id not in told]
    calmest = len(NewsKind) + 1
    tellings.sort(key=lambda telling: min((n.kind for n in telling.news), default=calmest))
    overview = (_brand_overview if len(tellings) == 1 else _brands_overview)(tellings)
    setup = go_on(await checklist(call)) if call.face is Face.CHAT else ()
    decides = " decides." in str(overview.text)
    paragraphs = [
        str(overview.text),
        *(f"{one.severity.icon}{one.title}." for one in others[:MAX_ALERTS]),
        await unrouted_sentence(call),
        *dict.fromkeys(one.left_sentence() for one in tellings if len(tellings) > 1),
        "" if decides else await next_check_sentence(call, tellings),
    ]
    return replace(
        overview,
        text="\n\n".join(filter(None, paragraphs)),
        image=await _picture(tellings),
        actions=fitting(*await _actions(call, tellings, alerts), *setup),
        footer=" · ".join(
            filter(None, (await spent_sentence(call), asked_words(call.plugins.models, brief=True)))
        ),
        data={
            "brands": standings.levels_data(
                row
                for one in tellings
                for row in one.situation.own_rows
                if row.metric.name == VISIBILITY
            ),
            "stories": [
                story.data() for one in tellings for story in one.situation.stories.values()
            ],
            "alerts": [alert_row(alert) for alert in alerts],
            "false_claims": {
                one.situation.brand.name: sentence
                for one in tellings
                if (sentence := one.claims_sentence())
            },
            "next_runs": [
                f"{one.name}: {next_run(one, at)}" for one, at in (await next_checks(call)).items()
            ],
            "situation": [one.situation.data() for one in tellings],
        },
    )


def _brand_overview(tellings: Sequence[Telling]) -> Card:
    """Return title, text and severity of the card of a single brand: its news in their order, and
    that nothing is measured yet.
    """
    [telling] = tellings
    news = telling.news
    if not news:
        return Card(telling.situation.brand.name, "Nothing is measured yet.")
    first, paragraphs = news[0], telling.paragraphs(news)
    if telling.checks_claims and not telling.situation.all_failed:
        paragraphs.append(telling.claims_sentence())
    text = "\n\n".join(filter(None, paragraphs))
    return Card(telling.headline(first), text, severity=first.severity)


def _brands_overview(tellings: Sequence[Telling]) -> Card:
    """Return title, rows and severity of the card of several brands: how many of them have which
    news, and a row with the most important news of each.
    """
    firsts = [(telling, news[0] if (news := telling.news) else None) for telling in tellings]
    kinds = Counter(first.kind for _, first in firsts if first and first.kind < NewsKind.CALM)
    words = [f"{count} {KINDS[kind]}" for kind, count in sorted(kinds.items())]
    fields = []
    for telling, first in firsts:
        name = telling.situation.brand.name
        opened = first.alert if first else None
        since = f" Since {telling.day(opened.began)}" if opened else ""
        owner = f"; {opened.owner} has it" if opened and opened.owner else ""
        value = f"{first.title}.{since}{owner}{'.' if since else ''}" if first else NOT_MEASURED
        if first and first.kind is NewsKind.CALM and first.severity is Severity.PLAIN:
            value = " ".join(telling.level_lines())
        report = f"alerts show {opened.alert.id}" if opened else f"report {quoted(name)}"
        icon = first.severity.icon if first else ""
        actions = fitting(Action(report, "Open"))
        fields.append(Field(f"{icon}{name}", value, wide=True, action=(*actions, None)[0]))
    severities = [first.severity for _, first in firsts if first]
    return Card(
        title=f"{len(tellings)} brands: {wording.listing(words) or 'no open alert'}",
        fields=tuple(fields),
        severity=severities[0] if severities and words else Severity.PLAIN,
    )


async def _picture(tellings: Sequence[Telling]) -> Image | None:
    """Return a picture of how often brands are named at each model: a single one beside its
    competitors, several by themselves. None without measurements.
    """
    names = tellings[0].names
    if len(tellings) == 1:
        situation = tellings[0].situation
        shown = [*situation.places, *situation.old_places]
        if not shown or situation.all_failed:
            return None
        chart = standings.rates(shown, names, tellings[0].zone, situation.places)
        return await picture(chart, "status.png")
    groups = standings.brand_groups([one.situation.places for one in tellings], names)
    return await picture(Rates("Named", groups), "status.png") if groups else None


async def _actions(
    call: Call, tellings: Sequence[Telling], alerts: Sequence[Alert]
) -> list[Action]:
    """Return the buttons and the menu of the card: the newest open alert, if any; the report, once
    something was measured; a check, with the price of the last one if that is known and not 0; then
    the settings and help as menu entries.
    """
    measured = any(telling.situation.runs for telling in tellings)
    cost = await last_cost(call.store)
    price = f", {wording.money(cost, about=True)}" if cost else ""
    check = Action("check", f"Check now{price}", Style.PLAIN if measured else Style.PRIMARY)
    single = tellings[0].situation.brand.name if len(tellings) == 1 else ""
    steps = [Action(f"alerts show {alert.id}", "Open alert", Style.PRIMARY) for alert in alerts[:1]]
    if measured:
        name = f" {quoted(single)}" if single else ""
        steps.append(Action(f"report{name}", "Report", Style.PLAIN if alerts else Style.PRIMARY))
    menu = [Action(words, label, menu=True) for words, label in SETTINGS.items()]
    return [*steps, check, *menu, Action("help", "What can I do?", menu=True)]


def _card_without_brands(face: Face) -> Card:
    """Return the card shown before a brand is tracked, with a button that begins the set-up in a
    chat, or adds a brand in a terminal.
    """
    begin = ("setup brand", "Set up") if face is Face.CHAT else ("brands add", "Add a brand")
    return Card(
        title="Nothing is measured yet",
        text=f"Add your brand and its competitors. {PURPOSE}",
        actions=(Action(*begin, Style.PRIMARY), Action("help", "Help")),
        data={"brands": [], "alerts": [], "false_claims": {}, "next_runs": []},
    )


STATUS = CommandSpec(
    "status",
    "Show how the brands stand, which alerts are open, and what runs next.",
    status,
    chart="",
)


async def last_cost(store: Store) -> float | None:
    """Return what the newest complete check cost, in US dollars; None without one. Runs outside the
    history do not count.
    """
    for run in await store.runs.find(state=RunState.COMPLETE):
        if not run.aside:
            return await store.money.spent(run_id=run.id)
    return None


async def next_check_sentence(call: Call, tellings: Sequence[Telling]) -> str:
    """Return a sentence with the time of the next check of any of the brands, and its expected
    price if that is known and not 0. Empty without a schedule that is due.
    """
    times = [at for telling in tellings if (at := telling.situation.next_check)]
    if not times:
        return ""
    cost = await last_cost(call.store)
    price = f", {wording.money(cost, about=True)}" if cost else ""
    return f"Next check {soon(min(times), call.clock.now(), tellings[0].zone)}{price}."


async def spent_sentence(call: Call) -> str:
    """Return a sentence with what answers have cost in this month of UTC: ``Spent in November:
    $0.20 of $5.00.`` with the budget of the month, if there is one.
    """
    now = call.clock.now().astimezone(UTC)
    begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    spent = await call.store.money.spent(since=begin)
    limit = call.config.budget.month
    of = f" of {wording.money(limit)}" if limit is not None else ""
    return f"Spent in {month_name[now.month]}: {wording.money(spent)}{of}."


async def unrouted_sentence(call: Call) -> str:
    """Return a sentence with the number of open alerts that are posted in no channel, because no
    route fits. Empty if there is no such alert, or if no route is configured.
    """
    alerts = await unrouted(call.store, call.config)
    if not alerts:
        return ""
    are = "is" if len(alerts) == 1 else "are"
    return f"{wording.count(len(alerts), 'open alert')} {are} posted in no channel: no route fits."
