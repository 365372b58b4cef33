"""`compare`: does one model represent a brand better than another, such as a fine-tune its base?"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Annotated

from overheard.advice.comparison_rounds import ComparisonSetup, ModelComparison
from overheard.advice.comparison_verdicts import MARGIN
from overheard.alerts.run_analysis import aside_run, run_service
from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Face, Kind, Proposal, Role, argument, option
from overheard.commands.check import SEED_BITS
from overheard.commands.compare_card import chat_comparison_card, comparison_card
from overheard.commands.versus import show_versus
from overheard.deployment import Call, Deployment
from overheard.domain import Panel, Run, control_prompts
from overheard.errors import NothingToAsk
from overheard.runs.budget import Pair, unasked
from overheard.runs.plan import choose_brands, choose_models
from overheard.session import Session

LABEL = "compare"


async def compare(
    source: Deployment | Session,
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
    """Return a comparison of two models by the same questions as a proposal with its price and its
    seed. The price is that of all rounds; executing it asks round by round until each metric has a
    verdict or the rounds are used up. The answers are stored and charged, outside the history.

    If both names are those of brands, the proposal is free: it compares the brands by stored
    answers, and asks no model.

    Args:
        source: The deployment, or the session that opens one; a session without a configuration
            opens the bundled example.
        base: The first model, as ``provider/model``.
        tuned: The second model; if it is the first again, the two shares of its answers are
            compared.
        brand: The brand; empty means the first that is tracked.
        margin: Differences of a rate up to this many points (of 100) count as equivalent.
        seed: Base of the sampling seeds; None draws a random number.
        rounds: The largest number of rounds; None for ten, or more with few prompts.

    Raises:
        UnknownName: for a brand or a provider that does not exist.
        NothingToAsk: when there is no tracked brand, or no question for the brand.
        BudgetExceeded: when the budget does not cover all rounds.
    """
    comparison_seed = secrets.randbits(SEED_BITS) if seed is None else seed
    async with source.opened() as deployment:
        find = deployment.catalogue.brand
        if find(base) and find(tuned):
            return Proposal("", 0.0, partial(_compare_brands, source, call, base, tuned))
        setup = _comparison_setup(deployment, base, tuned, brand, margin / 100, comparison_seed)
        setup = replace(setup, own_seeds=own_seeds, most=rounds)
        calls = sum((unasked(panel, ()) for panel in setup.whole), Counter[Pair]())
        payer = aside_run(setup.whole[0], call, deployment.clock.now(), LABEL).payer
        quote = await deployment.pricing.quote_calls(calls, payer, answers=calls.total())
    execute = partial(_compare_models, source, call, setup)
    return Proposal(quote.price, quote.usd, execute, {"seed": comparison_seed})


async def _compare_brands(source: Deployment | Session, call: Call, brand: str, other: str) -> Card:
    """Compare two brands by stored answers, and return the card; no model is asked. A session in
    `source` opens a deployment for it.
    """
    async with source.opened() as deployment:
        return await show_versus(deployment, call, brand, other)


async def _compare_models(source: Deployment | Session, call: Call, setup: ComparisonSetup) -> Card:
    """Ask both models of a setup until every metric has a verdict or the rounds are used up, and
    return the card: verdicts in words for a chat, all figures elsewhere. A session in `source`
    opens a deployment for it.
    """
    async with source.opened() as deployment:

        def new_aside_run(panel: Panel) -> Run:
            return aside_run(panel, call, deployment.clock.now(), LABEL)

        ask_panel = run_service(deployment, call).ask_aside
        comparison = ModelComparison(setup, ask_panel, new_aside_run, deployment.scoring)
        result = await comparison.play()
        if call.face is Face.CHAT:
            return await chat_comparison_card(setup, result, deployment.names)
        return await comparison_card(setup, result)


def _comparison_setup(
    deployment: Deployment, base: str, tuned: str, brand: str, margin: float, seed: int
) -> ComparisonSetup:
    """Return the setup of a comparison of two models by the questions for a brand. The brand's
    prompts with the tag of controls become control prompts; without any, the packaged ones are.

    Args:
        base: The first model, as ``provider/model``.
        tuned: The second model.
        brand: The name or alias of the brand; empty means the first that is tracked.
        margin: The largest difference of a rate that counts as equivalent, as a share (0 to 1).
    """
    catalogue = deployment.catalogue
    measured_brand = choose_brands(catalogue, [brand] if brand else [])[0]
    brand_prompts = catalogue.prompts_for(measured_brand.name)
    prompts = tuple(prompt for prompt in brand_prompts if not prompt.is_control)
    if not prompts:
        raise NothingToAsk(missing=f"no question is asked for {measured_brand.name}")
    providers = deployment.plugins.providers
    return ComparisonSetup(
        brand=measured_brand,
        rivals=catalogue.rivals(measured_brand.name),
        base=choose_models(providers, [base])[0],
        tuned=choose_models(providers, [tuned])[0],
        prompts=prompts,
        controls=control_prompts(brand_prompts),
        seed=seed,
        margin=margin,
    )


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
