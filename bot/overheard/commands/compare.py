"""`compare`: does one model represent a brand better than another, such as a fine-tune its base?"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Annotated

from overheard.alerts.run_analysis import run_service
from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Face, Kind, Proposal, Role, argument, option
from overheard.commands.compare_card import chat_comparison_card, comparison_card
from overheard.commands.demo import opened
from overheard.commands.versus import versus
from overheard.deployment import Call, Deployment
from overheard.domain import Panel, Run
from overheard.errors import NothingToAsk
from overheard.finetune.contrasts import MARGIN
from overheard.finetune.model_comparison import (
    CONTROL_TAG,
    ComparisonSetup,
    ModelComparison,
    control_prompts,
)
from overheard.runs.cost_estimate import Pair, unasked
from overheard.runs.plan import choose_brands, choose_models, new_run
from overheard.session import Session

LABEL = "compare"


async def compare(
    given: Deployment | Session,
    call: Call,
    *,
    base: Annotated[str, argument("The first model.", Kind.MODEL)],
    tuned: Annotated[str, argument("The second model.", Kind.MODEL)],
    brand: Annotated[str, argument("The brand; without one, the first.", Kind.BRAND)] = "",
    margin: Annotated[
        float, option("Points of a rate within which two models are equivalent.", low=1, high=50)
    ] = MARGIN * 100,
    seed: Annotated[int | None, option("Base of the sampling seeds.", low=0)] = None,
    own_seeds: Annotated[bool, option("Let each model draw for itself.")] = False,
    rounds: Annotated[int | None, option("How many rounds may be asked.", low=1, high=200)] = None,
) -> Proposal:
    """Return a comparison of two models by the same questions as a proposal with its price.
    Executing it asks round by round until each metric has a result.

    The answers are stored and charged, outside the history. For two names of brands, the brands are
    compared by stored answers instead, see `versus`.

    Args:
        given: The deployment, or the session; without a configuration, the bundled example is used.
        call: The person who asks, the channel, and the progress display.
        base: The first model, as ``provider/model``.
        tuned: The second model.
        brand: The brand; by default the first that is tracked.
        margin: Differences of a rate up to this many points count as equivalent.
        seed: Base of the sampling seeds; None draws a random number.
        own_seeds: Whether the models get different seeds.
        rounds: The largest number of rounds; None for ten, or more with few prompts.

    Raises:
        UnknownName: for a brand or a provider that does not exist.
        NothingToAsk: when there is no brand or prompt.
        BudgetExceeded: when the budget does not cover all rounds.
        BudgetUnknown: when there is a budget and an unknown price.
    """
    drawn = secrets.randbits(31) if seed is None else seed
    async with opened(given) as deployment:
        known = deployment.catalogue.brand
        if known(base) and known(tuned):
            return Proposal("", 0.0, partial(_compare_brands, given, call, base, tuned))
        setup = _comparison_setup(deployment, base, tuned, brand, margin / 100, drawn)
        setup = replace(setup, own_seeds=own_seeds, most=rounds)
        calls = sum((unasked(panel, ()) for panel in setup.whole), Counter[Pair]())
        payer = _aside_run(deployment, call, setup.whole[0]).payer
        quote = await deployment.pricing.quote_calls(calls, payer, answers=calls.total())
    return Proposal(
        quote.price, quote.usd, partial(_compare_models, given, call, setup), {"seed": drawn}
    )


async def _compare_brands(given: Deployment | Session, call: Call, brand: str, other: str) -> Card:
    """Compare two brands by stored answers; no model is asked."""
    async with opened(given) as deployment:
        return await versus(deployment, call, brand=brand, other=other)


async def _compare_models(given: Deployment | Session, call: Call, setup: ComparisonSetup) -> Card:
    """Ask both models of a setup until every metric has a verdict or the rounds are used up, and
    return the card; `given` is opened if it is a session.
    """
    async with opened(given) as deployment:
        carry_out = run_service(deployment, call).ask_aside
        comparison = ModelComparison(
            setup, carry_out, lambda panel: _aside_run(deployment, call, panel), deployment.scoring
        )
        result = await comparison.play()
        if call.face is Face.CHAT:
            return await chat_comparison_card(setup, result, deployment.names)
        return await comparison_card(setup, result)


def _comparison_setup(
    deployment: Deployment, base: str, tuned: str, brand: str, margin: float, seed: int
) -> ComparisonSetup:
    """Return the setup of a comparison of the models `base` and `tuned`, with a base of the
    sampling seeds; `margin` is a share from 0 to 1. Raises UnknownName, or NothingToAsk without a
    question for the brand.
    """
    catalogue = deployment.catalogue
    measured = choose_brands(catalogue, [brand] if brand else [])[0]
    mine = catalogue.prompts_for(measured.name)
    prompts = tuple(prompt for prompt in mine if CONTROL_TAG not in prompt.tags)
    if not prompts:
        raise NothingToAsk(missing=f"no question is asked for {measured.name}")
    first, second = (
        choose_models(deployment.plugins.providers, [name])[0] for name in (base, tuned)
    )
    rivals = catalogue.rivals(measured.name)
    return ComparisonSetup(
        measured, rivals, first, second, prompts, control_prompts(mine), seed, margin
    )


def _aside_run(deployment: Deployment, call: Call, panel: Panel) -> Run:
    run = new_run(
        panel, deployment.clock.now(), label=LABEL, asked_by=call.who, channel=call.channel
    )
    return replace(run, aside=True)


COMPARE = CommandSpec(
    "compare",
    "Ask two models the same, and see which of them represents a brand better.",
    compare,
    role=Role.OPERATOR,
    spends=True,
    examples=(
        "compare local/base local/tuned",
        "compare openai/gpt-5.4-mini anthropic/claude-sonnet-5-5 Acme",
    ),
    opens=False,
    chart="",
)
