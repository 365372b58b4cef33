"""`markets`: the apps in other countries, each a history of its own, and how they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any

from overheard import (
    Action,
    BadUsage,
    Brand,
    Card,
    CommandSpec,
    ConfirmationNeeded,
    Difference,
    Kind,
    Model,
    Panel,
    Role,
    Run,
    Severity,
    Spans,
    Style,
    View,
    argument,
    fitting,
    option,
    quoted,
    unknown_name,
    wording,
)
from overheard_surfaces.commands import READ_RUNS, SHARE, WEEKS_A_MONTH, WITHIN, tracked_brand
from overheard_surfaces.gap import Gap, gap, sums
from overheard_surfaces.settings import COUNTRIES, SURFACES, Market, market_of, product_of

SECTION = "What is measured"
KEPT = "market "
"""The beginning of the names under which markets are kept."""
MAX_SHOWN = 6
"""Markets that are compared with each other."""
HOME = Market("", "")
_Country = Annotated[str, argument("The country, by its name or code.")]


async def add(
    view: View,
    *,
    country: _Country,
    language: Annotated[str, option("The language, as de; by default the country's.")] = "",
    agreed: bool = False,
) -> Card:
    """Ask the apps that are asked in another country too, in each scheduled check.

    Raises:
        ConfirmationNeeded: with the price, until the person has agreed.
        UnknownName: when the country is not known.
        BadUsage: when no app is asked.
    """
    market = _market(country, language)
    apps = [model for model in view.models if model.name in SURFACES]
    if not apps:
        raise BadUsage(problem="No app is asked yet", usage="apps, which says what it takes")
    models = tuple(
        Model(app.provider, f"{app.name}@{market.country}-{market.language}") for app in apps
    )
    brands = tuple(brand.name for brand in view.catalogue.brands if brand.tracked)
    prompts = tuple(p for p in view.catalogue.prompts if any(map(p.concerns, brands)))
    repeats = max((one.repeats for one in view.catalogue.schedules), default=1)
    if not agreed:
        needed = await view.quote(Panel(brands, prompts, models, repeats))
        price = "its price is not known"
        if needed.usd < inf:
            month = wording.money(needed.usd * WEEKS_A_MONTH, about=True)
            price = f"{wording.money(needed.usd)} a check, {month} a month if it is weekly"
        raise ConfirmationNeeded(price=f"Asking in {market.name} too: {price}", usd=needed.usd)
    names = [str(model) for model in models]
    await view.work.keep(f"{KEPT}{market.country}", {"also_ask": names, "leave": []})
    words = " ".join(f"--model {quoted(name)}" for name in names)
    return Card(
        title=f"Asked in {market.name} too",
        text="Each scheduled check asks there from now on. It is a history of its own.",
        actions=fitting(
            Action(f"check {words}", "Ask there now", Style.PRIMARY),
            Action("markets list", "Compare"),
        ),
        data={"country": market.country, "language": market.language, "models": names},
    )


async def remove(view: View, *, country: _Country) -> Card:
    """Ask no longer in a country; what was answered there is kept.

    Raises:
        UnknownName: when it is not asked there.
    """
    market, kept = _market(country), await _kept(view)
    if market.country not in kept:
        raise unknown_name("market", country, [COUNTRIES[code][1] for code in kept])
    await view.work.keep(f"{KEPT}{market.country}", None)
    return Card(
        title=f"Asked in {market.name} no more",
        text="What was answered there is kept.",
        data={"country": market.country},
    )


def _market(text: str, language: str = "") -> Market:
    """Return the market of a country's name or code.

    Raises:
        UnknownName: when there is none.
    """
    wanted = text.strip().casefold()
    for code, (_, name, usual) in COUNTRIES.items():
        if wanted in {code.casefold(), name.casefold()}:
            return Market(code, language or usual)
    raise unknown_name("country", text, [name for _, name, _ in COUNTRIES.values()])


async def _kept(view: View) -> dict[str, Mapping[str, Any]]:
    """Return what is kept of each market, by the code of its country."""
    kept = await view.work.kept()
    return {name.removeprefix(KEPT): value for name, value in kept.items() if name.startswith(KEPT)}


@dataclass(frozen=True, slots=True)
class Abroad:
    """An app in a market, against the same app at home within a day; `gap` is in the share."""

    model: Model
    market: Market
    gap: Gap


async def show(
    view: View, *, brand: Annotated[str, argument("The brand.", Kind.BRAND)] = ""
) -> Card:
    """Show how a brand stands in the apps of each country against the apps at home: the share of
    answers that name it, over the same questions within a day.

    Args:
        brand: The name or alias of the brand; empty for the first that is tracked.
    """
    found, kept = tracked_brand(view, brand), await _kept(view)
    configured = [str(model) for model in view.models]
    also = [name for value in kept.values() for name in value["also_ask"]]
    models = [Model.parse(name) for name in dict.fromkeys((*configured, *also))]
    abroad = [m for m in models if "@" in m.name and product_of(m.name) in SURFACES]
    newest = await view.history.runs(limit=READ_RUNS)
    runs = [run for run in newest if run.panel and run.finished_at and not run.aside]
    measured = [
        one for model in abroad if (one := await _abroad(view, found, model, runs)) is not None
    ]
    measured.sort(key=lambda one: one.gap.difference)
    chart = Spans("Answers that name you: there against home", tuple(_spans(view, measured)))
    worst = next((one for one in measured if one.gap.direction < 0), None)
    return Card(
        title=_title(view, found, worst, measured),
        text=_text(view, worst, abroad, measured),
        image=await view.draw(chart, "markets.png") if measured else None,
        severity=Severity.WARNING if worst else Severity.PLAIN,
        actions=fitting(
            Action("markets add", "Add a country"), Action(f"report {quoted(found.name)}", "Report")
        ),
        footer="📱 apps: a signed-out visitor in that country",
        data={
            "brand": found.name,
            "asked": sorted(map(str, abroad)),
            "markets": [
                {
                    "app": str(one.model),
                    "country": one.market.country,
                    "questions": one.gap.questions,
                    "there": {"answers": one.gap.app[0], "named": one.gap.app[1]},
                    "home": {"answers": one.gap.api[0], "named": one.gap.api[1]},
                    "difference": one.gap.difference,
                    "interval": one.gap.interval,
                }
                for one in measured
            ],
        },
    )


async def _abroad(view: View, brand: Brand, model: Model, runs: Sequence[Run]) -> Abroad | None:
    """Return an app in a market in the newest check that asked it; None without one, or without
    answers at home within a day.
    """
    home = Model(model.provider, product_of(model.name))
    run = next((r for r in runs if r.panel and model in r.panel.models), None)
    if run is None:
        return None
    near = [
        r.id
        for r in runs
        if r.panel and home in r.panel.models and abs(r.started_at - run.started_at) <= WITHIN
    ]
    since = run.started_at - WITHIN
    blocks = await view.history.blocks(brand=brand.name, metric=SHARE, since=since)
    there = sums(b for b in blocks if (b.run_id, b.model) == (run.id, model))
    here = sums(b for b in blocks if near and (b.run_id, b.model) == (near[0], home))
    measured = gap(there, here)
    return Abroad(model, market_of(model.name, HOME), measured) if measured else None


def _title(view: View, brand: Brand, worst: Abroad | None, measured: Sequence[Abroad]) -> str:
    """Return the worst market in words, or that none differs."""
    only = sum(other.tracked for other in view.catalogue.brands) == 1
    who = "you" if brand.tracked and only else brand.name
    if worst is None:
        there = "No country differs beyond chance" if measured else "No other country was asked yet"
        return f"{there}: {brand.name}"
    app = SURFACES[product_of(worst.model.name)]
    (n, named), (home_n, at_home) = worst.gap.app, worst.gap.api
    of = "" if n == home_n else f" of {home_n}"
    spot = "your weak spot" if who == "you" else f"the weak spot of {who}"
    return (
        f"{worst.market.name} is {spot}: {app} names {who} in {named:.0f} of {n} answers, "
        f"at home in {at_home:.0f}{of}"
    )


def _text(
    view: View, worst: Abroad | None, abroad: Sequence[Model], measured: Sequence[Abroad]
) -> str:
    """Return the worst difference in words, and what it takes where nothing is measured."""
    if worst is not None:
        scale, share = view.metrics[SHARE].scale, worst.gap
        ends = wording.interval(*share.interval, scale) if share.interval else ""
        others = " All other differences are within chance." if len(measured) > 1 else ""
        if any(one.gap.direction for one in measured if one is not worst):
            others = ""
        amount = wording.change(share.difference, scale)
        return f"Difference {amount} ({ends.removesuffix(' points')}).{others}"
    if measured:
        return "The same questions, within a day."
    if abroad:
        return "The next scheduled check asks there."
    return "I ask the apps of one country. Add another, and I compare them."


def _spans(view: View, measured: Sequence[Abroad]) -> list[Difference]:
    """Return the difference of each market, the lowest first."""
    words = {1: "more", -1: "less", 0: "unclear"}
    return [
        Difference(
            label=f"{SURFACES[product_of(one.model.name)]}, {one.market.name}",
            difference=one.gap.difference,
            interval=one.gap.interval or (-1.0, 1.0),
            scale=view.metrics[SHARE].scale,
            verdict=words[one.gap.direction],
            moved=one.gap.direction != 0,
        )
        for one in measured[:MAX_SHOWN]
    ]


MARKETS_LIST = CommandSpec(
    "markets list",
    "Show how a brand stands in the apps of other countries.",
    show,
    section=SECTION,
    examples=("markets list", "markets list Acme"),
)
MARKETS_ADD = CommandSpec(
    "markets add",
    "Ask the apps in another country too.",
    add,
    role=Role.OPERATOR,
    spends=True,
    section=SECTION,
    examples=("markets add Germany", "markets add CH --language fr"),
    title="Add a country",
)
MARKETS_REMOVE = CommandSpec(
    "markets remove",
    "Ask the apps in a country no longer.",
    remove,
    role=Role.OPERATOR,
    section=SECTION,
    examples=("markets remove Germany",),
)
