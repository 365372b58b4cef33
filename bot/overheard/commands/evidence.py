"""`evidence`: the sentences on which an alert rests, before and after."""

from __future__ import annotations

from overheard.alerts.card import alert_data
from overheard.alerts.evidence import gather_evidence, measured_shift, quotes
from overheard.alerts.lifecycle import Lifecycle
from overheard.alerts.statement_wording import statement_quotes
from overheard.cards import wording
from overheard.cards.card import Card
from overheard.cards.command import CommandSpec
from overheard.commands.alerts import number_of
from overheard.commands.arguments import AlertNumber
from overheard.deployment import Call, Deployment

PROMPTS = 5
"""Prompts of which sentences are shown."""
PROMPTS_BESIDE = 2
"""The same beside false claims."""


async def show_evidence(deployment: Deployment, call: Call, *, alert: AlertNumber) -> Card:
    """Show a sentence from before and one from after, for the prompts that moved most.

    Args:
        deployment: The open deployment.
        call: Who asks and where, and who is shown progress.
        alert: Its number.

    Raises:
        UnknownName: when there is no such alert.
    """
    found = await Lifecycle.of(deployment).find(number_of(alert))
    gathered = await gather_evidence(
        deployment.store,
        deployment.catalogue,
        deployment.scoring.metrics,
        deployment.scoring.versions,
        found,
        call.zone,
        deployment.names,
    )
    shift = measured_shift(found)
    name = deployment.names.name(shift.model)
    stated = statement_quotes(found.moved, name)
    said = (*stated, *quotes(shift, gathered, most=PROMPTS_BESIDE if stated else PROMPTS))
    before, after = shift.answers
    gone = sum(answer.gone for answer in gathered.answers)
    return Card(
        title=f"What {name} said of {shift.brand}",
        text=(
            f"It rests on {wording.count(after, 'answer')} now and {before:,} before, to the same "
            f"{wording.count(len(shift.prompts), 'question')}."
            + ("" if said or gone else " None of the answers says anything in a sentence.")
            + (f" The texts of {wording.count(gone, 'older answer')} are gone." if gone else "")
        ),
        quotes=said,
        footer=f"Alert of {wording.moment(found.opened_at, call.zone)}",
        data={
            **alert_data(found, gathered),
            "quotes": [{"source": quote.source, "text": quote.text.text} for quote in said],
        },
    )


EVIDENCE = CommandSpec(
    "evidence",
    "Show what a model said of a brand before and after an alert.",
    show_evidence,
    examples=("evidence 12",),
)
