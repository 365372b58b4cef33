"""Batches at Anthropic: questions go in, and within 24 hours each has an answer or a reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types import Message
    from anthropic.types.messages import MessageBatch

MISSING = "its batch ended without an answer to it; ask again."
PROBLEMS = {
    "expired": "the service did not come to it within 24 hours; ask again.",
    "canceled": "its batch was cancelled before the service came to it.",
    "errored": "the service answers it in the batch with an error ({code}); check the model and "
    "settings.",
}
"""What became of a question without an answer; none of them is charged."""
UNTOLD = "without a reason"


@dataclass
class Found:
    """What the service says of a batch; see `overheard.BatchLook`."""

    done: int = 0
    ended: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


async def submit(client: AsyncAnthropic, requests: Mapping[str, Any]) -> str:
    """Hand requests in, and return the service's id of the batch."""
    batch = await client.messages.batches.create(
        requests=[{"custom_id": item, "params": request} for item, request in requests.items()]
    )
    return batch.id


async def look(client: AsyncAnthropic, batch_id: str, items: Collection[str]) -> Found:
    """Return how far a batch is, and all that came of it once it has ended.

    Args:
        client: Of the account that handed it in.
        batch_id: The service's id of it.
        items: The ids of the questions that it has.
    """
    batch = await client.messages.batches.retrieve(batch_id)
    found = Found(_done(batch), batch.processing_status == "ended")
    if found.ended:
        async for line in await client.messages.batches.results(batch_id):
            result: Any = line.result
            if result.type == "succeeded":
                found.messages[line.custom_id] = result.message
            else:
                problem = PROBLEMS.get(result.type, MISSING)
                found.problems[line.custom_id] = problem.format(code=_code(result))
        answered = found.messages.keys() | found.problems.keys()
        found.problems |= dict.fromkeys(set(items) - answered, MISSING)
    return found


def _done(batch: MessageBatch) -> int:
    counts = batch.request_counts
    return counts.succeeded + counts.errored + counts.expired + counts.canceled


def _code(result: Any) -> str:
    """Return the kind of an error; its message may hold a secret."""
    error = getattr(getattr(result, "error", None), "error", None)
    kind = str(getattr(error, "type", UNTOLD))
    return kind if kind.isidentifier() else UNTOLD
