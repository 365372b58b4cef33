"""`prompts suggest`: a model says what buyers ask, and a person decides what is added."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Annotated

from overheard.alerts.run_analysis import run_service
from overheard.cards import wording
from overheard.cards.card import LONGEST_ACTION, Action, Card, Severity, Table, Tainted
from overheard.cards.command import CommandSpec, Kind, Proposal, Role, argument, option
from overheard.commands.check_card import told
from overheard.deployment import Call, Deployment
from overheard.domain import Panel
from overheard.runs.outcome import Outcome
from overheard.runs.plan import choose_models, find_brand, new_run
from overheard.runs.suggestions import request, suggested

COUNT = 10
BUTTONS = 5


async def suggest_prompts(
    deployment: Deployment,
    call: Call,
    *,
    brand: Annotated[str, argument("For which brand.", Kind.BRAND)],
    model: Annotated[str, option("Ask this model; else the first one.", Kind.MODEL)] = "",
    count: Annotated[int, option("How many.", low=1, high=50)] = COUNT,
) -> Proposal:
    """Ask a model what buyers of a brand's category ask. Nothing is added by itself.

    The model learns the category and not the brand, and what names a brand is left out.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        brand: The name of the brand.
        model: As ``provider/model``; empty means the first that is configured.
        count: How many questions to ask for.

    Raises:
        UnknownName: for a brand or a model that does not exist.
        NothingToAsk: when there is no model.
        BudgetExceeded: when the budget does not cover it.
    """
    found = find_brand(deployment.catalogue, brand)
    models = choose_models(deployment.plugins.providers, (model,) if model else ())[:1]
    panel = Panel((found.name,), (request(found, count),), models, seed=secrets.randbits(31))
    new = new_run(
        panel,
        deployment.clock.now(),
        label=f"suggestions for {found.name}",
        asked_by=call.who,
        channel=call.channel,
    )
    run = replace(new, aside=True)
    quote = await deployment.pricing.quote(run)

    async def execute() -> Card:
        outcome, answers = await run_service(deployment, call).ask_aside(run)
        text = "\n".join(answer.reply.text for answer in answers)
        catalogue = deployment.catalogue
        return _card(found.name, suggested(text, catalogue.brands, catalogue.prompts), outcome)

    return Proposal(quote.price, quote.usd, execute)


def _card(brand: str, questions: list[str], outcome: Outcome) -> Card:
    advice = "Nothing is added by itself: pick what your buyers would ask, and reword the rest."
    problems = list(told(outcome.failures))
    if not questions and not problems:
        problems = ["The answer holds no question that is new; try another model."]
    actions = [
        Action(f'prompts add "{q}"', wording.shorten(q, 60)) for q in questions if '"' not in q
    ]
    short = [action for action in actions if len(action.words) <= LONGEST_ACTION]
    return Card(
        title=f"{wording.count(len(questions), 'suggestion')} for {brand}",
        text="\n\n".join(problems or [advice]),
        table=Table(("Question",), tuple((Tainted(q),) for q in questions)) if questions else None,
        actions=tuple(short[:BUTTONS]),
        severity=Severity.PLAIN if questions else Severity.WARNING,
        footer=f"Run {outcome.run.key} · {wording.money(outcome.spent)}",
        data={
            "brand": brand,
            "suggestions": questions,
            "run": outcome.run.key,
            "failures": dict(outcome.failures),
            "spent_usd": outcome.spent,
        },
        failed=not questions,
    )


PROMPTS_SUGGEST = CommandSpec(
    "prompts suggest",
    "Ask a model what buyers ask; nothing is added by itself.",
    suggest_prompts,
    role=Role.OPERATOR,
    spends=True,
    examples=("prompts suggest Acme", "prompts suggest Acme --count 20"),
)
