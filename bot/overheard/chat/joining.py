"""A second person who asks what is being asked already: they are shown the same result."""

from __future__ import annotations

import asyncio

from overheard.alerts.events import named
from overheard.alerts.outbox import Letter
from overheard.cards import wording
from overheard.cards.card import Card
from overheard.commands.delivery_cards import run_result
from overheard.deployment import Call, Deployment
from overheard.interfaces import Conversation
from overheard.runs.plan import find_run

POLL_INTERVAL_S = 2.0
"""Seconds between two checks whether the run has ended."""


async def join_run(
    deployment: Deployment,
    call: Call,
    key: str,
    conversation: Conversation,
    *,
    answers_question: bool = False,
) -> None:
    """Say who began a run that is under way, wait for its end, and show its result to the person
    who asked, unless it is shown in the same channel.

    Args:
        deployment: The open deployment.
        call: The call of the person.
        key: The run's key.
        conversation: Where the person asked.
        answers_question: Whether the person agreed to a price, in whose place the answer stands;
            otherwise it is shown to them alone.
    """
    run = await find_run(deployment.store.runs, key)
    who = named(run.asked_by) or "Someone"
    seconds = (deployment.clock.now() - run.started_at).total_seconds()
    ago = "a moment" if seconds < 60 else wording.duration(seconds // 60 * 60)
    here = run.channel == call.channel
    then = "Its result is shown here." if here else "I'll show you the result too."
    card = Card("This is being asked already", f"{who} started this check {ago} ago. {then}")
    await conversation.show(card, private=not answers_question)
    if here:
        return
    while found := await run_result(await deployment.refreshed(), call, key, note=""):
        if isinstance(found, Letter):
            await conversation.show(found.card, private=not answers_question)
            return
        await asyncio.sleep(POLL_INTERVAL_S)
