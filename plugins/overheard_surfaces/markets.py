"""`markets`: other countries and personas, each a history of its own, and how they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any

from overheard import (
    Action,
    BadUsage,
    Bar,
    Bars,
    Brand,
    Card,
    CommandSpec,
    ConfirmationNeeded,
    Kind,
    Market,
    Model,
    Panel,
    Role,
    Run,
    Severity,
    Style,
    View,
    argument,
    fitting,
    option,
    quoted,
    unknown_name,
    wording,
)
from overheard_surfaces.commands import (
    READ_RUNS,
    SHARE,
    WITHIN,
    difference_words,
    legend_of,
    tracked_brand,
    who_of,
)
from overheard_surfaces.gap import Gap, gap, sums
from overheard_surfaces.settings import COUNTRIES, SURFACES
from overheard_surfaces.starting import SECTION, WEEKS_A_MONTH

KEPT = "market "
"""The beginning of the names under which markets are kept."""
MAX_SHOWN = 6
"""Markets that are compared with each other."""
_CODES = {"uk": "gb", "britain": "gb", "england": "gb", "usa": "us", "america": "us"}
"""Codes of countries that people name otherwise."""
_Country = Annotated[str, argument("The country, by its name or code.")]


async def add(
    view: View,
    *,
    country: _Country,
    language: Annotated[str, option("The language, as de; by default the country's.")] = "",
    agreed: bool = False,
) -> Card:
    """Ask the apps in another country too, in each scheduled check; where none is asked, the models
    by API that are sent a country.

    Raises:
        ConfirmationNeeded: with the price, until the person has agreed.
        UnknownName: when the country is not known.
        BadUsage: when no model that is asked can be asked there.
    """
    market = _market(country, language)
    there = view.in_market(market)
    models = tuple([model for model in there if model.id in SURFACES] or there)
    if not models:
        problem = "No app, and no model that searches, is asked yet"
        raise BadUsage(problem=problem, usage="apps, which says what it takes")
    brands = tuple(brand.name for brand in view.catalogue.brands if brand.tracked)
    prompts = tuple(p for p in view.catalogue.prompts if any(map(p.concerns, brands)))
    repeats = max((one.repeats for one in view.catalogue.schedules), default=1)
    if not agreed:
        needed = await view.quote(Panel(brands, prompts, models, repeats))
        price = "its price is not known"
        if needed.usd < inf:
            month = wording.money(needed.usd * WEEKS_A_MONTH, about=True)
            price = f"{wording.money(needed.usd)} a check, {month} a month if it is weekly"
        raise ConfirmationNeeded(
            price=f"Asking in {place_of(market.key)} too: {price}", usd=needed.usd
        )
    names = [str(model) for model in models]
    await view.work.keep(f"{KEPT}{market.country}", {"also_ask": names, "leave": []})
    words = " ".join(f"--model {quoted(name)}" for name in names)
    return Card(
        title=f"Asked in {place_of(market.key)} too",
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
        title=f"Asked in {place_of(market.key)} no more",
        text="What was answered there is kept.",
        data={"country": market.country},
    )


def _market(text: str, language: str = "") -> Market:
    """Return the market of a country's name or code.

    Raises:
        UnknownName: when there is none.
    """
    wanted = _CODES.get(text.strip().casefold(), text.strip().casefold())
    for code, (_, name, usual) in COUNTRIES.items():
        if wanted in {code.casefold(), name.casefold()}:
            return Market(country=code, language=language or usual)
    raise unknown_name("country", text, [name for _, name, _ in COUNTRIES.values()])


async def _kept(view: View) -> dict[str, Mapping[str, Any]]:
    """Return what is kept of each market, by the code of its country."""
    kept = await view.work.kept()
    return {name.removeprefix(KEPT): value for name, value in kept.items() if name.startswith(KEPT)}


def place_of(key: str) -> str:
    """Return what people call a market, by its key: ``Germany`` for ``DE-de``."""
    name = key.partition("~")[0]
    country = name.partition("-")[0]
    return COUNTRIES[country][1] if country in COUNTRIES else name


@dataclass(frozen=True, slots=True)
class Abroad:
    """A model in a market against the same model at home within a day.

    Attributes:
        gap: The difference in the share of answers that name the brand.
        rival: The competitor that most answers at home name, and its sums there and at home.
    """

    model: Model
    gap: Gap
    rival: tuple[str, float, float] | None

    @property
    def home(self) -> Model:
        """The model at home."""
        return self.model.within("")


async def show(
    view: View, *, brand: Annotated[str, argument("The brand.", Kind.BRAND)] = ""
) -> Card:
    """Show how a brand stands in each market against home: the share of answers that name it, over
    the same questions within a day.

    Args:
        brand: The name or alias of the brand; empty for the first that is tracked.
    """
    found, kept = tracked_brand(view, brand), await _kept(view)
    configured = [str(model) for model in view.models]
    also = [name for value in kept.values() for name in value["also_ask"]]
    models = [Model.parse(name) for name in dict.fromkeys((*configured, *also))]
    abroad = [model for model in models if model.market]
    newest = await view.history.runs(limit=READ_RUNS)
    runs = [run for run in newest if run.panel and run.finished_at and not run.aside]
    measured = [
        one for model in abroad if (one := await _abroad(view, found, model, runs)) is not None
    ]
    measured.sort(key=lambda one: one.gap.difference)
    worst = next((one for one in measured if one.gap.direction < 0), None)
    chart = Bars(
        "Answers, market by market",
        tuple(_bars(view, measured, worst)),
        legend=legend_of(view, found),
    )
    return Card(
        title=_title(view, found, worst, measured),
        text=_text(view, worst, abroad, measured),
        image=await view.draw(chart, "markets.png") if measured else None,
        severity=Severity.WARNING if worst else Severity.PLAIN,
        actions=fitting(
            Action(f"answers {quoted(found.name)}", "Read answers", Style.PRIMARY),
            Action("markets add", "Add a country"),
            Action(f"report {quoted(found.name)}", "Report"),
        ),
        footer="📱 app: a signed-out visitor there · API: asked as from there",
        data={
            "brand": found.name,
            "found": worst is not None,
            "asked": sorted(map(str, abroad)),
            "markets": [
                {
                    "app": str(one.model),
                    "country": one.model.market.partition("-")[0],
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
    """Return a model in a market in the newest check that asked it; None without one, or without
    answers at home within a day.
    """
    home = model.within("")
    run = next((r for r in runs if r.panel and model in r.panel.models), None)
    if run is None:
        return None
    near = [
        r.id
        for r in runs
        if r.panel and home in r.panel.models and abs(r.started_at - run.started_at) <= WITHIN
    ]
    blocks = await view.history.blocks(metric=SHARE, since=run.started_at - WITHIN)

    def compared(name: str) -> Gap | None:
        own = [block for block in blocks if block.brand == name]
        there = sums(b for b in own if (b.run_id, b.model) == (run.id, model))
        return gap(there, sums(b for b in own if near and (b.run_id, b.model) == (near[0], home)))

    rivals = [(c, found.app[1], found.api[1]) for c in brand.competitors if (found := compared(c))]
    rival = max(rivals, key=lambda one: one[2], default=None)
    measured = compared(brand.name)
    return Abroad(model, measured, rival) if measured else None


def _title(view: View, brand: Brand, worst: Abroad | None, measured: Sequence[Abroad]) -> str:
    """Return the worst market in words, or that none differs."""
    who = who_of(view, brand)
    if worst is None:
        there = "No market differs beyond chance" if measured else "No other country was asked yet"
        return f"{there}: {brand.name}"
    (n, named), (home_n, at_home) = worst.gap.app, worst.gap.api
    of = "" if n == home_n else f" of {home_n}"
    spot = "your weak spot" if who == "you" else f"the weak spot of {who}"
    return (
        f"{place_of(worst.model.market)} is {spot}: {view.names.name(worst.home)} names {who} in "
        f"{named:.0f} of {n} answers, at home in {at_home:.0f}{of}"
    )


def _text(
    view: View, worst: Abroad | None, abroad: Sequence[Model], measured: Sequence[Abroad]
) -> str:
    """Return the worst difference in words, and what it takes where nothing is measured."""
    if worst is not None:
        told = f"Difference {difference_words(view, SHARE, worst.gap)}."
        if worst.rival:
            name, there, home = worst.rival
            told += f" {name}: {there:.0f} there, at home {home:.0f}."
        if len(measured) > 1 and not any(one.gap.direction for one in measured if one is not worst):
            told += "\nAll other differences are within chance."
        return told
    if measured:
        return "The same questions, within a day."
    if abroad:
        return "The next scheduled check asks there."
    return "I ask in one country. Add another, and I compare them."


def _bars(view: View, measured: Sequence[Abroad], worst: Abroad | None) -> list[Bar]:
    """Return a bar for each market, below that of the same model at home; those of the model with
    the lowest market first, `MAX_SHOWN` in all.
    """
    order = list(dict.fromkeys(one.home for one in measured))
    bars = []
    for home in order:
        there = [one for one in measured if one.home == home]
        bars.append(_bar(view.names.name(home), there[0].gap.api))
        bars += [_bar(place_of(o.model.market), o.gap.app, strong=o is worst) for o in there]
    return bars[:MAX_SHOWN]


def _bar(label: str, side: tuple[int, float], *, strong: bool = False) -> Bar:
    n, named = side
    return Bar(label, named / n, (1 - named / n, 0, 0), f"{named:.0f} of {n}", strong)


MARKETS_LIST = CommandSpec(
    "markets list",
    "Show how a brand stands in other countries, and with other people who ask.",
    show,
    section=SECTION,
    examples=("markets list", "markets list Acme"),
    reports=True,
)
MARKETS_ADD = CommandSpec(
    "markets add",
    "Ask in another country too.",
    add,
    role=Role.OPERATOR,
    spends=True,
    section=SECTION,
    examples=("markets add Germany", "markets add CH --language fr"),
    title="Add a country",
)
MARKETS_REMOVE = CommandSpec(
    "markets remove",
    "Ask in a country no longer.",
    remove,
    role=Role.OPERATOR,
    section=SECTION,
    examples=("markets remove Germany",),
)
