"""`power`: how small a drop of visibility the checks can show, within which time, for which price,
and what three ways to spend twice the money would show.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from math import log
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Table, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.charts.trend import Chart, Series
from overheard.cards.command import CommandSpec, Face, Kind, Role, argument, option, quoted
from overheard.cards.model_names import ModelNames
from overheard.config.cron import Cron
from overheard.config.sections import BUDGETS
from overheard.config.stored_settings import ALARMS
from overheard.deployment import Call
from overheard.detection.control_variate import run_effect_variance
from overheard.detection.decision_inputs import DAYS_A_YEAR, alarm_table, needed_excess
from overheard.detection.power import (
    USUAL_LIMIT,
    USUAL_TAU,
    WELL_KNOWN,
    Outlook,
    at_known_time,
    followed,
    typical,
    unannounced,
)
from overheard.domain import VISIBILITY, Brand, Model, Prompt, Scale
from overheard.errors import NothingToAsk, ReadOnly
from overheard.measure.blocks import Stream
from overheard.numpy_proxy import Floats, np
from overheard.runs.budget import Tariff
from overheard.runs.plan import find_brand
from overheard.views.standings import read_streams

TWICE = {
    "Twice the repeats": ("each asked twice as many times", "2x each"),
    "Twice the prompts": ("with twice the questions", "2x asked"),
    "Twice as often": ("checked twice as often", "2x often"),
}
"""The words for an offer of twice the price by its name: in a chat, and at its line in a picture,
where eight letters have room."""

WITHIN = (2, 4, 8)
"""Numbers of runs at the present pace for which the smallest visible drop is given."""
MIN_GAINED = 0.05
"""Percentage points of a smaller drop after one more run below which a delay cannot be told."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A panel that could be asked, and its price.

    Attributes:
        name: How it differs from the present panel, such as ``Twice the repeats``.
        outlook: The statistical description of the offered panel.
        days: Days between two runs of the present panel.
        usd: Price of one run of the offered panel in US dollars; None if unknown.
        frequency: How many runs of the offered panel take place within `days`.
    """

    name: str
    outlook: Outlook
    days: float
    usd: float | None = None
    frequency: int = 1

    def within(self, runs: int) -> float:
        """Return the smallest drop in percentage points that is seen four times out of five within
        a number of runs.

        Args:
            runs: The number of runs of the present panel; an offer with a higher frequency has made
                more runs by then.
        """
        return unannounced(self.outlook, runs * self.frequency)

    @property
    def calls_a_year(self) -> float:
        """Calls to the model in a year."""
        return self.outlook.calls * self.frequency * DAYS_A_YEAR / self.days

    @property
    def usd_a_year(self) -> float | None:
        """The price of a year in US dollars; None if unknown."""
        return None if self.usd is None else self.usd * self.frequency * DAYS_A_YEAR / self.days

    def data(self) -> dict[str, Any]:
        """Return the offer for JSON output. Drops are in percentage points, by the number of runs
        at the present pace; the price is None if unknown.
        """
        return {
            "name": self.name,
            "calls_per_year": round(self.calls_a_year),
            "usd_per_year": self.usd_a_year,
            "points_within_runs": {str(runs): round(self.within(runs), 2) for runs in WITHIN},
            "points_update_one_run": round(at_known_time(self.outlook), 2),
            "points_update_bursts": round(followed(self.outlook), 2),
        }


def offers_of(outlook: Outlook, days: float, usd: float | None) -> list[Offer]:
    """Return four offers, in this order: the present panel, then three panels that cost twice as
    much, with twice the repeats of each prompt, twice as many prompts, and twice as many runs.

    Args:
        outlook: The statistical description of the present panel.
        days: Days between two runs of it.
        usd: Price of one run of it in US dollars; None if unknown.
    """
    twice = None if usd is None else 2 * usd
    # Twice the analyses a year need a threshold twice as high to keep the same promise.
    twice_as_often = replace(outlook, before=2 * outlook.before, limit=outlook.limit + log(2))
    return [
        Offer("As it is", outlook, days, usd),
        Offer("Twice the repeats", outlook.times(repeats=2), days, twice),
        Offer("Twice the prompts", outlook.times(prompts=2), days, twice),
        Offer("Twice as often", twice_as_often, days, usd, frequency=2),
    ]


def offer_table(offers: Sequence[Offer]) -> Table:
    """Return a table with a row for each offer: the smallest visible drop in points within
    each number of runs of `WITHIN`, and the price a year.
    """
    times = (f"In {days_words(runs * offers[0].days)}" for runs in WITHIN)
    rows = tuple(
        (
            TWICE.get(offer.name, (offer.name,))[0].capitalize(),
            *(f"{offer.within(runs):.0f}" for runs in WITHIN),
            wording.money(offer.usd_a_year),
        )
        for offer in offers
    )
    caption = "Smallest fall noticed, in points"
    return Table(("", *times, "A year"), rows, frozenset(range(1, 5)), caption=caption)


def times_in_words(number: int) -> str:
    """Return how often something is done, in words: ``once``, ``twice``, ``5 times``."""
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def offer_chart(offers: Sequence[Offer], title: str, now: datetime, zone: tzinfo) -> Chart:
    """Return a chart with one line for each offer: the smallest visible drop (a share, 0 to 1) over
    the days from now on.

    Of offers with equal values only the first has a line.
    """
    by_points: dict[object, Series] = {}
    for offer in offers:
        series = _offer_series(offer, now)
        by_points.setdefault(series.points, series)
    caption = "If it changed now: noticed by then, four times in five."
    return Chart(title, Scale.BINARY, tuple(by_points.values()), caption=caption, zone=zone)


def days_words(days: float) -> str:
    """Return a number of days in words: ``2 weeks`` for whole weeks, ``10 days`` (rounded) for
    other times of a day or more, ``6 h`` for less than a day.
    """
    if days >= 7 and days % 7 == 0:
        return wording.count(round(days / 7), "week")
    return wording.count(round(days), "day") if days >= 1 else wording.duration(days * 86400)


def _offer_series(offer: Offer, now: datetime) -> Series:
    """Return the line of an offer in a chart: for each of the next ``WITHIN[-1]`` runs at the
    present pace, its date from `now` on, and the smallest drop that is visible by then as a share,
    0 to 1.

    The line has no interval: its lower and upper bounds equal the value.
    """
    drops = [
        (now + timedelta(days=runs * offer.days), round(offer.within(runs) / 100, 6))
        for runs in range(1, WITHIN[-1] + 1)
    ]
    points = tuple((at, drop, drop, drop) for at, drop in drops)
    return Series(TWICE.get(offer.name, (offer.name,))[-1], points)


USUAL_RUNS = 20
"""Number of earlier runs that is assumed as long as fewer are stored."""
MIN_RUNS_FOR_TAU = 5
"""Smallest number of stored runs from which run effects are estimated."""
USUAL_REPEATS, USUAL_DAYS_BETWEEN = 3, 7.0
"""Repeats, and days between two runs, of a brand without a schedule."""
MIN_EXCESS = -2.0
"""Smallest excess over `USUAL_LIMIT` that is computed with, on the log scale of evidence."""
_ADDED_HITS, _ADDED_ANSWERS = 0.5, 1
"""Mentions and answers added to those of all prompts, so that their share is never 0 or 1."""
RATE_BOUNDS = (0.005, 0.995)
"""Bounds of a prompt's probability of a mention: 0 and 1 have no logit."""


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """A plan of runs that is the same for each model.

    Attributes:
        brand: The brand whose visibility is measured.
        repeats: How often each prompt is asked in a run.
        days: Days between two runs.
        alarms: False alarms that are accepted in a year; None for those that are configured.
    """

    brand: Brand
    prompts: Sequence[Prompt]
    repeats: int
    days: float
    alarms: float | None = None


async def power(
    call: Call,
    *,
    brand: Annotated[
        str, argument("Its name; by default the first that is tracked.", Kind.BRAND)
    ] = "",
    repeats: Annotated[
        int | None,
        option(
            "How often each question is asked in a check; by default as scheduled, else 3.",
            low=1,
            high=100,
        ),
    ] = None,
    every: Annotated[
        float | None,
        option("Days between two runs; by default as scheduled, else 7.", low=0.01, high=366),
    ] = None,
    details: Annotated[bool, option("In a chat, the figures and pictures of each model.")] = False,
) -> Card:
    """Return the card of how small a drop of a brand's visibility its checks can show. Nothing is
    asked.

    For each model it has the smallest drop that is noticed (four times in five) within several
    times, the price a year, and the same for three ways to spend twice the money. A chat without
    `details` gets one overview of all models; else there is a card for each model.

    Args:
        call: Tells whether a chat or a terminal asks, and the time zone of the chart.
        brand: The name of the brand; empty means the first tracked brand.
        repeats: How often each prompt is asked in a run; None for that of the brand's schedule,
            else `USUAL_REPEATS`.
        every: Days between two runs; None for those of the schedule, else `USUAL_DAYS_BETWEEN`.
        details: Whether a chat shows a card for each model; a terminal always does.

    Raises:
        NothingToAsk: when there is no brand, prompt or model.
    """
    brands = [find_brand(call.catalogue, brand)] if brand else call.catalogue.tracked
    models = call.plugins.models
    prompts = call.catalogue.prompts_for(brands[0].name) if brands else ()
    for missing, found in (("brand", brands), ("prompt", prompts), ("model", models)):
        if not found:
            raise NothingToAsk(missing=f"no {missing} is configured")
    usual_repeats, usual_days = _scheduled_repeats_and_days(call, brands[0])
    plan = PowerPlan(brands[0], prompts, repeats or usual_repeats, every or usual_days)
    measured = []
    for asked_model in models:
        outlook, notes = await _outlook(call, plan, asked_model)
        price_usd = await _run_price_usd(call, plan, asked_model)
        offers = offers_of(outlook, plan.days, price_usd)
        measured.append(ModelPower(asked_model, outlook, notes, offers))
    data = {
        "brand": plan.brand.name,
        "models": [_power_json(plan, at_model) for at_model in measured],
    }
    if call.face is Face.CHAT and not details:
        card, alerts = _chat_overview(call.names, plan, measured, data), call.config.alerts
        *_, other = (name for name in BUDGETS if name != alerts.budget)
        button = Action(f"budget alarms {other}", _calmness(other))
        actions = card.actions if call.configured.alerts.declared else (*card.actions, button)
        return replace(card, actions=actions)
    first, *others = [await _model_card(call, plan, at_model) for at_model in measured]
    return replace(first, more=tuple(others), data=data)


async def current_offer(
    call: Call,
    brand: Brand,
    model: Model,
    *,
    repeats: int = USUAL_REPEATS,
    alarms: float | None = None,
) -> Offer:
    """Return what weekly checks of a brand with its present questions can show at a model, as an
    offer without a price.

    Run effects (random effects that all calls of a run share) are estimated from the stored runs,
    or assumed as long as there are fewer than `MIN_RUNS_FOR_TAU`.

    Args:
        repeats: How often each prompt is asked in a run.
        alarms: False alarms that are accepted in a year; None for those that are configured.
    """
    prompts = call.catalogue.prompts_for(brand.name)
    plan = PowerPlan(brand, prompts, repeats, USUAL_DAYS_BETWEEN, alarms)
    outlook, _ = await _outlook(call, plan, model)
    return Offer("As it is", outlook, plan.days)


async def alarm_budgets(call: Call, brand: Brand, model: Model) -> dict[str, str]:
    """Return, by the name of each budget of false alarms, what it means and how large a drop weekly
    checks of a brand show within four weeks; empty where config.toml has the number.
    """
    found = {}
    for name, per_year in BUDGETS.items() if not call.configured.alerts.declared else ():
        offer = await current_offer(call, brand, model, alarms=per_year)
        found[name] = f"{_calmness(name)}, {offer.within(WITHIN[1]):.0f} points seen in 4 weeks"
    return found


async def delay_sentence(call: Call, added: str) -> str:
    """Return a sentence on how much later a fall that weekly checks showed within four weeks is
    noticed, now that one more brand is tracked and shares the false alarms. Empty without another
    brand that has questions, without a model, and where further checks show no smaller fall.

    Args:
        added: The name of the brand that was added.
    """
    others = [brand for brand in call.catalogue.tracked if brand.name != added]
    asked = [brand for brand in others if call.catalogue.prompts_for(brand.name)]
    if not asked or not call.plugins.models:
        return ""
    model, allowed = call.plugins.models[0], call.config.alerts.false_alarms_per_year
    scaled = allowed * len(call.catalogue.tracked)
    before, now = [
        await current_offer(call, asked[0], model, alarms=alarms)
        for alarms in (scaled / len(others), scaled / (len(others) + 1))
    ]
    runs, points = WITHIN[1], before.within(WITHIN[1])
    gained = now.within(runs) - now.within(runs + 1)
    if points < 1 or gained < MIN_GAINED:
        return ""
    later = (now.within(runs) - points) / gained
    days = wording.count(max(1, round(later * now.days)), "day")
    fall = wording.count(round(points), "point")
    return f"A fall of {fall} is noticed about {days} later than without it."


def _calmness(budget: str) -> str:
    years = round(1 / BUDGETS[budget])
    return f"{budget.capitalize()}: wrong once {f'in {years} years' if years > 1 else 'a year'}"


async def set_alarms(
    call: Call,
    *,
    budget: Annotated[str, argument("Few false alarms, or news sooner.", choices=tuple(BUDGETS))],
) -> Card:
    """Store which budget of false alarms holds.

    Raises:
        ReadOnly: when config.toml has the number.
    """
    if call.configured.alerts.declared:
        raise ReadOnly(thing="The number of false alarms", file=call.config.file)
    await call.decide(ALARMS, {"budget": budget})
    data = {"budget": budget, "per_year": BUDGETS[budget]}
    shown = (Action("power", "What you would notice"),)
    return Card(_calmness(budget), actions=shown, severity=Severity.GOOD, data=data)


@dataclass(frozen=True, slots=True)
class ModelPower:
    """What the checks can show at one model.

    Attributes:
        outlook: The statistical description of the panel.
        notes: Sentences on what is assumed because few runs are stored.
        offers: The panel as it is, then the panels of twice the price.
    """

    model: Model
    outlook: Outlook
    notes: Sequence[str]
    offers: Sequence[Offer]


def _chat_overview(
    names: ModelNames, plan: PowerPlan, model_powers: Sequence[ModelPower], data: dict[str, Any]
) -> Card:
    """Return the chat's card with all models."""
    first, runs_within = model_powers[0].offers, WITHIN[-1]
    best = min(range(1, len(first)), key=lambda number: first[number].within(runs_within))
    usd = [power.offers[0].usd_a_year for power in model_powers]
    price = sum(dollars for dollars in usd if dollars is not None) if None not in usd else None
    drops = wording.listing(
        [f"{power.offers[best].within(runs_within):.0f}" for power in model_powers]
    )
    within = days_words(runs_within * plan.days)
    more = f"{TWICE[first[best].name][0]}, {drops} points in {within}".capitalize()
    more += f", for {wording.money(price, about=True)} more a year" if price else ""
    return Card(
        title=f"What you would notice of {plan.brand.name}",
        text=f"With {wording.count(len(plan.prompts), 'question')}, each asked "
        f"{times_in_words(plan.repeats)} every {days_words(plan.days).removeprefix('1 ')}, four of "
        "five falls of this size are noticed.",
        table=Table(
            ("Within", *(names.name(power.model) for power in model_powers)),
            tuple(
                (
                    days_words(runs * plan.days),
                    *(f"{power.offers[0].within(runs):.0f}" for power in model_powers),
                )
                for runs in WITHIN
            ),
            frozenset(range(1, len(model_powers) + 1)),
            caption="Smallest fall noticed, in points",
        ),
        actions=fitting(Action(f"power {quoted(plan.brand.name)} --details", "Details")),
        footer=f"{more}.",
        data=data,
    )


def _power_json(plan: PowerPlan, model_power: ModelPower) -> dict[str, Any]:
    """Return the plan and what it can show at one model for JSON output; drops are in percentage
    points, ``tau`` in logits.
    """
    return {
        "model": str(model_power.model),
        "prompts": len(plan.prompts),
        "repeats": plan.repeats,
        "every_days": plan.days,
        "tau": round(model_power.outlook.tau, 3),
        "runs_before": model_power.outlook.before,
        "assumed": list(model_power.notes),
        "offers": [offer.data() for offer in model_power.offers],
    }


async def _model_card(call: Call, plan: PowerPlan, model_power: ModelPower) -> Card:
    """Return the card of what the checks can show at one model: a table of offers, and a picture of
    the smallest drop that is noticed by each day.

    A terminal also gets the figures in sentences, the panel, and what is assumed.
    """
    name = call.names.name(model_power.model)
    chart = offer_chart(
        model_power.offers, f"Smallest fall noticed at {name}", call.clock.now(), call.zone
    )
    return Card(
        title=f"What you would notice of {plan.brand.name} at {name}",
        table=offer_table(model_power.offers),
        image=await picture(chart, "power.png"),
        footer=" ".join(model_power.notes),
    )


def _scheduled_repeats_and_days(call: Call, brand: Brand) -> tuple[int, float]:
    """Return the repeats of the first schedule that covers the brand and will be due at least
    twice, and the days between its next two times.

    A schedule without brands covers all brands; a paused one counts like others. Without such a
    schedule, the result is `USUAL_REPEATS` and `USUAL_DAYS_BETWEEN`.
    """
    for schedule in call.catalogue.schedules:
        if schedule.concerns(brand.name):
            cron = Cron(schedule.cron, schedule.timezone)
            first = cron.after(call.clock.now())
            second = cron.after(first) if first else None
            if first and second:
                return schedule.repeats, (second - first) / timedelta(days=1)
    return USUAL_REPEATS, USUAL_DAYS_BETWEEN


async def _outlook(call: Call, plan: PowerPlan, model: Model) -> tuple[Outlook, list[str]]:
    """Return the statistical description of a brand's panel at a model, and sentences on what is
    assumed because few runs are stored.

    The prompts' probabilities of a mention are those of the stored answers; without any, those of a
    well-known brand. At least `USUAL_RUNS` earlier runs are assumed. The threshold of the evidence
    is that of a deployment with this number of tracked brands, models, metrics and runs a year,
    where one model moves.
    """
    streams = await read_streams(call.store, call.scoring.versions, model=model, metric=VISIBILITY)
    own = next((stream for stream in streams if stream.key.brand == plan.brand.name), None)
    runs = int((own.n.sum(axis=1) > 0).sum()) if own else 0
    allowed = plan.alarms or call.config.alerts.false_alarms_per_year
    needed = needed_excess(allowed, DAYS_A_YEAR / plan.days, max(1, len(call.catalogue.tracked)))
    tau = run_effect_variance(streams, 0) ** 0.5 if runs >= MIN_RUNS_FOR_TAU else USUAL_TAU
    apart = [one for one in call.scoring.metrics.values() if not one.of_model]
    needed += alarm_table().joining(len(call.plugins.models), len(apart))
    outlook = Outlook(
        chances=_prompt_rates(own, plan.prompts) if own and runs else typical(len(plan.prompts)),
        repeats=plan.repeats,
        before=max(runs, USUAL_RUNS),
        tau=tau,
        limit=USUAL_LIMIT + max(MIN_EXCESS, needed),
        again=call.config.bursts.automatic and call.config.bursts.share > 0,
    )
    return outlook, list(_assumption_sentences(runs))


def _assumption_sentences(runs: int) -> Iterable[str]:
    """Yield a sentence for each assumption made because only `runs` runs are stored."""
    if not runs:
        yield "Nothing was measured yet: the rates are those of a usual well-known brand."
    if runs < MIN_RUNS_FOR_TAU:
        yield f"The model's run effect is not known yet: tau {USUAL_TAU} is assumed."
    if runs < USUAL_RUNS:
        yield f"It holds once there are {USUAL_RUNS} runs; now there are {runs}."


def _prompt_rates(stream: Stream, prompts: Sequence[Prompt]) -> Floats:
    """Return the probability of a mention for each prompt, within `RATE_BOUNDS`.

    It is the prompt's share of stored answers that name the brand, shrunk towards the share over
    all prompts with the weight of a Beta prior (the sum of the parameters `WELL_KNOWN`, in
    answers). That share has half a mention and one answer added, so that it is never 0 or 1. A
    prompt without answers gets it unchanged.
    """
    n, hits = stream.n.sum(axis=0), stream.total.sum(axis=0)
    weight = sum(WELL_KNOWN)
    mean = float((hits.sum() + _ADDED_HITS) / (n.sum() + _ADDED_ANSWERS))
    rates = ((hits + weight * mean) / (n + weight)).tolist()
    rate_of = dict(zip(stream.prompts, rates, strict=True))
    chances = [rate_of.get(prompt.key, mean) for prompt in prompts]
    return np.asarray(np.clip(chances, *RATE_BOUNDS))


async def _run_price_usd(call: Call, plan: PowerPlan, model: Model) -> float | None:
    """Return the expected price of one run at a model in US dollars, with the judging of its
    answers, from the usual numbers of tokens of stored answers; None when the price of the model or
    of a judge is unknown.
    """
    tariff = Tariff.of(model, call.plugins.providers)
    if tariff.price is None:
        return None
    used = (await call.store.answers.usual_usage([model])).get(model)
    costs = [tariff.usual_cost(prompt, used) for prompt in plan.prompts]
    judged = await call.pricing.judging(plan.repeats * len(plan.prompts), call.clock.now())
    return None if judged.unknown else plan.repeats * sum(costs) + judged.typical


BUDGET_ALARMS = CommandSpec(
    "budget alarms",
    "Choose few false alarms (calm) or news sooner (early).",
    set_alarms,
    role=Role.ADMIN,
    title="False alarms",
    examples=("budget alarms early",),
)
POWER = CommandSpec(
    "power",
    "Show the smallest drop that the panel can show, when, and what buys more.",
    power,
    examples=("power", "power Acme --repeats 5"),
    chart="",
)
