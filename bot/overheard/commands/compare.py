"""`compare`: does one model represent a brand better than another, such as a fine-tune its base?"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Annotated

from overheard.alerts.run_analysis import run_service
from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Kind, Proposal, Role, argument, option
from overheard.commands.compare_card import comparison_card
from overheard.commands.demo import opened
from overheard.commands.versus import versus
from overheard.deployment import Call, Deployment, Session
from overheard.domain import Panel, Run
from overheard.errors import NothingToAsk
from overheard.finetune.comparison import MARGIN
from overheard.finetune.rounds import CONTROL_TAG, ComparisonSetup, ModelComparison, control_prompts
from overheard.runs.budget import Pair, unasked
from overheard.runs.plan import choose_models, find_brand, new_run, tracked

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
    """Ask two models the same questions, round by round, until it is clear which represents a brand
    better.

    The answers are kept and paid for like others, and do not enter the history. Two names of
    brands are compared as `versus` does.

    Args:
        given: The deployment; where nothing is configured, the bundled example is compared.
        call: Who asks and where, and who is shown progress.
        base: The first model, as ``provider/model``.
        tuned: The second model.
        brand: The brand; by default the first that is tracked.
        margin: Differences of a rate up to this many points are called equivalent.
        seed: Base of the sampling seeds; by default a random one.
        own_seeds: Whether the models get different seeds.
        rounds: How many rounds may be asked; by default ten, and more where there are few prompts.

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
            return Proposal("", 0.0, partial(_brands, given, call, base, tuned))
        match = _match(deployment, base, tuned, brand, margin / 100, drawn)
        match = replace(match, own_seeds=own_seeds, most=rounds)
        calls = sum((unasked(panel, ()) for panel in match.whole), Counter[Pair]())
        payer = _run(deployment, call, match.whole[0]).payer
        quote = await deployment.pricing.quote_calls(calls, payer, answers=calls.total())
    return Proposal(quote.price, quote.usd, partial(_play, given, call, match), {"seed": drawn})


async def _brands(given: Deployment | Session, call: Call, brand: str, other: str) -> Card:
    """Compare two brands, which asks no model."""
    async with opened(given) as deployment:
        return await versus(deployment, call, brand=brand, other=other)


async def _play(given: Deployment | Session, call: Call, match: ComparisonSetup) -> Card:
    """Carry out the comparison and return its card."""
    async with opened(given) as deployment:
        carry_out = run_service(deployment, call).ask_aside
        game = ModelComparison(
            match, carry_out, lambda panel: _run(deployment, call, panel), deployment.scoring
        )
        result = await game.play()
        return await comparison_card(match, result)


def _match(
    deployment: Deployment, base: str, tuned: str, brand: str, margin: float, seed: int
) -> ComparisonSetup:
    """Return the setup of a comparison of two models, checked."""
    catalogue = deployment.catalogue
    known = [find_brand(catalogue, brand)] if brand else tracked(catalogue)
    if not known:
        raise NothingToAsk(missing="no brand is configured, add a [[brands]] table")
    mine = catalogue.prompts_for(known[0].name)
    prompts = tuple(prompt for prompt in mine if CONTROL_TAG not in prompt.tags)
    if not prompts:
        raise NothingToAsk(
            missing=f"no prompt is asked for {known[0].name}, add a [[prompts]] table"
        )
    first, second = (
        choose_models(deployment.plugins.providers, [name])[0] for name in (base, tuned)
    )
    rivals = catalogue.rivals(known[0].name)
    return ComparisonSetup(
        known[0], rivals, first, second, prompts, control_prompts(mine), seed, margin
    )


def _run(deployment: Deployment, call: Call, panel: Panel) -> Run:
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
    examples=("compare local/base local/tuned", "compare openai/gpt-5 openai/ft:gpt-5:acme Acme"),
    opens=False,
    chart="",
)
