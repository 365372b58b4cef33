"""`power`: the smallest change that a panel can show, when, for how much, and what buys more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Table, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Face, Kind, argument, option, quoted
from overheard.commands.power_offers import (
    TWICE,
    WITHIN,
    Offer,
    chat_offer_table,
    days_words,
    offer_chart,
    offer_table,
    offers_of,
    times_in_words,
)
from overheard.commands.standings import read_streams
from overheard.config.cron import Cron
from overheard.deployment import Call, Deployment
from overheard.detection.alarm_table import DAYS_A_YEAR, needed_excess
from overheard.detection.announced_updates import DEFAULT_PLAN
from overheard.detection.panels import WELL_KNOWN
from overheard.detection.power import USUAL_LIMIT, USUAL_TAU, Outlook, followed, typical
from overheard.detection.run_effects import run_effect_variance
from overheard.domain import VISIBILITY, Brand, Model, Prompt
from overheard.errors import NothingToAsk
from overheard.measure.blocks import Stream
from overheard.numpy_proxy import Floats, np
from overheard.runs.cost_estimate import price_of, usual_cost
from overheard.runs.plan import find_brand, tracked

USUAL_RUNS = 20
"""Runs of baseline that are assumed as long as there are fewer."""
KNOWN_FROM = 5
"""Smallest number of stored runs from which run effects are estimated."""


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """A plan of runs that is the same for each model.

    Attributes:
        brand: The brand whose visibility is measured.
        prompts: The prompts of a run.
        repeats: How often each prompt is asked in a run.
        days: Days between two runs.
        tau: Standard deviation of the run effects in logits; None to estimate it from stored runs.
    """

    brand: Brand
    prompts: Sequence[Prompt]
    repeats: int
    days: float
    tau: float | None


async def power(
    deployment: Deployment,
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
    tau: Annotated[
        float | None,
        option(
            "Standard deviation of the run effect, in logits; by default from the store.",
            low=0,
            high=1,
        ),
    ] = None,
    details: Annotated[bool, option("In a chat, the figures and pictures of each model.")] = False,
) -> Card:
    """Show the smallest drop of visibility that the panel of a brand can show, after which time and
    for which price.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        brand: The name of the brand; empty means the first tracked brand.
        repeats: How often each prompt is asked in a run; None for that of the schedule, else 3.
        every: Days between two runs; None for those of the schedule, else 7.
        tau: Standard deviation of the run effects in logits; None to estimate it from stored runs.
        details: Whether a chat shows a card for each model; a terminal always does.

    Raises:
        UnknownName: for a brand that does not exist.
        NothingToAsk: when there is no brand, prompt or model.
    """
    known = [find_brand(deployment.catalogue, brand)] if brand else tracked(deployment.catalogue)
    models = deployment.plugins.models
    prompts = deployment.catalogue.prompts_for(known[0].name) if known else ()
    for missing, found in (("brand", known), ("prompt", prompts), ("model", models)):
        if not found:
            raise NothingToAsk(missing=f"no {missing} is configured")
    planned, gap = _scheduled_repeats_and_days(deployment, known[0])
    plan = PowerPlan(known[0], prompts, repeats or planned, every or gap, tau)
    measured = [await _power_at(deployment, plan, model) for model in models]
    data = {
        "brand": plan.brand.name,
        "models": [_power_json(plan, at_model) for at_model in measured],
    }
    if call.face is Face.CHAT and not details:
        return _chat_overview(deployment, plan, measured, data)
    first, *others = [await _model_card(deployment, call, plan, at_model) for at_model in measured]
    return replace(first, more=tuple(others), data=data)


async def current_offer(
    deployment: Deployment, brand: Brand, model: Model, *, repeats: int, days: float
) -> Offer:
    """Return what the present plan of a brand at a model can detect, as an offer without a price:
    `repeats` of each prompt in a run, `days` between runs.
    """
    prompts = deployment.catalogue.prompts_for(brand.name)
    outlook, _ = await _outlook(deployment, PowerPlan(brand, prompts, repeats, days, None), model)
    return Offer("As it is", outlook, days)


@dataclass(frozen=True, slots=True)
class ModelPower:
    """The power of a panel at one model.

    Attributes:
        model: The model.
        outlook: The statistical description of the panel.
        notes: The assumptions made for want of stored runs, as sentences.
        offers: The panel as it is, and the panels of twice the price.
    """

    model: Model
    outlook: Outlook
    notes: Sequence[str]
    offers: Sequence[Offer]


async def _power_at(deployment: Deployment, plan: PowerPlan, model: Model) -> ModelPower:
    outlook, notes = await _outlook(deployment, plan, model)
    offers = offers_of(outlook, plan.days, await _run_price_usd(deployment, plan, model))
    return ModelPower(model, outlook, notes, offers)


def _chat_overview(
    deployment: Deployment,
    plan: PowerPlan,
    model_powers: Sequence[ModelPower],
    data: dict[str, Any],
) -> Card:
    """Return the chat's card: for each model, the smallest drop in points that is noticed within
    `WITHIN` runs, and which offer at twice the price improves the first model most; `data` is the
    JSON output.
    """
    asked = wording.count(len(plan.prompts), "question")
    best = max(
        model_powers[0].offers[1:],
        key=lambda offer: model_powers[0].offers[0].within(8) - offer.within(8),
    )
    usd = [power.offers[0].usd_a_year for power in model_powers]
    price = sum(dollars for dollars in usd if dollars is not None) if None not in usd else None
    at = model_powers[0].offers.index(best)
    more = wording.listing([f"{power.offers[at].within(WITHIN[-1]):.0f}" for power in model_powers])
    more = f"{TWICE[best.name]}, {more} points in {days_words(WITHIN[-1] * plan.days)}".capitalize()
    cost = wording.money(price, about=True)
    return Card(
        title=f"What you would notice of {plan.brand.name}",
        text=f"With {asked}, each asked {times_in_words(plan.repeats)} every "
        f"{days_words(plan.days).removeprefix('1 ')}, four of five falls of this size are "
        "noticed.",
        table=Table(
            ("Within", *(deployment.names.name(power.model) for power in model_powers)),
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
        footer=f"{more}, for {cost} more a year." if price else f"{more}.",
        data=data,
    )


def _power_json(plan: PowerPlan, model_power: ModelPower) -> dict[str, Any]:
    """Return the plan and the power at one model for JSON output."""
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


async def _model_card(
    deployment: Deployment, call: Call, plan: PowerPlan, model_power: ModelPower
) -> Card:
    """Return the card of the panel's power at one model, with a picture of the smallest drop by
    day; a terminal also gets the assumptions.
    """
    is_chat = call.face is Face.CHAT
    seen = "you would notice" if is_chat else "can be seen"
    name = deployment.names.name(model_power.model) if is_chat else str(model_power.model)
    chart = offer_chart(
        model_power.offers,
        f"Smallest fall noticed at {deployment.names.name(model_power.model)}",
        "If it changed now: noticed by then, four times in five.",
        deployment.clock.now(),
        call.zone,
    )
    return Card(
        title=f"What {seen} of {plan.brand.name} at {name}",
        text="" if is_chat else _drop_sentences(model_power.offers[0]),
        fields=() if is_chat else _panel_fields(plan, model_power.outlook),
        table=chat_offer_table(model_power.offers) if is_chat else offer_table(model_power.offers),
        image=await picture(chart, "power.png"),
        footer="" if is_chat else " ".join(model_power.notes),
    )


def _drop_sentences(now: Offer) -> str:
    """Return, as two sentences, the drops in points that the current panel shows within `WITHIN`
    runs and after an announced update.
    """
    seen = [f"{now.within(runs):.0f} points in {days_words(runs * now.days)}" for runs in WITHIN]
    return (
        f"These drops of visibility are seen four times out of five: {wording.listing(seen)}. "
        f"After an announced update it is {followed(now.outlook):.0f} points, with up to "
        f"{DEFAULT_PLAN.looks} bursts of {DEFAULT_PLAN.calls} calls."
    )


def _panel_fields(plan: PowerPlan, outlook: Outlook) -> tuple[Field, ...]:
    """Return the card's fields: questions in a run, days between runs, and from the outlook the
    standard deviation of run effects (logits) and the number of stored runs.
    """
    asked = f"{wording.count(len(plan.prompts), 'question')} x {plan.repeats}"
    return (
        Field("In a run", f"{asked}, every {days_words(plan.days).removeprefix('1 ')}"),
        Field("Run effects", f"tau {outlook.tau:.2f}"),
        Field("Runs before", str(outlook.before)),
    )


def _scheduled_repeats_and_days(deployment: Deployment, brand: Brand) -> tuple[int, float]:
    """Return the repeats and the days between runs of the first schedule that covers the brand; 3
    and 7.0 without one.
    """
    for schedule in deployment.catalogue.schedules:
        if not schedule.brands or brand.name in schedule.brands:
            cron = Cron(schedule.cron, schedule.timezone)
            first = cron.after(deployment.clock.now())
            second = cron.after(first) if first else None
            if first and second:
                return schedule.repeats, (second - first) / timedelta(days=1)
    return 3, 7.0


async def _outlook(
    deployment: Deployment, plan: PowerPlan, model: Model
) -> tuple[Outlook, list[str]]:
    """Return the statistical description of the panel at a model, and the sentences on what is
    assumed for want of stored runs.
    """
    known = await read_streams(deployment, model=model, metric=VISIBILITY)
    own_streams = [stream for stream in known if stream.key.brand == plan.brand.name]
    runs = int((own_streams[0].n.sum(axis=1) > 0).sum()) if own_streams else 0
    allowed = deployment.config.alerts.false_alarms_per_year
    brands = max(1, len(tracked(deployment.catalogue)))
    needed = needed_excess(allowed, DAYS_A_YEAR / plan.days, brands)
    outlook = Outlook(
        chances=_prompt_rates(own_streams[0], plan.prompts) if runs else typical(len(plan.prompts)),
        repeats=plan.repeats,
        before=max(runs, USUAL_RUNS),
        tau=_run_effect_deviation(plan, known, runs),
        limit=USUAL_LIMIT + max(-2.0, needed),
    )
    return outlook, list(_assumption_sentences(plan, runs))


def _run_effect_deviation(plan: PowerPlan, known: Iterable[Stream], runs: int) -> float:
    if plan.tau is not None:
        return plan.tau
    return run_effect_variance(known, 0) ** 0.5 if runs >= KNOWN_FROM else USUAL_TAU


def _assumption_sentences(plan: PowerPlan, runs: int) -> Iterable[str]:
    """Yield a sentence for each assumption made because only `runs` runs are stored."""
    if not runs:
        yield "Nothing was measured yet: the rates are those of a usual well-known brand."
    if plan.tau is None and runs < KNOWN_FROM:
        yield f"The model's run effect is not known yet: tau {USUAL_TAU} is assumed."
    if runs < USUAL_RUNS:
        yield f"It holds once there are {USUAL_RUNS} runs; now there are {runs}."


def _prompt_rates(stream: Stream, prompts: Sequence[Prompt]) -> Floats:
    """Return the probability of a mention for each prompt, from 0.005 to 0.995: its rate in the
    stream, shrunk towards the mean of the panel; a prompt without answers gets the mean.
    """
    n, hits = stream.n.sum(axis=0), stream.total.sum(axis=0)
    weight, mean = sum(WELL_KNOWN), float((hits.sum() + 0.5) / (n.sum() + 1))
    rates = ((hits + weight * mean) / (n + weight)).tolist()
    known = dict(zip(stream.prompts, rates, strict=True))
    chances = [known.get(prompt.key, mean) for prompt in prompts]
    return np.asarray(np.clip(chances, 0.005, 0.995))


async def _run_price_usd(deployment: Deployment, plan: PowerPlan, model: Model) -> float | None:
    """Return the price of one run at a model in US dollars, including the judging of its answers;
    None when either price is unknown.
    """
    providers = deployment.plugins.providers
    if price_of(model, providers) is None:
        return None
    usual = await deployment.store.answers.usual_usage([model])
    costs = [usual_cost(prompt, model, providers, usual) for prompt in plan.prompts]
    judged = await deployment.judging_cost(plan.repeats * len(plan.prompts))
    return None if judged.unknown else plan.repeats * sum(costs) + judged.typical


POWER = CommandSpec(
    "power",
    "Show the smallest drop that the panel can show, when, and what buys more.",
    power,
    examples=("power", "power Acme --repeats 5"),
    chart="",
)
