"""What it costs to let judges read history anew."""

from __future__ import annotations

from dataclasses import replace

from overheard.checks.judging import channel_of, judges
from overheard.checks.rescoring import Rescoring
from overheard.commands.context import Context
from overheard.commands.price import require_money_for
from overheard.domain import Payer, Prompt


async def require_judges_money(context: Context, rescoring: Rescoring, *, agreed: bool) -> None:
    """Price what judges have not read anew: a question an answer, one for each brand's facts, and
    the gold texts that each of them judges first.

    Args:
        context: The deployment.
        rescoring: Whoever scores history anew.
        agreed: Whether the price has been agreed to.

    Raises:
        ConfirmationNeeded: when nobody has agreed.
        BudgetExceeded: when the budget does not cover it.
    """
    gap = await rescoring.gap()
    sheets = len({fact.brand for fact in context.catalogue.facts})
    calls = {(one.prompt, one.model): 1 + sheets for one in gap.unpaid}
    channels = dict(context.config.budget.channels)
    asked = {question.model for question in gap.unpaid}
    for judge in judges(context.plugins.scorers.values()):
        if judge.model in asked:
            calls |= {(Prompt(text), judge.model): 1 for text in judge.rehearsals}
        channels[channel_of(judge)] = judge.budget
    budget = context.config.budget.model_copy(update={"channels": channels})
    config = context.config.model_copy(update={"budget": budget})
    payer = Payer(0, channel=f"judge:{next(iter(gap.by), '')}")
    await require_money_for(replace(context, config=config), calls, payer, agreed=agreed)
