"""`check`: ask, score, detect shifts."""

import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from typing import Annotated

from overheard.alerts.run_analysis import run_service
from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Kind, Proposal, Role, argument, option
from overheard.commands.alerts import show_alert
from overheard.commands.check_card import run_card
from overheard.commands.first_check import propose_first_check
from overheard.config.problems import unknown_name
from overheard.config.sections import MAX_REPEATS
from overheard.deployment import Call
from overheard.domain import Catalogue, Run
from overheard.runs.answers import parse_age
from overheard.runs.batches import require_batched
from overheard.runs.plan import lay_out, unfinished
from overheard.runs.quote import PriceQuote

SEED_BITS = 31
"""Bits of a random seed, which then fits into 32 bits with a sign."""


async def check(
    call: Call,
    *,
    brands: Annotated[Sequence[str], argument("Brands; without one, all.", Kind.BRAND)] = (),
    models: Annotated[Sequence[str], option("Ask this model.", Kind.MODEL, word="model")] = (),
    repeats: Annotated[
        int | None,
        option(
            "How often each question is asked; by default as scheduled, else once.",
            low=1,
            high=MAX_REPEATS,
        ),
    ] = None,
    batch: Annotated[
        bool, option("Ask in batches where they are sold: half price, up to 24 hours.")
    ] = False,
    reuse: Annotated[str, option("Take answers that are not older than this, such as 24h.")] = "",
    first: Annotated[
        bool, option("Ask ten times, in three rounds within a day: a change then shows sooner.")
    ] = False,
    price: Annotated[
        bool, option("Only say what it would cost.", makes={"role": Role.VIEWER, "spends": False})
    ] = False,
    seed: int | None = None,
    label: str = "",
    asked_by: str = "",
) -> Proposal:
    """Return a run that asks the models the brands' questions, as a proposal with its price and its
    seed. Executing it asks them, scores the answers and detects shifts.

    An interrupted run of the same questions that can still be resumed is continued: only its
    missing answers are asked.

    Args:
        brands: Names of brands; empty means all tracked brands.
        models: Models as ``provider/model``; empty means all that are configured.
        repeats: How often each pair of prompt and model is asked, 1 to `MAX_REPEATS`; None for as
            often as in the first schedule of the brands, else once.
        batch: Whether to ask models in a batch where the vendor sells batches, which takes up to 24
            hours; other models are asked at once.
        first: Whether to ask as for a first check: ten times, in three rounds within a day.
            `repeats`, `batch`, `reuse` and `label` are ignored then.
        seed: Base of the sampling seeds, at least 0; None draws a random number.
        price: Whether to propose only to show the price.
        reuse: The largest age of stored answers that are reused instead of asking, such as ``24h``
            or ``7d``; empty asks all.
        label: A label of the run in a few words.
        asked_by: The person who asks; empty for the caller.

    Raises:
        UnknownName: for a brand or a model that does not exist, and for a metric of ``[alerts]``
            that no scorer measures.
        BadUsage: when `reuse` is not a length of time.
        RunUnderWay: on executing, when another process asks the same questions.
        NothingToAsk: when there is no brand, prompt or model.
        NothingBatched: when `batch` is set and no model can be asked in a batch.
        BudgetUnknown: when there is a budget and a model without a known price.
    """
    measured = call.scoring.metrics
    if unknown := next((name for name in call.config.alerts.metrics if name not in measured), ""):
        raise unknown_name("metric for [alerts]", unknown, list(measured))
    panel_seed = secrets.randbits(SEED_BITS) if seed is None else seed
    panel = lay_out(
        call.catalogue,
        call.plugins.providers,
        brands=brands,
        models=models,
        repeats=repeats or scheduled_repeats(call.catalogue, brands),
        seed=panel_seed,
    )
    if first:
        proposal = await propose_first_check(call, panel, asked_by)
        return _price_alone(proposal) if price else proposal
    panel = replace(panel, batch=batch)
    require_batched(panel, call.plugins.providers)
    interrupted = await unfinished(call.store, panel, call.clock.now())
    run = interrupted or call.new_run(panel, label, asked_by)
    reuse_within = parse_age(reuse) if reuse else None
    quote = await call.pricing.quote(run, reuse_within=reuse_within)
    execute = partial(execute_run, call, quote)
    proposal = Proposal(quote.price, quote.usd, execute, {"seed": panel_seed})
    return _price_alone(proposal) if price else proposal


def _price_alone(proposal: Proposal) -> Proposal:
    """Return a free proposal that shows the price of another."""

    async def show_price() -> Card:
        known = proposal.usd < inf
        data = {"price": proposal.price, "at_most_usd": proposal.usd if known else None}
        return Card(f"{proposal.price}.", "Nothing was asked.", data=data)

    return Proposal(proposal.price, 0.0, show_price)


async def execute_run(
    call: Call, quote: PriceQuote, *, before: Callable[[Run], Awaitable[object]] | None = None
) -> Card:
    """Execute a quoted run (reuse answers, ask the missing questions, score, detect shifts) and
    return the card of its result.

    Args:
        quote: The quote of a single run.
        before: Called with the stored and locked run before the first question. An error that it
            raises keeps the run from being executed.

    Raises:
        RunUnderWay: when another process executes the run.
        BatchUncollected: when a batch cannot be collected; the run then waits until it is resumed.
    """
    service = run_service(call, show_alert)
    return await run_card(call, await service.execute(quote, before=before))


def scheduled_repeats(catalogue: Catalogue, brands: Collection[str]) -> int:
    """Return how often the first schedule that covers some brands asks each question; else 1."""
    covering = (one for one in catalogue.schedules if all(map(one.concerns, brands)))
    return next((one.repeats for one in covering), 1)


CHECK = CommandSpec(
    "check",
    "Ask the models what buyers ask, score the answers, and say what changed.",
    check,
    role=Role.OPERATOR,
    spends=True,
    examples=(
        "check",
        "check Acme",
        "check Acme --repeats 3",
        "check --first",
        "check --reuse 24h",
        "check --batch",
        "check --price",
        "check --model openai/gpt-5.4-mini",
    ),
    chart="",
)
