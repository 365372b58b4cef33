"""`power`: the smallest change that a panel can show, when, for how much, and what buys more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Card, Field
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Kind, argument, option
from overheard.commands import panel_options
from overheard.commands.panel_options import WITHIN, Offer
from overheard.commands.standings import read_streams
from overheard.config.cron import Cron
from overheard.deployment import Call, Deployment
from overheard.detection.levels import DAYS_A_YEAR, needed_excess
from overheard.detection.power import USUAL_LIMIT, USUAL_TAU, Outlook, followed, typical
from overheard.detection.run_effects import weakly_shrunk_variance
from overheard.detection.simulate import WELL_KNOWN
from overheard.detection.updates import DEFAULT_PLAN
from overheard.domain import Brand, Model, Prompt
from overheard.errors import NothingToAsk
from overheard.measure.blocks import Stream
from overheard.numpy_proxy import Floats, np
from overheard.runs.budget import price_of, usual_cost
from overheard.runs.plan import find_brand, tracked

USUAL_RUNS = 20
"""Runs of baseline that are assumed as long as there are fewer."""
KNOWN_FROM = 5
"""Runs that it takes to estimate run effects from the store."""
METRIC = "visibility"


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """What is planned, for each model alike.

    Attributes:
        brand: Whose visibility is watched.
        prompts: What is asked.
        repeats: How often each is asked in a run.
        days: Days between two runs.
        tau: Standard deviation of the runs' shocks; None for what the store knows.
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
            "How often each prompt is asked in a run; by default as scheduled, else 3.",
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
) -> Card:
    """Show the smallest drop of visibility that the panel of a brand can show.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        brand: Its name; by default the first that is tracked.
        repeats: How often each prompt is asked in a run; by default as scheduled, else 3.
        every: Days between two runs; by default as scheduled, else 7.
        tau: Standard deviation of the runs' shocks; by default as the store knows it.

    Raises:
        UnknownName: for a brand that does not exist.
        NothingToAsk: when there is no brand, prompt or model.
    """
    known = [find_brand(deployment.catalogue, brand)] if brand else tracked(deployment.catalogue)
    providers = deployment.plugins.providers
    models = [Model(name, model) for name, p in providers.items() for model in p.models()]
    prompts = deployment.catalogue.prompts_for(known[0].name) if known else ()
    for missing, found in (("brand", known), ("prompt", prompts), ("model", models)):
        if not found:
            raise NothingToAsk(missing=f"no {missing} is configured")
    planned, gap = _scheduled(deployment, known[0])
    plan = PowerPlan(known[0], prompts, repeats or planned, every or gap, tau)
    first, *others = [await _card(deployment, call, plan, model) for model in models]
    data = {"brand": plan.brand.name, "models": [card.data for card in (first, *others)]}
    return replace(first, more=tuple(others), data=data)


async def current_offer(
    deployment: Deployment, brand: Brand, model: Model, *, repeats: int, days: float
) -> Offer:
    """Return what the questions of a brand at a model show as planned, without a picture."""
    prompts = deployment.catalogue.prompts_for(brand.name)
    outlook, _ = await _outlook(deployment, PowerPlan(brand, prompts, repeats, days, None), model)
    return Offer("As it is", outlook, days)


async def _card(deployment: Deployment, call: Call, plan: PowerPlan, model: Model) -> Card:
    outlook, notes = await _outlook(deployment, plan, model)
    found = panel_options.offers(outlook, plan.days, await _price(deployment, plan, model))
    chart = panel_options.chart(
        found,
        f"Smallest drop of {plan.brand.name}'s visibility that is seen, and when",
        f"If {model} changed now: four of five drops of this size are seen by then.",
        deployment.clock.now(),
        call.zone,
    )
    return Card(
        title=f"What can be seen of {plan.brand.name} at {model}",
        text=_text(found[0]),
        fields=_fields(plan, outlook),
        table=panel_options.table(found),
        image=await picture(chart, "power.png"),
        footer=" ".join(notes),
        data={
            "model": str(model),
            "prompts": len(plan.prompts),
            "repeats": plan.repeats,
            "every_days": plan.days,
            "tau": round(outlook.tau, 3),
            "runs_before": outlook.before,
            "assumed": notes,
            "offers": [offer.data() for offer in found],
        },
    )


def _text(now: Offer) -> str:
    seen = [
        f"{now.within(runs):.0f} points in {panel_options.time(runs * now.days)}" for runs in WITHIN
    ]
    return (
        f"These drops of visibility are seen four times out of five: {wording.listing(seen)}. "
        f"After an announced update it is {followed(now.outlook):.0f} points, with up to "
        f"{DEFAULT_PLAN.looks} bursts of {DEFAULT_PLAN.calls} calls."
    )


def _fields(plan: PowerPlan, outlook: Outlook) -> tuple[Field, ...]:
    asked = f"{wording.count(len(plan.prompts), 'prompt')} x {plan.repeats}"
    return (
        Field("In a run", f"{asked}, every {panel_options.time(plan.days).removeprefix('1 ')}"),
        Field("Moods", f"tau {outlook.tau:.2f}"),
        Field("Runs before", str(outlook.before)),
    )


def _scheduled(deployment: Deployment, brand: Brand) -> tuple[int, float]:
    """Return the repeats of the brand's schedule, and the days between its runs."""
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
    """Return what is known of the panel, and what is assumed, as sentences."""
    known = await read_streams(deployment, model=model, metric=METRIC)
    mine = [stream for stream in known if stream.key.brand == plan.brand.name]
    runs = int((mine[0].n.sum(axis=1) > 0).sum()) if mine else 0
    allowed = deployment.config.alerts.false_alarms_per_year
    brands = max(1, len(tracked(deployment.catalogue)))
    needed = needed_excess(allowed, DAYS_A_YEAR / plan.days, brands)
    outlook = Outlook(
        chances=_chances(mine[0], plan.prompts) if runs else typical(len(plan.prompts)),
        repeats=plan.repeats,
        before=max(runs, USUAL_RUNS),
        tau=_tau(plan, known, runs),
        limit=USUAL_LIMIT + max(-2.0, needed),
    )
    return outlook, list(_assumed(plan, runs))


def _tau(plan: PowerPlan, known: Iterable[Stream], runs: int) -> float:
    if plan.tau is not None:
        return plan.tau
    return weakly_shrunk_variance(known, 0) ** 0.5 if runs >= KNOWN_FROM else USUAL_TAU


def _assumed(plan: PowerPlan, runs: int) -> Iterable[str]:
    if not runs:
        yield "Nothing was measured yet: the rates are those of a usual well-known brand."
    if plan.tau is None and runs < KNOWN_FROM:
        yield f"The model's run effect is not known yet: tau {USUAL_TAU} is assumed."
    if runs < USUAL_RUNS:
        yield f"It holds once there are {USUAL_RUNS} runs; now there are {runs}."


def _chances(stream: Stream, prompts: Sequence[Prompt]) -> Floats:
    """Return each prompt's rate, drawn a little to the panel's; that itself for a new prompt."""
    n, hits = stream.n.sum(axis=0), stream.total.sum(axis=0)
    weight, mean = sum(WELL_KNOWN), float((hits.sum() + 0.5) / (n.sum() + 1))
    rates = ((hits + weight * mean) / (n + weight)).tolist()
    known = dict(zip(stream.prompts, rates, strict=True))
    chances = [known.get(prompt.key, mean) for prompt in prompts]
    return np.asarray(np.clip(chances, 0.005, 0.995))


async def _price(deployment: Deployment, plan: PowerPlan, model: Model) -> float | None:
    """Return the dollars of one run, what judging its answers adds included; None when nobody
    knows.
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
